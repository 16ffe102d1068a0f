"""The series that an expression reads, and what their labels leave in. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promql_parser import Expr

_MOST_NODES = 5_000
_MOST_SERIES = 200
"""Selectors that an expression is said to read: recording rules that read each other may multiply without end."""
_MOST_RECORDINGS = 8
"""Recording rules that are followed, one inside the other."""
_MOST_PATTERN = 500


@dataclass(frozen=True, slots=True)
class Matcher:
    """A label matcher: `operator` is =, !=, =~ or !~ (anchored, RE2)."""

    label: str
    operator: str
    value: str

    def allows(self, value: str) -> bool | None:
        """Whether a label value is let through; None for a pattern that does not compile."""
        return allows(self.operator, self.value, value)


@dataclass(frozen=True, slots=True)
class Series:
    """A selector: the name of the metric ("" where the name itself is matched), its matchers, its range in seconds."""

    metric: str
    matchers: tuple[Matcher, ...]
    window: float | None = None


def allows(operator: str, pattern: str, value: str) -> bool | None:
    """Whether a matcher lets a value through; None for a pattern that does not compile."""
    if operator in ("=", "!="):
        return (pattern == value) == (operator == "=")
    found = full_match(pattern, value)
    return None if found is None else found == (operator == "=~")


@lru_cache(maxsize=4096)
def full_match(pattern: str, value: str) -> bool | None:
    """Whether a whole value fits an RE2 pattern, which takes linear time; None where it does not compile."""
    if len(pattern) > _MOST_PATTERN:
        return None
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.fullmatch(f"(?:{pattern})", value, options) is not None
    except re2.error:
        return None


Recordings = Mapping[str, Sequence["Expr"]]
"""Name of a recorded metric → what is recorded under it."""


def series_of(tree: Expr, recordings: Recordings | None = None) -> list[Series]:
    """Return the selectors in an expression; a metric that one rule of the tree records is followed to its sources."""
    return list(islice(_series(tree, recordings or {}, ()), _MOST_SERIES))


def _series(tree: Expr, recordings: Recordings, followed: tuple[str, ...]) -> Iterator[Series]:
    for node, window in walk(tree):
        selector, selector_range = _selector(node)
        if selector is None:
            continue
        recorded = recordings.get(selector.metric, ())
        if len(recorded) == 1 and selector.metric not in followed and len(followed) < _MOST_RECORDINGS:
            yield from _series(recorded[0], recordings, (*followed, selector.metric))
        else:
            yield Series(selector.metric, selector.matchers, selector_range or window)


def walk(tree: Expr) -> Iterator[tuple[Expr, float | None]]:
    """Yield every node with the range of the innermost subquery around it, in seconds."""
    import promql_parser as promql

    waiting: list[tuple[Expr, float | None]] = [(tree, None)]
    seen = 0
    while waiting and seen < _MOST_NODES:
        node, window = waiting.pop()
        seen += 1
        yield node, window
        if isinstance(node, promql.BinaryExpr):
            waiting += [(node.rhs, window), (node.lhs, window)]
        elif isinstance(node, promql.Call):
            waiting += [(argument, window) for argument in reversed(node.args)]
        elif isinstance(node, promql.SubqueryExpr):
            waiting.append((node.expr, node.range.total_seconds() if node.range else window))
        elif isinstance(node, promql.AggregateExpr | promql.ParenExpr | promql.UnaryExpr):
            waiting.append((node.expr, window))


def _selector(node: Expr) -> tuple[Series | None, float | None]:
    import promql_parser as promql

    window = None
    if isinstance(node, promql.MatrixSelector):
        window = node.range.total_seconds()
        node = node.vector_selector
    if not isinstance(node, promql.VectorSelector):
        return None, None
    op = promql.MatchOp
    signs = ((op.Equal, "="), (op.NotEqual, "!="), (op.Re, "=~"), (op.NotRe, "!~"))
    matchers = tuple(
        Matcher(matcher.name, next(sign for op, sign in signs if op == matcher.op), matcher.value)
        for matcher in node.matchers.matchers
    )
    named = next((m.value for m in matchers if m.label == "__name__" and m.operator == "="), "")
    return Series(node.name or named, tuple(m for m in matchers if m.label != "__name__")), window

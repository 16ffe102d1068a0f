"""Reading the expression of a rule: PromQL that parses, PromQL that does not, LogQL, or a placeholder. Pure.

The parser is native code of others: it overflows the stack on an expression that nests a few thousand levels deep, and
its time grows with the square of their number. So what it gets is bounded before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from gate.collect.manifests.placeholders import placeholder_in
from gate.formats.plain import one_line

if TYPE_CHECKING:
    from promql_parser import Expr

_MOST_SIGNS = 300
"""So that no walk over the tree comes near the bound of the interpreter's own stack."""
_MOST_CHARACTERS = 20_000
_MOST_WORK = 60_000_000
"""Squares of signs that one tree may cost: some ten seconds."""
_STRINGS = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`|#[^\n]*")
_SIGN = re.compile(r"[-+*/%^<>=!(\[{@]|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_LOGQL = re.compile(r"\||\}\s*!(?:=|~)|\}\s*(?:\[[^\]]*\]\s*)?\|")


class Language(StrEnum):
    """What an expression is written in, as far as that can be told."""

    PROMQL = "promql"
    LOGQL = "logql"
    """of Loki: it has a pipeline behind its selectors, which PromQL never has"""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression.

    `tree` is None where it did not parse: then `error` says why it cannot be right, or `unchecked` why nobody can tell
    (a placeholder, too long), or its language is another one.
    """

    text: str
    language: Language = Language.PROMQL
    tree: Expr | None = None
    error: str | None = None
    unchecked: str | None = None


@dataclass(slots=True)
class Expressions:
    """Parses expressions, each text once, within the bounds of one tree. Not for several threads at once."""

    left: int = _MOST_WORK
    _known: dict[str, Expression] = field(default_factory=dict)

    def read(self, text: str) -> Expression:
        """Return what an expression is. Raises nothing."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._read(text)
        return known

    def _read(self, text: str) -> Expression:
        bare = _STRINGS.sub('""', text[: _MOST_CHARACTERS + 1])
        signs = sum(1 for _ in _SIGN.finditer(bare))
        if len(text) > _MOST_CHARACTERS or signs > _MOST_SIGNS:
            reason = f"is larger than what is parsed here ({_MOST_CHARACTERS:,} characters, {_MOST_SIGNS:,} operators)"
            return Expression(text, unchecked=reason)
        self.left -= signs * signs
        if self.left < 0:
            return Expression(text, unchecked="was not parsed: the expressions of this tree take too long together")
        try:
            return Expression(text, tree=_parse(text))
        except ValueError as error:
            return _not_promql(text, bare, str(error))


def _parse(text: str) -> Expr:
    """Raises ValueError."""
    import promql_parser

    return promql_parser.parse(text)


def _not_promql(text: str, bare: str, problem: str) -> Expression:
    found = placeholder_in(bare) or placeholder_in(text)
    if found is not None:
        return Expression(text, unchecked=f"holds {one_line(found, 60)}, which something fills in later")
    if _LOGQL.search(bare):
        return Expression(text, language=Language.LOGQL)
    return Expression(text, error=one_line(problem, 200) or "is not PromQL")

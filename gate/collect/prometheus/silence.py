"""Alerts that never fire, as far as their expressions prove it. Pure.

Only what holds whatever the metrics are: a comparison of numbers that is false, a switch that is 0 or 1 and is to be
more, `absent` of a number, and whatever all of is taken away by `unless on()`. A threshold that is merely absurd is
not proven to be one here. Source: Prometheus, "Operators" (`and`, `or`, `unless`; comparisons filter).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gate.collect.prometheus.conditions import COMPARISONS, constant, linear, unwrapped

if TYPE_CHECKING:
    from promql_parser import BinaryExpr, Expr

_SWITCHES = frozenset({"up", "probe_success"})
"""Series that are 0 or 1."""
_KEEPS_RANGE = ("avg", "max", "min")
_BETWEEN = tuple(step / 1000 for step in range(1001))
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
}


def never_fires(tree: Expr) -> str | None:
    """Return why an expression has never a result, as the end of "it never fires, for …"; None where it may have."""
    import promql_parser as promql

    tree = unwrapped(tree)
    if isinstance(tree, promql.Call) and tree.func.name == "absent":
        return "a number is never absent" if constant(tree.args[0]) is not None else None
    if not isinstance(tree, promql.BinaryExpr):
        return None
    match str(tree.op):
        case "or":
            first, second = never_fires(tree.lhs), never_fires(tree.rhs)
            return first if second is not None else None
        case "and":
            return never_fires(tree.lhs) or never_fires(tree.rhs)
        case "unless":
            return never_fires(tree.lhs) or _taken_away(tree)
        case operator if operator in COMPARISONS:
            return _compared(tree, operator)
    return None


def _taken_away(tree: BinaryExpr) -> str | None:
    """Return whether `unless on()` stands before what is always there."""
    import promql_parser as promql

    matching = None if tree.modifier is None else tree.modifier.matching
    everything = (
        matching is not None and matching.type == promql.LabelModifierType.Include and not list(matching.labels)
    )
    return "`unless on()` takes everything away" if everything and constant(tree.rhs) is not None else None


def _compared(tree: BinaryExpr, operator: str) -> str | None:
    if tree.modifier is not None and tree.modifier.return_bool:
        return None  # a comparison with bool has a result always
    left, right = constant(tree.lhs), constant(tree.rhs)
    if left is not None and right is not None:
        return None if _HOLDS[operator](left, right) else "it compares numbers that are not so"
    number, side = (right, tree.lhs) if right is not None else (left, tree.rhs)
    if number is None:
        return None
    operator = operator if right is not None else COMPARISONS[operator]
    core, factor, offset = linear(side)
    name = _switch(core)
    if name is None or any(_HOLDS[operator](factor * value + offset, number) for value in _values(core)):
        return None
    return f"`{name}` is 0 or 1"


def _values(core: Expr) -> tuple[float, ...]:
    """Return what a switch may be. An average may be anything between, for which the number itself may be asked."""
    import promql_parser as promql

    return (0.0, 1.0) if isinstance(unwrapped(core), promql.VectorSelector) else _BETWEEN


def _switch(tree: Expr) -> str | None:
    """Return the name of the switch that is compared, None for anything else."""
    import promql_parser as promql

    tree = unwrapped(tree)
    if isinstance(tree, promql.AggregateExpr) and str(tree.op) in _KEEPS_RANGE:
        return _switch(tree.expr)
    return tree.name if isinstance(tree, promql.VectorSelector) and tree.name in _SWITCHES else None

"""When an alert fires, as far as its expression says so with constants. Pure.

An expression is taken apart at `and`, `or` and `unless`; each comparison with a constant is a condition. A linear
frame around what is compared is undone (`100 * x > 5` and `1 - x < 0.95` are both `x > 0.05`). Whatever is not of
this form is left out: no number here is a guess.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promql_parser import Expr

COMPARISONS = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}
"""Operator → the one that holds with both sides exchanged."""
_SETS = ("and", "or", "unless")
_ARITHMETIC = ("+", "-", "*", "/", "^", "%")


@dataclass(frozen=True, slots=True)
class Condition:
    """`core` compared with a number: fires where `core operator threshold` holds.

    `shown` is the number that stands on the other side, folded, before the frame was undone. `negated` conditions stand
    behind `unless`. `product` are the factors where that side is a product of two constants.
    """

    core: Expr
    operator: str
    threshold: float
    shown: float
    negated: bool = False
    product: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """`absent(…)`: fires where nothing is there. `negated` as for a condition."""

    core: Expr
    negated: bool = False


def alternatives(tree: Expr) -> list[list[Condition | Absence]]:
    """Return the conditions of an expression, from left to right: one list for each side of an `or` at its top.

    The alert fires where all conditions of one list hold.
    """
    import promql_parser as promql

    waiting, found = [tree], []
    while waiting:
        side = unwrapped(waiting.pop())
        if isinstance(side, promql.BinaryExpr) and str(side.op) == "or":
            waiting += [side.rhs, side.lhs]
        else:
            found.append(list(_conditions(side, negated=False)))
    return found


def _conditions(tree: Expr, *, negated: bool) -> Iterator[Condition | Absence]:
    import promql_parser as promql

    tree = unwrapped(tree)
    if isinstance(tree, promql.Call) and tree.func.name in ("absent", "absent_over_time"):
        yield Absence(tree.args[0], negated)
    elif isinstance(tree, promql.BinaryExpr):
        operator = str(tree.op)
        if operator in _SETS:
            yield from _conditions(tree.lhs, negated=negated)
            yield from _conditions(tree.rhs, negated=negated or operator == "unless")
        elif operator in COMPARISONS:
            yield from _comparison(tree.lhs, operator, tree.rhs, negated=negated)


def _comparison(left: Expr, operator: str, right: Expr, *, negated: bool) -> Iterator[Condition]:
    number = constant(right)
    if number is None:
        number, left, right, operator = constant(left), right, left, COMPARISONS[operator]
    if number is None or constant(left) is not None or not math.isfinite(number):
        return
    core, factor, offset = linear(left)
    threshold = (number - offset) / factor
    if math.isfinite(threshold):
        turned = COMPARISONS[operator] if factor < 0 else operator
        yield Condition(core, turned, threshold, number, negated, _product(right))


def linear(tree: Expr) -> tuple[Expr, float, float]:
    """Return (core, factor, offset) with tree = factor · core + offset; the factor is never 0."""
    import promql_parser as promql

    tree = unwrapped(tree)
    if isinstance(tree, promql.UnaryExpr):
        core, factor, offset = linear(tree.expr)
        return core, -factor, -offset
    if not isinstance(tree, promql.BinaryExpr) or str(tree.op) not in ("+", "-", "*", "/"):
        return tree, 1.0, 0.0
    left, right, operator = constant(tree.lhs), constant(tree.rhs), str(tree.op)
    if right is not None and left is None:
        return _framed(tree, tree.lhs, operator, right)
    if left is not None and right is None and operator != "/":
        if operator == "-":
            core, factor, offset = linear(tree.rhs)
            return core, -factor, left - offset
        return _framed(tree, tree.rhs, operator, left)
    return tree, _scale(tree), 0.0


def _framed(tree: Expr, inner: Expr, operator: str, number: float) -> tuple[Expr, float, float]:
    core, factor, offset = linear(inner)
    if operator in "+-":
        return core, factor, offset + (number if operator == "+" else -number)
    if number == 0 or not math.isfinite(number):
        return tree, 1.0, 0.0
    if operator == "/":
        number = 1 / number
    return core, factor * number, offset * number


def _scale(tree: Expr) -> float:
    """Return the factor that stands inside of a ratio: 100 of `100 * a / b`, which is `(100 * a) / b`."""
    import promql_parser as promql

    tree = unwrapped(tree)
    if isinstance(tree, promql.AggregateExpr) and str(tree.op) in ("sum", "avg", "min", "max"):
        return _scale(tree.expr)
    if not isinstance(tree, promql.BinaryExpr) or str(tree.op) not in ("*", "/"):
        return 1.0
    left, right = constant(tree.lhs), constant(tree.rhs)
    above = _scale(tree.lhs) if left is None else left
    below = _scale(tree.rhs) if right is None else right
    if above <= 0 or below <= 0 or not math.isfinite(above * below):
        return 1.0
    if str(tree.op) == "*":
        return above * below if left is not None or right is not None else 1.0
    return above / below


def constant(tree: Expr) -> float | None:
    """Return the value of an expression of numbers only, None for any other."""
    import promql_parser as promql

    tree = unwrapped(tree)
    if isinstance(tree, promql.NumberLiteral):
        return tree.val
    if isinstance(tree, promql.UnaryExpr):
        value = constant(tree.expr)
        return None if value is None else -value
    if isinstance(tree, promql.Call):
        return constant(tree.args[0]) if len(tree.args) == 1 and tree.func.name in ("scalar", "vector") else None
    if not isinstance(tree, promql.BinaryExpr) or str(tree.op) not in _ARITHMETIC:
        return None
    left, right = constant(tree.lhs), constant(tree.rhs)
    return None if left is None or right is None else _calculated(left, str(tree.op), right)


def _calculated(left: float, operator: str, right: float) -> float | None:
    try:
        match operator:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case "%":
                return math.fmod(left, right)
            case _:
                power = left**right
                return power if isinstance(power, float) else None
    except (ArithmeticError, ValueError):
        return None


def _product(tree: Expr) -> tuple[float, float] | None:
    import promql_parser as promql

    tree = unwrapped(tree)
    if isinstance(tree, promql.BinaryExpr) and str(tree.op) == "*":
        left, right = constant(tree.lhs), constant(tree.rhs)
        return None if left is None or right is None else (left, right)
    return None


def unwrapped(tree: Expr) -> Expr:
    """Return what stands inside of the parentheses."""
    import promql_parser as promql

    while isinstance(tree, promql.ParenExpr):
        tree = tree.expr
    return tree

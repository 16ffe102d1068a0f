"""Holding VEX statements against holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gate.collect.dependencies.merge import Hole, Key
from gate.collect.readers.cyclonedx_vex import Affected, Statement


@dataclass(frozen=True, slots=True)
class Placed:
    """A statement, and the document that it stands in."""

    statement: Statement
    path: str


def silencing(statements: Sequence[Placed], key: Key, hole: Hole) -> Placed | None:
    """Return the statement that takes a hole out of the counts, None where there is none.

    Where one statement about the same hole and package says "exploitable", is still in triage, or gives no reason, the
    hole stays: of two contradicting statements the worse one holds.
    """
    ids = {id_.upper() for id_ in hole.ids}
    about = [
        item
        for item in statements
        if any(id_.upper() in ids for id_ in item.statement.ids)
        and any(_is_about(target, key) for target in item.statement.affects)
    ]
    if not about or not all(item.statement.silences for item in about):
        return None
    return min(about, key=lambda item: (item.path, item.statement.state, item.statement.why))


def _is_about(target: Affected, key: Key) -> bool:
    if target.package is None:
        return True
    return target.package == key[:2] and target.version in (None, key[2])

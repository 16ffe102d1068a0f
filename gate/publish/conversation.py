"""Commands in a pull request's conversation: what a comment asks for, and whether its author may ask for it. Pure.

    /gate explain coverage.lines
    /gate rerun
    /gate waive coverage.lines until 2027-01-31 because the importer is rewritten in #12

A command is the first line of a comment that is not empty; nothing else of the comment is looked at. What somebody may
do is what the API says of their permission, never what the event says of them (`author_association` is as of old).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from gate.formats.plain import one_line

PREFIX = "/gate"
COMMANDS = (
    "/gate explain CRITERION",
    "/gate rerun",
    "/gate waive CRITERION until YYYY-MM-DD because REASON",
)
_LONGEST = 2_000
_REASON = 500
_ID = r"[a-z][a-z0-9-]{0,60}(?:\.[a-z0-9][a-z0-9-]{0,60}){1,3}"
_EXPLAIN = re.compile(rf"explain\s+`?({_ID})`?")
_WAIVE = re.compile(rf"waive\s+`?({_ID})`?\s+until\s+(\d{{4}}-\d{{2}}-\d{{2}})\s+because\s+(\S.*)")
_TALKING = ("triage", "write", "maintain", "admin")
_WRITING = ("write", "maintain", "admin")


@dataclass(frozen=True, slots=True)
class Explain:
    """What a criterion asks for."""

    criterion: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """Judge once more."""


@dataclass(frozen=True, slots=True)
class Waive:
    """Propose a waiver. `until` is the last day (UTC), `reason` one line of untrusted text."""

    criterion: str
    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """Addressed to the gate, and not understood. `reason` is a sentence of ours."""

    reason: str


Command: TypeAlias = Explain | Rerun | Waive | Unclear


def read_command(body: str) -> Command | None:
    """Return what a comment asks of the gate, None where it does not address it."""
    lines = (line.strip() for line in body[:_LONGEST].splitlines())
    first = next((line for line in lines if line), "")
    word, _space, rest = first.partition(" ")
    if word != PREFIX:
        return None
    text = one_line(rest, _LONGEST)
    if text == "rerun":
        return Rerun()
    if (match := _EXPLAIN.fullmatch(text)) is not None:
        return Explain(match[1])
    if (match := _WAIVE.fullmatch(text)) is not None:
        try:
            until = date.fromisoformat(match[2])
        except ValueError:
            return Unclear(f"There is no day {match[2]}; write YYYY-MM-DD.")
        return Waive(match[1], until, one_line(match[3], _REASON))
    return Unclear("That is none of the commands: " + "; ".join(f"`{command}`" for command in COMMANDS) + ".")


def refusal(command: Command, permission: str, *, own_pull: bool) -> str | None:
    """Return why somebody may not ask for this, None where they may.

    `permission` is the API's word (admin, maintain, write, triage, read, none); on a public repository everybody may
    read, so that is nobody's permission here. `own_pull` is whether the pull request is theirs: nobody waives for
    themselves.
    """
    needed = _WRITING if isinstance(command, Rerun | Waive) else _TALKING
    if permission not in needed:
        return f"This needs the permission “{needed[0]}” or more in this repository."
    if isinstance(command, Waive) and own_pull:
        return "Nobody waives a criterion for a pull request of their own; ask somebody else who may write here."
    return None

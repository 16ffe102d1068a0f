"""Annotations as workflow commands: what tells the author where the token may not write a check run.

GitHub shows the first ten errors and the first ten warnings (and as many notices) of a step and drops the rest without
a word, so no more are written, and the last notice says how many there were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.model.annotation import Annotation, AnnotationLevel
from gate.model.verdict import CriterionResult, Verdict
from gate.publish.actions import command
from gate.report.annotations import Annotations
from gate.report.behind import Behind, Weight
from gate.report.quiet import basic, quiet
from gate.report.text import counted

MOST_OF_A_LEVEL = 10
_MESSAGE = 2_000
"""Characters; a runner cuts messages at 4,096."""
_COMMANDS: dict[AnnotationLevel, str] = {"failure": "error", "warning": "warning", "notice": "notice"}
_NAMES = {"error": "blocks", "warning": "is a condition"}


def log_commands(verdict: Verdict, found: Annotations) -> tuple[str, ...]:
    """Return the lines to write to the log: the criteria that no annotation is about, then the annotations.

    A criterion without findings would else be told nowhere on the page of the run; half of the room is theirs where
    both are many. Every line is a command of ours, everything in it escaped.
    """
    behind = Behind(verdict)
    untold = behind.untold(()) if found.untold is None else found.untold
    lines: list[str] = []
    missing = found.left_out
    for level, weight in (("failure", Weight.BLOCKS), ("warning", Weight.CONDITION), ("notice", Weight.ADVICE)):
        criteria = [item for item in untold if behind.weight_of(item) is weight and weight is not Weight.ADVICE]
        beside = [item for item in found.shown if item.level == level]
        room = MOST_OF_A_LEVEL if level != "notice" else MOST_OF_A_LEVEL - 1
        most = max(room // 2, room - len(beside))
        told = [*_criteria(criteria[:most], "error" if weight is Weight.BLOCKS else "warning")]
        told += [_command(item) for item in beside[: room - len(told)]]
        missing += len(criteria) + len(beside) - len(told)
        lines += told
    if missing:
        text = f"{counted(missing, 'more is', 'more are')} told in the job summary and in the report."
        lines.append(command("notice", text, title="Readiness Gate"))
    return tuple(lines)


def _criteria(items: Sequence[CriterionResult], name: str) -> Iterator[str]:
    for item in items:
        text = basic(quiet(item.reason, _MESSAGE)) or basic(quiet(item.title, 200)) or "no reason was given"
        yield command(name, _inert(text), title=_inert(f"{quiet(item.id, 150)} {_NAMES[name]}"))


def _command(item: Annotation) -> str:
    name, title, message = _COMMANDS[item.level], _inert(item.title), _inert(item.message)
    if _inert(item.path) != item.path:  # a name like this can be written in no way that a runner reads as that name
        return command(name, message, title=title)
    return command(name, message, file=item.path, line=str(item.line), title=title)


def _inert(text: str) -> str:
    """Return text without what a runner would obey in the middle of a line."""
    return text.replace("##[", "# #[")

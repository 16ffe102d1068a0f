"""What `gate doctor` found out on GitHub: one answer a question, told as a line or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from gate.formats.plain import one_line
from gate.report.text import inert


class Mark(StrEnum):
    """How it stands."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


_LONGEST = 700
_SIGNS = {Mark.YES: "✓", Mark.NO: "✗", Mark.UNKNOWN: "?"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `told` says what is so, `mend` what to do about it ("" where nothing is to be done).

    `required` is set where the gate does not do its work without: then anything but yes is exit code 1.
    """

    id: str
    mark: Mark
    told: str
    mend: str = ""
    required: bool = False

    @property
    def line(self) -> str:
        """The answer as one line that no runner takes for a command."""
        mend = f" → {self.mend}" if self.mend else ""
        return inert(f"{_SIGNS[self.mark]} {one_line(f'{self.told}{mend}', _LONGEST)}")


def yes(id_: str, told: str, mend: str = "") -> Answer:
    """Return the answer that something is as it should be."""
    return Answer(id_, Mark.YES, told, mend)


def no(id_: str, told: str, mend: str, *, required: bool = False) -> Answer:
    """Return the answer that something is not as it should be, and how to mend it."""
    return Answer(id_, Mark.NO, told, mend, required)


def unknown(id_: str, told: str, mend: str = "", *, required: bool = False) -> Answer:
    """Return the answer that it cannot be known, and why."""
    return Answer(id_, Mark.UNKNOWN, told, mend, required)


def exit_code(answers: Iterable[Answer]) -> int:
    """Return 1 where something that is required is missing or cannot be known, else 0."""
    return int(any(answer.required and answer.mark is not Mark.YES for answer in answers))


def summary(answers: Sequence[Answer]) -> str:
    """Return the last line."""
    counted = {mark: sum(answer.mark is mark for answer in answers) for mark in Mark}
    missing = [answer.id for answer in answers if answer.required and answer.mark is not Mark.YES]
    told = f"{counted[Mark.YES]} in order, {counted[Mark.NO]} not, {counted[Mark.UNKNOWN]} cannot be known."
    return f"{told} The gate does not hold without: {', '.join(missing)}." if missing else told


def as_json(answers: Iterable[Answer]) -> str:
    """Return the answers as a JSON list of objects: id, mark, told, mend, required."""
    cleaned = (
        replace(item, told=one_line(item.told, _LONGEST), mend=one_line(item.mend, _LONGEST)) for item in answers
    )
    return inert(json.dumps([asdict(answer) for answer in cleaned], indent=2, ensure_ascii=False))

"""Waivers as a file: dated exceptions, each to one criterion or to findings of it, each with a reason and an owner.

What can be told from the file alone is a mistake of it; what depends on the day is looked at when a verdict is reached
(`gate.judge.waiver_days`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from gate.errors import Mistake, MistakesError
from gate.formats.strict_yaml import load
from gate.judge.policy_mistakes import Gathered, KeyPath, no_such_criterion
from gate.judge.wording import counted
from gate.model.json import Json, JsonObject
from gate.model.policy import Waiver, Waiving

_SHORTEST = 16
"""The shortest fingerprint that a collector makes has more; what is shorter is a part of one."""
_WHOLE = "Write a fingerprint whole, as the JSON report has it (findings › fingerprint)."
_TEXTS = ("reason", "owner")

Entry = tuple[KeyPath, str]
"""Where a mistake is, below the entry, and what it is."""


@dataclass(frozen=True, slots=True)
class Waivable:
    """What may be waived: `known` are the ids of criteria, `whole` those that single findings cannot be waived of.

    `whole` says of each which kind of evidence it is about.
    """

    known: Collection[str]
    whole: Mapping[str, str] = field(default_factory=dict)
    waiving: Waiving = field(default_factory=Waiving)


def waiving_of(section: JsonObject) -> Waiving:
    """Return the `waiving` section of a policy that its schema has looked at."""
    days, count, never = section.get("max_days"), section.get("max_count"), section.get("never")
    usual = Waiving()
    return Waiving(
        max_days=days if isinstance(days, int) else usual.max_days,
        max_count=count if isinstance(count, int) else usual.max_count,
        never=tuple(str(id_) for id_ in never) if isinstance(never, list) else (),
        require_link=section.get("require_link") is True,
    )


def read_waivers(
    data: bytes, *, file: str, waivable: Waivable, before: Sequence[Waiver] = ()
) -> tuple[tuple[Waiver, ...], list[Mistake]]:
    """Return the waivers of a file and the mistakes in it; with any mistake, the waivers mean nothing.

    `before` are those of other files of the same policy: they count, and none is said twice.
    """
    try:
        document = load(data, file=file)
    except MistakesError as error:
        return (), list(error.mistakes)
    if document.value is None:
        return (), [Mistake(file, 1, 1, "", "The file is empty. It begins with  version: 1  and holds  waivers: []")]
    gathered = Gathered(document)
    gathered.check_shape("waivers")
    items = document.value.get("waivers") if isinstance(document.value, dict) else None
    entries = items if isinstance(items, list) else []
    waivers: list[Waiver] = []
    for index, item in enumerate(entries):
        path: KeyPath = ("waivers", index)
        if len(before) + index == waivable.waiving.max_count:
            gathered.add(path, _too_many(len(before) + len(entries), waivable.waiving))
        if isinstance(item, dict) and gathered.is_sound(path):
            waiver = _waiver(item)
            for where, text in _mistakes(waiver, waivable, [*before, *waivers]):
                gathered.add((*path, *where), text, at_value=bool(where))
            waivers.append(waiver)
    return tuple(waivers), sorted(gathered.mistakes, key=lambda each: (each.line, each.column))


def _waiver(item: Mapping[str, Json]) -> Waiver:
    findings = item.get("findings")
    return Waiver(
        criterion=str(item["criterion"]),
        reason=str(item["reason"]),
        owner=str(item["owner"]),
        expires=str(item["expires"]),
        link=str(item.get("link", "")),
        findings=tuple(str(each) for each in findings) if isinstance(findings, list) else (),
        created=str(item.get("created", "")),
    )


def _too_many(count: int, waiving: Waiving) -> str:
    most = counted(waiving.max_count, "waiver", "waivers")
    return (
        f"The policy takes {most} at most, and there are {count:,}. Remove those that are over, mend what they are "
        "about, or raise waiving › max_count."
    )


def _mistakes(waiver: Waiver, waivable: Waivable, before: Sequence[Waiver]) -> Iterator[Entry]:
    yield from _criterion_mistakes(waiver, waivable)
    for name in _TEXTS:
        if not getattr(waiver, name).strip():
            yield (name,), f"The {name} says nothing."
    if waivable.waiving.require_link and not waiver.link:
        yield (), '"link" is missing. The policy asks for one: where it is tracked.'
    yield from _day_mistakes(waiver, waivable.waiving)
    yield from _finding_mistakes(waiver, waivable)
    for number, other in enumerate(before, 1):
        if (other.criterion, other.expires, {*other.findings}) == (
            waiver.criterion,
            waiver.expires,
            {*waiver.findings},
        ):
            yield (), f"Waiver {number} says this already; remove one of them."
            return


def _criterion_mistakes(waiver: Waiver, waivable: Waivable) -> Iterator[Entry]:
    id_ = waiver.criterion
    if id_ in waivable.waiving.never:
        yield ("criterion",), f"{id_} cannot be waived: the policy names it under waiving › never."
    elif id_ not in waivable.known:
        exactly = f'There is no criterion "{id_}". A waiver names one criterion, exactly.'
        yield ("criterion",), exactly if any(sign in id_ for sign in "*?[") else no_such_criterion(id_, waivable.known)


def _day_mistakes(waiver: Waiver, waiving: Waiving) -> Iterator[Entry]:
    days = {name: _date(getattr(waiver, name)) for name in ("created", "expires")}
    for name, day in days.items():
        if day is None and getattr(waiver, name):
            yield (name,), f"There is no day {getattr(waiver, name)}; write YYYY-MM-DD."
    created, expires = days["created"], days["expires"]
    if created is None or expires is None:
        return
    if expires < created:
        yield ("expires",), f"It ends before the day on which it was written ({waiver.created})."
    elif (expires - created).days > waiving.max_days:
        whole = counted((expires - created).days, "day", "days")
        yield (
            ("expires",),
            f"It would hold for {whole}; the policy allows {waiving.max_days:,} at most (waiving › max_days).",
        )


def _finding_mistakes(waiver: Waiver, waivable: Waivable) -> Iterator[Entry]:
    if waiver.findings and waiver.criterion in waivable.whole:
        text = (
            f"What is known about {waivable.whole[waiver.criterion]} is not counted from findings, so they cannot be "
            "waived one by one. Leave `findings` out to waive the criterion, or set its parameters."
        )
        yield ("findings",), text
    for index, fingerprint in enumerate(waiver.findings):
        if "*" in fingerprint:
            yield ("findings", index), f"A fingerprint is compared whole; * stands for nothing. {_WHOLE}"
        elif len(fingerprint) < _SHORTEST or fingerprint != fingerprint.strip():
            yield ("findings", index), f"This is not a whole fingerprint. {_WHOLE}"


def _date(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None

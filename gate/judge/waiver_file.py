"""Waivers as a file: dated exceptions, each to one criterion, each with a reason and an owner."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from gate.errors import Mistake, MistakesError
from gate.formats.strict_yaml import load
from gate.judge.policy_mistakes import Gathered, did_you_mean
from gate.model.json import Json
from gate.model.policy import Waiver


def read_waivers(data: bytes, *, file: str, known: Collection[str]) -> tuple[tuple[Waiver, ...], list[Mistake]]:
    """Return the waivers of a file and the mistakes in it; with any mistake, the waivers mean nothing.

    `known` are the ids of criteria that may be waived. Whether a waiver still holds is not looked at here: that depends
    on the day of the judgement.
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
    waivers: list[Waiver] = []
    for index, item in enumerate(items if isinstance(items, list) else ()):
        path = ("waivers", index)
        if isinstance(item, dict) and gathered.is_sound(path):
            waiver = Waiver(*(str(item[key]) for key in ("criterion", "reason", "owner", "expires")))
            if waiver.criterion not in known:
                near = did_you_mean(waiver.criterion, known, all_named=0)
                gathered.add((*path, "criterion"), f'There is no criterion "{waiver.criterion}".{near}', at_value=True)
            if not _is_date(item["expires"]):
                gathered.add((*path, "expires"), f"There is no day {waiver.expires}; write YYYY-MM-DD.", at_value=True)
            waivers.append(waiver)
    return tuple(waivers), sorted(gathered.mistakes, key=lambda each: (each.line, each.column))


def _is_date(value: Json) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True

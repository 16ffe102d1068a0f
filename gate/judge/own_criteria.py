"""Criteria that a policy writes itself: what can be wrong with them beyond their shape."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from gate.formats.json_values import mapping
from gate.judge.each import EACH, OPTIONS
from gate.judge.known_facts import Place, elements, lists_in, place_of, step, unknown_facts
from gate.judge.policy_mistakes import KeyPath, did_you_mean, glob_mistake
from gate.judge.schema import names, schema
from gate.judge.schema_mistakes import check
from gate.judge.selectors import SELECTORS
from gate.judge.vacuity import vacuous
from gate.model.json import Json, JsonObject
from gate.model.policy import Criterion, Level, Phase

OWN_KEYS = frozenset({"category", "evidence", "require", "title"})
"""Keys that only a criterion of one's own has; the schema of policies tells the two apart by the same."""
_ID = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
_LONGEST_ID = 100
_PERCENT: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"percent": {"type": "number"}},
}


class Named(NamedTuple):
    """The names that a policy gives and its criteria may select: suites of tests, documents."""

    suites: Collection[str]
    documents: Collection[str]


def id_mistake(id_: str) -> str | None:
    """Return why a text cannot be the id of a criterion."""
    if _ID.fullmatch(id_) is None or len(id_) > _LONGEST_ID:
        return "An id is made of small letters and digits, in parts joined by . or -  (payments.slow-queries)."
    return None


def mistakes(given: JsonObject, named: Named) -> Iterator[tuple[KeyPath, str]]:
    """Yield (path within the criterion, sentence) for what is wrong with a criterion of the right shape."""
    kind = str(given["evidence"])
    select = given.get("select", {})
    found = [*_select_mistakes(kind, select, named)]
    yield from found
    require = given["require"]
    wrong = check(require)
    yield from ((("require", *each.path), each.text) for each in wrong)
    if wrong:
        return
    deep = not (kind == "files" and select)
    yield from ((("require", *each.path), each.text) for each in vacuous(require, deep=deep))
    if not found and f"evidence/{kind}" in names():
        kind_schema = schema(f"evidence/{kind}")
        place = _place(kind, kind_schema, select)
        chosen = mapping(select)
        name = f"{chosen[EACH]}[]" if EACH in chosen else ""
        where = chosen.get("where", True)
        for path, about in ((("require",), require), (("select", "where"), where)):
            unknown = unknown_facts(about, kind, kind_schema, place, name)
            yield from (((*path, *each.path), each.text) for each in unknown)


def criterion(id_: str, given: JsonObject) -> Criterion:
    """Return a criterion of the policy's own without mistakes; `enabled` and `accept_gaps` are left to the caller."""
    references = given.get("references", [])
    return Criterion(
        id=id_,
        title=str(given["title"]),
        category=str(given["category"]),
        level=Level(str(given["level"])),
        evidence=str(given["evidence"]),
        require=mapping(given["require"]),
        phase=Phase(str(given.get("phase", Phase.PRE_MERGE))),
        select=mapping(given.get("select", {})),
        measured=str(given.get("measured", "")),
        passed=str(given.get("passed", "")),
        wanted=str(given.get("wanted", "")),
        detail=str(given.get("detail", "")),
        why=str(given.get("why", "")),
        fix=str(given.get("fix", "")),
        references=tuple(map(str, references)) if isinstance(references, list) else (),
        own=True,
    )


def _select_mistakes(kind: str, select: Json, named: Named) -> Iterator[tuple[KeyPath, str]]:
    given = mapping(select)
    if EACH in given:
        yield from _each_mistakes(kind, given)
        return
    chosen = [key for key in given if key not in OPTIONS]
    for key in sorted(OPTIONS & given.keys()):
        yield ("select", key), f'"{key}" goes with "{EACH}": the list of facts that the criterion is about, one by one.'
    if len(chosen) > 1:
        yield ("select",), f"One selects by one key; here are {', '.join(chosen)}."
        return
    for key in chosen:
        value = given[key]
        keys = [name for of, name in SELECTORS if of == kind]
        if key not in keys:
            by = did_you_mean(key, [*keys, EACH]) if keys else " Leave it out for all of its facts, or select by each."
            yield ("select", key), f'One cannot select by "{key}" in {kind}.{by}'
            continue
        text = _selected_mistake(kind, key, str(value), named)
        if text is not None:
            yield ("select", key), text


def _each_mistakes(kind: str, select: JsonObject) -> Iterator[tuple[KeyPath, str]]:
    for key in sorted(select.keys() - OPTIONS - {EACH}):
        yield ("select", key), f'There is no key "{key}" beside "{EACH}".{did_you_mean(key, OPTIONS)}'
    fact = select[EACH]
    if isinstance(fact, str) and f"evidence/{kind}" in names():
        text = fact_mistake(kind, fact)
        if text is not None:
            yield ("select", EACH), text
    where = select.get("where", True)
    wrong = check(where) if isinstance(where, dict) else ()
    yield from ((("select", "where", *each.path), each.text) for each in wrong)
    if not wrong and (where is False or (isinstance(where, dict) and where.get("not") in (True, {}))):
        yield ("select", "where"), "This schema accepts nothing, so the criterion would be about nothing."


def fact_mistake(kind: str, fact: str) -> str | None:
    """Return why a criterion cannot be about each element of a fact; None where it is a list or a map."""
    kind_schema = schema(f"evidence/{kind}")
    place = elements_place(kind_schema, fact)
    if not isinstance(place, bool):
        return None
    known = list(lists_in(kind_schema, place_of(kind_schema)))
    near = did_you_mean(fact, known, all_named=20) if known else f" The facts of {kind} have none."
    return f'There is no list or map "{fact}" in the facts of {kind}.{near}'


def elements_place(kind_schema: JsonObject, fact: str) -> Place | bool:
    """Return what is known of the elements of a list or map at a dotted path; False where there is none."""
    place: Place | bool = place_of(kind_schema)
    for name in fact.split("."):
        if isinstance(place, bool):
            return False
        place = step(kind_schema, place, name)
    return False if isinstance(place, bool) else elements(kind_schema, place)


def _selected_mistake(kind: str, key: str, value: str, named: Named) -> str | None:
    match kind, key:
        case _, "path":
            return glob_mistake(value)
        case "tests", "suite" if value not in named.suites:
            how = "" if named.suites else " Name it under  evidence › tests › suites."
            return f'There is no suite "{value}".{did_you_mean(value, named.suites)}{how}'
        case "docs", "id" if value not in named.documents:
            how = "" if named.documents else " Name it under  evidence › docs › items."
            return f'There is no document "{value}".{did_you_mean(value, named.documents)}{how}'
        case "coverage", "part" if not isinstance(_part(value), tuple):
            parts = [name for name in ("lines", "branches", "patch") if isinstance(_part(name), tuple)]
            return f'There is no part "{value}" of coverage.{did_you_mean(value, parts)}'
        case _:
            return None


def _part(name: str) -> Place | bool:
    if "evidence/coverage" not in names():
        return None
    document = schema("evidence/coverage")
    return step(document, place_of(document), name)


def _place(kind: str, kind_schema: JsonObject, select: Json) -> Place:
    """Return what is known of the document that `require` is about (`gate.judge.selectors` picks it)."""
    given = mapping(select)
    if EACH in given:
        return _known(elements_place(kind_schema, str(given[EACH])))
    chosen = next(iter(given.items()), None)
    whole = place_of(kind_schema)
    match kind, chosen:
        case _, None:
            return whole
        case "files", _:
            return None
        case "coverage", ("path", _):
            return place_of(kind_schema, _PERCENT)
        case "coverage", ("part", name):
            return _known(step(kind_schema, whole, str(name)))
        case "docs", _:
            return _below(kind_schema, whole, "items")
        case "tests", _:
            return _below(kind_schema, whole, "suites")
        case _:
            return whole


def _below(kind_schema: JsonObject, whole: Place, name: str) -> Place:
    """Return what is known of each entry of a map."""
    return _known(step(kind_schema, _known(step(kind_schema, whole, name)), "\0any"))


def _known(place: Place | bool) -> Place:
    return None if isinstance(place, bool) else place

"""Gaps that cast doubt on a criterion: what it asks about was not looked at as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gate.formats.globs import matches_any
from gate.judge.schema_walk import IN_PLACE, in_place, resolve
from gate.judge.selectors import Part
from gate.judge.wording import clean, listed
from gate.model.evidence import Gap
from gate.model.json import Json
from gate.model.policy import Criterion

_ABOUT_ALL = frozenset(
    {
        "additionalProperties",
        "const",
        "enum",
        "maxProperties",
        "minProperties",
        "patternProperties",
        "propertyNames",
        "unevaluatedProperties",
    }
)
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Doubts:
    """The gaps that concern a criterion: `open` ones leave it without evidence, `accepted` ones the policy accepts."""

    open: tuple[Gap, ...] = ()
    accepted: tuple[Gap, ...] = ()


def doubts(criterion: Criterion, part: Part, gaps: Iterable[Gap]) -> Doubts:
    """Return which of the gaps cast doubt on this part for this criterion."""
    facts = _facts_in_question(criterion, part)
    concerned = [gap for gap in gaps if _concerns(gap, facts, part)]
    accepted = criterion.accept_gaps
    if accepted is None:
        return Doubts(tuple(concerned))
    is_accepted = [matches_any(accepted.subjects, gap.subject) for gap in concerned]
    return Doubts(
        tuple(gap for gap, taken in zip(concerned, is_accepted, strict=True) if not taken),
        tuple(gap for gap, taken in zip(concerned, is_accepted, strict=True) if taken),
    )


def mentioned(require: Json) -> frozenset[str] | None:
    """Return the top-level names that a schema speaks about, None when it speaks about all there are.

    What stands under allOf, anyOf, oneOf, not, if, then, else, dependentSchemas and local references counts too.
    """
    names: set[str] = set()
    for schema in _about_the_whole(require, require, set()):
        if not isinstance(schema, dict):
            continue
        if _ABOUT_ALL & schema.keys():
            return None
        names.update(_names(schema.get("properties")), _names(schema.get("required")))
        names.update(_names(schema.get("dependentSchemas")), _names(schema.get("dependentRequired")))
        dependent = schema.get("dependentRequired")
        for wanted in dependent.values() if isinstance(dependent, dict) else ():
            names.update(_names(wanted))
    return frozenset(names) or None


def gaps_told(gaps: Iterable[Gap]) -> str:
    """Return the gaps in words, those with the same reason together, at most three subjects by name."""
    by_reason: dict[str, list[str]] = {}
    for gap in gaps:
        by_reason.setdefault(gap.reason, []).append(gap.subject)
    left = _TOLD
    told: list[str] = []
    for reason, subjects in by_reason.items():
        if left <= 0:
            break
        told.append(f"{listed(subjects, left)}: {clean(reason)}")
        left -= len(subjects)
    more = len(by_reason) - len(told)
    return "; ".join(told) + (f"; and {more:,} more reason{'s' if more > 1 else ''}" if more else "")


def _about_the_whole(schema: Json, root: Json, seen: set[str]) -> Iterator[Json]:
    """Yield the schema and those that speak about the same value."""
    yield schema
    if not isinstance(schema, dict):
        return
    for _path, child in in_place(schema, IN_PLACE | {"dependentSchemas"}):
        yield from _about_the_whole(child, root, seen)
    ref = schema.get("$ref")
    if isinstance(ref, str) and ref not in seen:
        seen.add(ref)
        try:
            yield from _about_the_whole(resolve(root, ref), root, seen)
        except KeyError:
            return


def _names(value: Json) -> Iterator[str]:
    if isinstance(value, list | dict):
        yield from (name for name in value if isinstance(name, str))


def _facts_in_question(criterion: Criterion, part: Part) -> frozenset[str] | None:
    fact = criterion.select.get("each")
    if isinstance(fact, str):
        return _facts_of_elements(criterion, fact)
    if part.one_file:
        return part.facts
    names = mentioned(criterion.require)
    return part.facts or None if names is None else names | part.facts


def _facts_of_elements(criterion: Criterion, fact: str) -> frozenset[str]:
    """Return what is asked of the elements of a list: "workloads.probes"; the list itself where all of them is."""
    asked = [criterion.require, *(criterion.select[key] for key in ("where",) if key in criterion.select)]
    names = [mentioned(schema) for schema in asked]
    if any(each is None for each in names):
        return frozenset({fact})
    return frozenset(f"{fact}.{name}" for each in names for name in each or ())


def _touch(one: str, other: str) -> bool:
    """Whether two facts overlap: "suites" does with "suites.a", "suites.a" does not with "suites.b"."""
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _concerns(gap: Gap, facts: frozenset[str] | None, part: Part) -> bool:
    if gap.facts and facts is not None and not any(_touch(fact, name) for fact in facts for name in gap.facts):
        return False
    if part.one_file and part.path is not None:
        return gap.path in (None, part.path) or gap.subject == part.path
    return True

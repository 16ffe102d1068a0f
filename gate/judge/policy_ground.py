"""What a policy file goes over: a profile, and the policies between the two that it extends.

A policy may add to what it extends, tighten it, and override it like a profile. What it overrides is told in every
report, and what the extended policy has under `locked` is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gate.formats.json_values import mapping, several
from gate.judge.catalogue import Profile
from gate.judge.json_words import words
from gate.judge.policy_mistakes import KeyPath
from gate.judge.policy_settings import over
from gate.model.json import Json, JsonObject
from gate.model.policy import Criterion, Level, PolicyLink, Waiver

LOCKABLE = frozenset(
    {
        "advisory",
        "conditional_blocks",
        "criteria",
        "evidence",
        "minimum_score",
        "publish",
        "scope",
        "trust",
        "waivers",
        "waiving",
    }
)
"""Keys of a policy that may stand under `locked`, beside ids of criteria and evidence.KIND."""
_OF_THE_FILE = frozenset({"version", "name", "extends", "criteria", "evidence", "waivers", "locked"})
"""Keys that are not handed on as they are."""
_UNITED = frozenset({"expects", "claims", "never"})
_SECTIONS = ("publish", "trust", "waiving")
_TOLD = ("advisory", "conditional_blocks", "minimum_score", "scope")
_EASING = frozenset(
    {"allow", "audit", "bandit", "development", "exclude", "honour_allowed", "ignore_nosec", "lint", "trivy"}
)
"""Settings of evidence that leave something out of what is looked at."""
_LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a file goes over.

    `criteria` is what was written so far under each id of the catalogue that is judged, `own` the criteria that
    extended policies wrote themselves; `root` their other keys. `locked` says by which file a name is locked. `links`
    are the files, the nearest first: none where there is only a profile.
    """

    profile: str
    criteria: Mapping[str, JsonObject]
    evidence: Mapping[str, JsonObject]
    own: Mapping[str, JsonObject] = field(default_factory=dict)
    root: JsonObject = field(default_factory=dict)
    locked: Mapping[str, str] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    links: tuple[PolicyLink, ...] = ()
    called: str = ""
    overrides: tuple[str, ...] = ()

    def lock_of(self, path: KeyPath) -> str | None:
        """Return which file locked a criterion, a kind's settings or a key; None where it may be set."""
        first, *more = path
        if str(first) in self.locked and first != "criteria":
            return self.locked[str(first)]
        if not more:
            return None
        if first == "evidence":
            return self.locked.get(f"evidence.{more[0]}")
        known = more[0] in self.criteria or more[0] in self.own
        return self.locked.get(str(more[0])) or (self.locked.get("criteria") if known else None)


def ground_of(profile: Profile) -> Ground:
    """Return what a policy that extends a profile goes over."""
    return Ground(profile.name, profile.criteria, profile.evidence)


def joined(ground: Ground, root: JsonObject) -> JsonObject:
    """Return the keys of a file over those of what it extends; sections are joined, lists of what is wanted united."""
    return {
        **ground.root,
        **{key: _joined(key, ground.root.get(key), value) for key, value in root.items() if key not in _OF_THE_FILE},
    }


def raised(
    ground: Ground, root: JsonObject, evidence: Mapping[str, JsonObject], own_ids: Sequence[str]
) -> tuple[dict[str, JsonObject], dict[str, JsonObject], dict[str, JsonObject]]:
    """Return (criteria, own criteria, evidence) of a ground with those of a file over them."""
    given = {id_: item for id_, item in mapping(root.get("criteria")).items() if isinstance(item, dict)}
    criteria = {**ground.criteria}
    own = {**ground.own}
    for id_, item in given.items():
        if id_ in own_ids:
            own[id_] = written(ground, id_, item)
        else:
            criteria[id_] = {**ground.criteria.get(id_, {}), **item}
    return criteria, own, over(ground.evidence, evidence)


def written(ground: Ground, id_: str, given: JsonObject) -> JsonObject:
    """Return a criterion of one's own: as it is written, or what is written over that of an extended policy."""
    return given if "require" in given else {**ground.own.get(id_, {}), **given}


def locked_mistakes(ground: Ground, root: JsonObject) -> Iterator[tuple[KeyPath, str]]:
    """Yield (path, sentence) for every key that an extended policy has locked."""
    paths: list[KeyPath] = [(key,) for key in root if key not in ("criteria", "evidence")]
    paths += [(key, name) for key in ("criteria", "evidence") for name in mapping(root.get(key))]
    for path in paths:
        by = ground.lock_of(path)
        if by is not None:
            yield path, f"{'.'.join(map(str, path[-1:]))} is locked by {by}. Take it out here, or change it there."


def overridden(
    ground: Ground, root: JsonObject, before: Mapping[str, Criterion], after: Sequence[Criterion]
) -> list[str]:
    """Return sentences on what a file says otherwise than the policies that it extends; none for a profile's."""
    if not ground.links:
        return []
    given = mapping(root.get("criteria"))
    found: list[str] = []
    for criterion in after:
        if criterion.id in given and criterion.id in before:
            found += _otherwise(before[criterion.id], criterion)
    for key in _TOLD:
        if key in root and root[key] != ground.root.get(key):
            found.append(_set(key, root[key], ground.root.get(key)))
    for section in _SECTIONS:
        below = mapping(ground.root.get(section))
        for key, value in mapping(root.get(section)).items():
            if key not in _UNITED and value != below.get(key) and (section != "publish" or key in below):
                found.append(_set(f"{section} › {key}", value, below.get(key)))
    for kind, settings in mapping(root.get("evidence")).items():
        below = ground.evidence.get(kind, {})
        for key, value in mapping(settings).items():
            if (key in _EASING or key in below) and several(value) != several(below.get(key)):
                found.append(_set(f"evidence › {kind} › {key}", value, below.get(key)))
    return [f"The policy says otherwise than {ground.called}: {each}." for each in found]


def _otherwise(before: Criterion, after: Criterion) -> Iterator[str]:
    if before.disabled is None and after.disabled is not None:
        yield f"it switches {after.id} off"
        return
    if _LEVELS.index(after.level) > _LEVELS.index(before.level):
        yield f"{after.id} is {after.level.value} in place of {before.level.value}"
    if after.phase is not before.phase:
        yield f"{after.id} is judged {after.phase.value} in place of {before.phase.value}"
    if after.accept_gaps is not None and after.accept_gaps != before.accept_gaps:
        yield f"it accepts gaps in the evidence for {after.id}"
    if after.own and (after.require, after.select, after.evidence) != (before.require, before.select, before.evidence):
        yield f"it asks for something else under {after.id}"
    for name, value in after.parameters.items():
        if value != before.parameters.get(name):
            yield f"{name} of {after.id} is {words(value)} in place of {words(before.parameters.get(name))}"


def _set(name: str, value: Json, below: Json) -> str:
    return f"{name} is {words(value)}" + ("" if below is None else f" in place of {words(below)}")


def _joined(key: str, below: Json, value: Json) -> Json:
    if key in _UNITED:
        return list(dict.fromkeys(map(str, (*several(below), *several(value)))))
    if isinstance(below, dict) and isinstance(value, dict):
        return {**below, **{name: _joined(name, below.get(name), item) for name, item in value.items()}}
    return value

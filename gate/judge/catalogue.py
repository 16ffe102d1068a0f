"""The criteria that ship with the gate, and the profiles that select from them.

The data is `gate/catalogue/*.yml` and `gate/profiles/*.yml`; what an entry looks like is
`schemas/criterion.schema.json` and `schemas/profile.schema.json`. The suite checks every entry once, so loading
checks only what it needs to build the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType

from gate.errors import CannotJudgeError
from gate.judge.parameters import Parameter, ParameterMistake, read_parameter, substitute
from gate.model.json import Json, JsonObject
from gate.model.policy import Criterion, Level, Phase

RESERVED = frozenset({"level", "phase", "enabled", "reason", "accept_gaps"})
"""What a policy may say of any catalogue criterion besides its parameters."""


class ParametersError(ValueError):
    """Parameters that an entry does not have or cannot take. `mistakes` tells each of them."""

    def __init__(self, mistakes: tuple[ParameterMistake, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(f"{mistake.name}: {mistake.text}" for mistake in mistakes))


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One criterion of the catalogue, its parameters still open.

    `require`, `select` and `request` may hold placeholders: a text that is "{name}" as a whole stands for the value
    of that parameter. `measured`, `passed`, `wanted`, `detail` and `fix` are templates of `gate.judge.wording`.
    """

    id: str
    title: str
    category: str
    level: Level
    evidence: str
    require: JsonObject
    phase: Phase = Phase.PRE_MERGE
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    select: JsonObject = field(default_factory=dict)
    request: JsonObject = field(default_factory=dict)
    measured: str = ""
    passed: str = ""
    wanted: str = ""
    detail: str = ""
    why: str = ""
    fix: str = ""
    synonyms: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    def mistakes(self, overrides: Mapping[str, Json]) -> tuple[ParameterMistake, ...]:
        """Return what is wrong with these parameters; the words in RESERVED are not looked at."""
        return tuple(_mistakes(self.parameters, overrides))

    def values(self, overrides: Mapping[str, Json]) -> JsonObject:
        """Return every parameter's value as sentences show it: the override, else the default."""
        return {
            name: parameter.normal(overrides[name]) if name in overrides else parameter.default
            for name, parameter in self.parameters.items()
        }

    def compared(self, values: Mapping[str, Json]) -> JsonObject:
        """Return the same values as schemas compare them: "512Mi" as 536870912."""
        return {name: parameter.compared(values[name]) for name, parameter in self.parameters.items()}

    def fill(self, overrides: Mapping[str, Json]) -> Criterion:
        """Return the criterion with its parameters filled in.

        `overrides` are parameters by name; `level` and `phase` may stand among them, the other words of RESERVED are
        passed over. Raises ParametersError for a parameter that is unknown or cannot be what it is.
        """
        mistakes = self.mistakes(overrides)
        if mistakes:
            raise ParametersError(mistakes)
        values = self.values(overrides)
        compared = self.compared(values)
        return Criterion(
            id=self.id,
            title=self.title,
            category=self.category,
            level=Level(str(overrides.get("level", self.level))),
            evidence=self.evidence,
            require=_object(substitute(self.require, compared)),
            phase=Phase(str(overrides.get("phase", self.phase))),
            parameters=values,
            request=_object(substitute(self.request, compared)),
            select=_object(substitute(self.select, compared)),
            measured=self.measured,
            passed=self.passed,
            wanted=self.wanted,
            detail=self.detail,
            why=self.why,
            fix=self.fix,
            references=self.references,
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """A named selection of the catalogue, with what it extends already merged in.

    `criteria` gives for each id what a policy would write under it (parameters, `level`); `evidence` gives per kind
    the defaults of a policy's `evidence` section. `sha256` is of the profile's own file.
    """

    name: str
    description: str
    extends: str | None
    sha256: str
    evidence: Mapping[str, JsonObject]
    criteria: Mapping[str, JsonObject]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that ships: criteria by id, in the order of the files; profiles by name."""

    criteria: Mapping[str, CatalogueEntry]
    profiles: Mapping[str, Profile]


@cache
def load_catalogue() -> Catalogue:
    """Return the catalogue. Raises CannotJudgeError when the installed data is damaged."""
    try:
        entries = {entry.id: entry for entry in _entries()}
        return Catalogue(MappingProxyType(entries), MappingProxyType(_profiles()))
    except (KeyError, TypeError, ValueError) as error:
        raise CannotJudgeError(
            f"The catalogue that ships with the gate is damaged ({error!r}). Install it again."
        ) from error


def data_files(folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield (name without suffix, bytes) of each YAML file in `catalogue` or `profiles`, sorted by name."""
    found = sorted(files("gate").joinpath(folder).iterdir(), key=lambda item: item.name)
    yield from ((item.name.removesuffix(".yml"), item.read_bytes()) for item in found if item.name.endswith(".yml"))


def read_entry(item: JsonObject) -> CatalogueEntry:
    """Return the entry that an item of a catalogue file describes. Raises KeyError or ValueError where it cannot be."""
    parameters = _object(item.get("parameters", {}))
    return CatalogueEntry(
        id=str(item["id"]),
        title=str(item["title"]),
        category=str(item["category"]),
        level=Level(str(item["level"])),
        evidence=str(item["evidence"]),
        require=_object(item["require"]),
        phase=Phase(str(item.get("phase", Phase.PRE_MERGE))),
        parameters=MappingProxyType({name: read_parameter(name, _object(given)) for name, given in parameters.items()}),
        select=_object(item.get("select", {})),
        request=_object(item.get("request", {})),
        measured=_words(item, "measured"),
        passed=_words(item, "passed"),
        wanted=_words(item, "wanted"),
        detail=_words(item, "detail"),
        why=_words(item, "why"),
        fix=_words(item, "fix"),
        synonyms=_texts(item.get("synonyms", [])),
        references=_texts(item.get("references", [])),
    )


def _mistakes(parameters: Mapping[str, Parameter], overrides: Mapping[str, Json]) -> Iterator[ParameterMistake]:
    for name, value in overrides.items():
        if name in RESERVED:
            continue
        parameter = parameters.get(name)
        if parameter is None:
            known = ", ".join(parameters) or "none"
            yield ParameterMistake(name, f'There is no parameter "{name}". This criterion has: {known}.', unknown=True)
        elif (text := parameter.mistake(value)) is not None:
            yield ParameterMistake(name, text)


def _entries() -> Iterator[CatalogueEntry]:
    for _name, data in data_files("catalogue"):
        for item in _list(_yaml(data)):
            yield read_entry(_object(item))


def _profiles() -> dict[str, Profile]:
    raw = {name: (data, _object(_yaml(data))) for name, data in data_files("profiles")}
    return {name: _profile(name, raw) for name in raw}


def _profile(name: str, raw: Mapping[str, tuple[bytes, JsonObject]]) -> Profile:
    data, own = raw[name]
    extends = own.get("extends")
    base = None if extends is None else _profile(str(extends), raw)
    evidence = dict(base.evidence) if base else {}
    criteria = dict(base.criteria) if base else {}
    for kind, section in _object(own.get("evidence", {})).items():
        evidence[kind] = {**evidence.get(kind, {}), **_object(section)}
    for id_, overrides in _object(own.get("criteria", {})).items():
        criteria[id_] = {**criteria.get(id_, {}), **_object(overrides)}
    return Profile(
        name=name,
        description=_words(own, "description"),
        extends=None if extends is None else str(extends),
        sha256=sha256(data).hexdigest(),
        evidence=MappingProxyType(evidence),
        criteria=MappingProxyType(criteria),
    )


def _yaml(data: bytes) -> Json:
    """Parse the gate's own data in the fastest way there is; the suite reads it with the strict one."""
    from gate.formats.located_yaml import YamlDocument, read_parts

    (part,) = read_parts(data)
    if not isinstance(part, YamlDocument):
        raise ValueError(f"line {part.line}: {part.reason}")
    return part.value


def _object(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not a map")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return value


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(str(item) for item in _list(value))


def _words(item: JsonObject, name: str) -> str:
    """Return a text on one line, "" where there is none."""
    return " ".join(str(item.get(name, "")).split())

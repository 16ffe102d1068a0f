"""A policy file, read: the profile that it extends, filled in with what it says, or every mistake in it.

Pure: bytes in, a Policy or MistakesError out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256

from gate.errors import Mistake, MistakesError, UserError
from gate.formats.strict_yaml import load
from gate.judge import own_criteria
from gate.judge.catalogue import RESERVED, Catalogue, CatalogueEntry, Profile
from gate.judge.policy_mistakes import Gathered, KeyPath, did_you_mean, folder_mistake, glob_mistake, texts_below
from gate.judge.policy_settings import glob_texts, normal_settings, over
from gate.judge.publish_settings import not_on, publish_settings, trust_settings
from gate.judge.waivable import by_finding
from gate.judge.waiver_file import Waivable, read_waivers, waiving_of
from gate.model.json import Json, JsonObject
from gate.model.policy import AcceptedGaps, Criterion, Policy, PolicyOrigin, Waiver, Waiving

DEFAULT_PROFILE = "baseline"


def read_policy(
    data: bytes | None,
    *,
    catalogue: Catalogue,
    path: str | None = None,
    ref: str | None = None,
    profile: str | None = None,
    waivers: Mapping[str, bytes] | None = None,
    settings: Mapping[str, JsonObject] | None = None,
) -> Policy:
    """Return the policy that a file describes; without a file (`data` is None), a profile alone.

    `path` is what mistakes and reports call the file, `ref` the revision that it was read from. `profile` is taken
    where the file has no `extends`; it must not contradict one. `waivers` are the bytes of the files that
    `waiver_paths` names. `settings` (`gate.judge.settings_evidence`) go over the file's `evidence` section, key by key.
    Raises MistakesError with every mistake of these files, UserError for a profile that does not exist.
    """
    if profile is not None:
        _chosen(profile, catalogue)
    if data is None:
        return _of_profile(_chosen(profile or DEFAULT_PROFILE, catalogue), catalogue, settings or {})
    return _Reader(data, catalogue, path or "policy", profile).read(path, ref, waivers or {}, settings or {})


def waiver_paths(data: bytes) -> tuple[str, ...]:
    """Return the waiver files that a policy file names, () where it cannot be read: `read_policy` says why."""
    try:
        value = load(data, file="").value
    except MistakesError:
        return ()
    named = value.get("waivers") if isinstance(value, dict) else None
    return tuple(item for item in _listed(named) if isinstance(item, str) and folder_mistake(item) is None)


def _chosen(name: str, catalogue: Catalogue) -> Profile:
    if name not in catalogue.profiles:
        raise UserError(f'There is no profile "{name}".{did_you_mean(name, catalogue.profiles)}')
    return catalogue.profiles[name]


def _of_profile(profile: Profile, catalogue: Catalogue, settings: Mapping[str, JsonObject]) -> Policy:
    criteria = tuple(
        entry.fill(profile.criteria[id_]) for id_, entry in catalogue.criteria.items() if id_ in profile.criteria
    )
    origin = PolicyOrigin(path=None, ref=None, sha256=profile.sha256, profile=profile.name)
    return Policy(f"{profile.name} profile", origin, criteria, over(profile.evidence, settings))


class _Reader:
    """Reads one file; what is wrong with it is gathered on the way."""

    def __init__(self, data: bytes, catalogue: Catalogue, file: str, profile: str | None) -> None:
        self._document = load(data, file=file)
        self._file = file
        self._sha256 = sha256(data).hexdigest()
        self._catalogue = catalogue
        self._gathered = Gathered(self._document)
        self._root = self._checked_root()
        self._criteria_given = _object(self._root.get("criteria"))
        self._profile = self._extended(profile)

    def read(
        self,
        path: str | None,
        ref: str | None,
        waivers: Mapping[str, bytes],
        settings: Mapping[str, JsonObject],
    ) -> Policy:
        """Return the policy. Raises MistakesError."""
        self._check_paths()
        evidence = over(self._evidence(), settings)
        criteria = (*self._of_catalogue(), *self._own(evidence))
        waiving = self._waiving()
        exceptions, more = self._waivers(waivers, criteria, waiving)
        if not self._gathered.mistakes and all(criterion.disabled is not None for criterion in criteria):
            self._gathered.add((), "This policy has no criterion that is on, so it judges nothing.")
        self._check_channels()
        mistakes = [*sorted(self._gathered.mistakes, key=lambda each: (each.line, each.column)), *more]
        if mistakes:
            raise MistakesError(mistakes)
        root = self._root
        score = root.get("minimum_score")
        return Policy(
            name=str(root.get("name", self._file)),
            origin=PolicyOrigin(path, ref, self._sha256, self._profile.name),
            criteria=criteria,
            evidence=evidence,
            expects=_texts(root.get("expects")),
            scope=str(root.get("scope", "")).strip("/").removeprefix("./"),
            conditional_blocks=root.get("conditional_blocks") is True,
            minimum_score=float(score) if isinstance(score, int | float) else None,
            waivers=exceptions,
            waiving=waiving,
            claims=_texts(root.get("claims")),
            publish=publish_settings(_object(root.get("publish"))),
            advisory=root.get("advisory") is True,
            trust=trust_settings(_object(root.get("trust"))),
        )

    def _checked_root(self) -> JsonObject:
        value = self._document.value
        if not isinstance(value, dict):
            text = "The file is empty." if value is None else "A policy is a map of keys."
            raise MistakesError([Mistake(self._file, 1, 1, "", f"{text} It begins with  version: 1")])
        given = _object(value.get("criteria"))
        collisions: list[KeyPath] = []
        for id_, item in given.items():
            if id_ in self._catalogue.criteria and isinstance(item, dict) and own_criteria.OWN_KEYS & item.keys():
                collisions.append(("criteria", id_))
        self._gathered.check_shape("policy", skip=collisions)
        for where in collisions:
            known = ", ".join(self._catalogue.criteria[str(where[1])].parameters) or "none"
            text = (
                f'The catalogue has a criterion "{where[1]}" already. Give yours another id, or set its parameters '
                f"({known}), level, phase, enabled or accept_gaps."
            )
            self._gathered.add(where, text)
        return value

    def _extended(self, profile: str | None) -> Profile:
        """Return the profile that the file begins with; the command line may name one where the file does not."""
        profiles = self._catalogue.profiles
        extends = self._root.get("extends")
        if extends is None:
            return profiles[profile or DEFAULT_PROFILE]
        if profile is not None and extends != profile:
            text = f"The policy extends {extends}, and the profile {profile} was asked for. Leave one of them out."
            self._gathered.add(("extends",), text, at_value=True)
        return profiles.get(str(extends), profiles[DEFAULT_PROFILE])

    def _check_paths(self) -> None:
        """Note globs that cannot be read and paths that lead out of the repository."""
        globs = [*glob_texts(self._root.get("evidence")), *texts_below(self._root.get("claims"), ("claims",))]
        for path, text in globs:
            wrong = glob_mistake(text, is_path="suites" not in path)
            if wrong is not None and self._gathered.is_sound(path):
                self._gathered.add(path, wrong, at_value=True)
        for key in ("scope", "waivers"):
            for path, text in texts_below(self._root.get(key), (key,)):
                wrong = folder_mistake(text)
                if wrong is not None and self._gathered.is_sound(path):
                    self._gathered.add(path, wrong, at_value=True)

    def _check_channels(self) -> None:
        if self._gathered.is_sound(("publish",)):
            for name in not_on(publish_settings(_object(self._root.get("publish")))):
                text = f"{name} is required and switched off; take it from  required  or switch it on."
                self._gathered.add(("publish", "required"), text, at_value=True)

    def _evidence(self) -> dict[str, JsonObject]:
        sections = {
            kind: normal_settings(_object(item))
            for kind, item in _object(self._root.get("evidence")).items()
            if self._gathered.is_sound(("evidence", kind))
        }
        return over(self._profile.evidence, sections)

    def _of_catalogue(self) -> Iterator[Criterion]:
        """Yield the criteria of the profile and those that the policy adds, in the order of the catalogue."""
        for id_, entry in self._catalogue.criteria.items():
            path: KeyPath = ("criteria", id_)
            if id_ not in self._criteria_given:
                if id_ in self._profile.criteria:
                    yield entry.fill(self._profile.criteria[id_])
                continue
            given = self._criteria_given[id_]
            if not isinstance(given, dict) or own_criteria.OWN_KEYS & given.keys():
                continue
            wrong = self._parameter_mistakes(entry, path, given)
            if not wrong and self._gathered.is_sound(path):
                yield self._finished(entry.fill({**self._profile.criteria.get(id_, {}), **given}), path, given)

    def _parameter_mistakes(self, entry: CatalogueEntry, path: KeyPath, given: JsonObject) -> int:
        wrong = entry.mistakes(given)
        for mistake in wrong:
            text = mistake.text
            if mistake.unknown:
                near = did_you_mean(mistake.name, [*entry.parameters, *RESERVED], all_named=20)
                text = f'There is no parameter "{mistake.name}" of {entry.id}.{near}'
            self._gathered.add((*path, mistake.name), text, at_value=not mistake.unknown)
        return len(wrong)

    def _own(self, evidence: Mapping[str, JsonObject]) -> Iterator[Criterion]:
        """Yield the policy's own criteria, and note what is neither one nor in the catalogue."""
        named = own_criteria.Named(self._named(evidence, "tests", "suites"), self._named(evidence, "docs", "items"))
        for id_, given in self._criteria_given.items():
            path: KeyPath = ("criteria", id_)
            if id_ in self._catalogue.criteria:
                continue
            if not isinstance(given, dict) or not own_criteria.OWN_KEYS & given.keys():
                near = did_you_mean(id_, self._catalogue.criteria, all_named=0)
                self._gathered.add(path, f'There is no criterion "{id_}".{near}')
                continue
            wrong = own_criteria.id_mistake(id_)
            if wrong is not None:
                self._gathered.add(path, wrong)
            whole = self._gathered.is_sound(path)
            # A wrong title or level does not hide what is wrong with the schema.
            if all(key in given and self._gathered.is_sound((*path, key)) for key in ("evidence", "require")):
                for where, text in own_criteria.mistakes(given, named):
                    self._gathered.add((*path, *where), text)
            if whole and self._gathered.is_sound(path):
                yield self._finished(own_criteria.criterion(id_, given), path, given)

    def _named(self, evidence: Mapping[str, JsonObject], kind: str, key: str) -> set[str]:
        """Return the names that the settings give, and those that criteria of the catalogue ask for by themselves."""
        given = _object(_object(_object(self._root.get("evidence")).get(kind)).get(key))
        names = {*_object(evidence.get(kind, {}).get(key)), *given}
        ids = self._profile.criteria.keys() | self._criteria_given.keys()
        entries = [entry for id_, entry in self._catalogue.criteria.items() if id_ in ids and entry.evidence == kind]
        return names.union(*(_object(entry.request.get(key)) for entry in entries))

    def _finished(self, criterion: Criterion, path: KeyPath, given: JsonObject) -> Criterion:
        """Return the criterion switched off, or with the gaps that are accepted."""
        disabled: str | None = None
        if given.get("enabled") is False:
            disabled = str(given.get("reason", ""))
            if not disabled.strip():
                self._gathered.add((*path, "enabled"), 'Switching a criterion off needs a reason. Add  reason: "…"')
        gaps = _object(given.get("accept_gaps"))
        for where, text in texts_below(gaps.get("subjects"), (*path, "accept_gaps", "subjects")):
            wrong = glob_mistake(text, is_path=False)
            if wrong is not None:
                self._gathered.add(where, wrong, at_value=True)
        accepted = AcceptedGaps(_texts(gaps["subjects"]), str(gaps["reason"])) if gaps else None
        return replace(criterion, disabled=disabled, accept_gaps=accepted)

    def _waiving(self) -> Waiving:
        """Return which waivers the policy takes, and note ids that no criterion has."""
        known = self._catalogue.criteria.keys() | self._criteria_given.keys()
        waiving = waiving_of(_object(self._root.get("waiving"))) if self._gathered.is_sound(("waiving",)) else Waiving()
        for index, id_ in enumerate(waiving.never):
            if id_ not in known:
                near = did_you_mean(id_, known, all_named=0)
                self._gathered.add(("waiving", "never", index), f'There is no criterion "{id_}".{near}', at_value=True)
        return waiving

    def _waivers(
        self, files: Mapping[str, bytes], criteria: Iterable[Criterion], waiving: Waiving
    ) -> tuple[tuple[Waiver, ...], list[Mistake]]:
        known = self._catalogue.criteria.keys() | self._criteria_given.keys()
        about = {each.id: (each.evidence, each.select) for each in self._catalogue.criteria.values()}
        about |= {each.id: (each.evidence, each.select) for each in criteria}
        whole = {id_: kind for id_, (kind, select) in about.items() if not by_finding(kind, select)}
        waivers: list[Waiver] = []
        mistakes: list[Mistake] = []
        for path, name in texts_below(self._root.get("waivers"), ("waivers",)):
            if name in files:
                waivable = Waivable(known, whole, waiving)
                found, wrong = read_waivers(files[name], file=name, waivable=waivable, before=waivers)
                waivers += found
                mistakes += wrong
            elif self._gathered.is_sound(path) and folder_mistake(name) is None:
                self._gathered.add(path, f'There is no file "{name}" where the policy comes from.', at_value=True)
        return tuple(waivers), mistakes


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(str(item) for item in _listed(value))

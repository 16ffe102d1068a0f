"""A policy file, read: the profile that it extends, filled in with what it says, or every mistake in it.

Pure: bytes in, a Policy or MistakesError out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gate.errors import Mistake, MistakesError, UserError
from gate.formats.json_values import mapping, several, texts
from gate.formats.strict_yaml import load
from gate.judge import own_criteria
from gate.judge.catalogue import Catalogue, Profile
from gate.judge.policy_criteria import CriteriaReader
from gate.judge.policy_ground import LOCKABLE, Ground, ground_of, joined, locked_mistakes, overridden, raised
from gate.judge.policy_mistakes import (
    Gathered,
    KeyPath,
    did_you_mean,
    folder_mistake,
    glob_mistake,
    no_such_criterion,
    texts_below,
)
from gate.judge.policy_reference import PolicyFile, is_reference, link_of, reference
from gate.judge.policy_settings import glob_texts, normal_settings, over
from gate.judge.publish_settings import not_on, publish_settings, trust_settings
from gate.judge.waivable import by_finding
from gate.judge.waiver_file import Waivable, read_waivers, waiving_of
from gate.model.json import JsonObject
from gate.model.kinds import KINDS
from gate.model.policy import Criterion, Policy, PolicyLink, PolicyOrigin, Waiver, Waiving

DEFAULT_PROFILE = "baseline"


def read_policy(
    data: bytes | None,
    *,
    catalogue: Catalogue,
    path: str | None = None,
    ref: str | None = None,
    commit: str | None = None,
    repository: str = "",
    profile: str | None = None,
    extended: Sequence[PolicyFile] = (),
    waivers: Mapping[str, bytes] | None = None,
    settings: Mapping[str, JsonObject] | None = None,
) -> Policy:
    """Return the policy that a file describes; without a file (`data` is None), a profile alone.

    `path` is what mistakes and reports call the file, `ref` the revision that it was read from, `commit` its full id
    and `repository` whose it is, "" for the one under judgement. `extended` are the files that it extends, the nearest
    first (`gate.judge.policy_reference.extended_by`). `profile` is taken where the last of them has no `extends`; it
    must not contradict one. `waivers` are the bytes of the files that `waiver_paths` names. `settings`
    (`gate.judge.settings_evidence`) go over the file's `evidence` section, key by key.
    Raises MistakesError with every mistake of these files, UserError for a profile that does not exist.
    """
    if profile is not None:
        _chosen(profile, catalogue)
    if data is None:
        return _of_profile(_chosen(profile or DEFAULT_PROFILE, catalogue), catalogue, settings or {})
    ground: Ground | None = None
    for file in reversed(extended):
        ground = _Reader(file.data, catalogue, file.called, profile, ground).ground(file.link, file.waivers)
    called = path or "policy"
    if repository and commit:
        called = f"{repository}/{called}@{commit[:12]}"
    link = link_of(data, path or called, ref, commit, repository)
    return _Reader(data, catalogue, called, profile, ground).policy(path, link, waivers or {}, settings or {})


def waiver_paths(data: bytes) -> tuple[str, ...]:
    """Return the waiver files that a policy file names, () where it cannot be read: `read_policy` says why."""
    try:
        value = load(data, file="").value
    except MistakesError:
        return ()
    named = value.get("waivers") if isinstance(value, dict) else None
    return tuple(item for item in several(named) if isinstance(item, str) and folder_mistake(item) is None)


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


@dataclass(frozen=True, slots=True)
class _Read:
    """What is in a file of which nothing is wrong."""

    criteria: tuple[Criterion, ...]
    evidence: dict[str, JsonObject]
    waiving: Waiving
    waivers: tuple[Waiver, ...]
    overrides: tuple[str, ...]


class _Reader:
    """Reads one file; what is wrong with it is gathered on the way."""

    def __init__(
        self, data: bytes, catalogue: Catalogue, file: str, profile: str | None, ground: Ground | None = None
    ) -> None:
        self._document = load(data, file=file)
        self._file = file
        self._catalogue = catalogue
        self._gathered = Gathered(self._document)
        self._root = self._checked_root()
        self._ground = self._extended(profile, ground)
        self._whole = joined(self._ground, self._root)
        self._criteria = CriteriaReader(self._root, catalogue, self._gathered, self._ground)
        self._known = {*catalogue.criteria, *self._ground.own, *mapping(self._root.get("criteria"))}

    def policy(
        self,
        path: str | None,
        link: PolicyLink,
        waivers: Mapping[str, bytes],
        settings: Mapping[str, JsonObject],
    ) -> Policy:
        """Return the policy. Raises MistakesError."""
        read = self._read(waivers, settings)
        root = self._whole
        score = root.get("minimum_score")
        chain = (link, *self._ground.links)
        profile = self._ground.profile
        return Policy(
            name=str(self._root.get("name", self._file)),
            origin=PolicyOrigin(path, link.ref, link.sha256, profile, link.commit, link.repository, chain),
            criteria=read.criteria,
            evidence=read.evidence,
            expects=texts(root.get("expects")),
            scope=str(root.get("scope", "")).strip("/").removeprefix("./"),
            conditional_blocks=root.get("conditional_blocks") is True,
            minimum_score=float(score) if isinstance(score, int | float) else None,
            waivers=read.waivers,
            waiving=read.waiving,
            claims=texts(root.get("claims")),
            publish=publish_settings(mapping(root.get("publish"))),
            advisory=root.get("advisory") is True,
            trust=trust_settings(mapping(root.get("trust"))),
            overrides=read.overrides,
        )

    def ground(self, link: PolicyLink, waivers: Mapping[str, bytes]) -> Ground:
        """Return what a policy that extends this file goes over. Raises MistakesError."""
        read = self._read(waivers, {})
        criteria, own, evidence = raised(self._ground, self._root, self._sections(), self._criteria.own_ids)
        return Ground(
            profile=self._ground.profile,
            criteria=criteria,
            evidence=evidence,
            own=own,
            root=self._whole,
            locked={**dict.fromkeys(texts(self._root.get("locked")), self._file), **self._ground.locked},
            waivers=read.waivers,
            links=(link, *self._ground.links),
            called=self._file,
            overrides=read.overrides,
        )

    def _read(self, waivers: Mapping[str, bytes], settings: Mapping[str, JsonObject]) -> _Read:
        self._check_paths()
        self._check_locks()
        evidence = over(over(self._ground.evidence, self._sections()), settings)
        criteria = self._criteria.read(evidence)
        waiving = self._waiving()
        exceptions, more = self._waivers(waivers, criteria, waiving)
        if not self._gathered.mistakes and all(criterion.disabled is not None for criterion in criteria):
            self._gathered.add((), "This policy has no criterion that is on, so it judges nothing.")
        self._check_channels()
        mistakes = [*sorted(self._gathered.mistakes, key=lambda each: (each.line, each.column)), *more]
        if mistakes:
            raise MistakesError(mistakes)
        found = overridden(self._ground, self._root, self._criteria.before(), criteria) if self._ground.links else ()
        return _Read(criteria, evidence, waiving, exceptions, (*self._ground.overrides, *found))

    def _checked_root(self) -> JsonObject:
        value = self._document.value
        if not isinstance(value, dict):
            text = "The file is empty." if value is None else "A policy is a map of keys."
            raise MistakesError([Mistake(self._file, 1, 1, "", f"{text} It begins with  version: 1")])
        given = mapping(value.get("criteria"))
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

    def _extended(self, profile: str | None, below: Ground | None) -> Ground:
        """Return what the file goes over; the command line may name a profile where the file does not."""
        profiles = self._catalogue.profiles
        extends = self._root.get("extends")
        if isinstance(extends, str) and is_reference(extends):
            return below if below is not None else self._not_extended(extends)
        if extends is None:
            return ground_of(profiles[profile or DEFAULT_PROFILE])
        if profile is not None and extends != profile:
            text = f"The policy extends {extends}, and the profile {profile} was asked for. Leave one of them out."
            self._gathered.add(("extends",), text, at_value=True)
        return ground_of(profiles.get(str(extends), profiles[DEFAULT_PROFILE]))

    def _not_extended(self, extends: str) -> Ground:
        """Note why a file that is extended is not at hand."""
        try:
            reference(extends)
            text = f"{extends} was not read: nothing is known here of other files."
        except ValueError as error:
            text = str(error)
        self._gathered.add(("extends",), text, at_value=True)
        return ground_of(self._catalogue.profiles[DEFAULT_PROFILE])

    def _check_locks(self) -> None:
        """Note what an extended policy has locked, and names under `locked` that mean nothing."""
        for path, text in locked_mistakes(self._ground, self._root):
            self._gathered.add(path, text)
        names = {*self._known, *LOCKABLE, *(f"evidence.{kind}" for kind in KINDS)}
        for path, name in texts_below(self._root.get("locked"), ("locked",)):
            if name not in names and self._gathered.is_sound(path):
                text = f'There is nothing called "{name}" to lock.{did_you_mean(name, names, all_named=0)}'
                self._gathered.add(path, text, at_value=True)

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
            for name in not_on(publish_settings(mapping(self._whole.get("publish")))):
                text = f"{name} is required and switched off; take it from  required  or switch it on."
                self._gathered.add(("publish", "required"), text, at_value=True)

    def _sections(self) -> dict[str, JsonObject]:
        """Return the file's own settings of evidence."""
        return {
            kind: normal_settings(mapping(item))
            for kind, item in mapping(self._root.get("evidence")).items()
            if self._gathered.is_sound(("evidence", kind))
        }

    def _waiving(self) -> Waiving:
        """Return which waivers the policy takes, and note ids that no criterion has."""
        for path, id_ in texts_below(mapping(self._root.get("waiving")).get("never"), ("waiving", "never")):
            if id_ not in self._known and self._gathered.is_sound(path):
                self._gathered.add(path, no_such_criterion(id_, self._known), at_value=True)
        return waiving_of(mapping(self._whole.get("waiving"))) if self._gathered.is_sound(("waiving",)) else Waiving()

    def _waivers(
        self, files: Mapping[str, bytes], criteria: Iterable[Criterion], waiving: Waiving
    ) -> tuple[tuple[Waiver, ...], list[Mistake]]:
        about = {each.id: (each.evidence, each.select) for each in self._catalogue.criteria.values()}
        about |= {each.id: (each.evidence, each.select) for each in criteria}
        whole = {id_: kind for id_, (kind, select) in about.items() if not by_finding(kind, select)}
        waivers = [*self._ground.waivers]
        mistakes: list[Mistake] = []
        for path, name in texts_below(self._root.get("waivers"), ("waivers",)):
            if name in files:
                waivable = Waivable(self._known, whole, waiving)
                found, wrong = read_waivers(files[name], file=name, waivable=waivable, before=waivers)
                waivers += found
                mistakes += wrong
            elif self._gathered.is_sound(path) and folder_mistake(name) is None:
                self._gathered.add(path, f'There is no file "{name}" where the policy comes from.', at_value=True)
        return tuple(waivers), mistakes

"""The `criteria` section of a policy file: what it says of the catalogue's, and those that it writes itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gate.formats.json_values import mapping, texts
from gate.judge import own_criteria
from gate.judge.catalogue import RESERVED, Catalogue, CatalogueEntry
from gate.judge.policy_ground import Ground, written
from gate.judge.policy_mistakes import Gathered, KeyPath, did_you_mean, glob_mistake, no_such_criterion, texts_below
from gate.model.json import Json, JsonObject
from gate.model.policy import AcceptedGaps, Criterion


class CriteriaReader:
    """Reads the section of one file over what the file extends; mistakes go to `gathered`."""

    def __init__(self, root: JsonObject, catalogue: Catalogue, gathered: Gathered, ground: Ground) -> None:
        self._root = root
        self._given = mapping(root.get("criteria"))
        self._catalogue = catalogue
        self._gathered = gathered
        self._ground = ground

    @property
    def own_ids(self) -> tuple[str, ...]:
        """The ids of this file that are not the catalogue's."""
        return tuple(id_ for id_ in self._given if id_ not in self._catalogue.criteria)

    def read(self, evidence: Mapping[str, JsonObject]) -> tuple[Criterion, ...]:
        """Return all criteria: the catalogue's in its order, then policies' own. `evidence` are the settings."""
        return (*self._of_catalogue(), *self._own(evidence))

    def before(self) -> dict[str, Criterion]:
        """Return the criteria as the extended policies leave them."""
        ground = self._ground
        found = [
            filled(entry, ground.criteria[id_])
            for id_, entry in self._catalogue.criteria.items()
            if id_ in ground.criteria
        ]
        found += [finished(own_criteria.criterion(id_, given), given) for id_, given in ground.own.items()]
        return {criterion.id: criterion for criterion in found}

    def _of_catalogue(self) -> Iterator[Criterion]:
        """Yield the criteria of what is extended and those that the file adds, in the order of the catalogue."""
        for id_, entry in self._catalogue.criteria.items():
            path: KeyPath = ("criteria", id_)
            if id_ not in self._given:
                if id_ in self._ground.criteria:
                    yield filled(entry, self._ground.criteria[id_])
                continue
            given = self._given[id_]
            if not isinstance(given, dict) or own_criteria.OWN_KEYS & given.keys():
                continue
            wrong = self._parameter_mistakes(entry, path, given)
            if not wrong and self._gathered.is_sound(path):
                self._check_reserved(path, given)
                yield filled(entry, {**self._ground.criteria.get(id_, {}), **given})

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
        """Yield policies' own criteria, and note what is neither one nor in the catalogue."""
        named = own_criteria.Named(self._named(evidence, "tests", "suites"), self._named(evidence, "docs", "items"))
        for id_, below in self._ground.own.items():
            if id_ not in self._given:
                yield finished(own_criteria.criterion(id_, below), below)
        for id_, given in self._given.items():
            path: KeyPath = ("criteria", id_)
            if id_ in self._catalogue.criteria or not self._is_one(id_, given, path):
                continue
            item = written(self._ground, id_, mapping(given))
            # A wrong title or level does not hide what is wrong with the schema.
            if all(key in item and self._gathered.is_sound((*path, key)) for key in ("evidence", "require")):
                for where, text in own_criteria.mistakes(item, named):
                    self._gathered.add((*path, *where), text)
            if self._gathered.is_sound(path):
                self._check_reserved(path, mapping(given))
                yield finished(own_criteria.criterion(id_, item), item)

    def _is_one(self, id_: str, given: Json, path: KeyPath) -> bool:
        """Whether this is a criterion of one's own, or says something of an extended policy's; else it is noted."""
        if isinstance(given, dict) and own_criteria.OWN_KEYS & given.keys():
            wrong = own_criteria.id_mistake(id_)
            if wrong is not None:
                self._gathered.add(path, wrong)
            return True
        if isinstance(given, dict) and id_ in self._ground.own:
            unknown = [key for key in given if key not in RESERVED]
            for key in unknown:
                text = f'{id_} is a criterion of {self._ground.called} and has no parameter "{key}".'
                settable = ", ".join(sorted(RESERVED))
                self._gathered.add((*path, key), f"{text} Set {settable}, or write it anew as a whole.")
            return not unknown
        self._gathered.add(path, no_such_criterion(id_, {*self._catalogue.criteria, *self._ground.own}))
        return False

    def _named(self, evidence: Mapping[str, JsonObject], kind: str, key: str) -> set[str]:
        """Return the names that the settings give, and those that criteria of the catalogue ask for by themselves."""
        given = mapping(mapping(mapping(self._root.get("evidence")).get(kind)).get(key))
        names = {*mapping(evidence.get(kind, {}).get(key)), *given}
        ids = self._ground.criteria.keys() | self._given.keys()
        entries = [entry for id_, entry in self._catalogue.criteria.items() if id_ in ids and entry.evidence == kind]
        return names.union(*(mapping(entry.request.get(key)) for entry in entries))

    def _check_reserved(self, path: KeyPath, given: JsonObject) -> None:
        if given.get("enabled") is False and not str(given.get("reason", "")).strip():
            self._gathered.add((*path, "enabled"), 'Switching a criterion off needs a reason. Add  reason: "…"')
        gaps = mapping(given.get("accept_gaps"))
        for where, text in texts_below(gaps.get("subjects"), (*path, "accept_gaps", "subjects")):
            wrong = glob_mistake(text, is_path=False)
            if wrong is not None:
                self._gathered.add(where, wrong, at_value=True)


def filled(entry: CatalogueEntry, given: JsonObject) -> Criterion:
    """Return a criterion of the catalogue as a policy wants it. Raises ParametersError."""
    return finished(entry.fill(given), given)


def finished(criterion: Criterion, given: JsonObject) -> Criterion:
    """Return the criterion switched off, or with the gaps that are accepted."""
    gaps = mapping(given.get("accept_gaps"))
    return replace(
        criterion,
        disabled=str(given.get("reason", "")) if given.get("enabled") is False else None,
        accept_gaps=AcceptedGaps(texts(gaps["subjects"]), str(gaps["reason"])) if gaps else None,
    )

"""The findings of a criterion that is about each of several elements: one for every element that misses it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from hashlib import sha256

from gate.judge.doubt import mentioned
from gate.judge.each import Element, Survey, place_of
from gate.judge.wording import clean
from gate.model.finding import Finding, Severity
from gate.model.json import Json, JsonObject
from gate.model.policy import Level

TOOL = "gate"
_SEVERITIES: dict[Level, Severity] = {Level.MUST: "high", Level.SHOULD: "medium", Level.MAY: "low"}
_EXPLAINED = 50
"""How many are told by what their schema misses, where the criterion has no words of its own."""
_IDENTITY = ("kind", "namespace", "name", "container")
_LINES = frozenset({"line", "end_line"})


class ElementFindings(Collection[Finding]):
    """The findings of a survey. They are made when somebody looks at them: a verdict tells a part and counts all."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey

    def __len__(self) -> int:
        return len(self._survey.failing)

    def __contains__(self, item: object) -> bool:
        return any(item == finding for finding in self)

    def __iter__(self) -> Iterator[Finding]:
        """Yield them in the order of the facts, each with a fingerprint of its own."""
        for index, (element, fingerprint) in enumerate(fingerprints(self._survey)):
            yield _finding(self._survey, element, fingerprint, explained=index < _EXPLAINED)


def fingerprints(survey: Survey) -> Iterator[tuple[Element, str]]:
    """Yield the elements that miss the criterion with their fingerprints, no two of which are the same.

    A fingerprint is the SHA-256 of criterion, file, what the element is called and what the criterion asks about in it
    (without a name, of all its content), and how many alike of those that miss the criterion come before it.
    """
    alike: Counter[str] = Counter()
    criterion = survey.criterion
    names = mentioned(criterion.require)
    for element in survey.failing:
        identity = f"{criterion.id}\0{_identity(element, names)}"
        yield element, sha256(f"{identity}\0{alike[identity]}".encode("utf-8", "replace")).hexdigest()
        alike[identity] += 1


def _finding(survey: Survey, element: Element, fingerprint: str, *, explained: bool) -> Finding:
    criterion = survey.criterion
    name = survey.name(element) or place_of(element) or clean(element.key)
    about = {key: text for key in _IDENTITY if (text := element.text(key))}
    properties: JsonObject = {**about}
    return Finding(
        rule=criterion.id,
        severity=_SEVERITIES[criterion.level],
        message=survey.sentence(element, name, explained=explained),
        tool=TOOL,
        path=element.path,
        line=element.line if element.path is not None else None,
        fingerprint=fingerprint,
        properties=properties,
    )


def _identity(element: Element, names: frozenset[str] | None) -> str:
    """Return what an element is told from others by, wherever in its file it stands.

    Its whole names as they are, not cleaned or cut as for a reader: two that look alike are two. And what the criterion
    asks about: who changes that has another finding. Its number in the list would be any other's tomorrow.
    """
    document = element.document
    if not isinstance(document, dict):
        return _plain(document)
    # Of an element without a name all that it is tells it from others.
    named = any(isinstance(document.get(name), str) for name in _IDENTITY)
    asked = {name: document[name] for name in names if name in document} if named and names is not None else document
    return _plain([element.path, *(document.get(name) for name in _IDENTITY), asked])


def _plain(value: Json) -> str:
    return json.dumps(_without_lines(value), sort_keys=True)


def _without_lines(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_lines(item) for key, item in value.items() if key not in _LINES}
    return [_without_lines(item) for item in value] if isinstance(value, list) else value

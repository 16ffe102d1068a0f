"""The findings of a criterion that is about each of several elements: one for every element that misses it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from hashlib import sha256

from gate.judge.each import Element, Survey, place_of
from gate.judge.wording import clean
from gate.model.finding import Finding, Severity
from gate.model.json import JsonObject
from gate.model.policy import Level

TOOL = "gate"
_SEVERITIES: dict[Level, Severity] = {Level.MUST: "high", Level.SHOULD: "medium", Level.MAY: "low"}
_EXPLAINED = 50
"""How many are told by what their schema misses, where the criterion has no words of its own."""
_IDENTITY = ("kind", "namespace", "name", "container")


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
        alike: Counter[str] = Counter()
        for index, element in enumerate(self._survey.failing):
            identity = _identity(self._survey.criterion.id, element)
            yield _finding(self._survey, element, f"{identity}\0{alike[identity]}", explained=index < _EXPLAINED)
            alike[identity] += 1


def _finding(survey: Survey, element: Element, identity: str, *, explained: bool) -> Finding:
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
        fingerprint=sha256(identity.encode("utf-8", "replace")).hexdigest(),
        properties=properties,
    )


def _identity(rule: str, element: Element) -> str:
    """Return what an element is told from others by, wherever in its file it stands."""
    own = [element.text(key) for key in _IDENTITY]
    return "\0".join([rule, element.path or "", *own, "" if any(own) else element.key])

"""`select: {each: FACT}`: a criterion that every element of a list in the facts must satisfy, one by one.

What an element does not have, its collector looked for and did not find: the thing does not have it, and misses the
criterion. (In a whole document the same absence means that nobody measured it.)
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from gate.judge.doubt import mentioned
from gate.judge.schema import validator
from gate.judge.schema_words import Problem, explain
from gate.judge.selectors import escaped
from gate.judge.wording import Words, bounds_of, clean, counted, listed
from gate.model.json import Json, JsonObject
from gate.model.policy import Criterion

EACH = "each"
OPTIONS = frozenset({"where", "at_least", "noun"})
"""What may stand beside `each`."""
_TOLD = 3
_PROBLEMS = 5
_NAME = 100
_NAMES = ("name", "title", "id")


class NoElementsError(ValueError):
    """The facts have no list or map at that place; the message is half a sentence."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: `pointer` is the JSON Pointer from the facts to it, `key` what it is called in its list or map."""

    pointer: str
    key: str
    document: Json

    def text(self, name: str) -> str:
        """Return a text of the element on one line, "" where it has none of that name."""
        value = self.document.get(name) if isinstance(self.document, dict) else None
        return clean(value, _NAME) if isinstance(value, str) else ""

    @property
    def path(self) -> str | None:
        """The file that it is in."""
        value = self.document.get("path") if isinstance(self.document, dict) else None
        return value if isinstance(value, str) and value else None

    @property
    def line(self) -> int | None:
        """The line there, from 1."""
        value = self.document.get("line") if isinstance(self.document, dict) else None
        return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


@dataclass(frozen=True, slots=True)
class Survey:
    """The elements that a criterion is about, and those of them that miss it. `at_least` is how many it wants."""

    criterion: Criterion
    elements: tuple[Element, ...]
    failing: tuple[Element, ...]
    at_least: int

    @property
    def too_few(self) -> bool:
        """Whether there are fewer elements than the policy wants."""
        return len(self.elements) < self.at_least

    def counted(self, number: int) -> str:
        """Return "1 workload", "7 workloads"."""
        return counted(number, *self.nouns)

    @property
    def nouns(self) -> tuple[str, str]:
        """What one and many of the elements are called."""
        noun = self.criterion.select.get("noun")
        if isinstance(noun, str) and noun.count("|") == 1:
            one, many = noun.split("|")
            return clean(one, _NAME), clean(many, _NAME)
        fact = clean(str(self.criterion.select.get(EACH)), _NAME)
        return f"entry of {fact}", f"entries of {fact}"

    def subject(self, element: Element) -> str:
        """Return what a sentence calls an element: "container web of Deployment shop/api (k8s/api.yaml:3)"."""
        place = place_of(element)
        name = self.name(element)
        return f"{name} ({place})" if name and place else name or place or clean(element.key, _NAME)

    def name(self, element: Element) -> str:
        """Return the same without its place, "" where it has no name."""
        if not isinstance(element.document, dict):
            return clean(str(element.document), _NAME)
        own = next((found for name in _NAMES if (found := element.text(name))), "")
        namespace = element.text("namespace")
        full = f"{namespace}/{own}" if namespace and own else own
        kind = element.text("kind") or (self.nouns[0] if "noun" in self.criterion.select else "")
        whole = " ".join(part for part in (kind, full) if part) if full else ""
        container = element.text("container")
        return f"container {container} of {whole}" if container and whole and container != full else whole

    def sentence(self, element: Element, subject: str, *, explained: bool = True) -> str:
        """Return what is wrong with a failing element: "Deployment shop/api has no readiness probe"."""
        if self.criterion.measured:
            return f"{subject} {words_of(self.criterion, element).fill(self.criterion.measured)}"
        found = problems_of(self.criterion, element) if explained else ()
        if not found:
            return f"{subject} is not as the policy wants it"
        return f"{subject}: {listed([each.measured for each in found])}"

    def told(self) -> str:
        """Return how many miss it and the first of them: "2 of 7 workloads: Deployment shop/api … has no …; …"."""
        first = [self.sentence(each, self.subject(each)) for each in self.failing[:_TOLD]]
        more = len(self.failing) - len(first)
        rest = f"; and {more:,} more" if more else ""
        count = self.counted(len(self.elements))
        return f"{len(self.failing):,} of {count}: {'; '.join(first)}{rest}"


def place_of(element: Element) -> str:
    """Return "k8s/api.yaml:3", as far as that is known."""
    if element.path is None:
        return ""
    path = clean(element.path)
    return path if element.line is None else f"{path}:{element.line}"


def survey(criterion: Criterion, facts: JsonObject) -> Survey:
    """Judge every element by itself. Raises NoElementsError where the facts do not tell of any list there."""
    where = criterion.select.get("where")
    elements = tuple(elements_of(criterion.select, facts))
    if isinstance(where, dict | bool):
        chosen = _test_of(where)
        elements = tuple(each for each in elements if chosen(each.document))
    holds = _test_of(criterion.require)
    named = mentioned(criterion.require) is not None
    # To a text or a number the names that `require` asks for are all the same; it has none of them.
    failing = tuple(
        each for each in elements if (named and not isinstance(each.document, dict)) or not holds(each.document)
    )
    return Survey(criterion, elements, failing, _at_least(criterion.select))


def elements_of(select: JsonObject, facts: JsonObject) -> Iterator[Element]:
    """Yield the elements of the list or map that `select` names, `where` not looked at. Raises NoElementsError."""
    fact = str(select.get(EACH))
    value: Json = facts
    for step in fact.split("."):
        if not isinstance(value, dict) or step not in value:
            raise NoElementsError(f"says nothing about {clean(fact)}")
        value = value[step]
    base = pointer_to(fact)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield Element(f"{base}/{index}", f"entry {index + 1} of {fact}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            named = {"name": key, **item} if isinstance(item, dict) else item
            yield Element(f"{base}/{escaped(key)}", key, named)
    else:
        raise NoElementsError(f"has no list or map {clean(fact)}")


def pointer_to(fact: str) -> str:
    """Return the JSON Pointer (RFC 6901) to a dotted path in the facts."""
    return "".join(f"/{escaped(step)}" for step in fact.split("."))


def problems_of(criterion: Criterion, element: Element) -> tuple[Problem, ...]:
    """Return what an element misses, the first few."""
    errors = islice(validator(criterion.require).iter_errors(element.document), _PROBLEMS)
    return tuple(dict.fromkeys(map(explain, errors)))


def words_of(criterion: Criterion, element: Element) -> Words:
    """Return what `measured` is filled from: the element and the parameters, and nothing of the other elements."""
    document = element.document if isinstance(element.document, dict) else {"value": element.document}
    return Words((document, criterion.parameters), criterion.parameters, tuple({*bounds_of(criterion.require)}))


def _test_of(schema: Json) -> Callable[[Json], bool]:
    """Return whether a document satisfies a schema, asked once for those alike in every name that it speaks about.

    Of hundreds of workloads most have the same probes, or none: a schema costs ten times what finding that out does.
    """
    compiled, names = validator(schema), mentioned(schema)
    known: dict[str, bool] = {}

    def holds(document: Json) -> bool:
        if names is None or not isinstance(document, dict):
            return compiled.is_valid(document)
        alike = json.dumps([(name, document[name]) for name in names if name in document])
        if alike not in known:
            known[alike] = compiled.is_valid(document)
        return known[alike]

    return holds


def _at_least(select: JsonObject) -> int:
    value = select.get("at_least", 0)
    return math.ceil(value) if isinstance(value, int | float) else 0

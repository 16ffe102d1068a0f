"""Sentences from templates, with numbers as people write them.

A template is text with placeholders, and may name alternatives:

    {lines.percent}                        the value at that path ("81.4"; list items by index: {least.0.path})
    {bytes:bytes} {duration:seconds}       the same as a size ("2.5 MB") or a time ("3 min 20 s")
    {limit:memory} {request:cores}         the same as Kubernetes writes memory ("512Mi") and processors ("250m")
    {maximum:most} {headings:choices}      "at most 3", or "none" for 0; the A|B of a text as "A or B"
    {failed|test failed|tests failed}      the number with the word that fits ("1 test failed", "2,310 tests failed")
    {missing|none|the page|the pages}      with a word for nothing at all; a list is told by its items
    {path} is short || nothing was found   the first alternative whose placeholders all have a value, else the last

A path looks in several documents, the first that has it wins; `parameters.NAME` is always a parameter. What comes out
of evidence is cleaned here and nowhere else: it cannot break a line, hide text or run on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gate.formats.plain import one_line
from gate.model.json import Json, JsonMapping

NO_VALUE = "no value"
LONGEST = 200
_LISTED = 3
_SURE_BOUNDS = (0.0, 100.0)
_BOUND_KEYS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "const")
_SUBJECT_KEYS = ("title", "name", "path", "id")
_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_.-]+)(?::([a-z]+))?((?:\|[^{}|]*){0,3})\}")
_BINARY_SIZES = ((2**60, "Ei"), (2**50, "Pi"), (2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))
_SIZES = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


@dataclass(frozen=True, slots=True)
class Words:
    """What a template is filled from: documents that are searched in order, the parameters, and the bounds.

    `bounds` are the numbers that a value is compared with; no rounding moves a value to or over one of them.
    """

    documents: tuple[JsonMapping, ...]
    parameters: JsonMapping
    bounds: tuple[float, ...] = ()

    def fill(self, template: str) -> str:
        """Return the sentence of a template, "" for an empty one."""
        choices = template.split(" || ")
        chosen = next((choice for choice in choices if all(self._has(path) for path in paths_in(choice))), choices[-1])
        return _PLACEHOLDER.sub(self._value, chosen).strip()

    def _value(self, match: re.Match[str]) -> str:
        path, unit, forms = match[1], match[2], match[3].split("|")[1:]
        found, value = self._find(path)
        if not found or value is None:
            return NO_VALUE
        return _with_noun(value, forms, unit or "", self.bounds) if forms else say(value, unit or "", self.bounds)

    def falls_back(self, template: str) -> bool:
        """Whether only the last of several alternatives is left: the words for what is not there."""
        choices = template.split(" || ")
        return len(choices) > 1 and not any(all(self._has(path) for path in paths_in(each)) for each in choices[:-1])

    def _has(self, path: str) -> bool:
        found, value = self._find(path)
        return found and value is not None

    def _find(self, path: str) -> tuple[bool, Json]:
        if path.startswith("parameters."):
            return _look_up(self.parameters, path.removeprefix("parameters."))
        for document in self.documents:
            found, value = _look_up(document, path)
            if found:
                return True, value
        return False, None


def paths_in(template: str) -> tuple[str, ...]:
    """Return the paths of a template's placeholders, in order."""
    return tuple(match[1] for match in _PLACEHOLDER.finditer(template))


def clean(text: str, longest: int = LONGEST) -> str:
    """Return the text on one line without control, format (bidi, zero-width) or unassigned characters, cut short."""
    return one_line(text, longest)


def number(value: float, bounds: Iterable[float] = ()) -> str:
    """Return a number for people: thousands in groups, one decimal, or as many as keep it on its side of each bound."""
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**30 else f"{Decimal(value):.3e}"
    if not math.isfinite(value):
        return "not a number"
    if value.is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 1e15:
        return repr(value)
    near = (*bounds, *_SURE_BOUNDS)
    for digits in range(1, 7):
        shown = round(value, digits)
        if all(_side(shown, bound) == _side(value, bound) for bound in near):
            return f"{shown:,.{digits}f}".rstrip("0").rstrip(".")
    return format(Decimal(repr(value)), "f") if abs(value) > 1e-12 else repr(value)


def seconds(value: float, bounds: Iterable[float] = ()) -> str:
    """Return a time for people: "0.3 s", "3 min 20 s", "2 h 5 min"."""
    if (
        not math.isfinite(value)
        or abs(value) < 60
        or any(abs(value - bound) < 60 for bound in bounds if value != bound)
    ):
        return f"{number(value, bounds)} s"
    whole = int(value)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    parts = ((hours, "h"), (minutes, "min"), (rest if not hours else 0, "s"))
    return " ".join(f"{count:,} {unit}" for count, unit in parts if count)


def size(value: float, bounds: Iterable[float] = ()) -> str:
    """Return a size in bytes for people, in powers of 1,000: "512 bytes", "2.5 MB"."""
    for factor, unit in _SIZES:
        if math.isfinite(value) and abs(value) >= factor:
            return f"{number(value / factor, [bound / factor for bound in bounds])} {unit}"
    return f"{number(value, bounds)} {'byte' if value == 1 else 'bytes'}"


def memory(value: float, bounds: Iterable[float] = ()) -> str:
    """Return a size in bytes as Kubernetes writes it: "512Mi", "1.5Gi"."""
    for factor, unit in _BINARY_SIZES:
        if math.isfinite(value) and abs(value) >= factor:
            return number(value / factor, [bound / factor for bound in bounds]).replace(",", "") + unit
    return number(value, bounds).replace(",", "")


def cores(value: float, bounds: Iterable[float] = ()) -> str:
    """Return a number of processors as Kubernetes writes it: "2", "250m"."""
    if not math.isfinite(value) or float(value).is_integer():
        return number(value, bounds)
    return number(value * 1000, [bound * 1000 for bound in bounds]).replace(",", "") + "m"


def most(value: float, bounds: Iterable[float] = ()) -> str:
    """Return a bound for people: "at most 3", "none"."""
    return f"at most {number(value, bounds)}" if value else "none"


def counted(count: int, one: str, many: str) -> str:
    """Return the number with the word that fits: "1 test", "2,310 tests"."""
    return f"{number(count)} {one if count == 1 else many}"


def listed(items: Sequence[str], most: int = _LISTED) -> str:
    """Return "a, b and c", or "a, b, c and 4 more"; the items are cleaned."""
    shown = [clean(item) for item in items[:most]]
    if len(items) > most:
        return f"{', '.join(shown)} and {len(items) - most:,} more"
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part) if shown else "nothing"


def say(value: Json, unit: str = "", bounds: Iterable[float] = ()) -> str:
    """Return any value of a document for people."""
    if value is None:
        return NO_VALUE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _NUMBERS.get(unit, number)(value, bounds)
    if isinstance(value, str):
        return (clean(value).replace("|", " or ") if unit == "choices" else clean(value)) or "an empty text"
    if isinstance(value, list):
        return listed([_subject(item, unit) for item in value])
    return listed([f"{name} {_brief(item)}" for name, item in value.items()])


_NUMBERS: dict[str, Callable[[float, Iterable[float]], str]] = {
    "bytes": size,
    "cores": cores,
    "memory": memory,
    "most": most,
    "seconds": seconds,
}


def bounds_of(schema: Json) -> Iterator[float]:
    """Yield the numbers that a schema compares with."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in _BOUND_KEYS and isinstance(value, int | float) and not isinstance(value, bool):
                yield float(value)
            else:
                yield from bounds_of(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from bounds_of(item)


def _with_noun(value: Json, forms: Sequence[str], unit: str, bounds: Iterable[float]) -> str:
    """Return a number or a list with its noun. Two forms are one and many, three are none, one and many."""
    count = len(value) if isinstance(value, list) else value
    if isinstance(count, bool) or not isinstance(count, int | float):
        return say(value)
    if len(forms) == 3 and count == 0:
        return forms[0]
    noun = forms[-2] if count == 1 and len(forms) > 1 else forms[-1]
    return f"{noun} {say(value, unit)}" if isinstance(value, list) else f"{number(count, bounds)} {noun}"


def _subject(item: Json, unit: str) -> str:
    """Return what a list calls one of its items: an object goes by its title, name, path or id."""
    if isinstance(item, dict):
        return next((clean(name) for key in _SUBJECT_KEYS if isinstance(name := item.get(key), str)), _brief(item))
    return _brief(item, unit)


def _brief(value: Json, unit: str = "") -> str:
    """Return a value inside another: what has parts of its own is only counted."""
    if isinstance(value, list | dict):
        return counted(len(value), "entry", "entries")
    return say(value, unit)


def _look_up(document: Json | Mapping[str, Json], path: str) -> tuple[bool, Json]:
    """Return whether the path leads to something, and to what. A name with dots is found as a whole first."""
    if isinstance(document, Mapping):
        if path in document:
            return True, document[path]
        head, dot, rest = path.partition(".")
        return _look_up(document[head], rest) if dot and head in document else (False, None)
    if isinstance(document, list):
        head, dot, rest = path.partition(".")
        if not (head.isascii() and head.isdigit()) or len(head) > 9 or int(head) >= len(document):
            return False, None
        return _look_up(document[int(head)], rest) if dot else (True, document[int(head)])
    return False, None


def _side(value: float, bound: float) -> int:
    return (value > bound) - (value < bound)

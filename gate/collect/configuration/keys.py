"""The settings of a document by their key paths. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from gate.formats.globs import translate
from gate.formats.located_yaml import line_of
from gate.model.json import Json

MOST = 100_000
"""Settings of one document that are looked at."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SLASH = "\N{DIVISION SLASH}"
_KEY = re.compile(r"^\s{0,400}(?:-\s{1,20})?(?:export\s{1,20})?[\"']?([^\"'\s:={}\[\],]{1,200})[\"']?\s{0,20}[:=]")


@dataclass(frozen=True)
class Setting:
    """A plain value. `steps` are the keys (and places in lists) that lead to it, `above` the line of its mapping."""

    steps: tuple[str, ...]
    value: str | float | bool | None
    above: int

    @property
    def key(self) -> str:
        """The key path: "server.limits.0.rate"."""
        return ".".join(self.steps)

    @property
    def name(self) -> str:
        """The last key that is no place in a list."""
        return next((step for step in reversed(self.steps) if not step.isdigit()), "")

    @cached_property
    def path(self) -> str:
        """The key path as a path of folders, as globs have it."""
        return _as_path(self.steps)

    @cached_property
    def snake_path(self) -> str:
        """The same in snake case."""
        return _as_path(map(snake, self.steps))


def settings_of(document: Json) -> Iterator[Setting]:
    """Yield the plain values of a document, at most `MOST` of them, in order."""
    waiting: list[tuple[tuple[str, ...], Json, int]] = [((), document, 1)]
    left = MOST
    while waiting and left:
        steps, value, line = waiting.pop()
        if isinstance(value, dict):
            here = line_of(value, line)
            waiting += [((*steps, key), below, here) for key, below in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [((*steps, str(place)), below, line) for place, below in reversed(list(enumerate(value)))]
        elif steps:
            left -= 1
            yield Setting(steps, value, line)


def key_test(patterns: Sequence[str]) -> Callable[[Setting], bool]:
    """Return whether a key path fits one of the patterns: "database.pool.*", "**.log_level". Raises GlobError.

    A pattern is a glob whose segments are parted by dots. It is held against the path as it is written, and against
    the same in snake case: "logLevel", "log-level" and "LOG_LEVEL" are log_level, "APP__PORT" is app.port.
    """
    import re2

    if not patterns:
        return lambda _setting: False
    # One expression for all patterns: a tree has tens of thousands of settings, and each is held against every search.
    fits = re2.compile("|".join(f"(?:{translate(pattern.replace('.', '/'))})" for pattern in patterns)).fullmatch
    return lambda setting: fits(setting.path) is not None or fits(setting.snake_path) is not None


@lru_cache(maxsize=10_000)
def snake(step: str) -> str:
    """Return a key in snake case."""
    return _CAMEL.sub("_", step).replace("__", ".").replace("-", "_").lower()


class Lines:
    """Where the keys of a text stand."""

    def __init__(self, data: bytes) -> None:
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        self._texts = data.decode("utf-8", "replace").splitlines()
        for number, line in enumerate(self._texts, 1):
            found = _KEY.match(line)
            if found:
                self._places[found[1]].append(number)

    def of(self, setting: Setting, *, nested: bool) -> int | None:
        """Return the line of a setting, from 1; None where it cannot be told.

        `nested` says that `above` is the line of the mapping that it is in; without it only a key that stands once
        tells a line.
        """
        places = self._places.get(setting.name, [])
        if nested:
            here = self._texts[setting.above - 1] if setting.above <= len(self._texts) else ""
            if f"{setting.name}:" in here or f'{setting.name}":' in here:
                return setting.above  # a mapping on one line
            place = bisect_left(places, setting.above)
            return places[place] if place < len(places) else setting.above
        return places[0] if len(places) == 1 else None


def _as_path(steps: Iterable[str]) -> str:
    return "/".join(part for step in steps for part in step.replace("/", _SLASH).split("."))

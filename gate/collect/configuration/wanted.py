"""What a run wants to know of configuration files: the named searches of the policy and of the criteria. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from gate.collect.configuration.keys import Setting, key_test
from gate.collect.configuration.values import is_secret
from gate.formats.globs import GlobError, matches_any, translate
from gate.model.json import Json, JsonObject

_WILD = "*?[{"


@dataclass(frozen=True)
class Search:
    """A search for settings. `name` is what the facts call it.

    `paths` and `exclude` are globs of files, `keys` of key paths, and `unless` of those that do not count; with
    `secrets` every setting that holds a secret is found. With `every` a file of `paths` without such a key is told too.
    """

    name: str
    paths: tuple[str, ...]
    keys: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    every: bool = False
    secrets: bool = False

    @property
    def plain(self) -> tuple[str, ...]:
        """The paths that name one file each, which must be there."""
        return tuple(path for path in self.paths if not any(char in path for char in _WILD))

    @cached_property
    def means(self) -> Callable[[Setting], bool]:
        """Whether a setting is looked for."""
        fits, hidden = is_secret if self.secrets else key_test(self.keys), key_test(self.unless)
        return lambda setting: fits(setting) and not hidden(setting)

    def takes(self, path: str) -> bool:
        """Whether a file is looked at."""
        return matches_any(self.paths, path) and not (self.exclude and matches_any(self.exclude, path))


def searches(request: Json) -> list[Search]:
    """Return the searches of a request: `{NAME: {paths, keys, exclude, every, secrets}}`. Raises GlobError."""
    found = []
    for name, wanted in request.items() if isinstance(request, dict) else ():
        given: JsonObject = wanted if isinstance(wanted, dict) else {}
        search = Search(
            name=name,
            paths=globs_of(given.get("paths")),
            keys=globs_of(given.get("keys")),
            exclude=globs_of(given.get("exclude")),
            unless=globs_of(given.get("unless")),
            every=given.get("every") is True,
            secrets=given.get("secrets") is True,
        )
        for pattern in (*search.paths, *search.exclude, *search.keys, *search.unless):
            translate(pattern)
        found.append(search)
    return found


def globs_of(value: Json) -> tuple[str, ...]:
    """Return one text or a list of texts as a tuple of texts."""
    listed: Sequence[Json] = value if isinstance(value, list) else [value]
    return tuple(item for item in listed if isinstance(item, str) and item)


__all__ = ["GlobError", "Search", "globs_of", "searches"]

"""Named suites of tests: which cases belong to one, by globs on where they are and what they are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from gate.collect.readers.case_report import Case
from gate.formats.globs import GlobError, translate


class _Pattern(Protocol):
    def fullmatch(self, text: str) -> object | None: ...


class SuiteMatcher:
    """Says which of the named suites a case belongs to.

    A suite's globs are matched against the case's file, its class (as written, and with dots as slashes), the names of
    the suites around it, its own name, and "class::name". `resolve` turns a file as a report writes it into a path of
    the workspace.
    """

    def __init__(self, suites: Mapping[str, Sequence[str]], resolve: Callable[[str], str | None]) -> None:
        """Raises GlobError for a glob that cannot be read."""
        self._patterns = {name: _joined(globs) for name, globs in suites.items() if globs}
        self._resolve = resolve
        self._by_place: dict[tuple[tuple[str, ...], str, str], frozenset[str]] = {}

    def __bool__(self) -> bool:
        """Whether any suite is named."""
        return bool(self._patterns)

    def __call__(self, case: Case) -> Sequence[str]:
        """Return the names of the suites that the case belongs to."""
        if not self._patterns:
            return ()
        place = (case.suites, case.classname, case.file)
        known = self._by_place.get(place)
        if known is None:
            if len(self._by_place) > 100_000:
                self._by_place.clear()
            texts = [text for text in self._place_texts(case) if text]
            known = frozenset(name for name, pattern in self._patterns.items() if _any(pattern, texts))
            self._by_place[place] = known
        if len(known) == len(self._patterns):
            return tuple(known)
        own = (case.name, f"{case.classname}::{case.name}")
        return [name for name, pattern in self._patterns.items() if name in known or _any(pattern, own)]

    def _place_texts(self, case: Case) -> list[str]:
        return [
            case.file.replace("\\", "/"),
            (self._resolve(case.file) if case.file else None) or "",
            case.classname,
            case.classname.replace(".", "/"),
            *case.suites,
        ]


def _any(pattern: _Pattern, texts: Sequence[str]) -> bool:
    return any(pattern.fullmatch(text) is not None for text in texts)


def _joined(globs: Sequence[str]) -> _Pattern:
    import re2

    expression = "|".join(f"(?:{translate(glob.removeprefix('./'))})" for glob in globs)
    try:
        return cast(_Pattern, re2.compile(expression))
    except re2.error as error:
        raise GlobError(f"{', '.join(globs)} cannot be read as globs: {error}") from error


class FileResolver:
    """Turns the file that a report names into a path of the workspace.

    Reports write paths relative to where the tool ran, or absolute ones of another machine or container. A path counts
    as one of the workspace when it is tracked as it stands, or when the longest of its ends that is tracked is.
    """

    def __init__(self, root: str, tracked: Sequence[str]) -> None:
        self._root = root.rstrip("/") + "/"
        self._tracked = frozenset(tracked)
        self._known: dict[str, str | None] = {}

    def __call__(self, file: str) -> str | None:
        """Return the path, None when no tracked file is meant."""
        if file not in self._known:
            if len(self._known) > 100_000:
                self._known.clear()
            self._known[file] = self._find(file.replace("\\", "/"))
        return self._known[file]

    def _find(self, file: str) -> str | None:
        path = file.removeprefix(self._root).removeprefix("./")
        if len(path) > 4096:
            return None
        while True:
            if path in self._tracked:
                return path
            _, slash, path = path.partition("/")
            if not slash:
                return None

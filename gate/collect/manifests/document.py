"""A document of the tree, and one that could not be read."""

from __future__ import annotations

from dataclasses import dataclass

from gate.collect.disk import printable
from gate.collect.manifests.sorts import Sort
from gate.formats.located_yaml import Located
from gate.model.evidence import Gap


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read.

    `path` is POSIX, relative to the workspace; `line` is where it begins, from 1; `index` its place among the documents
    of the file, from 0; `sha256` is of the whole file. Every mapping of `value` has its `line` in the file. `twin_of`
    is the path of a file with the same bytes that was read before: what it holds is there twice, and counts once.
    """

    sort: Sort
    path: str
    line: int
    index: int
    value: Located
    sha256: str
    twin_of: str | None = None


@dataclass(frozen=True, slots=True)
class Fragment:
    """A document with `services` that is of no sort: another Compose file may include or extend it."""

    path: str
    index: int
    value: Located
    sha256: str


@dataclass(frozen=True, slots=True)
class BadDocument:
    """A document, or a whole file, that could not be read. `sorts` are those that it may have been."""

    path: str
    line: int | None
    reason: str
    sorts: frozenset[Sort]

    def gap(self, facts: tuple[str, ...] = ()) -> Gap:
        """This document as a gap."""
        shown = printable(self.path)
        return Gap(shown, self.reason, shown, self.line, facts)

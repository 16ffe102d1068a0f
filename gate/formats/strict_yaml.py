"""YAML without its surprises: a strict reader for policies, and a bounded one for the files of a repository.

Both stand on PyYAML's events (libyaml's where it was built in) with a composer of their own, so that nothing is ever
constructed by a tag, nothing expands without bound, and every value knows its line. Scalars follow the core schema of
YAML 1.2 (`gate.formats.yaml_scalars`).
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.errors import Mistake, MistakesError
from gate.formats.yaml_compose import Composer
from gate.formats.yaml_nodes import Mark, Rules, YamlProblem
from gate.formats.yaml_scalars import shorten
from gate.model.json import Json

__all__ = ["Document", "YamlProblem", "load", "load_documents"]

Path = tuple[str | int, ...]

_POLICY_LIMIT = 256 * 1024
_SHOWN = 12
_DATA_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document and where each of its keys and values stands."""

    file: str
    value: Json
    _root: Mark

    def position(self, path: Path) -> tuple[int, int]:
        """Return (line, column), from 1, of the key that the path ends in, or of the item of a list.

        Where the path leaves the document, its longest part that is there counts.
        """
        position, _ = self._find(path)
        return position

    def value_position(self, path: Path) -> tuple[int, int]:
        """Return (line, column), from 1, of the value at the path, or at its longest part that is there."""
        _, mark = self._find(path)
        return mark.line, mark.column

    def mistake(self, path: Path, text: str, *, at_value: bool = False) -> Mistake:
        """Return a mistake at the key (or the value) of a path."""
        line, column = self.value_position(path) if at_value else self.position(path)
        return Mistake(self.file, line, column, where(path), text)

    def _find(self, path: Path) -> tuple[tuple[int, int], Mark]:
        mark = self._root
        position = (mark.line, mark.column)
        for step in path:
            below = mark.children
            if isinstance(below, dict) and step in below:
                key_line, key_column, mark = below[str(step)]
                position = (key_line, key_column)
            elif isinstance(below, list) and isinstance(step, int) and 0 <= step < len(below):
                mark = below[step]
                position = (mark.line, mark.column)
            else:
                break
        return position, mark


def where(path: Path) -> str:
    """Return a path as people read it: "criteria › coverage.lines › minimum", items of lists counted from 1."""
    steps = [f"item {step + 1}" if isinstance(step, int) else shorten(step, 80) for step in path]
    return " › ".join(steps if len(steps) <= _SHOWN else [*steps[: _SHOWN - 4], "…", *steps[-3:]])


def load(data: bytes, *, file: str, limit: int = _POLICY_LIMIT, depth: int = 32) -> Document:
    """Read one document of plain keys and values; an empty file is the value None.

    Refused: anchors, aliases, tags, merge keys, directives, duplicate keys, keys that are not text, several documents,
    numbers that are not finite, a byte order mark, anything but UTF-8, more than `limit` bytes or `depth` levels.
    Raises MistakesError with all that is wrong; the first thing that is not YAML at all ends the search.
    """
    rules = Rules(limit=limit, depth=depth, strict=True)
    composer = Composer(rules)
    documents = composer.compose(data)
    if composer.problems:
        raise MistakesError(
            [Mistake(file, item.line, item.column, where(item.path), item.reason) for item in composer.problems]
        )
    if not documents:
        return Document(file, None, Mark(1, 1, None))
    value, root = documents[0]
    return Document(file, value, root)


def load_documents(data: bytes, *, limit: int = _DATA_LIMIT, anchors: bool = True, depth: int = 100) -> list[Json]:
    """Read every document of a repository's own YAML file as JSON; empty documents are left out.

    Anchors and merge keys are followed, within a bound on what they expand to; tags are dropped (`!Ref x` is "x"), keys
    are their text, dates stay text. Raises YamlProblem at the first thing wrong; duplicate keys are wrong.
    """
    rules = Rules(limit=limit, depth=depth, strict=False, anchors=anchors)
    composer = Composer(rules)
    documents = composer.compose(data)
    if composer.problems:
        raise composer.problems[0]
    return [value for value, mark in documents if value is not None or mark.written]

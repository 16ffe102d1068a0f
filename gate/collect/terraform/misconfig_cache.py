"""What Trivy said of a set of copies, kept under all that it depends on.

That is: Trivy's version (which brings its checks), the gate's options, and the names and bytes of every file that this
run of Trivy was given. It was given nothing else, so no change in the tree can make an entry wrong. Only runs that
proved something are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

import msgspec

from gate.collect.cache import Cache
from gate.collect.readers.trivy_misconfig import Misconfiguration
from gate.collect.terraform.copies import Copy
from gate.model.finding import Severity
from gate.model.json import Json

_SPACE = "trivy-terraform"
_FORMAT = "1"
"""Of the values; another one is another key."""
_Line = Annotated[int, msgspec.Meta(ge=1)] | None
_Row = tuple[str, str, Severity, str, str, _Line, _Line, str | None, str | None, str | None]


class _Value(msgspec.Struct, forbid_unknown_fields=True):
    covered: list[str]
    found: list[_Row]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of copies. `covered` are the paths that Trivy looked at; `origin` is the run that found it out."""

    found: tuple[Misconfiguration, ...]
    covered: frozenset[str]
    origin: str


class MisconfigurationCache:
    """The results of one version of Trivy, used with these options."""

    def __init__(self, cache: Cache, version: str, options: Sequence[str]) -> None:
        self._cache = cache
        self._shared = (_FORMAT, version, sha256("\0".join(options).encode()).hexdigest())

    def get(self, given: Mapping[str, bytes], copies: Sequence[Copy]) -> Kept | None:
        """Return what Trivy said of these files, by name, which were made of the copies; None where it is not known."""
        kept = self._cache.get(_SPACE, (*self._shared, digest_of(given)))
        if kept is None:
            return None
        by_name = {copy.name: copy for copy in copies}
        try:
            value = msgspec.convert(kept.value, type=_Value)
            found = tuple(_found(row, by_name) for row in value.found)
            covered = frozenset(by_name[name].path for name in value.covered)
        except (msgspec.ValidationError, LookupError, ValueError, RecursionError):
            return None
        # A run that looked at nothing proved nothing, and is not kept.
        return Kept(found, covered, kept.origin) if covered else None

    def put(
        self,
        given: Mapping[str, bytes],
        copies: Sequence[Copy],
        found: Sequence[Misconfiguration],
        covered: frozenset[str],
    ) -> None:
        """Keep what Trivy said of these files."""
        names = {copy.path: copy.name for copy in copies}
        rows: list[Json] = [_row(each, names[each.target]) for each in found]
        value: Json = {"covered": [*sorted(names[path] for path in covered)], "found": rows}
        self._cache.put(_SPACE, (*self._shared, digest_of(given)), value)


def digest_of(given: Mapping[str, bytes]) -> str:
    """Return a hash of names and bytes that no other set of files has."""
    digest = sha256()
    for name in sorted(given):
        for part in (name.encode("utf-8", "surrogateescape"), given[name]):
            digest.update(len(part).to_bytes(8))
            digest.update(part)
    return digest.hexdigest()


def _row(each: Misconfiguration, name: str) -> Json:
    texts: list[Json] = [name, each.rule, each.severity, each.title, each.message]
    return [*texts, each.line, each.end, each.resource, each.resolution, each.url]


def _found(row: _Row, by_name: Mapping[str, Copy]) -> Misconfiguration:
    """Raises LookupError and ValueError for what Trivy cannot have said of these copies."""
    name, rule, severity, title, message, line, end, resource, resolution, url = row
    copy = by_name[name]
    if (line or 0) > copy.lines:
        raise ValueError(line)
    return Misconfiguration(copy.path, rule, severity, title, message, line, end, resource, resolution, url)

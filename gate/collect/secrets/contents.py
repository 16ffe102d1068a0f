"""What is in files, by their content: each is looked at once, however many paths and commits hold it."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeAlias

from gate.collect.collector import Context
from gate.collect.disk import printable
from gate.collect.readers.gitleaks_json import Leak
from gate.collect.scan import Scanner
from gate.collect.secrets.archives import ArchiveProblem, members
from gate.collect.secrets.canary import canary, rules_hash
from gate.collect.secrets.gitleaks import TOOL, Folder, look, new_folder
from gate.collect.secrets.parts import Part, ending, parts, readings
from gate.collect.secrets.quiet import QuietRunner
from gate.model.json import Json

Key: TypeAlias = tuple[str, str]
"""SHA-256 of the content in hex, and what is kept of the name."""

_SPACE = "secrets"
_FORM = "2"
"""Of what is kept in the cache, and of how files are put before gitleaks. Another one finds nothing in the cache."""
_LONGEST_NAME = 500
NOT_READ = "was not read to its end by gitleaks"
_BATCH = 256 * 1024 * 1024
"""Bytes that lie in the folder at one time."""
_COMMENTS = (
    ("gitleaks:allow", re.compile(rb"gitleaks:allow")),
    ("pragma: allowlist secret", re.compile(rb"pragma: ?(?:allow|white)list[ -]secret")),
    ("trufflehog:ignore", re.compile(rb"trufflehog:ignore")),
    ("ggignore", re.compile(rb"\bggignore\b")),
)
_NEXT_LINE = ("pragma: allowlist nextline secret", re.compile(rb"pragma: ?(?:allow|white)list[ -]nextline[ -]secret"))


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in a content there is a secret: lines from 1, 0 for a rule that is about the name of the file alone.

    `column` tells two on one line apart, and is no number for people. `comment` is what stands on the line to keep a
    scanner from telling, None when there is nothing. `inside` is the file of an archive that the lines are of.
    """

    line: int
    end_line: int
    rule: str
    column: int = 0
    comment: str | None = None
    inside: str | None = None


@dataclass(slots=True)
class _Waiting:
    key: Key
    part: Part
    name: str
    inside: str | None


class Contents:
    """Takes contents and says where in them there are secrets. Use as a context manager.

    `add` all, then `finish`, then ask. `looked` counts the contents that gitleaks looked at in this run, `cached` those
    whose result was kept; `origins` says of these when and by which run.
    """

    def __init__(self, context: Context) -> None:
        """Find gitleaks. Raises ScanProblem."""
        self._self_tests = context.self_tests
        self._cache = context.cache
        self._scanner = quiet_scanner(context)
        self.tool = self._scanner.find(TOOL)
        self._rules = rules_hash()
        self._stack = ExitStack()
        self._places: dict[Key, tuple[Place, ...]] = {}
        self._problems: dict[Key, str] = {}
        self._batch: list[_Waiting] = []
        self._folder: Folder | None = None
        self._known: set[Key] = set()
        self.looked = 0
        self.cached = 0
        self.origins: set[str] = set()

    def __enter__(self) -> Contents:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was written."""
        self._stack.close()

    def add(self, data: bytes, path: str) -> Key:
        """Take the content of a file and return its key. Raises ScanProblem and OSError (of the temporary folder)."""
        key = (hashlib.sha256(data).hexdigest(), ending(path))
        if key in self._known:
            return key
        self._known.add(key)
        if self._from_cache(key):
            return key
        self.looked += 1
        self._write(key, data, key[1], None)
        try:
            for name, content in members(data):
                self._write(key, content, ending(name), printable(name)[-_LONGEST_NAME:])
        except ArchiveProblem as problem:
            self._problems[key] = problem.reason
        if not data:
            self._places[key] = ()
        if self._folder is not None and self._folder.bytes >= _BATCH:
            self.finish()
        return key

    def _write(self, key: Key, data: bytes, kept: str, inside: str | None) -> None:
        for reading in readings(data):
            for part in parts(reading):
                if self._folder is None:
                    self._folder = self._stack.enter_context(new_folder())
                name = self._folder.write(kept, part.data, part.mark_line)
                # Only what is asked of it later is kept in memory, not the bytes.
                self._batch.append(_Waiting(key, Part(b"", part.line, part.start, part.mark_line), name, inside))

    def finish(self) -> None:
        """Look at all that was added. Raises ScanProblem, also when gitleaks does not find its canary."""
        if self._folder is None:
            self._self_tests.require(canary(self._scanner), self.tool)
            return
        folder, batch = self._folder, self._batch
        self._folder, self._batch = None, []
        looked = look(self._scanner, folder, f"{len({waiting.key for waiting in batch}):,} files")
        self._self_tests.passed(canary(self._scanner), self.tool, "a planted token")
        # What lies where two parts overlap is found twice. Its end may be told otherwise, its beginning is not.
        found: defaultdict[Key, dict[tuple[str, int, int, str], Place]] = defaultdict(dict)
        for waiting in batch:
            of_key = found[waiting.key]
            leaks = looked.leaks.get(waiting.name, ())
            lines = (folder.path / waiting.name).read_bytes().split(b"\n") if leaks else []
            for place in (_place(leak, waiting, lines) for leak in leaks):
                of_key.setdefault(_order(place), place)
        self._stack.close()
        for waiting in batch:
            if waiting.name in looked.unread:
                self._problems[waiting.key] = NOT_READ
        for key, places in found.items():
            self._places[key] = tuple(sorted(places.values(), key=_order))
            if key not in self._problems:
                self._cache.put(_SPACE, self._cache_key(key), _to_json(self._places[key]))

    def places(self, key: Key) -> tuple[Place, ...]:
        """Return the secrets of a content, in order."""
        return self._places[key]

    def problem(self, key: Key) -> str | None:
        """Return why the content was not searched whole; None when gitleaks is proven to have read it to its end."""
        return self._problems.get(key)

    def _cache_key(self, key: Key) -> tuple[str, ...]:
        return (_FORM, TOOL, self.tool.version, self._rules, ":".join(key))

    def _from_cache(self, key: Key) -> bool:
        kept = self._cache.get(_SPACE, self._cache_key(key))
        places = None if kept is None else _from_json(kept.value)
        if kept is None or places is None:
            return False
        self._places[key] = places
        self.cached += 1
        self.origins.add(kept.origin)
        return True


def quiet_scanner(context: Context) -> Scanner:
    """Return a scanner whose log and problems hold nothing that a tool wrote to stderr."""
    return Scanner(QuietRunner(context.runner), context.tools, context.self_tests, context.log)


def _order(place: Place) -> tuple[str, int, int, str]:
    return place.inside or "", place.line, place.column, place.rule


def _place(leak: Leak, waiting: _Waiting, lines: list[bytes]) -> Place:
    """Return where in the whole file a result is. The first line of a part is an empty one of the gate's."""
    if leak.line == 0:
        return Place(0, 0, leak.rule, inside=waiting.inside)
    part = waiting.part
    last = max(1, part.mark_line - 2)
    first, end = (max(1, min(line - 1, last)) for line in (leak.line, leak.end_line))
    column = leak.column + (part.start if first == 1 else 0)
    comment = _comment(lines, first, end)
    return Place(first + part.line, end + part.line, leak.rule, column, comment, waiting.inside)


def _comment(lines: list[bytes], first: int, end: int) -> str | None:
    """Return the comment that stands on these lines (from 1; 0 is the gate's own), or on the one before."""
    text = b"\n".join(lines[first : end + 1])
    for name, pattern in _COMMENTS:
        if pattern.search(text):
            return name
    return _NEXT_LINE[0] if _NEXT_LINE[1].search(lines[first - 1]) else None


def _to_json(places: tuple[Place, ...]) -> Json:
    return [[place.line, place.end_line, place.rule, place.column, place.comment, place.inside] for place in places]


def _from_json(value: Json) -> tuple[Place, ...] | None:
    """Return what was kept; None when it has another form, as what others wrote into the folder may have."""
    if not isinstance(value, list):
        return None
    places = []
    for item in value:
        match item:
            case [
                int(line),
                int(end),
                str(rule),
                int(column),
                (str() | None) as comment,
                (str() | None) as inside,
            ] if 0 <= line <= end:
                places.append(Place(line, end, rule, column, comment, inside))
            case _:
                return None
    return tuple(places)

"""What bandit said of a file, kept under all that it depends on.

That is: the version of bandit and of Python (whose parser bandit uses), the gate's options, ini and canary, whether
`# nosec` was ignored, and the file's bytes. The path is no part of it, so a file that was moved keeps its result: of
bandit's own checks only B101 looks at the path, and only when its configuration lists paths, which the gate's does not
(`bandit.plugins.asserts`); the name of the module, which bandit derives from the path, is used by none. Checks of other
distributions (entry points `bandit.plugins`) may look at anything: with one of those installed the path, and all their
versions, are part of the key.

Only results of files that were scanned without any problem are kept: no failure, no crashed check, nothing that could
not be compared. And only where the file is still what it was before the scan.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from gate.collect.cache import NO_CACHE, Cache
from gate.collect.readers.bandit_json import BanditIssue
from gate.collect.sast.bandit_scan import identity
from gate.collect.sast.bandit_text import message
from gate.collect.sast.python_files import LIMIT, PythonFile
from gate.collect.workspace import ReadProblem, Workspace
from gate.model.json import Json

_SPACE = "bandit"
_FIELDS = tuple(name for name in BanditIssue.__struct_fields__ if name != "filename")
"""What is kept of an issue, in this order."""
_FORMAT = f"1 {' '.join(_FIELDS)}"
"""Of the values; another one is another key."""
_GROUPS = ("bandit.plugins", "bandit.blacklists", "bandit.formatters")


@dataclass(slots=True)
class KnownFile:
    """What is known of a file. `origin` is the run that found it out, when it was not this one."""

    issues: list[BanditIssue] = field(default_factory=list)
    suppressed: list[BanditIssue] = field(default_factory=list)
    origin: str = ""


class _Value(msgspec.Struct, forbid_unknown_fields=True):
    issues: list[list[object]]
    suppressed: list[list[object]]


class BanditCache:
    """The results of one version of bandit, used in one way."""

    def __init__(self, cache: Cache, version: str, *, ignore_nosec: bool) -> None:
        self._cache = cache
        self._active = cache is not NO_CACHE
        self._foreign = foreign_checks() if self._active else ()
        nosec = "ignored" if ignore_nosec else "honoured"
        self._shared = (
            (_FORMAT, version, platform.python_version(), identity(), nosec, *self._foreign) if self._active else ()
        )

    def split(self, files: Sequence[PythonFile]) -> tuple[dict[str, KnownFile], Sequence[PythonFile]]:
        """Return what is known of files by path, and the files of which nothing is."""
        if not self._active:
            return {}, files
        known: dict[str, KnownFile] = {}
        for file in files:
            found = self._get(file)
            if found is not None:
                known[file.path] = found
        return known, [file for file in files if file.path not in known]

    def keep(self, files: Sequence[PythonFile], found: Mapping[str, KnownFile], workspace: Workspace) -> None:
        """Keep what was found in the files; those that were not scanned whole are not in `found`."""
        if not self._active:
            return
        for file in files:
            result = found.get(file.path)
            if result is not None and _is_still(file, workspace):
                self._cache.put(_SPACE, self._key(file), _value(result))

    def _get(self, file: PythonFile) -> KnownFile | None:
        kept = self._cache.get(_SPACE, self._key(file)) if file.sha256 else None
        if kept is None:
            return None
        try:
            value = msgspec.convert(kept.value, type=_Value)
            issues, suppressed = ([_issue(file.path, row) for row in rows] for rows in (value.issues, value.suppressed))
        except (msgspec.ValidationError, ValueError, RecursionError):
            return None
        return KnownFile(issues, suppressed, kept.origin)

    def _key(self, file: PythonFile) -> tuple[str, ...]:
        return (*self._shared, f"{file.sha256} {file.path}" if self._foreign else file.sha256)


@lru_cache(maxsize=1)
def foreign_checks() -> tuple[str, ...]:
    """Return the distributions that extend bandit, other than itself, each with its version."""
    from importlib.metadata import entry_points

    points = (point for group in _GROUPS for point in entry_points(group=group))
    owners = {f"{point.dist.name} {point.dist.version}" if point.dist else point.value for point in points}
    return tuple(sorted(owner for owner in owners if owner.partition(" ")[0].lower() != "bandit"))


def _is_still(file: PythonFile, workspace: Workspace) -> bool:
    """Whether a file has the bytes that it had before bandit read it."""
    try:
        return sha256(workspace.read(file.path, LIMIT).data).hexdigest() == file.sha256
    except ReadProblem:
        return False


def _value(found: KnownFile) -> Json:
    return {
        "issues": [_row(issue) for issue in found.issues],
        "suppressed": [_row(issue) for issue in found.suppressed],
    }


def _row(issue: BanditIssue) -> Json:
    lines = issue.lines if issue.line_range else ()
    kept = replace(issue, issue_text=message(issue.test_id, issue.issue_text), line_range=lines)
    row: list[Json] = msgspec.to_builtins([getattr(kept, name) for name in _FIELDS])
    return row


def _issue(path: str, row: list[object]) -> BanditIssue:
    """Return an issue. Raises ValueError, msgspec.ValidationError."""
    return msgspec.convert(dict(zip(_FIELDS, row, strict=True)) | {"filename": path}, type=BanditIssue)

"""hadolint over all Dockerfiles of a repository, several processes side by side.

The first run lets no comment of a file say anything: neither hadolint's (`# hadolint ignore=`, `# hadolint shell=`) nor
ShellCheck's (`# shellcheck disable=`). Files that hold such comments are looked at once more with the comments as they
are: what is missing then is what they suppress. Where the second look proves nothing, nothing counts as suppressed.

What hadolint said of a file is kept in the cache, under its version, the gate's options and the file's bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec

from gate.collect.cache import NO_CACHE, Cache, from_cache
from gate.collect.dockerfile.files import DockerfileRead
from gate.collect.dockerfile.hadolint_scan import TIMEOUT, TOOL, FileLint, identity, lint_copies
from gate.collect.dockerfile.lint_copy import copy_of, has_comments
from gate.collect.plain_text import plain
from gate.collect.readers.hadolint_json import LEVELS, Lint
from gate.collect.scan import Scanner, Step
from gate.collect.scan_problem import ScanProblem
from gate.model.evidence import Gap
from gate.model.json import Json

_SPACE = "hadolint"
_FORMAT = "1"
_SHARE = 40
"""Files of one process. hadolint takes about five milliseconds for one."""
_MAX_RETRIES = 24
_LARGE = 32 * 1024
"""Bytes of a file that is looked at alone: ShellCheck takes far more than linear time for what no hand has written."""
_SAME_FOR_ALL = frozenset({Step.FOUND, Step.CANARY})
_TIMED_OUT = "did not end within"


@dataclass(slots=True)
class Linted:
    """What is known of a file: the findings that count, those that comments suppress, or why it was not linted.

    `line` is where hadolint stopped. `doubt` is why it is not known what comments suppress.
    """

    lints: tuple[Lint, ...] = ()
    suppressed: tuple[Lint, ...] = ()
    problem: str | None = None
    line: int | None = None
    doubt: str | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class LintRun:
    """What hadolint said, by path. `problem` is why it did not run at all; `cached` says what an earlier run found."""

    version: str | None
    files: dict[str, Linted] = field(default_factory=dict)
    problem: str | None = None
    cached: str = ""

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What was not linted, or not known."""
        if self.problem is not None:
            return (Gap(TOOL, self.problem, facts=("lint", "suppressed")),)
        found = []
        for path, linted in self.files.items():
            if linted.problem is not None:
                found.append(Gap(path, linted.problem, path, linted.line, ("lint", "suppressed")))
            elif linted.doubt is not None:
                found.append(Gap(path, linted.doubt, path, None, ("suppressed",)))
        return tuple(found)


class Hadolint:
    """Runs hadolint. `timeout` is in seconds, of one process."""

    def __init__(self, scanner: Scanner, cache: Cache = NO_CACHE, *, timeout: float = TIMEOUT) -> None:
        self._scanner = scanner
        self._cache = cache
        self._timeout = timeout

    def run(self, files: Sequence[DockerfileRead], *, jobs: int = 1) -> LintRun:
        """Lint the files. Raises nothing: what was not linted has a problem. Equal files are linted once."""
        try:
            version = self._scanner.find(TOOL).version
        except ScanProblem as problem:
            number = f"{len(files):,} Dockerfile{'' if len(files) == 1 else 's'}"
            return LintRun(None, problem=f"did not run on {number}: {problem.reason}")
        shared = (_FORMAT, version, identity())
        known: dict[str, Linted] = {}
        for file in files:
            kept = None if file.sha256 in known else self._known(shared, file)
            if kept is not None:
                known[file.sha256] = kept
        cached = from_cache(len(known), (linted.origin for linted in known.values()))
        left = list({file.sha256: file for file in files if file.sha256 not in known}.values())
        try:
            with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
                for found in pool.map(self._share, shares_of(left, jobs)):
                    known.update(found)
        except ScanProblem as problem:
            return LintRun(version, problem=f"proved nothing about {len(files):,} Dockerfiles: {problem.reason}")
        for file in left:
            self._keep(shared, file, known[file.sha256])
        return LintRun(version, {file.path: known[file.sha256] for file in files}, cached=cached)

    def _share(self, files: Sequence[DockerfileRead]) -> dict[str, Linted]:
        """Lint a share. Raises ScanProblem for what is wrong with hadolint, not with a file."""
        found: dict[str, Linted] = {}
        self._first(files, found, [_MAX_RETRIES])
        commented = [file for file in files if found[file.sha256].problem is None and has_comments(file.data)]
        if commented:
            self._second(commented, found)
        return found

    def _first(self, files: Sequence[DockerfileRead], found: dict[str, Linted], retries: list[int]) -> None:
        copies = [copy_of(file.data, file.content, comments=False) for file in files]
        try:
            looked = lint_copies(self._scanner, copies, comments=False, timeout=self._timeout)
        except ScanProblem as problem:
            if problem.step in _SAME_FOR_ALL:
                raise
            if len(files) > 1 and retries[0] > 0 and _TIMED_OUT not in problem.reason:
                retries[0] -= 1
                middle = len(files) // 2
                self._first(files[:middle], found, retries)
                self._first(files[middle:], found, retries)
                return
            found.update((file.sha256, Linted(problem=f"was not linted: {problem}")) for file in files)
            return
        for file, lint in zip(files, looked, strict=True):
            found[file.sha256] = _linted(lint)

    def _second(self, files: Sequence[DockerfileRead], found: dict[str, Linted]) -> None:
        """Find out what comments suppress: what a look that honours them has less."""
        copies = [copy_of(file.data, file.content, comments=True) for file in files]
        looked: Sequence[FileLint | None]
        try:
            looked = lint_copies(self._scanner, copies, comments=True, timeout=self._timeout)
        except ScanProblem as problem:
            if problem.step in _SAME_FOR_ALL:
                raise
            looked = [None] * len(files)
        for file, lint in zip(files, looked, strict=True):
            whole = found[file.sha256]
            if lint is None or not lint.read:
                whole.doubt = "has comments for hadolint, and what they suppress could not be found out"
                continue
            left = Counter((each.code, each.line) for each in lint.lints)
            suppressed = []
            for each in whole.lints:
                if left[each.code, each.line] > 0:
                    left[each.code, each.line] -= 1
                else:
                    suppressed.append(each)
            whole.lints, whole.suppressed = lint.lints, tuple(suppressed)

    def _known(self, shared: tuple[str, ...], file: DockerfileRead) -> Linted | None:
        kept = self._cache.get(_SPACE, (*shared, file.sha256))
        if kept is None:
            return None
        try:
            live, suppressed = msgspec.convert(kept.value, type=tuple[list[_Row], list[_Row]])
        except (msgspec.ValidationError, RecursionError):
            return None
        if any(row[1] not in LEVELS for row in (*live, *suppressed)):
            return None
        return Linted(_lints(live), _lints(suppressed), origin=kept.origin)

    def _keep(self, shared: tuple[str, ...], file: DockerfileRead, linted: Linted) -> None:
        if linted.problem is None and linted.doubt is None:
            self._cache.put(_SPACE, (*shared, file.sha256), [_rows(linted.lints), _rows(linted.suppressed)])


_Row = tuple[str, str, int, int, str]


def shares_of(files: Sequence[DockerfileRead], jobs: int) -> list[Sequence[DockerfileRead]]:
    """Return the files in shares of one process each: the large ones alone and first, the others spread evenly."""
    large = [[file] for file in files if len(file.data) > _LARGE]
    small = [file for file in files if len(file.data) <= _LARGE]
    count = max(min(max(1, jobs), len(small)), -(-len(small) // _SHARE))
    return [*large, *(small[start::count] for start in range(count))]


def _linted(lint: FileLint) -> Linted:
    if lint.broken is not None:
        said = plain(lint.broken.message, 160)
        return Linted(problem=f"is not parsed by hadolint, so it was not linted: {said}", line=lint.broken.line or None)
    if not lint.read:
        return Linted(problem="was not read to its end by hadolint, so it was not linted")
    return Linted(lint.lints)


def _rows(lints: Sequence[Lint]) -> Json:
    return [[lint.code, lint.level, lint.line, lint.column, lint.message] for lint in lints]


def _lints(rows: Sequence[_Row]) -> tuple[Lint, ...]:
    return tuple(Lint("", code, level, line, column, message) for code, level, line, column, message in rows)

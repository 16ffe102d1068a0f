"""One run of bandit over a repository, spread over the cores.

bandit reads `.bandit` files of folders that it is given, `--ini` and `-c`, and nothing else. It is given single files,
an ini file of the gate's own and no `-c`, so no configuration of the repository reaches it. Its default exclusions are
parts of paths (".git" also leaves out `.github/`, and so does a checkout below a folder "CVS"): they are switched off.

A file counts as scanned only when bandit's metrics name it and its errors do not; a check that crashed shows on stderr
alone, and is a gap too. A share that crashes is cut in halves until the file that did it stands alone.

What `# nosec` suppresses: bandit decides, not a copy of its rules. It honours the comments, and counts per file how
often; the files where it did are run once more with `--ignore-nosec`, and the difference is what was suppressed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from gate.collect.cache import NO_CACHE, Cache, from_cache
from gate.collect.readers.bandit_json import BanditIssue, BanditReport
from gate.collect.sast.bandit_cache import BanditCache, KnownFile
from gate.collect.sast.bandit_scan import TIMEOUT, scan_files
from gate.collect.sast.python_files import PythonFile
from gate.collect.scan import Scanner, Step
from gate.collect.scan_problem import ScanProblem
from gate.collect.workspace import Workspace
from gate.model.evidence import Gap

_MAX_ARGUMENTS = 400_000
"""Bytes of the paths in one command line; Linux takes two megabytes with the environment."""
_SHARE = 2 * 1024 * 1024
"""Bytes of source that are worth a start of bandit (a quarter of a second, when this much takes some seven)."""
_MAX_RETRIES = 24
"""Runs that may be spent on finding the file that makes a share crash."""

_SAME_FOR_ALL = frozenset({Step.FOUND, Step.CANARY, Step.COVERED})
"""What is the tool's own fault: no file makes it so, and looking for one would be in vain."""
_TIMED_OUT = "did not end within"
_STDERR_FULL = 60_000
"""Bytes of stderr from which on some of it may have been cut away."""

_CRASHED_CHECK = re.compile(r"Bandit internal error running: (\w+) on file (.+?) at line (-?\d+): ")
DOES_NOT_PARSE = "does not parse as Python, so bandit did not look at it"
_REASONS = {
    "syntax error while parsing AST from file": DOES_NOT_PARSE,
    "exception while scanning file": "makes bandit give up (nested too deep, or not Python)",
}


@dataclass(frozen=True, slots=True)
class BanditRun:
    """What bandit found. Filenames are paths of the workspace. `cached` says what of it an earlier run found."""

    issues: tuple[BanditIssue, ...] = ()
    suppressed: tuple[BanditIssue, ...] = ()
    scanned: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    cached: str = ""


@dataclass(slots=True)
class _Share:
    """What one thread gathers; `retries` is what is left to spend on crashes, `untrusted` a self-test that failed."""

    issues: list[BanditIssue] = field(default_factory=list)
    suppressed: list[BanditIssue] = field(default_factory=list)
    scanned: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    retries: int = _MAX_RETRIES
    untrusted: str | None = None


class Bandit:
    """Runs bandit on files of a workspace. `timeout` is in seconds, of one share."""

    def __init__(
        self, scanner: Scanner, workspace: Workspace, cache: Cache = NO_CACHE, *, timeout: float = TIMEOUT
    ) -> None:
        self._scanner = scanner
        self._workspace = workspace
        self._cache = cache
        self._timeout = timeout
        self._root = str(workspace.root).rstrip("/") + "/"

    def run(self, files: Sequence[PythonFile], *, jobs: int = 1, ignore_nosec: bool = False) -> BanditRun:
        """Scan the files, `jobs` processes side by side. Raises nothing: what was not scanned is in `gaps`.

        What the cache knows of a file is not looked for again. Where bandit fails a self-test in any share, nothing
        that it said counts, and nothing is kept.
        """
        try:
            cache = BanditCache(self._cache, self._scanner.find("bandit").version, ignore_nosec=ignore_nosec)
        except ScanProblem as problem:
            return _nothing(files, problem.reason)
        known, left = cache.split(files)
        shares = cut(left, jobs)
        with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
            done = list(pool.map(lambda share: self._share(share, ignore_nosec), shares))
        for share in done:
            if share.untrusted is not None:
                return _nothing(files, share.untrusted)
        run = BanditRun(
            issues=tuple(issue for share in done for issue in share.issues),
            suppressed=tuple(issue for share in done for issue in share.suppressed),
            scanned=tuple(path for share in done for path in share.scanned),
            failed=tuple(path for share in done for path in share.failed),
            gaps=tuple(gap for share in done for gap in share.gaps),
        )
        cache.keep(left, self._whole(run), self._workspace)
        return _with(run, known)

    def _share(self, paths: Sequence[str], ignore_nosec: bool) -> _Share:
        share = _Share()
        self._scan(paths, share, ignore_nosec)
        return share

    def _scan(self, paths: Sequence[str], share: _Share, ignore_nosec: bool) -> None:
        try:
            report, told = self._once(paths, ignore_nosec)
            if len(told) >= _STDERR_FULL and not ignore_nosec:
                # Comments that bandit does not understand fill stderr, and crashed checks may hide behind them.
                _, told = self._once(paths, ignore_nosec=True)
            if len(told) >= _STDERR_FULL:
                raise ScanProblem("bandit", "complained more than can be kept", Step.ERRORS)
        except ScanProblem as problem:
            if problem.step is Step.CANARY:
                share.untrusted = problem.reason
            fault_of_all = problem.step in _SAME_FOR_ALL or _TIMED_OUT in problem.reason
            if len(paths) > 1 and share.retries >= 2 and not fault_of_all:
                share.retries -= 2
                middle = len(paths) // 2
                self._scan(paths[:middle], share, ignore_nosec)
                self._scan(paths[middle:], share, ignore_nosec)
                return
            share.failed += paths
            share.gaps += [Gap(path, f"was not scanned: {problem}", path) for path in paths]
            return
        share.gaps += self._crashed_checks(told)
        self._sort_out(paths, report, share)
        marked = sorted(path for path, count in report.scanned.items() if count)
        if marked:
            self._compare(marked, report, share)

    def _sort_out(self, paths: Iterable[str], report: BanditReport, share: _Share) -> None:
        share.issues += report.issues
        for path in paths:
            if path in report.scanned:
                share.scanned.append(path)
                continue
            reason = report.failed.get(path)
            told = "was passed over by bandit without a word" if reason is None else _REASONS.get(reason)
            share.failed.append(path)
            share.gaps.append(Gap(path, told or f"was not scanned: bandit says “{reason}”", path))

    def _compare(self, marked: Sequence[str], honoured: BanditReport, share: _Share) -> None:
        """Find what `# nosec` suppresses: what a second run without it has more."""
        names = set(marked)
        try:
            report, _ = self._once(marked, ignore_nosec=True)
        except ScanProblem as problem:
            if problem.step is Step.CANARY:
                share.untrusted = problem.reason
            reason = f"has # nosec comments, and what they suppress could not be listed: {problem}"
            share.gaps += [Gap(path, reason, path, facts=("suppressed",)) for path in marked]
            return
        kept = Counter(_place(issue) for issue in honoured.issues if issue.filename in names)
        for issue in report.issues:
            place = _place(issue)
            if kept[place] > 0:
                kept[place] -= 1
            else:
                share.suppressed.append(issue)

    def _once(self, paths: Sequence[str], ignore_nosec: bool) -> tuple[BanditReport, str]:
        """Run bandit once; return its report and stderr. Raises ScanProblem when it proves nothing about any file."""
        whole = [self._root + path for path in paths]
        scan = scan_files(self._scanner, whole, ignore_nosec=ignore_nosec, timeout=self._timeout)
        return self._in_workspace(scan.report), scan.stderr

    def _whole(self, run: BanditRun) -> dict[str, KnownFile]:
        """Return what is known of the files that were scanned without any problem."""
        clean = set(run.scanned) - set(run.failed) - {gap.path for gap in run.gaps if gap.path is not None}
        found = {path: KnownFile() for path in clean}
        for issue in run.issues:
            if issue.filename in found:
                found[issue.filename].issues.append(issue)
        for issue in run.suppressed:
            if issue.filename in found:
                found[issue.filename].suppressed.append(issue)
        return found

    def _crashed_checks(self, stderr: str) -> list[Gap]:
        """Return a gap for each check that crashed: bandit goes on without it, and says so nowhere else."""
        return [
            Gap(self._relative(path), f"bandit's check {check} crashed on it", self._relative(path), _line(line))
            for check, path, line in dict.fromkeys(_CRASHED_CHECK.findall(stderr))
        ]

    def _in_workspace(self, report: BanditReport) -> BanditReport:
        from msgspec.structs import replace as changed

        return BanditReport(
            tuple(changed(issue, filename=self._relative(issue.filename)) for issue in report.issues),
            {self._relative(path): reason for path, reason in report.failed.items()},
            {self._relative(path): count for path, count in report.scanned.items()},
        )

    def _relative(self, path: str) -> str:
        return path.removeprefix(self._root)


def _with(run: BanditRun, known: Mapping[str, KnownFile]) -> BanditRun:
    """Return a run with what was known before."""
    files = known.values()
    return replace(
        run,
        issues=(*run.issues, *(issue for file in files for issue in file.issues)),
        suppressed=(*run.suppressed, *(issue for file in files for issue in file.suppressed)),
        scanned=(*run.scanned, *known),
        cached=from_cache(len(known), (file.origin for file in files)),
    )


def _nothing(files: Sequence[PythonFile], reason: str) -> BanditRun:
    """Return a run that proved nothing about any file, for a reason that is not a file's."""
    return BanditRun(failed=tuple(file.path for file in files), gaps=(Gap("bandit", reason),))


def cut(files: Sequence[PythonFile], jobs: int) -> list[list[str]]:
    """Cut the files into shares of about the same number of bytes.

    One share for each job, or up to four where there is so much that starting bandit again costs little: some files
    take far longer than their size tells, and then the other jobs take the shares that are left. The largest file
    goes first, always to the share that has the least (the LPT rule of scheduling). A full command line is cut again.
    """
    jobs = max(1, jobs)
    rounds = max(1, min(4, sum(file.size for file in files) // (jobs * _SHARE)))
    shares: list[list[str]] = [[] for _ in range(jobs * rounds)]
    sizes = [0] * len(shares)
    for file in sorted(files, key=lambda file: (-file.size, file.path)):
        least = sizes.index(min(sizes))
        shares[least].append(file.path)
        # A file costs something even when it is empty.
        sizes[least] += file.size + 512
    return [sorted(part) for share in shares for part in _bounded(share) if part]


def _bounded(paths: Sequence[str]) -> Iterable[list[str]]:
    part: list[str] = []
    used = 0
    for path in paths:
        # The root in front is added by the command line; it is far shorter than what a full line leaves free.
        length = len(path.encode()) + 160
        if part and used + length > _MAX_ARGUMENTS:
            yield part
            part, used = [], 0
        part.append(path)
        used += length
    yield part


def _place(issue: BanditIssue) -> tuple[str, str, int, int, int, tuple[int, ...]]:
    """What makes an issue the same in two runs. Not its text: some of bandit's texts hold addresses of memory."""
    return (
        issue.filename,
        issue.test_id,
        issue.line_number,
        issue.col_offset,
        issue.end_col_offset,
        issue.line_range,
    )


def _line(text: str) -> int | None:
    number = int(text)
    return number if number > 0 else None

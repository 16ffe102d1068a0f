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
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from gate.collect.process import Runner, ToolProblem
from gate.collect.python_files import PythonFile
from gate.collect.readers.bandit_json import BanditIssue, BanditReport, read_bandit
from gate.collect.readers.errors import ReportError
from gate.collect.tools import Tool
from gate.model.evidence import Gap

_INI = Path(__file__).parent / "data" / "bandit.ini"
_EXIT_CODES = frozenset({0, 1})
_TIMEOUT = 900.0
_MEMORY = 4 * 1024**3
_MAX_ARGUMENTS = 400_000
"""Bytes of the paths in one command line; Linux takes two megabytes with the environment."""
_SHARE = 2 * 1024 * 1024
"""Bytes of source that are worth a start of bandit (a quarter of a second, when this much takes some seven)."""
_MAX_RETRIES = 24
"""Runs that may be spent on finding the file that makes a share crash."""

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
    """What bandit found. Filenames are paths of the workspace."""

    issues: tuple[BanditIssue, ...] = ()
    suppressed: tuple[BanditIssue, ...] = ()
    scanned: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(slots=True)
class _Share:
    """What one thread gathers; `retries` is what is left to spend on crashes."""

    issues: list[BanditIssue] = field(default_factory=list)
    suppressed: list[BanditIssue] = field(default_factory=list)
    scanned: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    retries: int = _MAX_RETRIES


class Bandit:
    """Runs bandit on files of a workspace whose absolute path is `root`."""

    def __init__(self, runner: Runner, tool: Tool, root: Path) -> None:
        self._runner = runner
        self._tool = tool
        self._root = str(root).rstrip("/") + "/"

    def run(self, files: Sequence[PythonFile], *, jobs: int = 1, ignore_nosec: bool = False) -> BanditRun:
        """Scan the files, `jobs` processes side by side. Raises nothing: what was not scanned is in `gaps`."""
        shares = cut(files, jobs)
        with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
            done = list(pool.map(lambda share: self._share(share, ignore_nosec), shares))
        return BanditRun(
            issues=tuple(issue for share in done for issue in share.issues),
            suppressed=tuple(issue for share in done for issue in share.suppressed),
            scanned=tuple(path for share in done for path in share.scanned),
            failed=tuple(path for share in done for path in share.failed),
            gaps=tuple(gap for share in done for gap in share.gaps),
        )

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
                raise ToolProblem("bandit", "complained more than can be kept")
        except ToolProblem as problem:
            if len(paths) > 1 and share.retries >= 2 and _TIMED_OUT not in problem.reason:
                share.retries -= 2
                middle = len(paths) // 2
                self._scan(paths[:middle], share, ignore_nosec)
                self._scan(paths[middle:], share, ignore_nosec)
                return
            share.failed += paths
            share.gaps += [Gap(path, f"was not scanned: {problem}", path) for path in paths]
            return
        share.gaps += self._crashed_checks(told.decode(errors="replace"))
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
        except ToolProblem as problem:
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

    def _once(self, paths: Sequence[str], ignore_nosec: bool) -> tuple[BanditReport, bytes]:
        """Run bandit once; return its report and stderr. Raises ToolProblem when it proves nothing about any file."""
        arguments = ["-q", "-f", "json", "-n", "1", "-x", "", "--ini", str(_INI)]
        if ignore_nosec:
            arguments.append("--ignore-nosec")
        completed = self._runner.run(
            self._tool.program,
            self._tool.arguments(*arguments, "--", *(self._root + path for path in paths)),
            cwd=Path("/"),
            exit_codes=_EXIT_CODES,
            timeout=_TIMEOUT,
            memory=_MEMORY,
        )
        try:
            report = read_bandit(completed.stdout)
        except ReportError as error:
            raise ToolProblem("bandit", error.reason) from None
        if bool(report.issues) != (completed.exit_code == 1):
            told = f"ended with exit code {completed.exit_code}, but lists {len(report.issues)} issues"
            raise ToolProblem("bandit", told)
        return self._in_workspace(report), completed.stderr.encode(errors="replace")

    def _crashed_checks(self, stderr: str) -> list[Gap]:
        """Return a gap for each check that crashed: bandit goes on without it, and says so nowhere else."""
        return [
            Gap(self._relative(path), f"bandit's check {check} crashed on it", self._relative(path), _line(line))
            for check, path, line in dict.fromkeys(_CRASHED_CHECK.findall(stderr))
        ]

    def _in_workspace(self, report: BanditReport) -> BanditReport:
        from msgspec.structs import replace

        return BanditReport(
            tuple(replace(issue, filename=self._relative(issue.filename)) for issue in report.issues),
            {self._relative(path): reason for path, reason in report.failed.items()},
            {self._relative(path): count for path, count in report.scanned.items()},
        )

    def _relative(self, path: str) -> str:
        return path.removeprefix(self._root)


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

"""One run of bandit, which counts only when it also finds what was planted for it.

Two things are planted, in a file beside those that are scanned, at a path that no earlier run had: an insecure call,
and one more with a `# nosec` comment. So each run shows that the checks are loaded, that comments are honoured or
ignored as was asked for, and that the report is of this run; a start of bandit for that alone would cost more than it
proves.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gate.collect.process import Completed
from gate.collect.readers.bandit_json import BanditReport, read_bandit
from gate.collect.scan import CanaryMissed, NotCovered, Scan, Scanner, ToolErrors
from gate.collect.self_test import Canary

_DATA = Path(__file__).parents[1] / "data"
_INI = _DATA / "bandit.ini"
_PLANTED = _DATA / "bandit_canary.txt"
_OPTIONS = ("-q", "-f", "json", "-n", "1", "-x", "", "--ini")
_EXIT_CODES = frozenset({0, 1})
TIMEOUT = 900.0
_MEMORY = 4 * 1024**3

_PLAIN, _COMMENTED = "B602", "B307"
"""The planted findings: a shell command (shell=True), and an eval with `# nosec`."""


@dataclass(frozen=True, slots=True)
class BanditScan:
    """What a run said: the report without the planted file, and stderr (cut when it is long)."""

    report: BanditReport
    stderr: str


def scan_files(
    scanner: Scanner, paths: Sequence[str], *, ignore_nosec: bool = False, timeout: float = TIMEOUT
) -> BanditScan:
    """Run bandit on absolute paths of files. Raises ScanProblem when that proves nothing about any of them."""
    with _planted() as planted:
        ignore = ("--ignore-nosec",) if ignore_nosec else ()
        scan = Scan(
            tool="bandit",
            arguments=(*_OPTIONS, str(_INI), *ignore, "--", planted, *paths),
            read=read_bandit,
            check=_check(planted, frozenset(paths), ignore_nosec),
            exit_codes=_EXIT_CODES,
            canary=None,  # it is in the run
            timeout=timeout,
            memory=_MEMORY,
            target=f"{len(paths):,} files{', # nosec ignored' if ignore_nosec else ''}" if paths else "its canary",
        )
        scanned = scanner.run(scan)
    report = scanned.report
    return BanditScan(
        BanditReport(
            tuple(issue for issue in report.issues if issue.filename != planted),
            report.failed,
            {path: count for path, count in report.scanned.items() if path != planted},
        ),
        scanned.completed.stderr,
    )


def bandit_canary(scanner: Scanner) -> Canary:
    """Return bandit's self-test by itself, for `gate doctor`: both ways of treating `# nosec`."""

    def test() -> str:
        scan_files(scanner, ())
        scan_files(scanner, (), ignore_nosec=True)
        return f"{_PLAIN}, and {_COMMENTED} behind # nosec"

    return Canary("bandit", "a shell command and an eval that were planted for it", identity(), test)


def identity() -> str:
    """Return the hash of what a result depends on besides bandit and the file: its options, its ini, the canary."""
    parts = ("\0".join(_OPTIONS).encode(), _INI.read_bytes(), _PLANTED.read_bytes())
    return sha256(b"\0\0".join(parts)).hexdigest()


@contextmanager
def _planted() -> Iterator[str]:
    """Write the planted file where another user can read it, and give its path."""
    with tempfile.TemporaryDirectory(prefix="gate-canary-") as folder:
        Path(folder).chmod(0o755)
        file = Path(folder, "planted.py")
        file.write_bytes(_PLANTED.read_bytes())
        file.chmod(0o644)
        yield str(file)


def _check(planted: str, asked: frozenset[str], ignore_nosec: bool) -> Callable[[BanditReport, Completed], str]:
    def check(report: BanditReport, completed: Completed) -> str:
        _look_for_planted(report, planted, ignore_nosec)
        told = (report.scanned.keys() | report.failed.keys()) - {planted}
        if told - asked:
            raise ToolErrors("tells of files that it was not given")
        if asked and not told:
            raise NotCovered("looked at none of the files that it was given")
        if bool(report.issues) != (completed.exit_code == 1):
            raise ToolErrors(f"ended with exit code {completed.exit_code}, as if there were no issue, but lists some")
        return f"{len(told & report.scanned.keys()):,} files" if asked else "what was planted"

    return check


def _look_for_planted(report: BanditReport, planted: str, ignore_nosec: bool) -> None:
    """Raise CanaryMissed unless the planted findings are there: those that should be, and no suppressed one."""
    found = {issue.test_id for issue in report.issues if issue.filename == planted}
    told = "is not trusted: its self-test does not find"
    if _PLAIN not in found:
        raise CanaryMissed(f"{told} the shell command that was planted for it ({_PLAIN})")
    suppressed = report.scanned.get(planted, 0) > 0
    if (_COMMENTED in found) != ignore_nosec or suppressed == ignore_nosec:
        how = "ignore" if ignore_nosec else "honour and count"
        raise CanaryMissed(f"is not trusted: it does not {how} the # nosec comment that was planted for it")

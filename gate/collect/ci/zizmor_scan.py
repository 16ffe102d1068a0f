"""One run of zizmor, which counts only when it also finds what was planted for it.

zizmor gets copies of the files, in a folder and under names of the gate's own: no configuration of the tree reaches it
(`--no-config`), nothing is asked over the network (`--offline`), no `.gitignore` hides anything (`--collect=all`).
With `--no-ignores` it tells of findings that a `# zizmor: ignore` comment silences too, and marks them as ignored. In
each run there is one more file with two known holes, the second behind such a comment: so each run shows that the
audits are loaded, that comments are told apart, and that the report is of this run.

zizmor says on stderr which files it has finished (`completed PATH`). One that it does not name was not looked at. What
is planted is of high severity, so the only exit code of a good run is 14 (https://docs.zizmor.sh/usage/#exit-codes).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from gate.collect.process import Completed
from gate.collect.readers.zizmor_json import ZizmorFinding, read_zizmor
from gate.collect.scan import CanaryMissed, Scan, Scanner, ToolErrors
from gate.collect.self_test import Canary

_PLANTED = Path(__file__).parents[1] / "data" / "zizmor_canary.txt"
_PLANTED_AT = ".github/workflows/planted.yml"
_RULE, _PLAIN_LINE, _IGNORED_LINE = "template-injection", 11, 12
_OPTIONS = (
    "--offline",
    "--no-config",
    "--no-progress",
    "--color=never",
    "--collect=all",
    "--no-ignores",
    "--format=json-v1",
)
_EXIT_CODES = frozenset({14})
_COMPLETED = re.compile(r"\bcompleted (?:file://)?(\S+)\s*$", re.MULTILINE)
_TIMEOUT = 120.0
_MEMORY = 4 * 1024**3
PERSONAS = ("regular", "pedantic", "auditor")


@dataclass(frozen=True, slots=True)
class ZizmorRun:
    """What a run said of the files that it was given, by the names that they were given under."""

    findings: tuple[ZizmorFinding, ...]
    completed: frozenset[str]
    complaints: tuple[str, ...]


def scan_workflows(
    scanner: Scanner, files: Mapping[str, bytes], *, persona: str = "regular", timeout: float = _TIMEOUT
) -> ZizmorRun:
    """Run zizmor on files: name of the copy (`.github/workflows/w1.yml`, `a1/action.yml`) → its bytes.

    Raises ScanProblem where that proves nothing, and OSError.
    """
    with _copies(files) as folder:
        scan = Scan(
            tool="zizmor",
            arguments=(*_OPTIONS, f"--persona={persona}", "--", _PLANTED_AT, *sorted(files)),
            read=read_zizmor,
            check=_check(frozenset(files)),
            exit_codes=_EXIT_CODES,
            canary=None,  # it is in the run
            cwd=folder,
            timeout=timeout,
            memory=_MEMORY,
            target=f"{len(files):,} files" if files else "its canary",
        )
        scanned = scanner.run(scan)
    return ZizmorRun(
        tuple(found for found in scanned.report if found.path != _PLANTED_AT),
        _completed(scanned.completed.stderr) - {_PLANTED_AT},
        tuple(line for line in scanned.completed.stderr.splitlines() if " WARN " in f" {line}"),
    )


def zizmor_canary(scanner: Scanner) -> Canary:
    """Return zizmor's self-test by itself, for `gate doctor`."""

    def test() -> str:
        scan_workflows(scanner, {})
        return f"{_RULE}, and the same behind a comment"

    return Canary("zizmor", "a script that runs a stranger's title", identity("regular"), test)


def identity(persona: str) -> str:
    """Return the hash of what a result depends on besides zizmor and the file: its options and the canary."""
    return sha256("\0".join((*_OPTIONS, persona)).encode() + b"\0\0" + _PLANTED.read_bytes()).hexdigest()


@contextmanager
def _copies(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Write the files, and the planted one, where another user can read them."""
    with tempfile.TemporaryDirectory(prefix="gate-zizmor-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name, data in {_PLANTED_AT: _PLANTED.read_bytes(), **files}.items():
            place = root / name
            for parent in reversed(PurePosixPath(name).parents[:-1]):
                (root / parent).mkdir(mode=0o755, exist_ok=True)
            place.write_bytes(data)
            place.chmod(0o644)
        yield root


def _check(asked: frozenset[str]) -> Callable[[tuple[ZizmorFinding, ...], Completed], str]:
    def check(report: tuple[ZizmorFinding, ...], completed: Completed) -> str:
        _look_for_planted(report)
        finished = _completed(completed.stderr)
        if ({found.path for found in report} | finished) - asked - {_PLANTED_AT}:
            raise ToolErrors("tells of files that it was not given")
        if {found.path for found in report} - finished:
            raise ToolErrors("tells of findings in a file that it has not finished")
        return f"{len(finished & asked):,} files" if asked else "what was planted"

    return check


def _look_for_planted(report: tuple[ZizmorFinding, ...]) -> None:
    found = {each.line: each.ignored for each in report if each.path == _PLANTED_AT and each.rule == _RULE}
    if found.get(_PLAIN_LINE) is not False:
        told = f"its self-test does not find the script that was planted for it ({_RULE})"
        raise CanaryMissed(f"is not trusted: {told}")
    if found.get(_IGNORED_LINE) is not True:
        raise CanaryMissed("is not trusted: it does not tell of the finding that was planted behind a comment")


def _completed(stderr: str) -> frozenset[str]:
    return frozenset(match[1] for match in _COMPLETED.finditer(stderr))

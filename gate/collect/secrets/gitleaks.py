"""Running gitleaks on files of the gate's making, so that only a whole look counts."""

from __future__ import annotations

import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gate.collect.process import Completed
from gate.collect.readers.gitleaks_json import Leak, read_gitleaks
from gate.collect.scan import CanaryMissed, NotCovered, Scan, Scanner, ToolErrors
from gate.collect.secrets.parts import MARK_RULE, parts

RULES = Path(__file__).parents[1] / "data" / "gitleaks.toml"
TOOL = "gitleaks"
_FOUND = 42
"""The exit code for findings: gitleaks' own is 1, which is also that of its errors."""
EXIT_CODES = frozenset({0, _FOUND})
_SCANNED = re.compile(r"scanned ~(\d+) bytes")
_TIMEOUT = 900.0
_HALVES = ("ghp_", "Zx81Kq0pLm34Vb67", "Nc92Wd55Tf18Hy40Rj2a")
"""Of a token that never was: in one piece it would be a finding in this file."""
CANARY = f"first line\nsecond line\nvalue = {''.join(_HALVES)}\n".encode()
"""What lies in every folder that gitleaks looks at, and must be found there."""
_CANARY_RULE = "github-pat"
_CANARY_LINE = 4
"""The third line, after the empty one that stands before every part."""


def arguments(rules: Path) -> tuple[str, ...]:
    """Return how gitleaks is run in a folder, with these rules."""
    return (
        "dir",
        "--config",
        str(rules),
        "--no-banner",
        "--no-color",
        "--redact=100",
        f"--exit-code={_FOUND}",
        "--ignore-gitleaks-allow",
        # The folder has no ignore file; the default is one in the working directory, which is the same folder.
        "--gitleaks-ignore-path=.",
        # No file is too large, for none is larger than a part, and the gate takes archives apart itself.
        "--max-target-megabytes=0",
        "--max-archive-depth=0",
        "--max-decode-depth=5",
        "--report-format=json",
        "--report-path=-",
        ".",
    )


@dataclass(frozen=True, slots=True)
class Written:
    """A part as it lies in the folder: its size in bytes, and the line of its mark."""

    size: int
    mark_line: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What gitleaks found in a folder. `leaks` maps names of files to what is in them; `unread` are not proven read."""

    leaks: dict[str, tuple[Leak, ...]]
    unread: frozenset[str]


class Folder:
    """A new folder for gitleaks to look at. Only its methods write there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # As root, children may run as somebody else (gate.collect.isolation).
        self._shared = os.geteuid() == 0
        self.written: dict[str, Written] = {}
        self.bytes = 0
        self._made: set[Path] = set()
        self._share(path, 0o755)

    def write(self, ending: str, data: bytes, mark_line: int) -> str:
        """Write a part and return its name: a number, and what is kept of the file's own name. Raises OSError."""
        number = len(self.written)
        name = f"{number // 1000:04d}/{number:07d}{ending}"
        self._create(self.path / name, data)
        self.written[name] = Written(len(data), mark_line)
        self.bytes += len(data)
        return name

    def copy(self, path: str, data: bytes) -> None:
        """Write a file under its own path, which is a plain one (`safe_open.parts_of`). Raises OSError."""
        self._create(self.path / path, data)

    def _create(self, path: Path, data: bytes) -> None:
        missing = [folder for folder in path.parents if folder.is_relative_to(self.path) and folder not in self._made]
        for folder in reversed(missing):
            if folder != self.path:
                folder.mkdir(mode=0o700)
                self._share(folder, 0o755)
            self._made.add(folder)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        self._share(path, 0o644)

    def _share(self, path: Path, mode: int) -> None:
        if self._shared:
            path.chmod(mode)


@contextmanager
def new_folder() -> Iterator[Folder]:
    """Give a new folder, which is removed with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="gate-secrets-") as path:
        yield Folder(Path(path))


def look(scanner: Scanner, folder: Folder, target: str = "") -> Looked:
    """Run gitleaks on a folder. Raises ScanProblem.

    Every part holds a mark that gitleaks must find, and the canary lies beside them, so a clean report is none.
    """
    (part,) = parts(CANARY)
    planted = folder.write("", part.data, part.mark_line)

    def check(leaks: Sequence[Leak], completed: Completed) -> str:
        if not any((leak.file, leak.rule, leak.line) == (planted, _CANARY_RULE, _CANARY_LINE) for leak in leaks):
            raise CanaryMissed("does not find a token that was planted among the files")
        return _covered(leaks, completed, folder)

    scanned = scanner.run(
        Scan(
            tool=TOOL,
            arguments=arguments(RULES),
            read=read_gitleaks,
            check=check,
            exit_codes=EXIT_CODES,
            canary=None,
            cwd=folder.path,
            timeout=_TIMEOUT,
            target=target,
        )
    )
    found: defaultdict[str, list[Leak]] = defaultdict(list)
    for leak in scanned.report:
        if leak.rule != MARK_RULE:
            found[leak.file].append(leak)
    proven = _proven(scanned.report, folder)
    leaks = {name: tuple(items) for name, items in found.items()}
    return Looked(leaks, frozenset(folder.written) - proven)


def _proven(leaks: Sequence[Leak], folder: Folder) -> frozenset[str]:
    """Return the parts whose mark was found where it stands."""
    return frozenset(
        leak.file for leak in leaks if leak.rule == MARK_RULE and leak.line == folder.written[leak.file].mark_line
    )


def _covered(leaks: Sequence[Leak], completed: Completed, folder: Folder) -> str:
    """Return what was covered. Raises NotCovered and ToolErrors."""
    written = folder.written
    if any(leak.file not in written for leak in leaks):
        raise ToolErrors("tells of files that it was not given")
    if bool(leaks) != (completed.exit_code == _FOUND):
        told = f"{len(leaks):,} results" if leaks else "no result"
        raise ToolErrors(f"contradicts itself: {told}, and exit code {completed.exit_code}")
    if "complained" in completed.stderr:
        raise ToolErrors("tells of an error (its words are not repeated: they may hold secrets)")
    proven = _proven(leaks, folder)
    if not proven:
        raise NotCovered(f"did not read any of {len(written):,} files to its end")
    said = _SCANNED.search(completed.stderr)
    if said is None:
        raise NotCovered("does not say how much it scanned")
    least, number = sum(written[name].size for name in proven), int(said.group(1))
    if not least <= number <= folder.bytes:
        raise NotCovered(f"says that it scanned {number:,} bytes; it was given {folder.bytes:,}")
    return f"{len(proven):,} of {len(written):,} parts of files, {number:,} bytes"

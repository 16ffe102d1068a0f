"""One run of hadolint, which counts only when it also finds what was planted for it.

hadolint gets copies in a folder of the gate's making, under names of the gate's choice, and an empty configuration, so
that no `.hadolint.yaml` of the tree is read. Among them lies the canary: a Dockerfile with findings of hadolint itself
and of ShellCheck, and one behind an ignoring comment, which must be honoured or passed over as was asked for.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gate.collect.dockerfile.lint_copy import MARK, MARK_RULE, Copy, copy_of
from gate.collect.process import Completed
from gate.collect.readers.dockerfile import read_dockerfile
from gate.collect.readers.hadolint_json import Lint, read_hadolint
from gate.collect.scan import CanaryMissed, NotCovered, Scan, Scanner, ToolErrors
from gate.collect.self_test import Canary

TOOL = "hadolint"
TIMEOUT = 120.0
BROKEN_RULE = "DL1000"
"""What hadolint says of a file that it cannot parse, and then says nothing else."""
_PLANTED = Path(__file__).parents[1] / "data" / "hadolint_canary.txt"
_CONFIGURATION = b"{}\n"
_CONFIGURATION_NAME = "hadolint.yaml"
_CANARY_NAME = "canary.Dockerfile"
_OPTIONS = ("--config", _CONFIGURATION_NAME, "--no-color", "--format", "json")
_IGNORE_COMMENTS = "--disable-ignore-pragma"
_EXIT_CODES = frozenset({0, 1})
_WANTED = frozenset({("DL3007", 1), ("DL3004", 2), ("SC2086", 2)})
_COMMENTED = ("DL3000", 4)
_MEMORY = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class FileLint:
    """What hadolint said of one copy: `lints` without the mark, lines of the file. `read` is whether it was read whole.

    `broken` is what it says of a file that it cannot parse; then there is nothing else.
    """

    lints: tuple[Lint, ...]
    read: bool
    broken: Lint | None = None


def lint_copies(
    scanner: Scanner, copies: Sequence[Copy], *, comments: bool, timeout: float = TIMEOUT
) -> list[FileLint]:
    """Run hadolint on copies and return what it said of each. `comments` is whether ignoring comments are honoured.

    Raises ScanProblem when the run proves nothing about any of them.
    """
    names = [f"{number:07d}.Dockerfile" for number in range(len(copies))]
    with tempfile.TemporaryDirectory(prefix="gate-hadolint-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        _write(place / _CONFIGURATION_NAME, _CONFIGURATION)
        planted = _canary_copy()
        _write(place / _CANARY_NAME, planted.data)
        for name, copy in zip(names, copies, strict=True):
            _write(place / name, copy.data)
        ignore = () if comments else (_IGNORE_COMMENTS,)
        scanned = scanner.run(
            Scan(
                tool=TOOL,
                arguments=(*_OPTIONS, *ignore, "--", _CANARY_NAME, *names),
                read=read_hadolint,
                check=_check(planted, dict(zip(names, copies, strict=True)), comments),
                exit_codes=_EXIT_CODES,
                canary=None,  # it is in the run
                cwd=place,
                timeout=timeout,
                memory=_MEMORY,
                target=f"{len(copies):,} files{', comments honoured' if comments else ''}" if copies else "its canary",
            )
        )
    by_file: defaultdict[str, list[Lint]] = defaultdict(list)
    for lint in scanned.report:
        by_file[lint.file].append(lint)
    return [_file_lint(by_file[name], copy) for name, copy in zip(names, copies, strict=True)]


def hadolint_canary(scanner: Scanner) -> Canary:
    """Return hadolint's self-test by itself, for `gate doctor`: comments honoured, and ignored."""

    def test() -> str:
        lint_copies(scanner, (), comments=False)
        lint_copies(scanner, (), comments=True)
        return f"{', '.join(sorted(rule for rule, _ in _WANTED))}, and {_COMMENTED[0]} behind an ignoring comment"

    return Canary(TOOL, "what was planted for it in a Dockerfile", identity(), test)


def identity() -> str:
    """Return the hash of what a result depends on besides hadolint and the file: options, configuration, canary."""
    parts = ("\0".join((*_OPTIONS, _IGNORE_COMMENTS)).encode(), _CONFIGURATION, _PLANTED.read_bytes(), MARK)
    return sha256(b"\0\0".join(parts)).hexdigest()


def _canary_copy() -> Copy:
    data = _PLANTED.read_bytes()
    return copy_of(data, read_dockerfile(data), comments=True)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o644)


def _check(planted: Copy, copies: Mapping[str, Copy], comments: bool) -> Callable[[tuple[Lint, ...], Completed], str]:
    def check(lints: tuple[Lint, ...], completed: Completed) -> str:
        _look_for_planted({(lint.code, lint.line) for lint in lints if lint.file == _CANARY_NAME}, planted, comments)
        if any(lint.file not in copies and lint.file != _CANARY_NAME for lint in lints):
            raise ToolErrors("tells of files that it was not given")
        if completed.exit_code != 1:
            raise ToolErrors(f"ended with exit code {completed.exit_code}, as if there were no finding, but lists some")
        if not copies:
            return "what was planted"
        read = {lint.file for lint in lints if lint.file in copies and _is_proof(lint, copies[lint.file])}
        if not read:
            raise NotCovered(f"read none of {len(copies):,} files to its end")
        return f"{len(read):,} of {len(copies):,} files"

    return check


def _look_for_planted(found: set[tuple[str, int]], planted: Copy, comments: bool) -> None:
    """Raise CanaryMissed unless the planted findings are there: those that should be, and no ignored one."""
    told = "is not trusted: its self-test does not find"
    if (MARK_RULE, planted.mark_line) not in found or not found >= _WANTED:
        raise CanaryMissed(f"{told} what was planted for it ({', '.join(sorted(rule for rule, _ in _WANTED))})")
    if (_COMMENTED in found) == comments:
        how = "honour" if comments else "pass over"
        raise CanaryMissed(f"is not trusted: it does not {how} the ignoring comment that was planted for it")


def _is_proof(lint: Lint, copy: Copy) -> bool:
    return lint.code == BROKEN_RULE or (lint.code, lint.line) == (MARK_RULE, copy.mark_line)


def _file_lint(lints: Sequence[Lint], copy: Copy) -> FileLint:
    from msgspec.structs import replace

    marked = [lint for lint in lints if lint.code == MARK_RULE and lint.line == copy.mark_line]
    broken = next((lint for lint in lints if lint.code == BROKEN_RULE), None)
    kept = tuple(replace(lint, line=copy.line(lint.line)) for lint in lints if lint not in marked)
    if broken is not None:
        return FileLint((), read=False, broken=replace(broken, line=copy.line(broken.line)))
    return FileLint(kept, read=bool(marked))

"""Running promtool on copies of rules and configurations, in a folder of the gate's making."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gate.collect.process import Completed
from gate.collect.prometheus.verdict_cache import VerdictCache, in_shares
from gate.collect.readers.promtool_text import CheckedFile, Complaint, read_checked, read_complaints
from gate.collect.scan import NotCovered, Scan, Scanner, ToolErrors
from gate.collect.self_test import Canary

if TYPE_CHECKING:
    from gate.collect.collector import Context

TOOL = "promtool"
_EXIT_CODES = frozenset({0, 1})
_TIMEOUT = 300.0
_MEMORY = 2 * 1024**3
_AT_ONCE = 200
_AT_LEAST = 25
_OWN_NAME = re.compile(r"\brules-\d{5}")
_RULES = ("check", "rules", "--lint=none")
_CONFIG = ("check", "config", "--syntax-only", "--lint=none")
_PLANTED = b'{"groups": [{"name": "g", "rules": [\n{"alert": "A", "expr": "up == 0", "for": "5m"},\n%s\n]}]}\n'
_GOOD = _PLANTED % b'{"record": "a:b", "expr": "sum(up)"}'
_BAD = _PLANTED % b'{"alert": "B", "expr": "sum(up"}'
_BAD_CONFIG = b'{"scrape_configs": [{"job_name": "a"}, {"job_name": "a"}]}\n'
_GOOD_CONFIG = b'{"scrape_configs": [{"job_name": "a"}, {"job_name": "b"}]}\n'


@dataclass(frozen=True, slots=True)
class Verdict:
    """What promtool said of one copy: whether it takes it, and what it complains of."""

    accepted: bool
    complaints: tuple[Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    files: tuple[CheckedFile, ...]
    complaints: tuple[Complaint, ...]


def check_rules(
    scanner: Scanner, copies: Sequence[tuple[bytes, int]], cache: VerdictCache | None = None, jobs: int = 1
) -> tuple[str, list[Verdict]]:
    """Return promtool's version, and its verdict on each copy of so many rules. Raises ScanProblem.

    `cache` is one of `promtool_cache`. So many `jobs` run side by side.
    """
    canary = promtool_canary(scanner)
    version = scanner.find(TOOL).version
    known = [_kept(cache, b"%d rules\0%s" % (count, data)) for data, count in copies]
    left = [index for index, verdict in enumerate(known) if verdict is None]

    def checked(part: Sequence[int]) -> list[tuple[int, Verdict]]:
        files = {f"rules-{index:05d}.json": copies[index][0] for index in part}
        counts = dict(zip(files, (copies[index][1] for index in part), strict=True))
        answer = _run(scanner, _RULES, files, counts, canary)
        return [(index, _verdict(file, answer.complaints)) for index, file in zip(part, answer.files, strict=True)]

    told: dict[int, Verdict] = {}
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        for found in pool.map(checked, in_shares(left, jobs, _AT_ONCE, _AT_LEAST)):
            told |= found
    for index, verdict in told.items():
        data, count = copies[index]
        _keep(cache, b"%d rules\0%s" % (count, data), verdict)
    return version, [told[index] if verdict is None else verdict for index, verdict in enumerate(known)]


def check_config(scanner: Scanner, data: bytes, cache: VerdictCache | None = None) -> Verdict:
    """Return promtool's verdict on a configuration, of which no other file is looked at. Raises ScanProblem."""
    known = _kept(cache, b"config\0" + data)
    if known is not None:
        return known
    files = {"prometheus.json": data}
    answer = _run(scanner, _CONFIG, files, None, promtool_canary(scanner))
    verdict = Verdict(answer.files[0].accepted, answer.complaints)
    _keep(cache, b"config\0" + data, verdict)
    return verdict


def promtool_cache(context: Context) -> VerdictCache:
    """Return what is kept of this promtool, once it has passed its self-test in this run. Raises ScanProblem."""
    tool, canary = context.scanner.find(TOOL), promtool_canary(context.scanner)
    context.self_tests.require(canary, tool)
    return VerdictCache(context.cache, TOOL, tool.version, canary.identity)


class _Row(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    accepted: bool
    complaints: list[tuple[int | None, str]]


def _kept(cache: VerdictCache | None, copy: bytes) -> Verdict | None:
    # One that is taken has nothing to complain of, and one that is refused has.
    row = None if cache is None else cache.get(copy, _Row, lambda row: row.accepted is not bool(row.complaints))
    if row is None:
        return None
    return Verdict(row.accepted, tuple(Complaint("", line, text) for line, text in row.complaints))


def _keep(cache: VerdictCache | None, copy: bytes, verdict: Verdict) -> None:
    """Keep a verdict, but for one that names a copy of this run: it is about no other."""
    named = any(_OWN_NAME.search(complaint.text) for complaint in verdict.complaints)
    if cache is not None and verdict.accepted is not bool(verdict.complaints) and not named:
        cache.put(copy, [verdict.accepted, [[complaint.line, complaint.text] for complaint in verdict.complaints]])


def promtool_canary(scanner: Scanner) -> Canary:
    """Return promtool's self-test: rules and a configuration that it must take, and such that it must refuse."""

    def test() -> str:
        rules = _run(scanner, _RULES, {"good.json": _GOOD, "bad.json": _BAD}, {"good.json": 2, "bad.json": 2}, None)
        if [file.accepted for file in rules.files] != [True, False] or not any(c.line == 3 for c in rules.complaints):
            _missed("does not tell rules that are right from an expression that does not parse")
        for data, right in ((_GOOD_CONFIG, True), (_BAD_CONFIG, False)):
            if _run(scanner, _CONFIG, {"prometheus.json": data}, None, None).files[0].accepted is not right:
                _missed("does not tell a configuration that is right from one with a job twice")
        return "an expression that does not parse, and a job that stands twice"

    identity = sha256(
        b"\0".join((_GOOD, _BAD, _GOOD_CONFIG, _BAD_CONFIG, *map(str.encode, _RULES + _CONFIG)))
    ).hexdigest()
    return Canary(TOOL, "planted mistakes in rules and in a configuration", identity, test)


def _missed(reason: str) -> None:
    from gate.collect.scan_problem import ScanProblem, Step

    raise ScanProblem(TOOL, reason, Step.CANARY)


def _run(
    scanner: Scanner,
    command: tuple[str, ...],
    files: Mapping[str, bytes],
    counts: Mapping[str, int] | None,
    canary: Canary | None,
) -> _Answer:
    """Raises ScanProblem, also where the copies cannot be written."""
    from gate.collect.scan_problem import ScanProblem, Step

    try:
        with folder_with(files) as folder:
            scanned = scanner.run(
                Scan(
                    tool=TOOL,
                    arguments=(*command, *files),
                    read=read_checked,
                    check=_check(tuple(files), counts),
                    exit_codes=_EXIT_CODES,
                    canary=canary,
                    cwd=folder,
                    timeout=_TIMEOUT,
                    memory=_MEMORY,
                    target=f"{len(files):,} copies" if canary else "its canary",
                )
            )
    except OSError as error:
        reason = f"was not run: the files could not be copied ({os.strerror(error.errno or 0)})"
        raise ScanProblem(TOOL, reason, Step.RAN) from None
    return _Answer(scanned.report, read_complaints(scanned.completed.stderr))


def _check(
    names: tuple[str, ...], counts: Mapping[str, int] | None
) -> Callable[[tuple[CheckedFile, ...], Completed], str]:
    def check(files: tuple[CheckedFile, ...], completed: Completed) -> str:
        if tuple(file.name for file in files) != names:
            raise NotCovered(f"looked at {len(files):,} files; it was given {len(names):,} others")
        refused = [file for file in files if not file.accepted]
        if bool(refused) != (completed.exit_code == 1):
            raise ToolErrors(
                f"contradicts itself: it refuses {len(refused):,} files, and ends with {completed.exit_code}"
            )
        if refused and not completed.stderr.strip():
            raise ToolErrors("refuses files and does not say why")
        for file in files:
            if counts is not None and file.accepted and file.rules != counts[file.name]:
                raise NotCovered(f"found {file.rules} rules where there are {counts[file.name]:,}")
        return f"{len(files):,} files"

    return check


def _verdict(file: CheckedFile, complaints: Sequence[Complaint]) -> Verdict:
    return Verdict(file.accepted, tuple(each for each in complaints if each.file == file.name))


@contextmanager
def folder_with(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Give a new folder with these files, which whoever children run as can read. Raises OSError."""
    with tempfile.TemporaryDirectory(prefix="gate-check-") as path:
        folder = Path(path)
        folder.chmod(0o755)
        for name, data in files.items():
            file = folder / name
            file.write_bytes(data)
            file.chmod(0o644)
        yield folder

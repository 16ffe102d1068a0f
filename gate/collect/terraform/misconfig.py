"""Trivy's checks of Terraform, run by the gate on copies. What Trivy did not look at is a gap.

Trivy's checks are those that its release brings: nothing is fetched (`--skip-check-update`), nothing of the tree is a
check or a setting. How it is known that a file was looked at is in `copies`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gate.collect.cache import from_cache
from gate.collect.disk import printable
from gate.collect.readers.trivy_misconfig import Misconfiguration
from gate.collect.safe_open import OpenProblem, parts_of
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.terraform.copies import Copy, apart, copy_of, remote_calls
from gate.collect.terraform.misconfig_cache import MisconfigurationCache
from gate.collect.terraform.misconfig_scan import OPTIONS, run_scan, terraform_canary, written
from gate.collect.terraform.shares import shares_of
from gate.collect.trivy.trivy_run import TOOL, own_place
from gate.model.evidence import Gap

if TYPE_CHECKING:
    from gate.collect.collector import Context
    from gate.collect.terraform.parsing import ParsedFile
    from gate.collect.tools import Tool

FACTS = ("misconfigurations",)


@dataclass(slots=True)
class Misconfigured:
    """What Trivy found. `hidden` are those that comments in the tree would have hidden, None where that is not known.

    `tool` is None where Trivy did not run. `cached` says of how many files an earlier run found this out, and when.
    """

    found: list[Misconfiguration] = field(default_factory=list)
    hidden: frozenset[Misconfiguration] | None = frozenset()
    gaps: list[Gap] = field(default_factory=list)
    tool: Tool | None = None
    files: int = 0
    cached: str = ""


def misconfigurations(context: Context, files: Sequence[ParsedFile]) -> Misconfigured:
    """Let Trivy check files that were parsed; the paths in what it found are those of the workspace. Raises nothing."""
    result = Misconfigured()
    copies = _copies(files, result.gaps)
    if not copies:
        return result
    try:
        scans = _Scans(context)
        with ThreadPoolExecutor(max_workers=max(1, context.jobs)) as pool:
            looked = list(pool.map(scans.look, shares_of(copies, files)))
        if problems := [each.problem for each in looked if each.problem is not None]:
            _some_told(looked, problems[0])
    except ScanProblem as problem:
        how = " Install Trivy, or run the gate's image, which has it" if problem.step is Step.FOUND else ""
        result.gaps.append(Gap(TOOL, f"{problem.reason}.{how}" if how else problem.reason, facts=(*FACTS, "ignored")))
        result.hidden = None
        return result
    result.tool = scans.tool
    covered: dict[str, str] = {}
    for each in looked:
        covered |= each.covered
    for copy in copies:
        if copy.path not in covered:
            shown = printable(copy.path)
            result.gaps.append(
                Gap(shown, "was not looked at by Trivy, which said nothing about it", shown, facts=FACTS)
            )
    result.found = list(dict.fromkeys(found for each in looked for found in each.found))
    result.files = len(covered)
    origins = [origin for origin in covered.values() if origin]
    result.cached = from_cache(len(origins), origins)
    hidden = [each.hidden for each in looked if each.hidden is not None]
    result.hidden = frozenset().union(*hidden) if len(hidden) == len(looked) else None
    if result.hidden is None:
        result.gaps.append(
            Gap("comments", "hide an unknown number of misconfigurations from Trivy", facts=("ignored",))
        )
    return result


def _some_told(looked: Sequence[_Looked], problem: ScanProblem) -> None:
    """Let a share of which nothing was looked at be a matter of its files. Raises ScanProblem where all are like that.

    Checks that were not loaded are found missing in every share.
    """
    if not any(each.covered for each in looked):
        raise problem


def _copies(files: Sequence[ParsedFile], gaps: list[Gap]) -> list[Copy]:
    copies = []
    for file in files:
        shown = printable(file.path)
        if file.block is None:
            continue
        copy = copy_of(file, _number(file.path))
        reason = "holds a module whose source cannot be told apart, so Trivy was not given it" if copy is None else None
        try:
            parts_of(file.path)
            file.path.encode()
        except (OpenProblem, UnicodeEncodeError):
            reason = "has a name that Trivy cannot be given"
        if copy is None or reason is not None:
            gaps.append(Gap(shown, str(reason), shown, facts=FACTS))
        else:
            copies.append(copy)
    for file, name, source, line in remote_calls(files):
        shown = printable(file.path)
        reason = f"calls the module {name[:80]} from {source[:120]}, whose content is not in this repository"
        gaps.append(Gap(shown, reason, shown, line, FACTS))
    return copies


def _number(path: str) -> int:
    """Return a number that is a file's own in its folder, whatever else is in the tree: what is kept depends on it."""
    name = path.rpartition("/")[2].encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(name).digest()[:6])


@dataclass(slots=True)
class _Looked:
    """What Trivy said of copies. `covered` are the paths that it looked at, with the origin of what was cached or "".

    `hidden` is as in Misconfigured. `problem` is why it looked at none of them at first.
    """

    found: list[Misconfiguration] = field(default_factory=list)
    covered: dict[str, str] = field(default_factory=dict)
    hidden: frozenset[Misconfiguration] | None = frozenset()
    problem: ScanProblem | None = None


class _Scans:
    """Scans of copies, each in a fresh folder. Safe to use from several threads. Raises ScanProblem without a Trivy."""

    def __init__(self, context: Context) -> None:
        self._scanner = context.scanner
        self._canary = terraform_canary(context.scanner)
        self.tool = self._scanner.find(TOOL)
        # What an earlier run found counts only of a Trivy that passes its self-test in this one.
        context.self_tests.require(self._canary, self.tool)
        self._cache = MisconfigurationCache(context.cache, self.tool.version, (*OPTIONS, self._canary.identity))

    def look(self, copies: Sequence[Copy]) -> _Looked:
        """Return what Trivy says of a share. Raises ScanProblem."""
        result = self._twice(copies)
        if any(copy.hides for copy in copies):
            result.hidden = self._hidden(copies, result.found)
        return result

    def _hidden(self, copies: Sequence[Copy], found: Iterable[Misconfiguration]) -> frozenset[Misconfiguration] | None:
        """Return what Trivy does not tell when it sees the comments as they are. Raises ScanProblem."""
        seen = self._twice(copies, plain=True)
        if any(copy.hides and copy.path not in seen.covered for copy in copies):
            return None
        told = set(seen.found)
        return frozenset(each for each in found if each not in told)

    def _twice(self, copies: Sequence[Copy], *, plain: bool = False) -> _Looked:
        """Scan copies, and what was passed over once more, each folder by itself. Raises ScanProblem.

        A module that is called zero times is passed over for good reason. Where nothing is looked at the second time
        either, that is what is known of these files; the first scan stands.
        """
        first = self._run_or_none(copies, plain=plain)
        left = [copy for copy in copies if copy.path not in first.covered]
        if left:
            second = self._run_or_none(apart(left), plain=plain)
            first.found += second.found
            first.covered |= second.covered
        return first

    def _run_or_none(self, copies: Sequence[Copy], *, plain: bool) -> _Looked:
        try:
            return self._run(copies, plain=plain)
        except ScanProblem as problem:
            if problem.step is not Step.COVERED:
                raise
            return _Looked(problem=problem)

    def _run(self, copies: Sequence[Copy], *, plain: bool) -> _Looked:
        """Raises ScanProblem."""
        given = {copy.name: copy.plain if plain else copy.data for copy in copies}
        kept = self._cache.get(given, copies)
        if kept is not None:
            return _Looked(list(kept.found), dict.fromkeys(kept.covered, kept.origin))
        with own_place() as place:
            folder = written(place, given)
            scanned = run_scan(self._scanner, place, folder, self._canary, f"{len(copies):,} files of Terraform")
        by_name = {copy.name: copy for copy in copies}
        result = _Looked()
        for each in scanned.report.failed:
            copy = by_name.get(each.target)
            if copy is None:
                continue
            if (each.line or 0) > copy.lines:
                result.covered[copy.path] = ""
            else:
                result.found.append(replace(each, target=copy.path))
        if result.covered:
            self._cache.put(given, copies, result.found, frozenset(result.covered))
        return result

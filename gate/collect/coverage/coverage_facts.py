"""The facts and findings of coverage evidence, from what the reports say together."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from gate.collect.coverage.coverage_merge import Merged
from gate.collect.coverage.coverage_patch import Patch, measured_suffixes, should_be_measured
from gate.collect.disk import printable
from gate.collect.readers.coverage_data import NOTHING, Tally
from gate.formats.globs import GlobError, matches
from gate.model.evidence import Gap
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

_LISTED = 20
_WORST = 10


def tally_facts(tally: Tally) -> JsonObject:
    """Return {covered, total, percent}; no percent of nothing."""
    facts: JsonObject = {"covered": tally.covered, "total": tally.total}
    if tally.percent is not None:
        facts["percent"] = tally.percent
    return facts


def coverage_facts(merged: Merged, reports: int, tracked: Sequence[str]) -> JsonObject:
    """Return everything but `patch` and `paths`. `branches` is there only if a report knows any."""
    unmatched: list[Json] = [item.path for item in merged.files if not item.tracked]
    facts: JsonObject = {
        "reports": reports,
        "files": len(merged.files),
        "lines": tally_facts(merged.lines),
        "unmatched": len(unmatched),
        "unmatched_files": unmatched[:_LISTED],
        "unmeasured": _unmeasured(merged, tracked),
        "least_covered": _least_covered(merged),
    }
    if merged.branches.total:
        facts["branches"] = tally_facts(merged.branches)
    return facts


def _unmeasured(merged: Merged, tracked: Sequence[str]) -> JsonObject:
    """Return the tracked source files of measured languages that no report mentions, those of tests left out."""
    suffixes = measured_suffixes(merged.files)
    known = {item.path for item in merged.files}
    absent = [path for path in tracked if path not in known and should_be_measured(path, suffixes)]
    return {"files": len(absent), "list": [printable(path) for path in absent[:_LISTED]]}


def _least_covered(merged: Merged) -> list[Json]:
    worst = sorted(merged.files, key=lambda item: (-item.lines.missing, item.path))[:_WORST]
    return [
        {"path": item.path, "missing": item.lines.missing, "total": item.lines.total}
        for item in worst
        if item.lines.missing
    ]


def path_facts(merged: Merged, globs: Sequence[str], scope: str = "") -> tuple[JsonObject, list[Gap]]:
    """Return {glob: percent of the lines of the files that match}; a glob that matches no line is a gap.

    A glob is tried on the path from the workspace and on the path from the policy's scope.
    """
    percents: JsonObject = {}
    gaps: list[Gap] = []
    for glob in globs:
        tally = NOTHING
        try:
            for item in merged.files:
                inner = item.path.removeprefix(f"{scope}/") if scope else item.path
                if matches(glob, item.path) or (inner != item.path and matches(glob, inner)):
                    tally += item.lines
        except GlobError as error:
            gaps.append(Gap(glob, f"is not a path glob: {error}", facts=("paths",)))
            continue
        if tally.percent is None:
            gaps.append(Gap(glob, "matches no file that has a line in any coverage report", facts=("paths",)))
        else:
            percents[glob] = tally.percent
    return percents, gaps


def patch_facts(patch: Patch) -> JsonObject:
    """Return {covered, total, percent, files, unreported, least_covered}; no percent where no code was changed."""
    worst = sorted(patch.files, key=lambda item: (-len(item.missing), item.path))[:_WORST]
    least: list[Json] = [
        {"path": printable(item.path), "missing": len(item.missing), "total": item.tally.total}
        for item in worst
        if item.missing
    ]
    return tally_facts(patch.lines) | {
        "files": len(patch.files),
        "unreported": sum(not item.reported for item in patch.files),
        "least_covered": least,
    }


def patch_findings(patch: Patch) -> tuple[Finding, ...]:
    """Return one finding for each changed file that has changed lines without coverage."""
    return tuple(
        Finding(
            rule="coverage/uncovered-change" if item.reported else "coverage/unreported-change",
            severity="low",
            message=_message(item.missing, item.reported),
            tool="coverage",
            path=printable(item.path),
            line=item.missing[0],
            fingerprint=sha256(f"coverage\0{item.path}".encode("utf-8", "surrogateescape")).hexdigest()[:32],
            new=True,
            properties={"missing": len(item.missing), "changed": item.tally.total},
        )
        for item in patch.files
        if item.missing
    )


def _message(missing: tuple[int, ...], reported: bool) -> str:
    count = f"{len(missing):,} changed {'line' if len(missing) == 1 else 'lines'}"
    if not reported:
        return f"No coverage report mentions this file, so its {count} count as not covered: {ranges(missing)}"
    return f"{count} {'is' if len(missing) == 1 else 'are'} not covered: {ranges(missing)}"


def ranges(numbers: Sequence[int], limit: int = _WORST) -> str:
    """Return sorted numbers in words of ranges ("3-5, 9"), at most `limit` of them."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    texts = [f"{first}" if first == last else f"{first}-{last}" for first, last in found[:limit]]
    return ", ".join(texts) + (", …" if len(found) > limit else "")

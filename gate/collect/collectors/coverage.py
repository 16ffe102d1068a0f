"""`coverage`: how much of the code the tests run, from the reports of any number of test jobs.

Request: `reports` (globs), `discover` (look in the usual places when no report is named), `paths` (globs whose share of
covered lines is wanted). Reports are merged by file and line. Every number is counted from the lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gate.collect.changes import Changes
from gate.collect.collector import Context
from gate.collect.coverage.coverage_facts import coverage_facts, patch_facts, patch_findings, path_facts
from gate.collect.coverage.coverage_merge import Merged, merge_reports, written_paths
from gate.collect.coverage.coverage_patch import patch_coverage
from gate.collect.coverage.coverage_paths import go_module, path_map
from gate.collect.readers.coverage_data import CoverageReport, Tally
from gate.collect.readers.coverage_report import read_coverage
from gate.collect.readers.errors import ReportError
from gate.collect.reports import find_reports
from gate.collect.workspace import ReadProblem, Workspace
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

_SOURCE_LIMIT = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Read:
    """The reports that could be read, where they came from, and what was wrong."""

    reports: list[CoverageReport]
    sources: list[Source]
    gaps: list[Gap]


class CoverageCollector:
    """Reads coverage reports and joins them."""

    kind = "coverage"

    def collect(self, context: Context) -> Evidence:
        """Return the coverage that all reports tell together."""
        found = find_reports(context.workspace, context.request)
        if not found.paths:
            return Missing(self.kind, _nothing_found(found.looked_for), gaps=found.gaps)
        read = _read_all(context.workspace, found.paths)
        gaps = [*found.gaps, *read.gaps]
        if not any(report.lines.total for report in read.reports):
            return Unreadable(self.kind, _nothing_read(read), tuple(read.sources), tuple(gaps))
        workspace = context.workspace
        # Paths mean files of the whole repository, so that a namesake outside the scope is not taken for one inside.
        everything = workspace.all_files()
        modules = _go_modules(workspace, everything)
        paths = path_map(everything, written_paths(read.reports), str(workspace.root), modules)
        merged = merge_reports(read.reports, paths).within(workspace.scope)
        if not merged.lines.total:
            reason = f"no coverage report holds a line of a file below {workspace.scope}, the scope of the policy"
            return Unreadable(self.kind, reason, tuple(read.sources), tuple(gaps))
        facts = coverage_facts(merged, len(read.reports), workspace.files())
        path_percents, path_gaps = path_facts(merged, _texts(context.request.get("paths")), workspace.scope)
        facts["paths"] = path_percents
        patch, patch_gaps, findings = _patch(context, merged)
        facts |= patch
        gaps += [*_foreign(merged, read.sources), *merged.gaps, *path_gaps, *patch_gaps]
        return Collected(self.kind, facts, tuple(read.sources), tuple(gaps), findings)


def _read_all(workspace: Workspace, paths: Sequence[str]) -> _Read:
    read = _Read([], [], [])
    for path in paths:
        try:
            with workspace.stream(path) as stream:
                report = read_coverage(stream)
                digest = stream.sha256
        except ReportError as error:
            read.gaps.append(Gap(path, error.reason, path, error.line))
            continue
        except ReadProblem as problem:
            read.gaps.append(problem.gap())
            continue
        lines = report.lines
        if not lines.total:
            read.gaps.append(Gap(path, f"holds no line ({report.format}), so it proves nothing", path))
        read.gaps.extend(Gap(path, problem.reason, path, facts=problem.facts) for problem in report.problems)
        read.reports.append(report)
        read.sources.append(Source(How.SUPPLIED, path, digest, report.tool, report.version, _detail(lines)))
    return read


def _foreign(merged: Merged, sources: Sequence[Source]) -> list[Gap]:
    """Reports that name no file of this repository were made from another tree, and say nothing about this one."""
    of_several = {gap.subject for gap in merged.gaps}  # the name fits, but more than one file
    if any(item.tracked or item.path in of_several for item in merged.files):
        return []
    example = merged.files[0].path
    reason = f"names no file of this repository ({example}, for one), so it says nothing about this tree"
    return [Gap(source.name, reason, source.path) for source in sources]


def _detail(lines: Tally) -> str:
    return f"{lines.covered:,} of {lines.total:,} lines"


def _nothing_found(looked_for: Sequence[str]) -> str:
    return (
        f"there is no coverage report: looked for {', '.join(looked_for)}. Write one while testing and name it under "
        "evidence › coverage › reports in the policy"
    )


def _nothing_read(read: _Read) -> str:
    if read.reports:
        return "no coverage report holds a line, and coverage of nothing proves nothing"
    gap = read.gaps[0]
    more = f" ({len(read.gaps) - 1} more could not be read either)" if len(read.gaps) > 1 else ""
    return f"{gap.subject}: {gap.reason}{more}"


def _patch(context: Context, merged: Merged) -> tuple[JsonObject, Sequence[Gap], tuple[Finding, ...]]:
    """Return {patch} with its gaps and findings; nothing at all where no base was given."""
    match context.changes:
        case None:
            return {}, (), ()
        case Gap() as gap:
            return {}, (Gap(gap.subject, gap.reason, gap.path, gap.line, ("patch",)),), ()
        case Changes() as changes:
            scope = f"{context.workspace.scope}/" if context.workspace.scope else ""
            lines = {path: numbers for path, numbers in changes.lines.items() if path.startswith(scope)}
            patch = patch_coverage(
                Changes(changes.base, lines),
                merged.files,
                lambda path: context.workspace.read(path, _SOURCE_LIMIT).data,
            )
            return {"patch": patch_facts(patch)}, patch.gaps, patch_findings(patch)


def _go_modules(workspace: Workspace, tracked: Sequence[str]) -> dict[str, str]:
    """Return the Go modules of the tree, {module path: folder}, the longest first."""
    modules: dict[str, str] = {}
    for path in tracked:
        folder, _, name = path.rpartition("/")
        if name == "go.mod":
            try:
                text = workspace.read(path, _SOURCE_LIMIT).data.decode("utf-8", "replace")
            except ReadProblem:
                # Without it, import paths are matched by their ends, as all other paths are.
                continue
            module = go_module(text)
            if module:
                modules.setdefault(module, folder)
    return dict(sorted(modules.items(), key=lambda item: -len(item[0])))


def _texts(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

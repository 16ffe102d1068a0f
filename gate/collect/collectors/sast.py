"""`sast`: static analysis. bandit, run by the gate itself, and SARIF 2.1.0 from any tool, supplied.

Request: `reports [glob, …]` (SARIF files), `discover` (look for SARIF files where none are named), `bandit` (run it,
default true), `ignore_nosec` (default false: `# nosec` comments are honoured and counted), `exclude [glob, …]` (paths
that the policy leaves out; counted as `excluded`), `merge` ("by_line_and_class": what several tools tell of one line
and one class of weakness is one finding, the others counted as `merged`; default "none").

Asserts in test code (below `tests/`, `test_*.py`, `*_test.py`, `conftest.py`) are no findings; they are counted as
`ignored_asserts`. A finding that several sources tell of (same tool, rule, path and line) counts once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gate.collect.changes import Changes
from gate.collect.collector import Context
from gate.collect.disk import printable
from gate.collect.reports import FoundReports, find_reports
from gate.collect.sast.sast_facts import sast_facts
from gate.collect.sast.sast_merge import BY_LINE_AND_CLASS, merged_by_line_and_class
from gate.collect.workspace import REPORT_LIMIT, ReadProblem, Workspace
from gate.formats.globs import GlobError, matches_any
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding, quick_finding
from gate.model.json import Json, JsonObject
from gate.model.lazy import LazyFindings

_MAX_RANGE = 200
"""Lines of a finding that are compared with the change; a finding about a whole file is about its first lines."""


@dataclass(slots=True)
class _Gathered:
    """What the sources say, before it becomes evidence. `tools` are (name, version); `looked` whether any looked."""

    findings: Sequence[Finding] = ()
    tools: dict[tuple[str, str | None], None] = field(default_factory=dict)
    scanned: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    excluded: set[str] = field(default_factory=set)
    absent: int = 0
    sources: list[Source] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    looked: bool = False
    names_files: bool = False
    python_files: int = 0
    reports: int = 0
    bandit_missing: str | None = None


class SastCollector:
    """Runs bandit, reads SARIF."""

    kind = "sast"

    def collect(self, context: Context) -> Evidence:
        """Return the findings of bandit's own run and of the supplied reports, each once."""
        gathered = _Gathered()
        exclude = _globs(context.request.get("exclude"), gathered)
        if context.request.get("bandit", True) is not False:
            _run_bandit(context, exclude, gathered)
        found = find_reports(context.workspace, context.request)
        _read_reports(context, found, exclude, gathered)
        if gathered.looked:
            return _collected(self.kind, gathered, context)
        return _nothing(self.kind, gathered, found, context.request)


def _run_bandit(context: Context, exclude: list[str], gathered: _Gathered) -> None:
    from gate.collect.process import ToolProblem
    from gate.collect.sast.python_files import python_files

    python = python_files(context.workspace, exclude)
    gathered.excluded.update(python.excluded)
    gathered.gaps += python.gaps
    gathered.failed.update(gap.subject for gap in python.gaps)
    gathered.python_files = len(python.files) + len(python.gaps)
    if not python.files:
        return
    try:
        tool = context.tools.find("bandit")
    except ToolProblem as problem:
        gathered.bandit_missing = str(problem)
        return
    from gate.collect.sast.bandit_findings import TOOL, bandit_findings
    from gate.collect.sast.bandit_run import Bandit

    context.log(f"bandit {tool.version} on {len(python.files):,} Python files, {context.jobs} side by side")
    ignore_nosec = context.request.get("ignore_nosec") is True
    bandit = Bandit(context.scanner, context.workspace, context.cache)
    run = bandit.run(python.files, jobs=context.jobs, ignore_nosec=ignore_nosec)
    gathered.gaps += [_with_line(gap, context.workspace) for gap in run.gaps]
    gathered.failed.update(run.failed)
    detail = f"{len(run.scanned):,} of {len(python.files):,} Python files{run.cached and f', {run.cached}'}"
    gathered.sources.append(Source(How.PRODUCED, None, None, TOOL, tool.version, detail))
    if run.scanned:
        gathered.looked = gathered.names_files = True
        gathered.scanned.update(run.scanned)
        gathered.tools[TOOL, tool.version] = None
        gathered.findings = union(gathered.findings, bandit_findings(run, context.workspace))


def _with_line(gap: Gap, workspace: Workspace) -> Gap:
    """Return a gap of a file that does not parse with the line on which it stops being Python."""
    from gate.collect.sast.bandit_run import DOES_NOT_PARSE
    from gate.collect.sast.python_files import syntax_error_line

    if gap.path is None or gap.reason != DOES_NOT_PARSE:
        return gap
    try:
        return replace(gap, line=syntax_error_line(workspace.read(gap.path).data))
    except ReadProblem:
        return gap


def _read_reports(context: Context, found: FoundReports, exclude: list[str], gathered: _Gathered) -> None:
    gathered.gaps += found.gaps
    for path in found.paths:
        _read_report(context, path, exclude, gathered)


def _read_report(context: Context, path: str, exclude: list[str], gathered: _Gathered) -> None:
    from gate.collect.readers.errors import ReportError
    from gate.collect.readers.sarif import read_sarif

    try:
        content = context.workspace.read(path, REPORT_LIMIT)
        runs = read_sarif(content.data, (str(context.workspace.root),))
    except ReadProblem as unread:
        gathered.gaps.append(unread.gap())
        return
    except ReportError as error:
        gathered.gaps.append(Gap(path, error.reason, path, error.line))
        return
    gathered.reports += 1
    for run in runs:
        for problem in run.problems:
            subject = problem.path or path
            gathered.gaps.append(Gap(subject, f"{problem.reason} ({path})", subject, problem.line))
            if problem.path is not None:
                gathered.failed.add(problem.path)
        if not run.scanned:
            continue
        gathered.looked = True
        gathered.tools[run.tool, run.version] = None
        gathered.names_files = gathered.names_files or bool(run.artifacts)
        gathered.scanned.update(run.artifacts)
        gathered.absent += run.absent
        kept: Sequence[Finding] = run.findings
        if exclude:
            out = {finding.path for finding in kept if finding.path is not None}
            out = {path for path in out if matches_any(exclude, path)}
            kept = tuple(finding for finding in kept if finding.path not in out)
            gathered.excluded |= out
        gathered.findings = union(gathered.findings, kept)
        detail = f"{len(run.findings):,} findings"
        gathered.sources.append(Source(How.SUPPLIED, path, content.sha256, run.tool, run.version, detail))


def union(known: Sequence[Finding], more: Sequence[Finding]) -> Sequence[Finding]:
    """Return the known findings and those of another source that they do not hold yet.

    Two sources tell of the same finding when tool, rule, path and line agree. Two findings of ONE source on the same
    line stay two: the larger number of any one source counts. Where one side is empty, the other is not looked at.
    """
    if not known or not more:
        return known or more
    left = Counter(map(_identity, known))
    merged = list(known)
    for finding in more:
        identity = _identity(finding)
        if left[identity] > 0:
            left[identity] -= 1
        else:
            merged.append(finding)
    return merged


def _identity(finding: Finding) -> tuple[Json, ...]:
    # A place outside of the workspace has no path; what the tool wrote stands for it. Suppressed and live ones differ.
    place = finding.path or finding.properties.get("elsewhere") or finding.message
    return (finding.tool.lower(), finding.rule, str(place), finding.line, finding.suppressed)


def _collected(kind: str, gathered: _Gathered, context: Context) -> Collected:
    changes = context.changes
    gaps = list(gathered.gaps)
    findings = _without_test_asserts(gathered)
    if gathered.bandit_missing is not None:
        gaps.append(Gap("bandit", f"did not run on {gathered.python_files:,} Python files: {gathered.bandit_missing}"))
    facts: JsonObject = {
        "tools": [{"name": name, "version": version} for name, version in gathered.tools],
        "reports": gathered.reports,
        "files_failed": len(gathered.failed),
        "excluded": len(gathered.excluded),
        "ignored_asserts": len(gathered.findings) - len(findings),
    }
    if gathered.names_files:
        facts["files_scanned"] = len(gathered.scanned - gathered.failed)
    if isinstance(changes, Changes):
        facts["new"] = {}
        findings = [_told_new(finding, _is_new(finding, changes)) for finding in findings]
    elif changes is not None:
        gaps.append(replace(changes, facts=("new",)))
    if context.request.get("merge") == BY_LINE_AND_CLASS:
        apart, findings = len(findings), merged_by_line_and_class(findings)
        facts["merged"] = apart - len(findings)
    if gathered.absent:
        facts["baseline"] = {"absent": gathered.absent}
    if not isinstance(findings, LazyFindings):
        findings = tuple(findings)
    return Collected(kind, sast_facts(findings, facts), tuple(gathered.sources), tuple(gaps), findings)


def _without_test_asserts(gathered: _Gathered) -> Sequence[Finding]:
    if not any(name.lower() == "bandit" for name, _ in gathered.tools):
        return gathered.findings
    from gate.collect.sast.bandit_findings import is_test_assert

    return [finding for finding in gathered.findings if not is_test_assert(finding)]


def _told_new(finding: Finding, new: bool) -> Finding:
    """Return a finding with its `new`. What `dataclasses.replace` would, of half a million findings too."""
    return quick_finding(
        finding.rule,
        finding.severity,
        finding.message,
        finding.tool,
        finding.path,
        finding.line,
        finding.fingerprint,
        finding.suppressed,
        new,
        finding.properties,
    )


def _is_new(finding: Finding, changes: Changes) -> bool:
    """Whether the change touches any line of the finding's statement."""
    if finding.path not in changes.lines:
        return False
    if finding.line is None:
        return changes.touches(finding.path, None)
    start, end = (finding.properties.get(name) for name in ("start_line", "end_line"))
    first = max(start, finding.line - _MAX_RANGE) if isinstance(start, int) else finding.line
    last = min(end, finding.line + _MAX_RANGE) if isinstance(end, int) else finding.line
    return any(changes.touches(finding.path, line) for line in range(first, last + 1))


def _nothing(kind: str, gathered: _Gathered, found: FoundReports, request: JsonObject) -> Missing | Unreadable:
    if gathered.sources or found.paths:
        first = next(iter(gathered.gaps), None)
        why = f": {first.subject} {first.reason}" if first else ""
        return Unreadable(kind, f"nothing could be scanned or read{why}", tuple(gathered.sources), tuple(gathered.gaps))
    if gathered.bandit_missing is not None:
        reason = f"{gathered.bandit_missing}. Install bandit, or supply SARIF reports under evidence.sast.reports"
        return Missing(kind, reason, gaps=tuple(gathered.gaps))
    if gathered.python_files:
        reason = f"none of {gathered.python_files:,} Python files could be read"
        return Unreadable(kind, reason, gaps=tuple(gathered.gaps))
    named = bool(request.get("reports"))
    looked_for = ", ".join(found.looked_for)
    if request.get("bandit", True) is False:
        reason = "bandit is switched off (evidence.sast.bandit) and there is no SARIF report"
    elif gathered.excluded:
        reason = f"all {len(gathered.excluded):,} Python files are excluded and there is no SARIF report"
    else:
        reason = "there is no Python file for bandit, and no SARIF report"
        return Missing(kind, _looked(reason, looked_for), not_applicable=not named, gaps=tuple(gathered.gaps))
    return Missing(kind, _looked(reason, looked_for), gaps=tuple(gathered.gaps))


def _looked(reason: str, looked_for: str) -> str:
    looked = f" (looked for {looked_for})" if looked_for else ""
    return f"{reason}{looked}. Name reports under evidence.sast.reports"


def _globs(value: Json, gathered: _Gathered) -> list[str]:
    """Return the globs of a request; what is none is a gap."""
    wanted = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    globs = []
    for glob in wanted:
        if not isinstance(glob, str):
            continue
        try:
            matches_any([glob], "")
            globs.append(glob)
        except GlobError as error:
            gathered.gaps.append(Gap(printable(glob), f"is not a glob: {error}"))
    return globs

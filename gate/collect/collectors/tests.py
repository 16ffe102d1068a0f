"""`tests`: what the tests of this run said, from the reports that they wrote.

Request: `reports` (globs that the policy names, each of which must match), `discover` (globs to look at where none is
named), `suites` {name: glob or list of globs on file, class, suite or test name}. Formats are told by content. Every
number is counted from the cases; a report whose own totals say otherwise has a gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gate.collect.cases.case_facts import Tally, facts_of
from gate.collect.cases.case_suites import FileResolver, SuiteMatcher
from gate.collect.collector import Context
from gate.collect.readers.case_report import TestReport
from gate.collect.readers.errors import ReportError
from gate.collect.readers.tests_report import NotATestReportError, read_test_report
from gate.collect.reports import FoundReports, find_reports
from gate.collect.workspace import ReadProblem, Workspace
from gate.formats.globs import GlobError
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.json import Json


@dataclass(slots=True)
class _Gathered:
    """What the reports say together. `first_with` is the report that each SHA-256 was first seen in."""

    tally: Tally = field(default_factory=Tally)
    reports: int = 0
    sources: list[Source] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    first_with: dict[str, str] = field(default_factory=dict)
    passed_over: int = 0


@dataclass(frozen=True, slots=True)
class _Report:
    """A file to read. `must_be_one` says that the policy named it, so that it has to be a test report."""

    path: str
    tally: Tally
    one_by_one: bool
    must_be_one: bool


class TestsCollector:
    """Reads test reports and adds them up."""

    __test__ = False
    kind = "tests"

    def collect(self, context: Context) -> Evidence:
        """Return what all reports tell together: `Missing` without a report, `Unreadable` without a single case."""
        found = find_reports(context.workspace, context.request)
        gathered = _Gathered(gaps=list(found.gaps))
        resolve = FileResolver(str(context.workspace.root), context.workspace.files() if found.paths else ())
        matcher, suites = _matcher(context.request.get("suites"), resolve, gathered.gaps)
        must_be_one = bool(context.request.get("reports"))
        for path in found.paths:
            report = _Report(path, Tally(matcher, resolve), one_by_one=bool(matcher), must_be_one=must_be_one)
            _read(context.workspace, report, gathered)
        if len(found.paths) == gathered.passed_over:
            return Missing(self.kind, _nothing_found(found), gaps=tuple(gathered.gaps))
        if not gathered.tally.total:
            return Unreadable(self.kind, _no_case(gathered), tuple(gathered.sources), tuple(gathered.gaps))
        gathered.gaps += _empty_suites(suites, gathered.tally)
        facts = facts_of(gathered.reports, gathered.tally, suites)
        findings = tuple(gathered.tally.failing.values())
        return Collected(self.kind, facts, tuple(gathered.sources), tuple(gathered.gaps), findings)


def _read(workspace: Workspace, item: _Report, gathered: _Gathered) -> None:
    """Read one report and add what it says. A report that cannot be read adds a gap and nothing else."""
    path, tally = item.path, item.tally
    try:
        with workspace.stream(path) as stream:
            report = read_test_report(stream, tally, None if item.one_by_one else tally.passed)
            digest = stream.sha256
    except NotATestReportError as error:
        if item.must_be_one:
            gathered.gaps.append(Gap(path, error.reason, path))
        else:
            gathered.passed_over += 1
        return
    except ReportError as error:
        gathered.gaps.append(Gap(path, error.reason, path, error.line))
        return
    except ReadProblem as problem:
        gathered.gaps.append(problem.gap())
        return
    twin = gathered.first_with.setdefault(digest, path)
    if twin != path:
        detail = f"the same bytes as {twin}, counted once"
        gathered.sources.append(Source(How.SUPPLIED, path, digest, report.format, detail=detail))
        return
    _add(path, digest, report, tally, gathered)


def _add(path: str, digest: str, report: TestReport, tally: Tally, gathered: _Gathered) -> None:
    gathered.gaps += [Gap(path, item.reason, path, item.line, item.facts) for item in report.problems]
    detail = tally.detail() if report.cases else "no case"
    gathered.sources.append(Source(How.SUPPLIED, path, digest, report.format, detail=detail))
    if not report.cases:
        gathered.gaps.append(Gap(path, f"holds no test case ({report.format}), so it proves nothing", path))
        return
    gathered.reports += 1
    if tally.seconds is None:
        tally.seconds = report.seconds
    gathered.tally.add(tally)


def _matcher(value: Json, resolve: FileResolver, gaps: list[Gap]) -> tuple[SuiteMatcher, tuple[str, ...]]:
    """Return what tells the named suites of a case, and their names. A suite with a glob that is none gets a gap."""
    suites = {name: _texts(globs) for name, globs in value.items()} if isinstance(value, Mapping) else {}
    good: dict[str, Sequence[str]] = {}
    for name, globs in suites.items():
        try:
            SuiteMatcher({name: globs}, resolve)
            good[name] = globs
        except GlobError as error:
            gaps.append(Gap(f"suite {name}", str(error), facts=_suite_facts(name)))
    return SuiteMatcher(good, resolve), tuple(suites)


def _empty_suites(suites: Sequence[str], tally: Tally) -> list[Gap]:
    return [
        Gap(f"suite {name}", "no reported test case belongs to it", facts=_suite_facts(name))
        for name in suites
        if not tally.suites.get(name)
    ]


def _suite_facts(name: str) -> tuple[str, ...]:
    """An empty suite is no reason to doubt another one."""
    return (f"suites.{name}",)


def _nothing_found(found: FoundReports) -> str:
    looked_for = ", ".join(found.looked_for) or "nothing, as no glob is given"
    return (
        f"there is no test report: looked for {looked_for}. Let the test step write one before the gate runs "
        "(pytest --junitxml=reports/junit.xml) and name it under evidence › tests › reports in the policy"
    )


def _no_case(gathered: _Gathered) -> str:
    if gathered.sources:
        return "no test report holds a test case, and a run of no tests proves nothing"
    gap = next((gap for gap in gathered.gaps if gap.path is not None), gathered.gaps[0])
    more = len(gathered.gaps) - 1
    return f"{gap.subject}: {gap.reason}" + (f" (and {more} more gaps)" if more > 1 else "")


def _texts(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

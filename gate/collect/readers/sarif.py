"""SARIF 2.1.0 (OASIS): the report of any static analysis tool, as findings. `sarif_rules` says how they are graded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gate.collect.readers.cycles import without_cycle_search
from gate.collect.readers.sarif_document import decode
from gate.collect.readers.sarif_findings import lazy_findings
from gate.collect.readers.sarif_parts import Component, Invocation, Message, Notification, Run, Tool
from gate.collect.readers.sarif_places import NOWHERE, Places
from gate.collect.readers.sarif_rules import one_line
from gate.model.lazy import LazyFindings

MAX_PROBLEMS = 100
"""Problems of one run that are told one by one."""

_NO_TOOL = "unnamed tool"


@dataclass(frozen=True, slots=True)
class SarifProblem:
    """Something that the run itself says it did not do. `reason` is a sentence; `path` names the file, if one is."""

    reason: str
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class SarifRun:
    """One run of one tool.

    `scanned` is False where the run has no `results` at all: the tool did not scan. `not_findings` counts results that
    say that a check passed, did not apply, only informs, or (`absent` of them) is gone since the baseline. `artifacts`
    are the workspace paths that the run lists, which some tools do for every file they looked at and others never do.
    """

    tool: str
    version: str | None
    scanned: bool
    findings: LazyFindings
    not_findings: int
    absent: int
    artifacts: tuple[str, ...]
    problems: tuple[SarifProblem, ...]


def read_sarif(data: bytes, roots: Sequence[str] = ()) -> tuple[SarifRun, ...]:
    """Return the runs of a SARIF 2.1.0 document.

    `roots` are absolute paths by which the workspace is known ("/github/workspace"); findings below them get paths
    relative to it. The findings' `new` is None, and `properties` may hold `name`, `help_uri`, `tags`, `end_line`,
    `elsewhere` (the text of a place outside of the workspace), `security_severity` (a CVSS score), `classes` (CWEs),
    `suppressions [{kind, status, justification}]` and `baseline_state`. Raises ReportError as `sarif_document.decode`
    does.
    """
    with without_cycle_search():
        return tuple(_read_run(run, number, roots) for number, run in enumerate(decode(data).runs or (), 1))


def _read_run(run: Run, number: int, roots: Sequence[str]) -> SarifRun:
    driver = (run.tool or Tool()).driver or Component()
    name = one_line(driver.name or "", 100)
    places = Places(run, roots)
    findings, absent = lazy_findings(run, name or _NO_TOOL, places)
    problems = [] if name else [SarifProblem(f"run {number} does not name its tool")]
    problems += _problems(run, name or _NO_TOOL, places)
    if len(problems) > MAX_PROBLEMS:
        more = len(problems) - MAX_PROBLEMS
        problems[MAX_PROBLEMS:] = [SarifProblem(f"{name or _NO_TOOL} tells {more:,} more problems of its run")]
    version = driver.semantic_version or driver.version
    return SarifRun(
        tool=name or _NO_TOOL,
        version=one_line(version, 60) if version else None,
        scanned=run.results is not None,
        findings=findings,
        not_findings=len(run.results or ()) - len(findings),
        absent=absent,
        artifacts=places.artifacts(),
        problems=tuple(problems),
    )


def _problems(run: Run, tool: str, places: Places) -> Iterator[SarifProblem]:
    if run.results is None:
        external = run.external_property_file_references
        if external is not None and external.results:
            yield SarifProblem(f"{tool} keeps its results in other files, which were not read")
        else:
            yield SarifProblem(f"{tool} says nothing of results: it did not scan")
    elif not run.results and _says_nothing(run):
        yield SarifProblem(f"{tool} tells no result, no file, no rule and no finished run, so it proves nothing")
    for invocation in run.invocations or ():
        yield from _invocation_problems(invocation, tool, places)


def _says_nothing(run: Run) -> bool:
    """Whether a run without results gives no sign that it looked: an empty list may come from a tool that read nothing.

    Signs are the files that it lists (§3.14.15), the rules that it has (§3.19.23), and an invocation that succeeded.
    """
    tool = run.tool or Tool()
    components = (tool.driver, *(tool.extensions or ()))
    finished = any(invocation.execution_successful for invocation in run.invocations or ())
    return not (finished or run.artifacts or any(component and component.rules for component in components))


def _invocation_problems(invocation: Invocation, tool: str, places: Places) -> Iterator[SarifProblem]:
    if invocation.execution_successful is False:
        yield SarifProblem(f"{tool} says that it did not finish")
    if invocation.exit_signal_name:
        yield SarifProblem(f"{tool} was ended by {one_line(invocation.exit_signal_name, 40)}")
    if invocation.process_start_failure_message:
        yield SarifProblem(f"{tool} did not start: {one_line(invocation.process_start_failure_message, 200)}")
    for notification in (
        *(invocation.tool_configuration_notifications or ()),
        *(invocation.tool_execution_notifications or ()),
    ):
        if notification.level == "error":
            yield _notified(notification, tool, places)


def _notified(notification: Notification, tool: str, places: Places) -> SarifProblem:
    message = notification.message or Message()
    text = one_line(message.text or message.markdown or message.id or "", 200) or "it does not say what"
    physical = notification.locations[0].physical_location if notification.locations else None
    place = places.of(physical.artifact_location) if physical else NOWHERE
    line = physical.region.start_line if physical and physical.region else None
    return SarifProblem(f"{tool} tells of an error: {text}", place.path, line)

"""The gate's own audits: pip-audit over the Python packages, Trivy over the lock files of other languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.collect.dependencies.dependency_facts import PYPI, Versions
from gate.collect.dependencies.known_packages import AUDIT
from gate.collect.dependencies.merge import Told, merged
from gate.collect.dependencies.other_locks import OtherFile
from gate.collect.dependencies.pip_audit_run import TOOL, AuditSettings, PipAudit
from gate.collect.dependencies.trivy_locks import TrivyLocks, is_readable, scan_locks
from gate.collect.process import ToolProblem
from gate.model.evidence import Gap, How, Source
from gate.model.json import JsonObject

if TYPE_CHECKING:
    from gate.collect.collector import Context

_SAFE_URL = re.compile(r"(?:https://[^/\s]+|http://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?)(?:/\S*)?")


@dataclass(slots=True)
class OwnAudit:
    """What pip-audit said. `problem` says why a run proved nothing, `no_tool` why it could not begin."""

    told: list[Told] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    problem: str | None = None
    no_tool: str | None = None


def run_pip_audit(context: Context, versions: Versions) -> OwnAudit:
    """Look up everything that the files pin. Raises nothing."""
    result = OwnAudit()
    settings = audit_settings(context.request)
    if isinstance(settings, str):
        result.problem = settings
        return result
    try:
        tool = context.scanner.find(TOOL)
    except ToolProblem as problem:
        result.no_tool = str(problem)
        return result
    run = PipAudit(context.scanner, settings).run(versions, context.jobs)
    result.told += [Told(TOOL, package) for package in run.audited]
    result.skipped |= {package.name: package.reason for package in run.skipped}
    result.gaps += [
        Gap(TOOL, f"passed over an answer of {settings.asked}: {doubt}", facts=AUDIT) for doubt in run.doubts
    ]
    if run.failed:
        result.problem = next(iter(run.failed.values()))
    if run.runs:
        detail = f"{len(run.audited):,} packages, asked {settings.asked}"
        result.sources.append(Source(How.PRODUCED, None, None, TOOL, tool.version, detail))
    return result


def audit_settings(request: JsonObject) -> AuditSettings | str:
    """Return whom to ask, or the sentence that says why it cannot be asked."""
    url = request.get("osv_url")
    seconds = request.get("timeout_seconds")
    answer = max(1, min(int(seconds), 600)) if isinstance(seconds, int | float) else 15
    if url is None:
        return AuditSettings("osv" if request.get("service") == "osv" else "pypi", None, answer)
    if not isinstance(url, str) or not _SAFE_URL.fullmatch(url):
        return (
            "evidence.dependencies.osv_url is not asked: it must be an https address (http only on this machine), "
            "because whoever can change the answers decides what is vulnerable"
        )
    return AuditSettings("osv", url, answer)


def run_trivy_audit(context: Context, others: Sequence[OtherFile], told: Iterable[Told]) -> TrivyLocks:
    """Look up lock files of other languages, and Python packages with a hole whose severity nobody told.

    Raises nothing. Where Trivy is wanted for a second opinion only, its absence is no problem.
    """
    from gate.collect.trivy.trivy_session import TrivySettings, read_settings

    readable = [other for other in others if is_readable(other.path)]
    pins = list(unrated(told))
    if not readable and not pins:
        return TrivyLocks()
    asked = read_settings(context.request)
    # `timeout_seconds` of this kind is how long pip-audit waits for one answer.
    settings = TrivySettings(asked.database, asked.download, asked.max_age_hours)
    result = scan_locks(context, settings, readable, pins)
    if result.problem is not None and not readable:
        context.log(f"severities are not looked up: {result.problem}")
    return result


def unrated(told: Iterable[Told]) -> Iterable[dict[str, str]]:
    """Yield Python packages that have a hole of unknown severity, each time one version of each."""
    rounds: list[dict[str, str]] = []
    for (ecosystem, name, version), holes in merged(told).items():
        if ecosystem != PYPI or not any(hole.severity == "unknown" for hole in holes):
            continue
        if not (name.isascii() and re.fullmatch(r"[\w.!+-]+", version, re.ASCII)):
            continue
        free = next((group for group in rounds if name not in group), None)
        if free is None:
            rounds.append(free := {})
        free[name] = version
    return rounds


def not_audited(other: OtherFile, reasons: Iterable[str | None]) -> Gap:
    """Return the gap of a file of another language that nobody audited; the first of the reasons is told."""
    how = (
        "supply a report (npm audit, osv-scanner, Trivy) under evidence.dependencies.reports, or accept the gap in the "
        "policy where another step audits it"
    )
    reason = next((reason for reason in reasons if reason), None)
    if reason is None:
        reason = (
            f"the gate reads no {other.path.rpartition('/')[2]}"
            if other.is_lock
            else "there is no lock file beside it, so nobody knows which versions are installed"
        )
    return Gap(
        other.path,
        f"was not audited ({other.ecosystem} packages): {reason.rstrip('.')}; {how}",
        other.path,
        facts=AUDIT,
    )

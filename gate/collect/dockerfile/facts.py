"""What is counted of Dockerfiles. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

from gate.collect.dockerfile.hadolint_run import LintRun
from gate.collect.dockerfile.hadolint_scan import TOOL
from gate.collect.plain_text import plain
from gate.collect.readers.hadolint_json import LEVELS, Lint
from gate.model.finding import Finding, Severity
from gate.model.json import Json, JsonObject

_SEVERITIES: dict[str, Severity] = {"error": "high", "warning": "medium", "info": "low", "style": "low"}
_COUNTED = ("non_root", "digest_pinned", "latest_tag")


def lint_findings(run: LintRun) -> list[Finding]:
    """Return hadolint's findings, by path and line, those that comments suppress marked.

    The fingerprint is the SHA-256 of rule, path, and how many equal ones come before it: it holds no text of the file.
    """
    return [finding for path in sorted(run.files) for finding in _of_file(path, run)]


def _of_file(path: str, run: LintRun) -> list[Finding]:
    linted = run.files[path]
    marked = [(lint, False) for lint in linted.lints] + [(lint, True) for lint in linted.suppressed]
    seen: Counter[str] = Counter()
    found = []
    for lint, suppressed in sorted(marked, key=lambda item: (item[0].line, item[0].code, item[0].column)):
        seen[lint.code] += 1
        found.append(_finding(path, lint, suppressed, seen[lint.code]))
    return found


def _finding(path: str, lint: Lint, suppressed: bool, number: int) -> Finding:
    properties: JsonObject = {"level": lint.level}
    if suppressed:
        properties["suppressions"] = [{"kind": "in_source", "status": "accepted"}]
    return Finding(
        rule=lint.code,
        severity=_SEVERITIES[lint.level],
        message=plain(lint.message, 400),
        tool=TOOL,
        path=path,
        line=lint.line or None,
        fingerprint=sha256(f"{lint.code}\0{path}\0{number}".encode()).hexdigest(),
        suppressed=suppressed,
        properties=properties,
    )


def dockerfile_facts(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with everything that counts findings counted anew: `lint` and `suppressed`.

    They are only there where `facts` has `linted`: where hadolint looked. Pure, and the same facts come out when they
    go in again.
    """
    if "linted" not in facts:
        return facts
    own = [finding for finding in findings if finding.tool == TOOL]
    levels = Counter(str(finding.properties.get("level")) for finding in own if not finding.suppressed)
    lint: JsonObject = {level: levels[level] for level in LEVELS}
    return facts | {"lint": lint, "suppressed": sum(finding.suppressed for finding in own)}


def counts(items: Sequence[JsonObject]) -> JsonObject:
    """Return how many files have what their items tell."""
    found: JsonObject = {
        "files": len(items),
        "multi_stage": sum(_number(item.get("stages")) > 1 for item in items),
        "healthcheck": sum("healthcheck" in item for item in items),
    }
    return found | {name: sum(item.get(name) is True for item in items) for name in _COUNTED}


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0

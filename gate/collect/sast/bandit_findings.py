"""From bandit's issues to findings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256

from gate.collect.readers.bandit_json import BanditIssue
from gate.collect.sast.bandit_run import BanditRun
from gate.collect.sast.bandit_text import message
from gate.collect.workspace import ReadProblem, Workspace
from gate.model.finding import Finding, Severity
from gate.model.json import JsonObject

TOOL = "bandit"

_SEVERITIES: dict[str, Severity] = {"HIGH": "high", "MEDIUM": "medium", "LOW": "low", "UNDEFINED": "low"}
_TEST_FILE = re.compile(r"(?:^|/)(?:tests/|test_[^/]*\.py$|[^/]*_test\.py$|conftest\.py$)")


def is_test_code(path: str) -> bool:
    """Whether a path is test code by the usual conventions: below `tests/`, `test_*.py`, `*_test.py`, `conftest.py`."""
    return _TEST_FILE.search(path) is not None


def is_test_assert(finding: Finding) -> bool:
    """Whether a finding is an `assert` in test code (bandit's B101), where asserting is what the code is for."""
    return (
        finding.rule == "B101"
        and finding.tool.lower() == TOOL
        and finding.path is not None
        and is_test_code(finding.path)
    )


def bandit_findings(run: BanditRun, workspace: Workspace) -> list[Finding]:
    """Return the findings of a run, sorted by path and line, the suppressed ones marked.

    The fingerprint is the SHA-256 of rule, path, the line's code without its white space, and how many equal ones come
    before it in the file; so it stays when lines move, and holds no source text. Reads each file that has findings.
    """
    by_path: dict[str, list[tuple[BanditIssue, bool]]] = defaultdict(list)
    for issues, suppressed in ((run.issues, False), (run.suppressed, True)):
        for issue in issues:
            by_path[issue.filename].append((issue, suppressed))
    return [finding for path in sorted(by_path) for finding in _of_file(path, by_path[path], _lines(workspace, path))]


def _of_file(path: str, issues: Iterable[tuple[BanditIssue, bool]], lines: list[bytes]) -> Iterable[Finding]:
    seen: dict[bytes, int] = {}
    for issue, suppressed in sorted(
        issues, key=lambda item: (item[0].line_number, item[0].col_offset, item[0].test_id)
    ):
        code = lines[issue.line_number - 1] if 0 < issue.line_number <= len(lines) else b""
        identity = b"\0".join((issue.test_id.encode(), path.encode(), b"".join(code.split())))
        count = seen[identity] = seen.get(identity, -1) + 1
        properties: JsonObject = {"name": issue.test_name, "confidence": issue.issue_confidence.lower()}
        if issue.issue_cwe is not None and issue.issue_cwe.id is not None:
            properties["classes"] = [f"CWE-{issue.issue_cwe.id}"]
        if suppressed:
            properties["suppressions"] = [{"kind": "in_source", "status": "accepted"}]
        first, last = issue.lines
        if first < issue.line_number:
            properties["start_line"] = first
        if last > issue.line_number:
            properties["end_line"] = last
        yield Finding(
            rule=issue.test_id,
            severity=_SEVERITIES.get(issue.issue_severity, "high"),
            message=message(issue.test_id, issue.issue_text),
            tool=TOOL,
            path=path,
            line=issue.line_number if issue.line_number > 0 else None,
            fingerprint=sha256(identity + b"\0%d" % count).hexdigest(),
            suppressed=suppressed,
            properties=properties,
        )


def _lines(workspace: Workspace, path: str) -> list[bytes]:
    try:
        return workspace.read(path).data.splitlines()
    except ReadProblem:
        # It was read a moment ago; without its text the fingerprint rests on rule, path and order.
        return []

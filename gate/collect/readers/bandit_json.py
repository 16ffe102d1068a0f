"""bandit's own JSON report (`bandit -f json`, bandit 1.7.3 and later), as the gate's own run of bandit writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from gate.collect.readers.errors import ReportError


class Weakness(msgspec.Struct, frozen=True, gc=False):
    """The class of an issue, by its CWE number; bandit writes an empty object where it knows none."""

    id: int | None = None


class BanditIssue(msgspec.Struct, frozen=True, gc=False):
    """One result. Issues compare by value, so that two runs over the same file can be compared as multisets."""

    filename: str
    test_id: str
    test_name: str
    issue_severity: str
    issue_confidence: str
    issue_text: str
    line_number: int
    line_range: tuple[int, ...] = ()
    col_offset: int = -1
    end_col_offset: int = 0
    issue_cwe: Weakness | None = None

    @property
    def lines(self) -> tuple[int, int]:
        """The first and the last line of the statement that the issue is about."""
        lines = (self.line_number, *self.line_range)
        return min(lines), max(lines)


class _Error(msgspec.Struct):
    filename: str
    reason: str


class _Report(msgspec.Struct):
    errors: list[_Error]
    results: list[BanditIssue]
    metrics: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class BanditReport:
    """What one run of bandit says.

    `failed` maps each file that it could not look at to its reason; `scanned` maps each other file to the number of
    issues that a `# nosec` comment suppressed in it.
    """

    issues: tuple[BanditIssue, ...]
    failed: Mapping[str, str]
    scanned: Mapping[str, int]


def read_bandit(data: bytes) -> BanditReport:
    """Return what a report of bandit says. Raises ReportError.

    The issues of each file are counted and compared with the file's metrics, which bandit counts on its own.
    """
    if not data.strip():
        raise ReportError("is empty")
    try:
        report = msgspec.json.decode(data, type=_Report)
    except msgspec.ValidationError as error:
        raise ReportError(f"is not bandit's JSON: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(f"cannot be read as JSON: {error}") from None
    failed = {error.filename: error.reason for error in report.errors}
    metrics = {name: counts for name, counts in report.metrics.items() if name != "_totals" and name not in failed}
    counted = dict.fromkeys(metrics, 0)
    for issue in report.results:
        if issue.filename not in counted:
            raise ReportError(f"tells of an issue in {issue.filename}, which its metrics do not name")
        counted[issue.filename] += 1
    for name, counts in metrics.items():
        said = sum(number for key, number in counts.items() if key.startswith("SEVERITY."))
        if said != counted[name]:
            raise ReportError(f"lists {counted[name]} issues in {name}, but its metrics say {said}")
    scanned = {name: counts.get("nosec", 0) + counts.get("skipped_tests", 0) for name, counts in metrics.items()}
    return BanditReport(tuple(report.results), failed, scanned)

"""The lines of the collectors' block."""

from __future__ import annotations

import pytest

from gate.model.evidence import Collected, Evidence, Gap, Missing, Unreadable
from gate.report.summaries import mark, summary
from tests.support.verdicts import EVIDENCE


@pytest.mark.parametrize(
    ("evidence", "sign", "text"),
    [
        (EVIDENCE[1], "✓", "4,178 cases, 2 reports, 8 skipped, 1 flaky"),
        (EVIDENCE[2], "✓", "81.4 % of 2,838 lines, 1 report"),
        (EVIDENCE[3], "✓", "bandit 1.9.4, 505 files, 2 high, 11 medium"),
        (EVIDENCE[4], "!", "41 packages, 38 audited, 2 gaps"),
        (EVIDENCE[5], "–", "no document is named"),
        (Missing("tests", "no report"), "✗", "no report"),
        (Unreadable("tests", "a\nb"), "✗", "a b"),
        (Collected("dependencies", {"packages": 1, "audited": 1, "vulnerable": 2}), "✓",
         "1 package, 1 audited, 2 vulnerable"),
        (Collected("docs", {"items": {"a": {"found": True}, "b": {"found": False}}}), "✓", "1 of 2 found"),
        (Collected("helm", {"charts": 3, "ok": True}), "✓", "charts 3"),
        (Collected("helm", {}), "✓", "collected"),
        (Collected("coverage", {"reports": 1}, gaps=(Gap("a", "b"),)), "!", "1 report, 1 gap"),
        (Collected("coverage", {"reports": 2, "lines": {"percent": 99.99, "total": 9999}}), "✓",
         "99.9 % of 9,999 lines, 2 reports"),
        (Collected("sast", {"tools": None, "files_scanned": True, "counts": None}), "✓", ", 0 files"),
    ],
)  # fmt: skip
def test_each_kind_has_its_line(evidence: Evidence, sign: str, text: str) -> None:
    assert (mark(evidence), summary(evidence)) == (sign, text)

"""Realistic verdicts for the renderers' tests."""

from __future__ import annotations

from dataclasses import replace

from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source
from gate.model.finding import Finding
from gate.model.policy import Level, Phase, PolicyOrigin, Waiver
from gate.model.verdict import CategoryScore, CriterionResult, Decision, Outcome, Verdict

EVIDENCE: tuple[Evidence, ...] = (
    Collected("inventory", {"files": 826, "test_functions": 3912}),
    Collected(
        "tests",
        {"reports": 2, "total": 4178, "passed": 4170, "failed": 0, "errors": 0, "skipped": 8, "flaky": 1},
        (Source(How.SUPPLIED, "reports/junit.xml", "a" * 64),),
    ),
    Collected(
        "coverage",
        {"reports": 1, "lines": {"covered": 2310, "total": 2838, "percent": 81.3953}},
        (Source(How.SUPPLIED, "coverage.xml", "b" * 64, detail="2,310 of 2,838 lines"),),
    ),
    Collected(
        "sast",
        {
            "tools": [{"name": "bandit", "version": "1.9.4"}],
            "files_scanned": 505,
            "counts": {"critical": 0, "high": 2, "medium": 11, "low": 0},
        },
        (Source(How.PRODUCED, None, None, "bandit", "1.9.4"),),
        findings=(Finding("B602", "high", "shell=True", "bandit", "payments/run.py", 17, "f1"),),
    ),
    Collected(
        "dependencies",
        {"packages": 41, "audited": 38, "skipped": 3, "vulnerable": 0},
        (Source(How.PRODUCED, None, None, "pip-audit", "2.10.1"),),
        (Gap("acme-internal 1.2", "is not known to the service"), Gap("left-pad 0.1", "is not known to the service")),
    ),
    Missing("docs", "no document is named", not_applicable=True),
)


def result(id_: str, outcome: Outcome, level: Level = Level.MUST, **changed: object) -> CriterionResult:
    """A criterion's result with everything filled in."""
    base = CriterionResult(
        id=id_,
        title=f"{id_.replace('.', ' ').capitalize()}",
        category=id_.split(".")[0],
        level=level,
        phase=Phase.PRE_MERGE,
        outcome=outcome,
        reason=f"{id_} was measured, and the policy wants it so (reports/junit.xml).",
        evidence_kind=id_.split(".")[0],
        measured="measured",
        wanted="wanted",
        where=("reports/junit.xml",),
        facts_pointer="/evidence/1/facts",
        fix="Do the thing.",
        docs=f"https://example.org/criteria#{id_}",
    )
    return replace(base, **changed)  # type: ignore[arg-type]


CRITERIA = (
    result(
        "coverage.lines",
        Outcome.FAIL,
        title="Line coverage",
        reason="81.4 % of lines are covered, the policy wants at least 90 % (coverage.xml, 2,310 of 2,838 lines).",
        measured="81.4 %",
        wanted="at least 90 %",
        where=("coverage.xml",),
        fix="Add tests for the files with the most missing lines, payments/refunds.py first.",
    ),
    result(
        "dependencies.audited",
        Outcome.NO_EVIDENCE,
        title="Every dependency was audited",
        reason="No evidence: 3 of 41 packages were skipped: acme-internal 1.2, left-pad 0.1 and foo @ git+https://x.",
        measured="no evidence",
        wanted="all",
        where=("requirements.txt",),
        fix="Give the audit an index that has them, or accept the gaps by name.",
    ),
    result("sast.no-high", Outcome.FAIL, Level.SHOULD, title="No finding of high severity", finding_count=2),
    result("docs.runbook", Outcome.ERROR, Level.SHOULD, title="A runbook", reason="The evidence could not be read."),
    result("sast.low", Outcome.FAIL, Level.MAY, title="Few findings of low severity"),
    result("tests.flaky", Outcome.WAIVED, title="No flaky test", reason="Waived by ada until 2027-01-31: known."),
    result("tests.passed", Outcome.PASS, title="All tests passed"),
    result("tests.minimum", Outcome.PASS, title="There are tests"),
    result("image.size", Outcome.NOT_APPLICABLE, title="Image size", reason="Switched off: we ship no image."),
)


def _scorecard(criteria: tuple[CriterionResult, ...]) -> tuple[CategoryScore, ...]:
    cards = []
    for name in dict.fromkeys(item.category for item in criteria):
        own = [item for item in criteria if item.category == name]
        outcomes = {outcome: sum(1 for item in own if item.outcome is outcome) for outcome in Outcome}
        counted = len(own) - outcomes[Outcome.NOT_APPLICABLE]
        score = round(100 * outcomes[Outcome.PASS] / counted, 1) if counted else None
        cards.append(CategoryScore(name, score, outcomes))
    return tuple(cards)


def verdict(decision: Decision, criteria: tuple[CriterionResult, ...], score: float, **changed: object) -> Verdict:
    """A verdict on these criteria."""
    unmet = (Outcome.FAIL, Outcome.NO_EVIDENCE, Outcome.ERROR)
    base = Verdict(
        decision=decision,
        score=score,
        policy_name="Payments API",
        policy=PolicyOrigin(".gate/policy.yml", None, "c" * 64, "production"),
        categories=_scorecard(criteria),
        criteria=criteria,
        evidence=EVIDENCE,
        commit="3f2a9c1d" * 5,
        base="0b1c2d3e" * 5,
        generated_at="2026-11-21T06:00:00Z",
        findings=(Finding("B602", "high", "shell=True", "bandit", "payments/run.py", 17, "f1"),),
        finding_totals={"sast": 13},
        waivers=(Waiver("tests.flaky", "known", "ada", "2027-01-31"),),
        blocked_by=tuple(i.id for i in criteria if i.level is Level.MUST and i.outcome in unmet),
        notices=("Evidence for tests and coverage was supplied by the job under review.",),
    )
    return replace(base, **changed)  # type: ignore[arg-type]


NO_GO = verdict(Decision.NO_GO, CRITERIA, 36.4)
CONDITIONAL = verdict(Decision.CONDITIONAL, CRITERIA[2:], 50.0)
GO = verdict(Decision.GO, CRITERIA[6:], 100.0, notices=())

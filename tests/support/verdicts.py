"""Realistic verdicts for tests: one of each decision, and the pieces to make others of."""

from __future__ import annotations

from dataclasses import replace

from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source
from gate.model.finding import Finding
from gate.model.policy import Level, Phase, PolicyOrigin, Waiver
from gate.model.verdict import CategoryScore, CriterionResult, Decision, Outcome, Verdict

PAGE = "https://github.com/readiness-gate/readiness-gate/blob/main/docs/criteria.md"

FINDINGS = (
    Finding("B602", "high", "subprocess call with shell=True", "bandit", "payments/run.py", 17, "f1", new=True),
    Finding("B105", "high", "Possible hardcoded password: 'hunter2'", "bandit", "payments/config|old.py", 4, "f2"),
)  # fmt: skip

EVIDENCE: tuple[Evidence, ...] = (
    Collected("inventory", {"files": 826, "bytes": 9_812_411, "test_functions": 3912}),
    Collected(
        "tests",
        {"reports": 2, "total": 4178, "passed": 4169, "failed": 0, "errors": 0, "skipped": 8, "flaky": 1},
        (
            Source(How.SUPPLIED, "reports/junit-unit.xml", "a" * 64, detail="4,094 cases"),
            Source(How.SUPPLIED, "reports/junit-e2e.xml", "d" * 64, detail="84 cases"),
        ),
    ),
    Collected(
        "coverage",
        {"reports": 1, "files": 61, "lines": {"covered": 2310, "total": 2838, "percent": 81.3953}},
        (Source(How.SUPPLIED, "coverage.xml", "b" * 64, detail="2,310 of 2,838 lines"),),
    ),
    Collected(
        "sast",
        {
            "tools": [{"name": "bandit", "version": "1.9.4"}],
            "files_scanned": 505,
            "files_failed": 0,
            "counts": {"critical": 0, "high": 2, "medium": 11, "low": 0},
            "suppressed": 3,
        },
        (Source(How.PRODUCED, None, None, "bandit", "1.9.4", "505 files"),),
        findings=FINDINGS,
    ),
    Collected(
        "dependencies",
        {"packages": 41, "audited": 38, "skipped": 3, "vulnerable": 0},
        (Source(How.PRODUCED, "requirements.txt", "e" * 64, "pip-audit", "2.10.1", "41 packages"),),
        (
            Gap("acme-internal 1.2", "is not known to the service", "requirements.txt", 3, ("audited",)),
            Gap("left-pad 0.1", "is not known to the service", "requirements.txt", 9, ("audited",)),
            Gap("foo @ git+https://x.example/foo", "has no version to look up", "requirements.txt", 12, ("audited",)),
        ),
    ),
    Missing("files", "the policy names no file; name them under evidence › files", not_applicable=True),
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
        reason="3 were found, the policy wants at least 1 (reports/junit-unit.xml, 4,094 cases)",
        evidence_kind=id_.split(".")[0],
        measured="3 were found",
        wanted="at least 1",
        where=("reports/junit-unit.xml",),
        facts_pointer="/evidence/1/facts",
        fix="Write more of them, in `tests/` for instance.",
        docs=f"{PAGE}#{id_}",
    )
    return replace(base, **changed)  # type: ignore[arg-type]


CRITERIA = (
    result(
        "coverage.lines",
        Outcome.FAIL,
        title="Line coverage",
        category="testing",
        reason="81.4 % of lines are covered, the policy wants at least 90 % (coverage.xml, 2,310 of 2,838 lines)",
        measured="81.4 % of lines are covered",
        wanted="at least 90 %",
        where=("coverage.xml",),
        facts_pointer="/evidence/2/facts/lines",
        fix="Add tests for the files with the most missing lines, payments/refunds.py first, or lower "
        "coverage.lines.minimum in a change of its own.",
    ),
    result(
        "dependencies.audited",
        Outcome.NO_EVIDENCE,
        title="Every dependency was audited",
        category="security",
        reason="no evidence, because of 3 gaps: acme-internal 1.2 (is not known to the service), left-pad 0.1 (is not "
        "known to the service) and foo @ git+https://x.example/foo (has no version to look up); in what was read, 38 "
        "of 41 packages were audited, and the policy wants all of them",
        measured="no evidence: 3 gaps (acme-internal 1.2, left-pad 0.1 and foo @ git+https://x.example/foo)",
        wanted="all of them",
        where=("requirements.txt",),
        facts_pointer="/evidence/4/facts",
        fix="Pin the packages that are listed and give the audit an index that has them; accept the gap by name "
        "(dependencies.audited.accept_gaps in the policy) where there is none.",
    ),
    result(
        "sast.no-high",
        Outcome.FAIL,
        Level.SHOULD,
        title="No finding of high severity",
        category="security",
        reason="2 findings of high severity, the policy wants none (bandit 1.9.4, 505 files)",
        measured="2 findings",
        wanted="none",
        where=("bandit 1.9.4",),
        finding_count=2,
        fix="Mend what the findings say; a line that is right can say `# nosec B602` with a reason beside it.",
    ),
    result(
        "docs.runbook",
        Outcome.ERROR,
        Level.SHOULD,
        title="There is a runbook",
        category="documentation",
        reason="docs/RUNBOOK.md is not UTF-8 (byte 0x9f at offset 812)",
        measured="could not be read",
        wanted="at least 200 words",
        where=("docs/RUNBOOK.md",),
        facts_pointer=None,
        fix="Save docs/RUNBOOK.md as UTF-8.",
    ),
    result(
        "sast.low",
        Outcome.FAIL,
        Level.MAY,
        title="Few findings of low severity",
        category="security",
        reason="31 findings of low severity, the policy wants at most 20 (bandit 1.9.4, 505 files)",
        where=("bandit 1.9.4",),
    ),
    result(
        "tests.flaky",
        Outcome.WAIVED,
        title="No flaky test",
        category="testing",
        reason="waived by ada until 2027-01-31 (PAY-812: the sandbox of the card network drops connections); without "
        "that: 1 test is flaky, the policy wants none (reports/junit-e2e.xml)",
    ),
    result(
        "tests.passed",
        Outcome.PASS,
        title="Every test passes",
        category="testing",
        reason="no test failed, no errors, the policy wants none to fail and at least one to pass "
        "(reports/junit-unit.xml and reports/junit-e2e.xml, 4,169 of 4,178 tests passed, 8 skipped)",
        where=("reports/junit-unit.xml", "reports/junit-e2e.xml"),
    ),
    result(
        "tests.minimum",
        Outcome.PASS,
        title="There are enough tests",
        category="testing",
        reason="4,178 tests were reported, the policy wants at least 1,000 (reports/junit-unit.xml and "
        "reports/junit-e2e.xml, 2 reports)",
        where=("reports/junit-unit.xml", "reports/junit-e2e.xml"),
    ),
    result(
        "image.size",
        Outcome.NOT_APPLICABLE,
        title="The image is small",
        category="operations",
        reason="switched off by the policy: we ship no image",
        facts_pointer=None,
    ),
)


def scorecard(criteria: tuple[CriterionResult, ...]) -> tuple[CategoryScore, ...]:
    """The scorecard of these criteria; the scores are those of equal weights."""
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
        policy=PolicyOrigin(".gate/policy.yml", "main", "c" * 64, "production"),
        categories=scorecard(criteria),
        criteria=criteria,
        evidence=EVIDENCE,
        commit="3f2a9c1d" * 5,
        base="0b1c2d3e" * 5,
        generated_at="2026-11-21T06:00:00Z",
        findings=FINDINGS,
        finding_totals={"sast": 13},
        waivers=(Waiver("tests.flaky", "PAY-812: the sandbox drops connections", "ada", "2027-01-31"),),
        blocked_by=tuple(i.id for i in criteria if i.level is Level.MUST and i.outcome in unmet),
        notices=(
            "Evidence for tests and coverage was supplied by the job under review.",
            "image.size is switched off by the policy: we ship no image.",
        ),
    )
    return replace(base, **changed)  # type: ignore[arg-type]


NO_GO = verdict(Decision.NO_GO, CRITERIA, 36.4)
CONDITIONAL = verdict(Decision.CONDITIONAL, CRITERIA[2:], 50.0)
GO = verdict(Decision.GO, CRITERIA[5:], 85.7, findings=())

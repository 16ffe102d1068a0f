"""The judge: every outcome, the verdict, and the first law as properties."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.judge.catalogue import load_catalogue
from gate.judge.evaluate import judge
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding, Severity
from gate.model.json import Json, JsonObject
from gate.model.policy import AcceptedGaps, Criterion, Level, Phase, Policy, PolicyOrigin, Waiver
from gate.model.verdict import CriterionResult, Decision, Outcome, Verdict

CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 21)
EXAMPLES = Path(__file__).parent / "data" / "criteria"
ORDER = [Decision.GO, Decision.CONDITIONAL, Decision.NO_GO]

COVERAGE: JsonObject = {
    "reports": 1,
    "files": 3,
    "lines": {"covered": 2310, "total": 2838, "percent": 81.3953},
    "paths": {"payments/**": 55.5},
    "unmatched": 0,
    "unmatched_files": [],
    "unmeasured": {"files": 0, "list": []},
    "least_covered": [{"path": "payments/refunds.py", "missing": 256, "total": 300}],
}
SUPPLIED = Source(How.SUPPLIED, "coverage.xml", "0" * 64)
COLLECTED = Collected("coverage", COVERAGE, (SUPPLIED,))
HOSTILE = "x\n::error::pwned\u202e\x1b[31m"


def criterion(id_: str = "coverage.lines", **overrides: Json) -> Criterion:
    return CATALOGUE.criteria[id_].fill(overrides)


def own(require: JsonObject, kind: str = "coverage", **select: Json) -> Criterion:
    return Criterion("my.own", "Mine", "testing", Level.MUST, kind, require, select=select, own=True)


def policy(*criteria: Criterion, **changes: object) -> Policy:
    base = Policy("Payments", PolicyOrigin(".gate/policy.yml", "main", "0" * 64, "production"), criteria)
    return replace(base, **changes)  # type: ignore[arg-type] # the tests name the fields


def run(given_policy: Policy, *evidence: Evidence) -> Verdict:
    return judge(given_policy, evidence, now=TODAY)


def one(given: Criterion, *evidence: Evidence, **changes: object) -> CriterionResult:
    (result,) = run(policy(given, **changes), *evidence).criteria
    return result


def covered(percent: float) -> Collected:
    lines: JsonObject = {"covered": 1, "total": 2838, "percent": percent}
    return replace(COLLECTED, facts={**COVERAGE, "lines": lines})


# --- outcomes ---------------------------------------------------------------------------------------------------------


def test_a_miss_says_what_was_measured_what_is_wanted_and_where() -> None:
    result = one(criterion(minimum=90), COLLECTED)
    assert result.outcome is Outcome.FAIL
    assert result.reason == (
        "81.4 % of lines are covered, the policy wants at least 90 % (coverage.xml, 2,310 of 2,838 lines)"
    )
    assert result.measured == "81.4 % of lines are covered"
    assert result.wanted == "at least 90 %"
    assert result.where == ("coverage.xml",)
    assert result.facts_pointer == "/evidence/0/facts/lines"
    assert "payments/refunds.py" in result.fix
    assert result.docs.endswith("docs/criteria.md#coverage.lines")


def test_a_pass_says_the_same_and_needs_no_fix() -> None:
    result = one(criterion(minimum=80), COLLECTED)
    assert (result.outcome, result.fix) == (Outcome.PASS, "")
    assert result.reason.startswith("81.4 % of lines are covered, the policy wants at least 80 %")


def test_a_number_just_below_is_never_told_as_enough() -> None:
    result = one(criterion(minimum=90), covered(89.96))
    assert result.outcome is Outcome.FAIL
    assert result.measured == "89.96 % of lines are covered"


@pytest.mark.parametrize(
    ("evidence", "outcome", "reason"),
    [
        ([], Outcome.NO_EVIDENCE, "no evidence: nothing about coverage was collected"),
        (
            [Missing("coverage", "no report matches coverage.xml. Write one.")],
            Outcome.NO_EVIDENCE,
            "no evidence: no report matches coverage.xml. Write one",
        ),
        (
            [Missing("coverage", "there is no code", not_applicable=True)],
            Outcome.NOT_APPLICABLE,
            "does not apply: there is no code",
        ),
        (
            [Missing("coverage", "there is no code", True, (Gap("sub", "is an absent submodule"),))],
            Outcome.NO_EVIDENCE,
            "no evidence, because of 1 gap: sub: is an absent submodule; in what was read, there is no code",
        ),
        (
            [Unreadable("coverage", "coverage.xml ends in the middle")],
            Outcome.ERROR,
            "could not be judged: coverage.xml ends in the middle",
        ),
        (
            [Collected("coverage", {"lines": {"percent": 100.0}})],
            Outcome.ERROR,
            "could not be judged: the coverage facts do not fit their schema: reports is missing, wanted a value",
        ),
        ([COLLECTED, covered(10.0)], Outcome.ERROR, "could not be judged: 2 entries of coverage evidence contradict"),
    ],
)
def test_without_facts(evidence: Sequence[Evidence], outcome: Outcome, reason: str) -> None:
    result = one(criterion(), *evidence)
    assert result.outcome is outcome
    assert result.reason.startswith(reason)
    assert result.facts_pointer is None


def test_a_kind_that_the_policy_expects_must_be_there() -> None:
    result = one(criterion(), Missing("coverage", "no code", not_applicable=True), expects=("coverage",))
    assert result.outcome is Outcome.FAIL
    assert result.reason == "there is no coverage here (no code), the policy expects it"


def test_a_kind_without_a_schema_is_an_error() -> None:
    result = one(own({"required": ["x"]}, "unheard"), Collected("unheard", {"x": 1}))
    assert result.outcome is Outcome.ERROR
    assert "does not know the kind unheard" in result.reason


def test_a_criterion_that_is_switched_off_does_not_apply_and_is_told() -> None:
    verdict = run(policy(replace(criterion(), disabled="we ship no code."), criterion("tests.passed")), COLLECTED)
    assert verdict.criteria[0].outcome is Outcome.NOT_APPLICABLE
    assert verdict.criteria[0].reason == "switched off by the policy: we ship no code"
    assert "coverage.lines is switched off by the policy: we ship no code." in verdict.notices


def test_what_the_evidence_does_not_speak_of_is_not_known() -> None:
    result = one(criterion("coverage.branches"), COLLECTED)
    assert result.outcome is Outcome.NO_EVIDENCE
    assert result.reason == "no evidence: coverage.xml says nothing about branches"
    assert result.facts_pointer == "/evidence/0/facts"
    assert result.fix.startswith("Measure branches")


def test_where_a_gap_is_why_nothing_is_known_the_remedy_is_not_that_of_a_miss() -> None:
    gap = Gap("coverage.py", "proved nothing", facts=("branches",))
    result = one(criterion("coverage.branches"), replace(COLLECTED, gaps=(gap,)))
    assert result.outcome is Outcome.NO_EVIDENCE
    assert "proved nothing" in result.reason
    assert result.fix == "See to what kept it from being known, as told here, and judge once more."


def test_without_a_base_the_base_is_asked_for() -> None:
    for id_, evidence in (("coverage.patch", COLLECTED), ("sast.no-new", sast([]))):
        facts = {name: value for name, value in evidence.facts.items() if name != "new"}
        result = one(criterion(id_), replace(evidence, facts=facts))
        assert result.outcome is Outcome.NO_EVIDENCE
        assert result.reason == "no evidence: what changed is not known; give the base to compare with (--base)"
        assert "--base REV" in result.fix


# --- gaps -------------------------------------------------------------------------------------------------------------

LINES_GAP = Gap("b.xml", "is tracked in git, so it is not evidence of this run", "b.xml")


def with_gaps(*gaps: Gap) -> Collected:
    return replace(COLLECTED, gaps=gaps)


def test_what_is_in_doubt_does_not_pass() -> None:
    result = one(criterion(minimum=80), with_gaps(LINES_GAP))
    assert result.outcome is Outcome.NO_EVIDENCE
    assert result.reason == (
        "no evidence, because of 1 gap: b.xml: is tracked in git, so it is not evidence of this run; in what was read, "
        "81.4 % of lines are covered, and the policy wants at least 80 %"
    )
    assert result.measured == "no evidence: 1 gap (b.xml)"
    assert result.wanted == "at least 80 %"
    assert "criteria › coverage.lines › accept_gaps" in result.fix


def test_a_miss_stands_whatever_is_in_doubt() -> None:
    assert one(criterion(minimum=90), with_gaps(LINES_GAP)).outcome is Outcome.FAIL


def test_at_most_three_subjects_are_named_and_all_are_counted() -> None:
    gaps = [Gap(f"p{index}", "was skipped") for index in range(6)] + [Gap("q", "is odd"), Gap("r", "is even")]
    result = one(criterion(minimum=80), with_gaps(*gaps))
    assert "because of 8 gaps: p0, p1, p2 and 3 more: was skipped; and 2 more reasons;" in result.reason


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ((), Outcome.NO_EVIDENCE),
        (("lines",), Outcome.NO_EVIDENCE),
        (("branches", "lines"), Outcome.NO_EVIDENCE),
        (("branches",), Outcome.PASS),
    ],
)
def test_a_gap_concerns_the_facts_that_it_names(facts: tuple[str, ...], outcome: Outcome) -> None:
    assert one(criterion(minimum=80), with_gaps(replace(LINES_GAP, facts=facts))).outcome is outcome


@pytest.mark.parametrize(
    "require",
    [
        {"allOf": [{"required": ["lines"]}]},
        {"anyOf": [{"required": ["lines"]}, {"required": ["never"]}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"lines": {"type": "object"}}, "required": ["files"]}}},
        {"required": ["files"], "if": {"required": ["lines"]}, "then": {"required": ["files"]}},
        {"required": ["files"], "dependentRequired": {"files": ["lines"]}},
        {"required": ["files"], "dependentSchemas": {"files": {"required": ["lines"]}}},
        {"type": "object", "minProperties": 1},
        {"required": ["files"], "additionalProperties": True},
    ],
)
def test_facts_are_mentioned_wherever_a_schema_speaks_of_them(require: JsonObject) -> None:
    assert one(own(require), COLLECTED).outcome is Outcome.PASS
    gap = replace(LINES_GAP, facts=("lines",))
    assert one(own(require), with_gaps(gap)).outcome is Outcome.NO_EVIDENCE


def test_gaps_that_the_policy_accepts_are_told() -> None:
    accepted = replace(criterion(minimum=80), accept_gaps=AcceptedGaps(("b.*",), "they are samples."))
    result = one(accepted, with_gaps(LINES_GAP))
    assert result.outcome is Outcome.PASS
    assert result.reason.endswith(
        "; 1 gap is accepted by the policy (b.xml: is tracked in git, so it is not evidence of this run), "
        "because they are samples"
    )
    other = one(accepted, with_gaps(LINES_GAP, Gap("c.xml", "was not there")))
    assert other.outcome is Outcome.NO_EVIDENCE
    assert "because of 1 gap: c.xml" in other.reason


# --- select -----------------------------------------------------------------------------------------------------------


def files(**contents: Json) -> Collected:
    items: dict[str, Json] = {
        f"{name}.yml": {"found": True, "format": "yaml", "content": content} for name, content in contents.items()
    }
    sources = tuple(Source(How.PRODUCED, path) for path in items)
    return Collected("files", {"items": items}, sources)


LOGGING: JsonObject = {
    "type": "object",
    "properties": {"log_level": {"enum": ["INFO", "WARNING"]}},
    "required": ["log_level"],
}


def test_a_criterion_of_ones_own_on_a_file() -> None:
    logging = own(LOGGING, "files", path="a.yml")
    good = one(logging, files(a={"log_level": "INFO"}, b={}))
    assert good.outcome is Outcome.PASS
    assert good.reason == "log_level is INFO, the policy wants what my.own requires (a.yml)"
    assert good.facts_pointer == "/evidence/0/facts/items/a.yml/content"
    assert good.where == ("a.yml",)
    assert good.docs == ""
    bad = one(logging, files(a={"log_level": "DEBUG"}))
    assert bad.outcome is Outcome.FAIL
    assert bad.reason == 'log_level is "DEBUG", the policy wants one of "INFO", "WARNING" (a.yml)'
    absent = one(logging, files(a={}))
    assert absent.outcome is Outcome.FAIL
    assert absent.measured == "log_level is missing"


def test_every_file_that_a_glob_matches_must_satisfy_it() -> None:
    logging = own(LOGGING, "files", path="*.yml")
    assert one(logging, files(a={"log_level": "INFO"}, b={"log_level": "INFO"})).outcome is Outcome.PASS
    result = one(logging, files(a={"log_level": "INFO"}, b={"log_level": "DEBUG"}))
    assert result.outcome is Outcome.FAIL
    assert result.where == ("b.yml",)
    assert result.reason.endswith("; so in 1 of 2 files")


@pytest.mark.parametrize(
    ("item", "gaps", "reason"),
    [
        ({}, (), "no evidence: no file matches a.yml"),
        ({"a.yml": {"found": False, "format": "yaml"}}, (), "no evidence: there is no a.yml"),
        (
            {"a.yml": {"found": True, "format": "yaml"}},
            (Gap("a.yml", "is not YAML (line 3)", "a.yml", 3, ("items",)), Gap("b.yml", "is odd", "b.yml")),
            "no evidence: a.yml could not be read (a.yml: is not YAML (line 3))",
        ),
    ],
)
def test_a_file_that_is_not_there_or_cannot_be_read(item: JsonObject, gaps: tuple[Gap, ...], reason: str) -> None:
    result = one(own(LOGGING, "files", path="a.yml"), Collected("files", {"items": item}, gaps=gaps))
    assert result.outcome is Outcome.NO_EVIDENCE
    assert result.reason == reason


def test_only_gaps_about_that_file_or_about_none_cast_doubt() -> None:
    logging = own(LOGGING, "files", path="a.yml")
    good = files(a={"log_level": "INFO"})
    elsewhere = replace(good, gaps=(Gap("b.yml", "is not YAML", "b.yml", facts=("items",)),))
    assert one(logging, elsewhere).outcome is Outcome.PASS
    for gap in (Gap("a.yml", "is odd", "a.yml"), Gap("a.yml", "is odd", None), Gap("git", "was not there")):
        assert one(logging, replace(good, gaps=(gap,))).outcome is Outcome.NO_EVIDENCE


def test_a_file_that_is_no_object() -> None:
    listing = own({"type": "array", "minItems": 1}, "files", path="a.yml")
    assert one(listing, files(a=[1, 2])).reason.startswith("the value is 1 and 2")
    assert one(listing, files(a=[])).outcome is Outcome.FAIL


RUNBOOK: JsonObject = {
    "found": True,
    "path": "ops/RUNBOOK.md",
    "lines": 9,
    "words": 200,
    "headings": [],
    "missing_headings": [],
    "placeholders": 0,
    "placeholder_lines": [],
    "links": 0,
    "broken_links": 0,
    "broken_link_lines": [],
}


@pytest.mark.parametrize("path", ["ops/RUNBOOK.md", "./ops/RUNBOOK.md", "ops/*.md"])
def test_a_document_is_found_by_its_path(path: str) -> None:
    words = own({"required": ["words"], "properties": {"words": {"minimum": 100}}}, "docs", path=path)
    assert one(words, Collected("docs", {"items": {"docs.runbook": RUNBOOK}})).outcome is Outcome.PASS


def test_a_document_that_is_not_there() -> None:
    words = own({"required": ["words"], "properties": {"words": {"minimum": 100}}}, "docs", path="a.md")
    asked = Collected("docs", {"items": {"my.own": {"found": False}}})
    assert one(words, asked).reason == "no evidence: the docs evidence says nothing about words"
    assert one(words, Collected("docs", {"items": {}})).reason == "no evidence: there is no a.md"
    runbook = one(criterion("docs.runbook"), Collected("docs", {"items": {}}))
    assert runbook.reason == "no evidence: the document docs.runbook was not looked for"


def test_coverage_of_some_paths() -> None:
    payments = own({"required": ["percent"], "properties": {"percent": {"minimum": 50}}}, path="payments/**")
    result = one(payments, COLLECTED)
    assert result.outcome is Outcome.PASS
    assert result.reason.startswith("percent is 55.5, the policy wants")
    assert result.facts_pointer == "/evidence/0/facts/paths/payments~1**"
    assert one(payments, with_gaps(Gap("a", "b", facts=("paths",)))).outcome is Outcome.NO_EVIDENCE
    assert one(replace(payments, select={"path": "x/**"}), COLLECTED).reason == (
        "no evidence: no measured file matches x/**"
    )


PATCH: JsonObject = {"covered": 0, "total": 0, "files": 0, "unreported": 0, "least_covered": []}


def test_a_change_without_code_needs_no_coverage() -> None:
    empty = replace(COLLECTED, facts={**COVERAGE, "patch": PATCH})
    result = one(criterion("coverage.patch"), empty)
    assert result.outcome is Outcome.NOT_APPLICABLE
    assert result.reason == "does not apply: the change touches no line that tests could cover"
    doubtful = replace(empty, gaps=(Gap("a.py", "gives totals only", facts=("patch",)),))
    assert one(criterion("coverage.patch"), doubtful).outcome is Outcome.NO_EVIDENCE
    odd = replace(COLLECTED, facts={**COVERAGE, "patch": {**PATCH, "files": 1}})
    assert one(criterion("coverage.patch"), odd).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("select", "reason"),
    [
        ({"path": "a", "part": "patch"}, "could not be judged: select names more than one thing"),
        ({"pth": "a"}, "could not be judged: select › pth is not understood; of coverage one can select by part, path"),
        ({"part": 3}, "could not be judged: select › part is not understood"),
        ({"part": "branches"}, "no evidence: no report tells of branches"),
    ],
)
def test_selections_that_lead_nowhere(select: JsonObject, reason: str) -> None:
    assert one(replace(own({"required": ["total"]}), select=select), COLLECTED).reason.startswith(reason)


def test_a_selection_of_a_glob_that_is_none_matches_only_itself() -> None:
    logging = own(LOGGING, "files", path="a[b.yml")
    assert one(logging, files(a={})).reason == "no evidence: no file matches a[b.yml"


# --- waivers ----------------------------------------------------------------------------------------------------------


def waiver(expires: str = "2026-12-31", id_: str = "coverage.lines") -> Waiver:
    return Waiver(id_, "the old module goes next month", "ops@example.org", expires)


def test_a_waiver_lifts_the_block_and_says_what_was_waived() -> None:
    verdict = run(policy(criterion(minimum=90), criterion("coverage.matched"), waivers=(waiver(),)), COLLECTED)
    result = verdict.criteria[0]
    assert result.outcome is Outcome.WAIVED
    assert result.reason == (
        "waived by ops@example.org until 2026-12-31 (the old module goes next month); without that: 81.4 % of lines "
        "are covered, the policy wants at least 90 % (coverage.xml, 2,310 of 2,838 lines)"
    )
    assert verdict.decision is Decision.GO
    assert verdict.score < 100


@pytest.mark.parametrize(
    ("now", "outcome"),
    [
        (date(2026, 12, 31), Outcome.WAIVED),
        (date(2027, 1, 1), Outcome.FAIL),
        (datetime(2026, 12, 31, 23, 59), Outcome.WAIVED),  # noqa: DTZ001 - one without a zone is taken as it is
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), Outcome.WAIVED),
        (datetime(2027, 1, 1, 3, 0, tzinfo=timezone(timedelta(hours=5))), Outcome.WAIVED),
        (datetime(2026, 12, 31, 23, 0, tzinfo=timezone(timedelta(hours=-5))), Outcome.FAIL),
    ],
)
def test_a_waiver_holds_until_the_end_of_its_day_in_utc(now: date, outcome: Outcome) -> None:
    verdict = judge(policy(criterion(minimum=90), waivers=(waiver(),)), [COLLECTED], now=now)
    assert verdict.criteria[0].outcome is outcome


def test_an_expired_waiver_changes_nothing_and_is_told() -> None:
    result = one(criterion(minimum=90), COLLECTED, waivers=(waiver("2026-11-20"), waiver("2025-01-01")))
    assert result.outcome is Outcome.FAIL
    assert result.reason.endswith("; the waiver by ops@example.org expired on 2026-11-20")


def test_a_waiver_without_a_date_never_holds() -> None:
    assert one(criterion(minimum=90), COLLECTED, waivers=(waiver("soon"),)).outcome is Outcome.FAIL


def test_no_evidence_can_be_waived_and_an_error_cannot() -> None:
    assert one(criterion(), waivers=(waiver(),)).outcome is Outcome.WAIVED
    verdict = run(policy(criterion(), waivers=(waiver(),)), Unreadable("coverage", "it crashed"))
    assert verdict.criteria[0].outcome is Outcome.ERROR
    assert not any("not needed" in notice for notice in verdict.notices)


def test_a_waiver_that_was_not_needed_is_told() -> None:
    verdict = run(policy(criterion(minimum=80), waivers=(waiver(), waiver(id_="other.one"))), COLLECTED)
    assert [notice for notice in verdict.notices if "waiver" in notice] == [
        "The waiver of coverage.lines by ops@example.org (until 2026-12-31) was not needed; it can be removed.",
        (
            "The waiver of other.one by ops@example.org (until 2026-12-31) has nothing to do: this policy does not "
            "judge that criterion."
        ),
    ]


# --- the verdict ------------------------------------------------------------------------------------------------------


def level(name: str, minimum: float) -> Criterion:
    return replace(criterion(minimum=minimum, level=name), id=f"coverage.{name}")


@pytest.mark.parametrize(
    ("criteria", "changes", "decision", "blocked"),
    [
        ([level("must", 80)], {}, Decision.GO, ()),
        ([level("must", 80), level("may", 90)], {}, Decision.GO, ()),
        ([level("must", 80), level("should", 90)], {}, Decision.CONDITIONAL, ()),
        ([level("must", 80), level("should", 90)], {"conditional_blocks": True}, Decision.NO_GO, ("coverage.should",)),
        ([level("should", 80), level("must", 90)], {}, Decision.NO_GO, ("coverage.must",)),
        ([level("may", 90)], {}, Decision.NO_GO, ()),
        ([], {}, Decision.NO_GO, ()),
        ([replace(level("must", 80), disabled="no")], {}, Decision.NO_GO, ()),
        ([level("must", 80), level("may", 90)], {"minimum_score": 75.0}, Decision.GO, ()),
        ([level("must", 80), level("may", 90)], {"minimum_score": 75.1}, Decision.NO_GO, ()),
    ],
)
def test_decisions(
    criteria: list[Criterion], changes: dict[str, object], decision: Decision, blocked: tuple[str, ...]
) -> None:
    verdict = run(policy(*criteria, **changes), COLLECTED)
    assert verdict.decision is decision
    assert verdict.blocked_by == blocked


def test_what_blocks_without_a_criterion_is_told_first() -> None:
    assert run(policy(level("may", 90)), COLLECTED).notices[0].startswith("Nothing passed")
    verdict = run(policy(level("must", 80), level("may", 90), minimum_score=75.1), COLLECTED)
    assert verdict.notices[0] == "The score is 75, the policy wants at least 75.1."


def test_only_the_phase_and_the_kinds_that_were_asked_for_are_judged() -> None:
    later = replace(criterion(), id="later.on", phase=Phase.PRE_DEPLOY)
    given = policy(criterion(minimum=80), criterion("tests.passed"), later)
    assert [each.id for each in run(given, COLLECTED).criteria] == ["coverage.lines", "tests.passed"]
    assert [each.id for each in judge(given, [COLLECTED], now=TODAY, phase=Phase.PRE_DEPLOY).criteria] == ["later.on"]
    part = judge(given, [COLLECTED], now=TODAY, kinds=["coverage"])
    assert [each.id for each in part.criteria] == ["coverage.lines"]
    assert "This is a part of the verdict: 1 criterion was left out of this run." in part.notices


def test_notices_tell_how_far_to_trust_the_verdict() -> None:
    origin = PolicyOrigin(None, None, "0" * 64, "baseline")
    verdict = run(policy(criterion(), origin=origin), COLLECTED)
    assert verdict.notices == (
        "There is no policy file; the profile baseline was used. `gate init` writes one that fits.",
        "Evidence for coverage was supplied by the job under review: whoever writes the change can forge it.",
    )


def test_the_rest_is_handed_through() -> None:
    verdict = judge(
        policy(criterion()), [COLLECTED], now=TODAY, commit="c", base="b", generated_at="2026-11-21T00:00:00Z"
    )
    assert (verdict.commit, verdict.base, verdict.generated_at) == ("c", "b", "2026-11-21T00:00:00Z")
    assert verdict.evidence == (COLLECTED,)
    assert verdict.policy_name == "Payments"
    assert [line.name for line in verdict.categories] == ["testing"]


# --- findings ---------------------------------------------------------------------------------------------------------


def sast(findings: Sequence[Finding], **facts: Json) -> Collected:
    document = json.loads((EXAMPLES / "sast.no-high" / "accepted.json").read_text(encoding="utf-8"))["facts"]
    return Collected("sast", {**document, **facts}, findings=tuple(findings))


def finding(severity: Severity, *, suppressed: bool = False, new: bool | None = None, path: str = "a.py") -> Finding:
    return Finding("B1", severity, "bad", "bandit", path, 1, suppressed=suppressed, new=new)


FINDINGS = [
    finding("high"),
    finding("high", suppressed=True),
    finding("high", new=True),
    finding("medium"),
    finding("low", new=True),
]
COUNTS: JsonObject = {"critical": 0, "high": 2, "medium": 1, "low": 1}


@pytest.mark.parametrize(
    ("id_", "facts", "behind"),
    [
        ("sast.no-high", {"counts": COUNTS}, [0, 2]),
        ("sast.no-medium", {"counts": COUNTS}, [3]),
        ("sast.no-new", {"new": {**COUNTS, "medium": 0}}, [2]),
        ("sast.suppressions", {"suppressed": 99}, [1]),
        ("sast.parsed", {"files_failed": 1}, []),
    ],
)
def test_the_findings_behind_a_miss(id_: str, facts: dict[str, Json], behind: list[int]) -> None:
    verdict = run(policy(criterion(id_)), sast(FINDINGS, **facts))
    assert verdict.criteria[0].outcome is Outcome.FAIL
    assert verdict.findings == tuple(FINDINGS[index] for index in behind)
    assert verdict.criteria[0].finding_count == len(behind)
    assert verdict.finding_totals == {"sast": 5}


FAILING = Finding("tests/failed", "high", "test_a: 1 != 2", "tests", "tests/test_a.py", 3)
UNCOVERED = Finding("coverage/uncovered-change", "low", "lines 3-5", "coverage", "a.py", 3, new=True)


def test_failing_tests_are_behind_what_counts_them() -> None:
    document = json.loads((EXAMPLES / "tests.passed" / "rejected-failure.json").read_text(encoding="utf-8"))["facts"]
    document["suites"]["integration"]["failed"] = 1
    evidence = Collected("tests", document, findings=(FAILING,))
    given = policy(criterion("tests.passed"), criterion("tests.minimum", minimum=9999), criterion("tests.integration"))
    verdict = run(given, evidence)
    assert [each.outcome for each in verdict.criteria] == [Outcome.FAIL] * 3
    assert [each.finding_count for each in verdict.criteria] == [1, 0, 0]
    assert verdict.findings == (FAILING,)


def test_uncovered_changes_are_behind_the_coverage_of_the_change() -> None:
    patch: JsonObject = {**PATCH, "total": 5, "percent": 0.0, "files": 1}
    evidence = replace(COLLECTED, facts={**COVERAGE, "patch": patch}, findings=(UNCOVERED,))
    verdict = run(policy(criterion("coverage.patch"), criterion(minimum=90)), evidence)
    assert [each.finding_count for each in verdict.criteria] == [1, 0]


def test_findings_of_a_kind_that_nothing_counts_are_behind_all_of_it() -> None:
    problem = Finding("files/odd", "low", "is odd", "gate", "a.yml")
    evidence = Collected("files", {"items": {}}, findings=(problem,))
    verdict = run(policy(own({"required": ["absent"]}, "files")), evidence)
    assert verdict.criteria[0].finding_count == 1


def test_what_is_met_has_no_findings_behind_it() -> None:
    verdict = run(policy(criterion("sast.low")), sast(FINDINGS))
    assert (verdict.findings, verdict.criteria[0].finding_count) == ((), 0)


def test_what_is_waived_counts_its_findings_and_does_not_show_them() -> None:
    given = policy(criterion("sast.no-high"), waivers=(waiver(id_="sast.no-high"),))
    verdict = run(given, sast(FINDINGS, counts=COUNTS))
    assert (verdict.findings, verdict.criteria[0].finding_count) == ((), 2)


@given(st.sampled_from(sorted(EXAMPLES.glob("*/*.json"))))
def test_pointers_lead_to_facts(path: Path) -> None:
    given_criterion = criterion(path.parent.name)
    facts = json.loads(path.read_text(encoding="utf-8"))["facts"]
    (result,) = run(policy(given_criterion), Missing("other", "x"), Collected(given_criterion.evidence, facts)).criteria
    if result.facts_pointer is not None:
        assert result.facts_pointer.startswith("/evidence/1/facts")
        there = facts
        for step in result.facts_pointer.removeprefix("/evidence/1/facts").split("/")[1:]:
            there = there[step.replace("~1", "/").replace("~0", "~")]
    assert result.fix or result.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE)


def test_findings_are_capped_and_those_of_a_must_come_first() -> None:
    many = [finding("medium") for _ in range(1500)] + [finding("high")]
    given = policy(criterion("sast.no-medium"), criterion("sast.no-high"))
    verdict = run(given, sast(many, counts={**COUNTS, "medium": 1500}))
    assert len(verdict.findings) == 1000
    assert verdict.findings[0].severity == "high"
    assert [each.finding_count for each in verdict.criteria] == [1500, 1]


def test_findings_of_a_document_are_those_of_its_file() -> None:
    left_open = Finding("docs.placeholder", "low", "TBD", "gate", "ops/RUNBOOK.md", 3)
    others = (replace(left_open, path="b.md"), replace(left_open, rule="docs.broken-link"))
    item: JsonObject = {**RUNBOOK, "placeholders": 1}
    evidence = Collected("docs", {"items": {"docs.runbook": item}}, findings=(left_open, *others))
    assert run(policy(criterion("docs.runbook")), evidence).findings == (left_open,)


# --- hostile text -----------------------------------------------------------------------------------------------------


def test_text_of_evidence_cannot_break_out_of_a_reason() -> None:
    worst: Json = [{"path": HOSTILE, "missing": 1, "total": 2}]
    source = replace(SUPPLIED, path=HOSTILE, detail=HOSTILE)
    hostile = Collected("coverage", {**COVERAGE, "least_covered": worst}, (source,), (Gap(HOSTILE, HOSTILE),))
    shown = [
        one(criterion(minimum=90), hostile),
        one(criterion(minimum=80), hostile),
        one(own({"required": ["files"], "properties": {"files": {"const": HOSTILE}}}), hostile),
        one(criterion(), Missing("coverage", HOSTILE)),
        one(criterion(), Unreadable("coverage", HOSTILE)),
        one(criterion(minimum=90), COLLECTED, waivers=(replace(waiver(), owner=HOSTILE, reason=HOSTILE),)),
    ]
    for result in shown:
        for text in (result.reason, result.measured, result.wanted, result.fix, *result.where):
            assert "\n" not in text
            assert "\x1b" not in text
            assert "\u202e" not in text


# --- the first law, as properties -------------------------------------------------------------------------------------

NAMES = ("lines", "branches", "patch", "files", "paths")
GAPS = st.builds(
    Gap, st.sampled_from(["a.xml", "b.py", "git"]), st.just("was skipped"), st.sampled_from([None, "a.xml"]),
    st.none(), st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple),
)  # fmt: skip
CRITERIA = st.lists(st.sampled_from(sorted(CATALOGUE.criteria)), min_size=1, max_size=8, unique=True)


def example_evidence(id_: str, name: str) -> Collected:
    document = json.loads((EXAMPLES / id_ / f"{name}.json").read_text(encoding="utf-8"))
    return Collected(CATALOGUE.criteria[id_].evidence, document["facts"])


POOL: dict[str, list[Evidence]] = {}
for _path in sorted(EXAMPLES.glob("*/*.json")):
    _kind = CATALOGUE.criteria[_path.parent.name].evidence
    POOL.setdefault(_kind, []).append(example_evidence(_path.parent.name, _path.stem))
for _kind, _items in POOL.items():
    _items += [Missing(_kind, "nothing"), Missing(_kind, "nothing", not_applicable=True), Unreadable(_kind, "broken")]

EVIDENCE = st.fixed_dictionaries({}, optional={kind: st.sampled_from(items) for kind, items in POOL.items()}).map(
    lambda found: list(found.values())
)
POLICIES = st.builds(
    lambda ids, blocks, score, expects: policy(
        *(criterion(id_) for id_ in ids), conditional_blocks=blocks, minimum_score=score, expects=tuple(expects)
    ),
    CRITERIA,
    st.booleans(),
    st.none() | st.floats(0, 100),
    st.lists(st.sampled_from(sorted(POOL)), max_size=2),
)


@given(POLICIES)
def test_without_evidence_there_is_no_go(given_policy: Policy) -> None:
    verdict = run(given_policy)
    assert verdict.decision is Decision.NO_GO
    assert {each.outcome for each in verdict.criteria} == {Outcome.NO_EVIDENCE}
    assert verdict.score == 0


@given(POLICIES, EVIDENCE, st.data())
def test_taking_evidence_away_never_makes_it_better(
    given_policy: Policy, evidence: list[Evidence], data: st.DataObject
) -> None:
    kept = [item for item in evidence if data.draw(st.booleans())]
    before, after = run(given_policy, *evidence), run(given_policy, *kept)
    assert ORDER.index(after.decision) >= ORDER.index(before.decision)
    for was, now in zip(before.criteria, after.criteria, strict=True):
        assert now.outcome is not Outcome.PASS or was.outcome is Outcome.PASS


@given(POLICIES, EVIDENCE, GAPS, st.data())
def test_a_gap_never_turns_anything_into_a_pass(
    given_policy: Policy, evidence: list[Evidence], gap: Gap, data: st.DataObject
) -> None:
    worse = [replace(item, gaps=(*item.gaps, gap)) if data.draw(st.booleans()) else item for item in evidence]
    before, after = run(given_policy, *evidence), run(given_policy, *worse)
    assert ORDER.index(after.decision) >= ORDER.index(before.decision)
    for was, now in zip(before.criteria, after.criteria, strict=True):
        assert now.outcome is not Outcome.PASS or was.outcome is Outcome.PASS
        assert now.outcome is not Outcome.NOT_APPLICABLE or was.outcome is Outcome.NOT_APPLICABLE


@given(POLICIES, EVIDENCE)
def test_every_outcome_has_a_reason_on_one_line(given_policy: Policy, evidence: list[Evidence]) -> None:
    verdict = run(given_policy, *evidence)
    for result in verdict.criteria:
        assert result.reason
        assert len(result.reason.splitlines()) == 1
        assert result.fix or result.outcome not in (Outcome.FAIL,)
    assert verdict == run(given_policy, *evidence)

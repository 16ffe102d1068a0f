"""Waivers applied: what they may change, and what never."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.collect.bundle import Bundle
from gate.collect.sast.sast_facts import sast_facts
from gate.judge.catalogue import load_catalogue
from gate.judge.element_findings import fingerprints
from gate.judge.evaluate import judge as judge_facts
from gate.judge.waiver_days import standing
from gate.model.evidence import Collected, Evidence, Gap, Missing, Unreadable
from gate.model.finding import Finding, Severity
from gate.model.json import Json, JsonObject
from gate.model.policy import Criterion, Level, Policy, PolicyOrigin, Waiver, Waiving
from gate.model.verdict import UNMET, CriterionResult, Outcome, Verdict, WaiverState
from gate.pipeline import judge, stamp

CATALOGUE = load_catalogue()
NOW = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)
HIGH, CRITICAL = CATALOGUE.criteria["sast.no-high"].fill({}), CATALOGUE.criteria["sast.no-critical"].fill({})
PARSED = CATALOGUE.criteria["sast.parsed"].fill({})
MARKS = [f"{number:064x}" for number in range(1, 7)]


def finding(mark: str, severity: Severity = "high", **more: object) -> Finding:
    base = Finding("B602", severity, "a shell", "bandit", "a.py", 3, mark)
    return replace(base, **more)  # type: ignore[arg-type]  # the tests name the fields


def sast(*found: Finding, gaps: Sequence[Gap] = ()) -> Collected:
    facts: JsonObject = {
        "tools": [{"name": "bandit", "version": "1.9.4"}],
        "files_scanned": 3,
        "files_failed": 0,
        "excluded": 0,
        "reports": 0,
        "ignored_asserts": 0,
    }
    return Collected("sast", sast_facts(found, facts), gaps=tuple(gaps), findings=found)


def waiver(*marks: str, days: int = 30, id_: str = "sast.no-high", owner: str = "ada") -> Waiver:
    return Waiver(id_, "it goes", owner, (NOW.date() + timedelta(days)).isoformat(), findings=marks)


def policy(*waivers: Waiver, criteria: Sequence[Criterion] = (HIGH, CRITICAL, PARSED), **limits: object) -> Policy:
    base = Policy("p", PolicyOrigin(None, None, "0" * 64, "baseline"), tuple(criteria), waivers=waivers)
    return replace(base, waiving=Waiving(**limits))  # type: ignore[arg-type]  # the tests name the fields


def run(given_policy: Policy, *evidence: Evidence, now: datetime = NOW) -> Verdict:
    return judge(given_policy, Bundle(tuple(evidence), None, None, ""), now=now)


def result(verdict: Verdict, id_: str = "sast.no-high") -> CriterionResult:
    return next(item for item in verdict.criteria if item.id == id_)


# --- what a waiver never does -----------------------------------------------------------------------------------------

severities: st.SearchStrategy[Severity] = st.sampled_from(["critical", "high", "medium"])
findings = st.lists(st.builds(finding, st.sampled_from(["", *MARKS]), severities, suppressed=st.booleans()), max_size=6)
waivers = st.lists(
    st.builds(
        lambda marks, days, id_, owner: waiver(*marks, days=days, id_=id_, owner=owner),
        st.lists(st.sampled_from(MARKS), max_size=3, unique=True),
        st.integers(-3, 100),
        st.sampled_from(["sast.no-high", "sast.no-critical", "sast.parsed", "coverage.lines"]),
        st.sampled_from(["ada", "bob"]),
    ),
    max_size=5,
)


@settings(deadline=None)
@given(findings, waivers, st.randoms(use_true_random=False))
def test_properties_of_all_waivers(found: list[Finding], given_waivers: list[Waiver], order: random.Random) -> None:
    """Never a pass, the same in any order, the facts untouched, and nothing but what is unmet is changed."""
    evidence = sast(*found)
    plain, verdict = run(policy(), evidence), run(policy(*given_waivers), evidence)
    for before, after in zip(plain.criteria, verdict.criteria, strict=True):
        if before.outcome in UNMET:
            assert after.outcome in UNMET | {Outcome.WAIVED}
        else:
            assert (after.outcome, after.reason) == (before.outcome, before.reason)
        if after.outcome is Outcome.WAIVED:
            assert any(
                each.criterion == after.id and standing(each, Waiving(), NOW.date()).holds for each in given_waivers
            )
            assert after.waived_until >= NOW.date().isoformat()
    assert verdict.evidence == (evidence,)
    assert verdict.score == plain.score, "waived earns what unmet earned: nothing"
    assert verdict.finding_totals == plain.finding_totals
    shuffled = list(given_waivers)
    order.shuffle(shuffled)
    other = run(policy(*shuffled), evidence)
    assert other.criteria == verdict.criteria or _same_but_for_ties(other, verdict)
    assert sorted(map(repr, other.waiver_uses)) == sorted(map(repr, verdict.waiver_uses))
    assert [use.waiver for use in verdict.waiver_uses] == given_waivers


def _same_but_for_ties(one: Verdict, two: Verdict) -> bool:
    """Whether two verdicts differ in nothing but the order of sentences about waivers that end on one day."""
    return [(item.outcome, sorted(item.reason)) for item in one.criteria] == [
        (item.outcome, sorted(item.reason)) for item in two.criteria
    ]


@settings(deadline=None)
@given(findings, st.sets(st.sampled_from(MARKS), min_size=1))
def test_a_criterion_is_waived_exactly_when_nothing_else_is_found(found: list[Finding], marks: set[str]) -> None:
    verdict = run(policy(waiver(*sorted(marks))), sast(*found))
    live = [each for each in found if each.severity == "high" and not each.suppressed]
    counts = {mark: sum(each.fingerprint == mark for each in found) for mark in marks}
    left = [each for each in live if counts.get(each.fingerprint) != 1]
    wanted = Outcome.PASS if not live else Outcome.FAIL if left else Outcome.WAIVED
    assert result(verdict).outcome is wanted
    assert result(verdict, "sast.no-critical").waived_findings == 0


# --- days -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "state"),
    [(-1, WaiverState.EXPIRED), (0, None), (1, None), (90, None), (91, WaiverState.TOO_FAR)],
)
def test_t15_when_a_waiver_holds(days: int, state: WaiverState | None) -> None:
    found = standing(waiver(days=days), Waiving(), NOW.date())
    assert (found.state, found.days_left) == (state, days)


@pytest.mark.parametrize("text", ["soon", "2027-W01-1", "20270101", ""])
def test_t15_what_is_no_day_never_holds(text: str) -> None:
    verdict = run(policy(replace(waiver(), expires=text)), sast(finding(MARKS[0])))
    assert result(verdict).outcome is Outcome.FAIL
    assert (verdict.waiver_uses[0].state, verdict.waiver_uses[0].days_left) == (WaiverState.REFUSED, None)


def test_t15_the_day_is_that_of_utc_and_told() -> None:
    """Where it is tomorrow already, the waiver still holds; where it is today still, it is over."""
    from datetime import timezone

    given_policy, evidence = policy(waiver(MARKS[0], days=0)), sast(finding(MARKS[0]))
    east = NOW.astimezone(timezone(timedelta(hours=14)))
    west = (NOW + timedelta(seconds=1)).astimezone(timezone(timedelta(hours=-11)))
    assert (east.date(), west.date()) == (date(2026, 11, 22), date(2026, 11, 21))
    holding, over = run(given_policy, evidence, now=east), run(given_policy, evidence, now=west)
    assert (result(holding).outcome, result(over).outcome) == (Outcome.WAIVED, Outcome.FAIL)
    assert (holding.generated_at, over.generated_at) == ("2026-11-21T23:59:59Z", "2026-11-22T00:00:00Z")
    assert stamp(NOW.replace(tzinfo=None)) == "2026-11-21T23:59:59Z"


def test_t15_what_nobody_may_waive_is_not_even_where_the_file_was_not_looked_at() -> None:
    evidence = sast(finding(MARKS[0]))
    verdict = run(policy(waiver(), never=("sast.no-high",)), evidence)
    assert "the policy lets nobody waive this criterion" in result(verdict).reason
    assert result(verdict).outcome is Outcome.FAIL
    verdict = run(policy(waiver(), require_link=True), evidence)
    assert "asks for a link" in result(verdict).reason
    verdict = run(policy(replace(waiver(), link="https://example.org/1"), require_link=True), evidence)
    assert result(verdict).outcome is Outcome.WAIVED


# --- several, and those that do nothing -------------------------------------------------------------------------------


def test_several_waivers_of_one_criterion() -> None:
    evidence = sast(finding(MARKS[0]), finding(MARKS[1]), finding(MARKS[2]))
    both = policy(waiver(MARKS[0], MARKS[1], days=20), waiver(MARKS[2], days=10, owner="bob"))
    found = result(run(both, evidence))
    assert (found.outcome, found.waived_findings, found.waived_until) == (Outcome.WAIVED, 3, "2026-12-01")
    assert found.reason.startswith(
        "2 findings are waived by ada until 2026-12-11 (it goes); 1 finding is waived by bob"
    )
    whole = policy(waiver(MARKS[0]), waiver(days=5, owner="bob"))
    verdict = run(whole, evidence)
    assert result(verdict).reason.startswith("waived by bob until 2026-11-26")
    assert [use.state for use in verdict.waiver_uses] == [WaiverState.ACTIVE, WaiverState.ACTIVE]
    verdict = run(policy(waiver(*MARKS[:3]), waiver(days=5, owner="bob")), evidence)
    assert [use.state for use in verdict.waiver_uses] == [WaiverState.ACTIVE, WaiverState.UNUSED]
    assert verdict.waiver_uses[1].told == "the waivers of its findings are enough"


def test_five_waivers_are_not_all_spelled_out() -> None:
    evidence = sast(*map(finding, MARKS[:5]))
    verdict = run(policy(*(waiver(mark, owner=f"o{mark[-1]}") for mark in MARKS[:5])), evidence)
    assert "; others by 2 waivers more; without that" in result(verdict).reason
    assert result(verdict).waived_findings == 5


@pytest.mark.parametrize(
    ("given_waiver", "state", "told"),
    [
        (waiver("a" * 64), WaiverState.UNUSED, "no finding has a fingerprint that it names"),
        (waiver(MARKS[1]), WaiverState.UNUSED, "the criterion does not count the findings that it names"),
        (waiver(MARKS[2]), WaiverState.REFUSED, "several findings have the fingerprint"),
        (waiver(""), WaiverState.UNUSED, "no finding has a fingerprint that it names"),
        (waiver(MARKS[0][:32]), WaiverState.UNUSED, "no finding has a fingerprint that it names"),
        (waiver(MARKS[0].upper() + "\n"), WaiverState.UNUSED, "no finding has a fingerprint that it names"),
    ],
)
def test_why_a_waiver_of_findings_waives_nothing(given_waiver: Waiver, state: WaiverState, told: str) -> None:
    found = [finding(MARKS[0]), finding(MARKS[1], "low"), finding(MARKS[2]), finding(MARKS[2], line=9), finding("")]
    verdict = run(policy(given_waiver), sast(*found))
    assert (result(verdict).outcome, verdict.waiver_uses[0].state) == (Outcome.FAIL, state)
    assert told in result(verdict).reason
    assert result(verdict).finding_count == 4


def test_an_error_cannot_be_waived_nor_its_findings() -> None:
    verdict = run(policy(waiver(), waiver(MARKS[0])), Unreadable("sast", "bandit crashed"))
    assert result(verdict).outcome is Outcome.ERROR
    assert {use.state for use in verdict.waiver_uses} == {WaiverState.REFUSED}
    assert all("could not be judged" in use.told for use in verdict.waiver_uses)


def test_findings_of_what_was_not_collected_cannot_be_waived() -> None:
    verdict = run(policy(waiver(MARKS[0])), Missing("sast", "there is no bandit"))
    assert result(verdict).outcome is Outcome.NO_EVIDENCE
    assert "there are no sast findings" in result(verdict).reason
    assert run(policy(waiver()), Missing("sast", "there is no bandit")).criteria[0].outcome is Outcome.WAIVED


def test_findings_taken_from_a_bundle_cannot_be_waived_away() -> None:
    """The counts say two; the file of findings holds one, and it is waived."""
    forged = replace(sast(finding(MARKS[0]), finding(MARKS[1])), findings=(finding(MARKS[0]),))
    verdict = run(policy(waiver(MARKS[0])), forged)
    assert result(verdict).outcome is Outcome.FAIL
    assert "do not follow from the findings" in result(verdict).reason


def test_the_judge_alone_waives_no_findings() -> None:
    verdict = judge_facts(policy(waiver(MARKS[0])), [sast(finding(MARKS[0]))], now=NOW)
    assert result(verdict).outcome is Outcome.FAIL
    assert "single findings were not looked at" in result(verdict).reason


def test_a_gap_is_not_waived_with_the_findings() -> None:
    """Without the finding it would pass, were it not for a file that nobody read."""
    evidence = sast(finding(MARKS[0]), gaps=[Gap("b.py", "does not parse")])
    verdict = run(policy(waiver(MARKS[0])), evidence)
    assert result(verdict).outcome is Outcome.NO_EVIDENCE
    assert "beside that 1 finding is waived by ada" in result(verdict).reason


def test_a_waiver_of_another_criterion_is_told() -> None:
    verdict = run(policy(waiver(id_="coverage.lines"), waiver(id_="sast.no-critical")), sast(finding(MARKS[0])))
    assert [use.state for use in verdict.waiver_uses] == [WaiverState.NOT_JUDGED, WaiverState.UNUSED]
    assert any("has nothing to do: this policy does not judge that criterion" in each for each in verdict.notices)
    part = judge(
        policy(waiver(), criteria=(HIGH, CATALOGUE.criteria["docs.readme"].fill({}))),
        Bundle((), None, None, ""),
        now=NOW,
        only=["docs"],
    )
    assert not [notice for notice in part.notices if "waiver" in notice], "it was left out, not unused"


# --- elements ---------------------------------------------------------------------------------------------------------


def workload(name: str, line: int = 1, **more: Json) -> JsonObject:
    return {"kind": "Deployment", "namespace": "shop", "name": name, "path": "k8s.yml", "line": line, **more}


PROBE = Criterion(
    "my.probe", "Probes", "cluster", Level.MUST, "inventory",
    {"required": ["probe"], "properties": {"probe": {"const": True}}},
    select={"each": "languages"}, own=True,
)  # fmt: skip


def elements(*items: Json) -> Collected:
    return Collected("inventory", {"languages": [*items]})


def marks_of(evidence: Collected, criterion: Criterion = PROBE) -> list[str]:
    from gate.judge.each import survey

    return [mark for _element, mark in fingerprints(survey(criterion, evidence.facts))]


def judged(given_policy: Policy, evidence: Collected, monkeypatch: pytest.MonkeyPatch) -> Verdict:
    """Judge facts that fit no schema of ours: these tests are about elements of any kind."""
    for module in ("gate.judge.evaluate", "gate.judge.without"):
        monkeypatch.setattr(f"{module}.sound", lambda each: each)
    return run(given_policy, evidence)


def test_single_elements_are_waived(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = elements(workload("api"), workload("web"), workload("ok", probe=True))
    first, second = marks_of(evidence)
    one = judged(policy(waiver(first, id_="my.probe"), criteria=[PROBE]), evidence, monkeypatch)
    found = result(one, "my.probe")
    assert (found.outcome, found.finding_count, found.waived_findings) == (Outcome.FAIL, 1, 1)
    assert found.reason.startswith("1 of 3")
    assert [each.fingerprint for each in one.findings] == [second]
    both = judged(policy(waiver(first, second, id_="my.probe"), criteria=[PROBE]), evidence, monkeypatch)
    assert result(both, "my.probe").outcome is Outcome.WAIVED
    assert result(both, "my.probe").finding_count == 2


def test_another_element_is_another_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    (mark,) = marks_of(elements(workload("api")))
    given_policy = policy(waiver(mark, id_="my.probe"), criteria=[PROBE])
    same = [workload("api", 77), workload("api", image="new")]
    others = [workload("web"), workload("api", probe=False), {**workload("api"), "path": "other.yml"}]
    others += [workload("api") | {"namespace": "prod"}, workload("api") | {"kind": "Job"}]
    for item in same:
        assert result(judged(given_policy, elements(item), monkeypatch), "my.probe").outcome is Outcome.WAIVED
    for item in others:
        assert result(judged(given_policy, elements(item), monkeypatch), "my.probe").outcome is Outcome.FAIL


def test_names_that_look_alike_are_not_the_same() -> None:
    long = "a" * 200
    made = marks_of(elements(workload(long + "x"))) + marks_of(elements(workload(long + "y")))
    made += marks_of(elements(workload("api"))) + marks_of(elements(workload("a\u200bpi")))
    assert len(set(made)) == 4


def test_elements_without_a_name_are_told_by_what_they_are() -> None:
    bare: list[Json] = [{"port": 22, "line": 3}, {"port": 3389, "line": 4}, {"port": 22, "line": 9}, "text", 5]
    made = marks_of(elements(*bare))
    assert len(set(made)) == 5
    assert set(marks_of(elements(*bare[1:]))) == {*made[:2], *made[3:]}, "the place in the list means nothing"


def test_too_few_elements_are_not_waived_with_those_that_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = elements(workload("api"))
    given_policy = policy(
        waiver(*marks_of(evidence), id_="my.probe"),
        criteria=[replace(PROBE, select={"each": "languages", "at_least": 2})],
    )
    assert result(judged(given_policy, evidence, monkeypatch), "my.probe").outcome is Outcome.FAIL

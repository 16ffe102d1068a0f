"""Criteria that are about each element of a list: outcomes, sentences, gaps, findings, speed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.judge import evaluate
from gate.judge.catalogue import read_entry
from gate.judge.criterion import Judged, judge_criterion
from gate.judge.each import Element, NoElementsError, elements_of, pointer_to, survey
from gate.judge.element_findings import ElementFindings
from gate.judge.evaluate import judge
from gate.judge.schema import validator
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject
from gate.model.policy import AcceptedGaps, Criterion, Level, Policy, PolicyOrigin, Waiver
from gate.model.verdict import Outcome, Verdict

TODAY = date(2026, 11, 21)
READY: JsonObject = {"readiness": {"period": 10}}
API: JsonObject = {"kind": "Deployment", "namespace": "shop", "name": "api", "path": "k8s/api.yaml", "line": 3}
WEB: JsonObject = {"kind": "Deployment", "name": "web", "path": "k8s/web.yaml", "line": 1, "probes": READY}
JOB: JsonObject = {"kind": "CronJob", "name": "nightly", "path": "k8s/job.yaml", "line": 9, "probes": {}}
REQUIRE: JsonObject = {"required": ["probes"], "properties": {"probes": {"required": ["readiness"]}}}
DEPLOYMENTS: JsonObject = {"required": ["kind"], "properties": {"kind": {"const": "Deployment"}}}
SOURCE = Source(How.PRODUCED, "k8s/web.yaml")
NOUN = "workload|workloads"


def criterion(require: JsonObject = REQUIRE, **select: Json) -> Criterion:
    return Criterion(
        "kubernetes.readiness",
        "Every workload says when it is ready",
        "kubernetes",
        Level.MUST,
        "kubernetes",
        require,
        select={"each": "workloads", "noun": NOUN, **select},
        measured="has no readiness probe",
        passed="{count|workload has|workloads have} a readiness probe",
        wanted="a readiness probe on each workload",
        fix="Add a readinessProbe to {kind} {name} in {path}. || Add a readinessProbe.",
    )


def bare(require: JsonObject = REQUIRE, **select: Json) -> Criterion:
    """A criterion without any words, as a policy may write it."""
    select = {"each": "workloads", **select}
    return Criterion("my.own", "Mine", "kubernetes", Level.SHOULD, "kubernetes", require, select=select, own=True)


def collected(*workloads: Json, gaps: tuple[Gap, ...] = ()) -> Collected:
    return Collected("kubernetes", {"workloads": list(workloads)}, (SOURCE,), gaps)


def judged(given_criterion: Criterion, evidence: Evidence) -> Judged:
    return judge_criterion(given_criterion, [evidence], ())


def test_all_of_them_pass() -> None:
    result = judged(criterion(), collected(WEB, {**WEB, "name": "cart"}))
    assert result.outcome is Outcome.PASS
    assert result.reason == (
        "2 workloads have a readiness probe, the policy wants a readiness probe on each workload (k8s/web.yaml)"
    )
    assert result.pointer == "/workloads"


def test_some_miss_it_and_are_named() -> None:
    result = judged(criterion(), collected(API, WEB, JOB))
    assert result.outcome is Outcome.FAIL
    assert result.reason == (
        "2 of 3 workloads: Deployment shop/api (k8s/api.yaml:3) has no readiness probe; CronJob nightly "
        "(k8s/job.yaml:9) has no readiness probe, the policy wants a readiness probe on each workload"
    )
    assert result.where == ("k8s/api.yaml", "k8s/job.yaml")
    assert result.fix == "Add a readinessProbe to Deployment api in k8s/api.yaml."


def test_the_first_three_are_named_and_the_rest_counted() -> None:
    many = [{**API, "name": f"api-{number}", "line": number} for number in range(1, 1301)]
    result = judged(criterion(), collected(*many))
    assert "1,300 of 1,300 workloads: Deployment shop/api-1 (" in result.measured
    assert result.measured.endswith("Deployment shop/api-3 (k8s/api.yaml:3) has no readiness probe; and 1,297 more")


def test_what_an_element_does_not_have_it_misses() -> None:
    """In a whole document an absent fact was not measured; in an element that was looked at it is not set."""
    require: JsonObject = {"required": ["replicas"], "properties": {"replicas": {"minimum": 2}}}
    assert judged(bare(require), collected(API)).outcome is Outcome.FAIL
    whole = replace(bare(require), select={})
    assert judged(whole, Collected("kubernetes", {"other": 1})).outcome is Outcome.NO_EVIDENCE


def test_where_leaves_out() -> None:
    result = judged(criterion(where=DEPLOYMENTS), collected(WEB, JOB))
    assert result.outcome is Outcome.PASS
    assert result.reason.startswith("1 workload has a readiness probe")


def test_none_at_all_does_not_apply() -> None:
    result = judged(criterion(), collected())
    assert (result.outcome, result.reason) == (Outcome.NOT_APPLICABLE, "does not apply: there is no workload")
    result = judged(criterion(where=DEPLOYMENTS), collected(JOB))
    assert result.reason == "does not apply: there is no workload of this sort"


@pytest.mark.parametrize(
    ("at_least", "workloads", "outcome"),
    [
        (0, [], Outcome.NOT_APPLICABLE),
        (1, [], Outcome.FAIL),
        (1, [JOB], Outcome.FAIL),
        (1, [WEB], Outcome.PASS),
        (2, [WEB], Outcome.FAIL),
        (2, [WEB, WEB, JOB], Outcome.PASS),
        (1.5, [WEB], Outcome.FAIL),
    ],
)
def test_fewer_than_wanted_fail(at_least: float, workloads: list[JsonObject], outcome: Outcome) -> None:
    assert judged(criterion(where=DEPLOYMENTS, at_least=at_least), collected(*workloads)).outcome is outcome


def test_how_many_are_too_few_is_told_beside_what_misses_it() -> None:
    result = judged(criterion(at_least=1), collected())
    assert result.measured == "there are 0 workloads and must be at least 1"
    assert result.fix == "Add a readinessProbe."
    result = judged(criterion(where=DEPLOYMENTS, at_least=2), collected(API))
    assert result.measured == (
        "1 of 1 workload: Deployment shop/api (k8s/api.yaml:3) has no readiness probe; "
        "there is 1 workload of this sort and must be at least 2"
    )


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "no evidence: the kubernetes evidence says nothing about workloads"),
        ({"workloads": 3}, "no evidence: the kubernetes evidence has no list or map workloads"),
        ({"workloads": None}, "no evidence: the kubernetes evidence has no list or map workloads"),
    ],
)
def test_a_list_that_is_not_there_is_no_evidence(facts: JsonObject, said: str) -> None:
    result = judged(criterion(at_least=1), Collected("kubernetes", facts))
    assert (result.outcome, result.reason, result.survey) == (Outcome.NO_EVIDENCE, said, None)


def test_nothing_of_the_kind_does_not_apply_even_where_some_are_wanted() -> None:
    missing = Missing("kubernetes", "there is no manifest", not_applicable=True)
    assert judged(criterion(at_least=1), missing).outcome is Outcome.NOT_APPLICABLE
    assert judge_criterion(criterion(), [missing], ["kubernetes"]).outcome is Outcome.FAIL


# --- gaps ----------------------------------------------------------------------------------------------------------

BROKEN = Gap("k8s/b.yaml", "is no YAML", "k8s/b.yaml")


@pytest.mark.parametrize(
    ("facts", "open_"),
    [
        ((), True),
        (("workloads",), True),
        (("workloads.probes",), True),
        (("workloads.probes.readiness",), True),
        (("workloads.limits",), False),
        (("workloads.kind",), True),
        (("budgets",), False),
        (("budgets", "workloads"), True),
    ],
)
def test_gaps_about_what_is_asked_cast_doubt(facts: tuple[str, ...], open_: bool) -> None:
    gap = replace(BROKEN, facts=facts)
    wanted = Outcome.NO_EVIDENCE if open_ else Outcome.PASS
    assert judged(criterion(where=DEPLOYMENTS), collected(WEB, gaps=(gap,))).outcome is wanted
    nothing = Outcome.NO_EVIDENCE if open_ else Outcome.NOT_APPLICABLE
    assert judged(criterion(where=DEPLOYMENTS), collected(gaps=(gap,))).outcome is nothing


def test_a_schema_about_all_of_an_element_is_in_doubt_by_any_of_it() -> None:
    gap = replace(BROKEN, facts=("workloads.limits",))
    require: JsonObject = {**REQUIRE, "minProperties": 1}
    assert judged(bare(require), collected(WEB, gaps=(gap,))).outcome is Outcome.NO_EVIDENCE


def test_a_miss_stands_whatever_the_gaps() -> None:
    assert judged(criterion(), collected(API, WEB, gaps=(BROKEN,))).outcome is Outcome.FAIL
    assert judged(criterion(at_least=3), collected(WEB, gaps=(BROKEN,))).outcome is Outcome.FAIL


def test_accepted_gaps_are_told() -> None:
    accepting = replace(criterion(), accept_gaps=AcceptedGaps(("k8s/*",), "an example"))
    result = judged(accepting, collected(WEB, gaps=(BROKEN,)))
    assert result.outcome is Outcome.PASS
    assert result.reason.endswith("; 1 gap is accepted by the policy (k8s/b.yaml: is no YAML), because an example")
    assert judged(accepting, collected(gaps=(BROKEN,))).outcome is Outcome.NOT_APPLICABLE


# --- sentences -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("element", "subject"),
    [
        (API, "Deployment shop/api (k8s/api.yaml:3)"),
        ({**API, "container": "app"}, "container app of Deployment shop/api (k8s/api.yaml:3)"),
        ({"name": "api"}, "workload api"),
        ({"title": "Errors", "path": "d.json"}, "workload Errors (d.json)"),
        ({"id": "a", "namespace": "n"}, "workload n/a"),
        ({"path": "Dockerfile", "line": 4}, "Dockerfile:4"),
        ({"path": "Dockerfile", "line": 0}, "Dockerfile"),
        ({"path": "Dockerfile", "line": True}, "Dockerfile"),
        ({"line": 4}, "entry 1 of workloads"),
        ({"name": 4, "path": ["x"], "kind": None, "namespace": {}}, "entry 1 of workloads"),
        ({"kind": "Deployment"}, "entry 1 of workloads"),
        ("a text", "a text"),
        (None, "None"),
        ({"name": "x\n::error::\u202epwned"}, "workload x ::error::pwned"),
    ],
)
def test_what_an_element_is_called(element: Json, subject: str) -> None:
    found = survey(criterion(), {"workloads": [element]})
    assert found.subject(found.elements[0]) == subject


def test_without_words_the_problems_and_places_are_told() -> None:
    result = judged(bare(), collected(API, WEB, JOB))
    assert result.reason == (
        "2 of 3 entries of workloads: Deployment shop/api (k8s/api.yaml:3): probes is missing; CronJob nightly "
        "(k8s/job.yaml:9): probes.readiness is missing, the policy wants a value"
    )
    assert judged(bare(), collected(WEB)).measured == "the only entry of workloads is as wanted"
    assert judged(bare(noun=NOUN), collected(WEB, WEB)).measured == "all 2 workloads are as wanted"


def test_words_are_filled_from_the_element_alone() -> None:
    """What an element does not have is not taken from the facts around it."""
    words = replace(criterion(), measured="has {replicas|replica|replicas} || says no number")
    facts: JsonObject = {"replicas": 9, "workloads": [{"name": "a", "replicas": 1}, {"name": "b"}]}
    result = judged(words, Collected("kubernetes", facts))
    assert "workload a has 1 replica; workload b says no number" in result.reason


def test_the_detail_and_what_passed_may_name_other_facts() -> None:
    words = replace(criterion(), detail="{documents|document|documents}")
    facts: JsonObject = {"workloads": [WEB], "documents": 4}
    assert judged(words, Collected("kubernetes", facts)).reason.endswith("(4 documents)")


# --- which elements ------------------------------------------------------------------------------------------------


def test_the_values_of_a_map_are_named_by_their_keys() -> None:
    facts: JsonObject = {"jobs": {"a/b": {"runs": 1}, "c": {"name": "C"}, "d": 5}}
    found = list(elements_of({"each": "jobs"}, facts))
    assert found == [
        Element("/jobs/a~1b", "a/b", {"name": "a/b", "runs": 1}),
        Element("/jobs/c", "c", {"name": "C"}),
        Element("/jobs/d", "d", 5),
    ]


def test_a_list_further_down() -> None:
    facts: JsonObject = {"a": {"b": [1, 2]}}
    assert [each.pointer for each in elements_of({"each": "a.b"}, facts)] == ["/a/b/0", "/a/b/1"]
    for fact in ("a.c", "a.b.c", "a.b.0"):
        with pytest.raises(NoElementsError, match=f"says nothing about {fact}"):
            list(elements_of({"each": fact}, facts))
    assert pointer_to("a.b~/c") == "/a/b~0~1c"


def test_a_text_has_none_of_the_names_that_are_asked_for() -> None:
    """JSON Schema lets `required` pass for what is no object."""
    assert validator(REQUIRE).is_valid("a text")
    assert judged(criterion(), collected("a text")).outcome is Outcome.FAIL
    assert judged(bare({"type": "string", "minLength": 3}), collected("a text")).outcome is Outcome.PASS
    assert judged(bare({"type": "number", "minimum": 3}), collected("a text", 4)).outcome is Outcome.FAIL


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([1.0, "1", "a", "", [], {}, [1], {"b": 1}])
)
ELEMENTS = st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3), max_size=8)
SCHEMAS: list[JsonObject] = [
    {"required": ["a"]},
    {"properties": {"a": {"const": 1}}, "required": ["a"]},
    {"anyOf": [{"required": ["a"]}, {"properties": {"b": {"type": "string"}}, "required": ["b"]}]},
    {"if": {"properties": {"a": {"type": "boolean"}}}, "then": {"required": ["b"]}, "else": {"required": ["c"]}},
    {"not": {"properties": {"c": {"enum": [True, 0]}}}},
    {"maxProperties": 2},
    {"additionalProperties": {"type": "integer"}},
    {"dependentRequired": {"a": ["b"]}},
    {"$ref": "#/$defs/x", "$defs": {"x": {"properties": {"b": {"minProperties": 1}}, "required": ["b"]}}},
]


@given(ELEMENTS, st.sampled_from(SCHEMAS), st.sampled_from(SCHEMAS))
def test_every_element_is_judged_as_if_it_were_alone(
    elements: list[JsonObject], where: JsonObject, require: JsonObject
) -> None:
    found = survey(bare(require, where=where), {"workloads": list(elements)})
    about = [each for each in elements if validator(where).is_valid(each)]
    missing = [each for each in about if not validator(require).is_valid(each)]
    # Compared as text: Python takes 1, 1.0 and true for the same.
    assert json.dumps([each.document for each in found.elements]) == json.dumps(about)
    assert json.dumps([each.document for each in found.failing]) == json.dumps(missing)


JSON_VALUES: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMED = st.dictionaries(st.sampled_from(["kind", "name", "namespace", "path", "line", "probes"]), JSON_VALUES)


@given(st.one_of(st.lists(st.one_of(NAMED, JSON_VALUES), max_size=5), st.dictionaries(st.text(max_size=4), NAMED)))
def test_nothing_in_the_facts_makes_it_raise(value: Json) -> None:
    for given_criterion in (criterion(where=DEPLOYMENTS, at_least=1), bare()):
        result = judged(given_criterion, Collected("kubernetes", {"workloads": value}))
        assert "\n" not in result.reason
        if result.survey is not None:
            assert len(list(ElementFindings(result.survey))) == len(result.survey.failing)


# --- findings ------------------------------------------------------------------------------------------------------


def findings(given_criterion: Criterion, *workloads: Json) -> list[Finding]:
    found = judged(given_criterion, collected(*workloads)).survey
    assert found is not None
    return list(ElementFindings(found))


def test_each_element_that_misses_it_is_a_finding() -> None:
    (first, second) = findings(criterion(), API, WEB, {**JOB, "container": "app"})
    assert (first.rule, first.severity, first.tool) == ("kubernetes.readiness", "high", "gate")
    assert (first.path, first.line) == ("k8s/api.yaml", 3)
    assert first.message == "Deployment shop/api has no readiness probe"
    assert first.properties == {"kind": "Deployment", "namespace": "shop", "name": "api"}
    assert second.message == "container app of CronJob nightly has no readiness probe"
    assert first.fingerprint != second.fingerprint


def test_severities_are_those_of_the_levels() -> None:
    found = [findings(replace(criterion(), level=level), API)[0].severity for level in Level]
    assert found == ["high", "medium", "low"]


def test_fingerprints_do_not_depend_on_lines_or_order() -> None:
    (before, _) = findings(criterion(), API, JOB)
    (_, after) = findings(criterion(), JOB, {**API, "line": 77})
    assert before.fingerprint == after.fingerprint
    assert replace(criterion(), id="other.id") != criterion()
    (other,) = findings(replace(criterion(), id="other.id"), API)
    assert other.fingerprint != before.fingerprint


def test_those_of_the_same_name_have_fingerprints_of_their_own() -> None:
    found = findings(criterion(), API, {**API, "line": 30}, {"probes": {}}, {"probes": {}})
    assert len({each.fingerprint for each in found}) == 4


def test_a_line_without_a_path_is_not_told() -> None:
    (found,) = findings(bare(), {"line": 3})
    assert (found.path, found.line, found.message) == (None, None, "entry 1 of workloads: probes is missing")


def named(number: int) -> JsonObject:
    return {"name": f"w{number}"}


def test_only_the_first_fifty_are_explained() -> None:
    found = findings(bare(), *[named(number) for number in range(60)])
    assert found[49].message == "w49: probes is missing"
    assert found[50].message == "w50 is not as the policy wants it"


def test_findings_are_a_collection() -> None:
    found = judged(criterion(), collected(API)).survey
    assert found is not None
    every = ElementFindings(found)
    assert len(every) == 1
    assert next(iter(every)) in every
    assert replace(next(iter(every)), line=4) not in every


@pytest.fixture
def any_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the facts as they are: these tests are about what is made of them."""
    same: Callable[[Evidence], Evidence] = lambda evidence: evidence  # noqa: E731 - a name for its type
    monkeypatch.setattr(evaluate, "sound", same)


def verdict(criteria: list[Criterion], evidence: Evidence, waivers: tuple[Waiver, ...] = ()) -> Verdict:
    policy = Policy("p", PolicyOrigin(None, None, "0" * 64, "strict"), tuple(criteria), waivers=waivers)
    return judge(policy, [evidence], now=TODAY)


@pytest.mark.usefixtures("any_facts")
def test_the_verdict_holds_them_and_counts_them() -> None:
    own = replace(bare(), level=Level.MAY)
    result = verdict([own, criterion()], collected(API, WEB, JOB))
    assert [each.finding_count for each in result.criteria] == [2, 2]
    assert [each.facts_pointer for each in result.criteria] == ["/evidence/0/facts/workloads"] * 2
    # Those of a must come first.
    assert [each.rule for each in result.findings] == ["kubernetes.readiness"] * 2 + ["my.own"] * 2


@pytest.mark.usefixtures("any_facts")
def test_findings_of_the_evidence_are_not_behind_it() -> None:
    other = Finding("x", "high", "m", "t")
    result = verdict([criterion()], replace(collected(API), findings=(other,)))
    assert [each.rule for each in result.findings] == ["kubernetes.readiness"]


@pytest.mark.usefixtures("any_facts")
def test_what_passes_or_is_not_known_has_none() -> None:
    assert verdict([criterion()], collected(WEB)).findings == ()
    doubtful = verdict([criterion()], collected(WEB, gaps=(BROKEN,)))
    assert (doubtful.criteria[0].outcome, doubtful.findings) == (Outcome.NO_EVIDENCE, ())
    unknown = verdict([criterion()], Collected("kubernetes", {}))
    assert (unknown.criteria[0].outcome, unknown.findings) == (Outcome.NO_EVIDENCE, ())


@pytest.mark.usefixtures("any_facts")
def test_waived_ones_are_counted_and_not_told() -> None:
    waiver = Waiver("kubernetes.readiness", "soon", "me", "2027-01-01")
    result = verdict([criterion()], collected(API), (waiver,))
    assert (result.criteria[0].outcome, result.criteria[0].finding_count) == (Outcome.WAIVED, 1)
    assert result.findings == ()


@pytest.mark.usefixtures("any_facts")
def test_many_criteria_on_many_elements_take_a_moment() -> None:
    """60 criteria over 800 workloads that all miss them: a tenth of it is made to findings, all of it is counted."""
    workloads: list[Json] = [{**API, "name": f"api-{number}", "limits": {"memory": number}} for number in range(800)]
    require: JsonObject = {"required": ["limits"], "properties": {"limits": {"required": ["cpu"]}}}
    criteria = [replace(bare(require, where=DEPLOYMENTS), id=f"my.own-{number}") for number in range(60)]
    begin = time.process_time()
    result = verdict(criteria, collected(*workloads))
    assert time.process_time() - begin < 4
    assert {each.finding_count for each in result.criteria} == {800}
    assert len(result.findings) == 1000


# --- the catalogue -------------------------------------------------------------------------------------------------


def test_parameters_reach_every_part_as_numbers_and_the_words_as_written() -> None:
    entry = read_entry(
        {
            "id": "kubernetes.memory",
            "title": "Every workload asks for memory",
            "category": "kubernetes",
            "level": "must",
            "evidence": "kubernetes",
            "parameters": {
                "minimum": {"type": "quantity", "default": "64Mi", "minimum": "1Mi", "description": "The least."},
                "period": {"type": "duration", "default": "1m", "description": "The most."},
                "count": {"type": "integer", "default": 1, "description": "How many."},
                "kind": {"type": "text", "default": "Deployment", "description": "Which."},
            },
            "request": {"period": "{period}"},
            "select": {
                "each": "workloads",
                "at_least": "{count}",
                "where": {"properties": {"kind": {"const": "{kind}"}}},
                "noun": NOUN,
            },
            "require": {"required": ["memory"], "properties": {"memory": {"minimum": "{minimum}"}}},
            "measured": "asks for {memory:memory}",
            "passed": "{count|workload asks|workloads ask} for {parameters.minimum} or more",
            "wanted": "at least {minimum} within {period}",
        }
    )
    filled = entry.fill({"minimum": "512Mi", "period": 90, "count": 2, "kind": "CronJob"})
    assert filled.request == {"period": 90}
    assert filled.require["properties"] == {"memory": {"minimum": 536_870_912}}
    assert filled.select["at_least"] == 2
    assert filled.select["where"] == {"properties": {"kind": {"const": "CronJob"}}}
    low: JsonObject = {"kind": "CronJob", "name": "a", "memory": 1_024_000}
    assert judged(filled, collected(low, low, WEB)).reason == (
        "2 of 2 workloads: CronJob a asks for 1000Ki; CronJob a asks for 1000Ki, "
        "the policy wants at least 512Mi within 90s (k8s/web.yaml)"
    )
    enough: JsonObject = {**low, "memory": 2**30}
    told = judged(filled, collected(enough, enough)).reason
    assert told.startswith("2 workloads ask for 512Mi or more, the policy wants at least 512Mi within 90s")

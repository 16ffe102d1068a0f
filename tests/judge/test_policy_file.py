"""Policies as files: folders of accepted and rejected examples, and what becomes of the accepted."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MistakesError, UserError
from gate.judge.catalogue import load_catalogue
from gate.judge.policy_file import read_policy, waiver_paths
from gate.judge.requests import requests
from gate.judge.schema import schema
from gate.model.json import JsonObject
from gate.model.kinds import KINDS
from gate.model.policy import Level, Phase, Policy

FOLDER = Path(__file__).parent / "data" / "policies"
CATALOGUE = load_catalogue()


def examples(folder: str) -> list[Path]:
    return sorted(path for path in (FOLDER / folder).glob("*.yml") if ".waivers" not in path.name)


def read_example(path: Path) -> Policy:
    data = path.read_bytes()
    waivers = path.with_suffix(".waivers.yml")
    first = waiver_paths(data)[:1]
    files = {first[0]: waivers.read_bytes()} if first and waivers.exists() else {}
    return read_policy(data, catalogue=CATALOGUE, path="policy.yml", waivers=files)


def read(text: str, **more: str) -> Policy:
    return read_policy(text.encode(), catalogue=CATALOGUE, path="policy.yml", profile=more.get("profile"))


@pytest.mark.parametrize("path", examples("accepted"), ids=lambda path: path.stem)
def test_accepted(path: Path) -> None:
    assert any(criterion.disabled is None for criterion in read_example(path).criteria)


@pytest.mark.parametrize("path", examples("rejected"), ids=lambda path: path.stem)
def test_rejected_with_every_mistake_told(path: Path) -> None:
    with pytest.raises(MistakesError) as caught:
        read_example(path)
    assert str(caught.value) + "\n" == path.with_suffix(".expected.txt").read_text(encoding="utf-8")


def test_everything_that_a_policy_says_is_in_it() -> None:
    policy = read_example(FOLDER / "accepted" / "everything.yml")
    criteria = {criterion.id: criterion for criterion in policy.criteria}
    assert (policy.name, policy.scope, policy.expects) == (
        "Payments API",
        "services/payments",
        ("dockerfile", "kubernetes"),
    )
    assert (policy.conditional_blocks, policy.minimum_score) == (True, 70.0)
    assert policy.claims == ("docs/PRODUCTION_CHECKLIST.md", "docs/readiness/*.md")
    assert policy.origin.path == "policy.yml"
    assert policy.origin.profile == "production"
    assert len(policy.origin.sha256) == 64
    assert [(waiver.criterion, waiver.expires) for waiver in policy.waivers] == [
        ("tests.contract", "2027-01-31"),
        ("coverage.lines", "2027-03-01"),
    ]
    lines = criteria["coverage.lines"]
    assert (lines.level, lines.parameters["minimum"], lines.own) == (Level.SHOULD, 90, False)
    assert criteria["docs.runbook"].parameters["path"] == ["ops/RUNBOOK.md"]
    assert criteria["dependencies.audited"].disabled == "audited in the release pipeline"
    gaps = criteria["tests.passed"].accept_gaps
    assert gaps is not None
    assert gaps.subjects == ("reports/legacy-*.xml",)
    assert criteria["tests.duration"].phase is Phase.PRE_DEPLOY
    contract = criteria["tests.contract"]
    assert (contract.own, contract.title, contract.select) == (True, "Contract tests ran", {"suite": "contract"})
    assert contract.references == ("https://example.org/contracts",)
    assert contract.accept_gaps is not None
    assert criteria["cluster.ready"].disabled == "not yet"
    assert criteria["cluster.ready"].phase is Phase.POST_DEPLOY


def test_criteria_come_in_the_order_of_the_catalogue_and_then_of_the_file() -> None:
    policy = read_example(FOLDER / "accepted" / "everything.yml")
    ids = [criterion.id for criterion in policy.criteria]
    shipped = [id_ for id_ in CATALOGUE.criteria if id_ in ids]
    assert ids[: len(shipped)] == shipped
    assert ids[len(shipped) :][:2] == ["tests.contract", "config.production-logging"]


def test_settings_are_lists_where_requests_want_lists() -> None:
    policy = read_example(FOLDER / "accepted" / "everything.yml")
    assert policy.evidence["tests"]["reports"] == ["reports/junit*.xml"]
    assert policy.evidence["tests"]["suites"] == {
        "integration": ["tests/integration/**"],
        "contract": ["*Contract*", "tests/contract/**"],
    }
    assert policy.evidence["coverage"]["discover"] is False
    assert policy.evidence["docs"]["items"] == {
        "handbook": {"paths": ["docs/HANDBOOK.md"], "headings": ["On call", "RTO|Recovery time"]}
    }


def test_a_policy_without_a_profile_begins_with_the_baseline() -> None:
    policy = read("version: 1")
    assert policy.origin.profile == "baseline"
    assert {criterion.id for criterion in policy.criteria} == CATALOGUE.profiles["baseline"].criteria.keys()


def test_the_command_line_names_a_profile_where_the_policy_does_not() -> None:
    assert read("version: 1", profile="strict").origin.profile == "strict"
    assert read("version: 1\nextends: strict", profile="strict").origin.profile == "strict"
    with pytest.raises(MistakesError, match="Leave one of them out"):
        read("version: 1\nextends: strict", profile="baseline")


@pytest.mark.parametrize("profile", sorted(CATALOGUE.profiles))
def test_without_a_file_a_profile_judges_alone(profile: str) -> None:
    policy = read_policy(None, catalogue=CATALOGUE, profile=profile)
    assert (policy.origin.path, policy.origin.profile, policy.name) == (None, profile, f"{profile} profile")
    assert policy.origin.sha256 == CATALOGUE.profiles[profile].sha256
    assert policy.criteria


def test_without_a_file_and_a_profile_the_baseline_judges() -> None:
    assert read_policy(None, catalogue=CATALOGUE).origin.profile == "baseline"


def test_a_profile_that_does_not_exist() -> None:
    with pytest.raises(UserError, match="Did you mean baseline"):
        read_policy(None, catalogue=CATALOGUE, profile="baselin")
    with pytest.raises(UserError, match="There are: baseline, production, strict"):
        read("version: 1", profile="zzz")


def test_settings_of_the_command_line_go_over_the_file() -> None:
    settings: dict[str, JsonObject] = {
        "tests": {"reports": ["b.xml"], "suites": {"b": ["b"]}},
        "sast": {"bandit": False},
    }
    text = "version: 1\nevidence: {tests: {reports: a.xml, suites: {a: a}}}"
    policy = read_policy(text.encode(), catalogue=CATALOGUE, settings=settings)
    assert policy.evidence["tests"]["reports"] == ["b.xml"]
    assert policy.evidence["tests"]["suites"] == {"a": ["a"], "b": ["b"]}
    assert policy.evidence["sast"] == {"bandit": False}
    alone = read_policy(None, catalogue=CATALOGUE, settings=settings)
    assert alone.evidence["tests"]["reports"] == ["b.xml"]
    assert "discover" in alone.evidence["tests"]


def test_which_waiver_files_a_policy_names() -> None:
    assert waiver_paths(b"version: 1\nwaivers: a.yml") == ("a.yml",)
    assert waiver_paths(b"version: 1\nwaivers: [a.yml, b.yml, 5, ../c.yml]") == ("a.yml", "b.yml")
    assert waiver_paths(b"version: 1") == ()
    assert waiver_paths(b"[") == ()
    assert waiver_paths(b"[]") == ()


def test_a_waiver_file_that_is_no_yaml_or_empty() -> None:
    for data, text in ((b"[", "was expected here"), (b"", "The file is empty"), (b"[]", "Expected an object")):
        with pytest.raises(MistakesError, match=text):
            read_policy(b"version: 1\nwaivers: w.yml", catalogue=CATALOGUE, waivers={"w.yml": data})


def test_the_schema_knows_the_kinds_the_profiles_and_the_levels() -> None:
    document = schema("policy")
    definitions, properties = document["$defs"], document["properties"]
    assert isinstance(definitions, dict)
    assert isinstance(properties, dict)
    assert definitions["kind"]["enum"] == list(KINDS)  # type: ignore[index,call-overload]
    assert definitions["level"]["enum"] == [level.value for level in Level]  # type: ignore[index,call-overload]
    assert definitions["phase"]["enum"] == [phase.value for phase in Phase]  # type: ignore[index,call-overload]
    assert set(properties["extends"]["else"]["enum"]) == CATALOGUE.profiles.keys()  # type: ignore[index,call-overload,arg-type]


def test_a_policy_of_many_criteria_is_read_in_time() -> None:
    import time

    own = "".join(
        f"  own.c{number}: {{title: t, category: a, level: may, evidence: coverage, select: {{part: lines}}, "
        "require: {required: [percent], properties: {percent: {minimum: 5}}}}\n"
        for number in range(150)
    )
    read("version: 1")
    begun = time.perf_counter()
    assert len(read("version: 1\ncriteria:\n" + own).criteria) > 150
    assert time.perf_counter() - begun < 5


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    with contextlib.suppress(UserError):
        read_policy(b"version: 1\n" + data, catalogue=CATALOGUE)


KEYS = ["version", "extends", "criteria", "evidence", "tests", "coverage.lines", "require", "title", "reports", "x.y"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([*KEYS, "must", "[", "../a", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5))
def test_no_shape_crashes_the_reader(document: JsonObject) -> None:
    import json

    with contextlib.suppress(UserError):
        read_policy(json.dumps({**document, "version": 1}).encode(), catalogue=CATALOGUE)


def test_requests_join_the_policy_and_its_criteria() -> None:
    found = requests(read_example(FOLDER / "accepted" / "everything.yml"))
    assert found["tests"]["reports"] == ["reports/junit*.xml"]
    assert found["coverage"]["paths"] == ["src/**", "src/core/**"]
    assert found["files"]["paths"] == ["config/*.yml", "config/production.yaml"]
    items = found["docs"]["items"]
    assert isinstance(items, dict)
    assert items["on-call"] == {"paths": ["docs/oncall/*.md"]}
    assert items["docs.runbook"] == {"paths": ["ops/RUNBOOK.md"]}
    assert items["handbook"] == {"paths": ["docs/HANDBOOK.md"], "headings": ["On call", "RTO|Recovery time"]}
    assert "cluster" not in found


def test_a_criterion_that_is_off_asks_for_nothing() -> None:
    policy = read("version: 1\ncriteria: {docs.runbook: {}}")
    off = replace(policy, criteria=tuple(replace(each, disabled="no") for each in policy.criteria), evidence={})
    assert requests(off) == {}
    items = requests(policy)["docs"]["items"]
    assert isinstance(items, dict)
    assert "docs.runbook" in items


def test_where_policy_and_criterion_differ_the_policy_stays() -> None:
    from gate.judge.requests import merged

    ours: JsonObject = {"a": 1, "b": ["x"], "c": {"d": "x"}, "e": "x"}
    theirs: JsonObject = {"a": 2, "b": ["x", "y"], "c": {"d": "y", "f": 1}, "e": ["y"], "g": 1}
    assert merged(ours, theirs) == {"a": 1, "b": ["x", "y"], "c": {"d": "x", "f": 1}, "e": ["x", "y"], "g": 1}

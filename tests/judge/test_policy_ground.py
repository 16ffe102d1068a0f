"""Policies over policies: what they add, override and may not touch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gate.errors import MistakesError
from gate.judge.catalogue import load_catalogue
from gate.judge.policy_file import read_policy
from gate.judge.policy_reference import PolicyFile, extended_by, link_of, reference
from gate.model.policy import Level, Phase, Policy

CATALOGUE = load_catalogue()
COMMIT = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
NAMED = f"octo/policies/service.yml@{COMMIT}"
OWN = """
  ours.level:
    title: Production is quiet
    category: configuration
    level: must
    evidence: files
    select: {path: config/production.yaml}
    require: {type: object, properties: {level: {enum: [INFO]}}, required: [level]}
"""


def below(text: str, called: str = "octo/policies/service.yml") -> PolicyFile:
    data = f"version: 1\n{text}".encode()
    return PolicyFile(data, called, link_of(data, "service.yml", COMMIT, COMMIT, "octo/policies"))


def over(text: str, *files: PolicyFile) -> Policy:
    data = f"version: 1\nextends: {NAMED}\n{text}".encode()
    return read_policy(data, catalogue=CATALOGUE, path="policy.yml", extended=files)


def mistakes(text: str, *files: PolicyFile) -> str:
    with pytest.raises(MistakesError) as caught:
        over(text, *files)
    return str(caught.value)


def test_what_is_said_nowhere_else_stays() -> None:
    extended = below(
        "extends: strict\nconditional_blocks: true\nminimum_score: 70\nexpects: [tests]\nclaims: [a.md]\n"
        "advisory: true\n"
        "publish: {name: everybody, sarif: true}\nwaiving: {max_days: 30, never: [tests.passed]}\n"
        "evidence: {tests: {reports: [out/*.xml]}}\ncriteria:\n  docs.readme: {enabled: false, reason: none here}\n"
        + OWN
    )
    policy = over(
        "name: Shop\nexpects: [coverage]\nclaims: b.md\npublish: {comment: false}\nwaiving: {never: [coverage.lines]}",
        extended,
    )
    assert (policy.name, policy.origin.profile) == ("Shop", "strict")
    assert (policy.conditional_blocks, policy.minimum_score, policy.advisory) == (True, 70, True)
    assert (policy.expects, policy.claims) == (("tests", "coverage"), ("a.md", "b.md"))
    assert (policy.publish.name, policy.publish.sarif, policy.publish.comment) == ("everybody", True, "never")
    assert policy.waiving.max_days == 30
    assert policy.waiving.never == ("tests.passed", "coverage.lines")
    assert policy.evidence["tests"]["reports"] == ["out/*.xml"]
    criteria = {criterion.id: criterion for criterion in policy.criteria}
    assert criteria["docs.readme"].disabled == "none here"
    assert criteria["ours.level"].own
    assert policy.overrides == ()


def test_every_override_is_told() -> None:
    extended = below(
        "extends: production\nconditional_blocks: true\ncriteria:\n  coverage.lines: {minimum: 90}\n" + OWN
    )
    changed = OWN.replace("[INFO]", "[INFO, DEBUG]")
    policy = over(
        "conditional_blocks: false\nadvisory: true\ntrust: {data_only: true}\nscope: src\ncriteria:\n"
        "  coverage.lines: {minimum: 50}\n"
        "  tests.passed: {phase: post-deploy}\n"
        '  tests.flaky: {accept_gaps: {subjects: ["*"], reason: r}}\n' + changed,
        extended,
    )
    told = "\n".join(policy.overrides)
    for text in (
        "minimum of coverage.lines is 50 in place of 90",
        "tests.passed is judged post-deploy in place of pre-merge",
        "it accepts gaps in the evidence for tests.flaky",
        "it asks for something else under ours.level",
        "conditional_blocks is false in place of true",
        "advisory is true",
        "trust › data_only is true",
        'scope is "src"',
    ):
        assert f"otherwise than octo/policies/service.yml: {text}." in told
    assert len(policy.overrides) == 8


def test_tightening_is_no_override() -> None:
    policy = over("criteria: {docs.changelog: {level: must}}", below("criteria: {docs.changelog: {level: should}}"))
    assert policy.overrides == ()
    assert {item.id: item.level for item in policy.criteria}["docs.changelog"] is Level.MUST


def test_a_criterion_of_an_extended_policy_is_weighed_anew_or_written_anew() -> None:
    extended = below(f"criteria:{OWN}")
    weighed = over("criteria: {ours.level: {level: may, phase: pre-deploy}}", extended).criteria[-1]
    assert (weighed.id, weighed.level, weighed.phase) == ("ours.level", Level.MAY, Phase.PRE_DEPLOY)
    assert "has no parameter" in mistakes("criteria: {ours.level: {minimum: 3}}", extended)
    assert "needs a reason" in mistakes("criteria: {ours.level: {enabled: false}}", extended)
    off = over("criteria: {ours.level: {enabled: false, reason: none here}}", extended)
    assert off.criteria[-1].disabled == "none here"
    assert "it switches ours.level off" in off.overrides[0]


@pytest.mark.parametrize(
    ("locked", "text"),
    [
        ("tests.passed", "criteria: {tests.passed: {level: may}}"),
        ("criteria", "criteria: {tests.passed: {level: may}}"),
        ("ours.level", "criteria: {ours.level: {level: may}}"),
        ("criteria", "criteria: {ours.level: {level: may}}"),
        ("evidence", "evidence: {sast: {exclude: ['**']}}"),
        ("evidence.sast", "evidence: {sast: {exclude: ['**']}}"),
        ("minimum_score", "minimum_score: 0"),
        ("waivers", "waivers: w.yml"),
        ("waiving", "waiving: {max_days: 300}"),
        ("trust", "trust: {data_only: true}"),
        ("publish", "publish: {status: false}"),
    ],
)
def test_what_is_locked_cannot_be_set(locked: str, text: str) -> None:
    assert "is locked by octo/policies/service.yml" in mistakes(text, below(f"locked: [{locked}]\ncriteria:{OWN}"))


def test_a_lock_leaves_the_rest_open() -> None:
    extended = below("extends: baseline\nlocked: [criteria, evidence.secrets]")
    policy = over("criteria: {image.size: {maximum: 100000000}}\nevidence: {sast: {exclude: [x]}}", extended)
    assert "image.size" in {criterion.id for criterion in policy.criteria}


def test_a_lock_of_nothing_is_a_mistake() -> None:
    assert 'There is nothing called "test.passed" to lock. Did you mean tests.passed?' in mistakes(
        "locked: [test.passed]", below("")
    )


def test_files_that_are_not_at_hand_are_a_mistake() -> None:
    assert "was not read" in mistakes("")


def test_a_contradiction_of_two_files_is_one() -> None:
    said = mistakes("publish: {status: false}", below("publish: {required: [status]}"))
    assert "status is required and switched off" in said


def test_references() -> None:
    assert reference("./a/b.yml").path == "a/b.yml"
    assert reference(NAMED).repository == "octo/policies"
    for text in (
        "./",
        "a/b",
        "./../x",
        "-x/y/z@" + COMMIT,
        NAMED.upper(),
        f"octo/./a@{COMMIT}",
        f"octo/x//a\\b@{COMMIT}",
    ):
        with pytest.raises(ValueError):
            reference(text)
    assert extended_by(b"version: 1\nextends: strict\n") is None
    assert extended_by(b"\xff") is None
    assert extended_by(b"- a\n") is None
    assert extended_by(f"extends: {NAMED}\n".encode()) == reference(NAMED)


def test_the_examples_of_the_page_are_read_without_a_mistake() -> None:
    page = (Path(__file__).parents[2] / "docs/trust.md").read_text(encoding="utf-8")
    top, locked = [text for text in re.findall(r"^```yaml\n(.*?)^```", page, re.M | re.S) if text.startswith("version")]
    assert f"extends: {NAMED}\n" in top
    found = over(
        top.replace("version: 1\n", "").replace(f"extends: {NAMED}\n", ""), below(locked[len("version: 1\n") :])
    )
    assert found.origin.chain[1].repository == "octo/policies"

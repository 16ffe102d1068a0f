"""What a change wants of the policy, in Markdown and on the terminal; and what advisory and extended policies say."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.commands.wiring import validate
from gate.judge.proposal import proposed_file
from gate.model.policy import Level, PolicyLink
from gate.model.verdict import (
    Decision,
    FileChange,
    Outcome,
    Proposal,
    ProposedFile,
    ProposedOutcome,
    Verdict,
)
from gate.report.console import render as console
from gate.report.json_v1 import verdict_document
from gate.report.markdown import render as markdown
from gate.report.markdown_proposal import file_block
from gate.report.options import RenderOptions
from tests.report.hostile import HOSTILE
from tests.support.verdicts import CONDITIONAL, GO, NO_GO

OUTCOMES = (
    ProposedOutcome(
        "tests.passed", "Tests pass", Outcome.FAIL, Outcome.NOT_APPLICABLE, (Level.MUST, Level.MUST), "off"
    ),
    ProposedOutcome("new.one", "New", None, Outcome.PASS, (None, Level.MAY)),
    ProposedOutcome("old.one", "Old", Outcome.PASS, None, (Level.MUST, None)),
)
FILES = (ProposedFile(".gate/policy.yml", FileChange.CHANGED, ("@@ -1 +1 @@", "-a", "+b"), 7),)
WHOLE = Proposal(
    FILES, (".github/workflows/ci.yml",), Decision.GO, 97.5, OUTCOMES, (), ("It is about another folder.",)
)


@pytest.mark.parametrize("value", [GO, CONDITIONAL, NO_GO])
def test_a_proposal_is_told_beside_the_verdict(value: Verdict) -> None:
    text = markdown(replace(value, proposal=WHOLE), RenderOptions())
    first, _, rest = text.partition("\n")
    assert first == markdown(value, RenderOptions()).partition("\n")[0]
    assert "### What this change wants of the policy" in rest
    assert "With it the verdict would be **✅ GO** with a score of 97.5; 3 criteria change." in rest
    assert "`tests.passed` is not met (must), and would be not applicable (must)" in rest
    assert "`new.one` would be new, and met (may)" in rest
    assert "`old.one` is met (must), and would be gone" in rest
    assert "```diff\n@@ -1 +1 @@\n-a\n+b\n```\n\n… and 7 more lines." in rest
    assert "`.github/workflows/ci.yml`" in rest


def test_the_terminal_tells_it_too() -> None:
    shown = console(replace(NO_GO, proposal=WHOLE), RenderOptions(width=100))
    assert "What this change wants of the policy" in shown
    assert "then  GO with a score of 97.5; 3 criteria change" in shown
    assert "diff" not in shown
    assert "+b" in console(replace(NO_GO, proposal=WHOLE), RenderOptions(width=100, verbose=True))


def test_a_proposal_that_cannot_be_read_says_why() -> None:
    value = replace(GO, proposal=Proposal(FILES, mistakes=("policy.yml:3:1 There is no key @octocat",)))
    text = markdown(value, RenderOptions())
    assert "It cannot be read" in text
    assert "With it the verdict" not in text
    assert "`@octocat`" in text
    assert "wrong" in console(value, RenderOptions())


def test_only_the_first_of_many_criteria_are_told() -> None:
    many = tuple(replace(OUTCOMES[0], id=f"x.{number}") for number in range(60))
    value = replace(GO, proposal=replace(WHOLE, outcomes=many, also=tuple(f".gate/{n}" for n in range(12))))
    text = markdown(value, RenderOptions())
    assert "… and 20 more criteria." in text
    assert "and 2 more" in text
    assert "and 50 more" in console(value, RenderOptions())


def test_the_decisive_part_is_kept_where_room_is_short() -> None:
    long = replace(FILES[0], diff=("@@ -1 +1 @@", *("+" + "x" * 190 for _ in range(119))))
    value = replace(NO_GO, proposal=replace(WHOLE, files=(long,) * 20))
    text = markdown(value, RenderOptions(budget=12_000))
    assert len(text.encode()) <= 12_000
    assert "### What blocks" in text
    assert "With it the verdict would be" in text


@given(HOSTILE)
@settings(max_examples=100, deadline=None)
def test_t16_a_diff_stays_in_its_fence(nasty: str) -> None:
    file = proposed_file(f"a{nasty}", b"x\n", nasty.encode("utf-8", "replace"))
    if file is None:
        return
    block = file_block(file)
    fence = re.search(r"^(`{3,})diff$", block, re.MULTILINE)
    assert fence is not None
    inside, _, after = block[fence.end() :].rpartition(f"\n{fence[1]}")
    assert f"\n{fence[1]}" not in inside
    assert after == ""
    assert not re.search(r"^\s*::|##\[", block, re.MULTILINE)


@given(st.text(alphabet=st.sampled_from("`~\n\r <!-#[:@x\u202e\x1b"), max_size=200))
@settings(max_examples=150, deadline=None)
def test_t16_whatever_is_in_a_diff_it_ends_where_the_fence_does(text: str) -> None:
    file = proposed_file("p", b"start\n", text.encode())
    if file is None:
        return
    block = file_block(file)
    fence = re.search(r"^(`{3,})diff$", block, re.MULTILINE)
    assert fence is not None
    lines = block[fence.end() + 1 :].split("\n")
    assert lines.index(fence[1]) == len(lines) - 1
    assert "\u202e" not in block
    assert not re.search(r"^\s*::|##\[", block, re.MULTILINE)


def test_t31_advisory_is_said_first_everywhere() -> None:
    value = replace(NO_GO, advisory=True)
    assert markdown(value, RenderOptions()).startswith("## ADVISORY")
    assert console(value, RenderOptions()).startswith("ADVISORY")
    assert console(value, RenderOptions(quiet=True)).startswith("ADVISORY   NO-GO")
    assert verdict_document(value)["advisory"] is True


def test_where_a_policy_came_from_is_said() -> None:
    link = PolicyLink("p.yml", "0" * 64, "main", "a" * 40)
    origin = replace(GO.policy, path="p.yml", ref="main", commit="a" * 40, chain=(link, replace(link, path="q.yml")))
    assert "policy `p.yml` @ `main` (`aaaaaaa`, profile `production`), over 1 further file" in markdown(
        replace(GO, policy=origin), RenderOptions()
    )
    origin = replace(origin, repository="octo/policies", chain=(link,))
    text = markdown(replace(GO, policy=origin), RenderOptions())
    assert "policy `p.yml` of `octo/policies` (`aaaaaaa`, profile" in text


def test_the_document_fits_its_schema() -> None:
    link = PolicyLink("p.yml", "0" * 64, "main", "a" * 40, "octo/policies")
    origin = replace(NO_GO.policy, commit="a" * 40, repository="octo/policies", chain=(link,))
    document = verdict_document(replace(NO_GO, proposal=WHOLE, policy=origin))
    validate("verdict", document)
    assert json.loads(json.dumps(document)) == document
    validate("verdict", verdict_document(replace(NO_GO, proposal=Proposal((), ("x",)))))

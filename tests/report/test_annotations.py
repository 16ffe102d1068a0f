"""Annotations: their order and their limits, and that nothing in them acts or misleads."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.formats.plain import one_line
from gate.model.evidence import Collected, How, Source
from gate.model.finding import Finding, Severity
from gate.model.policy import Level
from gate.model.verdict import Decision, Outcome, Verdict
from gate.report.annotations import BATCH, MOST, Annotations, annotate
from gate.report.quiet import JOINER
from tests.report.hostile import HOSTILE
from tests.report.test_markdown import hostile_verdict
from tests.support.verdicts import CONDITIONAL, GO, NO_GO, result, verdict

ACTS = re.compile(r"\]\(|https?://|www\.|@\w|#\d|<[a-z/!]", re.IGNORECASE)


def found(rule: str, severity: Severity = "high", line: int | None = 1, **changed: object) -> Finding:
    base = Finding(rule, severity, f"message of {rule}", "bandit", "src/a.py", line, rule)
    return replace(base, **changed)  # type: ignore[arg-type]


def blocked_by(*findings: Finding, level: Level = Level.MUST) -> Verdict:
    failed = result("sast.counts", Outcome.FAIL, level, finding_count=len(findings))
    evidence = (Collected("sast", {}, (Source(How.PRODUCED, None, None, "bandit", "1"),), findings=findings),)
    return verdict(Decision.NO_GO, (failed,), 0.0, findings=findings, evidence=evidence)


def rules(shown: Annotations) -> list[str]:
    return [item.title.split(" ")[0] for item in shown.shown]


def test_a_finding_lies_beside_its_line() -> None:
    shown = annotate(NO_GO)
    (first, second) = shown.shown
    assert (first.path, first.line, first.level) == ("payments/run.py", 17, "warning")
    assert first.title == "B602 · high · bandit (new)"
    assert first.message == "subprocess call with shell=True"
    assert (second.path, second.line) == ("payments/config|old.py", 4)
    assert (shown.left_out, shown.unplaced, shown.note()) == (0, 0, "")


def test_criteria_without_a_finding_are_named_and_not_annotated() -> None:
    assert [item.id for item in annotate(NO_GO).untold or ()] == [
        "coverage.lines",
        "dependencies.audited",
        "docs.runbook",
        "sast.low",
    ]
    assert annotate(GO) == Annotations((), untold=())
    assert annotate(GO).note() == ""
    assert list(annotate(GO).batches()) == []


@pytest.mark.parametrize(
    ("level", "severity", "wanted"),
    [
        (Level.MUST, "critical", "failure"),
        (Level.MUST, "low", "failure"),
        (Level.SHOULD, "critical", "warning"),
        (Level.SHOULD, "unknown", "warning"),
        (Level.MAY, "critical", "notice"),
        (Level.MAY, "low", "notice"),
    ],
)
def test_the_level_is_that_of_the_criterion_behind(level: Level, severity: Severity, wanted: str) -> None:
    (item,) = annotate(blocked_by(found("A", severity), level=level)).shown
    assert item.level == wanted


@pytest.mark.parametrize(("severity", "wanted"), [("high", "failure"), ("low", "warning")])
def test_where_it_cannot_be_told_which_criterion_counts_it_a_low_one_weighs_less(
    severity: Severity, wanted: str
) -> None:
    value = blocked_by(found("A", severity))
    both = replace(value, criteria=(*value.criteria, result("sast.low", Outcome.FAIL, Level.MAY, finding_count=1)))
    (item,) = annotate(both).shown
    assert item.level == wanted


def test_a_finding_of_a_kind_that_is_not_told_has_the_gravest_criterion() -> None:
    value = replace(NO_GO, findings=(found("X", tool="else"),), blocked_by=("sast.no-high",))
    assert [item.level for item in annotate(value).shown] == ["failure"]
    assert [item.level for item in annotate(replace(value, criteria=())).shown] == ["notice"]


def test_t3_a_report_that_calls_its_tool_gate_does_not_speak_for_a_criterion() -> None:
    forged = found("kubernetes.limits", "low", tool="gate", path="a.py")
    own = found("kubernetes.limits", "high", tool="gate", path="deploy.yml")
    value = blocked_by(forged)
    limits = result("kubernetes.limits", Outcome.FAIL, Level.MAY, finding_count=1)
    shown = annotate(replace(value, criteria=(*value.criteria, limits)))
    assert [(item.title, item.level) for item in shown.shown] == [
        ("kubernetes.limits · low · gate (reported)", "failure")
    ]
    assert [item.id for item in shown.untold or ()] == ["kubernetes.limits"]
    shown = annotate(replace(value, criteria=(*value.criteria, limits), findings=(forged, own)))
    assert [item.title for item in shown.shown] == [
        "kubernetes.limits · low · gate (reported)",
        "kubernetes.limits · high · gate",
    ]
    assert shown.untold == ()


def test_what_blocks_is_first_and_changed_lines_before_the_rest() -> None:
    value = blocked_by(found("old-critical", "critical", 1), found("low", "low", 7), found("new-high", "high", 7))
    assert rules(annotate(value, {"src/a.py": frozenset({7})})) == ["new-high", "low", "old-critical"]
    assert rules(annotate(value, {})) == ["old-critical", "new-high", "low"]
    assert rules(annotate(value)) == ["old-critical", "new-high", "low"]


def test_without_known_lines_the_findings_say_what_is_new() -> None:
    value = blocked_by(found("a", "critical"), found("b", "low", new=True))
    assert rules(annotate(value)) == ["b", "a"]
    assert rules(annotate(value, {"src/a.py": frozenset({2})})) == ["a", "b"]


def test_t29_at_most_two_hundred_in_batches_of_fifty_and_the_rest_is_counted() -> None:
    findings = [found(f"R{n}", "low", n + 1) for n in range(998)]
    shown = annotate(blocked_by(*findings, found("worst", "critical", 5), found("nowhere", path=None)))
    assert len(shown.shown) == MOST
    assert rules(shown)[0] == "worst"
    assert [len(batch) for batch in shown.batches()] == [BATCH] * 4
    assert [item for batch in shown.batches() for item in batch] == list(shown.shown)
    assert (shown.left_out, shown.unplaced) == (799, 1)
    assert shown.note() == (
        "799 findings are not annotated for want of room, and 1 finding has no place in the repository's files; "
        "the report tells of them."
    )


def test_the_same_thing_at_one_place_is_told_once() -> None:
    twice = (found("A", fingerprint="1"), found("A", fingerprint="2"))
    shown = annotate(blocked_by(*twice))
    assert (len(shown.shown), shown.left_out, shown.unplaced) == (1, 0, 0)


def test_a_criterion_whose_findings_have_no_place_is_named() -> None:
    shown = annotate(blocked_by(found("A", path=None), found("B", path="../b")))
    assert shown.shown == ()
    assert [item.id for item in shown.untold or ()] == ["sast.counts"]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "C:/x", "..\\x", "a\nb", "a\u202eb", "a\u200bb", "😀.py", "",
        "a\0", "x" * 1025, " a", "a  b", None,
    ],
)  # fmt: skip
def test_t22_a_path_that_is_none_of_the_repository_or_misleads_is_not_annotated(path: str | None) -> None:
    shown = annotate(blocked_by(found("A", path=path)))
    assert (shown.shown, shown.unplaced) == ((), 1)


@pytest.mark.parametrize("line", [None, 0, -1])
def test_lines_count_from_one(line: int | None) -> None:
    assert annotate(blocked_by(found("A", line=line))).shown[0].line == 1


def test_characters_that_github_refuses_are_told_visibly() -> None:
    (item,) = annotate(blocked_by(found("r😀", message="a 😀 in a string: “é”"))).shown
    assert item.title.startswith("r\\u{1F600} · ")
    assert item.message == "a \\u{1F600} in a string: “é”"


def test_limits_hold_though_telling_a_character_makes_the_text_longer() -> None:
    (item,) = annotate(blocked_by(found("😀" * 300, tool="😀" * 300, message="😀" * 9000))).shown
    assert len(item.title) == 255
    assert item.title.endswith("…")
    assert len(item.message) == 2000


@pytest.mark.parametrize("text", ["@a" * 3000, "@" * 2000, "x" * 1999 + "@a", "@a" + "x" * 1998, "www." * 900])
def test_taking_mentions_apart_keeps_to_the_limit_and_most_of_the_text(text: str) -> None:
    (item,) = annotate(blocked_by(found("A", message=text))).shown
    assert 1000 <= len(item.message) <= 2000
    assert not ACTS.search(item.message)


def test_what_is_suppressed_in_the_source_says_so() -> None:
    (item,) = annotate(blocked_by(found("A", suppressed=True))).shown
    assert item.title == "A · high · bandit (suppressed in the source)"


@settings(max_examples=150, deadline=None)
@given(HOSTILE | st.text(), st.sampled_from([NO_GO, CONDITIONAL]))
def test_t16_t17_whatever_is_quoted_acts_on_nothing(text: str, base: Verdict) -> None:
    for item in annotate(hostile_verdict(text, base)).shown:
        assert item.line >= 1
        assert 0 < len(item.title) <= 255
        assert 0 < len(item.message.encode()) <= 64 * 1024
        for told in (item.title, item.message):
            assert not ACTS.search(told), told
            assert max(told) <= "\uffff"
            assert told.replace(JOINER, "").isprintable()
        assert one_line(item.path, 2000) == item.path
        assert not item.path.startswith("/")
        assert not {"", ".", ".."} & set(item.path.split("/"))

"""The score: its formula, its corners, and that rounding never says more than there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.judge.scorecard import WEIGHTS, rounded, score, scorecard
from gate.model.policy import Level, Phase
from gate.model.verdict import CriterionResult, Outcome


def result(
    level: Level = Level.MUST, outcome: Outcome = Outcome.PASS, category: str = "testing", id_: str = "a.b"
) -> CriterionResult:
    return CriterionResult(id_, "A title", category, level, Phase.PRE_MERGE, outcome, "a reason", "tests")


RESULTS = st.lists(
    st.builds(result, st.sampled_from(Level), st.sampled_from(Outcome), st.sampled_from(["testing", "security"])),
    max_size=30,
)


def test_the_example_of_the_page() -> None:
    results = [
        result(Level.MUST),
        result(Level.MUST, Outcome.FAIL),
        result(Level.SHOULD),
        result(Level.MAY, Outcome.WAIVED),
        result(Level.SHOULD, Outcome.NOT_APPLICABLE),
    ]
    assert score(results) == 55.6
    page = (Path(__file__).parents[2] / "docs" / "scoring.md").read_text(encoding="utf-8")
    assert "the score is 55.6" in page
    for level, weight in WEIGHTS.items():
        assert f"| `{level}` | {weight} |" in page
    for outcome in Outcome:
        assert f"| `{outcome}` |" in page


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.NO_EVIDENCE, Outcome.ERROR, Outcome.WAIVED])
def test_only_a_pass_earns(outcome: Outcome) -> None:
    assert score([result(outcome=outcome)]) == 0.0
    assert score([result(), result(outcome=outcome)]) == 50.0


def test_what_does_not_apply_is_left_out() -> None:
    assert score([]) is None
    assert score([result(outcome=Outcome.NOT_APPLICABLE)]) is None
    assert score([result(), result(outcome=Outcome.NOT_APPLICABLE)]) == 100.0


def test_rounding_never_reaches_what_was_not_reached() -> None:
    assert rounded(9999, 10000) == 99.9
    assert rounded(1, 10000) == 0.1
    assert rounded(10000, 10000) == 100.0
    assert rounded(0, 10000) == 0.0


@given(RESULTS)
def test_a_hundred_means_everything_and_zero_nothing(results: list[CriterionResult]) -> None:
    applicable = [each for each in results if each.outcome is not Outcome.NOT_APPLICABLE]
    reached = score(results)
    assert (reached is None) == (not applicable)
    if reached is not None:
        assert 0 <= reached <= 100
        assert (reached == 100) == all(each.outcome is Outcome.PASS for each in applicable)
        assert (reached == 0) == all(each.outcome is not Outcome.PASS for each in applicable)


@given(RESULTS)
def test_the_scorecard_counts_every_result_once(results: list[CriterionResult]) -> None:
    lines = scorecard(results)
    assert sum(sum(line.outcomes.values()) for line in lines) == len(results)
    assert [line.name for line in lines] == list(dict.fromkeys(each.category for each in results))
    assert all(set(line.outcomes) == set(Outcome) for line in lines)

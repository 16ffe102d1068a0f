"""What an `if` is for certain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.ci.expressions import is_false, runs_after_failure, truth
from gate.model.json import Json

KNOWN = {"github.event_name": "pull_request"}


@pytest.mark.parametrize(
    "condition",
    [
        False,
        0,
        "false",
        "${{ false }}",
        "!true",
        "false && github.ref == 'x'",
        "github.ref == 'x' && false",
        "contains(github.ref, 'a, b') && (false)",
        "1 == 2",
        "''",
        "${{ '' }}",
        "null",
        "0x0",
        "'a' != 'A'",
        "github.event_name == 'push'",
        "GitHub.Event_Name != 'Pull_Request'",
        "a.b[0].c && false",
        "a.*.b && false",
        "always() && false",
    ],
)
def test_false_for_certain(condition: Json) -> None:
    assert is_false(condition, KNOWN)


@pytest.mark.parametrize(
    "condition",
    [
        None,
        True,
        1,
        "true",
        "${{ true }}",
        "!false",
        "true || github.ref",
        "github.ref || true",
        "'false'",
        "",
        "2 == 2",
    ],
)
def test_true_for_certain(condition: Json) -> None:
    assert truth(condition, KNOWN) is True


@pytest.mark.parametrize(
    "condition",
    [
        "github.ref == 'refs/heads/main'",
        "always()",
        "${{ inputs.run }} && false",
        "${{ false }} ${{ false }}",
        "false &&",
        "(false",
        "f(false",
        "false false",
        "a[",
        "1 < 2",
        "1 == 'x'",
        "§",
        "(" * 200 + "false" + ")" * 200,
        "!" * 200 + "true",
        "x" * 3000,
        ["false"],
    ],
)
def test_what_is_not_certain_is_not_false(condition: Json) -> None:
    assert truth(condition, KNOWN) is None


def test_a_condition_on_the_state_of_the_run_is_told() -> None:
    assert runs_after_failure("${{ always() }}")
    assert runs_after_failure("!cancelled ()")
    assert not runs_after_failure("success()")
    assert not runs_after_failure(True)


@given(st.text(alphabet="()[]!&|=<>'.,* abtrufalsenull019${}", max_size=60))
def test_nothing_raises(text: str) -> None:
    assert truth(text) in (True, False, None)
    assert truth(f"false && ({text})") in (False, None)

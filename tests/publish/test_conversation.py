"""What a comment asks of the gate, and who may ask."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.publish.conversation import Command, Explain, Rerun, Unclear, Waive, read_command, refusal

WAIVE = Waive("coverage.lines", date(2027, 1, 31), "the importer is rewritten in #12")


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("/gate rerun", Rerun()),
        ("\r\n  /gate   rerun  \r\nplease", Rerun()),
        ("/gate explain coverage.lines", Explain("coverage.lines")),
        ("/gate explain `kubernetes.probes.liveness`", Explain("kubernetes.probes.liveness")),
        ("/gate waive coverage.lines until 2027-01-31 because the importer is rewritten in #12", WAIVE),
        ("/gate waive coverage.lines until 2027-01-31 because the importer\tis  rewritten in #12\nmore", WAIVE),
    ],
)
def test_a_command_is_the_first_line(body: str, command: Command) -> None:
    assert read_command(body) == command


@pytest.mark.parametrize(
    "body",
    [
        "",
        "please /gate rerun",
        "> /gate rerun",
        "```\n/gate rerun\n```",
        "<!-- \n/gate rerun -->",
        "/gated rerun",
        "/Gate rerun",
        "thanks\n/gate rerun",
        "\u200b/gate rerun",
    ],
)
def test_what_is_quoted_told_or_hidden_is_no_command(body: str) -> None:
    assert read_command(body) is None


@pytest.mark.parametrize(
    "body",
    [
        "/gate",
        "/gate merge",
        "/gate rerun now",
        "/gate explain",
        "/gate explain ../../etc",
        "/gate explain @everyone",
        "/gate waive *  until 2027-01-31 because all of it",
        "/gate waive coverage.lines because it is late",
        "/gate waive coverage.lines until tomorrow because it is late",
        "/gate waive coverage.lines until 2027-02-30 because it is late",
        "/gate waive coverage.lines until 2027-01-31 because",
        "/gate waive coverage.lines, coverage.branches until 2027-01-31 because both",
    ],
)
def test_what_is_addressed_to_the_gate_and_not_clear_is_answered(body: str) -> None:
    assert isinstance(read_command(body), Unclear)


@given(st.text(max_size=300))
def test_whatever_is_written_is_read_and_never_echoed(text: str) -> None:
    found = read_command("/gate " + text)
    assert found is None or isinstance(found, Explain | Rerun | Waive | Unclear)
    if isinstance(found, Waive):
        assert found.reason.isprintable()
    if isinstance(found, Unclear):
        assert "@" not in found.reason


@pytest.mark.parametrize("permission", ["none", "read", "", "owner", "CONTRIBUTOR"])
def test_t15_who_may_only_read_may_nothing(permission: str) -> None:
    for command in (Rerun(), WAIVE, Explain("coverage.lines")):
        assert refusal(command, permission, own_pull=False) is not None


def test_t15_nobody_waives_for_themselves() -> None:
    assert "their own" in str(refusal(WAIVE, "admin", own_pull=True))
    assert refusal(WAIVE, "write", own_pull=False) is None
    assert refusal(Rerun(), "write", own_pull=True) is None


def test_triage_may_ask_and_not_act() -> None:
    assert refusal(Explain("coverage.lines"), "triage", own_pull=True) is None
    assert refusal(Rerun(), "triage", own_pull=False) is not None
    assert refusal(WAIVE, "triage", own_pull=False) is not None

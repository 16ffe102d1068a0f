"""What a runner reads: parsed back by the runner's own rules."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import NotPublishedError
from gate.publish.actions import command, neutralise, write_outputs, write_summary


def parse(text: str) -> dict[str, str]:
    """Read an output file as the runner does: line by line, the first of `=` and `<<` decides."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        equals, here = line.find("="), line.find("<<")
        if here >= 0 and (equals < 0 or here < equals):
            name, delimiter = line[:here], line[here + 2 :]
            value = []
            for inner in lines:
                if inner == delimiter:
                    break
                value.append(inner)
            else:
                raise AssertionError("unterminated")
            found[name] = "\n".join(value)
        else:
            found[line[:equals]] = line[equals + 1 :]
    return found


@given(
    st.dictionaries(
        st.sampled_from(["verdict", "score", "a-b", "_x"]), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_any_value_comes_back(tmp_path_factory: pytest.TempPathFactory, outputs: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("out") / "output"
    write_outputs(path, outputs)
    assert parse(path.read_bytes().decode()) == outputs


def test_outputs_are_appended(tmp_path: Path) -> None:
    (tmp_path / "o").write_text("before=1\n")
    write_outputs(tmp_path / "o", {"x": "evil\nverdict=go\nEOF"})
    assert parse((tmp_path / "o").read_text()) == {"before": "1", "x": "evil\nverdict=go\nEOF"}


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotPublishedError, match="no name"):
        write_outputs(tmp_path / "o", {"a b": "x"})


def test_links_and_pipes_are_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(NotPublishedError, match="GITHUB_OUTPUT"):
        write_outputs(tmp_path / "link", {"x": "y"})
    assert not (tmp_path / "target").exists()
    with pytest.raises(NotPublishedError, match="GITHUB_STEP_SUMMARY"):
        write_summary(tmp_path, "x")
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(NotPublishedError, match="GITHUB_OUTPUT"):
        write_outputs(tmp_path / "pipe", {"x": "y"})
    os.close(reader)


def test_a_summary_over_a_mebibyte_is_refused_here_and_not_dropped_there(tmp_path: Path) -> None:
    write_summary(tmp_path / "s", "é" * (512 * 1024))
    with pytest.raises(NotPublishedError, match="drops"):
        write_summary(tmp_path / "s", "é" * (512 * 1024) + "x")


def test_commands_are_escaped() -> None:
    assert command("group", "tests") == "::group::tests"
    assert command("error", "50%\r\n::x::", file="a,b:c\n") == "::error file=a%2Cb%3Ac%0A::50%25%0D%0A::x::"


@given(st.text())
def test_a_line_of_others_is_no_command(text: str) -> None:
    line = neutralise(text)
    assert line.startswith("| ")
    assert "::" not in line
    assert "##[" not in line
    assert line.isprintable()

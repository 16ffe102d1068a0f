"""What a runner reads: parsed back by the runner's own rules."""

from __future__ import annotations

import os
import re
import uuid
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import NotPublishedError
from gate.publish.actions import (
    END_GROUP,
    SUMMARY_LIMIT,
    command,
    cut,
    group,
    neutralise,
    summary_room,
    write_outputs,
    write_summary,
)
from tests.report.hostile import HOSTILE


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


def test_a_pipe_without_a_reader_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotPublishedError, match="GITHUB_OUTPUT"):
        write_outputs(tmp_path / "pipe", {"x": "y"})


def test_an_open_line_before_ours_is_ended(tmp_path: Path) -> None:
    (tmp_path / "o").write_text("before=1")
    write_outputs(tmp_path / "o", {"x": "y"})
    assert parse((tmp_path / "o").read_text()) == {"before": "1", "x": "y"}


def test_a_name_that_is_no_utf8_does_not_stop_the_outputs(tmp_path: Path) -> None:
    write_outputs(tmp_path / "o", {"x": "a\udcffb"})
    assert parse((tmp_path / "o").read_text()) == {"x": "a?b"}


def test_no_two_outputs_share_a_delimiter(tmp_path: Path) -> None:
    write_outputs(tmp_path / "o", {"a": "1", "b": "2"})
    write_outputs(tmp_path / "o", {"a": "1"})
    delimiters = [line.split("<<")[1] for line in (tmp_path / "o").read_text().splitlines() if "<<" in line]
    assert len(set(delimiters)) == 3


def test_a_delimiter_in_the_value_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uuid, "uuid4", lambda: "known")
    with pytest.raises(NotPublishedError, match="delimiter"):
        write_outputs(tmp_path / "o", {"x": "a\ngate-known\nverdict=go"})
    assert not (tmp_path / "o").exists()


def test_a_summary_is_cut_to_what_github_takes(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write_summary(path, "first\n")
    assert summary_room(path) == SUMMARY_LIMIT - 6
    write_summary(path, "é line\n" * 200_000)
    assert SUMMARY_LIMIT - 20 < path.stat().st_size <= SUMMARY_LIMIT
    assert path.read_text().startswith("first\né line\n")
    assert path.read_text().endswith("The JSON report has everything.</sub>\n")
    write_summary(path, "no room any more\n")
    assert path.stat().st_size <= SUMMARY_LIMIT


def test_the_room_of_a_summary_that_is_not_there_is_all_of_it(tmp_path: Path) -> None:
    assert summary_room(tmp_path / "none") == SUMMARY_LIMIT


LINES = st.lists(
    st.sampled_from(["<details><summary>x</summary>", "</details>", "```", "~~~~", "````python", "é" * 30, "| a |", ""])
    | st.text(max_size=40),
    max_size=40,
).map("\n".join)


@given(LINES, st.integers(0, 900))
def test_cutting_keeps_the_limit_and_closes_what_is_open(text: str, limit: int) -> None:
    found = cut(text, limit)
    size = len(text.encode("utf-8", "replace"))
    if size <= limit:
        assert found == text
    else:
        assert len(found.encode("utf-8", "replace")) <= limit
        assert found == "" or found.endswith("The JSON report has everything.</sub>\n")
        kept = found.rpartition("<sub>Cut here")[0].removesuffix("\n\n")
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(kept, text, strict=False)))
        assert re.fullmatch(r"(?:\n?(?:`{3,}|~{3,}))?(?:\n?\n?</details>)*", kept[same:])


def test_a_fold_and_a_fence_that_are_cut_are_closed() -> None:
    text = "<details><summary>a</summary>\n\n<details>\n\n````\n```\n" + "x\n" * 500
    found = cut(text, 300)
    assert found.count("<details>") == found.count("</details>") == 2
    assert found.index("\n````\n\n</details>\n\n</details>\n\n<sub>Cut here") > 0


def test_commands_are_escaped() -> None:
    assert group("tests\n::x") == "::group::tests ::x"
    assert command("endgroup", "") == END_GROUP
    assert command("error", "50%\r\n::x::", file="a,b:c\n") == "::error file=a%2Cb%3Ac%0A::50%25%0D%0A::x::"
    with pytest.raises(ValueError, match="no workflow command"):
        command("error x", "y")
    with pytest.raises(ValueError, match="no workflow command"):
        command("error", "y", **{"a,b": "c"})


@given(st.text(), st.text())
def test_a_command_is_one_line_and_is_read_back(message: str, title: str) -> None:
    line = command("notice", message, title=title)
    assert "\n" not in line
    assert "\r" not in line
    head, _, data = line.removeprefix("::").partition("::")
    assert unescape(data) == message
    assert unescape(head.removeprefix("notice title=")) == title


def unescape(text: str) -> str:
    """As the runner does it (ActionCommand.cs): the percent sign last."""
    for escaped, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(escaped, char)
    return text


@given(HOSTILE | st.text() | st.text(alphabet=":#[| \r\n\x85"))
def test_a_line_of_others_is_no_command(text: str) -> None:
    line = neutralise(text)
    assert line.startswith("| ")
    assert "::" not in line
    assert "##[" not in line
    assert line.isprintable()

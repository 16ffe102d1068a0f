"""Dockerfiles as Docker reads them."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.dockerfile import MOST_STAGES, Dockerfile, first_word, read_dockerfile
from gate.collect.readers.dockerfile_lines import read_lines
from gate.collect.readers.dockerfile_words import LONGEST, UNKNOWN, expand, json_words, pairs, unquoted, words
from gate.collect.readers.errors import ReportError


def keywords(text: str) -> list[tuple[str, str, int, int]]:
    """Keyword, text, first and last line of each instruction."""
    return [(each.keyword, each.text, each.line, each.end_line) for each in read_lines(text.encode()).instructions]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\n", [("FROM", "a", 1, 1)]),
        ("from a", [("FROM", "a", 1, 1)]),
        ("\ufeffFROM a\r\nRUN b\r\n", [("FROM", "a", 1, 1), ("RUN", "b", 2, 2)]),
        ("# x\n\n  FROM a\n", [("FROM", "a", 3, 3)]),
        ("RUN a \\\n  b\n", [("RUN", "a   b", 1, 2)]),
        ("RUN a \\ \t\n  b\n", [("RUN", "a   b", 1, 2)]),
        ("RUN a \\\n# in between\n\n  # and here\n b\nRUN c", [("RUN", "a  b", 1, 5), ("RUN", "c", 6, 6)]),
        ("RUN a \\\\\nRUN b", [("RUN", "a \\\\", 1, 1), ("RUN", "b", 2, 2)]),
        ("RUN a \\", [("RUN", "a", 1, 1)]),
        ("RUN a # no comment", [("RUN", "a # no comment", 1, 1)]),
        ("# escape=`\nRUN a `\n b\nRUN c\\", [("RUN", "a  b", 2, 3), ("RUN", "c\\", 4, 4)]),
        ("# Escape = `\n# syntax=docker/dockerfile:1\nRUN a `\n b", [("RUN", "a  b", 3, 4)]),
        ("#\n# escape=`\nRUN a `\nRUN b", [("RUN", "a `", 3, 3), ("RUN", "b", 4, 4)]),
        ("RUN <<EOF\nFROM x\nEOF\nRUN b", [("RUN", "<<EOF", 1, 3), ("RUN", "b", 4, 4)]),
        ("RUN <<-EOF\n\tFROM x\n\tEOF\nRUN b", [("RUN", "<<-EOF", 1, 3), ("RUN", "b", 4, 4)]),
        ("COPY <<A <<'B' /x/\na\nA\nb\nB\nRUN c", [("COPY", "<<A <<'B' /x/", 1, 5), ("RUN", "c", 6, 6)]),
        ("RUN cat <<<x\nRUN b", [("RUN", "cat <<<x", 1, 1), ("RUN", "b", 2, 2)]),
        ('RUN ["cat", "<<EOF"]\nRUN b', [("RUN", '["cat", "<<EOF"]', 1, 1), ("RUN", "b", 2, 2)]),
        ("CMD <<EOF\nRUN b", [("CMD", "<<EOF", 1, 1), ("RUN", "b", 2, 2)]),
        ("ONBUILD RUN <<EOF\nx\nEOF\nRUN b", [("ONBUILD", "RUN <<EOF", 1, 3), ("RUN", "b", 4, 4)]),
        ("CMD\nRUN b", [("CMD", "", 1, 1), ("RUN", "b", 2, 2)]),
    ],
)
def test_lines(text: str, expected: list[tuple[str, str, int, int]]) -> None:
    assert keywords(text) == expected


@pytest.mark.parametrize(
    ("data", "reason", "line"),
    [
        (b"FOO bar", "has “FOO” where an instruction should be", 1),
        (b"FROM a\n" + b"X" * 90, f"has “{'X' * 40}…” where an instruction should be", 2),
        (b"FROM", "has FROM with nothing behind it", 1),
        (b"FROM a\nRUN <<EOF\nx\n", "opens the here-document “EOF” and does not close it", 2),
        (b"# escape=x\nFROM a", "names “x” as its escape character, which can be \\ or ` only", 1),
        (b"# escape=`\n# ESCAPE=`\nFROM a", "gives the directive “escape” twice", 2),
        (b"FROM a\nRUN \0", "holds a NUL byte, so it is no text", 2),
        ("FROM a".encode("utf-16"), "is UTF-16, which Docker does not read: save it as UTF-8", 1),
        (
            b"# syntax=example.com/own\nINCLUDE x",
            "has “INCLUDE” where an instruction should be; it is written for another frontend, “example.com/own”",
            2,
        ),
        (b"# syntax=docker/dockerfile:1.7-labs\nINCLUDE x", "has “INCLUDE” where an instruction should be", 2),
        (b"", "has no FROM", None),
        (b"ARG A=1\n# FROM a\n", "has no FROM", None),
        (b"RUN a\nFROM b", "has RUN before the first FROM", 1),
        (b"FROM a b", "has a FROM that is neither “FROM image” nor “FROM image AS name”", 1),
        (b"FROM a FOR b", "has a FROM that is neither “FROM image” nor “FROM image AS name”", 1),
        (b"FROM a AS 1b", "names a stage “1b”, which Docker does not take", 1),
        (b"FROM a\n" * (MOST_STAGES + 1), "has more than 1,000 stages", 1001),
    ],
)
def test_what_docker_refuses(data: bytes, reason: str, line: int | None) -> None:
    with pytest.raises(ReportError) as caught:
        read_dockerfile(data)
    assert (caught.value.reason, caught.value.line) == (reason, line)


def bases(text: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(stage.base, stage.parents) for stage in read_dockerfile(text.encode()).stages]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a", [("a", ())]),
        ("FROM --platform=linux/amd64 a AS B\nFROM b", [("a", ()), ("b", (0,))]),
        ("FROM a AS b\nFROM c AS b\nFROM B", [("a", ()), ("c", ()), ("B", (1,))]),
        ("FROM b\nFROM a AS b", [("b", ()), ("a", ())]),
        ("ARG V=3\nFROM p:$V", [("p:3", ())]),
        ('ARG V="3 "\nFROM "p:${V}"', [("p:3 ", ())]),
        ("ARG A=x B=y\nARG C=$A-$B\nFROM $C", [("x-y", ())]),
        ("FROM p:${V:-3}", [("p:3", ())]),
        ("ARG V\nFROM p:${V:-3}", [("p:3", ())]),
        ("ARG V=\nFROM p:${V:-3}-${V-4}", [("p:3-", ())]),
        ("ARG V=1\nFROM p${V:+:x}${W:+y}${W+z}", [("p:x", ())]),
        ("ARG V\nFROM p:$V", [(f"p:{UNKNOWN}", ())]),
        ("FROM p:${V:?no}", [(f"p:{UNKNOWN}", ())]),
        ("FROM p:${V/a/b}", [(f"p:{UNKNOWN}", ())]),
        (
            "FROM a AS x-amd64\nFROM b AS x-arm64\nFROM c AS y\nFROM x-$T",
            [("a", ()), ("b", ()), ("c", ()), (f"x-{UNKNOWN}", (0, 1))],
        ),
        ("FROM a\nARG V=3\nFROM p:$V", [("a", ()), (f"p:{UNKNOWN}", ())]),
    ],
)
def test_bases(text: str, expected: list[tuple[str, tuple[int, ...]]]) -> None:
    assert bases(text) == expected


def test_variables_of_a_base_are_told() -> None:
    (stage,) = read_dockerfile(b"ARG A=1\nFROM ${A}:$B-${A}").stages
    assert stage.variables == ("A", "B")


def test_flags_and_heredocs() -> None:
    text = 'RUN --mount=type=cache,target=/x --network=none cat <<-"E F" > y\n\ta\n\tE F\n'
    (instruction,) = read_lines(text.encode()).instructions
    assert instruction.flag("network") == "none"
    assert instruction.flag("mount") == "type=cache,target=/x"
    assert instruction.flag("other") is None
    (heredoc,) = instruction.heredocs
    assert (heredoc.name, heredoc.text, heredoc.expand, heredoc.chomp) == ("E F", "a", False, True)


def test_bytes_that_are_not_utf8_are_taken() -> None:
    (stage,) = read_dockerfile(b"FROM a\nRUN echo \xff").stages
    assert stage.instructions[0].text == "echo \ufffd"


@pytest.mark.parametrize(
    ("text", "expected"),
    [(b"# x\n\nFrom a", "From"), (b"", ""), (b"# only", ""), (b"import os", "import")],
)
def test_first_word(text: bytes, expected: str) -> None:
    assert first_word(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a 'b c' d", ["a", "'b c'", "d"]),
        ('"a \\" b" c', ['"a \\" b"', "c"]),
        ("a\\ b c", ["a\\ b", "c"]),
        ("a 'b", ["a", "'b"]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1 b='x y' c", [("a", "1"), ("b", "'x y'")]),
        ("\"a b\"='c' 'd'=e", [("a b", "'c'"), ("d", "e")]),
        ("name the whole  rest", [("name", "the whole  rest")]),
        ("", []),
    ],
)
def test_pairs(text: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("['a']", None),
        ('["a"', None),
        ("[]", []),
        ('["a", 1]', None),
        ("[" * 5000 + "]", None),
    ],
)
def test_json_form(text: str, expected: list[str] | None) -> None:
    assert json_words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'$A'\"$A\"$A", "$A11"),
        ("\\$A", "$A"),
        ('"\\$A\\x"', "$A\\x"),
        ("${A", UNKNOWN),
        ("${", UNKNOWN),
        ("$", "$"),
        ("$-x", f"{UNKNOWN}x"),
        ("${A:-${B:-x}}y", "1y"),
        ("${B:-${B:-x}}y", "xy"),
        ("${B:-", ""),
        ("'open", "open"),
        ("a\\", "a\\"),
    ],
)
def test_expansion(text: str, expected: str) -> None:
    assert expand(text, {"A": "1"}.get) == expected


def test_unquoted_keeps_variables() -> None:
    assert unquoted("\"$A b\"'c'") == "$A bc"


def test_variables_that_double_do_not_grow_without_end() -> None:
    text = (
        "ARG A0=xxxxxxxxxxxxxxxx\n"
        + "".join(f'ARG A{n}="$A{n - 1}$A{n - 1}"\n' for n in range(1, 200))
        + "FROM i:$A199"
    )
    begun = time.monotonic()
    (stage,) = read_dockerfile(text.encode()).stages
    assert UNKNOWN in stage.base
    assert len(stage.base) <= 2 * LONGEST
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    "data",
    [
        b"FROM a\nRUN " + b"x \\\n" * 500_000,
        b"FROM a\nENV " + b"a=$b " * 400_000,
        b"FROM ${" + b"A:-${" * 400_000,
        b"ARG " + b"A=$A " * 200_000 + b"\nFROM $A",
        b"FROM a\nRUN " + b"<<" * 500_000,
        b"FROM a\nLABEL " + b"'\"\\" * 500_000,
        b"ONBUILD " * 250_000,
        b"#\n" * 1_000_000,
        b"--" * 1_000_000,
        b"FROM " + b"--a " * 400_000,
    ],
    ids=[
        "continued",
        "variables",
        "nested",
        "arguments",
        "heredocs",
        "quotes",
        "onbuild",
        "comments",
        "dashes",
        "flags",
    ],
)
def test_hostile_files_are_read_in_linear_time(data: bytes) -> None:
    begun = time.monotonic()
    with suppress(ReportError):
        read_dockerfile(data)
    assert time.monotonic() - begun < 10


_PIECES = st.sampled_from(
    [
        "FROM a\n",
        "FROM $A AS b\n",
        "ARG A=",
        "RUN ",
        "\\\n",
        "<<E ",
        "<<-E\n",
        "E\n",
        "# x\n",
        "# escape=`\n",
        "`\n",
        "${A:-",
        "}",
        "'",
        '"',
        "[",
        "]",
        " ",
        "\t",
        "\r\n",
        "ONBUILD ",
        "x",
        "é",
        "\0",
    ]
)


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    dockerfile = read(text.encode())
    if isinstance(dockerfile, ReportError):
        assert dockerfile.reason.split(" ", 1)[0] in {"has", "opens", "names", "gives", "holds", "is"}
        return
    assert dockerfile.stages
    lines = text.count("\n") + 1
    last = 0
    for stage in dockerfile.stages:
        assert all(parent < stage.index for parent in stage.parents)
        for instruction in stage.instructions:
            assert last < instruction.line <= instruction.end_line <= lines
            last = instruction.end_line


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    found = read(b"FROM a\n" + data)
    assert found.line is None or found.line >= 1 if isinstance(found, ReportError) else found.stages


def read(data: bytes) -> Dockerfile | ReportError:
    """A Dockerfile, or why it is none."""
    try:
        return read_dockerfile(data)
    except ReportError as error:
        return error

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.secrets.parts import AFTER, BEFORE, OVERLAP, PART, ending, is_binary, parts, readings
from tests.support.gitleaks import GITLEAKS, needs_gitleaks

LINES = st.lists(st.binary(max_size=30), max_size=60).map(b"\n".join)


@given(LINES, st.integers(20, 60), st.integers(1, 9))
def test_every_stretch_of_a_file_lies_whole_in_some_part_at_its_line(data: bytes, size: int, overlap: int) -> None:
    found = list(parts(data, size=size, overlap=overlap))
    bodies = [part.data[len(BEFORE) : -len(AFTER)] for part in found]
    lines = data.split(b"\n")
    for part, body in zip(found, bodies, strict=True):
        assert len(body) <= size
        first = body.split(b"\n")[0]
        assert lines[part.line][part.start :].startswith(first)
        assert part.data.split(b"\n")[part.mark_line - 1] == b"~~readiness-gate:end~~"
    for begin in range(len(data) - overlap + 1):
        assert any(data[begin : begin + overlap] in body for body in bodies)


def test_an_empty_file_has_no_part() -> None:
    assert list(parts(b"")) == []


def test_parts_are_smaller_than_a_piece_of_gitleaks() -> None:
    assert len(BEFORE) + PART + len(AFTER) < 100_000
    assert 2 * OVERLAP < PART


def test_long_files_are_cut_in_linear_time() -> None:
    found = list(parts(b"x" * 8_000_000))
    assert len(found) == pytest.approx(8_000_000 / (PART - OVERLAP), abs=2)
    assert {part.line for part in found} == {0}
    assert [part.start for part in found] == sorted(part.start for part in found)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_text_is_read_as_it_is_and_as_utf_8(encoding: str) -> None:
    raw = "name = value, in plain Latin\nsecond\n".encode(encoding)
    assert readings(raw)[0] == raw
    if encoding != "utf-32":
        assert not is_binary(raw)
    assert readings(raw)[-1].removeprefix("\ufeff".encode()).split(b"\n")[1] == b"second"


@given(st.binary(max_size=200))
def test_the_bytes_themselves_are_always_read(data: bytes) -> None:
    assert readings(data)[0] == data


def test_binary() -> None:
    assert is_binary(b"\x7fELF\0\0\1\2\3")
    assert not is_binary("plain text, Grüße".encode())


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("a/b.YAML", ".yaml"),
        ("x.yml", ".yaml"),
        ("main.tf", ".tf"),
        ("a.hcl", ".tf"),
        ("index.php", ".php"),
        ("NuGet.Config", "nuget.config"),
        ("key.pfx", ".p12"),
        ("a.png", ""),
        ("vendor/github.com/x.go", ""),
        ("package-lock.json", ""),
        ("a.yaml\n::error::x", ""),
    ],
)
def test_of_a_name_only_what_rules_ask_for_is_kept(path: str, kept: str) -> None:
    assert ending(path) == kept


@needs_gitleaks
def test_the_default_rules_ask_for_no_other_name() -> None:
    """The rules lie in the binary: a release with a new rule on names must be noticed here."""
    data = GITLEAKS.read_bytes()
    begin = data.index(b"# This file has been auto-generated. Do not edit manually.")
    rules = data[begin : begin + 400_000]
    wanted = set(re.findall(rb"(?m)^path = '''(.+?)'''$", rules))
    assert wanted == {
        rb"(?i)\.php$",
        rb"(?i)\.(?:tf|hcl)$",
        rb"(?i)\.ya?ml$",
        rb"(?i)nuget\.config$",
        rb"(?i)(?:^|\/)[^\/]+\.p(?:12|fx)$",
    }

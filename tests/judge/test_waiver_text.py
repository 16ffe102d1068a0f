"""A waiver written into a file: one more entry, every other byte as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.commands.waive import _is_within, _kept
from gate.errors import MistakesError, UserError
from gate.formats.strict_yaml import load
from gate.judge.catalogue import load_catalogue
from gate.judge.waiver_file import Waivable, read_waivers
from gate.judge.waiver_text import with_waiver
from gate.model.policy import Waiver, Waiving

WAIVABLE = Waivable(load_catalogue().criteria.keys(), waiving=Waiving(max_days=3650, max_count=500))
NEW = Waiver("sast.no-high", "why", "ada", "2026-12-01", findings=("f" * 64,), created="2026-11-21")
ENTRY = b"""- criterion: sast.no-high
    reason: why
    owner: ada
    created: 2026-11-21
    expires: 2026-12-01
    findings:
      - %s
""" % (b"f" * 64)


def read(data: bytes) -> tuple[Waiver, ...]:
    waivers, mistakes = read_waivers(data, file="w.yml", waivable=WAIVABLE)
    assert not mistakes, [str(each) for each in mistakes]
    return waivers


BLOCK = b"""# Ours.
version: 1   # of the format

waivers:
  # the first
  - criterion: "docs.readme"   # quoted
    reason: >-
      It is being
      rewritten.
    owner: 'team docs'
    expires: 2026-12-01

# The end.
"""


def test_a_new_file() -> None:
    for data in (None, b"", b"\n"):
        after = with_waiver(data, NEW, file="w.yml")
        assert after == (data or b"") + b"version: 1\nwaivers:\n  " + ENTRY
        assert read(after) == (NEW,)


@pytest.mark.parametrize(
    "data",
    [
        BLOCK,
        BLOCK.replace(b"\n", b"\r\n"),
        BLOCK.rstrip(),
        BLOCK + b"#",
        BLOCK.replace(b"version: 1   # of the format\n", b"").replace(b"# The end.", b"version: 1"),
        BLOCK.replace(b"    expires: 2026-12-01\n", b"").replace(b"    reason", b"    expires: 2026-12-01\n    reason"),
        b"version: 1\nwaivers:\n- {criterion: docs.readme, reason: r, owner: o, expires: 2026-12-01} # one\n",
        b"version: 1\nwaivers:\n- criterion: docs.readme\n  reason: |\n    a\n    b\n  owner: o\n  expires: 2026-12-02",
        b"version: 1\nwaivers:\n- criterion: docs.readme\n  owner: o\n  expires: 2026-12-01\n  reason: |\n    a\n\n#\n",
        b"version: 1\nwaivers:\n   - criterion: docs.readme\n     owner: o\n     reason: x\n     expires: 2026-12-01",
    ],
)
def test_what_was_there_stays_byte_for_byte(data: bytes) -> None:
    before = read(data)
    after = with_waiver(data, NEW, file="w.yml")
    assert read(after) == (*before, NEW)
    assert _is_within(data, after), after.decode()
    assert len(after) > len(data)
    if b"\r\n" in data:
        assert after.count(b"\n") == after.count(b"\r\n")


@pytest.mark.parametrize(
    "data",
    [
        b"version: 1\nwaivers: []\n",
        b"version: 1\nwaivers: []",
        b"# a [] b\nversion: 1\nwaivers: [ ]   # none yet\n# end\n",
        b"waivers: []\nversion: 1\n",
        b"waivers: [\n]\nversion: 1\n",
    ],
)
def test_an_empty_list_gets_its_first(data: bytes) -> None:
    after = with_waiver(data, NEW, file="w.yml")
    assert read(after) == (NEW,)
    assert _kept(data, after), after.decode()
    assert [line for line in data.splitlines() if line.startswith(b"#")] == [
        line for line in after.splitlines() if line.startswith(b"#")
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"version: 1\nwaivers: [{criterion: docs.readme, reason: r, owner: o, expires: 2026-12-01}]\n",
        b"version: 1\n",
        b"version: 1\nwaivers:\n",
        b"{version: 1, waivers: {}}\n",
        b"[]",
    ],
)
def test_where_there_is_no_place_the_entry_is_told(data: bytes) -> None:
    with pytest.raises(UserError, match=r"by hand:\n  - criterion: sast\.no-high"):
        with_waiver(data, NEW, file="w.yml")


@pytest.mark.parametrize("data", [b"a: &x [1]\nb: *x\n", b"a: 1\na: 2\n", b"\xff", b"[", b"a: 1\n---\nb: 1\n"])
def test_what_is_no_strict_yaml_is_refused(data: bytes) -> None:
    with pytest.raises(MistakesError):
        with_waiver(data, NEW, file="w.yml")


@given(reason=st.text(min_size=1).filter(lambda text: text.strip() != ""), first=st.booleans())
def test_any_reason_comes_back_as_it_was(reason: str, first: bool) -> None:
    try:
        reason.encode()
    except UnicodeEncodeError:
        return
    waiver = Waiver("sast.no-high", reason[:900], "null", "2026-12-01", link="https://example.org/#1")
    after = with_waiver(None if first else BLOCK, waiver, file="w.yml")
    assert read(after)[-1] == waiver
    assert isinstance(load(after, file="w.yml").value, dict)


def test_nothing_that_was_there_may_go() -> None:
    assert _kept(b"ab", b"axb")
    assert not _kept(b"abc", b"ab")
    assert not _kept(b"abc", b"axc")
    assert not _kept(b"aa", b"a")
    assert _kept(b"x: []\ny", b"x:\n- 1\ny")
    assert not _kept(b"x: [1]\ny", b"x:\n- 1\ny")

"""Which reports there are, and why not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gate.collect.reports import NOT_OF_THIS_RUN, FoundReports, find_reports
from gate.collect.workspace import Entry, EntryType, Workspace
from gate.model.json import JsonObject
from tests.support.fakes import write


def found(root: Path, request: JsonObject, tracked: list[str] | None = None) -> FoundReports:
    entries = None if tracked is None else [Entry(path, EntryType.FILE) for path in tracked]
    return find_reports(Workspace(root, tracked=entries, scope="elsewhere"), request)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, {"out/a.xml": "", "out/b.xml": "", "coverage.xml": "", "x/y/c.xml": ""})
    return tmp_path


def test_named_reports_are_found_once_whatever_the_scope(root: Path) -> None:
    got = found(root, {"reports": ["out/*.xml", "**/b.xml", "./coverage.xml"]})
    assert got.paths == ("coverage.xml", "out/a.xml", "out/b.xml")
    assert got.gaps == ()
    assert got.looked_for == ("out/*.xml", "**/b.xml", "./coverage.xml")


def test_one_glob_may_be_a_text(root: Path) -> None:
    assert found(root, {"reports": "out/a.xml"}).paths == ("out/a.xml",)


def test_each_named_glob_must_match(root: Path) -> None:
    got = found(root, {"reports": ["out/*.xml", "nope/*.xml", "gone.xml"]})
    assert [gap.subject for gap in got.gaps] == ["nope/*.xml", "gone.xml"]
    assert all(gap.reason.startswith("no file matches") for gap in got.gaps)
    assert all(gap.facts == () for gap in got.gaps)


def test_discovery_may_find_nothing_and_is_left_where_the_policy_names_something(root: Path) -> None:
    discover: JsonObject = {"discover": ["**/c.xml", "**/junit.xml"]}
    assert found(root, discover).paths == ("x/y/c.xml",)
    assert found(root, discover).gaps == ()
    named = found(root, discover | {"reports": ["out/a.xml"]})
    assert named.paths == ("out/a.xml",)
    assert named.looked_for == ("out/a.xml",)


def test_a_tracked_report_is_found_and_is_not_of_this_run(root: Path) -> None:
    got = found(root, {"reports": ["out/*.xml"]}, tracked=["out/a.xml"])
    assert got.paths == ("out/a.xml", "out/b.xml")
    assert got.tracked == {"out/a.xml"}
    assert [(gap.subject, gap.reason, gap.facts) for gap in got.gaps] == [("out/a.xml", NOT_OF_THIS_RUN, ())]


def test_a_named_path_says_what_it_is_instead(root: Path) -> None:
    (root / "env.xml").symlink_to("/proc/self/environ")
    os.mkfifo(root / "pipe.xml")
    (root / "link").symlink_to("out")
    names = ["env.xml", "pipe.xml", "out", "link/a.xml", "../x.xml", "/etc/passwd", ".git/x"]
    got = found(root, {"reports": [*names]})
    assert got.paths == ()
    reasons = {gap.subject: gap.reason for gap in got.gaps}
    assert "symbolic link" in reasons["env.xml"]
    assert "named pipe" in reasons["pipe.xml"]
    assert "folder" in reasons["out"]
    assert "behind the symbolic link" in reasons["link/a.xml"]
    assert "could lead out" in reasons["../x.xml"]
    assert "absolute" in reasons["/etc/passwd"]
    assert "inside .git" in reasons[".git/x"]


def test_a_glob_that_matches_only_links_matches_nothing(root: Path) -> None:
    (root / "l").mkdir()
    (root / "l" / "r.xml").symlink_to("../out/a.xml")
    assert [gap.reason[:15] for gap in found(root, {"reports": ["l/*.xml"]}).gaps] == ["no file matches"]


def test_what_is_no_glob_is_a_gap(root: Path) -> None:
    got = found(root, {"reports": ["[", "out/a.xml", "", os.fsdecode(b"\xff")]})
    assert got.paths == ("out/a.xml",)
    assert [gap.reason.startswith("is not a glob") for gap in got.gaps] == [True, True, True]


def test_a_report_whose_name_is_not_utf8_is_a_gap(root: Path) -> None:
    (root / os.fsdecode(b"out/\xff.xml")).touch()
    got = found(root, {"reports": "out/*.xml"})
    assert got.paths == ("out/a.xml", "out/b.xml")
    assert [gap.subject for gap in got.gaps] == ["out/\\udcff.xml"]


@pytest.mark.parametrize("request_", [{}, {"reports": None}, {"reports": []}, {"reports": 3}, {"reports": [3]}])
def test_a_request_that_names_nothing_finds_nothing(root: Path, request_: JsonObject) -> None:
    assert found(root, request_) == FoundReports()

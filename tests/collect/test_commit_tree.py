"""A commit's tree from an archive of it: what the archive hides or changes is seen."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from gate.collect.commit_tree import Listed, commit_tree
from gate.collect.reports import NOT_OF_THIS_RUN, find_reports
from gate.collect.unpack import Bounds, Unpacked, unpack_tree
from gate.collect.workspace import EntryType, ReadProblem, Workspace


def sha(data: bytes) -> str:
    """The id that git gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def unpacked(folder: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> Unpacked:
    """Files as an archive has them, unpacked."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"top/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(f"top/{name}")
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    folder.mkdir()
    return unpack_tree(packed.getvalue(), folder, Bounds())


def tree(
    folder: Path, files: dict[str, bytes], listed: dict[str, Listed], scope: str = ""
) -> tuple[Workspace, list[str]]:
    """The workspace of an archive, held against what the tree has."""
    return commit_tree(folder / "t", unpacked(folder / "t", files), listed, scope)


def test_an_archive_that_is_the_tree_is_a_workspace_of_what_is_tracked(tmp_path: Path) -> None:
    files = {"a.py": b"x = 1\n", "bin/run": b"#!/bin/sh\n", "b/c.txt": b""}
    listed = {name: Listed("100755" if name == "bin/run" else "100644", sha(data)) for name, data in files.items()}
    listed |= {"link": Listed("120000", sha(b"a.py")), "sub": Listed("160000", "0" * 40)}
    root = tmp_path / "t"
    workspace, spoiled = commit_tree(root, unpacked(root, files, {"link": "a.py"}), listed, "")
    assert spoiled == []
    assert workspace.has_git
    assert [(entry.path, entry.type, entry.executable) for entry in workspace.entries()] == [
        ("a.py", EntryType.FILE, False),
        ("b/c.txt", EntryType.FILE, False),
        ("bin/run", EntryType.FILE, True),
        ("link", EntryType.SYMLINK, False),
        ("sub", EntryType.SUBMODULE, False),
    ]
    assert workspace.read("a.py").data == b"x = 1\n"


@pytest.mark.parametrize("archived", [{}, {"a.py": b"x = 2\n"}, {"a.py": b""}, {"a.py": b"x = 1\r\ny\r\n"}])
def test_t13_what_the_archive_leaves_out_or_changes_is_not_there_and_named(
    tmp_path: Path, archived: dict[str, bytes]
) -> None:
    workspace, spoiled = tree(tmp_path, archived, {"a.py": Listed("100644", sha(b"x = 1\n"))})
    assert spoiled == ["a.py"]
    assert workspace.files() == ["a.py"], "who looks for it finds that it is missing"
    with pytest.raises(ReadProblem, match="is not there"):
        workspace.read("a.py")


def test_other_line_ends_are_taken_back(tmp_path: Path) -> None:
    workspace, spoiled = tree(tmp_path, {"a.bat": b"a\r\nb\r\n"}, {"a.bat": Listed("100644", sha(b"a\nb\n"))})
    assert (spoiled, workspace.read("a.bat").data) == ([], b"a\nb\n")


def test_what_the_tree_does_not_have_is_taken_away(tmp_path: Path) -> None:
    workspace, spoiled = tree(tmp_path, {"a.py": b"", "junit.xml": b"<x/>"}, {"a.py": Listed("100644", sha(b""))})
    assert spoiled == []
    assert not workspace.exists("junit.xml")


def test_a_file_where_the_tree_has_a_link_is_taken_away(tmp_path: Path) -> None:
    workspace, spoiled = tree(tmp_path, {"a.py": b"/etc/passwd"}, {"a.py": Listed("120000", sha(b"/etc/passwd"))})
    assert (spoiled, workspace.files()) == ([], [])
    assert workspace.problem("a.py") == "is not there"


def test_t5_a_report_of_the_tree_is_none_of_a_run(tmp_path: Path) -> None:
    workspace, _spoiled = tree(tmp_path, {"out/j.xml": b"<x/>"}, {"out/j.xml": Listed("100644", sha(b"<x/>"))})
    found = find_reports(workspace, {"reports": ["out/*.xml"]})
    assert [gap.reason for gap in found.gaps] == [NOT_OF_THIS_RUN]


def test_the_scope_narrows_what_is_looked_at(tmp_path: Path) -> None:
    files = {"a/x": b"", "b/y": b""}
    workspace, _spoiled = tree(tmp_path, files, {name: Listed("100644", sha(b"")) for name in files}, scope="a")
    assert workspace.files() == ["a/x"]

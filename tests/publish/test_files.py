"""Reports are written whole, and only where the user said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gate.errors import UserError
from gate.publish.files import write_report


def test_a_report_and_its_folder_are_made(tmp_path: Path) -> None:
    write_report(tmp_path / "a/b/c.md", "ünïcode\n", tmp_path)
    assert (tmp_path / "a/b/c.md").read_bytes() == "ünïcode\n".encode()
    assert [path.name for path in (tmp_path / "a/b").iterdir()] == ["c.md"]


def test_a_link_is_replaced_and_its_target_kept(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "report.json").symlink_to(tmp_path / "kept")
    write_report(tmp_path / "report.json", "new", tmp_path)
    assert (tmp_path / "kept").read_text() == "kept"
    assert (tmp_path / "report.json").read_text() == "new"


def test_a_folder_that_leads_out_of_the_workspace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "out").symlink_to(tmp_path / "outside")
    with pytest.raises(UserError, match="through a link"):
        write_report(workspace / "out/report.json", "x", workspace)
    assert not list((tmp_path / "outside").iterdir())


def test_a_place_outside_that_the_user_named_is_fine(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    write_report(tmp_path / "elsewhere/report.json", "x", workspace)
    assert (tmp_path / "elsewhere/report.json").read_text() == "x"


def test_what_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_report(tmp_path / "file/report.json", "x", tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 54321)
    write_report(tmp_path / "a/b/report.json", "x", tmp_path)
    for name in ("a", "a/b", "a/b/report.json"):
        found = (tmp_path / name).stat()
        assert (found.st_uid, found.st_gid) == (12345, 54321)

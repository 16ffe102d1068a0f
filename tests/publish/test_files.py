"""Reports are written whole, and only where the user said."""

from __future__ import annotations

import os
import stat
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


def test_a_pipe_outside_is_written_to_and_stays(tmp_path: Path) -> None:
    workspace, pipe = tmp_path / "workspace", tmp_path / "pipe"
    workspace.mkdir()
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_report(pipe, "told", workspace)
    assert os.read(reader, 10) == b"told"
    os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_a_device_stays_one(tmp_path: Path) -> None:
    workspace, device = tmp_path / "workspace", tmp_path / "null"
    workspace.mkdir()
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        device.write_text("")
    except OSError:
        pytest.skip("no device can be made here")
    write_report(device, "told", workspace)
    assert device.is_char_device()


def test_a_link_outside_is_followed(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (tmp_path / "target").write_text("old, and longer")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_report(tmp_path / "link", "new", workspace)
    assert (tmp_path / "target").read_text() == "new"
    assert (tmp_path / "link").is_symlink()


def test_a_pipe_in_the_workspace_is_neither_written_to_nor_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "report.json")
    with pytest.raises(UserError, match="no regular file"):
        write_report(tmp_path / "report.json", "x", tmp_path)
    assert (tmp_path / "report.json").is_fifo()


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

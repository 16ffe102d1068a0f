"""Files that somebody named: plain ones of a bounded size, and nothing that keeps the reader waiting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gate.collect.named_file import NamedFileProblem, read_named


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yml"
    path.write_bytes(b"version: 1\n")
    return path


def test_a_file_is_read_up_to_its_bound(file: Path) -> None:
    assert read_named(file, 11) == b"version: 1\n"
    with pytest.raises(NamedFileProblem, match=r"^is larger than 10 bytes$"):
        read_named(file, 10)


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_named(tmp_path / "nothing", 10) is None
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    assert read_named(tmp_path / "dangling", 10) is None


def test_a_link_is_followed_only_where_that_is_asked_for(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    assert read_named(link, 100) == b"version: 1\n"
    with pytest.raises(NamedFileProblem, match="is a link"):
        read_named(link, 100, follow=False)


@pytest.mark.parametrize("follow", [True, False])
def test_t22_a_pipe_a_folder_and_a_device_are_not_waited_for(tmp_path: Path, follow: bool) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(NamedFileProblem, match="is not a regular file"):
            read_named(path, 100, follow=follow)


@pytest.mark.parametrize("name", ["a\0b", "a" * 300, "policy.yml/below"])
def test_a_name_that_no_file_can_have_is_told(file: Path, name: str) -> None:
    with pytest.raises(NamedFileProblem, match=r"^cannot be read: "):
        read_named(file.parent / name, 100)

"""Tools get into the image by hash and by their own word, or not at all."""

from __future__ import annotations

import hashlib
import runpy
import tarfile
from pathlib import Path

import pytest

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "docker/fetch_tools.py"))


def archive(folder: Path, says: str, name: str = "trivy") -> tuple[str, str]:
    """A release archive with a program that tells a version; return its URL and hash."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho 'Version: {says}'\n")
    program.chmod(0o755)
    path = folder / "release.tar.gz"
    with tarfile.open(path, "w:gz") as files:
        files.add(program, arcname=f"folder/{name}")
    return path.as_uri(), hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(folder: Path, version: str, url: str, sha256: str, name: str = "trivy") -> int:
    result = SCRIPT["main"]([name, version, url, sha256, str(folder / "out")])
    assert isinstance(result, int)
    return result


def test_a_good_archive_is_unpacked(tmp_path: Path) -> None:
    url, sha256 = archive(tmp_path, "0.69.3")
    assert fetch(tmp_path, "0.69.3", url, sha256) == 0
    assert (tmp_path / "out/trivy").stat().st_mode & 0o111


@pytest.mark.parametrize("version", ["0.69.4", "0.69.5", "0.69.6"])
def test_a_malicious_release_is_refused_by_number(
    tmp_path: Path, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url, sha256 = archive(tmp_path, version)
    assert fetch(tmp_path, version, url, sha256) == 1
    assert "malicious" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("version", ["0.69.4", "0.69.5", "0.69.6"])
def test_a_malicious_release_under_another_number_is_refused(
    tmp_path: Path, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url, sha256 = archive(tmp_path, version)
    assert fetch(tmp_path, "0.69.3", url, sha256) == 1
    assert "malicious" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "sha256", "scheme", "reason"),
    [
        ("0.69.3", "0" * 64, "file:///", "has the SHA-256"),
        ("0.69.2", None, "file:///", "says that it is 0.69.3, expected 0.69.2"),
        ("0.69.3", None, "http://", "neither https nor a file"),
    ],
)
def test_what_is_not_as_asked_is_refused(
    tmp_path: Path,
    version: str,
    sha256: str | None,
    scheme: str,
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, right = archive(tmp_path, "0.69.3")
    assert fetch(tmp_path, version, url.replace("file:///", scheme), sha256 or right) == 1
    assert reason in capsys.readouterr().err


def test_an_archive_without_the_program_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url, sha256 = archive(tmp_path, "1.0.0", name="other")
    assert fetch(tmp_path, "1.0.0", url, sha256) == 1
    assert "holds no program trivy" in capsys.readouterr().err

"""Tools get into the image by hash and by their own word, or not at all."""

from __future__ import annotations

import hashlib
import re
import runpy
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.collect.known_tools import KNOWN_TOOLS

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "docker/fetch_tools.py"))
SAYS = {
    "trivy": "Version: {}",
    "gitleaks": "{}",
    "hadolint": "Haskell Dockerfile Linter {}",
    "helm": "v{}+g05fa379",
    "kubectl": '{{"clientVersion": {{"goVersion": "go1.24.13", "gitVersion": "v{}"}}, "kustomizeVersion": "v5.6.0"}}',
    "promtool": "promtool, version {} (branch: HEAD, revision: 8be3a95)\\n  go version: go1.25.1",
    "amtool": "amtool, version {} (branch: HEAD, revision: 8be3a95)\\n  go version: go1.25.1",
}


@dataclass(frozen=True)
class Released:
    """A release that lies on this machine."""

    url: str
    sha256: str


def archive(folder: Path, says: str, name: str = "trivy") -> Released:
    """A release archive with a program that tells a version."""
    path = folder / "release.tar.gz"
    with tarfile.open(path, "w:gz") as files:
        files.add(written(folder, says, name), arcname=f"folder/{name}")
    return released(path)


def written(folder: Path, says: str, name: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\nprintf '{SAYS.get(name, '{}').format(says)}\\n'\n")
    program.chmod(0o755)
    return program


def released(path: Path) -> Released:
    return Released(path.as_uri(), hashlib.sha256(path.read_bytes()).hexdigest())


def run(folder: Path, names: str, settings: Mapping[str, str], architecture: str = "amd64") -> int:
    result = SCRIPT["main"]([str(folder / "out"), architecture, *names.split()], settings)
    assert isinstance(result, int)
    return result


def fetch(folder: Path, version: str, url: str, sha256: str, name: str = "trivy") -> int:
    key = name.upper()
    return run(folder, name, {f"{key}_VERSION": version, f"{key}_URL": url, f"{key}_SHA256": sha256})


@pytest.mark.parametrize("name", SAYS)
def test_a_good_archive_is_unpacked(tmp_path: Path, name: str) -> None:
    release = archive(tmp_path, "1.69.3", name)
    assert fetch(tmp_path, "1.69.3", release.url, release.sha256, name) == 0
    assert (tmp_path / "out" / name).stat().st_mode & 0o111


@pytest.mark.parametrize("name", ["hadolint", "kubectl"])
def test_a_program_that_is_released_by_itself_is_taken(tmp_path: Path, name: str) -> None:
    program = written(tmp_path, "2.15.1", name)
    release = released(program)
    assert fetch(tmp_path, "2.15.1", release.url, release.sha256, name) == 0
    assert (tmp_path / "out" / name).read_bytes() == program.read_bytes()


def test_several_tools_are_fetched_and_no_others(tmp_path: Path) -> None:
    settings: dict[str, str] = {}
    for name in ("helm", "kubectl", "amtool"):
        release = released(written(tmp_path, "1.2.3", name))
        settings |= {f"{name.upper()}_VERSION": "1.2.3", f"{name.upper()}_URL": release.url}
        settings |= {f"{name.upper()}_SHA256": release.sha256}
    assert run(tmp_path, "helm kubectl", settings) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"helm", "kubectl"}


def test_no_tools_can_be_asked_for(tmp_path: Path) -> None:
    assert run(tmp_path, "", {}) == 0
    assert not list((tmp_path / "out").iterdir())


def test_a_tool_without_a_hash_for_the_architecture_is_left_out_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"HELM_VERSION": "4.1.4", "HELM_SHA256_AMD64": "0" * 64, "HELM_SHA256_ARM64": ""}
    assert run(tmp_path, "helm", settings, "arm64") == 0
    assert "helm 4.1.4 is left out: no SHA-256 of its release for arm64 is known" in capsys.readouterr().out
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("names", "architecture", "settings", "reason"),
    [
        ("curl", "amd64", {}, "there is no such tool"),
        ("helm", "s390x", {}, "no release for s390x is known"),
        ("helm", "amd64", {"HELM_URL": "file:///x", "HELM_SHA256_AMD64": "0" * 64}, "given without HELM_SHA256"),
    ],
)
def test_what_cannot_be_fetched_is_refused(
    tmp_path: Path,
    names: str,
    architecture: str,
    settings: dict[str, str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(tmp_path, names, settings, architecture) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("version", ["0.69.4", "0.69.5", "0.69.6"])
def test_a_malicious_release_is_refused_by_number(
    tmp_path: Path, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    release = archive(tmp_path, version)
    assert fetch(tmp_path, version, release.url, release.sha256) == 1
    assert "malicious" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("version", ["0.69.4", "0.69.5", "0.69.6"])
def test_a_malicious_release_under_another_number_is_refused(
    tmp_path: Path, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    release = archive(tmp_path, version)
    assert fetch(tmp_path, "0.69.3", release.url, release.sha256) == 1
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
    release = archive(tmp_path, "0.69.3")
    assert fetch(tmp_path, version, release.url.replace("file:///", scheme), sha256 or release.sha256) == 1
    assert reason in capsys.readouterr().err


def test_an_archive_without_the_program_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release = archive(tmp_path, "1.0.0", name="other")
    assert fetch(tmp_path, "1.0.0", release.url, release.sha256) == 1
    assert "holds no program trivy" in capsys.readouterr().err


def build_arguments() -> dict[str, str]:
    """The arguments of the stage that fetches the tools, with their defaults."""
    stage = (ROOT / "Dockerfile").read_text().split("AS tools\n")[1].split("\nFROM ")[0]
    return {name: value.strip('"') for name, value in re.findall(r"^ARG (\w+)=(.*)$", stage, re.MULTILINE)}


def test_every_tool_of_the_image_has_a_version_and_a_hash_for_each_architecture() -> None:
    arguments = build_arguments()
    names = arguments["TOOLS"].split()
    assert set(names) == set(SCRIPT["RELEASES"]) == set(SAYS)
    urls = set()
    for name in names:
        for architecture in ("amd64", "arm64"):
            tool = SCRIPT["wanted"](name, architecture, arguments)
            assert re.fullmatch(r"https://[a-z0-9.]+/\S+", tool.url)
            assert tool.version in tool.url
            assert re.fullmatch(r"[0-9a-f]{64}", tool.sha256)
            urls.add((tool.url, tool.sha256))
    assert len(urls) == len({sha256 for _url, sha256 in urls}) == 2 * len(names)
    page = (ROOT / "docs/image.md").read_text()
    assert all(f"{name.upper()}_VERSION" in page and arguments[f"{name.upper()}_VERSION"] in page for name in names)


def test_the_image_has_every_program_that_the_gate_runs() -> None:
    """git comes with the base image, and what is Python's with the gate's packages."""
    elsewhere = {"git", "zizmor"} | {tool.name for tool in KNOWN_TOOLS if tool.module}
    assert {tool.name for tool in KNOWN_TOOLS} - elsewhere == set(build_arguments()["TOOLS"].split())

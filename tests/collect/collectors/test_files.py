"""The files collector on real trees."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.collectors.files import FilesCollector
from gate.collect.workspace import Workspace
from gate.model.evidence import Collected, Missing
from gate.model.json import Json
from tests.support.fakes import context, tracked, write

FILES: dict[str, str | bytes] = {
    "config/a.yaml": "log_level: INFO\n",
    "config/b.yaml": "log_level: DEBUG\n",
    "broken.json": "{",
    "Makefile": "all:\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, FILES | {"untracked.yaml": "x: 1\n"})
    return tmp_path


def collect(root: Path, paths: list[Json] | str, *, git: bool = True) -> Collected:
    workspace = Workspace(root, tracked=tracked(*FILES) if git else None)
    evidence = FilesCollector().collect(context(workspace, {"paths": paths}))
    assert isinstance(evidence, Collected)
    return evidence


def test_named_files_become_documents(root: Path) -> None:
    evidence = collect(root, ["config/*.yaml"])
    assert evidence.facts == {
        "items": {
            "config/a.yaml": {"found": True, "format": "yaml", "content": {"log_level": "INFO"}},
            "config/b.yaml": {"found": True, "format": "yaml", "content": {"log_level": "DEBUG"}},
        }
    }
    assert [source.path for source in evidence.sources] == ["config/a.yaml", "config/b.yaml"]


def test_a_file_that_is_not_there_is_told(root: Path) -> None:
    evidence = collect(root, "config/production.yaml")
    assert evidence.facts == {"items": {"config/production.yaml": {"found": False, "format": "yaml"}}}


def test_a_file_that_does_not_parse_is_a_gap_and_has_no_content(root: Path) -> None:
    evidence = collect(root, ["broken.json", "broken.json"])
    assert evidence.facts == {"items": {"broken.json": {"found": True, "format": "json"}}}
    assert evidence.gaps[0].reason.startswith("is not JSON")
    assert evidence.gaps[0].facts == ("items",)


def test_a_file_without_a_format_is_a_gap(root: Path) -> None:
    assert "neither YAML" in collect(root, "Makefile").gaps[0].reason


def test_a_file_that_git_does_not_track_is_not_part_of_the_change(root: Path) -> None:
    assert "not tracked" in collect(root, "untracked.yaml").gaps[0].reason
    assert not collect(root, "untracked.yaml", git=False).gaps


def test_a_link_is_not_followed(root: Path) -> None:
    (root / "config/a.yaml").unlink()
    (root / "config/a.yaml").symlink_to("b.yaml")
    evidence = collect(root, "config/a.yaml")
    assert "symbolic link" in evidence.gaps[0].reason


def test_nothing_named_is_nothing_proven(root: Path) -> None:
    assert isinstance(FilesCollector().collect(context(Workspace(root))), Missing)

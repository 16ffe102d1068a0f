"""Dockerfiles that only a Compose file or a workflow names."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.collectors.dockerfile import DockerfileCollector
from gate.collect.workspace import Entry, EntryType, Workspace
from gate.model.evidence import Collected, Evidence, Missing, Unreadable
from tests.support.fakes import context, write

IMAGE = "FROM alpine:3.20\nUSER 1000\n"


def look(root: Path, there: dict[str, str], links: tuple[str, ...] = (), **request: object) -> Evidence:
    write(root, there)
    for link in links:
        (root / link).symlink_to("elsewhere")
    tracked = [Entry(path, EntryType.FILE) for path in there] + [Entry(path, EntryType.SYMLINK) for path in links]
    workspace = Workspace(root, tracked=tracked)
    return DockerfileCollector().collect(context(workspace, {"lint": False, **request}))  # type: ignore[dict-item]


def paths(evidence: Evidence) -> list[str]:
    assert isinstance(evidence, Collected), evidence
    items = evidence.facts["items"]
    assert isinstance(items, list)
    return [str(item["path"]) for item in items if isinstance(item, dict)]


def compose(build: str) -> str:
    return f"services:\n  api:\n    image: x:1\n    build: {build}\n"


@pytest.mark.parametrize(
    ("build", "name"),
    [
        ("{context: ., dockerfile: build/api.txt}", "build/api.txt"),
        ("{context: build, dockerfile: api}", "build/api"),
        ("{context: build, dockerfile: ../other.yaml}", "other.yaml"),
        ("{dockerfile: '${FILE:-build/api}'}", "build/api"),
        ("{context: ., dockerfile: Dockerfile-prod.py}", "Dockerfile-prod.py"),
    ],
)
def test_what_a_compose_file_builds_from(tmp_path: Path, build: str, name: str) -> None:
    found = look(tmp_path, {"compose.yaml": compose(build), name: IMAGE, "Dockerfile": IMAGE})
    assert paths(found) == sorted(["Dockerfile", name])
    assert not found.gaps


@pytest.mark.parametrize(
    ("build", "told"),
    [
        ("{dockerfile: nowhere}", "no regular file that is tracked"),
        ("{dockerfile: link}", "no regular file that is tracked"),
        ("{dockerfile: ../../etc/passwd}", "outside of the workspace"),
        ("{dockerfile: /etc/passwd}", "outside of the workspace"),
        ("{context: 'https://example.com/x.git', dockerfile: x}", "not in this repository"),
        ("{dockerfile: '$FILE'}", "only known where it is built"),
        ("{dockerfile_inline: 'FROM x'}", "dockerfile_inline"),
    ],
)
def test_what_cannot_be_read_is_a_gap(tmp_path: Path, build: str, told: str) -> None:
    found = look(tmp_path, {"compose.yaml": compose(build)}, links=("link",))
    assert isinstance(found, Missing)
    assert not found.not_applicable
    (gap,) = found.gaps
    assert (gap.path, gap.line) == ("compose.yaml", 4)
    assert told in gap.reason
    excluded = look(tmp_path, {"compose.yaml": compose(build)}, exclude=["compose.yaml"])
    assert not excluded.gaps


def test_a_file_that_is_built_and_is_no_dockerfile_is_a_gap(tmp_path: Path) -> None:
    found = look(tmp_path, {"compose.yaml": compose("{dockerfile: notes.md}"), "notes.md": "# Notes\n"})
    assert isinstance(found, Unreadable)
    assert found.gaps[0].path == "notes.md"


def test_what_the_policy_names_or_excludes_comes_first(tmp_path: Path) -> None:
    files = {"compose.yaml": compose("{dockerfile: api}"), "api": IMAGE, "Dockerfile": IMAGE}
    assert paths(look(tmp_path, files, files=["Dockerfile"])) == ["Dockerfile"]
    left = look(tmp_path, files, exclude=["api"])
    assert isinstance(left, Collected)
    assert (paths(left), left.facts["excluded_paths"]) == (["Dockerfile"], ["api"])


def test_very_many_names_are_bounded(tmp_path: Path) -> None:
    services = "".join(f"  s{number}: {{image: x, build: {{dockerfile: d{number}}}}}\n" for number in range(600))
    found = look(tmp_path, {"compose.yaml": f"services:\n{services}", "Dockerfile": IMAGE})
    assert isinstance(found, Collected)
    assert len(found.gaps) == 501
    assert "more Dockerfiles than the 500" in found.gaps[500].reason


WORKFLOW = """\
on: push
defaults: {run: {working-directory: build}}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: |
          docker build -t x -f api.txt .
          docker buildx build --file=web .
          docker run -f not-this x
          echo docker build -f nor-this .
      - run: docker build -f top .
        working-directory: .
      - uses: docker/build-push-action@v6
        with: {file: build/action}
      - run: docker build -f $FILE -f ../../outside -f absent .
"""


def test_what_workflows_build_from(tmp_path: Path) -> None:
    names = ["build/action", "build/api.txt", "build/not-this", "build/nor-this", "build/web", "top"]
    files = {".github/workflows/ci.yml": WORKFLOW} | dict.fromkeys(names, IMAGE)
    found = look(tmp_path, files)
    assert paths(found) == ["build/action", "build/api.txt", "build/web", "top"]
    assert not found.gaps

"""The release script: with real git, and with programs of our own where docker and gh would be."""

from __future__ import annotations

import base64
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.fakes import write
from tests.support.repositories import commit, git, make_repository

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".github/scripts/release.py"
RELEASE: dict[str, Any] = runpy.run_path(str(SCRIPT))
Refused: type[Exception] = RELEASE["RefusedError"]
check: Callable[[str, Path], str] = RELEASE["check"]
notes: Callable[[str, Path], str] = RELEASE["notes"]
pinned: Callable[[str, str], str] = RELEASE["pinned"]
ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")
A, B, C, D = (f"sha256:{digit * 64}" for digit in "abcd")
IMAGE = "ghcr.io/readiness-gate/readiness-gate"
SHA = "1" * 40
VERSION = re.search('__version__ = "(.+)"', (ROOT / "gate/__init__.py").read_text(encoding="utf-8"))
assert VERSION is not None
OUR_VERSION = VERSION[1]

STAND_IN = """#!{python}
import json, os, pathlib, sys
folder = pathlib.Path(__file__).parent
call = [pathlib.Path(__file__).name, *sys.argv[1:]]
body = sys.stdin.read() if "--input" in call and "-" in call else ""
with (folder / "log").open("a") as log:
    log.write(json.dumps({{"call": call, "body": body, "token": os.environ.get("GH_TOKEN", "")}}) + "\\n")
for words, answer, code in json.loads((folder / "answers").read_text()):
    if all(word in call for word in words):
        print(answer)
        sys.exit(code)
"""


@dataclass
class Machine:
    """A folder with stand-ins for docker and gh, and the script run with them."""

    folder: Path

    def __post_init__(self) -> None:
        for name in ("docker", "gh"):
            path = self.folder / "bin" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(STAND_IN.format(python=sys.executable))
            path.chmod(0o755)
        self.answers([])

    def answers(self, answers: list[tuple[list[str], str, int]]) -> None:
        """What a call says that has all of these words, and how it ends; the first that fits."""
        (self.folder / "bin/answers").write_text(json.dumps(answers))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_SHA": SHA,
            "GITHUB_REPOSITORY": "readiness-gate/readiness-gate",
        }
        command = [sys.executable, "-I", str(SCRIPT), *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    @property
    def output(self) -> str:
        path = self.folder / "output"
        return path.read_text() if path.exists() else ""

    def calls(self, program: str) -> list[tuple[list[str], Any]]:
        lines = (self.folder / "bin/log").read_text().splitlines()
        found = [json.loads(line) for line in lines]
        return [
            (item["call"][1:], json.loads(item["body"]) if item["body"] else None)
            for item in found
            if item["call"][0] == program
        ]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --- the digest in action.yml --------------------------------------------------------------------------------------


def test_the_digest_takes_the_dockerfile_s_place_and_nothing_else_changes(tmp_path: Path) -> None:
    text = pinned(ACTION, A)
    before, after = yaml.safe_load(ACTION), yaml.safe_load(text)
    assert after["runs"] == {"using": "docker", "image": f"docker://{IMAGE}@{A}"}
    assert {**before, "runs": None} == {**after, "runs": None}
    (tmp_path / "action.yml").write_text(text)
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.github-actions"]
    assert subprocess.run([*command, str(tmp_path / "action.yml")], capture_output=True, timeout=60).returncode == 0


@pytest.mark.parametrize("digest", ["", "latest", A[:-1], A + "0", A.upper(), f"{A}\n", "sha256:" + "g" * 64])
def test_what_is_no_digest_gets_nowhere(digest: str) -> None:
    with pytest.raises(Refused, match="64 digits"):
        pinned(ACTION, digest)


def test_an_action_that_has_an_image_already_is_refused() -> None:
    with pytest.raises(Refused, match="image: Dockerfile"):
        pinned(pinned(ACTION, A), B)


def test_main_builds_its_image_itself() -> None:
    # A digest on main would be that of an older commit: only a release's commit has one.
    assert yaml.safe_load(ACTION)["runs"]["image"] == "Dockerfile"


# --- may this be released? -----------------------------------------------------------------------------------------


def candidate(folder: Path, **changed: str) -> Path:
    """A repository with a version that can be released; `origin/main` is its only commit."""
    make_repository(folder)
    files = {
        "gate/__init__.py": '"""x"""\n\n__version__ = "1.2.3"\n',
        "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n## 1.2.3 (today)\n\n- All is new.\n\n## 1.2.2\n\n- Old.\n",
        "action.yml": ACTION,
    }
    write(folder, files | changed)
    commit(folder)
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    return folder


def test_a_candidate_on_which_all_agree_may_be_released(tmp_path: Path) -> None:
    assert check("candidate/1.2.3", candidate(tmp_path)) == "1.2.3"
    assert notes("1.2.3", tmp_path) == "- All is new."
    assert notes("1.2", tmp_path) == ""


@pytest.mark.parametrize(
    ("tag", "changed", "told"),
    [
        ("v1.2.3", {}, "is not candidate/"),
        ("candidate/1.2.3; id", {}, "is not candidate/"),
        ("candidate/1.2.3\n", {}, "is not candidate/"),
        ("candidate/1.2.4", {}, "gate/__init__.py says 1.2.3"),
        ("candidate/1.2.3", {"gate/__init__.py": ""}, "says no version"),
        ("candidate/1.2.3", {"CHANGELOG.md": "## Unreleased\n\n- x\n"}, "nothing under"),
        ("candidate/1.2.3", {"CHANGELOG.md": "## 1.2.3\n\n## 1.2.2\n\n- x\n"}, "nothing under"),
        ("candidate/1.2.3", {"action.yml": "runs: {}\n"}, "image: Dockerfile"),
    ],
)
def test_a_candidate_on_which_not_all_agree_is_refused(
    tmp_path: Path, tag: str, changed: dict[str, str], told: str
) -> None:
    with pytest.raises(Refused, match=told):
        check(tag, candidate(tmp_path, **changed))


def test_a_release_is_made_once_and_from_main(tmp_path: Path) -> None:
    folder = candidate(tmp_path)
    git(folder, "tag", "v1.2.3")
    with pytest.raises(Refused, match="never made twice"):
        check("candidate/1.2.3", folder)
    git(folder, "tag", "--delete", "v1.2.3")
    write(folder, {"more": "x"})
    commit(folder)
    with pytest.raises(Refused, match="1 commits of the candidate are not on main"):
        check("candidate/1.2.3", folder)


# --- the image -----------------------------------------------------------------------------------------------------

BUILT: list[tuple[list[str], str, int]] = [
    (["buildx", "inspect"], A, 0),
    (["run", "--version"], f"readiness-gate {OUR_VERSION}", 0),
    (
        ["doctor", "--self-test"],
        json.dumps([{"name": "trivy", "state": "failed"}, {"name": "git", "state": "none"}]),
        3,
    ),
    (["doctor"], json.dumps([{"name": "trivy", "version": "1"}, {"name": "helm", "version": "2"}]), 0),
    (["image", "inspect"], json.dumps([f"{IMAGE}@{B}", f"elsewhere/image@{C}"]), 0),
]


def test_an_image_is_built_on_one_base_tried_listed_and_then_pushed(machine: Machine) -> None:
    machine.answers(BUILT)
    done = machine.run("build", "arm64")
    assert done.returncode == 0, done.stderr
    assert machine.output == f"digest={B}\n"
    calls = [call for call, _body in machine.calls("docker")]
    words = [next(word for word in call if word in ("inspect", "build", "run", "save", "push")) for call in calls]
    assert words == ["inspect", "build", "run", "run", "run", "save", "run", "push", "inspect"]
    assert f"BASE_IMAGE=docker.io/library/python:3.13-slim-bookworm@{A}" in calls[1]
    assert f"{IMAGE}:arm64-{SHA}" in calls[1]
    assert "/out/sbom-arm64.cdx.json" in calls[6]
    # Of what is tried, only the self-test reaches a network: pip-audit asks PyPI.
    tried = [call for call in calls if call[0] == "run"]
    assert [call[2:4] == ["--network", "none"] for call in tried] == [True, True, False, True]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((["buildx", "inspect"], "<none>", 0), "is not a digest"),
        ((["build"], "", 1), "ended with 1"),
        ((["run", "--version"], "readiness-gate 9.9.9", 0), "says that it is"),
        ((["run", "doctor"], "", 1), "ended with 1"),
        ((["doctor"], "[]", 0), "Not in the image"),
        (
            (["doctor"], json.dumps([{"name": "helm", "version": None, "state": "absent"}]), 0),
            "Not in the image: ['helm']",
        ),
        ((["--self-test"], json.dumps([{"name": "helm", "state": "failed"}]), 3), "Blind: ['helm']"),
        ((["run", "--entrypoint"], "", 1), "ended with 1"),
        ((["push"], "", 1), "ended with 1"),
        ((["image", "inspect"], "[]", 0), "has the digests"),
    ],
)
def test_an_image_that_is_not_right_gives_no_digest(
    machine: Machine, answer: tuple[list[str], str, int], told: str
) -> None:
    machine.answers([answer, *BUILT])
    done = machine.run("build", "amd64")
    assert done.returncode == 1
    assert told in done.stderr
    assert machine.output == ""
    if answer[0] != ["push"] and answer[0] != ["image", "inspect"]:
        assert not any("push" in call for call, _body in machine.calls("docker"))


def test_both_images_go_under_one_name(machine: Machine) -> None:
    machine.answers([(["inspect"], C, 0)])
    assert machine.run("index", "1.2.3", A, B).returncode == 0
    assert machine.output == f"digest={C}\n"
    create = machine.calls("docker")[0][0]
    assert create[-4:] == ["--tag", f"{IMAGE}:1.2.3", f"{IMAGE}@{A}", f"{IMAGE}@{B}"]
    assert machine.run("index", "1.2.3", A, "latest").returncode == 1


# --- the commit, the tag, the release --------------------------------------------------------------------------------

NEW = "2" * 40


def test_the_release_s_commit_holds_the_digest_and_its_tag_points_there(machine: Machine) -> None:
    machine.answers([(["PUT"], json.dumps({"commit": {"sha": NEW}}), 0)])
    done = machine.run("publish", "1.2.3", D)
    assert done.returncode == 0, done.stderr
    assert machine.output == f"commit={NEW}\n"
    branch, change, tag, release = machine.calls("gh")
    assert branch[1] == {"ref": "refs/heads/releases/v1.2.3", "sha": SHA}
    assert change[0][:4] == ["api", "--method", "PUT", "repos/readiness-gate/readiness-gate/contents/action.yml"]
    assert base64.b64decode(change[1]["content"]).decode() == pinned(ACTION, D)
    assert change[1]["branch"] == "releases/v1.2.3"
    assert change[1]["sha"] == git(ROOT, "hash-object", "action.yml").strip()
    assert tag[1] == {"ref": "refs/tags/v1.2.3", "sha": NEW}
    assert release[0][:3] == ["release", "create", "v1.2.3"]
    assert "--verify-tag" in release[0]


def test_a_branch_that_is_there_already_ends_it_before_anything_is_tagged(machine: Machine) -> None:
    machine.answers([(["POST"], "", 1)])
    assert machine.run("publish", "1.2.3", D).returncode == 1
    assert len(machine.calls("gh")) == 1


@pytest.mark.parametrize("arguments", [[], ["build"], ["check", "a", "b"], ["index", "1", A], ["other", "x"]])
def test_other_words_are_a_mistake(machine: Machine, arguments: list[str]) -> None:
    assert machine.run(*arguments).returncode == 2


# --- what belongs to it ----------------------------------------------------------------------------------------------


def test_the_workflow_calls_what_there_is() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))["jobs"]
    lines = [step["run"] for job in jobs.values() for step in job["steps"] if "release.py" in step.get("run", "")]
    assert [line.split("release.py ")[1].split()[0] for line in lines] == ["check", "build", "index", "publish"]
    assert jobs["image"]["needs"] == "test"
    assert jobs["publish"]["environment"] == "release"


def test_owners_are_named_for_everything_that_decides() -> None:
    lines = (ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8").splitlines()
    owned = {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}
    assert {"/.github/", "/.gate/", "/action.yml", "/Dockerfile"} <= owned
    for path in owned:
        assert list(ROOT.glob(path.strip("/"))), path
    assert all(line.split()[1].startswith("@readiness-gate/") for line in lines if line and not line.startswith("#"))


def test_updates_are_asked_for_of_everything_that_is_pinned() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text(encoding="utf-8"))["updates"]
    assert {item["package-ecosystem"] for item in updates} == {"pip", "docker", "github-actions"}

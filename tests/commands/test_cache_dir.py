"""Who may use a cache: never a fork's pull request, and never a folder that the change could have filled."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gate.collect.git import open_workspace
from gate.collect.workspace import Workspace
from gate.commands.cache_dir import OWN_EVENTS, check_folder, why_no_cache
from gate.errors import UserError
from gate.model.json import Json
from gate.settings import Runner, read_runner
from tests.support.fakes import write
from tests.support.repos import Gate
from tests.support.repositories import RUNNER, commit, git, git_tool, make_repository

SHELL = "import subprocess\nsubprocess.call('x', shell=True)\n"


def event(folder: Path, name: str, document: Json | bytes | None) -> dict[str, str]:
    """The environment of a runner with this event."""
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": name, "GITHUB_REPOSITORY": "acme/shop"}
    if document is not None:
        file = folder / "event.json"
        file.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
        environ["GITHUB_EVENT_PATH"] = str(file)
    return environ


def runner(folder: Path, name: str, document: Json | bytes | None) -> Runner | None:
    return read_runner(event(folder, name, document))


def pull(head: Json, base: Json = "acme/shop") -> Json:
    return {"pull_request": {"head": {"repo": {"full_name": head}}, "base": {"repo": {"full_name": base}}}}


def test_a_persons_own_machine_has_a_cache() -> None:
    assert why_no_cache(None) is None


@pytest.mark.parametrize("name", sorted(OWN_EVENTS))
def test_a_run_of_the_repositorys_own_commits_has_a_cache(tmp_path: Path, name: str) -> None:
    assert why_no_cache(runner(tmp_path, name, None)) is None


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "pull_request_review"])
def test_a_pull_request_from_the_repository_itself_has_one(tmp_path: Path, name: str) -> None:
    assert why_no_cache(runner(tmp_path, name, pull("acme/shop"))) is None


NO_REPO: Json = {"pull_request": {"head": {"repo": None}, "base": {"repo": {"full_name": "acme/shop"}}}}
BAD: dict[str, Json | bytes | None] = {
    "fork": pull("mallory/shop"),
    "case": pull("acme/SHOP"),
    "null name": pull(None),
    "empty names": pull("", ""),
    "no repository": NO_REPO,
    "another repository": pull("mallory/shop", "mallory/shop"),
    "a list": pull(["acme/shop"], ["acme/shop"]),
    "an empty object": {},
    "no object": [],
    "nothing": b"",
    "half": b'{"pull_request": {"head": {"repo": {"full_name": "acme/shop"',
    "twice": b'{"pull_request": {"head": {"repo": {"full_name": "mallory/shop", "full_name": "acme/shop"}}, '
    b'"base": {"repo": {"full_name": "acme/shop"}}}}',
    "no UTF-8": b"\xff\xfe{}",
    "no file": None,
}


@pytest.mark.parametrize("how", BAD)
@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_a_fork_and_what_cannot_be_told_has_none(tmp_path: Path, name: str, how: str) -> None:
    assert why_no_cache(runner(tmp_path, name, BAD[how]))


@pytest.mark.parametrize("name", ["", "issue_comment", "workflow_run", "check_suite", "PUSH", "repository_dispatch"])
def test_an_event_that_may_be_about_a_fork_has_none(tmp_path: Path, name: str) -> None:
    assert why_no_cache(runner(tmp_path, name, pull("acme/shop")))


@pytest.mark.parametrize("kind", ["folder", "pipe", "gone"])
def test_an_event_that_is_no_file_has_none(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "event"
    if kind == "folder":
        file.mkdir()
    if kind == "pipe":
        os.mkfifo(file)
    environ = event(tmp_path, "pull_request", None) | {"GITHUB_EVENT_PATH": str(file)}
    assert why_no_cache(read_runner(environ))


# --- the folder ----------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = make_repository(tmp_path / "tree")
    write(root, {"a.py": SHELL, "kept/x.json": "{}", ".gitignore": "/.cache/\n"})
    commit(root)
    return root


def check(folder: Path, root: Path) -> None:
    check_folder(folder, open_workspace(root, RUNNER, git_tool()), root)


def test_folders_that_are_fine(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / ".cache/there").mkdir(parents=True)
    (tmp_path / "there").mkdir()
    for folder in (tree / ".cache", tree / ".cache/there", tree / ".cache/new", tmp_path / "there", tmp_path / "a/b"):
        check(folder, tree)
    monkeypatch.chdir(tree)
    check(Path(".cache"), Path())


@pytest.mark.parametrize("path", [".", "kept", "kept/x.json/below", "a.py", "kept/../kept"])
def test_a_folder_that_git_tracks_is_refused(tree: Path, path: str) -> None:
    with pytest.raises(UserError):
        check(tree / path, tree)


def test_a_folder_that_was_taken_out_of_the_index_is_refused(tree: Path) -> None:
    git(tree, "rm", "--quiet", "--cached", "-r", "kept")
    with pytest.raises(UserError, match="holds files that git tracks"):
        check(tree / "kept", tree)


def test_a_submodule_is_refused(tree: Path, tmp_path: Path) -> None:
    other = make_repository(tmp_path / "other")
    write(other, {"cache/x": "1"})
    commit(other)
    git(tree, "submodule", "--quiet", "add", str(other), "sub")
    with pytest.raises(UserError, match="holds files that git tracks"):
        check(tree / "sub/cache", tree)


def test_links_are_refused(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tree / "link").symlink_to(tmp_path / "outside")
    (tree / "inner").symlink_to("kept")
    (tmp_path / "back").symlink_to(tree / "kept")
    (tmp_path / "root").symlink_to(tree)
    for folder in (tree / "link", tree / "inner", tmp_path / "back", tree / "link/below", tree / "inner/below"):
        with pytest.raises(UserError):
            check(folder, tree)
    for folder in (tmp_path / "root/kept", tmp_path / "root/link/below"):
        with pytest.raises(UserError):
            check_folder(folder, open_workspace(tree, RUNNER, git_tool()), tmp_path / "root")


def test_a_folder_that_cannot_be_reached_is_refused(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for folder in (tmp_path / ("x" * 300), tmp_path / "loop/below"):
        with pytest.raises(UserError, match="The cache folder"):
            check(folder, tree)


def test_a_workspace_without_git_cannot_hold_it(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    space = Workspace(tmp_path / "tree")
    with pytest.raises(UserError, match="not a git repository"):
        check_folder(tmp_path / "tree/cache", space, tmp_path / "tree")
    check_folder(tmp_path / "cache", space, tmp_path / "tree")


# --- the whole program ---------------------------------------------------------------------------------------------


def test_a_second_run_says_where_its_results_came_from(gate: Gate, tree: Path, tmp_path: Path) -> None:
    options = ("collect", "--workspace", tree, "--only", "sast", "--cache-dir", tmp_path / "cache", "--format", "json")
    first, second = (json.loads(gate(*options).out)["evidence"][0] for _ in range(2))
    assert first["facts"] == second["facts"]
    assert first["sources"][0]["detail"] == "1 of 1 Python files"
    assert second["sources"][0]["detail"].startswith("1 of 1 Python files, 1 from the cache of 2")
    assert "(commit " in second["sources"][0]["detail"]


@pytest.mark.parametrize("command", ["run", "collect"])
def test_a_tracked_folder_ends_in_exit_code_2(gate: Gate, tree: Path, command: str) -> None:
    said = gate(command, "--workspace", tree, "--only", "sast", "--cache-dir", tree / "kept")
    assert (said.code, said.out) == (2, "")
    assert "holds files that git tracks" in said.err
    assert [file.name for file in (tree / "kept").iterdir()] == ["x.json"]


def test_a_forks_run_neither_reads_nor_writes(
    gate: Gate, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    git(tree, "update-ref", "refs/remotes/origin/main", "HEAD")
    for name, value in event(tmp_path, "pull_request", pull("mallory/shop")).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    said = gate("run", "--workspace", tree, "--only", "sast", "--cache-dir", cache, "--format", "json", "-v")
    assert not cache.exists()
    assert "The cache was neither read nor written: this pull request comes from a fork." in said.json["notices"]
    assert "neither read nor written" in said.err
    monkeypatch.delenv("GITHUB_ACTIONS")
    gate("collect", "--workspace", tree, "--only", "sast", "--cache-dir", cache)
    before = {file.name: file.read_bytes() for file in cache.iterdir()}
    assert before
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = gate("collect", "--workspace", tree, "--only", "sast", "--cache-dir", cache, "--format", "json")
    assert json.loads(said.out)["evidence"][0]["sources"][0]["detail"] == "1 of 1 Python files"
    assert {file.name: file.read_bytes() for file in cache.iterdir()} == before


def test_a_cache_that_cannot_be_written_changes_nothing(gate: Gate, tree: Path) -> None:
    options = ("collect", "--workspace", tree, "--only", "sast", "--format", "json")
    plain, cached = gate(*options), gate(*options, "--cache-dir", "/proc/nowhere/cache", "-v")
    assert (plain.code, cached.code) == (0, 0)
    assert plain.out == cached.out
    assert cached.err.count("cannot be written to") == 1

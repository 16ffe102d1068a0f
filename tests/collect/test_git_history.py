"""Past commits laid out as checkouts: what git would say of them, and nothing of the repository that runs."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gate.collect import git_history
from gate.collect.changes import Changes
from gate.collect.git import NoRepositoryError, Repository, open_workspace
from gate.collect.git_history import History, LayoutProblem, read_commit
from gate.collect.process import ToolProblem
from tests.support.fakes import write
from tests.support.repositories import RUNNER, commit, git, git_tool, make_repository


def history(folder: Path) -> History:
    return History(folder, RUNNER, git_tool())


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with two commits; in the second one a.txt has a second line."""
    folder = make_repository(tmp_path / "repo")
    write(folder, {"a.txt": "one\n", "run.sh": "#!/bin/sh\n", "below/b.txt": "b\n"})
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("/etc/passwd")
    commit(folder, "First")
    write(folder, {"a.txt": "one\ntwo\n"})
    commit(folder, "Second")
    return folder


def laid_out(folder: Path, to: Path, revision: str = "HEAD") -> Path:
    to.mkdir()
    history(folder).lay_out(git(folder, "rev-parse", revision).strip(), to)
    return to


def on_disk(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_commit_is_laid_out_as_git_has_it(repo: Path, tmp_path: Path) -> None:
    tree = laid_out(repo, tmp_path / "tree")
    assert on_disk(tree) == {"a.txt": b"one\ntwo\n", "run.sh": b"#!/bin/sh\n", "below/b.txt": b"b\n"}
    assert stat.S_IMODE((tree / "run.sh").stat().st_mode) == 0o755
    assert stat.S_IMODE((tree / "a.txt").stat().st_mode) == 0o644
    assert not (tree / "link").is_symlink()
    assert git(tree, "ls-files", "--stage") == git(repo, "ls-files", "--stage")
    assert git(tree, "fsck", "--no-dangling") == ""
    assert git(tree, "status", "--porcelain") == " D link\n"
    assert git(tree, "rev-list", "HEAD") == git(repo, "rev-list", "HEAD")


def test_everything_asks_about_that_commit(repo: Path, tmp_path: Path) -> None:
    tree = laid_out(repo, tmp_path / "tree", "HEAD~1")
    there = Repository(tree, RUNNER, git_tool())
    assert there.head_commit() == git(repo, "rev-parse", "HEAD~1").strip()
    assert there.last_changed("a.txt") is not None
    workspace = open_workspace(tree, RUNNER, git_tool())
    assert [entry.path for entry in workspace.entries()] == ["a.txt", "below/b.txt", "link", "run.sh"]
    assert workspace.read("a.txt").data == b"one\n"


def test_the_lines_of_a_commit_are_those_that_its_parent_does_not_have(repo: Path, tmp_path: Path) -> None:
    tree = laid_out(repo, tmp_path / "tree")
    changes = Repository(tree, RUNNER, git_tool()).changes(git(repo, "rev-parse", "HEAD~1").strip())
    assert isinstance(changes, Changes)
    assert changes.lines == {"a.txt": frozenset({2})}


def test_neither_filters_nor_hooks_nor_attributes_have_a_say(repo: Path, tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    write(repo, {".gitattributes": "* filter=evil\nbelow export-ignore\n*.txt eol=crlf ident\n", "id.txt": "$Id$\n"})
    commit(repo)
    for key in ("smudge", "clean", "process"):
        git(repo, "config", f"filter.evil.{key}", f"touch {witness}; cat")
    git(repo, "config", "filter.evil.required", "true")
    git(repo, "config", "core.fsmonitor", f"touch {witness}")
    for hook in ("post-checkout", "post-index-change"):
        path = repo / ".git/hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {witness}\n")
        path.chmod(0o755)
    tree = laid_out(repo, tmp_path / "tree")
    Repository(tree, RUNNER, git_tool()).changes("HEAD~1")
    assert on_disk(tree)["below/b.txt"] == b"b\n"
    assert on_disk(tree)["id.txt"] == b"$Id$\n"
    assert not witness.exists()


def test_files_that_are_not_committed_are_not_there(repo: Path, tmp_path: Path) -> None:
    write(repo, {"junit.xml": "<testsuite/>", "a.txt": "changed\n"})
    tree = laid_out(repo, tmp_path / "tree")
    assert on_disk(tree)["a.txt"] == b"one\ntwo\n"
    assert not (tree / "junit.xml").exists()


def raw_tree(folder: Path, *entries: tuple[str, bytes, str]) -> str:
    """A commit of a tree that git's own commands would not make."""
    data = b"".join(f"{mode} ".encode() + name + b"\0" + bytes.fromhex(id_) for mode, name, id_ in entries)
    tree = git(folder, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=data).strip()
    return git(folder, "commit-tree", tree, "-m", "evil").strip()


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"a\\..\\b"])
def test_t22_a_name_that_leads_elsewhere_refuses_the_commit(repo: Path, tmp_path: Path, name: bytes) -> None:
    blob = git(repo, "hash-object", "-w", "--stdin", stdin=b"evil").strip()
    inner = git(repo, "mktree", stdin=f"100644 blob {blob}\tconfig\n".encode()).strip()
    sha = raw_tree(repo, ("40000", name, inner)) if b"\\" not in name else raw_tree(repo, ("100644", name, blob))
    tree = tmp_path / "deep/tree"
    tree.mkdir(parents=True)
    with pytest.raises(LayoutProblem, match="whose name"):
        history(repo).lay_out(sha, tree)
    assert list(tmp_path.glob("deep/*")) == [tree]
    assert list(tree.iterdir()) == []


def test_t22_a_file_below_a_link_of_the_same_name_is_not_written_through_it(repo: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target = git(repo, "hash-object", "-w", "--stdin", stdin=os.fsencode(outside)).strip()
    blob = git(repo, "hash-object", "-w", "--stdin", stdin=b"evil").strip()
    inner = git(repo, "mktree", stdin=f"100644 blob {blob}\tfile\n".encode()).strip()
    sha = raw_tree(repo, ("120000", b"a", target), ("40000", b"a", inner))
    (tmp_path / "tree").mkdir()
    history(repo).lay_out(sha, tmp_path / "tree")
    assert list(outside.iterdir()) == []
    sha = raw_tree(repo, ("100644", b"a", blob), ("40000", b"a", inner))
    (tmp_path / "other").mkdir()
    with pytest.raises(OSError):
        history(repo).lay_out(sha, tmp_path / "other")


def test_names_of_every_kind(repo: Path, tmp_path: Path) -> None:
    names = ["ä ö", "tab\tand\nline", "-n", '"quoted"', "x" * 200 + "/" + "y" * 200, os.fsdecode(b"\xff\xfe")]
    write(repo, dict.fromkeys(names, "z"))
    commit(repo)
    tree = laid_out(repo, tmp_path / "tree")
    assert set(names) <= set(on_disk(tree))
    assert git(tree, "diff-index", "--name-only", "HEAD") == "link\n"


def test_submodules_are_listed_and_not_there(repo: Path, tmp_path: Path) -> None:
    sha = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{sha},module")
    git(repo, "commit", "-qm", "module")
    tree = laid_out(repo, tmp_path / "tree")
    assert "160000" in git(tree, "ls-files", "--stage", "module")
    assert not (tree / "module").exists()


@pytest.mark.parametrize(
    ("limit", "value", "told"),
    [("MOST_FILES", 3, "4 files"), ("MOST_BYTES", 5, "of 20 bytes"), ("MOST_OF_ONE", 9, "run.sh of 10")],
)
def test_a_tree_that_is_too_large(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, told: str
) -> None:
    monkeypatch.setattr(git_history, limit, value)
    with pytest.raises(LayoutProblem, match=told):
        laid_out(repo, tmp_path / "tree")


def test_many_files_are_read_in_batches(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_history, "_BATCH_FILES", 2)
    assert len(on_disk(laid_out(repo, tmp_path / "tree"))) == 3
    monkeypatch.setattr(git_history, "_BATCH_BYTES", 1)
    assert len(on_disk(laid_out(repo, tmp_path / "other"))) == 3


def test_a_shallow_clone_knows_that_it_is_one(repo: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", str(shallow))
    tree = laid_out(shallow, tmp_path / "tree")
    there = Repository(tree, RUNNER, git_tool())
    assert there.is_shallow()
    assert there.resolve("HEAD~1") is None
    (only,) = history(shallow).first_parents(git(shallow, "rev-parse", "HEAD").strip(), 10)
    assert only.parents == (git(repo, "rev-parse", "HEAD~1").strip(),)


def test_what_was_not_fetched_is_told(repo: Path, tmp_path: Path) -> None:
    partial = tmp_path / "partial"
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo}", str(partial))
    with pytest.raises((LayoutProblem, ToolProblem)):
        laid_out(partial, tmp_path / "tree")


def test_a_worktree(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "worktree"), "HEAD~1")
    tree = laid_out(tmp_path / "worktree", tmp_path / "tree")
    assert on_disk(tree)["a.txt"] == b"one\n"


def test_a_repository_with_long_ids(tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    git(folder, "init", "-q", "--object-format=sha256")
    write(folder, {"a": "1\n"})
    assert len(commit(folder)) == 64
    tree = laid_out(folder, tmp_path / "tree")
    assert git(tree, "status", "--porcelain") == ""


def test_the_history_along_first_parents(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "topic", "HEAD~1")
    write(repo, {"c.txt": "c\n"})
    topic = commit(repo, "On the branch")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "Merge it\n\nWith a body", "topic")
    head = git(repo, "rev-parse", "HEAD").strip()
    found = history(repo).first_parents(head, 2)
    assert [item.subject for item in found] == ["Merge it", "Second"]
    assert found[0].parents == (found[1].id, topic)
    assert found[0].when.endswith("Z")
    assert len(history(repo).first_parents(head, 10)) == 3


def test_a_commit_of_another_hand() -> None:
    data = b"tree 1\nauthor A <a> 1 +0000\ncommitter > evil <a> x +0000\n\n\n\n\xff subject\nbody"
    found = read_commit("a" * 40, data)
    assert (found.parents, found.subject, found.when) == ((), "\ufffd subject", "")
    assert read_commit("a" * 40, b"committer A <a> 99999999999999 +0000").when == ""


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(NoRepositoryError):
        history(tmp_path)

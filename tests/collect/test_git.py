"""Asking git: what is tracked, what changed, and that nothing of the repository runs meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.collect.changes import Changes
from gate.collect.git import NoRepositoryError, Repository, open_workspace
from gate.collect.process import ToolProblem
from gate.collect.tools import Tool
from gate.collect.workspace import EntryType, ReadProblem
from gate.errors import CannotJudgeError
from gate.model.evidence import Gap
from tests.support.fakes import write
from tests.support.repositories import RUNNER, commit, git, git_tool, make_repository, repository


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = make_repository(tmp_path / "repo")
    write(folder, {"a.py": "one\ntwo\nthree\n", "src/b.py": "b\n", "run.sh": "#!/bin/sh\n", ".gitignore": "ignored/\n"})
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("a.py")
    commit(folder, "first")
    return folder


def lines(folder: Path, base: str) -> dict[str, list[int]]:
    changes = repository(folder).changes(base)
    assert isinstance(changes, Changes), changes
    return {path: sorted(numbers) for path, numbers in changes.lines.items()}


def gap(folder: Path, base: str) -> Gap:
    changes = repository(folder).changes(base)
    assert isinstance(changes, Gap), changes
    return changes


# --- the inventory ---------------------------------------------------------------------------------------------------


def test_tracked_entries_with_their_types(repo: Path) -> None:
    write(repo, {"untracked.py": "x", "ignored/x": "x"})
    workspace = open_workspace(repo, RUNNER, git_tool(), "")
    assert workspace.has_git
    assert [(entry.path, entry.type, entry.executable) for entry in workspace.entries()] == [
        (".gitignore", EntryType.FILE, False),
        ("a.py", EntryType.FILE, False),
        ("link", EntryType.SYMLINK, False),
        ("run.sh", EntryType.FILE, True),
        ("src/b.py", EntryType.FILE, False),
    ]


def test_a_folder_of_a_repository_is_a_workspace_with_paths_of_its_own(repo: Path) -> None:
    head = git(repo, "rev-parse", "HEAD").strip()
    write(repo, {"src/b.py": "b\nc\n", "a.py": "changed\n", "src/new.py": "n\n"})
    workspace = open_workspace(repo / "src", RUNNER, git_tool())
    assert [entry.path for entry in workspace.entries()] == ["b.py"]
    assert lines(repo / "src", head) == {"b.py": [2], "new.py": [1]}
    assert repository(repo / "src").show_file("HEAD", "b.py").data == b"b\n"


def test_a_folder_of_which_git_tracks_nothing_has_no_git(repo: Path) -> None:
    write(repo, {"ignored/x.py": "x"})
    workspace = open_workspace(repo / "ignored", RUNNER, git_tool())
    assert not workspace.has_git
    assert list(workspace.files()) == ["x.py"]


def test_an_empty_repository_has_git_and_tracks_nothing(tmp_path: Path) -> None:
    make_repository(tmp_path)
    write(tmp_path, {"x.py": ""})
    workspace = open_workspace(tmp_path, RUNNER, git_tool())
    assert workspace.has_git
    assert list(workspace.entries()) == []
    assert repository(tmp_path).head_commit() is None
    assert "names no commit" in gap(tmp_path, "HEAD").reason


def test_no_repository_is_no_mistake(tmp_path: Path) -> None:
    write(tmp_path, {"x.py": ""})
    assert not open_workspace(tmp_path, RUNNER, None).has_git
    with pytest.raises(NoRepositoryError):
        Repository(tmp_path, RUNNER, git_tool())


def test_a_repository_that_cannot_be_listed_is_not_judged(repo: Path) -> None:
    with pytest.raises(CannotJudgeError, match="git is not installed"):
        open_workspace(repo, RUNNER, None)
    (repo / ".git" / "index").write_bytes(b"garbage")
    with pytest.raises(CannotJudgeError, match="could not list what is tracked"):
        open_workspace(repo, RUNNER, git_tool())
    shutil.rmtree(repo / ".git")
    (repo / ".git").symlink_to("/nowhere")
    with pytest.raises(CannotJudgeError, match="could not list what is tracked"):
        open_workspace(repo, RUNNER, git_tool())


def test_a_git_that_is_too_old_is_not_run(repo: Path) -> None:
    tool = Tool("git", "2.25.1", git_tool().command)
    with pytest.raises(ToolProblem, match=r"2\.25\.1 is too old"):
        Repository(repo, RUNNER, tool).head_commit()


def test_submodules_sparse_files_and_odd_names(repo: Path, tmp_path: Path) -> None:
    other = make_repository(tmp_path / "other")
    write(other, {"x": "x"})
    commit(other)
    git(repo, "submodule", "--quiet", "add", str(other), "sub")
    odd = os.fsdecode(b"bad\xff")
    write(repo, {"new\nline.py": "x", odd: "x", 'tab\tquote".py': "x", "far/away.py": "x"})
    commit(repo)
    git(repo, "sparse-checkout", "set", "--no-cone", "/*", "!/far/")
    entries = {entry.path: entry for entry in open_workspace(repo, RUNNER, git_tool()).entries()}
    assert entries["sub"].type is EntryType.SUBMODULE
    assert entries["far/away.py"].sparse
    assert not entries["a.py"].sparse
    assert {"new\nline.py", odd, 'tab\tquote".py'} <= set(entries)


def test_a_linked_worktree_works(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    write(tmp_path / "tree", {"a.py": "one\nchanged\nthree\n"})
    assert (tmp_path / "tree" / ".git").is_file()
    assert lines(tmp_path / "tree", "HEAD") == {"a.py": [2]}


# --- revisions -------------------------------------------------------------------------------------------------------


def test_revisions(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "tag", "-a", "-m", "x", "v1")
    git(repo, "update-ref", "refs/remotes/origin/release", first)
    found = repository(repo)
    assert found.head_commit() == first
    assert {found.resolve(name) for name in ("HEAD", "main", "v1", "release", first[:8])} == {first}
    odd = (
        "",
        "-x",
        "--help",
        "nope",
        "HEAD:a.py",
        "a\nb",
        "HEAD^{tree}",
        "@{-9}",
        "v1..HEAD",
        "x" * 5000,
        "a\0b",
        "é\udcff",
    )
    assert [found.resolve(name) for name in odd] == [None] * len(odd)
    assert not found.is_shallow()


def test_a_file_of_a_revision(repo: Path) -> None:
    write(repo, {"a.py": "other\n"})
    found = repository(repo)
    content = found.show_file("HEAD", "a.py")
    assert (content.path, content.data, len(content.sha256)) == ("a.py", b"one\ntwo\nthree\n", 64)
    for path, revision, reason in (
        ("link", "HEAD", "is not a regular file at HEAD .mode 120000."),
        ("src", "HEAD", "mode 040000"),
        ("nope", "HEAD", "is not there at HEAD"),
        ("../x", "HEAD", "could lead out"),
        ("a.py", "nope", "there is no such revision"),
        ("a.py", "--help", "there is no such revision"),
        (":(glob)*", "HEAD", "is not there"),
    ):
        with pytest.raises(ReadProblem, match=reason):
            found.show_file(revision, path)
    with pytest.raises(ReadProblem, match="is 14 bytes long, more than the 3"):
        found.show_file("HEAD", "a.py", limit=3)


# --- changes ---------------------------------------------------------------------------------------------------------


def test_changed_added_and_deleted_lines(repo: Path) -> None:
    write(repo, {"a.py": "zero\none\nthree\nfour\n", "new.py": "x\ny", "ignored/z.py": "z\n", "empty.py": ""})
    (repo / "src" / "b.py").unlink()
    assert lines(repo, "HEAD") == {"a.py": [1, 4], "new.py": [1, 2], "empty.py": []}


def test_what_is_committed_staged_and_lying_about_counts_alike(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    write(repo, {"committed.py": "1\n"})
    commit(repo)
    write(repo, {"staged.py": "1\n2\n"})
    git(repo, "add", "staged.py")
    write(repo, {"lying.py": "1\n2\n3\n"})
    assert lines(repo, first) == {"committed.py": [1], "staged.py": [1, 2], "lying.py": [1, 2, 3]}


def test_compared_is_with_the_merge_base(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "checkout", "--quiet", "-b", "topic")
    write(repo, {"topic.py": "t\n"})
    commit(repo)
    git(repo, "checkout", "--quiet", "main")
    write(repo, {"a.py": "main\n"})
    commit(repo)
    git(repo, "checkout", "--quiet", "topic")
    changes = repository(repo).changes("main")
    assert isinstance(changes, Changes)
    assert changes.base == first
    assert set(changes.lines) == {"topic.py"}


def test_an_unrelated_base_is_compared_with_as_it_is(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "--orphan", "other")
    write(repo, {"a.py": "one\nTWO\nthree\n"})
    other = commit(repo)
    assert lines(repo, "main") == {"a.py": [2]}
    assert git(repo, "rev-parse", "HEAD").strip() == other


def test_a_mode_a_type_and_a_submodule(repo: Path, tmp_path: Path) -> None:
    (repo / "a.py").chmod(0o755)
    (repo / "src" / "b.py").unlink()
    (repo / "src" / "b.py").symlink_to("../a.py")
    make_repository(repo / "nested")
    assert lines(repo, "HEAD") == {"a.py": [], "src/b.py": [1]}


def test_attributes_cannot_hide_a_change(repo: Path) -> None:
    write(repo, {".gitattributes": "*.py binary -diff\n", "a.py": "one\nTWO\nthree\n"})
    write(repo, {".git/info/attributes": "*.py -text -diff merge=ours\n"})
    assert lines(repo, "HEAD")["a.py"] == [2]


def test_a_flag_in_the_index_cannot_hide_a_change(repo: Path) -> None:
    git(repo, "update-index", "--assume-unchanged", "a.py")
    write(repo, {"a.py": "one\nTWO\nthree\n"})
    assert "told not to look" in gap(repo, "HEAD").reason


def test_lines_that_look_like_headers_and_names_that_need_quotes(repo: Path) -> None:
    text = "--- a/a.py\n+++ b/evil.py\n@@ -1 +1,1000 @@\ndiff --git a/x b/x\n\\ No newline at end of file\n-- x\n"
    names = [
        "sp ace.py",
        "new\nline.py",
        'quo"te.py',
        "tab\t.py",
        "b\\slash.py",
        "é.py",
        " b/",
        os.fsdecode(b"\xff.py"),
    ]
    write(repo, {name if not name.endswith("/") else "x b/y.py": "old\n" for name in names})
    write(repo, {"text.txt": "keep\n"})
    base = commit(repo)
    write(repo, {name if not name.endswith("/") else "x b/y.py": "old\nnew\n" for name in names})
    write(repo, {"text.txt": text + "keep\n" + text})
    got = lines(repo, base)
    assert got.pop("text.txt") == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13]
    assert got == {name if not name.endswith("/") else "x b/y.py": [2] for name in names}


def test_a_base_that_is_not_there_says_what_to_do(repo: Path, tmp_path: Path) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    write(repo, {"a.py": "x\n"})
    commit(repo)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repo}", "shallow")
    assert repository(tmp_path / "shallow").is_shallow()
    assert "fetch-depth: 0" in gap(tmp_path / "shallow", first).reason
    assert "names no commit" in gap(repo, "nope").reason
    assert "begins with “-”" in gap(repo, "--output=/tmp/x").reason
    assert gap(repo, os.fsdecode(b"\xff")).subject == "\\udcff"


def test_an_object_that_is_not_there_is_a_gap_and_is_not_fetched(repo: Path) -> None:
    blob = git(repo, "rev-parse", "HEAD:a.py").strip()
    write(repo, {"a.py": "x\n"})
    (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert "could not be compared with: git ended with exit code 128" in gap(repo, "HEAD").reason


def test_a_merge_that_stopped_is_a_gap_and_lists_each_path_once(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "-b", "topic")
    write(repo, {"a.py": "topic\n"})
    commit(repo)
    git(repo, "checkout", "--quiet", "main")
    write(repo, {"a.py": "main\n"})
    commit(repo)
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, "merge", "--quiet", "topic")
    assert [entry.path for entry in open_workspace(repo, RUNNER, git_tool()).entries()].count("a.py") == 1
    assert (gap(repo, "topic").subject, "merge conflict" in gap(repo, "topic").reason) == ("a.py", True)


LINE = st.sampled_from(
    ["a", "b", "", "+++ b/x", "--- a/x", "@@ -1 +1 @@", "diff --git a/x b/x", "\\ No newline", "-", "+"]
)
TEXT = st.builds(
    lambda rows, end: "\n".join(rows) + ("\n" if end and rows else ""), st.lists(LINE, max_size=8), st.booleans()
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(TEXT, TEXT), min_size=5, max_size=25))
def test_what_is_not_marked_as_changed_was_there_before(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    """The model: of two texts, the unmarked lines of the new one stand in the old one, in that order."""
    folder = make_repository(tmp_path_factory.mktemp("pairs"))
    write(folder, {f"{number}.txt": before for number, (before, _) in enumerate(pairs)})
    base = commit(folder)
    write(folder, {f"{number}.txt": after for number, (_, after) in enumerate(pairs)})
    got = lines(folder, base)
    assert set(got) == {f"{number}.txt" for number, (before, after) in enumerate(pairs) if before != after}
    for number, (before, after) in enumerate(pairs):
        marked = set(got.get(f"{number}.txt", []))
        new = after.splitlines(keepends=True)
        assert marked <= set(range(1, len(new) + 1))
        old = iter(before.splitlines(keepends=True))
        assert all(line in old for at, line in enumerate(new, 1) if at not in marked)
        # A hunk is as short as it can be at its ends: what is added is not what was taken away.
        assert len(marked) <= len(new)


# --- nothing runs ----------------------------------------------------------------------------------------------------


def hook(repo: Path, canary: str) -> None:
    for name in ("post-index-change", "post-checkout", "pre-auto-gc", "reference-transaction", "fsmonitor-watchman"):
        path = repo / ".git" / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{canary}\n")
        path.chmod(0o755)


def configured(*settings_: str) -> Callable[[Path, str], None]:
    def plant(repo: Path, canary: str) -> None:
        with (repo / ".git" / "config").open("a") as file:
            file.write("\n".join(settings_).replace("CANARY", canary) + "\n")
        write(repo, {".gitattributes": "* filter=evil diff=evil\n"})

    return plant


def hooks_path(repo: Path, canary: str) -> None:
    hook(repo, canary)
    configured(f"[core]\nhooksPath = {repo}/.git/hooks\nfsmonitor = {repo}/.git/hooks/fsmonitor-watchman")(repo, "")


ATTACKS: dict[str, Callable[[Path, str], None]] = {
    "hooks": hook,
    "hooks path": hooks_path,
    "fsmonitor": configured('[core]\nfsmonitor = "CANARY; false"'),
    "filter": configured('[filter "evil"]\nclean = "CANARY; cat"\nsmudge = "CANARY; cat"\nrequired = true'),
    "filter process": configured('[filter "evil"]\nprocess = "CANARY"\nrequired = true'),
    "included filter": lambda repo, canary: (
        (repo / ".git" / "more").write_text(f'[filter "evil"]\nclean = "{canary}; cat"\n'),
        configured(f"[include]\npath = {repo}/.git/more")(repo, ""),
    )[1],
    "external diff": configured('[diff]\nexternal = "CANARY"'),
    "diff driver": configured('[diff "evil"]\ncommand = "CANARY"\ntextconv = "CANARY; cat"\ncachetextconv = true'),
    "pager": configured('[core]\npager = "CANARY; cat"\n[pager]\ndiff-index = "CANARY; cat"\nls-files = "CANARY; cat"'),
    "alias": configured('[alias]\nls-files = "!CANARY"\ndiff-index = "!CANARY"\nrev-parse = "!CANARY"'),
    "transport": configured(
        '[remote "origin"]\nurl = "ext::sh -c CANARY"\npromisor = true\npartialclonefilter = blob:none',
        '[protocol "ext"]\nallow = always\n[extensions]\npartialClone = origin\n[core]\nrepositoryformatversion = 1',
        '[core]\nsshCommand = "CANARY"\naskPass = "CANARY"\n[credential]\nhelper = "!CANARY"',
    ),
    "signatures": configured('[gpg]\nprogram = "CANARY"\n[log]\nshowSignature = true'),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_the_repository_runs(repo: Path, tmp_path: Path, attack: str) -> None:
    write(repo, {"gone.py": "x\n"})
    base = commit(repo)
    write(repo, {"a.py": "one\nTWO\nthree\n", "new.py": "x\n"})
    (repo / "gone.py").unlink()
    (repo / "src" / "b.py").touch()
    if attack == "transport":
        blob = git(repo, "rev-parse", "HEAD:a.py").strip()
        (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    canary = tmp_path / "canary"
    ATTACKS[attack](repo, f"touch {canary}")
    found = repository(repo)
    open_workspace(repo, RUNNER, git_tool())
    changes = found.changes(base)
    assert isinstance(changes, Gap if attack == "transport" else Changes), changes
    if isinstance(changes, Changes):
        assert changes.lines["a.py"] == {2}
        assert not changes.lines.get("src/b.py")
    found.resolve("nope")
    found.is_shallow()
    assert found.show_file("HEAD", "run.sh").data == b"#!/bin/sh\n"
    assert not canary.exists()


@pytest.mark.parametrize("attack", ["fsmonitor", "filter", "diff driver"])
def test_the_attacks_would_work_on_a_careless_gate(repo: Path, tmp_path: Path, attack: str) -> None:
    """The canaries sing when git is called as usual: what keeps them silent is the gate."""
    write(repo, {"a.py": "one\nTWO\nthree\n"})
    canary = tmp_path / "canary"
    ATTACKS[attack](repo, f"touch {canary}")
    git(repo, "diff", "HEAD")
    assert canary.exists()


def test_a_git_file_that_points_elsewhere_runs_nothing(repo: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    ATTACKS["filter"](repo, f"touch {canary}")
    ATTACKS["fsmonitor"](repo, f"touch {canary}")
    fake = tmp_path / "fake"
    write(fake, {".git": f"gitdir: {repo}/.git\n", "a.py": "other\n", ".gitattributes": "* filter=evil\n"})
    assert "a.py" in open_workspace(fake, RUNNER, git_tool()).files()
    assert lines(fake, "HEAD")["a.py"] == [1]
    assert not canary.exists()


def test_a_bare_repository_in_a_subfolder_is_not_opened(repo: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    write(repo, {
        "planted/HEAD": "ref: refs/heads/main\n",
        "planted/config": f'[core]\nbare = false\nworktree = ..\nfsmonitor = "touch {canary}; false"\n',
        "planted/objects/x": "",
        "planted/refs/x": "",
    })  # fmt: skip
    commit(repo)
    workspace = open_workspace(repo / "planted", RUNNER, git_tool())
    assert [entry.path for entry in workspace.entries()] == ["HEAD", "config", "objects/x", "refs/x"]
    assert lines(repo / "planted", "HEAD") == {}
    shutil.copytree(repo / "planted", tmp_path / "alone")
    assert not open_workspace(tmp_path / "alone", RUNNER, git_tool()).has_git
    assert not canary.exists()


def test_a_working_tree_named_by_the_configuration_is_not_gone_to(repo: Path, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", {"a.py": "elsewhere\n"})
    configured(f"[core]\nworktree = {tmp_path}/elsewhere")(repo, "")
    (repo / ".gitattributes").unlink()
    assert lines(repo, "HEAD") == {}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_checkout_of_another_user_is_listed(repo: Path) -> None:
    for path in (repo, *repo.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    assert len(open_workspace(repo, RUNNER, git_tool()).files()) == 4
    assert lines(repo, "HEAD") == {}


def test_replaced_objects_are_not_taken_for_the_real_ones(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    write(repo, {"a.py": "one\nTWO\nthree\n"})
    second = commit(repo)
    git(repo, "replace", first, second)
    assert lines(repo, first) == {"a.py": [2]}


def test_what_is_committed_stays_tracked_when_a_step_takes_it_out_of_the_index(repo: Path) -> None:
    write(repo, {"new.py": "x\n"})
    git(repo, "rm", "--quiet", "--cached", "a.py", "src/b.py")
    (repo / "src/b.py").unlink()
    workspace = open_workspace(repo, RUNNER, git_tool())
    assert workspace.is_tracked("a.py")
    assert "a.py" in workspace.files()
    assert not workspace.is_tracked("src/b.py")
    assert not workspace.is_tracked("new.py")


def test_committed_paths_are_those_below_the_workspace(repo: Path, tmp_path: Path) -> None:
    assert repository(repo / "src").committed() == {"b.py"}
    assert repository(make_repository(tmp_path / "empty")).committed() == frozenset()

"""The door to the checkout: nothing outside is read, nothing special is opened, nothing hangs."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.collect import safe_open
from gate.collect.disk import find, printable, walk
from gate.collect.workspace import Entry, EntryType, ReadProblem, Workspace
from gate.formats.globs import GlobError, matches
from tests.support.fakes import write

SECRET = b"the secret outside"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.xml").write_bytes(SECRET)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    write(folder, {"a.txt": "one", "src/b.py": "two\n", "src/deep/c.py": "", "out/r.xml": "<r/>"})
    return folder


def reason(workspace: Workspace, path: str, limit: int = 1000) -> str:
    with pytest.raises(ReadProblem) as caught:
        workspace.read(path, limit)
    problem = workspace.problem(path)
    assert problem is None or problem == caught.value.reason
    return caught.value.reason


def test_a_file_comes_with_its_digest(root: Path) -> None:
    content = Workspace(root).read("src/b.py")
    assert (content.path, content.data) == ("src/b.py", b"two\n")
    assert content.sha256 == hashlib.sha256(b"two\n").hexdigest()


def test_an_empty_file_is_read(root: Path) -> None:
    assert Workspace(root).read("src/deep/c.py").data == b""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "is an empty path"),
        ("/etc/passwd", "is an absolute path"),
        ("../outside/secret.xml", "holds “..”"),
        ("src/../../outside/secret.xml", "holds “..”"),
        ("src\\..\\..\\outside", "holds “..”"),
        ("src//b.py", "is not written plainly"),
        ("./a.txt", "is not written plainly"),
        ("a.txt/", "is not written plainly"),
        ("a\0.txt", "holds a NUL character"),
        (".git/config", "lies inside .git"),
        ("src/.GIT/config", "lies inside .git"),
        ("x" * 300, "too long"),
        ("x/" * 3000 + "x", "longer than any path"),
        ("nope", "is not there"),
        ("nope/nope", "is not there"),
        ("a.txt/b", "is not there"),
        ("src", "is a folder"),
    ],
)
def test_a_path_that_leads_nowhere_or_outside_is_refused(root: Path, path: str, expected: str) -> None:
    assert expected in reason(Workspace(root), path)


def test_a_link_is_not_followed_wherever_it_points(root: Path, outside: Path) -> None:
    (root / "env.xml").symlink_to("/proc/self/environ")
    (root / "inside.xml").symlink_to("out/r.xml")
    (root / "dangling.xml").symlink_to("nowhere")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to("loop")
    workspace = Workspace(root)
    for path in ("env.xml", "inside.xml", "dangling.xml", "folder", "loop"):
        assert reason(workspace, path).startswith("is a symbolic link")
    assert "lies behind the symbolic link folder" in reason(workspace, "folder/secret.xml")


def test_a_root_that_is_a_link_is_the_folder_that_it_names(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    workspace = Workspace(tmp_path / "link")
    assert workspace.root == root
    assert workspace.read("a.txt").data == b"one"


def test_a_root_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    assert "cannot be reached" in reason(Workspace(tmp_path / "gone"), "a.txt")
    assert Workspace(tmp_path / "gone").glob("**/*") == []


def test_special_files_are_not_opened(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(root / "socket"))
        workspace = Workspace(root)
        assert "named pipe" in reason(workspace, "pipe")
        assert "socket" in reason(workspace, "socket")
        assert list(workspace.glob("*")) == ["a.txt"]
        assert not [entry for entry in workspace.entries() if entry.path in ("pipe", "socket")]


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes devices and files of others")
def test_a_device_is_not_opened_and_a_hard_link_to_a_file_of_someone_else_neither(root: Path, outside: Path) -> None:
    try:
        os.mknod(root / "null", 0o20666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("devices cannot be made here")
    assert "device" in reason(Workspace(root), "null")
    os.chown(outside / "secret.xml", 12345, 12345)
    os.link(outside / "secret.xml", root / "hard.xml")
    with pytest.raises(ReadProblem, match="hard link to a file of another user"):
        Workspace(root).read("hard.xml")


def test_a_hard_link_to_a_file_of_the_owner_is_read(root: Path) -> None:
    os.link(root / "a.txt", root / "twin.txt")
    assert Workspace(root).read("twin.txt").data == b"one"


def test_a_file_over_the_limit_is_not_read(root: Path) -> None:
    (root / "big").write_bytes(b"x" * 1001)
    assert "is 1,001 bytes long, more than the 1,000" in reason(Workspace(root), "big")
    assert len(Workspace(root).read("big", 1001).data) == 1001


def drain(workspace: Workspace, path: str, limit: int, meanwhile: Callable[[], object]) -> None:
    with workspace.stream(path, limit) as stream:
        for _ in stream:
            meanwhile()


def test_a_file_that_grows_or_shrinks_meanwhile_is_not_evidence(root: Path) -> None:
    big = root / "big"
    big.write_bytes(b"x" * (3 << 20))
    workspace = Workspace(root)
    with pytest.raises(ReadProblem, match="grew while it was read"):
        drain(workspace, "big", 3 << 20, lambda: os.truncate(big, big.stat().st_size + (1 << 20)))
    with pytest.raises(ReadProblem, match="changed while it was read"):
        drain(workspace, "big", 1 << 30, lambda: os.truncate(big, 2 << 20))


def test_a_stream_comes_in_pieces_with_the_digest_of_the_whole(root: Path) -> None:
    data = os.urandom((2 << 20) + 17)
    (root / "big").write_bytes(data)
    with Workspace(root).stream("big") as stream:
        pieces = list(stream)
    assert b"".join(pieces) == data
    assert len(pieces) == 3
    assert stream.sha256 == hashlib.sha256(data).hexdigest()


def test_a_peek_reads_the_start_and_tells_the_size(root: Path) -> None:
    (root / "big").write_bytes(b"start" + b"x" * 5000)
    assert Workspace(root).peek("big", 5) == (b"start", 5005)
    with pytest.raises(ReadProblem, match="is a folder"):
        Workspace(root).peek("src")


def test_no_descriptor_is_left_open(root: Path) -> None:
    (root / "link").symlink_to("/")
    os.mkfifo(root / "pipe")
    workspace = Workspace(root)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in ("a.txt", "src/deep/c.py", "link/etc/passwd", "pipe", "nope/x", "src"):
        workspace.exists(path)
        workspace.problem(path)
        for read in (workspace.read, workspace.peek):
            try:
                read(path)
            except ReadProblem:
                continue
    workspace.glob("**/*")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_folder_that_is_swapped_for_a_link_meanwhile_leads_nowhere(root: Path, outside: Path) -> None:
    (root / "swap").mkdir()
    (root / "swap" / "secret.xml").write_bytes(b"inside")
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            (root / "swap").rename(root / "kept")
            (root / "swap").symlink_to(outside)
            (root / "swap").unlink()
            (root / "kept").rename(root / "swap")

    thread = threading.Thread(target=swap)
    thread.start()
    seen = set()
    workspace = Workspace(root)
    try:
        for _ in range(2000):
            try:
                seen.add(workspace.read("swap/secret.xml").data)
            except ReadProblem:
                seen.add(b"")
    finally:
        done.set()
        thread.join()
    assert SECRET not in seen


PART = st.sampled_from(["a", "b", "..", ".", "", "link", "up", "\\", "a\\..", ".git", "\0", "etc", "secret.xml", "é"])


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("trap")
    write(base, {"secret.xml": SECRET, "checkout/a/b": "in", "checkout/b/secret.xml": "in", "checkout/.git/a": SECRET})
    (base / "checkout" / "link").symlink_to("..")
    (base / "checkout" / "a" / "up").symlink_to("../../secret.xml")
    (base / "checkout" / "b" / "link").symlink_to("/")
    return base / "checkout"


@settings(max_examples=400)
@given(parts=st.lists(PART, min_size=1, max_size=6), slash=st.booleans())
def test_no_path_reads_what_is_outside(trap: Path, parts: list[str], slash: bool) -> None:
    path = "/" * slash + "/".join(parts)
    try:
        data = Workspace(trap).read(path).data
    except ReadProblem:
        return
    assert data == b"in"
    assert (trap / path).resolve().is_relative_to(trap)


@given(st.text(max_size=40))
def test_any_text_is_a_path_or_is_refused_in_words(text: str) -> None:
    try:
        parts = safe_open.parts_of(text)
    except safe_open.OpenProblem as problem:
        said = problem.reason
    else:
        said = "is fine" if "/".join(parts) == text and not {"", ".", ".."} & set(parts) else ""
    assert said


# --- what there is ---------------------------------------------------------------------------------------------------


def test_without_git_everything_on_disk_counts(root: Path) -> None:
    (root / "link").symlink_to("a.txt")
    (root / "folder-link").symlink_to("src")
    write(root, {".git/config": "x", "src/.git": "gitdir: elsewhere"})
    workspace = Workspace(root, tracked=None)
    assert [entry.path for entry in workspace.entries()] == [
        "a.txt",
        "folder-link",
        "link",
        "out/r.xml",
        "src/b.py",
        "src/deep/c.py",
    ]
    assert [entry.path for entry in workspace.entries() if entry.type is EntryType.SYMLINK] == ["folder-link", "link"]
    assert not workspace.has_git
    assert not workspace.is_tracked("a.txt")


def test_tracked_files_are_those_of_git_in_the_scope(root: Path) -> None:
    tracked = [
        Entry("src/deep/c.py", EntryType.FILE),
        Entry("src/link", EntryType.SYMLINK),
        Entry("src/b.py", EntryType.FILE),
        Entry("srcx/d.py", EntryType.FILE),
        Entry("src/sub", EntryType.SUBMODULE),
    ]
    workspace = Workspace(root, tracked=tracked, scope="/src/")
    assert [entry.path for entry in workspace.entries()] == ["src/b.py", "src/deep/c.py", "src/link", "src/sub"]
    assert list(workspace.files()) == ["src/b.py", "src/deep/c.py"]
    assert list(workspace.files("*.py", "**/c.*")) == ["src/deep/c.py"]
    assert list(workspace.all_files()) == ["src/b.py", "src/deep/c.py", "srcx/d.py"]
    assert workspace.is_tracked("srcx/d.py")
    assert not workspace.is_tracked("a.txt")
    assert workspace.has_git


def test_what_exists_is_tracked_or_on_disk(root: Path) -> None:
    workspace = Workspace(root, tracked=[Entry("gone/x.md", EntryType.FILE)])
    assert all(map(workspace.exists, ("", "a.txt", "src", "src/", "gone", "gone/x.md")))
    assert not any(map(workspace.exists, ("nope", "../outside", ".git", "/etc", "a.txt/x")))


def test_when_a_file_was_written(root: Path) -> None:
    os.utime(root / "a.txt", (1, 1234567890.5))
    assert Workspace(root).modified("a.txt") == 1234567890.5
    assert Workspace(root).modified("nope") is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", ["a.txt"]),
        ("**/*.py", ["src/b.py", "src/deep/c.py"]),
        ("./src/*.py", ["src/b.py"]),
        ("src/*/c.py", ["src/deep/c.py"]),
        ("src/**", ["src/b.py", "src/deep/c.py"]),
        ("{src,out}/*.{py,xml}", ["out/r.xml", "src/b.py"]),
        ("{src/deep,out}/*", ["out/r.xml", "src/deep/c.py"]),
        ("[so]*/?.*", ["out/r.xml", "src/b.py"]),
        ("a.txt", ["a.txt"]),
        ("a.txt/*", []),
        ("src", []),
        ("/etc/*", []),
        ("../outside/*", []),
        ("src/../../outside/*", []),
        ("nope/**", []),
        (".git/**", []),
    ],
)
def test_globs_find_what_is_on_disk(root: Path, outside: Path, pattern: str, expected: list[str]) -> None:
    write(root, {".git/config": "x"})
    (root / "src" / "link").symlink_to(outside)
    (root / "src" / "l.py").symlink_to("b.py")
    assert list(Workspace(root, tracked=[]).glob(pattern)) == expected


def test_several_globs_give_each_file_once(root: Path) -> None:
    assert list(Workspace(root).glob("src/*.py", "**/b.*", "out/*")) == ["out/r.xml", "src/b.py"]


def test_what_is_no_glob_is_said_even_where_nothing_lies(tmp_path: Path) -> None:
    with pytest.raises(GlobError):
        Workspace(tmp_path).glob("[")


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("forest")
    for first in ("a", "b", "ab"):
        for second in ("a", "b.x", "c/a", "c/b.x", "c/d/a.x"):
            write(base, {f"{first}/{second}": ""})
    write(base, {"a.x": "", "c": ""})
    return base


SEGMENT = st.sampled_from(["a", "b", "c", "*", "?", "*.x", "**", "a*", "{a,b}", "[ab]", "{a/c,b}", "d"])


@settings(max_examples=300)
@given(pattern=st.lists(SEGMENT, min_size=1, max_size=4).map("/".join))
def test_pruning_never_loses_a_match(forest: Path, pattern: str) -> None:
    everything = {item.path for item in walk(forest)}
    assert find(forest, [pattern]) == {path for path in everything if matches(pattern, path)}


def test_a_name_that_is_not_utf8_is_found_read_and_shown(root: Path) -> None:
    name = os.fsdecode(b"bad\xff.xml")
    (root / name).write_bytes(b"x")
    workspace = Workspace(root)
    assert name in workspace.files("*.xml")
    assert list(workspace.glob("bad*")) == [name]
    assert workspace.read(name).data == b"x"
    problem = ReadProblem(name, "is broken")
    assert problem.gap().subject == printable(name) == "bad\\udcff.xml"
    str(problem).encode()


def test_a_folder_that_cannot_be_opened_is_passed_over(root: Path) -> None:
    def enter(folder: str) -> Iterator[str]:
        (root / "src").rename(root / "gone")
        yield folder

    found = {item.path for item in walk(root, enter=lambda folder: folder != "src" or bool(list(enter(folder))))}
    assert not [path for path in found if path.startswith("src/")]
    assert re.fullmatch(r"a\.txt", sorted(found)[0])


def test_a_glob_meets_a_name_that_is_not_utf8_without_a_crash() -> None:
    assert matches("*.xml", os.fsdecode(b"bad\xff.xml"))
    assert not matches("*.json", os.fsdecode(b"bad\xff.xml"))

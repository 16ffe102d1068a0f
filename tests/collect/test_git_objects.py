"""Files of a commit, held against the ids that they hang on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.git_objects import file_of_commit, hash_of, read_tree
from gate.collect.workspace import ReadProblem
from tests.support.fakes import write
from tests.support.repositories import commit, git, make_repository, repository


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = make_repository(tmp_path / "repo")
    write(made, {"a/b/c.yml": "c\n", "top.txt": "top\n", "run.sh": "x\n"})
    (made / "run.sh").chmod(0o755)
    (made / "link").symlink_to("top.txt")
    (made / "away").symlink_to("a")
    return made


def test_a_file_is_read_by_its_exact_path(folder: Path) -> None:
    head = commit(folder)
    found = repository(folder)
    assert file_of_commit(found, head, "a/b/c.yml", 10) == b"c\n"
    assert file_of_commit(found, head, "top.txt", 10) == b"top\n"
    assert file_of_commit(found, head, "a/b/d.yml", 10) is None
    assert file_of_commit(found, head, "A/b/c.yml", 10) is None


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("link", "symbolic link"),
        ("away/b/c.yml", "lies below “away”, which is a symbolic link"),
        ("top.txt/x", "lies below “top.txt”, which is a file"),
        ("run.sh", "mode 100755"),
        ("a/b", "is a folder"),
        ("../x", "holds “..”"),
        ("/x", "absolute"),
        (".git/config", "inside .git"),
        ("a//b", "plainly"),
    ],
)
def test_what_is_no_plain_file_is_refused(folder: Path, path: str, told: str) -> None:
    head = commit(folder)
    with pytest.raises(ReadProblem, match=told):
        file_of_commit(repository(folder), head, path, 10)


def test_a_large_file_is_refused_before_it_is_read(folder: Path) -> None:
    head = commit(folder)
    with pytest.raises(ReadProblem, match="is 4 bytes long, more than the 3"):
        file_of_commit(repository(folder), head, "top.txt", 3)


def test_a_repository_with_sha_256(tmp_path: Path) -> None:
    tmp_path.joinpath("new").mkdir()
    git(tmp_path / "new", "init", "--quiet", "--object-format=sha256")
    write(tmp_path / "new", {"a/x": "x\n"})
    head = commit(tmp_path / "new")
    assert len(head) == 64
    assert file_of_commit(repository(tmp_path / "new"), head, "a/x", 10) == b"x\n"


class Forged:
    """A checkout whose objects were written by somebody else."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self._objects = objects

    def object_size(self, id_: str) -> int:
        return len(self._objects[id_])

    def read_object(self, kind: str, id_: str) -> bytes:
        return self._objects[id_]


@pytest.mark.parametrize("which", ["commit", "tree", "blob"])
def test_t1_an_object_that_is_not_what_its_id_says_is_refused(which: str) -> None:
    blob = b"x\n"
    like = "0" * 40
    tree = b"100644 x\0" + bytes.fromhex(hash_of("blob", blob, like))
    commit_ = f"tree {hash_of('tree', tree, like)}\n".encode()
    ids = {
        "commit": hash_of("commit", commit_, like),
        "tree": hash_of("tree", tree, like),
        "blob": hash_of("blob", blob, like),
    }
    objects = {ids["commit"]: commit_, ids["tree"]: tree, ids["blob"]: blob}
    assert file_of_commit(Forged(objects), ids["commit"], "x", 10) == blob
    objects[ids[which]] = objects[ids[which]].replace(b"x", b"y") + b"z"
    with pytest.raises(ReadProblem, match=f"the {which} .* holds other bytes"):
        file_of_commit(Forged(objects), ids["commit"], "x", 10)


@pytest.mark.parametrize("data", [b"100644 x\0abc", b"100644", b"100644x\0" + b"a" * 20])
def test_a_torn_tree_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        list(read_tree(data, 20))
    like = "0" * 40
    commit_ = f"tree {hash_of('tree', data, like)}\n".encode()
    head = hash_of("commit", commit_, like)
    with pytest.raises(ReadProblem):
        file_of_commit(Forged({head: commit_, hash_of("tree", data, like): data}), head, "x", 10)


def test_a_torn_commit_is_refused() -> None:
    head = hash_of("commit", b"nothing", "0" * 40)
    with pytest.raises(ReadProblem, match="torn"):
        file_of_commit(Forged({head: b"nothing"}), head, "x", 10)

"""The inventory: counts of real repositories, and a gap for everything in them that is absent."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gate.collect.collector import Context
from gate.collect.collectors.inventory import InventoryCollector
from gate.collect.git import Repository, open_workspace
from gate.collect.tools import SystemToolbox
from gate.collect.workspace import Entry, EntryType, Workspace
from gate.model.evidence import Collected, Gap, Missing
from tests.support.fakes import EmptyToolbox, write
from tests.support.repositories import RUNNER, commit, git, git_tool, make_repository

SCHEMA = Path(__file__).parents[3] / "schemas" / "evidence" / "inventory.schema.json"


def context(root: Path, scope: str = "") -> Context:
    return Context(open_workspace(root, RUNNER, git_tool(), scope), RUNNER, SystemToolbox(RUNNER), jobs=2)


def inventory(context: Context) -> Collected:
    evidence = InventoryCollector().collect(context)
    assert isinstance(evidence, Collected), evidence
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(evidence.facts)
    json.dumps(evidence.facts, ensure_ascii=False).encode()
    for gap in evidence.gaps:
        assert set(gap.facts) <= set(evidence.facts) | {"shallow", "tool_configurations_changed"}
        (gap.subject + gap.reason + (gap.path or "")).encode()
    return evidence


def gaps(evidence: Collected) -> dict[str, Gap]:
    return {gap.subject: gap for gap in evidence.gaps}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = make_repository(tmp_path / "repo")
    write(
        folder,
        {
            "app/main.py": "a = 1\n\nb = 2\n",
            "app/last.py": "no end",
            "tests/test_main.py": "def test_a(): pass\n\n\nclass TestB:\n    def test_c(self): pass\n",
            "tests/helper.py": "def test_like(): pass\n",
            "web/a.spec.ts": "it('works', () => {})\n",
            "run": "#!/usr/bin/env bash\necho\n",
            "LICENSE": "text\n",
            "logo.png": b"\x89PNG\n\n\n\0",
            "empty.md": "",
        },
    )
    (folder / "link.py").symlink_to("app/main.py")
    commit(folder)
    return folder


def test_what_a_repository_holds(repo: Path) -> None:
    write(repo, {"untracked.py": "x\n"})
    evidence = inventory(context(repo))
    assert evidence.facts == {
        "files": 9,
        "bytes": sum(path.stat().st_size for path in repo.rglob("*") if ".git" not in path.parts and path.is_file())
        - len("x\n")
        - (repo / "app/main.py").stat().st_size,
        "symlinks": 1,
        "submodules": 0,
        "languages": {
            "Markdown": {"files": 1, "lines": 0},
            "Python": {"files": 4, "lines": 3 + 1 + 5 + 1},
            "Shell": {"files": 1, "lines": 2},
            "TypeScript": {"files": 1, "lines": 1},
        },
        "test_files": 2,
        "test_functions": 2,
        "absent": {"unreadable": 0, "lfs": 0, "submodule": 0, "sparse": 0, "unnamed": 0},
        "git": True,
        "shallow": False,
        "tool_configurations": 0,
        "tool_configuration": [],
    }
    assert evidence.gaps == ()


def test_the_scope_is_what_is_counted(repo: Path) -> None:
    facts = inventory(context(repo, "app")).facts
    assert (facts["files"], facts["test_files"]) == (2, 0)


def test_without_git_the_disk_is_counted_and_the_history_is_not_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x\n"})
    facts = inventory(context(tmp_path)).facts
    assert facts["git"] is False
    assert "shallow" not in facts
    assert facts["files"] == 1


def test_an_empty_workspace_is_missing(tmp_path: Path) -> None:
    evidence = InventoryCollector().collect(context(tmp_path))
    assert isinstance(evidence, Missing)
    assert not evidence.not_applicable
    make_repository(tmp_path)
    write(tmp_path, {"a.py": "x\n"})
    evidence = InventoryCollector().collect(context(tmp_path, "services/none"))
    assert isinstance(evidence, Missing)
    assert "no file in services/none is tracked by git" in evidence.reason


def test_a_shallow_clone_says_so(repo: Path, tmp_path: Path) -> None:
    write(repo, {"a.py": "x\n"})
    commit(repo)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repo}", "shallow")
    assert inventory(context(tmp_path / "shallow")).facts["shallow"] is True


def test_without_git_the_tool_the_history_is_a_gap(repo: Path) -> None:
    evidence = inventory(replace(context(repo), tools=EmptyToolbox()))
    assert "shallow" not in evidence.facts
    assert gaps(evidence)["history"].facts == ("shallow",)


def test_whatever_is_absent_is_a_gap(repo: Path, tmp_path: Path) -> None:
    other = make_repository(tmp_path / "other")
    write(other, {"x": "x"})
    commit(other)
    git(repo, "submodule", "--quiet", "add", str(other), "full")
    git(repo, "submodule", "--quiet", "add", str(other), "empty")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
    odd = os.fsdecode(b"bad\xff.py")
    write(repo, {"model.bin": pointer, "far/away.py": "x\n", "test_gone.py": "x\n", "swapped.py": "x\n", odd: "x\n"})
    commit(repo)
    git(repo, "submodule", "--quiet", "deinit", "--force", "empty")
    git(repo, "sparse-checkout", "set", "--no-cone", "/*", "!/far/")
    (repo / "test_gone.py").unlink()
    (repo / "swapped.py").unlink()
    (repo / "swapped.py").symlink_to("/proc/self/environ")
    evidence = inventory(context(repo))
    assert evidence.facts["absent"] == {"unreadable": 2, "lfs": 1, "submodule": 1, "sparse": 1, "unnamed": 1}
    assert evidence.facts["submodules"] == 2
    found = gaps(evidence)
    assert set(found) == {"empty", "model.bin", "far/away.py", "test_gone.py", "swapped.py", "bad\\udcff.py"}
    assert "not checked out" in found["empty"].reason
    assert set(found["empty"].facts) >= {"files", "test_files", "test_functions"}
    assert "Git LFS pointer" in found["model.bin"].reason
    assert "sparse checkout" in found["far/away.py"].reason
    assert (found["test_gone.py"].reason, "test_functions" in found["test_gone.py"].facts) == ("is not there", True)
    assert "symbolic link" in found["swapped.py"].reason
    assert "test_functions" not in found["swapped.py"].facts
    assert all("absent" in gap.facts for gap in evidence.gaps)


def test_python_tests_that_do_not_parse_put_their_count_in_doubt(repo: Path) -> None:
    write(
        repo,
        {
            "tests/test_broken.py": "def test_x(:\n",
            "tests/test_deep.py": "test=" + "-" * 100_000 + "1",
            "tests/test_huge.py": "# test\n" * 700_000,
            "app/broken.py": "def (",
            "test_::error::\n.py": "def test_(",
        },
    )
    commit(repo)
    evidence = inventory(context(repo))
    found = gaps(evidence)
    assert set(found) == {"tests/test_broken.py", "tests/test_deep.py", "tests/test_huge.py", "test_::error::\n.py"}
    assert all(gap.facts == ("test_functions",) for gap in evidence.gaps)
    assert "is larger than the 4,194,304 bytes" in found["tests/test_huge.py"].reason
    assert evidence.facts["test_functions"] == 2
    languages = evidence.facts["languages"]
    assert isinstance(languages, dict)
    assert languages["Python"] == {"files": 9, "lines": 10 + 1 + 1 + 700_000 + 1 + 1}


def test_very_many_gaps_are_summed_up(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, tracked=[Entry(f"{number}.py", EntryType.FILE) for number in range(1500)])
    evidence = InventoryCollector().collect(Context(workspace, RUNNER, EmptyToolbox()))
    assert isinstance(evidence, Collected)
    assert len(evidence.gaps) == 1001
    assert (evidence.gaps[-1].subject, evidence.gaps[-1].facts) == (
        "501 more",
        ("absent", "bytes", "languages", "shallow"),
    )


def test_eight_thousand_files_take_seconds(tmp_path: Path) -> None:
    for number in range(8000):
        folder = tmp_path / f"package{number % 200}"
        folder.mkdir(exist_ok=True)
        (folder / f"test_{number}.py").write_text(f"def test_{number}():\n    assert {number}\n" * 5)
    begun = time.monotonic()
    evidence = inventory(context(tmp_path))
    assert evidence.facts["test_functions"] == 40_000
    # It takes about one second on two cores; the limit leaves room for a busy machine.
    assert time.monotonic() - begun < 15


def test_configuration_of_scanners_is_listed_with_its_hash_and_whether_the_change_touches_it(repo: Path) -> None:
    write(repo, {".gitleaksignore": "a:b:1\n", "sub/.trivyignore": "CVE-1\n"})
    base = commit(repo, "base")
    write(repo, {"sub/.trivyignore": "CVE-1\nCVE-2\n", "trivy.yaml": "{}\n"})
    commit(repo, "change")
    repository = Repository(repo, RUNNER, git_tool())
    facts = inventory(replace(context(repo), changes=repository.changes(base))).facts
    assert facts["tool_configurations"] == 3
    assert facts["tool_configurations_changed"] == 2
    listed = {item["path"]: item for item in facts["tool_configuration"]}  # type: ignore[union-attr,index,call-overload]
    assert {path: item["changed"] for path, item in listed.items()} == {  # type: ignore[index,call-overload]
        ".gitleaksignore": False,
        "sub/.trivyignore": True,
        "trivy.yaml": True,
    }
    assert listed["trivy.yaml"]["sha256"] == hashlib.sha256(b"{}\n").hexdigest()  # type: ignore[index,call-overload]


def test_configuration_that_cannot_be_read_is_a_gap(repo: Path) -> None:
    (repo / ".bandit").symlink_to("/etc/passwd")
    write(repo, {"sub/.bandit": "[bandit]\n"})
    commit(repo, "links")
    (repo / "sub/.bandit").unlink()
    (repo / "sub/.bandit").symlink_to("/etc/passwd")
    evidence = inventory(replace(context(repo), changes=Gap("main", "is not there")))
    assert evidence.facts["tool_configurations"] == 1
    assert evidence.facts["tool_configuration"] == [{"path": "sub/.bandit", "tool": "bandit"}]
    assert {gap.facts for gap in evidence.gaps} >= {("tool_configuration",), ("tool_configurations_changed",)}

"""What bandit said of a file comes from the cache, and is what it would say now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.cache import Cache, Cached
from gate.collect.collector import Context
from gate.collect.collectors.sast import SastCollector
from gate.collect.folder_cache import FolderCache
from gate.collect.process import Completed, Runner, SubprocessRunner
from gate.collect.readers.bandit_json import BanditIssue
from gate.collect.sast import bandit_cache
from gate.collect.sast.bandit_cache import BanditCache, KnownFile, foreign_checks
from gate.collect.sast.python_files import PythonFile, python_files
from gate.collect.tools import SystemToolbox
from gate.collect.workspace import Workspace
from gate.model.evidence import Collected
from gate.model.json import Json
from tests.support.fakes import tracked, write

SHELL = "import subprocess\nsubprocess.call('x', shell=True)\n"
FILES = {
    "a.py": SHELL,
    "b.py": "x = 1\n",
    "nosec.py": "eval('1')  # nosec\nsubprocess = 1\neval('2')\n",
    "tests/test_a.py": "assert True\n",
    "password.py": "password = 'correct-horse'\ndef f(password='battery-staple'): pass\n",
    "broken.py": "def f(:\n",
}


class Counting(Runner):
    """The real runner; remembers which files bandit was given, the planted one left out."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def run(
        self,
        program: Path,
        arguments: Sequence[str],
        *,
        cwd: Path,
        exit_codes: frozenset[int] = frozenset({0}),
        timeout: float = 600.0,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        max_stdout: int = 256 * 1024 * 1024,
        memory: int | None = None,
    ) -> Completed:
        if "--" in arguments:
            self.given += [Path(item).name for item in arguments[arguments.index("--") + 2 :]]
        return SubprocessRunner().run(program, arguments, cwd=cwd, exit_codes=exit_codes, timeout=timeout)


class Run:
    """Runs the collector on a folder with a cache beside it."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self.cache = folder / "cache"
        self.given: list[str] = []

    def __call__(self, files: Mapping[str, str], *, cached: bool = True, ignore_nosec: bool = False) -> Collected:
        for path in sorted(self.tree.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        write(self.tree, files)
        runner = Counting()
        context = Context(
            Workspace(self.tree, tracked=tracked(*files)),
            runner,
            SystemToolbox(runner),
            {"ignore_nosec": ignore_nosec},
        )
        if cached:
            context = replace(
                context, cache=FolderCache(self.cache, "run 1", lambda: datetime(2026, 11, 20, tzinfo=UTC))
            )
        evidence = SastCollector().collect(context)
        context.cache.save()
        assert isinstance(evidence, Collected)
        self.given = runner.given
        return evidence


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


@pytest.mark.parametrize("ignore_nosec", [False, True])
def test_a_second_run_says_the_same(run: Run, ignore_nosec: bool) -> None:
    plain = run(FILES, cached=False, ignore_nosec=ignore_nosec)
    first = run(FILES, ignore_nosec=ignore_nosec)
    second = run(FILES, ignore_nosec=ignore_nosec)
    # What could not be scanned is never kept.
    assert set(run.given) == {"broken.py"}
    assert plain.facts == first.facts == second.facts
    assert plain.findings == first.findings == second.findings
    assert plain.gaps == first.gaps == second.gaps
    assert [source.detail for source in first.sources] == ["5 of 6 Python files"]
    assert [source.detail for source in second.sources] == [
        "5 of 6 Python files, 5 from the cache of 2026-11-20 (run 1)"
    ]


def test_only_what_changed_is_scanned(run: Run) -> None:
    run(FILES)
    changed = run(FILES | {"b.py": "eval('3')\n", "c.py": "x = 2\n"})
    assert set(run.given) == {"b.py", "c.py", "broken.py"}
    assert ("B307", "b.py") in {(finding.rule, finding.path) for finding in changed.findings}


def test_a_file_that_was_moved_keeps_its_result(run: Run) -> None:
    run({"a.py": SHELL, "nosec.py": FILES["nosec.py"]})
    moved = {"src/deep/test_z.py": SHELL, "nosec.py": FILES["nosec.py"], "copy.py": SHELL}
    evidence = run(moved)
    assert run.given == []
    plain = run(moved, cached=False)
    assert evidence.findings == plain.findings
    assert evidence.facts == plain.facts


@pytest.mark.parametrize(
    "path", ["x.py", "test_x.py", "tests/x.py", "a/__init__.py", "setup.py", "conftest.py", "subprocess.py", "bin/tool"]
)
def test_bandit_looks_at_no_path(run: Run, path: str) -> None:
    """What lets a moved file keep its result: the same issues wherever it lies."""
    code = (
        "#!/usr/bin/env python3\nimport subprocess, pickle\nfrom . import x\nassert x\npassword = 'p'\n"
        "def f(password='p'):\n    subprocess.call('x', shell=True)\n    try:\n        pickle.loads(x)\n"
        "    except Exception:\n        pass\n    open('/tmp/x')\n    eval('1')  # nosec\n"
    )
    here, there = (run({name: code}, cached=False) for name in ("plain.py", path))

    def brief(evidence: Collected) -> list[tuple[str, int | None, bool]]:
        # Asserts in test code are left out by the gate, not by bandit.
        return [(item.rule, item.line, item.suppressed) for item in evidence.findings if item.rule != "B101"]

    assert brief(here) == brief(there)
    assert here.facts["ignored_asserts"] == 0
    count = sum(item.rule == "B101" for item in there.findings)
    ignored = there.facts["ignored_asserts"]
    assert isinstance(ignored, int)
    assert count + ignored == 1


def test_a_run_that_ignores_nosec_takes_nothing_of_one_that_does_not(run: Run) -> None:
    files = {"nosec.py": FILES["nosec.py"]}
    honoured = run(files)
    ignored = run(files, ignore_nosec=True)
    assert run.given == ["nosec.py"]
    assert (honoured.facts["suppressed"], ignored.facts["suppressed"]) == (1, 0)


def test_no_password_is_in_the_cache(run: Run) -> None:
    run(FILES)
    for file in run.cache.iterdir():
        text = file.read_text()
        assert "B105" in text
        assert "B107" in text
        assert "correct-horse" not in text
        assert "battery-staple" not in text


def test_a_hostile_value_is_a_miss(run: Run) -> None:
    files = {"a.py": SHELL}
    run(files)

    class Lying(Cache):
        def __init__(self, value: Json) -> None:
            self.value = value
            self.put_again = 0

        def get(self, space: str, key: Sequence[str]) -> Cached | None:
            return Cached(self.value, "2026-11-20")

        def put(self, space: str, key: Sequence[str], value: Json) -> None:
            self.put_again += 1

        def save(self) -> None:
            pass

    row: list[Json] = ["B602", "n", "HIGH", "HIGH", "t", 2, 2, 2, 0, 4]
    values: list[Json] = [
        None,
        [],
        {},
        "",
        {"issues": []},
        {"issues": [], "suppressed": [], "more": 1},
        {"issues": [row[:-1]], "suppressed": []},
        {"issues": [[*row, 1]], "suppressed": []},
        {"issues": [[*row[:5], "2", *row[6:]]], "suppressed": []},
        {"issues": {}, "suppressed": []},
    ]
    for value in values:
        runner = Counting()
        lying = Lying(value)
        space = Workspace(run.tree, tracked=tracked(*files))
        evidence = SastCollector().collect(Context(space, runner, SystemToolbox(runner), cache=lying))
        assert isinstance(evidence, Collected)
        assert runner.given == ["a.py"]
        assert len(evidence.findings) == 3
        assert lying.put_again == 1


def test_a_file_that_changes_while_it_is_scanned_is_not_kept(run: Run) -> None:
    class Racing(Counting):
        def run(self, program: Path, arguments: Sequence[str], **options: object) -> Completed:
            if "--" in arguments:
                Path(arguments[-1]).write_text("x = 1\n")
            return super().run(program, arguments, **options)  # type: ignore[arg-type]

    write(run.tree, {"a.py": SHELL})
    space = Workspace(run.tree, tracked=tracked("a.py"))
    runner = Racing()
    kept = FolderCache(run.cache, "", lambda: datetime(2026, 11, 20, tzinfo=UTC))
    SastCollector().collect(Context(space, runner, SystemToolbox(runner), cache=kept))
    kept.save()
    assert not run.cache.exists()
    assert len(run({"a.py": SHELL}).findings) == 3


def test_a_file_that_goes_away_is_not_kept(tmp_path: Path) -> None:
    kept = FolderCache(tmp_path / "c", "", lambda: datetime(2026, 11, 20, tzinfo=UTC))
    known = BanditCache(kept, "1", ignore_nosec=False)
    known.keep([PythonFile("a.py", 1, "0")], {"a.py": KnownFile()}, Workspace(tmp_path, tracked=tracked("a.py")))
    kept.save()
    assert not (tmp_path / "c").exists()


def test_other_checks_than_bandits_own_may_look_at_the_path(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert foreign_checks() == ()
    run({"a.py": SHELL})
    monkeypatch.setattr(bandit_cache, "foreign_checks", lambda: ("bandit-odd 1.0",))
    run({"a.py": SHELL})
    assert run.given == ["a.py"]
    run({"a.py": SHELL})
    assert run.given == []
    run({"b.py": SHELL})
    assert run.given == ["b.py"]


def test_a_crashed_check_is_not_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "[tester]\tERROR\tBandit internal error running: any_check on file {} at line 2: boom\n"
    real = Counting.run

    def crashing(self: Counting, program: Path, arguments: Sequence[str], **options: object) -> Completed:
        done = real(self, program, arguments, **options)  # type: ignore[arg-type]
        return replace(done, stderr=told.format(arguments[-1])) if "--" in arguments else done

    monkeypatch.setattr(Counting, "run", crashing)
    assert run({"a.py": SHELL}).gaps
    monkeypatch.setattr(Counting, "run", real)
    assert run({"a.py": SHELL}).gaps == ()
    assert run.given == ["a.py"]


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ISSUES = st.lists(
    st.builds(
        BanditIssue,
        filename=st.just("a.py"),
        test_id=st.sampled_from(["B602", "B105", "B101"]),
        test_name=WORDS,
        issue_severity=st.sampled_from(["HIGH", "LOW", "UNDEFINED"]),
        issue_confidence=st.sampled_from(["HIGH", "LOW"]),
        issue_text=WORDS,
        line_number=st.integers(-1, 10**6),
        line_range=st.lists(st.integers(0, 10**6), max_size=4).map(tuple),
        col_offset=st.integers(-1, 500),
        end_col_offset=st.integers(0, 500),
    ),
    max_size=4,
)


@given(ISSUES, ISSUES)
def test_what_was_kept_makes_the_same_findings(
    tmp_path_factory: pytest.TempPathFactory, issues: list[BanditIssue], suppressed: list[BanditIssue]
) -> None:
    from gate.collect.sast.bandit_findings import bandit_findings
    from gate.collect.sast.bandit_run import BanditRun

    folder = tmp_path_factory.mktemp("c")
    write(folder, {"a.py": SHELL})
    space = Workspace(folder, tracked=tracked("a.py"))
    (file,) = python_files(space).files
    kept = BanditCache(FolderCache(folder / "c", "", lambda: datetime(2026, 1, 1, tzinfo=UTC)), "1", ignore_nosec=False)
    kept.keep([file], {"a.py": KnownFile(issues, suppressed)}, space)
    known, left = kept.split([file, PythonFile("moved.py", file.size, file.sha256), PythonFile("b.py", 1, "0")])
    assert [item.path for item in left] == ["b.py"]
    fresh = BanditRun(tuple(issues), tuple(suppressed))
    old = BanditRun(tuple(known["a.py"].issues), tuple(known["a.py"].suppressed))
    assert bandit_findings(old, space) == bandit_findings(fresh, space)
    assert known["moved.py"].origin == "2026-01-01"

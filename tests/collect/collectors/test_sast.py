"""`sast`, with the real bandit on real files."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gate.collect.changes import Changes
from gate.collect.collector import Context
from gate.collect.collectors.sast import SastCollector, union
from gate.collect.process import Completed, SubprocessRunner, ToolProblem
from gate.collect.sast.bandit_findings import is_test_code
from gate.collect.sast.sast_facts import sast_facts
from gate.collect.tools import Tool
from gate.collect.workspace import Entry, EntryType, Workspace
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Unreadable
from gate.model.finding import Finding
from gate.model.lazy import LazyFindings

ROOT = Path(__file__).parents[3]
SARIF = ROOT / "tests/collect/readers/data/sarif"
SCHEMA = Draft202012Validator(json.loads((ROOT / "schemas/evidence/sast.schema.json").read_text()))
SHELL = "import subprocess\nsubprocess.call('x', shell=True)\n"


class Tools:
    """The bandit of this interpreter, or none."""

    def __init__(self, *, absent: bool = False) -> None:
        self._absent = absent

    def find(self, name: str) -> Tool:
        if self._absent:
            raise ToolProblem(name, "is not installed")
        return Tool(name, _bandit_version(), (sys.executable, "-I", "-m", "bandit"))


@lru_cache
def _bandit_version() -> str:
    command = [sys.executable, "-I", "-m", "bandit", "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1]


class Recording:
    """The real runner; keeps the arguments of each run, and may break what a run gives back."""

    def __init__(self, change: Callable[[Completed, Sequence[str]], Completed] = lambda done, _arguments: done) -> None:
        self.calls: list[list[str]] = []
        self._change = change

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
        self.calls.append(list(arguments))
        done = SubprocessRunner().run(
            program,
            arguments,
            cwd=cwd,
            exit_codes=exit_codes,
            timeout=timeout,
            stdin=stdin,
            environment=environment,
            max_stdout=max_stdout,
            memory=memory,
        )
        return self._change(done, arguments)


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())


def workspace(root: Path, files: Mapping[str, str | bytes], *untracked: str) -> Workspace:
    """A checkout that tracks all of the files but the untracked ones."""
    write(root, files)
    tracked = [Entry(path, EntryType.FILE) for path in files if path not in untracked]
    return Workspace(root, tracked=tracked)


def context(space: Workspace, **request: Any) -> Context:
    return Context(space, SubprocessRunner(), Tools(), request, jobs=2)


def collected(context: Context) -> Collected:
    evidence = SastCollector().collect(context)
    assert isinstance(evidence, Collected), evidence
    assert evidence.kind == "sast"
    assert [error.message for error in SCHEMA.iter_errors(evidence.facts)] == []
    assert sast_facts(tuple(evidence.findings), evidence.facts) == evidence.facts
    return evidence


def brief(evidence: Evidence) -> list[tuple[str, str | None, int | None, bool]]:
    assert isinstance(evidence, Collected)
    return [(item.rule, item.path, item.line, item.suppressed) for item in evidence.findings]


def sarif(*results: dict[str, Any], tool: str = "T", **members: Any) -> str:
    run = {"tool": {"driver": {"name": tool}}, "results": list(results), **members}
    return json.dumps({"version": "2.1.0", "runs": [run]})


def clean() -> str:
    """A report of a tool that ran to its end and found nothing."""
    return sarif(invocations=[{"executionSuccessful": True}])


def result(rule: str = "R", path: str = "a.js", line: int = 1, **members: Any) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": line}}}
    return {"ruleId": rule, "message": {"text": "m"}, "locations": [place], **members}


class TestBandit:
    def test_facts(self, tmp_path: Path) -> None:
        files = {"a.py": SHELL, "b.py": "x = 1\n", "pkg/c.py": "import pickle\n", "README.md": "eval()"}
        evidence = collected(context(workspace(tmp_path, files)))
        assert evidence.facts == {
            "tools": [{"name": "bandit", "version": _bandit_version()}],
            "reports": 0,
            "files_scanned": 3,
            "files_failed": 0,
            "excluded": 0,
            "ignored_asserts": 0,
            "counts": {"critical": 0, "high": 0, "medium": 0, "low": 4},
            "suppressed": 0,
            "suppressed_by": {"in_source": 0, "external": 0, "other": 0},
            "by_tool": {"bandit": {"critical": 0, "high": 0, "medium": 0, "low": 4}},
        }
        assert brief(evidence) == [
            ("B404", "a.py", 1, False),
            ("B602", "a.py", 2, False),
            ("B607", "a.py", 2, False),
            ("B403", "pkg/c.py", 1, False),
        ]
        assert evidence.gaps == ()
        (source,) = evidence.sources
        assert (source.how, source.tool, source.detail) == (How.PRODUCED, "bandit", "3 of 3 Python files")

    def test_a_finding(self, tmp_path: Path) -> None:
        code = "import subprocess\ndef f(x):\n    subprocess.call(\n        x,\n        shell=True,\n    )\n"
        finding = collected(context(workspace(tmp_path, {"a.py": code}))).findings[1]
        assert (finding.rule, finding.severity, finding.tool, finding.line) == ("B602", "high", "bandit", 5)
        assert finding.properties == {
            "name": "subprocess_popen_with_shell_equals_true",
            "confidence": "high",
            "classes": ["CWE-78"],
            "start_line": 3,
            "end_line": 6,
        }
        assert finding.message.startswith("subprocess call with shell=True identified")

    def test_the_trees_configuration_silences_nothing(self, tmp_path: Path) -> None:
        files = {
            "a.py": SHELL,
            ".bandit": "[bandit]\nskips: B602,B607,B404\nexclude: /\n",
            "setup.cfg": "[bandit]\nskips: B602\n",
            "tox.ini": "[bandit]\nskips: B602\n",
            "pyproject.toml": "[tool.bandit]\nskips = ['B602']\nexclude_dirs = ['.']\n",
            "bandit.yaml": "skips: [B602]\n",
            ".bandit.yml": "skips: [B602]\n",
        }
        assert len(collected(context(workspace(tmp_path, files))).findings) == 3

    @pytest.mark.parametrize(
        "folder",
        [
            ".github/workflows",
            "vendor/x.egg",
            ".tox/py",
            "CVS",
            "__pycache__",
            ".git-hooks",
            "-x",
            "a,b",
            "a b\n::error::c",
        ],
    )
    def test_no_folder_hides_code(self, tmp_path: Path, folder: str) -> None:
        evidence = collected(context(workspace(tmp_path, {f"{folder}/a.py": SHELL})))
        assert (len(evidence.findings), evidence.facts["files_scanned"]) == (3, 1)

    def test_scripts_without_a_suffix(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "bin/tool": "#!/usr/bin/env python3\n" + SHELL,
            "bin/uv": "#!/usr/bin/env -S uv run --script\n" + SHELL,
            "bin/sh": "#!/bin/sh\necho python\n",
            "window.pyw": SHELL,
            "Makefile": "python:\n",
            "notes.txt": "#!/usr/bin/python\n",
            "empty": b"",
        }
        evidence = collected(context(workspace(tmp_path, files)))
        assert {item.path for item in evidence.findings} == {"bin/tool", "bin/uv", "window.pyw"}
        assert evidence.facts["files_scanned"] == 3

    def test_links_and_untracked_files_are_not_followed(self, tmp_path: Path) -> None:
        outside = tmp_path / "outside.py"
        outside.write_text(SHELL)
        root = tmp_path / "tree"
        write(root, {"a.py": "x = 1\n", "untracked.py": SHELL})
        (root / "link.py").symlink_to(outside)
        (root / "swapped.py").symlink_to(outside)
        tracked = [
            Entry("a.py", EntryType.FILE),
            Entry("link.py", EntryType.SYMLINK),
            Entry("swapped.py", EntryType.FILE),
            Entry("gone.py", EntryType.FILE),
            Entry("bin", EntryType.SUBMODULE),
            Entry("script", EntryType.FILE),
        ]
        evidence = collected(context(Workspace(root, tracked=tracked)))
        assert evidence.findings == ()
        assert (evidence.facts["files_scanned"], evidence.facts["files_failed"]) == (1, 2)
        assert [gap.subject for gap in evidence.gaps] == ["gone.py", "swapped.py"]


class TestNosec:
    CODE = (
        "import subprocess  # nosec\n"
        "subprocess.call('x', shell=True)  # nosec B602, B607\n"
        "subprocess.call('x', shell=True)  # nosec B607\n"
        "eval('1')  # nosec: no_such_check\n"
        "subprocess.call(\n    '/bin/x',\n    shell=True,  # nosec subprocess_popen_with_shell_equals_true\n)\n"
        "s = '# nosec'; eval('2')\n"
    )

    def test_is_honoured_and_counted(self, tmp_path: Path) -> None:
        evidence = collected(context(workspace(tmp_path, {"a.py": self.CODE, "b.py": SHELL})))
        assert [item for item in brief(evidence) if item[1] == "a.py"] == [
            ("B404", "a.py", 1, True),
            ("B602", "a.py", 2, True),
            ("B607", "a.py", 2, True),
            ("B602", "a.py", 3, False),
            ("B607", "a.py", 3, True),
            ("B307", "a.py", 4, True),
            ("B602", "a.py", 7, True),
            ("B307", "a.py", 9, False),
        ]
        assert evidence.facts["suppressed"] == 6
        assert evidence.facts["counts"] == {"critical": 0, "high": 0, "medium": 1, "low": 4}

    def test_is_ignored_when_the_policy_says_so(self, tmp_path: Path) -> None:
        evidence = collected(context(workspace(tmp_path, {"a.py": self.CODE}), ignore_nosec=True))
        assert evidence.facts["suppressed"] == 0
        assert len(evidence.findings) == 8
        assert not any(item.suppressed for item in evidence.findings)

    def test_only_the_files_that_have_some_run_twice(self, tmp_path: Path) -> None:
        runner = Recording()
        space = workspace(tmp_path, {"a.py": self.CODE, "b.py": SHELL})
        collected(replace(context(space), runner=runner, jobs=1))
        assert [[Path(item).name for item in call[call.index("--") + 1 :]] for call in runner.calls] == [
            ["planted.py", "a.py", "b.py"],
            ["planted.py", "a.py"],
        ]

    def test_equal_findings_are_told_apart_from_suppressed_ones(self, tmp_path: Path) -> None:
        # bandit's text for B202 holds an address of memory, another one in each run.
        code = "import tarfile\nt = tarfile.open('x')\nt.extractall(members=[])\neval('1')  # nosec\n"
        evidence = collected(context(workspace(tmp_path, {"a.py": code})))
        assert brief(evidence) == [("B202", "a.py", 3, False), ("B307", "a.py", 4, True)]
        assert " 0x" not in evidence.findings[0].message

    def test_a_second_run_that_crashes(self, tmp_path: Path) -> None:
        def broken(done: Completed, arguments: Sequence[str]) -> Completed:
            return replace(done, stdout=b"") if "--ignore-nosec" in arguments else done

        space = workspace(tmp_path, {"a.py": self.CODE})
        evidence = collected(replace(context(space), runner=Recording(broken)))
        (gap,) = evidence.gaps
        assert (gap.subject, gap.facts) == ("a.py", ("suppressed",))


class TestAsserts:
    def test_in_test_code_are_no_findings(self, tmp_path: Path) -> None:
        names = ["tests/x.py", "a/tests/b/x.py", "test_a.py", "pkg/a_test.py", "conftest.py"]
        real = ["app.py", "contests/x.py", "latest_a.py", "test/x.py"]
        files = dict.fromkeys([*names, *real], "assert True\neval('1')\n")
        evidence = collected(context(workspace(tmp_path, files)))
        assert evidence.facts["ignored_asserts"] == 5
        assert sorted(str(item.path) for item in evidence.findings if item.rule == "B101") == sorted(real)
        assert sum(item.rule == "B307" for item in evidence.findings) == 9
        assert [is_test_code(name) for name in (*names, *real)] == [True] * 5 + [False] * 4

    def test_in_a_supplied_report_of_bandit(self, tmp_path: Path) -> None:
        report = sarif(result("B101", "tests/a.py"), result("B101", "a.py"), tool="Bandit")
        evidence = collected(context(workspace(tmp_path, {"r.sarif": report}, "r.sarif"), reports="r.sarif"))
        assert brief(evidence) == [("B101", "a.py", 1, False)]
        assert evidence.facts["ignored_asserts"] == 1


class TestWhatCannotBeScanned:
    @pytest.mark.parametrize(
        ("content", "line", "words"),
        [
            ("# one\n# two\ndef f(:\n    eval('1')\n", 3, "does not parse as Python"),
            (b"x = 1\0\n", None, "does not parse as Python"),
            (b"# coding: klingon\nx = 1\n", None, "does not parse as Python"),
            (b"x = '\xff\xfe'\n", 1, "does not parse as Python"),
            ("x = " + "(" * 300 + ")" * 300, 1, "does not parse as Python"),
            ("x = " + "+".join(["1"] * 9000), None, "makes bandit give up"),
            ("x = " + "-" * 2500 + "1", None, "makes bandit give up"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", 1, "does not parse as Python"),
            (b"x = [" + b"1, " * (2 * 1024 * 1024) + b"]", None, ""),
        ],
        ids=["comments", "nul", "encoding", "utf8", "parentheses", "sum", "signs", "lfs", "large"],
    )
    def test_is_a_gap(self, tmp_path: Path, content: str | bytes, line: int | None, words: str) -> None:
        evidence = collected(context(workspace(tmp_path, {"bad.py": content, "good.py": SHELL})))
        (gap,) = evidence.gaps
        assert (gap.subject, gap.path, gap.facts) == ("bad.py", "bad.py", ())
        assert words in gap.reason
        assert gap.line in (line, None) if line is None else gap.line == line
        assert (evidence.facts["files_scanned"], evidence.facts["files_failed"]) == (1, 1)
        assert len(evidence.findings) == 3

    def test_a_file_that_crashes_bandit_stands_alone(self, tmp_path: Path) -> None:
        # A lone surrogate in a password: bandit cannot write its own report.
        files: dict[str, str | bytes] = {f"m{number}.py": SHELL for number in range(6)}
        files["n.py"] = 'password = "\\ud800"\n'
        evidence = collected(context(workspace(tmp_path, files)))
        (gap,) = evidence.gaps
        assert gap.subject == "n.py"
        assert gap.reason.startswith("was not scanned: ")
        assert len(evidence.findings) == 18

    def test_nothing_that_could_be_scanned(self, tmp_path: Path) -> None:
        evidence = SastCollector().collect(context(workspace(tmp_path, {"a.py": "def f(:\n"})))
        assert isinstance(evidence, Unreadable)
        assert "a.py does not parse as Python" in evidence.reason

    def test_nothing_that_could_be_read(self, tmp_path: Path) -> None:
        evidence = SastCollector().collect(context(Workspace(tmp_path, tracked=[Entry("a.py", EntryType.FILE)])))
        assert isinstance(evidence, Unreadable)
        assert evidence.reason == "none of 1 Python files could be read"

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"stdout": b""}, "wrote no report"),
            ({"stdout": b'{"results": []'}, "cannot be read as JSON"),
            ({"exit_code": 0}, "ended with exit code 0, as if there were no issue, but lists some"),
            ({"stderr": "x" * 70_000}, "complained more than can be kept"),
        ],
    )
    def test_a_run_that_proves_nothing(self, tmp_path: Path, change: dict[str, Any], words: str) -> None:
        runner = Recording(lambda done, _arguments: replace(done, **change))
        space = workspace(tmp_path, {"a.py": SHELL})
        evidence = SastCollector().collect(replace(context(space), runner=runner))
        assert isinstance(evidence, Unreadable)
        assert words in evidence.reason
        assert [gap.subject for gap in evidence.gaps] == ["a.py"]

    def test_a_tool_that_never_works_is_not_tried_for_ever(self, tmp_path: Path) -> None:
        runner = Recording(lambda done, _arguments: replace(done, stdout=b""))
        space = workspace(tmp_path, {f"m{number}.py": "" for number in range(40)})
        evidence = SastCollector().collect(replace(context(space), runner=runner, jobs=1))
        assert isinstance(evidence, Unreadable)
        assert len(evidence.gaps) == 40
        assert len(runner.calls) <= 25

    def test_a_file_that_the_report_does_not_name(self, tmp_path: Path) -> None:
        def forgetful(done: Completed, _arguments: Sequence[str]) -> Completed:
            document = json.loads(done.stdout)
            document["metrics"] = {name: item for name, item in document["metrics"].items() if "b.py" not in name}
            return replace(done, stdout=json.dumps(document).encode())

        space = workspace(tmp_path, {"a.py": SHELL, "b.py": "x = 1\n"})
        evidence = collected(replace(context(space), runner=Recording(forgetful), jobs=1))
        assert [(gap.subject, gap.reason) for gap in evidence.gaps] == [
            ("b.py", "was passed over by bandit without a word")
        ]

    def test_an_unknown_reason_is_told(self, tmp_path: Path) -> None:
        def puzzled(done: Completed, arguments: Sequence[str]) -> Completed:
            document = json.loads(done.stdout)
            document["errors"].append({"filename": arguments[-1], "reason": "odd"})
            return replace(done, stdout=json.dumps(document).encode())

        space = workspace(tmp_path, {"a.py": SHELL, "b.py": "x = 1\n"})
        evidence = collected(replace(context(space), runner=Recording(puzzled), jobs=1))
        assert [(gap.subject, gap.reason) for gap in evidence.gaps] == [("b.py", "was not scanned: bandit says “odd”")]

    def test_a_check_that_crashes(self, tmp_path: Path) -> None:
        told = "[tester]\tERROR\tBandit internal error running: any_check on file {} at line 2: boom\n"
        runner = Recording(lambda done, arguments: replace(done, stderr=told.format(arguments[-1]) * 2))
        evidence = collected(replace(context(workspace(tmp_path, {"a.py": SHELL})), runner=runner))
        (gap,) = evidence.gaps
        assert (gap.subject, gap.line, gap.facts) == ("a.py", 2, ())
        assert gap.reason == "bandit's check any_check crashed on it"

    def test_comments_cannot_hide_a_check_that_crashes(self, tmp_path: Path) -> None:
        code = SHELL + "".join(f"x = {number}  # nosec many words that name no check\n" for number in range(400))
        runner = Recording()
        evidence = collected(replace(context(workspace(tmp_path, {"a.py": code})), runner=runner))
        assert evidence.gaps == ()
        assert ["--ignore-nosec" in call for call in runner.calls] == [False, True]

    def test_files_whose_name_is_not_utf8(self, tmp_path: Path) -> None:
        name = b"\xff.py".decode(errors="surrogateescape")
        write(tmp_path, {"a.py": "x = 1\n"})
        tracked = [Entry("a.py", EntryType.FILE), Entry(name, EntryType.FILE)]
        evidence = collected(context(Workspace(tmp_path, tracked=tracked)))
        (gap,) = evidence.gaps
        assert "not UTF-8" in gap.reason
        gap.subject.encode()


class TestFingerprints:
    def test_stay_when_lines_move_and_differ_when_repeated(self, tmp_path: Path) -> None:
        before = collected(context(workspace(tmp_path / "1", {"a.py": "eval('1')\neval('1')\n"}))).findings
        after = collected(
            context(workspace(tmp_path / "2", {"a.py": "\n\nif 1:\n    eval( '1' )\n    eval('1')\n"}))
        ).findings
        assert [item.line for item in after] == [4, 5]
        assert [item.fingerprint for item in before] == [item.fingerprint for item in after]
        assert len({item.fingerprint for item in before}) == 2

    def test_hold_no_source_and_messages_no_password(self, tmp_path: Path) -> None:
        code = "password = 'hunter2hunter2'\ndef f(token='hunter2hunter2'): ...\nf(token='hunter2hunter2')\n"
        evidence = collected(context(workspace(tmp_path, {"a.py": code})))
        assert {item.rule for item in evidence.findings} == {"B105", "B106", "B107"}
        assert "hunter2" not in repr(evidence)


class TestChanges:
    CODE = "eval('1')\neval(\n    '2'\n)\neval('3')  # nosec\n"
    SPREAD = "import subprocess as s\ns.call(\n    '/x',\n    shell=True,\n)\n"

    def test_new_is_counted(self, tmp_path: Path) -> None:
        space = workspace(tmp_path, {"a.py": self.CODE, "b.py": SHELL})
        changes = Changes("0" * 40, {"a.py": frozenset({3, 5})})
        evidence = collected(replace(context(space), changes=changes))
        assert [item.new for item in evidence.findings if item.path == "a.py"] == [False, True, True]
        assert evidence.facts["new"] == {"critical": 0, "high": 0, "medium": 1, "low": 0}

    def test_any_line_of_the_statement(self, tmp_path: Path) -> None:
        space = workspace(tmp_path, {"a.py": self.SPREAD})
        evidence = collected(replace(context(space), changes=Changes("0" * 40, {"a.py": frozenset({3})})))
        assert [(item.line, item.new) for item in evidence.findings] == [(1, False), (4, True)]

    def test_without_a_line(self, tmp_path: Path) -> None:
        files = {"r.sarif": sarif({"message": {"text": "m"}}, result("R", "a.js", 0))}
        space = workspace(tmp_path, files, "r.sarif")
        evidence = collected(
            replace(context(space, reports="r.sarif"), changes=Changes("0" * 40, {"a.js": frozenset({9})}))
        )
        assert [item.new for item in evidence.findings] == [False, True]

    def test_none_known(self, tmp_path: Path) -> None:
        evidence = collected(context(workspace(tmp_path, {"a.py": self.CODE})))
        assert "new" not in evidence.facts
        assert {item.new for item in evidence.findings} == {None}

    def test_none_that_could_be_compared(self, tmp_path: Path) -> None:
        space = workspace(tmp_path, {"a.py": self.CODE})
        evidence = collected(replace(context(space), changes=Gap("main", "is not in this clone")))
        assert evidence.gaps == (Gap("main", "is not in this clone", facts=("new",)),)
        assert "new" not in evidence.facts


class TestReports:
    def test_beside_bandit(self, tmp_path: Path) -> None:
        report = sarif(result(level="error"), result(suppressions=[{"kind": "inSource"}]))
        space = workspace(tmp_path, {"a.py": SHELL, "out/r.sarif": report}, "out/r.sarif")
        evidence = collected(context(space, reports=["out/*.sarif"]))
        assert evidence.gaps == ()
        assert evidence.facts["reports"] == 1
        assert evidence.facts["by_tool"] == {
            "bandit": {"critical": 0, "high": 0, "medium": 0, "low": 3},
            "T": {"critical": 0, "high": 1, "medium": 0, "low": 0},
        }
        assert evidence.facts["suppressed"] == 1
        assert evidence.facts["files_scanned"] == 1
        supplied = evidence.sources[1]
        assert (supplied.how, supplied.path, supplied.detail) == (How.SUPPLIED, "out/r.sarif", "2 findings")
        assert len(str(supplied.sha256)) == 64

    def test_without_bandit(self, tmp_path: Path) -> None:
        space = workspace(tmp_path, {"a.py": SHELL, "r.sarif": sarif()}, "r.sarif")
        evidence = collected(context(space, reports="r.sarif", bandit=False))
        assert evidence.facts["tools"] == [{"name": "T", "version": None}]
        assert "files_scanned" not in evidence.facts

    def test_a_lone_report_is_counted_without_making_findings(self, tmp_path: Path) -> None:
        report = sarif(result(), result(suppressions=[{"kind": "inSource"}]), result(level="error"))
        space = workspace(tmp_path, {"r.sarif": report, "e.sarif": clean()}, "r.sarif", "e.sarif")
        findings = collected(context(space, reports="*.sarif")).findings
        assert isinstance(findings, LazyFindings)
        assert [item.severity for item in findings] == ["medium", "medium", "high"]

    def test_artifacts_are_files_scanned(self, tmp_path: Path) -> None:
        report = (SARIF / "eslint.sarif").read_bytes()
        evidence = collected(context(workspace(tmp_path, {"r.sarif": report}, "r.sarif"), reports="r.sarif"))
        assert (evidence.facts["files_scanned"], evidence.facts["files_failed"]) == (2, 1)
        assert [(gap.subject, gap.line) for gap in evidence.gaps] == [("r.sarif", None), ("web/broken.js", 1)]
        assert evidence.gaps[0].reason == "ESLint says that it did not finish (r.sarif)"

    def test_bandits_own_report_counts_once(self, tmp_path: Path) -> None:
        code = "import subprocess\n\n\n\n\neval('1')\n"
        own = [result("B404", "a.py", 1), result("B307", "a.py", 6), result("B307", "a.py", 6), result("B1", "a.py", 6)]
        files = {"a.py": code, "r.sarif": sarif(*own, tool="Bandit")}
        evidence = collected(context(workspace(tmp_path, files, "r.sarif"), reports="r.sarif"))
        assert [(item.tool, item.rule, item.line) for item in evidence.findings] == [
            ("bandit", "B404", 1),
            ("bandit", "B307", 6),
            ("Bandit", "B307", 6),
            ("Bandit", "B1", 6),
        ]

    def test_a_report_that_is_given_twice_counts_once(self, tmp_path: Path) -> None:
        report = (SARIF / "trivy.sarif").read_bytes()
        space = workspace(tmp_path, {"a.sarif": report, "b.sarif": report}, "a.sarif", "b.sarif")
        evidence = collected(context(space, reports="*.sarif"))
        assert evidence.facts["counts"] == {"critical": 4, "high": 3, "medium": 1, "low": 1}
        assert evidence.facts["reports"] == 2

    def test_an_empty_report_proves_nothing(self, tmp_path: Path) -> None:
        for empty in (sarif(), sarif(artifacts=[]), sarif(invocations=[{}])):
            evidence = collected(context(workspace(tmp_path, {"r.sarif": empty}, "r.sarif"), reports="r.sarif"))
            assert ["so it proves nothing" in gap.reason for gap in evidence.gaps] == [True]
        rules = sarif(tool="T").replace('"name": "T"', '"name": "T", "rules": [{"id": "A"}]')
        for told in (clean(), rules):
            evidence = collected(context(workspace(tmp_path, {"r.sarif": told}, "r.sarif"), reports="r.sarif"))
            assert not evidence.gaps

    def test_tracked_in_git(self, tmp_path: Path) -> None:
        evidence = collected(context(workspace(tmp_path, {"r.sarif": clean()}), reports="r.sarif"))
        assert [(gap.subject, gap.reason, gap.facts) for gap in evidence.gaps] == [
            ("r.sarif", "is tracked in git, so it is not evidence of this run", ())
        ]

    def test_an_unreadable_report_is_a_gap_beside_others(self, tmp_path: Path) -> None:
        files = {"a.sarif": clean(), "b.sarif": clean()[:-4], "c.sarif": '{"version": "2.1.0", "runs": [{}]}'}
        evidence = collected(context(workspace(tmp_path, files, *files), reports="*.sarif"))
        assert [(gap.subject, gap.line) for gap in evidence.gaps] == [
            ("b.sarif", 1),
            ("c.sarif", None),
            ("c.sarif", None),
        ]
        assert "cut off" in evidence.gaps[0].reason

    @pytest.mark.parametrize(
        ("report", "words"),
        [
            ("{}", "r.sarif is not SARIF"),
            ('{"version": "2.1.0", "runs": []}', "r.sarif holds no run"),
            (
                '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "T"}}}]}',
                "r.sarif T says nothing of results",
            ),
        ],
    )
    def test_nothing_that_could_be_read(self, tmp_path: Path, report: str, words: str) -> None:
        evidence = SastCollector().collect(
            context(workspace(tmp_path, {"r.sarif": report}, "r.sarif"), reports="r.sarif")
        )
        assert isinstance(evidence, Unreadable)
        assert words in evidence.reason

    def test_a_link_out_of_the_workspace(self, tmp_path: Path) -> None:
        write(tmp_path, {"out.sarif": sarif(), "tree/a.py": "x = 1\n"})
        (tmp_path / "tree/r.sarif").symlink_to(tmp_path / "out.sarif")
        space = Workspace(tmp_path / "tree", tracked=[Entry("a.py", EntryType.FILE)])
        evidence = collected(context(space, reports="r.sarif"))
        assert evidence.facts["reports"] == 0
        assert [gap.subject for gap in evidence.gaps] == ["r.sarif"]


class TestSuppressedAndBaseline:
    def test_by_what_findings_are_suppressed(self, tmp_path: Path) -> None:
        report = sarif(
            result(suppressions=[{"kind": "inSource"}]),
            result(suppressions=[{"kind": "external", "status": "accepted"}, {"kind": "inSource"}]),
            result(suppressions=[{"kind": "external"}]),
            result(suppressions=[{"kind": "toString"}]),
            result(suppressions=[{"kind": "external", "status": "rejected"}]),
        )
        files = {"a.py": "eval('1')  # nosec\n", "r.sarif": report}
        evidence = collected(context(workspace(tmp_path, files, "r.sarif"), reports="r.sarif"))
        assert evidence.facts["suppressed"] == 5
        assert evidence.facts["suppressed_by"] == {"in_source": 2, "external": 2, "other": 1}
        assert evidence.findings[0].properties["suppressions"] == [{"kind": "in_source", "status": "accepted"}]

    def test_a_baseline_is_counted_apart_and_never_as_new(self, tmp_path: Path) -> None:
        report = sarif(
            result(baselineState="new"),
            result(baselineState="unchanged"),
            result(baselineState="unchanged", suppressions=[{"kind": "inSource"}]),
            result(baselineState="updated"),
            result(baselineState="absent"),
            result(baselineState="older"),
            result(),
        )
        space = workspace(tmp_path, {"r.sarif": report}, "r.sarif")
        evidence = collected(context(space, reports="r.sarif"))
        assert evidence.facts["baseline"] == {"new": 1, "unchanged": 1, "updated": 1, "absent": 1}
        assert evidence.facts["counts"] == {"critical": 0, "high": 0, "medium": 5, "low": 0}
        assert "new" not in evidence.facts
        # Where the change is known, it alone says what is new.
        known = collected(replace(context(space, reports="r.sarif"), changes=Changes("base", {"b.js": frozenset({1})})))
        assert known.facts["new"] == {"critical": 0, "high": 0, "medium": 0, "low": 0}
        assert known.facts["baseline"] == evidence.facts["baseline"]

    def test_all_that_a_baseline_held_is_gone(self, tmp_path: Path) -> None:
        report = sarif(result(baselineState="absent"), result(baselineState="absent", kind="pass"))
        evidence = collected(context(workspace(tmp_path, {"r.sarif": report}, "r.sarif"), reports="r.sarif"))
        assert evidence.facts["baseline"] == {"new": 0, "unchanged": 0, "updated": 0, "absent": 1}
        assert evidence.findings == ()

    def test_reports_without_a_baseline(self, tmp_path: Path) -> None:
        space = workspace(tmp_path, {"r.sarif": sarif(result())}, "r.sarif")
        assert "baseline" not in collected(context(space, reports="r.sarif")).facts


class TestMerge:
    def space(self, tmp_path: Path) -> Workspace:
        weakness = {"taxa": [{"id": "78", "toolComponent": {"name": "CWE"}}]}
        files = {
            "a.py": SHELL,
            "r.sarif": sarif(
                result("shell", "a.py", 2, level="warning", **weakness), result("other", "a.py", 2), tool="Semgrep"
            ),
        }
        return workspace(tmp_path, files, "r.sarif")

    def test_is_off(self, tmp_path: Path) -> None:
        for request in ({}, {"merge": "none"}):
            evidence = collected(context(self.space(tmp_path), reports="r.sarif", **request))
            assert evidence.facts["counts"] == {"critical": 0, "high": 0, "medium": 2, "low": 3}
            assert "merged" not in evidence.facts

    def test_by_line_and_class(self, tmp_path: Path) -> None:
        request = context(self.space(tmp_path), reports="r.sarif", merge="by_line_and_class")
        evidence = collected(request)
        # bandit tells of the shell and of the partial path (low) on the line, both CWE-78: Semgrep's one finding of
        # that class (medium) is one of them, and bandit's two stay two.
        assert evidence.facts["merged"] == 1
        assert evidence.facts["counts"] == {"critical": 0, "high": 0, "medium": 2, "low": 2}
        (merged,) = (item for item in evidence.findings if "told_by" in item.properties)
        assert (merged.tool, merged.rule) == ("Semgrep", "shell")
        told = merged.properties["told_by"]
        assert isinstance(told, list)
        assert [(each["tool"], each["rule"], each["severity"]) for each in told if isinstance(each, dict)] == [
            ("bandit", "B602", "low")
        ]

    def test_one_tool_is_not_looked_at(self, tmp_path: Path) -> None:
        space = workspace(tmp_path, {"r.sarif": sarif(result(), result())}, "r.sarif")
        evidence = collected(context(space, reports="r.sarif", merge="by_line_and_class"))
        assert evidence.facts["merged"] == 0
        assert isinstance(evidence.findings, LazyFindings)

    def test_what_is_merged_is_new_when_any_of_it_is(self, tmp_path: Path) -> None:
        request = context(self.space(tmp_path), reports="r.sarif", merge="by_line_and_class")
        evidence = collected(replace(request, changes=Changes("base", {"a.py": frozenset({2})})))
        assert evidence.facts["new"] == {"critical": 0, "high": 0, "medium": 2, "low": 1}


class TestExclude:
    def test_is_counted(self, tmp_path: Path) -> None:
        files = {"a.py": SHELL, "vendor/b.py": SHELL, "r.sarif": sarif(result(path="vendor/c.js"), result())}
        space = workspace(tmp_path, files, "r.sarif")
        evidence = collected(context(space, exclude=["vendor/**", 3], reports="r.sarif"))
        assert evidence.facts["excluded"] == 2
        assert {item.path for item in evidence.findings} == {"a.py", "a.js"}

    def test_everything(self, tmp_path: Path) -> None:
        evidence = SastCollector().collect(context(workspace(tmp_path, {"a.py": SHELL}), exclude="**"))
        assert isinstance(evidence, Missing)
        assert not evidence.not_applicable
        assert "all 1 Python files are excluded" in evidence.reason

    def test_what_is_no_glob(self, tmp_path: Path) -> None:
        evidence = collected(context(workspace(tmp_path, {"a.py": SHELL}), exclude="[a"))
        assert [gap.subject for gap in evidence.gaps] == ["[a"]


class TestMissing:
    def test_nothing_of_this_kind(self, tmp_path: Path) -> None:
        evidence = SastCollector().collect(context(workspace(tmp_path, {"README.md": ""}), discover=["*.sarif"]))
        assert isinstance(evidence, Missing)
        assert evidence.not_applicable
        assert "no Python file" in evidence.reason
        assert "*.sarif" in evidence.reason

    def test_a_report_that_was_named(self, tmp_path: Path) -> None:
        evidence = SastCollector().collect(context(workspace(tmp_path, {"README.md": ""}), reports="r.sarif"))
        assert isinstance(evidence, Missing)
        assert not evidence.not_applicable
        assert [gap.subject for gap in evidence.gaps] == ["r.sarif"]

    def test_no_bandit(self, tmp_path: Path) -> None:
        absent = replace(context(workspace(tmp_path, {"a.py": SHELL})), tools=Tools(absent=True))
        evidence = SastCollector().collect(absent)
        assert isinstance(evidence, Missing)
        assert not evidence.not_applicable
        assert "bandit is not installed" in evidence.reason

    def test_no_bandit_beside_a_report(self, tmp_path: Path) -> None:
        space = workspace(tmp_path, {"a.py": SHELL, "r.sarif": clean()}, "r.sarif")
        evidence = collected(replace(context(space, reports="r.sarif"), tools=Tools(absent=True)))
        (gap,) = evidence.gaps
        assert (gap.subject, gap.facts) == ("bandit", ())
        assert gap.reason == "did not run on 1 Python files: bandit is not installed"

    def test_bandit_switched_off(self, tmp_path: Path) -> None:
        evidence = SastCollector().collect(context(workspace(tmp_path, {"a.py": SHELL}), bandit=False))
        assert isinstance(evidence, Missing)
        assert not evidence.not_applicable
        assert "switched off" in evidence.reason


def test_the_larger_number_of_one_source_counts() -> None:
    first = Finding("R", "low", "m", "T", "a", 1)
    other = replace(first, tool="t")
    assert union([first], [other, other]) == [first, other]
    assert union([first, first], [other]) == [first, first]
    assert union([], [first, first]) == [first, first]
    assert union([first], [replace(first, suppressed=True)]) == [first, replace(first, suppressed=True)]


def test_facts_of_nothing_keep_all_four_grades() -> None:
    assert sast_facts([], {"tools": [{"name": "x"}, 3], "new": {}}) == {
        "tools": [{"name": "x"}, 3],
        "counts": {"critical": 0, "high": 0, "medium": 0, "low": 0},
        "new": {"critical": 0, "high": 0, "medium": 0, "low": 0},
        "suppressed": 0,
        "suppressed_by": {"in_source": 0, "external": 0, "other": 0},
        "by_tool": {"x": {"critical": 0, "high": 0, "medium": 0, "low": 0}},
    }

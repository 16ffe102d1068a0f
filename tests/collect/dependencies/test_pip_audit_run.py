"""Runs of the real pip-audit against a service on loopback, with all of that service's faults."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.collector import Context
from gate.collect.dependencies.pip_audit_batches import PLANTED, batches
from gate.collect.dependencies.pip_audit_run import (
    AuditSettings,
    PipAudit,
    last_error,
    mismatch,
    pip_audit_canary,
)
from gate.collect.process import Completed, Runner, SubprocessRunner
from gate.collect.readers.pip_audit_json import AuditedPackage, PipAuditReport, SkippedPackage
from gate.collect.scan import Scanner
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.self_test import SelfTests
from gate.collect.tools import Tool, Toolbox
from gate.collect.workspace import Workspace
from tests.support.broken_tools import BROKEN, OneTool, install
from tests.support.osv.osv_server import FAULTS, OsvServer, osv_server

TOOL = Tool("pip-audit", "0", (sys.executable, "-I", "-m", "pip_audit"))
CLEAN = ("six", "1.16.0")
VULNERABLE = ("jinja2", "2.10")


@pytest.fixture(scope="module")
def service() -> Iterator[OsvServer]:
    with osv_server() as server:
        yield server


class Tools(Toolbox):
    """The pip-audit of this interpreter."""

    def find(self, name: str) -> Tool:
        assert name == TOOL.name
        return TOOL


def scanner(runner: Runner) -> Scanner:
    return Scanner(runner, Tools(), SelfTests())


def audit(url: str, *, answer_seconds: int = 15, run_seconds: float = 60) -> PipAudit:
    return PipAudit(scanner(SubprocessRunner()), AuditSettings("osv", url, answer_seconds, run_seconds))


def test_what_is_clean_and_what_is_not(service: OsvServer) -> None:
    run = audit(service.url()).run([CLEAN, VULNERABLE])
    assert {(item.name, item.version): len(item.vulnerabilities) for item in run.audited} == {CLEAN: 0, VULNERABLE: 1}
    assert not run.failed
    assert (run.skipped, run.doubts, run.runs) == ((), (), 1)


def test_the_canary_is_asked_about_and_not_told(service: OsvServer) -> None:
    service.asked.clear()
    run = audit(service.url()).run([CLEAN])
    assert set(service.asked) == {CLEAN, ("requests", "2.19.1")}
    assert [item.name for item in run.audited] == ["six"]


def test_the_canary_is_told_where_the_project_has_it(service: OsvServer) -> None:
    run = audit(service.url()).run([("requests", "2.19.1")])
    assert [(item.name, len(item.vulnerabilities)) for item in run.audited] == [("requests", 2)]


def test_versions_of_one_package_are_all_audited(service: OsvServer) -> None:
    pins = [("urllib3", "1.26.4"), ("urllib3", "1.26.18"), ("urllib3", "2.0"), CLEAN]
    run = audit(service.url()).run(pins, jobs=2)
    assert {(item.name, item.version): bool(item.vulnerabilities) for item in run.audited} == {
        ("urllib3", "1.26.4"): True,
        ("urllib3", "1.26.18"): False,
        ("urllib3", "2.0"): False,
        CLEAN: False,
    }
    assert run.runs == 3


@pytest.mark.parametrize("kind", [name for name in FAULTS if name != "hang"])
def test_no_fault_of_the_service_is_a_clean_result(service: OsvServer, kind: str) -> None:
    run = audit(service.url(kind)).run([CLEAN])
    assert run.audited == ()
    assert run.runs == 0
    assert run.failed is not None
    assert list(run.failed) == [CLEAN]
    (reason,) = run.failed.values()
    silent = kind in ("null", "emptylist", "page", "schema2", "withdrawn", "noaffected")
    assert ("did not find CVE-2018-18074" in reason) == silent
    assert ("could not ask OSV" in reason) == (not silent)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("500", "500 Server Error"),
        ("404", "404 Client Error"),
        ("429", "429"),
        ("html", "Expecting value"),
        ("novulns", "vulns"),
    ],
)
def test_the_reason_says_what_the_service_did(service: OsvServer, kind: str, told: str) -> None:
    run = audit(service.url(kind)).run([CLEAN])
    assert told in next(iter((run.failed or {}).values()))


def test_a_service_that_is_not_there() -> None:
    with osv_server() as server:
        url = server.url()
    reason = next(iter((audit(url).run([CLEAN]).failed or {}).values()))
    assert reason.startswith("pip-audit could not ask OSV: “")
    assert "refused" in reason
    assert "evidence.dependencies.reports" in reason


def test_a_service_that_hangs_is_given_up(service: OsvServer) -> None:
    by_answer = next(iter((audit(service.url("hang"), answer_seconds=1).run([CLEAN]).failed or {}).values()))
    assert "timed out" in by_answer
    by_run = next(iter((audit(service.url("hang"), run_seconds=2).run([CLEAN]).failed or {}).values()))
    assert by_run.startswith("pip-audit ")
    assert "2 s" in by_run


def test_an_answer_that_pip_audit_passed_over_is_told(service: OsvServer) -> None:
    run = audit(service.url("schema2", "jinja2")).run([VULNERABLE, CLEAN])
    assert run.doubts == ("Unsupported OSV schema version: 2.0.0",)


def test_a_fault_about_one_package_takes_its_whole_run(service: OsvServer) -> None:
    pins = [("six", "1.15.0"), ("six", "1.16.0"), VULNERABLE]
    run = audit(service.url("500", "jinja2")).run(pins)
    assert set(run.failed or {}) == {("six", "1.15.0"), VULNERABLE}
    assert [(item.name, item.version) for item in run.audited] == [("six", "1.16.0")]


class Lying(SubprocessRunner):
    """The real runner, whose child's output is changed."""

    def __init__(self, exit_code: int, before: bytes, after: bytes) -> None:
        super().__init__()
        self._exit_code = exit_code
        self._before = before
        self._after = after
        self.folders: list[Path] = []
        self.files: list[str] = []
        self.arguments: list[str] = []

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
        self.folders.append(cwd)
        self.files.append(Path(arguments[-1]).read_text())
        self.arguments = list(arguments)
        done = super().run(
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
        return Completed(self._exit_code, done.stdout.replace(self._before, self._after), done.stderr, done.seconds)


@pytest.mark.parametrize(
    ("exit_code", "before", "after", "told"),
    [
        (0, b"", b"", "prove nothing"),
        (1, b'"six"', b'"sixty"', "says nothing of six 1.16.0"),
        (1, b'"1.16.0"', b'"1.17.0"', "says nothing of six 1.16.0"),
        (1, b'{"dependencies": [', b'{"dependencies": [{"name": "x", "version": "1", "vulns": []}, ', "tells of x 1"),
        (1, b'{"dependencies": [', b'{"dependencies": [{"name": "six", "version": "1.16.0", "vulns": []}, ', "twice"),
        (1, b"}", b"", "cannot be read as JSON"),
        (1, b'"vulns": []', b'"version": "1"', "report"),
        (
            1,
            b'"version": "2.19.1"',
            b'"skip_reason": "not found", "version": "2.19.1"',
            "(it was skipped: “not found”)",
        ),
    ],
)
def test_a_report_that_is_not_about_what_was_asked_proves_nothing(
    service: OsvServer, exit_code: int, before: bytes, after: bytes, told: str
) -> None:
    runner = Lying(exit_code, before, after)
    run = PipAudit(scanner(runner), AuditSettings("osv", service.url())).run([CLEAN])
    assert run.audited == ()
    assert told in next(iter((run.failed or {}).values()))


def test_pip_audit_gets_names_and_versions_only_in_a_folder_that_is_gone_afterwards(service: OsvServer) -> None:
    runner = Lying(1, b"", b"")
    PipAudit(scanner(runner), AuditSettings("osv", service.url())).run([CLEAN])
    assert runner.files == ["requests==2.19.1\nsix==1.16.0\n"]
    assert not runner.folders[0].exists()
    assert {"--no-deps", "--disable-pip"} <= set(runner.arguments)


PINS = st.lists(
    st.tuples(
        st.sampled_from([*(item.name for item in PLANTED), "a", "b"]),
        st.sampled_from(["1", "2", "2.19.1", "2.10", "5.3"]),
    ),
    max_size=30,
)


@given(PINS, st.integers(1, 4))
def test_every_package_is_in_one_batch_and_every_batch_has_room_for_its_canary(
    pins: list[tuple[str, str]], jobs: int
) -> None:
    made = batches(pins, jobs)
    assert sorted(item for batch in made for item in batch.pins.items()) == sorted(set(pins))
    for batch in made:
        assert batch.pins
        assert batch.pins.get(batch.canary.name, batch.canary.version) == batch.canary.version


def test_many_packages_are_shared_out_only_where_there_are_jobs() -> None:
    pins = [(f"p{number}", "1") for number in range(100)]
    assert len(batches(pins)) == 1
    assert sorted(len(batch.pins) for batch in batches(pins, 2)) == [50, 50]
    assert len(batches(pins[:50], 2)) == 1
    assert batches([]) == []


def test_skipped_packages_count_as_told() -> None:
    report = PipAuditReport((AuditedPackage("a", "1"),), (SkippedPackage("b", "why"),))
    assert mismatch(report, {"a": "1", "b": "2"}) is None
    assert "nothing of c 3" in str(mismatch(report, {"a": "1", "b": "2", "c": "3"}))


def context_with(runner: Runner, folder: Path) -> Context:
    return Context(Workspace(folder, tracked=[]), runner, Tools())


def test_the_self_test_passes_where_the_hole_is_found(service: OsvServer, tmp_path: Path) -> None:
    context = context_with(SubprocessRunner(), tmp_path)
    canary = pip_audit_canary(context, AuditSettings("osv", service.url()))
    passed = context.self_tests.require(canary, TOOL)
    assert passed.found == "CVE-2018-18074 in requests 2.19.1, asked OSV"


@pytest.mark.parametrize("kind", ["null", "500", "withdrawn", "noaffected"])
def test_the_self_test_fails_where_it_is_not(service: OsvServer, tmp_path: Path, kind: str) -> None:
    context = context_with(SubprocessRunner(), tmp_path)
    canary = pip_audit_canary(context, AuditSettings("osv", service.url(kind)))
    with pytest.raises(ScanProblem, match=r"does not find CVE-2018-18074 in requests 2\.19\.1") as caught:
        context.self_tests.require(canary, TOOL)
    assert caught.value.step is Step.CANARY


def test_a_run_that_proves_nothing_says_at_which_step(service: OsvServer) -> None:
    lines: list[str] = []
    runs = PipAudit(
        Scanner(SubprocessRunner(), Tools(), SelfTests(), lines.append), AuditSettings("osv", service.url())
    )
    runs.run([CLEAN])
    assert "on 1 packages: covered 2 packages, 0 skipped" in lines[0]
    nothing = AuditSettings("osv", service.url("null"))
    PipAudit(Scanner(SubprocessRunner(), Tools(), SelfTests(), lines.append), nothing).run([CLEAN])
    assert "step canary" in lines[1]


@pytest.mark.parametrize("does", [name for name in BROKEN if name not in ("hangs", "prints without an end")])
def test_no_broken_pip_audit_is_a_clean_result(tmp_path: Path, does: str) -> None:
    clean = json.dumps({"dependencies": [{"name": "six", "version": "1.16.0", "vulns": []}], "fixes": []})
    program = install(tmp_path, "pip-audit", does, clean)
    tools = OneTool("pip-audit", (str(program),))
    run = PipAudit(Scanner(SubprocessRunner(), tools, SelfTests()), AuditSettings("osv")).run([CLEAN])
    assert run.audited == ()
    assert list(run.failed or {}) == [CLEAN]


@pytest.mark.parametrize(
    ("stderr", "told"),
    [
        ("", "it said nothing"),
        ("only\nlines\n\n", "lines"),
        (
            "Traceback\n  File x\nrequests.exceptions.HTTPError: 500 Server Error\n\nmore\npkg.ServiceError\n",
            "500 Server Error",
        ),
        ("OSError: <x.Y object at 0x7f00> \x1b[31mred\x1b[0m ::error::", "red : :error: :"),
        ("ERROR:pip_audit._cli:pip-audit said so\n", "ERROR:pip_audit._cli:pip-audit said so"),
    ],
)
def test_the_last_error_is_one_clean_line(stderr: str, told: str) -> None:
    assert last_error(stderr) == told
    assert len(last_error("E" * 100_000)) <= 200

"""Exit codes and streams: 0 go or conditional, 1 no_go, 2 the user's mistake, 3 no verdict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gate import pipeline
from gate.commands.options import FORMATS
from gate.commands.work import EXIT_CODES
from tests.support.fakes import write
from tests.support.repos import POLICY, Gate, Said, ledger, save
from tests.support.repositories import make_repository

ENTRYPOINT = Path(__file__).parents[2] / "entrypoint.py"
FAST = ("--only", "tests,docs")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return ledger(tmp_path / "ledger")


def assert_mistake(said: Said, *words: str) -> None:
    """The user's mistake: exit code 2, nothing on stdout, the words on stderr, and no traceback."""
    assert (said.code, said.out) == (2, "")
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err, said.err


@pytest.mark.parametrize("name", FORMATS)
def test_go_is_0_in_every_format(gate: Gate, repository: Path, name: str) -> None:
    assert gate("run", "--no-publish", "--workspace", repository, *FAST, "--format", name).code == 0


@pytest.mark.parametrize("name", FORMATS)
def test_conditional_is_0_in_every_format(gate: Gate, repository: Path, name: str) -> None:
    (repository / "LICENSE").unlink()
    save(repository)
    said = gate("run", "--no-publish", "--workspace", repository, *FAST, "--format", name)
    assert said.code == 0
    assert "conditional" in said.out.lower()


@pytest.mark.parametrize("name", FORMATS)
def test_no_go_is_1_in_every_format(gate: Gate, repository: Path, name: str) -> None:
    (repository / "out/junit.xml").unlink()
    assert gate("run", "--no-publish", "--workspace", repository, *FAST, "--format", name).code == 1


def test_every_decision_has_an_exit_code() -> None:
    assert {decision.value: code for decision, code in EXIT_CODES.items()} == {"go": 0, "conditional": 0, "no_go": 1}


def test_conditional_blocks_where_the_policy_says_so(gate: Gate, repository: Path) -> None:
    (repository / "LICENSE").unlink()
    write(repository, {".gate/policy.yml": POLICY + "conditional_blocks: true\n"})
    save(repository)
    said = gate.run(repository, *FAST)
    assert (said.code, said.json["verdict"], said.json["blocked_by"]) == (1, "no_go", ["docs.license"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "yaml"], ["--format", "console", "markdown", "json"]),
        (["--nonsense"], ["--nonsense"]),
        (["--only", "test"], ['there is no kind "test"', "Did you mean tests?"]),
        (["--only", "performance"], ['there is no kind "performance"', "inventory"]),
        (["--phase", "later"], ["--phase", "pre-merge", "post-deploy"]),
        (["--profile", "produktion"], ["--profile", "production"]),
        (["--evidence", "tests"], ["--evidence tests", "KIND.KEY=VALUE"]),
        (["--evidence", "tests.report=x"], ["tests", "report"]),
        (["--evidence", "test.reports=x"], ["test"]),
        (["--evidence", "tests.reports="], ["no value behind the ="]),
        (["--evidence", "tests.reports=[a"], ["tests.reports"]),
        (["--evidence", "sast.bandit=perhaps"], ["sast.bandit"]),
        (["--report", "verdict.json"], ["FORMAT=FILE"]),
        (["--report", "pdf=x.pdf"], ['there is no format "pdf"']),
        (["--policy", "nowhere.yml"], ["nowhere.yml is not there", "gate init"]),
        (["--output", "/proc/nowhere/verdict.json"], ["/proc/nowhere/verdict.json cannot be written"]),
        (["--report", "json=/proc/nowhere/v.json"], ["/proc/nowhere/v.json cannot be written"]),
        (["--bundle", "/proc/nowhere"], ["/proc/nowhere", "cannot be written"]),
    ],
)
def test_a_mistake_on_the_command_line_is_2(
    gate: Gate, repository: Path, arguments: list[str], words: list[str]
) -> None:
    only = [] if "--only" in arguments else list(FAST)
    assert_mistake(gate("run", "--no-publish", "--workspace", repository, *only, *arguments), *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rum"], ['There is no command "rum"', "Did you mean run?"]),
        (["zzz"], ["gate --help"]),
        (["publish"], ["nothing to judge", "--bundle"]),
        (["publish", "--bundle", "nowhere"], ["nowhere is not a folder"]),
        (["comment"], ["issue_comment"]),
        (["audit", "x.md"], ["not built yet"]),
        (["evaluate"], ["--bundle"]),
        (["evaluate", "--bundle", "nowhere"], ["nowhere is not a folder", "gate collect --bundle"]),
    ],
)
def test_a_wrong_command_is_2(gate: Gate, arguments: list[str], words: list[str]) -> None:
    assert_mistake(gate(*arguments), *words)


def test_a_workspace_that_is_not_there_is_2(gate: Gate, tmp_path: Path) -> None:
    assert_mistake(gate("run", "--no-publish", "--workspace", tmp_path / "nowhere"), "nowhere")


def test_a_workspace_that_is_a_file_is_2(gate: Gate, tmp_path: Path) -> None:
    write(tmp_path, {"file": "x"})
    assert_mistake(gate("run", "--no-publish", "--workspace", tmp_path / "file"), "file")


def test_a_scope_of_which_nothing_is_tracked_is_2(gate: Gate, repository: Path) -> None:
    write(repository, {".gate/policy.yml": "version: 1\nscope: services/none\n"})
    assert_mistake(gate("run", "--no-publish", "--workspace", repository), "services/none")


def test_a_repository_that_git_cannot_list_is_3(gate: Gate, repository: Path) -> None:
    (repository / ".git/index").write_bytes(b"DIRC damaged")
    said = gate("run", "--no-publish", "--workspace", repository)
    assert (said.code, said.out) == (3, "")
    assert "git could not list what is tracked" in said.err
    assert "Traceback" not in said.err


def fault(*_arguments: object, **_named: object) -> None:
    raise LookupError("nobody thought of this")


@pytest.mark.parametrize("name", FORMATS)
def test_a_fault_is_3_in_every_format_and_no_verdict(
    gate: Gate, repository: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "stamp", fault)
    said = gate("run", "--no-publish", "--workspace", repository, *FAST, "--format", name, "--output", repository / "v")
    assert (said.code, said.out) == (3, "")
    assert "this is a fault of the gate (LookupError); no verdict was reached" in said.err
    assert not (repository / "v").exists()


def test_data_goes_to_stdout_and_everything_else_to_stderr(gate: Gate, repository: Path) -> None:
    said = gate.run(repository, *FAST, "--verbose")
    assert said.json["verdict"] == "go"
    assert "tests: 2 cases" in said.err
    assert "git ended with 0" in said.err


def test_quiet_says_one_line(gate: Gate, repository: Path) -> None:
    said = gate("run", "--no-publish", "--workspace", repository, *FAST, "--quiet")
    assert said.err == ""
    assert len(said.out.strip().splitlines()) == 1
    assert "GO" in said.out


def test_quiet_still_says_what_is_wrong(gate: Gate, repository: Path) -> None:
    assert_mistake(gate("run", "--quiet", "--workspace", repository, "--policy", "nowhere.yml"), "nowhere.yml")


def test_verbose_lists_every_criterion(gate: Gate, repository: Path) -> None:
    plain = gate("run", "--no-publish", "--workspace", repository, *FAST)
    verbose = gate("run", "--no-publish", "--workspace", repository, *FAST, "--verbose")
    assert "tests.minimum" not in plain.out
    assert "tests.minimum" in verbose.out


def test_output_and_reports_go_to_files(gate: Gate, repository: Path) -> None:
    folder = repository / "out"
    said = gate.run(
        repository, *FAST, "--output", folder / "a/v.json", "--report", f"json={folder}/b.json",
        "--report", f"markdown={folder}/b.md", "--report", f"console={folder}/b.txt",
    )  # fmt: skip
    assert (said.code, said.out) == (0, "")
    verdict = json.loads((folder / "a/v.json").read_text())
    assert verdict["verdict"] == "go"
    assert json.loads((folder / "b.json").read_text())["criteria"] == verdict["criteria"]
    assert "tests.passed" in (folder / "b.md").read_text()
    assert "\x1b" not in (folder / "b.txt").read_text()


def test_reports_that_cannot_be_written_do_not_hide_that_it_is_a_mistake(gate: Gate, repository: Path) -> None:
    write(repository, {"in-the-way": "mine\n"})
    said = gate.run(repository, *FAST, "--report", f"json={repository}/in-the-way/v.json")
    assert said.code == 2
    assert (repository / "in-the-way").read_text() == "mine\n"


def test_a_report_over_a_file_of_the_user_replaces_that_file_only(gate: Gate, repository: Path) -> None:
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file() and ".git/" not in str(path)}
    gate.run(repository, "--report", f"markdown={repository}/out/page.md")
    after = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file() and ".git/" not in str(path)}
    assert {path: data for path, data in after.items() if path in before} == before
    assert {path.name for path in after.keys() - before.keys()} == {"page.md"}


def test_a_report_does_not_go_through_a_link_of_the_checkout(gate: Gate, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (repository / "reports").symlink_to(tmp_path / "elsewhere")
    assert_mistake(gate.run(repository, *FAST, "--output", repository / "reports/v.json"), "through a link")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_only_leaves_the_other_kinds_out_and_says_so(gate: Gate, repository: Path) -> None:
    said = gate.run(repository, "--only", "docs")
    assert {item["kind"] for item in said.json["evidence"]} == {"docs", "inventory"}
    assert {item["evidence_kind"] for item in said.json["criteria"]} == {"docs"}
    assert any("left out of this run" in notice for notice in said.json["notices"])


def test_only_kinds_without_a_criterion_prove_nothing(gate: Gate, repository: Path) -> None:
    write(repository, {".gate/policy.yml": "version: 1\n"})
    said = gate.run(repository, "--only", "files")
    assert (said.code, said.json["verdict"], said.json["criteria"]) == (1, "no_go", [])


def test_a_phase_without_criteria_proves_nothing(gate: Gate, repository: Path) -> None:
    said = gate.run(repository, "--phase", "post-deploy")
    assert (said.code, said.json["verdict"], said.json["criteria"]) == (1, "no_go", [])


def test_a_phase_judges_its_own_criteria(gate: Gate, repository: Path) -> None:
    write(repository, {".gate/policy.yml": POLICY + "  docs.license: {phase: pre-deploy}\n"})
    said = gate.run(repository, "--phase", "pre-deploy")
    assert (said.code, said.outcomes()) == (0, {"docs.license": "pass"})
    assert "docs.license" not in gate.run(repository, *FAST).outcomes()


def test_the_profile_is_for_where_there_is_no_policy(gate: Gate, repository: Path) -> None:
    (repository / ".gate/policy.yml").unlink()
    save(repository)
    said = gate.run(repository, *FAST, "--profile", "strict")
    assert said.json["policy"]["profile"] == "strict"
    assert said.json["policy"]["path"] is None
    assert "docs.disaster-recovery" in said.outcomes()
    assert any("no policy file" in notice for notice in said.json["notices"])


def test_without_a_policy_the_baseline_is_used_and_the_report_says_so(gate: Gate, repository: Path) -> None:
    (repository / ".gate/policy.yml").unlink()
    save(repository)
    for name in set(FORMATS) - {"badge"}:  # which has room for a word and a number
        said = gate("run", "--no-publish", "--workspace", repository, *FAST, "--format", name)
        assert "There is no policy file" in " ".join(said.out.split())
        assert "baseline" in said.out


def test_a_policy_that_is_tracked_and_gone_is_a_mistake_and_no_reason_for_the_baseline(
    gate: Gate, repository: Path
) -> None:
    (repository / ".gate/policy.yml").unlink()
    assert_mistake(gate.run(repository, *FAST), ".gate/policy.yml is not there")


def test_a_policy_beside_the_workspace_can_be_named(gate: Gate, repository: Path, tmp_path: Path) -> None:
    write(tmp_path, {"theirs.yml": "version: 1\nname: Theirs\n"})
    said = gate.run(repository, *FAST, "--policy", tmp_path / "theirs.yml")
    assert said.json["policy"]["name"] == "Theirs"


def test_run_and_bundle_and_evaluate_give_the_same_verdict(gate: Gate, repository: Path, tmp_path: Path) -> None:
    (repository / "LICENSE").unlink()
    save(repository)
    ran = gate.run(repository, "--bundle", tmp_path / "bundle")
    evaluated = gate("evaluate", "--bundle", tmp_path / "bundle", "--workspace", repository, "--format", "json")
    first, second = ran.json, evaluated.json
    assert ran.code == evaluated.code == 0
    first.pop("generated_at")
    second.pop("generated_at")
    assert first == second


def test_collect_and_evaluate_give_the_verdict_of_run(gate: Gate, repository: Path, tmp_path: Path) -> None:
    (repository / "out/junit.xml").unlink()
    collected = gate("collect", "--workspace", repository, "--bundle", tmp_path / "bundle")
    assert collected.code == 0  # how bad the evidence is, is for others to say
    evaluated = gate("evaluate", "--bundle", tmp_path / "bundle", "--workspace", repository, "--format", "json")
    ran = gate.run(repository)
    assert evaluated.code == ran.code == 1
    assert evaluated.outcomes() == ran.outcomes()


def test_a_bundle_that_was_changed_is_2(gate: Gate, repository: Path, tmp_path: Path) -> None:
    gate.run(repository, *FAST, "--bundle", tmp_path / "bundle")
    file = tmp_path / "bundle/evidence/tests.json"
    file.write_text(file.read_text().replace('"failed": 0', '"failed": 1'))
    said = gate("evaluate", "--bundle", tmp_path / "bundle", "--workspace", repository)
    assert_mistake(said, "tests.json is not what the manifest says")


def test_a_bundle_is_not_written_over_files_of_the_user(gate: Gate, repository: Path) -> None:
    assert_mistake(gate.run(repository, *FAST, "--bundle", repository / "ledger"), "holds other files")
    assert (repository / "ledger/money.py").exists()


def test_evidence_of_the_command_line_stands_for_that_of_the_policy(gate: Gate, repository: Path) -> None:
    (repository / "out/junit.xml").rename(repository / "out/other.xml")
    (repository / ".gate/policy.yml").unlink()
    save(repository)
    said = gate.collect(repository, "tests", "--evidence", "tests.reports=out/*.xml")
    assert said.code == 0
    assert said.evidence("tests")["facts"]["total"] == 2
    assert said.json["schema_version"] == "1.0"
    assert said.json["commit"]


def test_base_gives_the_lines_that_changed(gate: Gate, repository: Path) -> None:
    base = save(repository)
    write(repository, {"ledger/more.py": "def more() -> int:\n    return 1\n"})
    save(repository)
    said = gate.run(repository, "--only", "coverage,sast", "--base", base)
    assert said.json["base"] == base
    patch = said.evidence("coverage")["facts"]["patch"]
    assert patch["files"] == 1
    assert patch["covered"] == 0
    assert patch["total"] >= 1
    assert said.evidence("sast")["facts"]["new"]["high"] == 0


@pytest.mark.parametrize("base", ["nowhere", "--help", "-x", "HEAD~99", "", "\n::error::x", "main^{tree}"])
def test_a_base_that_is_none_is_a_gap_and_no_verdict_on_changes(gate: Gate, repository: Path, base: str) -> None:
    said = gate.run(repository, "--only", "sast,coverage", f"--base={base}")
    if base:
        assert said.code in (0, 1)
        assert any(gap["facts"] == ["new"] for gap in said.evidence("sast")["gaps"])
    assert "new" not in said.evidence("sast")["facts"]
    assert "patch" not in said.evidence("coverage")["facts"]


@pytest.mark.parametrize("name", ["--verbose", "--quiet"])
def test_a_closed_pipe_is_no_verdict(repository: Path, name: str) -> None:
    command = [sys.executable, "-I", str(ENTRYPOINT), "run", "--no-publish", *FAST, name]
    read, write_ = os.pipe()
    os.close(read)
    with os.fdopen(write_, "wb") as closed:
        done = subprocess.run(command, cwd=repository, stdout=closed, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr
    assert b"ignored" not in done.stderr


def test_the_program_as_it_is_installed(repository: Path) -> None:
    """A real process, with a hostile `gate` and `click` in the workspace and PYTHON variables set."""
    forged = "raise SystemExit('forged')\n"
    write(repository, {"gate/__init__.py": forged, "click.py": forged, "sitecustomize.py": forged, "json.py": forged})
    command = [sys.executable, "-I", str(ENTRYPOINT), "run", "--no-publish", *FAST, "--format", "json"]
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "COVERAGE"))}
    environ = kept | {"PYTHONPATH": str(repository), "PYTHONSTARTUP": "click.py"}
    done = subprocess.run(command, cwd=repository, env=environ, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["verdict"] == "go"
    assert b"forged" not in done.stdout + done.stderr


def test_the_entry_without_arguments_is_run(tmp_path: Path) -> None:
    make_repository(tmp_path / "empty")
    environ = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "COVERAGE"))}
    command = [sys.executable, "-I", str(ENTRYPOINT)]
    done = subprocess.run(command, cwd=tmp_path / "empty", env=environ, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert b"NO-GO" in done.stdout


def test_version_and_help(gate: Gate) -> None:
    assert gate("--version").out.startswith("gate ")
    said = gate("--help")
    assert said.code == 0
    for command in ("run", "collect", "evaluate", "init", "explain", "criteria", "schema", "doctor"):
        assert command in said.out
        assert gate(command, "--help").code == 0


def forged(*_arguments: object, **_named: object) -> None:
    raise LookupError("\x1b[2J\n::error::forged\n::set-output name=verdict::go")


def test_a_fault_that_quotes_the_tree_forges_no_command(
    gate: Gate, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "stamp", forged)
    said = gate.run(repository, *FAST)
    assert said.code == 3
    assert "forged" in said.err
    assert "\x1b" not in said.err
    assert not [line for line in said.err.splitlines() if line.lstrip().startswith("::")]


@pytest.mark.parametrize("name", ["--verbose", "--quiet"])
def test_a_full_disk_behind_stdout_is_no_verdict(repository: Path, name: str) -> None:
    command = [sys.executable, "-I", str(ENTRYPOINT), "run", "--no-publish", *FAST, name]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, cwd=repository, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 3
    assert b"No space left" in done.stderr


def test_a_report_on_a_full_disk_is_told_and_leaves_no_half(gate: Gate, repository: Path) -> None:
    said = gate.run(repository, *FAST, "--output", "/dev/full/verdict.json")
    assert_mistake(said, "/dev/full/verdict.json cannot be written")

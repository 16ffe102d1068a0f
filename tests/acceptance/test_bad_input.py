"""Bad input, each with its message and its outcome, and with nothing else of the evidence lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gate.collect import tools
from tests.support.fakes import write
from tests.support.repos import COVERAGE, JUNIT, POLICY, Gate, Said, ledger, save
from tests.support.repositories import git, make_repository

DTD = '<?xml version="1.0"?>\n<!DOCTYPE testsuites [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<testsuites>&x;</testsuites>\n'
BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE testsuites [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>\n<testsuites><testsuite><testcase name='&j;'/></testsuite></testsuites>\n"
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return ledger(tmp_path / "ledger")


def assert_mistakes(said: Said, *lines: str) -> None:
    assert (said.code, said.out) == (2, "")
    assert "Traceback" not in said.err
    for line in lines:
        assert line in said.err, said.err


# Policies


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", [".gate/policy.yml:1:1", "version"]),
        ("[1, 2]\n", [".gate/policy.yml:1:1"]),
        ("just a text\n", [".gate/policy.yml:1:1"]),
        ("version: 1\nname: [\n", [".gate/policy.yml:3"]),
        ("version: 1\n\tname: x\n", [".gate/policy.yml:2"]),
        ("version: 2\n", [".gate/policy.yml:1", "version"]),
        ("version: 1\nname: a\nname: b\n", [".gate/policy.yml:3:1", "name"]),
        ("version: 1\nbase: &x {a: 1}\n", [".gate/policy.yml:2"]),
        ("version: 1\nname: !!python/object:os.system x\n", [".gate/policy.yml:2"]),
        ("version: 1\nminimum_score: .nan\n", [".gate/policy.yml:2", "minimum_score"]),
        ("version: 1\nminimum_score: .inf\n", [".gate/policy.yml:2", "minimum_score"]),
        ("version: 1\nnmae: x\n", [".gate/policy.yml:2:1", "nmae", "name"]),
        ("version: 1\n---\nversion: 1\n", [".gate/policy.yml:2"]),
        ("version: 1\nextends: produktion\n", [".gate/policy.yml:2", "production"]),
        ("version: 1\nscope: ../other\n", [".gate/policy.yml:2", "scope"]),
        ("version: 1\nwaivers: ../../etc/passwd\n", [".gate/policy.yml:2", "waivers"]),
        ("version: 1\nexpects: [kubernets]\n", [".gate/policy.yml:2", "kubernetes"]),
        ("version: 1\ncriteria:\n  coverage.linez: {minimum: 9}\n", [".gate/policy.yml:3:3", "coverage.lines"]),
        ("version: 1\ncriteria:\n  coverage.lines: {minimun: 9}\n", [".gate/policy.yml:3", "minimun", "minimum"]),
        ("version: 1\ncriteria:\n  coverage.lines: {minimum: 900}\n", [".gate/policy.yml:3", "100"]),
        ("version: 1\ncriteria:\n  coverage.lines: {minimum: high}\n", [".gate/policy.yml:3", "number"]),
        ("version: 1\ncriteria:\n  coverage.lines: {enabled: false}\n", [".gate/policy.yml:3", "reason"]),
        ("version: 1\nevidence:\n  tests: {reports: ['[a']}\n", [".gate/policy.yml:3", "["]),
        ("version: 1\nevidence:\n  tests: {reports: [/etc/*.xml]}\n", [".gate/policy.yml:3"]),
        ("version: 1\nevidence:\n  tests: {reports: [../*.xml]}\n", [".gate/policy.yml:3"]),
    ],
)
def test_a_policy_with_a_mistake(gate: Gate, repository: Path, text: str, words: list[str]) -> None:
    write(repository, {".gate/policy.yml": text})
    assert_mistakes(gate.run(repository), *words, "nothing was judged")


OWN = "version: 1\ncriteria:\n  own.tests:\n    title: Tests\n    category: own\n    level: must\n    evidence: tests\n"


@pytest.mark.parametrize(
    ("require", "words"),
    [
        ("{}", [":8:", "empty"]),
        ("true", [":8:", "empty"]),
        ("{properties: {total: {minimum: 1}}}", [":8:", "required"]),
        ("{required: [totall]}", [":8:", "totall", "total"]),
        ("{required: [total], properties: {total: {minimun: 1}}}", [":8:", "minimun", "minimum"]),
        ("{required: [total], properties: {total: {$ref: 'http://127.0.0.1/x.json'}}}", [":8:", "$ref"]),
    ],
)
def test_a_criterion_that_proves_nothing_is_refused(
    gate: Gate, repository: Path, require: str, words: list[str]
) -> None:
    write(repository, {".gate/policy.yml": f"{OWN}    require: {require}\n"})
    assert_mistakes(gate.run(repository), *words, "nothing was judged")


FORGED = (
    'version: 1\n"\\e]0;owned\\a\\e[2J": 1\n"\\n::error::x": 2\n"a\\u202eb": 3\n"##[error]z": 4\n'
    'criteria:\n  "\\e[31m": {}\n'
    '  docs.readme: {path: "\\e[31m\\n::warning::x", minimum_words: "\\e[32m\\n  ::error::y"}\n'
)


def test_what_a_mistake_quotes_steers_no_terminal_and_no_runner(gate: Gate, repository: Path) -> None:
    write(repository, {".gate/policy.yml": FORGED})
    said = gate.run(repository)
    assert_mistakes(said, ".gate/policy.yml:2:1", ".gate/policy.yml:3:1", "owned", "7 mistakes; nothing was judged.")
    assert not [char for char in said.err if char != "\n" and not char.isprintable()]
    assert not [line for line in said.err.splitlines() if line.lstrip().startswith("::") or "##[" in line]


def test_every_mistake_is_told_at_once(gate: Gate, repository: Path) -> None:
    text = "version: 1\nnmae: x\ncriteria:\n  coverage.linez: {minimum: 9}\n  tests.minimum: {minimum: none}\n"
    write(repository, {".gate/policy.yml": text})
    assert_mistakes(gate.run(repository), ":2:1", ":4:3", ":5:", "3 mistakes; nothing was judged.")


def test_a_policy_of_bytes_that_are_no_text(gate: Gate, repository: Path) -> None:
    write(repository, {".gate/policy.yml": b"version: 1\nname: \xff\xfe\n"})
    assert_mistakes(gate.run(repository), ".gate/policy.yml:2", "UTF-8")


def test_a_policy_that_is_too_large(gate: Gate, repository: Path) -> None:
    write(repository, {".gate/policy.yml": "version: 1\n" + "# x\n" * 100_000})
    assert_mistakes(gate.run(repository), ".gate/policy.yml", "256 KB")


def test_a_policy_that_nests_deeply(gate: Gate, repository: Path) -> None:
    write(repository, {".gate/policy.yml": "version: 1\nname: " + "[" * 100_000 + "\n"})
    assert_mistakes(gate.run(repository), ".gate/policy.yml:2")


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder", "pipe"])
def test_a_policy_that_is_no_regular_file(gate: Gate, repository: Path, tmp_path: Path, kind: str) -> None:
    policy = repository / ".gate/policy.yml"
    policy.unlink()
    if kind == "folder":
        policy.mkdir()
    elif kind == "pipe":
        os.mkfifo(policy)
    else:
        write(tmp_path, {"lax.yml": "version: 1\n"})
        policy.symlink_to(tmp_path / ("lax.yml" if kind == "link" else "nowhere.yml"))
    assert_mistakes(gate.run(repository), ".gate/policy.yml is a ", "A policy is a plain file")


def test_a_policy_behind_a_linked_folder(gate: Gate, repository: Path, tmp_path: Path) -> None:
    shutil.move(repository / ".gate", tmp_path / "lax")
    (repository / ".gate").symlink_to(tmp_path / "lax")
    assert_mistakes(gate.run(repository), ".gate/policy.yml lies behind the symbolic link .gate")
    named = gate.run(repository, "--policy", repository / ".gate/policy.yml")
    assert_mistakes(named, ".gate/policy.yml lies behind the symbolic link .gate")


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_a_named_policy_that_is_no_file(gate: Gate, repository: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "policy.yml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path = Path("/dev/zero")
    assert_mistakes(gate.run(repository, "--policy", path), str(path))


def test_waivers_that_cannot_be_read_are_told_with_their_file(gate: Gate, repository: Path) -> None:
    write(repository, {".gate/policy.yml": POLICY + "waivers: .gate/waivers.yml\n"})
    assert_mistakes(gate.run(repository), ".gate/waivers.yml")
    write(repository, {".gate/waivers.yml": "version: 1\nwaivers:\n  - {criterion: tests.pased, reason: x}\n"})
    assert_mistakes(gate.run(repository), ".gate/waivers.yml:3")


def test_a_policy_with_windows_lines_in_any_language_is_fine(gate: Gate, repository: Path) -> None:
    text = POLICY.replace("Ledger", "Kassenbücher 帳簿").replace("\n", "\r\n")
    (repository / ".gate/policy.yml").write_bytes(text.encode())
    said = gate.run(repository, "--only", "docs")
    assert (said.code, said.json["policy"]["name"]) == (0, "Kassenbücher 帳簿")


def test_a_policy_with_a_byte_order_mark_is_told_to_be_saved_without(gate: Gate, repository: Path) -> None:
    (repository / ".gate/policy.yml").write_bytes(b"\xef\xbb\xbf" + POLICY.encode())
    assert_mistakes(gate.run(repository), ".gate/policy.yml:1:1", "byte order mark")


# Reports


@pytest.mark.parametrize(
    ("kind", "name", "text", "words"),
    [
        ("tests", "out/junit.xml", JUNIT[: len(JUNIT) // 2], ["out/junit.xml", "XML"]),
        ("tests", "out/junit.xml", DTD, ["out/junit.xml", "DTD"]),
        ("tests", "out/junit.xml", BOMB, ["out/junit.xml", "DTD"]),
        ("tests", "out/junit.xml", b"\xff\xfe\x00", ["out/junit.xml"]),
        ("tests", "out/junit.xml", JUNIT.replace("test_double", "test\x00double"), ["out/junit.xml"]),
        ("tests", "out/junit.xml", "<a>" * 100_000, ["out/junit.xml"]),
        ("tests", "out/junit.xml", JUNIT.replace("?>\n", "?>\n" + "<x>" * 5000, 1), ["out/junit.xml"]),
        ("coverage", "out/coverage.xml", COVERAGE[: len(COVERAGE) // 2], ["out/coverage.xml", "XML"]),
        ("coverage", "out/coverage.xml", COVERAGE.replace('hits="1"', 'hits="NaN"'), ["out/coverage.xml", "NaN"]),
        ("coverage", "out/coverage.xml", COVERAGE.replace('hits="1"', 'hits="-1"'), ["out/coverage.xml", "-1"]),
        ("coverage", "out/coverage.xml", '{"files": NaN}', ["out/coverage.xml"]),
        ("dependencies", "out/audit.json", '{"dependencies": NaN}', ["out/audit.json", "NaN"]),
        ("dependencies", "out/audit.json", "[" * 100_000, ["out/audit.json"]),
        ("dependencies", "out/audit.json", '{"dependencies": [], "dependencies": []}', ["out/audit.json", "twice"]),
    ],
)
def test_a_damaged_report_is_named_with_its_damage(
    gate: Gate, repository: Path, kind: str, name: str, text: str | bytes, words: list[str]
) -> None:
    write(repository, {name: text})
    said = gate.run(repository, "--only", f"{kind},docs")
    assert said.code in (0, 1)
    assert said.outcomes()["docs.readme"] == "pass"  # and nothing else is lost
    told = "\n".join([str(said.evidence(kind).get("reason")), *said.gaps(kind)])
    assert all(word in told for word in words), told
    assert "root:" not in said.out
    reported = {item["id"]: item["outcome"] for item in said.json["criteria"] if item["evidence_kind"] == kind}
    assert "pass" not in reported.values(), reported


def test_a_time_that_is_no_number_leaves_the_duration_unproven_and_nothing_else(gate: Gate, repository: Path) -> None:
    write(repository, {"out/junit.xml": JUNIT.replace('time="0.2"', 'time="NaN"')})
    write(repository, {".gate/policy.yml": POLICY + "  tests.duration: {level: must}\n"})
    outcomes = gate.run(repository, "--only", "tests").outcomes()
    assert (outcomes["tests.duration"], outcomes["tests.passed"]) == ("no_evidence", "pass")


def test_one_bad_report_beside_good_ones_loses_none_of_them(gate: Gate, repository: Path) -> None:
    write(repository, {"out/junit-bad.xml": JUNIT[:200], "out/junit-more.xml": JUNIT.replace("test_zero", "test_one")})
    said = gate.collect(repository, "tests", "--evidence", "tests.reports=out/junit*.xml")
    assert said.evidence("tests")["facts"]["reports"] == 2
    assert said.evidence("tests")["facts"]["total"] == 4
    assert [gap for gap in said.gaps("tests") if gap.startswith("out/junit-bad.xml: ")]


def test_globs_that_match_nothing_are_named(gate: Gate, repository: Path) -> None:
    globs = ("out/nothing-*.xml", "none/**/*.xml", "out/absent.xml")
    pairs = [item for glob in globs for item in ("--evidence", f"tests.reports={glob}")]
    said = gate.run(repository, "--only", "tests", *pairs)
    assert said.code == 1
    gaps = "\n".join(said.gaps("tests"))
    assert all(f"{glob}: no file matches" in gaps for glob in globs)
    assert "out/nothing-*.xml" in said.criterion("tests.passed")["reason"]


def test_one_glob_of_two_that_matches_nothing_leaves_the_whole_unproven(gate: Gate, repository: Path) -> None:
    pairs = ["--evidence", "tests.reports=out/junit.xml", "--evidence", "tests.reports=out/e2e*.xml"]
    said = gate.run(repository, "--only", "tests", *pairs)
    assert said.outcomes()["tests.passed"] == "no_evidence"
    assert "out/e2e*.xml" in said.criterion("tests.passed")["reason"]


def test_a_report_that_is_a_link_to_the_environment_is_not_read(
    gate: Gate, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN", "ghs_neverTellThis")
    (repository / "out/junit.xml").unlink()
    (repository / "out/junit.xml").symlink_to("/proc/self/environ")
    said = gate.run(repository, "--only", "tests")
    assert (said.code, said.outcomes()["tests.passed"]) == (1, "no_evidence")
    assert "out/junit.xml" in said.criterion("tests.passed")["reason"]
    assert "symbolic link" in said.criterion("tests.passed")["reason"] + "\n".join(said.gaps("tests"))
    assert "neverTell" not in said.out + said.err


@pytest.mark.slow
def test_a_hundred_megabytes_of_cases_are_counted(gate: Gate, repository: Path) -> None:
    case = '<testcase classname="tests.test_money" name="test_number_{:09}" file="tests/test_money.py" time="0.001"/>\n'
    with (repository / "out/junit.xml").open("w") as stream:
        stream.write("<testsuites><testsuite>\n")
        for start in range(0, 1_000_000, 10_000):
            stream.write("".join(map(case.format, range(start, start + 10_000))))
        stream.write("</testsuite></testsuites>\n")
    assert (repository / "out/junit.xml").stat().st_size > 95_000_000
    said = gate.run(repository, "--only", "tests")
    assert said.evidence("tests")["facts"]["total"] == 1_000_000
    assert said.outcomes()["tests.passed"] == "pass"


@pytest.mark.parametrize("name", ["out/junit.xml", "out/coverage.xml", "out/audit.json"])
def test_a_report_of_gigabytes_of_nothing_is_not_read(gate: Gate, repository: Path, name: str) -> None:
    with (repository / name).open("wb") as stream:
        stream.truncate(5 << 30)
    kind = {"junit.xml": "tests", "coverage.xml": "coverage", "audit.json": "dependencies"}[name[4:]]
    said = gate.collect(repository, kind, "--policy", repository / ".gate/policy.yml")
    entry = said.evidence(kind)
    assert "5,368,709,120 bytes" in "\n".join([str(entry["reason"]), *said.gaps(kind)])


@pytest.mark.slow
def test_a_hundred_megabytes_of_zeros_are_no_report(gate: Gate, repository: Path) -> None:
    with (repository / "out/junit.xml").open("wb") as stream:
        stream.truncate(100_000_000)
    said = gate.run(repository, "--only", "tests")
    assert said.outcomes()["tests.passed"] in ("no_evidence", "error")


# Trees


def test_a_workspace_that_is_no_git_repository(gate: Gate, repository: Path) -> None:
    shutil.rmtree(repository / ".git")
    said = gate.run(repository, "--only", "tests,docs,inventory", "--base", "main")
    assert said.code == 0
    assert said.json["commit"] is None
    assert said.outcomes()["tests.passed"] == "pass"
    assert said.evidence("inventory")["facts"]["git"] is False


def test_a_base_without_git_is_a_gap(gate: Gate, repository: Path) -> None:
    shutil.rmtree(repository / ".git")
    said = gate.run(repository, "--only", "coverage", "--base", "main")
    assert any("not a git repository" in gap for gap in said.gaps("coverage"))


def test_a_shallow_clone_without_the_base_commit(gate: Gate, repository: Path, tmp_path: Path) -> None:
    base = git(repository, "rev-parse", "HEAD").strip()
    write(repository, {"ledger/more.py": "MORE = 1\n"})
    save(repository)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository}", "shallow")
    shallow = tmp_path / "shallow"
    shutil.copytree(repository / "out", shallow / "out")
    write(shallow, {".gate/policy.yml": POLICY + "  coverage.patch: {level: must}\n"})
    said = gate.run(shallow, "--only", "coverage", "--base", base)
    assert (said.code, said.outcomes()["coverage.patch"]) == (1, "no_evidence")
    assert said.outcomes()["coverage.lines"] == "pass"
    assert "fetch-depth: 0" in said.criterion("coverage.patch")["reason"] + "\n".join(said.gaps("coverage"))
    assert base[:12] in "\n".join(said.gaps("coverage"))


def test_a_repository_without_a_commit(gate: Gate, tmp_path: Path) -> None:
    make_repository(tmp_path / "new")
    said = gate("run", "--no-publish", "--workspace", tmp_path / "new", "--format", "json")
    assert (said.code, said.json["verdict"], said.json["commit"]) == (1, "no_go", None)


def test_a_git_repository_of_another_owner_is_read(gate: Gate, repository: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    for folder, names, files in os.walk(repository):
        for name in (*names, *files):
            os.chown(Path(folder) / name, 1001, 1001, follow_symlinks=False)
        os.chown(folder, 1001, 1001)
    said = gate.run(repository, "--only", "docs,tests")
    assert (said.code, said.json["verdict"]) == (0, "go")


def test_a_git_folder_that_runs_commands_runs_none(gate: Gate, repository: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    (repository / ".git/hooks/post-index-change").write_text(f"#!/bin/sh\ntouch {marker}\n")
    (repository / ".git/hooks/post-index-change").chmod(0o755)
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n")
    script.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "diff.external",
        "core.pager",
        "core.sshCommand",
        "filter.x.clean",
        "filter.x.process",
    ):
        git(repository, "config", key, str(script))
    git(repository, "config", "core.hooksPath", str(repository / ".git/hooks"))
    base = git(repository, "rev-parse", "HEAD").strip()
    write(repository, {".gitattributes": "* filter=x diff=x\n", "README.md": "changed\n"})
    gate.run(repository, "--only", "coverage,docs", "--base", base)
    assert not marker.exists()


# Tools


def test_a_missing_tool_is_named_with_what_to_do(gate: Gate, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    def without_bandit(name: str) -> str:
        if name == "bandit":
            raise metadata.PackageNotFoundError(name)
        return version(name)

    version = metadata.version
    monkeypatch.setattr(metadata, "version", without_bandit)
    said = gate.run(repository, "--only", "sast,docs")
    assert said.code == 1
    assert said.outcomes()["sast.no-critical"] == "no_evidence"
    assert said.outcomes()["docs.readme"] == "pass"
    reason = said.criterion("sast.no-critical")["reason"]
    assert "bandit is not installed" in reason
    assert "Install bandit" in reason
    doctor = gate("doctor")
    assert "bandit" in doctor.out
    assert "not installed" in doctor.out


def test_without_git_a_repository_is_not_judged(gate: Gate, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "DIRECTORIES", ())
    said = gate.run(repository, "--only", "docs")
    assert (said.code, said.out) == (3, "")
    assert "git is not installed" in said.err
    assert "Install git" in said.err


def test_programs_are_not_taken_from_the_workspace_or_from_path(
    gate: Gate, repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """T26: a `git` or `bandit` that an earlier step left is not run."""
    marker = tmp_path / "ran"
    for folder in (repository, tmp_path / "bin"):
        for name in ("git", "bandit", "python", "pip-audit"):
            write(folder, {name: f"#!/bin/sh\ntouch {marker}\nexit 0\n"})
            (folder / name).chmod(0o755)
    write(repository, {"pip_audit/__main__.py": f"open({str(marker)!r}, 'w')\n", "bandit.py": "raise SystemExit(0)\n"})
    monkeypatch.setenv("PATH", f"{repository}:{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(repository))
    monkeypatch.chdir(repository)
    said = gate.run(repository, "--only", "sast,docs")
    assert not marker.exists()
    assert said.evidence("sast")["state"] == "collected"

"""Traps of real repositories, each through the whole program. The numbers are those of the project's list of traps."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.support.fakes import write
from tests.support.osv.osv_server import osv_server
from tests.support.repos import COVERAGE, JUNIT, POLICY, PYTHON, Gate, ledger, save
from tests.support.repositories import commit, git, make_repository

FAILING = JUNIT.replace(
    'name="test_zero" file="tests/test_money.py" line="7" time="0.05"/>',
    'name="test_zero" file="tests/test_money.py" line="7" time="0.05"><failure message="1 != 2"/></testcase>',
)
FAKE = '<testsuite tests="1"><testcase name="a"/></testsuite>\n'
CASE = '<testcase name="test_a" classname="tests.test_money">'
SHELL = "import subprocess\n\n\ndef run(command):\n    return subprocess.call(command, shell=True){}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return ledger(tmp_path / "ledger")


def test_trap_01_the_newest_report_is_a_fake(gate: Gate, repository: Path) -> None:
    write(repository, {"out/junit-a.xml": FAILING, "out/junit-z.xml": FAKE})
    past = time.time() - 3600
    os.utime(repository / "out/junit-a.xml", (past, past))
    said = gate.run(repository, "--only", "tests", "--evidence", "tests.reports=out/junit-*.xml")
    assert (said.code, said.outcomes()["tests.passed"]) == (1, "fail")
    assert said.evidence("tests")["facts"]["total"] == 3
    read = [source["path"] for source in said.evidence("tests")["sources"]]
    assert read == ["out/junit-a.xml", "out/junit-z.xml"]


def test_trap_01_a_fake_coverage_report_does_not_lift_the_real_one(gate: Gate, repository: Path) -> None:
    real = COVERAGE.replace('<line number="3" hits="1"/><line number="4" hits="1"/>', "".join(
        f'<line number="{number}" hits="0"/>' for number in range(3, 20)))  # fmt: skip
    fake = '<coverage line-rate="0.99"></coverage>\n'
    write(repository, {"out/coverage.xml": real, "out/coverage-new.xml": fake})
    said = gate.run(repository, "--only", "coverage", "--evidence", "coverage.reports=out/coverage*.xml")
    assert said.outcomes()["coverage.lines"] != "pass"
    assert any(gap.startswith("out/coverage-new.xml") for gap in said.gaps("coverage"))


def test_trap_02_the_summary_says_ok_and_the_report_says_failed(gate: Gate, repository: Path) -> None:
    write(repository, {"out/junit.xml": FAILING, "out/manifest.json": '{"ok": true, "failures": []}\n'})
    said = gate.run(repository, "--only", "tests")
    assert (said.code, said.outcomes()["tests.passed"]) == (1, "fail")
    assert "1 test failed" in said.criterion("tests.passed")["reason"]
    assert any("failures" in gap or "failed" in gap for gap in said.gaps("tests"))  # the attribute says 0


@pytest.mark.parametrize(
    "text",
    [
        '<coverage lines-valid="0" lines-covered="0" line-rate="1" version="7"><packages/></coverage>',
        '<coverage lines-valid="NaN" line-rate="NaN" version="7"><packages/></coverage>',
        COVERAGE.replace('hits="1"', 'hits="0"').replace('line-rate="1"', 'line-rate="0.84"'),
        '{"total": {"lines": {"total": 0, "covered": 0, "skipped": 0, "pct": "Unknown"}}}',
        "mode: set\n",
        "TN:\nSF:ledger/money.py\nLF:0\nLH:0\nend_of_record\n",
    ],
)
def test_trap_03_coverage_of_nothing(gate: Gate, repository: Path, text: str) -> None:
    write(repository, {"out/coverage.xml": text})
    said = gate.run(repository, "--only", "coverage")
    assert said.outcomes()["coverage.lines"] != "pass"
    assert "percent" not in (said.evidence("coverage")["facts"] or {}).get("lines", {}) or (
        said.evidence("coverage")["facts"]["lines"]["percent"] == 0
    )


def test_trap_03_coverage_of_another_tree(gate: Gate, repository: Path) -> None:
    write(repository, {"out/coverage.xml": COVERAGE.replace("money.py", "elsewhere.py")})
    said = gate.run(repository, "--only", "coverage")
    assert said.outcomes()["coverage.lines"] == "no_evidence"
    assert "names no file of this repository (ledger/elsewhere.py" in said.criterion("coverage.lines")["reason"]


@pytest.mark.parametrize("kind", ["tests", "coverage", "dependencies"])
def test_trap_05_reports_in_git_are_no_evidence_of_this_run(gate: Gate, repository: Path, kind: str) -> None:
    commit(repository)  # everything, what is ignored too
    said = gate.run(repository, "--only", kind)
    assert any("is tracked in git, so it is not evidence of this run" in gap for gap in said.gaps(kind))
    main = {"tests": "tests.passed", "coverage": "coverage.lines", "dependencies": "dependencies.audited"}[kind]
    assert said.outcomes()[main] == "no_evidence"


def test_trap_05_taking_a_report_out_of_the_index_does_not_help(gate: Gate, repository: Path) -> None:
    commit(repository)
    git(repository, "rm", "--quiet", "--cached", "out/junit.xml")
    assert gate.run(repository, "--only", "tests").outcomes()["tests.passed"] == "no_evidence"


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        ("<testsuites/>", {"no_evidence", "error"}),
        ('<testsuites tests="7" failures="0"><testsuite tests="7"/></testsuites>', {"no_evidence", "error"}),
        (f"<testsuite>{CASE}<skipped/></testcase></testsuite>", {"fail"}),
        (f'<testsuite>{CASE}<error message="collection failure">ImportError</error></testcase></testsuite>', {"fail"}),
    ],
    ids=["no case", "cases in the attributes only", "all skipped", "collection error"],
)
def test_trap_06_no_tests_all_skipped_and_collection_errors(
    gate: Gate, repository: Path, text: str, outcomes: set[str]
) -> None:
    write(repository, {"out/junit.xml": text + "\n"})
    said = gate.run(repository, "--only", "tests")
    assert said.code == 1
    assert said.outcomes()["tests.passed"] in outcomes


def test_trap_07_what_is_there_is_counted_whatever_pytest_ini_hides(gate: Gate, repository: Path) -> None:
    many = "".join(f"def test_{number}():\n    assert True\n\n\n" for number in range(40))
    write(repository, {"pytest.ini": "[pytest]\ntestpaths = tests/smoke\n", "tests/test_many.py": many})
    save(repository)
    said = gate.run(repository, "--only", "tests,inventory")
    assert said.evidence("inventory")["facts"]["test_functions"] == 41
    assert said.evidence("tests")["facts"]["total"] == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".bandit", "[bandit]\nskips = B602,B404\nexclude = /ledger\n"),
        (".bandit", "skips: [B602]\nexclude_dirs: [ledger]\n"),
        ("pyproject.toml", "[tool.bandit]\nskips = ['B602']\nexclude_dirs = ['ledger']\n"),
        ("setup.cfg", "[bandit]\nskips = B602\nexclude = ledger\n"),
        ("tox.ini", "[bandit]\nskips = B602\nexclude = ledger\n"),
        ("bandit.yaml", "skips: [B602]\n"),
        ("ledger/.bandit", "[bandit]\nskips = B602\n"),
    ],
)
def test_trap_08_the_configuration_of_the_tree_does_not_silence_bandit(
    gate: Gate, repository: Path, name: str, text: str
) -> None:
    write(repository, {"ledger/shell.py": SHELL.format(""), name: text})
    save(repository)
    said = gate.run(repository, "--only", "sast")
    assert said.evidence("sast")["facts"]["counts"]["high"] == 1
    assert said.outcomes()["sast.no-high"] == "fail"
    assert {finding["rule"] for finding in said.json["findings"]} == {"B602"}


@pytest.mark.parametrize("comment", ["  # nosec", "  # nosec B602", "  # nosec: B602"])
def test_trap_08_nosec_is_honoured_and_counted_or_ignored_as_the_policy_says(
    gate: Gate, repository: Path, comment: str
) -> None:
    write(repository, {"ledger/shell.py": SHELL.format(comment)})
    save(repository)
    honoured = gate.run(repository, "--only", "sast")
    assert honoured.evidence("sast")["facts"]["counts"]["high"] == 0
    assert honoured.evidence("sast")["facts"]["suppressed"] >= 1
    ignored = gate.run(repository, "--only", "sast", "--evidence", "sast.ignore_nosec=true")
    assert ignored.outcomes()["sast.no-high"] == "fail"
    assert ignored.evidence("sast")["facts"]["suppressed"] == 0


@pytest.mark.parametrize("fault", ["500", "html", "novulns", "truncated", "schema2", "noaffected"])
def test_trap_09_a_service_that_does_not_answer_has_found_nothing_out(gate: Gate, repository: Path, fault: str) -> None:
    write(repository, {"requirements.txt": "requests==2.19.0\n", "out/audit.json": ""})
    save(repository)
    with osv_server() as server:
        policy = POLICY.replace("{audit: false, reports: [out/audit.json]}", f"{{osv_url: '{server.url(fault)}'}}")
        write(repository, {".gate/policy.yml": policy})
        said = gate.run(repository, "--only", "dependencies")
    assert said.code == 1
    assert "pass" not in said.outcomes().values()


def test_trap_09_a_vulnerability_that_the_service_knows_blocks(gate: Gate, repository: Path) -> None:
    write(repository, {"requirements.txt": "django==2.2.3\n"})
    save(repository)
    with osv_server() as server:
        policy = POLICY.replace("{audit: false, reports: [out/audit.json]}", f"{{osv_url: '{server.url()}'}}")
        write(repository, {".gate/policy.yml": policy})
        said = gate.run(repository, "--only", "dependencies")
        counted = f"{policy}\n" if "criteria:" in policy else f"{policy}\ncriteria:\n"
        counted = counted.replace("criteria:\n", "criteria:\n  dependencies.no-critical: {count_unknown: true}\n", 1)
        write(repository, {".gate/policy.yml": counted})
        strict = gate.run(repository, "--only", "dependencies")
    # pip-audit tells no severity: nobody knows whether it is critical, unless the policy counts those.
    assert (said.code, said.outcomes()["dependencies.no-critical"]) == (1, "no_evidence")
    assert (strict.code, strict.outcomes()["dependencies.no-critical"]) == (1, "fail")
    finding = next(item for item in said.json["findings"] if item["path"] == "requirements.txt")
    assert (finding["severity"], finding["line"]) == ("unknown", 1)  # pip-audit tells no severity, and that is no low


def test_trap_11_assertions_in_test_code_are_no_finding(gate: Gate, repository: Path) -> None:
    asserts = "def test_many():\n" + "    assert 1 == 1\n" * 500
    write(
        repository, {"tests/test_asserts.py": asserts, "ledger/checked.py": "def f(x):\n    assert x\n    return x\n"}
    )
    save(repository)
    facts = gate.run(repository, "--only", "sast").evidence("sast")["facts"]
    assert facts["counts"]["low"] == 1  # the one outside of the tests
    assert facts["ignored_asserts"] >= 500


@pytest.mark.parametrize("above", ["", "# -*- coding: utf-8 -*-\n# two lines that hide it elsewhere\n"])
def test_trap_12_a_file_that_does_not_parse_is_a_gap(gate: Gate, repository: Path, above: str) -> None:
    write(repository, {"ledger/old.py": above + "print 'python 2'\n"})
    save(repository)
    said = gate.run(repository, "--only", "sast")
    (gap,) = [gap for gap in said.evidence("sast")["gaps"] if gap["subject"] == "ledger/old.py"]
    assert gap["line"] == 1 + above.count("\n")
    outcomes = said.outcomes()
    assert "pass" not in outcomes.values(), outcomes
    assert said.evidence("sast")["facts"]["files_failed"] == 1


def test_trap_13_a_folder_named_like_a_document_is_none(gate: Gate, repository: Path) -> None:
    (repository / "README.md").unlink()
    write(repository, {"README.md/index.html": "<p>not this</p>\n"})
    save(repository)
    said = gate.run(repository, "--only", "docs")
    assert (said.code, said.outcomes()["docs.readme"]) == (1, "fail")


def test_trap_17_a_report_that_lies_there_twice_counts_once(gate: Gate, repository: Path) -> None:
    write(repository, {"out/copy/junit.xml": JUNIT})
    said = gate.collect(repository, "tests", "--evidence", "tests.reports=out/**/junit.xml")
    assert said.evidence("tests")["facts"]["total"] == 2
    details = [source["detail"] for source in said.evidence("tests")["sources"]]
    assert any("counted once" in detail for detail in details)


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        "# Runbook\n",
        "<!-- to be written -->\n",
        "# Runbook\n\nTBD\n",
        "# Runbook\n\nTo be filled.\n\nOwner: ____\n",
    ],
)
def test_trap_23_existence_is_not_content(gate: Gate, repository: Path, text: str) -> None:
    write(repository, {"docs/RUNBOOK.md": text, ".gate/policy.yml": POLICY + "  docs.runbook: {level: must}\n"})
    save(repository)
    said = gate.run(repository, "--only", "docs")
    assert (said.code, said.outcomes()["docs.runbook"]) == (1, "fail")


def test_trap_23_a_configuration_that_is_a_single_comment_holds_nothing(gate: Gate, repository: Path) -> None:
    write(repository, {"config/production.yaml": "# log_level: INFO\n"})
    save(repository)
    assert gate.run(repository, "--only", "files").outcomes()["config.production-logging"] != "pass"


def assert_incomplete(gate: Gate, repository: Path, subject: str) -> None:
    said = gate.run(repository, "--only", "inventory")
    assert (said.code, said.outcomes()["inventory.complete"]) == (1, "no_evidence")
    assert any(gap.startswith(f"{subject}: ") for gap in said.gaps("inventory")), said.gaps("inventory")
    assert subject in said.criterion("inventory.complete")["reason"]


def test_trap_26_a_file_that_is_not_there(gate: Gate, repository: Path) -> None:
    (repository / "ledger/money.py").unlink()
    assert_incomplete(gate, repository, "ledger/money.py")


def test_trap_26_a_pointer_instead_of_a_file(gate: Gate, repository: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 12345\n"
    write(repository, {"data/rates.csv": pointer})
    save(repository)
    assert_incomplete(gate, repository, "data/rates.csv")


def test_trap_26_a_submodule_that_was_not_fetched(gate: Gate, repository: Path, tmp_path: Path) -> None:
    other = make_repository(tmp_path / "other")
    write(other, {"code.py": PYTHON})
    commit(other)
    git(repository, "submodule", "--quiet", "add", str(other), "vendor/other")
    save(repository)
    git(tmp_path, "clone", "--quiet", str(repository), "clone")
    assert_incomplete(gate, tmp_path / "clone", "vendor/other")


def test_trap_26_a_sparse_checkout(gate: Gate, repository: Path) -> None:
    git(repository, "sparse-checkout", "set", "--cone", "config", ".gate")
    assert not (repository / "ledger").exists()
    said = gate.run(repository, "--only", "inventory,sast")
    assert said.outcomes()["inventory.complete"] == "no_evidence"
    assert "pass" not in {said.outcomes()[id_] for id_ in ("sast.parsed", "sast.no-high", "sast.no-critical")}


def test_trap_26_absence_that_the_policy_accepts_by_name_is_told_and_no_more(gate: Gate, repository: Path) -> None:
    (repository / "tests/test_money.py").unlink()
    accepted = POLICY + "  inventory.complete: {accept_gaps: {subjects: ['tests/**'], reason: kept elsewhere}}\n"
    write(repository, {".gate/policy.yml": accepted})
    said = gate.run(repository, "--only", "inventory")
    assert said.outcomes()["inventory.complete"] == "pass"
    assert "kept elsewhere" in json.dumps(said.json)

"""`dependencies`, with the real pip-audit asking a service on loopback."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gate.collect.collector import Context
from gate.collect.collectors.dependencies import DependenciesCollector
from gate.collect.dependencies.dependency_facts import dependency_facts
from gate.collect.process import SubprocessRunner
from gate.collect.tools import Tool, Toolbox
from gate.collect.workspace import Entry, EntryType, Workspace
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Unreadable
from gate.model.json import JsonObject
from tests.support.fakes import EmptyToolbox, write
from tests.support.osv.osv_server import OsvServer, osv_server

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests/collect/readers/data/python"
SCHEMA = Draft202012Validator(json.loads((ROOT / "schemas/evidence/dependencies.schema.json").read_text()))


class Tools(Toolbox):
    """The pip-audit of this interpreter."""

    def find(self, name: str) -> Tool:
        return Tool(name, "2.10", (sys.executable, "-I", "-m", name.replace("-", "_")))


@pytest.fixture(scope="module")
def service() -> Iterator[OsvServer]:
    with osv_server() as server:
        yield server


class Repository:
    """A workspace in a folder of its own, asked about with the service on loopback."""

    def __init__(self, root: Path, service: OsvServer) -> None:
        self.root = root
        self.service = service

    def collect(
        self,
        files: Mapping[str, str | bytes],
        request: JsonObject | None = None,
        *,
        untracked: Mapping[str, str | bytes] | None = None,
        tools: Toolbox | None = None,
        scope: str = "",
    ) -> Evidence:
        write(self.root, files)
        write(self.root, untracked or {})
        links = [Entry(name, EntryType.FILE) for name in files]
        workspace = Workspace(self.root, tracked=links, scope=scope)
        # Trivy is tried in test_dependencies_trivy.py; here it may find a database of this machine's user.
        wanted: JsonObject = {"osv_url": self.service.url(), "trivy": False, **(request or {})}
        context = Context(workspace, SubprocessRunner(), tools or Tools(), wanted, None, 2)
        evidence = DependenciesCollector().collect(context)
        if isinstance(evidence, Collected):
            SCHEMA.validate(evidence.facts)
            assert dependency_facts(evidence.findings, evidence.facts) == evidence.facts
        return evidence

    def collected(self, files: Mapping[str, str | bytes], request: JsonObject | None = None, **more: Any) -> Collected:
        evidence = self.collect(files, request, **more)
        assert isinstance(evidence, Collected), evidence
        return evidence


@pytest.fixture
def repository(tmp_path: Path, service: OsvServer) -> Repository:
    return Repository(tmp_path / "tree", service)


def gap(evidence: Evidence, subject: str) -> Gap:
    (found,) = [item for item in evidence.gaps if item.subject == subject]
    return found


def test_what_is_pinned_is_audited(repository: Repository) -> None:
    evidence = repository.collected({"requirements.txt": "requests==2.19.1\nsix==1.16.0 ; python_version < '3'\n"})
    assert evidence.facts == {
        "files": 1,
        "packages": 2,
        "audited": 2,
        "skipped": 0,
        "unversioned": 0,
        "vulnerable": 1,
        "vulnerabilities": 1,
        "counts": {"critical": 0, "high": 0, "medium": 0, "low": 0, "unknown": 1},
        "fixable": 1,
        "fixable_counts": {"critical": 0, "high": 0, "medium": 0, "low": 0, "unknown": 1},
        "vex": 0,
        "ecosystems": {"PyPI": 2},
        "lock_files_audited": 0,
        "requirements": {"pinned": 2, "ranged": 0, "unpinned": 0},
        "lock_files": 0,
        "hashed": 0,
        "all_hashed": False,
        "indexes": [],
        "reports": 0,
        "passed_over": 0,
    }
    assert evidence.gaps == ()
    (finding,) = evidence.findings
    assert finding.message == "requests 2.19.1: CVE-2018-18074 (fixed in 2.20.0)"
    assert (finding.path, finding.line) == ("requirements.txt", 1)
    assert finding.properties["aliases"] == ["GHSA-x84v-xcm2-53pg", "PYSEC-2018-28"]
    assert [(item.how, item.name, item.detail) for item in evidence.sources] == [
        (How.PRODUCED, "requirements.txt", "2 requirements"),
        (How.PRODUCED, "pip-audit 2.10", "2 packages, asked OSV"),
    ]


def test_what_has_no_version_is_a_gap_each(repository: Repository) -> None:
    evidence = repository.collected({"requirements.txt": "six==1.16.0\nflask>=2\nclick\nx===odd\n"})
    assert evidence.facts["requirements"] == {"pinned": 2, "ranged": 1, "unpinned": 1}
    assert evidence.facts["unversioned"] == 3
    found = gap(evidence, "flask")
    assert found.reason == "“flask>=2” is not pinned, so there is no version to audit (requirements.txt)"
    assert (found.path, found.line) == ("requirements.txt", 2)
    assert "vulnerable" in found.facts
    assert "lock_files" not in found.facts
    assert "looked up" in gap(evidence, "x").reason


def test_a_lock_beside_them_settles_versions(repository: Repository) -> None:
    lock = (DATA / "uv/uv.lock").read_bytes()
    files: dict[str, str | bytes] = {
        "uv.lock": lock,
        "pyproject.toml": (DATA / "uv/pyproject.toml").read_bytes(),
        "packages/core/pyproject.toml": (DATA / "uv/packages/core/pyproject.toml").read_bytes(),
        "requirements.txt": "certifi\nclick<8\nshop\n",
        "elsewhere/requirements.txt": "certifi\n",
    }
    evidence = repository.collected(files)
    assert evidence.facts["packages"] == evidence.facts["audited"] == evidence.facts["hashed"] == 8
    assert evidence.facts["lock_files"] == 1
    assert evidence.facts["requirements"] == {"pinned": 0, "ranged": 1, "unpinned": 3}
    assert sorted((item.subject, item.path) for item in evidence.gaps) == [
        ("certifi", "elsewhere/requirements.txt"),
        ("click", "requirements.txt"),
    ]
    assert "does not allow 8.1.7, which uv.lock names" in gap(evidence, "click").reason
    assert evidence.facts["all_hashed"] is False


def test_a_project_of_a_lock_alone_has_no_gap(repository: Repository) -> None:
    files = {f"{name}": (DATA / "uv" / name).read_bytes() for name in ("uv.lock", "pyproject.toml")}
    evidence = repository.collected({**files, "setup.py": "setup(install_requires=read())"})
    assert evidence.gaps == ()
    assert evidence.facts["all_hashed"] is True
    assert evidence.facts["requirements"] == {"pinned": 0, "ranged": 0, "unpinned": 0}


def test_every_python_lock_is_read(repository: Repository) -> None:
    names = ("poetry/poetry.lock", "pdm/pdm.lock", "pipenv/Pipfile.lock", "pip/pylock.toml")
    evidence = repository.collected({name: (DATA / name).read_bytes() for name in names})
    assert evidence.facts["lock_files"] == 4
    assert evidence.facts["packages"] == evidence.facts["audited"] == 7
    assert (evidence.facts["hashed"], evidence.facts["all_hashed"]) == (7, True)
    assert evidence.gaps == ()
    assert evidence.findings == ()


def test_a_project_without_lock_or_requirements(repository: Repository) -> None:
    evidence = repository.collected(
        {
            "pyproject.toml": '[project]\nname = "a"\ndependencies = ["flask>=2", "click", "six==1.16.0", "a[x]"]\n'
            'dynamic = ["optional-dependencies"]\n',
            "setup.py": "setup(install_requires=open('x').read())",
            "sub/setup.cfg": "[options]\ninstall_requires =\n    idna\n",
        }
    )
    assert evidence.facts["requirements"] == {"pinned": 1, "ranged": 1, "unpinned": 2}
    assert evidence.facts["packages"] == 1
    assert {item.subject for item in evidence.gaps} == {"flask", "click", "idna", "pyproject.toml", "setup.py"}
    assert "does not run" in gap(evidence, "setup.py").reason


def test_includes_are_followed_inside_the_workspace_only(repository: Repository) -> None:
    evidence = repository.collected(
        {
            "deps/requirements.txt": "-r ../base.in\n-c limits.txt\n-r ../../outside.txt\n-r https://h/x.txt\n"
            "-r /etc/passwd\n-r loose.txt\n-r absent.txt\nflask\n",
            "base.in": "six==1.16.0\n-r deps/requirements.txt\nclick\n",
            "deps/limits.txt": "flask==3.0.0\nidna<4\nclick==8.1.7\n",
        },
        untracked={"deps/loose.txt": "evil==1.0\n", "../outside.txt": "evil==1.0\n"},
    )
    assert evidence.facts["packages"] == 3
    assert evidence.facts["requirements"] == {"pinned": 1, "ranged": 0, "unpinned": 2}
    reasons = [item.reason for item in evidence.gaps if item.subject == "deps/requirements.txt"]
    assert sum("outside of the workspace" in reason for reason in reasons) == 3
    assert sum("git does not track" in reason for reason in reasons) == 2
    assert len(reasons) == 5
    assert gap(evidence, "click").path == "base.in"
    assert len(evidence.gaps) == 6


def test_what_comes_from_elsewhere_is_a_gap_each(repository: Repository) -> None:
    evidence = repository.collected(
        {
            "requirements.txt": "six==1.16.0\ngit+https://u:hunter2@h/a.git#egg=bee\n./libs/own\n-e ./libs/none\n"
            "./vendor.whl\n../beside\nfoo @ https://h/foo.zip\n",
            "libs/own/pyproject.toml": '[project]\nname = "own"\ndependencies = ["idna"]\n',
            "Pipfile.lock": json.dumps(
                {"_meta": {"pipfile-spec": 6}, "default": {"cee": {"git": "https://h/c"}, "out": {"path": "../x"}}}
            ),
        }
    )
    subjects = {item.subject for item in evidence.gaps}
    assert subjects == {"bee", "./libs/none", "./vendor.whl", "../beside", "foo", "idna", "cee", "out"}
    assert "hunter2" not in repr(evidence)
    assert evidence.facts["unversioned"] == 8


def test_other_indexes_are_told_unless_they_mirror_pypi(repository: Repository) -> None:
    files = {
        "requirements.txt": "--extra-index-url https://u:hunter2@nexus/simple/\nsix==1.16.0\n",
        "uv.lock": 'version = 1\n[[package]]\nname = "idna"\nversion = "3.7"\n'
        'source = { registry = "https://nexus/simple" }\n',
    }
    evidence = repository.collected(files)
    assert evidence.facts["indexes"] == ["https://nexus/simple"]
    assert {item.subject for item in evidence.gaps} == {"requirements.txt", "uv.lock"}
    assert "evidence.dependencies.mirrors" in gap(evidence, "uv.lock").reason
    mirrored = repository.collected(files, {"mirrors": ["https://nexus/simple"]})
    assert mirrored.gaps == ()
    assert mirrored.facts["indexes"] == []


def test_bad_lines_and_bad_files_cast_doubt_on_everything(repository: Repository) -> None:
    evidence = repository.collected(
        {
            "requirements.txt": "six==1.16.0\nnot a requirement\n",
            "poetry.lock": "<<<<<<< HEAD\n",
            "a/requirements-dev.txt": b"\xff\xfe\xff",
            "b/requirements.txt": "a b\n" * 30,
        }
    )
    found = gap(evidence, "requirements.txt")
    assert (found.line, found.facts) == (2, ())
    assert "“not a requirement” cannot be read" in found.reason
    assert "not TOML" in gap(evidence, "poetry.lock").reason
    assert "UTF-16" in gap(evidence, "a/requirements-dev.txt").reason
    many = [item for item in evidence.gaps if item.subject == "b/requirements.txt"]
    assert len(many) == 21
    assert many[-1].reason == "has 10 more lines that cannot be read as requirements"
    assert evidence.facts["lock_files"] == 0


def test_prose_with_requirements_in_its_name_is_no_manifest(repository: Repository) -> None:
    prose = "The system shall be fast.\nIt must have 4 GB of RAM.\nUsers\n"
    evidence = repository.collected({"docs/system_requirements_v2.txt": prose, "requirements.txt": "six==1.16.0\n"})
    assert evidence.gaps == ()
    assert evidence.facts["files"] == 1


def test_others_code_and_test_data_are_passed_over_unless_asked_for(repository: Repository) -> None:
    files = {
        "requirements.txt": "six==1.16.0\n",
        "node_modules/x/requirements.txt": "evil\n",
        "tests/data/requirements.txt": "evil\n",
        "tests/requirements.txt": "idna==3.7\n",
    }
    evidence = repository.collected(files)
    assert evidence.facts["packages"] == 2
    assert evidence.facts["passed_over"] == 2
    asked = repository.collected(files, {"files": ["tests/data/*.txt"]})
    assert [item.subject for item in asked.gaps] == ["evil"]
    only = repository.collect({"fixtures/requirements.txt": "evil\n"}, {"files": "none/*.txt"})
    assert isinstance(only, Collected)
    assert "no tracked file matches" in gap(only, "none/*.txt").reason


def test_a_scope_narrows_the_search(repository: Repository) -> None:
    files = {
        "requirements.txt": "evil\n",
        "fixtures/app/requirements.txt": "six==1.16.0\n-r ../../base.txt\n",
        "base.txt": "idna==3.7",
    }
    evidence = repository.collected(files, scope="fixtures/app")
    assert evidence.gaps == ()
    assert evidence.facts["packages"] == 2


def test_globs_that_are_none_and_links_are_gaps(repository: Repository) -> None:
    evidence = repository.collect({"requirements.txt": "six==1.16.0\n"}, {"files": ["[", "*.txt"]})
    assert "cannot be used" in gap(evidence, "evidence.dependencies.files").reason
    assert isinstance(evidence, Collected)
    assert evidence.facts["audited"] == 1
    write(repository.root, {"real.txt": "six==1.16.0\n"})
    (repository.root / "requirements-dev.txt").symlink_to("real.txt")
    entries = [Entry("requirements-dev.txt", EntryType.SYMLINK), Entry("sub", EntryType.SUBMODULE)]
    odd = Entry("requirements-\udcff.txt", EntryType.FILE)
    workspace = Workspace(repository.root, tracked=[*entries, odd])
    linked = DependenciesCollector().collect(Context(workspace, SubprocessRunner(), EmptyToolbox()))
    assert "links are not followed" in gap(linked, "requirements-dev.txt").reason
    assert "not UTF-8" in gap(linked, "requirements-\\udcff.txt").reason


def test_other_languages_are_counted_and_not_audited(repository: Repository) -> None:
    evidence = repository.collected(
        {
            "uv.lock": 'version = 1\n[[package]]\nname = "six"\nversion = "1.16.0"\n',
            "web/package-lock.json": '{"packages": {}}',
            "web/package.json": '{"dependencies": {"a": "1"}}',
            "web/apps/one/package.json": '{"dependencies": {"a": "1"}}',
            "api/pom.xml": "<project><dependency/></project>",
            "api/core/pom.xml": "<project><dependency/></project>",
            "go.mod": "module x\n",
            "go.sum": "",
            "svc/App.csproj": '<PackageReference Include="x" />',
            "node_modules/a/package.json": '{"dependencies": {"a": "1"}}',
        }
    )
    assert evidence.facts["lock_files"] == 3
    assert [item.subject for item in evidence.gaps] == ["api/pom.xml", "svc/App.csproj", "web/package-lock.json"]
    found = gap(evidence, "web/package-lock.json")
    assert "npm" in found.reason
    assert {"vulnerable", "counts", "fixable"} <= set(found.facts)
    assert "lock_files" not in found.facts


def test_a_repository_of_another_language_is_not_told_as_clean(repository: Repository) -> None:
    evidence = repository.collected({"Cargo.lock": "[[package]]\n"})
    assert "vulnerable" not in evidence.facts
    assert evidence.facts["audited"] == 0
    assert len(evidence.gaps) == 1


@pytest.mark.parametrize(
    "files", [{}, {"a.py": ""}, {"requirements.txt": "# nothing yet\n"}, {"pyproject.toml": "[tool.x]\n"}]
)
def test_nothing_that_names_a_dependency_is_not_applicable(repository: Repository, files: dict[str, str]) -> None:
    evidence = repository.collect(files)
    assert isinstance(evidence, Missing)
    assert evidence.not_applicable
    assert evidence.reason


def test_a_file_that_was_asked_for_and_names_nothing_is_missing(repository: Repository) -> None:
    evidence = repository.collect({"requirements.txt": ""}, {"files": ["requirements.txt"]})
    assert isinstance(evidence, Missing)
    assert not evidence.not_applicable


AUDITED = {"audited", "skipped", "vulnerable", "vulnerabilities", "counts", "fixable"}


def test_without_pip_audit_only_what_the_files_say_is_known(repository: Repository) -> None:
    evidence = repository.collect({"requirements.txt": "six==1.16.0\nflask\n"}, tools=EmptyToolbox())
    assert isinstance(evidence, Collected)
    assert evidence.facts["requirements"] == {"pinned": 1, "ranged": 0, "unpinned": 1}
    assert not AUDITED & evidence.facts.keys()
    assert {item.subject for item in evidence.gaps} == {"flask", "pip-audit"}
    assert "pip-audit is not installed. Install pip-audit, or supply" in gap(evidence, "pip-audit").reason


@pytest.mark.parametrize("kind", ["null", "500", "truncated", "schema2", "hang"])
def test_no_fault_of_the_service_is_told_as_clean(repository: Repository, kind: str) -> None:
    request: JsonObject = {"osv_url": repository.service.url(kind), "timeout_seconds": 1}
    evidence = repository.collect({"requirements.txt": "six==1.16.0\n"}, request)
    assert isinstance(evidence, Collected)
    assert not AUDITED & evidence.facts.keys()
    reason = gap(evidence, "pip-audit").reason
    assert "prove nothing" in reason or "could not ask OSV" in reason
    assert [item.path for item in evidence.sources] == ["requirements.txt"]


def test_a_run_that_proves_nothing_leaves_gaps_beside_one_that_does(repository: Repository) -> None:
    request: JsonObject = {"osv_url": repository.service.url("html", "jinja2")}
    evidence = repository.collected({"requirements.txt": "six==1.15\nsix==1.16.0\njinja2==2.10\n"}, request)
    assert (evidence.facts["audited"], evidence.facts["skipped"], evidence.facts["vulnerable"]) == (1, 2, 0)
    assert {item.subject for item in evidence.gaps} == {"pip-audit", "jinja2 2.10", "six 1.15"}
    assert gap(evidence, "jinja2 2.10").line == 3


def test_a_local_build_is_looked_up_as_the_release_it_is_of(repository: Repository) -> None:
    evidence = repository.collected({"requirements.txt": "jinja2==2.10+corp.1\n"})
    (finding,) = evidence.findings
    assert finding.message.startswith("jinja2 2.10+corp.1: CVE-2019-10906")
    assert ("jinja2", "2.10") in repository.service.asked


@pytest.mark.parametrize(
    "url",
    ["http://osv.example/v1/query", "ftp://127.0.0.1/", "https://", "http://127.0.0.1.evil.example/", "https://a b", 3],
)
def test_a_service_that_anybody_could_play_is_not_asked(repository: Repository, url: Any) -> None:
    evidence = repository.collect({"requirements.txt": "six==1.16.0\n"}, {"osv_url": url})
    assert isinstance(evidence, Collected)
    assert not AUDITED & evidence.facts.keys()
    assert "evidence.dependencies.osv_url is not asked" in gap(evidence, "pip-audit").reason


REPORT = (DATA / "pip-audit/audit.json").read_bytes()


def test_a_supplied_report_can_replace_the_own_run(repository: Repository) -> None:
    evidence = repository.collected(
        {"requirements.txt": "requests==2.19.1\nsix==1.16.0\nidna==3.7\n"},
        {"audit": False, "reports": "out/*.json"},
        untracked={"out/audit.json": REPORT},
        tools=EmptyToolbox(),
    )
    assert (evidence.facts["packages"], evidence.facts["audited"], evidence.facts["vulnerable"]) == (3, 2, 1)
    assert evidence.facts["reports"] == 1
    assert (
        gap(evidence, "idna 3.7").reason == "was not audited: no supplied report names this version (requirements.txt)"
    )
    assert len(evidence.gaps) == 1
    assert [(item.how, item.path) for item in evidence.sources][-1] == (How.SUPPLIED, "out/audit.json")
    assert evidence.findings[0].path == "requirements.txt"


def test_own_run_and_supplied_report_tell_of_each_hole_once(repository: Repository) -> None:
    files = {"requirements.txt": "requests==2.19.1\n"}
    evidence = repository.collected(files, {"reports": ["audit.json"]}, untracked={"audit.json": REPORT})
    assert len(evidence.findings) == 1
    assert (evidence.facts["packages"], evidence.facts["audited"]) == (2, 2)
    assert evidence.gaps == ()


def test_a_supplied_report_stands_in_when_the_own_run_cannot(repository: Repository) -> None:
    files = {"requirements.txt": "requests==2.19.1\n"}
    request: JsonObject = {"reports": ["audit.json"], "osv_url": repository.service.url("500")}
    evidence = repository.collected(files, request, untracked={"audit.json": REPORT})
    assert evidence.facts["vulnerable"] == 1
    assert "proved nothing" in gap(evidence, "pip-audit").reason


def test_skipped_packages_of_a_supplied_report_are_gaps(repository: Repository) -> None:
    skipped = (DATA / "pip-audit/skipped.json").read_bytes()
    evidence = repository.collected(
        {"requirements.txt": "six==1.16.0\n"}, {"audit": False, "reports": ["a.json"]}, untracked={"a.json": skipped}
    )
    assert evidence.facts["audited"] == 0
    assert "vulnerable" not in evidence.facts
    assert {item.subject for item in evidence.gaps} == {"requests", "six", "six 1.16.0"}


def test_reports_that_prove_nothing(repository: Repository) -> None:
    for content in (b"", b'{"dependencies": []}', b"<html>"):
        evidence = repository.collect({}, {"reports": ["a.json"]}, untracked={"a.json": content})
        assert isinstance(evidence, Unreadable)
        assert "a.json" in evidence.reason
    missing = repository.collect({}, {"reports": ["absent.json"]})
    assert isinstance(missing, Unreadable)
    assert "absent.json" in missing.reason
    tracked = repository.collected({"audit.json": REPORT}, {"reports": ["audit.json"]})
    assert "tracked in git" in gap(tracked, "audit.json").reason
    assert gap(tracked, "audit.json").facts == ()


def test_switched_off_without_a_report_is_a_gap(repository: Repository) -> None:
    evidence = repository.collected({"requirements.txt": "six==1.16.0\n"}, {"audit": False})
    assert evidence.facts["packages"] == 1
    assert not AUDITED & evidence.facts.keys()
    assert "switched off" in gap(evidence, "audit").reason


def test_nothing_of_the_tree_is_run(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness = tmp_path / "ran"
    evil = f"open({str(witness)!r}, 'w').write('x')\n"
    setup = f"{evil}from setuptools import setup\nsetup(name='evil')\n"
    modules = ("pip", "json", "requests", "pip_audit", "sitecustomize", "usercustomize", "packaging")
    files: dict[str, str | bytes] = {f"{name}.py": evil for name in modules}
    files |= {
        "requirements.txt": "-e .\n./evil\nsix==1.16.0\n--index-url http://127.0.0.1:9/simple\n--find-links ./evil\n",
        "setup.py": setup,
        "evil/setup.py": setup,
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "pip"\nbackend-path = ["."]\n',
        "pip.conf": "[global]\nindex-url = http://127.0.0.1:9/simple\n",
        ".pip/pip.conf": "[global]\nindex-url = http://127.0.0.1:9/simple\n",
    }
    write(repository.root, files)
    monkeypatch.chdir(repository.root)
    monkeypatch.setenv("PYTHONPATH", str(repository.root))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(repository.root / "pip.conf"))
    monkeypatch.setenv("PIP_AUDIT_IGNORE_VULN", "x")
    evidence = repository.collected(files)
    assert evidence.facts["audited"] == 1
    assert not witness.exists()
    assert evidence.facts["indexes"] == ["./evil", "http://127.0.0.1:9/simple"]


def test_too_many_files_are_a_gap(repository: Repository) -> None:
    files = {f"{number}/requirements.txt": "six==1.16.0\n" for number in range(2_003)}
    evidence = repository.collected(files)
    assert evidence.facts["files"] == 2_000
    (found,) = evidence.gaps
    assert "more than 2,000 files" in found.reason

"""What supplied reports about dependencies say, told by their content alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.audit import AuditReport
from gate.collect.readers.audit_reports import Supplied, read_audit
from gate.collect.readers.cvss_vector import highest, severity_of_score, severity_of_vector, severity_of_word
from gate.collect.readers.cyclonedx_vex import Affected, Vex
from gate.collect.readers.ecosystems import ecosystem_of, of_purl, package_name, package_version
from gate.collect.readers.errors import ReportError
from gate.collect.readers.npm_audit import NpmAudit
from gate.collect.readers.npm_lock import read_npm_places
from gate.model.finding import SEVERITIES
from gate.model.json import Json

DATA = Path(__file__).parent / "data" / "audits"
FILES = sorted(DATA.glob("*.json"))
GOOD = [path for path in FILES if path.name not in ("package-lock.json", "trivy-fs-empty.json")]
GOOD = [path for path in GOOD if not path.name.startswith("npm-error")]


def document(name: str) -> dict[str, Json]:
    found: dict[str, Json] = json.loads((DATA / name).read_text())
    return found


def reason(data: bytes | Json) -> str:
    with pytest.raises(ReportError) as caught:
        read_audit(data if isinstance(data, bytes) else json.dumps(data).encode())
    return caught.value.reason


def audit(name: str) -> AuditReport:
    report = read_audit((DATA / name).read_bytes())
    assert isinstance(report, AuditReport)
    return report


def npm(data: bytes) -> NpmAudit:
    report = read_audit(data)
    assert isinstance(report, NpmAudit)
    return report


def test_npm_audit() -> None:
    report = npm((DATA / "npm-audit.json").read_bytes())
    assert (report.total, report.layout) == (7, 2)
    found = {item.name: item for item in report.vulnerable}
    (lodash,) = found["lodash"].vulnerabilities
    assert (lodash.id, lodash.severity, lodash.fixed_versions, lodash.fixable) == (
        "GHSA-jf85-cpcp-j695",
        "critical",
        ("4.17.12",),
        True,
    )
    (minimist,) = found["minimist"].vulnerabilities
    assert minimist.severity == "medium"
    assert found["minimist"].nodes == ("node_modules/minimist",)
    clean = npm((DATA / "npm-audit-clean.json").read_bytes())
    assert (clean.total, clean.vulnerable) == (1, ())


def test_npm_audit_of_old_versions() -> None:
    report = npm((DATA / "npm-audit-6.json").read_bytes())
    (found,) = report.vulnerable
    (hole,) = found.vulnerabilities
    assert (report.total, report.layout, found.versions) == (7, 1, ("4.17.11",))
    assert {hole.id, *hole.aliases} == {"CVE-2019-10744", "GHSA-jf85-cpcp-j695"}
    assert (hole.severity, hole.fixed_versions) == ("high", ("4.17.12",))


def test_what_npm_inherits_counts_where_it_comes_from() -> None:
    entry: Json = {"name": "mkdirp", "severity": "low", "via": ["minimist"], "nodes": ["node_modules/mkdirp"]}
    changed = document("npm-audit.json")
    changed["vulnerabilities"] = {**changed["vulnerabilities"], "mkdirp": entry}  # type: ignore[dict-item]
    changed["metadata"]["vulnerabilities"]["total"] = 3  # type: ignore[index,call-overload]
    report = npm(json.dumps(changed).encode())
    assert {item.name for item in report.vulnerable} == {"lodash", "minimist"}
    assert "node_modules/mkdirp" in report.nodes


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("npm-error-no-lock.json", "is an error of npm in place of a report (“ENOLOCK: This command requires"),
        ("npm-error-service.json", "is an error of npm in place of a report (“405 Method Not Allowed"),
        ("trivy-fs-empty.json", "names no package that was looked at"),
        ("package-lock.json", "is of no format that is known"),
    ],
)
def test_errors_and_empty_documents_of_tools_are_no_evidence(name: str, told: str) -> None:
    assert reason((DATA / name).read_bytes()).startswith(told)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"{", "cannot be read as JSON"),
        (b'{"results": NaN}', "cannot be read as JSON"),
        (b"\xff\xfe", "cannot be read as JSON"),
        (b"[" * 500 + b"]" * 500, "cannot be read as JSON"),
        (b'{"results": [], "results": []}', "cannot be read as JSON"),
        ([], "is an empty list"),
        (None, "is not pip-audit's JSON"),
        ({}, "is of no format"),
        ({"message": "This endpoint is being retired"}, "is an error of npm"),
        ({"results": []}, "names no package that was looked at"),
        ({"results": [], "experimental_config": {}}, "names no package that was looked at"),
        ({"results": [{"source": {"path": "x"}, "packages": []}]}, "names no package that was looked at"),
        ({"results": [{"source": {}, "packages": [{"package": 1}]}]}, "is not osv-scanner's JSON"),
        ({"SchemaVersion": 2, "ArtifactType": "container_image"}, "is Trivy's report on a container_image"),
        ({"SchemaVersion": 1, "ArtifactType": "filesystem"}, "is not Trivy's JSON"),
        ({"auditReportVersion": 3}, "has the auditReportVersion 3"),
        ({"auditReportVersion": 2, "vulnerabilities": {}}, "is not npm audit's JSON: it does not say how many"),
        (
            {"auditReportVersion": 2, "vulnerabilities": {}, "metadata": {"dependencies": {"total": 0}}},
            "says that npm looked at no package",
        ),
        (
            {
                "auditReportVersion": 2,
                "vulnerabilities": {},
                "metadata": {"dependencies": {"total": 9}, "vulnerabilities": {"total": 2}},
            },
            "contradicts itself",
        ),
        (
            {"advisories": {}, "metadata": {"totalDependencies": 9, "vulnerabilities": {"high": 1}}},
            "contradicts itself",
        ),
        (
            {"auditReportVersion": 2, "vulnerabilities": {"a": {"via": 1}}, "metadata": {"dependencies": {"total": 9}}},
            "is not npm audit's JSON: vulnerabilities.a.via",
        ),
        (
            {
                "auditReportVersion": 2,
                "vulnerabilities": {"a": {"via": [{"title": "x"}]}},
                "metadata": {"dependencies": {"total": 9}},
            },
            "is not npm audit's JSON: vulnerabilities.a.via[0] names no advisory",
        ),
        ({"advisories": {"1": {}}, "metadata": {"totalDependencies": 9}}, "is not npm audit's JSON: advisories.1"),
        ({"bomFormat": "CycloneDX", "specVersion": "1.6"}, "is not a CycloneDX VEX: it states the analysis of no"),
        ({"bomFormat": "CycloneDX", "specVersion": "2.0"}, "is CycloneDX 2.0"),
        (
            {
                "bomFormat": "CycloneDX",
                "specVersion": "1.6",
                "vulnerabilities": [{"id": "x", "analysis": {"state": "fine"}}],
            },
            "is not a CycloneDX VEX: vulnerabilities[0].analysis.state",
        ),
        ([{"change_type": "removed", "name": "a"}], "names no dependency that the change adds"),
        ([{"change_type": "moved", "name": "a"}], "is not a dependency review of GitHub"),
        ([{"change_type": "added"}, 1], "is not a dependency review of GitHub"),
    ],
)
def test_what_proves_nothing_is_refused(data: bytes | Json, told: str) -> None:
    assert reason(data).startswith(told)


def test_osv_scanner() -> None:
    report = audit("osv-scanner.json")
    assert report.files == ("/src/web/package-lock.json", "/src/go.mod")
    packages = {item.name: item for item in report.audited}
    assert set(packages) == {"lodash", "ms", "github.com/gogo/protobuf"}  # those of an operating system are no matter
    (hole,) = packages["lodash"].vulnerabilities
    assert (hole.severity, hole.fixed_versions) == ("critical", ("4.17.12",))
    by_id = {item.id: item for item in packages["github.com/gogo/protobuf"].vulnerabilities}
    assert by_id["GHSA-c3h9-896r-86jm"].severity == "high"  # by its vector, CVSS 8.6
    assert by_id["GO-2021-0053"].severity == "high"  # by the group that osv-scanner made
    assert by_id["GO-2021-0053"].fixed_versions == ("1.3.2",)


def test_code_without_a_version_is_skipped_unless_it_has_a_hole() -> None:
    package = {"package": {"name": "x", "commit": "abc"}}
    bad = {"package": {"commit": "abc"}, "vulnerabilities": [{"id": "OSV-1"}]}
    data = {"results": [{"source": {"path": "a"}, "packages": [package, bad]}]}
    report = read_audit(json.dumps(data).encode())
    assert isinstance(report, AuditReport)
    assert [item.name for item in report.skipped] == ["x"]
    assert [(item.ecosystem, item.version, len(item.vulnerabilities)) for item in report.audited] == [("GIT", "abc", 1)]


def test_dependency_review() -> None:
    report = audit("dependency-review.json")
    assert [(item.ecosystem, item.name, item.version, item.path) for item in report.audited] == [
        ("npm", "lodash", "4.17.11", "web/package-lock.json"),
        ("PyPI", "flask-login", "0.6.0", "requirements.txt"),
    ]
    assert [item.name for item in report.skipped] == ["pytest"]
    assert report.audited[0].vulnerabilities[0].severity == "high"
    assert report.files == ()  # a change is no whole file


def test_trivy() -> None:
    report = audit("trivy-fs.json")
    assert report.files == ("requirements.txt", "web/package-lock.json")
    holes = {(item.name, item.version): len(item.vulnerabilities) for item in report.audited if item.vulnerabilities}
    assert holes == {("requests", "2.19.1"): 1, ("lodash", "4.17.11"): 1, ("minimist", "1.2.0"): 1} | {
        ("minimist", "0.0.8"): 1
    }
    changed = document("trivy-fs.json")
    for result in changed["Results"]:  # type: ignore[union-attr]
        del result["Packages"]  # type: ignore[arg-type,union-attr]
    without = read_audit(json.dumps(changed).encode())
    assert isinstance(without, AuditReport)
    assert without.files == ()
    assert "--list-all-pkgs" in dict(without.unlisted)["web/package-lock.json"]


def test_pip_audit() -> None:
    report = audit("pip-audit-osv.json")
    assert (report.tool, report.files) == ("pip-audit", ())
    assert any(item.vulnerabilities for item in report.audited)


def test_vex() -> None:
    report = read_audit((DATA / "vex.json").read_bytes())
    assert isinstance(report, Vex)
    first, second, third = report.statements
    assert first.silences
    assert first.ids == {"CVE-2019-10744", "GHSA-jf85-cpcp-j695"}
    assert first.affects == (Affected(("npm", "lodash"), "4.17.11"),)
    assert first.why == "code_not_reachable: defaultsDeep is never called."
    assert not second.silences  # it gives no reason
    assert report.useless == (("CVE-2020-7598", "false_positive without a justification or a detail"),)
    assert not third.silences
    assert third.affects == (Affected(),)


@pytest.mark.parametrize(
    ("versions", "affects"),
    [
        ([], [Affected(("npm", "a"))]),
        ([{"version": "1.0"}, {"version": "2.0", "status": "unaffected"}], [Affected(("npm", "a"), "1.0")]),
        ([{"range": "vers:npm/<2"}], []),
    ],
)
def test_a_vex_about_a_range_is_about_no_version_that_can_be_told(versions: Json, affects: list[Affected]) -> None:
    entry: Json = {
        "id": "CVE-1",
        "analysis": {"state": "resolved", "detail": "patched"},
        "affects": [{"ref": "pkg:npm/a", "versions": versions}],
    }
    found = read_audit(
        json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "vulnerabilities": [entry]}).encode()
    )
    assert isinstance(found, Vex)
    assert list(found.statements[0].affects) == affects
    assert bool(found.useless) == (not affects)


def test_places_of_npm_locks() -> None:
    lock = read_npm_places((DATA / "package-lock.json").read_bytes())
    assert len(lock.places) == 7
    assert lock.packages["node_modules/mkdirp/node_modules/minimist"] == ("minimist", "0.0.8")
    assert "node_modules/cart" not in lock.packages
    first = {
        "lockfileVersion": 1,
        "dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "npm:c@2.0.0"}}}},
    }
    assert read_npm_places(json.dumps(first).encode()).packages == {
        "node_modules/a": ("a", "1.0.0"),
        "node_modules/a/node_modules/b": ("c", "2.0.0"),
    }
    assert read_npm_places(b'{"lockfileVersion": 1}').packages == {}


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b'{"packages": {"a": 1}}', b'{"dependencies": 1}', b'{"dependencies": {"a": 1}}']
)
def test_what_is_no_npm_lock(data: bytes) -> None:
    with pytest.raises(ReportError):
        read_npm_places(data)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
@given(cut=st.floats(0, 1, exclude_max=True))
def test_a_report_that_is_cut_off_is_refused(path: Path, cut: float) -> None:
    data = path.read_bytes().rstrip()
    with pytest.raises(ReportError):
        read_audit(data[: int(len(data) * cut)])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5) | st.sampled_from(["added", "1.6", "CVE-1"]),
    lambda child: (
        st.lists(child, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "results",
                    "packages",
                    "package",
                    "source",
                    "path",
                    "name",
                    "version",
                    "vulnerabilities",
                    "via",
                    "nodes",
                    "metadata",
                    "dependencies",
                    "total",
                    "advisories",
                    "findings",
                    "analysis",
                    "state",
                    "affects",
                    "ref",
                    "id",
                    "groups",
                    "severity",
                    "change_type",
                    "ecosystem",
                    "Results",
                    "Packages",
                ]
            ),
            child,
            max_size=4,
        )
    ),
    max_leaves=12,
)
HEADS: list[dict[str, Json]] = [
    {"auditReportVersion": 2},
    {"advisories": {}, "metadata": {"totalDependencies": 3}},
    {"bomFormat": "CycloneDX", "specVersion": "1.6"},
    {"SchemaVersion": 2, "ArtifactType": "filesystem"},
    {"results": [{"source": {}, "packages": []}]},
    {},
]


@given(
    st.sampled_from(HEADS),
    st.dictionaries(
        st.sampled_from(
            ["vulnerabilities", "metadata", "Results", "results", "dependencies", "advisories", "components"]
        ),
        JSON,
        max_size=4,
    ),
)
def test_any_document_is_read_or_refused_with_a_sentence(head: dict[str, Json], rest: dict[str, Json]) -> None:
    try:
        report: Supplied | ReportError = read_audit(json.dumps({**head, **rest}).encode())
    except ReportError as error:
        report = error
    if isinstance(report, ReportError):
        assert report.reason[:1].islower()
        return
    if isinstance(report, AuditReport):
        assert report.audited or report.skipped
    elif isinstance(report, NpmAudit):
        assert report.total > 0
    else:
        assert report.statements


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read_audit(data)


@pytest.mark.parametrize(
    ("vector", "word"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "critical"),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "high"),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:L", "medium"),
        ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", "low"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", "low"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U", "critical"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "critical"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U/MVC:N", "critical"),
        ("CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N", "medium"),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", "high"),
        ("AV:N/AC:M/Au:N/C:N/I:P/A:N", "medium"),
        ("CVSS:3.1/AV:N", "unknown"),
        ("CVSS:9.9/AV:N", "unknown"),
        ("", "unknown"),
        ("A" * 10_000, "unknown"),
    ],
)
def test_vectors(vector: str, word: str) -> None:
    assert severity_of_vector(vector) == word


@given(st.text(max_size=60))
def test_any_vector_has_a_word(text: str) -> None:
    assert severity_of_vector(text) in SEVERITIES
    assert severity_of_vector(f"CVSS:3.1/{text}") in SEVERITIES
    assert severity_of_vector(f"CVSS:4.0/{text}") in SEVERITIES


def test_scores_and_words() -> None:
    edges = {0.0: "low", 3.9: "low", 4.0: "medium", 6.9: "medium", 7.0: "high", 8.9: "high", 9.0: "critical"}
    assert {score: severity_of_score(score) for score in edges} == edges
    assert [severity_of_score(score) for score in (-0.1, 10.1, float("nan"))] == ["unknown"] * 3
    assert [severity_of_word(word) for word in ("MODERATE", "important", "info", "", None, "odd")] == [
        "medium",
        "high",
        "low",
        "unknown",
        "unknown",
        "unknown",
    ]
    assert highest(["low", "unknown", "high"]) == "high"
    assert highest([]) == "unknown"


@pytest.mark.parametrize(
    ("told", "ecosystem"),
    [("gomod", "Go"), ("PIP", "PyPI"), ("rust", "crates.io"), ("Alpine:v3.18", "Alpine:v3.18"), ("yarn", "npm")],
)
def test_ecosystems_have_one_name(told: str, ecosystem: str) -> None:
    assert ecosystem_of(told) == ecosystem


def test_names_and_versions_have_one_form() -> None:
    assert package_name("PyPI", "Flask_Login") == package_name("PyPI", "flask.login") == "flask-login"
    assert package_name("npm", "JSONStream") != package_name("npm", "jsonstream")
    assert package_name("Maven", "org.a/b") == "org.a:b"
    assert package_name("NuGet", "Newtonsoft.Json") == "newtonsoft.json"
    assert package_name("crates.io", "serde_json") == "serde-json"
    assert package_version("Go", "v1.2.3") == package_version("Go", "1.2.3") == "1.2.3"
    assert package_version("PyPI", "1.0.0+cpu") == "1.0.0"
    assert package_version("npm", "vnext") == "vnext"
    assert of_purl("pkg:npm/%40scope/a@1.0") == ("npm", "@scope/a", "1.0")
    assert of_purl("no purl") is None
    assert of_purl("pkg:" + "a" * 5000) is None

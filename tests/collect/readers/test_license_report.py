"""Reports that tell licences, of the real tools, and broken ones."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.license_lists import cargo_expression
from gate.collect.readers.license_report import read_license_report
from gate.collect.readers.licensed_package import LicensedPackage, LicenseReport
from gate.model.json import Json, JsonObject

DATA = Path(__file__).parent / "data/licenses"
JSZIP = "(MIT OR GPL-3.0-or-later)"
FORGE = "(BSD-3-Clause OR GPL-2.0)"


def real(name: str) -> LicenseReport:
    return read_license_report((DATA / name).read_bytes())


def report(document: Json) -> LicenseReport:
    return read_license_report(json.dumps(document).encode())


def by_name(found: LicenseReport) -> dict[str, LicensedPackage]:
    return {package.name: package for package in found.packages}


def error(data: bytes | Json) -> str:
    with pytest.raises(ReportError) as caught:
        read_license_report(data if isinstance(data, bytes) else json.dumps(data).encode())
    return caught.value.reason


@pytest.mark.parametrize(
    ("name", "format_name", "packages", "passed_over", "development"),
    [
        ("npm.cdx.json", "CycloneDX 1.5", 18, 0, 3),
        ("npm.spdx.json", "SPDX 2.3", 18, 1, 0),
        ("license-checker.json", "license-checker", 18, 1, 0),
        ("trivy.cdx.json", "CycloneDX 1.6", 15, 1, 0),
        ("trivy.spdx.json", "SPDX 2.3", 15, 2, 0),
        ("trivy-packages.json", "Trivy", 18, 0, 3),
        ("trivy-licenses.json", "Trivy", 15, 0, 0),
        ("python.cdx.json", "CycloneDX 1.6", 14, 0, 0),
        ("pip-licenses.json", "pip-licenses", 9, 0, 0),
        ("pip-licenses-all.json", "pip-licenses", 9, 0, 0),
    ],
)
def test_real_reports(name: str, format_name: str, packages: int, passed_over: int, development: int) -> None:
    found = real(name)
    assert (found.format, len(found.packages), found.passed_over) == (format_name, packages, passed_over)
    assert sum(package.development for package in found.packages) == development
    assert all(package.licenses for package in found.packages)


@pytest.mark.parametrize(
    "name", ["npm.cdx.json", "npm.spdx.json", "trivy.cdx.json", "trivy.spdx.json", "trivy-packages.json"]
)
def test_the_tools_tell_the_same_of_the_same_package(name: str) -> None:
    jszip, forge = by_name(real(name))["jszip"], by_name(real(name))["node-forge"]
    assert (jszip.ecosystem, jszip.version) == ("npm", "3.10.1")
    assert {text.strip("()") for text in jszip.licenses} == {JSZIP.strip("()")}
    assert forge.licenses[0].strip("()").startswith("BSD-3-Clause OR GPL-2.0")


def test_an_anchor_is_a_line_of_the_report() -> None:
    for name in (
        "npm.cdx.json",
        "npm.spdx.json",
        "trivy.cdx.json",
        "trivy-packages.json",
        "pip-licenses.json",
        "license-checker.json",
    ):
        lines = {line.strip().rstrip(",") for line in (DATA / name).read_text().splitlines()}
        for package in real(name).packages:
            assert package.anchor in lines, (name, package)


def test_python_packages_are_of_pypi() -> None:
    for name in ("python.cdx.json", "pip-licenses.json", "pip-licenses-all.json"):
        found = by_name(real(name))
        assert found["certifi"].ecosystem == "pypi"
        assert "MPL-2.0" in found["certifi"].licenses[0] or "Mozilla Public License 2.0" in found["certifi"].licenses[0]


def cyclonedx(*components: Json, version: str = "1.5") -> JsonObject:
    return {"bomFormat": "CycloneDX", "specVersion": version, "components": list(components)}


def test_cyclonedx_in_all_its_forms() -> None:
    nested: JsonObject = {"type": "library", "name": "inner", "licenses": [{"expression": "MIT OR ISC"}]}
    found = report(
        cyclonedx(
            {
                "type": "library",
                "group": "org.acme",
                "name": "a",
                "version": "1",
                "licenses": [{"license": {"id": "MIT"}}],
            },
            {"type": "library", "name": "b", "licenses": [{"license": {"name": "Free"}}, {"license": {"id": "ISC"}}]},
            {"type": "operating-system", "name": "debian", "components": [nested]},
            {"type": "application", "name": "package-lock.json"},
            {"type": "application", "name": "c", "purl": "pkg:golang/acme.example/c@v1.2.3", "scope": "excluded"},
            {"type": "library", "name": "d", "licenses": [{"license": {"text": {"content": "Do as you like"}}}]},
            {"type": "library", "name": "e", "evidence": {"licenses": [{"license": {"id": "Zlib"}}]}},
            {"type": "library", "name": "f", "purl": "nonsense", "licenses": []},
            {
                "type": "library",
                "name": "g",
                "licenses": [{"license": {"id": "NOASSERTION"}}, {"license": {"name": ""}}],
            },
        )
    )
    told = {(item.ecosystem, item.name, item.version): item.licenses for item in found.packages}
    assert told == {
        ("", "org.acme/a", "1"): ("MIT",),
        ("", "b", ""): ("Free", "ISC"),
        ("golang", "acme.example/c", "1.2.3"): (),
        ("", "d", ""): ("a licence that is given by its text only",),
        ("", "e", ""): ("Zlib",),
        ("", "f", ""): (),
        ("", "g", ""): (),
        ("", "inner", ""): ("MIT OR ISC",),
    }
    assert found.passed_over == 2
    assert [item.name for item in found.packages if item.development] == ["acme.example/c"]


def spdx(*packages: Json, **more: Json) -> JsonObject:
    return {"spdxVersion": "SPDX-2.3", "packages": list(packages), **more}


def test_spdx_in_all_its_forms() -> None:
    purl: Json = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/b@2"}
    found = report(
        spdx(
            {"SPDXID": "SPDXRef-root", "name": "shop", "licenseConcluded": "MIT"},
            {
                "SPDXID": "1",
                "name": "a",
                "versionInfo": "1",
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": "ISC",
            },
            {
                "SPDXID": "2",
                "name": "x",
                "licenseConcluded": "GPL-2.0",
                "licenseDeclared": "MIT",
                "externalRefs": [purl],
            },
            {"SPDXID": "3", "name": "c", "licenseConcluded": "LicenseRef-1"},
            {"SPDXID": "4", "name": "d", "licenseConcluded": "LicenseRef-2 AND MIT"},
            {"SPDXID": "5", "name": "e", "licenseConcluded": "NONE", "licenseDeclared": "NOASSERTION"},
            {"SPDXID": "6", "name": "debian", "primaryPackagePurpose": "OPERATING-SYSTEM"},
            hasExtractedLicensingInfos=[
                {"licenseId": "LicenseRef-1", "name": "Apache License 2.0", "extractedText": "…"},
                {"licenseId": "LicenseRef-2", "name": "NOASSERTION"},
            ],
            relationships=[
                {"spdxElementId": "D", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-root"}
            ],
        )
    )
    told = {(item.ecosystem, item.name, item.version): item.licenses for item in found.packages}
    assert told == {
        ("", "a", "1"): ("ISC",),
        ("npm", "b", "2"): ("GPL-2.0",),
        ("", "c", ""): ("Apache License 2.0",),
        ("", "d", ""): ("LicenseRef-2 AND MIT",),
        ("", "e", ""): (),
    }
    assert found.passed_over == 2


def test_spdx_of_one_package_that_it_describes() -> None:
    found = report(spdx({"SPDXID": "1", "name": "a", "licenseDeclared": "MIT"}, documentDescribes=["1"]))
    assert [item.name for item in found.packages] == ["a"]


def test_spdx_as_github_exports_it() -> None:
    assert len(report({"sbom": spdx({"SPDXID": "1", "name": "a"})}).packages) == 1


def test_trivy_names_without_versions_only_where_packages_tell_none() -> None:
    names: Json = [{"PkgName": "a", "Name": "MIT"}, {"PkgName": "b", "Name": "ISC"}, {"PkgName": "", "Name": "X11"}]
    packages: Json = [{"Name": "a", "Version": "1", "Licenses": ["Zlib"]}, {"Name": "b", "Version": "2"}]
    results: Json = [{"Type": "npm", "Packages": packages}, {"Class": "license", "Licenses": names}]
    found = report({"SchemaVersion": 2, "Results": results})
    told = [(item.ecosystem, item.name, item.version, item.licenses) for item in found.packages]
    assert told == [("npm", "a", "1", ("Zlib",)), ("npm", "b", "2", ()), ("", "b", "", ("ISC",))]
    assert found.passed_over == 1


def test_pip_licenses_says_unknown() -> None:
    found = report(
        [
            {"Name": "A_b", "Version": "1.0", "License": "UNKNOWN"},
            {"Name": "c", "Version": "2", "License": "MIT License; ISC License (ISCL)"},
        ]
    )
    assert [(item.name, item.licenses) for item in found.packages] == [
        ("a-b", ()),
        ("c", ("MIT License", "ISC License (ISCL)")),
    ]


def test_pip_licenses_with_an_expression() -> None:
    entry: JsonObject = {"Name": "a", "Version": "1", "License-Expression": "MIT", "License-Classifier": "BSD License"}
    assert report([entry]).packages[0].licenses == ("MIT",)


def test_license_checker_guesses_and_the_project_itself() -> None:
    document: JsonObject = {
        "shop@1.0.0": {"licenses": "UNLICENSED", "path": "/home/ci/shop"},
        "@acme/a@1.0.0": {"licenses": "MIT*", "path": "/home/ci/shop/node_modules/@acme/a"},
        "b@2.0.0": {"licenses": ["MIT", "ISC"]},
        "c@2.0.0": {"licenses": "UNKNOWN", "path": "C:\\shop\\node_modules\\c"},
    }
    found = report(document)
    told = {f"{item.name} {item.version}": item.licenses for item in found.packages}
    assert told == {"@acme/a 1.0.0": ("MIT*",), "b 2.0.0": ("MIT", "ISC"), "c 2.0.0": ()}
    assert found.passed_over == 1


def test_cargo_license() -> None:
    entries: Json = [
        {"name": "serde", "version": "1.0.0", "license": "MIT/Apache-2.0", "authors": None},
        {"name": "none", "version": "1.0.0", "license": None},
    ]
    found = report(entries)
    assert [(item.ecosystem, item.licenses) for item in found.packages] == [
        ("cargo", ("MIT OR Apache-2.0",)),
        ("cargo", ()),
    ]
    assert cargo_expression("see http://a.example") == "see http://a.example"


def test_go_licenses() -> None:
    text = "acme.example/a/b,https://acme.example/LICENSE,MIT\ngo.example/c,Unknown,Unknown\n"
    found = read_license_report(text.encode())
    told = [(item.ecosystem, item.name, item.licenses) for item in found.packages]
    assert told == [("golang", "acme.example/a/b", ("MIT",)), ("golang", "go.example/c", ())]
    assert "three columns" in error(text.encode() + b"x,y\n")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"{", "is not JSON"),
        (b"[]", "empty list"),
        (b"{}", "nothing that tells licences"),
        (b"hello, world\n", "nothing that tells licences"),
        (b"\xff\xfe{\x00", "nothing that tells licences"),
        (b"<bom/>", "nothing that tells licences"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.5", "specVersion": "1.4"}', "is not JSON"),
        (b'{"bomFormat": "CycloneDX", "specVersion": NaN}', "NaN"),
        (b"[" * 100_000, "nests"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "\xff"}', "UTF-8"),
        (json.dumps(cyclonedx()).encode()[:-3], "is not JSON"),
        (json.dumps(cyclonedx()).encode(), "names no package"),
        (json.dumps(cyclonedx({"type": "file", "name": "x"})).encode(), "names no dependency"),
        (json.dumps(cyclonedx(version="2.0")).encode(), "is CycloneDX 2.0"),
        (json.dumps(spdx()).encode(), "names no package"),
        (b'{"spdxVersion": "SPDX-3.0"}', "is SPDX-3.0"),
        (b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}', "is SPDX 3"),
        (b'{"SchemaVersion": 1, "Results": []}', "schema version 2"),
        (b'{"SchemaVersion": 2, "Results": []}', "names no package"),
        (b'{"SchemaVersion": 2, "ArtifactType": "filesystem"}', "names no package"),
    ],
)
def test_what_proves_nothing_is_refused(data: bytes, reason: str) -> None:
    assert reason in error(data)


@pytest.mark.parametrize(
    "document",
    [
        {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": {"a": 1}},
        cyclonedx("text"),
        cyclonedx({"type": "library"}),
        cyclonedx({"type": "library", "name": {"a": 1}}),
        cyclonedx({"type": "library", "name": "a", "licenses": "MIT"}),
        cyclonedx({"type": "library", "name": "a", "licenses": [{"license": "MIT"}]}),
        cyclonedx({"type": "library", "name": "a", "licenses": [{"license": {"id": {"x": 1}}}]}),
        cyclonedx({"type": "library", "name": "a", "licenses": [{"expression": 5}]}),
        cyclonedx({"type": "library", "name": "a", "purl": ["pkg:npm/a@1"]}),
        spdx({"SPDXID": "1", "name": ["a"]}),
        spdx({"SPDXID": "1"}),
        spdx({"SPDXID": "1", "name": "a", "licenseDeclared": ["MIT"]}),
        spdx({"SPDXID": "1", "name": "a", "externalRefs": {"x": 1}}),
        {"SchemaVersion": 2, "Results": [{"Packages": [{"Name": "a", "Licenses": [{"name": "MIT"}]}]}]},
        {"SchemaVersion": 2, "Results": [{"Packages": [{"Version": "1"}]}]},
        [{"Name": "a", "License": {"id": "MIT"}}],
        [{"Name": "", "License": "MIT"}],
        [{"name": "", "version": "1", "license": "MIT"}],
        {"a@1": {"licenses": "MIT"}, "b": {"licenses": "MIT"}},
        {"a@1": {"licenses": [1]}},
    ],
)
def test_another_shape_is_refused(document: Json) -> None:
    assert error(document).startswith(("holds", "is not"))


def test_components_nested_too_deep_are_refused() -> None:
    component: JsonObject = {"type": "library", "name": "a"}
    for _ in range(70):
        component = {"type": "library", "name": "a", "components": [component]}
    assert "levels deep" in error(cyclonedx(component))


def test_a_licence_of_a_megabyte_is_cut() -> None:
    found = report(cyclonedx({"type": "library", "name": "a", "licenses": [{"license": {"name": "x" * 1_000_000}}]}))
    assert len(found.packages[0].licenses[0]) < 21_000


def test_a_hundred_thousand_components_are_read_in_seconds() -> None:
    one: JsonObject = {"type": "library", "purl": "", "licenses": [{"license": {"id": "MIT"}}]}
    data = json.dumps(
        cyclonedx(*({**one, "name": f"p{n}", "purl": f"pkg:npm/p{n}@1"} for n in range(100_000)))
    ).encode()
    begun = time.process_time()
    assert len(read_license_report(data).packages) == 100_000
    assert time.process_time() - begun < 30


KEYS = [
    "bomFormat",
    "specVersion",
    "components",
    "licenses",
    "license",
    "id",
    "name",
    "expression",
    "purl",
    "spdxVersion",
    "packages",
    "licenseDeclared",
    "externalRefs",
    "SchemaVersion",
    "Results",
    "Packages",
    "Licenses",
    "Name",
    "License",
    "version",
    "a@1",
]
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["CycloneDX", "1.5", "SPDX-2.3", "MIT", "pkg:npm/a@1", "x"])
)
DOCUMENTS = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(
    DOCUMENTS,
    st.sampled_from(
        [{}, {"bomFormat": "CycloneDX", "specVersion": "1.5"}, {"spdxVersion": "SPDX-2.3"}, {"SchemaVersion": 2}]
    ),
)
def test_no_document_makes_a_reader_stumble(document: Json, kind: JsonObject) -> None:
    whole: Json = {**document, **kind} if isinstance(document, dict) else document
    found, reason = None, ""
    try:
        found = report(whole)
    except ReportError as problem:
        reason = problem.reason
    if found is None:
        assert reason.startswith(("is ", "holds ", "names ", "nests "))
    else:
        assert found.packages
        assert all(package.name for package in found.packages)


@given(st.binary(max_size=200))
def test_no_bytes_make_a_reader_stumble(data: bytes) -> None:
    with contextlib.suppress(ReportError):
        read_license_report(data)


@given(st.data())
def test_a_report_that_is_cut_off_is_refused(data: st.DataObject) -> None:
    whole = (DATA / "npm.cdx.json").read_bytes().rstrip()
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ReportError):
        read_license_report(whole[:cut])


def test_each_package_comes_once_in_a_lock_s_own_reports() -> None:
    counted = Counter((item.name, item.version) for item in real("npm.cdx.json").packages)
    assert set(counted.values()) == {1}

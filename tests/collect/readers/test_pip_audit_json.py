"""pip-audit's JSON."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.pip_audit_json import (
    AuditedPackage,
    PipAuditReport,
    SkippedPackage,
    Vulnerability,
    read_pip_audit,
)

DATA = Path(__file__).parent / "data/python/pip-audit"
HOLE = Vulnerability("PYSEC-2018-28", frozenset({"CVE-2018-18074", "GHSA-x84v-xcm2-53pg"}), ("2.20.0",))


def test_a_report_with_findings() -> None:
    report = read_pip_audit((DATA / "audit.json").read_bytes())
    assert report.audited == (AuditedPackage("requests", "2.19.1", (HOLE, HOLE)), AuditedPackage("six", "1.16.0"))
    assert report.skipped == ()


def test_a_report_that_skipped_everything() -> None:
    report = read_pip_audit((DATA / "skipped.json").read_bytes())
    assert report.audited == ()
    reason = "Dependency not found on PyPI and could not be audited: requests (2.19.1)"
    assert report.skipped[0] == SkippedPackage("requests", reason)


def test_the_bare_list_of_older_versions_is_read_too() -> None:
    document = json.loads((DATA / "audit.json").read_text())["dependencies"]
    assert len(read_pip_audit(json.dumps(document).encode()).audited) == 2


def test_names_and_versions_come_out_in_normal_form() -> None:
    report = read_pip_audit(
        b'[{"name": "Zope.Interface", "version": "1.0-final0", "vulns": []}]'.replace(b"-final0", b".post01")
    )
    assert report.audited == (AuditedPackage("zope-interface", "1.0.post1"),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("{", "cannot be read as JSON"),
        ('{"dependencies": [', "cannot be read as JSON"),
        ("NaN", "NaN"),
        ("3", "no list of dependencies"),
        ("{}", "no list of dependencies"),
        ('{"dependencies": []}', "names no package"),
        ("[]", "names no package"),
        ("[3]", "is no object"),
        ("[{}]", "has no name"),
        ('[{"name": "a"}]', "has no version"),
        ('[{"name": "a", "version": "1"}]', "neither which vulnerabilities"),
        ('[{"name": "a", "version": "1", "vulns": null}]', "neither which vulnerabilities"),
        ('[{"name": "a", "version": "1", "vulns": [3]}]', "is no object"),
        ('[{"name": "a", "version": "1", "vulns": [{"fix_versions": []}]}]', "has no id"),
        ('[{"name": "a", "version": "1", "vulns": [{"id": "X", "aliases": "Y"}]}]', "no list of texts"),
        ('[{"name": "a b", "version": "1", "vulns": []}]', "a name or a version"),
        ('[{"name": "a", "version": "one", "vulns": []}]', "a name or a version"),
        ('[{"name": "a", "skip_reason": ""}]', "has no skip_reason"),
        ('[{"name": "a", "name": "b", "version": "1", "vulns": []}]', "twice"),
        ("[" + ",".join(['{"name": "a", "skip_reason": "x"}'] * 50_001) + "]", "at most 50,000"),
        ('{"results": [], "errors": []}', "no list of dependencies"),
    ],
)
def test_what_proves_nothing_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ReportError) as caught:
        read_pip_audit(text.encode())
    assert reason in caught.value.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "version", "vulns", "id", "dependencies", "skip_reason"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_document_is_read_or_refused(document: object) -> None:
    with suppress(ReportError):
        report = read_pip_audit(json.dumps(document).encode())
        assert isinstance(report, PipAuditReport)
        assert report.audited or report.skipped

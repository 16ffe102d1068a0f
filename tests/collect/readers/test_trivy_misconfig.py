from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.trivy_misconfig import read_trivy_misconfigurations

REAL = Path(__file__).parent / "data" / "trivy-misconfig" / "report.json"


def test_a_real_report() -> None:
    report = read_trivy_misconfigurations(REAL.read_bytes())
    assert report.artifact_type == "filesystem"
    assert "main.tf" in report.targets
    found = {(each.target, each.rule, each.severity, each.line) for each in report.failed}
    assert ("main.tf", "AWS-0107", "high", 6) in found
    assert all(each.message and each.title for each in report.failed)
    (each,) = [each for each in report.failed if each.rule == "AWS-0107"]
    assert each.resource == "aws_security_group_rule.ssh"
    assert each.url is not None
    assert each.url.startswith("https://")


def entry(**changed: object) -> dict[str, object]:
    cause = {"StartLine": 3, "EndLine": 3, "Resource": "a.b"}
    item = {"ID": "AWS-0107", "Severity": "HIGH", "Status": "FAIL", "Title": "T", "CauseMetadata": cause}
    return {**item, **changed}


def report(*items: object, **changed: object) -> bytes:
    result = {"Target": "main.tf", "Class": "config", "Type": "terraform", "Misconfigurations": list(items)}
    document = {"SchemaVersion": 2, "ArtifactType": "filesystem", "Results": [result], **changed}
    return json.dumps(document).encode()


def test_names_are_the_same_in_all_versions() -> None:
    old = read_trivy_misconfigurations(report(entry(ID="aws-x", AVDID="AVD-AWS-0107"))).failed[0]
    new = read_trivy_misconfigurations(report(entry())).failed[0]
    assert old == new
    assert (new.rule, new.message, new.line) == ("AWS-0107", "T", 3)


def test_what_passed_and_what_is_of_other_scanners_is_left_out() -> None:
    assert not read_trivy_misconfigurations(report(entry(Status="PASS"))).failed
    assert not read_trivy_misconfigurations(report(Results=[{"Class": "lang-pkgs", "Target": "x"}])).targets


def test_a_check_without_a_place() -> None:
    assert read_trivy_misconfigurations(report(entry(CauseMetadata={}))).failed[0].line is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        report()[:20],
        report(SchemaVersion=1),
        report(SchemaVersion=True),
        report(ArtifactType=None),
        report(entry(Severity="GRAVE")),
        report(entry(Severity=None)),
        report(entry(Status=None)),
        report(entry(ID=None)),
        report(entry(CauseMetadata=[])),
        report(7),
        report(Results={}),
    ],
)
def test_what_is_no_report(data: bytes) -> None:
    with pytest.raises(ReportError) as caught:
        read_trivy_misconfigurations(data)
    assert caught.value.reason


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(ReportError) as caught:
        read_trivy_misconfigurations(data)
    assert caught.value.reason

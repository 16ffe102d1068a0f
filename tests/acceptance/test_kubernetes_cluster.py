"""What is about a whole cluster, through the whole program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.collect.kubernetes.manifests import deployment, manifest
from tests.support.fakes import write
from tests.support.repos import Gate

CRITERIA = (
    "kubernetes.schema-valid",
    "kubernetes.no-removed-apis",
    "kubernetes.not-default-namespace",
    "kubernetes.ingress-tls",
    "kubernetes.backups",
)
POLICY = "version: 1\nextends: baseline\nevidence:\n  kubernetes: {version: VERSION}\ncriteria:\n" + "".join(
    f"  {each}: {{level: must}}\n" for each in CRITERIA
)
INGRESS = manifest("Ingress", "web", {"rules": [{"host": "a.example.com"}]}, "networking.k8s.io/v1", namespace="shop")
SECURE = INGRESS.replace('"rules"', '"tls": [{"hosts": ["a.example.com"]}], "rules"')
BACKUP = manifest("Schedule", "daily", {"schedule": "0 2 * * *", "template": {}}, "velero.io/v1", namespace="velero")


@pytest.fixture
def gate(capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(capsys)


def outcomes(gate: Gate, folder: Path, text: str, version: str = "'1.33'") -> list[str]:
    write(folder, {".gate/policy.yml": POLICY.replace("VERSION", version), "k8s/web.yaml": text})
    found = gate.run(folder, "--only", "kubernetes").outcomes()
    return [found[name] for name in CRITERIA]


def test_a_cluster_that_is_ready(gate: Gate, tmp_path: Path) -> None:
    assert outcomes(gate, tmp_path, deployment(namespace="shop") + SECURE + BACKUP) == ["pass"] * 5


def test_a_cluster_that_is_not(gate: Gate, tmp_path: Path) -> None:
    text = deployment(replicas="3") + INGRESS + BACKUP.replace("0 2 * * *", "0 2 * * 0")
    old = manifest("PodDisruptionBudget", "web", {}, "policy/v1beta1")
    assert outcomes(gate, tmp_path, text + old) == ["fail"] * 5


def test_what_nobody_held_against_a_schema_does_not_pass(gate: Gate, tmp_path: Path) -> None:
    found = outcomes(gate, tmp_path, manifest("Rollout", "a", {}, "argoproj.io/v1alpha1"))
    assert found[0] == "no_evidence"
    assert outcomes(gate, tmp_path, deployment(), "'1.2'")[:2] == ["no_evidence"] * 2


def test_a_version_that_is_a_number_is_refused(gate: Gate, tmp_path: Path) -> None:
    write(tmp_path, {".gate/policy.yml": POLICY.replace("VERSION", "1.30"), "k8s/web.yaml": deployment()})
    assert gate.run(tmp_path, "--only", "kubernetes").code == 2

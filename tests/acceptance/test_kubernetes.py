"""Manifests of Kubernetes through the whole program."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model.json import JsonObject
from tests.collect.kubernetes.manifests import deployment, manifest
from tests.support.fakes import write
from tests.support.repos import Gate

CRITERIA = (
    "kubernetes.readiness-probe",
    "kubernetes.image-not-latest",
    "kubernetes.disruption-budget-consistent",
    "kubernetes.service-ports",
)
POLICY = "version: 1\nextends: baseline\ncriteria:\n" + "".join(f"  {each}: {{level: must}}\n" for each in CRITERIA)
READY: JsonObject = {"readinessProbe": {"httpGet": {"port": 8080}}, "ports": [{"containerPort": 8080}]}
SERVICE = manifest("Service", "web", {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]})
BUDGET = manifest(
    "PodDisruptionBudget", "web", {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}, "policy/v1"
)


@pytest.fixture
def gate(capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(capsys)


def outcomes(gate: Gate, folder: Path) -> list[str]:
    found = gate.run(folder, "--only", "kubernetes").outcomes()
    return [found[name] for name in CRITERIA]


def test_a_workload_that_is_ready(gate: Gate, tmp_path: Path) -> None:
    text = deployment(container={**READY}, replicas=3) + SERVICE + BUDGET
    write(tmp_path, {".gate/policy.yml": POLICY, "k8s/web.yaml": text})
    assert outcomes(gate, tmp_path) == ["pass"] * 4


def test_a_workload_that_is_not(gate: Gate, tmp_path: Path) -> None:
    text = deployment(container={"image": "shop"}, replicas=2) + SERVICE + BUDGET
    write(tmp_path, {".gate/policy.yml": POLICY, "k8s/web.yaml": text})
    assert outcomes(gate, tmp_path) == ["fail"] * 4


def test_no_manifests_are_no_pass(gate: Gate, tmp_path: Path) -> None:
    write(tmp_path, {".gate/policy.yml": POLICY, "a.py": "print()\n"})
    assert outcomes(gate, tmp_path) == ["not_applicable"] * 4
    write(tmp_path, {".gate/policy.yml": POLICY + "expects: [kubernetes]\n"})
    assert outcomes(gate, tmp_path) == ["fail"] * 4


def test_a_document_that_cannot_be_read_leaves_the_others_judged_and_nothing_passed(gate: Gate, tmp_path: Path) -> None:
    text = deployment(container={**READY}, replicas=3) + "---\napiVersion: apps/v1\nkind: [\n" + SERVICE + BUDGET
    write(tmp_path, {".gate/policy.yml": POLICY, "k8s/web.yaml": text})
    assert outcomes(gate, tmp_path) == ["no_evidence"] * 4
    worse = (
        deployment(container={"image": "shop"}, replicas=3) + "---\napiVersion: apps/v1\nkind: [\n" + SERVICE + BUDGET
    )
    write(tmp_path, {"k8s/web.yaml": worse})
    assert outcomes(gate, tmp_path) == ["fail", "fail", "no_evidence", "fail"]


def test_a_selection_that_chooses_nothing_is_no_pass(gate: Gate, tmp_path: Path) -> None:
    policy = POLICY + "evidence:\n  kubernetes:\n    workloads: {names: [wbe]}\n"
    write(tmp_path, {".gate/policy.yml": policy, "k8s/web.yaml": deployment(container={**READY}) + SERVICE})
    assert "pass" not in outcomes(gate, tmp_path)


def test_what_the_policy_leaves_out_is_not_judged(gate: Gate, tmp_path: Path) -> None:
    policy = POLICY + "evidence:\n  kubernetes:\n    workloads: {exclude: {labels: {app: third-*}}}\n"
    labelled = deployment("third-party", container={"image": "x"}).replace(
        '"name": "third-party"', '"name": "third-party", "labels": {"app": "third-party"}', 1
    )
    text = deployment(container={**READY}, replicas=3) + SERVICE + BUDGET
    write(tmp_path, {".gate/policy.yml": policy, "k8s/web.yaml": text, "k8s/other.yaml": labelled})
    assert outcomes(gate, tmp_path) == ["pass"] * 4

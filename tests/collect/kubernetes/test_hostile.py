"""Manifests that somebody wrote to make a collector fall over."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.collect.kubernetes import cluster as module
from gate.model.evidence import Collected
from gate.model.json import Json
from tests.collect.kubernetes.manifests import collect, deployment, manifest, rows

KINDS = {
    "Deployment": "apps/v1",
    "CronJob": "batch/v1",
    "Pod": "v1",
    "PodDisruptionBudget": "policy/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "ScaledObject": "keda.sh/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "CiliumNetworkPolicy": "cilium.io/v2",
    "Service": "v1",
    "Ingress": "networking.k8s.io/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "Route": "route.openshift.io/v1",
    "Rollout": "argoproj.io/v1alpha1",
    "Canary": "flagger.app/v1",
}
NAMES = [
    "spec",
    "template",
    "metadata",
    "labels",
    "annotations",
    "selector",
    "matchLabels",
    "matchExpressions",
    "key",
    "operator",
    "values",
    "containers",
    "initContainers",
    "image",
    "name",
    "ports",
    "containerPort",
    "port",
    "targetPort",
    "env",
    "value",
    "valueFrom",
    "secretKeyRef",
    "envFrom",
    "resources",
    "requests",
    "limits",
    "cpu",
    "memory",
    "livenessProbe",
    "readinessProbe",
    "httpGet",
    "exec",
    "command",
    "grpc",
    "tcpSocket",
    "securityContext",
    "runAsUser",
    "capabilities",
    "drop",
    "add",
    "seccompProfile",
    "type",
    "lifecycle",
    "preStop",
    "sleep",
    "seconds",
    "affinity",
    "podAntiAffinity",
    "topologySpreadConstraints",
    "topologyKey",
    "labelSelector",
    "volumes",
    "hostPath",
    "strategy",
    "rollingUpdate",
    "maxSurge",
    "canary",
    "steps",
    "setWeight",
    "minAvailable",
    "maxUnavailable",
    "scaleTargetRef",
    "minReplicas",
    "maxReplicas",
    "metrics",
    "resource",
    "target",
    "behavior",
    "averageUtilization",
    "scaleDown",
    "policies",
    "podSelector",
    "policyTypes",
    "ingress",
    "egress",
    "from",
    "to",
    "rules",
    "http",
    "paths",
    "backend",
    "service",
    "number",
    "analysis",
    "stepWeight",
    "maxWeight",
    "jobTemplate",
    "triggers",
    "replicas",
    "serviceName",
    "endpointSelector",
    "backendRefs",
]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(["", "1", "50%", "web"])
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), spec=VALUES, pod=VALUES, container=VALUES)
def test_anything_at_any_place(kind: str, spec: Json, pod: Json, container: Json) -> None:
    inner: Json = {
        "containers": [{"name": "a", "image": "a", **container}] if isinstance(container, dict) else container
    }
    template: Json = {
        "metadata": pod,
        "spec": {**inner, **pod} if isinstance(pod, dict) and isinstance(inner, dict) else pod,
    }
    whole: Json = {"template": template, **spec} if isinstance(spec, dict) else spec
    odd = {"apiVersion": KINDS[kind], "kind": kind, "metadata": {"name": "web"}, "spec": whole}
    with tempfile.TemporaryDirectory() as folder:
        collect(Path(folder), {"a.yaml": f"{json.dumps(odd)}\n{deployment()}"})


def test_many_objects_that_choose_each_other_stop_somewhere(tmp_path: Path) -> None:
    many = "".join(deployment(f"w{index}", labels={"app": "x"}) for index in range(300))
    choosing = "".join(
        manifest("PodDisruptionBudget", f"b{index}", {"selector": {"matchLabels": {"app": "x"}}}, "policy/v1")
        for index in range(300)
    )
    started = time.monotonic()
    evidence = collect(tmp_path, {"a.yaml": many + choosing})
    assert isinstance(evidence, Collected)
    assert time.monotonic() - started < 30
    assert not evidence.gaps
    assert len(rows(evidence.facts, "workloads")) == 300


def test_what_was_not_held_against_each_other_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_COMPARISONS", 3)
    many = "".join(deployment(f"w{index}", labels={"app": "x"}) for index in range(9))
    choosing = manifest("PodDisruptionBudget", "b", {"selector": {}}, "policy/v1")
    evidence = collect(tmp_path, {"a.yaml": many + choosing})
    assert isinstance(evidence, Collected)
    (gap,) = evidence.gaps
    assert "only 3 pairs" in gap.reason
    assert "disruption_budgets" in gap.facts

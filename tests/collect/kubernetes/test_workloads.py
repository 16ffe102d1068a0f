"""Workloads: what is one, what only looks like one, which are chosen, and what is said of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model.evidence import Collected, Missing, Unreadable
from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import collect, deployment, facts, manifest, one, rows

POD: JsonObject = {"containers": [{"name": "a", "image": "a:1"}]}


def workload(root: Path, text: str) -> JsonObject:
    return one(facts(root, text), "workloads")


def test_the_kinds_of_workloads(tmp_path: Path) -> None:
    template: JsonObject = {"template": {"metadata": {"labels": {"app": "x"}}, "spec": POD}}
    text = (
        "".join(
            deployment(kind.lower(), kind=kind) for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
        )
        + manifest("ReplicationController", "rc", {"selector": {"app": "x"}, **template})
        + manifest("Pod", "p", POD)
        + manifest("Job", "j", template, "batch/v1")
        + manifest("CronJob", "cj", {"schedule": "@daily", "jobTemplate": {"spec": template}}, "batch/v1")
        + manifest("Service", "kn", template, "serving.knative.dev/v1")
        + manifest("Rollout", "ro", {"selector": {"matchLabels": {"app": "x"}}, **template}, "argoproj.io/v1alpha1")
        + manifest("Deployment", "not-one", template, "example.com/v1")
        + manifest("Pod", "owned", POD, ownerReferences=[{"kind": "ReplicaSet", "name": "x"}])
    )
    found = facts(tmp_path, text)
    told = {each["kind"]: (each["long_running"], each["replicated"]) for each in rows(found, "workloads")}
    assert told == {
        "Deployment": (True, True),
        "StatefulSet": (True, True),
        "DaemonSet": (True, False),
        "ReplicaSet": (True, True),
        "ReplicationController": (True, True),
        "Pod": (True, False),
        "Job": (False, False),
        "CronJob": (False, False),
        "Service": (True, False),
        "Rollout": (True, True),
    }
    assert found["objects"] == 12
    assert found["kinds"] == dict.fromkeys(map(str, told), 1) | {"Deployment": 2, "Pod": 2}


PATCH = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: main
          resources: {limits: {cpu: 1}}
"""


@pytest.mark.parametrize(
    ("files", "patch"),
    [
        ({"prod/patches/web.yaml": PATCH}, True),
        ({"overlays/prod/web.yaml": PATCH}, True),
        ({"prod/sub/web.yaml": PATCH, "prod/kustomization.yaml": "resources: [a.yaml]\n"}, True),
        ({"dispatch/web.yaml": PATCH}, False),
    ],
)
def test_a_patch_is_no_workload(tmp_path: Path, files: dict[str, str], *, patch: bool) -> None:
    evidence = collect(tmp_path, {**files, "svc.yaml": manifest("Service", "s", {})})
    assert isinstance(evidence, Collected)
    assert bool(rows(evidence.facts, "workloads")) is not patch  # what changes nothing is judged for what it has
    told = one(evidence.facts, "partial")
    assert (told["reason"], told["patch"]) == ("has a container without an image", patch)
    about = [gap for gap in evidence.gaps if "without an image" in gap.reason]
    assert bool(about) is not patch


@pytest.mark.parametrize(
    ("text", "judged", "gaps"),
    [
        (deployment(selector=None), True, 0),
        (deployment(container={"image": ""}), True, 0),
        (deployment(pod={"containers": []}), True, 1),
        (deployment(pod={"containers": []}, selector=None), True, 1),
        (deployment(container={"image": None}, selector=None), True, 1),
        (manifest("Rollout", "r", {"workloadRef": {"name": "web"}}, "argoproj.io/v1alpha1"), False, 0),
    ],
)
def test_workloads_that_are_written_wrong(tmp_path: Path, text: str, gaps: int, *, judged: bool) -> None:
    evidence = collect(tmp_path, {"k8s/a.yaml": text})
    assert isinstance(evidence, Collected)
    assert bool(rows(evidence.facts, "workloads")) is judged
    assert len(evidence.gaps) == gaps


def test_a_selector_must_choose_its_own_pods(tmp_path: Path) -> None:
    assert workload(tmp_path, deployment())["selects_itself"] is True
    assert workload(tmp_path, deployment(selector={"matchLabels": {"app": "x"}}))["selects_itself"] is False
    assert workload(tmp_path, deployment(selector={}))["selects_itself"] is False
    assert workload(tmp_path, deployment(selector=None))["selects_itself"] is False
    assert "selects_itself" not in workload(tmp_path, manifest("Pod", "p", POD))


@pytest.mark.parametrize(
    ("request_", "chosen"),
    [
        ({}, ["api", "db", "web"]),
        ({"names": ["w*"]}, ["web"]),
        ({"names": "w*"}, ["web"]),
        ({"namespaces": ["shop"]}, ["db", "web"]),
        ({"kinds": ["StatefulSet"]}, ["db"]),
        ({"paths": ["apps/**"]}, ["api", "web"]),
        ({"paths": ["apps/**"], "namespaces": ["shop"]}, ["web"]),
        ({"labels": {"team": "shop*"}}, ["web"]),
        ({"exclude": {"kinds": ["StatefulSet"], "namespaces": ["shop"]}}, ["api", "web"]),
        ({"exclude": {}}, ["api", "db", "web"]),
        ({"names": ["["]}, []),
    ],
)
def test_which_workloads_are_chosen(tmp_path: Path, request_: JsonObject, chosen: list[str]) -> None:
    web = deployment(namespace="shop").replace(
        '"namespace": "shop"', '"namespace": "shop", "labels": {"team": "shop-1"}'
    )
    files = {
        "apps/web.yaml": web,
        "apps/api.yaml": deployment("api", namespace="x"),
        "data/db.yaml": deployment("db", kind="StatefulSet", namespace="shop"),
    }
    evidence = collect(tmp_path, files, {"workloads": request_})
    assert isinstance(evidence, Collected)
    names = sorted(str(each["name"]) for each in rows(evidence.facts, "workloads"))
    others = sorted(str(each["name"]) for each in rows(evidence.facts, "others"))
    assert names == chosen
    assert sorted(names + others) == ["api", "db", "web"]
    assert {str(each["name"]) for each in rows(evidence.facts, "containers")} == set(chosen)
    assert bool(evidence.gaps) is not bool(chosen)


def test_files_in_scope(tmp_path: Path) -> None:
    files = {"a/web.yaml": deployment(), "b/api.yaml": deployment("api"), "b/bad.yaml": "apiVersion: v1\nkind: [\n"}
    evidence = collect(tmp_path, files, {"exclude": ["b/**"]})
    assert isinstance(evidence, Collected)
    assert (evidence.facts["objects"], evidence.facts["parse_failures"], evidence.gaps) == (1, 0, ())
    evidence = collect(tmp_path, files, {"files": ["b/**"]})
    assert isinstance(evidence, Collected)
    assert (evidence.facts["objects"], evidence.facts["parse_failures"], len(evidence.gaps)) == (1, 1, 1)
    assert [source.path for source in evidence.sources] == ["b/api.yaml"]
    nothing = collect(tmp_path, files, {"files": ["c/**"]})
    assert isinstance(nothing, Missing)
    assert not nothing.not_applicable


def test_no_objects_at_all(tmp_path: Path) -> None:
    nothing = collect(tmp_path, {"a.yaml": "a: 1\n"})
    assert isinstance(nothing, Missing)
    assert nothing.not_applicable
    broken = collect(tmp_path, {"a.yaml": "apiVersion: v1\nkind: [\n", "b.yaml": "apiVersion: v1\nkind: [\n"})
    assert isinstance(broken, Unreadable)
    assert "and 1 more" in broken.reason


@pytest.mark.parametrize(
    ("kind", "spec", "told"),
    [
        ("Deployment", {"replicas": 3}, {"type": "RollingUpdate", "max_surge_pods": 1, "max_unavailable_pods": 0}),
        ("Deployment", {"replicas": 8}, {"max_surge": "25%", "max_surge_pods": 2, "max_unavailable_pods": 2}),
        (
            "Deployment",
            {"replicas": 3, "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}}},
            {"max_surge_pods": 0, "max_unavailable_pods": 1},
        ),
        ("Deployment", {"strategy": {"type": "Recreate"}}, {"type": "Recreate", "written": True}),
        ("StatefulSet", {"replicas": 3}, {"max_unavailable_pods": 1, "written": False}),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, {"type": "OnDelete"}),
        ("DaemonSet", {}, {"max_unavailable": 1, "max_unavailable_pods": 1}),
        ("DaemonSet", {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}}}, {"max_unavailable": "10%"}),
    ],
)
def test_rolling_updates(tmp_path: Path, kind: str, spec: JsonObject, told: JsonObject) -> None:
    found = workload(tmp_path, deployment("web", kind=kind, **spec))["rolling_update"]
    assert isinstance(found, dict)
    assert found | told == found


def test_stepwise_deliveries(tmp_path: Path) -> None:
    steps: Json = [{"setWeight": 10}, {"pause": {}}, {"analysis": {"templates": []}}]
    rollout = deployment(kind="Rollout", strategy={"canary": {"steps": steps}}).replace(
        "apps/v1", "argoproj.io/v1alpha1"
    )
    blue = deployment("b", kind="Rollout", strategy={"blueGreen": {"prePromotionAnalysis": {}}})
    analysis: JsonObject = {"stepWeight": 20, "maxWeight": 60, "metrics": [{"name": "errors"}]}
    flagger = manifest("Canary", "c", {"targetRef": {"name": "gone"}, "analysis": analysis}, "flagger.app/v1beta1")
    counted = manifest("Canary", "d", {"targetRef": {"name": "gone"}, "analysis": {"iterations": 7}}, "flagger.app/v1")
    found = facts(tmp_path, rollout + blue.replace("apps/v1", "argoproj.io/v1alpha1") + flagger + counted)
    told = [
        (each["type"], each["steps"], each["weights"], each["automatic_rollback"]) for each in rows(found, "canaries")
    ]
    assert told == [
        ("Canary", 3, [10], True),
        ("BlueGreen", 0, [], True),
        ("Canary", 3, [20, 40, 60], True),
        ("Canary", 7, [], False),
    ]
    assert len(rows(found, "dangling")) == 2


HOST = "kubernetes.io/hostname"


@pytest.mark.parametrize(
    ("pod", "told"),
    [
        ({}, None),
        ({"topologySpreadConstraints": [{"topologyKey": HOST, "labelSelector": {"matchLabels": {"app": "x"}}}]}, None),
        ({"topologySpreadConstraints": [{"topologyKey": HOST}]}, None),
        (
            {
                "topologySpreadConstraints": [
                    {
                        "topologyKey": "topology.kubernetes.io/zone",
                        "labelSelector": {"matchLabels": {"app": "web"}},
                        "whenUnsatisfiable": "ScheduleAnyway",
                    }
                ]
            },
            {"constraints": True, "required": False, "zones": True, "hosts": False},
        ),
        (
            {
                "affinity": {
                    "podAntiAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": HOST, "labelSelector": {}}]
                    }
                }
            },
            {"anti_affinity": True, "required": True, "hosts": True, "topology_keys": [HOST]},
        ),
        (
            {
                "affinity": {
                    "podAntiAffinity": {
                        "preferredDuringSchedulingIgnoredDuringExecution": [
                            {"podAffinityTerm": {"topologyKey": HOST, "labelSelector": {}, "namespaces": ["other"]}}
                        ]
                    }
                }
            },
            None,
        ),
    ],
)
def test_spread(tmp_path: Path, pod: JsonObject, told: JsonObject | None) -> None:
    found = workload(tmp_path, deployment(pod=pod, namespace="shop")).get("spread")
    if told is None:
        assert found is None
    else:
        assert isinstance(found, dict)
        assert found | told == found


def test_pods(tmp_path: Path) -> None:
    pod: JsonObject = {
        "serviceAccountName": "robot",
        "hostNetwork": True,
        "volumes": [{"name": "d", "hostPath": {"path": "/var/run/docker.sock"}}, {"name": "e", "emptyDir": {}}],
        "priorityClassName": "high",
        "terminationGracePeriodSeconds": 5,
    }
    account = "---\n" + '{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}, '
    account += '"automountServiceAccountToken": false, "imagePullSecrets": [{"name": "registry"}]}\n'
    found = workload(tmp_path, deployment(pod=pod) + account)
    assert found["service_account"] == "robot"
    assert found["automount_token"] is False
    assert found["image_pull_secrets"] == ["registry"]
    assert (found["host_network"], found["host_pid"], found["host_ipc"]) == (True, False, False)
    assert found["host_paths"] == ["/var/run/docker.sock"]
    assert (found["priority_class"], found["grace_seconds"], found["grace_written"]) == ("high", 5, True)
    plain = workload(tmp_path, deployment())
    assert (plain["service_account"], plain["automount_token"], plain["grace_seconds"]) == ("default", True, 30)


def test_counts_of_deployments(tmp_path: Path) -> None:
    probe: JsonObject = {"httpGet": {"port": 1}}
    good: JsonObject = {
        "livenessProbe": probe,
        "readinessProbe": probe,
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
        "securityContext": {"runAsUser": 1, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    }
    text = deployment(container=good) + deployment("b", container={"image": "b"}) + deployment("c", kind="StatefulSet")
    found = facts(tmp_path, text)
    assert found["deployments"] == {
        "total": 2,
        "with_probes": 1,
        "with_limits": 1,
        "run_as_non_root": 1,
        "read_only_root_filesystem": 1,
        "drops_all": 1,
        "latest_tag": 1,
    }
    assert rows(found, "workloads")[0]["limits"] == {"cpu": 1, "memory": 2**30}


def test_kinds_that_a_criterion_asks_for(tmp_path: Path) -> None:
    found = facts(tmp_path, deployment(), {"kinds": ["Deployment", "Service"]})
    assert found["missing_kinds"] == ["Service"]
    assert "missing_kinds" not in facts(tmp_path, deployment())


def test_of_no_containers_nothing_holds(tmp_path: Path) -> None:
    found = one(facts(tmp_path, deployment(pod={"containers": []})), "workloads")
    assert found["probes"] == {"liveness": False, "readiness": False, "startup": False}
    names = ("run_as_non_root", "read_only_root_filesystem", "drops_all", "image_pinned")
    assert [found[name] for name in names] == [False] * 4

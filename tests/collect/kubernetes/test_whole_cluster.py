"""The parts about the whole cluster, with anything at any place."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.model.evidence import Collected
from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import collect, deployment, rows

KINDS = {
    "Role": "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    "ServiceAccount": "v1",
    "Namespace": "v1",
    "ResourceQuota": "v1",
    "LimitRange": "v1",
    "PersistentVolumeClaim": "v1",
    "StorageClass": "storage.k8s.io/v1",
    "Schedule": "velero.io/v1",
    "BackupStorageLocation": "velero.io/v1",
    "CronJob": "batch/v1",
    "Ingress": "networking.k8s.io/v1",
    "Gateway": "gateway.networking.k8s.io/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "IngressRoute": "traefik.io/v1alpha1",
    "Service": "v1",
    "BackendConfig": "cloud.google.com/v1",
    "Secret": "v1",
    "ConfigMap": "v1",
    "ExternalSecret": "external-secrets.io/v1",
    "PeerAuthentication": "security.istio.io/v1",
    "AuthorizationPolicy": "security.istio.io/v1",
    "Server": "policy.linkerd.io/v1beta3",
    "DestinationRule": "networking.istio.io/v1",
    "CiliumNetworkPolicy": "cilium.io/v2",
    "ClusterSPIFFEID": "spire.spiffe.io/v1alpha1",
}
NAMES = [
    "rules",
    "verbs",
    "resources",
    "apiGroups",
    "resourceNames",
    "roleRef",
    "subjects",
    "kind",
    "name",
    "namespace",
    "hard",
    "limits",
    "default",
    "type",
    "requests",
    "storage",
    "storageClassName",
    "accessModes",
    "parameters",
    "encrypted",
    "schedule",
    "template",
    "ttl",
    "includedNamespaces",
    "paused",
    "objectStorage",
    "bucket",
    "tls",
    "hosts",
    "host",
    "listeners",
    "protocol",
    "hostname",
    "parentRefs",
    "filters",
    "requestRedirect",
    "scheme",
    "loadBalancerSourceRanges",
    "healthCheck",
    "data",
    "stringData",
    "sops",
    "mac",
    "target",
    "mtls",
    "mode",
    "selector",
    "matchLabels",
    "action",
    "targetRef",
    "trafficPolicy",
    "portLevelSettings",
    "endpointSelector",
    "ingress",
    "authentication",
    "podSelector",
    "namespaceSelector",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "*", "get", "secrets", "ServiceAccount", "web", "10Gi", "0 2 * * *", "HTTPS", "STRICT"])
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)), spec=VALUES, whole=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4)
)
def test_anything_at_any_place(kind: str, spec: Json, whole: JsonObject) -> None:
    metadata: JsonObject = {"name": "web", "annotations": spec, "labels": spec}
    odd = {**whole, "apiVersion": KINDS[kind], "kind": kind, "metadata": metadata, "spec": spec}
    with tempfile.TemporaryDirectory() as folder:
        collect(Path(folder), {"a.yaml": f"{json.dumps(odd)}\n{deployment()}"})


def test_many_objects_of_one_name_take_time_that_grows_with_them(tmp_path: Path) -> None:
    subject: JsonObject = {"kind": "ServiceAccount", "name": "web", "namespace": "shop"}
    metadata: JsonObject = {"name": "reader", "namespace": "shop"}
    rule: JsonObject = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    texts = []
    for index in range(400):
        role: JsonObject = {"apiVersion": KINDS["Role"], "kind": "Role", "metadata": metadata, "rules": [rule]}
        own: JsonObject = {"name": f"b{index}", "namespace": "shop"}
        reference: JsonObject = {"kind": "Role", "name": "reader"}
        binding: JsonObject = {"apiVersion": KINDS["Role"], "kind": "RoleBinding", "metadata": own}
        texts.append(json.dumps(role | {"x": index}))
        texts.append(json.dumps(binding | {"roleRef": reference, "subjects": [subject]}))
        texts.append(deployment(f"w{index}", pod={"serviceAccountName": "web"}, namespace="shop"))
    started = time.monotonic()
    evidence = collect(tmp_path, {"a.yaml": "\n---\n".join(texts)})
    assert time.monotonic() - started < 30
    assert isinstance(evidence, Collected)
    assert len(rows(evidence.facts, "workload_accounts")) == 400


def test_texts_that_are_long_are_cut(tmp_path: Path) -> None:
    data: JsonObject = {f"{'a' * 900}_PASSWORD": "x"}
    whole: JsonObject = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}
    text = json.dumps(whole)
    evidence = collect(tmp_path, {"a.yaml": text})
    assert isinstance(evidence, Collected)
    (key,) = [each["secret_keys"] for each in rows(evidence.facts, "config_maps")]
    assert key == ["a" * 499 + "…"]

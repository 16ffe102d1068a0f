"""What a mesh does for workloads."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import deployment, facts, manifest, one

WEB = deployment(namespace="shop")
ISTIO = "security.istio.io/v1"
CHOSEN: JsonObject = {"matchLabels": {"app": "web"}}


def peer(mode: Json, namespace: str = "shop", name: str = "default", **spec: Json) -> str:
    return manifest("PeerAuthentication", name, {"mtls": {"mode": mode}, **spec}, ISTIO, namespace=namespace)


def injected(value: str) -> str:
    template: JsonObject = {
        "metadata": {"labels": {"app": "web", "sidecar.istio.io/inject": value}},
        "spec": {"containers": [{"name": "a", "image": "a:1"}]},
    }
    return deployment(namespace="shop", template=template)


def linkerd(**annotations: str) -> str:
    names: JsonObject = {
        f"{'linkerd.io' if key == 'inject' else 'config.linkerd.io'}/{key.replace('_', '-')}": value
        for key, value in annotations.items()
    }
    return manifest("Namespace", "shop", {}, annotations=names).replace(', "spec": {}', "")


@pytest.mark.parametrize(
    ("text", "mtls"),
    [
        (WEB, "none"),
        (WEB + peer("STRICT"), "strict"),
        (WEB + peer("PERMISSIVE"), "permissive"),
        (WEB + peer("DISABLE"), "disable"),
        (WEB + peer("UNSET"), "none"),
        (WEB + peer(["STRICT"]), "none"),
        (WEB + peer("STRICT", "istio-system"), "strict"),
        (WEB + peer("STRICT", "pay"), "none"),
        (WEB + peer("STRICT", "istio-system") + peer("PERMISSIVE"), "permissive"),
        (WEB + peer("PERMISSIVE") + peer("STRICT", name="web", selector=CHOSEN), "strict"),
        (WEB + peer("STRICT") + peer("DISABLE", name="web", selector=CHOSEN), "disable"),
        (WEB + peer("STRICT", portLevelMtls={"8080": {"mode": "DISABLE"}}), "permissive"),
        (WEB + peer("STRICT", portLevelMtls={"8080": {"mode": "STRICT"}}), "strict"),
        (injected("false") + peer("STRICT"), "none"),
        (injected("true") + peer("STRICT"), "strict"),
        (WEB + linkerd(inject="enabled"), "permissive"),
        (WEB + linkerd(inject="enabled", default_inbound_policy="all-authenticated"), "strict"),
        (WEB + linkerd(inject="disabled"), "none"),
    ],
)
def test_mutual_tls(tmp_path: Path, text: str, mtls: str) -> None:
    found = one(facts(tmp_path, text), "mesh_workloads")
    assert found["mtls"] == mtls
    assert ("by" in found) == (mtls != "none")


def cilium(mode: str, kind: str = "CiliumNetworkPolicy", more: JsonObject | None = None) -> str:
    rules: list[Json] = [{"authentication": {"mode": mode}}, *([more] if more is not None else [])]
    place: JsonObject = {"namespace": "shop"} if kind == "CiliumNetworkPolicy" else {}
    return manifest(kind, "web", {"endpointSelector": CHOSEN, "ingress": rules}, "cilium.io/v2", **place)


@pytest.mark.parametrize(
    ("text", "mtls"),
    [
        (cilium("required"), "strict"),
        (cilium("disabled"), "none"),
        (cilium("required", more={"fromEndpoints": [{}]}), "none"),
        (cilium("required", "CiliumClusterwideNetworkPolicy"), "strict"),
    ],
)
def test_policies_of_cilium_with_authentication(tmp_path: Path, text: str, mtls: str) -> None:
    assert one(facts(tmp_path, WEB + text), "mesh_workloads")["mtls"] == mtls


RULES: Json = [{"from": [{"source": {"principals": ["a"]}}]}]


def policy(namespace: str = "shop", **spec: Json) -> str:
    return manifest("AuthorizationPolicy", "p", spec, ISTIO, namespace=namespace)


LINKERD = "policy.linkerd.io/v1beta3"
SERVER = manifest("Server", "web", {"podSelector": CHOSEN, "port": "http"}, LINKERD, namespace="shop")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (policy(selector=CHOSEN, rules=RULES), ["p"]),
        (policy(rules=RULES), ["p"]),
        (policy(), ["p"]),
        (policy("istio-system", rules=RULES), ["p"]),
        (policy("pay", rules=RULES), []),
        (policy(selector={"matchLabels": {"app": "api"}}, rules=RULES), []),
        (policy(rules=[{}]), []),
        (policy(action="AUDIT", rules=RULES), []),
        (
            SERVER
            + manifest(
                "AuthorizationPolicy", "l", {"targetRef": {"kind": "Server", "name": "web"}}, LINKERD, namespace="shop"
            ),
            ["l"],
        ),
        (
            manifest(
                "AuthorizationPolicy", "l", {"targetRef": {"kind": "Server", "name": "web"}}, LINKERD, namespace="shop"
            ),
            [],
        ),
        (
            manifest(
                "AuthorizationPolicy",
                "l",
                {"targetRef": {"kind": "Namespace", "name": "shop"}},
                LINKERD,
                namespace="shop",
            ),
            ["l"],
        ),
    ],
)
def test_who_may_speak_to_a_workload(tmp_path: Path, text: str, names: list[str]) -> None:
    assert one(facts(tmp_path, WEB + text), "mesh_workloads")["authorizations"] == names


def identity(**spec: Json) -> str:
    return manifest("ClusterSPIFFEID", "a", {"spiffeIDTemplate": "spiffe://a", **spec}, "spire.spiffe.io/v1alpha1")


@pytest.mark.parametrize(
    ("text", "has"),
    [
        (identity(podSelector=CHOSEN), True),
        (identity(), True),
        (identity(podSelector={"matchLabels": {"app": "api"}}), False),
        (identity(podSelector=["x"]), False),
        (identity(namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "shop"}}), True),
        (identity(namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "pay"}}), False),
    ],
)
def test_identities_of_spire(tmp_path: Path, text: str, has: bool) -> None:
    assert one(facts(tmp_path, WEB + text), "mesh_workloads")["spiffe"] is has


@pytest.mark.parametrize(
    ("spec", "mode"),
    [
        ({}, "ISTIO_DEFAULT"),
        ({"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}, "ISTIO_MUTUAL"),
        ({"trafficPolicy": {"tls": {"mode": "DISABLE"}}}, "DISABLE"),
        ({"subsets": [{"trafficPolicy": {"tls": {"mode": "DISABLE"}}}]}, "DISABLE"),
        ({"trafficPolicy": {"portLevelSettings": [{"tls": {"mode": "DISABLE"}}]}}, "DISABLE"),
    ],
)
def test_rules_for_clients(tmp_path: Path, spec: JsonObject, mode: str) -> None:
    text = manifest("DestinationRule", "a", {"host": "web", **spec}, "networking.istio.io/v1")
    assert one(facts(tmp_path, text), "destination_rules")["tls_mode"] == mode

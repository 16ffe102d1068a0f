"""Manifests for the tests of this folder, and what the collector says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from gate.collect.collectors.kubernetes import KubernetesCollector
from gate.collect.manifests.objects import mapping
from gate.collect.workspace import Workspace
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Evidence
from gate.model.json import Json, JsonObject
from tests.support.fakes import context, write


def collect(root: Path, files: Mapping[str, str | bytes], request: JsonObject | None = None) -> Evidence:
    """Write the files and collect; facts fit their schema."""
    write(root, files)
    evidence = KubernetesCollector().collect(context(Workspace(root), request))
    if isinstance(evidence, Collected):
        assert not problems(shipped_validator("evidence/kubernetes"), evidence.facts)
    return evidence


def facts(root: Path, text: str, request: JsonObject | None = None) -> JsonObject:
    """Return the facts of one file."""
    evidence = collect(root, {"k8s/all.yaml": text}, request)
    assert isinstance(evidence, Collected), evidence
    return evidence.facts


def rows(document: JsonObject, name: str) -> list[JsonObject]:
    """Return a list of the facts."""
    value = document[name]
    assert isinstance(value, list)
    return [item for item in value if isinstance(item, dict)]


def one(document: JsonObject, name: str) -> JsonObject:
    """Return the only element of a list of the facts."""
    (found,) = rows(document, name)
    return found


def manifest(kind: str, name: str, spec: JsonObject, api: str = "v1", **metadata: Json) -> str:
    """Return an object as a document: JSON is YAML."""
    body = {"apiVersion": api, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}
    return f"---\n{json.dumps(body)}\n"


def deployment(
    name: str = "web",
    *,
    pod: Json = None,
    container: Json = None,
    kind: Json = "Deployment",
    labels: Json = None,
    namespace: Json = "",
    **spec: Json,
) -> str:
    """Return a workload with one container; `spec` are further keys of its spec, without those that are None."""
    chosen: JsonObject = mapping(labels) or {"app": name}
    one_container: JsonObject = {"name": "main", "image": "ghcr.io/example/shop:1.4.2", **mapping(container)}
    inner: JsonObject = {"containers": [one_container], **mapping(pod)}
    whole: JsonObject = {
        "selector": {"matchLabels": chosen},
        "template": {"metadata": {"labels": chosen}, "spec": inner},
        **spec,
    }
    whole = {key: value for key, value in whole.items() if value is not None}
    return manifest(str(kind), name, whole, "apps/v1", **({"namespace": namespace} if namespace else {}))

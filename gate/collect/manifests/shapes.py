"""What a document is, told by its shape. Pure."""

from __future__ import annotations

import re

from gate.collect.manifests.sorts import KUSTOMIZE, PROVISIONED, Sort, by_name
from gate.model.json import Json, JsonObject

_CLIENT_GROUPS = (
    "apiserver.config.k8s.io/",
    "audit.k8s.io/",
    "backstage.io/",
    "client.authentication.k8s.io/",
    "ctlptl.dev/",
    "config.karmada.io/",
    "eksctl.io/",
    "helm.toolkit.fluxcd.io/oci",
    "k3d.io/",
    "kind.x-k8s.io/",
    "kubeadm.k8s.io/",
    "kubelet.config.k8s.io/",
    "kubeproxy.config.k8s.io/",
    "kubescheduler.config.k8s.io/",
    "minikube.k8s.io/",
    "score.dev/",
    "skaffold/",
    "tilt.dev/",
    "viaduct.ai/",
)
"""apiVersions that programs read, and no cluster: they look like objects and are none."""
_KUSTOMIZATION_KEYS = frozenset(
    {"resources", "bases", "components", "patches", "patchesStrategicMerge", "patchesJson6902", "configMapGenerator"}
    | {"secretGenerator", "images", "namespace", "namePrefix", "nameSuffix", "helmCharts", "generators", "transformers"}
    | {"commonLabels", "commonAnnotations", "labels", "replacements", "replicas", "crds", "vars"}
)
_SERVICE_KEYS = frozenset(
    {"image", "build", "extends", "command", "ports", "environment", "volumes", "depends_on", "restart", "networks"}
    | {"provider", "env_file", "deploy", "healthcheck", "container_name", "entrypoint", "profiles", "secrets"}
)
_SERVICE_NAME = re.compile(r"[A-Za-z0-9._-]+")


def sort_of(path: str, value: Json) -> Sort | None:
    """Return what a document is, None where it is nothing that the gate knows.

    `path` counts only where the program that reads the file goes by its name too (a workflow, a kustomization, a chart,
    Dependabot), and for a compose file of which the content alone would not tell.
    """
    if not isinstance(value, dict) or not value:
        return None
    return _by_place(path, value) or _by_content(path, value)


def _by_place(path: str, value: JsonObject) -> Sort | None:
    named = by_name(path)
    if Sort.WORKFLOW in named and ("jobs" in value or "on" in value):
        return Sort.WORKFLOW
    if Sort.CHART in named and isinstance(value.get("name"), str):
        return Sort.CHART
    if Sort.ACTION in named and isinstance(value.get("runs"), dict):
        return Sort.ACTION
    if Sort.DEPENDENCY_UPDATES in named:
        return Sort.DEPENDENCY_UPDATES
    api = value.get("apiVersion")
    if isinstance(api, str) and api.startswith(KUSTOMIZE):
        return Sort.KUSTOMIZATION
    if Sort.KUSTOMIZATION in named and not _is_object(value) and _KUSTOMIZATION_KEYS & value.keys():
        return Sort.KUSTOMIZATION
    return None


def _by_content(path: str, value: JsonObject) -> Sort | None:
    if _is_object(value):
        return None if _is_of_a_client(value) else Sort.KUBERNETES
    for sort, test in (
        (Sort.PROMETHEUS_RULES, _is_rules),
        (Sort.PROMETHEUS, _is_prometheus),
        (Sort.ALERTMANAGER, _is_alertmanager),
        (Sort.OTEL, _is_otel),
        (Sort.GRAFANA_PROVISIONING, _is_provisioning),
        (Sort.GRAFANA_DASHBOARD, _is_dashboard),
    ):
        if test(value):
            return sort
    return Sort.COMPOSE if _is_compose(path, value) else None


def _is_object(value: JsonObject) -> bool:
    return all(isinstance(value.get(key), str) and value[key] for key in ("apiVersion", "kind"))


def _is_of_a_client(value: JsonObject) -> bool:
    api = str(value["apiVersion"])
    return api.startswith(_CLIENT_GROUPS) or (api == "v1" and value["kind"] == "Config")


def _is_rules(value: JsonObject) -> bool:
    groups = value.get("groups")
    if not isinstance(groups, list) or not groups or isinstance(value.get("apiVersion"), int):
        return False  # with a number for a version they are rules that Grafana itself evaluates
    return any(isinstance(group, dict) and isinstance(group.get("rules"), list) for group in groups)


def _is_prometheus(value: JsonObject) -> bool:
    """Return whether it is Prometheus' own: promtail and the Grafana agent have `scrape_configs` too, and a client."""
    if {"clients", "client", "positions", "target_config"} & value.keys():
        return False
    if isinstance(value.get("scrape_configs"), list) or isinstance(value.get("scrape_config_files"), list):
        return True
    has_global = isinstance(value.get("global"), dict)
    return has_global and any(isinstance(value.get(key), list | dict) for key in ("rule_files", "alerting"))


def _is_alertmanager(value: JsonObject) -> bool:
    return isinstance(value.get("receivers"), list) and ("route" in value or "global" in value)


def _is_otel(value: JsonObject) -> bool:
    service = value.get("service")
    if not isinstance(service, dict) or not isinstance(service.get("pipelines"), dict):
        return False
    return any(isinstance(value.get(key), dict) for key in ("receivers", "exporters", "connectors"))


def _is_provisioning(value: JsonObject) -> bool:
    if not isinstance(value.get("apiVersion"), int):
        return False
    return any(isinstance(value.get(key), list) for key in PROVISIONED)


def _is_dashboard(value: JsonObject) -> bool:
    inner = value.get("dashboard")
    board = inner if isinstance(inner, dict) else value
    if not isinstance(board.get("panels"), list) and not isinstance(board.get("rows"), list):
        return False
    return "title" in board and bool({"schemaVersion", "templating", "time", "timepicker", "uid"} & board.keys())


def _is_compose(path: str, value: JsonObject) -> bool:
    services = value.get("services")
    named_so = Sort.COMPOSE in by_name(path)
    if not isinstance(services, dict):
        return named_so and isinstance(value.get("include"), list)
    bodies = [body for body in services.values() if isinstance(body, dict)]
    # Compose refuses a file with a service of another name, so that it is of another program.
    named = all(_SERVICE_NAME.fullmatch(name) for name in services)
    return named_so or (named and any(_SERVICE_KEYS & body.keys() for body in bodies))

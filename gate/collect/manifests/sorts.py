"""What a document of a tree is, by its content: names lie, and one file holds documents of several sorts. Pure.

First a test on the bytes of a file, cheap enough for every file of a tree, says what may be in it; only what may be
something is parsed. Then the shape of each document says what it is.
"""

from __future__ import annotations

import re
from enum import StrEnum

from gate.model.json import Json, JsonObject


class Sort(StrEnum):
    """What a document is. Each is of one sort at most."""

    KUBERNETES = "kubernetes"
    """an object of a cluster: `apiVersion` and `kind`"""
    KUSTOMIZATION = "kustomization"
    CHART = "chart"
    """Chart.yaml of a Helm chart"""
    COMPOSE = "compose"
    PROMETHEUS_RULES = "prometheus rules"
    """groups of alerting and recording rules, of Prometheus or Loki"""
    PROMETHEUS = "prometheus"
    """the configuration of a Prometheus server or agent"""
    ALERTMANAGER = "alertmanager"
    GRAFANA_DASHBOARD = "grafana dashboard"
    GRAFANA_PROVISIONING = "grafana provisioning"
    """datasources, dashboard providers, alert rules and contact points, as Grafana reads them at its start"""
    OTEL = "opentelemetry collector"
    WORKFLOW = "workflow"
    """a workflow of GitHub Actions"""
    ACTION = "action"
    """the metadata file of a composite, JavaScript or Docker action"""
    DEPENDENCY_UPDATES = "dependency updates"
    """the configuration of Dependabot or Renovate"""


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
_KUSTOMIZE = "kustomize.config.k8s.io/"
_KUSTOMIZATION_NAMES = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
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
_SUFFIXES = (".yaml", ".yml", ".json", ".rules", ".rule")
_COMPOSE_NAMES = ("compose.", "docker-compose", "podman-compose", "compose-")
_COMPOSE_DEFAULTS = frozenset(
    f"{name}.{ending}"
    for name in ("compose", "compose.override", "docker-compose", "docker-compose.override")
    for ending in ("yaml", "yml")
)
_RENOVATE_NAMES = frozenset({"renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json"})
_PROVISIONED = ("datasources", "providers", "groups", "contactPoints", "policies")
_NAMES = _KUSTOMIZATION_NAMES | _RENOVATE_NAMES


def is_candidate(path: str) -> bool:
    """Whether a file of this name may hold documents: YAML, JSON, and the names that tools look for."""
    # Asked of every file of a tree: plain text, where pathlib takes twenty times as long.
    return path.lower().endswith(_SUFFIXES) or _name(path) in _NAMES


def is_json(path: str) -> bool:
    """Whether a file of this name is read as JSON."""
    return path.lower().endswith(".json") or _name(path) == ".renovaterc"


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def may_hold(path: str, data: bytes) -> frozenset[Sort]:
    """Return the sorts of which documents may be in the bytes of a file, by a look for the words that each must have.

    A sort that is not returned is not in there; one that is returned need not be.
    """
    if data[:2] in _WIDE or b"\0" in data[:4]:
        # UTF-16 and UTF-32, which some programs read and the gate does not.
        data = data.replace(b"\0", b"")
    elif _hides_keys(data):
        return _EVERY_SORT
    found = [sort for first, pairs in _WORDS if first in data for sort, second in pairs if second in data]
    return _by_name(path).union(found)


_WIDE = (b"\xff\xfe", b"\xfe\xff")
_EVERY_SORT = frozenset(Sort)
_ESCAPED_KEY = re.compile(
    rb'"(?:[^"\\\n]|\\[^xuU\r\n]){0,64}\\(?:[xuU]|\r?\n)(?:[^"\\]|\\.){0,64}"\s{0,9}(?=:)', re.DOTALL
)
"""A quoted key with an escape in it. What counts is bounded, so that hostile text costs no more than plain text."""
_CODED_KEY = re.compile(
    rb'(?:^|[{,])[ \t-]{0,64}\?[ \t]{1,64}(?:&\S{1,64}[ \t]{1,64})?(?:"|!\S{0,64}binary)', re.MULTILINE
)
"""A key behind a question mark, which may stand on several lines, or in base64."""


def _hides_keys(data: bytes) -> bool:
    """Whether a key is written in escapes, so that it is not there as a word: `"\\u006bind": Pod`."""
    if b"\\" in data and _ESCAPE.search(data) is not None and _ESCAPED_KEY.search(data) is not None:
        return True
    return b"? " in data and _CODED_KEY.search(data) is not None


_ESCAPE = re.compile(rb"\\(?:[xuU]|\r?\n)")
_WORDS: tuple[tuple[bytes, tuple[tuple[Sort, bytes], ...]], ...] = (
    (
        b"apiVersion",
        (
            (Sort.KUBERNETES, b"kind"),
            (Sort.KUSTOMIZATION, _KUSTOMIZE.encode()),
            *((Sort.GRAFANA_PROVISIONING, word.encode()) for word in _PROVISIONED),
        ),
    ),
    (b"service", ((Sort.COMPOSE, b"services"), (Sort.OTEL, b"pipelines"))),
    (b"groups", ((Sort.PROMETHEUS_RULES, b"rules"),)),
    (b"scrape_config", ((Sort.PROMETHEUS, b""),)),
    (b"global", ((Sort.PROMETHEUS, b"rule_files"), (Sort.PROMETHEUS, b"alerting"), (Sort.ALERTMANAGER, b"receivers"))),
    (b"receivers", ((Sort.ALERTMANAGER, b"route"),)),
    (b"title", ((Sort.GRAFANA_DASHBOARD, b"panels"), (Sort.GRAFANA_DASHBOARD, b"rows"))),
)
"""A word, and the sorts of which every document has it and a second one; the second is looked for after the first."""


def _by_name(path: str) -> frozenset[Sort]:
    folder, _, name = path.rpartition("/")
    if name in _KUSTOMIZATION_NAMES:
        return _KUSTOMIZATION
    if name == "Chart.yaml":
        return _CHART
    if is_workflow_path(path):
        return _WORKFLOW
    if name in ("action.yml", "action.yaml"):
        return _ACTION
    if _is_updates_path(folder, name):
        return _UPDATES
    if name.startswith(_COMPOSE_NAMES) and name.endswith((".yml", ".yaml")):
        return _COMPOSE
    return _NOTHING


_NOTHING: frozenset[Sort] = frozenset()
_KUSTOMIZATION = frozenset({Sort.KUSTOMIZATION})
_CHART = frozenset({Sort.CHART})
_WORKFLOW = frozenset({Sort.WORKFLOW})
_ACTION = frozenset({Sort.ACTION})
_UPDATES = frozenset({Sort.DEPENDENCY_UPDATES})
_COMPOSE = frozenset({Sort.COMPOSE})


def is_workflow_path(path: str) -> bool:
    """Whether GitHub looks for a workflow here: directly in .github/workflows."""
    folder, _, name = path.rpartition("/")
    return folder == ".github/workflows" and name.endswith((".yml", ".yaml"))


def is_compose_path(path: str) -> bool:
    """Whether `docker compose` looks for a file of this name by itself."""
    return path.rpartition("/")[2] in _COMPOSE_DEFAULTS


def _is_updates_path(folder: str, name: str) -> bool:
    if name in ("dependabot.yml", "dependabot.yaml"):
        return folder == ".github"
    return name in _RENOVATE_NAMES and folder in ("", ".github", ".gitlab")


def sort_of(path: str, value: Json) -> Sort | None:
    """Return what a document is, None where it is nothing that the gate knows.

    `path` counts only where the program that reads the file goes by its name too (a workflow, a kustomization, a chart,
    Dependabot), and for a compose file of which the content alone would not tell.
    """
    if not isinstance(value, dict) or not value:
        return None
    return _by_place(path, value) or _by_content(path, value)


def _by_place(path: str, value: JsonObject) -> Sort | None:
    named = _by_name(path)
    if Sort.WORKFLOW in named and ("jobs" in value or "on" in value):
        return Sort.WORKFLOW
    if Sort.CHART in named and isinstance(value.get("name"), str):
        return Sort.CHART
    if Sort.ACTION in named and isinstance(value.get("runs"), dict):
        return Sort.ACTION
    if Sort.DEPENDENCY_UPDATES in named:
        return Sort.DEPENDENCY_UPDATES
    api = value.get("apiVersion")
    if isinstance(api, str) and api.startswith(_KUSTOMIZE):
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
    return any(isinstance(value.get(key), list) for key in _PROVISIONED)


def _is_dashboard(value: JsonObject) -> bool:
    inner = value.get("dashboard")
    board = inner if isinstance(inner, dict) else value
    if not isinstance(board.get("panels"), list) and not isinstance(board.get("rows"), list):
        return False
    return "title" in board and bool({"schemaVersion", "templating", "time", "timepicker", "uid"} & board.keys())


def _is_compose(path: str, value: JsonObject) -> bool:
    services = value.get("services")
    by_name = Sort.COMPOSE in _by_name(path)
    if not isinstance(services, dict):
        return by_name and isinstance(value.get("include"), list)
    bodies = [body for body in services.values() if isinstance(body, dict)]
    # Compose refuses a file with a service of another name, so that it is of another program.
    named = all(_SERVICE_NAME.fullmatch(name) for name in services)
    return by_name or (named and any(_SERVICE_KEYS & body.keys() for body in bodies))

"""The sorts of documents, and what the name of a file says of them. Pure.

Names lie, and one file holds documents of several sorts: names count only where the program that reads the file goes by
them too. What is in a file is told by `byte_tests` before it is parsed, and by `shapes` afterwards.
"""

from __future__ import annotations

from enum import StrEnum


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


KUSTOMIZE = "kustomize.config.k8s.io/"
PROVISIONED = ("datasources", "providers", "groups", "contactPoints", "policies")
_KUSTOMIZATION_NAMES = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
_SUFFIXES = (".yaml", ".yml", ".json", ".rules", ".rule")
_COMPOSE_NAMES = ("compose.", "docker-compose", "podman-compose", "compose-")
_COMPOSE_DEFAULTS = frozenset(
    f"{name}.{ending}"
    for name in ("compose", "compose.override", "docker-compose", "docker-compose.override")
    for ending in ("yaml", "yml")
)
_RENOVATE_NAMES = frozenset({"renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json"})
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


def by_name(path: str) -> frozenset[Sort]:
    """Return the sort that a program looks for under this name, nothing for any other name."""
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

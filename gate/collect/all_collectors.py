"""The literal table of collectors: kind → module and class. A module is imported when its collector is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import cast

from gate.collect.collector import Collector

COLLECTORS: dict[str, tuple[str, str]] = {
    "inventory": ("gate.collect.collectors.inventory", "InventoryCollector"),
    "tests": ("gate.collect.collectors.tests", "TestsCollector"),
    "coverage": ("gate.collect.collectors.coverage", "CoverageCollector"),
    "sast": ("gate.collect.collectors.sast", "SastCollector"),
    "dependencies": ("gate.collect.collectors.dependencies", "DependenciesCollector"),
    "licenses": ("gate.collect.collectors.licenses", "LicensesCollector"),
    "image": ("gate.collect.collectors.image", "ImageCollector"),
    "secrets": ("gate.collect.collectors.secrets", "SecretsCollector"),
    "ci": ("gate.collect.collectors.ci", "CiCollector"),
    "terraform": ("gate.collect.collectors.terraform", "TerraformCollector"),
    "compose": ("gate.collect.collectors.compose", "ComposeCollector"),
    "prometheus": ("gate.collect.collectors.prometheus", "PrometheusCollector"),
    "alertmanager": ("gate.collect.collectors.alertmanager", "AlertmanagerCollector"),
    "dockerfile": ("gate.collect.collectors.dockerfile", "DockerfileCollector"),
    "grafana": ("gate.collect.collectors.grafana", "GrafanaCollector"),
    "kubernetes": ("gate.collect.collectors.kubernetes", "KubernetesCollector"),
    "helm": ("gate.collect.collectors.helm", "HelmCollector"),
    "kustomize": ("gate.collect.collectors.kustomize", "KustomizeCollector"),
    "otel": ("gate.collect.collectors.otel", "OtelCollector"),
    "docs": ("gate.collect.collectors.docs", "DocsCollector"),
    "files": ("gate.collect.collectors.files", "FilesCollector"),
}

KINDS: tuple[str, ...] = tuple(COLLECTORS)


def collectors(kinds: Iterable[str]) -> list[Collector]:
    """Return the collectors of these kinds, in the order of the table. A kind without a collector is passed over."""
    wanted = set(kinds)
    found = []
    for kind, (module, name) in COLLECTORS.items():
        if kind in wanted:
            found.append(cast(Collector, getattr(import_module(module), name)()))
    return found

"""The kinds of evidence, by name."""

from __future__ import annotations

KINDS: tuple[str, ...] = (
    "alertmanager",
    "approvals",
    "attestations",
    "chaos",
    "ci",
    "claims",
    "cluster",
    "compose",
    "coverage",
    "dependencies",
    "dockerfile",
    "docs",
    "files",
    "grafana",
    "helm",
    "image",
    "inventory",
    "kubernetes",
    "kustomize",
    "licenses",
    "live",
    "otel",
    "performance",
    "prometheus",
    "sast",
    "secrets",
    "terraform",
    "tests",
)
"""Every kind that criteria may be written against. A kind without a collector has no evidence."""

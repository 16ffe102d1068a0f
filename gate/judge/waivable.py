"""What may be waived finding by finding: a literal list, which the judge and the reader of waivers share."""

from __future__ import annotations

from gate.judge.each import EACH
from gate.model.json import JsonObject

KINDS = frozenset(
    {
        "alertmanager",
        "ci",
        "compose",
        "dependencies",
        "dockerfile",
        "grafana",
        "image",
        "kubernetes",
        "licenses",
        "prometheus",
        "sast",
        "secrets",
        "terraform",
    }
)
"""The kinds whose facts are counted from findings by one pure function (`gate.collect.derived` has the same)."""


def by_finding(kind: str, select: JsonObject) -> bool:
    """Whether single findings of a criterion can be waived: with `each`, the elements that miss it, of any kind."""
    return EACH in select or kind in KINDS

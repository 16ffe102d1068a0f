"""The facts of `terraform`: what was found, put together; the counts of misconfigurations from the findings alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.terraform.families import families, regions
from gate.collect.terraform.ingress import ingress_rules
from gate.collect.terraform.items import all_items, literal_secrets, resources
from gate.collect.terraform.machines import databases, encryptable, node_groups
from gate.collect.terraform.setup import module_calls, providers, roots
from gate.model.finding import SEVERITIES, Finding
from gate.model.json import JsonObject

if TYPE_CHECKING:
    from gate.collect.changes import Changes
    from gate.collect.readers.trivy_misconfig import Misconfiguration
    from gate.collect.terraform.tree import Tree
    from gate.model.evidence import Gap

RULE_TOOL = "trivy"


def tree_facts(tree: Tree) -> tuple[JsonObject, list[Gap]]:
    """Return what the configuration describes, without files and misconfigurations, and what was left out."""
    modules = tree.modules
    found = resources(modules)
    items, gaps = all_items(modules)
    by_type: JsonObject = dict(sorted(Counter(resource.type for resource in found).items()))
    return {
        "resources": len(found),
        "by_type": by_type,
        "families": families(found, modules),
        "regions": regions(found, modules),
        "roots": roots(tree.roots),
        "providers": providers(modules, tree.roots),
        "modules": module_calls(modules, tree.roots),
        "node_groups": node_groups(found, modules),
        "databases": databases(found),
        "encryptable": encryptable(found),
        "ingress_rules": ingress_rules(found),
        "literal_secrets": literal_secrets(modules),
        "items": items,
    }, gaps


def misconfiguration_facts(findings: Iterable[Finding]) -> JsonObject:
    """Return the counts by severity of the findings that are not suppressed."""
    counts: JsonObject = dict.fromkeys(SEVERITIES, 0)
    tally = Counter(finding.severity for finding in findings if not finding.suppressed)
    return {"misconfigurations": counts | dict(tally)}


def to_findings(
    found: Sequence[Misconfiguration], hidden: frozenset[Misconfiguration], changes: Changes | None, *, honour: bool
) -> list[Finding]:
    """Return misconfigurations as findings, by place. With `honour` those that comments hide are suppressed."""
    seen: Counter[tuple[str, str, str]] = Counter()
    findings = []
    for each in sorted(found, key=lambda each: (each.target, each.line or 0, each.rule, each.message)):
        path = printable(each.target)
        key = path, each.rule, each.resource or ""
        seen[key] += 1
        properties: JsonObject = {
            name: value
            for name, value in (
                ("title", each.title),
                ("resource", each.resource),
                ("resolution", each.resolution),
                ("url", each.url),
            )
            if value
        }
        if each in hidden:
            properties["ignored_by"] = "a comment in the file"
        findings.append(
            Finding(
                rule=each.rule,
                severity=each.severity,
                message=each.message[:500],
                tool=RULE_TOOL,
                path=path,
                line=each.line,
                fingerprint=hashlib.sha256("\0".join((*key, str(seen[key]))).encode()).hexdigest(),
                suppressed=honour and each in hidden,
                new=None if changes is None else _is_new(each, path, changes),
                properties=properties,
            )
        )
    return findings


def _is_new(each: Misconfiguration, path: str, changes: Changes) -> bool:
    if each.line is None:
        return changes.touches(path, None)
    last = min(each.end or each.line, each.line + 1000)
    return any(changes.touches(path, line) for line in range(each.line, last + 1))


def no_facts() -> JsonObject:
    """Return the facts of a tree without any file of Terraform, whose costs alone are known."""
    empty: JsonObject = {name: [] for name in _LISTS}
    nothing: JsonObject = {"resources": 0, "by_type": {}, "families": families((), ())}
    return nothing | empty


_LISTS = (
    "regions",
    "roots",
    "providers",
    "modules",
    "node_groups",
    "databases",
    "encryptable",
    "ingress_rules",
    "literal_secrets",
    "items",
)

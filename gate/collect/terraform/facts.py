"""The facts of `terraform`: what was found, put together; the counts of misconfigurations from the findings alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.terraform.families import families, regions
from gate.collect.terraform.ingress import ingress_rules
from gate.collect.terraform.items import all_items, literal_secrets, resources
from gate.collect.terraform.machines import databases, encryptable, node_groups
from gate.collect.terraform.setup import module_calls, providers, roots
from gate.collect.terraform.tree import is_off
from gate.model.evidence import Gap
from gate.model.finding import SEVERITIES, Finding
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from gate.collect.changes import Changes
    from gate.collect.readers.trivy_misconfig import Misconfiguration
    from gate.collect.terraform.tree import Tree

RULE_TOOL = "trivy"


def tree_facts(tree: Tree) -> tuple[JsonObject, list[Gap]]:
    """Return what the configuration describes, without files and misconfigurations, and what was left out."""
    modules = tree.modules
    found = resources(modules)
    items, gaps = all_items(modules)
    rules, more = ingress_rules(found)
    gaps += more
    lists: dict[str, list[Json]] = {
        "roots": roots(tree.roots),
        "providers": providers(modules, tree.roots),
        "modules": module_calls(modules, tree.roots),
        "node_groups": node_groups(found, modules),
        "databases": databases(found),
        "encryptable": encryptable(found),
        "ingress_rules": rules,
    }
    gaps += [gap for fact, elements in lists.items() for gap in _untold(fact, elements)]
    types = [
        placed.block.labels[0]
        for module in modules
        for placed in module.named("resource")
        if len(placed.block.labels) == 2 and not is_off(placed.block)
    ]
    by_type: JsonObject = dict(sorted(Counter(types).items()))
    return {
        "resources": len(types),
        "by_type": by_type,
        "families": families(found, modules),
        "regions": regions(found, modules),
        **lists,
        "spot_groups": sum(isinstance(group, dict) and group.get("spot") is True for group in lists["node_groups"]),
        "literal_secrets": literal_secrets(modules),
        "items": items,
    }, gaps


def _untold(fact: str, elements: Sequence[Json]) -> Iterator[Gap]:
    """Yield a gap for each element of which something is known only after a plan."""
    for element in elements:
        unknown = element.get("unknown") if isinstance(element, dict) else None
        if isinstance(element, dict) and isinstance(unknown, list):
            names = [str(name) for name in unknown]
            what = ", ".join(name.replace("_", " ") for name in names)
            path, line = str(element["path"]), element.get("line")
            reason = f"does not tell of {element['kind']} {element['name']} before a plan: {what}"
            facts = tuple(f"{fact}.{name}" for name in names)
            yield Gap(path, reason, path, line if isinstance(line, int) else None, facts)


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
    nothing: JsonObject = {"resources": 0, "by_type": {}, "families": families((), ()), "spot_groups": 0}
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

"""Facts that follow from findings, per kind: how they are counted anew when findings are waived.

One literal table. A function of it is pure, and returns the very facts it was given when it is given all their
findings: `without` looks whether it does before it believes what comes out without some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from gate.collect.ci.facts import finding_facts as workflow_facts
from gate.collect.collectors.alertmanager import alertmanager_facts
from gate.collect.collectors.compose import compose_facts
from gate.collect.collectors.grafana import grafana_facts
from gate.collect.collectors.prometheus import prometheus_facts
from gate.collect.dependencies.dependency_facts import dependency_facts
from gate.collect.dockerfile.facts import dockerfile_facts
from gate.collect.image.findings import image_facts
from gate.collect.kubernetes.validity import finding_facts as validity_facts
from gate.collect.licenses.facts import license_facts
from gate.collect.sast.sast_facts import sast_facts
from gate.collect.secrets.findings import secrets_facts
from gate.collect.terraform.facts import misconfiguration_facts
from gate.model.evidence import Collected, Evidence
from gate.model.finding import Finding
from gate.model.json import JsonObject
from gate.model.reduced import Reduced

Derive: TypeAlias = Callable[[Sequence[Finding], JsonObject], JsonObject]
"""From findings and facts to the facts with everything that counts findings counted anew."""


def _where_known(count: Callable[[Sequence[Finding]], Mapping[str, object]]) -> Derive:
    """Return a function that counts anew what the facts tell of already: what is not known stays so."""

    def derive(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
        counted = count(findings)
        return {name: counted.get(name, value) for name, value in facts.items()}  # type: ignore[misc]  # JSON both

    return derive


def _ci(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
    if "findings" not in facts:
        return facts
    return facts | workflow_facts(findings, {}) | {"audited": facts.get("audited", 0)}


DERIVED: dict[str, Derive] = {
    "alertmanager": alertmanager_facts,
    "ci": _ci,
    "compose": compose_facts,
    "dependencies": dependency_facts,
    "dockerfile": dockerfile_facts,
    "grafana": grafana_facts,
    "image": image_facts,
    "kubernetes": _where_known(validity_facts),
    "licenses": license_facts,
    "prometheus": prometheus_facts,
    "sast": sast_facts,
    "secrets": secrets_facts,
    "terraform": _where_known(misconfiguration_facts),
}
"""By kind. Of any other kind single findings cannot be waived (`gate.judge.waivable` names the same kinds)."""


def without(evidence: Evidence, fingerprints: Collection[str]) -> Reduced:
    """Return the evidence without the findings of these fingerprints, which are compared whole.

    A finding without a fingerprint is never left out. Nothing is where the facts do not follow from the findings (a
    bundle that lacks some of them): fewer findings would then say nothing about the facts. Pure.
    """
    if not isinstance(evidence, Collected):
        return Reduced(problem="there are no facts")
    derive = DERIVED.get(evidence.kind)
    if derive is None:
        return Reduced(problem=f"what is known about {evidence.kind} is not counted from findings")
    wanted = {fingerprint for fingerprint in fingerprints if fingerprint}
    found = Counter(finding.fingerprint for finding in evidence.findings if finding.fingerprint in wanted)
    matched = frozenset(fingerprint for fingerprint, count in found.items() if count == 1)
    shared = frozenset(found) - matched
    if not matched:
        return Reduced(evidence, shared=shared)
    left = tuple(finding for finding in evidence.findings if finding.fingerprint not in matched)
    try:
        untouched, facts = derive(evidence.findings, evidence.facts), derive(left, evidence.facts)
    except Exception as error:  # noqa: BLE001 - a bundle may hold anything, and what cannot be counted is not waived
        return Reduced(problem=f"its findings cannot be counted anew ({type(error).__name__})")
    if untouched != evidence.facts:
        return Reduced(problem=f"the {evidence.kind} facts do not follow from the findings beside them")
    return Reduced(replace(evidence, facts=facts, findings=left), matched, shared)

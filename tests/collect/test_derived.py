"""Facts counted anew without findings that are waived."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.ci.facts import finding_facts
from gate.collect.collectors.prometheus import prometheus_facts
from gate.collect.derived import DERIVED, without
from gate.judge.waivable import KINDS
from gate.model.evidence import Collected, Gap, Missing
from gate.model.finding import SEVERITIES, Finding
from gate.model.json import JsonObject

BEFORE: dict[str, JsonObject] = {
    "ci": finding_facts([], {".github/workflows/a.yml": "workflow"}) | {"workflows": 1},
    "dependencies": {"audited": 4, "packages": 4},
    "dockerfile": {"linted": 2},
    "image": {"scans": 1, "images": 1},
    "kubernetes": {"schema_invalid": 0, "invalid_items": [], "removed_apis": 0, "objects": 3},
    "licenses": {"packages": 9, "deny": ["GPL-3.0-only"], "allow": ["MIT"], "development": {"packages": 1}},
    "sast": {"tools": [{"name": "bandit"}], "new": {}},
    "secrets": {"new": 0, "history": 0, "files_scanned": 3},
    "terraform": {"misconfigurations": {}, "files": 1},
}
"""What the facts of a kind are before findings are counted, where it is more than nothing."""

RULES = ("B602", "licenses.denied", "kubernetes.schema-invalid", "kubernetes.removed-api", "grafana.query", "zizmor.x")

findings = st.lists(
    st.builds(
        Finding,
        rule=st.sampled_from(RULES),
        severity=st.sampled_from(SEVERITIES[:4]),
        message=st.just("m"),
        tool=st.sampled_from(["bandit", "hadolint", "zizmor"]),
        path=st.sampled_from(["a", "b", None]),
        line=st.integers(1, 3),
        fingerprint=st.sampled_from(["", *(f"{number:032x}" for number in range(6))]),
        suppressed=st.booleans(),
        new=st.sampled_from([True, False, None]),
        properties=st.fixed_dictionaries({"package": st.sampled_from(["p", "q"]), "text": st.just("p 1: GPL")}),
    ),
    max_size=8,
)


def evidence(kind: str, found: list[Finding]) -> Collected:
    facts = DERIVED[kind](found, BEFORE.get(kind, {}))
    return Collected(kind, facts, gaps=(Gap("x", "y"),), findings=tuple(found))


def test_the_judge_and_the_collectors_mean_the_same_kinds() -> None:
    assert DERIVED.keys() == KINDS


@pytest.mark.parametrize("kind", sorted(DERIVED))
@given(found=findings, waived=st.sets(st.sampled_from([f"{number:032x}" for number in range(6)])))
def test_the_facts_are_those_of_the_findings_that_are_left(kind: str, found: list[Finding], waived: set[str]) -> None:
    given_evidence = evidence(kind, found)
    untouched = replace(given_evidence, facts={**given_evidence.facts})
    reduced = without(given_evidence, waived)
    assert given_evidence == untouched, "what was handed in stays as it was"
    assert reduced.problem == ""
    assert reduced.evidence is not None
    once = {fp for fp in waived if sum(each.fingerprint == fp for each in found) == 1}
    assert reduced.matched == once
    assert reduced.shared == {each.fingerprint for each in found if each.fingerprint in waived} - once
    left = [each for each in found if each.fingerprint not in once]
    assert list(reduced.evidence.findings) == left
    assert reduced.evidence.facts == evidence(kind, left).facts
    assert reduced.evidence.gaps == given_evidence.gaps


def test_a_finding_without_a_fingerprint_is_never_left_out() -> None:
    found = [Finding("B602", "high", "m", "bandit")]
    reduced = without(evidence("sast", found), {""})
    assert reduced.matched == frozenset()
    assert reduced.evidence == evidence("sast", found)


def test_facts_that_tell_of_more_than_the_findings_are_not_counted_anew() -> None:
    """A bundle from which findings were taken: without the one that is left, five of them would be gone."""
    found = [Finding("B602", "high", "m", "bandit", fingerprint="f" * 32)]
    whole = evidence("sast", [replace(found[0], fingerprint=str(number) * 32) for number in range(5)])
    reduced = without(replace(whole, findings=tuple(found)), {"f" * 32})
    assert reduced.evidence is None
    assert reduced.problem == "the sast facts do not follow from the findings beside them"


def test_what_a_bundle_holds_breaks_nothing() -> None:
    broken = Finding("licenses.denied", "high", "m", "licenses", fingerprint="f" * 32)
    reduced = without(Collected("licenses", {"deny": ["X"]}, findings=(broken,)), {"f" * 32})
    assert reduced.problem == "its findings cannot be counted anew (KeyError)"


@pytest.mark.parametrize("kind", ["tests", "coverage", "nonsense"])
def test_kinds_that_are_not_counted_from_findings(kind: str) -> None:
    assert without(Collected(kind, {}), {"f"}).problem == f"what is known about {kind} is not counted from findings"
    assert without(Missing(kind, "none"), {"f"}).problem == "there are no facts"


def test_what_is_not_known_stays_unknown() -> None:
    """Where zizmor or Trivy did not look there are no counts, and waiving makes none."""
    found = (Finding("zizmor.x", "high", "m", "zizmor", fingerprint="f" * 32),)
    for kind in ("ci", "terraform", "kubernetes", "dockerfile", "image"):
        reduced = without(Collected(kind, {"files": 1}, findings=found), {"f" * 32})
        assert reduced.evidence is not None
        assert reduced.evidence.facts == {"files": 1}


def test_prometheus_counts_its_broken_expressions() -> None:
    found = (Finding("prometheus.expression", "high", "m", "gate", fingerprint="f" * 32),)
    given_evidence = Collected("prometheus", prometheus_facts(found, {"alerts": 2}), findings=found)
    reduced = without(given_evidence, {"f" * 32})
    assert reduced.evidence is not None
    assert (given_evidence.facts["expression_errors"], reduced.evidence.facts["expression_errors"]) == (1, 0)

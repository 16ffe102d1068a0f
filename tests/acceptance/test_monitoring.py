"""Alerts from rule to receiver, through the whole program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.prometheus import PROGRAMS, needs_amtool, needs_promtool
from tests.support.repos import Gate, ledger

pytestmark = [needs_promtool, needs_amtool]

POLICY = """version: 1
extends: baseline
criteria:
  prometheus.rules-valid: {level: must}
  prometheus.slo-error-rate: {level: must, slo: 99.9}
  prometheus.alert-present: {level: must, alerts: [ErrorBudgetBurn]}
  prometheus.runbooks-exist: {level: must}
  alertmanager.valid: {level: must}
  alertmanager.routable: {level: must}
  alertmanager.receiver-types: {level: must, types: [pagerduty]}
"""
RATIO = 'sum(rate(http_requests_total{code=~"5.."}[%s])) / sum(rate(http_requests_total[%s]))'
RULES = f"""groups:
- name: ledger
  rules:
  - alert: ErrorBudgetBurn
    expr: >-
      {RATIO % ("1h", "1h")} > (14.4 * 0.001) and {RATIO % ("5m", "5m")} > (14.4 * 0.001)
    for: 2m
    labels: {{severity: critical}}
    annotations: {{summary: errors, runbook_url: README.md}}
"""
ALERTMANAGER = """route:
  receiver: pager
  routes:
  - {matchers: [severity="info"], receiver: "null"}
receivers:
- name: pager
  pagerduty_configs: [{routing_key: k3y}]
- name: "null"
"""
IDS = tuple(line.split(":")[0].strip() for line in POLICY.splitlines() if ": {level" in line)


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    import gate.collect.tools

    monkeypatch.setattr(gate.collect.tools, "DIRECTORIES", (PROGRAMS, *gate.collect.tools.DIRECTORIES))


def outcomes(gate: Gate, root: Path, rules: str = RULES, alertmanager: str = ALERTMANAGER) -> dict[str, str]:
    tracked = {"ops/rules.yml": rules, "ops/am.yml": alertmanager}
    said = gate.run(ledger(root, policy=POLICY, **tracked), "--only", "prometheus,alertmanager")
    return {name: said.outcomes()[name] for name in IDS}


def test_what_is_right_passes(gate: Gate, tmp_path: Path) -> None:
    assert set(outcomes(gate, tmp_path / "tree").values()) == {"pass"}


@pytest.mark.parametrize(
    ("rules", "alertmanager", "missed"),
    [
        (("14.4 * 0.001", "0.05"), ("", ""), {"prometheus.slo-error-rate": "fail"}),
        (("sum(rate", "sum((rate"), ("", ""), {"prometheus.rules-valid": "fail", "prometheus.slo-error-rate": "fail"}),
        (("README.md", "docs/burn.md"), ("", ""), {"prometheus.runbooks-exist": "fail"}),
        (("ErrorBudgetBurn", "Burn"), ("", ""), {"prometheus.alert-present": "fail"}),
        (("", ""), ("routing_key: k3y", "routing_key: '${KEY}'"), dict.fromkeys(IDS[5:], "no_evidence")),
        (("", ""), ('severity="info"', 'severity="critical"'), {"alertmanager.routable": "fail"}),
        (("", ""), ('receiver: "null"', "receiver: nobody"), {"alertmanager.valid": "fail"}),
        (("0.001)", "${BUDGET})"), ("", ""), {"prometheus.rules-valid": "no_evidence"}),
    ],
    ids=["loose", "syntax", "runbook", "name", "placeholder", "silent", "nowhere", "open"],
)
def test_what_is_wrong_or_unknown_does_not(
    gate: Gate, tmp_path: Path, rules: tuple[str, str], alertmanager: tuple[str, str], missed: dict[str, str]
) -> None:
    changed = (RULES.replace(*rules) if rules[0] else RULES, ALERTMANAGER)
    if alertmanager[0]:
        changed = (changed[0], ALERTMANAGER.replace(*alertmanager))
    found = outcomes(gate, tmp_path / "tree", *changed)
    for name, outcome in missed.items():
        assert found[name] == outcome, found
    assert set(found.values()) != {"pass"}

"""What promtool and amtool said is kept: by the real tools, of which every run is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gate.collect.collectors.alertmanager import AlertmanagerCollector
from gate.collect.collectors.prometheus import PrometheusCollector
from gate.collect.prometheus.verdict_cache import in_shares
from gate.collect.self_test import SelfTests
from gate.model.evidence import Collected
from gate.model.json import Json
from tests.support.memory_cache import ORIGIN, Counted, MemoryCache
from tests.support.prometheus import REAL, needs_amtool, needs_promtool, tree

RULES = "groups:\n- name: {name}\n  rules:\n  - alert: A\n    expr: {expr}\n"
SCRAPE = "scrape_configs:\n- job_name: {name}\n  static_configs:\n  - targets: ['localhost:9090']\n"
ALERTING = "route:\n  receiver: {name}\nreceivers:\n- name: a\n  webhook_configs:\n  - url: http://hooks.shop/\n"
MONITORED = {
    "good.yml": RULES.format(name="a", expr="up == 0"),
    "bad.yml": RULES.format(name="b", expr='"up =="'),
    "prometheus.yml": SCRAPE.format(name="a"),
    "other/prometheus.yml": SCRAPE.format(name="b") + "- job_name: b\n",
}


def collected(
    kind: str,
    root: Path,
    files: dict[str, str],
    cache: MemoryCache,
    tools: Counted,
    self_tests: SelfTests | None = None,
) -> Collected:
    context = tree(root, files, kind=kind, tools=tools)
    context = replace(context, cache=cache, self_tests=self_tests or SelfTests(cache), jobs=2)
    collector = PrometheusCollector() if kind == "prometheus" else AlertmanagerCollector()
    found = collector.collect(context)
    assert isinstance(found, Collected), found
    return found


def said(found: Collected) -> object:
    return found.findings, found.facts, found.gaps


def details(found: Collected) -> list[str | None]:
    return [source.detail for source in found.sources if source.tool is not None]


@needs_promtool
def test_only_rules_and_configurations_that_changed_are_checked_again(tmp_path: Path) -> None:
    cache, real = MemoryCache(), REAL.find("promtool")
    tools = Counted(tmp_path / "tool", real)
    first = collected("prometheus", tmp_path / "a", MONITORED, cache, tools)
    assert (first.facts["rules_valid"], first.facts["rules_invalid"]) == (1, 1)
    assert (first.facts["configs_valid"], first.facts["configs_invalid"]) == (1, 1)
    assert tools.runs == 3 + 1 + 2  # its self-test, the rules, each configuration
    assert details(first) == ["2 documents"]

    again = collected("prometheus", tmp_path / "a", {}, cache, tools)
    assert tools.runs == 0
    assert said(again) == said(first)
    kept = f"2 from the cache of {ORIGIN}"
    assert details(again) == [f"2 documents, {kept}", f"2 configurations, {kept}"]

    moved = collected(
        "prometheus", tmp_path / "b", {f"deep/{name}": MONITORED[name] for name in MONITORED}, cache, tools
    )
    assert {finding.path for finding in moved.findings} == {f"deep/{finding.path}" for finding in first.findings}
    assert tools.runs == 0  # these bytes are all known, wherever they stand

    collected("prometheus", tmp_path / "a", {"good.yml": RULES.format(name="c", expr="up == 1")}, cache, tools)
    assert tools.runs == 1

    newer = Counted(tmp_path / "newer", real, version="999.0.0")
    collected("prometheus", tmp_path / "b", {}, cache, newer)
    assert newer.runs == 6


@needs_promtool
@pytest.mark.parametrize(
    "value", [None, 1, [True], [True, [[1, "wrong"]]], [False, []], [False, [["a", "b"]]], [1, []]]
)
def test_a_damaged_verdict_counts_as_nothing(tmp_path: Path, value: Json) -> None:
    cache, tools = MemoryCache(), Counted(tmp_path / "tool", REAL.find("promtool"))
    first = collected("prometheus", tmp_path / "a", MONITORED, cache, tools)
    for key in cache.keys_of("promtool"):
        cache.kept[key] = value
    assert tools.runs == 6
    assert said(collected("prometheus", tmp_path / "a", {}, cache, tools)) == said(first)
    assert tools.runs == 3


@needs_promtool
@needs_amtool
@pytest.mark.parametrize("kind", ["prometheus", "alertmanager"])
def test_what_is_kept_does_not_stand_in_for_the_self_test(tmp_path: Path, kind: str) -> None:
    name = "promtool" if kind == "prometheus" else "amtool"
    files = MONITORED if kind == "prometheus" else {"alertmanager.yml": ALERTING.format(name="a")}
    cache, tools = MemoryCache(), Counted(tmp_path / "tool", REAL.find(name))
    collected(kind, tmp_path / "a", files, cache, tools)
    program = tools.find(name).program
    program.write_text(program.read_text().replace("os.execv", "sys.exit(0)\nos.execv"))
    found = collected(kind, tmp_path / "a", {}, cache, tools, SelfTests())
    assert any("is not trusted" in gap.reason for gap in found.gaps)
    assert "configs_valid" not in found.facts
    assert "valid" not in found.facts


@needs_amtool
def test_only_configurations_of_alertmanager_that_changed_are_checked_again(tmp_path: Path) -> None:
    cache, real = MemoryCache(), REAL.find("amtool")
    tools = Counted(tmp_path / "tool", real)
    files = {"alertmanager.yml": ALERTING.format(name="a"), "b/alertmanager.yml": ALERTING.format(name="a") + "x: 1\n"}
    first = collected("alertmanager", tmp_path / "a", files, cache, tools)
    assert (first.facts["valid"], first.facts["invalid"]) == (1, 1)
    assert tools.runs == 2
    again = collected("alertmanager", tmp_path / "a", {}, cache, tools)
    assert tools.runs == 0
    assert said(again) == said(first)
    assert details(again) == [f"2 configurations, 2 from the cache of {ORIGIN}"]
    for key in cache.keys_of("amtool"):
        cache.kept[key] = [True, "", None]
    assert said(collected("alertmanager", tmp_path / "a", {}, cache, tools)) == said(first)
    assert tools.runs == 1
    newer = Counted(tmp_path / "newer", real, version="999.0.0")
    collected("alertmanager", tmp_path / "a", {}, cache, newer)
    assert newer.runs == 2


def test_shares_are_neither_too_small_nor_too_large() -> None:
    numbers = list(range(430))
    assert [len(share) for share in in_shares(numbers, 1, 200, 25)] == [200, 200, 30]
    assert [len(share) for share in in_shares(numbers, 4, 200, 25)] == [108, 108, 108, 106]
    assert [len(share) for share in in_shares(numbers[:30], 8, 200, 25)] == [25, 5]
    assert list(in_shares(numbers[:0], 8, 200, 25)) == []
    assert [each for share in in_shares(numbers, 3, 200, 25) for each in share] == numbers

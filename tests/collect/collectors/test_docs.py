"""The docs collector on real trees."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.collectors.docs import DocsCollector
from gate.collect.workspace import Workspace
from gate.model.evidence import Collected, Missing
from gate.model.json import Json
from tests.support.fakes import context, tracked, write

FILES: dict[str, str | bytes] = {
    "README.md": "# Shop\n\n"
    "See [runbook](docs/RUNBOOK.md), [gone](docs/gone.md), [site](https://example.org) and [top](#shop).\n",
    "docs/RUNBOOK.md": "# Runbook\n\n## Roll-back procedure\n\nCall TBD.\n\n"
    "[back](../README.md) [issues](../../issues)\n",
    "docs/latin.md": b"caf\xe9",
    "services/pay/README.md": "# Pay\n",
}


def collect(root: Path, items: dict[str, Json], scope: str = "") -> Collected:
    evidence = DocsCollector().collect(context(Workspace(root, tracked=tracked(*FILES), scope=scope), {"items": items}))
    assert isinstance(evidence, Collected)
    return evidence


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, FILES)
    return tmp_path


def item(evidence: Collected, name: str) -> dict[str, Json]:
    items = evidence.facts["items"]
    assert isinstance(items, dict)
    found = items[name]
    assert isinstance(found, dict)
    return found


def test_a_document_is_found_read_and_its_holes_told(root: Path) -> None:
    evidence = collect(
        root, {"docs.runbook": {"paths": ["RUNBOOK.md", "docs/RUNBOOK*"], "headings": ["rollback|roll back", "RTO"]}}
    )
    found = item(evidence, "docs.runbook")
    assert found["path"] == "docs/RUNBOOK.md"
    assert found["missing_headings"] == ["RTO"]
    assert (found["placeholders"], found["placeholder_lines"], found["broken_links"]) == (1, [5], 0)
    assert [finding.rule for finding in evidence.findings] == ["docs.placeholder"]
    assert evidence.sources[0].path == "docs/RUNBOOK.md"


def test_links_inside_the_repository_must_lead_somewhere(root: Path) -> None:
    evidence = collect(root, {"x": {"paths": "README.md"}})
    assert (item(evidence, "x")["links"], item(evidence, "x")["broken_links"]) == (4, 1)
    assert "docs/gone.md" in evidence.findings[0].message


def test_an_absent_document_is_an_item_that_was_not_found(root: Path) -> None:
    evidence = collect(root, {"x": {"paths": ["nope.md"]}})
    assert item(evidence, "x") == {"found": False, "wanted_paths": ["nope.md"]}
    assert not evidence.gaps


def test_the_first_glob_that_matches_wins_and_the_scope_comes_first(root: Path) -> None:
    assert item(collect(root, {"x": {"paths": ["docs/*.md", "README.md"]}}), "x")["path"] == "docs/RUNBOOK.md"
    assert item(collect(root, {"x": {"paths": ["README.md"]}}, scope="services/pay"), "x")["path"] == (
        "services/pay/README.md"
    )


def test_a_document_that_is_no_text_is_a_gap(root: Path) -> None:
    evidence = collect(root, {"x": {"paths": ["docs/latin.md"]}})
    assert item(evidence, "x")["found"] is False
    assert [(gap.subject, gap.facts) for gap in evidence.gaps] == [("docs/latin.md", ("items",))]


def test_a_document_that_is_a_link_is_a_gap(root: Path) -> None:
    (root / "README.md").unlink()
    (root / "README.md").symlink_to("/etc/passwd")
    evidence = collect(root, {"x": {"paths": ["README.md"]}})
    assert item(evidence, "x")["found"] is False
    assert "symbolic link" in evidence.gaps[0].reason


def test_two_items_about_one_document_report_its_findings_once(root: Path) -> None:
    evidence = collect(root, {"a": {"paths": ["docs/RUNBOOK.md"]}, "b": {"paths": ["docs/RUNBOOK.md"]}})
    assert len(evidence.findings) == 1
    assert len(evidence.sources) == 1


def test_nothing_named_is_nothing_proven(root: Path) -> None:
    assert isinstance(DocsCollector().collect(context(Workspace(root))), Missing)


def test_a_broken_url_is_a_broken_link(root: Path) -> None:
    write(root, {"README.md": '<a href="http://[bad">x</a>\n'})
    assert item(collect(root, {"x": {"paths": ["README.md"]}}), "x")["broken_links"] == 1

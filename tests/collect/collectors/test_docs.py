"""The docs collector on real trees."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.collect.collector import Context
from gate.collect.collectors.docs import DocsCollector
from gate.collect.git import open_workspace
from gate.collect.tools import SystemToolbox
from gate.collect.workspace import Workspace
from gate.model.evidence import Collected, Missing
from gate.model.json import Json
from tests.support.fakes import context, tracked, write
from tests.support.repositories import RUNNER, commit, git, git_tool, make_repository

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


def test_the_age_of_a_document_is_told_where_the_history_is_whole(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "repo")
    write(repo, {"RUNBOOK.md": "# Runbook\n", ":(glob)*.md": "# Strange\n"})
    commit(repo, "one")
    changed = int(git(repo, "log", "-1", "--format=%ct"))
    write(repo, {"other.py": "x = 1\n"})
    commit(repo, "two")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repo}", str(shallow))

    def age(root: Path, days: float) -> list[Json]:
        moment = datetime.fromtimestamp(changed + days * 86_400, UTC)
        request: dict[str, Json] = {"items": {"a": {"paths": "RUNBOOK.md"}, "b": {"paths": "?(glob)?.md"}}}
        workspace = open_workspace(root, RUNNER, git_tool())
        found = Context(workspace, RUNNER, SystemToolbox(RUNNER), request, now=lambda: moment)
        evidence = DocsCollector().collect(found)
        assert isinstance(evidence, Collected)
        return [item(evidence, name).get("last_changed_days") for name in ("a", "b")]

    assert age(repo, 0.5) == [0, 0]
    assert age(repo, 400.9) == [400, 400]
    assert age(repo, -3) == [0, 0]
    assert age(shallow, 10) == [None, None]


def test_a_document_that_was_never_committed_has_no_age(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "repo")
    write(repo, {"RUNBOOK.md": "# Runbook\n"})
    git(repo, "add", "RUNBOOK.md")
    request: dict[str, Json] = {"items": {"a": {"paths": "RUNBOOK.md"}}}
    evidence = DocsCollector().collect(
        Context(open_workspace(repo, RUNNER, git_tool()), RUNNER, SystemToolbox(RUNNER), request)
    )
    assert isinstance(evidence, Collected)
    assert "last_changed_days" not in item(evidence, "a")

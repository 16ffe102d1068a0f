"""`helm`: facts, gaps and findings of a tree with charts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.collectors.helm import HelmCollector
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Missing, Unreadable
from gate.model.json import JsonObject
from tests.support.fakes import EmptyToolbox, write
from tests.support.packaging import asked, chart, needs_helm


def collected(root: Path, files: dict[str, str], request: JsonObject | None = None) -> Collected:
    write(root, files)
    found = HelmCollector().collect(asked(root, "helm", request))
    assert isinstance(found, Collected)
    assert not problems(shipped_validator("evidence/helm"), found.facts)
    return found


def item(found: Collected, index: int = 0) -> JsonObject:
    items = found.facts["items"]
    assert isinstance(items, list)
    one = items[index]
    assert isinstance(one, dict)
    return one


@needs_helm
def test_a_chart_is_told_with_all_that_it_has(tmp_path: Path) -> None:
    files = chart() | {
        "charts/web/values-prod.yaml": "replicas: 3\n",
        "charts/web/values/eu.yaml": "replicas: 2\n",
        "charts/web/ci/a-values.yaml": "replicas: 2\n",
        "charts/web/values.schema.json": "{}",
        "charts/web/templates/NOTES.txt": "hello\n",
        "charts/web/templates/tests/t.yaml": "",
        "charts/web/README.md": "x",
        "pyproject.toml": '[project]\nversion = "1.4.2"\n',
    }
    found = collected(tmp_path, files)
    facts = {key: value for key, value in found.facts.items() if key != "items"}
    assert facts == {
        "charts": 1,
        "libraries": 0,
        "excluded": 0,
        "linted": 1,
        "lint_warnings": 0,
        "rendered": 1,
        "failed": 0,
        "objects": 2,
        "versions": {"web": "0.1.0"},
        "dependencies": 0,
        "dependencies_missing": 0,
        "schemas_not_checked": 0,
    }
    one = item(found)
    assert one["environments"] == ["prod", "eu"]
    assert one["values"] == [
        {"files": [], "rendered": True, "objects": 2},
        {"files": ["charts/web/ci/a-values.yaml"], "rendered": True, "objects": 2},
        {"files": ["charts/web/values-prod.yaml"], "rendered": True, "objects": 2},
        {"files": ["charts/web/values/eu.yaml"], "rendered": True, "objects": 2},
    ]
    assert all(one[key] for key in ("has_schema", "has_notes", "has_readme", "has_tests", "linted", "rendered"))
    assert (one["package_version"], one["package_path"]) == ("1.4.2", "pyproject.toml")
    assert (one["app_version_agrees"], one["version_agrees"], one["image_tag_agrees"]) == (True, False, True)
    assert found.gaps == ()
    assert found.sources[0].detail == "1 chart, 4 renderings"
    assert found.sources[0].tool == "helm"


@needs_helm
def test_a_chart_that_does_not_render_is_told_with_helm_s_words(tmp_path: Path) -> None:
    found = collected(tmp_path, chart() | {"charts/web/templates/a.yaml": '{{ fail "not today" }}\n'})
    assert (found.facts["rendered"], found.facts["failed"]) == (0, 1)
    one = item(found)
    assert one["rendered"] is False
    assert one["message"] == "does not render: execution error at (web/templates/a.yaml:1:3): not today"
    (gap,) = found.gaps
    assert (gap.subject, gap.path) == ("charts/web", "charts/web/Chart.yaml")
    assert gap.reason == one["message"]
    assert "items.rendered" in gap.facts
    assert "items.dependencies_missing" not in gap.facts


@needs_helm
def test_what_is_not_vendored_is_one_gap_and_nobody_can_tell(tmp_path: Path) -> None:
    head = "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- {name: redis, version: '>1'}\n"
    more = {f"charts/web/values-{name}.yaml": "a: 1\n" for name in ("dev", "prod")}
    found = collected(tmp_path, chart() | {"charts/web/Chart.yaml": head} | more)
    one = item(found)
    assert "rendered" not in one
    assert one["dependencies_missing"] == one["dependencies_unpinned"] == ["redis"]
    assert one["dependencies"] == [{"name": "redis", "version": ">1", "line": 5, "vendored": False, "pinned": False}]
    assert (found.facts["rendered"], found.facts["failed"]) == (0, 1)
    (gap,) = found.gaps
    assert gap.reason == "is not rendered: redis >1 of its dependencies are not vendored in charts/"
    assert gap.line == 5


@needs_helm
def test_a_lock_file_pins_what_a_range_does_not(tmp_path: Path) -> None:
    head = "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- {name: redis, version: ^0.1.0}\n"
    files = chart() | chart("redis", "charts/web/charts/redis") | {"charts/web/Chart.yaml": head}
    assert item(collected(tmp_path, files))["dependencies_unpinned"] == ["redis"]
    assert item(collected(tmp_path, {"charts/web/Chart.lock": "dependencies: []\n"}))["dependencies_unpinned"] == []


@needs_helm
def test_lint_errors_are_told(tmp_path: Path) -> None:
    found = collected(
        tmp_path, chart() | {"charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: not.a.version\n"}
    )
    one = item(found)
    assert one["linted"] is False
    assert isinstance(one["lint"], dict)
    assert one["lint"]["error"] != 0
    assert "version" in str(one["lint"]["messages"])
    assert found.facts["linted"] == 0


@needs_helm
def test_two_charts_with_one_name_and_a_library(tmp_path: Path) -> None:
    library = {"lib/Chart.yaml": "apiVersion: v2\nname: web\nversion: 2.0.0\ntype: library\n"}
    found = collected(tmp_path, chart() | library)
    assert found.facts["versions"] == {"web": "0.1.0", "lib": "2.0.0"}
    assert (found.facts["libraries"], found.facts["rendered"], found.facts["failed"]) == (1, 1, 0)
    assert "rendered" not in item(found, 1)


@needs_helm
def test_a_schema_that_lies_elsewhere_is_a_gap_of_its_own(tmp_path: Path) -> None:
    found = collected(tmp_path, chart() | {"charts/web/values.schema.json": '{"$ref": "https://example.com/a"}'})
    assert found.facts["schemas_not_checked"] == 1
    assert [gap.facts for gap in found.gaps] == [("schemas_not_checked",)]


def test_without_helm_what_the_files_say_is_known(tmp_path: Path) -> None:
    write(tmp_path, chart() | {"VERSION": "1.0.0\n", "lib/Chart.yaml": "name: lib\nversion: 1.0.0\ntype: library\n"})
    found = HelmCollector().collect(asked(tmp_path, "helm", tools=EmptyToolbox()))
    assert isinstance(found, Collected)
    assert not problems(shipped_validator("evidence/helm"), found.facts)
    assert "rendered" not in found.facts
    assert item(found)["app_version_agrees"] is False
    assert [gap.reason for gap in found.gaps] == ["was not given to helm: helm is not installed"] * 2
    assert not any(fact.startswith("items.app") for gap in found.gaps for fact in gap.facts)
    assert found.sources[0].tool is None


@pytest.mark.parametrize(
    ("files", "request_", "wanted", "words"),
    [
        ({"a.txt": ""}, {}, Missing, "no Chart.yaml"),
        (chart(), {"exclude": ["**"]}, Missing, "leaves out all 1 charts"),
        ({"a/Chart.yaml": "name: [\n"}, {}, Unreadable, "no chart could be read"),
    ],
)
def test_nothing_to_look_at(
    tmp_path: Path, files: dict[str, str], request_: JsonObject, wanted: type[object], words: str
) -> None:
    write(tmp_path, files)
    found = HelmCollector().collect(asked(tmp_path, "helm", request_, tools=EmptyToolbox()))
    assert isinstance(found, wanted)
    assert isinstance(found, Missing | Unreadable)
    assert words in found.reason
    assert not isinstance(found, Missing) or found.not_applicable is (not request_)

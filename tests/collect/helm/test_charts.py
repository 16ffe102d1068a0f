"""Which folders are charts, what they depend on, and which values they have."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.helm.chart_paths import resolved
from gate.collect.helm.charts import Charts, find_charts
from gate.collect.manifests import read_manifests
from gate.collect.workspace import Workspace
from gate.model.json import JsonObject
from tests.support.fakes import write
from tests.support.packaging import chart

DEPENDENT = """apiVersion: v2
name: shop
version: 0.1.0
dependencies:
  - name: web
    version: 0.1.0
    repository: file://../web
  - {name: redis, version: ^19, repository: "https://charts.example.com"}
  - {name: kafka, version: 1.2.3, repository: "oci://charts.example.com", alias: bus}
  - {name: local, repository: "file://../../../outside"}
"""


def charts(root: Path, files: dict[str, str], request: JsonObject | None = None) -> Charts:
    write(root, files)
    space = Workspace(root)
    return find_charts(space, read_manifests(space), request or {})


def test_a_folder_with_a_chart_file_is_a_chart(tmp_path: Path) -> None:
    found = charts(tmp_path, chart() | chart("api", "deploy") | {"Chart.txt": "name: x\n"})
    assert [(one.folder, one.name, one.version, one.app_version) for one in found.chosen] == [
        ("charts/web", "web", "0.1.0", "1.4.2"),
        ("deploy", "api", "0.1.0", "1.4.2"),
    ]
    assert found.gaps == ()


def test_a_chart_at_the_root_holds_what_is_below_it(tmp_path: Path) -> None:
    found = charts(tmp_path, chart(folder="") | chart("redis", "charts/redis"))
    assert [one.folder for one in found.chosen] == [""]
    assert found.chosen[0].shown == "."
    assert found.chosen[0].inner("templates/workload.yaml") == "templates/workload.yaml"


def test_vendored_charts_are_no_charts_of_their_own(tmp_path: Path) -> None:
    files = (
        chart("shop") | {"charts/shop/Chart.yaml": DEPENDENT} | chart("web") | chart("redis", "charts/shop/charts/r")
    )
    found = charts(tmp_path, files | {"charts/shop/charts/kafka-1.2.3.tgz": "x"})
    assert [one.folder for one in found.chosen] == ["charts/shop", "charts/web"]
    shop = found.chosen[0]
    assert [(one.name, one.vendored, one.sibling) for one in shop.dependencies] == [
        ("web", None, "charts/web"),
        ("redis", "charts/shop/charts/r", None),
        ("kafka", "charts/shop/charts/kafka-1.2.3.tgz", None),
        ("local", None, None),
    ]
    assert [one.name for one in shop.missing] == ["local"]
    assert shop.dependencies[1].line == 8


def test_a_chart_that_its_holder_names_by_its_place_is_one_of_its_own(tmp_path: Path) -> None:
    head = "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies: [{name: web, repository: 'file://charts/web'}]\n"
    found = charts(tmp_path, {"shop/Chart.yaml": head} | chart(folder="shop/charts/web"))
    assert [one.folder for one in found.chosen] == ["shop", "shop/charts/web"]


def test_older_charts_list_what_they_need_in_a_file_of_its_own(tmp_path: Path) -> None:
    found = charts(
        tmp_path, chart() | {"charts/web/requirements.yaml": "dependencies:\n- name: redis\n  version: 1.x\n"}
    )
    assert [one.name for one in found.chosen[0].missing] == ["redis"]


@pytest.mark.parametrize("text", ["dependencies: [", "7\n", "- a\n", "dependencies: {a: 1}\n"])
def test_an_older_list_that_cannot_be_read_names_nothing(tmp_path: Path, text: str) -> None:
    found = charts(tmp_path, chart() | {"charts/web/requirements.yaml": text})
    assert found.chosen[0].dependencies == ()


def test_values_of_environments_are_found_beside_a_chart(tmp_path: Path) -> None:
    names = ["values-prod.yaml", "values.staging.yml", "values/dev.yaml", "ci/one-values.yaml", "values_eu.yaml"]
    others = [
        "values.schema.yaml",
        "values-example.yaml",
        "templates/values-x.yaml",
        "ci/README.yaml",
        "files/values.yaml",
    ]
    found = charts(tmp_path, chart() | {f"charts/web/{name}": "a: 1\n" for name in names + others})
    sets = [one.files for one in found.chosen[0].sets]
    assert sets[0] == ()
    assert sorted(path for files in sets for path in files) == sorted(f"charts/web/{name}" for name in names)
    assert [one.name for one in found.chosen[0].sets if found.chosen[0].is_for_tests(one)] == [
        "charts/web/ci/one-values.yaml"
    ]


def test_the_policy_says_which_values_go_together(tmp_path: Path) -> None:
    request: JsonObject = {
        "values": {"deploy/*": [["a.yaml"]], "charts/*": ["env/prod.yaml", ["a.yaml", "b.yaml"], []]}
    }
    found = charts(tmp_path, chart() | {"charts/web/values-prod.yaml": ""}, request)
    assert [one.files for one in found.chosen[0].sets] == [(), ("env/prod.yaml",), ("a.yaml", "b.yaml")]


def test_more_values_than_are_rendered_are_told(tmp_path: Path) -> None:
    found = charts(tmp_path, chart() | {f"charts/web/values-{number}.yaml": "" for number in range(60)})
    assert len(found.chosen[0].sets) == 51
    assert "60 files of values" in found.gaps[0].reason


@pytest.mark.parametrize(
    ("request_", "wanted", "excluded"),
    [
        ({"charts": "charts/web"}, ["charts/web"], 1),
        ({"charts": ["charts/*", "other/**"]}, ["charts/api", "charts/web"], 0),
        ({"exclude": ["charts/w*/"]}, ["charts/api"], 1),
        ({"exclude": ["charts/web/Chart.yaml"]}, ["charts/api"], 1),
        ({"exclude": ["["]}, ["charts/api", "charts/web"], 0),
        ({"charts": 7, "exclude": {"a": 1}, "values": [1]}, ["charts/api", "charts/web"], 0),
    ],
)
def test_the_policy_chooses_charts(tmp_path: Path, request_: JsonObject, wanted: list[str], excluded: int) -> None:
    found = charts(tmp_path, chart() | chart("api"), request_)
    assert [one.folder for one in found.chosen] == wanted
    assert found.excluded == excluded


@pytest.mark.parametrize(
    ("text", "reason"),
    [("version: 1\n", "names no chart"), ("name: [a\n", ""), ("name: a\nname: b\n", "twice"), ("", "names no chart")],
)
def test_a_chart_file_that_is_none_is_told(tmp_path: Path, text: str, reason: str) -> None:
    found = charts(tmp_path, {"a/Chart.yaml": text})
    (gap,) = found.gaps
    assert gap.path == "a/Chart.yaml"
    assert reason in gap.reason
    assert found.chosen == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    )
)
def test_nothing_in_a_chart_file_makes_it_stumble(value: object) -> None:
    import json
    import tempfile

    keys = ("version", "appVersion", "type", "dependencies")
    with tempfile.TemporaryDirectory() as folder:
        head = {"name": "web"} | dict.fromkeys(keys, value)
        again = {"name": "api", "dependencies": [value, {"name": value, "repository": value, "condition": value}]}
        found = charts(Path(folder), {"a/Chart.yaml": json.dumps(head), "b/Chart.yaml": json.dumps(again)})
    assert [one.name for one in found.chosen] in (["web", "api"], [])


@pytest.mark.parametrize(
    ("folder", "reference", "wanted"),
    [
        ("a/b", "../c", "a/c"),
        ("a/b", "../../..", None),
        ("", "..", None),
        ("a", "..", ""),
        ("", ".", ""),
        ("a", "/etc/passwd", None),
        ("a", "..\\b", None),
        ("a", "b/../../../c", None),
        ("a", "b\0", None),
    ],
)
def test_references_stay_in_the_workspace(folder: str, reference: str, wanted: str | None) -> None:
    assert resolved(folder, reference) == wanted

"""The copy of a chart that helm gets."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from gate.collect.helm.charts import Chart, ValuesSet, find_charts
from gate.collect.helm.copies import (
    ChartCopy,
    CopyProblem,
    copy_chart,
    foreign_schema,
    marked,
    read_values,
    switched_off,
    without,
)
from gate.collect.manifests import read_manifests
from gate.collect.workspace import Workspace
from tests.support.fakes import write
from tests.support.packaging import chart

HEAD = "apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies:\n"


def copied(root: Path, files: dict[str, str], folder: str = "charts/shop") -> tuple[Chart, ChartCopy]:
    write(root, files)
    space = Workspace(root)
    every = find_charts(space, read_manifests(space), {}).every
    return every[folder], copy_chart(space, every, every[folder])


def test_only_what_helm_reads_is_copied(tmp_path: Path) -> None:
    more = {"charts/web/README.md": "x", "charts/web/values-prod.yaml": "", "charts/web/notes/a.txt": "x"}
    _, copy = copied(tmp_path, chart() | more, "charts/web")
    assert sorted(copy.files) == ["chart/Chart.yaml", "chart/templates/workload.yaml", "chart/values.yaml"]
    assert copy.origin("chart/templates/workload.yaml") == "charts/web/templates/workload.yaml"
    assert copy.origin("chart/templates/other.yaml") is None
    assert copy.origin("elsewhere") is None


def test_all_is_copied_where_templates_read_files(tmp_path: Path) -> None:
    template = '{{ .Files.Get "notes/a.txt" }}'
    _, copy = copied(
        tmp_path, chart() | {"charts/web/templates/f.yaml": template, "charts/web/notes/a.txt": "x"}, "charts/web"
    )
    assert copy.files["chart/notes/a.txt"] == b"x"


def test_a_sibling_is_copied_into_the_chart(tmp_path: Path) -> None:
    head = HEAD + "- {name: web, version: 0.1.0, repository: 'file://../web'}\n"
    _, copy = copied(tmp_path, {"charts/shop/Chart.yaml": head} | chart())
    assert "chart/charts/web/templates/workload.yaml" in copy.files
    assert copy.origin("chart/charts/web/templates/workload.yaml") == "charts/web/templates/workload.yaml"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ("- {name: shop, repository: 'file://../shop'}\n", "go round in a circle"),
        ("- {name: redis, repository: 'https://charts.example.com'}\n", "on which it depends, needs redis"),
    ],
)
def test_a_sibling_that_cannot_be_had_is_told(tmp_path: Path, other: str, reason: str) -> None:
    files = {
        "charts/shop/Chart.yaml": HEAD + "- {name: web, repository: 'file://../web'}\n",
        "charts/web/Chart.yaml": HEAD.replace("shop", "web") + other,
    }
    with pytest.raises(CopyProblem, match=reason):
        copied(tmp_path, files)


def test_a_link_in_a_chart_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, chart())
    (tmp_path / "charts/web/values.yaml").unlink()
    space = Workspace(tmp_path)
    every = find_charts(space, read_manifests(space), {}).every
    space.files()
    (tmp_path / "charts/web/templates/workload.yaml").unlink()
    (tmp_path / "charts/web/templates/workload.yaml").symlink_to("/etc/passwd")
    with pytest.raises(CopyProblem, match="is a symbolic link"):
        copy_chart(space, every, every["charts/web"])


def test_a_chart_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.helm.copies.MOST_BYTES", 100)
    with pytest.raises(CopyProblem, match="100"):
        copied(tmp_path, chart(), "charts/web")


def test_values_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(CopyProblem, match=r"its values env/prod\.yaml cannot be used: it is not there"):
        read_values(Workspace(tmp_path), ValuesSet(("env/prod.yaml",)))


def test_the_mark_takes_a_name_that_is_free() -> None:
    files = marked({"chart/templates/gate-mark-0.yaml": b""}, "token")
    assert b"token" in files["chart/templates/gate-mark-1.yaml"]
    assert files["chart/templates/gate-mark-0.yaml"] == b""


@pytest.mark.parametrize(
    ("condition", "values", "off"),
    [
        ("redis.enabled", ["redis: {enabled: false}\n"], True),
        ("redis.enabled", ["redis: {enabled: true}\n"], False),
        ("redis.enabled", ["redis: {enabled: false}\n", "redis: {enabled: true}\n"], False),
        ("redis.enabled", ["redis: {enabled: true}\n", "redis: {enabled: false}\n"], True),
        ("absent.flag,redis.enabled", ["redis: {enabled: false}\n"], True),
        ("redis.enabled", ["redis: no\n"], False),
        ("redis.enabled", ["[\n"], False),
        ("", ["redis: {enabled: false}\n"], False),
    ],
)
def test_a_condition_that_is_false_switches_a_dependency_off(
    tmp_path: Path, condition: str, values: list[str], off: bool
) -> None:
    head = f"{HEAD}- {{name: redis, version: 1.x, condition: '{condition}'}}\n- {{name: kafka, version: 1.x}}\n"
    files = {"charts/shop/Chart.yaml": head, "charts/shop/values.yaml": values[0], "charts/shop/Chart.lock": "a: 1\n"}
    shop, copy = copied(tmp_path, files)
    found = switched_off(shop, copy.files, [text.encode() for text in values[1:]])
    assert [one.name for one in found] == (["redis"] if off else [])
    left = without(shop, copy.files, found)
    if off:
        assert [one["name"] for one in json.loads(left["chart/Chart.yaml"])["dependencies"]] == ["kafka"]
        assert "chart/Chart.lock" not in left
    else:
        assert left == copy.files


def archive(name: str, data: bytes) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return whole.getvalue()


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/$defs/a"}, None),
        ({"properties": {"a": {"$ref": "https://example.com/a.json"}}}, "https://example.com/a.json"),
        ({"allOf": [{"$ref": "file:///etc/passwd"}]}, "file:///etc/passwd"),
        ({"$id": "https://example.com/x/", "$ref": "y.json"}, "y.json"),
        ({"$schema": "https://example.com/meta.json"}, "https://example.com/meta.json"),
        ({"$dynamicRef": "other.json#x"}, "other.json#x"),
        ({"properties": {"$ref": {"type": "string"}}}, None),
    ],
)
def test_a_schema_that_refers_elsewhere_is_found(schema: object, wanted: str | None) -> None:
    data = json.dumps(schema).encode()
    assert foreign_schema({"chart/values.schema.json": data, "chart/values.yaml": b""}) == wanted
    assert foreign_schema({"chart/charts/a-1.tgz": archive("a/values.schema.json", data)}) == wanted
    assert foreign_schema({"chart/charts/a-1.tgz": archive("a/values.json", data)}) is None


def test_a_schema_that_cannot_be_read_is_not_trusted() -> None:
    assert foreign_schema({"chart/values.schema.json": b'{"a": 1, "a": 2}'}) == "something that cannot be told"
    assert foreign_schema({"chart/charts/a-1.tgz": b"\x1f\x8bnot an archive"}) is None

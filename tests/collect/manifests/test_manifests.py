"""The one pass over the tree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.collect.manifests import Manifests, Sort, read_manifests
from gate.collect.manifests import manifests as module
from gate.collect.manifests.objects import plain_objects
from gate.collect.once import Once
from gate.collect.workspace import Workspace

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"


def read(root: Path, files: Mapping[str, str | bytes]) -> Manifests:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_manifests(Workspace(root))


def test_documents_of_several_sorts_in_one_file(tmp_path: Path) -> None:
    found = read(tmp_path, {"all.yaml": f"{SERVICE}---\ngroups:\n- name: x\n  rules: []\n---\nnothing: here\n"})
    assert [(one.sort, one.path, one.line, one.index) for one in found.documents()] == [
        (Sort.KUBERNETES, "all.yaml", 1, 0),
        (Sort.PROMETHEUS_RULES, "all.yaml", 5, 1),
    ]
    assert found.documents(Sort.COMPOSE) == ()
    assert found.files == 1


def test_a_bad_document_is_a_gap_of_what_it_may_have_been(tmp_path: Path) -> None:
    found = read(tmp_path, {"a.yaml": f"{SERVICE}---\napiVersion: v1\nkind: [\n---\n{SERVICE}"})
    assert len(found.documents(Sort.KUBERNETES)) == 2
    (gap,) = found.gaps(Sort.KUBERNETES, facts=("objects",))
    assert (gap.path, gap.facts) == ("a.yaml", ("objects",))
    assert gap.line in (6, 7)
    assert found.gaps(Sort.COMPOSE) == ()


def test_a_bad_file_of_which_nothing_is_known_is_no_gap(tmp_path: Path) -> None:
    assert read(tmp_path, {"a.yaml": "a: [\n"}).unread == []


def test_what_cannot_be_read_may_be_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 100)
    found = read(tmp_path, {"a.yaml": SERVICE + "# " + "x" * 200, "b.json": "[" + "1," * 100 + "1]"})
    (gap,) = found.gaps(*Sort)
    assert gap.path == "a.yaml"
    assert "more than the 100 that are read" in gap.reason


def test_a_link_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(SERVICE)
    found = read_manifests(Workspace(tmp_path))
    assert len(found.documents()) == 1


def test_equal_files_count_once_where_their_place_means_nothing(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "a/svc.yaml": SERVICE,
            "b/svc.yaml": SERVICE,
            "a/kustomization.yaml": "resources: [svc.yaml]\n",
            "b/kustomization.yaml": "resources: [svc.yaml]\n",
        },
    )
    assert [one.path for one in found.documents(Sort.KUBERNETES)] == ["a/svc.yaml"]
    assert len(found.documents(Sort.KUBERNETES, twins=True)) == 2
    assert found.twins(Sort.KUBERNETES) == {"b/svc.yaml": "a/svc.yaml"}
    assert len(found.documents(Sort.KUSTOMIZATION)) == 2


def test_templates_and_values_of_a_chart_are_not_yaml_yet(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
            "web/values.yaml": "services: {web: {image: x}}\n",
            "web/values-prod.yaml": "apiVersion: v1\nkind: x\n",
            "web/templates/svc.yaml": SERVICE,
            "web/templates/deep/x.yaml": "apiVersion: {{ .x }}\nkind: y\n",
            "web/crds/crd.yaml": SERVICE.replace("a}", "crd}"),
            "other/templates/svc.yaml": SERVICE,
            "templates/svc.yaml": SERVICE.replace("a}", "b}"),
        },
    )
    assert found.charts == ("web",)
    assert found.templates == ("web/templates/deep/x.yaml", "web/templates/svc.yaml")
    assert {one.path for one in found.documents(Sort.KUBERNETES)} == {
        "other/templates/svc.yaml",
        "templates/svc.yaml",
        "web/crds/crd.yaml",
    }
    assert found.unread == []


def test_a_workflow_without_jobs_is_a_gap(tmp_path: Path) -> None:
    found = read(tmp_path, {".github/workflows/a.yml": "name: x\n", ".github/workflows/b.yml": SERVICE})
    (gap,) = found.gaps(Sort.WORKFLOW)
    assert gap.path == ".github/workflows/a.yml"


def test_json_and_json_with_comments(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "a.json": '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "labels": [{"x": 1}]}}',
            "b.json": '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b"},}',
            "c.json": '{"apiVersion": "v1", "kind": "Service"',
            "big.json": '{"nothing": 1}',
        },
    )
    assert [one.path for one in found.documents(Sort.KUBERNETES)] == ["a.json", "b.json"]
    (gap,) = found.gaps(Sort.KUBERNETES)
    assert gap.path == "c.json"
    assert "not JSON" in gap.reason


def test_lists_are_taken_apart_and_nameless_objects_are_gaps(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "a.yaml": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n"
            "- 3\n- apiVersion: v1\n  kind: ConfigMapList\n  items:\n  - {kind: ConfigMap, metadata: {name: b}}\n",
            "b.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {}\n---\nkind: Job\napiVersion: batch/v1\n"
            "metadata: {generateName: x-, namespace: n}\n",
        },
    )
    objects = plain_objects(found)
    assert [(one.kind, one.name, one.namespace, one.line) for one in objects.found] == [
        ("Service", "a", None, 4),
        ("ConfigMap", "b", None, 11),
        ("Job", "x-", "n", 5),
    ]
    assert objects.of("Job")[0].group == "batch"
    (gap,) = objects.gaps
    assert (gap.path, gap.line) == ("b.yaml", 1)
    assert "Secret on line 1 has no name" in gap.reason


def test_odd_objects_raise_nothing(tmp_path: Path) -> None:
    text = "---\n".join(
        [
            "apiVersion: v1\nkind: List\nitems: 3\n",
            "apiVersion: v1\nkind: Pod\nmetadata: [a]\n",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: 12, namespace: [x]}\nspec: text\n",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: {a: b}}\n",
        ]
    )
    objects = plain_objects(read(tmp_path, {"a.yaml": text}))
    assert [(one.name, one.namespace, one.spec) for one in objects.found] == [("12", None, {})]
    assert len(objects.gaps) == 3


def test_once_makes_a_value_once_and_tells_failures_anew() -> None:
    once, made = Once(), []

    def make() -> int:
        made.append(1)
        if len(made) == 1:
            raise ValueError("first")
        return len(made)

    with pytest.raises(ValueError, match="first"):
        once.get("x", make)
    assert once.get("x", make) == once.get("x", make) == 2


@pytest.mark.parametrize("name", ["compose.yaml", "docker-compose.yml", "docker-compose.override.yaml"])
@pytest.mark.parametrize("text", ["services: [web]\n", "version: '3'\n", "just a text\n", "[]\n"])
def test_a_compose_file_without_services_is_bad(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "compose-notes.yaml").write_text(text)
    (bad,) = read_manifests(Workspace(tmp_path)).bad(Sort.COMPOSE)
    assert (bad.path, bad.reason) == (name, "has no mapping of `services`, so docker compose refuses it")


def test_a_link_with_a_name_that_is_looked_for_is_bad(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("services: {a: {image: b}}\n")
    for name in ("compose.yaml", "notes.yaml"):
        (tmp_path / name).symlink_to("other.yaml")
    found = read_manifests(Workspace(tmp_path))
    assert [(bad.path, bad.reason, bad.sorts) for bad in found.unread] == [
        ("compose.yaml", "is a symbolic link, which is not followed", frozenset({Sort.COMPOSE}))
    ]
    assert [document.path for document in found.found] == ["other.yaml"]


@pytest.mark.parametrize(
    ("name", "sorts"),
    [
        ("compose.yaml", {Sort.COMPOSE}),
        ("k8s/web.yaml", set(Sort)),
        ("dashboards/a.json", {Sort.GRAFANA_DASHBOARD}),
    ],
)
def test_a_pointer_of_git_lfs_is_bad(tmp_path: Path, name: str, sorts: set[Sort]) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 12345\n")
    (bad,) = read_manifests(Workspace(tmp_path)).unread
    assert (bad.path, set(bad.sorts)) == (name, sorts)
    assert bad.reason == "is a Git LFS pointer, not the file; check out with lfs: true"

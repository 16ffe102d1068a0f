"""The objects of files, charts and kustomizations: each once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from gate.collect.collector import Context
from gate.collect.manifests.objects import Objects, objects_of
from tests.support.fakes import EmptyToolbox, write
from tests.support.packaging import chart, context, needs_helm, needs_kubectl

POD = "kind: Pod\napiVersion: v1\nmetadata: {name: a}\n"
PATCH = "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: b}\nspec: {replicas: 3}\n"
DEPLOYMENT = "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: b}\nspec: {replicas: 1}\n"
OVERLAYS = {
    "k8s/base/kustomization.yaml": "resources: [b.yaml, a.yaml]\n",
    "k8s/base/b.yaml": DEPLOYMENT,
    "k8s/base/a.yaml": POD,
    "k8s/prod/kustomization.yaml": "resources: [../base]\npatches: [{path: p.yaml}]\n",
    "k8s/prod/p.yaml": PATCH,
    "k8s/dev/kustomization.yaml": "resources: [../base]\n",
}


def places(found: Objects) -> Counter[tuple[str, str, str]]:
    return Counter((one.kind, one.path, one.source) for one in found.found)


@needs_helm
@needs_kubectl
def test_objects_come_from_everywhere_and_count_once(tmp_path: Path) -> None:
    files = (
        OVERLAYS | chart() | {"plain/pod.yaml": POD.replace("name: a", "name: plain"), "release/all.yaml": DEPLOYMENT}
    )
    write(
        tmp_path,
        files | {"charts/web/values-prod.yaml": "replicas: 5\n", "charts/web/ci/x-values.yaml": "replicas: 9\n"},
    )
    found = objects_of(context(tmp_path))
    assert found.gaps == ()
    template = "charts/web/templates/workload.yaml"
    assert places(found) == {
        ("Pod", "plain/pod.yaml", ""): 1,
        ("Deployment", "release/all.yaml", ""): 1,
        ("Service", template, "charts/web"): 1,
        ("Deployment", template, "charts/web"): 1,
        ("Deployment", template, "charts/web with charts/web/values-prod.yaml"): 1,
        ("Pod", "k8s/base/a.yaml", "k8s/dev"): 1,
        ("Deployment", "k8s/base/b.yaml", "k8s/prod"): 1,
    }
    assert found.duplicates == 3
    assert found.patches == {"k8s/prod/p.yaml"}


def test_without_tools_files_are_judged_and_the_rest_is_told(tmp_path: Path) -> None:
    write(tmp_path, OVERLAYS | chart())
    found = objects_of(context(tmp_path, tools=EmptyToolbox()))
    assert places(found) == {("Deployment", "k8s/base/b.yaml", ""): 1, ("Pod", "k8s/base/a.yaml", ""): 1}
    assert sorted((gap.subject, gap.reason.rpartition(": ")[2]) for gap in found.gaps) == [
        ("charts/web", "helm is not installed"),
        ("k8s/dev", "kubectl is not installed"),
        ("k8s/prod", "kubectl is not installed"),
    ]


@needs_kubectl
def test_resources_of_what_does_not_build_are_judged_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, OVERLAYS | {"k8s/prod/kustomization.yaml": "resources: [../base, 'https://example.com/x']\n"})
    write(tmp_path, {"k8s/dev/kustomization.yaml": "resources: [none.yaml]\n"})
    found = objects_of(context(tmp_path))
    assert {(one.path, one.source) for one in found.found} == {
        ("k8s/base/a.yaml", ""),
        ("k8s/base/b.yaml", ""),
        ("k8s/prod/p.yaml", ""),
    }
    assert len(found.gaps) == 2


@needs_helm
def test_a_chart_that_does_not_render_has_no_objects_and_is_a_gap(tmp_path: Path) -> None:
    files = chart() | {"charts/web/templates/a.yaml": '{{ fail "not today" }}\n', "charts/web/crds/a.yaml": POD}
    write(tmp_path, files | {"charts/web/ci/b-values.yaml": "a: 1\n"})
    found = objects_of(context(tmp_path))
    assert found.found == []
    (gap,) = found.gaps
    assert gap.subject == "charts/web"
    assert "does not render: execution error at (web/templates/a.yaml:1:3): not today" in gap.reason


@needs_helm
def test_a_chart_at_the_root_does_not_swallow_the_repository(tmp_path: Path) -> None:
    write(tmp_path, chart(folder="") | {"k8s/pod.yaml": POD, "crds/x.yaml": POD.replace("name: a", "name: crd")})
    found = objects_of(context(tmp_path))
    assert sorted((one.kind, one.path, one.origin.value) for one in found.found) == [
        ("Deployment", "templates/workload.yaml", "chart"),
        ("Pod", "crds/x.yaml", "chart"),
        ("Pod", "k8s/pod.yaml", "file"),
        ("Service", "templates/workload.yaml", "chart"),
    ]


@needs_helm
def test_a_chart_that_another_brings_along_counts_there(tmp_path: Path) -> None:
    head = "apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies: [{name: web, version: 0.1.0, repository: 'file://../web'}]\n"
    write(tmp_path, chart() | {"charts/shop/Chart.yaml": head, "charts/shop/values.yaml": "web: {replicas: 4}\n"})
    found = objects_of(context(tmp_path))
    assert {(one.name, one.source) for one in found.found} == {("shop", "charts/shop")}
    (deployment,) = found.of("Deployment")
    assert deployment.spec["replicas"] == 4


@needs_helm
def test_a_chart_that_only_its_tests_render_is_known_by_them(tmp_path: Path) -> None:
    wanted = 'kind: A\napiVersion: v1\nmetadata:\n  name: {{ required "no name" .Values.name }}\n'
    files = chart() | {"charts/web/templates/a.yaml": wanted}
    write(tmp_path, files | {f"charts/web/ci/{name}-values.yaml": f"name: {name}\n" for name in ("one", "two")})
    found = objects_of(context(tmp_path))
    assert [one.name for one in found.of("A")] == ["one"]
    assert "no name" in found.gaps[0].reason


def test_it_is_worked_out_once(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": POD})
    one: Context = context(tmp_path, tools=EmptyToolbox())
    assert objects_of(one) is objects_of(one)

"""A Chart.yaml or a kustomization.yaml that is dropped into a folder hides nothing of what lies there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.manifests.cluster_object import plain_objects
from gate.collect.manifests.manifests import read_manifests
from gate.collect.manifests.objects import objects_of
from gate.collect.manifests.sorts import Sort
from gate.collect.workspace import Workspace
from tests.support.fakes import write
from tests.support.packaging import chart, context, needs_helm, needs_kubectl

POD = "kind: Pod\napiVersion: v1\nmetadata: {name: hidden}\nspec: {containers: [{name: a, image: 'a:1'}]}\n"
OTHER = POD.replace("hidden", "other")
SERVICE = "kind: Service\napiVersion: v1\nmetadata: {name: hidden}\nspec: {}\n"
DEPLOYMENT = """kind: Deployment
apiVersion: apps/v1
metadata: {name: hidden}
spec:
  selector: {matchLabels: {app: a}}
  template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: 'a:1'}]}}
"""
CRON = """kind: CronJob
apiVersion: batch/v1
metadata: {name: hidden}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: 'a:1'}]}}}}}
"""
HEAD = "apiVersion: v2\nname: x\nversion: 0.1.0\n"


def names(root: Path, files: dict[str, str]) -> list[tuple[str, str, str]]:
    write(root, files)
    found = objects_of(context(root)).found
    return sorted((one.path, one.name, one.origin.value) for one in found)


@needs_helm
@pytest.mark.parametrize("path", ["k8s/pod.yaml", "k8s/files/pod.yaml", "k8s/ci/pod.yaml", "k8s/charts/pod.yaml"])
def test_manifests_beside_a_chart_count(tmp_path: Path, path: str) -> None:
    assert (path, "hidden", "file") in names(tmp_path, {"k8s/Chart.yaml": HEAD, path: POD})


@needs_helm
@pytest.mark.parametrize(
    "ignoring",
    [
        {"k8s/.helmignore": "templates/pod.yaml\n", "k8s/templates/pod.yaml": POD},
        {"k8s/templates/_pod.yaml": POD + "# {{/* a comment */}}\n"},
        {"k8s/Chart.yaml": HEAD + "type: library\n", "k8s/templates/pod.yaml": POD},
        {"k8s/Chart.yaml": HEAD + "type: library\n", "k8s/crds/pod.yaml": POD},
    ],
)
def test_a_whole_manifest_that_helm_passes_over_counts(tmp_path: Path, ignoring: dict[str, str]) -> None:
    place = [path for path in ignoring if "pod" in path]
    assert names(tmp_path, {"k8s/Chart.yaml": HEAD, **ignoring}) == [(place[0], "hidden", "file")]


@needs_helm
def test_what_helm_renders_is_not_read_a_second_time_and_templates_are_no_manifests(tmp_path: Path) -> None:
    hook = POD.replace("{name: hidden}", "{name: hidden, annotations: {helm.sh/hook: test}}")
    off = "{{- if .Values.no }}\n" + POD + "{{- end }}\n"
    quoted = POD.replace("hidden", '"{{ .Release.Name }}"')
    files = {
        "k8s/Chart.yaml": HEAD,
        "k8s/templates/a.yaml": OTHER,
        "k8s/templates/off.yaml": off,
        "k8s/templates/_part.yaml": quoted,
        "k8s/templates/tests/a.yaml": hook,
        "k8s/templates/_values.yaml": "apiVersion: 1\nkind: [a]\n",
    }
    assert names(tmp_path, files) == [("k8s/templates/a.yaml", "other", "chart")]


@needs_helm
def test_a_chart_that_another_names_and_switches_off_stands_for_itself(tmp_path: Path) -> None:
    more = "dependencies: [{name: web, version: 0.1.0, repository: 'file://../web', condition: web.enabled}]\n"
    files = chart() | {"charts/shop/Chart.yaml": HEAD + more, "charts/shop/values.yaml": "web: {enabled: false}\n"}
    write(tmp_path, files)
    assert {one.source for one in objects_of(context(tmp_path)).found} == {"charts/web"}


@needs_kubectl
@pytest.mark.parametrize("hidden", [DEPLOYMENT, POD, CRON])
@pytest.mark.parametrize(
    "kustomization",
    [
        "resources: [a.yaml]\npatches: [{path: hidden.yaml, target: {kind: Nothing}}]\n",
        "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\npatches: [{path: hidden.yaml}]\n",
        "resources: [a.yaml, hidden.yaml]\npatches: [{target: {name: hidden}, patch: '$patch: delete\nkind: A\n"
        "apiVersion: v1\nmetadata: {name: a}'}]\n".replace("\nkind", "\\nkind").replace("'$", '"$').replace("}'", '}"')
        .replace("\napi", "\\napi").replace("\nmeta", "\\nmeta"),
    ],
    ids=["patch of nothing", "component of nobody", "deleted"],
)  # fmt: skip
def test_a_workload_that_no_kustomization_builds_counts(tmp_path: Path, kustomization: str, hidden: str) -> None:
    files = {"k8s/kustomization.yaml": kustomization, "k8s/a.yaml": OTHER, "k8s/hidden.yaml": hidden}
    assert ("k8s/hidden.yaml", "hidden", "file") in names(tmp_path, files)


@needs_kubectl
def test_patches_and_resources_that_are_built_count_once(tmp_path: Path) -> None:
    files = {
        "k8s/kustomization.yaml": "namePrefix: a-\nresources: [a.yaml]\npatches: [{path: b.yaml}, {path: c.yaml}]\n",
        "k8s/a.yaml": f"{DEPLOYMENT}---\n{SERVICE}",
        "k8s/b.yaml": DEPLOYMENT.replace("a:1", "b:2"),
        "k8s/c.yaml": SERVICE,
    }
    assert names(tmp_path, files) == [("k8s/a.yaml", "a-hidden", "kustomization")] * 2


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("kind: PodList\napiVersion: v1\nitems: [{metadata: {name: a}}]\n", ["Pod"]),
        (
            "kind: DeploymentList\napiVersion: v1\nitems: [{metadata: {name: a}}, {kind: B, metadata: {name: b}}]\n",
            ["Deployment", "B"],
        ),
        ("kind: A\napiVersion: v1\nmetadata: {name: a}\nitems: [{kind: B, metadata: {name: b}}]\n", ["A", "B"]),
    ],
)
def test_what_has_items_is_a_list(tmp_path: Path, text: str, kinds: list[str]) -> None:
    write(tmp_path, {"a.yaml": text})
    found = plain_objects(read_manifests(Workspace(tmp_path)))
    assert [one.kind for one in found.found] == kinds
    assert found.gaps == ()


def test_an_element_of_a_list_that_says_nothing_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "kind: List\napiVersion: v1\nitems: [{metadata: {name: a}}, 3]\n"})
    found = plain_objects(read_manifests(Workspace(tmp_path)))
    assert found.found == []
    assert found.gaps[0].reason == "an object on line 3 has no kind, so no cluster takes it"


def test_a_name_like_that_of_values_hides_no_object(tmp_path: Path) -> None:
    values = "apiVersion: v1\nkind: web\nservices: {web: {image: 'a:1'}}\n"
    write(tmp_path, {"k8s/Chart.yaml": HEAD, "k8s/values-pod.yaml": f"a: 1\n---\n{POD}", "k8s/values.yaml": values})
    write(tmp_path, {"k8s/values-odd.yaml": "kind: [\napiVersion: metadata\n", "k8s/values-none.yaml": "replicas: 1\n"})
    found = read_manifests(Workspace(tmp_path))
    assert [(one.path, one.line) for one in found.documents(Sort.KUBERNETES)] == [("k8s/values-pod.yaml", 3)]
    assert found.unread == []

"""Kustomizations through the real kubectl, and what is left of them through broken ones."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.collect.folder_cache import FolderCache
from gate.collect.kustomize.builds import Builds, RootResult, build_all
from gate.collect.manifests.objects import ClusterObject
from gate.model.json import JsonObject
from tests.support.fakes import EmptyToolbox, write
from tests.support.packaging import broken, context, needs_kubectl

VERSION = '{"clientVersion": {"gitVersion": "v1.33.9"}}'
BASE = {
    "deploy/base/kustomization.yaml": "resources: [web.yaml]\nconfigMapGenerator:\n- {name: conf, files: [app.conf]}\n",
    "deploy/base/app.conf": "a=1\n",
    "deploy/base/web.yaml": (
        "# the service\nkind: Service\napiVersion: v1\nmetadata: {name: web}\n---\n"
        "kind: Deployment\napiVersion: apps/v1\n"
        "metadata: {name: web}\nspec: {replicas: 1, template: {spec: {containers: [{name: a, image: shop/web}]}}}\n"
    ),
}
PROD = {
    "deploy/prod/kustomization.yaml": (
        "resources: [../base]\nnamePrefix: prod-\nnamespace: shop\npatches: [{path: replicas.yaml}]\n"
        "images: [{name: shop/web, newTag: 1.4.2}]\n"
    ),
    "deploy/prod/replicas.yaml": "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: web}\nspec: {replicas: 3}\n",
}


def built(root: Path, files: dict[str, str], **request: list[str]) -> Builds:
    write(root, files)
    return build_all(context(root, {"kustomize": dict[str, JsonObject](request)}))  # type: ignore[arg-type, dict-item]


def only(found: Builds) -> RootResult:
    (result,) = found.results
    return result


def objects(result: RootResult) -> tuple[ClusterObject, ...]:
    assert result.objects is not None, result.gap
    return result.objects


def reason(found: Builds) -> str:
    result = only(found)
    assert result.objects is None
    assert result.gap is not None
    return result.gap.reason


@needs_kubectl
def test_an_overlay_is_built_and_its_objects_are_placed(tmp_path: Path) -> None:
    found = built(tmp_path, BASE | PROD)
    result = only(found)
    assert result.root.folder == "deploy/prod"
    placed = {one.kind: (one.name, one.namespace, one.path, one.line, one.source) for one in objects(result)}
    name = next(one.name for one in objects(result) if one.kind == "ConfigMap")
    assert name.startswith("prod-conf-")
    assert placed == {
        "ConfigMap": (name, "shop", "deploy/base/kustomization.yaml", 1, "deploy/prod"),
        "Service": ("prod-web", "shop", "deploy/base/web.yaml", 2, "deploy/prod"),
        "Deployment": ("prod-web", "shop", "deploy/base/web.yaml", 6, "deploy/prod"),
    }
    deployment = next(one for one in objects(result) if one.kind == "Deployment")
    assert deployment.spec["replicas"] == 3
    assert deployment.origin == "kustomization"
    assert "annotations" not in deployment.metadata
    assert deployment.value.line == 6
    assert found.patches == {"deploy/prod/replicas.yaml"}
    assert found.resources == {"deploy/base/web.yaml"}
    assert found.tree.used_by == {"deploy/base": {"deploy/prod"}}


@needs_kubectl
def test_a_kustomization_at_the_root_that_keeps_its_metadata(tmp_path: Path) -> None:
    text = "buildMetadata: [originAnnotations, managedByLabel]\nresources: [a.yaml]\n"
    a = "kind: A\napiVersion: v1\nmetadata: {name: a, annotations: {kept: 'yes'}}\n"
    (one,) = objects(only(built(tmp_path, {"kustomization.yaml": text, "a.yaml": a})))
    assert one.metadata["annotations"] == {"kept": "yes"}
    assert "managed-by" in str(one.metadata["labels"])
    assert (one.path, one.line, one.source) == ("a.yaml", 1, ".")


@needs_kubectl
def test_nothing_is_built_from_an_empty_list(tmp_path: Path) -> None:
    assert objects(only(built(tmp_path, {"k/kustomization.yaml": "resources: []\nnamespace: a\n"}))) == ()


@needs_kubectl
def test_components_are_taken_in_and_not_built(tmp_path: Path) -> None:
    component = "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnameSuffix: -c\n"
    files = BASE | {"c/kustomization.yaml": component, "d/kustomization.yaml": component}
    found = built(tmp_path, files | {"o/kustomization.yaml": "resources: [../deploy/base]\ncomponents: [../c]\n"})
    assert only(found).root.folder == "o"
    assert {one.name for one in objects(only(found)) if one.kind == "Service"} == {"web-c"}


@needs_kubectl
@pytest.mark.parametrize(
    ("files", "words", "refused"),
    [
        ({"resources": "[https://example.com/a.yaml]"}, "which is on another machine and is not fetched", False),
        ({"resources": "['github.com/org/repo?ref=v1']"}, "which is on another machine", False),
        ({"resources": "[../../outside]"}, "refers to ../../outside, which is outside of the workspace", False),
        ({"resources": "[/etc/passwd]"}, "which is outside of the workspace", False),
        ({"resources": "[none.yaml]"}, "refers to none.yaml, which is not there", True),
        ({"resources": "[.git/config]"}, "lies inside .git", False),
        ({"patches": "[{path: none.yaml}]"}, "refers to none.yaml, which is not there", True),
        ({"secretGenerator": "[{name: a, envs: [.env]}]"}, "refers to .env, which is not there", True),
        ({"configMapGenerator": "[{name: a, files: ['https://x/y']}]"}, "on another machine", False),
        ({"helmCharts": "[{name: a}]"}, "would run helm", False),
        ({"resources": "[../empty]"}, "builds on empty, a folder without a kustomization", True),
        ({"resources": "[bad.yaml]"}, "does not build: ", True),
        ({"resources": "[../k]"}, "does not build: ", True),
        ({"resources": "{}"}, "does not build: ", True),
        ({"resources": "[good.yaml, good.yaml]"}, "does not build: ", True),
        ({"nonsense": "1", "resources": "[]"}, 'unknown field "nonsense"', True),
        ({"transformers": "[plugin.yaml]"}, "uses the plugin Mine", False),
        ({"transformers": "[bad.yaml]"}, "k/bad.yaml cannot be read", False),
    ],
)
def test_what_cannot_be_built_says_why(tmp_path: Path, files: dict[str, str], words: str, refused: bool) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in files.items())
    others = {
        "k/good.yaml": "kind: A\napiVersion: v1\nmetadata: {name: a}\n",
        "k/bad.yaml": "a: [\n",
        "k/plugin.yaml": "kind: Mine\napiVersion: x/v1\nmetadata: {name: a}\n",
        "empty/a.txt": "",
    }
    found = built(tmp_path, {"k/kustomization.yaml": text} | others)
    assert words in reason(found)
    result = only(found)
    assert result.refused is refused
    assert "gate-copy" not in reason(found)
    if not reason(found).startswith("does not build"):
        assert result.gap is not None
        assert result.gap.path in ("k/kustomization.yaml", "k/bad.yaml")
        assert result.gap.line in (None, 1, 2)


@needs_kubectl
def test_a_circle_is_told_once(tmp_path: Path) -> None:
    files = {"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n"}
    assert "cycle" in reason(built(tmp_path, files))


@needs_kubectl
def test_two_names_in_a_folder_are_a_mistake(tmp_path: Path) -> None:
    names = ("kustomization.yaml", "kustomization.yml")
    found = built(tmp_path, {f"k/{name}": "namespace: a\n" for name in names})
    assert "Found multiple kustomization files" in reason(found)


@needs_kubectl
def test_files_outside_of_the_folder_are_taken_within_the_workspace(tmp_path: Path) -> None:
    files = {"k/kustomization.yaml": "resources: [../shared/a.yaml]\n"}
    a = {"shared/a.yaml": "kind: A\napiVersion: v1\nmetadata: {name: a}\n"}
    (one,) = objects(only(built(tmp_path, files | a)))
    assert one.path == "shared/a.yaml"


@needs_kubectl
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"k/kustomization.yaml": "resources: [a.yaml]\n"})
    (tmp_path / "k/a.yaml").symlink_to("/etc/passwd")
    assert "is a symbolic link" in reason(built(tmp_path, {}))


@needs_kubectl
def test_a_plugin_that_is_built_in_is_run(tmp_path: Path) -> None:
    files = {
        "k/kustomization.yaml": "resources: [a.yaml]\ntransformers: [t.yaml]\n",
        "k/a.yaml": "kind: A\napiVersion: v1\nmetadata: {name: a}\n",
        "k/t.yaml": "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: x}\nprefix: in-\n"
        "fieldSpecs: [{path: metadata/name}]\n",
    }
    (one,) = objects(only(built(tmp_path, files)))
    assert one.name == "in-a"


@needs_kubectl
@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        ({"roots": ["deploy/base"]}, ["deploy/base"]),
        ({"roots": ["deploy/*"]}, ["deploy/base", "deploy/prod"]),
        ({"exclude": ["deploy/prod"]}, []),
        ({}, ["deploy/prod"]),
    ],
)
def test_the_policy_chooses_what_is_built(tmp_path: Path, request_: dict[str, list[str]], wanted: list[str]) -> None:
    found = built(tmp_path, BASE | PROD, **request_)
    assert [one.root.folder for one in found.results] == wanted
    assert found.tree.excluded == (1 if "exclude" in request_ else 0)


@needs_kubectl
def test_what_lies_outside_of_the_scope_can_be_built_on(tmp_path: Path) -> None:
    write(tmp_path, BASE | PROD)
    found = build_all(context(tmp_path, scope="deploy/prod"))
    assert len(objects(only(found))) == 3


@pytest.mark.parametrize("text", ["", "# nothing\n", "a: [\n"])
def test_a_kustomization_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    found = built(tmp_path, {"k/kustomization.yaml": text})
    assert found.results == ()
    assert [gap.path for gap in found.tree.gaps] == ["k/kustomization.yaml"]


@needs_kubectl
def test_what_is_known_is_not_built_again(tmp_path: Path) -> None:
    def now() -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)

    write(tmp_path / "tree", BASE | PROD)
    cache = FolderCache(tmp_path / "cache", "run 1", now)
    first = build_all(context(tmp_path / "tree", cache=cache))
    cache.save()
    again = build_all(context(tmp_path / "tree", cache=FolderCache(tmp_path / "cache", "run 2", now)))
    assert (first.cached, again.cached) == (0, 1)
    assert objects(only(again)) == objects(only(first))
    write(tmp_path / "tree", {"deploy/base/app.conf": "a=2\n"})
    changed = build_all(context(tmp_path / "tree", cache=FolderCache(tmp_path / "cache", "run 3", now)))
    assert changed.cached == 0


def test_without_kubectl_every_root_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, BASE | PROD)
    found = build_all(context(tmp_path, tools=EmptyToolbox()))
    assert reason(found) == "kubectl is not installed"
    assert found.patches == {"deploy/prod/replicas.yaml"}
    assert found.resources == frozenset()


@needs_kubectl
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("say(0, b'')", "wrote no report"),
        ("say(0, b'kind: ConfigMap\\n')", "does not hold the mark"),
        ("code, out, err = real(); say(0, out or b'a: 1\\n', err)", ""),
        ("code, out, err = real(); say(code, out.replace(b'in-planted', b'planted'), err)", "something else"),
        ("say(3, b'x')", "ended with exit code 3"),
        ("say(0, b'a: [')", "cannot be read"),
    ],
)
def test_a_broken_kubectl_is_not_trusted(tmp_path: Path, body: str, words: str) -> None:
    write(tmp_path / "tree", BASE | PROD)
    found = build_all(context(tmp_path / "tree", tools=broken(tmp_path / "bin", "kubectl", VERSION, body)))
    assert "is not trusted: its self-test does not find what was planted in a kustomization" in str(found.problem)
    assert words in str(found.problem)


@needs_kubectl
@pytest.mark.parametrize("body", ["say(0, out[:30], err)", "say(1, out, b'error: x')", "say(1, b'', b'')"])
def test_a_kubectl_that_breaks_later_proves_nothing(tmp_path: Path, body: str) -> None:
    write(tmp_path / "tree", BASE | PROD)
    later = f"code, out, err = real()\nif 'deploy' in sys.argv[2]: {body}\nsay(code, out, err)"
    found = build_all(context(tmp_path / "tree", tools=broken(tmp_path / "bin", "kubectl", VERSION, later)))
    assert "was not built: kubectl" in reason(found)
    assert not only(found).refused

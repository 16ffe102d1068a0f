"""`kustomize`: facts and gaps of a tree with kustomizations."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.collectors.kustomize import KustomizeCollector
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Missing, Unreadable
from gate.model.json import JsonObject
from tests.collect.kustomize.test_builds import BASE, PROD
from tests.support.fakes import EmptyToolbox, write
from tests.support.packaging import asked, needs_kubectl


def collected(root: Path, files: dict[str, str], request: JsonObject | None = None) -> Collected:
    write(root, files)
    found = KustomizeCollector().collect(asked(root, "kustomize", request))
    assert isinstance(found, Collected)
    assert not problems(shipped_validator("evidence/kustomize"), found.facts)
    return found


def items(found: Collected) -> dict[str, JsonObject]:
    every = found.facts["items"]
    assert isinstance(every, list)
    return {str(one["path"]): one for one in every if isinstance(one, dict)}


@needs_kubectl
def test_an_overlay_is_told_with_all_that_it_builds(tmp_path: Path) -> None:
    found = collected(tmp_path, BASE | PROD)
    facts = {key: value for key, value in found.facts.items() if key != "items"}
    assert facts == {
        "kustomizations": 2,
        "components": 0,
        "roots": 1,
        "excluded": 0,
        "built": 1,
        "failed": 0,
        "objects": 3,
        "remote": 0,
        "environments": ["prod"],
    }
    base, prod = items(found).values()
    size = prod.pop("bytes")
    assert isinstance(size, int)
    assert size > 100
    assert prod == {
        "path": "deploy/prod/kustomization.yaml",
        "line": 1,
        "is_component": False,
        "is_root": True,
        "built": True,
        "objects": 3,
        "kinds": {"ConfigMap": 1, "Deployment": 1, "Service": 1},
        "images": ["shop/web:1.4.2"],
        "unpinned_images": [],
        "namespace": "shop",
        "patches": 1,
        "image_overrides": [{"name": "shop/web", "new_tag": "1.4.2"}],
        "overlays": [],
        "builds_on": ["deploy/base"],
        "remote": [],
    }
    assert base["overlays"] == ["deploy/prod"]
    assert "built" not in base
    assert found.sources[0].detail == "1 of 1 kustomization built"


@needs_kubectl
def test_images_without_a_version_are_told(tmp_path: Path) -> None:
    found = collected(tmp_path, BASE)
    (one,) = items(found).values()
    assert one["unpinned_images"] == ["shop/web"]


@needs_kubectl
def test_what_is_elsewhere_leaves_the_question_open(tmp_path: Path) -> None:
    files = BASE | PROD | {"deploy/dev/kustomization.yaml": "resources: ['https://example.com/a']\n"}
    found = collected(tmp_path, files)
    dev = items(found)["deploy/dev/kustomization.yaml"]
    assert "built" not in dev
    assert dev["remote"] == ["https://example.com/a"]
    assert "environments" not in found.facts
    assert (found.facts["built"], found.facts["failed"], found.facts["remote"]) == (1, 1, 1)
    (gap,) = found.gaps
    assert (gap.subject, gap.path, gap.line) == ("deploy/dev", "deploy/dev/kustomization.yaml", 1)
    assert "items.remote" not in gap.facts


@needs_kubectl
def test_what_kubectl_refuses_is_told_with_its_words(tmp_path: Path) -> None:
    found = collected(tmp_path, {"k/kustomization.yaml": "resources: [a.yaml]\n", "k/a.yaml": "kind: A\n"})
    (one,) = items(found).values()
    assert one["built"] is False
    assert str(one["message"]).startswith("does not build: ")
    assert found.facts["environments"] == []


def test_without_kubectl_what_the_files_say_is_known(tmp_path: Path) -> None:
    write(tmp_path, BASE | PROD)
    found = KustomizeCollector().collect(asked(tmp_path, "kustomize", tools=EmptyToolbox()))
    assert isinstance(found, Collected)
    assert not problems(shipped_validator("evidence/kustomize"), found.facts)
    assert "built" not in found.facts
    assert [gap.reason for gap in found.gaps] == ["kubectl is not installed"]
    assert found.sources[0].tool is None


@pytest.mark.parametrize(
    ("files", "request_", "wanted", "words"),
    [
        ({"a.txt": ""}, {}, Missing, "no kustomization.yaml"),
        (BASE, {"exclude": ["**"]}, Missing, "leaves out every kustomization"),
        (BASE, {"roots": ["other"]}, Missing, "leaves out every kustomization"),
        ({"k/kustomization.yaml": "a: [\n"}, {}, Unreadable, "no kustomization could be read"),
    ],
)
def test_nothing_to_look_at(
    tmp_path: Path, files: dict[str, str], request_: JsonObject, wanted: type[object], words: str
) -> None:
    write(tmp_path, files)
    found = KustomizeCollector().collect(asked(tmp_path, "kustomize", request_, tools=EmptyToolbox()))
    assert isinstance(found, wanted)
    assert isinstance(found, Missing | Unreadable)
    assert words in found.reason

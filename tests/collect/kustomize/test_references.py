"""What a kustomization refers to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.kustomize.references import (
    RefusedError,
    Use,
    is_elsewhere,
    plugin_references,
    references_of,
    texts_in,
)
from gate.model.json import Json, JsonObject

WHOLE: JsonObject = {
    "resources": ["a.yaml", "../base", 7, ""],
    "bases": ["b"],
    "components": ["c"],
    "crds": ["crd.json"],
    "configurations": ["conf.yaml"],
    "openapi": {"path": "openapi.json", "version": "v1"},
    "patchesStrategicMerge": ["p.yaml", "kind: A\nmetadata: {}\n", '{"kind": "A"}'],
    "patches": [{"path": "q.yaml"}, {"patch": "- op: add"}, "r.yaml"],
    "patchesJson6902": [{"path": "s.yaml"}],
    "replacements": [{"path": "t.yaml"}, {"source": {}}],
    "configMapGenerator": [{"files": ["u.txt", "key=v.txt"], "envs": ["w.env"], "literals": ["a=b"]}],
    "secretGenerator": [{"env": "x.env"}],
    "transformers": ["y.yaml", "apiVersion: builtin\nkind: PatchTransformer\npath: z.yaml\n"],
    "images": [{"name": "a", "newTag": "1"}],
}


def test_every_field_that_refers_is_read() -> None:
    found = [(one.use, one.text) for one in references_of(WHOLE)]
    assert found == [
        (Use.RESOURCE, "a.yaml"),
        (Use.RESOURCE, "../base"),
        (Use.RESOURCE, "b"),
        (Use.COMPONENT, "c"),
        (Use.DATA, "crd.json"),
        (Use.DATA, "conf.yaml"),
        (Use.DATA, "openapi.json"),
        (Use.PATCH, "p.yaml"),
        (Use.PATCH, "q.yaml"),
        (Use.PATCH, "s.yaml"),
        (Use.PATCH, "t.yaml"),
        (Use.DATA, "u.txt"),
        (Use.DATA, "v.txt"),
        (Use.DATA, "w.env"),
        (Use.DATA, "x.env"),
        (Use.PLUGIN, "y.yaml"),
        (Use.DATA, "z.yaml"),
    ]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"helmCharts": [{"name": "a"}]}, "would run helm"),
        ({"helmChartInflationGenerator": [{"chartName": "a"}]}, "would run helm"),
        ({"Resources": ["https://example.com"]}, "has the key Resources, which is written resources"),
        ({"patches": [{"Path": "https://example.com"}]}, "has the key Path"),
        ({"openapi": {"PATH": "x"}}, "has the key PATH"),
        ({"generators": ["apiVersion: a/v1\nkind: Mine\n"]}, "uses the plugin Mine"),
        ({"generators": ["apiVersion: builtin\nkind: HelmChartInflationGenerator\n"]}, "uses the plugin Helm"),
        ({"validators": ["a: [\nb"]}, "cannot be read"),
    ],
)
def test_what_would_run_programs_is_refused(value: JsonObject, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        list(references_of(value))
    assert list(texts_in(value)) == []


def test_keys_of_data_may_be_written_as_they_like() -> None:
    assert list(references_of({"commonLabels": {"Path": "x"}, "metadata": {"Files": "y"}})) == []


def test_a_plugin_that_is_built_in_refers_to_files() -> None:
    plugin: JsonObject = {
        "apiVersion": "builtin",
        "files": ["a=b.txt"],
        "replacements": [{"path": "c"}],
        "paths": ["d"],
    }
    assert [one.text for one in plugin_references(plugin)] == ["d", "b.txt", "c"]
    assert list(plugin_references(["x"])) == []


@pytest.mark.parametrize(
    ("reference", "elsewhere"),
    [
        ("https://example.com/a.yaml", True),
        ("github.com/org/repo//deploy?ref=v1", True),
        ("git@example.com:org/repo", True),
        ("git::ssh://x", True),
        ("org@example.com:repo", True),
        ("gh:org/repo", True),
        ("example.com/org/repo.git", True),
        ("repo.git/deploy", True),
        ("dev.azure.com/org/_git/repo", True),
        ("host/base?ref=main", True),
        ("file:///etc/passwd", True),
        ("../base", False),
        ("deploy/api.yaml", False),
        (".gitignore", False),
        ("a.b/c.d.yaml", False),
    ],
)
def test_addresses_are_told_from_paths(reference: str, elsewhere: bool) -> None:
    assert is_elsewhere(reference) is elsewhere


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(WHOLE)), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*sorted(WHOLE), "path", "files", "helmCharts", "Bases"]), VALUES, max_size=5))
def test_any_value_is_read_or_refused(value: dict[str, Json]) -> None:
    found = list(texts_in(value))
    assert all(found)
    try:
        assert [one.text for one in references_of(value)] == found
    except RefusedError:
        assert value.keys() & {"helmCharts", "Bases", *WHOLE}

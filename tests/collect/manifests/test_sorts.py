"""What a document is, by its content."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.manifests import Sort
from gate.collect.manifests.byte_tests import may_hold
from gate.collect.manifests.shapes import sort_of
from gate.collect.manifests.sorts import is_candidate
from gate.formats.located_yaml import YamlDocument, read_parts

EXAMPLES: list[tuple[str, str, Sort | None]] = [
    ("x.yaml", "apiVersion: v1\nkind: Service\n", Sort.KUBERNETES),
    ("catalog-info.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Component\n", None),
    ("kind.yaml", "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n", None),
    ("config", "apiVersion: v1\nkind: Config\nclusters: []\n", None),
    ("a/kustomization.yaml", "resources: [x.yaml]\n", Sort.KUSTOMIZATION),
    ("a/odd.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Component\n", Sort.KUSTOMIZATION),
    ("a/kustomization.yaml", "apiVersion: v1\nkind: Service\n", Sort.KUBERNETES),
    ("a/kustomization.yaml", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n", Sort.KUBERNETES),
    ("a/resources.yaml", "resources: [x.yaml]\n", None),
    ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n", Sort.CHART),
    ("web/other.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n", None),
    ("docker-compose.yml", "services: {web: {}}\n", Sort.COMPOSE),
    ("stack.yml", "services: {web: {image: x}}\n", Sort.COMPOSE),
    ("stack.yml", "services: {web: {port: 1}}\n", None),
    ("dump.json", '{"services": {"/10.0.0.1": {"ports": {}}}}', None),
    ("compose.yaml", "include: [a.yml]\n", Sort.COMPOSE),
    ("alertmanager-rules.yaml", "groups: [{name: a, rules: []}]\n", Sort.PROMETHEUS_RULES),
    ("groups.yaml", "groups: [{name: a}]\n", None),
    ("p.yml", "scrape_configs: [{job_name: a}]\n", Sort.PROMETHEUS),
    ("p.yml", "global: {scrape_interval: 5s}\nrule_files: [a]\n", Sort.PROMETHEUS),
    ("promtail.yml", "scrape_configs: []\nclients: [{url: x}]\npositions: {filename: y}\n", None),
    ("am.yml", "route: {receiver: a}\nreceivers: [{name: a}]\n", Sort.ALERTMANAGER),
    ("otel.yaml", "receivers: {otlp: {}}\nexporters: {x: {}}\nservice: {pipelines: {traces: {}}}\n", Sort.OTEL),
    ("otel.yaml", "receivers: {otlp: {}}\nservice: {telemetry: {}}\n", None),
    ("ds.yaml", "apiVersion: 1\ndatasources: [{name: p}]\n", Sort.GRAFANA_PROVISIONING),
    ("alerts.yaml", "apiVersion: 1\ngroups: [{rules: [{title: a}]}]\n", Sort.GRAFANA_PROVISIONING),
    ("d.yaml", "apiVersion: 1\nproviders: [{name: p}]\n", Sort.GRAFANA_PROVISIONING),
    ("d.json", '{"title": "x", "panels": [], "schemaVersion": 30}', Sort.GRAFANA_DASHBOARD),
    ("d.json", '{"dashboard": {"title": "x", "rows": [], "time": {}}}', Sort.GRAFANA_DASHBOARD),
    ("d.json", '{"panels": []}', None),
    (".github/workflows/ci.yml", "on: push\njobs: {}\n", Sort.WORKFLOW),
    (".github/workflows/rules.yml", "groups: [{name: a, rules: []}]\n", Sort.PROMETHEUS_RULES),
    (".github/workflows/deep/ci.yml", "on: push\njobs: {}\n", None),
    ("action.yml", "name: x\nruns: {using: composite, steps: []}\n", Sort.ACTION),
    (".github/dependabot.yml", "version: 2\nupdates: []\n", Sort.DEPENDENCY_UPDATES),
    ("docs/dependabot.yml", "version: 2\nupdates: []\n", None),
    ("renovate.json", '{"extends": ["config:recommended"]}', Sort.DEPENDENCY_UPDATES),
    ("x.yaml", "just text\n", None),
    ("x.yaml", "[apiVersion, kind]\n", None),
    ("x.yaml", "apiVersion: [v1]\nkind: {a: 1}\n", None),
]


@pytest.mark.parametrize(("path", "text", "sort"), EXAMPLES)
def test_documents_are_told_apart_by_content(path: str, text: str, sort: Sort | None) -> None:
    (part,) = read_parts(text.encode())
    assert isinstance(part, YamlDocument)
    assert sort_of(path, part.value) is sort
    if sort is not None:
        assert sort in may_hold(path, text.encode())


def test_which_files_are_looked_into() -> None:
    for path in ("a.yaml", "a.YML", "a.json", "x/Kustomization", "alerts.rules", ".renovaterc"):
        assert is_candidate(path)
    for path in ("a.py", "yaml", "a.yaml.j2", "values.toml"):
        assert not is_candidate(path)


WORDS = [
    "apiVersion",
    "kind",
    "services",
    "groups",
    "rules",
    "route",
    "receivers",
    "service",
    "pipelines",
    "panels",
    "title",
    "global",
    "scrape_configs",
    "resources",
    "jobs",
    "on",
    "dashboard",
    "exporters",
    "datasources",
    "rule_files",
    "providers",
    "schemaVersion",
    "rows",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab/1", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(JSON, st.sampled_from(sorted({path for path, _text, _sort in EXAMPLES})))
def test_what_is_of_a_sort_is_never_passed_over_by_the_look_at_its_bytes(value: object, path: str) -> None:
    text = json.dumps(value)
    (part,) = read_parts(text.encode())
    assert isinstance(part, YamlDocument)
    sort = sort_of(path, part.value)
    assert sort is None or sort in may_hold(path, text.encode())


@pytest.mark.parametrize(
    "text",
    [
        '"serv\\u0069ces": {web: {image: x}}\n',
        '"api\\x56ersion": v1\n',
        '{"a": 1, "\\U0000006bind" : "Pod"}\n',
        '? "api\\\n   Version"\n: v1\n',
        '{? "ki\\\n  nd" : Pod}\n',
        "? !!binary YXBpVmVyc2lvbg==\n: v1\n",
    ],
)
def test_a_key_in_escapes_hides_nothing(text: str) -> None:
    assert may_hold("x.yaml", text.encode()) == frozenset(Sort)


@pytest.mark.parametrize(
    "text", ['{"expr": "a \\u003e 1", "legend": "x"}\n', 'a: "\\x41"\n"b": c\n', "a: is it? no\n", 'a: "?\\\n b"\n']
)
def test_an_escape_in_a_value_is_none_in_a_key(text: str) -> None:
    assert may_hold("x.yaml", text.encode()) == frozenset()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_words_are_found_in_wide_encodings(encoding: str) -> None:
    assert Sort.COMPOSE in may_hold("x.yaml", "services: {}\n".encode(encoding))
    assert not may_hold("x.yaml", "a: b\n".encode(encoding))


@pytest.mark.parametrize(
    "part", [b'"\\x\\"', b'"\\u0041"', b'{"expr":"\\u003e\\"x",', b'\n? "', b"? ", b'"\\x' + b"a" * 100, b'"', b"\\\n"]
)
def test_the_look_for_words_is_linear_in_hostile_text(part: bytes) -> None:
    # Where it is not, this takes hours.
    assert may_hold("x.yaml", part * (4_000_000 // len(part))) in (frozenset(), frozenset(Sort))

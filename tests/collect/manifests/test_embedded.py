from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.manifests.embedded import read_embedded
from gate.collect.manifests.objects import ClusterObject
from gate.collect.manifests.placeholders import is_sample, masked, placeholder_in
from gate.collect.manifests.sorts import Sort
from gate.formats.located_yaml import Located
from gate.model.json import Json

RULES = "groups:\n- name: a\n  rules:\n  - {alert: A, expr: up == 0}\n"


def carrier(kind: str = "ConfigMap", **value: Json) -> ClusterObject:
    return ClusterObject("v1", kind, "c", "ns", Located(value), "c.yaml", 7)


def test_texts_are_told_apart_by_content() -> None:
    found = read_embedded(
        [carrier(data={"a.txt": RULES, "b": "hello: groups rules", "n": 3, "two": f"{RULES}---\n{RULES}"})]
    )
    assert [(one.key, one.sort, one.path, one.line) for one in found.found] == [
        ("a.txt", Sort.PROMETHEUS_RULES, "c.yaml", 7),
        ("two", Sort.PROMETHEUS_RULES, "c.yaml", 7),
        ("two", Sort.PROMETHEUS_RULES, "c.yaml", 7),
    ]
    assert found.found[0].where == "ConfigMap ns/c, a.txt"
    assert found.documents(Sort.ALERTMANAGER) == ()


def test_secrets_carry_base64_and_string_data_comes_first() -> None:
    coded = base64.b64encode(RULES.encode()).decode()
    found = read_embedded(
        [carrier("Secret", data={"a": coded, "b": coded[:20] + "\n" + coded[20:], "c": "*"}, stringData={"a": "x"})]
    )
    assert [one.key for one in found.found] == ["b"]
    assert [one.key for one in read_embedded([carrier(binaryData={"a": coded})]).found] == ["a"]


def test_what_cannot_be_read_is_a_gap_on_the_sorts_that_it_may_be() -> None:
    found = read_embedded([carrier(data={"a": "groups:\n\t- rules: 1\n", "b": "nothing: [\n"})])
    (gap,) = found.gaps(Sort.PROMETHEUS_RULES, facts=("alerts",))
    assert (gap.path, gap.line, gap.facts) == ("c.yaml", 7, ("alerts",))
    assert gap.reason.startswith("a in here: A tab")
    assert not found.gaps(Sort.ALERTMANAGER)


def test_objects_inside_of_objects_are_nobody_s() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ngroups: rules\n"
    assert not read_embedded([carrier(data={"a": text})]).found


def test_texts_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.manifests.embedded._MOST_BYTES", len(RULES) + 1)
    found = read_embedded([carrier(data={"a": RULES, "b": RULES})])
    assert (len(found.found), len(found.unread)) == (1, 1)


@given(
    st.dictionaries(
        st.text(max_size=3), st.none() | st.integers() | st.text(max_size=40) | st.lists(st.integers()), max_size=4
    )
)
def test_data_of_any_shape_is_read(data: dict[str, Json]) -> None:
    for kind in ("ConfigMap", "Secret"):
        read_embedded([carrier(kind, data=data, stringData=data, binaryData=[*data])])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a ${URL} b", "${URL}"),
        ("{{ .x }}", "{{ .x }}"),
        ("$(A)", "$(A)"),
        ("%(a)s", "%(a)s"),
        ("<token>", "<token>"),
        ("@URL@", "@URL@"),
        ("${1}-$2", None),
        ("a < b", None),
        ("100%", None),
        ("plain", None),
    ],
)
def test_placeholders(text: str, found: str | None) -> None:
    assert placeholder_in(text) == found


@pytest.mark.parametrize(
    "text", ["changeme", "TODO", "https://example.com/x", "ops@example.org", "http://a.invalid", "YOUR_KEY", "${A}"]
)
def test_samples(text: str) -> None:
    assert is_sample(text)


@pytest.mark.parametrize(
    "text", ["https://hooks.acme.io/a1", "ops@acme.io", "k3y", "https://example.community.io/a", "http://localhost:1/"]
)
def test_what_is_no_sample(text: str) -> None:
    assert not is_sample(text)


def test_addresses_are_masked() -> None:
    assert masked('parse "https://a:b@c/d": no "x"') == 'parse "…": no "x"'


@given(st.text(max_size=200))
def test_any_text_is_looked_at(text: str) -> None:
    placeholder_in(text)
    is_sample(text)
    masked(text)

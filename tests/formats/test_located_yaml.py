"""Manifests document by document, with lines."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from gate.formats.located_yaml import BadYaml, Located, YamlDocument, line_of, read_parts, tag_of
from gate.model.json import Json


def one(text: str) -> YamlDocument:
    (part,) = read_parts(text.encode())
    assert isinstance(part, YamlDocument)
    return part


def value(text: str) -> Json:
    return one(text).value


def bad(text: str) -> BadYaml:
    (part,) = [part for part in read_parts(text.encode()) if isinstance(part, BadYaml)]
    return part


def at(document: Json, *steps: str | int) -> Json:
    for step in steps:
        document = document[step]  # type: ignore[index]
    return document


def test_a_mapping_knows_its_line() -> None:
    document = one("# first\na:\n  b:\n    c: 1\nlist:\n  - name: x\n  - {name: y}\n")
    assert document.line == 2
    assert [line_of(at(document.value, *path)) for path in ((), ("a",), ("a", "b"), ("list", 0), ("list", 1))] == [
        2,
        2,
        3,
        6,
        7,
    ]
    assert line_of("text", 7) == 7


def test_lines_go_on_in_the_next_document() -> None:
    first, second = read_parts(b"a: 1\n---\n\nb: {c: 1}\n")
    assert (first.line, second.line, second.index) == (1, 4, 1)


def test_a_bad_document_does_not_take_the_others_with_it() -> None:
    parts = read_parts(b"kind: A\n---\nkind: [B\n---\nkind: C\nat: {x: 1}\n")
    kinds = [part.value if isinstance(part, YamlDocument) else None for part in parts]
    assert kinds == [{"kind": "A"}, None, {"kind": "C", "at": {"x": 1}}]
    assert [part.index for part in parts] == [0, 1, 2]
    assert isinstance(parts[1], BadYaml)
    assert parts[1].line in (3, 4)
    third = parts[2]
    assert isinstance(third, YamlDocument)
    assert line_of(at(third.value, "at")) == 6


def test_a_key_that_stands_twice_is_bad_and_the_rest_is_read() -> None:
    parts = read_parts(b"a: 1\nb: 2\na: 3\n---\nc: 1\n")
    assert isinstance(parts[0], BadYaml)
    assert parts[0].reason == 'The key "a" stands here twice, and only one of them can count'
    assert parts[0].line == 3
    assert isinstance(parts[1], YamlDocument)


def test_tabs_are_told() -> None:
    assert bad("a:\n\tb: 1\n").reason == "A tab stands where YAML wants spaces; indent with spaces"


def test_a_template_is_told_as_one() -> None:
    found = bad('kind: Deployment\nmetadata:\n  {{- include "x" . }}\n')
    assert found.reason.startswith("This is a template, which holds {{- include")


def test_crlf_and_bom() -> None:
    document = one("\ufeffa: 1\r\nb:\r\n  c: 2\r\n")
    assert document.value == {"a": 1, "b": {"c": 2}}
    assert line_of(at(document.value, "b")) == 2


def test_what_is_not_utf_8_is_one_bad_document() -> None:
    (part,) = read_parts(b"a: \xff\n")
    assert isinstance(part, BadYaml)
    assert "not UTF-8" in part.reason
    (part,) = read_parts("a: 1".encode("utf-16"))
    assert isinstance(part, BadYaml)


def test_a_file_of_nothing_holds_nothing() -> None:
    assert read_parts(b"") == []
    assert read_parts(b"# only words\n---\n---\n...\n") == []
    assert value("~\n") is None


def test_anchors_aliases_and_merges() -> None:
    text = "base: &b {x: 1, y: 2}\na: {<<: *b, y: 3}\nc: {<<: [*b, {z: 1}]}\nd: *b\n&k key: *k\n"
    assert value(text) == {
        "base": {"x": 1, "y": 2},
        "a": {"x": 1, "y": 3},
        "c": {"x": 1, "y": 2, "z": 1},
        "d": {"x": 1, "y": 2},
        "key": "key",
    }
    assert "takes a mapping" in bad("a: {<<: 3}\n").reason
    assert "names no anchor" in bad("a: *b\n").reason
    assert "inside what it names" in bad("a: &a [*a]\n").reason
    assert "not text" in bad("? [a]\n: 1\n").reason


def test_what_an_alias_brings_has_the_line_of_its_anchor() -> None:
    document = one("x: &x\n  y: 1\n\nz: *x\n")
    assert line_of(at(document.value, "z")) == 1


def test_bombs_are_refused() -> None:
    wide = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "expand to more than is read" in bad(wide).reason
    deep = "a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}]\n" for i in range(200))
    assert "expand to more than is read" in bad(deep).reason
    assert "levels deep" in bad("[" * 5000).reason
    assert "levels deep" in bad("".join(f"{' ' * i}a:\n" for i in range(300))).reason


def test_scalars_are_those_of_yaml_1_2_and_never_wrong() -> None:
    assert value("[yes, on, 012, 1e3, 0x1f, .inf, 12:30, 2024-01-01, ~, !!str 1, !x y, 'no']\n") == [
        "yes", "on", 12, 1000.0, 31, ".inf", "12:30", "2024-01-01", None, "1", "y", "no",
    ]  # fmt: skip
    assert value("on: {1: a, true: b, null: c}\n") == {"on": {"1": "a", "true": "b", "null": "c"}}


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])).map(lambda text: f"t{text}")
"""Texts that begin with a letter: YAML 1.1, which PyYAML writes, and 1.2 do not agree on what is a number."""
SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.text("abc", min_size=1), DOCUMENTS, min_size=1), min_size=1, max_size=4))
def test_what_pyyaml_writes_is_read_back(documents: list[dict[str, Json]]) -> None:
    text = yaml.safe_dump_all(documents, allow_unicode=True, default_flow_style=None)
    parts = read_parts(text.encode())
    assert [part.value for part in parts if isinstance(part, YamlDocument)] == documents
    lines = text.split("\n")
    for part in parts:
        assert isinstance(part, YamlDocument)
        assert isinstance(part.value, Located)
        assert lines[part.value.line - 1].strip("{- ")


@given(st.binary(max_size=300) | st.text(alphabet="a:-{}[]&*<! \n\t'\"|>#%,0", max_size=120).map(str.encode))
def test_nothing_makes_it_raise(data: bytes) -> None:
    for part in read_parts(data):
        assert part.line >= 1


def test_the_tags_that_join_files_are_kept_and_no_others() -> None:
    text = b"a: !reset null\nb: !override [1]\nc: !override &x {d: !other 1}\ne: !Ref f\n"
    (part,) = read_parts(text + b"g: *x\nh: !!str 5\ni: [!reset j]\n")
    assert isinstance(part, YamlDocument)
    value = part.value
    assert value == {"a": "null", "b": [1], "c": {"d": "1"}, "e": "f", "g": {"d": "1"}, "h": "5", "i": ["j"]}
    assert isinstance(value, Located)
    tags = {key: tag_of(item) for key, item in value.items()}
    assert tags == {"a": "!reset", "b": "!override", "c": "!override", "g": "!override"} | dict.fromkeys("ehi", "")
    assert line_of(value["c"]) == 3

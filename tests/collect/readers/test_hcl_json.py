from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.hcl_json import read_hcl_json
from gate.collect.readers.hcl_tree import from_json, to_json
from gate.collect.terraform.evaluate import UNKNOWN, evaluate


def read(document: object) -> dict[tuple[str, ...], dict[str, object]]:
    block = read_hcl_json(json.dumps(document).encode())
    return {
        (item.type, *item.labels): {name: evaluate(each.expression) for name, each in item.attributes.items()}
        for item in block.blocks
    }


def test_labels_are_levels_and_any_level_may_be_a_list() -> None:
    found = read(
        {
            "//": "a comment",
            "resource": {"aws_lb": [{"a": {"x": 1, "//": "no"}}, {"b": [{"x": 2}]}]},
            "variable": {"region": {"default": "eu-west-1"}},
            "locals": {"a": [1, {"b": None}]},
        }
    )
    assert found == {
        ("resource", "aws_lb", "a"): {"x": 1},
        ("resource", "aws_lb", "b"): {"x": 2},
        ("variable", "region"): {"default": "eu-west-1"},
        ("locals",): {"a": [1, {"b": None}]},
    }


def test_the_blocks_of_terraform() -> None:
    document = {"terraform": {"backend": {"s3": {"bucket": "b"}}, "required_providers": {"aws": {"version": "~> 5"}}}}
    (block,) = read_hcl_json(json.dumps(document).encode()).blocks
    assert [(item.type, item.labels) for item in block.blocks] == [("backend", ("s3",)), ("required_providers", ())]


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("plain", ["=", "plain"]),
        ("${var.a}", [".", ["var", "a"]]),
        ("${local.list[0]}", [".", ["local", "list", 0]]),
        ("a-${ var.b }-c", ["t", [["=", "a-"], [".", ["var", "b"]], ["=", "-c"]]]),
        ("${upper(var.a)}", ["x", "${upper(var.a)}"]),
        ("%{ if var.a }x%{ endif }", ["x", "%{ if var.a }x%{ endif }"]),
    ],
)
def test_texts_are_templates(text: str, expression: object) -> None:
    (block,) = read_hcl_json(json.dumps({"locals": {"a": text}}).encode()).blocks
    assert block.attributes["a"].expression == expression


def test_nothing_in_a_file_of_values_is_a_template() -> None:
    block = read_hcl_json(b'{"a": "${var.b}", "c": [{"d": 1}]}', values=True)
    assert {name: evaluate(item.expression) for name, item in block.attributes.items()} == {
        "a": "${var.b}",
        "c": [{"d": 1}],
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[]", "is no object"),
        (b"{", "cannot be read as JSON"),
        (b'{"a": 1}', "holds 'a', which is no block of Terraform"),
        (b'{"resource": 1}', "has no object where the body of a resource block belongs"),
        (b'{"resource": {"a": {"b": 1}}}', "has no object where the body of a resource block belongs"),
    ],
)
def test_what_is_no_file_of_terraform(data: bytes, reason: str) -> None:
    with pytest.raises(ReportError, match=reason):
        read_hcl_json(data)


def test_depth_is_bounded() -> None:
    nested = b"[" * 150 + b"]" * 150
    block = read_hcl_json(b'{"locals": {"a": %s}}' % nested).blocks[0]
    assert evaluate(block.attributes["a"].expression) is not UNKNOWN
    assert "…" in json.dumps(block.attributes["a"].expression, ensure_ascii=False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["resource", "locals", "terraform", "module", "//"]), JSON, max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_document_is_read_or_refused(document: dict[str, object]) -> None:
    try:
        block = read_hcl_json(json.dumps(document).encode())
    except ReportError as error:
        assert error.reason  # noqa: PT017 - most texts are refused, some are read
    else:
        assert from_json(json.loads(json.dumps(to_json(block)))) == block

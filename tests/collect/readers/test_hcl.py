from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.hcl import read_hcl
from gate.collect.readers.hcl_tree import DEPTH, Block, from_json, to_json
from gate.collect.terraform.evaluate import Unknown, evaluate

WHOLE = """terraform {
  required_version = "~> 1.9" # a comment
}
/* resource "none" "none" {} */
resource "aws_lb" "main" {
  count    = 2
  internal = false
  nothing  = null
  share    = 1.5e2
  less     = -3
  name     = "a\\"b\\n\\u00e9 $${x}"
  zones    = ["a", "b", ]
  tags = {
    Name      = "x"
    "with.dot" = 1
    (var.key) = true
  }
  access_logs {
    bucket = aws_s3_bucket.logs.id
  }
  policy = <<-EOT
    one
      two
  EOT
  all    = aws_subnet.all[*].id
  first  = var.list[0].name
  chosen = var.on ? 1 : 0
  not    = !var.on
  sum    = 1 + 2
  group  = (4)
}
"""


def only(text: str) -> Block:
    (block,) = read_hcl(text.encode()).blocks
    return block


def test_blocks_have_labels_and_lines() -> None:
    block = read_hcl(WHOLE.encode())
    assert [(item.type, item.labels, item.line) for item in block.blocks] == [
        ("terraform", (), 1),
        ("resource", ("aws_lb", "main"), 5),
    ]
    (inner,) = block.blocks[1].named("access_logs")
    assert (inner.type, inner.line) == ("access_logs", 18)


def test_expressions() -> None:
    attributes = read_hcl(WHOLE.encode()).blocks[1].attributes
    found = {name: item.expression for name, item in attributes.items()}
    assert found["count"] == ["=", 2]
    assert found["internal"] == ["=", False]
    assert found["nothing"] == ["=", None]
    assert found["share"] == ["=", 150.0]
    assert found["less"] == ["=", -3]
    assert evaluate(found["name"]) == 'a"b\né ${x}'
    assert found["zones"] == ["[", [["=", "a"], ["=", "b"]]]
    assert found["tags"] == [
        "{",
        [
            [["=", "Name"], ["=", "x"]],
            [["=", "with.dot"], ["=", 1]],
            [[".", ["var", "key"]], ["=", True]],
        ],
    ]
    assert found["policy"] == ["=", "one\n  two\n"]
    assert found["all"] == ["x", "aws_subnet.all[*].id"]
    assert found["first"] == [".", ["var", "list", 0, "name"]]
    assert found["chosen"] == ["?", [".", ["var", "on"]], ["=", 1], ["=", 0]]
    assert found["not"] == ["!", [".", ["var", "on"]]]
    assert found["sum"] == ["x", "1 + 2"]
    assert found["group"] == ["=", 4]
    assert attributes["zones"].line == 12


def test_places_are_of_the_expression() -> None:
    text = '\ufeffmodule "é" {\n  source  = "a/b/c"\n  version = "1.0"\n}\n'
    attribute = only(text).attributes["source"]
    plain = text.removeprefix("\ufeff")
    assert plain[attribute.start : attribute.end] == '"a/b/c"'


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing\n", "// x", "/* x */", "a = 1", 'locals {\r\n  a = "b"\r\n}\r\n']
)
def test_what_parses(text: str) -> None:
    read_hcl(text.encode())


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("resource {\n  = \n}\n", "does not parse as Terraform's syntax (HCL)", 2),
        ('resource "a" "b" {\n', "does not parse as Terraform's syntax (HCL)", 2),
        ("<html>", "does not parse as Terraform's syntax (HCL)", 1),
        ("version https://git-lfs.github.com/spec/v1\n", "does not parse as Terraform's syntax (HCL)", 1),
        ('a = "${"', "does not parse as Terraform's syntax (HCL)", 1),
        ("locals {\n  a = 1\n  a = 2\n}\n", "sets a twice in one block", 3),
        ('resource "${var.x}" "b" {}\n', "has a block whose label is no plain text", 1),
        ("a = 1\0", "holds a NUL character, so it is not text", 1),
    ],
)
def test_what_does_not_parse_is_told_with_its_line(text: str, reason: str, line: int) -> None:
    with pytest.raises(ReportError) as caught:
        read_hcl(text.encode())
    assert caught.value.reason == reason
    assert caught.value.line == line


def test_what_is_not_utf_8() -> None:
    with pytest.raises(ReportError, match="is not UTF-8") as caught:
        read_hcl(b"a = 1\nb = '\xff'\n")
    assert caught.value.line == 2


def test_depth_is_bounded() -> None:
    deep = "a = " + "[" * 5000 + "]" * 5000
    expression = read_hcl(deep.encode()).attributes["a"].expression
    assert "x" in json.dumps(expression)
    assert isinstance(evaluate(expression), list | Unknown)
    with pytest.raises(ReportError, match=f"more than {DEPTH} levels"):
        read_hcl(("a {\n" * 100 + "}\n" * 100).encode())


def test_numbers_beyond_a_float_are_kept_as_text() -> None:
    assert read_hcl(b"a = 1e999").attributes["a"].expression == ["x", "1e999"]
    assert read_hcl(b"a = " + b"9" * 5000).attributes["a"].expression[0] == "x"  # type: ignore[index]


def test_heredocs_with_expressions_are_not_literals() -> None:
    assert read_hcl(b"a = <<E\nx ${var.y}\nE\n").attributes["a"].expression[0] == "x"  # type: ignore[index]
    assert read_hcl(b"a = <<E\n  x\nE\n").attributes["a"].expression == ["=", "  x\n"]
    assert read_hcl(b"a = <<E\nE\n").attributes["a"].expression == ["=", ""]


@pytest.mark.parametrize(
    "value",
    [None, [], {}, {"type": 1}, {"type": "a", "labels": [], "line": 1, "attributes": {"a": 1}, "blocks": []},
     {"type": "a", "labels": [], "line": 1, "attributes": {}, "blocks": [1]},
     {"type": "a", "labels": [], "line": 1, "attributes": {}, "blocks": {}}],
)  # fmt: skip
def test_what_was_kept_and_is_no_block(value: object) -> None:
    with pytest.raises(ValueError, match="is no"):
        from_json(value)  # type: ignore[arg-type]


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,10}", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def written(value: object) -> str:
    """Write a value as HCL, whose texts are JSON's but for what begins a template."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str):
        escaped = json.dumps(value, ensure_ascii=False).replace("${", "").replace("%{", "")
        return "".join(char if char >= " " and char != "\x7f" else "" for char in escaped)
    return json.dumps(value)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
@settings(max_examples=60, deadline=None)
def test_literals_come_back_as_they_were_written(values: dict[str, object]) -> None:
    plain = {
        name: value for name, value in values.items() if not any(mark in repr(value) for mark in ("$", "%", "\\", "{'"))
    }
    text = "".join(f"{name} = {written(value)}\n" for name, value in plain.items())
    found = read_hcl(text.encode())
    assert {name: evaluate(item.expression) for name, item in found.attributes.items()} == plain
    assert from_json(json.loads(json.dumps(to_json(found)))) == found


@given(st.text(alphabet='ab1 ={}[]()"$%\\\n<-E#/*.,?:!', max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read_hcl(text.encode())
    except ReportError as error:
        assert error.reason  # noqa: PT017 - most texts are refused, some are read
    else:
        assert from_json(json.loads(json.dumps(to_json(found)))) == found

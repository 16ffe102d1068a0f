"""docs/facts.md is what the schemas of the facts say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.judge.facts_page import facts_markdown, main, shipped
from gate.model.json import JsonObject


def test_the_page_of_facts_is_what_the_schemas_say() -> None:
    page = Path(__file__).parents[2] / "docs" / "facts.md"
    assert page.read_text(encoding="utf-8") == facts_markdown(shipped()), (
        "run: python -m gate.judge.facts_page > docs/facts.md"
    )


def test_every_kind_that_ships_has_its_section() -> None:
    folder = Path(__file__).parents[2] / "schemas" / "evidence"
    kinds = sorted(path.name.removesuffix(".schema.json") for path in folder.glob("*.schema.json"))
    page = facts_markdown(shipped())
    assert [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")] == kinds
    assert "tests" in kinds


def test_the_page_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    assert capsys.readouterr().out == facts_markdown(shipped())


def _page(schema: JsonObject) -> str:
    return facts_markdown({"tests": schema}).partition("| Fact | Type | Always | Meaning |\n|---|---|---|---|\n")[2]


def test_every_fact_is_a_row_below_the_object_that_it_belongs_to() -> None:
    schema: JsonObject = {
        "description": "What is < or | or *.",
        "required": ["total"],
        "properties": {
            "total": {"$ref": "#/$defs/count", "description": "How many | of which."},
            "rate": {"type": "number", "description": "A share."},
            "suites": {
                "type": "object",
                "description": "By name.",
                "additionalProperties": {"$ref": "#/$defs/suite"},
            },
            "tools": {"type": "array", "description": "In order.", "items": {"$ref": "#/$defs/suite"}},
            "names": {"type": "array", "description": "All.", "items": {"type": "string"}},
            "content": {"description": "What it holds."},
            "version": {"type": ["string", "null"], "description": "If told."},
            "state": {"enum": ["on", "off", None], "description": "How it is."},
        },
        "$defs": {
            "count": {"type": "integer", "description": "A number."},
            "suite": {
                "type": "object",
                "required": ["passed"],
                "properties": {"passed": {"$ref": "#/$defs/count"}},
            },
        },
    }
    assert _page(schema).splitlines() == [
        "| `total` | whole number | yes | How many \\| of which. |",
        "| `rate` | number | – | A share. |",
        "| `suites` | map of objects | – | By name. |",
        "| `suites.*.passed` | whole number | yes | A number. |",
        "| `tools` | list of objects | – | In order. |",
        "| `tools[].passed` | whole number | yes | A number. |",
        "| `names` | list of texts | – | All. |",
        "| `content` | anything | – | What it holds. |",
        "| `version` | text or null | – | If told. |",
        "| `state` | `on`, `off` or `null` | – | How it is. |",
    ]
    assert "What is &lt; or \\| or \\*." in facts_markdown({"tests": schema})


def test_what_one_can_select_by_is_told() -> None:
    page = facts_markdown({"coverage": {}, "sast": {}})
    assert "`select` by `part` or `path`;" in page
    assert page.count("`select` by") == 1


def test_a_schema_that_refers_to_itself_ends() -> None:
    tree: JsonObject = {"type": "object", "properties": {"below": {"$ref": "#/$defs/tree"}}}
    assert "`below.below`" in _page({"properties": {"top": {"$ref": "#/$defs/tree"}}, "$defs": {"tree": tree}}).replace(
        "top.", ""
    )


def test_references_in_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        _page({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}})


def test_a_reference_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(KeyError):
        _page({"properties": {"a": {"$ref": "#/$defs/none"}}})

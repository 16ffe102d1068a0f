"""The JSON documents: their names, the schemas that ship, and what reads them back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.commands.wiring import validate
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.evidence_json import read_evidence, read_finding
from gate.model.json import Json
from gate.model.verdict import Verdict
from gate.report.json_v1 import evidence_document, json_text, render, verdict_document
from gate.report.options import RenderOptions
from tests.report.hostile import HOSTILE
from tests.report.test_markdown import hostile_verdict
from tests.support.verdicts import CONDITIONAL, EVIDENCE, FINDINGS, GO, NO_GO

DATA = Path(__file__).parent / "data"
SCHEMAS = Path(__file__).parents[2] / "schemas"
VERDICTS = [("go", GO), ("conditional", CONDITIONAL), ("no_go", NO_GO)]


@pytest.mark.parametrize(("name", "value"), VERDICTS)
def test_a_verdict_fits_its_schema_and_is_the_golden_one(name: str, value: Verdict) -> None:
    validate("verdict", verdict_document(value))
    assert render(value, RenderOptions()) == (DATA / f"{name}.json").read_text()


def test_the_names_are_the_contract() -> None:
    document = verdict_document(NO_GO)
    assert {
        "schema_version", "verdict", "score", "commit", "base", "generated_at", "policy", "categories", "criteria",
        "evidence", "findings", "finding_totals", "waivers", "claims", "blocked_by", "notices", "advisory", "trust",
        "proposal",
    } == set(document)  # fmt: skip
    schema = json.loads((SCHEMAS / "verdict.schema.json").read_text())
    assert set(schema["required"]) == set(schema["properties"]) == set(document)


def test_pointers_lead_to_the_facts_that_were_judged() -> None:
    document = verdict_document(NO_GO)
    criteria = document["criteria"]
    assert isinstance(criteria, list)
    pointers = [str(item["facts_pointer"]) for item in criteria if isinstance(item, dict) and item["facts_pointer"]]
    assert pointers
    for pointer in pointers:
        here: Json = document
        for step in pointer.split("/")[1:]:
            here = here[int(step)] if isinstance(here, list) else here[step]  # type: ignore[index]
        assert here


def test_what_a_document_says_is_read_back() -> None:
    document = json.loads(render(NO_GO, RenderOptions()))
    assert tuple(read_finding(entry) for entry in document["findings"]) == FINDINGS
    found = [read_evidence(entry) for entry in document["evidence"]]
    assert found == [
        Collected(item.kind, item.facts, item.sources, item.gaps) if isinstance(item, Collected) else item
        for item in EVIDENCE
    ]


def descriptions(schema: Json, name: str) -> Iterator[str]:
    """The names of properties without a description."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict) and "type" in schema:
            yield from (f"{name}/{key}" for key, value in properties.items() if "description" not in value)  # type: ignore[operator]
        for key, value in schema.items():
            yield from descriptions(value, f"{name}/{key}")


@pytest.mark.parametrize("name", ["verdict", "evidence-document"])
def test_every_property_of_a_schema_is_described(name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    assert schema["$id"] == f"https://readiness-gate.dev/schemas/{name}.schema.json"
    assert not list(descriptions(schema, name))


def test_evidence_fits_its_schema() -> None:
    every: tuple[Evidence, ...] = (*EVIDENCE, Unreadable("tests", "cut", EVIDENCE[1].sources, (Gap("a", "b"),)))  # type: ignore[union-attr]
    validate("evidence-document", evidence_document(every, None))


@pytest.mark.parametrize(
    "change",
    [
        {"facts": None},
        {"reason": "though collected"},
        {"state": "missing"},
        {"state": "fine"},
        {"extra": 1},
        {"sources": [{"how": "guessed", "path": None, "sha256": None, "tool": None, "version": None, "detail": None}]},
    ],
)
def test_evidence_that_contradicts_itself_does_not_fit(change: dict[str, Json]) -> None:
    document = evidence_document([EVIDENCE[0]], None)
    entries = document["evidence"]
    assert isinstance(entries, list)
    assert isinstance(entries[0], dict)
    entries[0] = entries[0] | change
    with pytest.raises(ValueError, match="evidence"):
        validate("evidence-document", document)


@pytest.mark.parametrize(
    "change", [{"verdict": "fine"}, {"score": 101}, {"claims": []}, {"generated_at": "today"}, {"extra": 1}]
)
def test_a_verdict_with_another_shape_does_not_fit(change: dict[str, Json]) -> None:
    with pytest.raises(ValueError, match=next(iter(change)) if "extra" not in change else "extra"):
        validate("verdict", verdict_document(GO) | change)


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_text(evidence_document([Collected("x", {"a": float("nan")})], None))


@settings(max_examples=100, deadline=None)
@given(HOSTILE | st.text(alphabet=st.characters()))
def test_any_text_comes_back_and_none_reaches_a_terminal_or_a_runner(text: str) -> None:
    value = hostile_verdict(text, NO_GO)
    shown = render(value, RenderOptions())
    assert shown.isascii()
    assert all(char == "\n" or char.isprintable() for char in shown)
    assert "##[" not in shown
    assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]
    assert json.loads(shown) == verdict_document(value)


@given(st.lists(st.builds(Gap, HOSTILE, HOSTILE, st.none() | HOSTILE, st.none() | st.integers(1, 9))), HOSTILE)
def test_evidence_comes_back_from_its_text(gaps: list[Gap], text: str) -> None:
    source = Source(How.SUPPLIED, text, "a" * 64, None, text, None)
    every: list[Evidence] = [
        Collected("tests", {text: [text, 1, 1.5, None, True]}, (source,), tuple(gaps)),
        Missing("docs", text, not_applicable=True, gaps=tuple(gaps)),
        Unreadable("sast", text, (source,), tuple(gaps)),
    ]
    document = json.loads(json_text(evidence_document(every, text)))
    assert [read_evidence(entry) for entry in document["evidence"]] == every

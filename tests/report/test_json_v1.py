"""The JSON documents fit the schemas that ship."""

from __future__ import annotations

import json

import pytest

from gate.commands.wiring import validate
from gate.model.evidence import Collected
from gate.model.verdict import Verdict
from gate.report.json_v1 import evidence_document, json_text, render, verdict_document
from gate.report.options import RenderOptions
from tests.support.verdicts import CONDITIONAL, EVIDENCE, GO, NO_GO


@pytest.mark.parametrize("value", [GO, CONDITIONAL, NO_GO])
def test_a_verdict_fits_its_schema(value: Verdict) -> None:
    validate("verdict", verdict_document(value))


def test_evidence_fits_its_schema() -> None:
    validate("evidence-document", evidence_document(EVIDENCE, None))


def test_a_document_with_another_name_does_not_fit() -> None:
    with pytest.raises(ValueError, match="verdict"):
        validate("verdict", verdict_document(GO) | {"verdict": "fine"})


def test_the_text_is_ascii_and_finite() -> None:
    text = render(NO_GO, RenderOptions())
    assert text.isascii()
    assert json.loads(text)["verdict"] == "no_go"
    with pytest.raises(ValueError, match="JSON"):
        json_text(evidence_document([Collected("x", {"a": float("nan")})], None))

"""Several tools that tell of one weakness, through the whole program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.fakes import write
from tests.support.repos import Gate, ledger


@pytest.mark.parametrize(("merge", "medium", "merged"), [("none", 2, None), ("by_line_and_class", 1, 1)])
def test_one_weakness_counts_once_when_the_policy_asks(
    gate: Gate, tmp_path: Path, merge: str, medium: int, merged: int | None
) -> None:
    repository = ledger(tmp_path / "ledger")
    for name, tag in (("One", "external/cwe/cwe-089"), ("Two", "CWE-89: SQL Injection")):
        region = {"startLine": 2}
        place = {"physicalLocation": {"artifactLocation": {"uri": "web/query.js"}, "region": region}}
        result = {"ruleId": f"{name}-1", "message": {"text": "A query is put together."}, "locations": [place]}
        driver = {"name": name, "rules": [{"id": f"{name}-1", "properties": {"tags": [tag]}}]}
        document = {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": [result]}]}
        write(repository, {f"out/{name}.sarif": json.dumps(document)})
    settings = ("sast.reports=out/*.sarif", "sast.bandit=false", f"sast.merge={merge}")
    said = gate.run(repository, "--only", "sast", *(word for each in settings for word in ("--evidence", each)))
    facts = said.evidence("sast")["facts"]
    assert facts["counts"] == {"critical": 0, "high": 0, "medium": medium, "low": 0}
    assert facts.get("merged") == merged
    assert {tool["name"] for tool in facts["tools"]} == {"One", "Two"}

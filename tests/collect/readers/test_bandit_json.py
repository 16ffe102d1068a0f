import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.bandit_json import BanditIssue, read_bandit
from gate.collect.readers.errors import ReportError

DATA = Path(__file__).parent / "data" / "bandit"


def report(results: int = 0, said: int | None = None, **members: Any) -> bytes:
    issue = {
        "filename": "a.py",
        "test_id": "B101",
        "test_name": "assert_used",
        "issue_severity": "LOW",
        "issue_confidence": "HIGH",
        "issue_text": "Use of assert",
        "line_number": 3,
    }
    metrics = {"SEVERITY.LOW": results if said is None else said, "CONFIDENCE.HIGH": 9, "nosec": 2, "skipped_tests": 1}
    whole = {"errors": [], "metrics": {"_totals": {"loc": 1}, "a.py": metrics}, "results": [issue] * results}
    return json.dumps(whole | members).encode()


def test_a_real_report() -> None:
    found = read_bandit((DATA / "bandit.json").read_bytes())
    assert found.failed == {"./src/broken.py": "syntax error while parsing AST from file"}
    # B602 on the call of several lines, and the blanket comment on eval.
    assert found.scanned == {"./src/app.py": 2, "./tests/test_app.py": 0}
    assert [(issue.test_id, issue.line_number) for issue in found.issues if issue.issue_severity == "HIGH"] == [
        ("B602", 17),
        ("B324", 27),
    ]


def test_counts_of_nosec() -> None:
    found = read_bandit(report(2))
    assert (len(found.issues), found.scanned, found.failed) == (2, {"a.py": 3}, {})


def test_lines() -> None:
    assert BanditIssue("a", "B1", "n", "LOW", "LOW", "t", 4, (3, 4, 6)).lines == (3, 6)
    assert BanditIssue("a", "B1", "n", "LOW", "LOW", "t", 4).lines == (4, 4)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"Traceback", "cannot be read as JSON"),
        (report()[:-3], "cannot be read as JSON"),
        (b"[]", "not bandit's JSON"),
        (b'{"results": []}', "not bandit's JSON"),
        (report(errors=[{"filename": "b"}]), "not bandit's JSON"),
        (report(1, said=2), "lists 1 issues in a.py, but its metrics say 2"),
        (report(1, metrics={"_totals": {}}), "an issue in a.py, which its metrics do not name"),
        (report(1, errors=[{"filename": "a.py", "reason": "x"}]), "which its metrics do not name"),
    ],
)
def test_refused(data: bytes, words: str) -> None:
    with pytest.raises(ReportError, match=words):
        read_bandit(data)


@given(st.binary(max_size=40), st.integers(0, 300))
def test_any_bytes_are_read_or_refused(noise: bytes, place: int) -> None:
    whole = report(2)
    for data in (noise, whole[:place] + noise + whole[place:]):
        with suppress(ReportError):
            assert read_bandit(data).scanned is not None

"""What helm lint says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.helm_lint import LintMessage, read_helm_lint

SAID = b"""==> Linting chart
[INFO] Chart.yaml: icon is recommended
[WARNING] templates/a.yaml: object name does not conform
[ERROR] templates/: parse error at (web/templates/b.yaml:3): unclosed action
 a second line of it

Error: 1 chart(s) linted, 1 chart(s) failed
"""


def test_lines_are_told_apart_by_their_level() -> None:
    report = read_helm_lint(SAID)
    assert report.charts == 1
    assert [report.count(level) for level in ("info", "warning", "error")] == [1, 1, 1]
    assert report.messages[0] == LintMessage("info", "Chart.yaml: icon is recommended")


@pytest.mark.parametrize("data", [b"", b"Error: path not found\n", b"<html>", b"\xff\xfe"])
def test_what_names_no_chart_is_no_report(data: bytes) -> None:
    with pytest.raises(ReportError, match="names no chart"):
        read_helm_lint(data)


@given(
    st.lists(
        st.tuples(st.sampled_from(["info", "warning", "error"]), st.text(st.characters(codec="ascii"), max_size=9))
    )
)
def test_every_line_is_counted(lines: list[tuple[str, str]]) -> None:
    plain = [(level, " ".join(text.split())) for level, text in lines]
    said = "==> Linting chart\n" + "".join(f"[{level.upper()}] {text}\n" for level, text in plain)
    report = read_helm_lint(said.encode())
    assert [(one.level, one.text) for one in report.messages] == plain

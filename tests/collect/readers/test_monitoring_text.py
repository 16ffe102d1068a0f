"""What promtool and amtool write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.amtool_text import CheckedConfig, read_amtool
from gate.collect.readers.errors import ReportError
from gate.collect.readers.promtool_text import CheckedFile, Complaint, read_checked, read_complaints

CHECKED = b"""Checking a.json
  SUCCESS: 2 rules found

Checking b.json

Checking c.json
 SUCCESS: c.json is valid prometheus config file syntax

"""
COMPLAINTS = """  FAILED:
b.json: 5:11: group "a", rule 1, "X": could not parse expression: 1:6: parse error: unexpected end of input
b.json: group "a", rule 3, "Y": annotation "a": template: __alert_Y:1: undefined variable "$foo"
d.json: yaml: unmarshal errors:
  line 4: field sevirity not found in type rulefmt.RuleNode
  FAILED: parsing YAML file p.json: not a valid duration string: "5x"
"""


def test_what_promtool_checked() -> None:
    assert read_checked(CHECKED) == (
        CheckedFile("a.json", True, 2),
        CheckedFile("b.json", False),
        CheckedFile("c.json", True),
    )


def test_what_promtool_complains_of() -> None:
    assert read_complaints(COMPLAINTS) == (
        Complaint(
            "b.json", 5, 'group "a", rule 1, "X": could not parse expression: 1:6: parse error: unexpected end of input'
        ),
        Complaint(
            "b.json", None, 'group "a", rule 3, "Y": annotation "a": template: __alert_Y:1: undefined variable "$foo"'
        ),
        Complaint("d.json", 4, "field sevirity not found in type rulefmt.RuleNode"),
        Complaint("", None, 'not a valid duration string: "5x"'),
    )


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff",
        b"hello\n",
        b"  SUCCESS: 2 rules found\n",
        CHECKED.replace(b"2 rules", b"2 rules found\n  SUCCESS: 3 rules"),
    ],
)
def test_what_promtool_does_not_write_is_refused(said: bytes) -> None:
    with pytest.raises(ReportError):
        read_checked(said)


AMTOOL = b"""Checking 'a.json'  SUCCESS
Found:
 - global config
 - route
 - 0 inhibit rules
 - 3 receivers
 - 0 templates

Checking 'b.json'  FAILED: yaml: unmarshal errors:
  line 1: field foo not found in type config.plain

"""


def test_what_amtool_checked() -> None:
    assert read_amtool(AMTOOL) == (
        CheckedConfig("a.json", True, "", 3),
        CheckedConfig("b.json", False, "yaml: unmarshal errors: line 1: field foo not found in type config.plain"),
    )


@pytest.mark.parametrize("said", [b"", b"\xff", b"hello\n"])
def test_what_amtool_does_not_write_is_refused(said: bytes) -> None:
    with pytest.raises(ReportError):
        read_amtool(said)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_answer_is_read_or_refused(said: bytes) -> None:
    for read in (read_checked, read_amtool):
        try:
            read(said)
        except ReportError:
            continue
    read_complaints(said.decode("utf-8", "replace"))

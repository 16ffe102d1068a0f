"""TRX, NUnit, xUnit and CTRF reports, and telling formats by content."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.cases.case_facts import Tally
from gate.collect.readers.case_report import Case, Outcome, TestReport, first_line, seconds
from gate.collect.readers.errors import ReportError
from gate.collect.readers.tests_report import NotATestReportError, read_test_report

DATA = Path(__file__).parent / "data"

# passed, failed, errors, skipped, flaky; seconds
REAL = {
    "ctrf/flaky.json": ((2, 1, 0, 2, 1), 0.6005),
    "ctrf/jest.json": ((4, 1, 0, 2, 0), 0.004),
    "ctrf/pytest.json": ((7, 8, 0, 2, 1), 0.024),
    "nunit/nunit3.xml": ((3, 1, 3, 2, 0), 0.75),
    "trx/crashed.trx": ((1, 0, 1, 0, 0), 1.0),
    "trx/vstest.trx": ((2, 2, 1, 2, 0), 62.5),
    "xunit/xunit2.xml": ((1, 1, 1, 2, 0), 0.75),
}


def read(data: bytes | str, size: int = 1 << 20) -> tuple[TestReport, list[Case]]:
    content = data.encode() if isinstance(data, str) else data
    found: list[Case] = []
    report = read_test_report([content[at : at + size] for at in range(0, len(content), size)], found.append)
    assert report.cases == len(found)
    return report, found


def tally_of(cases: list[Case]) -> Tally:
    tally = Tally()
    for case in cases:
        tally(case)
    return tally


@pytest.mark.parametrize("size", [61, 1 << 20])
@pytest.mark.parametrize("name", REAL)
def test_real_reports(name: str, size: int) -> None:
    report, cases = read((DATA / name).read_bytes(), size)
    tally = tally_of(cases)
    passed, failed, errors, skipped = (tally.outcomes[outcome] for outcome in Outcome)
    assert (passed, failed, errors, skipped, tally.flaky) == REAL[name][0]
    assert tally.seconds == pytest.approx(REAL[name][1])
    assert report.problems == ()


@pytest.mark.parametrize("name", REAL)
def test_reports_that_are_cut_off_are_refused(name: str) -> None:
    data = (DATA / name).read_bytes().rstrip()
    for at in (len(data) - 1, len(data) // 2):
        with pytest.raises(ReportError, match=r"ends|unterminated"):
            read(data[:at])


@pytest.mark.parametrize(
    ("name", "before", "after", "reason"),
    [
        ("trx/vstest.trx", 'total="8"', 'total="80"', 'its counters state total="80", but it holds 7 results'),
        ("trx/vstest.trx", 'failed="3"', 'failed="0"', "state 1 failures and errors, but it holds 3 such results"),
        ("trx/vstest.trx", ' passed="2"', ' passed="7"', 'state passed="7", but it holds 2 such results'),
        ("trx/vstest.trx", ' passed="2"', ' passed="all"', 'states passed="all", which is no count'),
        ("nunit/nunit3.xml", ' total="8" passed', ' total="9" passed', 'the run states total="9", but holds 8'),
        ("nunit/nunit3.xml", 'failed="3"', 'failed="0"', 'states failed="0", but holds 3 such test cases'),
        ("nunit/nunit3.xml", 'passed="2"', 'passed="5"', 'states passed="5", but holds 2 such test cases'),
        ("nunit/nunit3.xml", 'result="Warning"', 'result="Fine"', 'holds a test case with result="Fine"'),
        ("xunit/xunit2.xml", 'total="4" passed="1" failed="1" skipped="1" not', 'total="9" not', 'states total="9"'),
        ("xunit/xunit2.xml", 'errors="1"', 'errors="0"', 'states errors="0", but holds 1 such test'),
        ("xunit/xunit2.xml", 'result="Pass"', 'result="Pas"', 'holds a test with result="Pas"'),
        ("ctrf/flaky.json", '"failed": 1', '"failed": 0', "its summary states failed: 0, but it holds 1 with"),
        ("ctrf/flaky.json", '"tests": 5', '"tests": 50', "its summary states tests: 50, but it holds 5 tests"),
        ("ctrf/flaky.json", '"status": "other"', '"status": "fine"', "has the status 'fine', which CTRF does not know"),
        ("ctrf/flaky.json", '"status": "other"', '"status": ["passed"]', "which CTRF does not know"),
    ],
)
def test_contradictions_are_told(name: str, before: str, after: str, reason: str) -> None:
    text = (DATA / name).read_text()
    assert before in text
    report, _ = read(text.replace(before, after, 1))
    assert any(reason in problem.reason and problem.facts == () for problem in report.problems), report.problems


def test_what_is_known_of_trx_results() -> None:
    _, cases = read((DATA / "trx/vstest.trx").read_bytes())
    known = {case.name: case for case in cases}
    assert known["Adds"] == Case(Outcome.PASSED, ("run", "shop.tests.dll"), "Shop.Tests.CartTests", "Adds", seconds=1.5)
    assert (known["Fails"].classname, known["Fails"].message) == ("Shop.Tests.CartTests", "Assert.AreEqual failed.")
    assert known["Slow"].outcome is Outcome.ERROR
    assert known["Inconclusive"].outcome is Outcome.SKIPPED
    assert "Data" not in known, "of a data-driven test the rows count"
    assert (known["Data (1)"].outcome, known["Data (2)"].outcome) == (Outcome.PASSED, Outcome.FAILED)


def test_a_trx_run_that_crashed_is_an_error() -> None:
    _, cases = read((DATA / "trx/crashed.trx").read_bytes())
    assert cases[-1].message == "The active test run was aborted. Reason: Test host process crashed"


@pytest.mark.parametrize(
    ("attributes", "inner", "outcomes"),
    [
        ('outcome="Passed"', "", ["passed"]),
        ("", "", ["errors"]),
        ('outcome="SomethingNew"', "", ["errors"]),
        ('outcome="NotRunnable"', "", ["errors"]),
        (
            'outcome="Failed"',
            '<InnerResults><UnitTestResult outcome="Passed"/></InnerResults>',
            ["passed", "failed"],
        ),
    ],
)
def test_outcomes_of_trx(attributes: str, inner: str, outcomes: list[str]) -> None:
    _, cases = read(f"<TestRun><Results><UnitTestResult {attributes}>{inner}</UnitTestResult></Results></TestRun>")
    assert [case.outcome.value for case in cases] == outcomes


def test_times_of_trx() -> None:
    durations = ("1.00:00:01", "00:00:00.5", "soon", "-00:00:01")
    body = "".join(f'<UnitTestResult outcome="Passed" duration="{text}"/>' for text in durations)
    report, cases = read(f"<TestRun><Results>{body}</Results></TestRun>")
    assert [case.seconds for case in cases] == [86401, 0.5, None, None]
    assert report.problems[0].facts == ("duration_seconds",)


def test_what_fails_outside_nunit_cases() -> None:
    _, cases = read((DATA / "nunit/nunit3.xml").read_bytes())
    outside = [case for case in cases if case.name.startswith("(outside any test)")]
    assert [(case.name, case.classname, case.message) for case in outside] == [
        ("(outside any test) TearDownTests", "Shop.Tests.TearDownTests", "TearDown : cannot close")
    ], "a failed set-up is told by its cases"
    fails = next(case for case in cases if case.name == "Fails")
    assert fails == Case(
        Outcome.FAILED,
        ("Shop.Tests.dll", "CartTests"),
        "Shop.Tests.CartTests",
        "Fails",
        "",
        None,
        0.25,
        False,
        "Expected: 1",
    )
    _, alone = read('<test-run><test-suite name="s" result="Failed" site="SetUp"><failure/></test-suite></test-run>')
    assert [case.outcome for case in alone] == [Outcome.ERROR]


def test_what_is_known_of_xunit_tests() -> None:
    _, cases = read((DATA / "xunit/xunit2.xml").read_bytes())
    error, _, fails, *_ = cases
    assert (error.outcome, error.name, error.message) == (
        Outcome.ERROR,
        "CartTests",
        "System.Exception : cannot close",
    )
    assert (fails.file, fails.line, fails.message) == ("tests/CartTests.cs", 12, "Assert.Equal() Failure")
    assert fails.suites == ("Shop.Tests.dll", "Test collection for Shop.Tests.CartTests")


def test_what_is_known_of_ctrf_tests() -> None:
    report, cases = read((DATA / "ctrf/flaky.json").read_bytes())
    adds, flaky, fails, *_ = cases
    assert adds.suites == flaky.suites == ("cart", "adding")
    assert (adds.flaky, flaky.flaky) == (False, True)
    assert fails == Case(Outcome.FAILED, (), "", "fails", "tests/cart.js", 7, 0.3005, False, "1 is not 2")
    assert report.seconds == 2.5


def ctrf(tests: object, **more: object) -> str:
    return json.dumps({"results": {"tests": tests, **more}})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b'{"results": {"tests": [', "ends before it is whole"),
        (b'{"results": {"tests": [], "tests": []}}', "stands twice"),
        (b'{"results": {"tests": [{"duration": NaN}]}}', "NaN"),
        (b'{"results": []}', 'has no object "results"'),
        (b'{"results": {}}', 'has no list "results.tests"'),
        (b'{"results": {"tests": {}}}', 'has no list "results.tests"'),
        (b'{"results": {"tests": [[]]}}', "results.tests[0] is no object"),
        (b'{"results": "\xff"}', "not UTF-8"),
        (b"<test-run><test-case><test-case/></test-case></test-run>", "begins inside a test case"),
        (b"<assemblies><assembly><test><test/></test></assembly></assemblies>", "begins inside a test"),
        (b"<TestRun><Results>", "cannot be read as TRX: it ends in the middle"),
        (b"<!DOCTYPE TestRun [<!ENTITY a 'b'>]><TestRun/>", "cannot be read as TRX: it holds a DTD"),
        (b"<", "ends in the middle"),
    ],
)
def test_what_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ReportError) as caught:
        read(data)
    assert reason in caught.value.reason
    assert not isinstance(caught.value, NotATestReportError)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<coverage/>", "is not a test report (its root element is <coverage>)"),
        (b"<robot/>", "it is Robot Framework's own output; give robot --xunit and name that file"),
        (b"<test-results/>", "let the runner write NUnit 3"),
        (b'{"version": "2.1.0"}', "it is JSON, but not CTRF"),
        (b"TN:\nSF:a.py\n", "it is neither XML nor JSON"),
        (b"\x89PNG\r\n", "it is neither XML nor JSON"),
        (b"[]", "it is neither XML nor JSON"),
    ],
)
def test_what_is_something_else(data: bytes, reason: str) -> None:
    with pytest.raises(NotATestReportError) as caught:
        read(data, 3)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf\n<testsuite><testcase/></testsuite>",
        '<?xml version="1.0" encoding="utf-16"?><testsuite><testcase/></testsuite>'.encode("utf-16"),
        '<?xml version="1.0" encoding="utf-16"?><testsuite><testcase/></testsuite>'.encode("utf-16-le"),
        b"<!-- " + b"x" * 100_000 + b" --><testsuite><testcase/></testsuite>",
    ],
)
def test_formats_are_told_whatever_comes_first(data: bytes) -> None:
    report, _ = read(data)
    assert (report.format, report.cases) == ("JUnit XML", 1)


def test_durations_of_ctrf() -> None:
    tests = [{"name": "n", "status": "passed", "duration": value} for value in (5, 1.5, True, "5", None, -1, 1e300)]
    report, cases = read(ctrf(tests))
    assert [case.seconds for case in cases] == [0.005, 0.0015, None, None, None, None, None]
    (problem,) = report.problems
    assert problem.reason.startswith("gives 2 times that cannot be one")
    assert problem.facts == ("duration_seconds",)


@pytest.mark.parametrize(
    ("suite", "line", "known"),
    [
        ("a > b", 3, (("a", "b"), 3)),
        (["a", 3, "", "b"], True, (("a", "b"), None)),
        (7, "3", ((), None)),
        (None, 0, ((), None)),
    ],
)
def test_odd_members_of_ctrf(suite: object, line: object, known: tuple[tuple[str, ...], int | None]) -> None:
    _, (case,) = read(ctrf([{"name": 5, "status": "passed", "suite": suite, "line": line}]))
    assert (case.suites, case.line) == known
    assert case.name == ""


def test_a_large_ctrf_report_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.readers.ctrf.MAX_BYTES", 1 << 20)
    with pytest.raises(ReportError, match="more than 1 MiB"):
        read(ctrf([]) + " " * (1 << 20))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("1.5", 1.5),
        (" 1.5 ", 1.5),
        ("1e-3", 0.001),
        ("0,5", 0.5),
        ("12,5", 12.5),
        ("0,500", 0.5),
        ("1,234", 1234.0),
        ("1,234.56", 1234.56),
        ("1.234,56", 1234.56),
        ("1,234,567", 1234567.0),
        ("", None),
        ("NaN", None),
        ("Infinity", None),
        ("-0.5", None),
        ("-1,5", None),
        ("1,2,3.4.5", None),
        ("1.5s", None),
        ("PT1S", None),
    ],
)
def test_seconds(text: str, value: float | None) -> None:
    assert seconds(text) == value


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_none(text: str) -> None:
    value = seconds(text)
    assert value is None or 0 <= value < float("inf")


def test_first_line_is_one_printable_line() -> None:
    assert first_line("\n \n a\tb\x1b[0m \nsecond") == "a�b�[0m"
    assert first_line("x" * 300, 10) == "x" * 10 + "…"
    assert first_line("\n") == ""


_WRITERS: dict[str, Callable[[int], str]] = {
    "TRX": lambda kind: f'<UnitTestResult outcome="{("Passed", "Failed", "Error", "NotExecuted")[kind]}"/>',
    "NUnit 3 XML": lambda kind: (
        "<test-case result=" + ('"Passed"/>', '"Failed"/>', '"Failed" label="Error"/>', '"Skipped"/>')[kind]
    ),
    "CTRF JSON": lambda kind: json.dumps({"status": ("passed", "failed", "failed", "skipped")[kind]}),
}
_FRAMES = {
    "TRX": ("<TestRun><Results>", "", "</Results></TestRun>"),
    "NUnit 3 XML": ("<test-run>", "", "</test-run>"),
    "CTRF JSON": ('{"results":{"tests":[', ",", "]}}"),
}


@given(st.sampled_from(sorted(_WRITERS)), st.lists(st.integers(0, 3), max_size=30), st.integers(1, 99))
def test_every_case_counts_once(format: str, kinds: list[int], size: int) -> None:
    before, between, after = _FRAMES[format]
    report, cases = read(before + between.join(map(_WRITERS[format], kinds)) + after, size)
    assert report.format == format
    assert [case.outcome is Outcome.PASSED for case in cases] == [kind == 0 for kind in kinds]
    assert sum(case.outcome is Outcome.SKIPPED for case in cases) == kinds.count(3)
    assert report.problems == ()

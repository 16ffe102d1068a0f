"""JUnit XML: real reports of many tools, dialects by hand, contradictions, hostile input."""

from __future__ import annotations

import random
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.cases.case_facts import Tally
from gate.collect.readers.case_report import Case, Outcome, TestReport
from gate.collect.readers.errors import ReportError
from gate.collect.readers.junit import read_junit

DATA = Path(__file__).parent / "data" / "junit"

# passed, failed, errors, skipped, flaky: what the tools printed when they wrote these reports, as far as they write a
# case for each (mocha-junit-reporter leaves out what is skipped, pytest leaves out subtests that pass).
REAL = {
    "bazel.xml": (0, 0, 1, 0, 0),
    "catch2.xml": (2, 2, 1, 1, 0),
    "ctest.xml": (2, 2, 1, 2, 0),
    "dotnet.xml": (1, 1, 0, 1, 0),
    "go-junit-report.xml": (3, 4, 1, 1, 0),
    "googletest.xml": (3, 1, 0, 4, 0),
    "gotestsum.xml": (3, 5, 0, 1, 0),
    "gotestsum-rerun.xml": (4, 7, 0, 1, 0),
    "gradle.xml": (2, 1, 0, 1, 1),
    "jest-junit.xml": (5, 1, 0, 1, 0),
    "jest-junit-errors.xml": (5, 2, 1, 1, 0),
    "mocha-junit-reporter.xml": (2, 2, 0, 0, 0),
    "mocha-xunit.xml": (2, 2, 0, 2, 0),
    "nextest.xml": (2, 1, 1, 0, 1),
    "phpunit.xml": (3, 2, 2, 2, 0),
    "playwright.xml": (4, 1, 0, 2, 0),
    "pytest.xml": (7, 5, 4, 2, 1),
    "pytest-empty.xml": (0, 0, 0, 0, 0),
    "pytest-xunit1.xml": (6, 6, 3, 2, 0),
    "robot.xml": (1, 1, 0, 1, 0),
    "surefire-nested.xml": (5, 2, 1, 1, 0),
    "surefire-rerun.xml": (5, 1, 1, 1, 1),
    "surefire-setup.xml": (0, 0, 1, 0, 0),
    "unittest-xml-reporting.xml": (1, 2, 3, 2, 0),
    "vitest.xml": (2, 1, 0, 2, 0),
}


def counts(tally: Tally) -> tuple[int, int, int, int, int]:
    """Return passed, failed, errors, skipped, flaky."""
    passed, failed, errors, skipped = (tally.outcomes[outcome] for outcome in Outcome)
    return passed, failed, errors, skipped, tally.flaky


def read(data: bytes | str, *, in_bulk: bool = False, size: int = 1 << 20) -> tuple[TestReport, Tally]:
    """Read a report in pieces; with `in_bulk`, plain passes are only counted."""
    content = data.encode() if isinstance(data, str) else data
    tally = Tally()
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    report = read_junit(pieces, tally, tally.passed if in_bulk else None)
    assert report.cases == tally.total
    return report, tally


def cases(data: str) -> list[Case]:
    """Return the cases of a report, in order."""
    found: list[Case] = []
    read_junit([data.encode()], found.append)
    return found


def reasons(report: TestReport) -> list[str]:
    """Return the problems that cast doubt on all facts."""
    return [problem.reason for problem in report.problems if not problem.facts]


def test_every_real_report_is_in_the_table() -> None:
    assert {path.name for path in DATA.glob("*.xml")} == set(REAL)


@pytest.mark.parametrize("in_bulk", [False, True])
@pytest.mark.parametrize("name", REAL)
def test_real_reports(name: str, in_bulk: bool) -> None:
    data = (DATA / name).read_bytes()
    report, tally = read(data, in_bulk=in_bulk)
    assert counts(tally) == REAL[name]
    assert reasons(report) == [], "an honest report has no contradiction"
    small_report, small_tally = read(data, in_bulk=in_bulk, size=97)
    assert counts(small_tally) == REAL[name]
    assert small_report == report
    assert small_tally.seconds == pytest.approx(tally.seconds)


@pytest.mark.parametrize("name", [name for name in REAL if REAL[name][:4] != (0, 0, 0, 0)])
def test_real_reports_that_are_cut_off_are_refused(name: str) -> None:
    data = (DATA / name).read_bytes().rstrip()
    end = data.rfind(b"</")
    for at in (end, end // 2, end // 3):
        with pytest.raises(ReportError, match="ends in the middle"):
            read(data[:at])


def outermost_totals(text: str) -> tuple[int, int]:
    """Return where the first tag that states totals begins and ends."""
    start = text.rindex("<", 0, text.index(" tests="))
    return start, text.index(">", start)


def changeable_totals() -> list[tuple[str, str, str]]:
    """Return (report, attribute, a value that is wrong) for what is compared with the cases."""
    found = []
    for name in sorted(REAL):
        text = (DATA / name).read_text(encoding="utf-8")
        if " tests=" not in text:
            continue
        start, end = outermost_totals(text)
        for attribute, value in (("failures", "977"), ("skipped", "977"), ("tests", "977"), ("tests", "x")):
            # Catch2 counts assertions in tests, and mocha-junit-reporter writes no case for what it counts as skipped.
            untold = (name, attribute, value) == ("catch2.xml", "tests", "977") or name.startswith("mocha-junit")
            if f' {attribute}="' in text[start:end] and not untold:
                found.append((name, attribute, value))
    return found


@pytest.mark.parametrize(("name", "attribute", "value"), changeable_totals())
def test_real_reports_whose_totals_were_changed_have_a_problem(name: str, attribute: str, value: str) -> None:
    text = (DATA / name).read_text(encoding="utf-8")
    start, end = outermost_totals(text)
    before, _, after = text[start:end].partition(f' {attribute}="')
    changed = f'{before} {attribute}="{value}"{after.partition(chr(34))[2]}'
    report, _ = read(text[:start] + changed + text[end:])
    told = [problem for problem in report.problems if f'{attribute}="{value}"' in problem.reason]
    assert told
    assert all(problem.line is not None for problem in told)


def test_pytest_names_flaky_tests_and_failing_ones() -> None:
    found: list[Case] = []
    read_junit([(DATA / "pytest.xml").read_bytes()], found.append)
    flaky = [case for case in found if case.name == "test_flaky"]
    assert [(case.flaky, case.repeats) for case in flaky] == [(False, None), (True, Outcome.PASSED)]
    always = [case for case in found if case.name == "test_always"]
    assert [(case.outcome, case.repeats) for case in always] == [
        (Outcome.PASSED, None),
        (Outcome.PASSED, Outcome.PASSED),
        (Outcome.FAILED, Outcome.PASSED),
    ]
    twice = [case for case in found if case.name == "test_fails_twice"]
    assert [(case.outcome, case.repeats) for case in twice] == [
        (Outcome.FAILED, None),
        (Outcome.ERROR, Outcome.FAILED),
    ]
    fails = next(case for case in found if case.name == "test_fails")
    assert fails.message == "AssertionError: one is not two"


def test_pytest_counts_lines_from_0() -> None:
    found: list[Case] = []
    read_junit([(DATA / "pytest-xunit1.xml").read_bytes()], found.append)
    assert (found[0].name, found[0].file, found[0].line) == ("test_adds", "test_cart.py", 3)


def test_uncounted_subtests_cast_doubt_on_no_fact() -> None:
    report, _ = read((DATA / "pytest.xml").read_bytes())
    (problem,) = report.problems
    assert problem.facts == ("subtests",)
    assert problem.reason == 'suite "pytest" states tests="25", but holds 22 test cases'


def test_a_failure_is_not_hidden_by_a_case_of_the_same_name() -> None:
    same = '<testcase classname="c" name="n" time="1"/>'
    bad = '<testcase classname="c" name="n" time="1"><failure/></testcase>'
    for suite in ("pytest", "other"):
        for order in (same + bad, bad + same, same + bad + same):
            _, tally = read(f'<testsuite name="{suite}">{order}</testsuite>', in_bulk=True)
            assert tally.outcomes[Outcome.FAILED] == 1
            assert tally.flaky == 0


def test_two_runs_of_pytest_in_one_report_are_no_reruns() -> None:
    suite = '<testsuite name="pytest" tests="1"><testcase classname="c" name="n" time="1"/></testsuite>'
    _, tally = read(f'<testsuites name="pytest tests">{suite}{suite}</testsuites>', in_bulk=True)
    assert counts(tally) == (2, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("inner", "outcome"),
    [
        ("", Outcome.PASSED),
        ("<system-out>&lt;failure/></system-out><system-err>x</system-err>", Outcome.PASSED),
        ("<properties><property name='x' value='y'/></properties>", Outcome.PASSED),
        ("<failure/>", Outcome.FAILED),
        ("<failure/><failure/>", Outcome.FAILED),
        ("<failure/><error/>", Outcome.ERROR),
        ("<error/><failure/>", Outcome.ERROR),
        ("<skipped/>", Outcome.SKIPPED),
        ("<skipped/><failure/>", Outcome.FAILED),
        ("<skipped message='TEST_CASE tagged with !mayfail'/><failure/>", Outcome.SKIPPED),
        ("<skipped message='TEST_CASE tagged with !mayfail'/><error/>", Outcome.ERROR),
        ("<skipped message='Unable to find executable'/>", Outcome.ERROR),
        ("<ignored/>", Outcome.SKIPPED),
        ("<warning>No tests found in class</warning>", Outcome.FAILED),
        ("<rerunFailure/><failure/>", Outcome.FAILED),
        ("<flakyFailure/>", Outcome.PASSED),
        ("<flakyError/><failure/>", Outcome.FAILED),
        ("<x:failure xmlns:x='urn:x'/>", Outcome.FAILED),
    ],
)
def test_one_case_has_one_outcome(inner: str, outcome: Outcome) -> None:
    (case,) = cases(f"<testsuite><testcase name='n'>{inner}</testcase></testsuite>")
    assert case.outcome is outcome
    assert case.flaky is ("flaky" in inner and outcome is Outcome.PASSED)


@pytest.mark.parametrize(
    ("attributes", "outcome"),
    [
        ('status="run"', Outcome.PASSED),
        ('status="run" result="completed"', Outcome.PASSED),
        ('status="passed"', Outcome.PASSED),
        ('status="notrun"', Outcome.SKIPPED),
        ('status="run" result="suppressed"', Outcome.SKIPPED),
        ('status="disabled"', Outcome.SKIPPED),
        ('status="FAILED"', Outcome.FAILED),
        ('status="timeout"', Outcome.FAILED),
        ('result="failed"', Outcome.FAILED),
    ],
)
@pytest.mark.parametrize("in_bulk", [False, True])
def test_status_is_believed_where_it_is_worse(attributes: str, outcome: Outcome, in_bulk: bool) -> None:
    _, tally = read(f"<testsuite><testcase time='1' {attributes}/></testsuite>", in_bulk=in_bulk)
    assert dict(tally.outcomes) == {outcome: 1}


@pytest.mark.parametrize(
    "document",
    [
        "<testsuites><testsuite name='a'>CASE</testsuite></testsuites>",
        "<testsuites><testsuite><testsuite><testsuite name='a'>CASE</testsuite></testsuite></testsuite></testsuites>",
        "<testsuite name='a'>CASE</testsuite>",
        "<testsuites>CASE</testsuites>",
        "<testrun name='a'><testsuite>CASE</testsuite></testrun>",
        "<j:testsuites xmlns:j='urn:j'><j:testsuite name='a'>CASE</j:testsuite></j:testsuites>",
        "<testsuite xmlns='urn:j' name='a'>CASE</testsuite>",
    ],
)
@pytest.mark.parametrize("in_bulk", [False, True])
def test_cases_are_found_wherever_they_stand(document: str, in_bulk: bool) -> None:
    inner = "<testcase name='x' time='1'/><testcase time='2'><failure>no</failure></testcase>"
    inner += "<j:testcase xmlns:j='urn:j'/>"
    report, tally = read(document.replace("CASE", inner), in_bulk=in_bulk)
    assert counts(tally) == (2, 1, 0, 0, 0)
    assert tally.seconds == 3
    assert not report.problems


def test_a_case_alone() -> None:
    (case,) = cases("<testcase/>")
    assert case == Case(Outcome.PASSED)


def test_errors_outside_cases_are_errors() -> None:
    document = """<testsuite name="s" file="f.py" tests="1" errors="1" failures="0">
      <testcase name="n"/><error message="no database"/><system-err>noise</system-err></testsuite>"""
    case, outside = cases(document)
    assert case.outcome is Outcome.PASSED
    assert outside == Case(
        Outcome.ERROR, ("s",), name="(outside any test)", file="f.py", message="no database", line=None
    )
    report, tally = read(document, in_bulk=True)
    assert counts(tally) == (1, 0, 1, 0, 0)
    assert not report.problems


def test_what_is_known_of_a_case() -> None:
    outer, inner = cases(
        """<testsuites name="all"><testsuite name="a" file="src/a.py"><testcase name="n" classname="c" time="0,5"/>
        <testsuite name="b"><testcase name="m" class="d" file="src/b.py" line="7">
        <failure>

        first line
        second</failure></testcase></testsuite></testsuite></testsuites>"""
    )
    assert outer == Case(Outcome.PASSED, ("all", "a"), "c", "n", "src/a.py", None, 0.5)
    assert inner == Case(Outcome.FAILED, ("all", "a", "b"), "d", "m", "src/b.py", 7, None, message="first line")


@pytest.mark.parametrize("in_bulk", [False, True])
def test_times_that_are_none_are_left_out_and_told(in_bulk: bool) -> None:
    times = ["1.5", "", "NaN", "inf", "-1", "soon", "1,000.5", "1e400"]
    document = "<testsuite>" + "".join(f"<testcase time='{time}'/>" for time in times) + "<testcase/></testsuite>"
    report, tally = read(document, in_bulk=in_bulk)
    assert tally.seconds == 1002.0
    assert tally.total == 9
    (problem,) = report.problems
    assert problem.reason == 'gives 5 times that cannot be one, such as "NaN"'
    assert problem.facts == ("duration_seconds",)


def test_the_time_of_suites_stands_in_for_that_of_cases() -> None:
    report, tally = read("<testsuites><testsuite time='2'/><testsuite time='3'><testcase/></testsuite></testsuites>")
    assert (tally.seconds, report.seconds) == (None, 5)
    assert read("<testsuites time='4'><testsuite time='2'><testcase/></testsuite></testsuites>")[0].seconds == 4


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ('tests="1094"', 'suite "s" states tests="1094", but holds 3 test cases'),
        ('tests="0"', 'suite "s" states tests="0", but holds 3 test cases'),
        ('failures="0"', 'suite "s" states failures="0", but holds 1 failed and 0 erroneous cases'),
        ('failures="0" errors="0"', 'states failures="0" and errors="0", but holds 1 failed'),
        ('failures="2" errors="0"', 'states failures="2" and errors="0", but holds 1 failed'),
        ('errors="3"', 'states errors="3", but holds 1 failed and 0 erroneous cases'),
        ('skipped="3"', 'states skipped="3", but holds 1 skipped case'),
        ('skips="0"', 'states skips="0", but holds 1 skipped case'),
        ('tests="-3"', 'states tests="-3", which is no count'),
        ('tests="three"', 'states tests="three", which is no count'),
    ],
)
def test_contradictions_are_told(attributes: str, reason: str) -> None:
    inner = '<testcase time="1"/><testcase time="1"><failure/></testcase><testcase time="1"><skipped/></testcase>'
    for document in (
        f'<testsuite name="s" {attributes}>{inner}</testsuite>',
        f'<testsuites name="s" {attributes}><testsuite>{inner}</testsuite></testsuites>',
    ):
        report, tally = read(document)
        assert counts(tally) == (1, 1, 0, 1, 0)
        (problem,) = report.problems
        assert reason in problem.reason
        assert problem.facts == ()
        assert problem.line == 1


def test_many_contradictions_are_told_together() -> None:
    report, _ = read("<testsuites>" + '<testsuite tests="9"/>' * 8 + "</testsuites>")
    assert len(report.problems) == 6
    assert report.problems[-1].reason == "has 3 more contradictions like these"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "is empty"),
        ("<testsuite><testcase></testsuite>", "mismatched tag"),
        ("<testsuite><testcase><testcase/></testcase></testsuite>", "a test case begins inside a test case"),
        ("<testsuite><testcase><x:testcase xmlns:x='y'/></testcase></testsuite>", "a test case begins inside"),
        ("<testsuite><testcase><testsuite/></testcase></testsuite>", "a suite begins inside a test case"),
        ("<testsuite>" * 201, "nests deeper than 200"),
        ("<testsuite><testcase>" + "<x>" * 201, "nests deeper than 200"),
        ("<!DOCTYPE testsuite [<!ENTITY a 'b'>]><testsuite/>", "holds a DTD"),
    ],
)
def test_what_is_refused(data: str, reason: str) -> None:
    for in_bulk in (False, True):
        with pytest.raises(ReportError, match=reason):
            read(data, in_bulk=in_bulk)


_KINDS = ("", "<failure message='m'/>", "<error>e</error>", "<skipped/>")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.booleans())), st.integers(1, 300), st.booleans())
def test_counts_and_totals_agree_for_any_suites(items: list[tuple[int, int, bool]], size: int, nested: bool) -> None:
    """A report that is written with the right totals has no problem, in pieces and in bulk too."""
    numbers = [0, 0, 0, 0]
    body = []
    for kind, name, timed in items:
        numbers[kind] += 1
        time = ' time="0.25"' if timed else ""
        body.append(f"<testcase classname={quoteattr('c<' * name)} name='{name}'{time}>{_KINDS[kind]}</testcase>")
    totals = f'tests="{len(items)}" failures="{numbers[1]}" errors="{numbers[2]}" skipped="{numbers[3]}"'
    document = f'<testsuite name="s" {totals}>{"".join(body)}</testsuite>'
    if nested:
        document = f"<testsuites {totals}>{document}</testsuites>"
    for in_bulk in (False, True):
        report, tally = read(document, in_bulk=in_bulk, size=size)
        assert not report.problems
        assert counts(tally) == (*numbers, 0)


@given(st.integers(0, 10_000))
def test_real_reports_with_damage_are_refused_or_counted(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray((DATA / chance.choice(sorted(REAL))).read_bytes())
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data))
        data[at : at + chance.randrange(5)] = bytes(chance.choices(b'<>/="& ax1\xff\0', k=chance.randrange(5)))
    try:
        report, tally = read(bytes(data), in_bulk=chance.random() < 0.5)
    except ReportError:
        return
    assert min(tally.outcomes.values(), default=0) >= 0
    assert tally.flaky <= tally.outcomes[Outcome.PASSED]
    assert report.cases == tally.total

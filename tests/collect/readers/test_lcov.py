from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.coverage_data import Tally
from gate.collect.readers.errors import ReportError
from gate.collect.readers.lcov import read_lcov
from gate.collect.readers.text_lines import text_lines
from tests.collect.readers.coverage_samples import read

RECORD = "SF:a.py\nDA:1,1\nDA:2,0\nLF:2\nLH:1\nend_of_record\n"


def test_lines_branches_and_totals() -> None:
    report = read(
        "TN:unit\nSF:a.py\nVER:1\nFN:1,f\nFNDA:1,f\nFNF:1\nFNH:1\nBRDA:2,0,0,3\nBRDA:2,0,jump to line 3,-\n"
        "BRDA:2,e1,0,0\nBRF:3\nBRH:1\nDA:1,3,sum\nDA:2,0\nLH:1\nLF:2\nend_of_record\n"
    )
    (file,) = report.files
    assert file.lines.as_dict() == {1: True, 2: False}
    assert file.branches == {2: (1, 3)}
    assert report.problems == ()


def test_records_of_one_file_are_joined() -> None:
    report = read(RECORD + "TN:other\nSF:a.py\nDA:2,4\nDA:3,0\nend_of_record\n")
    assert [item.lines.as_dict() for item in report.files] == [{1: True, 2: True, 3: False}]


def test_windows_line_ends_and_comments_are_no_obstacle() -> None:
    assert read("# made by hand\n" + RECORD.replace("\n", "\r\n")).lines == Tally(1, 2)


def test_stated_totals_that_are_not_counted_are_a_problem() -> None:
    (problem,) = read(RECORD.replace("LH:1", "LH:2")).problems
    assert problem.reason == ("states that 2 of 2 lines are covered, but its own entries count 1 of 2")
    assert problem.facts == ()
    (problem,) = read(RECORD.replace("LF", "BRF:2\nBRH:2\nLF")).problems
    assert "2 of 2 branches" in problem.reason
    assert problem.facts == ("branches",)


def test_a_line_twice_in_a_record_may_count_once_or_twice() -> None:
    for total in ("2", "3"):
        text = f"TN:\nSF:a.c\nDA:1,1\nDA:1,0\nDA:2,0\nLF:{total}\nLH:1\nend_of_record\n"
        assert read(text).problems == ()


def test_totals_that_llvm_and_gcovr_add_up_over_functions_are_no_problem() -> None:
    llvm = "SF:a.rs\nFN:1,f\nFNF:1\nFNH:1\nDA:1,1\nBRF:0\nBRH:0\nLF:3\nLH:3\nend_of_record\n"
    assert read(llvm).problems == ()
    assert len(read(llvm.replace("LF:3\nLH:3", "LF:0\nLH:0")).problems) == 1
    assert read("TN:GCOVR_report\nSF:a.c\nDA:1,1\nLF:3\nLH:3\nend_of_record\n").problems == ()


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("SF:a.py\nDA:1,x\n", 'the entry "DA:1,x"', 2),
        ("SF:a.py\nDA:1\n", 'the entry "DA:1"', 2),
        ("SF:a.py\nDA:1,NaN\n", 'the entry "DA:1,NaN"', 2),
        ("SF:a.py\nBRDA:1,0,0,x\n", "BRDA:1,0,0,x", 2),
        ("SF:a.py\nBRDA:0,0,0,1\n", "BRDA:0,0,0,1", 2),
        ("SF:a.py\nBRDA:1,0,0,-5\n", "BRDA:1,0,0,-5", 2),
        ("SF:a.py\nwhat is this\n", "what is this", 2),
        ("SF:a.py\nLF:many\n", "LF:many", 2),
        ("TN:\nDA:1,1\n", "a DA: line outside any record", 2),
        ("TN:\nBRDA:1,0,0,1\n", "a BRDA: line outside any record", 2),
        ("TN:\nend_of_record\n", "ends a record that it did not begin", 2),
        ("SF:a.py\nSF:b.py\n", "begins a record inside another", 2),
        ("SF:a.py\nDA:0,1\nend_of_record\n", 'names line 0 of "a.py"', 3),
        ("SF:a.py\nDA:1000000000,1\nend_of_record\n", "names line 1000000000", 3),
        ("SF:a.py\nDA:4,-2\nend_of_record\n", "was run -2 times", 3),
        ("SF:a.py\nDA:4,18446744073709551615\nend_of_record\n", "was run 18446744073709551615 times", 3),
        ("SF:a.py\nDA:1,1\n", "it is cut off", None),
        ("TN:\n", "holds no record", None),
    ],
)
def test_what_is_not_lcov_is_refused_with_its_line(text: str, words: str, line: int | None) -> None:
    with pytest.raises(ReportError) as caught:
        read(text)
    assert words in caught.value.reason
    assert caught.value.line == line


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(ReportError, match="not one of LCOV"):
        read(b"SF:\xff\xfe.py\nend_of_record\n")


def test_a_file_without_line_ends_is_not_gathered() -> None:
    with pytest.raises(ReportError, match="more than a megabyte"):
        read_lcov([b"SF:a", *[b"x" * (1 << 19)] * 8])


@given(st.binary(max_size=200).map(lambda data: b"SF:" + data))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        report = read_lcov([data])
    except ReportError as error:
        assert error.reason  # noqa: PT017 - either way is right
    else:
        assert report.lines.total >= 0


coverage = st.dictionaries(
    st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=8),
    st.dictionaries(st.integers(1, 5000), st.integers(0, 2**63 - 1), max_size=20),
    min_size=1,
    max_size=5,
)


@given(coverage, st.integers(1, 40))
def test_what_is_written_is_read(files: dict[str, dict[int, int]], piece: int) -> None:
    text = "".join(
        f"SF:{path}\n" + "".join(f"DA:{line},{hits}\n" for line, hits in lines.items()) + "end_of_record\n"
        for path, lines in files.items()
    )
    report = read(text, piece)
    assert {item.path: item.lines.as_dict() for item in report.files} == {
        path: {line: hits > 0 for line, hits in lines.items()} for path, lines in files.items()
    }


@given(st.binary(max_size=60), st.integers(1, 9))
def test_lines_are_the_same_however_they_are_cut(data: bytes, piece: int) -> None:
    pieces = [data[at : at + piece] for at in range(0, len(data), piece)]
    lines = [line for _, block in text_lines(pieces) for line in block]
    expected = data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if piece > 3 else data.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    if not data.startswith(b"\xef\xbb\xbf"):
        assert lines == expected
    numbers = [first for first, _ in text_lines(pieces)]
    assert numbers == sorted(numbers)

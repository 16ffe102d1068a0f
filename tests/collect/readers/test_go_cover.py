from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from tests.collect.readers.coverage_samples import DATA, read

M = "mode: set\n"


def lines(text: str) -> dict[str, dict[int, bool]]:
    return {item.path: item.lines.as_dict() for item in read(text).files}


def test_all_lines_of_a_block_are_covered_if_any_block_on_them_ran() -> None:
    assert lines(M + "x/a.go:1.10,3.2 2 1\nx/a.go:3.2,5.3 1 0\n") == {
        "x/a.go": {1: True, 2: True, 3: True, 4: False, 5: False}
    }


def test_a_block_that_is_repeated_ran_if_it_ran_anywhere() -> None:
    text = "mode: atomic\nx/a.go:1.1,2.2 1 0\nx/a.go:1.1,2.2 1 7\nx/a.go:1.1,2.2 1 0\n"
    assert lines(text) == {"x/a.go": {1: True, 2: True}}


def test_a_block_without_statements_is_no_line() -> None:
    assert lines(M + "x/a.go:1.1,1.9 0 1\nx/a.go:4.1,4.9 1 1\n") == {"x/a.go": {4: True}}


def test_profiles_that_were_joined_end_to_end() -> None:
    assert lines(M + "x/a.go:1.1,1.2 1 0\n" + M + "x/a.go:1.1,1.2 1 1\n\n") == {"x/a.go": {1: True}}


def test_lines_of_a_real_profile_are_those_of_its_blocks() -> None:
    found = lines((DATA / "go_set.out").read_text())["example.com/shop/store/store.go"]
    assert [number for number, hit in found.items() if hit] == [4, 5, 8, 9, 10]
    assert [number for number, hit in found.items() if not hit] == [6, 7, 11, 12, 18, 19, 20, 21]


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        (M + "what\n", "not a block", 2),
        (M + "a.go:1.1,2.2 1\n", "not a block", 2),
        (M + "a.go:1.1,2.2 1 -1\n", "not a block", 2),
        (M + "a.go:1.1,2.2 1 NaN\n", "not a block", 2),
        (M + "a.go:0.1,2.2 1 1\n", "lines 0 to 2", 2),
        (M + "a.go:5.1,2.2 1 1\n", "lines 5 to 2", 2),
        (M + "a.go:1.1,999999999.2 1 1\n", "which cannot be", 2),
        (M + "a.go:1.1,2.2 1 99999999999999999999\n", "which cannot be", 2),
        ("mode: often\n", "does not begin with a mode line", 1),
    ],
)
def test_what_is_no_profile_is_refused_with_its_line(text: str, words: str, line: int) -> None:
    with pytest.raises(ReportError) as caught:
        read(text)
    assert words in caught.value.reason
    assert caught.value.line == line


def test_a_path_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(ReportError, match="not UTF-8"):
        read(M.encode() + b"\xff.go:1.1,2.2 1 1\n")


def test_many_wide_blocks_cost_no_more_than_their_lines() -> None:
    text = M + "".join(f"a.go:1.1,{900_000 + step}.2 1 0\n" for step in range(500))
    assert read(text).lines.total == 900_499


def test_too_many_lines_in_all_are_refused() -> None:
    with pytest.raises(ReportError, match="split it into several reports"):
        read(M + "".join(f"{name}.go:1.1,9000000.2 1 0\n" for name in "abc"))


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 9), st.integers(0, 2), st.integers(0, 2))))
def test_lines_are_those_of_the_blocks(blocks: list[tuple[int, int, int, int]]) -> None:
    text = M + "".join(f"a.go:{first}.1,{first + more}.2 {n} {count}\n" for first, more, n, count in blocks)
    expected: dict[int, bool] = {}
    for first, more, statements, count in blocks:
        for number in range(first, first + more + 1) if statements else ():
            expected[number] = expected.get(number, False) or count > 0
    assert lines(text).get("a.go", {}) == expected

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gate.collect.sast import bandit_run
from gate.collect.sast.bandit_run import cut
from gate.collect.sast.python_files import PythonFile, syntax_error_line

MEGABYTE = 1024 * 1024
SIZES = st.lists(st.integers(0, 5 * MEGABYTE), max_size=40)


@given(SIZES, st.integers(0, 5))
def test_every_file_is_in_one_share(sizes: list[int], jobs: int) -> None:
    files = [PythonFile(f"{number}.py", size) for number, size in enumerate(sizes)]
    shares = cut(files, jobs)
    assert Counter(path for share in shares for path in share) == Counter(file.path for file in files)
    assert all(shares)
    assert len(shares) <= 4 * max(1, jobs)


@given(SIZES, st.integers(1, 5))
def test_shares_are_balanced(sizes: list[int], jobs: int) -> None:
    by_name = {f"{number}.py": size for number, size in enumerate(sizes)}
    shares = cut([PythonFile(path, size) for path, size in by_name.items()], jobs)
    totals = [sum(by_name[path] + 512 for path in share) for share in shares]
    # The rule's promise: no two shares differ by more than the largest file.
    assert not totals or max(totals) - min(totals) <= max(sizes) + 512 or len(shares) < jobs


def test_little_is_not_cut_further_than_the_jobs() -> None:
    files = [PythonFile(f"{number}.py", 1000) for number in range(100)]
    assert [len(share) for share in cut(files, 2)] == [50, 50]


def test_much_is_cut_four_times_for_each_job() -> None:
    files = [PythonFile(f"{number}.py", MEGABYTE) for number in range(64)]
    assert [len(share) for share in cut(files, 2)] == [8] * 8


def test_a_command_line_is_never_too_long() -> None:
    files = [PythonFile(f"{'x' * 200}/{number:05}.py", 0) for number in range(4000)]
    shares = cut(files, 1)
    assert len(shares) == 4
    longest = max(sum(len(path) + 160 for path in share) for share in shares)
    assert longest <= bandit_run._MAX_ARGUMENTS
    assert sum(map(len, shares)) == 4000


def test_where_a_file_stops_being_python() -> None:
    assert syntax_error_line(b"# a\n# b\ndef f(:\n") == 3
    assert syntax_error_line(b"x = 1\n") is None
    assert syntax_error_line(b"x = " + b"-" * 99_999 + b"1") is None
    assert syntax_error_line(b"x = '\\d'\n") is None

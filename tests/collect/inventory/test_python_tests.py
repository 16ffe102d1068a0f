"""Counting test functions: as pytest and unittest would collect them, and never at the price of a crash."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.inventory import python_tests
from gate.collect.inventory.python_test_count import TestFunctionCounter as Counter
from gate.collect.inventory.python_tests import answer, count_test_functions, read_sources, write_sources
from gate.collect.process import Completed, SubprocessRunner, ToolProblem
from tests.support.fakes import NoRunner

MIXED = """
    import unittest, pytest

    def test_one(): pass
    async def test_two(): pass
    def helper(): pass
    def testing(): pass          # pytest collects whatever begins with "test"

    @pytest.fixture
    def test_data(): pass
    @pytest.fixture(scope="module")
    def test_more(): pass
    @pytest.mark.parametrize("x", [1, 2])
    def test_many(x):
        def test_inner(): pass

    class TestGroup:
        def test_in_class(self): pass
        def helper(self): pass
        class TestNested:
            def test_deeper(self): pass
        class Other:
            def test_not(self): pass

    class Case(unittest.TestCase):
        def test_case(self): pass
        def setUp(self): pass
    class Mine(SimpleTestCase):
        def test_django(self): pass
    class Other:
        def test_not(self): pass

    if True:
        def test_in_if(): pass
    else:
        def test_in_else(): pass
    try:
        def test_in_try(): pass
    except ImportError:
        def test_in_except(): pass
    finally:
        def test_in_finally(): pass
    for _ in ():
        def test_in_for(): pass
    with x:
        def test_in_with(): pass
"""


def test_what_counts_as_a_test_function() -> None:
    source = textwrap.dedent(MIXED).encode()
    assert count_test_functions(source) == 15
    assert source.count(b"def test") == 20


def test_pytest_collects_the_same(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text(
        textwrap.dedent("""
        import unittest, pytest
        def test_one(): pass
        async def test_two(): pass
        class TestA:
            def test_a(self): pass
            class TestB:
                def test_b(self): pass
        class Case(unittest.TestCase):
            def test_c(self): pass
        class Other:
            def test_no(self): pass
        @pytest.fixture
        def test_fixture(): pass
        if True:
            def test_if(): pass
        """)
    )
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-c", "/dev/null"]
    done = subprocess.run([*command, "test_x.py"], cwd=tmp_path, capture_output=True, text=True)
    collected = [line for line in done.stdout.splitlines() if "::" in line]
    assert len(collected) == count_test_functions((tmp_path / "test_x.py").read_bytes()) == 6


HOSTILE = {
    "syntax": (b"def test(:\n", "does not parse as Python"),
    "nul": (b"def test_a(): pass\0", "does not parse as Python"),
    "encoding": (b"# coding: zip\ntest", "does not parse as Python"),
    "bytes": (b"test = '\xff'", "does not parse as Python"),
    "parentheses": (b"test=" + b"(" * 100_000, "does not parse as Python"),
    "minus": (b"test=" + b"-" * 100_000 + b"1", "too deep"),
    "attributes": (b"test" + b".b" * 100_000, "too deep"),
    "sums": (b"test" + b"+a" * 100_000, "too deep"),
    "lambdas": (b"test=" + b"lambda:" * 50_000 + b"0", "too deep"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_source_is_a_sentence(name: str) -> None:
    source, reason = HOSTILE[name]
    said = answer(source)
    assert isinstance(said, str)
    assert reason in said


@given(st.lists(st.binary(max_size=50), max_size=8))
def test_sources_come_back_as_they_were_sent(sources: list[bytes]) -> None:
    assert list(read_sources(io.BytesIO(write_sources(sources)))) == sources


@given(st.binary(min_size=1, max_size=50), st.integers(1, 20))
def test_sources_that_end_too_early_are_refused(source: bytes, missing: int) -> None:
    data = write_sources([source])
    missing = min(missing, len(data) - 1)
    with pytest.raises(ValueError, match="too early"):
        list(read_sources(io.BytesIO(data[:-missing])))


@given(st.text(max_size=200))
def test_any_text_gets_an_answer(text: str) -> None:
    said = answer(text.encode("utf-8", "surrogatepass"))
    assert said if isinstance(said, str) else said >= 0


def test_the_program_answers_for_each_source() -> None:
    done = subprocess.run(
        [sys.executable, "-I", python_tests.__file__],
        input=write_sources([b"def test_a(): pass", b"(", b""]),
        capture_output=True,
        check=True,
    )
    count, broken, nothing = json.loads(done.stdout)
    assert (count, nothing) == (1, 0)
    assert "does not parse" in broken


def test_main_answers_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(write_sources([b"def test_a(): pass"]))))
    python_tests.main()
    assert json.loads(capsys.readouterr().out) == [1]


def test_many_files_are_counted_in_batches() -> None:
    source = b"def test_a(): pass\n" + b"#" * 100_000
    with Counter(SubprocessRunner(), jobs=2) as counter:
        for number in range(50):
            counter.add(f"test_{number}.py", source)
        counter.add("test_none.py", b"(((")
        counter.add("test_broken.py", b"def test_a(")
        count, gaps = counter.result()
    assert count == 50
    assert [(gap.subject, gap.facts) for gap in gaps] == [("test_broken.py", ("test_functions",))]


class Fragile(SubprocessRunner):
    """Dies of any batch that holds the poison."""

    runs = 0

    def run(self, *arguments: object, stdin: bytes = b"", **options: object) -> Completed:
        self.runs += 1
        if b"poison" in stdin:
            raise ToolProblem("python", "was killed by signal 11 (SIGSEGV)")
        return super().run(*arguments, stdin=stdin, **options)  # type: ignore[arg-type]


def test_a_file_that_kills_its_child_stands_alone() -> None:
    runner = Fragile()
    with Counter(runner, jobs=1) as counter:
        for number in range(30):
            counter.add(f"test_{number}.py", b"def test_a(): pass")
        counter.add("test_bad.py", b"def test_a(): poison")
        count, gaps = counter.result()
    assert count == 30
    assert [gap.subject for gap in gaps] == ["test_bad.py"]
    assert "could not be counted: python was killed by signal 11" in gaps[0].reason
    assert runner.runs <= 13


def test_retries_come_to_an_end() -> None:
    runner = Fragile()
    with Counter(runner, jobs=1) as counter:
        for number in range(200):
            counter.add(f"test_{number}.py", b"def test_a(): poison")
        count, gaps = counter.result()
    assert count == 0
    assert len(gaps) == 200
    assert runner.runs < 60


def test_nothing_to_count_runs_nothing() -> None:
    with Counter(NoRunner(), jobs=1) as counter:
        assert counter.result() == (0, [])


@given(st.integers(0, 5), st.integers(0, 5))
def test_the_model_counts_the_same(functions: int, methods: int) -> None:
    module = "".join(f"def test_{n}(): pass\n" for n in range(functions))
    module += "class TestX:\n  x = 1\n" + "".join(f"  def test_{n}(self): pass\n" for n in range(methods))
    named = [node for node in ast.walk(ast.parse(module)) if isinstance(node, ast.FunctionDef)]
    assert count_test_functions(module.encode()) == len(named)

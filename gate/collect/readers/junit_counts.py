"""Does a JUnit suite hold the cases that its attributes state?

The attributes are never used as facts. They are compared with the cases, because a report whose summary says other than
its cases was cut, joined or written by hand. Honest tools count in different ways, and each way that is accepted here
is one that a tool was seen to use:

- a suite counts its own cases, or those of the suites below it too;
- GoogleTest counts `disabled` cases in `tests`, CTest beside `skipped`; others leave them, or what was skipped, out;
- Catch2 counts assertions in `tests`, and each failed assertion in `failures`;
- mocha's `xunit` reporter counts failures as `errors` and no hooks, so failures and errors also count together;
- mocha-junit-reporter counts pending tests, for which it writes no case;
- pytest counts a test that failed and then could not be torn down once, and subtests that passed without a case: that
  is told, but casts doubt on no fact, as failures, errors and skips still agree;
- Surefire, when it repeated failing tests, states the totals of the last repetition only;
- gotestsum counts no `TestMain`, which stands for a package, and counts what did not compile as `errors`;
- jest-junit counts no `todo` tests, which it writes as cases that took no time, and no suites that could not be loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gate.collect.readers.case_report import Problems, noun, shown, stated


@dataclass(slots=True)
class Counts:
    """What was counted in one suite. Elements are `<failure>` and `<error>`, of which one case may have several."""

    cases: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    skipped_elements: int = 0
    disabled: int = 0
    failure_elements: int = 0
    error_elements: int = 0
    retries: int = 0
    """attempts that failed before, told inside a case"""
    extras: int = 0
    """cases that stand for a hook or a whole package, and errors outside cases: some tools do not count them"""
    repeated: int = 0
    """cases whose name was seen before in a suite of pytest"""
    idle: int = 0
    """passed cases that took no time"""

    def add(self, other: Counts) -> None:
        """Add the counts of a suite below."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


SUBTESTS: Final = ("subtests",)
"""No fact: what a gap about uncounted subtests is about."""


class Dialect(StrEnum):
    """Tools that count in ways of their own."""

    PLAIN = "plain"
    PYTEST = "pytest"
    CATCH = "Catch2"
    MOCHA = "mocha-junit-reporter"
    SUREFIRE = "Surefire"
    GO = "gotestsum"


def dialect_of(attributes: Mapping[str, str], outer: Dialect) -> Dialect:
    """Return the dialect that a suite's attributes give away, else that of the suite around it."""
    name = attributes.get("name")
    if name in ("pytest", "pytest tests"):
        return Dialect.PYTEST
    if name == "Mocha Tests":
        return Dialect.MOCHA
    if attributes.get("hostname") == "tbd":
        return Dialect.CATCH
    if "surefire-test-report" in attributes.get("xsi:noNamespaceSchemaLocation", ""):
        return Dialect.SUREFIRE
    return outer


def stands_for_more(attributes: Mapping[str, str]) -> bool:
    """Whether a case is a hook, a package or a file that did not load, which some tools do not count as a test."""
    name, classname = attributes.get("name", ""), attributes.get("classname", "")
    return '" hook' in name or (name == "TestMain" and not classname) or classname == "Test suite failed to run"


class Comparison:
    """The attributes of one suite against its counts."""

    def __init__(self, attributes: Mapping[str, str], problems: Problems, line: int) -> None:
        self._problems = problems
        self._line = line
        self._name = attributes.get("name", "")
        self._outermost = False
        self._dialect = Dialect.PLAIN
        self.tests = stated(attributes, "tests", problems, line)
        self.failures = stated(attributes, "failures", problems, line)
        self.errors = stated(attributes, "errors", problems, line)
        names = ("skipped", "skip", "skips", "ignored")
        self.skipped_name = next((name for name in names if attributes.get(name, "").strip()), "skipped")
        self.skipped = stated(attributes, self.skipped_name, problems, line)

    def check(self, own: Counts, below: Counts, dialect: Dialect, outermost: bool) -> None:
        """Note each attribute that agrees with neither the suite's own cases nor with all of them, `below` included."""
        self._dialect, self._outermost = dialect, outermost
        both = (own, below) if own.cases and own != below else (below,)
        if dialect is Dialect.SUREFIRE and below.retries:
            self._check_repeated(below)
            return
        if self.tests is not None and not any(self._tests_agree(self.tests, counts) for counts in both):
            self._tell("tests", self.tests, below.cases, "test case")
        elif dialect is Dialect.PYTEST and (self.tests or 0) > below.cases:
            self._tell("tests", self.tests or 0, below.cases, "test case", SUBTESTS)
        if not any(self._bad_agree(counts) for counts in both):
            self._tell_bad(below)
        if self.skipped is not None and not any(self._skipped_agree(self.skipped, counts) for counts in both):
            self._tell(self.skipped_name, self.skipped, below.skipped, "skipped case")

    def _check_repeated(self, counts: Counts) -> None:
        """The last repetition is at most all of it."""
        if self.tests is not None and self.tests > counts.cases + counts.retries:
            self._tell("tests", self.tests, counts.cases, "test case")
        if (self.failures or 0) + (self.errors or 0) > counts.failed + counts.errors + counts.retries:
            self._tell_bad(counts)
        if (self.skipped or 0) > counts.skipped:
            self._tell(self.skipped_name, self.skipped or 0, counts.skipped, "skipped case")

    def _tests_agree(self, tests: int, counts: Counts) -> bool:
        least = counts.cases - counts.extras
        match self._dialect:
            case Dialect.CATCH | Dialect.PYTEST:
                return tests >= least - counts.repeated
            case Dialect.MOCHA:
                unwritten = (self.skipped or 0) - counts.skipped
                return tests >= least - counts.skipped and (not self._outermost or tests <= counts.cases + unwritten)
            case _:
                left_out = counts.skipped + counts.disabled + counts.idle
                return least - left_out <= tests <= counts.cases + counts.retries + counts.extras

    def _bad_agree(self, counts: Counts) -> bool:
        failures, errors = self.failures, self.errors
        if self._dialect is Dialect.GO and counts.failed:
            errors = None
        least = max(0, counts.failed + counts.errors - counts.extras)
        most = counts.failure_elements + counts.error_elements + counts.retries
        if failures is None and errors is None:
            return True
        if failures is not None and errors is not None:
            return least <= failures + errors <= most
        if failures is not None:
            return max(0, counts.failed - counts.extras) <= failures <= most
        return errors is not None and max(0, counts.errors - counts.extras) <= errors <= most

    def _skipped_agree(self, skipped: int, counts: Counts) -> bool:
        if self._dialect is Dialect.MOCHA:
            unwritten = max(0, (self.tests or counts.cases) - counts.cases + counts.extras)
            return counts.skipped - counts.extras <= skipped <= counts.skipped + unwritten
        least = counts.skipped - counts.disabled - counts.extras
        most = max(counts.skipped, counts.skipped_elements) + counts.disabled
        return least <= skipped <= most

    def _tell_bad(self, counts: Counts) -> None:
        pairs = (("failures", self.failures), ("errors", self.errors))
        told = " and ".join(f'{name}="{number}"' for name, number in pairs if number is not None)
        held = f"{counts.failed:,} failed and {noun(counts.errors, 'erroneous case')}"
        self._problems.add(f"{self._where()} states {told}, but holds {held}", self._line)

    def _tell(self, attribute: str, number: int, counted: int, what: str, facts: tuple[str, ...] = ()) -> None:
        text = f'{self._where()} states {attribute}="{number}", but holds {noun(counted, what)}'
        self._problems.add(text, self._line, facts)

    def _where(self) -> str:
        return f'suite "{shown(self._name, 80)}"' if self._name else "a suite without a name"

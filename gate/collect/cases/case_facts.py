"""What the cases of all test reports add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from gate.collect.readers.case_report import Case, Outcome, shown
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

MAX_FINDINGS: Final = 1000
"""How many failing cases become findings; all of them are counted."""

_RULES: Final = {Outcome.FAILED: "test-failed", Outcome.ERROR: "test-error"}


@dataclass(slots=True)
class Tally:
    """Cases of one report, or of all: outcomes in all and per named suite, flaky ones, time, and the failing ones.

    It is a sink for cases. A case that takes the place of an earlier attempt is counted instead of it.
    """

    suites_of: Callable[[Case], Sequence[str]] = lambda _case: ()
    resolve: Callable[[str], str | None] = lambda _file: None
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    suites: dict[str, Counter[Outcome]] = field(default_factory=dict)
    flaky: int = 0
    seconds: float | None = None
    failing: dict[str, Finding] = field(default_factory=dict)

    def __call__(self, case: Case) -> None:
        """Count one case."""
        outcome = case.outcome
        self.outcomes[outcome] += 1
        if case.seconds is not None:
            self.seconds = (self.seconds or 0.0) + case.seconds
        self.flaky += case.flaky
        suites = self.suites_of(case)
        for name in suites:
            self.suites.setdefault(name, Counter())[outcome] += 1
        if case.repeats is not None:
            self.outcomes[case.repeats] -= 1
            self.flaky -= case.was_flaky
            for name in suites:
                self.suites[name][case.repeats] -= 1
        if outcome in _RULES and len(self.failing) < MAX_FINDINGS:
            self._note(case)

    def passed(self, count: int, seconds: float) -> None:
        """Count cases that simply passed and belong to no named suite."""
        self.outcomes[Outcome.PASSED] += count
        self.seconds = (self.seconds or 0.0) + seconds

    def _note(self, case: Case) -> None:
        path = self.resolve(case.file) if case.file else None
        place = case.classname or (case.suites[-1] if case.suites else "")
        identity = "\0".join((place, case.name, path or ""))
        fingerprint = sha256(identity.encode("utf-8", "replace")).hexdigest()
        before = self.failing.get(fingerprint)
        if before is not None and case.repeats is not None and not case.message:
            return
        if before is not None and case.repeats is None:
            fingerprint = sha256(f"{identity}\0{len(self.failing)}".encode("utf-8", "replace")).hexdigest()
        title = f"{shown(place, 150)}::{shown(case.name, 150)}" if place else shown(case.name, 300)
        properties: JsonObject = {"class": shown(case.classname, 300), "name": shown(case.name, 300)}
        self.failing[fingerprint] = Finding(
            rule=_RULES[case.outcome],
            severity="high",
            message=f"{title}: {case.message}" if case.message else title,
            tool="tests",
            path=path,
            line=case.line if path is not None and case.line else None,
            fingerprint=fingerprint,
            properties=properties,
        )

    @property
    def total(self) -> int:
        """All cases."""
        return self.outcomes.total()

    def add(self, other: Tally) -> None:
        """Add the cases of another report."""
        self.outcomes.update(other.outcomes)
        self.flaky += other.flaky
        if other.seconds is not None:
            self.seconds = (self.seconds or 0.0) + other.seconds
        for name, counts in other.suites.items():
            self.suites.setdefault(name, Counter()).update(counts)
        for fingerprint, finding in other.failing.items():
            if len(self.failing) < MAX_FINDINGS:
                self.failing.setdefault(fingerprint, finding)

    def detail(self) -> str:
        """Return "4 cases: 1 failed, 1 skipped" for a source."""
        parts = [f"{self.outcomes[outcome]:,} {outcome}" for outcome in Outcome if self.outcomes[outcome]]
        return f"{self.total:,} {'case' if self.total == 1 else 'cases'}: {', '.join(parts)}"


def facts_of(reports: int, tally: Tally, suites: Iterable[str]) -> JsonObject:
    """Return the facts of kind `tests`: no `pass_rate` where nothing ran, no `duration_seconds` where none is told."""
    ran = tally.total - tally.outcomes[Outcome.SKIPPED]
    facts: JsonObject = {"reports": reports, **_counts(tally.outcomes), "flaky": tally.flaky}
    if tally.seconds is not None:
        facts["duration_seconds"] = round(tally.seconds, 6)
    if ran:
        facts["pass_rate"] = percent(tally.outcomes[Outcome.PASSED], ran)
    facts["suites"] = {name: _counts(tally.suites.get(name, Counter())) for name in suites}
    return facts


def percent(part: int, whole: int) -> float:
    """Return 0-100, rounded to 4 decimals; only all of all is 100, and only none is 0."""
    rounded = round(100 * part / whole, 4)
    if part < whole and rounded >= 100:
        return 99.9999
    return max(rounded, 0.0001) if part else 0.0


def _counts(outcomes: Counter[Outcome]) -> dict[str, Json]:
    return {"total": outcomes.total(), **{outcome.value: outcomes[outcome] for outcome in Outcome}}

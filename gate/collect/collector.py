"""What a collector is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from gate.collect.cache import NO_CACHE, Cache
from gate.collect.once import Once
from gate.collect.self_test import SelfTests
from gate.model.json import JsonObject

if TYPE_CHECKING:  # words of signatures only; whoever makes a context has them all
    from datetime import datetime

    from gate.collect.changes import Changes
    from gate.collect.process import Runner
    from gate.collect.scan import Scanner
    from gate.collect.tools import Toolbox
    from gate.collect.workspace import Workspace
    from gate.model.evidence import Evidence, Gap


def _no_clock() -> datetime:
    raise RuntimeError("This context was made without a clock: pass `now`.")


@dataclass(frozen=True, slots=True)
class Context:
    """Every handle that a collector may use.

    `request` is this kind's `evidence` section of the policy (already checked against schemas/policy.schema.json, with
    the profile's defaults) plus what the criteria ask for. `changes` is None when no base was given, a Gap when one was
    given and could not be compared with. `jobs` is how many processes may run side by side. `log` takes one plain
    line for --verbose and CI logs. `cache` keeps what scanners said of a file, `self_tests` what their canaries showed,
    for all collectors of one run. `now` is the present time in UTC, for what has an age. `once` holds what several
    collectors need and one works out, `requests` the requests of all kinds, on which that may depend.
    """

    workspace: Workspace
    runner: Runner
    tools: Toolbox
    request: JsonObject = field(default_factory=dict)
    changes: Changes | Gap | None = None
    jobs: int = 1
    log: Callable[[str], None] = lambda _line: None
    cache: Cache = NO_CACHE
    self_tests: SelfTests = field(default_factory=SelfTests)
    now: Callable[[], datetime] = _no_clock
    once: Once = field(default_factory=Once)
    requests: Mapping[str, JsonObject] = field(default_factory=dict)

    @property
    def scanner(self) -> Scanner:
        """What runs tools so that only a whole run counts."""
        from gate.collect.scan import Scanner

        return Scanner(self.runner, self.tools, self.self_tests, self.log)


class Collector(Protocol):
    """Finds out about one kind."""

    @property
    def kind(self) -> str:
        """The kind of evidence, as in FACTS."""
        ...

    def collect(self, context: Context) -> Evidence:
        """Look, and say what was seen. Raises nothing for bad input: that is a gap, `Missing` or `Unreadable`."""
        ...

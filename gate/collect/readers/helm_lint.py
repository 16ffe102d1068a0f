"""What `helm lint` says: lines of INFO, WARNING and ERROR, and a last one that counts charts (helm 3 and 4). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gate.collect.readers.errors import ReportError

_LINE = re.compile(r"^\[(INFO|WARNING|ERROR)\] (.*)$", re.MULTILINE)
_HEAD = re.compile(r"^==> Linting ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LintMessage:
    """One line. `level` is `info`, `warning` or `error`."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was said of the charts that were linted: `charts` of them."""

    charts: int
    messages: tuple[LintMessage, ...]

    def count(self, level: str) -> int:
        """Return how many lines there are of a level."""
        return sum(message.level == level for message in self.messages)


def read_helm_lint(data: bytes) -> LintReport:
    """Return what stdout of `helm lint` holds. Raises ReportError where it names no chart."""
    text = data.decode("utf-8", "replace")
    charts = len(_HEAD.findall(text))
    if not charts:
        raise ReportError("names no chart that was linted")
    return LintReport(charts, tuple(LintMessage(level.lower(), said) for level, said in _LINE.findall(text)))

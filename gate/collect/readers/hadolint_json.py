"""hadolint's JSON report (`hadolint -f json`): a list of findings; files without any are not in it."""

from __future__ import annotations

import msgspec

from gate.collect.readers.errors import ReportError

LEVELS = ("error", "warning", "info", "style")
_MOST = 500_000


class Lint(msgspec.Struct, frozen=True, gc=False):
    """One finding. `file` is the path as hadolint was given it; `line` and `column` count from 1."""

    file: str
    code: str
    level: str
    line: int
    column: int
    message: str


def read_hadolint(data: bytes) -> tuple[Lint, ...]:
    """Return the findings of a report. Raises ReportError."""
    try:
        found = msgspec.json.decode(data, type=list[Lint])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(f"is not hadolint's JSON: {str(error)[:200]}") from None
    if len(found) > _MOST:
        raise ReportError(f"has {len(found):,} findings; at most {_MOST:,} are read")
    for number, lint in enumerate(found, 1):
        if lint.level not in LEVELS:
            raise ReportError(f"has the level “{lint.level[:40]}” in finding {number}, which hadolint does not have")
        if lint.line < 0 or not lint.code:
            raise ReportError(f"contradicts itself: finding {number} has no rule, or no line that there is")
    return tuple(found)

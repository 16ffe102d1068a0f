"""Members that a SARIF document gives twice, so that it can be read in two ways.

JSON lets an object name a member twice, and readers then disagree on which one counts: `"results": [...]` followed by
`"results": []` would show nothing. Noticing each by building every object is what makes readers slow. So the decoder
counts, of the members that hold results or grade them, what it comes across; more than was kept means that something
was given twice, however its name was spelled. What is left are results that a member of their own takes out of the
count (suppressions, kind, baseline), and those are looked at one by one.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

import msgspec

from gate.collect.readers.errors import ReportError
from gate.collect.readers.sarif_parts import (
    DECODED,
    TALLY,
    UNSAID,
    UNSCORED,
    FullLog,
    Level,
    Log,
    Result,
    Run,
    Score,
    Tool,
)

_LEVELS = {name: Level(name) for name in ("none", "note", "warning", "error")}
_SPELLED_OUT = rb"\\u00(?:[4-7]|2[dD])"
"""An escape of a letter or the hyphen: the only other way to spell a member's name. No tool writes them."""

_SUPPRESSIONS, _KIND, _BASELINE = (attrgetter(name) for name in ("suppressions", "kind", "baseline_state"))

_JSON_NAMES: dict[type, str] = {dict: "object", list: "array"}
_one_at_a_time = threading.Lock()


def decode_log(body: bytes) -> tuple[Log, bool]:
    """Return a decoded document, and whether a member that holds or grades results may be there twice.

    Raises what `msgspec.json.decode` raises.
    """
    with _one_at_a_time:
        try:
            log, doubled = _decode(body, FullLog)
        except msgspec.ValidationError:
            # There is a run without results, or this is no SARIF. Empty lists leave nothing to count but their names.
            log, doubled = _decode(body, Log)
            lists = sum(run.results is not None for run in log.runs or ())
            doubled = doubled or body.count(b'"results"') != lists or re.search(_SPELLED_OUT, body) is not None
    return log, doubled


def _decode(body: bytes, kind: type[Log]) -> tuple[Log, bool]:
    """Return a document and whether more was decoded than is left in it."""
    TALLY.levels = TALLY.scores = 0
    try:
        log = msgspec.json.decode(body, type=kind, dec_hook=_counted)
        decoded = len(DECODED)
    finally:
        DECODED.clear()
    kept = [_kept(run) for run in log.runs or ()]
    results, levels, scores = (sum(counts) for counts in zip(*kept, strict=True)) if kept else (0, 0, 0)
    return log, (results, levels, scores) != (decoded, TALLY.levels, TALLY.scores)


def _counted(kind: type[Level] | type[Score], value: object) -> Level | Score:
    """Take the value of a level or a score as the decoder meets it. Raises TypeError; the decoder adds the place."""
    if kind is Level:
        TALLY.levels += 1
        if type(value) is str:
            return _LEVELS.get(value) or Level(value)
    else:
        TALLY.scores += 1
        if isinstance(value, (str, float)) or type(value) is int:
            return Score(value)
    if value is None:
        return kind("")
    got = _JSON_NAMES.get(type(value), type(value).__name__)
    raise TypeError(f"Expected `{'str' if kind is Level else 'str | float'} | null`, got `{got}`")


def _kept(run: Run) -> tuple[int, int, int]:
    """Return how many results, levels and scores a run holds."""
    results = run.results or ()
    levels = sum([result.level is not UNSAID for result in results])
    bags = [result.properties for result in results if result.properties is not None]
    tool = run.tool or Tool()
    for component in (tool.driver, *(tool.extensions or ())):
        for rule in (component.rules or ()) if component else ():
            levels += rule.default_configuration is not None and rule.default_configuration.level is not UNSAID
            bags += [rule.properties] if rule.properties is not None else []
    for invocation in run.invocations or ():
        for notification in (
            *(invocation.tool_execution_notifications or ()),
            *(invocation.tool_configuration_notifications or ()),
        ):
            levels += notification.level is not UNSAID
    return len(results), levels, sum([bag.security_severity is not UNSCORED for bag in bags])


class _RawRun(msgspec.Struct):
    results: list[msgspec.Raw] | None = None


class _RawLog(msgspec.Struct):
    runs: list[_RawRun] | None = None


def refuse_twice(body: bytes, log: Log, doubled: bool) -> None:
    """Raise ReportError when a member is there twice: anywhere if that was noticed, else in results that hide.

    A result hides that a member of its own keeps from counting: suppressions, another kind, an older baseline.
    """
    if doubled:
        _refuse_doubled(body)
    if not any(_may_hide(run.results or ()) for run in log.runs or ()):
        return
    hiding = [[number for number, result in enumerate(run.results or ()) if _hides(result)] for run in log.runs or ()]
    for run, numbers in zip(msgspec.json.decode(body, type=_RawLog).runs or (), hiding, strict=True):
        for number in numbers:
            _refuse_doubled(bytes((run.results or [])[number]))


def _may_hide(results: Sequence[Result]) -> bool:
    """Whether any of many results hides; the same question as `_hides`, asked faster."""
    return (
        any(map(_SUPPRESSIONS, results))
        or not {None, "fail"}.issuperset(map(_KIND, results))
        or "absent" in set(map(_BASELINE, results))
    )


def _hides(result: Result) -> bool:
    return bool(result.suppressions) or result.kind not in (None, "fail") or result.baseline_state == "absent"


def _refuse_doubled(data: bytes) -> None:
    """Raise ReportError when any object of a document names a member twice. Builds nothing that it keeps."""
    import json

    def check(pairs: list[tuple[str, object]]) -> None:
        if len(pairs) > 1 and len(names := {name for name, _ in pairs}) != len(pairs):
            double = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
            del names
            raise ReportError(f'gives "{double[:60]}" twice in one object, so it can be read in two ways.')

    try:
        json.loads(data, object_pairs_hook=check)
    except RecursionError:
        raise ReportError("is nested too deep to be a report.") from None
    except UnicodeDecodeError:
        raise ReportError("is not UTF-8. Let the tool write its report as UTF-8.") from None

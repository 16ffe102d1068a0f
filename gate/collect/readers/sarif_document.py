"""The parts of a SARIF 2.1.0 document that the gate reads, and how its bytes become them.

Format: OASIS Static Analysis Results Interchange Format (SARIF) Version 2.1.0. Only the wanted members are typed here;
everything else (code flows, snippets, embedded files) is checked for its grammar and skipped without being built, which
is what keeps a large report fast and small.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NoReturn

import msgspec

from gate.collect.readers.errors import ReportError

MAX_RESULTS = 500_000
"""Results that one report may hold: many times what a person can act on, and few enough to fit in memory."""

_MAX_MESSAGES = 8 * MAX_RESULTS
_SMALL = 64 * 1024 * 1024


class _Part(msgspec.Struct, rename="camel", gc=False):
    """Base of all parts: SARIF's names are camelCase, and none of these values can form a cycle."""


class Message(_Part):
    """§3.11."""

    text: str | None = None
    markdown: str | None = None
    id: str | None = None
    arguments: list[str] | None = None


class ArtifactLocation(_Part):
    """§3.4."""

    uri: str | None = None
    uri_base_id: str | None = None
    index: int | None = None


class Region(_Part):
    """§3.30."""

    start_line: int | None = None
    end_line: int | None = None


class PhysicalLocation(_Part):
    """§3.29."""

    artifact_location: ArtifactLocation | None = None
    region: Region | None = None


class Location(_Part):
    """§3.28."""

    physical_location: PhysicalLocation | None = None


class Suppression(_Part):
    """§3.35."""

    status: str | None = None


class ComponentReference(_Part):
    """§3.54."""

    index: int | None = None


class RuleReference(_Part):
    """§3.52."""

    id: str | None = None
    index: int | None = None
    tool_component: ComponentReference | None = None


class Properties(_Part):
    """A property bag (§3.8): the two members that code scanners agree on."""

    security_severity: str | float | None = msgspec.field(default=None, name="security-severity")
    tags: list[str] | None = None


class Result(_Part):
    """§3.27. `message` is the one member that the format requires (some tools write null)."""

    message: Message | None
    rule_id: str | None = None
    rule_index: int | None = None
    rule: RuleReference | None = None
    kind: str | None = None
    level: str | None = None
    locations: list[Location] | None = None
    suppressions: list[Suppression] | None = None
    baseline_state: str | None = None
    fingerprints: dict[str, str] | None = None
    partial_fingerprints: dict[str, str] | None = None
    properties: Properties | None = None


class Configuration(_Part):
    """§3.50."""

    level: str | None = None


class Rule(_Part):
    """§3.49, a reportingDescriptor."""

    id: str | None = None
    name: str | None = None
    help_uri: str | None = None
    message_strings: dict[str, Message] | None = None
    default_configuration: Configuration | None = None
    properties: Properties | None = None


class Component(_Part):
    """§3.19: the driver of a tool, or an extension."""

    name: str | None = None
    version: str | None = None
    semantic_version: str | None = None
    rules: list[Rule] | None = None
    global_message_strings: dict[str, Message] | None = None


class Tool(_Part):
    """§3.18."""

    driver: Component | None = None
    extensions: list[Component] | None = None


class Notification(_Part):
    """§3.58."""

    message: Message | None = None
    level: str | None = None
    locations: list[Location] | None = None


class Invocation(_Part):
    """§3.20."""

    execution_successful: bool | None = None
    exit_signal_name: str | None = None
    process_start_failure_message: str | None = None
    tool_execution_notifications: list[Notification] | None = None
    tool_configuration_notifications: list[Notification] | None = None


class Artifact(_Part):
    """§3.24."""

    location: ArtifactLocation | None = None


class ExternalFiles(_Part):
    """§3.15.2: where a run keeps its results when they are not in this file."""

    results: list[msgspec.Raw] | None = None


class Run(_Part):
    """§3.14. `results` is null where the tool did not scan, and empty where it scanned and found nothing."""

    tool: Tool | None = None
    results: list[Result] | None = None
    invocations: list[Invocation] | None = None
    artifacts: list[Artifact] | None = None
    original_uri_base_ids: dict[str, ArtifactLocation] | None = None
    external_property_file_references: ExternalFiles | None = None


class Log(_Part):
    """§3.13, the root."""

    version: str | None = None
    runs: list[Run] | None = None


def decode(data: bytes) -> Log:
    """Return the wanted parts of a SARIF 2.1.0 document in UTF-8 (a byte order mark is skipped).

    Raises ReportError: not JSON (with the line), NaN or Infinity, not SARIF, another version, no runs, a member of a
    wrong type, a member given twice where that hides results, or more than MAX_RESULTS results.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4]:
        raise ReportError("is in UTF-16 or UTF-32, but SARIF is UTF-8. Let the tool, or the shell, write it as UTF-8.")
    body = memoryview(data)[3:] if data.startswith(b"\xef\xbb\xbf") else data
    if not data[:64].strip() and not data.strip():
        raise ReportError("is empty; a report of a scan that found nothing still holds one run.")
    if len(data) > _SMALL and data.count(b'"message"') > _MAX_MESSAGES:
        raise ReportError(f"holds more than {_MAX_MESSAGES:,} messages. Split it, one file for each tool.")
    try:
        log = msgspec.json.decode(body, type=Log)
    except msgspec.ValidationError as error:
        _check_version(body)
        raise ReportError(f"is not SARIF 2.1.0: {_plain(str(error))}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _refuse(data, len(data) - len(body), error)
    if log.version != "2.1.0":
        _check_version(body)
    _check(log)
    if _looks_doubled(data, log):
        _refuse_doubled(data)
    return log


def _plain(text: str) -> str:
    """Return msgspec's sentence with the place first named in words ("`$.runs[0].tool`" means runs[0].tool)."""
    return text.replace(" - at `$.", " at `").replace(" - at `$`", " at the top").replace("null", "nothing")


def _refuse(data: bytes, skipped: int, error: Exception) -> NoReturn:
    if isinstance(error, RecursionError):
        raise ReportError("is nested too deep to be a report.") from None
    if isinstance(error, UnicodeDecodeError):
        raise ReportError("is not UTF-8. Let the tool write its report as UTF-8.") from None
    text = str(error)
    if "truncated" in text:
        line = data.count(b"\n") + 1
        raise ReportError(f"is cut off after {len(data):,} bytes: its JSON does not end.", line) from None
    place = re.search(r"\(byte (\d+)\)", text)
    offset = int(place[1]) + skipped if place else 0
    what = text.removeprefix("JSON is malformed: ").split(" (byte")[0]
    number = data[offset : offset + 9].lstrip(b"-")
    if number.startswith((b"NaN", b"Infinity")):
        what = "NaN and Infinity are no numbers in JSON"
    raise ReportError(f"is not JSON: {what}, at byte {offset:,}.", data.count(b"\n", 0, offset) + 1) from None


class _Versioned(msgspec.Struct):
    version: msgspec.Raw = msgspec.Raw(b"null")


def _check_version(body: bytes | memoryview) -> None:
    """Raise ReportError unless the document says version 2.1.0: other versions have other members."""
    try:
        version = bytes(msgspec.json.decode(body, type=_Versioned).version).strip()
    except msgspec.ValidationError:
        raise ReportError("is not SARIF: a report is one JSON object.") from None
    if version == b"null":
        raise ReportError('is not SARIF: it has no "version". A SARIF report begins with "version": "2.1.0".')
    if version != b'"2.1.0"':
        shown = version[:40].decode(errors="replace").strip('"')
        raise ReportError(f"is SARIF {shown}; only 2.1.0 is read. Let the tool write SARIF 2.1.0.")


def _check(log: Log) -> None:
    if not log.runs:
        raise ReportError("holds no run, so nothing says that anything was scanned.")
    count = sum(len(run.results or ()) for run in log.runs)
    if count > MAX_RESULTS:
        raise ReportError(f"holds {count:,} results; at most {MAX_RESULTS:,} are read. Split it, or narrow the scan.")


# --- Members given twice -------------------------------------------------------------------------------------------
# JSON lets an object name a member twice, and readers then disagree on which one counts: `"results": [...]` followed
# by `"results": []` would show nothing. Building every object to find out is what makes readers slow, so the bytes are
# screened first, at the speed of memory. What the screen lets through cannot hide a result: the members that hold or
# grade results occur exactly as often as they were decoded, none is spelled with escapes, and no result is hidden by a
# member of its own. Anything else is checked exactly.

_HOLDING = (b'"results"', b'"level"', b'"security-severity"')
"""The members that hold results or grade them. A second `runs` shows by the `results` inside."""

_SPELLED_OUT = re.compile(rb"\\u00(?:[4-7]|2[dD])")
"""An escape of a letter or the hyphen: the only other way to spell a member's name. No tool writes them."""


def _looks_doubled(data: bytes, log: Log) -> bool:
    seen = _decoded_members(log)
    if _hides(log) or any(data.count(name) != seen[name] for name in _HOLDING):
        return True
    return b"\\u00" in data and _SPELLED_OUT.search(data) is not None


def _decoded_members(log: Log) -> Counter[bytes]:
    """Count the members by which results are held and graded, as often as they were decoded."""
    seen: Counter[bytes] = Counter()
    for run in log.runs or ():
        seen[b'"results"'] += run.results is not None
        levels = severities = 0
        for result in run.results or ():
            levels += result.level is not None
            severities += result.properties is not None and result.properties.security_severity is not None
        tool = run.tool or Tool()
        for component in (tool.driver, *(tool.extensions or ())):
            for rule in (component.rules or ()) if component else ():
                levels += rule.default_configuration is not None and rule.default_configuration.level is not None
                severities += rule.properties is not None and rule.properties.security_severity is not None
        for invocation in run.invocations or ():
            for notification in (
                *(invocation.tool_execution_notifications or ()),
                *(invocation.tool_configuration_notifications or ()),
            ):
                levels += notification.level is not None
        seen[b'"level"'] += levels
        seen[b'"security-severity"'] += severities
    return seen


def _hides(log: Log) -> bool:
    """Whether any result is kept from counting by a member of its own."""
    return any(
        result.suppressions or result.kind not in (None, "fail") or result.baseline_state == "absent"
        for run in log.runs or ()
        for result in run.results or ()
    )


def _refuse_doubled(data: bytes) -> None:
    """Raise ReportError when any object of the document names a member twice. Builds nothing that it keeps."""
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

"""The parts of a SARIF 2.1.0 document that the gate reads.

Only the wanted members are typed here; everything else (code flows, snippets, embedded files) is checked for its
grammar and skipped without being built, which is what keeps a large report fast and small. The signs § name sections of
the format (OASIS SARIF Version 2.1.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec


@dataclass(slots=True)
class Tally:
    """How many members were decoded that grade results, whether or not they were kept."""

    levels: int = 0
    scores: int = 0


TALLY = Tally()
"""Counted up by every decoding; `sarif_twice` sets it to nothing, and lets one thread decode at a time."""

DECODED: list[object] = []
"""Every result that was decoded, whether or not it was kept, for as long as the decoding lasts; like TALLY."""


class Level(str):
    """A level as the tool wrote it; null is the empty text. A type of its own, so that each can be counted."""

    __slots__ = ()


class Score(str):
    """A CVSS score as the tool wrote it, number or text; null is the empty text. A type of its own, like `Level`."""

    __slots__ = ()


UNSAID, UNSCORED = Level(""), Score("")
"""What stands where there is no such member. Null and "" equal it, but are other objects."""


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

    kind: str | None = None
    status: str | None = None
    justification: str | None = None


class ComponentReference(_Part):
    """§3.54."""

    name: str | None = None
    index: int | None = None


class RuleReference(_Part):
    """§3.52."""

    id: str | None = None
    index: int | None = None
    tool_component: ComponentReference | None = None


class Relationship(_Part):
    """§3.53: what a rule has to do with another one, or with an entry of a taxonomy."""

    target: RuleReference | None = None


class Properties(_Part):
    """A property bag (§3.8): the two members that code scanners agree on."""

    security_severity: Score = msgspec.field(default=UNSCORED, name="security-severity")
    tags: list[str] | None = None


class Result(_Part):
    """§3.27. `message` is the one member that the format requires (some tools write null)."""

    message: Message | None
    rule_id: str | None = None
    rule_index: int | None = None
    rule: RuleReference | None = None
    kind: str | None = None
    level: Level = UNSAID
    locations: list[Location] | None = None
    taxa: list[RuleReference] | None = None
    suppressions: list[Suppression] | None = None
    baseline_state: str | None = None
    fingerprints: dict[str, str] | None = None
    partial_fingerprints: dict[str, str] | None = None
    properties: Properties | None = None

    # One that is lost again, because its list is given twice, was decoded too. This is called with each result, and no
    # function of Python's would be as fast.
    __post_init__ = DECODED.append  # type: ignore[misc]


class Configuration(_Part):
    """§3.50."""

    level: Level = UNSAID


class Rule(_Part):
    """§3.49, a reportingDescriptor."""

    id: str | None = None
    name: str | None = None
    help_uri: str | None = None
    message_strings: dict[str, Message] | None = None
    default_configuration: Configuration | None = None
    relationships: list[Relationship] | None = None
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
    level: Level = UNSAID
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
    runs: Sequence[Run] | None = None


class FullRun(Run, kw_only=True):
    """A run with at least one result."""

    results: Annotated[list[Result], msgspec.Meta(min_length=1)]


class FullLog(Log, kw_only=True):
    """A root whose runs all have results, and in which no list of results, kept or not, is empty or null."""

    runs: Annotated[Sequence[FullRun], msgspec.Meta(min_length=1)]

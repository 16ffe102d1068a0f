"""Evidence: what one collector found out about one kind. A closed union of three states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from gate.model.finding import Finding
from gate.model.json import JsonObject


class How(StrEnum):
    """How a source came to the gate."""

    PRODUCED = "produced"
    """by the gate itself, in this run"""
    SUPPLIED = "supplied"
    """by an earlier step, which the author of the change may control"""
    ATTESTED = "attested"
    """by a person"""


@dataclass(frozen=True, slots=True)
class Source:
    """A file or tool run that facts came from.

    `path` is POSIX and relative to the workspace, None for a tool run over the tree; `sha256` is of the bytes
    that were read; `detail` is a short phrase for a reason ("2,310 of 2,838 lines", "505 files").
    """

    how: How
    path: str | None = None
    sha256: str | None = None
    tool: str | None = None
    version: str | None = None
    detail: str | None = None

    @property
    def name(self) -> str:
        """What a sentence calls this source: its path, else its tool with version."""
        if self.path is not None:
            return self.path
        return " ".join(part for part in (self.tool, self.version) if part) or "the gate"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that should have been looked at and was not.

    `subject` names it (a path, a package, a revision) and is what a policy's `accept_gaps` globs match; `reason`
    completes the sentence "SUBJECT: REASON". `facts` are the top-level facts that it casts doubt on; none means
    all of them. A criterion that would pass on facts in doubt has no evidence instead.
    """

    subject: str
    reason: str
    path: str | None = None
    line: int | None = None
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a bundle keeps beside the evidence. `name` is lower-case letters, digits, `.`, `_` and `-`."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Collected:
    """The collector looked. What it could not look at is in `gaps`. `facts` fits schemas/evidence/KIND.schema.json.

    `attachments` are written into a bundle and not read back from it: no criterion is about them.
    """

    kind: str
    facts: JsonObject
    sources: tuple[Source, ...] = ()
    gaps: tuple[Gap, ...] = ()
    findings: Sequence[Finding] = ()
    attachments: tuple[Attachment, ...] = ()
    leg: str = ""
    """which of several bundles that were merged this is from, "" where there is one entry of the kind"""


@dataclass(frozen=True, slots=True)
class Missing:
    """There was nothing to read: no report, no tool. `reason` says what was looked for and what to do.

    `not_applicable` is True only where the repository holds nothing of this kind at all (no Python file for
    bandit, no requirements file): its criteria are then not applicable, unless the policy `expects` the kind.
    Tests and coverage are always applicable.
    """

    kind: str
    reason: str
    not_applicable: bool = False
    gaps: tuple[Gap, ...] = ()
    leg: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """There was something, and none of it could be read or trusted: a truncated report, a tool that crashed."""

    kind: str
    reason: str
    sources: tuple[Source, ...] = ()
    gaps: tuple[Gap, ...] = field(default=())
    leg: str = ""


Evidence: TypeAlias = Collected | Missing | Unreadable

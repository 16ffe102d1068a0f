"""What an audit of dependencies says, whichever tool wrote it."""

from __future__ import annotations

from dataclasses import dataclass

from gate.model.finding import Severity

MAX_PACKAGES = 200_000


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One entry of one service: an id, the other ids of the same hole, and the versions that mend it.

    `fixable` is True where the tool says that there is a fix; the versions may still be unknown.
    """

    id: str
    aliases: frozenset[str] = frozenset()
    fixed_versions: tuple[str, ...] = ()
    severity: Severity = "unknown"
    fixable: bool = False


@dataclass(frozen=True, slots=True)
class AuditedPackage:
    """A package that a service was asked about. Name and version are in the ecosystem's normal form (`ecosystems`).

    `path` is the file that names it, as the tool wrote it.
    """

    name: str
    version: str
    vulnerabilities: tuple[Vulnerability, ...] = ()
    ecosystem: str = "PyPI"
    path: str | None = None


@dataclass(frozen=True, slots=True)
class SkippedPackage:
    """A package that a tool passed over; `reason` is its own sentence. `name` is as it stands in the report."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What one report says.

    `files` are the files that it says were looked up whole, as it wrote them; `unlisted` maps files that it names
    without saying that to the end of a sentence that says why they do not count.
    """

    tool: str
    audited: tuple[AuditedPackage, ...]
    skipped: tuple[SkippedPackage, ...] = ()
    files: tuple[str, ...] = ()
    version: str | None = None
    unlisted: tuple[tuple[str, str], ...] = ()

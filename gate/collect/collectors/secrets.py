"""`secrets`: keys, tokens and passwords in the files and in the commits of the change, by gitleaks, run by the gate.

Request: `exclude [glob, …]` (paths that the policy leaves out; counted as `excluded`), `maximum_megabytes` (of one
file, default 64), `honour_allowed` (default false: whether what the repository's own comments and configuration hide
from gitleaks is suppressed; it is counted and told in any case).

gitleaks sees no path, no configuration and no ignore file of the repository: `gate.collect.secrets.parts` says how
files are put before it, and how it is known that it read them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gate.collect.changes import Changes
from gate.collect.collector import Context
from gate.collect.disk import printable
from gate.collect.process import ToolProblem
from gate.collect.scan_problem import ScanProblem, Step
from gate.formats.globs import GlobError, matches_any
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:  # imported when there is something to look at
    from gate.collect.secrets.allowed import Found
    from gate.collect.secrets.commits import Commits, History, Version
    from gate.collect.secrets.contents import Contents, Place
    from gate.collect.secrets.identity import Identities, Identity
    from gate.collect.secrets.tree import Tree

_MEGABYTE = 1024 * 1024
_MAXIMUM_MEGABYTES = 64
_HISTORY = ("commits_scanned", "history")


@dataclass(slots=True)
class _Look:
    """What was looked at. `commits` and `history` are None without a base; `links` until somebody asks for them."""

    contents: Contents
    tree: Tree
    limit: int
    commits: Commits | None = None
    history: History | None = None
    gaps: list[Gap] = field(default_factory=list)
    ignored: int = 0
    links: set[str] | None = None


class SecretsCollector:
    """Runs gitleaks on what git tracks, and on what the commits of the change hold."""

    kind = "secrets"

    def collect(self, context: Context) -> Evidence:
        """Return the secrets that were found, without their values."""
        if not context.workspace.entries():
            tracked = "tracked by git" if context.workspace.has_git else "there"
            return Missing(self.kind, f"no file is {tracked}; check out the repository, or correct the scope")
        try:
            return self._look(context)
        except ScanProblem as problem:
            if problem.step is Step.FOUND:
                return Missing(self.kind, f"{problem}. Install gitleaks, or run the gate's image, which has it")
            return Unreadable(self.kind, str(problem))
        except OSError as error:
            reason = f"the files could not be copied for gitleaks: {os.strerror(error.errno or 0)}"
            return Unreadable(self.kind, reason)

    def _look(self, context: Context) -> Evidence:
        """Raises ScanProblem and OSError."""
        from gate.collect.secrets.contents import NOT_READ, Contents
        from gate.collect.secrets.tree import add_tree

        exclude, gaps = _globs(context.request.get("exclude"))
        limit = _whole(context.request.get("maximum_megabytes"), _MAXIMUM_MEGABYTES) * _MEGABYTE
        with Contents(context) as contents:
            tree = add_tree(context.workspace, contents, exclude, limit)
            look = _Look(contents, tree, limit, gaps=[*gaps, *tree.gaps])
            if isinstance(context.changes, Changes):
                _add_history(context, look, exclude)
            contents.finish()
            _tell_unread(look)
            if not tree.files or all(contents.problem(file.key) == NOT_READ for file in tree.files):
                reason = f"none of {len(context.workspace.entries()):,} files could be looked at"
                return Unreadable(self.kind, reason, gaps=tuple(look.gaps))
            return _collected(self.kind, context, look)


def _add_history(context: Context, look: _Look, exclude: Sequence[str]) -> None:
    """Raises ScanProblem and OSError; what git does not tell is a gap."""
    from gate.collect.readers.errors import ReportError
    from gate.collect.secrets.commits import Commits

    assert isinstance(context.changes, Changes)
    try:
        look.commits = Commits(context, context.changes.base)
        look.history = look.commits.add(look.contents, exclude, look.limit)
    except ScanProblem:
        raise
    except (ToolProblem, ReportError) as problem:
        look.gaps.append(Gap("history", f"could not be looked at: {problem}", facts=_HISTORY))
    else:
        look.gaps += look.history.gaps


def _tell_unread(look: _Look) -> None:
    from gate.collect.secrets.tree import FACTS

    for file in look.tree.files:
        reason = look.contents.problem(file.key)
        if reason is not None:
            look.gaps.append(Gap(printable(file.path), reason, printable(file.path), facts=FACTS))
    for version in look.history.versions if look.history else ():
        reason = look.contents.problem(version.key)
        if reason is not None:
            where = f"in commit {version.commit[:12]}" if version.commit else "before the change"
            path = printable(version.path)
            look.gaps.append(Gap(path, f"{reason} ({where})", path, facts=_HISTORY))


def _collected(kind: str, context: Context, look: _Look) -> Collected:
    from gate.collect.secrets.allowed import find_allowed
    from gate.collect.secrets.contents import quiet_scanner
    from gate.collect.secrets.findings import secrets_facts, tree_findings

    found = _found_in_tree(look)
    allowed = find_allowed(context.workspace, quiet_scanner(context), found, look.limit)
    look.gaps += allowed.gaps
    changes = context.changes if isinstance(context.changes, Changes) else None
    honour = context.request.get("honour_allowed") is True
    findings = tree_findings(found, allowed.by, changes, honour, _marks_in_tree(context, look, found))
    read = [file for file in look.tree.files if look.contents.problem(file.key) is None]
    facts: JsonObject = {
        "files_scanned": len(read),
        "bytes_scanned": sum(file.size for file in read),
        "excluded": look.tree.excluded,
    }
    if changes is not None:
        facts["new"] = 0
        if look.history is not None and look.history.commits is not None:
            past = _history_findings(context, look, found, honour)
            if past is not None:
                findings += past
                facts |= {"commits_scanned": look.history.commits, "history": 0}
    elif context.changes is not None:
        assert isinstance(context.changes, Gap)
        look.gaps.append(replace(context.changes, facts=("new", *_HISTORY)))
    facts["ignored_guesses"] = look.ignored
    return Collected(kind, secrets_facts(findings, facts), (_source(look),), tuple(look.gaps), tuple(findings))


def _found_in_tree(look: _Look) -> list[Found]:
    """Return the places of the tree, by path, and count the guesses that are left out."""
    from gate.collect.secrets.findings import is_ignored_guess

    found = []
    for file in look.tree.files:
        for place in look.contents.places(file.key):
            if is_ignored_guess(place.rule, file.path, file.binary):
                look.ignored += 1
            else:
                found.append((file.path, place))
    return found


def _history_findings(context: Context, look: _Look, found: Sequence[Found], honour: bool) -> list[Finding] | None:
    """Return the secrets that commits of the change hold, and neither the files do nor did they before it.

    None, and a gap, when a version of a file cannot be read again.
    """
    from gate.collect.readers.errors import ReportError
    from gate.collect.secrets.identity import Identities
    from gate.collect.workspace import ReadProblem

    assert look.history is not None
    identities = Identities()
    try:
        known = _known_in_tree(context, look, identities, found)
        versions = _identified(look, identities)
    except (ToolProblem, ReportError, ReadProblem) as problem:
        look.gaps.append(Gap("history", f"could not be looked at: {problem}", facts=_HISTORY))
        return None
    known |= {identity for version, places in versions if version.commit is None for identity, _ in places.values()}
    return _brought(context, versions, known, honour)


def _brought(
    context: Context,
    versions: Sequence[tuple[Version, dict[Place, tuple[Identity, str]]]],
    known: set[Identity],
    honour: bool,
) -> list[Finding]:
    """Return the findings of what is not known, each secret once: from the first commit that holds it."""
    from gate.collect.secrets.allowed import hidden_by, read_ignore_file
    from gate.collect.secrets.findings import history_finding, is_ignored_guess

    ignored = read_ignore_file(context.workspace)
    occurrences: Counter[tuple[str, str, str]] = Counter()
    findings = []
    for version, places in versions:
        for place, (identity, mark) in places.items():
            guess = is_ignored_guess(place.rule, version.path, version.binary)
            if version.commit is None or guess or identity in known:
                continue
            known.add(identity)
            alike = version.path, place.rule, mark
            occurrences[alike] += 1
            finding = history_finding(version.path, place, version.commit, occurrences[alike], mark)
            by = hidden_by(version.path, place, ignored, version.commit)
            if by is not None:
                properties: JsonObject = {**finding.properties, "allowed_by": by}
                finding = replace(finding, properties=properties, suppressed=honour)
            findings.append(finding)
    return findings


def _known_in_tree(context: Context, look: _Look, identities: Identities, found: Sequence[Found]) -> set[Identity]:
    """Return the secrets that the files hold. Raises ReadProblem."""
    from gate.collect.secrets.identity import by_path

    known: set[Identity] = set()
    for path, places in by_path(found).items():
        known |= set(identities.of(path, _again(context, look, path), tuple(places)).values())
    return known


def _marks_in_tree(context: Context, look: _Look, found: Sequence[Found]) -> dict[Found, str]:
    """Return what places are told by in fingerprints; a file that cannot be read again has none."""
    from gate.collect.secrets.identity import by_path, marks
    from gate.collect.workspace import ReadProblem

    told: dict[Found, str] = {}
    for path, places in by_path(found).items():
        with suppress(ReadProblem):
            told |= {(path, place): mark for place, mark in marks(path, _again(context, look, path), places).items()}
    return told


def _again(context: Context, look: _Look, path: str) -> bytes:
    """Read what was looked at once more. Raises ReadProblem."""
    from gate.collect.secrets.tree import link_text
    from gate.collect.workspace import EntryType

    workspace = context.workspace
    if look.links is None:
        look.links = {entry.path for entry in workspace.entries() if entry.type is EntryType.SYMLINK}
    return link_text(workspace, path) if path in look.links else workspace.read(path, look.limit).data


def _identified(look: _Look, identities: Identities) -> list[tuple[Version, dict[Place, tuple[Identity, str]]]]:
    """Return the versions that hold secrets, which, and their marks. Raises ToolProblem and ReportError."""
    from gate.collect.secrets.identity import marks

    assert look.history is not None and look.commits is not None  # noqa: PT018 - for the types
    held = [version for version in look.history.versions if look.contents.places(version.key)]
    data = dict(look.commits.read(list(dict.fromkeys(version.blob for version in held))))
    told = []
    for version in held:
        content, places = data[version.blob], look.contents.places(version.key)
        marked, known = marks(version.path, content, places), identities.of(version.path, content, places)
        told.append((version, {place: (identity, marked[place]) for place, identity in known.items()}))
    return told


def _source(look: _Look) -> Source:
    contents, tree = look.contents, look.tree
    detail = f"{len(tree.files):,} files"
    if look.history is not None and look.history.commits is not None:
        detail += f", {look.history.commits:,} commits"
    if contents.cached:
        since = f", first scanned {min(contents.origins)}" if contents.origins else ""
        detail += f"; {contents.cached:,} of {contents.cached + contents.looked:,} contents from the cache{since}"
    return Source(How.PRODUCED, None, None, contents.tool.name, contents.tool.version, detail)


def _globs(value: Json) -> tuple[list[str], list[Gap]]:
    """Return the globs of a request; what is none is a gap."""
    wanted = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    globs: list[str] = []
    gaps: list[Gap] = []
    for glob in wanted:
        if not isinstance(glob, str):
            continue
        try:
            matches_any([glob], "")
            globs.append(glob)
        except GlobError as error:
            gaps.append(Gap(printable(glob), f"is not a glob: {error}"))
    return globs, gaps


def _whole(value: Json, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else otherwise

"""`docs`: the named documents, what they say and what they leave open.

Request: `items {ID: {paths: [glob, …], headings: [text, …]}}`. The first glob that a tracked file matches wins; globs
are tried on the path from the workspace and on the path from the policy's scope. A wanted heading is found when its
words stand in some heading of the document, whatever their case; `RTO|Recovery time` names alternatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gate.collect.collector import Context
from gate.collect.process import ToolProblem
from gate.collect.readers.document import MARKDOWN_SUFFIXES, Document, Link, read_document
from gate.collect.workspace import Content, EntryType, ReadProblem, Workspace
from gate.formats.globs import matches
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:  # imported when there is a history to ask
    from gate.collect.git import Repository

_LIMIT = 2 * 1024 * 1024
_LISTED = 20
_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class _Wanted:
    id: str
    paths: tuple[str, ...]
    headings: tuple[str, ...]


class DocsCollector:
    """Reads the documents that the policy names."""

    kind = "docs"

    def collect(self, context: Context) -> Evidence:
        """Return one item per named document; a document that is not there is an item with `found: false`."""
        wanted = _wanted(context.request)
        if not wanted:
            return Missing(self.kind, "no document is named: name one under evidence › docs › items in the policy")
        tree = _Tree(context.workspace)
        ages = _Ages(context)
        items: JsonObject = {}
        gaps: list[Gap] = []
        sources: dict[str, Source] = {}
        findings: dict[str, list[Finding]] = {}
        for each in wanted:
            path = tree.first(each.paths)
            read = None if path is None else _read(context.workspace, path)
            if isinstance(read, Gap):
                gaps.append(read)
            if path is None or read is None or isinstance(read, Gap):
                items[each.id] = {"found": False, "wanted_paths": list(each.paths)}
                continue
            content, document = read
            broken = [link for link in document.links if tree.is_broken(path, link.target)]
            items[each.id] = _item(path, each, document, broken) | ages.of(path)
            sources[path] = Source(How.PRODUCED, path, content.sha256, detail=f"{document.words:,} words")
            findings[path] = [*_placeholder_findings(path, document), *_link_findings(path, broken)]
        every = tuple(finding for found in findings.values() for finding in found)
        return Collected(self.kind, {"items": items}, tuple(sources.values()), tuple(gaps), every)


class _Tree:
    """The tracked paths, and which of them a glob or a link means."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._scope = f"{workspace.scope}/" if workspace.scope else ""
        self._files = sorted(entry.path for entry in workspace.entries() if entry.type is not EntryType.SUBMODULE)

    def first(self, patterns: Iterable[str]) -> str | None:
        """Return the first path that the earliest glob matches."""
        for pattern in patterns:
            for path in self._files:
                if matches(pattern, path) or (self._scope and matches(pattern, path.removeprefix(self._scope))):
                    return path
        return None

    def is_broken(self, document: str, target: str) -> bool:
        """Whether a link is to a path of this repository that is not there.

        Links to other sites, to anchors, and above the top of the repository (a page of the forge) are not judged.
        """
        try:
            parts = urlsplit(target)
        except ValueError:
            return True
        if parts.scheme or parts.netloc or not parts.path:
            return False
        path = unquote(parts.path)
        start = () if path.startswith("/") else PurePosixPath(document).parent.parts
        resolved: list[str] = list(start)
        for part in path.split("/"):
            if part == "..":
                if not resolved:
                    return False
                resolved.pop()
            elif part not in ("", "."):
                resolved.append(part)
        return not self._workspace.exists("/".join(resolved))


class _Ages:
    """How long ago documents were changed, as far as the history tells."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._repository: Repository | None = None
        if context.workspace.has_git:
            from gate.collect.git import NoRepositoryError, Repository

            with suppress(ToolProblem, NoRepositoryError):
                repository = Repository(context.workspace.root, context.runner, context.tools.find("git"))
                # Of a history that was cut off, the oldest commit there is seems to have changed everything.
                self._repository = None if repository.is_shallow() else repository

    def of(self, path: str) -> JsonObject:
        """Return `last_changed_days` (whole days, 0 for a time to come), nothing where the history does not tell."""
        with suppress(ToolProblem):
            changed = self._repository.last_changed(path) if self._repository else None
            if changed is not None:
                return {"last_changed_days": max(0, int(self._context.now().timestamp() - changed) // _DAY)}
        return {}


def _wanted(request: JsonObject) -> list[_Wanted]:
    items = request.get("items")
    return [
        _Wanted(id_, _texts(item.get("paths")), _texts(item.get("headings")))
        for id_, item in (items.items() if isinstance(items, dict) else ())
        if isinstance(item, dict)
    ]


def _texts(value: Json) -> tuple[str, ...]:
    """Return a list of texts; a single text is a list of one."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _read(workspace: Workspace, path: str) -> tuple[Content, Document] | Gap:
    try:
        content = workspace.read(path, _LIMIT)
    except ReadProblem as problem:
        return problem.gap(("items",))
    try:
        text = content.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Gap(path, f"is not UTF-8 text (byte {error.start:,})", path, facts=("items",))
    return content, read_document(text, markdown=path.lower().endswith(MARKDOWN_SUFFIXES))


def _item(path: str, wanted: _Wanted, document: Document, broken: Sequence[Link]) -> JsonObject:
    headings: list[Json] = list(document.headings[:200])
    return {
        "found": True,
        "path": path,
        "lines": document.lines,
        "words": document.words,
        "headings": headings,
        "missing_headings": list(_missing_headings(wanted.headings, document.headings)),
        "placeholders": len(document.placeholders),
        "placeholder_lines": [item.line for item in document.placeholders[:_LISTED]],
        "links": len(document.links),
        "broken_links": len(broken),
        "broken_link_lines": [link.line for link in broken[:_LISTED]],
    }


def _missing_headings(wanted: Iterable[str], headings: Iterable[str]) -> list[str]:
    present = [f" {' '.join(_plain(heading))} " for heading in headings]
    return [
        each
        for each in wanted
        if not any(f" {' '.join(_plain(choice))} " in heading for choice in each.split("|") for heading in present)
    ]


def _plain(text: str) -> list[str]:
    """Return the words of a heading without case and punctuation."""
    return "".join(char if char.isalnum() else " " for char in text.casefold()).split()


def _placeholder_findings(path: str, document: Document) -> list[Finding]:
    return [
        Finding("docs.placeholder", "low", f"“{item.text}” was never filled in", "gate", path, item.line)
        for item in document.placeholders
    ]


def _link_findings(path: str, broken: Sequence[Link]) -> list[Finding]:
    return [
        Finding("docs.broken-link", "low", f"“{link.target[:200]}” is not in this repository", "gate", path, link.line)
        for link in broken
    ]

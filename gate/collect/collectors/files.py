"""`files`: configuration files of the repository as documents, for criteria that are a JSON Schema of one's own.

Request: `paths [glob, …]`: tracked files, from the workspace's root.
"""

from __future__ import annotations

from gate.collect.collector import Context
from gate.collect.readers.config import format_of, read_config
from gate.collect.readers.errors import ReportError
from gate.collect.workspace import ReadProblem, Workspace
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source
from gate.model.json import Json, JsonObject

_LIMIT = 4 * 1024 * 1024
_WILD = "*?[{"


class FilesCollector:
    """Parses the files that the policy names."""

    kind = "files"

    def collect(self, context: Context) -> Evidence:
        """Return one item per named file: a path that is not there is an item with `found: false`."""
        patterns = _patterns(context.request.get("paths"))
        if not patterns:
            return Missing(self.kind, "no file is named: name one with select: {path: …} in a criterion on files")
        items: JsonObject = {}
        gaps: list[Gap] = []
        sources: list[Source] = []
        for pattern in patterns:
            for path in _matching(context.workspace, pattern):
                if path in items:
                    continue
                item = _read(context.workspace, path)
                if isinstance(item, Gap):
                    gaps.append(item)
                    items[path] = {"found": context.workspace.exists(path), "format": format_of(path)}
                else:
                    items[path], source = item
                    sources.append(source)
            if pattern not in items and not any(char in pattern for char in _WILD):
                items[pattern] = {"found": False, "format": format_of(pattern)}
        return Collected(self.kind, {"items": items}, tuple(sources), tuple(gaps))


def _patterns(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _matching(workspace: Workspace, pattern: str) -> list[str]:
    """Return what is tracked under a glob; a plain path also when it is there and not tracked, to say so."""
    if not any(char in pattern for char in _WILD) and workspace.exists(pattern):
        return [pattern]
    return list(workspace.files(pattern))


def _read(workspace: Workspace, path: str) -> tuple[JsonObject, Source] | Gap:
    if workspace.has_git and not workspace.is_tracked(path):
        return Gap(path, "is not tracked by git, so it is not part of the change", path, facts=("items",))
    format_name = format_of(path)
    if format_name is None:
        return Gap(path, "is neither YAML, JSON, TOML, INI nor .env by its name", path, facts=("items",))
    try:
        content = workspace.read(path, _LIMIT)
        document = read_config(content.data, format_name)
    except ReadProblem as problem:
        return problem.gap(("items",))
    except ReportError as error:
        return Gap(path, error.reason, path, error.line, ("items",))
    item: JsonObject = {"found": True, "format": format_name, "content": document}
    return item, Source(How.PRODUCED, path, content.sha256)

"""`files`: configuration files of the repository as documents, and single settings of them.

Request: `paths [glob, …]`: tracked files, from the workspace's root, each a document of the facts; `values {NAME:
{paths, keys, exclude, every, secrets}}`: settings that are looked for by their keys (`gate.collect.configuration`);
`environments {paths, exclude}`: which environments there are files of; `kubeconfigs true`: tracked kubeconfigs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.collect.collector import Context
from gate.collect.disk import printable
from gate.collect.readers.config import ConfigDocuments, format_of, read_documents
from gate.collect.readers.errors import ReportError
from gate.collect.workspace import ReadProblem, Workspace
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:  # imported when a run asks for settings
    from gate.collect.configuration.keys import Setting
    from gate.collect.configuration.wanted import Search

_LIMIT = 4 * 1024 * 1024
_WILD = "*?[{"
_MOST = 1_000
"""Settings of one file that are told under one name."""
_PEEK = 1024 * 1024


class FilesCollector:
    """Parses the files that the policy names."""

    kind = "files"

    def collect(self, context: Context) -> Evidence:
        """Return one item per named file: a path that is not there is an item with `found: false`."""
        patterns = _patterns(context.request.get("paths"))
        asked = [name for name in ("values", "environments", "kubeconfigs") if context.request.get(name)]
        if not patterns and not asked:
            return Missing(self.kind, "no file is named: name one with select: {path: …} in a criterion on files")
        reading = _Reading(context.workspace)
        facts: JsonObject = {"items": reading.items(patterns)}
        if "values" in asked:
            facts["values"] = reading.values(context.request["values"])
        if "environments" in asked:
            facts["environments"] = reading.environments(context.request["environments"])
        if "kubeconfigs" in asked:
            facts["kubeconfigs"] = reading.kubeconfigs()
        return Collected(self.kind, facts, tuple(dict.fromkeys(reading.sources)), tuple(dict.fromkeys(reading.gaps)))


class _Reading:
    """The files of one run, each read once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, tuple[ConfigDocuments, Source, bytes] | Gap] = {}
        self._last: tuple[str, list[Setting]] = ("", [])
        self.gaps: list[Gap] = []
        self.sources: list[Source] = []

    def items(self, patterns: list[str]) -> JsonObject:
        """Return the files that are named as documents."""
        items: JsonObject = {}
        for pattern in patterns:
            for path in _matching(self._workspace, pattern):
                if path not in items:
                    items[path] = self._item(path)
            if pattern not in items and not any(char in pattern for char in _WILD):
                items[pattern] = {"found": False, "format": format_of(pattern)}
        return items

    def values(self, request: Json) -> JsonObject:
        """Return what each search finds, by its name."""
        from gate.collect.configuration.wanted import GlobError, searches

        try:
            wanted = searches(request)
        except GlobError as error:
            self.gaps.append(Gap("evidence › files › values", f"cannot be searched: {error}", facts=("values",)))
            return {}
        found: dict[str, list[Json]] = {search.name: [] for search in wanted}
        for path in self._workspace.files():
            shown = printable(path)
            if format_of(path) is None:
                continue
            for search in wanted:
                if search.takes(shown):
                    found[search.name] += self._search(search, path)
        for search in wanted:
            for path in search.plain:
                if self._is_absent(path):
                    found[search.name].append(self._absent(search, path))
                elif format_of(path) is None:
                    reason = "is neither YAML, JSON, TOML, INI nor .env by its name"
                    self.gaps.append(Gap(path, reason, path, facts=(f"values.{search.name}",)))
        return {name: [*values] for name, values in found.items()}

    def environments(self, request: Json) -> JsonObject:
        """Return the environments with their files."""
        from gate.collect.configuration.environments import environments_of
        from gate.collect.configuration.wanted import Search, globs_of

        given: JsonObject = request if isinstance(request, dict) else {}
        search = Search("environments", globs_of(given.get("paths")), (), globs_of(given.get("exclude")))
        paths = [shown for path in self._workspace.files() if search.takes(shown := printable(path))]
        return {name: [*files] for name, files in environments_of(paths).items()}

    def kubeconfigs(self) -> list[Json]:
        """Return the tracked kubeconfigs."""
        from gate.collect.configuration.kubeconfigs import NotReadableError, may_be_kubeconfig, read_kubeconfigs

        found: list[Json] = []
        for path in self._workspace.files():
            if not may_be_kubeconfig(path):
                continue
            shown = printable(path)
            try:
                data, size = self._workspace.peek(path, _PEEK)
                for one in read_kubeconfigs(data):
                    found.append({"name": shown, "path": shown, **one})
                    self.sources.append(Source(How.PRODUCED, shown))
                if size > _PEEK and b"client-key-data" in data:
                    reason = f"is {size:,} bytes long and may be a kubeconfig; the first {_PEEK:,} are read"
                    self.gaps.append(Gap(shown, reason, shown, facts=("kubeconfigs",)))
            except ReadProblem as problem:
                if "kube" in path.lower():
                    self.gaps.append(problem.gap(("kubeconfigs",)))
            except NotReadableError as error:
                self.gaps.append(Gap(shown, f"looks like a kubeconfig: {error}", shown, error.line, ("kubeconfigs",)))
        return found

    def _item(self, path: str) -> JsonObject:
        read = self._read(path)
        if not isinstance(read, Gap) and not read[0].values:
            read = Gap(path, "holds no YAML document", path)
        if isinstance(read, Gap):
            self.gaps.append(Gap(read.subject, read.reason, read.path, read.line, ("items",)))
            return {"found": self._workspace.exists(path), "format": format_of(path)}
        documents, source, _data = read
        self.sources.append(source)
        self._note_bad(path, documents, "items")
        return {"found": True, "format": format_of(path), "content": documents.content}

    def _search(self, search: Search, path: str) -> list[Json]:
        from gate.collect.configuration.keys import MOST, Lines
        from gate.collect.configuration.values import value_facts

        fact = f"values.{search.name}"
        shown = printable(path)
        read = self._read(path)
        if isinstance(read, Gap):
            self.gaps.append(Gap(read.subject, read.reason, read.path, read.line, (fact,)))
            return []
        documents, source, data = read
        self._note_bad(path, documents, fact)
        every = self._settings(path, documents)
        meant = [each for each in every if search.means(each)]
        if len(every) >= MOST:
            self.gaps.append(
                Gap(shown, f"has more than {MOST - 1:,} settings, not all of which are read", shown, facts=(fact,))
            )
        if len(meant) > _MOST:
            reason = f"has {len(meant):,} settings that are looked for; {_MOST:,} of a file are told"
            self.gaps.append(Gap(shown, reason, shown, facts=(fact,)))
        lines = Lines(data) if meant else None
        found: list[Json] = []
        for setting in meant[:_MOST]:
            item: JsonObject = {"name": setting.key[:200], "path": shown, "found": True, **value_facts(setting)}
            line = lines.of(setting, nested=format_of(path) == "yaml") if lines else None
            if line is not None:
                item["line"] = line
            if item["decided"] is False:
                reason = f"{item['name']} is {item['value']}, which is only known where it runs"
                self.gaps.append(Gap(shown, reason, shown, line, (fact,)))
            found.append(item)
        if found:
            self.sources.append(source)
        return found or ([self._absent(search, path)] if search.every else [])

    def _settings(self, path: str, documents: ConfigDocuments) -> list[Setting]:
        """Return the settings of a file, taken out of it once for all searches that follow one another."""
        from gate.collect.configuration.keys import settings_of

        if self._last[0] != path:
            self._last = (path, [setting for document in documents.values for setting in settings_of(document)])
        return self._last[1]

    def _absent(self, search: Search, path: str) -> JsonObject:
        """Return that a file has no such key, or is not there."""
        return {"name": " or ".join(search.keys)[:200], "path": printable(path), "found": False, "decided": True}

    def _is_absent(self, path: str) -> bool:
        if self._workspace.has_git and self._workspace.is_tracked(path):
            return False
        return self._workspace.has_git or not self._workspace.exists(path)

    def _note_bad(self, path: str, documents: ConfigDocuments, fact: str) -> None:
        shown = printable(path)
        self.gaps += [Gap(shown, bad.reason, shown, bad.line, (fact,)) for bad in documents.bad]

    def _read(self, path: str) -> tuple[ConfigDocuments, Source, bytes] | Gap:
        if path not in self._known:
            self._known[path] = _read(self._workspace, path)
        return self._known[path]


def _patterns(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _matching(workspace: Workspace, pattern: str) -> list[str]:
    """Return what is tracked under a glob; a plain path also when it is there and not tracked, to say so."""
    if not any(char in pattern for char in _WILD) and workspace.exists(pattern):
        return [pattern]
    return list(workspace.files(pattern))


def _read(workspace: Workspace, path: str) -> tuple[ConfigDocuments, Source, bytes] | Gap:
    shown = printable(path)
    if workspace.has_git and not workspace.is_tracked(path):
        return Gap(path, "is not tracked by git, so it is not part of the change", path)
    format_name = format_of(path)
    if format_name is None:
        return Gap(path, "is neither YAML, JSON, TOML, INI nor .env by its name", path)
    try:
        content = workspace.read(path, _LIMIT)
        documents = read_documents(content.data, format_name)
    except ReadProblem as problem:
        return problem.gap()
    except ReportError as error:
        return Gap(shown, error.reason, shown, error.line)
    return documents, Source(How.PRODUCED, path, content.sha256), content.data

"""The files that Compose projects are made of."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gate.collect.compose.project import Placed, Project
from gate.collect.compose.secrets import secrets_of_file, tracked_files
from gate.collect.disk import printable
from gate.collect.manifests import Document, Fragment, Manifests, Sort
from gate.collect.manifests.placeholders import is_sample
from gate.collect.readers.errors import ReportError
from gate.collect.workspace import ReadProblem, Workspace
from gate.formats.located import BadYaml, Located, YamlDocument
from gate.formats.located_yaml import read_parts
from gate.model.evidence import How, Source

_ENV_LIMIT = 256 * 1024
_READ_LIMIT = 4 * 1024 * 1024


@dataclass(slots=True)
class TreeFiles:
    """The Compose files of the tree, as the one pass has read them, and the files with variables beside them."""

    workspace: Workspace
    tree: Manifests
    _read: dict[str, tuple[list[Located], str] | str] = field(default_factory=dict)
    _env: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        every: list[Document | Fragment] = [*self.tree.documents(Sort.COMPOSE, twins=True), *self.tree.fragments]
        for one in sorted(every, key=lambda one: (one.path, one.index)):
            entry = self._read.setdefault(one.path, ([], one.sha256))
            if not isinstance(entry, str):
                entry[0].append(one.value)
        for bad in self.tree.bad(Sort.COMPOSE):
            self._read.setdefault(bad.path, f"line {bad.line}: {bad.reason}" if bad.line else bad.reason)

    def documents(self, path: str) -> Sequence[Located] | str:
        """Return the documents of a file: of one that another names, whatever is in it."""
        if path not in self._read:
            self._read[path] = self._open(path)
        entry = self._read[path]
        return entry if isinstance(entry, str) else entry[0]

    def variables(self, folder: str) -> Mapping[str, str]:
        """Return the `.env` of a folder where git tracks it: any other is not part of the change."""
        if folder not in self._env:
            self._env[folder] = self._variables(f"{folder}/.env" if folder else ".env")
        return self._env[folder]

    def secrets(self, project: Project, placed: Placed) -> Iterator[str]:
        """Yield the secrets of a service that stand in files which git tracks."""
        folder = posixpath.dirname(project.files[0] if project.files else placed.path)
        for what, written, has_variables in tracked_files(placed.body, project.sections):
            path = posixpath.normpath(posixpath.join(folder, written))
            if "$" in written or (self.workspace.has_git and not self.workspace.is_tracked(path)):
                continue
            if has_variables:
                yield from secrets_of_file(what, self._variables(path))
            elif self._holds_something(path):
                yield f"{what}, whose file is in git"

    def _holds_something(self, path: str) -> bool:
        try:
            data = self.workspace.read(path, _ENV_LIMIT).data.strip()
        except ReadProblem:
            return self.workspace.has_git  # git has it, whatever is in it
        return bool(data) and not is_sample(data.decode("utf-8", "replace"))

    def sources(self, projects: Iterable[Project]) -> list[Source]:
        """Return the files that the projects were made of."""
        services: dict[str, int] = {}
        for project in projects:
            for file in project.files:
                services.setdefault(file, 0)
            for placed in project.services.values():
                services[placed.path] = services.get(placed.path, 0) + 1
        found = []
        for path, count in sorted(services.items()):
            entry = self._read.get(path)
            if entry is not None and not isinstance(entry, str):
                noun = "service" if count == 1 else "services"
                found.append(Source(How.PRODUCED, printable(path), entry[1], detail=f"{count:,} {noun}"))
        return found

    def _open(self, path: str) -> tuple[list[Located], str] | str:
        """Read a file that another names and in which the pass saw no service."""
        if self.workspace.has_git and not self.workspace.is_tracked(path):
            return "is not tracked by git, so it is not part of the change"
        try:
            content = self.workspace.read(path, _READ_LIMIT)
        except ReadProblem as problem:
            return problem.reason
        parts = read_parts(content.data)
        bad = next((part for part in parts if isinstance(part, BadYaml)), None)
        if bad is not None:
            return f"line {bad.line}: {bad.reason}"
        values = [part.value for part in parts if isinstance(part, YamlDocument)]
        return [value for value in values if isinstance(value, Located)], content.sha256

    def _variables(self, path: str) -> Mapping[str, str]:
        from gate.collect.readers.config import read_config

        if self.workspace.has_git and not self.workspace.is_tracked(path):
            return {}
        try:
            document = read_config(self.workspace.read(path, _ENV_LIMIT).data, "env")
        except (ReadProblem, ReportError):
            return {}
        known = document.items() if isinstance(document, dict) else ()
        return {name: value for name, value in known if isinstance(value, str) and "$" not in value}

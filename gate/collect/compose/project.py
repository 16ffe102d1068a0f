"""One Compose project: its files as one model, the way `docker compose config` makes it. Pure but for `Files`."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gate.collect.compose.interpolation import interpolated
from gate.collect.compose.merge import extended, laid_over, merged
from gate.collect.compose.tags import RESET, cleared
from gate.formats.located_yaml import Located, line_of, tag_of
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject

_DEEPEST = 20
_SECTIONS = ("networks", "volumes", "secrets", "configs")


class Files(Protocol):
    """Where Compose files come from."""

    def documents(self, path: str) -> Sequence[Located] | str:
        """Return the documents of a file of the tree, or why there are none."""
        ...

    def variables(self, folder: str) -> Mapping[str, str]:
        """Return what the `.env` of a folder says; nothing where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Placed:
    """A service, and the file that its own words stand in."""

    body: Located
    path: str


@dataclass(slots=True)
class Project:
    """A project as it would be started. `problems` are what `docker compose config` would refuse: (path, line, text).

    `gaps` are what cannot be known: a file that cannot be read, an address instead of a file.
    """

    name: str
    files: tuple[str, ...]
    services: dict[str, Placed] = field(default_factory=dict)
    sections: dict[str, JsonObject] = field(default_factory=dict)
    problems: list[tuple[str, int, str]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def load_project(name: str, files: Sequence[str], source: Files) -> Project:
    """Return the model of some files, the later ones laid over the earlier. Raises nothing for bad input."""
    project = Project(name, tuple(files))
    folder = posixpath.dirname(files[0]) if files else ""
    model = _Loader(source, project).model(files, folder, ())
    project.services = model.services
    project.sections = model.sections
    return project


@dataclass(slots=True)
class _Model:
    services: dict[str, Placed] = field(default_factory=dict)
    sections: dict[str, JsonObject] = field(default_factory=lambda: {name: {} for name in _SECTIONS})


class _Loader:
    def __init__(self, source: Files, project: Project) -> None:
        self._source = source
        self._project = project

    def model(self, files: Sequence[str], folder: str, through: tuple[str, ...]) -> _Model:
        """Return some files as one; `through` are the files that include them."""
        model = _Model()
        variables = self._source.variables(folder)
        for path in files:
            for document in self._documents(path):
                self._lay_over(model, path, document, variables, through)
        return model

    def _documents(self, path: str) -> Sequence[Located]:
        found = self._source.documents(path)
        if isinstance(found, str):
            self._gap(path, found)
            return ()
        return found

    def _lay_over(
        self, model: _Model, path: str, raw: Located, variables: Mapping[str, str], through: tuple[str, ...]
    ) -> None:
        document = interpolated(raw, variables)
        if not isinstance(document, dict):
            return
        include = document.get("include")
        if tag_of(include) != RESET:
            self._include(model, path, include, (*through, path))
        services = document.get("services")
        self._services(model, path, services if isinstance(services, dict) else {}, variables)
        for section in _SECTIONS:
            below = document.get(section)
            if tag_of(below):
                model.sections[section] = {}
            if isinstance(below, dict) and tag_of(below) != RESET:
                model.sections[section] = laid_over(model.sections[section], below)

    def _services(self, model: _Model, path: str, services: JsonObject, variables: Mapping[str, str]) -> None:
        """Lay the services of one document over those of the files before it, by their tags too."""
        if tag_of(services):
            model.services.clear()
        for name, body in services.items() if tag_of(services) != RESET else ():
            known = model.services.pop(name, None) if tag_of(body) else model.services.get(name)
            if tag_of(body) == RESET:
                continue
            if not isinstance(body, Located):
                self._problem(path, line_of(services, 1), f"the service {name} is no mapping")
                continue
            whole = self._extend(path, name, body, variables, ())
            if known is not None and not tag_of(body):
                whole = merged(cleared(known.body, body), whole)
            model.services[name] = Placed(whole, path)

    def _extend(
        self, path: str, name: str, body: Located, variables: Mapping[str, str], through: tuple[str, ...]
    ) -> Located:
        """Return a service with all that it extends below it."""
        extends = body.get("extends")
        own = extended({}, body)
        if extends is None or tag_of(extends) == RESET:
            return own
        here = f"{path}#{name}"
        if here in through or len(through) >= _DEEPEST:
            self._problem(path, line_of(body), f"the service {name} extends itself")
            return own
        file, base = _base_of(extends)
        if base is None:
            self._problem(path, line_of(body), f"the service {name} extends nothing that has a name")
            return own
        other = path if file is None else self._inside(path, file, line_of(body), f"extends of {name}")
        if other is None:
            return own
        found = self._service(other, base, variables)
        if found is None:
            self._problem(path, line_of(body), f"the service {name} extends {base}, which is not in {other}")
            return own
        return extended(self._extend(other, base, found, variables, (*through, here)), body)

    def _service(self, path: str, name: str, variables: Mapping[str, str]) -> Located | None:
        for document in self._documents(path):
            services = document.get("services")
            body = services.get(name) if isinstance(services, dict) else None
            if isinstance(body, Located):
                filled = interpolated(body, variables)
                return filled if isinstance(filled, Located) else None
        return None

    def _include(self, model: _Model, path: str, include: Json, through: tuple[str, ...]) -> None:
        for entry in include if isinstance(include, list) else []:
            options: JsonObject = entry if isinstance(entry, dict) else {"path": entry}
            named = options.get("path")
            wanted = [item for item in (named if isinstance(named, list) else [named]) if isinstance(item, str)]
            files = [self._inside(path, item, line_of(entry, 1), "include") for item in wanted]
            inside = [item for item in files if item is not None]
            if any(item in through for item in inside) or len(through) > _DEEPEST:
                self._problem(
                    path, line_of(entry, 1), f"include of {inside[0] if inside else path} leads back to itself"
                )
            elif inside:
                below = self.model(inside, posixpath.dirname(inside[0]), through)
                for name, placed in below.services.items():
                    model.services.setdefault(name, placed)
                for section, items in below.sections.items():
                    model.sections[section] = merged(items, model.sections[section])

    def _inside(self, path: str, other: str, line: int, what: str) -> str | None:
        """Return the path of a file that another names, None (and a gap) for one that is not in the workspace."""
        if "://" in other or other.startswith(("git@", "oci:")):
            self._gap(path, f"{what} names {other}, which is not in this repository and is not fetched", line)
            return None
        if "$" in other:
            self._gap(path, f"{what} names {other}, which is only known where the services are started", line)
            return None
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), other))
        if other.startswith("/") or joined == ".." or joined.startswith("../"):
            self._gap(path, f"{what} names {other}, which is outside of the workspace", line)
            return None
        return joined

    def _problem(self, path: str, line: int, text: str) -> None:
        self._project.problems.append((path, line, text))

    def _gap(self, path: str, reason: str, line: int | None = None) -> None:
        gap = Gap(path, reason, path, line)
        if gap not in self._project.gaps:
            self._project.gaps.append(gap)


def _base_of(extends: Json) -> tuple[str | None, str | None]:
    """Return (file, service) of `extends`, which is the name of a service or a mapping of both."""
    if isinstance(extends, str):
        return None, extends
    if not isinstance(extends, dict):
        return None, None
    file, service = extends.get("file"), extends.get("service")
    return file if isinstance(file, str) else None, service if isinstance(service, str) else None

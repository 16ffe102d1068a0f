"""Which Compose files are started together. Pure."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from gate.collect.manifests import Document
from gate.model.json import Json, JsonObject

_BASE = re.compile(r"(?:docker-)?compose\.ya?ml")
_OVERRIDE = re.compile(r"(?:docker-)?compose\.override\.ya?ml")
_PREFERRED = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""Which file `docker compose` takes where there are several."""


def projects_of(documents: Sequence[Document]) -> dict[str, tuple[str, ...]]:
    """Return the projects of a tree: name → files, the later ones laid over the earlier.

    The file that `docker compose` takes by itself, with its override beside it, is a project. Any other file is laid
    over that one where it cannot stand alone (a service of it has neither image nor build, and the base file has a
    service of that name); else it is a project of its own. A file that another includes or extends, and that no
    program takes by its name, is part of the other.
    """
    by_folder: defaultdict[str, dict[str, list[JsonObject]]] = defaultdict(lambda: defaultdict(list))
    for document in documents:
        by_folder[posixpath.dirname(document.path)][document.path].append(document.value)
    parts = _parts(documents)
    projects: dict[str, tuple[str, ...]] = {}
    for _folder, files in sorted(by_folder.items()):
        base = _base(files)
        if base is not None:
            over = [path for path in files if _OVERRIDE.fullmatch(posixpath.basename(path))]
            projects[base] = (base, *sorted(over))
        for path, values in sorted(files.items()):
            if path in projects.get(base or "", ()) or (path in parts and path != base):
                continue
            together = base is not None and _lies_over(values, files[base])
            projects[path] = (base, path) if together and base is not None else (path,)
    return projects


def named_projects(projects: Json) -> dict[str, tuple[str, ...]]:
    """Return the projects that the policy names: name → files."""
    found: dict[str, tuple[str, ...]] = {}
    for name, files in projects.items() if isinstance(projects, dict) else ():
        wanted = files if isinstance(files, list) else [files]
        found[name] = tuple(file for file in wanted if isinstance(file, str))
    return {name: files for name, files in found.items() if files}


def _base(files: Iterable[str]) -> str | None:
    known = [path for path in files if _BASE.fullmatch(posixpath.basename(path))]
    return min(known, key=lambda path: _PREFERRED.index(posixpath.basename(path)), default=None)


def _lies_over(values: Sequence[JsonObject], base: Sequence[JsonObject]) -> bool:
    below = {name for value in base for name in _services(value)}
    return any(
        name in below and not {"image", "build", "extends"} & body.keys()
        for value in values
        for name, body in _services(value).items()
    )


def _parts(documents: Sequence[Document]) -> frozenset[str]:
    """Return the files that others include or extend."""
    found: set[str] = set()
    for document in documents:
        folder = posixpath.dirname(document.path)
        for named in [*_included(document.value), *_extended(document.value)]:
            path = posixpath.normpath(posixpath.join(folder, named))
            if path != document.path:
                found.add(path)
    return frozenset(found)


def _included(value: JsonObject) -> list[str]:
    include = value.get("include")
    found: list[str] = []
    for entry in include if isinstance(include, list) else []:
        named = entry.get("path") if isinstance(entry, dict) else entry
        found += [item for item in (named if isinstance(named, list) else [named]) if isinstance(item, str)]
    return found


def _extended(value: JsonObject) -> list[str]:
    files = []
    for body in _services(value).values():
        extends = body.get("extends")
        file = extends.get("file") if isinstance(extends, dict) else None
        if isinstance(file, str):
            files.append(file)
    return files


def _services(value: JsonObject) -> Mapping[str, JsonObject]:
    services = value.get("services")
    known = services.items() if isinstance(services, dict) else ()
    return {name: body for name, body in known if isinstance(body, dict)}

"""`compose`: the services of Compose files, as `docker compose` would start them.

Request: `projects {name: [files]}` instead of those that are found; `profiles` (globs; services of other profiles are
left out), `exclude` (globs of files), `reports`: what `docker compose ps --all --format json` wrote.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gate.collect.collector import Context
from gate.collect.compose.project import Placed, Project, load_project
from gate.collect.compose.projects import named_projects, projects_of
from gate.collect.compose.secrets import secrets_of_file, tracked_files
from gate.collect.compose.services import problems_of, service_facts, unknown_images, unknown_privileges
from gate.collect.disk import printable
from gate.collect.manifests import Document, Manifests, Sort, manifests_of
from gate.collect.manifests.placeholders import is_sample
from gate.collect.readers.compose_ps import Container, read_compose_ps
from gate.collect.readers.errors import ReportError
from gate.collect.reports import find_reports
from gate.collect.workspace import ReadProblem, Workspace
from gate.formats.globs import matches_any
from gate.formats.located_yaml import BadYaml, Located, YamlDocument, read_parts
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

KIND = "compose"
_ENV_LIMIT = 256 * 1024
_TAGS = (b"!reset", b"!override")
_FACTS = ("services", "with_healthcheck", "with_limits", "latest_tag", "items", "project_items", "problems")
_READ_LIMIT = 4 * 1024 * 1024


class ComposeCollector:
    """Reads Compose files."""

    kind = KIND

    def collect(self, context: Context) -> Evidence:
        """Return one item for each service of each project."""
        tree = manifests_of(context)
        reports = _Reports(context)
        wanted = named_projects(context.request.get("projects"))
        documents = [
            one for one in tree.documents(Sort.COMPOSE, twins=True) if not _left_out(context.request, one.path)
        ]
        gaps = [gap for gap in tree.gaps(Sort.COMPOSE, facts=_FACTS) if not _left_out(context.request, gap.path or "")]
        if not documents and not wanted and not reports.asked:
            if gaps:
                return Unreadable(KIND, "no Compose file could be read", gaps=tuple(gaps))
            return Missing(KIND, "there is no Compose file: no YAML with `services`", not_applicable=True)
        files = _Files(context.workspace, tree, documents)
        projects = [load_project(name, paths, files) for name, paths in (wanted or projects_of(documents)).items()]
        gaps += [_on_facts(gap) for project in projects for gap in project.gaps]
        gaps += files.gaps
        services = list(_services(projects, _texts(context.request.get("profiles")) or ("*",)))
        findings = [finding for project in projects for finding in _findings(project)]
        gaps += [gap for project in projects for gap in _unknown(project)]
        facts = compose_facts(findings, _facts(projects, services, files))
        facts |= reports.facts()
        sources = [*files.sources(projects), *reports.sources]
        return Collected(KIND, facts, tuple(sources), tuple(dict.fromkeys([*gaps, *reports.gaps])), tuple(findings))


def compose_facts(findings: Iterable[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with the counts that findings make: `problems`."""
    live = sum(not finding.suppressed for finding in findings)
    return {**facts, "problems": live}


@dataclass(slots=True)
class _Files:
    """The Compose files of the tree, each read once."""

    workspace: Workspace
    tree: Manifests
    known: Sequence[Document]
    gaps: list[Gap] = field(default_factory=list)
    _read: dict[str, tuple[list[Located], str] | str] = field(default_factory=dict)
    _env: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.known:
            entry = self._read.setdefault(one.path, ([], one.sha256))
            if not isinstance(entry, str):
                entry[0].append(one.value)
        for path in {one.path for one in self.known}:
            self._look_for_tags(path)

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

    def _look_for_tags(self, path: str) -> None:
        """Note what the YAML reader drops and Compose understands."""
        try:
            data = self.workspace.read(path, _READ_LIMIT).data
        except ReadProblem:
            return
        for tag in _TAGS:
            if tag in data:
                reason = f"uses the tag {tag.decode()}, which this gate does not follow"
                self.gaps.append(Gap(printable(path), reason, printable(path), facts=_FACTS))

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


@dataclass(slots=True)
class _Reports:
    """What is running, as supplied reports tell."""

    context: Context
    asked: bool = False
    containers: list[Container] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    def __post_init__(self) -> None:
        found = find_reports(self.context.workspace, self.context.request)
        self.asked = bool(found.looked_for)
        self.gaps += [Gap(gap.subject, gap.reason, gap.path, gap.line, ("running",)) for gap in found.gaps]
        for path in found.paths:
            self._read(path)

    def _read(self, path: str) -> None:
        try:
            content = self.context.workspace.read(path, _READ_LIMIT)
            containers = read_compose_ps(content.data)
        except ReadProblem as problem:
            self.gaps.append(problem.gap(("running",)))
        except ReportError as error:
            self.gaps.append(Gap(path, error.reason, path, error.line, ("running",)))
        else:
            self.containers += containers
            detail = f"{len(containers):,} containers"
            self.sources.append(Source(How.SUPPLIED, path, content.sha256, "docker compose ps", detail=detail))

    def facts(self) -> JsonObject:
        """Return `running`; nothing where no report could be read."""
        if not self.containers:
            return {}
        states = [(each.state, each.health, each.exit_code) for each in self.containers]
        good = [state == "running" or (state == "exited" and code == 0) for state, _health, code in states]
        healthy = sum(state == "running" and health == "healthy" for state, health, _code in states)
        return {
            "running": {
                "containers": len(states),
                "up": sum(good),
                "healthy": healthy,
                "unhealthy": sum(health in ("unhealthy", "starting") for _state, health, _code in states),
                "without_check": sum(state == "running" and not health for state, health, _code in states),
                "not_up": [
                    f"{each.service} ({each.state})"
                    for each, fine in zip(self.containers, good, strict=True)
                    if not fine
                ],
            }
        }


def _services(projects: Iterable[Project], profiles: Sequence[str]) -> Iterable[tuple[Project, str, Placed]]:
    """Yield the services that are asked for; one that several projects hold in the same words once."""
    by_place: dict[tuple[str, str], list[Located]] = {}
    for project in projects:
        for name, placed in project.services.items():
            bodies = by_place.setdefault((placed.path, name), [])
            if placed.body in bodies or not _is_wanted(placed.body, profiles):
                continue
            bodies.append(placed.body)
            yield project, name, placed


def _is_wanted(body: JsonObject, profiles: Sequence[str]) -> bool:
    own = [name for name in _texts(body.get("profiles")) if name]
    return not own or any(matches_any(profiles, name) for name in own)


def _facts(projects: Sequence[Project], services: Sequence[tuple[Project, str, Placed]], files: _Files) -> JsonObject:
    items = [service_facts(project, name, placed, files.secrets(project, placed)) for project, name, placed in services]
    return {
        "files": len({file for project in projects for file in project.files} | {each.path for *_, each in services}),
        "projects": len(projects),
        "services": len(items),
        "with_healthcheck": sum("healthcheck" in item for item in items),
        "with_limits": sum(_is_limited(item) for item in items),
        "latest_tag": sum(_is_latest(item) for item in items),
        "items": [*items],
        "project_items": [_project_item(project) for project in projects],
    }


def _is_limited(item: JsonObject) -> bool:
    limits = item.get("limits")
    return isinstance(limits, dict) and "memory" in limits


def _is_latest(item: JsonObject) -> bool:
    image = item.get("image")
    return isinstance(image, dict) and image.get("latest") is True


def _project_item(project: Project) -> JsonObject:
    return {
        "name": project.name,
        "path": project.files[0] if project.files else project.name,
        "line": 1,
        "files": [*project.files],
        "services": len(project.services),
        "service_names": [*sorted(project.services)],
        "networks": [*sorted(project.sections.get("networks", {}))],
        "volumes": [*sorted(project.sections.get("volumes", {}))],
    }


def _findings(project: Project) -> Iterable[Finding]:
    for path, line, text in dict.fromkeys(problems_of(project)):
        fingerprint = f"compose.problem:{path}:{text}"
        yield Finding("compose.problem", "high", text, "gate", printable(path), line, fingerprint)


def _unknown(project: Project) -> Iterable[Gap]:
    for path, line, text in unknown_images(project):
        yield Gap(printable(path), text, printable(path), line, ("latest_tag", "items.image"))
    for path, line, text in unknown_privileges(project):
        yield Gap(printable(path), text, printable(path), line, ("privileged", "items.privileged"))


def _on_facts(gap: Gap) -> Gap:
    return Gap(printable(gap.subject), gap.reason, printable(gap.path or gap.subject), gap.line, _FACTS)


def _left_out(request: JsonObject, path: str) -> bool:
    exclude = _texts(request.get("exclude"))
    return bool(exclude) and matches_any(exclude, printable(path))


def _texts(value: Json) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

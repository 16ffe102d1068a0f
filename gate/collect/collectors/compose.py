"""`compose`: the services of Compose files, as `docker compose` would start them.

Request: `projects {name: [files]}` instead of those that are found; `profiles` (globs; services of other profiles are
left out), `exclude` (globs of files), `reports`: what `docker compose ps --all --format json` wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gate.collect.collector import Context
from gate.collect.compose.files import TreeFiles
from gate.collect.compose.project import Placed, Project, load_project
from gate.collect.compose.projects import named_projects, projects_of
from gate.collect.compose.running import Running
from gate.collect.compose.services import problems_of, service_facts, unknown_images, unknown_privileges
from gate.collect.disk import printable
from gate.collect.manifests import Sort, manifests_of
from gate.formats.globs import matches_any
from gate.formats.located import Located
from gate.model.evidence import Collected, Evidence, Gap, Missing, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

KIND = "compose"
_FACTS = ("services", "with_healthcheck", "with_limits", "latest_tag", "items", "project_items", "problems")


class ComposeCollector:
    """Reads Compose files."""

    kind = KIND

    def collect(self, context: Context) -> Evidence:
        """Return one item for each service of each project."""
        tree = manifests_of(context)
        running = Running(context)
        wanted = named_projects(context.request.get("projects"))
        documents = [
            one for one in tree.documents(Sort.COMPOSE, twins=True) if not _left_out(context.request, one.path)
        ]
        gaps = [gap for gap in tree.gaps(Sort.COMPOSE, facts=_FACTS) if not _left_out(context.request, gap.path or "")]
        if not documents and not wanted and not running.asked:
            if gaps:
                return Unreadable(KIND, "no Compose file could be read", gaps=tuple(gaps))
            return Missing(KIND, "there is no Compose file: no YAML with `services`", not_applicable=True)
        files = TreeFiles(context.workspace, tree)
        projects = [load_project(name, paths, files) for name, paths in (wanted or projects_of(documents)).items()]
        gaps += [_on_facts(gap) for project in projects for gap in project.gaps]
        services = list(_services(projects, _texts(context.request.get("profiles")) or ("*",)))
        findings = [finding for project in projects for finding in _findings(project)]
        gaps += [gap for project in projects for gap in _unknown(project)]
        facts = compose_facts(findings, _facts(projects, services, files))
        facts |= running.facts()
        sources = [*files.sources(projects), *running.sources]
        return Collected(KIND, facts, tuple(sources), tuple(dict.fromkeys([*gaps, *running.gaps])), tuple(findings))


def compose_facts(findings: Iterable[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with the counts that findings make: `problems`."""
    live = sum(not finding.suppressed for finding in findings)
    return {**facts, "problems": live}


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


def _facts(
    projects: Sequence[Project], services: Sequence[tuple[Project, str, Placed]], files: TreeFiles
) -> JsonObject:
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

"""Which files of the tree are built as Dockerfiles whatever they are called: Compose files and workflows name them.

A Compose file names one under `build › dockerfile`, seen from its context (Compose Build Specification); a workflow by
`docker build --file`, seen from the folder that the step works in, and by the `file` of docker/build-push-action.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from gate.collect.ci.shell import read_commands
from gate.collect.compose.interpolation import fill
from gate.collect.disk import printable
from gate.collect.manifests import Document, Manifests, Sort
from gate.collect.workspace import Workspace
from gate.formats.located import Located, line_of
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject

_MOST = 500
_BUILDERS = frozenset({"docker", "podman", "buildah", "nerdctl"})
_FILE_OPTIONS = frozenset({"-f", "--file"})


@dataclass(slots=True)
class Builds:
    """The files that are built, by path in the order of those who name them. `gaps` are those that cannot be read."""

    paths: dict[str, None] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)


def named_builds(workspace: Workspace, manifests: Manifests) -> Builds:
    """Return what Compose files and workflows of the tree name as Dockerfiles.

    What a Compose file names and what is not there is a gap. A workflow may write the file first, so what it names
    counts only where it is there.
    """
    builds = Builds()
    tracked = frozenset(workspace.all_files())
    for document in manifests.documents(Sort.COMPOSE, twins=True):
        for name, build in _build_sections(document.value):
            if len(builds.paths) + len(builds.gaps) >= _MOST:
                shown = printable(document.path)
                builds.gaps.append(Gap(shown, f"names more Dockerfiles than the {_MOST:,} that are looked at", shown))
                return builds
            _take(builds, document, name, build, tracked)
    for document in manifests.documents(Sort.WORKFLOW, twins=True):
        for path in _of_workflow(document.value):
            if path in tracked and len(builds.paths) < _MOST:
                builds.paths.setdefault(path)
    return builds


def _build_sections(value: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    services = value.get("services")
    for name, body in services.items() if isinstance(services, dict) else ():
        build = body.get("build") if isinstance(body, dict) else None
        if isinstance(build, dict):
            yield name, build


def _take(builds: Builds, document: Document, service: str, build: JsonObject, tracked: frozenset[str]) -> None:
    shown, line = printable(document.path), line_of(build, document.line)
    whose = f"of its service {service[:80]}"
    if isinstance(build.get("dockerfile_inline"), str):
        builds.gaps.append(Gap(shown, f"holds the Dockerfile {whose} itself (dockerfile_inline)", shown, line))
        return
    name = build.get("dockerfile")
    if not isinstance(name, str) or not name:
        return
    context = build.get("context")
    path, why = _inside(document.path, context if isinstance(context, str) else ".", name)
    if path is None or path not in tracked:
        reason = f"names {name[:200]} as the Dockerfile {whose}, {why or 'which is no regular file that is tracked'}"
        builds.gaps.append(Gap(shown, reason, shown, line))
    else:
        builds.paths.setdefault(path)


def _inside(compose: str, context: str, name: str) -> tuple[str | None, str]:
    """Return the path of a Dockerfile in the workspace, or None and why there is none."""
    context, name = fill(context, {}), fill(name, {})
    if "://" in context or context.startswith("git@"):
        return None, "which is not in this repository"
    if "$" in context or "$" in name:
        return None, "which is only known where it is built"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(compose), context, name))
    if path.startswith(("/", "../")) or path == "..":
        return None, "which is outside of the workspace"
    return path, ""


def _of_workflow(workflow: Located) -> Iterator[str]:
    """Yield the paths that steps of a workflow build from, as far as they are written out."""
    jobs = workflow.get("jobs")
    for job in jobs.values() if isinstance(jobs, dict) else ():
        steps = job.get("steps") if isinstance(job, dict) else None
        for step in steps if isinstance(steps, list) else ():
            if isinstance(step, dict) and isinstance(job, dict):
                folder = _folder(step) or _folder(_run(job)) or _folder(_run(workflow))
                named = [posixpath.join(folder, name) for name in _scripted(step.get("run"))]
                for name in (*named, *_of_action(step)):
                    path = posixpath.normpath(name)
                    if "$" not in path and not path.startswith(("/", "..")):
                        yield path


def _run(value: JsonObject) -> JsonObject:
    defaults = value.get("defaults")
    run = defaults.get("run") if isinstance(defaults, dict) else None
    return run if isinstance(run, dict) else {}


def _folder(value: Mapping[str, Json]) -> str:
    folder = value.get("working-directory")
    return folder if isinstance(folder, str) else ""


def _scripted(run: Json) -> Iterator[str]:
    # Few scripts build an image, and reading one costs.
    if not isinstance(run, str) or "build" not in run or not ("-f" in run or "--file" in run):
        return
    for command in read_commands(run):
        words = command.words
        if command.dead or posixpath.basename(words[0]) not in _BUILDERS or "build" not in words[1:3]:
            continue
        yield from (word.partition("=")[2] for word in words if word.startswith("--file="))
        yield from (value for option, value in pairwise(words) if option in _FILE_OPTIONS)


def _of_action(step: JsonObject) -> Iterator[str]:
    uses, given = step.get("uses"), step.get("with")
    if isinstance(uses, str) and uses.lower().startswith("docker/build-push-action@") and isinstance(given, dict):
        file = given.get("file")
        if isinstance(file, str) and file:
            yield file

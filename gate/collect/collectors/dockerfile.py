"""`dockerfile`: the Dockerfiles of the tree: stages, base images, user, health check, and what hadolint says of them.

Besides the usual names those count that a Compose file or a workflow builds from.

Request: `files [glob, …]` (instead of all of these), `exclude [glob, …]` (left out, counted and listed), `lint`
(run hadolint, default true). Every file is read by content: one with the name and without a FROM is a gap, and so is a
template. What the build decides (a base, a user that is an ARG without a default) is not known, and a gap on the facts
that it decides. ARG defaults count as values.
"""

from __future__ import annotations

from collections.abc import Sequence

from gate.collect.collector import Context
from gate.collect.disk import printable
from gate.collect.dockerfile.builds import Builds, named_builds
from gate.collect.dockerfile.facts import counts, dockerfile_facts, lint_findings
from gate.collect.dockerfile.files import LOOKED_FOR, DockerfileRead, Found, find_dockerfiles
from gate.collect.dockerfile.hadolint_run import Hadolint, LintRun
from gate.collect.dockerfile.item import Item, ignore_names, item_of
from gate.collect.manifests import manifests_of
from gate.collect.workspace import ReadProblem, Workspace
from gate.formats.globs import GlobError, matches_any
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

_IGNORE_LIMIT = 1024 * 1024


class DockerfileCollector:
    """Reads Dockerfiles, and runs hadolint on them."""

    kind = "dockerfile"

    def collect(self, context: Context) -> Evidence:
        """Return what the Dockerfiles of the tree are like; without any, the kind does not apply."""
        gaps: list[Gap] = []
        named = _globs(context.request.get("files"), gaps)
        exclude = _globs(context.request.get("exclude"), gaps)
        builds = Builds() if named else named_builds(context.workspace, manifests_of(context))
        gaps += [gap for gap in builds.gaps if not exclude or not matches_any(exclude, gap.subject)]
        found = find_dockerfiles(context.workspace, named, exclude, builds.paths)
        gaps += found.gaps
        if not found.files:
            return _nothing(self.kind, found, named, tuple(gaps))
        ignore_files = _ignore_files(context.workspace, found.files)
        items = [item_of(file, ignore_files) for file in found.files]
        gaps += [gap for item in items for gap in item.gaps]
        run = _lint(context, found.files)
        gaps += run.gaps if run is not None else ()
        findings = tuple(lint_findings(run)) if run is not None else ()
        facts = _facts(items, found, run, findings)
        return Collected(self.kind, facts, _sources(found.files, run), tuple(gaps), findings)


def _lint(context: Context, files: Sequence[DockerfileRead]) -> LintRun | None:
    if context.request.get("lint", True) is False:
        return None
    return Hadolint(context.scanner, context.cache).run(files, jobs=context.jobs)


def _facts(items: Sequence[Item], found: Found, run: LintRun | None, findings: Sequence[Finding]) -> JsonObject:
    each = [item.facts for item in items]
    facts = counts(each) | {
        "failed": len(found.failed),
        "excluded": len(found.excluded),
        "excluded_paths": list(found.excluded[:1000]),
        "items": list(each),
        "bases": [base for item in items for base in item.bases],
    }
    if run is not None and run.problem is None:
        linted = sum(file.problem is None for file in run.files.values())
        # Of nothing that was linted there are no counts either.
        facts = dockerfile_facts(findings, facts | {"linted": linted}) if linted else facts
    return facts


def _sources(files: Sequence[DockerfileRead], run: LintRun | None) -> tuple[Source, ...]:
    sources = [Source(How.PRODUCED, file.path, file.sha256, detail=_stages(file)) for file in files]
    if run is not None and run.version is not None and run.problem is None:
        linted = sum(file.problem is None for file in run.files.values())
        detail = f"{linted:,} of {len(files):,} Dockerfiles{run.cached and f', {run.cached}'}"
        sources.append(Source(How.PRODUCED, None, None, "hadolint", run.version, detail))
    return tuple(sources)


def _stages(file: DockerfileRead) -> str:
    count = len(file.content.stages)
    return f"{count:,} stage{'' if count == 1 else 's'}"


def _nothing(kind: str, found: Found, named: Sequence[str], gaps: tuple[Gap, ...]) -> Missing | Unreadable:
    looked_for = ", ".join(named) if named else LOOKED_FOR
    if found.failed:
        first = found.gaps[0]
        reason = f"none of {len(found.failed):,} Dockerfiles could be read: {first.subject} {first.reason}"
        return Unreadable(kind, reason, gaps=gaps)
    if found.excluded:
        reason = f"all {len(found.excluded):,} Dockerfiles are excluded (looked for {looked_for})"
        return Missing(kind, f"{reason}. Look at evidence › dockerfile › exclude", gaps=gaps)
    reason = f"there is no Dockerfile (looked for {looked_for})"
    if named:
        return Missing(kind, f"{reason}. Look at evidence › dockerfile › files", gaps=gaps)
    return Missing(kind, reason, not_applicable=not gaps, gaps=gaps)


def _ignore_files(workspace: Workspace, files: Sequence[DockerfileRead]) -> frozenset[str]:
    """Return the tracked ignore files of these Dockerfiles that leave something out."""
    there = {path for path in workspace.all_files() if path.endswith("ignore")}
    wanted = {path for file in files for path in ignore_names(file.path)} & there
    return frozenset(path for path in wanted if _leaves_out(workspace, path))


def _leaves_out(workspace: Workspace, path: str) -> bool:
    try:
        rows = workspace.read(path, _IGNORE_LIMIT).data.splitlines()
    except ReadProblem:
        return False
    return any(row.strip() and not row.strip().startswith((b"#", b"!")) for row in rows)


def _globs(value: Json, gaps: list[Gap]) -> list[str]:
    """Return the globs of a request; what is none is a gap."""
    wanted = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    globs = []
    for glob in wanted:
        if not isinstance(glob, str):
            continue
        try:
            matches_any([glob], "")
            globs.append(glob)
        except GlobError as error:
            gaps.append(Gap(printable(glob), f"is not a glob: {error}"))
    return globs

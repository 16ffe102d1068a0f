"""`ci`: workflows of GitHub Actions, what their jobs do and whether they can do it, and what zizmor finds in them.

Request: `exclude [glob, …]` (files that are left out; counted), `zizmor` (default true: whether zizmor audits the
files), `persona` (zizmor's, default regular), `ignore_comments` (default false: whether findings count that a
`# zizmor: ignore` in the tree silences; they are counted as suppressed in any case).

A workflow lies directly in .github/workflows and has `on` or `jobs`; other YAML there is none. Local actions are those
of every action.yml of the tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.collect.collector import Context
from gate.collect.disk import printable
from gate.collect.manifests import BadDocument, Document, Sort, manifests_of
from gate.collect.workspace import ReadProblem
from gate.formats.globs import GlobError, matches_any
from gate.formats.located_yaml import LIMIT
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.json import Json

if TYPE_CHECKING:  # imported when there is a workflow
    from gate.collect.ci.facts import Tree
    from gate.collect.ci.zizmor_run import Audited, ZizmorFindings

_SORTS = {Sort.WORKFLOW: "workflow", Sort.ACTION: "action", Sort.DEPENDENCY_UPDATES: "updates"}
_SCRIPT = 1024 * 1024
_NO_WORKFLOW = "so it is no workflow"
_OTHERS = {
    ".gitlab-ci.yml": "GitLab CI",
    "Jenkinsfile": "Jenkins",
    ".circleci/config.yml": "CircleCI",
    "azure-pipelines.yml": "Azure Pipelines",
    "bitbucket-pipelines.yml": "Bitbucket Pipelines",
    ".travis.yml": "Travis CI",
}


@dataclass(slots=True)
class _Read:
    """The files that were read: those that go to zizmor, and what is wrong with the others."""

    tree: Tree
    audited: list[Audited] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


class CiCollector:
    """Reads the workflows, and runs zizmor on them."""

    kind = "ci"

    def collect(self, context: Context) -> Evidence:
        """Return what the workflows say, and what zizmor found in them."""
        from gate.collect.ci.facts import MOST, finding_facts, swallowed_findings, tree_facts

        read = _read(context)
        if not read.audited and not read.tree.unparsable and not read.tree.updates:
            return Missing(self.kind, _nothing(context), not_applicable=not read.gaps, gaps=tuple(read.gaps))
        if not read.tree.workflows and read.tree.unparsable:
            reason = f"none of {len(read.tree.unparsable):,} workflows could be read"
            return Unreadable(self.kind, reason, tuple(read.sources), tuple(read.gaps))
        facts = tree_facts(read.tree, lambda path: _text(context, path))
        own = tuple(swallowed_findings(facts))
        read.gaps += [
            Gap(name, f"the tree has {count:,} of these, of which {MOST:,} are kept", facts=(name,))
            for name, count in read.tree.cut.items()
        ]
        if context.request.get("zizmor") is False:
            return Collected(self.kind, facts, tuple(read.sources), tuple(read.gaps), own)
        audited = _audit(context, read.audited)
        gaps = (*read.gaps, *audited.gaps)
        if audited.audited or not read.audited:
            facts |= finding_facts(audited.findings, audited.audited)
            detail = f"{len(audited.audited):,} files" + (f", {audited.cached}" if audited.cached else "")
            read.sources.append(Source(How.PRODUCED, tool="zizmor", version=audited.version, detail=detail))
        return Collected(self.kind, facts, tuple(read.sources), gaps, (*own, *audited.findings))


def _text(context: Context, path: str) -> str | None:
    """Return the text of a tracked file, None where there is none that can be read."""
    if not context.workspace.is_tracked(path):
        return None
    try:
        return context.workspace.read(path, _SCRIPT).data.decode()
    except (ReadProblem, UnicodeDecodeError):
        return None


def _audit(context: Context, files: Sequence[Audited]) -> ZizmorFindings:
    from gate.collect.ci.zizmor_run import audit
    from gate.collect.ci.zizmor_scan import PERSONAS

    persona = context.request.get("persona")
    return audit(
        context.scanner,
        context.cache,
        files,
        persona=persona if isinstance(persona, str) and persona in PERSONAS else PERSONAS[0],
        ignores=context.request.get("ignore_comments") is not True,
    )


def _read(context: Context) -> _Read:
    from gate.collect.ci.facts import Tree

    manifests = manifests_of(context)
    exclude, gaps = _globs(context.request.get("exclude"))
    read = _Read(Tree(), gaps=gaps)
    left_out: set[str] = set()
    documents = [one for one in manifests.documents(*_SORTS, twins=True) if not _is_excluded(one, exclude, left_out)]
    bad = [one for one in manifests.bad(*_SORTS) if not _is_excluded(one, exclude, left_out)]
    several = list(_several(documents))
    for one in [*bad, *several]:
        _add_bad(read, one)
    broken = {one.path for one in [*bad, *several]}
    for document in documents:
        if document.index == 0 and document.path not in broken:
            _add(read, context, document)
    read.tree.excluded = len(left_out)
    workspace = context.workspace
    if workspace.has_git and not workspace.scope:
        read.tree.tracked = [entry.path for entry in workspace.entries()]
    return read


def _is_excluded(one: Document | BadDocument, exclude: Sequence[str], left_out: set[str]) -> bool:
    if exclude and matches_any(exclude, one.path):
        left_out.add(one.path)
    return one.path in left_out


def _several(documents: Iterable[Document]) -> Iterator[BadDocument]:
    """Yield the files with more than one document: GitHub reads one, and refuses the file."""
    seen: set[str] = set()
    for one in documents:
        if one.index == 1 and one.path not in seen:
            seen.add(one.path)
            reason = "holds several YAML documents, and GitHub takes one"
            yield BadDocument(one.path, one.line, reason, frozenset({one.sort}))


def _add_bad(read: _Read, one: BadDocument) -> None:
    if one.reason.endswith(_NO_WORKFLOW):
        read.tree.other.append(printable(one.path))
        return
    if Sort.WORKFLOW in one.sorts and len(one.sorts) < len(Sort):
        read.tree.unparsable.add(one.path)
    elif not one.path.endswith((".yml", ".yaml", ".json", ".json5", "rc")):
        return
    read.gaps.append(one.gap())


def _add(read: _Read, context: Context, document: Document) -> None:
    from gate.collect.ci.source import source_of
    from gate.collect.ci.updates import updates_facts
    from gate.collect.ci.workflow import read_action, read_workflow
    from gate.collect.ci.zizmor_run import Audited

    try:
        content = context.workspace.read(document.path, LIMIT)
    except ReadProblem as problem:
        read.gaps.append(problem.gap())
        return
    source = source_of(content.data)
    cut = None
    if document.sort is Sort.WORKFLOW:
        workflow = read_workflow(document.path, document.value, document.line, source)
        read.tree.workflows.append(workflow)
        cut = workflow.cut
    elif document.sort is Sort.ACTION:
        action = read_action(document.path, document.value, source)
        read.tree.actions.append(action)
        cut = action.cut
    else:
        read.tree.updates.append(updates_facts(document.path, document.value, document.line))
    if cut is not None:
        read.gaps.append(Gap(printable(document.path), cut, printable(document.path)))
    read.sources.append(Source(How.PRODUCED, printable(document.path), content.sha256))
    if document.sort is not Sort.DEPENDENCY_UPDATES or "dependabot." in document.path:
        read.audited.append(Audited(document.path, _SORTS[document.sort], content.data, content.sha256))


def _nothing(context: Context) -> str:
    tracked = [name for name in _OTHERS if context.workspace.is_tracked(name)]
    reason = "there is no workflow in .github/workflows, no action and no configuration of Dependabot or Renovate"
    if not tracked:
        return reason
    return f"{reason}; {tracked[0]} is of {_OTHERS[tracked[0]]}, which the gate does not read"


def _globs(value: Json) -> tuple[list[str], list[Gap]]:
    """Return the globs that can be read, and a gap for each that cannot."""
    good: list[str] = []
    gaps: list[Gap] = []
    for pattern in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
        if not isinstance(pattern, str):
            continue
        try:
            matches_any([pattern], "")
        except GlobError as error:
            gaps.append(Gap(pattern, f"is no glob that can be read: {error}"))
        else:
            good.append(pattern)
    return good, gaps

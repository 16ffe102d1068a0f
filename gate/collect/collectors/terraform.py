"""`terraform`: what the Terraform (OpenTofu) files in the tree describe, and Trivy's checks of them.

Request: `files [glob, …]` (default: every `*.tf`, `*.tofu` and `*.tf.json`), `exclude [glob, …]`, `variables [glob, …]`
(files of variables that are applied besides `terraform.tfvars` and `*.auto.tfvars`, the last one wins),
`misconfigurations` (default true: whether Trivy checks the files), `honour_ignored` (default false: whether findings
that comments in the files hide are suppressed; they are counted as `ignored` in any case), `reports [glob, …]`
(Infracost's JSON, of an earlier step).

Nothing is fetched and nothing is run: no provider, no module from elsewhere, no state. What is only known after
`terraform plan` is left out of the facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gate.collect.changes import Changes
from gate.collect.collector import Context
from gate.collect.disk import printable
from gate.collect.workspace import EntryType, ReadProblem, Workspace
from gate.formats.globs import GlobError, matches_any
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:  # imported when there is something to look at
    from gate.collect.readers.hcl_tree import Block
    from gate.collect.terraform.misconfig import Misconfigured
    from gate.collect.terraform.parsing import Parsed
    from gate.collect.terraform.tree import Tree

_FILES = ("**/*.tf", "**/*.tofu", "**/*.tf.json", "**/*.tofu.json")
_AUTOMATIC = ("terraform.tfvars", "terraform.tfvars.json")
_AUTO = (".auto.tfvars", ".auto.tfvars.json")
_LOCK = ".terraform.lock.hcl"
_OF_VALUES = (
    "items", "node_groups", "databases", "encryptable", "ingress_rules", "regions", "families", "resources", "by_type",
)  # fmt: skip
_OF_FILES = (
    *_OF_VALUES, "files", "parse_failures", "misconfigurations", "roots", "providers", "modules", "literal_secrets",
)  # fmt: skip


class TerraformCollector:
    """Reads the Terraform files that git tracks."""

    kind = "terraform"

    def collect(self, context: Context) -> Evidence:
        """Return the resources and how they are set up."""
        request = context.request
        wanted, gaps = _globs(request.get("files"), _FILES)
        exclude, more = _globs(request.get("exclude"), ())
        gaps += more
        every = context.workspace.files(*wanted) if wanted else []
        paths = [path for path in every if not exclude or not matches_any(exclude, printable(path))]
        gaps += _links(context.workspace, wanted, exclude)
        costs, cost_facts = _costs(context)
        gaps += costs.gaps
        if not paths:
            return self._without_files(len(every), cost_facts, costs, gaps)
        return self._with_files(context, paths, len(every) - len(paths), cost_facts, costs, gaps)

    def _without_files(self, excluded: int, cost: JsonObject, costs: _Costs, gaps: list[Gap]) -> Evidence:
        from gate.collect.terraform.facts import misconfiguration_facts, no_facts

        if cost or costs.named:
            facts = {"files": 0, "parse_failures": 0, "excluded": excluded, **no_facts(), **misconfiguration_facts(())}
            return Collected(self.kind, facts | {"ignored": 0} | cost, tuple(costs.sources), tuple(gaps))
        left = f" ({excluded:,} are excluded by the policy)" if excluded else ""
        return Missing(
            self.kind, f"no Terraform file (*.tf, *.tofu, *.tf.json) is tracked{left}", not gaps, tuple(gaps)
        )

    def _with_files(
        self,
        context: Context,
        paths: Sequence[str],
        excluded: int,
        cost: JsonObject,
        costs: _Costs,
        gaps: list[Gap],
    ) -> Evidence:
        from gate.collect.terraform.facts import misconfiguration_facts, to_findings, tree_facts
        from gate.collect.terraform.parsing import parse_files

        parsed = parse_files(context, paths, _OF_FILES)
        gaps += parsed.gaps
        if not any(file.block is not None for file in parsed.files):
            reason = f"none of {len(paths):,} files of Terraform could be read"
            return Unreadable(self.kind, reason, gaps=tuple(gaps))
        facts: JsonObject = {"files": len(parsed.files), "parse_failures": parsed.failures, "excluded": excluded}
        told, more = tree_facts(_tree(context, parsed, gaps))
        facts |= told
        gaps += more
        sources = [_source(parsed), *costs.sources]
        findings = []
        if context.request.get("misconfigurations") is not False:
            checked = _checked(context, parsed)
            gaps += checked.gaps
            changes = context.changes if isinstance(context.changes, Changes) else None
            honour = context.request.get("honour_ignored") is True
            hidden = checked.hidden or frozenset()
            findings = to_findings(checked.found, hidden, changes, honour=honour)
            facts |= {"ignored": len(hidden)}
            if checked.tool is not None:
                facts |= misconfiguration_facts(findings)
                detail = f"{checked.files:,} files{f', {checked.cached}' if checked.cached else ''}"
                sources.append(Source(How.PRODUCED, None, None, checked.tool.name, checked.tool.version, detail))
        return Collected(self.kind, facts | cost, tuple(sources), tuple(gaps), tuple(findings))


def _links(workspace: Workspace, wanted: Sequence[str], exclude: Sequence[str]) -> Iterator[Gap]:
    """Yield a gap for each link in place of a file: Terraform follows it, and the gate does not."""
    for entry in workspace.entries():
        shown = printable(entry.path)
        if entry.type is not EntryType.SYMLINK or (exclude and matches_any(exclude, shown)):
            continue
        is_file = bool(wanted) and matches_any(wanted, shown)
        if is_file or _is_automatic(entry.path):
            facts = _OF_FILES if is_file else _OF_VALUES
            yield Gap(shown, "is a symbolic link, which is not followed", shown, facts=facts)


def _checked(context: Context, parsed: Parsed) -> Misconfigured:
    from gate.collect.terraform.misconfig import misconfigurations

    return misconfigurations(context, parsed.files)


def _source(parsed: Parsed) -> Source:
    from importlib.metadata import version

    detail = f"{len(parsed.files):,} files"
    if parsed.cached:
        detail += f", {parsed.cached:,} contents from the cache"
    return Source(How.PRODUCED, None, None, "python-hcl2", version("python-hcl2"), detail)


def _tree(context: Context, parsed: Parsed, gaps: list[Gap]) -> Tree:
    """Return the modules with the values of their variables."""
    from gate.collect.terraform.tree import Placed, Tree, folder_of

    folders = {folder_of(file.path) for file in parsed.files}
    tracked = context.workspace.all_files()
    automatic = [path for path in tracked if folder_of(path) in folders and _is_automatic(path)]
    named, more = _named_variables(context)
    gaps += more
    # A file that is named wins over those that Terraform reads by itself, as `-var-file` does.
    order = [(path, folder_of(path)) for path in sorted(automatic, key=_precedence)]
    every: list[tuple[str, str | None]] = [*order, *((path, None) for path in named)]
    values = _parse_values(context, [path for path, _ in every], gaps)
    given = [(folder, Placed(path, values[path])) for path, folder in every if path in values]
    locks = [path for path in tracked if path.rpartition("/")[2] == _LOCK]
    return Tree(parsed.files, given, locks)


def _parse_values(context: Context, paths: Sequence[str], gaps: list[Gap]) -> dict[str, Block]:
    """Return the files of variables that could be parsed, by path."""
    from gate.collect.terraform.parsing import parse_files

    if not paths:
        return {}
    parsed = parse_files(context, dict.fromkeys(paths), _OF_VALUES)
    gaps += parsed.gaps
    return {file.path: file.block for file in parsed.files if file.block is not None}


def _named_variables(context: Context) -> tuple[list[str], list[Gap]]:
    """Return the files of variables that the policy names, in its order; a glob without any match is a gap."""
    globs, gaps = _globs(context.request.get("variables"), ())
    found: list[str] = []
    for glob in globs:
        paths = [path for path in context.workspace.glob(glob) if printable(path) == path]
        if not paths:
            reason = "no file of variables matches; correct the glob, or write the file before the gate runs"
            gaps.append(Gap(glob, reason, facts=_OF_VALUES))
        found += paths
    return list(dict.fromkeys(found)), gaps


def _is_automatic(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name in _AUTOMATIC or name.endswith(_AUTO)


def _precedence(path: str) -> tuple[bool, str]:
    """Terraform reads terraform.tfvars first, then terraform.tfvars.json, then the others by name; the last wins."""
    name = path.rpartition("/")[2]
    return name not in _AUTOMATIC, path


@dataclass(slots=True)
class _Costs:
    """Reports of costs. `named` is whether the policy asks for any."""

    named: bool = False
    sources: list[Source] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def _costs(context: Context) -> tuple[_Costs, JsonObject]:
    """Return what supplied reports say about costs: `cost`, where there is any that can be read."""
    if not context.request.get("reports"):
        return _Costs(), {}
    from gate.collect.readers.errors import ReportError
    from gate.collect.readers.infracost_json import Cost, read_infracost
    from gate.collect.reports import find_reports

    reports = find_reports(context.workspace, {"reports": context.request["reports"]})
    costs = _Costs(True, [], [replace(gap, facts=("cost",)) for gap in reports.gaps])
    read: list[Cost] = []
    for path in reports.paths:
        try:
            content = context.workspace.read(path)
            cost = read_infracost(content.data)
        except ReadProblem as problem:
            costs.gaps.append(problem.gap(("cost",)))
        except ReportError as error:
            costs.gaps.append(Gap(path, error.reason, path, error.line, ("cost",)))
        else:
            read.append(cost)
            detail = f"{cost.monthly:,.2f} {cost.currency} a month"
            costs.sources.append(Source(How.SUPPLIED, path, content.sha256, "infracost", None, detail))
            if cost.unsupported:
                reason = f"knows no price of {cost.unsupported:,} resources"
                costs.gaps.append(Gap(path, reason, path, facts=("cost",)))
    currencies = {cost.currency for cost in read}
    if len(currencies) > 1:
        costs.gaps.append(
            Gap("reports", f"name costs in several currencies: {', '.join(sorted(currencies))}", facts=("cost",))
        )
        return costs, {}
    if not read:
        return costs, {}
    total = round(sum(cost.monthly for cost in read), 2)
    return costs, {"cost": {"monthly": total, "currency": currencies.pop(), "projects": sum(c.projects for c in read)}}


def _globs(value: Json, otherwise: Iterable[str]) -> tuple[list[str], list[Gap]]:
    """Return the globs of a request; what is none is a gap."""
    wanted = [value] if isinstance(value, str) else value if isinstance(value, list) else list(otherwise)
    globs: list[str] = []
    gaps: list[Gap] = []
    for glob in wanted:
        if not isinstance(glob, str):
            continue
        try:
            matches_any([glob], "")
            globs.append(glob)
        except GlobError as error:
            gaps.append(Gap(printable(glob), f"is not a glob: {error}"))
    return globs, gaps

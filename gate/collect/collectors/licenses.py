"""`licenses`: under which licence every dependency is, from lock files that tell it and from supplied reports.

Request: `reports` and `discover` (globs: CycloneDX and SPDX SBOMs, Trivy's JSON, pip-licenses, license-checker,
cargo-license, go-licenses; told by content), `files` (requirements and lock files; without it, those with the usual
names), `allow` and `deny` (lists of SPDX ids, of ids with exceptions, and of globs such as `GPL-*`), `development`
(`include`, the default, or `leave_out`: whether packages that only development needs count).

No tool is run. A package that a file of the tree names and of which nobody tells the licence is unknown, and a gap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gate.collect.collector import Context
from gate.collect.licenses.facts import Place, counts_of, findings_of, license_facts, name_of
from gate.collect.licenses.lists import Lists, Standing, read_lists
from gate.collect.licenses.packages import Judged, Named, judge_packages
from gate.collect.licenses.tree import Loose, Tree, looked_for, read_tree
from gate.collect.readers.errors import ReportError
from gate.collect.readers.license_report import LIMIT, read_license_report
from gate.collect.reports import find_reports
from gate.collect.workspace import ReadProblem, Workspace
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

_IN_DOUBT = ("denied", "not_allowed")
_ADVICE = "Supply an SBOM (CycloneDX, SPDX) or a licence list under evidence.licenses.reports"
_MOST_MISTAKES = 50


@dataclass(slots=True)
class _Reports:
    """What the supplied reports name. `found` counts what was looked at, or should have been."""

    named: list[Named] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    read: int = 0
    found: int = 0


class LicensesCollector:
    """Reads lock files and licence reports, and holds the licences against the policy's lists."""

    kind = "licenses"

    def collect(self, context: Context) -> Evidence:
        """Return the licence of every package, and as gaps those that nobody knows."""
        request = context.request
        tree = read_tree(context.workspace, _texts(request.get("files")))
        reports = _read_reports(context.workspace, request)
        gaps = [*tree.gaps, *reports.gaps]
        named = [*tree.named, *reports.named]
        sources = (*tree.sources, *reports.sources)
        gaps += _loose_gaps(tree.loose, named)
        if not named:
            return _nothing(self.kind, tree, reports, sources, gaps)
        allow, deny = _texts(request.get("allow")), _texts(request.get("deny"))
        lists, mistakes = read_lists(allow, deny)
        for name, found in mistakes.items():
            facts = ("denied", "not_allowed") if name == "deny" else ("not_allowed",)
            subject = f"evidence.licenses.{name}"
            gaps += [Gap(subject, f"“{item.entry}” {item.reason}", facts=facts) for item in found[:_MOST_MISTAKES]]
        judged = judge_packages(named, lists)
        leave_out = request.get("development") == "leave_out"
        gaps += [_unknown_gap(item) for item in judged if _is_in_doubt(item, leave_out=leave_out)]
        findings = _findings(context.workspace, judged, lists, has_allow=bool(allow), leave_out=leave_out)
        facts_: JsonObject = {
            **counts_of(judged, leave_out=leave_out),
            "allow": [*allow],
            "deny": [*deny],
            "files": tree.files,
            "reports": reports.read,
            "passed_over": tree.passed_over,
        }
        return Collected(self.kind, license_facts(findings, facts_), sources, tuple(gaps), tuple(findings))


def _read_reports(workspace: Workspace, request: JsonObject) -> _Reports:
    found = find_reports(workspace, request)
    reports = _Reports(gaps=list(found.gaps), found=len(found.paths) + len(found.gaps))
    seen: dict[str, str] = {}
    for path in found.paths:
        try:
            content = workspace.read(path, LIMIT)
            digest = content.sha256
            if digest in seen:
                detail = f"the same bytes as {seen[digest]}, read once"
                reports.sources.append(Source(How.SUPPLIED, path, digest, detail=detail))
                continue
            report = read_license_report(content.data)
        except ReadProblem as problem:
            reports.gaps.append(problem.gap())
            continue
        except ReportError as error:
            reports.gaps.append(Gap(path, error.reason, path, error.line))
            continue
        seen[digest] = path
        reports.read += 1
        reports.named += [Named(package, path) for package in report.packages]
        also = f", {report.passed_over:,} other entries" if report.passed_over else ""
        detail = f"{len(report.packages):,} packages{also}"
        reports.sources.append(Source(How.SUPPLIED, path, digest, report.format, detail=detail))
    return reports


def _loose_gaps(loose: Iterable[Loose], named: Iterable[Named]) -> list[Gap]:
    """Return a gap for each dependency without a version that no other source names, and for each file not read."""
    known = {(item.package.ecosystem, item.package.name) for item in named}
    gaps = []
    for item in loose:
        if not item.name:
            told = f"names packages whose licences it does not tell, and its packages are not compared. {_ADVICE}"
            if not any(ecosystem == item.ecosystem for ecosystem, _ in known):
                gaps.append(Gap(item.path, told, item.path, item.line, _IN_DOUBT))
        elif (item.ecosystem, item.name) not in known:
            reason = f"has no version that is settled, and no source tells its licence ({item.path}). {_ADVICE}"
            gaps.append(Gap(item.name, reason, item.path, item.line, _IN_DOUBT))
    return gaps


def _is_in_doubt(item: Judged, *, leave_out: bool) -> bool:
    return item.standing is Standing.UNKNOWN and not (leave_out and item.development)


def _unknown_gap(item: Judged) -> Gap:
    by = item.told_by
    if item.expression is None:
        reason = f"no source tells its licence ({by.path}). {_ADVICE}"
    else:
        reason = f"its licence is told as “{item.text}”, which is no licence that SPDX knows ({by.path})"
    return Gap(name_of(item), reason, by.path, by.line, _IN_DOUBT)


def _findings(
    workspace: Workspace, judged: Sequence[Judged], lists: Lists, *, has_allow: bool, leave_out: bool
) -> list[Finding]:
    wanted: defaultdict[str, set[bytes]] = defaultdict(set)
    for item in judged:
        if item.standing is not Standing.ALLOWED or item.differing:
            wanted[item.told_by.path].add(_anchor(item))
    lines = {path: _lines(workspace, path, anchors - {b""}) for path, anchors in wanted.items()}

    def place(item: Judged) -> Place:
        by = item.told_by
        line = by.line if by.line is not None else lines.get(by.path, {}).get(_anchor(item))
        return by.path, line

    return findings_of(judged, lists, place, has_allow=has_allow, leave_out=leave_out)


def _anchor(item: Judged) -> bytes:
    return item.told_by.package.anchor.encode("utf-8", "replace")


def _lines(workspace: Workspace, path: str, anchors: set[bytes]) -> Mapping[bytes, int]:
    """Return the first line that each anchor stands on alone, where the file is written so."""
    found: dict[bytes, int] = {}
    if not anchors:
        return found
    try:
        data = workspace.read(path, LIMIT).data
    except ReadProblem:
        return found
    for number, line in enumerate(data.split(b"\n"), 1):
        text = line.strip().rstrip(b",")
        if text in anchors:
            found.setdefault(text, number)
    return found


def _nothing(kind: str, tree: Tree, reports: _Reports, sources: tuple[Source, ...], gaps: list[Gap]) -> Evidence:
    if tree.is_empty and not reports.found:
        also = f"; {tree.passed_over:,} in others' code or test data were passed over" if tree.passed_over else ""
        reason = f"no file names a dependency (looked for {looked_for()}{also}), and no report is supplied"
        return Missing(kind, reason, not_applicable=not tree.asked)
    first = next(iter(gaps), None)
    why = f": {first.subject} {first.reason}" if first is not None else ""
    unread = [gap for gap in (*tree.gaps, *reports.gaps) if gap.path is not None]
    if unread:
        return Unreadable(kind, f"no source that could be read names a package{why}", sources, tuple(gaps))
    return Missing(kind, f"nothing tells the licence of any package{why}", gaps=tuple(gaps))


def _texts(value: Json) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

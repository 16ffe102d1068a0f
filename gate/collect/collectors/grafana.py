"""`grafana`: dashboards in files, ConfigMaps and objects of the operator, and what Grafana is given at its start.

Request: `exclude` (globs of files).
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gate.collect.collector import Context
from gate.collect.disk import printable
from gate.collect.grafana.dashboards import Dashboard, read_dashboard
from gate.collect.grafana.provisioning import (
    alert_rules_of,
    contact_points_of,
    datasources_of,
    of_objects,
    providers_of,
)
from gate.collect.grafana.queries import is_readable
from gate.collect.manifests import Sort, manifests_of
from gate.collect.manifests.embedded import embedded_of
from gate.collect.manifests.objects import ClusterObject, objects_of, text
from gate.collect.manifests.shapes import sort_of
from gate.collect.workspace import ReadProblem
from gate.formats.globs import matches_any
from gate.formats.located_yaml import LIMIT
from gate.formats.plain import one_line
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from gate.collect.prometheus.expressions import Expressions

KIND = "grafana"
_BOARDS = ("dashboards", "panels", "data_panels", "invalid", "items", "queries_broken")
_GIVEN = ("datasources", "datasource_items", "provider_items", "alert_rules", "contact_points", "invalid")
_SORTS = (Sort.GRAFANA_DASHBOARD, Sort.GRAFANA_PROVISIONING)
_WORDS = (b"rafana", b"panels", b"datasource", b"dashboard")
_BUILT = frozenset({"Chart.yaml", "kustomization.yaml", "kustomization.yml"})
"""Files that others are rendered or built by: their own words say nothing of what comes of them."""
_INVALID = ("grafana.uid-twice", "grafana.no-panels", "grafana.unknown-datasource", "grafana.no-title")


class GrafanaCollector:
    """Reads dashboards and provisioning."""

    kind = KIND

    def collect(self, context: Context) -> Evidence:
        """Return one item for each dashboard and each source of data."""
        tree = _Tree(context, _texts(context.request.get("exclude")))
        tree.read()
        if not tree.boards and not tree.given:
            if tree.seen:
                return Unreadable(KIND, "no dashboard and no provisioning could be read", gaps=tuple(tree.gaps))
            reason = "there is neither a Grafana dashboard nor provisioning for Grafana"
            return Missing(KIND, reason, not_applicable=True, gaps=tuple(dict.fromkeys(tree.gaps)))
        from gate.collect.prometheus.expressions import Expressions

        findings = [*_findings(tree), *_broken_queries(tree, Expressions())]
        facts = grafana_facts(findings, tree.facts())
        return Collected(KIND, facts, tuple(tree.sources), tuple(dict.fromkeys(tree.gaps)), tuple(findings))


def grafana_facts(findings: Iterable[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with the counts that findings make: `invalid` dashboards and `queries_broken`."""
    live = [finding for finding in findings if not finding.suppressed]
    invalid = {(each.path, each.properties.get("dashboard")) for each in live if each.rule in _INVALID}
    unread = facts["unread"] if isinstance(facts.get("unread"), int) else 0
    return {
        **{name: value for name, value in facts.items() if name != "unread"},
        "invalid": len(invalid) + (unread if isinstance(unread, int) else 0),
        "queries_broken": sum(each.rule == "grafana.query" for each in live),
    }


@dataclass(slots=True)
class _Tree:
    """What the tree holds for Grafana."""

    context: Context
    exclude: tuple[str, ...]
    boards: list[Dashboard] = field(default_factory=list)
    given: list[tuple[JsonObject, str, int]] = field(default_factory=list)
    operator: list[ClusterObject] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    unread: int = 0
    seen: bool = False
    """Whether something lies here that is, or may be, for Grafana by its own words, and could not be read"""

    def read(self) -> None:
        """Read files, then what objects carry; a dashboard in the same words counts once."""
        manifests, embedded = manifests_of(self.context), embedded_of(self.context)
        objects = objects_of(self.context)
        seen: set[str] = set()
        for document in manifests.documents(*_SORTS):
            if self._takes(document.path):
                seen.add(document.sha256)
                self._take(document.sort, document.value, document.path, document.line, document.sha256)
        for each in embedded.documents(*_SORTS):
            if self._takes(each.path) and each.sha256 not in seen:
                seen.add(each.sha256)
                self._take(each.sort, each.value, each.path, each.line, None)
        for one in objects.of("GrafanaDashboard"):
            if self._takes(one.path):
                self._operator_dashboard(one)
        self.operator = [one for one in objects.of("GrafanaDatasource") if self._takes(one.path)]
        for sort, facts in zip(_SORTS, (_BOARDS, _GIVEN), strict=True):
            unread = [*manifests.gaps(sort, facts=facts), *embedded.gaps(sort, facts=facts)]
            kept = [gap for gap in unread if self._takes(gap.path or "")]
            self.gaps += kept
            self.seen |= bool(kept)
            self.unread += len(kept) if sort is Sort.GRAFANA_DASHBOARD else 0
        # What is not known of the cluster's objects may hold dashboards too, where a word in it says so.
        self.gaps += [
            Gap(gap.subject, gap.reason, gap.path, gap.line, (*_BOARDS, *_GIVEN))
            for gap in objects.gaps
            if self._may_concern(gap)
        ]

    def _may_concern(self, gap: Gap) -> bool:
        """Whether something of Grafana may be in what a gap is about: in a plain file, by its words."""
        path = gap.path or ""
        if not path.endswith((".yaml", ".yml", ".json")) or posixpath.basename(path) in _BUILT:
            return True
        try:
            data = self.context.workspace.read(path, LIMIT).data
        except ReadProblem:
            return True
        return b"\0" in data[:4] or any(word in data for word in _WORDS)

    def facts(self) -> JsonObject:
        items = [board.item for board in self.boards]
        data = [each for given in self.given for each in datasources_of(*given)] + [*of_objects(self.operator)]
        return {
            "dashboards": len(items),
            "panels": sum(panels for item in items if isinstance(panels := item["panels"], int)),
            "data_panels": sum(panels for item in items if isinstance(panels := item["data_panels"], int)),
            "datasources": len(data),
            "unread": self.unread,
            "items": [*items],
            "datasource_items": [*data],
            "provider_items": [each for given in self.given for each in providers_of(*given)],
            "alert_rules": [each for given in self.given for each in alert_rules_of(*given)],
            "contact_points": [each for given in self.given for each in contact_points_of(*given)],
        }

    def _takes(self, path: str) -> bool:
        return not (self.exclude and matches_any(self.exclude, printable(path)))

    def _take(self, sort: Sort, value: JsonObject, path: str, line: int, sha256: str | None) -> None:
        shown = printable(path)
        if sort is Sort.GRAFANA_PROVISIONING:
            self.given.append((value, shown, line))
            detail = "provisioning"
        else:
            self.boards.append(board := read_dashboard(value, shown, line))
            count = board.item["panels"]
            detail = f"{count:,} panel{'' if count == 1 else 's'}"
        if all(source.path != shown for source in self.sources[-1:]):
            self.sources.append(Source(How.PRODUCED, shown, sha256, detail=detail))

    def _operator_dashboard(self, one: ClusterObject) -> None:
        from gate.formats.strict_json import JsonProblem, loads

        written = text(one.spec.get("json"))
        if written is None:
            where = "a URL, a ConfigMap or grafana.com"
            reason = f"GrafanaDashboard {one.name} takes its dashboard from {where}, which is not read"
            self.gaps.append(Gap(one.path, reason, one.path, one.line, _BOARDS))
            self.seen = True
            return
        try:
            value = loads(written.encode())
        except JsonProblem as problem:
            reason = f"the dashboard in GrafanaDashboard {one.name} is not JSON: {problem.reason}"
            self.gaps.append(Gap(one.path, reason, one.path, one.line, _BOARDS))
            self.seen = True
            self.unread += 1
            return
        if sort_of("", value) is Sort.GRAFANA_DASHBOARD and isinstance(value, dict):
            self._take(Sort.GRAFANA_DASHBOARD, value, one.path, one.line, None)


def _findings(tree: _Tree) -> Iterator[Finding]:
    """Yield what is wrong with dashboards."""
    by_uid: defaultdict[str, list[Dashboard]] = defaultdict(list)
    for board in tree.boards:
        uid = board.item.get("uid")
        if isinstance(uid, str):
            by_uid[uid].append(board)
    for uid, boards in by_uid.items():
        for board in boards[1:]:
            first = boards[0].item
            told = f"has the uid {one_line(uid, 60)}, as “{first['name']}” in {first['path']} has: one of them is lost"
            yield _finding("grafana.uid-twice", "medium", board, told)
    known = _known_sources(tree)
    for board in tree.boards:
        if not board.item["panels"]:
            yield _finding("grafana.no-panels", "medium", board, "has no panel")
        if not board.item["name"]:
            yield _finding("grafana.no-title", "low", board, "has no title")
        for uid in sorted(board.datasource_uids - known) if known else ():
            told = f"takes data from {one_line(uid, 60)}, which no provisioning gives"
            yield _finding("grafana.unknown-datasource", "medium", board, told, uid)


def _known_sources(tree: _Tree) -> frozenset[str]:
    """Return the uids, names and types by which a panel may name a source of data that is provisioned."""
    data = [each for given in tree.given for each in datasources_of(*given)] + [*of_objects(tree.operator)]
    if any("uid" not in each for each in data):
        return frozenset()  # Grafana makes the uid up: any may be right
    return frozenset(str(each[key]) for each in data for key in ("uid", "name") if key in each)


def _broken_queries(tree: _Tree, expressions: Expressions) -> Iterator[Finding]:
    for board in tree.boards:
        for query in board.queries:
            if query.promql and is_readable(query.expression, expressions) is False:
                panel, asked = one_line(query.panel, 60), one_line(query.expression, 120)
                told = f"asks in the panel “{panel}” what is not PromQL: {asked}"
                yield _finding("grafana.query", "medium", board, told, f"{query.panel}:{query.expression[:200]}")


def _finding(rule: str, severity: str, board: Dashboard, told: str, key: str = "") -> Finding:
    name, path, line = board.item["name"], str(board.item["path"]), board.item["line"]
    message = f"the dashboard “{one_line(str(name), 80)}” {told}"
    return Finding(
        rule,
        "medium" if severity == "medium" else "low",
        message,
        "gate",
        path,
        line if isinstance(line, int) else None,
        f"{rule}:{path}:{name}:{key}",
        properties={"dashboard": name},
    )


def _texts(value: Json) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

"""Where rules and configurations of Prometheus stand in a tree: files, objects of its operator, ConfigMaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.manifests import Sort, manifests_of
from gate.collect.manifests.embedded import embedded_of
from gate.collect.manifests.objects import objects_of
from gate.collect.prometheus.expressions import Expressions
from gate.collect.prometheus.rules import RuleSource, read_rules
from gate.formats.globs import GlobError, matches_any
from gate.model.evidence import Gap, How, Source
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from promql_parser import Expr

    from gate.collect.collector import Context

RULE_OBJECTS = ("PrometheusRule", "VMRule")
_RULE_FACTS = (
    "rule_files",
    "rules_valid",
    "rules_invalid",
    "expression_errors",
    "duplicates",
    "alerts",
    "alert_names",
    "alert_items",
    "recording_rules",
    "recording_items",
)


@dataclass(frozen=True, slots=True)
class RuleSources:
    """The rules of a tree, each once. `repeated` counts documents left out because another holds the same rules."""

    found: tuple[RuleSource, ...]
    gaps: tuple[Gap, ...]
    repeated: int
    read: tuple[Source, ...]

    def recordings(self) -> dict[str, list[Expr]]:
        """Return what is recorded under each name, each different expression once."""
        trees: defaultdict[str, dict[str, Expr]] = defaultdict(dict)
        for source in self.found:
            for rule in source.rules:
                if not rule.is_alert and rule.expression.tree is not None:
                    trees[rule.name].setdefault(rule.expression.text.strip(), rule.expression.tree)
        return {name: list(found.values()) for name, found in trees.items()}


def rules_of(context: Context) -> RuleSources:
    """Return the rules of this run, worked out once for all collectors, by the request of `prometheus`."""
    return context.once.get("prometheus rules", lambda: _read(context))


def _read(context: Context) -> RuleSources:
    """Read the rules: the files first, so that what is copied into a chart's output counts where it was written."""
    wanted = Chosen.of(context.requests.get("prometheus", {}))
    expressions = Expressions()
    manifests = manifests_of(context)
    found: list[RuleSource] = []
    read: dict[str, Source] = {}
    for document in manifests.documents(Sort.PROMETHEUS_RULES):
        if wanted.takes(document.path):
            found.append(
                read_rules(
                    document.value,
                    expressions,
                    origin="file",
                    path=document.path,
                    line=document.line,
                    title=printable(document.path),
                )
            )
            read[document.path] = Source(How.PRODUCED, printable(document.path), document.sha256)
    objects = objects_of(context)
    for one in objects.of(*RULE_OBJECTS):
        if wanted.takes(one.path):
            title = f"{one.kind} {one.name} ({printable(one.path)})"
            found.append(
                read_rules(
                    one.spec,
                    expressions,
                    origin="object",
                    path=one.path,
                    line=one.line,
                    title=title,
                    victoria=one.kind == "VMRule",
                )
            )
            read.setdefault(one.path, Source(How.PRODUCED, printable(one.path)))
    embedded = embedded_of(context)
    for text in embedded.documents(Sort.PROMETHEUS_RULES):
        if wanted.takes(text.path):
            found.append(
                read_rules(
                    text.value,
                    expressions,
                    origin="embedded",
                    path=text.path,
                    line=text.line,
                    title=f"{text.where} ({printable(text.path)})",
                    key=text.key,
                )
            )
            read.setdefault(text.path, Source(How.PRODUCED, printable(text.path)))
    gaps = [
        gap
        for gap in (
            *manifests.gaps(Sort.PROMETHEUS_RULES, facts=_RULE_FACTS),
            *embedded.gaps(Sort.PROMETHEUS_RULES, facts=_RULE_FACTS),
        )
        if gap.path is None or wanted.takes(gap.path)
    ]
    gaps += [Gap(gap.subject, gap.reason, gap.path, gap.line, _RULE_FACTS) for gap in objects.gaps]
    gaps += [
        Gap(
            printable(source.path),
            f"{source.skipped:,} of its rules are none, or too many to be read",
            printable(source.path),
            source.line,
            _RULE_FACTS,
        )
        for source in found
        if source.skipped
    ]
    single = once_each(found)
    return RuleSources(tuple(single), tuple(dict.fromkeys(gaps)), len(found) - len(single), tuple(read.values()))


def once_each(found: Sequence[RuleSource]) -> list[RuleSource]:
    """Return the documents without those whose rules all stand in an earlier one too."""
    seen: set[str] = set()
    single = []
    for source in found:
        if source.identity and source.identity in seen:
            continue
        seen.add(source.identity)
        single.append(source)
    return single


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which files the policy says this is about: `paths` (all where none is named) without `exclude`."""

    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: JsonObject) -> Chosen:
        """Return what a request says; what is no glob is left out."""
        return cls(tuple(_globs(request.get("paths"))), tuple(_globs(request.get("exclude"))))

    def takes(self, path: str) -> bool:
        """Whether a file counts."""
        shown = printable(path)
        return (not self.paths or matches_any(self.paths, shown)) and not matches_any(self.exclude, shown)


def _globs(value: Json) -> Iterable[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            try:
                matches_any([item], "")
            except GlobError:
                continue
            yield item

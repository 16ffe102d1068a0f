"""What every chart of a tree renders to, with each of its values: worked out once for all collectors."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.helm.charts import Chart, Charts, ValuesSet, find_charts
from gate.collect.helm.copies import (
    ChartCopy,
    CopyProblem,
    copy_chart,
    foreign_schema,
    read_values,
    switched_off,
    without,
)
from gate.collect.helm.placed import place_objects
from gate.collect.manifests.cluster_object import ClusterObject
from gate.collect.manifests.copied import digest_of
from gate.collect.manifests.manifests import manifests_of
from gate.collect.readers.errors import ReportError
from gate.collect.readers.helm_lint import LintMessage, LintReport
from gate.collect.safe_open import OpenProblem
from gate.collect.scan_problem import ScanProblem, Step
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject

if TYPE_CHECKING:
    from gate.collect.collector import Context
    from gate.collect.helm.run import Order, Rendering
    from gate.collect.self_test import Canary
    from gate.collect.tools import Tool

_SPACE = "helm"
_SHAPE = "1"
"""Of what is kept in the cache."""
_MOST_KEPT = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SetResult:
    """A chart with one set of values. `objects` is None where it was not rendered; then `reason` says why.

    `refused` tells whether helm itself would not render it. `tests` are objects that `helm test` makes, which are not
    among the objects. `merged` are the values as helm merged them, `off` the names of dependencies that a condition
    switches off.
    """

    values: ValuesSet
    objects: tuple[ClusterObject, ...] | None = None
    reason: str | None = None
    refused: bool = False
    tests: int = 0
    merged: Mapping[str, Json] = field(default_factory=dict)
    kube_version: str | None = None
    off: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class ChartResult:
    """A chart. `lint` is None where helm did not lint it; `foreign` is what its schema of values refers to."""

    chart: Chart
    lint: LintReport | None = None
    sets: tuple[SetResult, ...] = ()
    foreign: str | None = None
    gaps: tuple[Gap, ...] = ()

    @property
    def is_rendered(self) -> bool:
        """Whether it renders with all of its values; where there are values of environments, the defaults need not do.

        What the chart is tested with (`ci`) is no environment: it does not make up for defaults that helm refuses.
        """
        default, others = self.sets[:1], self.sets[1:]
        is_enough = any(not self.chart.is_for_tests(one.values) for one in others)
        return bool(default) and all(one.objects is not None for one in (others if is_enough else self.sets))

    @property
    def first(self) -> SetResult | None:
        """The first set of values that it was rendered with."""
        return next((one for one in self.sets if one.objects is not None), None)


@dataclass(frozen=True, slots=True)
class Renderings:
    """The charts of a tree. `problem` is why no chart could be given to helm; `step` where that ended."""

    charts: Charts
    results: tuple[ChartResult, ...] = ()
    tool: Tool | None = None
    problem: ScanProblem | None = None
    cached: int = 0
    ran: int = 0


def renderings_of(context: Context) -> Renderings:
    """Return the charts of this run, linted and rendered once, whoever asks first."""
    return context.once.get("helm renderings", lambda: render_charts(context))


def render_charts(context: Context) -> Renderings:
    """Lint and render the charts of the tree. Raises nothing: what stands in the way is in the result."""
    request = context.requests.get("helm", {})
    charts = find_charts(context.workspace, manifests_of(context), request)
    if not charts.chosen:
        return Renderings(charts)
    scanner = context.scanner
    try:
        tool = scanner.find("helm")
        work = _Work(context, charts, tool, _kube_version(context.requests))
        context.self_tests.require(work.canary, tool)
    except (ScanProblem, OSError) as problem:
        told = problem if isinstance(problem, ScanProblem) else _could_not(problem)
        return Renderings(charts, tuple(ChartResult(chart) for chart in charts.chosen), None, told)
    with ThreadPoolExecutor(max_workers=max(1, context.jobs)) as pool:
        results = tuple(pool.map(work.result, charts.chosen))
    return Renderings(charts, results, tool, None, work.cached, work.ran)


def _could_not(error: OSError) -> ScanProblem:
    return ScanProblem("helm", f"was not run: its self-test could not be written ({error.strerror})", Step.RAN)


def _kube_version(requests: Mapping[str, JsonObject]) -> str | None:
    """Return the version of Kubernetes that charts are rendered for, None for helm's own idea of it."""
    for kind, key in (("helm", "kube_version"), ("kubernetes", "version")):
        value = requests.get(kind, {}).get(key)
        if isinstance(value, str) and value:
            return value
    return None


class _Work:
    """Looks at one chart after the other. Safe to use from several threads but for the counts, which only inform."""

    def __init__(self, context: Context, charts: Charts, tool: Tool, kube_version: str | None) -> None:
        from gate.collect.helm.run import helm_canary

        self._context = context
        self._charts = charts
        self._tool = tool
        self._kube_version = kube_version
        self.canary: Canary = helm_canary(context.scanner)
        self.cached = 0
        self.ran = 0

    def result(self, chart: Chart) -> ChartResult:
        """Return what helm says of a chart. Raises nothing."""
        try:
            copy = copy_chart(self._context.workspace, self._charts.every, chart)
        except CopyProblem as problem:
            shown = printable(chart.path)
            gap = Gap(chart.shown, problem.reason, shown, problem.line)
            sets = () if chart.is_library else tuple(SetResult(one, reason=problem.reason) for one in chart.sets)
            return ChartResult(chart, None, sets, None, (gap,))
        from gate.collect.helm.run import Order

        foreign = foreign_schema(copy.files)
        order = Order(chart.name, copy.files, (), self._kube_version, foreign is None)
        report, gaps = self._lint(chart, order)
        sets = () if chart.is_library else tuple(self._set(chart, copy, order, one) for one in chart.sets)
        return ChartResult(chart, report, sets, foreign, gaps)

    def _lint(self, chart: Chart, order: Order) -> tuple[LintReport | None, tuple[Gap, ...]]:
        from gate.collect.helm.run import lint

        key = self._key("lint", order)
        known = _kept_lint(self._kept(key))
        if known is not None:
            return known, ()
        try:
            report = lint(self._context.scanner, order, self.canary)
        except (ScanProblem, OSError, OpenProblem) as problem:
            shown = printable(chart.path)
            return None, (Gap(chart.shown, f"was not linted: {problem}", shown, None, ("linted", "items")),)
        self._keep(key, [[one.level, one.text] for one in report.messages])
        return report, ()

    def _set(self, chart: Chart, copy: ChartCopy, order: Order, values: ValuesSet) -> SetResult:
        try:
            given = read_values(self._context.workspace, values)
        except CopyProblem as problem:
            return SetResult(values, reason=problem.reason)
        off = switched_off(chart, copy.files, given)
        missing = [one for one in chart.missing if one not in off]
        names = tuple(one.name for one in off)
        if missing:
            told = ", ".join(f"{one.name} {one.version or ''}".strip() for one in missing[:5])
            reason = f"is not rendered: {printable(told)} of its dependencies are not vendored in charts/"
            return SetResult(values, reason=reason, off=names)
        order = replace(order, files=without(chart, copy.files, off), values=given)
        try:
            rendering = self._render(order)
        except ScanProblem as problem:
            from gate.collect.helm.run import first_words, is_refusal

            refused = is_refusal(problem)
            words = f"does not render: {first_words(problem)}" if refused else f"was not rendered: {problem}"
            return SetResult(values, reason=words, refused=refused, off=names)
        except (OSError, OpenProblem) as problem:
            return SetResult(values, reason=f"was not rendered: it could not be copied ({problem})", off=names)
        placed = place_objects(chart, copy, values, rendering.rendered)
        merged: Mapping[str, Json] = rendering.merged or {}
        version = rendering.kube_version
        return SetResult(values, placed.objects, None, False, placed.tests, merged, version, names, placed.gaps)

    def _render(self, order: Order) -> Rendering:
        """Raises ScanProblem, OSError and OpenProblem."""
        from gate.collect.helm.run import read_rendering, render

        key = self._key("template", order)
        token = f"gate-{key[-1][:20]}"
        known = self._kept(key)
        if isinstance(known, str):
            try:
                return read_rendering(known.encode(), token)
            except ReportError:
                pass
        rendering = render(self._context.scanner, order, token, self.canary)
        if len(rendering.text) <= _MOST_KEPT:
            self._keep(key, rendering.text.decode("utf-8", "replace"))
        return rendering

    def _key(self, what: str, order: Order) -> tuple[str, ...]:
        values = {f"values-{number}.yaml": data for number, data in enumerate(order.values)}
        digest = digest_of({**order.files, **values}, order.release, order.kube_version or "", str(order.check_schema))
        return (self._tool.version, _SHAPE, what, digest)

    def _kept(self, key: tuple[str, ...]) -> Json:
        known = self._context.cache.get(_SPACE, key)
        self.cached += known is not None
        self.ran += known is None
        return None if known is None else known.value

    def _keep(self, key: tuple[str, ...], value: Json) -> None:
        self._context.cache.put(_SPACE, key, value)


def _kept_lint(value: Json) -> LintReport | None:
    if not isinstance(value, list):
        return None
    messages = []
    for pair in value:
        if not (isinstance(pair, list) and len(pair) == 2):
            return None
        level, said = pair
        if not (isinstance(level, str) and isinstance(said, str)):
            return None
        messages.append(LintMessage(level, said))
    return LintReport(1, tuple(messages))

"""What an alert is about, as far as the names in its expression say it. Pure.

Only the naming conventions of Prometheus (https://prometheus.io/docs/practices/naming/) and the names of well-known
exporters are used; an expression that they do not settle has no subject.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.collect.prometheus.conditions import Absence, Condition, constant, unwrapped
from gate.collect.prometheus.selectors import Recordings, Series, series_of, walk

if TYPE_CHECKING:
    from promql_parser import BinaryExpr, Expr

ERRORS, LATENCY, AVAILABILITY, ABSENCE = "error_ratio", "latency", "availability", "absence"
SATURATION, TRAFFIC, BACKLOG = "saturation", "traffic", "backlog"

_STATUS = re.compile(r"^(?:\w+_)?(?:code|status|status_?code|response_?code|grpc_code|outcome|result)$", re.IGNORECASE)
_BAD_METRIC = re.compile(r"(?:^|[_:])(?:errors?|failed|failures?|error_count|5xx)(?:$|[_:])")
_GOOD_METRIC = re.compile(r"(?:^|[_:])(?:success(?:es|ful)?|succeeded)(?:$|[_:])")
_BAD = ("500", "503", "5xx", "error", "failed", "failure", "Internal", "Unavailable", "SERVER_ERROR")
_GOOD = ("200", "204", "2xx", "success", "ok", "OK", "SUCCESS")
_TIME = re.compile(r"_(seconds|milliseconds|ms|microseconds)(?:_bucket|_sum|_count)?$")
_UNITS = {"seconds": 1.0, "milliseconds": 0.001, "ms": 0.001, "microseconds": 0.000001}
_REQUESTS = re.compile(r"requests_total$|requests_count$|requests$|request_duration_seconds_count$|_handled_total$")
_BACKLOG = re.compile(
    r"queue_(?:\w+_)?(?:size|length|depth|messages|backlog)|messages_ready|(?:^|_)(?:backlog|lag|queue)$|consumer\w*_lag"
)
_RESOURCES = (
    ("cpu", re.compile(r"^(?:node_cpu_|container_cpu_|process_cpu_|windows_cpu_|instance:node_cpu|node_load)")),
    (
        "memory",
        re.compile(
            r"^(?:node_memory_|container_memory_|process_resident_memory|windows_os_physical_memory|jvm_memory_)"
        ),
    ),
    ("disk", re.compile(r"^(?:node_filesystem_|kubelet_volume_stats_|container_fs_|windows_logical_disk_)")),
)
_UP = frozenset({"up", "probe_success"})
_PLATFORM = re.compile(
    r"^(?:prometheus|alertmanager|thanos|cortex|mimir|loki|promtail|grafana|pushgateway|otelcol|jaeger|kube|kubelet"
    r"|kubernetes|apiserver|scheduler|workqueue|rest_client|etcd|coredns|cilium|calico|felix|node|container|machine"
    r"|windows|cadvisor|argocd|flux|gotk|cert_?manager|certmanager|controller_runtime|velero|aggregator_unavailable"
    r"|storage_operation|net_conntrack|go|process|promhttp|vm|vmagent|vmalert|vl)_"
)
"""Metrics of the platform's own programs, by the prefixes that those programs document."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a condition is about.

    `about` is one of the words above. `ratio` is what the alert's threshold means as a share of failures, from 0 to 1.
    `quantile` and `seconds` are of a latency. `window` is the longest range that is read, in seconds. `platform` is
    True where all that it reads belongs to the platform (Kubernetes, Prometheus itself), and not to the service.
    """

    about: str
    ratio: float | None = None
    quantile: float | None = None
    seconds: float | None = None
    resource: str | None = None
    window: float | None = None
    platform: bool = False


def subject_of(condition: Condition | Absence, recordings: Recordings) -> Subject | None:
    """Return what a condition is about, None where its names do not say."""
    core = _bare(_followed(condition.core, recordings))
    read = series_of(core, recordings)
    if not read:
        return None
    own = series_of(condition.core)
    window = max((s.window for s in (*read, *own) if s.window is not None), default=None)
    platform = all(_PLATFORM.match(s.metric) for s in read)
    if isinstance(condition, Absence) or all(s.metric in _UP for s in read):
        up = all(s.metric in _UP for s in read)
        return Subject(AVAILABILITY if up else ABSENCE, window=window, platform=platform)
    found = (
        _ratio(condition, core, recordings) or _latency(condition, core, recordings) or _level(condition, core, read)
    )
    if found is None:
        return None
    return Subject(found.about, found.ratio, found.quantile, found.seconds, found.resource, window, platform)


def _followed(tree: Expr, recordings: Recordings) -> Expr:
    """Return what is recorded under the one metric that an expression is, or the expression."""
    for _ in range(8):
        bare = _bare(tree)
        own = series_of(bare)
        recorded = recordings.get(own[0].metric, ()) if len(own) == 1 and _is_selector(bare) else ()
        if len(recorded) != 1:
            return tree
        tree = recorded[0]
    return tree


def _is_selector(tree: Expr) -> bool:
    import promql_parser as promql

    return isinstance(tree, promql.VectorSelector | promql.MatrixSelector)


def _bare(tree: Expr) -> Expr:
    """Return an expression without the aggregations and functions that keep its unit."""
    import promql_parser as promql

    keep = ("sum", "avg", "max", "min", "topk", "bottomk", "quantile")
    functions = (
        "avg_over_time",
        "max_over_time",
        "min_over_time",
        "clamp_max",
        "clamp_min",
        "round",
        "abs",
        "sort_desc",
    )
    while True:
        tree = unwrapped(tree)
        if isinstance(tree, promql.AggregateExpr) and str(tree.op) in keep:
            tree = tree.expr
        elif isinstance(tree, promql.Call) and tree.func.name in functions and tree.args:
            tree = tree.args[0]
        elif isinstance(tree, promql.SubqueryExpr):
            tree = tree.expr
        else:
            return tree


def _ratio(condition: Condition, core: Expr, recordings: Recordings) -> Subject | None:
    """Return the share of failures that a condition is about: failures by all, or successes by all."""
    import promql_parser as promql

    if not isinstance(core, promql.BinaryExpr):
        return None
    rising = condition.operator in (">", ">=")
    if str(core.op) == "-" and constant(core.lhs) == 1:
        return None  # the frame is undone before
    if str(core.op) != "/":
        return None
    kind = _division(core, recordings)
    if kind == "bad" and rising:
        return Subject(ERRORS, ratio=condition.threshold)
    if kind == "good" and condition.operator in ("<", "<="):
        return Subject(ERRORS, ratio=1 - condition.threshold)
    return None


def _division(core: BinaryExpr, recordings: Recordings) -> str | None:
    above, below = series_of(core.lhs, recordings), series_of(core.rhs, recordings)
    if not above or not below:
        return None
    over = {_judged(series) for series in above}
    under = {_judged(series) for series in below}
    if over == {"bad"} and (under == {"all"} or {"all", "bad"} == under or under == {"bad", "good"}):
        return "bad"
    if over == {"good"} and (under == {"all"} or under == {"bad", "good"}):
        return "good"
    return None


def _judged(series: Series) -> str:
    """Return whether a selector lets only failures through, only what is none, or all."""
    for matcher in series.matchers:
        if not _STATUS.match(matcher.label):
            continue
        bad = [matcher.allows(value) is True for value in _BAD]
        good = [matcher.allows(value) is True for value in _GOOD]
        if any(bad) and not any(good):
            return "bad"
        if any(good) and not all(bad):
            return "good"
    if _BAD_METRIC.search(series.metric):
        return "bad"
    return "good" if _GOOD_METRIC.search(series.metric) else "all"


def _latency(condition: Condition, core: Expr, recordings: Recordings) -> Subject | None:
    import promql_parser as promql

    if condition.operator not in (">", ">="):
        return None
    for node, _window in walk(core):
        if isinstance(node, promql.Call) and node.func.name == "histogram_quantile" and node is not core:
            return None  # a part of a calculation
    if isinstance(core, promql.Call) and core.func.name == "histogram_quantile" and len(core.args) == 2:
        scale = _scale(series_of(core.args[1], recordings))
        quantile = constant(core.args[0])
        if scale is None or quantile is None:
            return None
        return Subject(LATENCY, quantile=quantile, seconds=condition.threshold * scale)
    if _is_selector(core):
        (read,) = series_of(core)
        named = next((m.value for m in read.matchers if m.label == "quantile" and m.operator == "="), None)
        scale = _scale([read])
        quantile = _number(named)
        if scale is not None and quantile is not None:
            return Subject(LATENCY, quantile=quantile, seconds=condition.threshold * scale)
    return None


def _scale(read: Sequence[Series]) -> float | None:
    """Return what one unit of these series is in seconds, None where their names do not say so as one."""
    found = {(_UNITS[unit.group(1)] if (unit := _TIME.search(series.metric)) else None) for series in read}
    return next(iter(found)) if len(found) == 1 else None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def _level(condition: Condition, core: Expr, read: Sequence[Series]) -> Subject | None:
    for resource, pattern in _RESOURCES:
        if any(pattern.match(series.metric) for series in read):
            return Subject(SATURATION, resource=resource)
    if condition.operator in (">", ">=") and all(_BACKLOG.search(series.metric) for series in read):
        return Subject(BACKLOG)
    if _is_rate(core) and all(_REQUESTS.search(s.metric) and _judged(s) == "all" for s in read):
        return Subject(TRAFFIC)
    return None


def _is_rate(core: Expr) -> bool:
    import promql_parser as promql

    return isinstance(core, promql.Call) and core.func.name in ("rate", "irate", "increase")

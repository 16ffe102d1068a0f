"""The facts of the kind `helm`, from what helm said of the charts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from gate.collect.disk import printable
from gate.collect.helm.charts import Chart, Dependency
from gate.collect.helm.renderings import ChartResult, Renderings, SetResult
from gate.collect.helm.versions import PackageVersion, package_version, same_version
from gate.collect.manifests.cluster_object import mapping, text
from gate.collect.plain_text import plain
from gate.collect.workspace import Workspace
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject

_EXACT = re.compile(r"[=vV ]*\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?\s*\Z")
"""A version that is one version (SemVer 2.0.0), and no range."""
_MOST_MESSAGES = 20
_RENDERED = ("rendered", "failed", "objects", "items.rendered", "items.values", "items.environments", "items.objects")
_LINTED = ("linted", "lint_warnings", "items.linted", "items.lint")


def helm_facts(workspace: Workspace, renderings: Renderings) -> JsonObject:
    """Return the facts. What only helm can tell is left out where it could not be asked."""
    results = renderings.results
    items: list[Json] = [_item(workspace, one, asked=renderings.problem is None) for one in results]
    versions: dict[str, Json] = {}
    for one in results:
        if one.chart.version:
            name = one.chart.name if one.chart.name not in versions else one.chart.shown
            versions[printable(name)] = printable(one.chart.version)[:200]
    facts: JsonObject = {
        "charts": len(results),
        "libraries": sum(one.chart.is_library for one in results),
        "excluded": renderings.charts.excluded,
        "versions": versions,
        "dependencies": sum(len(one.chart.dependencies) for one in results),
        "dependencies_missing": sum(len(one.chart.missing) for one in results),
        "schemas_not_checked": sum(one.foreign is not None for one in results),
        "items": items,
    }
    if renderings.problem is None:
        rendered = sum(one.is_rendered for one in results)
        facts |= {
            "linted": sum(_is_linted(one) for one in results),
            "lint_warnings": sum(one.lint.count("warning") for one in results if one.lint),
            "rendered": rendered,
            "failed": sum(not one.chart.is_library and not one.is_rendered for one in results),
            "objects": sum(len(one.first.objects or ()) for one in results if one.first),
        }
    return facts


def helm_gaps(renderings: Renderings) -> Iterable[Gap]:
    """Yield what was not looked at, with the facts that it casts doubt on."""
    yield from renderings.charts.gaps
    for result in renderings.results:
        chart = result.chart
        shown = printable(chart.path)
        if renderings.problem is not None:
            facts = _LINTED if chart.is_library else (*_LINTED, *_RENDERED)
            yield Gap(chart.shown, f"was not given to helm: {renderings.problem}", shown, None, facts)
            continue
        yield from result.gaps
        if result.foreign is not None:
            reason = f"its values are not held against its schema, which refers to {printable(result.foreign)[:200]}"
            yield Gap(chart.shown, reason, shown, None, ("schemas_not_checked",))
        yield from (gap for one in result.sets for gap in one.gaps)
        yield from _not_rendered(result)


def _not_rendered(result: ChartResult) -> Iterable[Gap]:
    """Yield why a chart was not rendered, each reason once. Defaults that need values from others are no gap."""
    chart = result.chart
    by_reason: dict[str, list[SetResult]] = {}
    for one in result.sets:
        if one.reason is not None and not (result.is_rendered and one.refused):
            by_reason.setdefault(one.reason, []).append(one)
    for reason, sets in by_reason.items():
        files = [one.values.name for one in sets if one.values.files]
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        with_values = f", with {files[0]}{more}" if files and len(files) == len(sets) else ""
        refused = any(one.refused for one in sets)
        line = chart.missing[0].line if chart.missing and not refused else None
        yield Gap(chart.shown, f"{reason}{with_values}", printable(chart.path), line, _RENDERED)


def _item(workspace: Workspace, result: ChartResult, *, asked: bool) -> JsonObject:
    chart = result.chart
    item: JsonObject = {
        "name": printable(chart.name),
        "path": printable(chart.path),
        "line": 1,
        "type": "library" if chart.is_library else "application",
        "dependencies": [_dependency(one) for one in chart.dependencies],
        "dependencies_missing": [printable(one.name) for one in chart.missing],
        "dependencies_unpinned": [printable(one.name) for one in chart.dependencies if not _is_pinned(chart, one)],
        "values": [_values(result, index) for index in range(len(result.sets))],
        "has_schema": _has(chart, "values.schema.json"),
        "has_notes": _has(chart, "templates/NOTES.txt"),
        "has_readme": any(_has(chart, name) for name in ("README.md", "readme.md", "README.txt", "README")),
        "has_tests": any(chart.inner(path).startswith("templates/tests/") for path in chart.files)
        or any(one.tests for one in result.sets),
    }
    for key, value in (("version", chart.version), ("app_version", chart.app_version)):
        if value:
            item[key] = printable(value)[:200]
    if asked:
        item |= _asked(result)
    return item | _consistency(result, package_version(workspace, chart.folder))


def _asked(result: ChartResult) -> JsonObject:
    """Return what helm said of a chart. `rendered` is left out where helm could not tell."""
    item: JsonObject = {}
    if result.lint is not None:
        item["linted"] = _is_linted(result)
        item["lint"] = {
            **{level: result.lint.count(level) for level in ("error", "warning", "info")},
            "messages": _texts(one.text for one in result.lint.messages if one.level in ("error", "warning")),
        }
    if result.chart.is_library:
        return item
    unknown = any(one.objects is None and not one.refused for one in result.sets)
    if result.is_rendered or (result.sets and not unknown) or any(one.refused for one in result.sets[1:]):
        item["rendered"] = result.is_rendered
        why = next((one.reason for one in reversed(result.sets) if one.refused and one.reason), None)
        if not result.is_rendered and why is not None:
            item["message"] = printable(why)[:400]
    item["environments"] = list(
        dict.fromkeys(
            name
            for one in result.sets
            if one.objects is not None
            for name in _environments(result.chart, one.values.files)
        )
    )
    if result.first is not None:
        item["objects"] = len(result.first.objects or ())
        if result.first.kube_version:
            item["kube_version"] = printable(result.first.kube_version)[:100]
    return item


def _texts(values: Iterable[str]) -> list[Json]:
    return [plain(text, 300) for text, _ in zip(values, range(_MOST_MESSAGES), strict=False)]


def _values(result: ChartResult, index: int) -> JsonObject:
    one = result.sets[index]
    value: JsonObject = {"files": [printable(path) for path in one.values.files]}
    if one.objects is not None:
        value |= {"rendered": True, "objects": len(one.objects)}
    elif one.reason is not None:
        value |= {"rendered": False, "message": printable(one.reason)[:400]}
    return value


def _environments(chart: Chart, files: Iterable[str]) -> Iterable[str]:
    """Yield what the files of values are for: "prod" for values-prod.yaml, values.prod.yaml and values/prod.yaml."""
    for path in files:
        folder, name = posixpath.split(path)
        if chart.inner(path).startswith("ci/"):
            continue
        stem = re.sub(r"\.ya?ml\Z", "", name)
        bare = re.sub(r"\A(?:values[-_.]|\d+[-_])|[-_.]values\Z", "", stem)
        if bare == "values":  # environments/prod/values.yaml
            bare = posixpath.basename(folder)
        if bare:
            yield printable(bare)[:100]


def _dependency(one: Dependency) -> JsonObject:
    item: JsonObject = {
        "name": printable(one.name),
        "line": one.line,
        "vendored": one.vendored is not None or one.sibling is not None,
        "pinned": one.sibling is not None or _is_exact(one.version),
    }
    if one.version is not None:
        item["version"] = printable(one.version)[:100]
    if one.repository:
        item["repository"] = printable(one.repository)[:300]
    return item


def _is_pinned(chart: Chart, one: Dependency) -> bool:
    """Whether one version is meant: by the version itself, by a lock file, or by lying in this repository."""
    locked = _has(chart, "Chart.lock") or _has(chart, "requirements.lock")
    return locked or one.sibling is not None or _is_exact(one.version)


def _is_exact(version: str | None) -> bool:
    return version is not None and _EXACT.match(version) is not None


def _is_linted(result: ChartResult) -> bool:
    return result.lint is not None and result.lint.count("error") == 0


def _has(chart: Chart, inner: str) -> bool:
    return f"{chart.folder}/{inner}".lstrip("/") in chart.files


def _consistency(result: ChartResult, package: PackageVersion | None) -> JsonObject:
    """Return what the versions say of each other, as far as there are two to compare."""
    chart = result.chart
    item: JsonObject = {}
    tag = _image_tag(result)
    if tag:
        item["image_tag"] = printable(tag)[:200]
        if chart.app_version:
            item["image_tag_agrees"] = same_version(tag, chart.app_version)
    if package is None:
        return item
    item |= {"package_version": printable(package.version), "package_path": printable(package.path)}
    if chart.app_version:
        item["app_version_agrees"] = same_version(chart.app_version, package.version)
    if chart.version:
        item["version_agrees"] = same_version(chart.version, package.version)
    return item


def _image_tag(result: ChartResult) -> str | None:
    """Return the tag of the image that the chart's own values name, None where they leave it to the chart."""
    default = result.sets[0] if result.sets else None
    values = default.merged if default is not None else {}
    return text(mapping(values.get("image")).get("tag"))

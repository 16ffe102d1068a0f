"""The copy of a chart that helm gets: its files, those of its siblings in this tree, and the gate's own mark.

The mark is one template more. It must come out of the rendering with its token, or helm did not render the chart; it
also brings the values as helm merged them. What the tree's own files say is not changed, but for one thing: a
dependency that a condition switches off and that is not vendored is left out of Chart.yaml, as helm asks for it anyway.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gate.collect.disk import printable
from gate.collect.helm.chart_paths import within
from gate.collect.helm.charts import Chart, Dependency, ValuesSet
from gate.collect.manifests.copied import MOST_BYTES, MOST_FILES
from gate.collect.workspace import ReadProblem, Workspace
from gate.formats.located_yaml import Located, YamlDocument, read_parts
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json

ROOT = "chart"
"""The folder of the chart in the copy."""
MARK_KIND = "GateMark"
_STANDARD = ("templates/", "crds/", "charts/")
_READ_BY_HELM = frozenset(
    {"Chart.yaml", "Chart.lock", "requirements.yaml", "requirements.lock", "values.yaml", "values.schema.json"}
    | {".helmignore"}
)
_DEEPEST = 5
_MOST_NODES = 200_000


class CopyProblem(Exception):
    """A chart cannot be given to helm. `reason` completes "CHART: …"; `line` is one of its Chart.yaml."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason = reason
        self.line = line
        super().__init__(reason)


@dataclass(slots=True)
class ChartCopy:
    """Files by their path in the copy, below ROOT. `places` says which folder of the tree a folder there stands for."""

    files: dict[str, bytes] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def origin(self, path: str) -> str | None:
        """Return the path in the tree of a file of the copy, None for one that is in an archive."""
        best = max((place for place in self.places if path.startswith(f"{place}/")), key=len, default=None)
        return None if best is None or path not in self.files else within(self.places[best], path[len(best) + 1 :])


def copy_chart(workspace: Workspace, charts: Mapping[str, Chart], chart: Chart) -> ChartCopy:
    """Return the copy of a chart and of its siblings. Raises CopyProblem."""
    copy = ChartCopy()
    _add(workspace, charts, chart, ROOT, copy, ())
    return copy


def read_values(workspace: Workspace, values: ValuesSet) -> list[bytes]:
    """Return the bytes of the files of values. Raises CopyProblem."""
    try:
        return [workspace.read(path).data for path in values.files]
    except ReadProblem as problem:
        raise CopyProblem(f"its values {printable(problem.path)} cannot be used: it {problem.reason}") from None


def marked(files: Mapping[str, bytes], token: str) -> dict[str, bytes]:
    """Return a chart with the mark among its templates."""
    number = 0
    while (name := f"{ROOT}/templates/gate-mark-{number}.yaml") in files:
        number += 1
    mark = (
        f"apiVersion: gate.invalid/v1\nkind: {MARK_KIND}\nmetadata:\n  name: {token}\n"
        "merged: {{ .Values | toJson }}\nkubernetes: {{ .Capabilities.KubeVersion.Version | quote }}\n"
    )
    return {**files, name: mark.encode()}


def switched_off(chart: Chart, files: Mapping[str, bytes], values: list[bytes]) -> tuple[Dependency, ...]:
    """Return what the chart does not have and a condition switches off, with these values on top of its own."""
    layers = [_document(data) for data in (files.get(f"{ROOT}/values.yaml", b""), *values)]
    return tuple(one for one in chart.missing if _is_off(one.condition, layers))


def without(chart: Chart, files: Mapping[str, bytes], off: tuple[Dependency, ...]) -> Mapping[str, bytes]:
    """Return the files with dependencies left out of Chart.yaml."""
    listed = chart.value.get("dependencies")
    if not off or not isinstance(listed, list):
        return files
    lines = {one.line for one in off}
    kept = [item for item in listed if not (isinstance(item, Located) and item.line in lines)]
    head = json.dumps({**chart.value, "dependencies": kept}).encode()
    dropped = (f"{ROOT}/Chart.lock",)
    return {**{name: data for name, data in files.items() if name not in dropped}, f"{ROOT}/Chart.yaml": head}


def foreign_schema(files: Mapping[str, bytes]) -> str | None:
    """Return what a schema of values refers to outside of itself, which helm would fetch; None where all is inside."""
    for name in sorted(files):
        if name.endswith("/values.schema.json"):
            found = _foreign(files[name])
        elif name.endswith(".tgz"):
            found = _foreign_in_archive(files[name])
        else:
            continue
        if found is not None:
            return found
    return None


def _add(
    workspace: Workspace,
    charts: Mapping[str, Chart],
    chart: Chart,
    place: str,
    copy: ChartCopy,
    above: tuple[str, ...],
) -> None:
    if chart.folder in above or len(above) >= _DEEPEST:
        raise CopyProblem("the charts that it depends on by file:// go round in a circle, or nest too deep")
    for path in chart.links:
        if _is_standard(chart.inner(path)):
            raise CopyProblem(f"{printable(path)} in it is a link or a submodule, which the gate does not follow")
    copy.places[place] = chart.folder
    read = {path: _read(workspace, path) for path in chart.files if _is_standard(chart.inner(path))}
    if any(b".Files" in data for path, data in read.items() if "templates/" in path):
        rest = [path for path in chart.files if path not in read]
        read |= {path: _read(workspace, path) for path in rest}
    for path, data in read.items():
        copy.files.setdefault(f"{place}/{chart.inner(path)}", data)
    if len(copy.files) > MOST_FILES or sum(map(len, copy.files.values())) > MOST_BYTES:
        raise CopyProblem(f"it has more than {MOST_FILES:,} files or {MOST_BYTES:,} bytes, and is not rendered")
    for one in chart.dependencies:
        if one.vendored is None and one.sibling is not None:
            inner = charts[one.sibling]
            _add(workspace, charts, inner, f"{place}/charts/{inner.name}", copy, (*above, chart.folder))
    if above:
        for one in chart.missing:
            raise CopyProblem(f"the chart {printable(chart.name)}, on which it depends, needs {printable(one.name)}")


def _read(workspace: Workspace, path: str) -> bytes:
    try:
        return workspace.read(path, MOST_BYTES).data
    except ReadProblem as problem:
        raise CopyProblem(f"{printable(path)} in it {problem.reason}") from None


def _is_standard(inner: str) -> bool:
    return inner in _READ_BY_HELM or inner.startswith(_STANDARD)


def _document(data: bytes) -> Json:
    parts = read_parts(data)
    return parts[0].value if parts and isinstance(parts[0], YamlDocument) else None


def _is_off(condition: str, layers: list[Json]) -> bool:
    """Whether a condition, dotted paths with commas between, is false: the first path that holds a flag decides."""
    for path in filter(None, (part.strip() for part in condition.split(","))):
        found = [flag for layer in layers if isinstance(flag := _at(layer, path), bool)]
        if found:
            return not found[-1]
    return False


def _at(value: Json, path: str) -> Json:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _foreign(data: bytes) -> str | None:
    try:
        return next(_references(loads(data)), None)
    except JsonProblem:
        # What one parser refuses another may take: what it refers to is not known.
        return "something that cannot be told"


def _references(schema: Json) -> Iterator[str]:
    waiting: list[Json] = [schema]
    seen = 0
    while waiting:
        value = waiting.pop()
        seen += 1
        if seen > _MOST_NODES:
            yield "more than is looked through"
            return
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            for key in ("$ref", "$dynamicRef", "$recursiveRef"):
                reference = value.get(key)
                if isinstance(reference, str) and not reference.startswith("#"):
                    yield reference
            draft = value.get("$schema")
            if isinstance(draft, str) and not draft.startswith(_DRAFTS):
                yield draft


_DRAFTS = ("http://json-schema.org/", "https://json-schema.org/")


def _foreign_in_archive(data: bytes) -> str | None:
    import io
    import tarfile

    left = MOST_BYTES
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|gz") as archive:
            for member in archive:
                left -= member.size
                if left < 0:
                    return "more than is looked through"
                if not member.isfile() or not member.name.endswith("values.schema.json"):
                    continue
                stream = archive.extractfile(member)
                found = _foreign(stream.read()) if stream is not None else None
                if found is not None:
                    return found
    except (tarfile.TarError, OSError, EOFError, ValueError):
        return None  # helm refuses it as well
    return None

"""Running helm on copies of charts, offline, so that only a whole answer counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from gate.collect.helm.copies import MARK_KIND, ROOT, marked
from gate.collect.manifests.cluster_object import mapping
from gate.collect.manifests.copied import NOWHERE, copied
from gate.collect.plain_text import plain
from gate.collect.process import Completed
from gate.collect.readers.errors import ReportError
from gate.collect.readers.helm_lint import LintReport, read_helm_lint
from gate.collect.readers.helm_rendered import LIMIT, Rendered, read_rendered
from gate.collect.scan import NotCovered, Scan, Scanner, ToolErrors
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.self_test import Canary
from gate.formats.located_yaml import Located

TOOL = "helm"
_TIMEOUT = 120.0
_MEMORY = 1024**3
_RELEASE = re.compile(r"[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?\Z")
"""What helm takes for the name of a release (53 characters at most)."""
_LEADS = re.compile(r"^(?:Error: )?(?:INSTALLATION FAILED: )?")
_COPY = re.compile(r"/\S*/gate-copy-[^/\s]+/(?:chart/)?")
_ENVIRONMENT = {**NOWHERE, "HELM_NO_PLUGINS": "1"}
_ENDED_WELL = 0
_REFUSED = 1


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be rendered: a chart's files, the values on top of its own, and how."""

    name: str
    files: Mapping[str, bytes]
    values: Sequence[bytes] = ()
    kube_version: str | None = None
    check_schema: bool = True

    @property
    def release(self) -> str:
        """The name of the release: the chart's where helm takes that."""
        return self.name if _RELEASE.match(self.name) else "release-name"


@dataclass(frozen=True, slots=True)
class Rendering:
    """What came out. `merged` are the values as helm merged them, `text` what the rendering was read from."""

    rendered: Rendered
    merged: Located | None
    kube_version: str | None
    text: bytes


def lint(scanner: Scanner, order: Order, canary: Canary | None) -> LintReport:
    """Return what helm's linter says of a chart with its default values. Raises ScanProblem and OSError."""
    arguments = ["lint", ROOT, *_kube(order)]
    if not order.check_schema:
        arguments.append("--skip-schema-validation")
    with copied(order.files) as folder:
        scan = Scan(
            tool=TOOL,
            arguments=tuple(arguments),
            read=read_helm_lint,
            check=_linted,
            exit_codes=frozenset({_ENDED_WELL, _REFUSED}),
            canary=canary,
            cwd=folder,
            timeout=_TIMEOUT,
            memory=_MEMORY,
            environment=_ENVIRONMENT,
            target=f"chart {plain(order.name, 80)}",
        )
        return scanner.run(scan).report


def render(scanner: Scanner, order: Order, token: str, canary: Canary | None) -> Rendering:
    """Return what a chart renders to. Raises ScanProblem, with helm's message in `stderr`, and OSError."""
    files = marked(order.files, token)
    arguments = ["template", order.release, f"./{ROOT}", "--include-crds", *_kube(order)]
    if not order.check_schema:
        arguments.append("--skip-schema-validation")
    for number, data in enumerate(order.values):
        files[f"values-{number}.yaml"] = data
        arguments += ["--values", f"values-{number}.yaml"]
    with copied(files) as folder:
        scan = Scan(
            tool=TOOL,
            arguments=tuple(arguments),
            read=lambda data: read_rendering(data, token),
            check=_rendered,
            exit_codes=frozenset({_ENDED_WELL, _REFUSED}),
            canary=canary,
            cwd=folder,
            timeout=_TIMEOUT,
            memory=_MEMORY,
            max_report=LIMIT,
            environment=_ENVIRONMENT,
            target=f"chart {plain(order.name, 80)}",
        )
        return scanner.run(scan).report


def read_rendering(data: bytes, token: str) -> Rendering:
    """Return what helm printed without the mark. Raises ReportError where the mark is not in there."""
    whole = read_rendered(data)
    marks = [one for one in whole.documents if _is_mark(one.value, token)]
    if len(marks) != 1:
        raise ReportError("does not hold the mark that the gate put among the templates")
    kept = tuple(one for one in whole.documents if one is not marks[0])
    merged = marks[0].value.get("merged")
    version = marks[0].value.get("kubernetes")
    return Rendering(
        Rendered(kept, whole.unread),
        merged if isinstance(merged, Located) else None,
        version if isinstance(version, str) else None,
        data,
    )


def is_refusal(problem: ScanProblem) -> bool:
    """Whether helm looked at a chart and would not render it; every other problem proves nothing about the chart."""
    return problem.step is Step.REPORT and bool(problem.stderr.strip())


def first_words(problem: ScanProblem) -> str:
    """Return the line of helm's message that says what is wrong, cleaned, with the first points of a list below it."""
    lines = problem.stderr.splitlines()
    for index, line in enumerate(lines):
        if line.startswith(("Error:", "error:")):
            points = [below for below in lines[index + 1 : index + 4] if below.startswith("- ")]
            said = plain(_COPY.sub("", " ".join((_LEADS.sub("", line, count=1), *points[:2]))), 300)
            if said:
                return said
    return plain(_COPY.sub("", problem.reason), 300)


def helm_canary(scanner: Scanner) -> Canary:
    """Return the self-test of helm: one chart that must render to what it holds, and one that must be refused."""

    def test() -> str:
        rendering = render(scanner, Order("canary", _GOOD), "gate-canary", None)
        objects = [one.value for one in rendering.rendered.documents]
        if [(one.get("kind"), mapping(one.get("data")).get("planted")) for one in objects] != [("ConfigMap", "yes-1")]:
            raise ScanProblem(TOOL, "renders something else than the chart holds", Step.COVERED)
        if lint(scanner, Order("canary", _BAD_HEAD), None).count("error") == 0:
            raise ScanProblem(TOOL, "lints a chart without a version as sound", Step.COVERED)
        try:
            render(scanner, Order("canary", _BAD), "gate-canary", None)
        except ScanProblem as problem:
            if is_refusal(problem) and "planted failure" in problem.stderr:
                return "a planted object, and a chart that cannot be rendered"
            raise
        raise ScanProblem(TOOL, "renders a chart that fails by design", Step.COVERED)

    planted = repr([sorted(files.items()) for files in (_GOOD, _BAD, _BAD_HEAD)])
    return Canary(TOOL, "what was planted in a chart", sha256(planted.encode()).hexdigest(), test)


_HEAD = b"apiVersion: v2\nname: canary\nversion: 0.1.0\n"
_GOOD = {
    f"{ROOT}/Chart.yaml": _HEAD,
    f"{ROOT}/values.yaml": b"number: 1\n",
    f"{ROOT}/templates/planted.yaml": (
        b'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: planted\ndata:\n  planted: "yes-{{ .Values.number }}"\n'
    ),
}
_BAD = {
    f"{ROOT}/Chart.yaml": _HEAD,
    f"{ROOT}/templates/planted.yaml": b'{{ fail "planted failure" }}\n',
}
_BAD_HEAD = {f"{ROOT}/Chart.yaml": b"apiVersion: v2\nname: canary\n", f"{ROOT}/values.yaml": b"{}\n"}


def _kube(order: Order) -> tuple[str, ...]:
    return () if order.kube_version is None else ("--kube-version", order.kube_version)


def _is_mark(value: Located, token: str) -> bool:
    metadata = value.get("metadata")
    return value.get("kind") == MARK_KIND and isinstance(metadata, dict) and metadata.get("name") == token


def _linted(report: LintReport, completed: Completed) -> str:
    if report.charts != 1:
        raise NotCovered(f"linted {report.charts} charts; it was given 1")
    if (completed.exit_code == _REFUSED) != (report.count("error") > 0):
        told = f"{report.count('error')} errors"
        raise ToolErrors(f"contradicts itself: {told}, and exit code {completed.exit_code}")
    return "1 chart"


def _rendered(report: Rendering, completed: Completed) -> str:
    if completed.exit_code != _ENDED_WELL:
        raise ToolErrors(f"printed objects, and ended with exit code {completed.exit_code}")
    return f"{len(report.rendered.documents):,} objects"

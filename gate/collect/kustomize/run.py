"""Running `kubectl kustomize` on a copy, offline, so that only a whole answer counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from gate.collect.manifests.cluster_object import mapping
from gate.collect.manifests.copied import NOWHERE, copied
from gate.collect.plain_text import plain
from gate.collect.process import Completed
from gate.collect.readers.errors import ReportError
from gate.collect.scan import Scan, Scanner, ToolErrors
from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.self_test import Canary
from gate.formats.located_yaml import BadYaml, Located, read_parts

TOOL = "kubectl"
TREE = "tree"
"""The folder of the workspace in the copy."""
LIMIT = 64 * 1024 * 1024
"""Bytes that one kustomization may be built to."""
_MARK_KIND = "GateMark"
_TIMEOUT = 120.0
_MEMORY = 2 * 1024**3
_LEAD = re.compile(r"^error: ")
_COPY = re.compile(r"/\S*?/gate-copy-[^/\s]+/tree/?")
_SAME = re.compile(r"^accumulating resources: accumulation err='")


@dataclass(frozen=True, slots=True)
class Build:
    """What came out: the objects as they stand there, without the gate's mark, and the bytes that they were."""

    values: tuple[Located, ...]
    text: bytes


def build(
    scanner: Scanner, files: Mapping[str, bytes], head: str, token: str, canary: Canary | None, *, leads_out: bool
) -> Build:
    """Return what a kustomization builds. `head` is its file among `files`, as JSON.

    Raises ScanProblem, with kubectl's message in `stderr`, OSError and OpenProblem.
    """
    folder = head.rpartition("/")[0]
    given = {f"{TREE}/{path}": data for path, data in marked(files, head, token).items()}
    arguments = ["kustomize", f"{TREE}/{folder}" if folder else TREE]
    if leads_out:
        arguments.append("--load-restrictor=LoadRestrictionsNone")
    with copied(given) as place:
        scan = Scan(
            tool=TOOL,
            arguments=tuple(arguments),
            read=lambda data: read_build(data, token),
            check=_built,
            exit_codes=frozenset({0, 1}),
            canary=canary,
            cwd=place,
            timeout=_TIMEOUT,
            memory=_MEMORY,
            max_report=LIMIT,
            environment=NOWHERE,
            target=f"kustomization {plain(folder, 80) or '.'}",
        )
        return scanner.run(scan).report


def marked(files: Mapping[str, bytes], head: str, token: str) -> dict[str, bytes]:
    """Return the files with the mark among the resources of a kustomization that is JSON."""
    import json

    folder = head.rpartition("/")[0]
    number = 0
    while (name := f"{folder}/gate-mark-{number}.json".lstrip("/")) in files:
        number += 1
    value = json.loads(files[head])
    resources = value.get("resources")
    if resources is None or isinstance(resources, list):
        # A list that is none is a mistake that kubectl tells of.
        value["resources"] = [*(resources or ()), name.rpartition("/")[2]]
    mark = {"apiVersion": "gate.invalid/v1", "kind": _MARK_KIND, "metadata": {"name": "gate-mark"}, "token": token}
    return {**files, head: json.dumps(value).encode(), name: json.dumps(mark).encode()}


def read_build(data: bytes, token: str) -> Build:
    """Return what kubectl printed. Raises ReportError where it is no YAML, or the mark is not in there."""
    values: list[Located] = []
    marks = 0
    for part in read_parts(data, LIMIT):
        if isinstance(part, BadYaml):
            raise ReportError(f"cannot be read: {part.reason}", part.line)
        if not isinstance(part.value, Located):
            continue
        if part.value.get("kind") == _MARK_KIND and part.value.get("token") == token:
            marks += 1
        else:
            values.append(part.value)
    if marks != 1:
        raise ReportError("does not hold the mark that the gate put among the resources")
    return Build(tuple(values), data)


def is_refusal(problem: ScanProblem) -> bool:
    """Whether kubectl looked at a kustomization and would not build it; other problems prove nothing about it."""
    return problem.step is Step.REPORT and bool(problem.stderr.strip())


def first_words(problem: ScanProblem) -> str:
    """Return kubectl's message, cleaned. Of what it tried one after the other, what it tried last is what matters."""
    lines = [line for line in problem.stderr.splitlines() if line.startswith("error:")]
    if not lines:
        return plain(problem.reason, 300)
    said = _COPY.sub("", _LEAD.sub("", lines[-1]))
    return plain(_SAME.sub("", said)[:300], 300)


def kubectl_canary(scanner: Scanner) -> Canary:
    """Return the self-test: a kustomization that must build to what it holds, and one that must be refused."""

    def test() -> str:
        done = build(scanner, _GOOD, "over/kustomization.yaml", "gate-canary", None, leads_out=False)
        found = [(one.get("kind"), mapping(one.get("metadata")).get("name")) for one in done.values]
        if found != [("ConfigMap", "in-planted")]:
            raise ScanProblem(TOOL, "builds something else than the kustomization holds", Step.COVERED)
        try:
            build(scanner, _BAD, "kustomization.yaml", "gate-canary", None, leads_out=False)
        except ScanProblem as problem:
            if is_refusal(problem) and "planted-failure" in problem.stderr:
                return "a planted object, and a kustomization that cannot be built"
            raise
        raise ScanProblem(TOOL, "builds a kustomization whose file is not there", Step.COVERED)

    planted = repr([sorted(_GOOD.items()), sorted(_BAD.items())])
    return Canary(TOOL, "what was planted in a kustomization", sha256(planted.encode()).hexdigest(), test)


_GOOD = {
    "over/kustomization.yaml": b'{"namePrefix": "in-", "resources": ["../base"]}',
    "base/kustomization.yaml": b'{"resources": ["planted.json"]}',
    "base/planted.json": b'{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "planted"}}',
}
_BAD = {"kustomization.yaml": b'{"resources": ["planted-failure.json"]}'}


def _built(report: Build, completed: Completed) -> str:
    if completed.exit_code:
        raise ToolErrors(f"printed objects, and ended with exit code {completed.exit_code}")
    return f"{len(report.values):,} objects"

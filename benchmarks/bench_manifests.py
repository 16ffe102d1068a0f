"""One pass over a tree of 8,000 files with 660 YAML files, 36 Dockerfiles and 37 charts.

Own work is all that the gate does of dockerfile, compose, kubernetes, helm, kustomize, terraform, prometheus,
alertmanager, grafana, otel and ci where no tool is installed: hadolint, helm, kubectl, promtool, amtool, trivy and
zizmor are measured by their makers. It is held against what reading and parsing the YAML files once costs, with
PyYAML's loader on libyaml. A second figure has the tools that are there.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import manifest_tree

TITLE = "Manifests: one pass over 8,000 files, against reading and parsing their YAML once"
WANTED = {
    "own work, of parsing": ("at most", 1.5),
    "peak MB": ("at most", 500.0),
    "with all tools, peak MB": ("at most", 500.0),
}
KINDS = (
    "dockerfile", "compose", "kubernetes", "helm", "kustomize", "terraform", "prometheus", "alertmanager", "grafana",
    "otel", "ci",
)  # fmt: skip
RUNS = 5


def measure() -> dict[str, float]:
    """Return seconds (the best of some runs), ratios and megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "tree")
        root.mkdir()
        files = manifest_tree.make(root)
        figures = {"files": float(manifest_tree.FILES), "YAML files": float(len(files))}
        subprocess.run(["git", "init", "-q", "."], cwd=root, check=True)
        subprocess.run(["git", "add", "-A"], cwd=root, check=True)
        own = _child("own", root)
        figures["MB of YAML"] = sum(path.stat().st_size for path in files) / 1e6
        figures |= {"parsing, s": own["parsing"], "own work, s": own["own"]}
        figures |= {"own work, of parsing": own["own"] / own["parsing"], "peak MB": own["peak"]}
        whole = _child("tools", root)
        figures |= {"with all tools, s": whole["seconds"], "with all tools, peak MB": whole["peak"]}
    return figures


def _child(what: str, root: Path) -> dict[str, float]:
    code = f"from benchmarks.bench_manifests import {what}; {what}({str(root)!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent.parent, check=True, stdout=subprocess.PIPE, text=True
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def own(folder: str) -> None:
    """Print what parsing costs and what the gate's own work costs, turn about, in one process."""
    import yaml

    from gate.collect.workspace import Entry, EntryType, Workspace
    from tests.support.fakes import EmptyToolbox

    root = Path(folder)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout
    entries = [Entry(path, EntryType.FILE) for path in listed.split("\0") if path]
    paths = [
        root / one.path for one in entries if one.path.endswith((".yaml", ".yml")) and "/templates/" not in one.path
    ]
    parsing, ours = [], []
    for _ in range(RUNS):
        # What is read is kept until the clock has stopped, on both sides: nobody parses to forget.
        begun = time.perf_counter()
        documents = [list(yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader)) for path in paths]
        parsing.append(time.perf_counter() - begun)
        assert len(documents) == len(paths)
        del documents
        workspace = Workspace(root, tracked=entries)
        workspace.files()
        begun = time.perf_counter()
        bundle = _collect(workspace, EmptyToolbox())
        ours.append(time.perf_counter() - begun)
        del bundle
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"parsing": min(parsing), "own": min(ours), "peak": peak}))


def tools(folder: str) -> None:
    """Print what a run with the tools that are there takes, and the peak of the gate itself."""
    begun = time.perf_counter()
    command = [str(Path(sys.executable).with_name("gate")), "collect", "--only", ",".join(KINDS), "--format", "json"]
    subprocess.run([*command, "--workspace", folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak}))


def _collect(workspace: object, toolbox: object) -> object:
    from gate.collect.all_collectors import collectors
    from gate.collect.process import SubprocessRunner
    from gate.pipeline import Checkout, Machine, Silent, collect

    machine = Machine(SubprocessRunner(), toolbox, Silent(), lambda: datetime.now(UTC), jobs=2)  # type: ignore[arg-type]
    bundle = collect(collectors(KINDS), {}, Checkout(workspace), machine)  # type: ignore[arg-type]
    assert len(bundle.evidence) == len(KINDS), bundle
    return bundle

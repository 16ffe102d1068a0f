"""A second run with `--cache-dir` on an unchanged tree, and one after a single file changed, against the first.

The tree is 500 modules of the standard library of a usual size, tracked in git. Each run is a process of its own; the
cache of the first run is restored for each later one, as actions/cache would. Facts, gaps and findings are compared
with those of a run without a cache. The file that changes is the one of median size; what it costs is mostly the start
of bandit and of gitleaks, whatever the tree. gitleaks takes part where it is there (`make .venv/tools` puts it).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from statistics import median

from gate.model.evidence import Collected, Gap
from gate.model.finding import Finding
from gate.model.json import JsonObject

Said = dict[str, tuple[JsonObject, tuple[Gap, ...], tuple[Finding, ...]]]
"""Kind → facts, gaps and findings."""

TITLE = "Cache: a second run of `gate collect --only sast,secrets --cache-dir`, against the first"
WANTED = {
    "unchanged, of the first run": ("at most", 0.1),
    "one file changed, of the first run": ("at most", 0.15),
    "facts and findings that differ": ("at most", 0.0),
}
RUNS = 3
FILES, SMALLEST, LARGEST = 500, 2_000, 60_000
TOOLS = Path(__file__).parents[1] / ".venv" / "tools.d"
_GATE = """
import sys
from pathlib import Path
import gate.collect.tools as tools
tools.DIRECTORIES = (Path(sys.argv.pop(1)), *tools.DIRECTORIES)
from gate.cli import console_script
console_script()
"""
RISKY = "\n\nimport subprocess\nsubprocess.call('x', shell=True)\n"


def measure() -> dict[str, float]:
    """Return medians in seconds, their ratios, and how many of the later runs say something else than one without."""
    kinds = "sast,secrets" if _knows_secrets() else "sast"
    with tempfile.TemporaryDirectory() as folder:
        root, kept, cache = (Path(folder, name) for name in ("repository", "kept", "cache"))
        write_repository(root)
        size = sum(path.stat().st_size for path in root.rglob("*.py"))
        first: list[float] = []
        for _ in range(RUNS):
            shutil.rmtree(kept, ignore_errors=True)
            seconds, found = collect(root, kinds, kept)
            first.append(seconds)
        second = [_restored(root, kinds, kept, cache) for _ in range(RUNS)]
        target = sorted(root.rglob("*.py"), key=lambda path: path.stat().st_size)[FILES // 2]
        target.write_text(target.read_text() + RISKY)
        third = [_restored(root, kinds, kept, cache) for _ in range(RUNS)]
        _, fresh = collect(root, kinds, None)
    wrong = sum(said != found for _, said in second) + sum(said != fresh for _, said in third)
    return {
        "files": FILES,
        "MB": size / 1e6,
        "kinds": kinds.count(",") + 1,
        "findings": sum(len(findings) for _, _, findings in found.values()),
        "facts and findings that differ": wrong,
        "first run, s": median(first),
        "unchanged, s": median(seconds for seconds, _ in second),
        "one file changed, s": median(seconds for seconds, _ in third),
        "unchanged, of the first run": median(seconds for seconds, _ in second) / median(first),
        "one file changed, of the first run": median(seconds for seconds, _ in third) / median(first),
    }


def write_repository(root: Path) -> None:
    """Write FILES modules, tracked in git."""
    library = Path(sysconfig.get_paths()["stdlib"])
    modules = (path for path in sorted(library.rglob("*.py")) if "site-packages" not in path.parts)
    # Test data holds files that do not parse, and what could not be scanned is never kept.
    usual = [path for path in modules if "test" not in str(path) and SMALLEST <= path.stat().st_size <= LARGEST]
    chosen = usual[:FILES]
    for path in chosen:
        copy = root / "src" / path.relative_to(library)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    subprocess.run(["git", "-C", str(root), "add", "."], check=True)


def collect(root: Path, kinds: str, cache: Path | None) -> tuple[float, Said]:
    """Run `gate collect` and return its seconds and the what it says."""
    from gate.collect.bundle import read_bundle

    bundle = root.with_name("bundle")
    shutil.rmtree(bundle, ignore_errors=True)
    options = ["--quiet", "--only", kinds, "--format", "json", "--bundle", str(bundle)]
    options += ["--cache-dir", str(cache)] if cache is not None else []
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", _GATE, str(TOOLS), "collect", *options]
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode != 0:
        raise SystemExit(f"gate ended with {done.returncode}: {done.stderr[-2000:]}")
    said: Said = {}
    for item in read_bundle(bundle, lambda _name, _document: None).evidence:
        if not isinstance(item, Collected):
            raise SystemExit(f"{item.kind} was not collected: {item.reason}")
        said[item.kind] = (item.facts, item.gaps, tuple(item.findings))
    return seconds, said


def _restored(root: Path, kinds: str, kept: Path, cache: Path) -> tuple[float, Said]:
    shutil.rmtree(cache, ignore_errors=True)
    shutil.copytree(kept, cache)
    return collect(root, kinds, cache)


def _knows_secrets() -> bool:
    from gate.collect.all_collectors import KINDS
    from gate.collect.process import SubprocessRunner, ToolProblem
    from gate.collect.tools import SystemToolbox

    try:
        SystemToolbox(SubprocessRunner(), [TOOLS]).find("gitleaks")
    except ToolProblem:
        return False
    return "secrets" in KINDS


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))

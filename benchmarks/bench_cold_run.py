"""A cold `gate collect` of five kinds against the same tools run by hand, one after the other.

The repository is made of the standard library's own sources, so nothing is fetched; questions about dependencies go to
a server on loopback. By hand means: `bandit -r`, `pip-audit -r`, junitparser, ElementTree for the coverage report, and
`git ls-files`. Neither side keeps a cache of results; both run from byte code.
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
from typing import Any

from benchmarks.bench_junit import write_report
from tests.support.osv.osv_server import osv_server

TITLE = "Cold run: gate collect of five kinds, against the same tools by hand, one after the other"
WANTED = {"ratio of wall time": ("at most", 0.6), "facts that differ": ("at most", 0.0)}
RUNS = 3
FILES, LARGEST = 500, 40_000
CASES, LINES = 2_000, 50
KINDS = "sast,dependencies,tests,coverage,inventory"
PINS = """
requests==2.19.1 jinja2==2.10 urllib3==1.26.4 certifi==2022.9.24 ecdsa==0.18.0 click==8.1.7 rich==13.9.4 attrs==23.2.0
packaging==24.1 idna==3.7 six==1.16.0 numpy==1.26.4 pandas==2.2.2 flask==3.0.3 werkzeug==3.0.3 itsdangerous==2.2.0
blinker==1.8.2 sqlalchemy==2.0.31 alembic==1.13.2 celery==5.4.0 kombu==5.3.7 redis==5.0.7 boto3==1.34.144 h11==0.14.0
botocore==1.34.144 pydantic==2.8.2 fastapi==0.111.1 starlette==0.37.2 uvicorn==0.30.1 httpx==0.27.0 httpcore==1.0.5
anyio==4.4.0 gunicorn==22.0.0 pytz==2024.1 lxml==5.2.2 pillow==10.4.0
"""

_PY = [sys.executable, "-I"]
_JUNITPARSER = """
import sys, junitparser
cases = [case for suite in junitparser.JUnitXml.fromfile(sys.argv[1]) for case in suite]
print(len(cases))
"""
_COVERAGE = """
import sys
from xml.etree import ElementTree
lines = ElementTree.parse(sys.argv[1]).getroot().findall(".//class/lines/line")
print(sum(line.get("hits") != "0" for line in lines))
"""


def measure() -> dict[str, float]:
    """Return medians in seconds, the median of the pairwise ratios, and how many of six figures differ."""
    with tempfile.TemporaryDirectory() as folder, osv_server() as server:
        root = Path(folder, "repository")
        write_repository(root)
        runs = [(_timed(_by_gate, root, server.url()), _timed(_by_hand, root, server.url())) for _ in range(RUNS)]
    (ours, _), (theirs, _) = runs[0]
    return {
        "files": FILES,
        "findings": theirs["findings"],
        "facts that differ": sum(ours[name] != theirs[name] for name in theirs),
        "gate, s": median(gate for (_, gate), _ in runs),
        "by hand, s": median(hand for _, (_, hand) in runs),
        "ratio of wall time": median(gate / hand for (_, gate), (_, hand) in runs),
    }


def write_repository(root: Path) -> None:
    """Write FILES modules and a requirements file, tracked in git, and reports of tests and coverage, which are not."""
    library = Path(sysconfig.get_paths()["stdlib"])
    modules = (path for path in sorted(library.rglob("*.py")) if "site-packages" not in path.parts)
    # The gate leaves asserts of test code out, bandit does not; so there is no test code.
    chosen = [path for path in modules if "test" not in str(path) and path.stat().st_size <= LARGEST][:FILES]
    for path in chosen:
        copy = root / "src" / path.relative_to(library)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    (root / "requirements.txt").write_text("\n".join(PINS.split()) + "\n")
    (root / ".gitignore").write_text("out/\n")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    subprocess.run(["git", "-C", str(root), "add", "."], check=True)
    (root / "out").mkdir()
    write_report(root / "out" / "junit.xml", CASES)
    classes = "".join(
        f'<class name="m" filename="src/{path.relative_to(library)}"><methods/><lines>'
        + "".join(f'<line number="{line}" hits="{line % 3}"/>' for line in range(1, LINES + 1))
        + "</lines></class>"
        for path in chosen
    )
    (root / "out" / "coverage.xml").write_text(
        '<?xml version="1.0"?><coverage version="7.6" line-rate="0.66"><sources><source>.</source></sources>'
        f'<packages><package name="."><classes>{classes}</classes></package></packages></coverage>'
    )


def _timed(action: Any, root: Path, osv_url: str) -> tuple[dict[str, int], float]:
    begun = time.perf_counter()
    found = action(root, osv_url)
    return found, time.perf_counter() - begun


def _run(command: list[str], root: Path) -> str:
    """Run a command in the repository and return what it prints; scanners end with 1 where they find something."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def _by_gate(root: Path, osv_url: str) -> dict[str, int]:
    told = {
        "tests.reports": "out/junit.xml",
        "coverage.reports": "out/coverage.xml",
        "dependencies.service": "osv",
        "dependencies.osv_url": osv_url,
    }
    options = [part for name, value in told.items() for part in ("--evidence", f"{name}={value}")]
    gate = str(Path(sys.executable).with_name("gate"))
    document = json.loads(_run([gate, "collect", "--quiet", "--only", KINDS, "--format", "json", *options], root))
    facts = {entry["kind"]: entry["facts"] for entry in document["evidence"]}
    return {
        "findings": sum(facts["sast"]["counts"].values()),
        "vulnerable": facts["dependencies"]["vulnerable"],
        "packages": facts["dependencies"]["audited"],
        "cases": facts["tests"]["total"],
        "covered": facts["coverage"]["lines"]["covered"],
        "tracked": facts["inventory"]["files"],
    }


def _by_hand(root: Path, osv_url: str) -> dict[str, int]:
    bandit = json.loads(_run([*_PY, "-m", "bandit", "-q", "-r", ".", "-f", "json"], root))
    service = ["--vulnerability-service", "osv", "--osv-url", osv_url, "--progress-spinner", "off"]
    audit = [*_PY, "-m", "pip_audit", "-r", "requirements.txt", "--no-deps", "--disable-pip", *service, "-f", "json"]
    packages = json.loads(_run(audit, root))["dependencies"]
    return {
        "findings": len(bandit["results"]),
        "vulnerable": sum(bool(package["vulns"]) for package in packages),
        "packages": len(packages),
        "cases": int(_run([*_PY, "-c", _JUNITPARSER, "out/junit.xml"], root)),
        "covered": int(_run([*_PY, "-c", _COVERAGE, "out/coverage.xml"], root)),
        "tracked": len(_run(["git", "ls-files"], root).splitlines()),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))

"""A SARIF report of 44 MB, from bytes to facts, against `sarif summary`, as whole processes.

Two shapes of one size: results with the code flows that CodeQL writes, some 3 KB each, and dense ones, bare results
with a snippet, some 0.8 KB each. Both sides take the report apart, check it and count its results by severity. The gate
makes findings, with place, message and fingerprint, when somebody looks at them: a bundle that is written, a criterion
that is not met. What that takes on top is measured as "with findings made", and so are the peaks of memory.

Beside them the memory that reports of 50 MB take: one with as many results as are read at all, and bandit's own JSON.

Both sides run from byte code, as after an ordinary pip install.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

TITLE = "SARIF: a report of 44 MB, from bytes to facts, against `sarif summary`"
WANTED = {
    "code flows: ratio": ("at least", 10.0),
    "code flows: gate, peak MB": ("at most", 300.0),
    "dense: ratio": ("at least", 10.0),
    "dense: gate, peak MB": ("at most", 300.0),
    "50 MB of shortest results: gate, peak MB": ("at most", 400.0),
    "50 MB of bandit's JSON: gate, peak MB": ("at most", 400.0),
}
RUNS = 5
SIZE = 44_000_000
LARGE = 50_000_000

_GATE = """
import sys
from pathlib import Path
from gate.collect.collector import Context
from gate.collect.collectors.sast import SastCollector
from gate.collect.workspace import Workspace
report = Path(sys.argv[1])
request = {"reports": report.name, "bandit": False}
evidence = SastCollector().collect(Context(Workspace(report.parent), None, None, request))
assert sum(evidence.facts["counts"].values()) == len(evidence.findings) == int(sys.argv[2])
if sys.argv[3:]:
    assert len([finding.fingerprint for finding in evidence.findings]) == int(sys.argv[2])
print(evidence.facts["counts"])
"""
_BANDIT = """
import sys
from pathlib import Path
from gate.collect.sast.bandit_findings import bandit_findings
from gate.collect.sast.bandit_run import BanditRun
from gate.collect.readers.bandit_json import read_bandit
from gate.collect.workspace import Workspace
report = Path(sys.argv[1])
read = read_bandit(report.read_bytes())
assert len(bandit_findings(BanditRun(issues=read.issues), Workspace(report.parent))) == int(sys.argv[2])
"""
_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def measure() -> dict[str, float]:
    """Return medians in seconds, medians of the pairwise ratios of them, and the peaks of memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        flows = _compare(Path(folder, "flows.sarif"), 6, "code flows")
        return flows | _compare(Path(folder, "dense.sarif"), 0, "dense") | _memory(Path(folder))


def _memory(folder: Path) -> dict[str, float]:
    shortest, own = folder / "shortest.sarif", folder / "bandit.json"
    results, issues = _write_shortest(shortest), _write_bandit(own)
    gate = [sys.executable, "-c", _GATE, str(shortest), str(results), "make"]
    return {
        "50 MB of shortest results: results": results,
        "50 MB of shortest results: gate, peak MB": _peak(gate),
        "50 MB of bandit's JSON: issues": issues,
        "50 MB of bandit's JSON: gate, peak MB": _peak([sys.executable, "-c", _BANDIT, str(own), str(issues)]),
    }


def _write_shortest(path: Path) -> int:
    place = {"physicalLocation": {"region": {"startLine": 3}}}
    result = json.dumps({"ruleId": "R", "message": {"text": "xy"}, "locations": [place]}, separators=(",", ":"))
    count = LARGE // (len(result) + 1)
    run = '{"tool":{"driver":{"name":"T"}},"results":[' + ",".join([result] * count) + "]}"
    path.write_text('{"version":"2.1.0","runs":[' + run + "]}")
    return count


def _write_bandit(path: Path) -> int:
    issues: list[str] = []
    size = 0
    while size < LARGE:
        issue = json.dumps(_issue(len(issues)), indent=2)
        issues.append(issue)
        size += len(issue) + 2
    counted = Counter(f"package/module_{number % 500}.py" for number in range(len(issues)))
    metrics = {name: {"SEVERITY.HIGH": 0, "SEVERITY.LOW": count, "nosec": 0} for name, count in counted.items()}
    head = f'{{"errors": [], "metrics": {json.dumps(metrics)}, "results": ['
    path.write_text(head + ",\n".join(issues) + "]}")
    return len(issues)


def _issue(number: int) -> dict[str, object]:
    return {
        "code": f"1 import subprocess\n2 subprocess.call(value_{number}, shell=True)\n3 \n",
        "col_offset": 0,
        "end_col_offset": 30,
        "filename": f"package/module_{number % 500}.py",
        "issue_confidence": "HIGH",
        "issue_cwe": {"id": 78, "link": "https://cwe.mitre.org/data/definitions/78.html"},
        "issue_severity": "LOW",
        "issue_text": f"A call with the value {number}, which should be looked at.",
        "line_number": number % 900 + 1,
        "line_range": [number % 900 + 1],
        "more_info": "https://example.org/checks/b404.html",
        "test_id": "B404",
        "test_name": "blacklist",
    }


def _compare(report: Path, steps: int, label: str) -> dict[str, float]:
    results = write_sarif(report, steps)
    gate = [sys.executable, "-c", _GATE, str(report), str(results)]
    summary = [sys.executable, "-m", "sarif", "summary", str(report)]
    compiled = {"PYTHONPYCACHEPREFIX": str(report.parent / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    whole = [*gate, "make"]
    rounds = [tuple(_seconds(each, compiled) for each in (gate, whole, summary)) for _ in range(RUNS + 1)][1:]
    return {
        f"{label}: results": results,
        f"{label}: gate, s": median(ours for ours, _, _ in rounds),
        f"{label}: gate with findings made, s": median(made for _, made, _ in rounds),
        f"{label}: sarif summary, s": median(theirs for _, _, theirs in rounds),
        f"{label}: ratio": median(theirs / ours for ours, _, theirs in rounds),
        f"{label}: ratio with findings made": median(theirs / made for _, made, theirs in rounds),
        f"{label}: gate, peak MB": _peak(whole),
        f"{label}: sarif summary, peak MB": _peak(summary),
    }


def _seconds(command: list[str], more: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | more)
    return time.perf_counter() - begun


def _peak(command: list[str]) -> float:
    done = subprocess.run([sys.executable, "-c", _PEAK, *command], check=True, capture_output=True, text=True)
    return float(done.stdout)


def write_sarif(path: Path, steps: int = 0) -> int:
    """Write a report of SIZE, with a code flow of so many steps in each result; return how many results."""
    rules: list[dict[str, object]] = [
        {
            "id": f"B{number}",
            "name": f"check_{number}",
            "helpUri": f"https://example.org/rules/{number}",
            "defaultConfiguration": {"level": ("error", "warning", "note")[number % 3]},
            "properties": {"tags": ["security", f"external/cwe/cwe-{number}"], "precision": "high"},
        }
        for number in range(100, 160)
    ]
    results: list[object] = []
    size = 0
    while size < SIZE:
        result = _result(len(results), rules, steps)
        results.append(result)
        size += len(json.dumps(result)) + 2
    driver = {"name": "Example", "version": "1.2.3", "rules": rules}
    document = {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    path.write_text(json.dumps(document))
    return len(results)


def _result(number: int, rules: list[dict[str, object]], steps: int) -> dict[str, object]:
    line = number * 7 % 900 + 1
    code = f"    value_{number} = subprocess.check_output(command, shell=True, cwd=folder)\n"
    region = {"startLine": line, "endLine": line, "startColumn": 5, "endColumn": 71, "snippet": {"text": code}}
    around = {
        "startLine": line - 1,
        "endLine": line + 1,
        "snippet": {"text": "    try:\n" + code + "    except OSError:\n"},
    }
    place = {
        "artifactLocation": {
            "uri": f"services/area_{number % 2003 % 41}/module_{number % 2003}.py",
            "uriBaseId": "SRCROOT",
        },
        "region": region,
        "contextRegion": around,
    }
    index = number % len(rules)
    step = {"location": {"physicalLocation": place | {"contextRegion": {}}, "message": {"text": "ControlFlowNode"}}}
    flows = {"codeFlows": [{"threadFlows": [{"locations": [step] * steps}]}]} if steps else {}
    return flows | {
        "ruleId": rules[index]["id"],
        "ruleIndex": index,
        "level": ("error", "warning", "note")[number % 3],
        "message": {
            "text": f"A subprocess is started through a shell with the value {number}, which may be untrusted."
        },
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"primaryLocationLineHash": f"{number * 2654435761 % 2**64:016x}:1"},
        "properties": {"issue_confidence": "HIGH", "issue_severity": "LOW"},
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))

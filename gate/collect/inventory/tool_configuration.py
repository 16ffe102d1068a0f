"""Configuration of scanners that lies in the tree.

None of it reaches a tool that the gate runs. It is listed all the same, with its hash: a person who runs the same tools
by hand gets other results because of it, and a change that brings or edits such a file tries to be seen less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gate.collect.changes import Changes
from gate.collect.disk import printable
from gate.collect.workspace import ReadProblem, Workspace
from gate.model.evidence import Gap
from gate.model.json import JsonObject

MAX_LISTED = 200
_LIMIT = 4 * 1024 * 1024

FILES: Mapping[str, str] = {
    ".bandit": "bandit",
    "bandit.yaml": "bandit",
    "bandit.yml": "bandit",
    ".gitleaks.toml": "gitleaks",
    "gitleaks.toml": "gitleaks",
    ".gitleaksignore": "gitleaks",
    "trivy.yaml": "trivy",
    "trivy.yml": "trivy",
    ".trivyignore": "trivy",
    ".trivyignore.yaml": "trivy",
    ".trivyignore.yml": "trivy",
    ".trivyignore.rego": "trivy",
    "trivy-secret.yaml": "trivy",
    ".hadolint.yaml": "hadolint",
    ".hadolint.yml": "hadolint",
    "osv-scanner.toml": "osv-scanner",
    ".grype.yaml": "grype",
    ".semgrepignore": "semgrep",
    ".semgrep.yml": "semgrep",
    ".checkov.yml": "checkov",
    ".checkov.yaml": "checkov",
    ".tfsec.yml": "tfsec",
    "zizmor.yml": "zizmor",
    ".nsprc": "npm audit",
    "audit-ci.json": "npm audit",
    "audit-ci.jsonc": "npm audit",
    ".secrets.baseline": "detect-secrets",
    ".trufflehog.yml": "trufflehog",
}
"""File name → the tool that reads it from the folder it is run in, or from the root of what it scans."""


@dataclass(frozen=True, slots=True)
class Found:
    """The files that were found: as facts, with how many there are and how many the change touches."""

    facts: JsonObject
    gaps: tuple[Gap, ...]


def tool_configuration(workspace: Workspace, changes: Changes | Gap | None) -> Found:
    """Return the facts about configuration of scanners: `tool_configuration [{path, tool, sha256, changed}]`.

    `tool_configurations` counts all of them, the list holds the first MAX_LISTED; `tool_configurations_changed` is left
    out where no base is known. A file that cannot be read is a gap, and listed without a hash.
    """
    paths = [path for path in workspace.files() if path.rpartition("/")[2] in FILES]
    touched = set(changes.lines) if isinstance(changes, Changes) else set()
    listed: list[JsonObject] = []
    gaps: list[Gap] = []
    for path in paths[:MAX_LISTED]:
        item: JsonObject = {"path": printable(path), "tool": FILES[path.rpartition("/")[2]]}
        try:
            item["sha256"] = workspace.read(path, _LIMIT).sha256
        except ReadProblem as problem:
            gaps.append(problem.gap(("tool_configuration",)))
        if isinstance(changes, Changes):
            item["changed"] = path in touched
        listed.append(item)
    facts: JsonObject = {"tool_configurations": len(paths), "tool_configuration": [*listed]}
    if isinstance(changes, Changes):
        facts["tool_configurations_changed"] = sum(path in touched for path in paths)
    elif changes is not None:
        gaps.append(Gap(changes.subject, changes.reason, changes.path, facts=("tool_configurations_changed",)))
    return Found(facts, tuple(gaps))

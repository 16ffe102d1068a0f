"""The literal table of the tools that the gate runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class KnownTool:
    """A tool that the gate runs.

    `purpose` is what it is there for, `without` what cannot be measured when it is absent, `kinds` the evidence that it
    makes. `module` and `distribution` are set for a Python tool of the gate's own environment; a program is asked for
    its version with `version_arguments`, and `version_pattern` finds it in the answer. `refused` maps versions that are
    never run to why.
    """

    name: str
    purpose: str
    without: str
    kinds: tuple[str, ...] = ()
    module: str | None = None
    distribution: str | None = None
    version_arguments: tuple[str, ...] = ("--version",)
    version_pattern: str = r"(\d+\.\d+\.\d+)"
    refused: Mapping[str, str] = field(default_factory=dict)


_MALICIOUS_TRIVY = (
    "is a malicious release that steals the credentials of the machine it runs on (GHSA-69fq-xp46-6x23); "
    "take 0.69.3, or a release after 0.69.6"
)

KNOWN_TOOLS: tuple[KnownTool, ...] = (
    KnownTool(
        name="git",
        purpose="lists what is tracked, reads the base branch, finds the changed lines",
        without="which files are tracked, patch coverage, findings on changed lines, reports that were committed",
        kinds=("inventory",),
        version_pattern=r"git version (\d+\.\d+(?:\.\d+)?)",
    ),
    KnownTool(
        name="bandit",
        purpose="looks for insecure code in Python files",
        without="insecure code in Python, unless a SARIF report of another tool is supplied",
        kinds=("sast",),
        module="bandit",
        distribution="bandit",
    ),
    KnownTool(
        name="pip-audit",
        purpose="holds the pinned Python dependencies against the advisory database",
        without="known vulnerabilities of Python dependencies",
        kinds=("dependencies",),
        module="pip_audit",
        distribution="pip-audit",
    ),
    KnownTool(
        name="trivy",
        purpose="scans container images, lock files and infrastructure code",
        without="vulnerabilities of images and of dependencies that are not Python's, misconfigured Terraform",
        kinds=("image", "dependencies", "terraform"),
        version_pattern=r"Version: (\d+\.\d+\.\d+)",
        refused=dict.fromkeys(("0.69.4", "0.69.5", "0.69.6"), _MALICIOUS_TRIVY),
    ),
    KnownTool(
        name="gitleaks",
        purpose="looks for secrets in the files",
        without="secrets in the tree",
        kinds=("secrets",),
        version_arguments=("version",),
    ),
    KnownTool(
        name="hadolint",
        purpose="lints Dockerfiles",
        without="the lint counts of Dockerfiles",
        kinds=("dockerfile",),
        version_pattern=r"Haskell Dockerfile Linter (\d+\.\d+\.\d+)",
    ),
    KnownTool(
        name="zizmor",
        purpose="audits GitHub workflows, actions and Dependabot's configuration",
        without="insecure steps in GitHub workflows",
        kinds=("ci",),
        version_pattern=r"zizmor (\d+\.\d+\.\d+)",
    ),
    KnownTool(
        name="helm",
        purpose="lints and renders Helm charts",
        without="whether Helm charts render, and the Kubernetes objects that they render to",
        kinds=("helm", "kubernetes"),
        # Without --short, Helm 3 prints a Go structure, in which Go's own version stands too.
        version_arguments=("version", "--short"),
        version_pattern=r"v(\d+\.\d+\.\d+)",
    ),
    KnownTool(
        name="kubectl",
        purpose="builds kustomizations (`kubectl kustomize`); it is never given a cluster",
        without="whether kustomizations build, and the Kubernetes objects that they build",
        kinds=("kustomize", "kubernetes"),
        version_arguments=("version", "--client", "-o", "json"),
        version_pattern=r'"gitVersion": "v(\d+\.\d+\.\d+)',
    ),
    KnownTool(
        name="promtool",
        purpose="checks Prometheus rules and configurations",
        without="whether Prometheus would load the rules and configurations",
        kinds=("prometheus",),
        version_pattern=r"promtool, version (\d+\.\d+\.\d+)",
    ),
    KnownTool(
        name="amtool",
        purpose="checks Alertmanager configurations",
        without="whether Alertmanager would load the configurations",
        kinds=("alertmanager",),
        version_pattern=r"amtool, version (\d+\.\d+\.\d+)",
    ),
)

TOOLS_BY_NAME: Mapping[str, KnownTool] = {tool.name: tool for tool in KNOWN_TOOLS}

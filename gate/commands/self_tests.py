"""The self-test of each scanner, run now and by itself: for `gate doctor --self-test`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gate.collect.collector import Context
from gate.collect.known_tools import KNOWN_TOOLS, KnownTool
from gate.collect.process import Completed, Runner, ToolProblem
from gate.pipeline import Machine

if TYPE_CHECKING:
    from gate.collect.self_test import Canary


@dataclass(frozen=True, slots=True)
class SelfTested:
    """How a tool stands.

    `version` is None for one that is absent. `state`: `passed`, `failed`, `absent`, `none` (it has no self-test).
    `told` is what it found, or why it did not. `seconds` and `exit_code` are of its runs, the last one's code.
    """

    tool: str
    version: str | None
    state: str
    told: str
    seconds: float = 0.0
    exit_code: int | None = None


def _bandit(context: Context) -> str:
    from gate.collect.sast.bandit_scan import bandit_canary

    return _found(context, bandit_canary(context.scanner))


def _gitleaks(context: Context) -> str:
    from gate.collect.secrets.canary import canary

    return _found(context, canary(context.scanner))


def _hadolint(context: Context) -> str:
    from gate.collect.dockerfile.hadolint_scan import hadolint_canary

    return _found(context, hadolint_canary(context.scanner))


def _helm(context: Context) -> str:
    from gate.collect.helm.run import helm_canary

    return _found(context, helm_canary(context.scanner))


def _kubectl(context: Context) -> str:
    from gate.collect.kustomize.run import kubectl_canary

    return _found(context, kubectl_canary(context.scanner))


def _pip_audit(context: Context) -> str:
    from gate.collect.dependencies.pip_audit_run import pip_audit_canary

    return _found(context, pip_audit_canary(context))


def _promtool(context: Context) -> str:
    from gate.collect.prometheus.promtool import promtool_canary

    return _found(context, promtool_canary(context.scanner))


def _amtool(context: Context) -> str:
    from gate.collect.alertmanager.amtool import amtool_canary

    return _found(context, amtool_canary(context.scanner))


def _trivy(context: Context) -> str:
    from gate.collect.terraform.misconfig_scan import terraform_canary
    from gate.collect.trivy.trivy_canary import trivy_canary, trivy_image_canary
    from gate.collect.trivy.trivy_database import copy_database, find_database
    from gate.collect.trivy.trivy_run import own_place

    with own_place() as place:
        database = find_database(None, context.workspace)
        identity = copy_database(database, place.cache, place.mode)
        found = _found(context, trivy_image_canary(context.scanner, place, identity))
        _found(context, trivy_canary(context.scanner, place, identity))
    # Its checks of Terraform need no database, and are another thing that can be missing.
    checked = _found(context, terraform_canary(context.scanner))
    return f"{found} and of a planted SBOM, with the database of {database.updated_at:%Y-%m-%d}; {checked}"


def _zizmor(context: Context) -> str:
    from gate.collect.ci.zizmor_scan import zizmor_canary

    return _found(context, zizmor_canary(context.scanner))


SELF_TESTS: Mapping[str, Callable[[Context], str]] = {
    "bandit": _bandit,
    "gitleaks": _gitleaks,
    "hadolint": _hadolint,
    "helm": _helm,
    "kubectl": _kubectl,
    "pip-audit": _pip_audit,
    "promtool": _promtool,
    "amtool": _amtool,
    "trivy": _trivy,
    "zizmor": _zizmor,
}
"""Tool → what runs its self-test and returns what it found; it raises ScanProblem."""


def run_self_tests(means: Machine, tools: Sequence[KnownTool] = KNOWN_TOOLS) -> list[SelfTested]:
    """Run the self-test of every tool that is there, one after the other. Nothing is taken from a cache."""
    return [_tested(known, means) for known in tools]


def _tested(known: KnownTool, means: Machine) -> SelfTested:
    from gate.collect.self_test import SelfTests
    from gate.collect.workspace import Workspace

    try:
        version = means.tools.find(known.name).version
    except ToolProblem as problem:
        return SelfTested(known.name, None, "absent", problem.reason.partition(" (looked in ")[0])
    test = SELF_TESTS.get(known.name)
    if test is None:
        return SelfTested(known.name, version, "none", "has no self-test")
    runner = _Noting(means.runner)
    with tempfile.TemporaryDirectory(prefix="gate-doctor-") as empty:
        space = Workspace(Path(empty), tracked=())
        context = Context(
            space, runner, means.tools, log=means.progress.log, self_tests=SelfTests(), jobs=means.jobs, now=means.now
        )
        begun = time.monotonic()
        try:
            tested = SelfTested(known.name, version, "passed", f"found {test(context)}")
        except ToolProblem as problem:
            tested = SelfTested(known.name, version, "failed", problem.reason)
    return replace(tested, seconds=time.monotonic() - begun, exit_code=runner.exit_code)


def _found(context: Context, canary: Canary) -> str:
    return context.self_tests.require(canary, context.scanner.find(canary.tool)).found


class _Noting(Runner):
    """A runner that remembers the exit code of the last child."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.exit_code: int | None = None

    def run(
        self,
        program: Path,
        arguments: Sequence[str],
        *,
        cwd: Path,
        exit_codes: frozenset[int] = frozenset({0}),
        timeout: float = 600.0,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        max_stdout: int = 256 * 1024 * 1024,
        memory: int | None = None,
    ) -> Completed:
        """Run one program to its end; see `Runner.run`."""
        self.exit_code = None
        completed = self._runner.run(
            program,
            arguments,
            cwd=cwd,
            exit_codes=exit_codes,
            timeout=timeout,
            stdin=stdin,
            environment=environment,
            max_stdout=max_stdout,
            memory=memory,
        )
        self.exit_code = completed.exit_code
        return completed

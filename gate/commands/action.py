"""The GitHub action: inputs in, outputs and job summary out. Every output is written, even when the gate falls over."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gate.commands.options import Order
from gate.errors import GateError, UserError
from gate.model.policy import Phase
from gate.model.verdict import Verdict
from gate.publish.actions import SUMMARY_LIMIT, command, neutralise, write_outputs, write_summary
from gate.settings import ActionInputs, Runner, flag, lines, read_inputs, read_runner
from gate.stopping import NO_VERDICT, stop_if_told, told_to_stop

WORKSPACE = Path("/github/workspace")
REPORTS = Path(".gate-reports")
"""Where the two reports are left, from the workspace's root: the next step sees the same path, on the host too."""
OUTPUTS = ("verdict", "score", "failed", "report_json", "report_markdown")


@dataclass(frozen=True, slots=True)
class Result:
    """The action's outputs and its exit code."""

    exit_code: int
    outputs: dict[str, str]


NOTHING = Result(3, {"verdict": "error"} | dict.fromkeys(OUTPUTS[1:], ""))


def run_action(environ: Mapping[str, str], workspace: Path = WORKSPACE) -> int:
    """Run as an action and return the exit code, which is what a required check enforces."""
    result = NOTHING
    runner = read_runner(environ)
    try:
        result = _judged(read_inputs(environ), runner, workspace)
        stop_if_told()
    except GateError as error:
        _say(command("error", str(error), title="Readiness Gate"))
        result = Result(NO_VERDICT if told_to_stop() else error.exit_code, NOTHING.outputs)
    except KeyboardInterrupt:
        result = NOTHING
        _say(command("error", "The gate was stopped before a verdict.", title="Readiness Gate"))
    except Exception as error:  # noqa: BLE001 - the outputs below must be written whatever happened
        import traceback

        for line in traceback.format_exc().splitlines():
            _say(neutralise(line))
        text = f"This is a fault of the gate ({type(error).__name__}); no verdict was reached. Please report it."
        _say(command("error", text, title="Readiness Gate"))
    if runner is not None and runner.output is not None:
        try:
            write_outputs(runner.output, result.outputs)
        except GateError as error:
            _say(command("error", str(error), title="Readiness Gate"))
            return result.exit_code or error.exit_code
    return result.exit_code


def order_of(inputs: ActionInputs, runner: Runner | None, workspace: Path) -> Order:
    """Return what the inputs ask for. Raises UserError."""
    from gate.commands.options import PROFILES, kinds, report_pair

    if inputs.profile and inputs.profile not in PROFILES:
        raise UserError(f"The input profile is {inputs.profile!r}; the profiles are {', '.join(PROFILES)}.")
    phases = [phase.value for phase in Phase]
    if inputs.phase and inputs.phase not in phases:
        raise UserError(f"The input phase is {inputs.phase!r}; the phases are {', '.join(phases)}.")
    # GITHUB_BASE_REF is set in pull requests only, and the runner sets it last: no step can write another one.
    target = f"origin/{runner.base_ref}" if runner and runner.base_ref else None
    return Order(
        workspace=workspace,
        policy=_in_workspace("policy", inputs.policy, workspace),
        profile=inputs.profile or None,
        only=kinds(inputs.only),
        phase=Phase(inputs.phase or "pre-merge"),
        base=inputs.base or target,
        policy_ref=target,
        evidence=lines(inputs.evidence),
        bundle=_in_workspace("bundle", inputs.bundle, workspace),
        cache_dir=_in_workspace("cache_dir", inputs.cache_dir, workspace),
        reports=tuple(
            (name, _below("reports", str(path), workspace)) for name, path in map(report_pair, lines(inputs.reports))
        ),
        verbose=flag("verbose", inputs.verbose) or bool(runner and runner.debug),
    )


def _judged(inputs: ActionInputs, runner: Runner | None, workspace: Path) -> Result:
    from gate.commands.work import EXIT_CODES, file_options, run, tell, text_of
    from gate.publish.files import write_report
    from gate.report.progress import GroupedProgress

    order = order_of(inputs, runner, workspace)
    progress = GroupedProgress(sys.stderr, neutralise=neutralise)
    verdict = run(order, progress)
    tell(verdict, order, progress.seconds)
    written = {}
    stop_if_told()
    for name, file in (("json", "verdict.json"), ("markdown", "verdict.md")):
        write_report(workspace / REPORTS / file, text_of(verdict, name, file_options()), workspace)
        written[name] = str(REPORTS / file)
    if runner is not None and runner.summary is not None:
        write_summary(runner.summary, _summary(verdict))
    _annotate(verdict)
    outputs = {
        "verdict": verdict.decision.value,
        "score": f"{verdict.score:g}",
        "failed": str(len(verdict.blocked_by)),
        "report_json": written["json"],
        "report_markdown": written["markdown"],
    }
    return Result(EXIT_CODES[verdict.decision], outputs)


def _summary(verdict: Verdict) -> str:
    """Return the job summary: what GitHub would drop whole is cut before."""
    from dataclasses import replace

    from gate.commands.work import file_options
    from gate.report.markdown import render

    return render(verdict, replace(file_options(), budget=SUMMARY_LIMIT))


def _annotate(verdict: Verdict) -> None:
    """Put what blocks onto the run's page: GitHub shows ten errors of a step."""
    for item in verdict.criteria:
        if item.id in verdict.blocked_by:
            _say(command("error", neutralise(item.reason).removeprefix("| "), title=f"{item.id} blocks"))


def _in_workspace(name: str, text: str, workspace: Path) -> Path | None:
    return _below(name, text, workspace) if text else None


def _below(name: str, text: str, workspace: Path) -> Path:
    """Return a path of an input; it is one from the workspace's root, since no other exists on both sides."""
    root = os.path.abspath(workspace)  # noqa: PTH100 - without following links, unlike resolve()
    path = os.path.abspath(workspace / text)  # noqa: PTH100
    if "\0" in text or not path.startswith(f"{root}/"):
        raise UserError(f"The input {name} names {text!r}; name a path from the workspace's root.")
    return Path(path)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()

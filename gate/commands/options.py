"""The options that commands share, and how they become an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from gate.collect.all_collectors import KINDS
from gate.errors import UserError
from gate.model.policy import Phase
from gate.report.formats import RENDERERS

ARTIFACT = "readiness-evidence"
"""What the artefact with the bundle is called where nobody says otherwise."""
PROFILES = ("baseline", "production", "strict")
FORMATS = tuple(RENDERERS)
Command = TypeVar("Command", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Order:
    """What the user asked for. `policy` is None when no file was named; `reports` are pairs of format and file."""

    workspace: Path
    policy: Path | None = None
    profile: str | None = None
    only: tuple[str, ...] = ()
    phase: Phase = Phase.PRE_MERGE
    base: str | None = None
    evidence: tuple[str, ...] = ()
    bundle: Path | None = None
    format: str = "console"
    output: Path | None = None
    reports: tuple[tuple[str, Path], ...] = ()
    quiet: bool = False
    verbose: bool = False
    publish: bool = False
    policy_ref: str | None = None
    """the revision to read the policy from; None for the working tree"""
    policy_from: str | None = None
    """OWNER/REPO/PATH@COMMIT of another repository's policy in place of one's own (`--policy-ref`)"""
    cache_dir: Path | None = None


def kinds(text: str) -> tuple[str, ...]:
    """Read `--only tests,coverage`. Raises UserError for a kind that there is not."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in KINDS:
            import difflib

            near = difflib.get_close_matches(name, KINDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UserError(f'--only: there is no kind "{name}".{hint} The kinds are {", ".join(KINDS)}.')
    return names


def report_pair(text: str) -> tuple[str, Path]:
    """Read one `--report FORMAT=FILE`. Raises UserError."""
    name, sign, file = text.partition("=")
    if not sign or not file:
        raise UserError(f"--report {text}: expected FORMAT=FILE, for example json=out/verdict.json.")
    if name not in FORMATS:
        raise UserError(f'--report {text}: there is no format "{name}". The formats are {", ".join(FORMATS)}.')
    return name, Path(file)


def _only(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[str, ...]:
    return kinds(value)


def _reports(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
    return tuple(report_pair(value) for value in values)


def _phase(_ctx: click.Context, _param: click.Parameter, value: str) -> Phase:
    return Phase(value)


_WORKSPACE = click.option(
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="The checkout to look at.  [default: .]",
)
_POLICY = (
    click.option(
        "--policy",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The policy.  [default: .gate/policy.yml in the workspace]",
    ),
    click.option(
        "--policy-ref",
        "policy_from",
        metavar="OWNER/REPO/PATH@COMMIT",
        help="A policy of another repository in place of one's own, read with the token in GITHUB_TOKEN "
        "(on a runner: GATE_TOKEN).",
    ),
    click.option(
        "--profile", type=click.Choice(PROFILES), help="The profile to judge by when there is no policy file."
    ),
    click.option(
        "--phase",
        type=click.Choice([item.value for item in Phase]),
        default="pre-merge",
        callback=_phase,
        show_default=True,
        help="Which criteria to judge.",
    ),
)
_GATHERING = (
    click.option("--base", metavar="REV", help="The revision that changed lines are computed against."),
    click.option(
        "--evidence",
        multiple=True,
        metavar="KIND.KEY=VALUE",
        help="What the policy's evidence section says: tests.reports=out/*.xml",
    ),
)
_CACHE = click.option(
    "--cache-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep what scanners say of a file there, and take it from there. Never used for a fork's pull request.",
)
_ONLY = click.option(
    "--only", metavar="KIND,…", default="", callback=_only, help=f"Only these kinds of evidence: {', '.join(KINDS)}."
)
_TALK = (
    click.option("--quiet", "-q", is_flag=True, help="The verdict line only."),
    click.option(
        "--verbose", "-v", is_flag=True, help="Every criterion, and every tool's command, exit code and time."
    ),
)
_OUTPUT = (
    click.option(
        "--output",
        "-o",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write the report there instead of to stdout.",
    ),
    click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="FORMAT=FILE",
        callback=_reports,
        help="Write a further report; repeatable.",
    ),
)


def _format(*names: str) -> Callable[[Command], Command]:
    return click.option(
        "--format", "format_", type=click.Choice(names), default="console", show_default=True, help="What to print."
    )


def _apply(command: Command, *decorators: Callable[[Command], Command]) -> Command:
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def run_options(command: Command) -> Command:
    """Give a command all options of `gate run`."""
    publish = click.option("--no-publish", is_flag=True, help="Publish nothing on GitHub.")
    bundle = click.option(
        "--bundle", type=click.Path(path_type=Path), metavar="DIR", help="Also write the evidence there."
    )
    return _apply(
        command, _WORKSPACE, *_POLICY, _ONLY, *_GATHERING, _CACHE, bundle, _format(*FORMATS), *_OUTPUT, publish, *_TALK
    )


def collect_options(command: Command) -> Command:
    """Give a command the options of `gate collect`."""
    bundle = click.option("--bundle", type=click.Path(path_type=Path), metavar="DIR", help="Write the evidence there.")
    return _apply(
        command,
        _WORKSPACE,
        *_POLICY,
        _ONLY,
        *_GATHERING,
        _CACHE,
        bundle,
        _format("console", "json"),
        _OUTPUT[0],
        *_TALK,
    )


def only_option(command: Command) -> Command:
    """Give a command `--only`."""
    return _ONLY(command)


def evaluate_options(command: Command) -> Command:
    """Give a command the options of `gate evaluate`."""
    bundle = click.option(
        "--bundle", type=click.Path(path_type=Path), metavar="DIR", required=True, help="The bundle to judge."
    )
    return _apply(command, bundle, _WORKSPACE, *_POLICY, _ONLY, _format(*FORMATS), *_OUTPUT, *_TALK)


def publish_options(command: Command) -> Command:
    """Give a command the options of `gate publish`."""
    bundle = click.option(
        "--bundle",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="A bundle, or a folder of bundles. Without it, the artefact of the run that started this one.",
    )
    artifact = click.option(
        "--artifact", metavar="NAME", default=ARTIFACT, show_default=True, help="The artefact's name."
    )
    publish = click.option("--no-publish", is_flag=True, help="Judge and publish nothing.")
    return _apply(command, bundle, artifact, _WORKSPACE, *_POLICY, _ONLY, _format(*FORMATS), *_OUTPUT, publish, *_TALK)

"""`gate doctor`: which tools are there, what cannot be measured without the others, and whether they find anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gate.commands.self_tests import SelfTested

_WIDTH = 80
_MARKS = {"passed": "✓", "failed": "✗", "absent": "–", "none": "·"}


@click.command("doctor")
@click.option("--format", "format_", type=click.Choice(["console", "json"]), default="console", show_default=True)
@click.option(
    "--self-test", is_flag=True, help="Also run each scanner on what was planted for it; exit code 3 when one is blind."
)
@click.option(
    "--github", is_flag=True, help="Say whether the gate holds on GitHub: rights, rules, workflow, policy; see docs."
)
@click.option(
    "--repository", metavar="OWNER/NAME", help="With --github, outside of a run: which one, with GITHUB_TOKEN's rights."
)
@click.option("--branch", metavar="NAME", default="", help="With --repository: the base branch.  [default: its own]")
@click.option(
    "--workspace", type=click.Path(path_type=Path, file_okay=False), default=Path(), metavar="DIR", help="The checkout."
)
def command(format_: str, self_test: bool, github: bool, repository: str | None, branch: str, workspace: Path) -> int:
    """Say which tools are there, which versions, and what is therefore not measurable.

    With --self-test each scanner has to find what was planted for it. One that does not is broken in a way that its
    exit code does not show, and `gate run` takes nothing that it says for evidence. With --github it says whether the
    gate can publish and whether a merge waits for it; exit code 1 where something is missing that it does not hold
    without. On a runner the token is taken from GATE_TOKEN.
    """
    if github:
        return _on_github(format_, repository, branch, workspace)
    if repository or branch:
        raise click.UsageError("--repository and --branch belong to --github.")
    return _self_test(format_) if self_test else _inventory(format_)


def _on_github(format_: str, repository: str | None, branch: str, workspace: Path) -> int:
    import os

    from gate.commands.doctor_github import examine
    from gate.commands.forge_at_home import run_at_home
    from gate.commands.here import github_here
    from gate.commands.options import Order

    run = github_here(os.environ, lambda _line: None)
    if run is None and repository:
        run = run_at_home(repository, branch)
    return examine(Order(workspace, format=format_), run, click.echo)


def _inventory(format_: str) -> int:
    from gate.collect.process import ToolProblem
    from gate.collect.tools import KNOWN_TOOLS
    from gate.commands.wiring import machine

    tools = machine().tools
    rows: list[dict[str, object]] = []
    for known in KNOWN_TOOLS:
        try:
            tool = tools.find(known.name)
            rows.append({"name": known.name, "version": tool.version, "where": tool.command[0], "problem": None})
        except ToolProblem as problem:
            rows.append({"name": known.name, "version": None, "where": None, "problem": problem.reason})
        rows[-1] |= {"purpose": known.purpose, "without": known.without, "kinds": list(known.kinds)}
    if format_ == "json":
        click.echo(json.dumps(rows, indent=2))
        return 0
    width = max(len(str(row["name"])) for row in rows)
    for row in rows:
        mark = "✓" if row["version"] else "✗"
        click.echo(f"{mark} {row['name']:<{width}}  {row['version'] or row['problem']}")
        text = row["purpose"] if row["version"] else f"without it: {row['without']}"
        click.echo(f"  {'':<{width}}  {text}")
    absent = [row for row in rows if not row["version"]]
    click.echo(f"\n{len(rows) - len(absent)} of {len(rows)} tools are there.")
    return 0


def _self_test(format_: str) -> int:
    from gate.commands.self_tests import run_self_tests
    from gate.commands.wiring import machine
    from gate.errors import CannotJudgeError

    tested = run_self_tests(machine())
    click.echo(_json(tested) if format_ == "json" else table(tested))
    blind = [item.tool for item in tested if item.state == "failed"]
    if blind:
        raise CannotJudgeError(
            f"The self-test of {', '.join(blind)} failed, so nothing that it says counts as evidence here. "
            "Mend or replace it; the table says what is wrong."
        )
    return 0


def _json(tested: Sequence[SelfTested]) -> str:
    rows = [
        {
            "name": item.tool,
            "version": item.version,
            "state": item.state,
            "told": item.told,
            "seconds": round(item.seconds, 3),
            "exit_code": item.exit_code,
        }
        for item in tested
    ]
    return json.dumps(rows, indent=2)


def table(tested: Sequence[SelfTested], width: int = _WIDTH) -> str:
    """Return a table of `width` columns: tool, version, seconds, exit code, and what was found or why not."""
    import textwrap

    from gate.formats.plain import one_line

    name = max(len(item.tool) for item in tested)
    version = max((len(item.version or "") for item in tested), default=0)
    version = max(version, len("version"))
    lines = [f"  {'tool':<{name}}  {'version':<{version}}  {'time':>7}  exit  self-test"]
    indent = " " * (2 + name + 2 + version + 2 + 7 + 2 + 4 + 2)
    for item in tested:
        seconds = f"{item.seconds:.2f} s" if item.seconds else ""
        code = "" if item.exit_code is None else str(item.exit_code)
        head = f"{_MARKS[item.state]} {item.tool:<{name}}  {item.version or '':<{version}}  {seconds:>7}  {code:>4}  "
        lines += textwrap.wrap(head + one_line(item.told, 400), width, subsequent_indent=indent, break_on_hyphens=False)
    passed, failed = (sum(item.state == state for item in tested) for state in ("passed", "failed"))
    lines += ["", f"{passed} of {passed + failed} scanners find what was planted for them."]
    return "\n".join(line.rstrip() for line in lines)

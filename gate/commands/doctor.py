"""`gate doctor`: which tools are there, and what cannot be measured without the others."""

from __future__ import annotations

import json

import click


@click.command("doctor")
@click.option("--format", "format_", type=click.Choice(["console", "json"]), default="console", show_default=True)
def command(format_: str) -> int:
    """Say which tools are there, which versions, and what is therefore not measurable."""
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

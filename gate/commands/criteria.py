"""`gate criteria`: list the criteria of the catalogue."""

from __future__ import annotations

import json

import click

from gate.commands.options import PROFILES

_WIDTH = 100


@click.command("criteria")
@click.option("--profile", type=click.Choice(PROFILES), help="Only those of a profile, with its levels.")
@click.option("--format", "format_", type=click.Choice(["console", "json"]), default="console", show_default=True)
def command(profile: str | None, format_: str) -> int:
    """List the criteria: id, level, kind of evidence and title."""
    from gate.judge.catalogue import load_catalogue

    catalogue = load_catalogue()
    chosen = catalogue.criteria if profile is None else catalogue.profiles[profile].criteria
    criteria = [
        catalogue.criteria[id_].fill(catalogue.profiles[profile].criteria[id_] if profile else {}) for id_ in chosen
    ]
    if format_ == "json":
        rows = [
            {
                "id": item.id,
                "title": item.title,
                "category": item.category,
                "level": item.level.value,
                "phase": item.phase.value,
                "evidence": item.evidence,
                "parameters": item.parameters,
            }
            for item in criteria
        ]
        click.echo(json.dumps(rows, indent=2))
        return 0
    width = max(len(item.id) for item in criteria)
    category = None
    for item in sorted(criteria, key=lambda each: (each.category, each.id)):
        if item.category != category:
            category = item.category
            click.echo(f"\n{category}")
        click.echo(_cut(f"  {item.id:<{width}}  {item.level.value:<6}  {item.title}"))
    click.echo(f"\n{len(criteria)} criteria; `gate explain ID` says more of one.")
    return 0


def _cut(line: str) -> str:
    """Return a line that fits; the whole title is in `gate explain ID`."""
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1].rstrip() + "…"

"""`gate explain ID`: what a criterion asks for, why, and how to meet it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from gate.errors import UserError
from gate.model.json import Json

if TYPE_CHECKING:
    from gate.judge.catalogue import CatalogueEntry
    from gate.judge.parameters import Parameter


@click.command("explain")
@click.argument("id_", metavar="ID")
def command(id_: str) -> int:
    """Say what a criterion of the catalogue asks for, why, and how to meet it."""
    from gate.judge.catalogue import load_catalogue

    catalogue = load_catalogue()
    entry = catalogue.criteria.get(id_)
    if entry is None:
        raise UserError(_unknown(id_, catalogue.criteria))
    profiles = [name for name, profile in catalogue.profiles.items() if id_ in profile.criteria]
    click.echo("\n".join(_lines(entry, profiles)))
    return 0


def _unknown(id_: str, criteria: Mapping[str, CatalogueEntry]) -> str:
    import difflib

    near = difflib.get_close_matches(id_, criteria, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f'There is no criterion "{id_}" in the catalogue.{hint} `gate criteria` lists them.'


def _lines(entry: CatalogueEntry, profiles: list[str]) -> list[str]:
    from gate.judge.wording import Words

    lines = [
        f"{entry.title}  ({entry.id})",
        "",
        f"category  {entry.category}",
        f"level     {entry.level.value}",
        f"phase     {entry.phase.value}",
        f"evidence  {entry.evidence}",
        f"profiles  {', '.join(profiles) or 'none'}",
    ]
    criterion = entry.fill({})
    lines += _section("Why", entry.why) + _section("How to meet it", Words((), criterion.parameters).fill(entry.fix))
    if entry.parameters:
        lines += ["", "Parameters"]
        lines += [f"  {_parameter(name, parameter)}" for name, parameter in entry.parameters.items()]
        example: dict[str, Json] = {name: parameter.default for name, parameter in entry.parameters.items()}
        lines += [
            "",
            "In .gate/policy.yml",
            "",
            "  criteria:",
            f"    {entry.id}: {json.dumps(example, ensure_ascii=False)}",
        ]
    each = criterion.select.get("each")
    about = "the facts" if each is None else f"each of {each}"
    lines += _schema(f"What must hold of {about} (JSON Schema)", criterion.require)
    if "where" in criterion.select:
        lines += _schema("Left out is what does not satisfy (JSON Schema)", criterion.select["where"])
    if "at_least" in criterion.select:
        lines += ["", f"There must be at least {criterion.select['at_least']} of them."]
    if entry.references:
        lines += ["", "References", *(f"  {reference}" for reference in entry.references)]
    return lines


def _schema(title: str, schema: Json) -> list[str]:
    return ["", title, "", *(f"  {line}" for line in json.dumps(schema, indent=2, ensure_ascii=False).splitlines())]


def _section(title: str, text: str) -> list[str]:
    import textwrap

    return ["", title, *textwrap.wrap(text, 78, initial_indent="  ", subsequent_indent="  ")] if text else []


def _parameter(name: str, parameter: Parameter) -> str:
    unit = f" {parameter.unit}" if parameter.unit else ""
    default = json.dumps(parameter.default, ensure_ascii=False)
    return f"{name} ({parameter.type}, default {default}{unit})  {parameter.description}".rstrip()

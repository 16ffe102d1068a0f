"""`gate schema NAME`: print a schema of the gate's documents."""

from __future__ import annotations

import click

from gate.errors import UserError


@click.command("schema")
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """Print a schema: policy, verdict, evidence/tests and so on. Without a name, list them."""
    from gate.judge.schema import names, schema_text

    known = names()
    if name is None:
        click.echo("\n".join(known))
        return 0
    if name not in known:
        import difflib

        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise UserError(f'There is no schema "{name}".{hint} `gate schema` lists them.')
    click.echo(schema_text(name), nl=False)
    return 0

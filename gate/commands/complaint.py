"""What is said on stderr when there is no verdict."""

from __future__ import annotations

import click


def complain(text: str) -> None:
    """Write lines to stderr. They may quote the change under judgement: nothing in them steers a terminal or runner."""
    from gate.formats.plain import visible
    from gate.report.text import inert

    click.echo(inert(visible(text)), err=True)

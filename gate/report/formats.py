"""The literal table of renderers. A new one is a module and a line here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from gate.model.verdict import Verdict
from gate.report.options import RenderOptions

Renderer = Callable[[Verdict, RenderOptions], str]

RENDERERS: dict[str, str] = {
    "console": "gate.report.console",
    "markdown": "gate.report.markdown",
    "json": "gate.report.json_v1",
    "html": "gate.report.html",
    "sarif": "gate.report.sarif",
    "junit": "gate.report.junit",
    "badge": "gate.report.badge",
    "statement": "gate.report.statement",
}
"""Format → module with `render(verdict, options) -> str`, imported when it is wanted."""


def renderer(name: str) -> Renderer:
    """Return the renderer of a format in RENDERERS."""
    found: Renderer = import_module(RENDERERS[name]).render
    return found

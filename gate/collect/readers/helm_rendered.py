"""What `helm template` prints: documents, each behind a comment that names the template it came from. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from gate.formats.located_yaml import BadYaml, Located, read_parts

_SOURCE = re.compile(r"^---\r?\n# Source: (.+?)\r?$", re.MULTILINE)
LIMIT = 64 * 1024 * 1024
"""Bytes that one chart may be rendered to."""


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """A document. `template` is the path that helm names: the chart's name, then the path in the chart."""

    template: str
    value: Located


@dataclass(frozen=True, slots=True)
class UnreadDocument:
    """A document that is no YAML for the gate. `reason` is a sentence without its full stop."""

    template: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a chart was rendered to."""

    documents: tuple[RenderedDocument, ...]
    unread: tuple[UnreadDocument, ...] = ()


def read_rendered(data: bytes) -> Rendered:
    """Return the documents that stdout of `helm template` holds; those that are empty or no mapping are left out."""
    # Only a comment right behind a marker is helm's: templates write comments too.
    text = data.decode("utf-8", "replace")
    lines, sources = [], []
    line, before = 1, 0
    for found in _SOURCE.finditer(text):
        line += text.count("\n", before, found.start())
        before = found.start()
        lines.append(line)
        sources.append(found[1].strip())
    documents: list[RenderedDocument] = []
    unread: list[UnreadDocument] = []
    for part in read_parts(data, LIMIT):
        index = bisect_right(lines, part.line) - 1
        template = sources[index] if index >= 0 else ""
        if isinstance(part, BadYaml):
            unread.append(UnreadDocument(template, part.reason))
        elif isinstance(part.value, Located):
            documents.append(RenderedDocument(template, part.value))
    return Rendered(tuple(documents), tuple(unread))

"""The tags of Compose files: `!reset` takes away what a file below says, `!override` puts a value in its place. Pure.

As the Compose Specification has it (13-merge.md, "Reset value" and "Replace value"): both clear the same place of what
the file is laid over; what is reset is then gone, and what overrides stands alone. Inside of a list neither counts.
"""

from __future__ import annotations

from gate.formats.located import Located, TaggedText, line_of, tag_of
from gate.formats.yaml_scalars import ScalarError, resolve
from gate.model.json import Json, JsonObject

RESET = "!reset"


def cleared(base: JsonObject, over: JsonObject) -> JsonObject:
    """Return `base` without what the tags in `over` clear."""
    marked = {key: value for key, value in over.items() if key in base and (tag_of(value) or isinstance(value, dict))}
    if not marked:
        return base
    result = Located(base)
    result.line = line_of(base)
    for key, value in marked.items():
        below = base[key]
        if tag_of(value):
            del result[key]
        elif isinstance(value, dict) and isinstance(below, dict):
            result[key] = cleared(below, value)
    return result


def settled(value: Json) -> Json:
    """Return a value as it stands by itself: what is reset left out, no tag in it."""
    if isinstance(value, dict):
        result = Located((key, settled(item)) for key, item in value.items() if tag_of(item) != RESET)
        result.line = line_of(value)
        return result
    if isinstance(value, list):
        return [settled(item) for item in value]
    return _scalar(value) if isinstance(value, TaggedText) else value


def _scalar(text: TaggedText) -> Json:
    try:
        return resolve(str(text))
    except ScalarError:
        return str(text)

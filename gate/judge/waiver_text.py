"""A waiver written into a file of waivers: one entry more, and every other byte as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gate.errors import UserError
from gate.formats.strict_yaml import load
from gate.model.policy import Waiver

if TYPE_CHECKING:
    from yaml.nodes import Node, SequenceNode

_HEAD = "version: 1\nwaivers:\n"
_PLAIN = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*|[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""What YAML reads as this very text without quotes: ids of criteria, and days."""
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def entry(waiver: Waiver, indent: str = "  ") -> list[str]:
    """Return the lines of a waiver as an item of a list, each without its end."""
    fields = [("criterion", waiver.criterion), ("reason", waiver.reason), ("owner", waiver.owner)]
    fields += [("link", waiver.link), ("created", waiver.created), ("expires", waiver.expires)]
    lines = [f"{name}: {_scalar(value)}" for name, value in fields if value]
    if waiver.findings:
        lines += ["findings:", *(f"  - {_scalar(each)}" for each in waiver.findings)]
    return [f"{indent}{'- ' if index == 0 else '  '}{line}" for index, line in enumerate(lines)]


def with_waiver(data: bytes | None, waiver: Waiver, *, file: str) -> bytes:
    """Return the file with one waiver more, after the others; without a file (None), or an empty one, a new one.

    Nothing else of it changes: comments, order, quotes and line ends stay. Raises MistakesError for what is no YAML,
    UserError where no place can be found for the entry, with the lines to put there by hand.
    """
    if data is None or not data.strip():
        return (data or b"") + (_HEAD + "\n".join(entry(waiver)) + "\n").encode()
    load(data, file=file)  # refuses anchors, aliases and several documents, and bounds what comes next
    text = data.decode()
    found = _list_of(text)
    if found is None:
        raise UserError(_by_hand(waiver, file))
    return _added(text, found, waiver, file).encode()


def _list_of(text: str) -> SequenceNode | None:
    """Return the list of waivers with its places; what is not a list is no place for an entry."""
    import yaml

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    for key, value in pairs:
        if key.value == "waivers" and isinstance(value, yaml.SequenceNode):
            return value
    return None


def _added(text: str, found: SequenceNode, waiver: Waiver, file: str) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    if found.flow_style:
        start, stop = found.start_mark.index, found.end_mark.index
        if found.value or text[start + 1 : stop - 1].strip():
            raise UserError(_by_hand(waiver, file))
        # An empty list on the line of its key: the entry stands below it.
        rest = text[stop:]
        line_end = rest.find("\n")
        comment, below = (rest, "") if line_end < 0 else (rest[:line_end].rstrip("\r"), rest[line_end + 1 :])
        indent = " " * (_indent_of(text, start) + 2)
        return text[:start].rstrip(" ") + comment + end + _lines(waiver, indent, end) + below
    at = _line_after(text, found.value[-1])
    before = text[:at] if text[:at].endswith("\n") else text[:at] + end
    return before + _lines(waiver, " " * found.start_mark.column, end) + text[at:]


def _lines(waiver: Waiver, indent: str, end: str) -> str:
    return "".join(line + end for line in entry(waiver, indent))


def _line_after(text: str, item: Node) -> int:
    """Return where the line after the last value of an item begins; comments behind it stay behind the new entry."""
    last = max(leaf.end_mark.index for leaf in _leaves(item))
    if last > 0 and text[last - 1] == "\n":
        return last  # a block text ends with the line that follows it
    line_end = text.find("\n", last)
    return len(text) if line_end < 0 else line_end + 1


def _leaves(node: Node) -> Iterator[Node]:
    """Yield what has an end of its own: a block list or map ends where its last value does, not at the next key."""
    if isinstance(node.value, str) or getattr(node, "flow_style", False) or not node.value:
        yield node
        return
    for each in node.value:
        for child in each if isinstance(each, tuple) else (each,):
            yield from _leaves(child)


def _indent_of(text: str, index: int) -> int:
    line = text[text.rfind("\n", 0, index) + 1 : index]
    return len(line) - len(line.lstrip(" "))


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text not in _NO_TEXT:
        return text
    return f'"{"".join(map(_character, text))}"'


def _character(sign: str) -> str:
    if sign in _ESCAPED:
        return _ESCAPED[sign]
    if sign.isprintable():
        return sign
    number = ord(sign)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _by_hand(waiver: Waiver, file: str) -> str:
    lines = "\n".join(entry(waiver))
    return f"{file} has no block list of waivers to add to. Put this below  waivers:  by hand:\n{lines}"

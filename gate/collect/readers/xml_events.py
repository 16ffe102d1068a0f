"""The gate's only door to XML: a thin, safe layer over expat that builds no tree.

What it refuses: entity declarations and every other internal DTD subset (so no entity can be expanded or fetched),
entities that nothing declares, nesting and sizes that no report has, and documents that are not well-formed. A bare
`<!DOCTYPE name SYSTEM "…">`, as JaCoCo and Cobertura write it, is allowed and never fetched. Namespaces are not
resolved: names arrive as they are written, prefix included (`local_name` drops it).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, TypeAlias
from xml.parsers import expat

from gate.collect.readers.errors import ReportError

Attributes: TypeAlias = dict[str, str]
StartHandler: TypeAlias = Callable[[str, Attributes], object]
EndHandler: TypeAlias = Callable[[str], object]

MAX_DEPTH: Final = 200
"""How deep elements may nest. Real reports stay below 40."""
MAX_ELEMENTS: Final = 20_000_000
"""How many elements one document may hold."""
MAX_TOKEN: Final = 16 * 1024 * 1024
"""How many bytes one tag or comment may have. Expat starts a token that is cut by a piece anew with each piece."""
HEAD: Final = 65_536
"""How many bytes `root_name` needs at most."""

_CUT_OFF: Final = frozenset(
    expat.errors.codes[text]
    for text in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
_BLANK: Final = b" \t\r\n\xef\xbb\xbf"
_INVALID_TOKEN: Final = expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Capture:
    """The text of one element, on demand. Give it to `parse`; call `begin` in the start handler, `take` in the end.

    Text is delivered only between the two, so elements without interest cost nothing. At most `limit` characters are
    kept and the rest is dropped: a report's megabytes of output are not gathered in memory.
    """

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._room = limit
        self._parts: list[str] = []
        self._parser: expat.XMLParserType | None = None

    def attach(self, parser: expat.XMLParserType) -> None:
        """Called by `parse`."""
        self._parser = parser

    @property
    def line(self) -> int:
        """The line that the parser is at, counted from 1."""
        return self._parser.CurrentLineNumber if self._parser is not None else 1

    def begin(self) -> None:
        """Start to gather text; what was gathered before is dropped."""
        self._parts.clear()
        self._room = self._limit
        if self._parser is not None:
            self._parser.CharacterDataHandler = self._add

    def take(self) -> str:
        """Stop gathering and return the text, "" when `begin` was not called."""
        if self._parser is not None:
            self._parser.CharacterDataHandler = None
        text = "".join(self._parts)
        self._parts.clear()
        return text

    def _add(self, data: str) -> None:
        if self._room > 0:
            self._parts.append(data[: self._room])
            self._room -= len(data)


def local_name(name: str) -> str:
    """Return an element's name without its namespace prefix."""
    return name.rpartition(":")[2]


def parse(
    chunks: Iterable[bytes],
    start: StartHandler,
    end: EndHandler | None = None,
    *,
    format: str,
    capture: Capture | None = None,
    guarded: bool = False,
) -> None:
    """Read a document piece by piece and call `start(name, attributes)` and `end(name)` for each element.

    `guarded` says that the handlers see to MAX_DEPTH themselves, and so are called without a step between.
    `format` names what was expected in errors ("JUnit XML"). Encodings: UTF-8, UTF-16 with a byte order mark,
    ISO-8859-1, ASCII and the one-byte encodings that Python knows. Raises ReportError with the line for anything that
    is refused; a ReportError that a handler raises without a line gets the line of its element.

    One limit of expat: in a document with an external DTD, an undeclared entity inside an attribute is dropped
    instead of refused.
    """
    parser = _parser(format)
    if guarded:
        parser.StartElementHandler, parser.EndElementHandler = start, end
    else:
        _count_elements(parser, start, end, format)
    if capture is not None:
        capture.attach(parser)
    fed = 0
    blank = True
    chunk = b""
    try:
        for chunk in chunks:
            blank = blank and not chunk.strip(_BLANK)
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - max(parser.CurrentByteIndex, 0) > MAX_TOKEN:
                limit = MAX_TOKEN // (1024 * 1024)
                raise ReportError(f"cannot be read as {format}: one tag or comment has more than {limit} MiB")
        if blank:
            raise ReportError("is empty", 1)
        parser.Parse(b"", True)
    except ReportError as error:
        if error.line is None:
            raise ReportError(error.reason, parser.CurrentLineNumber) from None
        raise
    except expat.ExpatError as error:
        raise _refusal(error, parser, chunk, fed, format) from None
    except (LookupError, ValueError) as error:
        if parser.CurrentLineNumber > 1 or not _about_encoding(error):
            raise
        raise ReportError(f"cannot be read as {format}: it declares an encoding that is not read", 1) from None


def root_name(head: bytes) -> str | None:
    """Return the name of the root element (without prefix) from the first bytes, None when there is none to see.

    Give it up to HEAD bytes. Of a document with a DTD of its own, it is the name that the DTD declares. Raises nothing:
    what is wrong with a document is told by `parse`.
    """
    found: list[str] = []

    def start(name: str, _attributes: Attributes) -> None:
        found.append(name)
        raise _FoundError

    def doctype(name: str, _system: str | None, _public: str | None, has_internal_subset: bool) -> None:
        if has_internal_subset:
            found.append(name)
            raise _FoundError

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    with suppress(_FoundError, expat.ExpatError, LookupError, ValueError):
        parser.Parse(head, False)
    return local_name(found[0]) if found else None


class _FoundError(Exception):
    """Leaves the parser at the first element."""


def _parser(format: str) -> expat.XMLParserType:
    def doctype(_name: str, _system: str | None, _public: str | None, has_internal_subset: bool) -> None:
        if has_internal_subset:
            raise ReportError(
                f"cannot be read as {format}: it holds a DTD, where entities hide; no test tool writes one"
            )

    def entity(name: str, *_rest: object) -> None:
        raise ReportError(f'cannot be read as {format}: it declares the entity "{name[:40]}", which is refused')

    def skipped(name: str, _is_parameter: bool) -> None:
        raise ReportError(f'cannot be read as {format}: it uses the entity "{name[:40]}", which nothing declares')

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 65_536
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = entity
    parser.SkippedEntityHandler = skipped
    return parser


def _count_elements(parser: expat.XMLParserType, start: StartHandler, end: EndHandler | None, format: str) -> None:
    """Set the handlers, and count in them: this is the hot path, and these few steps are all that it costs."""
    depth = 0
    room = MAX_ELEMENTS

    def on_start(name: str, attributes: Attributes) -> None:
        nonlocal depth, room
        depth += 1
        room -= 1
        if depth > MAX_DEPTH or room < 0:
            what = (
                f"nests deeper than {MAX_DEPTH} elements" if room >= 0 else f"holds more than {MAX_ELEMENTS:,} elements"
            )
            raise ReportError(f"cannot be read as {format}: it {what}")
        start(name, attributes)

    def on_end(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(name)

    def on_end_alone(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler = on_start
    parser.EndElementHandler = on_end_alone if end is None else on_end


def _refusal(error: expat.ExpatError, parser: expat.XMLParserType, chunk: bytes, fed: int, format: str) -> ReportError:
    line = max(error.lineno, 1)
    if error.code in _CUT_OFF:
        return ReportError(f"cannot be read as {format}: it ends in the middle", line)
    if error.code == _INVALID_TOKEN:
        at = parser.ErrorByteIndex - fed
        bad = chunk[at : at + 1] if 0 <= at < len(chunk) else b""
        if bad >= b"\x80":
            return ReportError(f"cannot be read as {format}: the byte 0x{bad.hex()} is not in its encoding", line)
        if _CONTROL.match(bad):
            return ReportError(f"cannot be read as {format}: it holds the control character 0x{bad.hex()}", line)
    what = expat.ErrorString(error.code) or "not well-formed"
    return ReportError(f"cannot be read as {format}: it is not well-formed XML ({what})", line)


def _about_encoding(error: Exception) -> bool:
    return "encoding" in str(error)

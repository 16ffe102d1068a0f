"""Lines of a text report that comes in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gate.collect.readers.errors import ReportError

MAX_LENGTH: Final = 1 << 20
"""The longest line of a text report, in bytes."""


def text_lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Yield (number of the first line, lines) for each piece, so that a caller may loop fast inside.

    Lines end with LF or CR LF and come without the LF; a byte order mark is dropped. Raises ReportError for a line of
    more than a megabyte, so that a file without line ends is not gathered in memory.
    """
    number = 1
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        if len(rest) > MAX_LENGTH:
            raise ReportError("has a line of more than a megabyte, which no coverage report has", number + len(lines))
        if lines:
            if number == 1:
                lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
            yield number, lines
            number += len(lines)
    if rest:
        yield number, [rest.removeprefix(b"\xef\xbb\xbf") if number == 1 else rest]

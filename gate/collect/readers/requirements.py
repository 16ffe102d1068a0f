"""pip's requirements and constraints files, read as data.

Format: https://pip.pypa.io/en/stable/reference/requirements-file-format/. Lines are joined, comments cut off and
options parsed by pip-requirements-parser, which is pip's own code; PEP 508 is read by packaging. Nothing is installed,
no other file is opened, no variable of the environment is put in, and no address that the file names is ever asked.
"""

from __future__ import annotations

import codecs
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from optparse import OptionParser, Values
from typing import cast

from gate.collect.readers.errors import ReportError
from gate.collect.readers.python_packages import Requirement, is_pypi, parse_requirement, without_credentials

LIMIT = 4 * 1024 * 1024
"""Bytes of one file."""
_MAX_LINES = 20_000
_MAX_OPTIONS = 4_096
"""Characters of the options of one line, without its hashes."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"^#.*?coding[:=]\s*([-\w.]+)")
_ENCODINGS = frozenset({"ascii", "utf-8", "iso8859-1", "iso8859-15", "cp1252"})
"""What a file may declare. Some of Python's other codecs take quadratic time."""

# The algorithms that pip takes; any other hash counts as none.
_HASH = re.compile(r"(?:^|\s)--hash[=\s]\s*sha(?:256|384|512):[0-9a-fA-F]+(?=\s|$)")
# Newer than the parser of options; what it sets is for the build, which the gate does not run.
_CONFIG = re.compile(r"(?:^|\s)(?:--config-settings?|-C)[=\s]\s*(?:\"[^\"]*\"|\S+)")
_OPTIONS = re.compile(r"(?:^|\s)(?=-)")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")


@dataclass(frozen=True, slots=True)
class Include:
    """`-r PATH` or `-c PATH`; the path is as it was written."""

    path: str
    line: int
    constraint: bool


@dataclass(frozen=True, slots=True)
class Index:
    """`--index-url`, `--extra-index-url` or `--find-links` other than PyPI, without credentials."""

    url: str
    line: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that pip would refuse, or that cannot be known without its machine. `reason` says why."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Requirements:
    """What one requirements file says."""

    requirements: tuple[Requirement, ...] = ()
    includes: tuple[Include, ...] = ()
    indexes: tuple[Index, ...] = ()
    bad_lines: tuple[BadLine, ...] = ()


@dataclass(slots=True)
class _Parts:
    requirements: list[Requirement] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    bad_lines: list[BadLine] = field(default_factory=list)


def read_requirements(data: bytes) -> Requirements:
    """Return what a requirements or constraints file says; a line that cannot be read is a BadLine.

    Raises ReportError where the file is no text or beyond every measure.
    """
    if len(data) > LIMIT:
        raise ReportError(f"has {len(data):,} bytes; at most {LIMIT:,} of a requirements file are read")
    parts = _Parts()
    options = _Options()
    for count, (number, line) in enumerate(_lines(_decode(data))):
        if count >= _MAX_LINES:
            raise ReportError(f"has more than {_MAX_LINES:,} lines with content", number)
        try:
            _read_line(line, number, options, parts)
        except ValueError as error:
            parts.bad_lines.append(BadLine(number, without_credentials(line), str(error)))
    return Requirements(tuple(parts.requirements), tuple(parts.includes), tuple(parts.indexes), tuple(parts.bad_lines))


def _decode(data: bytes) -> str:
    encoding = "utf-8"
    for mark, name in _BOMS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    else:
        for line in data.split(b"\n", 2)[:2]:
            if declared := _DECLARED.search(line):
                encoding = _known_encoding(declared[1].decode("ascii"))
                break
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line_number = data.count(b"\n", 0, error.start) + 1
        raise ReportError(f"is not {encoding.upper()} text", line_number) from None
    if "\0" in text:
        raise ReportError("is binary: it holds a zero byte", text.count("\n", 0, text.index("\0")) + 1)
    return text


def _known_encoding(declared: str) -> str:
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        name = ""
    if name not in _ENCODINGS:
        raise ReportError(f"declares the encoding {declared[:40]}, which is not read; use UTF-8", 1)
    return name


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each logical line with content and the number of its first line; comments are cut off."""
    from pip_requirements_parser import CommentLine, preprocess

    # Runs of blanks mean nothing to pip, and make its expression for comments take quadratic time.
    shrunk = "\n".join(re.sub(r"\s{2,}", " ", line) for line in text.splitlines())
    for item in preprocess(shrunk):
        if not isinstance(item, CommentLine):
            yield cast("tuple[int, str]", tuple(item))


class _Options:
    """pip's parser of options, built once; its lists are made anew for each line."""

    def __init__(self) -> None:
        from pip_requirements_parser import OptionParsingError, build_parser

        self._parser = cast(OptionParser, build_parser())
        self._error = cast("type[Exception]", OptionParsingError)

    def parse(self, text: str) -> tuple[Values, list[str]]:
        """Return the options and what is left over. Raises ValueError."""
        if len(text) > _MAX_OPTIONS:
            raise ValueError("has more options than a requirement can have")
        defaults = {
            key: list(value) if isinstance(value, list) else value for key, value in self._parser.defaults.items()
        }
        try:
            return self._parser.parse_args(shlex.split(text), Values(defaults))
        except self._error as error:
            told = str(getattr(error, "msg", error)).rpartition("error: ")[2]
            raise ValueError(without_credentials(told)) from None


def _read_line(line: str, number: int, options: _Options, parts: _Parts) -> None:
    if _VARIABLE.search(line):
        raise ValueError("pip puts a variable of its environment there, which nobody knows here")
    plain = _CONFIG.sub("", line)
    without_hashes = _HASH.sub("", plain)
    hashed = without_hashes != plain
    found = _OPTIONS.search(without_hashes)
    text = without_hashes[: found.start()].strip() if found else without_hashes.strip()
    values: Values | None = None
    if found:
        values, rest = options.parse(without_hashes[found.end() :])
        if rest:
            raise ValueError(f"has “{without_credentials(' '.join(rest))}” behind its options")
    if text:
        if values is not None:
            _refuse_top_level(values)
        parts.requirements.append(parse_requirement(text, number, hashed))
    elif hashed:
        raise ValueError("is a hash without a requirement")
    elif values is not None:
        _read_options(values, number, parts)


def _refuse_top_level(values: Values) -> None:
    named = [name for name in ("requirements", "constraints", "editables", "index_url") if getattr(values, name, None)]
    if named:
        raise ValueError("has an option behind the requirement that pip takes on a line of its own only")


def _read_options(values: Values, number: int, parts: _Parts) -> None:
    for name, constraint in (("requirements", False), ("constraints", True)):
        for path in getattr(values, name) or ():
            parts.includes.append(Include(str(path), number, constraint))
    for editable in values.editables or ():
        parts.requirements.append(parse_requirement(_as_target(str(editable)), number))
    urls = [values.index_url, *(values.extra_index_urls or ()), *(values.find_links or ())]
    parts.indexes += [Index(without_credentials(str(url)), number) for url in urls if url and not is_pypi(str(url))]


def _as_target(editable: str) -> str:
    """What `-e` takes is always a path or a URL, also when it looks like a name."""
    return editable if "/" in editable or ":" in editable or editable.startswith((".", "~")) else f"./{editable}"

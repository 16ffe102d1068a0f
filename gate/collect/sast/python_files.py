"""Which tracked files are Python: by name (`*.py`, `*.pyw`), and scripts without a suffix by their first line."""

from __future__ import annotations

import re
import warnings
from ast import PyCF_ONLY_AST
from collections.abc import Sequence
from dataclasses import dataclass

from gate.collect.disk import printable
from gate.collect.workspace import Entry, EntryType, ReadProblem, Workspace
from gate.formats.globs import matches_any
from gate.model.evidence import Gap

LIMIT = 5 * 1024 * 1024
"""Bytes of one Python file. Parsing takes some two hundred times as much memory, and no hand writes such a file."""

_SHEBANG = re.compile(rb"(?:\xef\xbb\xbf)?#![^\n]{0,200}?\b(?:python|pypy|uv run)[0-9.w]*(?:\s|$)")
_PEEK = 256


@dataclass(frozen=True, slots=True)
class PythonFile:
    """A tracked regular file that holds Python. `size` is in bytes, `sha256` of them in hex."""

    path: str
    size: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class PythonFiles:
    """The Python files of a workspace. `excluded` are those that the given globs left out."""

    files: tuple[PythonFile, ...]
    excluded: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


def python_files(workspace: Workspace, exclude: Sequence[str] = ()) -> PythonFiles:
    """Return the tracked Python files. Links are never followed; what cannot be read is a gap."""
    files: list[PythonFile] = []
    excluded: list[str] = []
    gaps: list[Gap] = []
    for entry in workspace.entries():
        if entry.type is not EntryType.FILE or not _is_python(workspace, entry):
            continue
        shown = printable(entry.path)
        if exclude and matches_any(exclude, shown):
            excluded.append(shown)
        elif shown != entry.path:
            gaps.append(Gap(shown, "has a name that is not UTF-8, so it was not scanned", shown))
        else:
            match _sized(workspace, entry.path):
                case Gap() as gap:
                    gaps.append(gap)
                case file:
                    files.append(file)
    return PythonFiles(tuple(files), tuple(excluded), tuple(gaps))


def _sized(workspace: Workspace, path: str) -> PythonFile | Gap:
    """Read a file once: what the gate cannot read, bandit must not be given."""
    try:
        content = workspace.read(path, LIMIT)
        return PythonFile(path, len(content.data), content.sha256)
    except ReadProblem as problem:
        return problem.gap()


def syntax_error_line(data: bytes) -> int | None:
    """Return the line on which a file stops being Python, None where that is not known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "file", "exec", PyCF_ONLY_AST, dont_inherit=True)
        except SyntaxError as error:
            return error.lineno if error.lineno and error.lineno > 0 else None
        except (ValueError, RecursionError, MemoryError):
            return None
    return None


def _is_python(workspace: Workspace, entry: Entry) -> bool:
    name = entry.path.rpartition("/")[2]
    if name.endswith((".py", ".pyw")):
        return True
    if "." in name[1:]:
        return False
    try:
        with workspace.stream(entry.path) as stream:
            start = next(iter(stream), b"")[:_PEEK]
    except ReadProblem:
        # Nothing says that it is Python; what cannot be read is a gap of the inventory.
        return False
    return _SHEBANG.match(start) is not None

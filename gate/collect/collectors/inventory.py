"""`inventory`: what the repository holds, and what of it is not there.

Request: nothing. Counted are the tracked files in the policy's scope; without git, everything on disk. Links and
submodules are not followed. What is tracked and cannot be looked at is a gap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from gate.collect.collector import Context
from gate.collect.disk import printable, walk
from gate.collect.inventory.languages import has_suffix, language_of, language_of_script
from gate.collect.inventory.names_of_tests import holds_python_tests, holds_tests
from gate.collect.inventory.python_test_count import TestFunctionCounter
from gate.collect.inventory.tool_configuration import tool_configuration
from gate.collect.process import ToolProblem
from gate.collect.workspace import Entry, EntryType, ReadProblem, Workspace
from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source
from gate.model.json import JsonObject

_PYTHON_LIMIT = 4 * 1024 * 1024
_LFS_START = b"version https://git-lfs.github.com/spec/v1"
_LFS_SIZE = 1024
"""Bytes: a pointer is smaller (Git LFS specification, "the pointer file must be smaller than 1024 bytes")."""
_MAX_GAPS = 1000
_ABSENT = ("absent", "bytes", "languages")
_UNKNOWN = ("absent", "bytes", "files", "languages", "test_files", "test_functions")


@dataclass(slots=True)
class _Tally:
    """What was counted so far."""

    files: int = 0
    bytes: int = 0
    symlinks: int = 0
    submodules: int = 0
    test_files: int = 0
    absent: dict[str, int] = field(
        default_factory=lambda: {"unreadable": 0, "lfs": 0, "submodule": 0, "sparse": 0, "unnamed": 0}
    )
    languages: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    gaps: list[Gap] = field(default_factory=list)

    def miss(self, what: str, path: str, reason: str, facts: tuple[str, ...]) -> None:
        """Note something that is not there to be looked at."""
        self.absent[what] += 1
        shown = printable(path)
        self.gaps.append(Gap(shown, reason, shown, facts=facts))


class InventoryCollector:
    """Counts files, languages and tests, and finds what is absent."""

    kind = "inventory"

    def collect(self, context: Context) -> Evidence:
        """Return the counts; `Missing` where there is no file at all."""
        workspace = context.workspace
        entries = workspace.entries()
        if not entries:
            where = f"in {printable(workspace.scope)}" if workspace.scope else "in the workspace"
            tracked = "tracked by git" if workspace.has_git else "there"
            return Missing(self.kind, f"no file {where} is {tracked}; check out the repository, or correct the scope")
        tally = _Tally()
        with TestFunctionCounter(context.runner, context.jobs) as counter:
            for entry in entries:
                _count_entry(workspace, entry, tally, counter.add)
            test_functions, gaps = counter.result()
        tally.gaps += gaps
        facts = _facts(tally) | {"test_functions": test_functions, "git": workspace.has_git}
        found = tool_configuration(workspace, context.changes)
        facts |= found.facts
        tally.gaps += found.gaps
        if workspace.has_git:
            try:
                facts["shallow"] = _is_shallow(context)
            except ToolProblem as problem:
                tally.gaps.append(Gap("history", f"could not be looked at: {problem}", facts=("shallow",)))
        source = Source(How.PRODUCED, tool="git" if workspace.has_git else None, detail=f"{tally.files:,} files")
        return Collected(self.kind, facts, (source,), _bounded(tally.gaps))


def _count_entry(workspace: Workspace, entry: Entry, tally: _Tally, add: Callable[[str, bytes], None]) -> None:
    if printable(entry.path) != entry.path:
        reason = "has a name that is not UTF-8, so no report can name it and scanners pass it over"
        tally.miss("unnamed", entry.path, reason, ("absent",))
    if entry.type is EntryType.SYMLINK:
        tally.symlinks += 1
    elif entry.type is EntryType.SUBMODULE:
        tally.submodules += 1
        if next(iter(walk(workspace.root, entry.path)), None) is None:
            reason = "is a submodule that is not checked out; check out with submodules: recursive"
            tally.miss("submodule", entry.path, reason, _UNKNOWN)
    else:
        _count_file(workspace, entry, tally, add)


def _count_file(workspace: Workspace, entry: Entry, tally: _Tally, add: Callable[[str, bytes], None]) -> None:
    path = entry.path
    tally.files += 1
    is_test = holds_tests(path)
    tally.test_files += is_test
    is_python_test = is_test and holds_python_tests(path)
    language = language_of(path)
    facts = (*_ABSENT, "test_functions") if is_python_test else _ABSENT
    try:
        start, size = workspace.peek(path)
        if size <= _LFS_SIZE and start.startswith(_LFS_START):
            tally.miss("lfs", path, "is a Git LFS pointer, not the file; check out with lfs: true", facts)
            return
        if language is None and not has_suffix(path):
            language = language_of_script(start)
        lines = 0 if language is None else _read_lines(workspace, path, start, size, is_python_test, tally, add)
    except ReadProblem as problem:
        if entry.sparse:
            tally.miss("sparse", path, "is left out by the sparse checkout", facts)
        else:
            tally.miss("unreadable", path, problem.reason, facts)
        return
    tally.bytes += size
    if language is not None:
        of_language = tally.languages[language]
        of_language[0] += 1
        of_language[1] += lines


def _read_lines(
    workspace: Workspace,
    path: str,
    start: bytes,
    size: int,
    is_python_test: bool,
    tally: _Tally,
    add: Callable[[str, bytes], None],
) -> int:
    """Return how many physical lines a file has, and hand Python tests on. Raises ReadProblem."""
    if len(start) == size:
        pieces = [start]
    elif is_python_test and size <= _PYTHON_LIMIT:
        pieces = [workspace.read(path).data]
    else:
        return _stream_lines(workspace, path, is_python_test, tally)
    if is_python_test:
        add(path, pieces[0])
    return _lines(pieces[0])


def _stream_lines(workspace: Workspace, path: str, is_python_test: bool, tally: _Tally) -> int:
    if is_python_test:
        reason = f"is larger than the {_PYTHON_LIMIT:,} bytes that are parsed, so its test functions were not counted"
        tally.gaps.append(Gap(printable(path), reason, printable(path), facts=("test_functions",)))
    lines = 0
    last = b"\n"
    with workspace.stream(path) as stream:
        for piece in stream:
            lines += piece.count(b"\n")
            last = piece[-1:]
    return lines + (last != b"\n")


def _lines(data: bytes) -> int:
    return data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))


def _facts(tally: _Tally) -> JsonObject:
    return {
        "files": tally.files,
        "bytes": tally.bytes,
        "symlinks": tally.symlinks,
        "submodules": tally.submodules,
        "languages": {
            name: {"files": files, "lines": lines} for name, (files, lines) in sorted(tally.languages.items())
        },
        "test_files": tally.test_files,
        "absent": dict(tally.absent),
    }


def _is_shallow(context: Context) -> bool:
    """Whether the history was cut off. Raises ToolProblem, also for a tree that was fetched without its history."""
    from gate.collect.git import NoRepositoryError, Repository

    try:
        return Repository(context.workspace.root, context.runner, context.tools.find("git")).is_shallow()
    except NoRepositoryError:
        raise ToolProblem("git", "finds no repository") from None


def _bounded(gaps: list[Gap]) -> tuple[Gap, ...]:
    """Return the gaps; of very many, the first ones and one that stands for the rest."""
    if len(gaps) <= _MAX_GAPS:
        return tuple(gaps)
    rest = gaps[_MAX_GAPS:]
    facts = tuple(sorted({fact for gap in rest for fact in gap.facts}))
    return (
        *gaps[:_MAX_GAPS],
        Gap(f"{len(rest):,} more", "could not be looked at either, and are not listed", facts=facts),
    )

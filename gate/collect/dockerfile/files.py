"""Which tracked files are Dockerfiles: by name, and then by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gate.collect.disk import printable
from gate.collect.readers.dockerfile import Dockerfile, first_word, read_dockerfile
from gate.collect.readers.dockerfile_lines import KEYWORDS
from gate.collect.readers.errors import ReportError
from gate.collect.workspace import EntryType, ReadProblem, Workspace
from gate.formats.globs import matches_any
from gate.model.evidence import Gap

LIMIT = 2 * 1024 * 1024
"""Bytes of one Dockerfile."""
LOOKED_FOR = "Dockerfile, Dockerfile.*, *.Dockerfile, Containerfile, Containerfile.*, *.Containerfile"
_STEMS = frozenset({"dockerfile", "containerfile"})
_TEMPLATE_WORDS = "cheetah erb ejs gotmpl hbs in j2 jinja jinja2 liquid m4 mako mustache njk template tmpl tpl"
_TEMPLATES = frozenset(_TEMPLATE_WORDS.split())
_OTHER_WORDS = (
    "adoc bash bat c cfg cc class cmd conf cpp cs css csv diff dockerignore ex exs go gz h hcl html ini ipynb java jpg"
    " js json jsonnet jsx kt lock lua map md mdx mjs nix orig patch pdf php pl png properties proto ps1 py pyc pyi rb"
    " rs rst sarif scala sh sql svg swift tf toml ts tsx txt vim xml yaml yml zip"
)
_OTHERS = frozenset(_OTHER_WORDS.split())
"""Endings of other languages: `dockerfile.py` without a FROM is not a broken Dockerfile, but something else."""
_FIRST = ("FROM", "ARG")
_PART_OF_NAME = re.compile(r"(?:^|[-_.])(?:docker|container)file(?:[-_.]|$)", re.IGNORECASE)
_MARKS = (b"{{", b"{%", b"<%")


@dataclass(frozen=True, slots=True)
class DockerfileRead:
    """A tracked file that is a Dockerfile. `sha256` is of `data`, in hex."""

    path: str
    data: bytes
    sha256: str
    content: Dockerfile


@dataclass(frozen=True, slots=True)
class Found:
    """The Dockerfiles of a workspace. `failed` were to be read and could not be, each with a gap."""

    files: tuple[DockerfileRead, ...]
    excluded: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


def is_named_like_one(path: str) -> bool:
    """Whether a file is called Dockerfile or Containerfile, with or without a beginning or an ending, in any case."""
    name = path.rpartition("/")[2].lower()
    if "file" not in name:
        return False  # as nearly every path of a tree
    first, last = name.partition(".")[0], name.rpartition(".")[2]
    return (first in _STEMS or last in _STEMS) and last != "dockerignore"


def is_named_after_one(path: str) -> bool:
    """Whether a name says Dockerfile as a part of it, as in `Dockerfile-prod`: then what stands in it decides."""
    return _PART_OF_NAME.search(path.rpartition("/")[2]) is not None


def find_dockerfiles(
    workspace: Workspace, named: Sequence[str] = (), exclude: Sequence[str] = (), built: Collection[str] = ()
) -> Found:
    """Return the Dockerfiles: those that the globs `named` match, else those with the usual names.

    `built` are paths of further ones, whatever they are called.
    """
    search = _Search(workspace, bool(named))
    for path in built:
        shown = printable(path)
        if exclude and matches_any(exclude, shown):
            search.excluded.append(shown)
        else:
            search.read(path, foreign=False, certain=True)
    for entry in workspace.entries():
        if entry.path in built:
            continue
        shown = printable(entry.path)
        usual = matches_any(named, shown) if named else is_named_like_one(entry.path)
        if not usual and (named or not is_named_after_one(entry.path)):
            continue
        if exclude and matches_any(exclude, shown):
            search.excluded.append(shown)
        elif entry.type is EntryType.SYMLINK and usual:
            search.link(entry.path)
        elif entry.type is EntryType.FILE:
            search.read(entry.path, foreign=not usual)
    files = sorted(search.files, key=lambda file: file.path)
    return Found(tuple(files), tuple(search.excluded), tuple(search.failed), tuple(search.gaps))


class _Search:
    """What was found so far."""

    def __init__(self, workspace: Workspace, named: bool) -> None:
        self._workspace = workspace
        self._named = named
        self.files: list[DockerfileRead] = []
        self.excluded: list[str] = []
        self.failed: list[str] = []
        self.gaps: list[Gap] = []

    def link(self, path: str) -> None:
        """Links are not followed; one with the name of another language may be anything."""
        if self._named or not _is_of_another_language(path):
            self._miss(path, "is a symbolic link, which is not followed: name what it leads to, or exclude it")

    def read(self, path: str, *, foreign: bool, certain: bool = False) -> None:
        """Read a file: it is a Dockerfile, something else by its ending and its content, or a gap.

        `foreign` is whether its name alone does not make it one; `certain` whether it is one whatever its name.
        """
        foreign = foreign or (not self._named and not certain and _is_of_another_language(path))
        try:
            content = self._workspace.read(path, LIMIT)
        except ReadProblem as problem:
            if not foreign:
                self._miss(path, problem.reason)
            return
        try:
            first = first_word(content.data)
            foreign = foreign and first not in KEYWORDS
            if foreign and first.upper() not in _FIRST:
                return
            if (ending := _ending(path)) in _TEMPLATES:
                self._miss(path, f"is a template (.{ending}), and what it becomes is not known: exclude it")
                return
            parsed = read_dockerfile(content.data)
        except ReportError as error:
            if not foreign:
                self._miss(path, f"{error.reason}{_told_by_marks(content.data)}", error.line)
            return
        self.files.append(DockerfileRead(printable(path), content.data, content.sha256, parsed))

    def _miss(self, path: str, reason: str, line: int | None = None) -> None:
        shown = printable(path)
        self.failed.append(shown)
        self.gaps.append(Gap(shown, reason, shown, line))


def _is_of_another_language(path: str) -> bool:
    return _ending(path) in _OTHERS


def _ending(path: str) -> str:
    """Return what stands behind the last dot of a name, in lower case; "" without a dot."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def _told_by_marks(data: bytes) -> str:
    return ", and looks like a template" if any(mark in data for mark in _MARKS) else ""

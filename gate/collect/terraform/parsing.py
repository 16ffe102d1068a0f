"""The files of Terraform in a tree, parsed: each content once, in children with limits, kept under its hash."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from gate.collect.disk import printable
from gate.collect.process import ToolProblem
from gate.collect.readers.hcl_tree import Block, from_json
from gate.collect.workspace import ReadProblem
from gate.formats.strict_json import JsonProblem, loads
from gate.model.evidence import Gap

if TYPE_CHECKING:
    from gate.collect.collector import Context
    from gate.collect.workspace import Content
    from gate.model.json import Json

LIMIT = 2 * 1024 * 1024
"""Bytes of one file: ten seconds of parsing."""
_SPACE = "terraform-files"
_REVISION = "1"
"""Of what is kept: raise it when `hcl_tree` or the readers change what they say of a file."""
_MEMORY = 2 * 1024**3
_SECONDS = 300.0
_ALL_SECONDS = 900.0
"""When no further child is started, whatever is left."""
_BATCH_FILES = 200
_BATCH_BYTES = 512 * 1024
_MODULE = "gate.collect.terraform.parse_child"
_MARK: tuple[str, bytes] = ("canary.tf", b'resource "gate_canary" "planted" {\n  found = true\n}\n')
"""Parsed with every batch: a parser that does not find it is broken, and its answers do not count."""


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """One file. `block` is None where it could not be parsed; then there is a gap about it."""

    path: str
    sha256: str
    data: bytes
    block: Block | None = None


@dataclass(slots=True)
class Parsed:
    """The files that could be read, in the order they were asked for, and what went wrong."""

    files: list[ParsedFile] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    cached: int = 0

    @property
    def failures(self) -> int:
        """How many files were read and not parsed."""
        return sum(file.block is None for file in self.files)


@dataclass(frozen=True, slots=True)
class _Answer:
    block: Block | None = None
    reason: str = ""
    line: int | None = None


_Input = tuple[str, bytes]
_Key = tuple[str, str]


def parse_files(context: Context, paths: Iterable[str], facts: tuple[str, ...] = ()) -> Parsed:
    """Parse files of the workspace. `facts` are those that a file which cannot be parsed casts doubt on."""
    parsed = Parsed()
    contents: list[Content] = []
    for path in paths:
        try:
            contents.append(context.workspace.read(path, LIMIT))
        except ReadProblem as problem:
            parsed.gaps.append(problem.gap(facts))
    answers = _answers(context, contents, parsed)
    for content in contents:
        answer = answers[_key(content)]
        parsed.files.append(ParsedFile(content.path, content.sha256, content.data, answer.block))
        if answer.block is None:
            shown = printable(content.path)
            parsed.gaps.append(Gap(shown, answer.reason, shown, answer.line, facts))
    return parsed


def _key(content: Content) -> _Key:
    """What the answer depends on: the syntax and the bytes."""
    name = content.path.rpartition("/")[2].lower()
    suffix = next((end for end in (".tfvars.json", ".json") if name.endswith(end)), ".tf")
    return suffix, content.sha256


def _answers(context: Context, contents: Sequence[Content], parsed: Parsed) -> dict[_Key, _Answer]:
    answers: dict[_Key, _Answer] = {}
    wanted: dict[_Key, _Input] = {}
    for content in contents:
        key = _key(content)
        if key in answers or key in wanted:
            continue
        known = context.cache.get(_SPACE, (*_depends(), *key))
        answer = None if known is None else _kept(known.value)
        if answer is None:
            wanted[key] = (f"x{key[0]}", content.data)
        else:
            answers[key] = answer
            parsed.cached += 1
    for key, answer, told in _parse_all(context, wanted):
        answers[key] = answer
        if told is not None:
            context.cache.put(_SPACE, (*_depends(), *key), told)
    return answers


def _kept(value: Json) -> _Answer | None:
    try:
        return _read(value)
    except ValueError:
        return None


@cache
def _depends() -> tuple[str, ...]:
    from importlib.metadata import version

    return (f"python-hcl2 {version('python-hcl2')}", f"lark {version('lark')}", _REVISION)


def _parse_all(context: Context, wanted: dict[_Key, _Input]) -> list[tuple[_Key, _Answer, Json]]:
    """Return (key, answer, what may be kept of it). Raises nothing."""
    until = monotonic() + _ALL_SECONDS
    batches = list(_batches(list(wanted.items())))
    with ThreadPoolExecutor(max_workers=max(1, context.jobs)) as pool:
        done = pool.map(lambda batch: _parse_batch(context, batch, until), batches)
        return [each for batch in done for each in batch]


def _batches(items: list[tuple[_Key, _Input]]) -> Iterable[list[tuple[_Key, _Input]]]:
    batch: list[tuple[_Key, _Input]] = []
    size = 0
    for item in items:
        if batch and (len(batch) >= _BATCH_FILES or size >= _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += len(item[1][1])
    if batch:
        yield batch


def _parse_batch(context: Context, batch: list[tuple[_Key, _Input]], until: float) -> list[tuple[_Key, _Answer, Json]]:
    """Ask one child; where it does not answer, ask for halves, until the file that it died of is alone."""
    if monotonic() > until:
        return [(key, _Answer(reason="was not parsed: all files together took too long"), None) for key, _ in batch]
    try:
        told = _ask(context, [item for _, item in batch])
    except ToolProblem as problem:
        if len(batch) == 1:
            return [(batch[0][0], _Answer(reason=f"could not be parsed: {problem}"), None)]
        middle = len(batch) // 2
        return [*_parse_batch(context, batch[:middle], until), *_parse_batch(context, batch[middle:], until)]
    return [(key, _read(answer), answer) for (key, _), answer in zip(batch, told, strict=True)]


def _ask(context: Context, files: Sequence[_Input]) -> list[Json]:
    """Return a child's answers, each of which `_read` understands. Raises ToolProblem."""
    given = [{"name": name, "data": base64.b64encode(data).decode()} for name, data in (*files, _MARK)]
    completed = context.runner.run(
        Path(sys.executable),
        ["-I", "-m", _MODULE],
        cwd=Path("/"),
        timeout=_SECONDS,
        stdin=json.dumps(given).encode(),
        memory=_MEMORY,
    )
    try:
        answers = loads(completed.stdout, limit=512 * 1024 * 1024)
        if not isinstance(answers, list) or len(answers) != len(given):
            raise ValueError("does not answer for each file")
        blocks = [_read(answer) for answer in answers]
    except (JsonProblem, ValueError):
        raise ToolProblem("the parser", "gave an answer that is not understood") from None
    planted = blocks[-1].block
    if planted is None or [block.labels for block in planted.blocks] != [("gate_canary", "planted")]:
        raise ToolProblem("the parser", "does not find the resource that was planted for it")
    return answers[:-1]


def _read(answer: Json) -> _Answer:
    """Raises ValueError."""
    if not isinstance(answer, dict):
        raise ValueError("is no answer")
    if "block" in answer:
        return _Answer(from_json(answer["block"]))
    reason, line = answer.get("reason"), answer.get("line")
    if not isinstance(reason, str):
        raise ValueError("is no answer")
    return _Answer(None, reason, line if isinstance(line, int) and not isinstance(line, bool) else None)

"""What a GitHub runner reads from us: outputs, the job summary and log commands.

Formats and limits are those of actions/runner (FileCommandManager, ActionCommand): an output file is read line by line
and a value of several lines needs a delimiter that stands in no line of it; a summary of over 1 MiB is dropped whole; a
log line that begins with `::` or holds `##[` is a command.
"""

from __future__ import annotations

import os
import re
import stat
import uuid
from collections.abc import Mapping
from pathlib import Path

from gate.errors import NotPublishedError
from gate.formats.plain import one_line

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step's summary; GitHub drops one that is longer."""
END_GROUP = "::endgroup::"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_COMMAND = re.compile(r"[a-z]+(?:-[a-z]+)*")
_LONGEST_LINE = 1000
_CUT = "\n\n<sub>Cut here: GitHub takes no more than 1 MiB. The JSON report has everything.</sub>\n"
_FOLD = re.compile(r"<(/?)details>")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


def write_outputs(path: Path, outputs: Mapping[str, str]) -> None:
    """Append outputs to GITHUB_OUTPUT, all in one write, each behind a random delimiter. Raises NotPublishedError."""
    _append(path, "".join(_output(name, value) for name, value in outputs.items()), "GITHUB_OUTPUT")


def write_summary(path: Path, markdown: str) -> None:
    """Append Markdown to GITHUB_STEP_SUMMARY, cut to what the summary has room for. Raises NotPublishedError.

    A renderer that has `summary_room` for its budget cuts better; this is for text that is too long all the same.
    """
    _append(path, cut(markdown, summary_room(path)), "GITHUB_STEP_SUMMARY")


def summary_room(path: Path) -> int:
    """Return how many bytes the summary of this step may still take: one step may write several times."""
    try:
        return max(0, SUMMARY_LIMIT - path.lstat().st_size)
    except OSError:
        return SUMMARY_LIMIT


def cut(markdown: str, limit: int) -> str:
    """Return Markdown of at most `limit` UTF-8 bytes: cut at the end of a line, with fences and folds closed.

    Returns "" where not even the note that it was cut has room.
    """
    if len(markdown.encode("utf-8", "replace")) <= limit:
        return markdown
    head = markdown.encode("utf-8", "replace")[: max(0, limit)].decode("utf-8", "ignore")
    while (end := head.rfind("\n")) > 0:
        head = head[:end]
        text = head + _closings(head) + _CUT
        if len(text.encode()) <= limit:
            return text
    return _CUT.lstrip() if len(_CUT.lstrip().encode()) <= limit else ""


def command(name: str, message: str, **properties: str) -> str:
    """Return a workflow command, everything in it escaped: `::error file=a,line=3::message`.

    Raises ValueError for a name of a command or property that is none; those are ours.
    """
    if not _COMMAND.fullmatch(name) or not all(_NAME.fullmatch(key) for key in properties):
        raise ValueError(f"{name!r} with {sorted(properties)} is no workflow command")
    listed = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items())
    return f"::{name}{' ' if listed else ''}{listed}::{_escape_data(message)}"


def group(title: str) -> str:
    """Return the command that opens a fold of the log; END_GROUP closes it."""
    return command("group", one_line(title, 100))


def neutralise(line: str) -> str:
    """Return a line of someone else's as one that is no command and cannot steer a terminal."""
    text = re.sub(r":(?=:)", ": ", one_line(line, _LONGEST_LINE)).replace("##[", "# #[")
    return f"| {text}"


def _output(name: str, value: str) -> str:
    if not _NAME.fullmatch(name):
        raise NotPublishedError(f"{name!r} is no name of an output.")
    delimiter = f"gate-{uuid.uuid4()}"
    if delimiter in value:  # one in 2^122, unless somebody can see into our random numbers
        raise NotPublishedError(f"The output {name} holds its own delimiter.")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _closings(text: str) -> str:
    """Return what closes the fence and the folds that are open at the end of a text."""
    open_fence = ""
    for match in _FENCE.finditer(text):
        if not open_fence:
            open_fence = match[1]
        elif match[1][0] == open_fence[0] and len(match[1]) >= len(open_fence):
            open_fence = ""
    depth = 0
    for match in _FOLD.finditer(text):
        depth = max(0, depth - 1) if match[1] else depth + 1
    return (f"\n{open_fence}" if open_fence else "") + "\n\n</details>" * depth


def _append(path: Path, text: str, variable: str) -> None:
    """Append to a file that the runner made; a link or a pipe in its place was put there by somebody else."""
    # A pipe without a reader would let us wait for ever: with O_NONBLOCK it is refused.
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o644)
        with os.fdopen(descriptor, "rb+", buffering=0) as stream:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise NotPublishedError(f"{variable} is not a regular file ({path}).")
            before = os.pread(descriptor, 1, found.st_size - 1) if found.st_size else b"\n"
            # Ours would else be the end of a line that an earlier command of the step left open.
            data = (b"" if before == b"\n" else b"\n") + text.encode("utf-8", "replace")
            while data:
                data = data[stream.write(data) :]
    except OSError as error:
        raise NotPublishedError(f"{variable} ({path}) cannot be written: {error.strerror}.") from error


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")

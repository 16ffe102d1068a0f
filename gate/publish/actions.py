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
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def write_outputs(path: Path, outputs: Mapping[str, str]) -> None:
    """Append outputs to GITHUB_OUTPUT, each behind a random delimiter. Raises NotPublishedError."""
    text = "".join(_output(name, value) for name, value in outputs.items())
    _append(path, text, "GITHUB_OUTPUT")


def write_summary(path: Path, markdown: str) -> None:
    """Append Markdown to GITHUB_STEP_SUMMARY. It must fit in 1 MiB of bytes. Raises NotPublishedError."""
    size = len(markdown.encode())
    if size > SUMMARY_LIMIT:
        raise NotPublishedError(f"The job summary is {size:,} bytes, and GitHub drops one over {SUMMARY_LIMIT:,}.")
    _append(path, markdown, "GITHUB_STEP_SUMMARY")


def command(name: str, message: str, **properties: str) -> str:
    """Return a workflow command, everything in it escaped: `::error file=a,line=3::message`."""
    listed = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items())
    return f"::{name}{' ' if listed else ''}{listed}::{_escape_data(message)}"


def neutralise(line: str) -> str:
    """Return a line of someone else's as one that is no command and cannot steer a terminal."""
    return "| " + one_line(line, 1000).replace("::", ": :").replace("##[", "# #[")


def _output(name: str, value: str) -> str:
    if not _NAME.fullmatch(name):
        raise NotPublishedError(f"{name!r} is no name of an output.")
    delimiter = f"gate-{uuid.uuid4().hex}"
    if delimiter in value:  # one in 2^122, unless somebody can see into our random numbers
        raise NotPublishedError(f"The output {name} holds its own delimiter.")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _append(path: Path, text: str, variable: str) -> None:
    """Append to a file that the runner made; a link in its place was put there by somebody else."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "a", encoding="utf-8", newline="\n") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise NotPublishedError(f"{variable} is not a regular file ({path}).")
            stream.write(text)
    except OSError as error:
        raise NotPublishedError(f"{variable} ({path}) cannot be written: {error.strerror}.") from error


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")

"""Writing reports to files that the user named."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from gate.errors import UserError


def write_report(path: Path, text: str, workspace: Path) -> None:
    """Write a report in one step: a reader sees the old file or the new one, never half of one.

    A link at `path` is replaced, not followed. A path that is written as one below the workspace must lie there in
    truth: a folder of the checkout that is a link would let the change under judgement choose where we write. The
    file belongs to the owner of its folder, since in a container we are root and the next step is not. Raises
    UserError.
    """
    folder = path.parent
    try:
        _make(folder)
        _refuse_detour(path, workspace)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".gate-")
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        _give_to_owner(Path(temporary), folder)
        Path(temporary).replace(path)
    except OSError as error:
        raise UserError(f"The report {path} cannot be written: {error.strerror}. Name another file.") from error


def _refuse_detour(path: Path, workspace: Path) -> None:
    lexical = Path(os.path.abspath(path))  # noqa: PTH100 - without following links, unlike resolve()
    root = Path(os.path.abspath(workspace))  # noqa: PTH100
    if lexical.is_relative_to(root) and not lexical.parent.resolve().is_relative_to(root.resolve()):
        raise UserError(
            f"The report {path} would be written outside of the workspace through a link; name another file."
        )


def _make(folder: Path) -> None:
    """Make a folder and those above it; each belongs to the owner of the one that it is in."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        _own_like(folder, folder.parent)


def _give_to_owner(file: Path, folder: Path) -> None:
    file.chmod(0o644)
    _own_like(file, folder)


def _own_like(path: Path, folder: Path) -> None:
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid)

"""Writing reports to files that the user named."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from gate.errors import UserError


def write_report(path: Path, text: str, workspace: Path) -> None:
    """Write a report in one step: a reader sees the old file or the new one, never half of one.

    In the workspace a link at `path` is replaced, not followed, and what is no regular file is refused. Outside, the
    user means what is there: a device, a pipe or a link (/dev/stdout) is written to and stays what it is. A path that
    is written as one below the workspace must lie there in truth: a folder of the checkout that is a link would let
    the change under judgement choose where we write. The file belongs to the owner of its folder, since in a container
    we are root and the next step is not. Raises UserError.
    """
    folder = path.parent
    try:
        _make(folder)
        inside = _refuse_detour(path, workspace)
        if not inside and (path.is_symlink() or _is_special(path)):
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        if _is_special(path):
            raise UserError(f"The report {path} would replace what is no regular file; name another one.")
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".gate-")
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        _give_to_owner(Path(temporary), folder)
        Path(temporary).replace(path)
    except OSError as error:
        raise UserError(f"The report {path} cannot be written: {error.strerror}. Name another file.") from error


def _is_special(path: Path) -> bool:
    """Whether something other than a regular file, a link or nothing lies there. A folder is one, too."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))


def _refuse_detour(path: Path, workspace: Path) -> bool:
    """Return whether a path is written as one below the workspace. Raises UserError when it then is none in truth."""
    lexical = Path(os.path.abspath(path))  # noqa: PTH100 - without following links, unlike resolve()
    root = Path(os.path.abspath(workspace))  # noqa: PTH100
    inside = lexical.is_relative_to(root)
    if inside and not lexical.parent.resolve().is_relative_to(root.resolve()):
        raise UserError(
            f"The report {path} would be written outside of the workspace through a link; name another file."
        )
    return inside


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

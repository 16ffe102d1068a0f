"""The tree of a commit, unpacked from an archive of it, as a workspace: everything in it is tracked.

An archive is not the tree. `.gitattributes` of the commit itself keep files out of it (`export-ignore`) and change what
is in others (`export-subst`, line ends), so who writes the commit could hide a file from whoever scans the archive.
Therefore it is held against the ids that git's tree has: what is not in the archive as the tree says is taken away from
the disk and stays listed, and every collector that would have read it says that it is not there.

Since everything is tracked, no file of the tree passes for a report of a run (`gate.collect.reports`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gate.collect.unpack import Unpacked, blob
from gate.collect.workspace import Entry, EntryType, Workspace

_FILES = ("100644", "100755")
_TYPES = {"120000": EntryType.SYMLINK, "160000": EntryType.SUBMODULE}
_LARGEST_TEXT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Listed:
    """What a commit's tree has at a path: its mode in six digits, and the id of what is there."""

    mode: str
    sha: str


def commit_tree(
    root: Path, unpacked: Unpacked, listed: Mapping[str, Listed], scope: str
) -> tuple[Workspace, list[str]]:
    """Return the workspace of an unpacked tree, and the files that the archive leaves out or changes.

    `listed` is the tree by path. Files that the tree does not have are removed as well. Raises OSError.
    """
    wanted = {path: item.sha for path, item in listed.items() if item.mode in _FILES}
    spoiled = [path for path, sha in wanted.items() if not _as_listed(root, path, unpacked.files.get(path), sha)]
    for path in (*spoiled, *(path for path in unpacked.files if path not in wanted)):
        if path in unpacked.files:
            (root / path).unlink()
    return Workspace(root, tracked=tuple(_entries(listed.items())), scope=scope), sorted(spoiled)


def _entries(listed: Iterable[tuple[str, Listed]]) -> Iterable[Entry]:
    for path, item in listed:
        yield Entry(path, _TYPES.get(item.mode, EntryType.FILE), item.mode == "100755")


def _as_listed(root: Path, path: str, found: str | None, wanted: str) -> bool:
    """Whether a file is what the tree says. Line ends that the archive has and the tree has not are taken back."""
    if found is None or found == wanted:
        return found is not None
    place = root / path
    if place.stat().st_size > _LARGEST_TEXT:
        return False
    data = place.read_bytes().replace(b"\r\n", b"\n")
    digest = blob(len(data))
    digest.update(data)
    if digest.hexdigest() != wanted:
        return False
    place.unlink()
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
    return True

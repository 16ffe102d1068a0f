"""Which file of the tree a report means."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Sequence

from gate.collect.checkouts import below_checkout

USUAL_ROOTS = ("/src", "/workspace", "/repo", "/code", "/project")
"""Where scanners in containers find the repository."""
_WORD = re.compile(r"[a-z0-9.+~-]+")
_MOST_SEARCHED = 500


def tree_path(written: str, files: Collection[str], roots: Sequence[str], scope: str = "") -> str | None:
    """Return the path in the tree of a file that a report names, None where it is none of `files`.

    An absolute path counts only below a folder that is known to be the repository's root (`roots`, the usual ones and
    those of CI's checkouts): a name alone could be of any lock file. A relative one is from the root, or the scope.
    """
    plain = posixpath.normpath(written.replace("\\", "/").removeprefix("file://"))
    if not plain.startswith("/"):
        candidates = [plain, posixpath.normpath(posixpath.join(scope, plain))] if scope else [plain]
        return next((path for path in candidates if path in files), None)
    for root in (*roots, *USUAL_ROOTS):
        below = plain.removeprefix(f"{root.rstrip('/')}/")
        if below != plain and below in files:
            return below
    found = below_checkout(plain)
    return found if found in files else None


def speaks_of(data: bytes, names: Collection[tuple[str, str]]) -> bool:
    """Whether the text of a lock file holds these packages: name (its last part) and version, each somewhere in it.

    So a report on another file of the same name, or on an earlier state of this one, is not taken for one on this.
    """
    text = data.decode("utf-8", "replace").lower().replace("_", "-")
    wanted = {part for name, version in names for part in (_last(name), version.lower().replace("_", "-")) if part}
    # Nearly all stand as words of their own; searching the whole text for each of thousands would take minutes.
    left = wanted - {word.removeprefix("v") for word in _WORD.findall(text)}
    return len(left) <= _MOST_SEARCHED and all(part in text for part in left)


def _last(name: str) -> str:
    return re.split(r"[/:]", name)[-1].lower().replace("_", "-")

"""Copies in shares that Trivy is given one by one: side by side, and each to be kept by itself.

Folders that call each other as modules stay together, because what is found in a module depends on who calls it. Which
share a group of folders is in depends on its own name and on the size of the tree alone, so that a change in one place
leaves the other shares as they are.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from hashlib import sha256

from gate.collect.terraform.copies import Copy
from gate.collect.terraform.evaluate import evaluate
from gate.collect.terraform.parsing import ParsedFile
from gate.collect.terraform.tree import folder_of, is_local

_FILES = 64
"""Of one share, about. Trivy takes about a second of one core to load its checks."""
_MOST = 8


def shares_of(copies: Sequence[Copy], files: Sequence[ParsedFile]) -> list[list[Copy]]:
    """Return the copies in shares, the largest first, none empty. `files` are those that the copies were made of."""
    count = 1
    while count < _MOST and count * _FILES * 2 <= len(copies):
        count *= 2
    if count == 1:
        return [list(copies)] if copies else []
    leader = _leaders(files)
    shares: dict[int, list[Copy]] = {}
    for copy in copies:
        name = leader(folder_of(copy.path))
        number = int.from_bytes(sha256(name.encode("utf-8", "surrogateescape")).digest()[:4]) % count
        shares.setdefault(number, []).append(copy)
    return sorted((shares[number] for number in sorted(shares)), key=len, reverse=True)


class _Groups:
    """Folders that belong together; the first by name stands for all of them."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def __call__(self, folder: str) -> str:
        """Return the folder that stands for the group of this one."""
        while (above := self._above.get(folder, folder)) != folder:
            further = self._above.get(above, above)
            self._above[folder] = further
            folder = further
        return folder

    def join(self, one: str, other: str) -> None:
        """Note that two folders belong together."""
        first, second = sorted((self(one), self(other)))
        self._above[second] = first


def _leaders(files: Sequence[ParsedFile]) -> _Groups:
    groups = _Groups()
    for file in files:
        folder = folder_of(file.path)
        for block in file.block.named("module") if file.block else ():
            attribute = block.attributes.get("source")
            source = evaluate(attribute.expression) if attribute else None
            if isinstance(source, str) and is_local(source):
                called = posixpath.normpath(posixpath.join(folder, source))
                groups.join(folder, "" if called == "." else called)
    return groups

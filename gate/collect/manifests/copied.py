"""Folders of the gate's making, in which helm and kubectl find copies of files and nothing else."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gate.collect.safe_open import parts_of

NOWHERE: Mapping[str, str] = dict.fromkeys(
    ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9"
) | {"NO_PROXY": "", "no_proxy": "", "GIT_ALLOW_PROTOCOL": "none"}
"""An environment in which neither Go's HTTP client nor git reaches another machine: port 9 discards (RFC 863)."""
_MEGABYTE = 1024 * 1024
MOST_BYTES = 128 * _MEGABYTE
"""Of all files of one chart or kustomization."""
MOST_FILES = 20_000


@contextmanager
def copied(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Give a new folder that holds these files (plain POSIX path → bytes), and is removed afterwards.

    Raises OSError, and OpenProblem for a path that leads out of the folder.
    """
    # As root, children may run as somebody else (gate.collect.isolation).
    shared = os.geteuid() == 0
    with tempfile.TemporaryDirectory(prefix="gate-copy-", ignore_cleanup_errors=True) as path:
        root = Path(path)
        if shared:
            root.chmod(0o755)
        made = {root}
        for name, data in files.items():
            parts = parts_of(name)
            _folders(root, parts[:-1], made, shared)
            target = root.joinpath(*parts)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            if shared:
                target.chmod(0o644)
        yield root


def digest_of(files: Mapping[str, bytes], *rest: str) -> str:
    """Return the SHA-256 of files with their paths, and of what else a result depends on."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name!r} {hashlib.sha256(files[name]).hexdigest()}\n".encode("utf-8", "backslashreplace"))
    whole.update(repr(rest).encode("utf-8", "backslashreplace"))
    return whole.hexdigest()


def _folders(root: Path, parts: tuple[str, ...], made: set[Path], shared: bool) -> None:
    folder = root
    for part in parts:
        folder = folder / part
        if folder not in made:
            folder.mkdir(mode=0o700)
            if shared:
                folder.chmod(0o755)
            made.add(folder)

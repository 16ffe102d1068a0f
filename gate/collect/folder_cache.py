"""The cache in a folder: safe to delete at any time, and to restore with actions/cache.

Entries whose keys differ in the last part only are one file (`cache_pack`), named by the SHA-256 of what they share. It
is read once, when the first of them is asked for, and written once, by `save`. What lies in the folder is hostile data:
only regular files of one name are read, never through a link, up to a size, and each value is held against its
checksum. Whatever is not as it should be is removed and counts as nothing. Where the folder cannot be written to, that
is told once in the log; a cache never makes a run fail and never changes a verdict.

Several processes may use one folder: files are replaced in one step, and entries that another process wrote meanwhile
are taken over. Two that save in the same instant may lose entries of one of them, which are then worked out again.

Size: a file has at most PACK_LIMIT bytes, the folder at most FOLDER_LIMIT of files of the cache; what was not asked for
(or written) longest goes first.
"""

from __future__ import annotations

import json
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from gate.collect.cache import Cached
from gate.model.json import Json

if TYPE_CHECKING:  # msgspec is imported when the first entry is asked for
    from gate.collect.cache_pack import Entry

PACK_LIMIT = 16 * 1024 * 1024
"""Bytes of one file: some twenty thousand results of bandit."""
FOLDER_LIMIT = 256 * 1024 * 1024
"""Bytes of all files; the cache of a repository on GitHub has ten gigabytes."""

_NAME = re.compile(r"[0-9a-f]{64}\.json")
_NEW = re.compile(r"\.[0-9a-f]{64}\.json\.[0-9a-f]{16}")
_LEFT_BEHIND = 3600.0
"""Seconds after which a file that was never finished belongs to nobody."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_Stamp = tuple[int, int, int]
_UNPRINTABLE = re.compile(r"[^ -~]")


@dataclass(slots=True)
class _Pack:
    """A file of the cache in memory. `stamp` is that of the file that was read, None where there was none."""

    key: tuple[str, ...]
    entries: dict[str, Entry] = field(default_factory=dict)
    stamp: _Stamp | None = None
    changed: bool = False
    bad: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The name of its file."""
        return sha256(json.dumps(self.key).encode()).hexdigest() + ".json"


class FolderCache:
    """A Cache below `folder`, which is made when there is something to keep. Safe to use from several threads.

    `origin` says which run this is ("commit 0a1b2c3, run 12"), `now` the time in UTC, `log` takes a line for a person.
    """

    def __init__(
        self,
        folder: Path,
        origin: str,
        now: Callable[[], datetime],
        log: Callable[[str], None] = lambda _line: None,
        *,
        pack_limit: int = PACK_LIMIT,
        folder_limit: int = FOLDER_LIMIT,
    ) -> None:
        self._folder = folder
        self._day = now().strftime("%Y-%m-%d")
        shown = _UNPRINTABLE.sub("?", origin)[:100]
        self._origin = f"{self._day} ({shown})" if shown else self._day
        self._log = log
        self._pack_limit = pack_limit
        self._folder_limit = folder_limit
        self._packs: dict[tuple[str, ...], _Pack] = {}
        self._lock = threading.Lock()
        self._told = False

    def get(self, space: str, key: Sequence[str]) -> Cached | None:
        """Return the value that was kept under a key; None when there is none, or it cannot be trusted."""
        from gate.collect.cache_pack import PackProblem, value_of

        *shared, last = space, *key
        with self._lock:
            pack = self._pack(tuple(shared))
            entry = pack.entries.get(last)
            if entry is None:
                return None
            try:
                value = value_of((space, *key), entry)
            except PackProblem as problem:
                self._log(f"cache: {pack.name} {problem}; it is removed")
                del pack.entries[last]
                pack.bad.add(last)
                pack.changed = True
                return None
            if entry.used != self._day:
                entry.used = self._day
                pack.changed = True
        return Cached(value, entry.origin)

    def put(self, space: str, key: Sequence[str], value: Json) -> None:
        """Keep a value. It may not be kept at all: raises nothing."""
        from gate.collect.cache_pack import make_entry

        entry = make_entry((space, *key), value, self._origin, self._day)
        if entry is None:
            return
        *shared, last = space, *key
        with self._lock:
            pack = self._pack(tuple(shared))
            pack.entries[last] = entry
            pack.changed = True

    def save(self) -> None:
        """Write what is new or was asked for. Raises nothing: what cannot be written is told once."""
        with self._lock:
            changed = [pack for pack in self._packs.values() if pack.changed]
            if not changed:
                return
            try:
                self._make_folder()
                with self._opened() as folder:
                    for pack in changed:
                        self._keep(folder, pack)
                    self._clean(folder)
            except OSError as error:
                self._tell_unwritten(error)

    def _pack(self, key: tuple[str, ...]) -> _Pack:
        """Return the entries that share a key; reads their file the first time."""
        pack = self._packs.get(key)
        if pack is None:
            pack = self._packs[key] = _Pack(key)
            try:
                with self._opened() as folder:
                    pack.entries, pack.stamp = self._read(folder, pack)
            except FileNotFoundError:
                pass
            except OSError as error:
                self._tell(f"cache: {self._folder} cannot be read ({error.strerror})")
        return pack

    def _read(self, folder: int, pack: _Pack) -> tuple[dict[str, Entry], _Stamp | None]:
        """Return the entries of a file, and remove one that is not as it should be. Raises OSError for the folder."""
        from gate.collect.cache_pack import PackProblem, read_pack

        try:
            data, stamp = _bytes_of(folder, pack.name, self._pack_limit)
            return read_pack(data, pack.key), stamp
        except FileNotFoundError:
            return {}, None
        except PackProblem as problem:
            reason = str(problem)
        except OSError as error:
            reason = f"cannot be read ({error.strerror})"
        self._log(f"cache: {pack.name} {reason}; it is removed")
        _remove(folder, pack.name)
        return {}, None

    def _keep(self, folder: int, pack: _Pack) -> None:
        try:
            self._write(folder, pack)
            pack.changed = False
        except OSError as error:
            self._tell_unwritten(error)

    def _write(self, folder: int, pack: _Pack) -> None:
        from gate.collect.cache_pack import write_pack

        if _stamp_of(folder, pack.name) not in (None, pack.stamp):
            # Another process wrote it since; what it knows and we do not is kept.
            theirs, _ = self._read(folder, pack)
            pack.entries = {last: entry for last, entry in theirs.items() if last not in pack.bad} | pack.entries
        data = write_pack(pack.key, pack.entries, self._pack_limit)
        temporary = f".{pack.name}.{token_hex(8)}"
        descriptor = os.open(temporary, _WRITE, 0o644, dir_fd=folder)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                _own_like(stream.fileno(), folder)
            os.replace(temporary, pack.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise
        pack.stamp = _stamp_of(folder, pack.name)

    def _clean(self, folder: int) -> None:
        """Remove what nobody finished, and the oldest files while the folder is too large."""
        found: list[tuple[float, int, str]] = []
        for name in os.listdir(folder):
            if not _NAME.fullmatch(name) and not _NEW.fullmatch(name):
                continue
            with suppress(OSError):
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if _NEW.fullmatch(name) and time.time() - status.st_mtime > _LEFT_BEHIND:
                    os.unlink(name, dir_fd=folder)
                else:
                    found.append((status.st_mtime, status.st_size, name))
        total = sum(size for _, size, _ in found)
        for _, size, name in sorted(found):
            if total <= self._folder_limit:
                return
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
                total -= size

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Open the folder and give its descriptor. Raises OSError; also when it is a link."""
        descriptor = os.open(self._folder, _FOLDER)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _make_folder(self) -> None:
        if self._folder.is_dir():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._opened() as folder, suppress(OSError):
            parent = self._folder.parent.stat()
            if os.geteuid() == 0:
                os.fchown(folder, parent.st_uid, parent.st_gid)

    def _tell_unwritten(self, error: OSError) -> None:
        self._tell(f"cache: {self._folder} cannot be written to ({error.strerror}); results of this run are not kept")

    def _tell(self, line: str) -> None:
        if not self._told:
            self._told = True
            self._log(line)


def _bytes_of(folder: int, name: str, limit: int) -> tuple[bytes, _Stamp]:
    """Read a regular file of one name whole. Raises OSError, PackProblem."""
    from gate.collect.cache_pack import PackProblem

    descriptor = os.open(name, _READ, dir_fd=folder)
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise PackProblem("is no regular file of one name")
        if status.st_size > limit:
            raise PackProblem(f"has {status.st_size:,} bytes, more than the {limit:,} that are read")
        data = stream.read(limit + 1) or b""
        if len(data) != status.st_size:
            raise PackProblem("changed while it was read")
    return data, _stamp(status)


def _remove(folder: int, name: str) -> None:
    with suppress(OSError):
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            os.rmdir(name, dir_fd=folder)
        else:
            os.unlink(name, dir_fd=folder)


def _stamp_of(folder: int, name: str) -> _Stamp | None:
    with suppress(OSError):
        return _stamp(os.stat(name, dir_fd=folder, follow_symlinks=False))
    return None


def _stamp(status: os.stat_result) -> _Stamp:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _own_like(descriptor: int, folder: int) -> None:
    """Give a file to the owner of its folder: in a container we are root, and who saves the cache is not."""
    if os.geteuid() == 0:
        status = os.fstat(folder)
        with suppress(OSError):
            os.fchown(descriptor, status.st_uid, status.st_gid)

"""The cache in a folder: what goes in comes out, and whatever else lies there counts as nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.collect.cache import NO_CACHE, Cached, from_cache
from gate.collect.cache_pack import VALUE_LIMIT, PackProblem, make_entry, read_pack, value_of, write_pack
from gate.collect.folder_cache import FolderCache
from gate.model.json import Json

KEY = ("1.9.4", "rules", "a" * 64)
VALUE: Json = {"issues": [["B602", 1, True, None, 0.5]], "text": "é “x”"}


def day(number: int) -> Callable[[], datetime]:
    return lambda: datetime(2026, 11, number, tzinfo=UTC)


def cache(
    folder: Path, origin: str = "run 1", at: int = 20, log: list[str] | None = None, **limits: int
) -> FolderCache:
    return FolderCache(folder, origin, day(at), (log if log is not None else []).append, **limits)


def filled(folder: Path, **more: Json) -> Path:
    """A folder with one file, which is returned."""
    first = cache(folder)
    first.put("bandit", KEY, VALUE)
    for name, value in more.items():
        first.put("bandit", (*KEY[:-1], name), value)
    first.save()
    (file,) = folder.iterdir()
    return file


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    filled(tmp_path / "c")
    assert cache(tmp_path / "c").get("bandit", KEY) == Cached(VALUE, "2026-11-20 (run 1)")


def test_what_is_put_is_known_at_once(tmp_path: Path) -> None:
    one = cache(tmp_path)
    assert one.get("bandit", KEY) is None
    one.put("bandit", KEY, VALUE)
    assert one.get("bandit", KEY) == Cached(VALUE, "2026-11-20 (run 1)")


@pytest.mark.parametrize(
    ("space", "key"),
    [
        ("gitleaks", KEY),
        ("bandit", ("1.9.5", *KEY[1:])),
        ("bandit", (KEY[0], "other", KEY[2])),
        ("bandit", (*KEY[:2], "b" * 64)),
        ("bandit", KEY[:2]),
        ("bandit", (*KEY, "")),
        ("bandit", ("bandit", *KEY)),
    ],
)
def test_every_part_of_the_key_counts(tmp_path: Path, space: str, key: tuple[str, ...]) -> None:
    filled(tmp_path / "c")
    assert cache(tmp_path / "c").get(space, key) is None


def test_entries_that_share_a_key_are_one_file(tmp_path: Path) -> None:
    filled(tmp_path / "c", **{f"{number:064}": number for number in range(500)})
    second = cache(tmp_path / "c")
    second.put("self-tests", ("bandit", "1.9.4", "x"), "found")
    second.save()
    assert len(list((tmp_path / "c").iterdir())) == 2


def test_nothing_is_written_when_nothing_is_new(tmp_path: Path) -> None:
    file = filled(tmp_path / "c")
    before = file.stat().st_mtime_ns, file.stat().st_ino
    again = cache(tmp_path / "c")
    assert again.get("bandit", KEY)
    again.save()
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == before
    cache(tmp_path / "never").save()
    assert not (tmp_path / "never").exists()


def test_a_folder_that_goes_away_is_made_again(tmp_path: Path) -> None:
    one = cache(tmp_path / "a/b")
    one.put("bandit", KEY, VALUE)
    one.save()
    for file in (tmp_path / "a/b").iterdir():
        file.unlink()
    (tmp_path / "a/b").rmdir()
    one.put("bandit", KEY, VALUE)
    one.save()
    assert cache(tmp_path / "a/b").get("bandit", KEY)


def test_the_first_origin_stays(tmp_path: Path) -> None:
    filled(tmp_path / "c")
    later = cache(tmp_path / "c", "run 2", 25)
    assert later.get("bandit", KEY) == Cached(VALUE, "2026-11-20 (run 1)")
    later.save()
    assert cache(tmp_path / "c", "run 3", 26).get("bandit", KEY) == Cached(VALUE, "2026-11-20 (run 1)")


def test_an_origin_is_plain_text(tmp_path: Path) -> None:
    one = cache(tmp_path, "\x1b[31m\n::error::x“" + "y" * 500)
    one.put("s", ("k",), 1)
    one.save()
    kept = cache(tmp_path).get("s", ("k",))
    assert kept is not None
    assert kept.origin.isascii()
    assert kept.origin.isprintable()
    assert len(kept.origin) < 130


# --- hostile folders -----------------------------------------------------------------------------------------------


def _other_key(file: Path) -> None:
    document = json.loads(file.read_bytes())
    document["key"][1] = "1.0.0"
    file.write_text(json.dumps(document))


def _change(change: Callable[[list[Any]], object]) -> Callable[[Path], None]:
    def changed(file: Path) -> None:
        document = json.loads(file.read_bytes())
        change(document["entries"][KEY[-1]])
        file.write_text(json.dumps(document, separators=(",", ":"), ensure_ascii=False))

    return changed


def _replaced(make: Callable[[Path], None]) -> Callable[[Path], None]:
    def replaced(file: Path) -> None:
        file.unlink()
        make(file)

    return replaced


def _socket(file: Path) -> None:
    os.chdir(file.parent)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(file.name)


def _linked(file: Path) -> None:
    copy = file.with_name("copy")
    copy.write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(copy.name)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-5]),
    "more behind": lambda file: file.write_bytes(file.read_bytes() + b"{}"),
    "no JSON": lambda file: file.write_bytes(b"\x00\xff"),
    "deep": lambda file: file.write_bytes(b"[" * 100_000),
    "another document": lambda file: file.write_bytes(b'{"version": 1}'),
    "another version": lambda file: (
        file.write_bytes(file.read_bytes().replace(b'"version":1', b'"version":2')) and None
    ),
    "an unknown member": lambda file: file.write_bytes(file.read_bytes()[:-1] + b',"x":1}'),
    "another key": _other_key,
    "too large": lambda file: file.write_bytes(file.read_bytes() + b" " * 17 * 1024 * 1024),
    "a link": _linked,
    "a hard link": lambda file: os.link(file, file.with_name("second")),
    "a folder": _replaced(lambda file: file.mkdir()),
    "a pipe": _replaced(os.mkfifo),
    "a socket": _replaced(_socket),
    "a dangling link": _replaced(lambda file: file.symlink_to("/nonexistent/x")),
    "a device": _replaced(lambda file: file.symlink_to("/dev/zero")),
    "value": _change(lambda entry: entry.__setitem__(0, [])),
    "origin": _change(lambda entry: entry.__setitem__(1, "2020-01-01 (run 1)")),
    "origin that is no text": _change(lambda entry: entry.__setitem__(1, "2026-11-20 \u001b[31m")),
    "used": _change(lambda entry: entry.__setitem__(2, "::error::")),
    "checksum": _change(lambda entry: entry.__setitem__(3, "0" * 64)),
    "short entry": _change(lambda entry: entry.pop() and None),
    "long entry": _change(lambda entry: entry.append(1)),
    "types": _change(lambda entry: entry.__setitem__(3, None)),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_a_miss_and_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.chdir(tmp_path)
    file = filled(tmp_path / "c")
    DAMAGE[how](file)
    log: list[str] = []
    one = cache(tmp_path / "c", "run 2", log=log)
    assert one.get("bandit", KEY) is None
    assert len(log) == 1
    assert log[0].endswith("it is removed")
    one.put("bandit", KEY, "new")
    one.save()
    assert file.is_file()
    assert not file.is_symlink()
    assert cache(tmp_path / "c").get("bandit", KEY) == Cached("new", "2026-11-20 (run 2)")


def test_a_damaged_entry_takes_no_other_with_it(tmp_path: Path) -> None:
    file = filled(tmp_path / "c", other=2)
    DAMAGE["value"](file)
    one = cache(tmp_path / "c")
    assert one.get("bandit", KEY) is None
    assert one.get("bandit", (*KEY[:-1], "other"))
    one.save()
    assert KEY[-1] not in file.read_text()
    assert cache(tmp_path / "c").get("bandit", (*KEY[:-1], "other"))


def test_an_entry_under_another_ones_name(tmp_path: Path) -> None:
    # A clean file's entry, given to a file that is not clean.
    file = filled(tmp_path / "c", clean=[])
    document = json.loads(file.read_bytes())
    document["entries"][KEY[-1]] = document["entries"]["clean"]
    file.write_text(json.dumps(document, separators=(",", ":"), ensure_ascii=False))
    assert cache(tmp_path / "c").get("bandit", KEY) is None


def test_a_folder_that_is_a_link_is_not_entered(tmp_path: Path) -> None:
    filled(tmp_path / "c")
    (tmp_path / "link").symlink_to("c")
    log: list[str] = []
    one = cache(tmp_path / "link", log=log)
    assert one.get("bandit", KEY) is None
    one.put("bandit", KEY, 1)
    one.save()
    assert len(log) == 1
    assert cache(tmp_path / "c").get("bandit", KEY) == Cached(VALUE, "2026-11-20 (run 1)")


def test_a_file_in_the_folders_place(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("x")
    log: list[str] = []
    one = cache(tmp_path / "c", log=log)
    assert one.get("bandit", KEY) is None
    one.put("bandit", KEY, 1)
    one.save()
    assert len(log) == 1
    assert (tmp_path / "c").read_text() == "x"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def full(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        return real("/dev/full", os.O_WRONLY) if flags & os.O_CREAT else real(path, flags, *arguments, **options)

    log: list[str] = []
    one = cache(tmp_path, log=log)
    one.put("bandit", KEY, VALUE)
    one.put("gitleaks", KEY, VALUE)
    monkeypatch.setattr(os, "open", full)
    one.save()
    one.save()
    assert len(log) == 1
    assert "No space left on device" in log[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    log: list[str] = []
    one = cache(tmp_path, log=log)
    one.put("bandit", KEY, VALUE)
    one.save()
    assert len(log) == 1
    tmp_path.chmod(0o755)


def test_a_folder_that_cannot_be_made() -> None:
    log: list[str] = []
    one = cache(Path("/proc/nowhere/c"), log=log)
    assert one.get("bandit", KEY) is None
    one.put("bandit", KEY, VALUE)
    one.save()
    one.save()
    assert len(log) == 1
    assert "cannot be written to" in log[0]


# --- size ----------------------------------------------------------------------------------------------------------


def test_a_file_is_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    for number in range(20):
        one = cache(tmp_path, at=1 + number, pack_limit=4000)
        for last in range(number):
            # The first one is asked for every day.
            assert one.get("s", ("k", "0")) or last
        one.put("s", ("k", str(number)), "x" * 300)
        one.save()
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size <= 4000
    kept = set(json.loads(file.read_bytes())["entries"])
    assert {"0", "19", "18"} <= kept
    assert not kept & {"1", "2", "3"}


def test_a_value_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    one = cache(tmp_path)
    one.put("s", ("k",), "x" * VALUE_LIMIT)
    one.put("s", ("surrogate",), "\ud800")
    one.put("s", ("\ud800",), 1)
    assert one.get("s", ("k",)) is None
    assert one.get("s", ("surrogate",)) is None
    assert one.get("s", ("\ud800",)) is None
    one.save()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    for number in range(10):
        one = cache(tmp_path, folder_limit=3000)
        one.put("s", (str(number), "x"), "y" * 500)
        one.save()
        for file in tmp_path.iterdir():
            os.utime(file, (file.stat().st_mtime - 100, file.stat().st_mtime - 100))
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 3000
    assert cache(tmp_path).get("s", ("9", "x"))
    assert cache(tmp_path).get("s", ("0", "x")) is None


def test_what_was_never_finished_is_removed_and_nothing_of_others(tmp_path: Path) -> None:
    old, new = (tmp_path / f".{'0' * 64}.json.{digit * 16}" for digit in "01")
    foreign = tmp_path / "notes.json"
    for file in (old, new, foreign):
        file.write_text("x" * 10_000)
    os.utime(old, (0, 0))
    os.utime(foreign, (0, 0))
    one = cache(tmp_path, folder_limit=20_000)
    one.put("s", ("k",), 1)
    one.save()
    assert (old.exists(), new.exists(), foreign.exists()) == (False, True, True)


# --- several at once -----------------------------------------------------------------------------------------------


def test_what_another_process_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    filled(tmp_path)
    one, other = cache(tmp_path, "one"), cache(tmp_path, "other")
    assert one.get("bandit", KEY)
    other.put("bandit", (*KEY[:-1], "theirs"), 1)
    other.save()
    one.put("bandit", (*KEY[:-1], "ours"), 2)
    one.save()
    last = cache(tmp_path)
    assert [last.get("bandit", (*KEY[:-1], name)) is not None for name in ("theirs", "ours", KEY[-1])] == [True] * 3


def _work(folder: Path, number: int) -> None:
    for turn in range(20):
        one = cache(folder, f"run {number}")
        for last in range(10):
            kept = one.get("s", ("k", str(last)))
            assert kept is None or kept.value == ["v", last]
            one.put("s", ("k", str(last)), ["v", last])
        one.put("s", ("k", f"{number}-{turn}"), number)
        one.save()


def test_several_processes_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_work, args=(tmp_path, number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    log: list[str] = []
    last = cache(tmp_path, log=log)
    assert all(last.get("s", ("k", str(number))) for number in range(10))
    assert log == []
    assert len(list(tmp_path.iterdir())) == 1


def test_several_threads_at_once(tmp_path: Path) -> None:
    one = cache(tmp_path)

    def work(number: int) -> None:
        for last in range(50):
            one.put("s", ("k", f"{number}-{last}"), last)
            assert one.get("s", ("k", f"{number}-{last}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one.save()
    assert all(cache(tmp_path).get("s", ("k", f"{number}-49")) for number in range(4))


# --- the port, and the format --------------------------------------------------------------------------------------


def test_no_cache_keeps_nothing() -> None:
    NO_CACHE.put("s", ("k",), 1)
    NO_CACHE.save()
    assert NO_CACHE.get("s", ("k",)) is None


@pytest.mark.parametrize(
    ("count", "origins", "told"),
    [
        (0, [], ""),
        (485, ["2026-11-20 (run 1)"] * 2, "485 from the cache of 2026-11-20 (run 1)"),
        (1485, ["2026-11-20 (run 1)", "2026-11-20 (run 2)"], "1,485 from the cache of 2026-11-20"),
        (2, ["2026-11-20 (run 1)", "2026-10-02 (run 0)"], "2 from the cache of 2026-10-02 to 2026-11-20"),
    ],
)
def test_how_a_source_tells_of_it(count: int, origins: list[str], told: str) -> None:
    assert from_cache(count, origins) == told


JSON: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.lists(st.text(min_size=1), min_size=2, max_size=4))
def test_any_json_comes_back(value: Json, key: list[str]) -> None:
    entry = make_entry(key, value, "2026-11-20", "2026-11-20")
    assert entry is not None
    entries = read_pack(write_pack(key[:-1], {key[-1]: entry}, 10**6), key[:-1])
    assert value_of(key, entries[key[-1]]) == value


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=30), st.integers(0, 250), st.integers(0, 30))
def test_any_bytes_are_read_or_refused(noise: bytes, place: int, cut: int) -> None:
    key = ("s", "k")
    entry = make_entry((*key, "x"), VALUE, "2026-11-20", "2026-11-20")
    assert entry is not None
    whole = write_pack(key, {"x": entry}, 10**6)
    with suppress(PackProblem):
        for last, found in read_pack(whole[:place] + noise + whole[place + cut :], key).items():
            with suppress(PackProblem):
                assert value_of((*key, last), found) == VALUE

"""Lock files that name packages and no licences."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.licensed_package import LicensedPackage
from gate.collect.readers.lock_names import read_cargo_lock, read_gem_lock, read_pnpm_lock, read_yarn_lock

DATA = Path(__file__).parent / "data/licenses"
Read = Callable[[bytes], tuple[LicensedPackage, ...]]
NPM = {
    "@types/ms 2.1.0", "core-util-is 1.0.3", "immediate 3.0.6", "inherits 2.0.4", "isarray 1.0.0", "jszip 3.10.1",
    "lie 3.3.0", "ms 2.1.3", "pako 1.0.11", "process-nextick-args 2.0.1", "readable-stream 2.3.8", "safe-buffer 5.1.2",
    "setimmediate 1.0.5", "string_decoder 1.1.1", "util-deprecate 1.0.2",
}  # fmt: skip


def named(read: Read, data: bytes) -> set[str]:
    return {f"{item.name} {item.version}" for item in read(data)}


@pytest.mark.parametrize(
    ("file", "read", "expected"),
    [
        ("Cargo.lock", read_cargo_lock, {"itoa 1.0.18", "ryu 1.0.23"}),
        ("yarn.lock", read_yarn_lock, NPM),
        ("pnpm-lock.yaml", read_pnpm_lock, NPM),
    ],
)
def test_real_locks(file: str, read: Read, expected: set[str]) -> None:
    data = (DATA / file).read_bytes()
    assert named(read, data) == expected
    lines = {line.strip() for line in data.decode().splitlines()}
    assert all(item.anchor in lines for item in read(data))


def test_the_layout_of_later_yarns() -> None:
    text = (
        '__metadata:\n  version: 8\n\n"@acme/a@npm:^1.0.0, @acme/a@npm:^1.1.0":\n  version: 1.1.0\n'
        '  resolution: "@acme/a@npm:1.1.0"\n\n"shop@workspace:.":\n  version: 0.0.0-use.local\n\n'
        '"b@https://git.example/b.git#commit=1":\n  version: 3.0.0\n'
    )
    assert named(read_yarn_lock, text.encode()) == {"@acme/a 1.1.0", "b 3.0.0"}


def test_older_layouts_of_pnpm() -> None:
    text = (
        "importers:\n  .:\n    dependencies: {}\npackages:\n\n  /@acme/a/1.0.0:\n    resolution: {}\n"
        "  /b@2.0.0(react@18.0.0):\n    dev: true\n  /c/3.0.0_react@18.0.0:\n    dev: false\n"
        "  git.example/acme/d/0123:\n    name: d\nsnapshots:\n\n  x@9.0.0: {}\n"
    )
    assert named(read_pnpm_lock, text.encode()) == {"@acme/a 1.0.0", "b 2.0.0", "c 3.0.0", "git.example/acme/d/0123 "}


def test_gems() -> None:
    text = (
        "PATH\n  remote: .\n  specs:\n    shop (0.1.0)\n\nGEM\n  remote: https://gems.example/\n  specs:\n"
        "    nokogiri (1.16.0-x86_64-linux)\n      racc (~> 1.4)\n    racc (1.7.3)\n\nDEPENDENCIES\n    x (1.0)\n"
    )
    assert named(read_gem_lock, text.encode()) == {"nokogiri 1.16.0", "racc 1.7.3"}


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (read_cargo_lock, b"[[package]]\n"),
        (read_cargo_lock, b"[[package"),
        (read_cargo_lock, b"package = 1"),
        (read_cargo_lock, b"\xff"),
        (read_cargo_lock, b"package = [1]"),
        (read_cargo_lock, b'[[package]]\nname = ["a"]\nversion = "1"\n'),
        (read_cargo_lock, b"a = " + b"[" * 5000),
        (read_yarn_lock, b"{}"),
        (read_yarn_lock, b"\xff"),
        (read_pnpm_lock, b"packages: {}"),
        (read_gem_lock, b"GEM\n"),
    ],
)
def test_what_names_no_package_is_refused(read: Read, data: bytes) -> None:
    with pytest.raises(ReportError) as caught:
        read(data)
    assert caught.value.reason.startswith(("is ", "holds ", "names "))


PIECES = st.sampled_from(
    [
        "packages:\n",
        "GEM\n",
        "  ",
        "    ",
        "a@1",
        '"a@npm:b@1"',
        ":\n",
        " version 1\n",
        "a (1)",
        "\n",
        "[[package]]\n",
        'name = "a"\n',
        "\x85",
        "é",
    ]
)


@given(st.lists(PIECES, max_size=20).map("".join))
def test_nothing_makes_a_reader_stumble(text: str) -> None:
    for read in (read_cargo_lock, read_yarn_lock, read_pnpm_lock, read_gem_lock):
        with contextlib.suppress(ReportError):
            assert all(item.anchor for item in read(text.encode()))

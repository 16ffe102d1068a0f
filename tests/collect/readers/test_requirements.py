"""pip's requirements files as data."""

from __future__ import annotations

import codecs
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.errors import ReportError
from gate.collect.readers.requirements import LIMIT, Requirements, read_requirements

DATA = Path(__file__).parent / "data/python"


def one(text: str) -> tuple[str | None, str, str | None, bool]:
    """The only requirement of a file: name, pin, version, hashed."""
    read = read_requirements(text.encode())
    assert not read.bad_lines
    (found,) = read.requirements
    return found.name, found.pin, found.version, found.hashed


HASH = "--hash=sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("requests==2.19.1", ("requests", "pinned", "2.19.1", False)),
        (
            "Flask_SQLAlchemy [a] == 2.0.0-1 ; python_version < '3' # why",
            ("flask-sqlalchemy", "pinned", "2.0.0.post1", False),
        ),
        ("zope.Interface==5.0; python_version < '3'", ("zope-interface", "pinned", "5.0", False)),
        ("a===1.0", ("a", "pinned", "1.0", False)),
        ("a===legacy-build", ("a", "pinned", None, False)),
        ("a==1.0,!=1.1", ("a", "pinned", "1.0", False)),
        ("a==1.0,==2.0", ("a", "ranged", None, False)),
        ("a==1.*", ("a", "ranged", None, False)),
        ("a~=1.4", ("a", "ranged", None, False)),
        ("a>=1,<2", ("a", "ranged", None, False)),
        ("a", ("a", "unpinned", None, False)),
        ("torch==2.1.0+cpu", ("torch", "pinned", "2.1.0+cpu", False)),
        (f"a==1 {HASH} {HASH}", ("a", "pinned", "1", True)),
        (f"a==1 \\\n    {HASH} \\\n    {HASH}\n    # via b", ("a", "pinned", "1", True)),
        (f"a {HASH}", ("a", "pinned", None, True)),
        ("a==1 --hash sha512:" + "b" * 128, ("a", "pinned", "1", True)),
        ("a==1 --hash=md5:" + "b" * 32, ("a", "pinned", "1", False)),
        ('a==1 --config-settings x=y -C "b=c d"', ("a", "pinned", "1", False)),
        ("a==1 --global-option=x", ("a", "pinned", "1", False)),
    ],
)
def test_each_form_is_one_requirement(text: str, expected: tuple[str | None, str, str | None, bool]) -> None:
    assert one(text) == expected


@pytest.mark.parametrize(
    ("text", "name", "pin", "target"),
    [
        ("-e .", None, "unpinned", "."),
        ("--editable=./lib[x]", None, "unpinned", "./lib[x]"),
        ("-e lib", None, "unpinned", "./lib"),
        ("./lib", None, "unpinned", "./lib"),
        ("vendor/lib.whl", None, "unpinned", "vendor/lib.whl"),
        ("file:///srv/lib", None, "unpinned", "file:///srv/lib"),
        ("git+https://h/a.git#egg=Bee", "bee", "unpinned", "git+https://h/a.git#egg=Bee"),
        (f"git+https://h/a.git@{'0' * 40}#egg=bee", "bee", "pinned", None),
        ("-e git+ssh://git@h/a.git#egg=bee", "bee", "unpinned", "git+ssh://h/a.git#egg=bee"),
        ("foo @ https://h/foo-1.0.whl", "foo", "unpinned", "https://h/foo-1.0.whl"),
        ("foo@https://h/foo-1.0.whl", "foo", "unpinned", "https://h/foo-1.0.whl"),
        (f"foo @ https://h/foo-1.0.whl#sha256={'a' * 64}", "foo", "pinned", None),
        ("https://h/foo.tar.gz ; python_version > '3'", None, "unpinned", "https://h/foo.tar.gz"),
    ],
)
def test_what_comes_from_elsewhere_has_a_target(text: str, name: str | None, pin: str, target: str | None) -> None:
    (found,) = read_requirements(text.encode()).requirements
    assert (found.name, found.pin, found.version) == (name, pin, None)
    assert found.target is not None
    assert target in (None, found.target)


def test_credentials_are_never_kept() -> None:
    text = f"""\
-i https://user:hunter2@nexus.corp/simple
--extra-index-url https://{"t" * 900}:hunter2@nexus.corp/other
git+https://token-hunter2@github.com/a/b.git#egg=b
c @ https://hunter2:x@h/c.whl
https://hunter2@@h/d.zip
nonsense https://hunter2@h/
"""
    read = read_requirements(text.encode())
    assert "hunter2" not in repr(read)
    assert len(read.requirements) == 3
    assert read.indexes[0].url == "https://nexus.corp/simple"


def test_no_variable_of_the_environment_is_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_SECRET", "hunter2")
    read = read_requirements(b"a==${GATE_SECRET}\n--index-url https://${GATE_SECRET}@h/simple\n")
    assert "hunter2" not in repr(read)
    assert [bad.line for bad in read.bad_lines] == [1, 2]
    assert "variable of its environment" in read.bad_lines[0].reason


def test_includes_and_indexes_are_told_and_not_followed() -> None:
    read = read_requirements(
        b"-r base.txt\n--requirement=../x.txt\n-c limits.txt\n--index-url=https://pypi.org/simple\n"
        b"--extra-index-url https://h/simple\n-f https://h/files\n--no-index\n--pre\n--require-hashes\n"
        b"--trusted-host h\n--only-binary :all:\n"
    )
    assert [(item.path, item.line, item.constraint) for item in read.includes] == [
        ("base.txt", 1, False),
        ("../x.txt", 2, False),
        ("limits.txt", 3, True),
    ]
    assert [(item.url, item.line) for item in read.indexes] == [("https://h/simple", 5), ("https://h/files", 6)]
    assert read.bad_lines == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("this is prose", "end"),
        ("a==", "version"),
        ("a>=1.*", ""),
        ("--nonsense", "no such option"),
        ("--hash=sha256:" + "a" * 64, "without a requirement"),
        ("a==1 -r other.txt", "line of its own"),
        ("-r a.txt b", "behind its options"),
        ("a ; " + "(" * 3000, ""),
        ("a" * 5000, "too long"),
        ('-r "unclosed', "quotation"),
        ("-r " + "x " * 4000, "options"),
        ("a==" + "9" * 5000, ""),
        ("<<<<<<< HEAD", ""),
    ],
)
def test_a_line_that_cannot_be_read_is_told_with_its_number(line: str, reason: str) -> None:
    read = read_requirements(f"# comment\ngood==1\n{line}\nbetter==2\n".encode())
    assert [item.name for item in read.requirements] == ["good", "better"]
    (bad,) = read.bad_lines
    assert bad.line == 3
    assert reason in bad.reason
    assert len(bad.text) <= 200


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_says_the_encoding(mark: bytes, encoding: str) -> None:
    read = read_requirements(mark + "# käse\r\na==1\r\n".encode(encoding))
    assert [(item.name, item.version) for item in read.requirements] == [("a", "1")]


def test_a_declared_encoding_is_honoured_and_odd_ones_are_refused() -> None:
    assert read_requirements("# coding: latin-1\na==1 # é\n".encode("latin-1")).requirements[0].name == "a"
    for name in ("punycode", "zlib_codec", "nonsense"):
        with pytest.raises(ReportError, match="declares the encoding"):
            read_requirements(f"# -*- coding: {name} -*-\na==1\n".encode())


@pytest.mark.parametrize(
    ("data", "reason", "line"),
    [
        (b"a==1\nb==\xff\n", "not UTF-8", 2),
        (b"a==1\n\0\n", "zero byte", 2),
        (b"a" * (LIMIT + 1), "at most", None),
        (b"a==1\n" * 20_001, "more than 20,000 lines", 20_001),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, reason: str, line: int | None) -> None:
    with pytest.raises(ReportError) as caught:
        read_requirements(data)
    assert reason in caught.value.reason
    assert caught.value.line == line


def test_pip_compile_output_is_read_whole() -> None:
    read = read_requirements((DATA / "pip/requirements.txt").read_bytes())
    found = {(item.name, item.version, item.hashed) for item in read.requirements}
    assert found == {("certifi", "2024.7.4", True), ("click", "8.5.1", True), ("pyjwt", "2.8.0", True)}
    assert read.bad_lines == ()
    assert read.requirements[0].line == 7


def test_uv_export_output_is_read_whole() -> None:
    read = read_requirements((DATA / "uv/requirements.txt").read_bytes())
    assert {item.name for item in read.requirements} >= {"certifi", "click", "colorama", "iniconfig", "mccabe", "pyjwt"}
    assert all(item.pin == "pinned" and item.hashed for item in read.requirements)
    assert read.bad_lines == ()


@pytest.mark.parametrize(
    "data",
    [
        b"a" + b" " * 2_000_000 + b"b",
        b"\\\n" * 1_000_000,
        b"a " * 1_000_000,
        b"-" * 1_000_000,
        b"x #" * 700_000,
        b"x://" + b"@" * 2_000_000,
        b"a==1" + b" --hash=sha256:aa" * 200_000,
        b"-r a\n" * 19_000,
    ],
)
def test_hostile_shapes_take_no_more_than_their_share_of_time(data: bytes) -> None:
    begun = time.process_time()
    read_requirements(data)
    assert time.process_time() - begun < 10


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(ReportError):
        assert isinstance(read_requirements(data), Requirements)


NAMES = st.from_regex(r"[a-z](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
VERSIONS = st.lists(st.integers(0, 999), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))


@given(st.dictionaries(NAMES, VERSIONS, max_size=20), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_every_pin_of_a_written_file_is_found_again(pins: dict[str, str], hashes: bool, newline: str) -> None:
    more = f" \\{newline}    {HASH}" if hashes else ""
    text = newline.join(f"{name}=={version}{more}  # via x" for name, version in pins.items())
    read = read_requirements(text.encode())
    assert [(item.name, item.hashed) for item in read.requirements] == [(_squeezed(name), hashes) for name in pins]
    assert read.bad_lines == ()


def _squeezed(name: str) -> str:
    while "--" in name:
        name = name.replace("--", "-")
    return name


@given(st.text(alphabet="ab=<>~!.*;[]() @/:#\\-'\"0123456789\n", max_size=120))
def test_each_line_becomes_something_or_nothing_but_never_an_exception(text: str) -> None:
    read = read_requirements(text.encode())
    assert len(read.requirements) + len(read.bad_lines) <= text.count("\n") + 1

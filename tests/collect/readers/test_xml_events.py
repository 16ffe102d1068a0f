"""XML: what is read, what is refused, and with which sentence."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers import xml_events
from gate.collect.readers.errors import ReportError
from gate.collect.readers.xml_events import Attributes, Capture, local_name, parse, root_name


def read(data: bytes, size: int = 1 << 20, limit: int = 4096) -> list[object]:
    """Return the events of a document fed in pieces: (name, attributes), text, "/name"."""
    events: list[object] = []
    capture = Capture(limit)

    def start(name: str, attributes: Attributes) -> None:
        events.append((name, attributes))
        capture.begin()

    def end(name: str) -> None:
        if text := capture.take():
            events.append(text)
        events.append(f"/{name}")

    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    parse(pieces, start, end, format="TEST XML", capture=capture)
    return events


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b'<a x="1">t<b/></a>', [("a", {"x": "1"}), ("b", {}), "/b", "/a"]),
        (b"<a><![CDATA[<b>&c;]]></a>", [("a", {}), "<b>&c;", "/a"]),
        (b"<a>&lt;&#233;&amp;</a>", [("a", {}), "<é&", "/a"]),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9</a>', [("a", {}), "é", "/a"]),
        (b'<?xml version="1.0" encoding="windows-1252"?><a>\x80</a>', [("a", {}), "€", "/a"]),
        ('<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16"), [("a", {}), "é", "/a"]),
        (b"\xef\xbb\xbf<a>\xc3\xa9</a>", [("a", {}), "é", "/a"]),
        (b'<!DOCTYPE a SYSTEM "http://example.org/x.dtd"><a/>', [("a", {}), "/a"]),
        (b'<!DOCTYPE a PUBLIC "-//X//Y" "file:///etc/passwd"><a/>', [("a", {}), "/a"]),
    ],
)
def test_what_is_read(data: bytes, events: list[object], size: int) -> None:
    assert read(data, size) == events


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("data", "reason", "line"),
    [
        (b"", "is empty", 1),
        (b" \n\n ", "is empty", 1),
        (b"\xef\xbb\xbf", "is empty", 1),
        (b"<a>\n<b>", "ends in the middle", 2),
        (b"<a>\n\n<b x='", "ends in the middle", 3),
        (b"<a><![CDATA[x", "ends in the middle", 1),
        (b'<?xml version="1.0"?>\n', "ends in the middle", 2),
        (b"<a>\n\xff</a>", "byte 0xff is not in its encoding", 2),
        (b"<a>\n\x1b[1m</a>", "control character 0x1b", 2),
        (b"<a></b>", "mismatched tag", 1),
        (b"<a/>\n<b/>", "junk after document element", 2),
        (b"plain text", "not well-formed", 1),
        (b"<a>&nope;</a>", "undefined entity", 1),
        (b'<!DOCTYPE a SYSTEM "x.dtd"><a>\n&nope;</a>', 'uses the entity "nope"', 2),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "holds a DTD", 1),
        (b"<!DOCTYPE a []><a/>", "holds a DTD", 1),
        (b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><a/>', "holds a DTD", 1),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "encoding that is not read", 1),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "encoding that is not read", 1),
        (b'<?xml version="1.0" encoding="rot13"?><a/>', "encoding that is not read", 1),
        (b"<a>" * 201, "nests deeper than 200", 1),
    ],
)
def test_what_is_refused(data: bytes, reason: str, line: int, size: int) -> None:
    with pytest.raises(ReportError) as caught:
        read(data, size)
    assert reason in caught.value.reason
    assert caught.value.line == line


def test_nesting_up_to_the_limit_is_read() -> None:
    assert len(read(b"<a>" * 200 + b"</a>" * 200)) == 400


def test_entities_never_expand() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY a "' + b"x" * 1000 + b'"><!ENTITY b "' + b"&a;" * 1000 + b'">]><a>' + b"&b;" * 1000
    with pytest.raises(ReportError, match="holds a DTD"):
        read(bomb + b"</a>")


def test_a_tag_without_an_end_is_given_up_on() -> None:
    pieces = iter([b'<a b="', *[b"x" * (1 << 20)] * 1000])
    with pytest.raises(ReportError, match="one tag or comment has more than 16 MiB"):
        parse(pieces, lambda _name, _attributes: None, format="TEST XML")
    assert next(pieces), "the rest is not even read"


def test_too_many_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_events, "MAX_ELEMENTS", 3)
    assert read(b"<a><b/><b/></a>")
    with pytest.raises(ReportError, match="holds more than 3 elements"):
        read(b"<a><b/><b/><b/></a>")


def test_text_is_kept_up_to_a_limit() -> None:
    assert read(b"<a>" + b"x" * 100_000 + b"</a>", limit=10)[1] == "x" * 10


def test_no_end_handler_is_needed() -> None:
    names: list[str] = []
    parse([b"<a><b/></a>"], lambda name, _attributes: names.append(name), format="TEST XML")
    assert names == ["a", "b"]


def test_a_handlers_error_gets_the_line() -> None:
    def start(name: str, _attributes: Attributes) -> None:
        if name == "b":
            raise ReportError("is odd")

    with pytest.raises(ReportError) as caught:
        parse([b"<a>\n\n<b/></a>"], start, format="TEST XML")
    assert (caught.value.reason, caught.value.line) == ("is odd", 3)


def test_a_handlers_own_mistakes_are_not_swallowed() -> None:
    def start(_name: str, _attributes: Attributes) -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        parse([b"<a/>"], start, format="TEST XML")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"<a/>", "a"),
        (b'<?xml version="1.0"?><!-- c --><x:a xmlns:x="y">', "a"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><b/>', "a"),
        (b'<!DOCTYPE a SYSTEM "x"><b/>', "b"),
        (b"", None),
        (b"<a", None),
        (b"{}", None),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', None),
    ],
)
def test_root_name(head: bytes, name: str | None) -> None:
    assert root_name(head) == name


def test_local_name() -> None:
    assert local_name("x:testcase") == local_name("testcase") == "testcase"


def test_a_capture_that_is_not_attached_holds_nothing() -> None:
    capture = Capture()
    capture.begin()
    assert (capture.take(), capture.line) == ("", 1)


_TREES = st.recursive(
    st.text(string.ascii_letters + "&<>é \n", max_size=8),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
)


@given(_TREES, st.integers(1, 50))
def test_well_formed_documents_are_read_alike_in_any_pieces(tree: object, size: int) -> None:
    def written(node: object) -> str:
        if isinstance(node, list):
            return "<e>" + "".join(map(written, node)) + "</e>"
        return str(node).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    data = f"<r>{written(tree)}</r>".encode()
    assert read(data, size) == read(data)


@given(st.binary(max_size=200), st.integers(1, 20))
def test_any_bytes_are_read_or_refused(data: bytes, size: int) -> None:
    for content in (data, b"<a>" + data + b"</a>", b'<a b="' + data + b'"/>'):
        try:
            outcome: object = read(content, size)
        except ReportError as error:
            outcome = error.line
        assert outcome, "events, or the line of what is wrong"

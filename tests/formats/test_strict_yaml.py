"""The strict reader of policies and the bounded one of data files."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import MistakesError
from gate.formats.strict_yaml import YamlProblem, load, load_documents, where
from gate.model.json import Json

PLAIN_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp", "Nd"]), max_size=20)
"""Without digits (texts that only YAML 1.1 takes for numbers stay plain in dumps) and without breaks that 1.1 folds."""
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | PLAIN_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN_TEXT, inner, max_size=4),
    max_leaves=15,
)


def value(text: str) -> Json:
    return load(text.encode(), file="p.yml").value


def told(data: bytes | str) -> list[str]:
    """The mistakes as "LINE:COLUMN WHERE: TEXT"."""
    with pytest.raises(MistakesError) as caught:
        load(data if isinstance(data, bytes) else data.encode(), file="p.yml")
    return [f"{each.line}:{each.column} {each.where}: {each.text}" for each in caught.value.mistakes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("12:30", "12:30"),
        ("2027-01-31", "2027-01-31"),
        ("2027-01-31T00:00:00Z", "2027-01-31T00:00:00Z"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("=", "="),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("null", None),
        ("~", None),
        ("", None),
        ("''", ""),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-12", -12),
        ("+12", 12),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("|\n  a\n  b", "a\nb\n"),
    ],
)
def test_scalars_follow_the_core_schema(text: str, expected: Json) -> None:
    read = value(f"key: {text}\n" if text != "-" else "key: '-'\n")
    assert read == {"key": expected}
    assert isinstance(read, dict)
    assert type(read["key"]) is type(expected)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "---\n...\n"])
def test_an_empty_file_is_nothing(text: str) -> None:
    assert value(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1", "1:4 a: The anchor &x is not available; write the value out"),
        ("a: &x {b: 1}", "1:4 a: The anchor &x is not available; write the value out"),
        ("&x a: 1", "1:1 : The anchor &x is not available; remove it"),
        ("a: *x", "1:4 a: The alias *x is not available; write the value out"),
        ("*x : 1", "1:1 : The alias *x is not available; write the value out"),
        ("a: !!str 5", "1:4 a: The tag !!str is not available; remove it"),
        ("a: !!python/object:os.system {}", "1:4 a: The tag !!python/object:os.system is not available; remove it"),
        ("a: ! x", "1:4 a: The tag ! is not available; remove it"),
        ("<<: {a: 1}", "1:1 : Merge keys (<<) are not available; write the keys out"),
        ("a: 1\nb: {a: 1, a: 2}", '2:11 b › a: The key "a" stands here twice, first on line 2'),
        ('a: 1\n"a": 2', '2:1 a: The key "a" stands here twice, first on line 1'),
        ("1: x", '1:1 : The key 1 is not text; quote it: "1"'),
        ("true: x", '1:1 : The key true is not text; quote it: "true"'),
        ("?\n: x", '1:2 : The key of nothing is not text; quote it: ""'),
        ("? [a]\n: x", "1:3 : A key that is a list or a mapping is not available"),
        ("a: .nan", "1:4 a: .nan is not a finite number; write a number, or quote it if it is text"),
        ("a: [-.Inf]", "1:5 a › item 1: -.Inf is not a finite number; write a number, or quote it if it is text"),
        ("a: 1e999", "1:4 a: 1e999 is too large for a number; quote it if it is text"),
        ("a: 1\n---\nb: 1", "2:1 : A second document begins here; one file holds one document"),
        ("%YAML 1.1\n---\na: 1", "1:1 : Directives (%YAML, %TAG) are not available; remove the line"),
        ("%TAG ! tag:x,2000:\n---\na: 1", "1:1 : Directives (%YAML, %TAG) are not available; remove the line"),
        ("a:\n\t- b", "2:1 a: A tab stands where YAML wants spaces; indent with spaces"),
        ("a: b: c", "1:5 : A colon stands where no key can be; check the indent, or quote the text"),
        ("a: 'x", "1:6 a: A quote is opened and not closed"),
        ("a: @x", "1:4 a: The character @ cannot begin a value; quote the text"),
        ("a: `x", "1:4 a: The character ` cannot begin a value; quote the text"),
        ("a: [1, 2\nb: 3", "2:2 a: A comma or the closing bracket was expected here"),
        ("- a\nb: 1", "2:1 : An item of the list (-) was expected here; check the indent"),
    ],
)
def test_what_is_refused_is_told_with_its_place(text: str, expected: str) -> None:
    assert told(text) == [expected]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbfa: 1", "1:1 : The file starts with a byte order mark; save it as UTF-8 without one"),
        ("a: 1".encode("utf-16"), "1:1 : The file is UTF-16 or UTF-32, or binary; save it as UTF-8"),
        ("a: 1".encode("utf-16-be"), "1:1 : The file is UTF-16 or UTF-32, or binary; save it as UTF-8"),
        ("a: 1".encode("utf-32-le"), "1:1 : The file is UTF-16 or UTF-32, or binary; save it as UTF-8"),
        (b"a: 1\nbc: \xff", "2:5 : The byte 0xff is not UTF-8; save the file as UTF-8"),
        (b"a: 1\nbc: \x1b[0m", "2:5 : The character U+001B is not allowed in YAML; remove it"),
        (b"a: 1\nbcd: \0", "2:6 : The character U+0000 is not allowed in YAML; remove it"),
        (b"a: x\xef\xbb\xbf", "1:5 : The character U+FEFF is not allowed in YAML; remove it"),
        (b"a" * 300_000, "1:1 : The file has 300,000 bytes; at most 262,144 are read"),
    ],
)
def test_bytes_that_are_no_text_are_refused(data: bytes, expected: str) -> None:
    assert told(data) == [expected]


def test_every_mistake_is_told_in_one_go() -> None:
    found = told("a: &x 1\nb: *x\na: 2\n1: x\nc: .nan\nd: !!str 5\n")
    assert [each.split(" ")[0] for each in found] == ["1:4", "2:4", "3:1", "4:1", "5:4", "6:4"]


def test_what_was_found_before_a_syntax_error_is_told_too() -> None:
    assert len(told("a: .nan\nb: [1\nc: 2\n")) == 2


@pytest.mark.parametrize("text", ["[" * 20_000, "- " * 20_000, "{a: " * 20_000, "a: [" + "[" * 33 + "]" * 34])
def test_deep_nesting_is_refused_at_once(text: str) -> None:
    begun = time.perf_counter()
    (found,) = told(text)
    assert "nests more than 32 levels" in found
    assert len(found) < 400
    assert time.perf_counter() - begun < 2


def test_positions_lead_to_keys_items_and_values() -> None:
    document = load(b"a:\n  b: [x, y]\n  c: {d: 1}\n", file="p.yml")
    assert document.position(("a",)) == (1, 1)
    assert document.position(("a", "b")) == (2, 3)
    assert document.position(("a", "b", 1)) == (2, 10)
    assert document.value_position(("a", "c")) == (3, 6)
    assert document.value_position(("a", "c", "d")) == (3, 10)
    assert document.position(("a", "c", "d", "beyond", 4)) == (3, 7)
    assert document.position(("a", "nowhere")) == (1, 1)
    assert document.position(()) == (1, 1)


def test_places_in_words_stay_short() -> None:
    assert where(("criteria", "a.b", "require", 0)) == "criteria › a.b › require › item 1"
    assert where(tuple("abcdefghijklmno")) == "a › b › c › d › e › f › g › h › … › m › n › o"


@given(PLAIN)
def test_every_json_text_is_read_as_json_reads_it(document: Json) -> None:
    data = json.dumps({"document": document}, ensure_ascii=False).encode()
    assert load(data, file="x").value == {"document": document}
    assert load_documents(data) == [{"document": document}]


@given(PLAIN)
def test_dumps_of_pyyaml_are_read_as_pyyaml_reads_them(document: Json) -> None:
    copied = json.loads(json.dumps({"document": document}))  # one object in two places would be dumped as an anchor
    data = yaml.safe_dump(copied, allow_unicode=True, sort_keys=False).encode()
    assert load(data, file="x").value == yaml.safe_load(data) == copied


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_readers(data: bytes) -> None:
    with contextlib.suppress(MistakesError):
        load(data, file="x")
    with contextlib.suppress(YamlProblem):
        load_documents(data)


@given(st.text(st.sampled_from("ab:-[]{},&*!|>'\"%@`#?<~ \n\t.0123"), max_size=60))
def test_no_arrangement_of_indicators_crashes_the_readers(text: str) -> None:
    with contextlib.suppress(MistakesError):
        load(text.encode(), file="x")
    with contextlib.suppress(YamlProblem):
        load_documents(text.encode())


def test_a_large_file_is_read_fast() -> None:
    entry = (
        "- id: x.y{}\n  title: A title\n  require: {{required: [a], properties: {{a: {{minimum: 1, maximum: 2}}}}}}\n"
    )
    data = "".join(entry.format(number) * 1 for number in range(1500)).encode()
    begun = time.perf_counter()
    load(data, file="x")
    assert time.perf_counter() - begun < 2


def problem(text: str | bytes) -> YamlProblem:
    with pytest.raises(YamlProblem) as caught:
        load_documents(text if isinstance(text, bytes) else text.encode())
    return caught.value


def test_data_files_hold_several_documents() -> None:
    assert load_documents(b"a: 1\n---\nb: 2\n") == [{"a": 1}, {"b": 2}]
    assert load_documents(b"---\n---\n~\n---\n# nothing\n") == [None]
    assert load_documents(b"") == []
    assert load_documents(b"\xef\xbb\xbfa: 1") == [{"a": 1}]


def test_data_files_follow_anchors_and_merge_keys() -> None:
    text = b"base: &b {image: a, tag: &t 1}\none: {<<: *b, tag: 2}\ntwo: {<<: [*b, {more: *t}]}\n"
    assert load_documents(text) == [
        {"base": {"image": "a", "tag": 1}, "one": {"image": "a", "tag": 2}, "two": {"image": "a", "tag": 1, "more": 1}}
    ]


def test_data_files_keep_keys_dates_and_tagged_values_as_text() -> None:
    text = b"80: a\ntrue: b\non: {cron: 1}\nd: 2027-01-31\nr: !Ref name\nn: !!int '5'\n&k key: 1\nother: {*k : 2}\n"
    assert load_documents(text) == [
        {
            "80": "a",
            "true": "b",
            "on": {"cron": 1},
            "d": "2027-01-31",
            "r": "name",
            "n": 5,
            "key": 1,
            "other": {"key": 2},
        }
    ]


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("a: 1\na: 2", 'The key "a" stands here twice, first on line 1', 2),
        ("a: &a [1, *a]", "The alias *a stands inside what it names", 1),
        ("a: 1\nb: *c", "The alias *c names no anchor above it", 2),
        ("a: 1\n---\nb: *c\n---\n", "The alias *c names no anchor above it", 3),
        ("<<: 5", "A merge key (<<) takes a mapping or a list of mappings", 1),
        ("? {a: b}\n: 1", "A key that is a list or a mapping is not available", 1),
        ("a: &x {b: 1}\nc: {*x : 1}", "A key that is a list or a mapping is not available", 2),
        ("a: .inf", ".inf is not a finite number; write a number, or quote it if it is text", 1),
        ("a: " + "9" * 400, f"{'9' * 39}… has more than 300 digits; quote it if it is text", 1),
        ("[" * 300, "This nests more than 100 levels deep", 1),
    ],
)
def test_data_files_that_cannot_be_read(text: str, reason: str, line: int) -> None:
    found = problem(text)
    assert (found.reason, found.line) == (reason, line)


def test_an_anchor_is_of_its_own_document() -> None:
    assert problem("a: &x 1\n---\nb: *x").line == 3


def test_aliases_cannot_expand_without_bound() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    begun = time.perf_counter()
    assert problem("\n".join(lines)).reason == "The aliases of this file expand to more than is read"
    assert time.perf_counter() - begun < 2


def test_long_texts_count_when_aliases_repeat_them() -> None:
    text = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 200)}]"
    assert problem(text).reason == "The aliases of this file expand to more than is read"


def test_aliases_do_not_nest_deeper_than_is_read() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 150))]
    assert problem("\n".join(lines)).reason == "The aliases of this file expand to more than is read"


def test_a_caller_may_forbid_anchors() -> None:
    with pytest.raises(YamlProblem, match="anchor"):
        load_documents(b"a: &x 1", anchors=False)


def test_a_data_file_has_a_limit() -> None:
    with pytest.raises(YamlProblem, match="at most 10 are read"):
        load_documents(b"a: 12345678901", limit=10)


def test_the_readers_work_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CLoader", raising=False)
    assert value("a: [1, {b: 'c'}]") == {"a": [1, {"b": "c"}]}
    assert load_documents(b"---\n---\na: &x 1\nb: *x\n") == [{"a": 1, "b": 1}]
    assert "nests more than 32 levels" in told("[" * 20_000)[0]

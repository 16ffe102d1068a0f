"""What untrusted text cannot do in Markdown, held against a CommonMark parser."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings

from gate.formats.plain import one_line
from gate.report.markdown_text import bold, code, is_plain, prose
from tests.report.hostile import HOSTILE, active, tokens


def spans(text: str) -> list[str]:
    return [token.content for token in tokens(text) if token.type == "code_inline"]


def shown(text: str) -> str:
    """What a reader sees of one paragraph, without blanks: code is told from prose by its looks only."""
    told = [token.content for token in tokens(text) if token.type in ("text", "code_inline", "text_special")]
    return "".join("".join(told).split())


def expected(text: str, limit: int) -> str:
    """What a reader should see: the cleaned text; a pipe is a broken one, and `##[` has a blank."""
    return "".join(one_line(text, limit).replace("##[", "# #[").replace("|", "¦").split())


@settings(max_examples=400)
@given(HOSTILE)
@example("deadbeef@x.example #1 ##[error]x")
@example("a ``b` c`")
@example("(`uv lock`, `poetry lock`)")
def test_a_sentence_can_do_nothing_and_says_the_same(text: str) -> None:
    for document in (f"**Title.** {prose(text)}\\\n→ x", f"- ✅ {prose(text)}", f"<sub>{prose(text)}</sub>"):
        assert not active(document, allowed_html=("<sub>", "</sub>"))
    assert "\n" not in prose(text)
    # Spans that the author marked lose their ticks, so ticks are left out of the comparison.
    assert shown(f"x {prose(text)}").replace("`", "") == "x" + expected(text, 600).replace("`", "")


@settings(max_examples=400)
@given(HOSTILE)
def test_only_plain_words_stand_outside_of_code(text: str) -> None:
    outside = " ".join(token.content for token in tokens(f"x {prose(text)}") if token.type == "text")
    assert all(is_plain(word) for word in outside.split())
    assert not set(outside) & set("`*_~<>[]\\@#|$&{}!^+")


@settings(max_examples=400)
@given(HOSTILE)
@example("`")
@example("a|b\\|c\\")
def test_code_is_one_span_and_says_the_same(text: str) -> None:
    found = spans(f"x {code(text, 10_000)} y")
    if not one_line(text, 10_000):
        assert code(text) == "–"
    else:
        assert len(found) == 1
        assert found[0].strip() == one_line(text, 10_000).replace("##[", "# #[").replace("|", "¦")


@settings(max_examples=200)
@given(HOSTILE, HOSTILE)
def test_cells_stay_cells(first: str, second: str) -> None:
    table = f"| A | B | C |\n|---|---|---|\n| **{prose(first) or '–'}** | {code(second)} | {prose(second)} |"
    assert [token.type for token in tokens(table)].count("td_open") == 3
    assert not active(table)


@settings(max_examples=200)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_a_name_in_a_sentence_stands_in_code(before: str, name: str, after: str) -> None:
    text = f"{before} {name} {after}"
    assert not active(f"x {prose(text, names=[name, before])}")
    assert shown(f"x {prose(text, names=[name])}").replace("`", "") == "x" + expected(text, 600).replace("`", "")


def test_names_of_things_are_code_and_the_sentence_around_them_is_not() -> None:
    sentence = "81.4 % of lines are covered, the policy wants at least 90 % (coverage.xml, 2,310 of 2,838 lines)."
    assert prose(sentence) == sentence.replace("coverage.xml", "`coverage.xml`")
    assert prose("call foo_bar() in <x> now.") == "call `foo_bar()` in `<x>` now."
    assert prose("Make one (`uv lock`, `poetry lock`) and commit it.") == (
        "Make one (`uv lock`, `poetry lock`) and commit it."
    )
    assert prose("read a b c.txt, then d", names=["a b c.txt"]) == "read `a b c.txt`, then d"
    assert prose("read a_b c_d", names=["a_b"]) == "read `a_b` `c_d`"
    assert prose("read x-a_b-y", names=["a_b"]) == "read `x-a_b-y`"
    assert prose("so (.) it is") == "so `(.)` it is"
    assert prose("@a #1 and (b/c).") == "`@a #1` and (`b/c`)."


@pytest.mark.parametrize(
    "word",
    [
        "@a",
        "#1",
        "a#1",
        "www.x.y",
        "WWW.",
        "www.…",
        "GH-1",
        "gh-12",
        "abcdef0",
        "1234567",
        "deadbeef",
        "x.com/y",
        "x.com",
        "a_b",
        "*a",
        ":a:",
        "-",
        "+",
        "!",
        "a@b",
        "PAY-812",
        "✅",
        "\\",
        "<b>",
        "$x$",
        "&amp;",
        "~a~",
        "`",
        "עברית",
    ],
)
def test_words_that_mean_something_are_not_plain(word: str) -> None:
    assert not is_plain(word)


@pytest.mark.parametrize(
    "word", ["lines", "81.4", "90%", "2,310", "(see", "it)", "pre-merge", "don’t", "2027-01-31", "≥90", "naïve", "日本"]
)
def test_words_and_numbers_are_plain(word: str) -> None:
    assert is_plain(word)


def test_a_title_is_bold_and_ends() -> None:
    assert bold("Line coverage") == "**Line coverage.**"
    assert bold("Really?") == "**Really?**"
    assert bold("\u202e") == "**–.**"
    assert re.fullmatch(r"<p><strong>a <code>b_c</code>.</strong></p>", _html(bold("a b_c")))


def _html(text: str) -> str:
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark").render(text)).strip()

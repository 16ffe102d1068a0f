"""The reader of documents."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers.document import Link, Placeholder, read_document

MARKDOWN = """---
title: TBD in the front matter does not count
---
# Run `book` now

Call [Bob](../people/bob.md "title") TBD soon.
- **Security Team**: ______ Date: ____
- code `TODO` is fine

| a | b |
|---|---|
| To be filled by ops | ![img](a/b.png) |

<!-- TODO hidden -->
<p align="center"><a href="LICENSE">lic</a></p>

```sh
echo TBD
```
[ref][r] and <https://example.org> inline <img src="q.png">

[r]: docs/z.md
"""


def test_markdown_is_read_as_a_reader_sees_it() -> None:
    document = read_document(MARKDOWN, markdown=True)
    assert document.headings == ("Run book now",)
    assert document.placeholders == (
        Placeholder(6, "TBD"),
        Placeholder(7, "______"),
        Placeholder(7, "____"),
        Placeholder(12, "To be filled"),
    )
    assert document.links == (
        Link(6, "../people/bob.md"),
        Link(12, "a/b.png"),
        Link(15, "LICENSE"),
        Link(20, "docs/z.md"),
        Link(20, "https://example.org"),
        Link(20, "q.png"),
    )


def test_a_placeholder_on_a_continued_line_has_its_own_line() -> None:
    document = read_document("one\ntwo TBD\nthree\n", markdown=True)
    assert document.placeholders == (Placeholder(2, "TBD"),)


def test_words_count_letters_and_code_but_not_rules_and_comments() -> None:
    assert read_document("# A b\n\n--- \n\n`c` – 4\n\n<!-- no no -->\n", markdown=True).words == 4


def test_a_one_byte_document_says_nothing() -> None:
    document = read_document("\n", markdown=True)
    assert (document.lines, document.words, document.headings) == (0, 0, ())


def test_prose_about_todo_lists_is_no_placeholder() -> None:
    assert not read_document("A todo list, written by to be or not to be.", markdown=True).placeholders


def test_a_thematic_break_is_no_signature() -> None:
    assert not read_document("above\n\n________\n\nbelow", markdown=True).placeholders


def test_plain_text_has_underlined_and_asciidoc_headings() -> None:
    document = read_document("Title\n=====\n\nbody TBD\n\n== Ado\n", markdown=False)
    assert document.headings == ("Title", "Ado")
    assert document.placeholders == (Placeholder(4, "TBD"),)


def test_front_matter_that_does_not_end_is_text() -> None:
    assert read_document("---\ntitle: x\n", markdown=True).words > 0


@given(st.text(), st.booleans())
def test_any_text_is_a_document(text: str, markdown: bool) -> None:
    document = read_document(text, markdown=markdown)
    count = text.count("\n") + text.count("\r") + 2
    assert all(1 <= item.line <= count for item in document.placeholders)
    assert document.words >= 0


@given(st.text(alphabet="[]()<>!`*_#-\n :TBDa/", max_size=200))
def test_markup_never_stops_the_reader(text: str) -> None:
    read_document(text, markdown=True)

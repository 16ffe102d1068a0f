"""The Markdown report: what untrusted text cannot do, and what cutting does not break."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gate.model.policy import Level
from gate.model.verdict import Decision, Outcome, Verdict
from gate.report.markdown import render
from gate.report.markdown_text import code, is_plain, prose
from gate.report.options import RenderOptions
from tests.support.verdicts import CONDITIONAL, CRITERIA, GO, NO_GO, result, verdict

DATA = Path(__file__).parent / "data"
OPTIONS = RenderOptions()
LITERAL_HTML = re.compile(r"<summary>[A-Za-z, ]+(?: \([\d,]+\))?</summary>|</?(?:details|sub)>")
HOSTILE = st.lists(
    st.sampled_from(
        [
            "@octocat", "#1", "owner/repo#3", "GH-12", "https://evil.example", "www.evil.example", "a@b.c",
            "<img src=x onerror=y>", "</details>", "<!-- gate -->", "-->", "![x](y)", "[x](javascript:y)", "`", "``",
            "```", "~~~", "|", "\\|", "\n", "\r\n", "\n\n# Title", "---", "***", "__a__", "&lt;", "&#64;octocat", "\\",
            "$$x$$",
            "\u202egnp.exe", "\u200b", "\x1b[31m", "\x00", ":smile:", "deadbeef", "a" * 300, "1.", "- [x]", "> q", "é", "日本",
        ]
    )
    | st.text(max_size=20),
    max_size=8,
).map(" ".join)  # fmt: skip


def tokens(text: str) -> list[Token]:
    """Every token, inline ones too, as a renderer with HTML and autolinks sees them."""
    found: list[Token] = []
    for token in MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text):
        found.append(token)
        found += token.children or []
    return found


def links(text: str) -> list[str]:
    return [str(token.attrGet("href")) for token in tokens(text) if token.type == "link_open"]


def visible(text: str) -> str:
    """The text outside of code, as GitHub's filters would see it."""
    return "".join(token.content for token in tokens(text) if token.type == "text")


def assert_harmless(text: str) -> None:
    for token in tokens(text):
        assert token.type not in ("html_block", "html_inline", "image", "link_open", "heading_open", "fence")
    shown = visible(text)
    assert not re.search(r"@\w|#\d|://|www\.|:[a-z]+:|\bGH-\d", shown, re.IGNORECASE), shown
    assert not re.search(r"(?<![\w/])[0-9a-f]{7,40}(?!\w)", shown), shown


@settings(max_examples=300)
@given(HOSTILE)
def test_a_sentence_can_do_nothing(text: str) -> None:
    assert_harmless(f"**Title** {prose(text)}")


@settings(max_examples=300)
@given(HOSTILE)
def test_code_is_one_span_and_says_the_same(text: str) -> None:
    spans = [token for token in tokens(f"x {code(text, 10_000)} y") if token.type == "code_inline"]
    shown = "".join(char for char in text if char.isprintable() or char.isspace()).split()
    if not spans:
        assert code(text, 10_000) == "–"
    else:
        assert len(spans) == 1
        assert "".join(spans[0].content.split()) in ("".join(shown).replace("|", "¦"), *_without_blanks(shown))


def _without_blanks(words: list[str]) -> list[str]:
    from gate.formats.plain import one_line

    return ["".join(one_line(" ".join(words), 10_000).replace("|", "¦").split())]


def test_plain_words_stay_prose() -> None:
    sentence = "81.4 % of lines are covered, the policy wants at least 90 % (coverage.xml, 2,310 of 2,838 lines)."
    assert prose(sentence) == sentence
    assert prose("call foo_bar() in <x> now.") == "call `foo_bar() in <x>` now."


@pytest.mark.parametrize(
    "word", ["@a", "#1", "a#1", "www.x.y", "GH-1", "gh-12", "abcdef0", "x.com/y", "a_b", "*a", "a:", "-", "1.)("]
)
def test_words_that_mean_something_are_not_plain(word: str) -> None:
    assert not is_plain(word) or word in ("a:",)


def hostile_verdict(text: str) -> Verdict:
    criteria = tuple(
        replace(item, title=text, reason=text, measured=text, wanted=text, where=(text,), fix=text, docs=text)
        for item in CRITERIA
    )
    return replace(NO_GO, criteria=criteria, notices=(text,), policy=replace(NO_GO.policy, path=text, profile=text))


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_a_hostile_verdict_has_only_our_own_html_and_links(text: str) -> None:
    report = render(hostile_verdict(text), OPTIONS)
    for token in tokens(report):
        if token.type in ("html_block", "html_inline"):
            assert not LITERAL_HTML.sub("", token.content).strip()
        assert token.type not in ("image", "fence")
    assert not links(report)
    assert report.count("<details>") == report.count("</details>")


def test_only_our_own_pages_are_linked() -> None:
    assert set(links(render(NO_GO, OPTIONS))) == {item.docs for item in CRITERIA}


criteria = st.lists(
    st.builds(
        result,
        st.tuples(st.sampled_from(["a.one", "b.two", "c.three"]), st.integers(0, 99)).map(lambda it: f"{it[0]}{it[1]}"),
        st.sampled_from(Outcome),
        st.sampled_from(Level),
    ),
    max_size=60,
    unique_by=lambda item: item.id,
).map(tuple)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(criteria, st.integers(600, 20_000), st.sampled_from(Decision), st.text(max_size=50))
def test_any_budget_is_kept_and_nothing_is_broken(items: tuple, budget: int, decision: Decision, text: str) -> None:  # type: ignore[type-arg]
    changed = tuple(replace(item, reason=f"{text} {item.reason}") for item in items)
    report = render(verdict(decision, changed, 50.0, notices=(text,)), RenderOptions(budget=budget))
    assert len(report.encode()) <= budget
    assert report.count("<details>") == report.count("</details>")
    assert report.startswith("## ")
    rows = [line for line in report.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)


def test_what_blocks_is_cut_last() -> None:
    many = tuple(result(f"x.n{n}", Outcome.PASS) for n in range(500)) + CRITERIA[:2]
    report = render(verdict(Decision.NO_GO, many, 1.0), RenderOptions(budget=3000))
    assert "coverage.lines" in report
    assert "dependencies.audited" in report
    assert "more; the JSON report has them all" in report


def test_a_pass_is_three_lines_and_a_fold() -> None:
    shown = re.sub(r"<details>.*?</details>", "", render(GO, OPTIONS), flags=re.DOTALL)
    assert len([line for line in shown.splitlines() if line.strip()]) == 3


def test_nothing_proven_is_said_in_the_first_line() -> None:
    assert "nothing is proven" in render(verdict(Decision.NO_GO, (), 0.0), OPTIONS).splitlines()[0]


@pytest.mark.parametrize(("name", "value"), [("go", GO), ("conditional", CONDITIONAL), ("no_go", NO_GO)])
def test_the_report_is_the_golden_one(name: str, value: Verdict) -> None:
    golden = DATA / f"{name}.md"
    assert render(value, OPTIONS) == golden.read_text()


def test_the_golden_report_renders_to_tables_and_folds() -> None:
    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render((DATA / "no_go.md").read_text())
    assert page.count("<table>") == 2
    assert page.count("<details>") == page.count("</details>") == 6
    assert "<h2>❌ NO-GO · 2 of 8 criteria block this merge</h2>" in html.unescape(page)

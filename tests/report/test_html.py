"""The HTML report: whole, in the order of the Markdown one, without scripts or requests, and shut to hostile text."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.formats.plain import one_line
from gate.model.evidence import Collected, Gap, How, Source
from gate.model.finding import Finding
from gate.model.policy import Level, PolicyLink, Waiver
from gate.model.verdict import (
    Believed,
    Decision,
    FileChange,
    Outcome,
    Proposal,
    ProposedFile,
    ProposedOutcome,
    Trust,
    Verdict,
    WaiverState,
    WaiverUse,
)
from gate.report.html import render
from gate.report.markdown import render as markdown
from gate.report.options import RenderOptions
from tests.report.hostile import HOSTILE
from tests.report.test_markdown import hostile_verdict
from tests.support.verdicts import CONDITIONAL, CRITERIA, GO, NO_GO, PAGE, result, verdict

OPTIONS = RenderOptions(version="1.2.3")
VOID = {"meta", "br", "wbr"}
TAGS = VOID | {
    "html", "head", "title", "style", "body", "h1", "h2", "p", "strong", "span", "code", "bdi", "a", "div", "table",
    "thead", "tbody", "tr", "th", "td", "ul", "li", "details", "summary", "footer", "pre",
}  # fmt: skip
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "href", "rel", "scope", "title"}


class Page(HTMLParser):
    """Reads a page strictly: every tag is closed in order, and no tag or attribute is one that we do not write."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.links: list[str] = []
        self.classes: set[str] = set()
        self.policy = ""
        self.texts: dict[str, list[str]] = {}
        self.rows: list[int] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        given_ = dict(attrs)
        assert set(given_) <= ATTRIBUTES
        assert len(given_) == len(attrs)
        self.classes.update((given_.get("class") or "").split())
        if tag == "a":
            self.links.append(str(given_["href"]))
        if given_.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(given_["content"])
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raise AssertionError(f"{tag} {attrs}")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self.open[2:]:  # html and body hold all of it
            self.texts[tag][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


@pytest.mark.parametrize(
    ("value", "head"),
    [
        (NO_GO, "NO-GO 2 of 8 criteria block this merge"),
        (CONDITIONAL, "CONDITIONAL nothing blocks, 2 conditions of 6 criteria remain"),
        (GO, "GO 2 of 3 criteria met, 1 waived until 2027-01-31"),
    ],
)
def test_the_page_begins_with_the_verdict_and_why(value: Verdict, head: str) -> None:
    page = Page(render(value, OPTIONS))
    assert page.texts["h1"] == [head]
    assert page.texts["title"][0].replace(" ·", "") == head
    assert value.decision.value in page.classes


def test_the_order_is_that_of_the_markdown_report() -> None:
    page = Page(render(NO_GO, OPTIONS))
    assert [re.sub(r" \(\d+\)", "", text) for text in page.texts["h2"]] == [
        "What blocks",
        "How to mend it",
        "Scorecard",
    ]
    # A few findings are in plain sight in the comment; the page has room, and folds them like the many.
    folded = [text for text in page.texts["summary"] if not text.startswith("Findings behind")]
    assert folded == re.findall(r"<summary>(.*?)</summary>", markdown(NO_GO, OPTIONS))
    assert [text.split(" ")[0] for text in Page(render(CONDITIONAL, OPTIONS)).texts["h2"]] == [
        "Conditions",
        "How",
        "Scorecard",
    ]
    assert Page(render(GO, OPTIONS)).texts["h2"] == ["Scorecard"]


def test_what_decides_is_told_with_what_to_do() -> None:
    page = Page(render(NO_GO, OPTIONS))
    assert "✗Line coverage" in page.texts["td"][0]
    assert page.texts["td"][1:4] == ["81.4 % of lines are covered", "at least 90 %", "coverage.xml"]
    mend = " ".join(page.texts["div"])
    assert "Line coverage. 81.4 % of lines are covered, the policy wants at least 90 %" in mend
    assert "→ Add tests for the files with the most missing lines" in mend
    assert page.links[:2] == [f"{PAGE}#coverage.lines", f"{PAGE}#dependencies.audited"]
    assert "tests/" in page.texts["code"]
    assert "Evidence for tests and coverage was supplied by the job under review." in page.texts["footer"][0]
    assert "Readiness Gate 1.2.3." in page.texts["footer"][0]


def test_every_row_has_the_cells_of_its_head() -> None:
    page = Page(render(NO_GO, OPTIONS))
    assert page.rows == [4, 4, 4] + [8] * 5 + [4, 4, 4] + [3] * 7


def test_the_policy_of_the_page_lets_in_its_own_style_and_nothing_else() -> None:
    text = render(NO_GO, OPTIONS)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert Page(text).policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"url\(|@import|javascript:|\bon\w+=", text)
    assert text.index("Content-Security-Policy") < text.index("<style>")


def test_a_thousand_findings_are_all_there() -> None:
    findings = tuple(Finding(f"B{n}", "low", "m" * 400, "bandit", f"src/{'d' * 90}/{n}.py", n) for n in range(1000))
    text = render(replace(NO_GO, findings=findings), OPTIONS)
    page = Page(text)
    assert "Findings behind what is not met (1,000)" in page.texts["summary"]
    assert sum(cell.startswith("src/ddd") for cell in page.texts["td"]) == 1000
    assert len(text) < 1_500_000


def test_long_names_can_be_broken_and_read_the_same() -> None:
    path = f"src/{'x' * 100}/é.py"
    text = render(replace(NO_GO, findings=(Finding("B1", "low", "y" * 100, "bandit", path, 3),)), OPTIONS)
    assert f"src/<wbr>{'x' * 32}<wbr>" in text
    assert {f"{path}:3", "y" * 100} <= set(Page(text).texts["td"])


def test_many_gaps_and_sources_are_counted() -> None:
    gaps = tuple(Gap(f"file{n}", "did not parse", "a.py" if n else None, 1) for n in range(501))
    sources = tuple(Source(How.SUPPLIED, f"r{n}.xml") for n in range(21))
    page = Page(render(replace(NO_GO, evidence=(Collected("tests", {}, sources, gaps),)), OPTIONS))
    assert page.texts["li"].count("tests · … and 1 more") == 1
    assert "What was not looked at (501)" in page.texts["summary"]
    assert page.texts["td"][-1].endswith("r19.xml supplied, 1 more")


def test_many_criteria_of_one_cause_are_told_together() -> None:
    many = tuple(result(f"own.c{n}", Outcome.NO_EVIDENCE, title=f"Title {n}", fix="") for n in range(10))
    page = Page(render(verdict(Decision.NO_GO, many, 0.0), OPTIONS))
    assert sum("Title 7 and 2 more. 3 were found" in text for text in page.texts["p"]) == 1


def test_what_there_is_not_is_not_shown() -> None:
    bare = replace(
        GO, commit=None, base=None, generated_at="", notices=(), evidence=(), criteria=CRITERIA[6:7],
        policy=replace(GO.policy, path=None, ref=None), categories=(), waivers=(),
    )  # fmt: skip
    page = Page(render(bare, RenderOptions()))
    assert page.texts["p"][0].startswith("no commit · no policy file (profile production, SHA-256 cccc")
    assert page.texts["summary"] == ["What passed, with its evidence (1)", "Evidence (0)"]


def test_t28_no_line_is_a_command_to_a_runner() -> None:
    text = render(replace(NO_GO, findings=(Finding("##[error]x", "low", "::error::y ##[group]", "t"),)), OPTIONS)
    assert "##[" not in text
    assert "##[error]x" in Page(text).texts["td"]
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


def test_a_policy_of_elsewhere_is_told_with_its_commit_and_what_it_extends() -> None:
    link = PolicyLink("base.yml", "d" * 64, "main", "e" * 40, "acme/policies")
    own = replace(GO.policy, commit="e" * 40, chain=(link, link))
    told = Page(render(replace(GO, policy=own), OPTIONS)).texts["p"][0]
    assert f"policy .gate/policy.yml at main ({'e' * 40}), over 1 further file (profile production" in told
    far = replace(own, repository="acme/policies", chain=(link, link, link))
    told = Page(render(replace(GO, policy=far), OPTIONS)).texts["p"][0]
    assert f"policy .gate/policy.yml of acme/policies ({'e' * 40}), over 2 further files (profile" in told


ALARMED = RenderOptions(alarms=("Another app set the status “readiness-gate: main”",), extra_notes=("One more note",))


def test_who_speaks_under_our_name_is_told_first_and_makes_it_a_no_go() -> None:
    page = Page(render(GO, ALARMED))
    assert page.texts["h1"] == ["NO-GO somebody else speaks under this gate's name"]
    assert page.texts["h2"][0] == "Who else speaks under this gate's name (1)"
    assert page.texts["li"][0] == "Another app set the status “readiness-gate: main”."
    assert "One more note." in page.texts["footer"][0]


def test_advice_says_so_before_the_verdict() -> None:
    for text in (render(replace(NO_GO, advisory=True), OPTIONS), render(NO_GO, RenderOptions(advisory=True))):
        assert Page(text).texts["p"][0] == "ADVISORY – not enforcing. Nothing follows from this verdict."
        assert Page(text).texts["title"][0].startswith("ADVISORY · NO-GO")
    assert "ADVISORY" not in render(NO_GO, OPTIONS)


def with_all(text: str) -> Verdict:
    """A verdict with everything that a policy and a change of it can say, each of it this text."""
    waiver = Waiver(text, text, text, text, link=text, findings=(text,))
    return replace(
        NO_GO,
        waiver_uses=(WaiverUse(waiver, WaiverState.ACTIVE, 3, 1), WaiverUse(GO.waivers[0], WaiverState.EXPIRED, -2)),
        trust=(Trust(text, Believed.SUPPLIED, text), Trust("sast", Believed.PRODUCED, "The gate ran bandit")),
        proposal=Proposal(
            files=(ProposedFile(text, FileChange.CHANGED, ("@@ -1 +1 @@", f"-{text}", text), 7),),
            also=(text,),
            decision=Decision.GO,
            score=88.0,
            outcomes=(
                ProposedOutcome(text, text, Outcome.FAIL, Outcome.PASS, (Level.MUST, Level.MAY), text),
                ProposedOutcome("own.gone", "Gone", Outcome.PASS, None),
            ),
            mistakes=(text,),
            notes=(text,),
        ),
    )


def test_waivers_proposals_and_trust_are_told() -> None:
    page = Page(render(with_all("words"), OPTIONS))
    assert {"Waivers (2)", "Who could have written it (2)"} <= set(page.texts["summary"])
    assert {"1 of 1 finding", "holds", "words3 days left", "expired", "2027-01-31over for 2 days"} <= set(
        page.texts["td"]
    )
    assert "What this change wants of the policy" in page.texts["h2"]
    assert "It cannot be read, so mend it before it is merged." in page.texts["p"]
    assert "With it the verdict would be GO, score 88 / 100." in page.texts["p"]
    assert {"not met (must)", "met (may)", "not there", "supplied: the author can forge it"} <= set(page.texts["td"])
    assert "The change also touches what steers the gate: words." in page.texts["li"]
    assert page.texts["pre"] == ["@@ -1 +1 @@\n-words\nwords\n… and 7 more lines"]
    bare = replace(NO_GO, proposal=Proposal((ProposedFile("a.yml", FileChange.DELETED),)))
    assert "a.yml is deleted" in Page(render(bare, OPTIONS)).texts["p"]
    many = replace(NO_GO, proposal=Proposal((ProposedFile("a.yml", FileChange.ADDED),) * 203))
    assert "3 more criteria and files are in the JSON report." in Page(render(many, OPTIONS)).texts["li"]


@settings(max_examples=50, deadline=None)
@given(HOSTILE | st.text())
def test_t16_a_hostile_policy_is_shown_and_does_nothing(text: str) -> None:
    shown = render(with_all(text), RenderOptions(alarms=(text,), extra_notes=(text,)))
    assert not set(Page(shown).links) - {item.docs for item in NO_GO.criteria}
    assert "##[" not in shown
    assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]
    assert all(char == "\n" or char.isprintable() or category(char) == "Zs" for char in shown)


@settings(max_examples=50, deadline=None)
@given(HOSTILE | st.text(), st.sampled_from([NO_GO, CONDITIONAL, GO]))
def test_t16_hostile_text_is_shown_and_does_nothing(text: str, base: Verdict) -> None:
    page_text = render(hostile_verdict(text, base), OPTIONS)
    page = Page(page_text)  # raises for every tag, attribute, comment and nesting that is not ours
    assert page.links == []
    assert page_text.encode("utf-8")
    assert "##[" not in page_text
    assert all(char == "\n" or char.isprintable() for char in page_text)
    shown = one_line(text, 200)
    assert not shown or any(shown[:40] in cell for cell in page.texts["code"])


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' onmouseover='x",
        "</title><script>",
        "</style><script>",
        "</summary></details><h1>GO</h1>",
        "<!-- -->",
        "&lt;script&gt;",
        "<meta http-equiv=refresh content=0>",
        "]]><![CDATA[",
        "javascript:alert(1)",
        f'{PAGE}#x" onclick="y',
        f"{PAGE}#x\n",
    ],
)
def test_t16_attacks_are_text(attack: str) -> None:
    page = Page(render(hostile_verdict(attack, NO_GO), OPTIONS))
    assert one_line(attack) in page.texts["code"]
    assert page.links == []
    assert len(page.texts["h1"]) == 1


def test_letters_from_right_to_left_stay_in_their_place() -> None:
    text = render(replace(NO_GO, findings=(Finding("שלום", "low", "שלום", "t", "שלום.py", 1),)), OPTIONS)
    assert text.count("<bdi>שלום") == 3

"""The Markdown report: its order, what a hostile verdict cannot do, and what cutting does not break."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gate.model.evidence import Collected, Evidence, Gap, How, Missing, Source, Unreadable
from gate.model.finding import Finding
from gate.model.policy import Level, Phase, Waiver
from gate.model.verdict import CategoryScore, Decision, Outcome, Verdict
from gate.report.markdown import MINIMUM_BUDGET, render
from gate.report.options import RenderOptions
from tests.report.hostile import HOSTILE, tokens
from tests.support.verdicts import CONDITIONAL, CRITERIA, EVIDENCE, GO, NO_GO, PAGE, result, verdict

DATA = Path(__file__).parent / "data"
OPTIONS = RenderOptions()
LITERAL_HTML = re.compile(r"<summary>[A-Za-z, ]+(?: \([\d,]+\))?</summary>|</?(?:details|sub)>|<br>")


def links(text: str) -> list[str]:
    return [str(token.attrGet("href")) for token in tokens(text) if token.type == "link_open"]


def page(text: str) -> str:
    return str(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))


def assert_whole(text: str) -> None:
    """Nothing is broken: folds are balanced in order, only our HTML, every row has the cells of its head."""
    depth = 0
    for token in tokens(text):
        assert token.type not in ("image", "fence", "code_block", "blockquote_open", "hr", "ordered_list_open")
        if token.type in ("html_block", "html_inline"):
            assert not LITERAL_HTML.sub("", token.content).strip()
            for tag in re.findall(r"</?details>", token.content):
                depth += 1 if tag == "<details>" else -1
                assert depth >= 0
    assert depth == 0
    for table in re.findall(r"<table>.*?</table>", page(text), re.DOTALL):
        widths = {len(re.findall(r"<t[hd][ >]", row)) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)}
        assert len(widths) == 1
    assert not [line for line in page(text).splitlines() if line.startswith(("<p>|", "|"))]


@pytest.mark.parametrize(("name", "value"), [("go", GO), ("conditional", CONDITIONAL), ("no_go", NO_GO)])
def test_the_report_is_the_golden_one(name: str, value: Verdict) -> None:
    report = render(value, OPTIONS)
    assert report == (DATA / f"{name}.md").read_text()
    assert_whole(report)


def test_the_golden_report_becomes_the_page_that_was_meant() -> None:
    html = page((DATA / "no_go.md").read_text())
    assert re.findall(r"<h[23]>(.*?)</h[23]>", html) == [
        "❌ NO-GO · 2 of 8 criteria block this merge",
        "What blocks",
        "Findings behind what is not met",
        "Scorecard",
    ]
    assert re.findall(r"<summary>(.*?)</summary>", html) == [
        "Conditions (2)",
        "Waived (1)",
        "Advice (1)",
        "What was not looked at (3)",
        "What passed, with its evidence (2)",
        "Evidence (6)",
        "What does not apply (1)",
    ]
    assert html.count("<table>") == 4
    assert html.count("<details>") == html.count("</details>") == 7
    assert '<td>❌ <strong>Line coverage</strong><br><a href="' in html
    assert "<code>payments/config¦old.py:4</code>" in html
    assert "<strong>Line coverage.</strong> 81.4 % of lines are covered" in html


def test_a_pass_is_three_lines_and_a_fold() -> None:
    shown = re.sub(r"<details>.*</details>", "<details>", render(GO, OPTIONS), flags=re.DOTALL)
    assert [line[:20] for line in shown.splitlines() if line.strip()] == [
        "## ✅ GO · 2 of 3 cri",
        "`3f2a9c1` against `0",
        "<details>",
        "<sub>Evidence for te",
    ]


def test_conditions_are_told_in_full_where_they_decide() -> None:
    report = render(CONDITIONAL, OPTIONS)
    assert report.startswith("## ⚠️ CONDITIONAL · nothing blocks, 2 conditions of 6 criteria remain\n")
    assert "### Conditions\n\n| Criterion" in report
    assert "**There is a runbook.** `docs/RUNBOOK.md` is not `UTF-8`" in report
    assert "Conditions (" not in report


@pytest.mark.parametrize(
    ("items", "first"),
    [
        ((), "❌ NO-GO · nothing is proven (0 criteria)"),
        (CRITERIA[6:], "❌ NO-GO · the score is below what the policy wants (2 criteria)"),
        (CRITERIA[:1], "❌ NO-GO · 1 of 1 criterion blocks this merge"),
        ((replace(CRITERIA[0], phase=Phase.PRE_DEPLOY),), "❌ NO-GO · 1 of 1 criterion blocks this deployment"),
        (
            (replace(CRITERIA[0], phase=Phase.POST_DEPLOY), CRITERIA[1]),
            "❌ NO-GO · 2 of 2 criteria block this change",
        ),
    ],
)
def test_the_first_line_says_why(items: tuple, first: str) -> None:  # type: ignore[type-arg]
    assert render(verdict(Decision.NO_GO, items, 1.0), OPTIONS).splitlines()[0] == f"## {first}"


def test_what_is_not_known_is_said() -> None:
    policy = replace(NO_GO.policy, path=None, ref=None, profile="baseline")
    report = render(replace(NO_GO, commit=None, base=None, policy=policy), OPTIONS)
    assert report.splitlines()[1] == "no commit · no policy file (profile `baseline`) · score 36.4 / 100"


def test_only_pages_of_our_own_catalogue_are_linked() -> None:
    assert set(links(render(NO_GO, OPTIONS))) == {f"{PAGE}#{item.id}" for item in CRITERIA}
    foreign = tuple(replace(item, docs=f"{PAGE}#x) [evil](https://evil.example") for item in CRITERIA)
    assert not links(render(replace(NO_GO, criteria=foreign), OPTIONS))


def test_gaps_and_findings_are_told_up_to_a_number_and_counted_in_full() -> None:
    gaps = tuple(Gap(f"p{n}.py", "cannot be read", f"src/p{n}.py") for n in range(70))
    findings = tuple(Finding(f"R{n}", "low", "message", "tool", None, None) for n in range(130))
    evidence = (Collected("sast", {}, (Source(How.SUPPLIED, "a.sarif"),) * 5, gaps), Unreadable("tests", "it is cut"))
    report = render(replace(NO_GO, findings=findings, evidence=evidence), OPTIONS)
    assert "- `sast` · `p49.py` (`src/p49.py`): cannot be read.\n- `sast` · … and 20 more." in report
    assert "Findings behind what is not met (130)" in report
    assert "| low | `R99` | `tool` | `message` |\n\n… and 30 more; the JSON report has them all." in report
    assert "`a.sarif` supplied, `a.sarif` supplied, `a.sarif` supplied and 2 more" in report
    assert "| ✗ `tests` | it is cut | – |" in report


def hostile_evidence(text: str) -> tuple[Evidence, ...]:
    gap = Gap(text, text, text)
    source = Source(How.SUPPLIED, text, None, text, text, text)
    tools: Evidence = Collected("sast", {"tools": [{"name": text, "version": text}]}, (source,), (gap,))
    return (tools, Missing(text, text, gaps=(gap,)), Unreadable("tests", text, (source,), (gap,)))


def hostile_verdict(text: str, base: Verdict) -> Verdict:
    criteria = tuple(
        replace(item, id=f"{text}{n}", title=text, category=text, reason=text, measured=text, wanted=text)
        for n, item in enumerate(base.criteria)
    )
    criteria = tuple(replace(item, where=(text, text, text), fix=text, docs=text) for item in criteria)
    blocked = tuple(new.id for new, old in zip(criteria, base.criteria, strict=True) if old.id in base.blocked_by)
    return replace(
        base,
        criteria=criteria,
        blocked_by=blocked,
        notices=(text, text),
        policy=replace(base.policy, path=text, ref=text, profile=text),
        policy_name=text,
        categories=(CategoryScore(text, None, {}), CategoryScore(text, 1.0, {Outcome.ERROR: 1})),
        evidence=hostile_evidence(text),
        findings=(Finding(text, "high", text, text, text, 3), Finding(text, "low", text, text)),
        commit=text,
        base=text,
        waivers=tuple(Waiver(item.id, text, text, text) for item in criteria),
    )


@settings(max_examples=60, deadline=None)
@given(HOSTILE, st.sampled_from([NO_GO, CONDITIONAL, GO]))
def test_a_hostile_verdict_has_only_our_own_html_and_no_links(text: str, base: Verdict) -> None:
    report = render(hostile_verdict(text, base), OPTIONS)
    assert_whole(report)
    assert not links(report)
    assert "##[" not in report
    assert not [line for line in report.splitlines() if line.lstrip().startswith("::")]
    assert report.splitlines()[0] == render(replace(base, waivers=()), OPTIONS).splitlines()[0]


CRITERIA_STRATEGY = st.lists(
    st.builds(
        result,
        st.tuples(st.sampled_from(["a.one", "b.two", "c.three"]), st.integers(0, 99)).map(lambda it: f"{it[0]}{it[1]}"),
        st.sampled_from(Outcome),
        st.sampled_from(Level),
    ),
    max_size=60,
    unique_by=lambda item: item.id,
).map(tuple)


@settings(max_examples=50, deadline=None)
@given(CRITERIA_STRATEGY, st.integers(MINIMUM_BUDGET, 20_000), st.sampled_from(Decision), HOSTILE)
def test_any_budget_is_kept_and_nothing_is_broken(
    items: tuple,  # type: ignore[type-arg]
    budget: int,
    decision: Decision,
    text: str,
) -> None:
    changed = tuple(replace(item, reason=f"{text} {item.reason}", title=text) for item in items)
    value = verdict(decision, changed, 50.0, notices=(text,), evidence=(*EVIDENCE, *hostile_evidence(text)))
    value = replace(value, policy=replace(value.policy, profile="語" * 90, ref="é" * 90, path="字" * 90))
    report = render(value, RenderOptions(budget=budget))
    assert len(report.encode()) <= budget
    assert report.startswith("## ")
    assert_whole(report)


def test_what_blocks_is_cut_last_and_what_went_is_named() -> None:
    many = tuple(result(f"x.n{n}", Outcome.PASS) for n in range(500)) + CRITERIA[:2]
    for budget in (20_000, 3000, 1800):
        report = render(verdict(Decision.NO_GO, many, 1.0), RenderOptions(budget=budget))
        assert "`coverage.lines`" in report
        assert "`dependencies.audited`" in report
    assert "more; the JSON report has them all" in render(NO_GO_OF_500, RenderOptions(budget=20_000))
    assert "Left out for want of room: " in report
    assert "What passed, with its evidence (500)" in report.split("Left out")[1]


NO_GO_OF_500 = verdict(Decision.NO_GO, tuple(result(f"x.n{n}", Outcome.FAIL) for n in range(500)), 0.0)


def test_a_long_list_of_what_blocks_loses_its_end() -> None:
    report = render(NO_GO_OF_500, RenderOptions(budget=10_000))
    assert report.startswith("## ❌ NO-GO · 500 of 500 criteria block this merge\n")
    assert "`x.n0`" in report
    left = re.search(r"… and (\d+) more; the JSON report has them all\.", report)
    assert left is not None
    assert int(left[1]) + report.count("| ❌") == 500
    assert len(report.encode()) > 9_500


def test_criteria_of_one_cause_share_a_paragraph() -> None:
    items = tuple(result(f"tests.n{n}", Outcome.NO_EVIDENCE, reason="there is no report", fix="") for n in range(6))
    report = render(verdict(Decision.NO_GO, items, 0.0), OPTIONS)
    assert "\n**Tests n0 · Tests n1".replace("n0", "`n0`").replace("n1", "`n1`") in report
    assert "`n3` and 2 more.** There is no report.\n" in report
    assert report.count("There is no report") == 1
    assert report.count("| ❔ **") == 6


def test_a_budget_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        render(GO, RenderOptions(budget=MINIMUM_BUDGET - 1))

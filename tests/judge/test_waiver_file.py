"""A file of waivers: what can be told from it alone."""

from __future__ import annotations

import pytest

from gate.errors import MistakesError
from gate.judge.catalogue import load_catalogue
from gate.judge.policy_file import read_policy
from gate.judge.waiver_file import Waivable, read_waivers, waiving_of
from gate.model.policy import Policy, Waiver, Waiving

CATALOGUE = load_catalogue()
MARK = "f" * 64
FIELDS = {"criterion": "sast.no-high", "reason": "r", "owner": "o", "expires": "2026-12-01"}


def item(**changed: str) -> str:
    fields = {name: text for name, text in {**FIELDS, **changed}.items() if text != "-"}
    return f"  - {{{', '.join(f'{name}: {text}' for name, text in fields.items())}}}\n"


def policy(*items: str, waiving: str = "", waivers: str = ".gate/w.yml", **files: str) -> Policy:
    text = f"version: 1\nwaivers: {waivers}\n{waiving}"
    given = {".gate/w.yml": "version: 1\nwaivers:\n" + "".join(items), **files}
    return read_policy(
        text.encode(), catalogue=CATALOGUE, path="p.yml", waivers={name: each.encode() for name, each in given.items()}
    )


def mistakes(*items: str, waiving: str = "") -> list[tuple[str, int, int, str]]:
    with pytest.raises(MistakesError) as caught:
        policy(*items, waiving=waiving)
    return [(each.file, each.line, each.column, each.text) for each in caught.value.mistakes]


def test_all_that_an_entry_may_say() -> None:
    (found,) = policy(item(findings=f"[{MARK}]", link="https://example.org/1", created="2026-11-21")).waivers
    assert found == Waiver(
        "sast.no-high", "r", "o", "2026-12-01", "https://example.org/1", findings=(MARK,), created="2026-11-21"
    )
    assert policy(item()).waivers == (Waiver("sast.no-high", "r", "o", "2026-12-01"),), "older files stay readable"
    assert policy(item()).waiving == Waiving(90, 20, (), False)


@pytest.mark.parametrize(
    ("entry", "column", "told"),
    [
        (item(criterion="sast.no-hihg"), 17, 'There is no criterion "sast.no-hihg". Did you mean sast.no-high?'),
        (item(criterion="'sast.*'"), 17, 'There is no criterion "sast.*". A waiver names one criterion, exactly.'),
        (item(owner="' '"), 49, "The owner says nothing."),
        (item(reason="-"), 5, '"reason" is missing. Why it may be missed for now.'),
        (item(expires="2026-13-01"), 61, "There is no day 2026-13-01; write YYYY-MM-DD."),
        (item(created="2026-12-02"), 61, "It ends before the day on which it was written (2026-12-02)."),
        (
            item(created="2026-09-01"),
            61,
            "It would hold for 91 days; the policy allows 90 at most (waiving › max_days).",
        ),
        (item(created="2026-02-30"), 82, "There is no day 2026-02-30; write YYYY-MM-DD."),
        (item(findings=f"[{MARK}, {MARK}]"), 83, "Expected"),
        (item(findings="[]"), 83, "Expected at least 1 item"),
        (item(findings="null"), 83, "Expected"),
        (item(findings=MARK), 83, "Expected"),
        (item(findings="[abc]"), 84, "This is not a whole fingerprint."),
        (item(findings=f"[' {MARK}']"), 84, "This is not a whole fingerprint."),
        (item(findings=f"['{MARK}*']"), 84, "A fingerprint is compared whole; * stands for nothing."),
        (item(criterion="docs.readme", findings=f"[{MARK}]"), 82, "What is known about docs is not counted"),
        (item(finding=MARK), 73, 'There is no key "finding" here. Did you mean findings?'),
    ],
)
def test_mistakes_of_one_entry(entry: str, column: int, told: str) -> None:
    ((file, line, at, text),) = mistakes(entry)
    assert (file, line) == (".gate/w.yml", 3)
    assert text.startswith(told)
    assert at == column


def test_the_same_twice() -> None:
    ((_, line, _, text),) = mistakes(item(), item(owner="p"))
    assert (line, text) == (4, "Waiver 1 says this already; remove one of them.")
    two = item(findings=f"[{MARK}, {'e' * 64}]"), item(findings=f"[{'e' * 64}, {MARK}]")
    assert mistakes(*two)[0][3].startswith("Waiver 1 says this already")
    assert len(policy(item(), item(expires="2026-12-02"), item(findings=f"[{MARK}]")).waivers) == 3


def test_a_cap_on_their_number_over_all_files() -> None:
    many = [item(expires=f"2026-12-{day:02}") for day in range(1, 22)]
    ((_, line, _, text),) = mistakes(*many)
    assert line == 23
    assert text.startswith("The policy takes 20 waivers at most, and there are 21.")
    assert len(policy(*many[:20]).waivers) == 20
    assert len(policy(*many, waiving="waiving: {max_count: 30}\n").waivers) == 21
    with pytest.raises(MistakesError, match=r"takes 1 waiver at most, and there are 2") as caught:
        read_policy(
            b"version: 1\nwaivers: [a.yml, b.yml]\nwaiving: {max_count: 1}\n",
            catalogue=CATALOGUE,
            waivers={
                "a.yml": b"version: 1\nwaivers:\n" + item().encode(),
                "b.yml": b"version: 1\nwaivers:\n" + item(expires="2026-12-02").encode(),
            },
        )
    assert caught.value.mistakes[0].file == "b.yml"


def test_what_the_policy_says_of_waivers() -> None:
    assert mistakes(item(), waiving="waiving: {never: [sast.no-high]}\n")[0][3] == (
        "sast.no-high cannot be waived: the policy names it under waiving › never."
    )
    assert mistakes(item(), waiving="waiving: {require_link: true}\n")[0][3].startswith('"link" is missing.')
    assert mistakes(item(created="2026-11-21"), waiving="waiving: {max_days: 9}\n")[0][3].startswith("It would hold")
    ((file, line, column, text),) = mistakes(item(), waiving="waiving: {never: [sast.no-hihg]}\n")
    assert (file, line, column) == ("p.yml", 3, 19)
    assert text == 'There is no criterion "sast.no-hihg". Did you mean sast.no-high?'
    for wrong in ("max_days: 0", "max_days: 0.5", "max_count: -1", "never: sast.no-high", "maximum: 3"):
        assert mistakes(item(), waiving=f"waiving: {{{wrong}}}\n")[0][0] == "p.yml"
    found = policy(
        waiving="waiving: {max_days: 7, never: [docs.readme], require_link: true}\n", **{".gate/w.yml": EMPTY}
    )
    assert found.waiving == Waiving(7, 20, ("docs.readme",), True)


EMPTY = "version: 1\nwaivers: []\n"


def test_the_section_as_it_stands_in_the_file() -> None:
    assert waiving_of({}) == Waiving()
    assert waiving_of({"max_days": "9", "never": "x", "require_link": "yes"}) == Waiving(), "its schema refuses these"


def test_single_elements_of_any_kind_may_be_waived() -> None:
    text = (
        b"version: 1\nwaivers: w.yml\ncriteria:\n  my.own: {title: t, category: c, level: must, evidence: docs, "
        b"select: {each: items}, require: {required: [found]}}\n"
    )
    entry = item(criterion="my.own", findings=f"[{MARK}]").encode()
    found = read_policy(text, catalogue=CATALOGUE, waivers={"w.yml": b"version: 1\nwaivers:\n" + entry})
    assert found.waivers[0].findings == (MARK,)


def test_what_is_no_file_of_waivers() -> None:
    waivable = Waivable(CATALOGUE.criteria)
    for data in (b"", b"[", b"[]", b"version: 1\n", b"version: 1\nwaivers: {}\n", b"version: 1\nwaivers: [5]\n"):
        waivers, wrong = read_waivers(data, file="w.yml", waivable=waivable)
        assert not waivers
        assert wrong

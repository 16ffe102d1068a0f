"""Waivers, through the whole program: real findings of bandit waived by fingerprint, on days that the tests choose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.commands import wiring
from tests.support.fakes import write
from tests.support.repos import Document, Gate, ledger, save

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = """version: 1
extends: baseline
criteria:
  sast.no-high: {level: must}
  secrets.none: {enabled: false, reason: not every machine that runs these tests has gitleaks}
waivers: .gate/waivers.yml
"""
SHELL = "import subprocess\n\n\ndef one(x):\n    return subprocess.call(x, shell=True)\n"
SECOND = "\n\ndef two(x):\n    return subprocess.call(x + 1, shell=True)\n"
NONE = "version: 1\nwaivers: []\n"
WAIVERS = ".gate/waivers.yml"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A ledger with two findings of high severity."""
    return ledger(tmp_path / "ledger", policy=POLICY, **{"ledger/run.py": SHELL + SECOND, WAIVERS: NONE})


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The one place that asks the clock."""
    clock = Clock()
    monkeypatch.setattr(wiring, "now", clock)
    return clock


class Clock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def judged(gate: Gate, repository: Path) -> Document:
    """What a run says of the code alone."""
    return gate.run(repository, "--only", "sast").json


def of(verdict: Document, id_: str = "sast.no-high") -> Document:
    """One criterion."""
    return next(item for item in verdict["criteria"] if item["id"] == id_)


def high(verdict: Document) -> list[str]:
    """The fingerprints of what blocks, by line."""
    found = [each for each in verdict["findings"] if each["severity"] == "high"]
    return [each["fingerprint"] for each in sorted(found, key=lambda each: each["line"])]


def waive(gate: Gate, repository: Path, *more: str, id_: str = "sast.no-high") -> int:
    """`gate waive` with what every waiver has."""
    said = gate("waive", id_, "--reason", "it goes soon", "--owner", "ada", "--workspace", repository, *more)
    return said.code


def test_waiving_one_of_two_findings_leaves_the_other(gate: Gate, repository: Path) -> None:
    first, second = high(judged(gate, repository))
    assert waive(gate, repository, "--finding", first) == 0
    verdict = judged(gate, repository)
    result = of(verdict)
    assert (result["outcome"], result["finding_count"], result["waived_findings"]) == ("fail", 1, 1)
    assert result["reason"].startswith("1 finding of high severity")
    assert "beside that 1 finding is waived by ada until 2026-12-21 (it goes soon)" in result["reason"]
    assert high(verdict) == [second]


def test_what_passes_only_because_of_waivers_is_waived_and_earns_nothing(gate: Gate, repository: Path) -> None:
    before = judged(gate, repository)
    for fingerprint in high(before):
        assert waive(gate, repository, "--finding", fingerprint, "--link", "https://example.org/1") == 0
    verdict = judged(gate, repository)
    result = of(verdict)
    assert (verdict["verdict"], result["outcome"], result["waived_until"]) == ("go", "waived", "2026-12-21")
    assert verdict["score"] == before["score"] < 100
    assert [(each["state"], each["waived_findings"], each["days_left"]) for each in verdict["waivers"]] == [
        ("active", 1, 30),
        ("active", 1, 30),
    ]
    assert verdict["waivers"][0]["link"] == "https://example.org/1"
    sast = next(item for item in verdict["evidence"] if item["kind"] == "sast")
    assert sast["facts"]["counts"]["high"] == 2, "the untouched facts stay in the report"
    assert verdict["generated_at"] == "2026-11-21T12:00:00Z"


def test_a_finding_waived_for_one_criterion_counts_for_another(gate: Gate, repository: Path) -> None:
    own = (
        "  my.own: {title: None, category: security, level: must, evidence: sast, require: {required: [counts], "
        "properties: {counts: {required: [high], properties: {high: {maximum: 0}}}}}}\n"
    )
    found = high(judged(gate, repository))
    write(repository, {".gate/policy.yml": POLICY.replace("waivers:", own + "waivers:")})
    assert waive(gate, repository, *(word for each in found for word in ("--finding", each))) == 0
    verdict = judged(gate, repository)
    assert (of(verdict)["outcome"], of(verdict, "my.own")["outcome"]) == ("waived", "fail")


@pytest.mark.parametrize(
    ("moment", "outcome"),
    [
        (datetime(2026, 12, 21, 23, 59, 59, tzinfo=UTC), "waived"),
        (datetime(2026, 12, 22, 0, 0, 0, tzinfo=UTC), "fail"),
    ],
)
def test_t15_a_waiver_ends_with_its_day_in_utc_and_blocks_from_then_on(
    gate: Gate, repository: Path, clock: Clock, moment: datetime, outcome: str
) -> None:
    found = high(judged(gate, repository))
    assert waive(gate, repository, *(word for each in found for word in ("--finding", each))) == 0
    clock.now = moment
    said = gate.run(repository, "--only", "sast")
    result = said.criterion("sast.no-high")
    assert (result["outcome"], said.code) == (outcome, 0 if outcome == "waived" else 1)
    if outcome == "fail":
        assert result["reason"].endswith("the waiver by ada expired on 2026-12-21")
        assert any("expired on 2026-12-21, 1 day ago" in notice for notice in said.json["notices"])
        assert said.json["waivers"][0]["state"] == "expired"


def test_t15_a_waiver_for_years_does_not_hold(gate: Gate, repository: Path) -> None:
    write(
        repository,
        {WAIVERS: "version: 1\nwaivers:\n  - {criterion: sast.no-high, reason: r, owner: o, expires: 2099-12-31}\n"},
    )
    result = of(judged(gate, repository))
    assert result["outcome"] == "fail"
    assert "does not hold yet" in result["reason"]
    assert "90 days at most" in result["reason"]


def test_t15_nothing_that_looks_like_the_waived_finding_is_waived(gate: Gate, repository: Path) -> None:
    """Another call on the same line, the same call in another file, a second one of the same: each is its own."""
    first, second = high(judged(gate, repository))
    assert waive(gate, repository, "--finding", first, "--finding", second) == 0
    assert of(judged(gate, repository))["outcome"] == "waived"
    worse = SHELL.replace("subprocess.call(x,", "subprocess.call(worse(x),")
    for files in (
        {"ledger/run.py": worse + SECOND},
        {"ledger/run.py": SHELL + SECOND, "ledger/other.py": SHELL},
        {"ledger/run.py": SHELL + SHELL.replace("one", "three") + SECOND},
    ):
        write(repository, files)
        save(repository)
        assert of(judged(gate, repository))["outcome"] == "fail", files
        (repository / "ledger/other.py").unlink(missing_ok=True)
        save(repository)
    write(repository, {"ledger/run.py": "# moved\n\n" + SHELL + SECOND})
    save(repository)
    assert of(judged(gate, repository))["outcome"] == "waived", "it is the same finding on another line"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("criterion: 'sast.*'", "A waiver names one criterion, exactly."),
        ("criterion: sast.no-high, findings: ['*']", "* stands for nothing"),
        ("criterion: sast.no-high, findings: ['.*']", "* stands for nothing"),
        ("criterion: sast.no-high, findings: [96136e43862f]", "not a whole fingerprint"),
        ("criterion: sast.no-high, findings: []", "findings"),
        ("criterion: sast.no-high, findings: null", "findings"),
        ("criterion: coverage.lines, findings: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]", "cannot be waived one by one"),
    ],
)
def test_t15_no_pattern_waives_anything(gate: Gate, repository: Path, entry: str, told: str) -> None:
    write(repository, {WAIVERS: f"version: 1\nwaivers:\n  - {{{entry}, reason: r, owner: o, expires: 2026-12-01}}\n"})
    said = gate.run(repository, "--only", "sast")
    assert said.code == 2
    assert said.out == ""
    assert f"{WAIVERS}:3:" in said.err
    assert told in said.err.replace("\n  ", " ")


def test_t15_what_the_policy_never_waives(gate: Gate, repository: Path) -> None:
    write(repository, {".gate/policy.yml": POLICY + "waiving: {never: [sast.no-high]}\n"})
    said = gate("waive", "sast.no-high", "--reason", "r", "--owner", "o", "--workspace", repository)
    assert said.code == 2
    assert "cannot be waived" in said.err
    assert (repository / WAIVERS).read_text() == NONE
    write(
        repository,
        {WAIVERS: "version: 1\nwaivers:\n  - {criterion: sast.no-high, reason: r, owner: o, expires: 2026-12-01}\n"},
    )
    assert gate.run(repository, "--only", "sast").code == 2


def test_t15_no_more_waivers_than_the_policy_takes(gate: Gate, repository: Path) -> None:
    write(repository, {".gate/policy.yml": POLICY + "waiving: {max_count: 1, max_days: 10}\n"})
    assert waive(gate, repository) == 0
    said = gate("waive", "sast.parsed", "--reason", "r", "--owner", "o", "--workspace", repository)
    assert said.code == 2
    assert "1 waiver at most" in said.err
    assert "expires: 2026-12-01" in (repository / WAIVERS).read_text(), "no longer than the policy allows"


def test_a_waiver_that_waives_nothing_any_more_is_told(gate: Gate, repository: Path) -> None:
    first, second = high(judged(gate, repository))
    assert waive(gate, repository, "--finding", first, "--finding", second) == 0
    write(repository, {"ledger/run.py": SHELL})
    save(repository)
    verdict = judged(gate, repository)
    assert verdict["waivers"][0]["unmatched"] == [second]
    assert any("names 1 fingerprint" in notice for notice in verdict["notices"])
    write(repository, {"ledger/run.py": "x = 1\n"})
    save(repository)
    verdict = judged(gate, repository)
    assert (of(verdict)["outcome"], verdict["waivers"][0]["state"]) == ("pass", "unused")
    assert any("was not needed" in notice for notice in verdict["notices"])


@pytest.mark.parametrize(("days", "warned"), [(14, True), (15, False)])
def test_the_end_of_a_waiver_is_told_two_weeks_before(gate: Gate, repository: Path, days: int, warned: bool) -> None:
    assert waive(gate, repository, "--days", str(days)) == 0
    notices = judged(gate, repository)["notices"]
    assert any(f"ends in {days} days" in notice for notice in notices) is warned


def test_the_reports_tell_who_why_and_until_when(gate: Gate, repository: Path) -> None:
    first, _second = high(judged(gate, repository))
    assert waive(gate, repository, "--finding", first, "--link", "https://example.org/1") == 0
    options = ("run", "--no-publish", "--workspace", repository, "--only", "sast")
    markdown = gate(*options, "--format", "markdown").out
    assert "<summary>Waivers (1)</summary>" in markdown
    assert "| `sast.no-high`<br>by `ada` | ⏳ holds | `2026-12-21`<br>30 days left | 1 of 1 finding |" in markdown
    console = gate(*options).out
    assert "sast.no-high by ada until 2026-12-21, holds, 30 days left, 1 of 1" in console
    assert "`gate waive ID`" in console
    assert first in gate(*options, "--verbose", "--format", "json").out
    assert high(judged(gate, repository))[0] in gate(*options, "--verbose").out.replace("\n", "").replace(" ", "")


def test_a_whole_bundle_is_judged_at_the_time_of_its_judgement(gate: Gate, repository: Path, clock: Clock) -> None:
    first, second = high(judged(gate, repository))
    assert waive(gate, repository, "--finding", first, "--finding", second) == 0
    bundle = repository.parent / "bundle"
    assert gate("collect", "--workspace", repository, "--only", "sast", "--bundle", bundle).code == 0
    again = ("evaluate", "--bundle", bundle, "--workspace", repository, "--only", "sast", "--format", "json")
    assert gate(*again).criterion("sast.no-high")["outcome"] == "waived"
    clock.now = NOW + timedelta(days=31)
    assert gate(*again).criterion("sast.no-high")["outcome"] == "fail"


# --- gate waive -------------------------------------------------------------------------------------------------------


def test_a_policy_that_names_no_waivers_is_told_the_line(gate: Gate, tmp_path: Path) -> None:
    repository = ledger(tmp_path / "ledger", policy="version: 1\n")
    said = gate("waive", "docs.readme", "--reason", "r", "--owner", "o", "--workspace", repository)
    assert said.code == 0
    assert "Add this line to it:\n\nwaivers: .gate/waivers.yml\n" in said.out
    assert "a pull request of its own" in said.out
    assert (repository / WAIVERS).read_text() == (
        "version: 1\nwaivers:\n  - criterion: docs.readme\n    reason: r\n    owner: o\n    created: 2026-11-21\n"
        "    expires: 2026-12-21\n"
    )


def test_a_dry_run_writes_nothing(gate: Gate, repository: Path) -> None:
    said = gate("waive", "sast.no-high", "--reason", "r", "--owner", "o", "--workspace", repository, "--dry-run")
    assert said.code == 0
    assert "Would be written to .gate/waivers.yml" in said.out
    assert (repository / WAIVERS).read_text() == NONE


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sast.no-hihg"], "Did you mean sast.no-high?"),
        (["sast.no-high", "--until", "2026-11-20"], "2026-11-20 is over"),
        (["sast.no-high", "--until", "2027-02-30"], "no such day"),
        (["sast.no-high", "--until", "2027-02-20"], "2027-02-19 is the latest"),
        (["sast.no-high", "--until", "2026-12-01", "--days", "3"], "give one of them"),
        (["sast.no-high", "--link", "javascript:alert(1)"], "http:// or https://"),
        (["sast.no-high", "--reason", "  "], '"reason" is missing'),
        (["tests.passed", "--finding", "a" * 64], "cannot be waived one by one"),
        (["sast.no-high", "--finding", "a*"], "* stands for nothing"),
    ],
)
def test_what_the_rules_refuse_is_not_written(gate: Gate, repository: Path, arguments: list[str], told: str) -> None:
    said = gate("waive", "--reason", "r", "--owner", "o", "--workspace", repository, *arguments)
    assert said.code == 2
    assert told in " ".join(said.err.split())
    assert (repository / WAIVERS).read_text() == NONE


def test_without_a_policy_there_is_nothing_to_waive(gate: Gate, tmp_path: Path) -> None:
    said = gate("waive", "docs.readme", "--reason", "r", "--owner", "o", "--workspace", tmp_path)
    assert (said.code, "There is no policy" in said.err) == (2, True)


def test_a_link_that_the_policy_asks_for(gate: Gate, repository: Path) -> None:
    write(repository, {".gate/policy.yml": POLICY + "waiving: {require_link: true}\n"})
    assert waive(gate, repository) == 2
    assert waive(gate, repository, "--link", "https://example.org/1") == 0


def test_no_link_in_the_tree_leads_the_writer_astray(gate: Gate, repository: Path) -> None:
    outside = repository.parent / "outside.yml"
    outside.write_text(NONE)
    (repository / WAIVERS).unlink()
    (repository / WAIVERS).symlink_to(outside)
    assert waive(gate, repository) == 2
    assert outside.read_text() == NONE

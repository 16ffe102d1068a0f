"""What a change wants of the policy: diffs within bounds, and outcomes side by side."""

from __future__ import annotations

import time
from dataclasses import replace

from gate.judge.proposal import changed_outcomes, proposed_file, shown, steering, unread, with_missing
from gate.judge.trust import trust
from gate.model.evidence import Collected, How, Missing, Source
from gate.model.policy import Level
from gate.model.verdict import Believed, FileChange, Outcome
from tests.support.verdicts import NO_GO


def test_what_does_not_change_is_no_proposal() -> None:
    assert proposed_file("p", b"x", b"x") is None
    assert proposed_file("p", None, None) is None


def test_a_file_is_added_changed_or_deleted() -> None:
    added, changed, deleted = (proposed_file("p", *pair) for pair in ((None, b"a\n"), (b"a\n", b"b\n"), (b"a\n", None)))
    assert added is not None
    assert changed is not None
    assert deleted is not None
    assert (added.change, added.diff) == (FileChange.ADDED, ("@@ -0,0 +1 @@", "+a"))
    assert (changed.change, changed.diff) == (FileChange.CHANGED, ("@@ -1 +1 @@", "-a", "+b"))
    assert (deleted.change, deleted.diff) == (FileChange.DELETED, ("@@ -1 +0,0 @@", "-a"))


def test_a_hostile_diff_is_bounded_in_lines_width_and_time() -> None:
    begun = time.monotonic()
    before = b"".join(b"%d\n" % (number % 7) for number in range(60_000))
    after = b"".join(b"%d\n" % (number % 11) for number in range(60_000))
    many = proposed_file("p", before, after)
    alike = proposed_file("p", b"\n".join([b"a", b"b"] * 400), b"\n".join([b"b", b"a"] * 400))
    assert time.monotonic() - begun < 20
    assert many is not None
    assert alike is not None
    assert len(many.diff) == 120
    assert many.left_out > 100_000
    wide = proposed_file("p", b"", b"x" * 100_000)
    assert wide is not None
    assert max(map(len, wide.diff)) == 300


def test_a_long_file_with_a_small_change_shows_the_change() -> None:
    lines = [f"line {number}" for number in range(5_000)]
    other = [*lines[:2_000], "another", *lines[2_001:]]
    found = proposed_file("p", "\n".join(lines).encode(), "\n".join(other).encode())
    assert found is not None
    assert found.diff == ("@@ -2001,1 +2001,1 @@", "-line 2000", "+another")


def test_ends_of_lines_are_a_change_too() -> None:
    for after in (b"a", b"a\r\n"):
        found = proposed_file("p", b"a\n", after)
        assert found is not None
        assert found.diff == ("@@ only the ends of lines differ @@",)


def test_what_hides_is_written_out() -> None:
    assert shown("+a\u202eb\u200bc\x1b[31m\td\r") == "+a\\u{202e}b\\u{200b}c\\u{1b}[31m  d\\u{d}"
    found = proposed_file("p", b"", b"\xff\xfe\x00")
    assert found is not None
    assert found.diff[-1] == "+\ufffd\ufffd\\u{0}"


def test_paths_that_steer_the_gate() -> None:
    paths = [
        ".gate/policy.yml", ".gate/other.yml", ".github/workflows/a.yml", ".github/actions/x/action.yml", "CODEOWNERS",
        ".github/CODEOWNERS", "docs/CODEOWNERS", "src/CODEOWNERS", "action.yml", "src/x.py",
    ]  # fmt: skip
    assert steering(paths, [".gate/policy.yml"]) == tuple(paths[1:7] + paths[8:9])
    assert steering([".github/workflows/a\nb.yml"], ()) == (".github/workflows/a\nb.yml",)
    assert len(steering([f".gate/{number}" for number in range(900)], ())) == 200


def test_outcomes_that_change_and_those_that_do_not() -> None:
    first, second, *rest = NO_GO.criteria
    after = (
        replace(first, outcome=Outcome.NOT_APPLICABLE),
        replace(second, level=Level.MAY),
        *rest[1:],
        replace(first, id="new.one"),
    )
    found = {item.id: item for item in changed_outcomes(NO_GO.criteria, after)}
    assert found[first.id].after is Outcome.NOT_APPLICABLE
    assert found[second.id].levels == (second.level, Level.MAY)
    assert found[rest[0].id].after is None
    assert found["new.one"].before is None
    assert len(found) == 4


def test_many_mistakes_are_counted() -> None:
    found = unread((), (), [f"mistake {number}\u202e" for number in range(50)])
    assert len(found.mistakes) == 21
    assert found.mistakes[-1] == "… and 30 more mistakes"
    assert "\u202e" not in found.mistakes[0]


def test_what_was_not_collected_has_an_entry() -> None:
    there = Collected("tests", {})
    assert with_missing((there,), ("tests", "image"))[0] is there
    missing = with_missing((there,), ("tests", "image"))[1]
    assert isinstance(missing, Missing)
    assert "only the proposed policy" in missing.reason


def test_the_worst_source_says_how_far_evidence_is_believed() -> None:
    produced = Source(How.PRODUCED, tool="bandit", detail="3 files")
    cached = replace(produced, detail="3 files, 2 from the cache of 2026-11-20")
    evidence = (
        Collected("sast", {}, (produced,)),
        Collected("secrets", {}, (produced, cached)),
        Collected("dependencies", {}, (produced, Source(How.SUPPLIED, "out/audit.json"))),
        Collected("docs", {}, (Source(How.ATTESTED, "x"),)),
        Missing("tests", "none"),
    )
    assert {item.kind: item.believed for item in trust(evidence)} == {
        "sast": Believed.PRODUCED,
        "secrets": Believed.CACHED,
        "dependencies": Believed.SUPPLIED,
        "docs": Believed.ATTESTED,
    }
    assert trust(evidence, ("sast", "dependencies"))[0].believed is Believed.RECOLLECTED
    assert trust(evidence, ("sast", "dependencies"))[2].believed is Believed.SUPPLIED

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from gate.collect.changes import Changes
from gate.collect.collectors.coverage import CoverageCollector
from gate.collect.workspace import Workspace
from gate.model.evidence import Collected, Evidence, Gap, Missing, Unreadable
from gate.model.json import Json, JsonObject
from tests.support.fakes import context, tracked, write

SAMPLES = Path(__file__).parent.parent / "readers" / "data" / "coverage"
SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "evidence" / "coverage.schema.json").read_text())
PY = ["src/pay/__init__.py", "src/pay/rates.py", "src/pay/refunds.py", "src/pay/unused.py", "tests/test_pay.py"]


def lcov(files: dict[str, str]) -> str:
    """LCOV in which each letter is a line: + covered, - missed, anything else none."""
    return "".join(
        f"SF:{path}\n"
        + "".join(f"DA:{n},{int(mark == '+')}\n" for n, mark in enumerate(marks, 1) if mark in "+-")
        + "end_of_record\n"
        for path, marks in files.items()
    )


def collect(
    root: Path,
    files: dict[str, str | bytes],
    track: list[str],
    changes: Changes | Gap | None = None,
    scope: str = "",
    **request: Json,
) -> Evidence:
    write(root, files)
    asked: JsonObject = {"reports": ["out/*"], **request}
    workspace = Workspace(root, tracked=tracked(*track), scope=scope)
    evidence = CoverageCollector().collect(context(workspace, asked, changes))
    if isinstance(evidence, Collected):
        jsonschema.validate(evidence.facts, SCHEMA)
    return evidence


def collected(evidence: Evidence) -> Collected:
    assert isinstance(evidence, Collected), evidence
    return evidence


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def changed(**lines: set[int]) -> Changes:
    return Changes("0" * 40, {path.replace("__", "/") + ".py": frozenset(numbers) for path, numbers in lines.items()})


@pytest.mark.parametrize("kind", ["absolute", "relative"])
def test_three_reports_of_one_run_are_one(tmp_path: Path, kind: str) -> None:
    reports: dict[str, str | bytes] = {
        f"out/c.{suffix}": sample(f"coverage_py_{kind}.{suffix}") for suffix in ("xml", "json", "lcov")
    }
    evidence = collected(collect(tmp_path, reports, PY))
    assert evidence.gaps == ()
    assert evidence.facts == {
        "reports": 3,
        "files": 4,
        "lines": {"covered": 20, "total": 27, "percent": 74.0741},
        "branches": {"covered": 6, "total": 10, "percent": 60.0},
        "unmatched": 0,
        "unmatched_files": [],
        "unmeasured": {"files": 0, "list": []},
        "least_covered": [
            {"path": "src/pay/refunds.py", "missing": 3, "total": 19},
            {"path": "src/pay/rates.py", "missing": 2, "total": 6},
            {"path": "src/pay/unused.py", "missing": 2, "total": 2},
        ],
        "paths": {},
    }
    assert [source.path for source in evidence.sources] == ["out/c.json", "out/c.lcov", "out/c.xml"]
    assert {source.detail for source in evidence.sources} == {"20 of 27 lines"}


def test_reports_of_several_languages(tmp_path: Path) -> None:
    names = ("go_coverpkg_atomic.out", "jest_lcov.info", "jacoco_aggregate.xml", "gcovr.xml", "pytest_cov.xml")
    track = [
        *PY,
        "go.mod",
        "store/store.go",
        "api/api.go",
        "ui/src/cart.js",
        "ui/src/tax.js",
        "ui/src/unused.js",
        "core/src/main/java/com/acme/core/Price.java",
        "web/src/main/java/com/acme/web/Page.java",
        "calc.h",
        "main.c",
        "lib/divide.c",
    ]
    files: dict[str, str | bytes] = {f"out/{name}": sample(name) for name in names}
    evidence = collected(collect(tmp_path, files | {"go.mod": "module example.com/shop\n\ngo 1.21\n"}, track))
    assert evidence.gaps == ()
    assert evidence.facts["files"] == 4 + 2 + 3 + 2 + 3
    assert evidence.facts["lines"] == {"covered": 54, "total": 81, "percent": 66.6667}
    assert evidence.facts["unmatched"] == 0
    assert evidence.facts["unmeasured"] == {"files": 0, "list": []}


def test_lines_that_two_jobs_cover_are_joined_and_not_averaged(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "out/unit.info": lcov({"/home/runner/_work/x/x/src/a.py": "++--", "src/b.py": "-"}),
        "out/it.info": lcov({r".\src\a.py": "--++"}),
    }
    evidence = collected(collect(tmp_path, files, ["src/a.py", "src/b.py"]))
    assert evidence.facts["lines"] == {"covered": 4, "total": 5, "percent": 80.0}
    assert evidence.facts["files"] == 2


class TestNothing:
    def test_no_report_is_missing_with_what_was_looked_for(self, tmp_path: Path) -> None:
        evidence = collect(tmp_path, {}, [], reports=["out/coverage.xml"])
        assert isinstance(evidence, Missing)
        assert "out/coverage.xml" in evidence.reason
        assert not evidence.not_applicable
        assert [gap.subject for gap in evidence.gaps] == ["out/coverage.xml"]

    def test_nothing_asked_for_is_missing(self, tmp_path: Path) -> None:
        evidence = collect(tmp_path, {}, [], reports=[])
        assert isinstance(evidence, Missing)
        assert "name it under evidence › coverage › reports" in evidence.reason

    @pytest.mark.parametrize(
        "text",
        [
            '<coverage line-rate="1" lines-valid="0" lines-covered="0"/>',
            "TN:\nSF:a.py\nend_of_record\n",
            "mode: set\n",
            '{"total": {"lines": {"total": 0, "covered": 0, "pct": 100}, "branches": {"total": 0, "covered": 0}}}',
            '{"files": {}, "totals": {"covered_lines": 0, "num_statements": 0, "percent_covered": 100.0}}',
        ],
    )
    def test_coverage_of_nothing_is_no_evidence(self, tmp_path: Path, text: str) -> None:
        evidence = collect(tmp_path, {"out/c": text}, ["a.py"])
        assert isinstance(evidence, Unreadable)
        assert "coverage of nothing proves nothing" in evidence.reason
        assert "holds no line" in evidence.gaps[0].reason

    def test_a_report_that_cannot_be_read_is_told_with_its_line(self, tmp_path: Path) -> None:
        evidence = collect(tmp_path, {"out/a": "SF:a.py\nDA:1,x\n", "out/b": "hello"}, ["a.py"])
        assert isinstance(evidence, Unreadable)
        assert evidence.reason.startswith('out/a: has the entry "DA:1,x"')
        assert "1 more" in evidence.reason
        assert [(gap.path, gap.line, gap.facts) for gap in evidence.gaps] == [("out/a", 2, ()), ("out/b", None, ())]


class TestDoubt:
    def test_one_unreadable_report_puts_all_facts_in_doubt(self, tmp_path: Path) -> None:
        evidence = collected(collect(tmp_path, {"out/a": lcov({"a.py": "+"}), "out/b": "<coverage"}, ["a.py"]))
        assert evidence.facts["reports"] == 1
        assert [(gap.subject, gap.facts) for gap in evidence.gaps] == [("out/b", ())]

    def test_an_empty_report_beside_a_good_one_is_a_gap(self, tmp_path: Path) -> None:
        evidence = collected(collect(tmp_path, {"out/a": lcov({"a.py": "+"}), "out/b": "mode: set\n"}, ["a.py"]))
        assert ["holds no line" in gap.reason for gap in evidence.gaps] == [True]

    def test_totals_that_are_not_those_of_the_lines_are_a_gap(self, tmp_path: Path) -> None:
        text = lcov({"a.py": "-"}).replace("end", "LF:100\nLH:84\nend")
        evidence = collected(collect(tmp_path, {"out/a": text}, ["a.py"]))
        assert evidence.facts["lines"] == {"covered": 0, "total": 1, "percent": 0.0}
        assert evidence.gaps[0].reason.startswith("states that 84 of 100 lines are covered")

    def test_a_report_in_git_is_read_and_is_no_evidence_of_this_run(self, tmp_path: Path) -> None:
        evidence = collected(collect(tmp_path, {"out/a": lcov({"a.py": "+"})}, ["a.py", "out/a"]))
        assert [gap.reason for gap in evidence.gaps] == ["is tracked in git, so it is not evidence of this run"]

    def test_a_link_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "coverage.xml").symlink_to("/proc/self/environ")
        evidence = collect(tmp_path, {}, [], reports=["out/coverage.xml"])
        assert isinstance(evidence, Missing)
        assert "link" in evidence.gaps[0].reason

    def test_a_name_of_two_files_is_a_gap(self, tmp_path: Path) -> None:
        evidence = collected(collect(tmp_path, {"out/a": lcov({"util.py": "+"})}, ["a/util.py", "b/util.py"]))
        assert [(gap.subject, gap.facts) for gap in evidence.gaps] == [("util.py", ("patch", "paths"))]
        assert evidence.facts["unmatched"] == 1


def test_files_of_other_trees_count_and_are_told(tmp_path: Path) -> None:
    report = lcov({"src/a.py": "++", "/usr/lib/python3/abc.py": "--", "build/gen.py": "+"})
    evidence = collected(collect(tmp_path, {"out/a": report}, ["src/a.py", "src/c.py", "abc.py", "tests/test_a.py"]))
    assert evidence.facts["lines"] == {"covered": 3, "total": 5, "percent": 60.0}
    assert evidence.facts["unmatched"] == 2
    assert evidence.facts["unmatched_files"] == ["/usr/lib/python3/abc.py", "build/gen.py"]
    assert evidence.facts["unmeasured"] == {"files": 2, "list": ["abc.py", "src/c.py"]}


class TestPaths:
    def test_a_glob_gets_the_share_of_its_files(self, tmp_path: Path) -> None:
        report = lcov({"src/pay/a.py": "+++-", "src/pay/b.py": "-", "src/ui.py": "----"})
        evidence = collected(
            collect(
                tmp_path,
                {"out/a": report},
                ["src/pay/a.py", "src/pay/b.py", "src/ui.py"],
                paths=["src/pay/**", "src/none/**", "a[", "src/ui.py"],
            )
        )
        assert evidence.facts["paths"] == {"src/pay/**": 60.0, "src/ui.py": 0.0}
        assert [(gap.subject, gap.facts) for gap in evidence.gaps] == [
            ("src/none/**", ("paths",)),
            ("a[", ("paths",)),
        ]

    def test_one_glob_may_be_given_alone(self, tmp_path: Path) -> None:
        evidence = collected(collect(tmp_path, {"out/a": lcov({"a.py": "+"})}, ["a.py"], paths="*.py"))
        assert evidence.facts["paths"] == {"*.py": 100.0}


class TestScope:
    REPORT = lcov({"services/pay/src/a.py": "+-", "services/orders/src/a.py": "++++", "services/orders/src/b.py": "+"})
    TRACK = ("services/pay/src/a.py", "services/orders/src/a.py", "services/orders/src/b.py", "services/pay/c.py")

    def test_only_files_of_the_scope_count(self, tmp_path: Path) -> None:
        evidence = collected(
            collect(
                tmp_path,
                {"out/a": self.REPORT, "services/pay/c.py": "x = 1\n", "services/orders/d.py": "x = 1\n"},
                [*self.TRACK, "services/orders/d.py"],
                scope="services/pay",
                paths=["src/**"],
                changes=changed(services__pay__c={1}, services__orders__d={1}),
            )
        )
        assert evidence.facts["lines"] == {"covered": 1, "total": 2, "percent": 50.0}
        assert evidence.facts["paths"] == {"src/**": 50.0}
        assert evidence.facts["unmeasured"] == {"files": 1, "list": ["services/pay/c.py"]}
        assert evidence.facts["patch"] == {
            "covered": 0,
            "total": 1,
            "percent": 0.0,
            "files": 1,
            "unreported": 1,
            "least_covered": [{"path": "services/pay/c.py", "missing": 1, "total": 1}],
        }

    def test_a_report_about_other_folders_proves_nothing(self, tmp_path: Path) -> None:
        report = lcov({"services/orders/src/b.py": "+"})
        evidence = collect(tmp_path, {"out/a": report}, list(self.TRACK), scope="services/pay")
        assert isinstance(evidence, Unreadable)
        assert "below services/pay" in evidence.reason


class TestPatch:
    def test_no_base_no_patch(self, tmp_path: Path) -> None:
        evidence = collected(collect(tmp_path, {"out/a": lcov({"a.py": "+"})}, ["a.py"]))
        assert "patch" not in evidence.facts

    def test_a_base_that_cannot_be_compared_with_is_a_gap(self, tmp_path: Path) -> None:
        gap = Gap("origin/main", "is not in this shallow clone")
        evidence = collected(collect(tmp_path, {"out/a": lcov({"a.py": "+"})}, ["a.py"], gap))
        assert "patch" not in evidence.facts
        assert evidence.gaps == (Gap("origin/main", "is not in this shallow clone", facts=("patch",)),)

    def test_only_changed_lines_that_can_run_count(self, tmp_path: Path) -> None:
        evidence = collected(
            collect(tmp_path, {"out/a": lcov({"a.py": "++-.--"})}, ["a.py"], changed(a={2, 3, 4, 5, 99}))
        )
        assert evidence.facts["patch"] == {
            "covered": 1,
            "total": 3,
            "percent": 33.3333,
            "files": 1,
            "unreported": 0,
            "least_covered": [{"path": "a.py", "missing": 2, "total": 3}],
        }
        (finding,) = evidence.findings
        assert (finding.path, finding.line, finding.new) == ("a.py", 3, True)
        assert finding.message == "2 changed lines are not covered: 3, 5"

    def test_a_change_without_code_has_no_percent_and_is_no_gap(self, tmp_path: Path) -> None:
        evidence = collected(collect(tmp_path, {"out/a": lcov({"a.py": "++"})}, ["a.py"], changed(a={9})))
        assert evidence.facts["patch"] == {"covered": 0, "total": 0, "files": 0, "unreported": 0, "least_covered": []}
        assert evidence.gaps == ()
        assert evidence.findings == ()

    def test_a_changed_source_file_that_no_report_mentions_counts_as_uncovered(self, tmp_path: Path) -> None:
        source = (
            '"""Doc."""\n\nimport os\n\n\ndef f(\n    a,\n):\n    # why\n    return os.path.join(\n        a\n    )\n'
        )
        files: dict[str, str | bytes] = {
            "out/a": lcov({"a.py": "+"}),
            "new.py": source,
            "tests/test_new.py": "x = 1\n",
            "notes.md": "text\n",
        }
        evidence = collected(
            collect(
                tmp_path,
                files,
                ["a.py", "new.py", "tests/test_new.py", "notes.md"],
                Changes(
                    "0" * 40,
                    {
                        "a.py": frozenset({1}),
                        "new.py": frozenset(range(1, 13)),
                        "tests/test_new.py": frozenset({1}),
                        "notes.md": frozenset({1}),
                    },
                ),
            )
        )
        assert evidence.facts["patch"] == {
            "covered": 1,
            "total": 4,
            "percent": 25.0,
            "files": 2,
            "unreported": 1,
            "least_covered": [{"path": "new.py", "missing": 3, "total": 3}],
        }
        (finding,) = evidence.findings
        assert finding.message == (
            "No coverage report mentions this file, so its 3 changed lines count as not covered: 3, 6, 10"
        )

    def test_a_changed_file_that_cannot_be_read_is_a_gap(self, tmp_path: Path) -> None:
        evidence = collected(collect(tmp_path, {"out/a": lcov({"a.py": "+"})}, ["a.py", "gone.py"], changed(gone={1})))
        assert [(gap.subject, gap.facts) for gap in evidence.gaps] == [("gone.py", ("patch",))]

    def test_totals_alone_say_nothing_of_a_changed_line(self, tmp_path: Path) -> None:
        report = sample("jest_summary.json")
        changes = Changes("0" * 40, {"src/cart.js": frozenset({2})})
        track = ["src/cart.js", "src/tax.js", "src/unused.js"]
        evidence = collected(collect(tmp_path, {"out/a": report}, track, changes))
        assert evidence.facts["lines"] == {"covered": 5, "total": 9, "percent": 55.5556}
        assert [(gap.subject, gap.facts) for gap in evidence.gaps] == [("src/cart.js", ("patch",))]

    def test_totals_beside_lines_of_the_same_files_add_nothing_and_harm_nothing(self, tmp_path: Path) -> None:
        files: dict[str, str | bytes] = {
            "out/coverage-summary.json": sample("jest_summary.json"),
            "out/lcov.info": sample("jest_lcov.info"),
        }
        changes = Changes("0" * 40, {"src/cart.js": frozenset({2})})
        track = ["src/cart.js", "src/tax.js", "src/unused.js"]
        evidence = collected(collect(tmp_path, files, track, changes))
        assert evidence.facts["lines"] == {"covered": 5, "total": 9, "percent": 55.5556}
        assert evidence.facts["files"] == 3
        assert evidence.gaps == ()

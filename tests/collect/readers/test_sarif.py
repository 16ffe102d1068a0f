import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.readers import sarif_document
from gate.collect.readers.errors import ReportError
from gate.collect.readers.sarif import SarifProblem, SarifRun, read_sarif
from gate.model.finding import Finding
from gate.model.lazy import tally

DATA = Path(__file__).parent / "data" / "sarif"


def log(*runs: object, **members: object) -> bytes:
    return json.dumps({"version": "2.1.0", "runs": list(runs), **members}).encode()


def run(*results: object, driver: dict[str, Any] | None = None, **members: object) -> dict[str, Any]:
    return {"tool": {"driver": {"name": "T", **(driver or {})}}, "results": list(results), **members}


def result(text: str = "m", **members: Any) -> dict[str, Any]:
    return {"message": {"text": text}, **members}


def at(uri: str | None = "a.py", line: int | None = 1, **more: Any) -> dict[str, Any]:
    artifact = more if uri is None else {"uri": uri, **more}
    region = {} if line is None else {"region": {"startLine": line}}
    return {"locations": [{"physicalLocation": {"artifactLocation": artifact, **region}}]}


def one(data: bytes, *roots: str) -> SarifRun:
    (only,) = read_sarif(data, roots)
    return only


def finding(item: Mapping[str, Any], **members: Any) -> Finding:
    (only,) = one(log(run(item, **members))).findings
    return only


def refused(data: bytes) -> str:
    with pytest.raises(ReportError) as caught:
        read_sarif(data)
    return str(caught.value)


class TestRealTools:
    @pytest.mark.parametrize(
        ("name", "tool", "version", "severities"),
        [
            ("bandit", "Bandit", None, {"high": 2, "medium": 1, "low": 5}),
            ("ruff", "ruff", "0.17.5", {"high": 12}),
            ("eslint", "ESLint", "10.15.0", {"high": 3, "medium": 1}),
            ("semgrep", "Semgrep OSS", "1.182.0", {"high": 1, "medium": 2}),
            ("zizmor", "zizmor", "1.32.0", {"high": 3, "medium": 2}),
            ("hadolint", "Hadolint", "2.15.1", {"medium": 4, "low": 1}),
            ("trivy", "Trivy", "0.59.1", {"critical": 4, "high": 3, "medium": 1, "low": 1}),
        ],
    )
    def test_counts(self, name: str, tool: str, version: str | None, severities: dict[str, int]) -> None:
        found = one((DATA / f"{name}.sarif").read_bytes())
        assert (found.tool, found.version, found.scanned, found.not_findings) == (tool, version, True, 0)
        assert Counter(item.severity for item in found.findings) == severities
        assert all(item.path and not item.path.startswith("/") and item.line for item in found.findings)
        assert len({item.fingerprint for item in found.findings}) == len(found.findings)

    def test_bandit_tells_of_the_file_that_does_not_parse(self) -> None:
        found = one((DATA / "bandit.sarif").read_bytes())
        told = "Bandit tells of an error: syntax error while parsing AST from file"
        assert found.problems == (SarifProblem(told, "src/broken.py"),)

    def test_eslint(self) -> None:
        found = one((DATA / "eslint.sarif").read_bytes())
        assert found.artifacts == ("web/app.js", "web/broken.js", "web/eslint.config.js")
        assert [problem.path for problem in found.problems] == [None, "web/broken.js"]
        assert [item.line for item in found.findings if item.suppressed] == [3]


class TestSeverity:
    @pytest.mark.parametrize(
        ("level", "severity"),
        [("error", "high"), ("warning", "medium"), ("note", "low"), ("none", "low"), ("ERROR", "high"), ("?", "high")],
    )
    def test_by_level(self, level: str, severity: str) -> None:
        assert finding(result(level=level)).severity == severity

    @pytest.mark.parametrize(
        ("score", "severity"),
        [("9.8", "critical"), ("9.0", "critical"), (8.9, "high"), (7, "high"), ("6.9", "medium"), ("0.1", "low")],
    )
    def test_by_score_of_the_rule(self, score: object, severity: str) -> None:
        rules = [{"id": "R", "properties": {"security-severity": score}}]
        assert finding(result(ruleId="R", level="note"), driver={"rules": rules}).severity == severity

    @pytest.mark.parametrize("score", ["", "high", "0.0", "-1", "nan"])
    def test_no_score(self, score: str) -> None:
        assert finding(result(level="note", properties={"security-severity": score})).severity == "low"

    def test_the_result_before_the_rule(self) -> None:
        rules = [{"id": "R", "properties": {"security-severity": "9.9"}}]
        item = result(ruleId="R", properties={"security-severity": "4"})
        assert finding(item, driver={"rules": rules}).severity == "medium"

    def test_default_of_the_rule(self) -> None:
        rules = [{"id": "R", "defaultConfiguration": {"level": "error"}}]
        assert finding(result(ruleId="R"), driver={"rules": rules}).severity == "high"
        assert finding(result(ruleId="other"), driver={"rules": rules}).severity == "medium"

    @pytest.mark.parametrize("level", [None, ""])
    def test_no_level_is_the_rules(self, level: str | None) -> None:
        rules = [{"id": "R", "defaultConfiguration": {"level": "error"}, "properties": {"security-severity": None}}]
        assert finding(result(ruleId="R", level=level), driver={"rules": rules}).severity == "high"

    def test_a_kind_that_is_no_failure_has_no_level(self) -> None:
        assert finding(result(kind="review")).severity == "low"


class TestWhatCounts:
    def test_kinds_and_baseline(self) -> None:
        items = [result(kind=kind) for kind in ("pass", "notApplicable", "informational", "fail", "open", "review")]
        items += [result(baselineState=state) for state in ("new", "unchanged", "updated", "absent")]
        found = one(log(run(*items)))
        assert (len(found.findings), found.not_findings) == (6, 4)

    @pytest.mark.parametrize(
        ("suppressions", "suppressed"),
        [
            ([], False),
            ([{"kind": "inSource"}], True),
            ([{"kind": "external", "status": "accepted"}], True),
            ([{"kind": "external", "status": "underReview"}], False),
            ([{"kind": "external", "status": "rejected"}], False),
            ([{"kind": "inSource"}, {"kind": "external", "status": "rejected"}], False),
        ],
    )
    def test_suppressions(self, suppressions: list[object], suppressed: bool) -> None:
        assert finding(result(suppressions=suppressions)).suppressed is suppressed

    def test_what_suppressions_say_is_kept(self) -> None:
        told = [
            {"kind": "inSource", "justification": "a\ntest\x1b[31m " + "x" * 400},
            {"kind": "external", "status": "underReview"},
            {"status": "rejected"},
        ]
        kept = finding(result(suppressions=told * 10)).properties["suppressions"]
        assert isinstance(kept, list)
        assert len(kept) == 20
        assert kept[1:3] == [{"kind": "external", "status": "underReview"}, {"kind": "other", "status": "rejected"}]
        first = kept[0]
        assert isinstance(first, dict)
        assert (first["kind"], first["status"]) == ("in_source", "accepted")
        text = first["justification"]
        assert isinstance(text, str)
        assert text.startswith("a test")
        assert text.isprintable()
        assert len(text) == 300

    @pytest.mark.parametrize("state", ["new", "unchanged", "updated", "older", None])
    def test_the_baseline_is_kept(self, state: str | None) -> None:
        item = finding(result(baselineState=state))
        assert item.properties.get("baseline_state") == (state if state != "older" else None)
        assert item.new is None

    def test_scores_are_kept(self) -> None:
        driver = {"rules": [{"id": "A", "properties": {"security-severity": "7.5"}}]}
        assert finding(result(ruleId="A"), driver=driver).properties["security_severity"] == 7.5
        own = result(ruleId="A", properties={"security-severity": 3})
        assert finding(own, driver=driver).properties["security_severity"] == 3.0
        for no_number in ("", "high", "nan", "inf", None):
            item = finding(result(properties={"security-severity": no_number}))
            assert "security_severity" not in item.properties

    @pytest.mark.parametrize(
        ("tags", "classes"),
        [
            (["security", "external/cwe/cwe-078", "external/cwe/cwe-88"], ["CWE-78", "CWE-88"]),
            (["CWE-78: Improper Neutralization of Special Elements", "OWASP-A03"], ["CWE-78"]),
            (["cwe:79", "CWE-79"], ["CWE-79"]),
            (["cwe", "CWE-", "CWE-123456", "not-cwe-78", "external/owasp/owasp-a03"], None),
        ],
    )
    def test_classes_by_tags(self, tags: list[str], classes: list[str] | None) -> None:
        driver = {"rules": [{"id": "A", "properties": {"tags": tags}}]}
        assert finding(result(ruleId="A"), driver=driver).properties.get("classes") == classes
        assert finding(result(properties={"tags": tags})).properties.get("classes") == classes

    def test_classes_by_the_taxonomy(self) -> None:
        def reference(number: str, name: str | None = "CWE") -> dict[str, object]:
            return {"id": number, "toolComponent": {"name": name}}

        related = [{"target": reference(number)} for number in ("89", "CWE-90", "x")]
        related += [{"target": reference("1", "OWASP")}, {"target": reference("2", None)}, {"target": {"id": "3"}}, {}]
        driver = {"rules": [{"id": "A", "relationships": related}]}
        item = finding(result(ruleId="A", taxa=[reference("79", "cwe"), reference("89")]), driver=driver)
        assert item.properties["classes"] == ["CWE-89", "CWE-90", "CWE-79"]

    def test_empty_is_clean_and_absent_is_not(self) -> None:
        assert one(log(run())).scanned
        for members in ({}, {"results": None}):
            found = one(log({"tool": {"driver": {"name": "T"}}, **members}))
            assert not found.scanned
            assert found.problems == (SarifProblem("T says nothing of results: it did not scan"),)

    def test_results_in_other_files(self) -> None:
        other = {"externalPropertyFileReferences": {"results": [{"location": {"uri": "r.sarif"}}]}}
        found = one(log({"tool": {"driver": {"name": "T"}}, **other}))
        assert "other files" in found.problems[0].reason

    @pytest.mark.parametrize("tool", [{}, {"tool": None}, {"tool": {"driver": {"name": " "}}}])
    def test_no_tool(self, tool: dict[str, object]) -> None:
        found = one(log({"results": [], **tool}))
        assert (found.tool, found.problems[0].reason) == ("unnamed tool", "run 1 does not name its tool")

    def test_invocations(self) -> None:
        located = at("src/x.py", 7)["locations"]
        found = one(
            log(
                run(
                    invocations=[
                        {"executionSuccessful": True},
                        {
                            "executionSuccessful": False,
                            "exitSignalName": "SIGKILL",
                            "processStartFailureMessage": "no such file",
                            "toolExecutionNotifications": [
                                {"level": "error", "message": {"text": "cannot\nparse"}, "locations": located},
                                {"level": "warning", "message": {"text": "slow"}},
                            ],
                            "toolConfigurationNotifications": [{"level": "error"}],
                        },
                    ]
                )
            )
        )
        assert found.problems == (
            SarifProblem("T says that it did not finish"),
            SarifProblem("T was ended by SIGKILL"),
            SarifProblem("T did not start: no such file"),
            SarifProblem("T tells of an error: it does not say what"),
            SarifProblem("T tells of an error: cannot parse", "src/x.py", 7),
        )

    def test_a_flood_of_problems(self) -> None:
        notes = [{"level": "error", "message": {"text": str(number)}} for number in range(250)]
        found = one(log(run(driver={"rules": [{"id": "A"}]}, invocations=[{"toolExecutionNotifications": notes}])))
        assert len(found.problems) == 101
        assert found.problems[-1].reason == "T tells 150 more problems of its run"


class TestRules:
    DRIVER: ClassVar[dict[str, Any]] = {
        "rules": [{"id": "A", "name": "first"}, {"id": "B", "helpUri": "https://b", "properties": {"tags": ["x"]}}]
    }

    def test_by_index(self) -> None:
        item = finding(result(ruleIndex=1), driver=self.DRIVER)
        assert (item.rule, item.properties) == ("B", {"help_uri": "https://b", "tags": ["x"]})

    def test_id_before_an_index_that_disagrees(self) -> None:
        item = finding(result(ruleId="A", ruleIndex=1), driver=self.DRIVER)
        assert (item.rule, item.properties) == ("A", {"name": "first"})

    def test_part_of_a_rule(self) -> None:
        for item in (result(ruleId="A/1"), result(ruleId="A/1", ruleIndex=0)):
            found = finding(item, driver=self.DRIVER)
            assert (found.rule, found.properties) == ("A/1", {"name": "first"})

    def test_in_an_extension(self) -> None:
        extensions = [{"name": "x", "rules": []}, {"name": "y", "rules": [{"id": "Y1", "name": "why"}]}]
        tool = {"driver": {"name": "T", **self.DRIVER}, "extensions": extensions}
        items = [
            result(rule={"index": 0, "toolComponent": {"index": 1}}),
            result(ruleId="Y1"),
            result(rule={"id": "Y1"}),
            result(rule={"id": "Y1", "toolComponent": {"index": 9}}),
        ]
        found = one(log({"tool": tool, "results": items}))
        assert [(item.rule, item.properties) for item in found.findings] == [("Y1", {"name": "why"})] * 4

    @pytest.mark.parametrize("members", [{}, {"ruleIndex": 99}, {"ruleIndex": -1}])
    def test_none(self, members: dict[str, Any]) -> None:
        assert finding(result(**members), driver=self.DRIVER).rule == "no-rule"


class TestMessages:
    def test_by_id_with_arguments(self) -> None:
        rules = [{"id": "R", "messageStrings": {"default": {"text": "{0} is not {1} but {2}"}}}]
        item = {"message": {"id": "default", "arguments": ["x", "y"]}, "ruleId": "R"}
        assert finding(item, driver={"rules": rules}).message == "x is not y but {2}"

    def test_global_strings_and_markdown(self) -> None:
        strings = {"m": {"markdown": "**all**"}}
        assert finding({"message": {"id": "m"}}, driver={"globalMessageStrings": strings}).message == "**all**"

    @pytest.mark.parametrize(("message", "text"), [({"id": "gone"}, "gone"), ({"markdown": "*m*"}, "*m*"), ({}, "")])
    def test_what_is_left(self, message: dict[str, str], text: str) -> None:
        assert finding({"message": message}).message == text

    def test_null(self) -> None:
        assert finding({"message": None}).message == ""

    def test_one_line_that_is_cut(self) -> None:
        text = finding(result("a\n\n  b\x1b[31m" + "c" * 900)).message
        assert text.startswith("a b�[31mccc")
        assert len(text) == 500
        assert text.endswith("…")


class TestPlaces:
    @pytest.mark.parametrize(
        ("uri", "path"),
        [
            ("src/a.py", "src/a.py"),
            ("./src/../src/a.py", "src/a.py"),
            ("src%2Fa%20b.py", "src/a b.py"),
            ("src\\win\\a.cs", "src/win/a.cs"),
            ("file:///github/workspace/x.py", "x.py"),
            ("/github/workspace/x.py", "x.py"),
            ("file:/home/runner/_work/repo/repo/src/x.py", "src/x.py"),
            ("file:///D:/a/repo/repo/src/x.cs", "src/x.cs"),
            ("D:\\a\\repo\\repo\\src\\x.cs", "src/x.cs"),
            ("file://host/builds/group/name/x.py", "x.py"),
            ("/checkout/x.py", "x.py"),
        ],
    )
    def test_inside(self, uri: str, path: str) -> None:
        (item,) = one(log(run(result(**at(uri)))), "/checkout/").findings
        assert (item.path, item.properties) == (path, {})

    @pytest.mark.parametrize(
        "uri",
        [
            "/etc/passwd",
            "../x.py",
            "a/../../x.py",
            "file:///usr/lib/x.py",
            "https://example.org/x",
            "C:/Windows/x",
            ".",
        ],
    )
    def test_elsewhere(self, uri: str) -> None:
        (item,) = one(log(run(result(**at(uri)))), "/checkout").findings
        assert (item.path, item.properties) == (None, {"elsewhere": uri})

    def test_hostile(self) -> None:
        assert finding(result(**at("a\0b"))).properties == {"elsewhere": "ab"}
        assert len(str(finding(result(**at("x" * 5000))).properties["elsewhere"])) == 1024

    @pytest.mark.parametrize(
        ("bases", "uri", "path"),
        [
            ({"SRCROOT": {"uri": "file:///home/runner/_work/r/r/"}}, "src/a.py", "src/a.py"),
            ({"SRCROOT": {"uri": "file:///somewhere/else/"}}, "src/a.py", "src/a.py"),
            ({"SRCROOT": {"uri": "file:///somewhere/else/"}}, "file:///somewhere/else/b.py", "b.py"),
            ({"ROOTPATH": {"uri": "file:///"}}, "app/a.py", "app/a.py"),
            ({"SRCROOT": {"uri": "svc/", "uriBaseId": "REPO"}, "REPO": {"uri": "file:///b/"}}, "a.py", "svc/a.py"),
            ({"SRCROOT": {"uri": "svc/"}}, "a.py", "svc/a.py"),
            ({"SRCROOT": {}}, "a.py", "a.py"),
            ({"SRCROOT": {"uri": "https://example.org/"}}, "a.py", "a.py"),
            ({"SRCROOT": {"uri": "x/", "uriBaseId": "SRCROOT"}}, "a.py", "x/x/x/x/x/x/x/x/a.py"),
            ({}, "a.py", "a.py"),
        ],
    )
    def test_bases(self, bases: dict[str, object], uri: str, path: str) -> None:
        base: dict[str, Any] = (
            {} if uri.startswith("file:") else {"uriBaseId": "SRCROOT" if "ROOTPATH" not in bases else "ROOTPATH"}
        )
        assert finding(result(**at(uri, **base)), originalUriBaseIds=bases).path == path

    def test_a_base_that_is_not_the_sources(self) -> None:
        bases = {"SRCROOT": {"uri": "file:///b/"}, "STDLIB": {"uri": "file:///usr/lib/"}}
        item = finding(result(**at("os.py", uriBaseId="STDLIB")), originalUriBaseIds=bases)
        assert (item.path, item.properties) == (None, {"elsewhere": "os.py"})

    def test_by_index_of_the_artifact(self) -> None:
        artifacts = [{}, {"location": {"uri": "b.py"}}, {"location": {"uri": "b.py"}}, {"location": {"uri": "/x"}}]
        found = one(log(run(*(result(**at(None, index=index)) for index in (1, 0, 7, -1)), artifacts=artifacts)))
        assert [item.path for item in found.findings] == ["b.py", None, None, None]
        assert found.artifacts == ("b.py",)

    def test_lines(self) -> None:
        assert finding(result(**at("a.py", None))).line is None
        assert finding(result(**at("a.py", 0))).line is None
        assert finding(result()).line is None
        spanning = {"artifactLocation": {"uri": "a"}, "region": {"startLine": 3, "endLine": 9}}
        item = finding(result(locations=[{"physicalLocation": spanning}]))
        assert (item.line, item.properties) == (3, {"end_line": 9})
        assert finding(result(locations=[{}])).path is None


class TestFingerprints:
    def test_stays_when_the_line_moves(self) -> None:
        assert finding(result(**at("a", 1))).fingerprint == finding(result(**at("a", 9))).fingerprint

    def test_equal_ones_are_told_apart(self) -> None:
        found = one(log(run(result(**at("a", 1)), result(**at("a", 9)))))
        assert len({item.fingerprint for item in found.findings}) == 2

    @pytest.mark.parametrize("name", ["fingerprints", "partialFingerprints"])
    def test_the_tools_own(self, name: str) -> None:
        first = finding(result("x") | {name: {"primaryLocationLineHash": "ab:1", "c": "1"}})
        second = finding(result("y") | {name: {"primaryLocationLineHash": "ab:1", "c": "2"}})
        assert first.fingerprint == second.fingerprint
        others = [finding(result() | {name: {"h": value}}).fingerprint for value in ("1", "2")]
        assert others[0] != others[1]


class TestRefused:
    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "is empty"),
            (b" \n ", "is empty"),
            (b"\xff\xfe{\x00}\x00", "UTF-16"),
            ('{"version": "2.1.0"}'.encode("utf-16-be"), "UTF-16"),
            (b"<xml/>", "is not JSON: invalid character, at byte 0. (line 1)"),
            (b'{\n"version":\n', "cut off after 13 bytes: its JSON does not end. (line 3)"),
            (b'{"version": "2.1.0", "runs": [] } x', "trailing characters"),
            (b'{"version": "2.1.0",\n "runs": [{"rank": NaN}]}', "NaN and Infinity are no numbers in JSON, at byte 40"),
            (b'{"version": "2.1.0", "runs": [{"rank": -Infinity}]}', "NaN and Infinity"),
            (b'{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "\xff"}}}]}', "is not UTF-8"),
            (b'{"x": ' + b"[" * 100_000, "nested too deep"),
            (b"[]", "one JSON object"),
            (b'{"runs": []}', 'has no "version"'),
            (b'{"errors": [], "metrics": {}, "results": []}', 'has no "version"'),
            (
                b'{"version": "1.0.0", "runs": [{"results": [{"message": "old"}]}]}',
                "is SARIF 1.0.0; only 2.1.0 is read",
            ),
            (b'{"version": 2.1, "runs": []}', "is SARIF 2.1;"),
            (b'{"version": "2.1.0"}', "holds no run"),
            (b'{"version": "2.1.0", "runs": null}', "holds no run"),
            (b'{"version": "2.1.0", "runs": []}', "holds no run"),
            (log(run({"message": "text"})), "is not SARIF 2.1.0: Expected `object | nothing`, got `str` at `runs[0]"),
            (log(run({"ruleId": "x"})), "missing required field `message`"),
            (log(run(result(level=5))), "Expected `str | nothing`, got `int` at `runs[0].results[0].level`"),
            (log(run(result(level=[]))), "got `array` at `runs[0].results[0].level`"),
            (log(run(result(properties={"security-severity": True}))), "Expected `str | float | nothing`, got `bool`"),
            (log(run({"message": "text"}))[:-3] + b"?]}", "is not JSON: "),
        ],
    )
    def test_with_a_sentence(self, data: bytes, words: str) -> None:
        assert words in refused(data)

    def test_a_byte_order_mark_is_skipped(self) -> None:
        assert one(b"\xef\xbb\xbf" + log(run())).scanned
        assert "(line 1)" in refused(b"\xef\xbb\xbf{")

    def test_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        data = log(run(*[result()] * 11))
        monkeypatch.setattr(sarif_document, "MAX_RESULTS", 10)
        assert "holds 11 results; at most 10" in refused(data)
        monkeypatch.setattr(sarif_document, "_SMALL", 0)
        monkeypatch.setattr(sarif_document, "_MAX_MESSAGES", 10)
        assert "more than 10 messages" in refused(data)

    def test_too_many_are_refused_before_they_are_built(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def built(_body: bytes) -> None:
            raise AssertionError("built")

        data = log(run(*[result()] * 1000), run(*[result()] * 1001))
        monkeypatch.setattr(sarif_document, "MAX_RESULTS", 2000)
        with monkeypatch.context() as patched:
            patched.setattr(sarif_document, "decode_log", built)
            assert "holds 2,001 results; at most 2,000" in refused(data)
        # What only looks crowded is read, or refused for what it is.
        monkeypatch.setattr(sarif_document, "MAX_RESULTS", 2001)
        assert [len(item.findings) for item in read_sarif(data)] == [1000, 1001]
        step = {"location": {"message": {"text": "m"}}}
        flow: dict[str, Any] = {"codeFlows": [{"threadFlows": [{"locations": [step] * 3000}]}]}
        assert len(one(log(run(result(**flow)))).findings) == 1
        assert "is cut off" in refused(data[:-3])
        monkeypatch.setattr(sarif_document, "MAX_RESULTS", 10)
        assert len(one(log(run(result(**flow)))).findings) == 1
        assert "is cut off" in refused(data[:-3])


class TestMembersGivenTwice:
    REAL = json.dumps(run(result(level="error", **at())))

    @pytest.mark.parametrize(
        ("old", "new", "name"),
        [
            ('"results": [', '"results": [], "results": [', "results"),
            ("]}", '], "results": []}', "results"),
            ("]}", '], "r\\u0065sults": []}', "results"),
            ('"level": "error"', '"level": "error", "level": "note"', "level"),
            ('"level": "error"', '"level": "error", "kind": "fail", "kind": "pass"', "kind"),
            ('"level": "error"', '"suppressions": [], "suppressions": [{"kind": "inSource"}]', "suppressions"),
            ('"level": "error"', '"baselineState": "new", "baselineState": "absent"', "baselineState"),
        ],
    )
    def test_cannot_hide_a_result(self, old: str, new: str, name: str) -> None:
        text = self.REAL.replace(old, new) if old != "]}" else self.REAL[:-2] + new
        assert f'gives "{name}" twice' in refused(f'{{"version": "2.1.0", "runs": [{text}]}}'.encode())

    @pytest.mark.parametrize(
        ("old", "new", "name"),
        [
            ('"level": "error"', '"level": null, "level": "note"', "level"),
            ('"level": "error"', '"level": "error", "l\\u0065vel": "note"', "level"),
            ('"level": "error"', '"level": "error", "level": "error"', "level"),
            ('"results": [', '"results": null, "results": [', "results"),
            ('"results": [', '"r\\u0065sults": [], "results": [', "results"),
            ('"results": [', '"results": [{"message": {}}], "results": [', "results"),
            ('"driver": {', '"driver": {"rules": [{"id": "R", "defaultConfiguration": {"level": "error"}}], ', "rules"),
            (
                '"level": "error"',
                '"properties": {"security-severity": "9", "security-severity": 1}',
                "security-severity",
            ),
            (
                '"level": "error"',
                '"properties": {"security-severity": "9"}, "properties": {}',
                "properties",
            ),
        ],
    )
    def test_nor_grade_it_otherwise(self, old: str, new: str, name: str) -> None:
        text = self.REAL.replace('"name": "T"', '"name": "T", "rules": []').replace(old, new, 1)
        assert f'gives "{name}" twice' in refused(f'{{"version": "2.1.0", "runs": [{text}]}}'.encode())

    def test_beside_a_run_without_results(self) -> None:
        text = self.REAL.replace('"results": [', '"results": [], "results": [')
        assert 'gives "results" twice' in refused(
            f'{{"version": "2.1.0", "runs": [{json.dumps(run())}, {text}]}}'.encode()
        )

    def test_only_one_of_many_results_hides(self) -> None:
        items = [result(str(number), level="error") for number in range(5)]
        items[3]["kind"] = "pass"
        whole = json.dumps(run(*items))
        assert len(one(f'{{"version": "2.1.0", "runs": [{whole}]}}'.encode()).findings) == 4
        twice = whole.replace('"kind": "pass"', '"kind": "fail", "kind": "pass"')
        assert 'gives "kind" twice' in refused(f'{{"version": "2.1.0", "runs": [{twice}]}}'.encode())

    def test_reports_are_read_side_by_side(self) -> None:
        reports = [
            log(run(*(result(f"{number}", level="note") for number in range(size)))) for size in range(1, 400, 7)
        ]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(one, reports))
        assert [len(item.findings) for item in found] == list(range(1, 400, 7))

    def test_a_second_list_of_runs(self) -> None:
        empty = json.dumps(run())
        assert 'gives "runs" twice' in refused(
            f'{{"version": "2.1.0", "runs": [{self.REAL}], "runs": [{empty}]}}'.encode()
        )

    def test_a_name_that_only_occurs_as_text_is_no_second_member(self) -> None:
        item = result('the "results" of "level" A', kind="pass", properties={"level": "x"})
        found = one(log(run(item, result())))
        assert (len(found.findings), found.not_findings) == (1, 1)

    def test_the_exact_check_refuses_what_it_cannot_read(self) -> None:
        hidden = result(kind="pass", properties={"x": "?"})
        data = log(run(hidden)).replace(b'"?"', b'"\xff"')
        assert "is not UTF-8" in refused(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["message", "text", "ruleId", "ruleIndex", "level", "kind", "locations", "uri", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
RESULTS = st.fixed_dictionaries(
    {"message": st.fixed_dictionaries({"text": st.text(max_size=40)})},
    optional={
        "ruleId": st.text(max_size=8),
        "level": st.sampled_from(["none", "note", "warning", "error", "Error", "odd", "", None]),
        "kind": st.sampled_from(["fail", "pass", "review", "open"]),
        "baselineState": st.sampled_from(["new", "absent", "unchanged"]),
        "ruleIndex": st.integers(-1, 2),
        "rule": st.fixed_dictionaries({}, optional={"id": st.sampled_from(["A", "B"]), "index": st.integers(-1, 2)}),
        "suppressions": st.lists(
            st.fixed_dictionaries(
                {"kind": st.just("inSource")}, optional={"status": st.sampled_from(["accepted", "x"])}
            ),
            max_size=2,
        ),
        "properties": st.fixed_dictionaries({}, optional={"security-severity": st.sampled_from(["9.1", 5, "", None])}),
        "locations": st.lists(
            st.builds(lambda uri, line: at(uri, line)["locations"][0], st.text(max_size=12), st.integers(-1, 9)),
            max_size=2,
        ),
    },
)


RULES = [
    {"id": "A", "properties": {"security-severity": "7.5"}},
    {"id": "B", "defaultConfiguration": {"level": "note"}},
]


@given(st.lists(st.lists(RESULTS, max_size=5), min_size=1, max_size=3))
def test_every_result_is_counted_once(runs: list[list[dict[str, object]]]) -> None:
    document = log(*(run(*items, driver={"rules": RULES}) for items in runs))
    for read, given_results in zip(read_sarif(document), runs, strict=True):
        counted = [
            item for item in given_results if item.get("kind") != "pass" and item.get("baselineState") != "absent"
        ]
        assert len(read.findings) == len(list(read.findings)) == len(counted)
        assert tally(read.findings) == tally(tuple(read.findings))
        assert len(read.findings) + read.not_findings == len(given_results)
        assert len({item.fingerprint for item in read.findings}) == len(counted)
        for item in read.findings:
            assert item.path is None or not item.path.startswith(("/", "../"))
            assert item.message.isprintable()


def read_or_refused(data: bytes) -> None:
    """Nothing but runs or a ReportError comes out."""
    with suppress(ReportError):
        runs = read_sarif(data)
        assert runs
        for run in runs:
            assert tally(run.findings) == tally(tuple(run.findings))


@given(JSON)
def test_any_json_is_read_or_refused(value: object) -> None:
    for data in (log(run(value)), log(value), json.dumps(value).encode()):
        read_or_refused(data)


@given(st.binary(max_size=60), st.integers(0, 400))
def test_any_bytes_are_read_or_refused(noise: bytes, place: int) -> None:
    whole = log(run(result(level="error", **at())))
    for data in (noise, whole[:place], whole[:place] + noise + whole[place:]):
        read_or_refused(data)

"""hadolint on the state machine: the real one, and programs in its place that are broken in every way that was seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from gate.collect.cache import Cache, Cached
from gate.collect.collectors.dockerfile import DockerfileCollector
from gate.collect.dockerfile.files import DockerfileRead, find_dockerfiles
from gate.collect.dockerfile.hadolint_run import Hadolint, shares_of
from gate.collect.dockerfile.hadolint_scan import hadolint_canary
from gate.collect.dockerfile.lint_copy import copy_of, has_comments
from gate.collect.readers.dockerfile import read_dockerfile
from gate.collect.readers.errors import ReportError
from gate.collect.readers.hadolint_json import read_hadolint
from gate.collect.scan_problem import ScanProblem
from gate.collect.tools import Toolbox
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected
from gate.model.json import Json
from tests.support.broken_tools import BROKEN, OneTool, install
from tests.support.fakes import write
from tests.support.hadolint import REAL, context, needs_hadolint, program

BAD = "FROM debian:latest\nRUN sudo rm $FILE\n"
GOOD = "FROM debian:12\nUSER 1000\n"


def linted(root: Path, tools: Toolbox = REAL, **files: str) -> Collected:
    """What is told of these files, each in a folder of its name."""
    write(root, {f"{name}/Dockerfile": text for name, text in files.items()})
    found = DockerfileCollector().collect(context(root, tools=tools))
    assert isinstance(found, Collected)
    assert not problems(shipped_validator("evidence/dockerfile"), found.facts)
    return found


def rules(found: Collected, *, suppressed: bool = False) -> set[tuple[str, str | None, int | None]]:
    return {(each.rule, each.path, each.line) for each in found.findings if each.suppressed is suppressed}


@needs_hadolint
def test_findings_with_their_lines(tmp_path: Path) -> None:
    found = linted(tmp_path, a=BAD, b=GOOD)
    assert {("DL3007", "a/Dockerfile", 1), ("DL3004", "a/Dockerfile", 2), ("SC2086", "a/Dockerfile", 2)} <= rules(found)
    assert found.facts["linted"] == 2
    assert found.facts["lint"] == {"error": 1, "warning": 1, "info": 1, "style": 0}
    assert found.gaps == ()
    assert {each.severity for each in found.findings} == {"high", "medium", "low"}
    assert found.sources[-1].detail == "2 of 2 Dockerfiles"
    assert len({each.fingerprint for each in found.findings}) == len(found.findings)


@needs_hadolint
def test_configuration_of_the_tree_is_not_read(tmp_path: Path) -> None:
    silent = "ignored: [DL3007, DL3004, SC2086]\nno-fail: true\n"
    write(tmp_path, {".hadolint.yaml": silent, "a/.hadolint.yaml": silent, "a/.hadolint.yml": silent})
    assert len(linted(tmp_path, a=BAD).findings) == 3


@needs_hadolint
@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:12\n# hadolint ignore=DL3004\nRUN sudo x\n",
        "# hadolint global ignore=DL3004\nFROM debian:12\nRUN sudo x\n",
        "FROM debian:12\nRUN sudo x \\\n# hadolint ignore=DL3002\n y\nUSER 1\n",
    ],
    ids=["line", "global", "in-between"],
)
def test_comments_suppress_and_do_not_hide(tmp_path: Path, text: str) -> None:
    found = linted(tmp_path, a=text)
    every = rules(found) | rules(found, suppressed=True)
    assert "DL3004" in {rule for rule, _path, _line in every}
    if "ignore=DL3004" in text:
        assert rules(found, suppressed=True) == {("DL3004", "a/Dockerfile", 3)}
        assert found.facts["suppressed"] == 1
        assert "DL3004" not in {rule for rule, _path, _line in rules(found)}
    assert found.gaps == ()


@needs_hadolint
@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:12\n# hadolint shell=pwsh\nRUN rm $FILE\n",
        "FROM debian:12\nRUN true; \\\n # shellcheck disable=SC2086\n rm $FILE\n",
    ],
    ids=["shell", "shellcheck"],
)
def test_other_comments_that_silence_shellcheck(tmp_path: Path, text: str) -> None:
    found = linted(tmp_path, a=text)
    told = rules(found) | rules(found, suppressed=True)
    assert any(rule == "SC2086" for rule, _path, _line in told)


@needs_hadolint
def test_a_comment_that_would_hide_the_mark_suppresses_nothing(tmp_path: Path) -> None:
    found = linted(tmp_path, a="# hadolint global ignore=DL3011,DL3004\nFROM debian:12\nRUN sudo x\n")
    assert ("DL3004", "a/Dockerfile", 3) in rules(found)
    assert found.facts["suppressed"] == 0
    (gap,) = found.gaps
    assert gap.facts == ("suppressed",)


@needs_hadolint
@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:12\nRUN <<EOF\nrm $A\nEOF\nRUN sudo x\nUSER 1\n",
        "FROM debian:12\nRUN <<-EOF\n\trm $A\n\tEOF\nRUN sudo x\nUSER 1",
        "FROM debian:12\r\nCOPY <<EOF /x\r\na\r\nEOF\r\nRUN sudo x\r\n",
        "FROM debian:12\nCOPY <<A <<B /x/\na\nA\nB\nRUN sudo x\n",
    ],
)
def test_lines_behind_here_documents(tmp_path: Path, text: str) -> None:
    found = linted(tmp_path, a=text)
    assert found.gaps == ()
    line = text[: text.index("RUN sudo")].count("\n") + 1
    assert ("DL3004", "a/Dockerfile", line) in rules(found)


@needs_hadolint
@pytest.mark.parametrize("end", ["", "\\", "\\\n\n", " \\ \n\\", "\n# end", "\nRUN <<E\nx\nE"])
def test_every_end_of_a_file_is_read(tmp_path: Path, end: str) -> None:
    found = linted(tmp_path, a=f"FROM debian:12\nRUN sudo x{end}")
    assert found.gaps == ()
    assert ("DL3004", "a/Dockerfile", 2) in rules(found)


@needs_hadolint
def test_what_hadolint_does_not_parse_is_a_gap(tmp_path: Path) -> None:
    found = linted(tmp_path, a="FROM debian:12\nENV A\n", b=BAD)
    (gap,) = found.gaps
    assert (gap.path, gap.facts) == ("a/Dockerfile", ("lint", "suppressed"))
    assert gap.reason.startswith("is not parsed by hadolint, so it was not linted: ")
    assert found.facts["linted"] == 1
    assert len(found.findings) == 3


@needs_hadolint
def test_equal_files_are_linted_once_and_told_each(tmp_path: Path) -> None:
    found = linted(tmp_path, a=BAD, b=BAD)
    assert len(found.findings) == 6
    assert len({each.fingerprint for each in found.findings}) == 6


@needs_hadolint
def test_the_self_test() -> None:
    tool = context(Path("/nonexistent"), tools=REAL)
    assert hadolint_canary(tool.scanner).test().startswith("DL3004, DL3007, SC2086")


class Memory(Cache):
    """A cache in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, ...], Json] = {}

    def get(self, space: str, key: Sequence[str]) -> Cached | None:
        value = self.kept.get((space, *key))
        return None if value is None else Cached(value, "2026-11-20 (run 12)")

    def put(self, space: str, key: Sequence[str], value: Json) -> None:
        self.kept[space, *key] = value

    def save(self) -> None:
        """Nothing to write."""


@needs_hadolint
def test_results_are_kept_by_content(tmp_path: Path) -> None:
    cache = Memory()
    files = {
        "a/Dockerfile": BAD,
        "b/Dockerfile": "FROM debian:12\n# hadolint ignore=DL3004\nRUN sudo x\n",
        "c/Dockerfile": "FROM a:1\nENV A\n",
    }
    write(tmp_path / "tree", dict(files))
    first = DockerfileCollector().collect(context(tmp_path / "tree", tools=REAL, cache=cache, jobs=2))
    assert isinstance(first, Collected)
    assert len(cache.kept) == 2, "what was not linted is not kept"
    (tmp_path / "tree/a").rename(tmp_path / "tree/moved")
    only_c = program(
        tmp_path / "tool", "code, found = real()\nassert len(sys.argv) < 12\nprint(json.dumps(found))\nsys.exit(code)"
    )
    again = DockerfileCollector().collect(context(tmp_path / "tree", tools=only_c, cache=cache))
    assert isinstance(again, Collected)
    assert "2 from the cache of 2026-11-20 (run 12)" in str(again.sources[-1].detail)
    assert (again.facts["lint"], again.facts["suppressed"]) == (first.facts["lint"], first.facts["suppressed"])
    assert {each.path for each in again.findings} == {"b/Dockerfile", "moved/Dockerfile"}


@needs_hadolint
@pytest.mark.parametrize("value", [[], [[["DL1", "grave", 1, 1, "x"]], []], {"a": 1}, [[["DL1"]], []], "x"])
def test_a_cache_that_lies_in_its_shape_is_not_believed(tmp_path: Path, value: Json) -> None:
    cache = Memory()
    write(tmp_path, {"Dockerfile": BAD})
    before = DockerfileCollector().collect(context(tmp_path, tools=REAL, cache=cache))
    cache.kept = dict.fromkeys(cache.kept, value)
    after = DockerfileCollector().collect(context(tmp_path, tools=REAL, cache=cache))
    assert isinstance(before, Collected)
    assert isinstance(after, Collected)
    assert after.facts["lint"] == before.facts["lint"]


REPEAT = "code, found = real()\nfound = [each for each in found if {keep}]\nprint(json.dumps(found))\nsys.exit(code)"
"""What answers as the real one does, but leaves something out."""
SILENT = {
    "finds nothing": "print('[]')",
    "leaves out the canary": REPEAT.format(keep="not each['file'].startswith('canary')"),
    "leaves out ShellCheck": REPEAT.format(keep="each['code'][:2] != 'SC'"),
    "honours comments": "sys.argv.remove('--disable-ignore-pragma')\n" + REPEAT.format(keep="True"),
    "ends with 0": "code, found = real()\nprint(json.dumps(found))",
    "tells of other files": REPEAT.format(keep="each.update(file='/etc/passwd') or True"),
    "reads no file": REPEAT.format(keep="each['file'].startswith('canary')"),
}


@needs_hadolint
@pytest.mark.parametrize("does", sorted(SILENT))
def test_a_hadolint_that_lies_is_no_evidence(tmp_path: Path, does: str) -> None:
    found = linted(tmp_path / "tree", program(tmp_path / "tool", SILENT[does]), a=BAD, b=GOOD)
    assert not [each for each in found.findings if not each.suppressed]
    assert "lint" not in found.facts
    assert found.gaps
    assert all("lint" in gap.facts for gap in found.gaps)
    assert found.facts["files"] == 2


@needs_hadolint
def test_a_file_that_is_passed_over_is_a_gap(tmp_path: Path) -> None:
    body = REPEAT.format(keep="each['file'] != '0000001.Dockerfile'")
    found = linted(tmp_path / "tree", program(tmp_path / "tool", body), a=BAD, b=BAD + "\n")
    (gap,) = found.gaps
    assert gap.reason == "was not read to its end by hadolint, so it was not linted"
    assert found.facts["linted"] == 1


@needs_hadolint
def test_a_file_that_crashes_it_stands_alone(tmp_path: Path) -> None:
    body = (
        "if any(b'boom' in open(a, 'rb').read() for a in sys.argv if a.endswith('.Dockerfile')):\n"
        "    os.kill(os.getpid(), signal.SIGSEGV)\ncode, found = real()\nprint(json.dumps(found))\nsys.exit(code)"
    )
    found = linted(tmp_path / "tree", program(tmp_path / "tool", body), a=BAD, b="FROM a:1\nRUN boom\n", c=BAD, d=GOOD)
    (gap,) = found.gaps
    assert gap.path == "b/Dockerfile"
    assert "was killed by signal 11" in gap.reason
    assert found.facts["linted"] == 3
    assert len(found.findings) == 6


@pytest.mark.parametrize("does", sorted(set(BROKEN) - {"hangs", "prints without an end"}))
def test_a_broken_hadolint_is_a_gap_on_lint_alone(tmp_path: Path, does: str) -> None:
    path = install(tmp_path / "tool", "hadolint", does, report="[]", version="2.15.1")
    found = linted(tmp_path / "tree", OneTool("hadolint", (str(path),), "2.15.1"), a=BAD)
    assert not found.findings
    assert found.facts["files"] == 1
    assert "lint" not in found.facts
    assert [gap.facts for gap in found.gaps] == [("lint", "suppressed")]


def test_a_broken_hadolint_fails_its_self_test(tmp_path: Path) -> None:
    path = install(tmp_path, "hadolint", "prints an empty list and ends with 0", version="2.15.1")
    canary = hadolint_canary(context(tmp_path, tools=OneTool("hadolint", (str(path),), "2.15.1")).scanner)
    with pytest.raises(ScanProblem, match="does not find what was planted"):
        canary.test()


def test_the_copy_leads_back_to_the_lines_of_the_file() -> None:
    data = b"FROM a:1\nRUN <<E\nx\nE\nRUN b\nCOPY <<-F /x\n\ty\n\tF\nRUN c\n"
    copy = copy_of(data, read_dockerfile(data), comments=True)
    assert copy.data == b"FROM a:1\nRUN <<E\nx\nE\n\nRUN b\nCOPY <<-F /x\ny\nF\n\nRUN c\n\nEXPOSE 99999\n"
    assert copy.data.split(b"\n")[copy.mark_line - 1] == b"EXPOSE 99999"
    for number, row in enumerate(copy.data.split(b"\n"), 1):
        if row.startswith(b"RUN"):
            assert data.split(b"\n")[copy.line(number) - 1] == row


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"# hadolint ignore=x", True),
        (b"#hadolint x", True),
        (b" # ShellCheck disable=x", True),
        (b"# hadolinter", False),
        (b"hadolint x", False),
    ],
)
def test_comments_that_speak_to_hadolint(text: bytes, expected: bool) -> None:
    assert has_comments(text) is expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is not hadolint's JSON"),
        (b"{}", "is not hadolint's JSON"),
        (b"[1]", "is not hadolint's JSON"),
        (
            b'[{"file":"a","code":"D","level":"grave","line":1,"column":1,"message":"x"}]',
            "has the level “grave” in finding 1",
        ),
        (b'[{"file":"a","code":"","level":"info","line":1,"column":1,"message":"x"}]', "contradicts itself: finding 1"),
        (b"[" * 100_000, "is not hadolint's JSON"),
    ],
)
def test_reports_that_are_none(data: bytes, reason: str) -> None:
    with pytest.raises(ReportError) as caught:
        read_hadolint(data)
    assert caught.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("small", "jobs", "expected"), [(0, 2, []), (1, 4, [1]), (9, 2, [5, 4]), (90, 1, [30, 30, 30])]
)
def test_shares(small: int, jobs: int, expected: list[int]) -> None:
    content = read_dockerfile(b"FROM a")
    files = [DockerfileRead(f"{number}", b"x", f"{number}", content) for number in range(small)]
    large = DockerfileRead("large", b"x" * 40_000, "large", content)
    shares = shares_of([*files, large], jobs)
    assert [len(share) for share in shares] == [1, *expected]
    assert shares[0] == [large]
    assert sorted(file.path for share in shares[1:] for file in share) == sorted(file.path for file in files)


def test_a_file_that_takes_too_long_is_a_gap_and_is_not_tried_again(tmp_path: Path) -> None:
    tools = program(tmp_path / "tool", "time.sleep(60)")
    write(tmp_path / "tree", {"Dockerfile": BAD, "b/Dockerfile": GOOD})
    given = context(tmp_path / "tree", tools=tools)
    begun = time.monotonic()
    run = Hadolint(given.scanner, timeout=0.5).run(find_dockerfiles(given.workspace).files)
    assert time.monotonic() - begun < 10
    assert [gap.path for gap in run.gaps] == ["Dockerfile", "b/Dockerfile"]
    assert all("did not end within" in gap.reason for gap in run.gaps)

"""`gate replay`: real repositories, bundles of past runs in a folder and on GitHub, and what nobody can know."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from gate.judge.schema import problems, shipped_validator
from gate.settings import poisoned
from tests.support.fakes import write
from tests.support.github_server import Hub, add_artifact, add_run, events, faults
from tests.support.repos import POLICY, PYTHON, REPORTS, Gate, ledger
from tests.support.repositories import commit, git
from tests.support.two_stages import change_manifest, zipped

Document = dict[str, Any]
DEBUG = "log_level: DEBUG\n"
PRODUCTION = "config.production-logging"
NEED_A_RUN = {"tests.passed", "tests.minimum", "coverage.reported", "coverage.lines"}


@pytest.fixture
def past(tmp_path: Path) -> Path:
    """A ledger with three commits, of which the second one logs at DEBUG; its reports are of now and ignored."""
    folder = ledger(tmp_path / "ledger", policy=POLICY)
    git(folder, "branch", "-M", "main")
    shutil.rmtree(folder / "out")
    write(folder, {"config/production.yaml": DEBUG})
    commit(folder, "Log at DEBUG")
    write(folder, {"config/production.yaml": "log_level: INFO\n", "more.txt": "more\n"})
    commit(folder, "Mend it")
    return folder


class Replay:
    """The command, on one repository."""

    def __init__(self, gate: Gate, workspace: Path) -> None:
        self._gate, self._workspace = gate, workspace

    def __call__(self, *arguments: str | Path) -> Document:
        """`--format json`, as a document that fits its schema."""
        said = self._gate("replay", "--workspace", self._workspace, "--format", "json", *arguments)
        assert said.code == 0, said.err
        document = said.json
        assert problems(shipped_validator("replay"), document, limit=3) == ()
        return document


@pytest.fixture
def replay(gate: Gate, past: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    for name in ("GITHUB_ACTIONS", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Replay(gate, past)


def ids(held: list[Document]) -> set[str]:
    return {item["id"] for item in held}


def test_the_commit_that_broke_a_criterion_is_told_and_the_others_are_not(replay: Replay) -> None:
    document = replay()
    verdicts = [(item["subject"], item["verdict"] != "no_go") for item in document["commits"]]
    assert verdicts == [("Mend it", True), ("Log at DEBUG", False), ("change", True)]
    (held,) = document["commits"][1]["blocked_by"]
    assert held["id"] == PRODUCTION
    assert "DEBUG" in held["reason"]
    assert document["totals"] == {
        "commits": 3, "judged": 3, "would_have_merged": 2, "would_have_been_blocked": 1, "not_judged": 0,
    }  # fmt: skip
    assert document["criteria"][0] == {
        "id": PRODUCTION, "level": "must", "would_have_blocked": 1, "alone": 1, "not_known": 0,
    }  # fmt: skip
    assert document["summary"].startswith("2 of 3 would have merged as far as is known (")
    assert document["summary"].endswith(f"{PRODUCTION} alone would have blocked 1.")


def test_what_only_a_run_could_tell_neither_blocks_nor_passes(replay: Replay) -> None:
    for item in replay()["commits"]:
        unknown, blocked = ids(item["not_known"]), ids(item["blocked_by"])
        assert unknown >= NEED_A_RUN
        assert not unknown & blocked
    by_id = {item["id"]: item for item in replay()["criteria"]}
    assert by_id["tests.passed"]["would_have_blocked"] == 0
    assert by_id["tests.passed"]["not_known"] == 3


def test_reports_of_now_are_not_evidence_of_then(replay: Replay, past: Path) -> None:
    write(past, REPORTS)
    assert ids(replay("--last", "1")["commits"][0]["not_known"]) >= NEED_A_RUN


def test_t5_reports_that_were_committed_then_are_not_evidence_either(replay: Replay, past: Path) -> None:
    write(past, REPORTS)
    commit(past, "Commit the reports")
    assert ids(replay("--last", "1")["commits"][0]["not_known"]) >= NEED_A_RUN


def test_the_policy_is_the_one_that_lies_here(replay: Replay, past: Path) -> None:
    write(past, {".gate/policy.yml": POLICY.replace("INFO, WARNING", "DEBUG, INFO, WARNING")})
    assert replay()["totals"]["would_have_merged"] == 3
    write(past, {"strict.yml": POLICY.replace("INFO, WARNING", "ERROR")})
    assert replay("--policy", past / "strict.yml")["totals"]["would_have_merged"] == 0
    assert not git(past, "status", "--porcelain", "config")


def test_how_many_and_of_which_branch(replay: Replay, past: Path) -> None:
    git(past, "branch", "old", "HEAD~1")
    document = replay("--last", "1", "--branch", "old")
    assert [item["subject"] for item in document["commits"]] == ["Log at DEBUG"]
    assert document["branch"] == "old"


def test_merges_are_judged_as_what_they_brought(replay: Replay, past: Path) -> None:
    git(past, "checkout", "-q", "-b", "topic")
    for number in range(3):
        write(past, {f"docs/{number}.md": "# More\n"})
        commit(past, f"Step {number}")
    git(past, "checkout", "-q", "main")
    git(past, "merge", "-q", "--no-ff", "-m", "Merge topic", "topic")
    assert [item["subject"] for item in replay("--last", "2")["commits"]] == ["Merge topic", "Mend it"]


def test_only_some_kinds(replay: Replay) -> None:
    document = replay("--only", "files")
    assert {item["id"] for item in document["criteria"]} == {PRODUCTION}
    assert document["summary"] == f"2 of 3 would have merged; {PRODUCTION} alone would have blocked 1."


def test_a_part_of_a_repository(gate: Gate, past: Path) -> None:
    write(past, {"part/.gate/policy.yml": "version: 1\nextends: baseline\n", "part/README.md": "# Part\n"})
    commit(past, "Add a part")
    said = gate("replay", "--workspace", past / "part", "--only", "docs", "--format", "json", "--last", "2")
    new, old = said.json["commits"]
    assert new["verdict"] is not None
    assert (old["verdict"], "part" in old["problem"]) == (None, True)
    assert said.json["summary"].endswith("1 commit was not judged.")


def test_advisory_is_told_and_does_not_hide_what_would_block(replay: Replay, past: Path) -> None:
    write(past, {".gate/policy.yml": POLICY + "advisory: true\n"})
    document = replay("--only", "files")
    assert document["totals"]["would_have_been_blocked"] == 1
    assert any("advisory" in note for note in document["notes"])


def test_a_score_that_is_too_low_blocks_without_a_criterion(replay: Replay, past: Path) -> None:
    text = POLICY.replace("level: must\n    evidence: files", "level: may\n    evidence: files")
    write(past, {".gate/policy.yml": text + "minimum_score: 100\n"})
    held = [ids(item["blocked_by"]) for item in replay("--only", "files,docs")["commits"]]
    assert held[1] == {"minimum_score"}


def test_where_nothing_passes_that_is_what_blocks(replay: Replay, past: Path) -> None:
    write(
        past,
        {".gate/policy.yml": POLICY.replace("level: must\n    evidence: files", "level: should\n    evidence: files")},
    )
    held = [ids(item["blocked_by"]) for item in replay("--only", "files")["commits"]]
    assert held == [set(), {"nothing_passed"}, set()]


def test_the_first_commit_of_all_and_a_clone_that_was_cut_off(gate: Gate, past: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{past}", str(shallow))
    said = gate("replay", "--workspace", shallow, "--only", "files", "--format", "json")
    assert [item["verdict"] for item in said.json["commits"]] == ["go", "no_go"]


def test_when_nothing_can_be_judged_it_is_no_forecast(gate: Gate, past: Path) -> None:
    said = gate("replay", "--workspace", past, "--only", "tests")
    assert said.code == 3
    assert "None of the 3 commits could be judged" in said.err
    assert "0 of 0 would have merged" in said.out
    assert said.out.count("  not judged  ") == 3


@pytest.mark.parametrize(
    "arguments",
    [("--branch", "nowhere"), ("--branch", "--output=x"), ("--last", "0"), ("--bundles", "nowhere"), ("--format", "x")],
)
def test_mistakes_of_the_user(gate: Gate, past: Path, arguments: tuple[str, ...]) -> None:
    assert gate("replay", "--workspace", past, *arguments).code == 2


def test_no_repository(gate: Gate, tmp_path: Path) -> None:
    assert gate("replay", "--workspace", tmp_path).code == 2


def test_t16_a_subject_is_data(gate: Gate, past: Path) -> None:
    commit(past, "##[error]\x1b[31m @octo/all #1 | </details> ![x](http://evil.example/x.png)\u202e `x`")
    for format_ in ("console", "markdown"):
        out = gate("replay", "--workspace", past, "--only", "files", "--last", "1", "--format", format_).out
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert "##[" not in out
    row = next(line for line in out.splitlines() if "@octo" in line)
    assert row.count("|") == 8
    assert row.rpartition("–")[2].strip(" |") == f"`{row.partition('–')[2].partition('`')[2].rpartition('`')[0]}`"
    assert row.rpartition("–")[2].count("`") == 2


def test_what_a_person_reads(gate: Gate, past: Path, tmp_path: Path) -> None:
    said = gate("replay", "--workspace", past)
    lines = said.out.splitlines()
    assert lines[0].startswith("The last 3 commits of HEAD by .gate/policy.yml, as of ")
    marks = [line[0] for line in lines if line.endswith((" change", "Log at DEBUG", "Mend it"))]
    assert marks[1] == "✗"
    assert marks[0] == marks[2] != "✗"
    assert f"{PRODUCTION}  must     1 of 3      1" in said.out
    assert "Not known for past commits, and not counted:" in lines
    assert any(line.startswith("  tests.passed (3 of 3): ") for line in lines)
    assert "judged as of today" in said.out
    assert "would have blocked 1." in " ".join(lines[-3:])
    assert max(map(len, lines)) <= 100
    assert said.err.count(" s)") == 3
    report = tmp_path / "replay.md"
    said = gate("replay", "--workspace", past, "--only", "files", "--format", "markdown", "--output", report)
    assert said.out == ""
    assert f"| `{PRODUCTION}` | must | 1 | 1 | 0 |" in report.read_text()


def test_nothing_is_left_in_the_repository_and_in_the_temporary_folder(
    replay: Replay, past: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    before = sorted(path for path in past.rglob("*") if "__pycache__" not in path.parts)
    replay("--last", "1")
    assert sorted(path for path in past.rglob("*") if "__pycache__" not in path.parts) == before
    assert list((tmp_path / "temporary").iterdir()) == []


# --- evidence of past runs -------------------------------------------------------------------------------------------


def bundle_of(gate: Gate, past: Path, revision: str, to: Path, **reports: str) -> Path:
    """What a run on a commit left: collected with its reports."""
    git(past, "checkout", "-q", revision)
    write(past, {**REPORTS, **{f"out/{name}.xml": text for name, text in reports.items()}})
    assert gate("collect", "--workspace", past, "--bundle", to, "--only", "tests,coverage,sast").code == 0
    shutil.rmtree(past / "out")
    git(past, "checkout", "-q", "main")
    return to


FAILED = (
    REPORTS["out/junit.xml"]
    .replace('failures="0"', 'failures="1"')
    .replace('line="7" time="0.05"/>', 'line="7" time="0.05"><failure message="no">no</failure></testcase>')
)


def test_a_bundle_tells_what_the_tree_cannot(gate: Gate, replay: Replay, past: Path, tmp_path: Path) -> None:
    bundle_of(gate, past, "HEAD", tmp_path / "bundles/1/readiness-evidence")
    bundle_of(gate, past, "HEAD~2", tmp_path / "bundles/2", junit=FAILED)
    new, middle, old = replay("--bundles", tmp_path / "bundles")["commits"]
    assert not NEED_A_RUN & ids(new["not_known"])
    assert (new["verdict"] != "no_go", new["evidence"]) == (True, "1/readiness-evidence")
    assert ids(middle["not_known"]) >= NEED_A_RUN
    assert ids(old["blocked_by"]) == {"tests.passed"}


def test_a_bundle_of_what_was_merged_counts_for_the_merge(
    gate: Gate, replay: Replay, past: Path, tmp_path: Path
) -> None:
    git(past, "checkout", "-q", "-b", "topic")
    write(past, {"ledger/more.py": PYTHON})
    topic = commit(past)
    git(past, "checkout", "-q", "main")
    git(past, "merge", "-q", "--no-ff", "-m", "Merge topic", "topic")
    bundle_of(gate, past, topic, tmp_path / "bundle")
    (merged,) = replay("--bundles", tmp_path / "bundle", "--last", "1")["commits"]
    assert "tests.passed" not in ids(merged["not_known"])


def test_t5_a_bundle_that_was_tampered_with_is_left_out_and_told(gate: Gate, past: Path, tmp_path: Path) -> None:
    bundle = bundle_of(gate, past, "HEAD", tmp_path / "bundles/a")
    path = bundle / "evidence/tests.json"
    path.write_text(path.read_text().replace('"passed": 2', '"passed": 9'))
    said = gate("replay", "--workspace", past, "--bundles", tmp_path / "bundles", "--last", "1", "--format", "json")
    assert "a is left out" in said.err
    assert ids(said.json["commits"][0]["not_known"]) >= NEED_A_RUN


def test_what_the_tree_says_is_not_taken_from_a_bundle(gate: Gate, replay: Replay, past: Path, tmp_path: Path) -> None:
    git(past, "checkout", "-q", "HEAD~1")
    write(past, {"config/production.yaml": "log_level: INFO\n"})
    assert gate("collect", "--workspace", past, "--bundle", tmp_path / "bundle", "--only", "files").code == 0
    git(past, "checkout", "-q", "-f", "main")
    assert PRODUCTION in ids(replay("--bundles", tmp_path / "bundle")["commits"][1]["blocked_by"])


def test_a_folder_without_bundles_is_a_mistake(gate: Gate, past: Path, tmp_path: Path) -> None:
    (tmp_path / "bundles/a/b/c/d").mkdir(parents=True)
    (tmp_path / "bundles/link").symlink_to(tmp_path)
    said = gate("replay", "--workspace", past, "--bundles", tmp_path / "bundles")
    assert (said.code, "holds no bundle" in said.err) == (2, True)


class OnGitHub:
    """octo/shop with the ledger's history, its last commit the merge of pull request 21, and that one's run."""

    def __init__(self, gate: Gate, hub: Hub, past: Path, folder: Path) -> None:
        self.gate, self.hub, self.past, self.folder = gate, hub, past, folder
        self.repository = hub.repository()
        git(past, "checkout", "-q", "-b", "topic")
        write(past, {"ledger/more.py": PYTHON})
        self.head = commit(past, "Change")
        git(past, "checkout", "-q", "main")
        self.repository.push(past, "main", "main")
        self.repository.push(past, "topic", "topic")
        self.repository.open_pull("topic", number=21)
        self.repository.merge(21)
        git(past, "merge", "-q", "--squash", "topic")
        # GitHub's own commit is not here; the one that is has the pull request by its id.
        self.merged = commit(past, "Change (#21)")
        self.repository.push(past, "main", "main")
        pull = self.repository.pulls[21]
        pull.merge_sha = self.merged
        self.run = add_run(self.repository, self.head, branch="topic")
        self.bundle = bundle_of(gate, past, self.head, folder / "bundle")

    def upload(self, data: bytes | None = None, digest: str | None = None) -> None:
        """Hang the bundle on the run."""
        add_artifact(self.repository, self.run, "readiness-evidence", data or zipped(self.bundle), digest=digest)

    def replay(self, *arguments: str) -> tuple[Document, str]:
        """Replay the merge, with a token from the environment."""
        said = self.gate(
            "replay", "--workspace", self.past, "--repository", "octo/shop", "--last", "1", "--format", "json",
            *arguments,
        )  # fmt: skip
        assert said.code == 0, said.err
        return said.json["commits"][0], said.err


@pytest.fixture
def on_github(gate: Gate, hub: Hub, past: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OnGitHub:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("GITHUB_API_URL", hub.url)
    monkeypatch.setenv("GITHUB_TOKEN", "person")
    return OnGitHub(gate, hub, past, tmp_path)


def test_the_artefact_of_a_pull_requests_run(on_github: OnGitHub, hub: Hub) -> None:
    on_github.upload()
    commit_, _log = on_github.replay()
    assert commit_["evidence"] == f"run {on_github.run.id}"
    assert not NEED_A_RUN & ids(commit_["not_known"])
    assert {entry.method for entry in hub.log} == {"GET"}
    assert len(hub.log) <= 8


def test_an_artefact_that_is_not_what_it_says(on_github: OnGitHub) -> None:
    on_github.upload(digest="sha256:" + "0" * 64)
    commit_, log = on_github.replay()
    assert "not what GitHub's digest says" in log
    assert ids(commit_["not_known"]) >= NEED_A_RUN


@pytest.mark.parametrize(("key", "other"), [("head_sha", "e" * 40), ("run", {"id": 12, "attempt": 1})])
def test_t5_an_artefact_of_another_run(on_github: OnGitHub, key: str, other: object) -> None:
    change_manifest(on_github.bundle, lambda manifest: manifest.update({key: other}))
    on_github.upload()
    commit_, log = on_github.replay()
    assert "says that it is of another run or commit" in log
    assert commit_["evidence"] == ""


@pytest.mark.parametrize("data", [b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_t23_an_artefact_that_is_no_bundle(on_github: OnGitHub, data: bytes) -> None:
    on_github.upload(data)
    commit_, log = on_github.replay()
    assert commit_["commit"][:8] in log
    assert ids(commit_["not_known"]) >= NEED_A_RUN


def test_a_run_without_an_artefact_and_one_of_another_workflow(on_github: OnGitHub, past: Path) -> None:
    assert on_github.replay()[0]["evidence"] == ""
    on_github.upload()
    on_github.upload()
    assert "which of them counts nobody can tell" in on_github.replay()[1]
    write(past, {".gate/policy.yml": POLICY + "trust: {collected_by: [.github/workflows/other.yml]}\n"})
    commit_, log = on_github.replay()
    assert (commit_["evidence"], "nobody can tell" in log) == ("", False)


def test_github_that_does_not_answer(on_github: OnGitHub, hub: Hub) -> None:
    on_github.upload()
    hub.fault("GET", "/pulls", faults.fork(), nth=0)
    commit_, log = on_github.replay()
    assert "so evidence of its run is not known" in log
    assert commit_["verdict"] is not None


def test_on_a_runner(on_github: OnGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    on_github.upload()
    monkeypatch.delenv("GITHUB_TOKEN")
    for name in poisoned(os.environ, {}):
        monkeypatch.delenv(name)
    started = events.push(on_github.hub)
    for name, value in started.environment(on_github.folder, on_github.hub.url).items():
        monkeypatch.setenv(name, value)
    asked = ("replay", "--workspace", on_github.past, "--last", "1", "--format", "json")
    assert on_github.gate(*asked).json["commits"][0]["evidence"] == ""
    monkeypatch.setenv("GATE_TOKEN", "job")
    said = on_github.gate(*asked)
    assert said.code == 0, said.err
    assert said.json["commits"][0]["evidence"] == f"run {on_github.run.id}"
    monkeypatch.setenv("GATE_TOKEN", "job")
    assert on_github.gate(*asked, "--repository", "octo/other").code == 2


def test_github_without_a_token(on_github: OnGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    said = on_github.gate("replay", "--workspace", on_github.past, "--repository", "octo/shop")
    assert (said.code, "GITHUB_TOKEN" in said.err) == (2, True)


def test_the_schema_of_the_document_is_shipped(gate: Gate) -> None:
    assert json.loads(gate("schema", "replay").out)["$id"].endswith("/replay.schema.json")

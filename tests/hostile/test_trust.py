"""A pull request that wants to be judged by something else than its base branch's policy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gate.commands.action import run_action
from tests.support.fakes import write
from tests.support.repos import POLICY, ledger
from tests.support.repositories import git

POLICY_PATH = ".gate/policy.yml"
LAX = "version: 1\ncriteria:\n  tests.passed: {enabled: false, reason: it is red}\n"


@dataclass
class PullRequest:
    """A checkout of a pull request on a runner, with its base branch at origin/main."""

    folder: Path
    workspace: Path
    capsys: pytest.CaptureFixture[str]

    def base(self, files: dict[str, str | None], message: str = "base") -> None:
        """Commit to the base branch: what is None is deleted."""
        self.change(files, message)
        git(self.workspace, "update-ref", "refs/remotes/origin/main", "HEAD")

    def change(self, files: dict[str, str | None], message: str = "change") -> str:
        """Commit to the pull request."""
        for path, text in files.items():
            if text is None:
                (self.workspace / path).unlink()
            else:
                write(self.workspace, {path: text})
        git(self.workspace, "add", "--all")
        git(self.workspace, "commit", "--quiet", "--allow-empty", "-m", message)
        return git(self.workspace, "rev-parse", "HEAD").strip()

    def run(self, **environ: str) -> tuple[int, dict[str, Any], str]:
        """Run the action and return the exit code, the verdict ({} for none) and the log with the Markdown report."""
        output = self.folder / "output"
        output.write_text("")
        (self.workspace / ".gate-reports/verdict.json").unlink(missing_ok=True)
        self.capsys.readouterr()
        runner = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_EVENT_NAME": "pull_request"}
        code = run_action(runner | {"GITHUB_BASE_REF": "main"} | environ, self.workspace)
        out, err = self.capsys.readouterr()
        report = self.workspace / ".gate-reports/verdict.json"
        verdict = json.loads(report.read_text()) if report.is_file() else {}
        markdown = (self.workspace / ".gate-reports/verdict.md").read_text() if verdict else ""
        return code, verdict, out + err + markdown


@pytest.fixture
def pull(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> PullRequest:
    workspace = ledger(tmp_path / "ledger")
    git(workspace, "update-ref", "refs/remotes/origin/main", "HEAD")
    return PullRequest(tmp_path, workspace, capsys)


def outcomes(verdict: dict[str, Any]) -> dict[str, str]:
    return {item["id"]: item["outcome"] for item in verdict["criteria"]}


def test_t1_an_edited_policy_is_shown_and_judged_as_a_proposal_only(pull: PullRequest) -> None:
    (pull.workspace / "out/junit.xml").unlink()
    pull.change(
        {POLICY_PATH: POLICY.replace("criteria:\n", "criteria:\n  tests.passed: {enabled: false, reason: x}\n")}
    )
    code, verdict, log = pull.run()
    assert (code, verdict["verdict"]) == (1, "no_go")
    assert outcomes(verdict)["tests.passed"] == "no_evidence"
    proposal = verdict["proposal"]
    assert [(file["path"], file["change"]) for file in proposal["files"]] == [(POLICY_PATH, "changed")]
    assert "+  tests.passed: {enabled: false, reason: x}" in proposal["files"][0]["diff"]
    changed = {item["id"]: (item["before"], item["after"]) for item in proposal["outcomes"]}
    assert changed["tests.passed"] == ("no_evidence", "not_applicable")
    assert "What this change wants of the policy" in log
    assert verdict["score"] != proposal["score"]


def test_t1_the_policy_says_which_commit_it_came_from(pull: PullRequest) -> None:
    tip = git(pull.workspace, "rev-parse", "origin/main").strip()
    pull.change({POLICY_PATH: LAX})
    _code, verdict, log = pull.run()
    policy = verdict["policy"]
    assert (policy["ref"], policy["commit"], policy["repository"]) == ("origin/main", tip, None)
    assert policy["chain"] == [
        {"path": POLICY_PATH, "repository": None, "ref": "origin/main", "commit": tip, "sha256": policy["sha256"]}
    ]
    assert f"`{tip[:7]}`" in log


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("link", "is a symbolic link"),
        ("folder_link", "lies below"),
        ("submodule", "is a submodule"),
        ("executable", "mode 100755"),
        ("large", "more than the 262,144"),
        ("folder", "is a folder"),
    ],
)
def test_t1_what_is_no_plain_file_is_told_and_changes_nothing(pull: PullRequest, change: str, told: str) -> None:
    policy, tree = pull.workspace / POLICY_PATH, pull.workspace
    match change:
        case "link":
            policy.unlink()
            policy.symlink_to("../README.md")
        case "folder_link":
            (tree / "lax").mkdir()
            policy.rename(tree / "lax/policy.yml")
            (tree / ".gate").rmdir()
            (tree / ".gate").symlink_to("lax")
        case "submodule":
            policy.unlink()
            head = git(tree, "rev-parse", "HEAD").strip()
            git(tree, "rm", "--quiet", "--cached", POLICY_PATH)
            git(tree, "update-index", "--add", "--cacheinfo", f"160000,{head},{POLICY_PATH}")
            git(tree, "commit", "--quiet", "-m", "change")
        case "executable":
            policy.chmod(0o755)
        case "large":
            policy.write_text("version: 1\n#" + "x" * 300_000)
        case _:
            policy.unlink()
            policy.mkdir()
            (policy / "more.yml").write_text(LAX)
    if change != "submodule":
        pull.change({})
    code, verdict, _log = pull.run()
    # A submodule that is not checked out is a gap of its own in what is scanned.
    assert code == (1 if change == "submodule" else 0)
    assert verdict["policy"]["path"] == POLICY_PATH
    assert verdict["proposal"]["verdict"] is None
    assert any(told in mistake for mistake in verdict["proposal"]["mistakes"])


@pytest.mark.parametrize("kind", ["link", "folder_link", "executable", "large"])
def test_t1_a_base_policy_that_is_no_plain_file_is_a_failure(pull: PullRequest, kind: str) -> None:
    """Not the profile in its place: somebody wrote a policy, and nobody can say which."""
    policy, tree = pull.workspace / POLICY_PATH, pull.workspace
    if kind == "link":
        policy.unlink()
        policy.symlink_to("../README.md")
    elif kind == "folder_link":
        (tree / "lax").mkdir()
        policy.rename(tree / "lax/policy.yml")
        (tree / ".gate").rmdir()
        (tree / ".gate").symlink_to("lax")
    elif kind == "executable":
        policy.chmod(0o755)
    else:
        policy.write_text("version: 1\n#" + "x" * 300_000)
    pull.base({})
    pull.change({"notes.txt": "x\n"})
    code, verdict, log = pull.run()
    assert (code, verdict) == (2, {})
    assert "A policy is a plain file of at most 256 KB" in log


def test_t1_another_case_of_the_path_is_another_file(pull: PullRequest) -> None:
    pull.change({".gate/Policy.yml": LAX, ".GATE/policy.yml": LAX})
    code, verdict, _log = pull.run()
    assert (code, verdict["policy"]["path"]) == (0, POLICY_PATH)
    assert verdict["proposal"]["files"] == []
    assert verdict["proposal"]["also"] == [".gate/Policy.yml"]


def test_t1_a_policy_that_only_the_change_has_is_a_proposal(pull: PullRequest) -> None:
    pull.base({POLICY_PATH: None})
    pull.change({POLICY_PATH: POLICY})
    _code, verdict, _log = pull.run()
    assert verdict["policy"]["path"] is None
    assert verdict["policy"]["chain"] == []
    assert [file["change"] for file in verdict["proposal"]["files"]] == ["added"]
    assert verdict["proposal"]["verdict"] is not None


def test_t1_a_deleted_policy_is_still_the_one_that_judges(pull: PullRequest) -> None:
    pull.change({POLICY_PATH: None})
    code, verdict, _log = pull.run()
    assert (code, verdict["policy"]["path"]) == (0, POLICY_PATH)
    assert [file["change"] for file in verdict["proposal"]["files"]] == ["deleted"]


def test_t20_a_proposed_alias_bomb_is_a_mistake_of_the_proposal(pull: PullRequest) -> None:
    bomb = "version: 1\na: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(20))
    pull.change({POLICY_PATH: bomb})
    code, verdict, _log = pull.run()
    assert (code, verdict["verdict"]) == (0, "go")
    assert any("anchor" in mistake or "alias" in mistake for mistake in verdict["proposal"]["mistakes"])


def test_t15_waivers_of_the_change_waive_nothing(pull: PullRequest) -> None:
    waiver = "version: 1\nwaivers:\n  - {criterion: tests.passed, reason: later, owner: me, expires: 2999-01-01}\n"
    pull.base({POLICY_PATH: POLICY + "waivers: .gate/waivers.yml\n", ".gate/waivers.yml": "version: 1\nwaivers: []\n"})
    (pull.workspace / "out/junit.xml").unlink()
    pull.change({".gate/waivers.yml": waiver})
    code, verdict, _log = pull.run()
    assert code == 1
    assert "tests.passed" in verdict["blocked_by"]
    assert verdict["waivers"] == []
    assert [file["path"] for file in verdict["proposal"]["files"]] == [".gate/waivers.yml"]


def test_t16_a_diff_cannot_leave_its_fence_nor_hide(pull: PullRequest) -> None:
    nasty = "# ```\n# ````\n# @octocat \u202eevil\u202c <!-- x --> </details>\n# ::error::x ##[error]x\n::error::y\n"
    pull.change({POLICY_PATH: POLICY + nasty})
    code, verdict, log = pull.run()
    assert code == 0
    lines = verdict["proposal"]["files"][0]["diff"]
    assert "+# @octocat \\u{202e}evil\\u{202c} <!-- x --> </details>" in lines
    assert "\n`````diff\n" in log
    assert "\u202e" not in log
    assert "##[error]" not in log
    assert "\n::error::y" not in log


def test_a_base_that_moved_on_is_not_told_as_what_the_change_does(pull: PullRequest) -> None:
    start = git(pull.workspace, "rev-parse", "HEAD").strip()
    pull.base({POLICY_PATH: POLICY.replace("name: Ledger", "name: Big ledger")})
    git(pull.workspace, "checkout", "--quiet", "--detach", start)
    pull.change({"notes.txt": "x\n"})
    code, verdict, _log = pull.run()
    assert code == 0
    assert verdict["policy"]["name"] == "Big ledger"
    assert verdict["proposal"] is None


def test_a_changed_workflow_is_told(pull: PullRequest) -> None:
    pull.change({".github/workflows/ci.yml": "on: push\n", ".github/CODEOWNERS": "* @me\n", "notes.txt": "x"})
    _code, verdict, log = pull.run()
    assert verdict["proposal"]["also"] == [".github/CODEOWNERS", ".github/workflows/ci.yml"]
    assert verdict["proposal"]["verdict"] is None
    assert ".github/CODEOWNERS" in log


def test_a_kind_that_only_the_proposal_asks_for_was_not_collected(pull: PullRequest) -> None:
    pull.change({POLICY_PATH: POLICY + "expects: [performance]\n"})
    _code, verdict, _log = pull.run()
    assert "performance" not in {item["kind"] for item in verdict["evidence"]}
    pull.change({POLICY_PATH: POLICY.replace("extends: baseline", "extends: production")})
    _code, verdict, _log = pull.run()
    reasons = [item["reason"] for item in verdict["proposal"]["outcomes"] if item["before"] is None]
    assert any("only the proposed policy asks for it" in reason for reason in reasons)


def test_t31_a_change_cannot_make_the_gate_advisory(pull: PullRequest) -> None:
    (pull.workspace / "out/junit.xml").unlink()
    pull.change({POLICY_PATH: POLICY + "advisory: true\n"})
    code, verdict, log = pull.run()
    assert (code, verdict["advisory"]) == (1, False)
    assert "It would make the verdict advisory" in log


def test_t31_an_advisory_verdict_says_so_everywhere_and_blocks_nothing(pull: PullRequest) -> None:
    (pull.workspace / "out/junit.xml").unlink()
    pull.base({POLICY_PATH: POLICY + "advisory: true\n"})
    pull.change({"notes.txt": "x\n"})
    _code, verdict, log = pull.run()
    assert (verdict["verdict"], verdict["advisory"]) == ("no_go", True)
    assert "## ADVISORY" in log
    assert "\nADVISORY   NO-GO" in log
    assert verdict["notices"][0].startswith("ADVISORY")


def test_t5_a_report_of_the_head_is_no_evidence_in_a_merge_commit(pull: PullRequest) -> None:
    """The runner checks out the test merge: what the head tracks is tracked there too."""
    base = git(pull.workspace, "rev-parse", "HEAD").strip()
    git(pull.workspace, "add", "--force", "out/junit.xml")
    git(pull.workspace, "commit", "--quiet", "-m", "bring the report along")
    head = git(pull.workspace, "rev-parse", "HEAD").strip()
    git(pull.workspace, "checkout", "--quiet", "--detach", base)
    pull.base({"notes.txt": "x\n"})
    (pull.workspace / "out/junit.xml").unlink(missing_ok=True)
    git(pull.workspace, "merge", "--quiet", "--no-ff", "-m", "Merge", head)
    git(pull.workspace, "rm", "--quiet", "--cached", "out/junit.xml")
    code, verdict, _log = pull.run()
    assert code == 1
    assert outcomes(verdict)["tests.passed"] == "no_evidence"


def test_t5_the_bundle_says_in_which_run_and_by_which_policy_it_was_made(
    pull: PullRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = pull.change({"notes.txt": "x\n"})
    event = {
        "action": "synchronize",
        "number": 7,
        "pull_request": {
            "number": 7,
            "head": {"sha": head, "ref": "topic", "repo": {"full_name": "octo/shop"}},
            "base": {"sha": head, "ref": "main"},
        },
    }
    write(pull.folder, {"event.json": json.dumps(event)})
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(pull.folder / "event.json"),
        "GITHUB_REPOSITORY": "octo/shop",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_RUN_ID": "12",
        "GITHUB_RUN_ATTEMPT": "2",
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    code, verdict, _log = pull.run(INPUT_BUNDLE="bundle", **environ)
    assert code == 0
    manifest = json.loads((pull.workspace / "bundle/manifest.json").read_text())
    assert manifest["run"] == {"id": 12, "attempt": 2}
    assert (manifest["repository"], manifest["head_sha"]) == ("octo/shop", head)
    assert manifest["policy_sha256"] == verdict["policy"]["sha256"]


def test_reports_say_which_evidence_the_author_could_have_forged(pull: PullRequest) -> None:
    pull.change({"notes.txt": "x\n"})
    _code, verdict, log = pull.run()
    believed = {item["kind"]: item["believed"] for item in verdict["trust"]}
    assert (believed["tests"], believed["coverage"]) == ("supplied", "supplied")
    assert believed["sast"] == "produced"
    assert "whoever writes the change can forge it" in log


def test_t1_a_checkout_with_forged_objects_is_not_believed(pull: PullRequest) -> None:
    """git does not hash what it reads: a step before the gate could write another policy under the same id."""
    import zlib

    blob = git(pull.workspace, "rev-parse", f"origin/main:{POLICY_PATH}").strip()
    place = pull.workspace / ".git/objects" / blob[:2] / blob[2:]
    assert place.is_file()
    place.chmod(0o644)
    place.write_bytes(zlib.compress(f"blob {len(LAX)}\0{LAX}".encode()))
    pull.change({"notes.txt": "x\n"})
    code, verdict, log = pull.run()
    assert (code, verdict) == (2, {})
    assert "other bytes than its id stands for" in log


def test_a_proposal_of_another_repositorys_policy_is_not_followed(pull: PullRequest) -> None:
    """Else the gate would read with its token, and quote, what the author of the change cannot read."""
    pull.change({POLICY_PATH: f"version: 1\nextends: octo/secrets/private.yml@{'0' * 40}\n"})
    code, verdict, _log = pull.run()
    assert code == 0
    assert any("does not extend" in mistake for mistake in verdict["proposal"]["mistakes"])

"""Bundles that several jobs made, judged as one: the legs of a matrix."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.github_server import Hub
from tests.support.pull_job import PullJob, Step
from tests.support.repos import JUNIT, POLICY, Gate, ledger
from tests.support.two_stages import Manifest, change_manifest

FAILED = JUNIT.replace(
    'name="test_zero" file="tests/test_money.py" line="7" time="0.05"/>',
    'name="test_zero" file="tests/test_money.py" line="7" time="0.05"><failure message="no"/></testcase>',
)
LEGS = POLICY + "trust: {legs: [py311, py312]}\n"


class Matrix:
    """Legs that collect in the pull request's run, and a last job that has no checkout and publishes."""

    def __init__(
        self, folder: Path, hub: Hub, capsys: pytest.CaptureFixture[str], policy: str = POLICY, *, fork: bool = False
    ) -> None:
        self.job = PullJob(folder, hub, capsys, policy=policy, fork=fork)
        self.hub = hub
        self.checkout = self.job.workspace
        self.last = folder / "last"
        (self.last / "bundles").mkdir(parents=True)

    def leg(self, name: str, junit: str = JUNIT, **inputs: str) -> Path:
        """Collect on one leg, and put its bundle where the last job downloads it to."""
        (self.checkout / "out/junit.xml").write_text(junit)
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in self.job.environment("fork").items():
                if variable.startswith("GITHUB_"):
                    patch.setenv(variable, value)
            step = self.job.run(token="fork", INPUT_COMMAND="collect", **inputs)
        assert step.code == 0, step.log
        folder = self.last / "bundles" / name
        shutil.copytree(self.checkout / ".gate-bundle", folder)
        return folder

    def publish(self, token: str = "job", **inputs: str) -> Step:
        """Judge and publish in the last job."""
        self.job.workspace = self.last
        self.hub.log.clear()
        try:
            return self.job.run(token=token, INPUT_COMMAND="publish", INPUT_BUNDLE="bundles", **inputs)
        finally:
            self.job.workspace = self.checkout

    def document(self, step: Step) -> Manifest:
        """The JSON report of the last job."""
        found = json.loads((self.last / step.outputs["report_json"]).read_text())
        assert isinstance(found, dict)
        return found

    def states(self) -> list[str]:
        """The states of the status, the oldest first."""
        return [item.state for item in self.job.repository.statuses]


@pytest.fixture
def matrix(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> Matrix:
    return Matrix(tmp_path, hub, capsys)


def criterion(document: Manifest, id_: str) -> Manifest:
    found = next(item for item in document["criteria"] if item["id"] == id_)
    assert isinstance(found, dict)
    return found


def test_what_holds_on_every_leg_is_a_go(matrix: Matrix, hub: Hub) -> None:
    matrix.leg("py311")
    matrix.leg("py312", JUNIT.replace('time="0.05"', 'time="0.06"'))
    step = matrix.publish()
    assert (step.code, step.outputs["verdict"]) == (0, "go")
    assert step.outputs["published"] == "check_run,status,comment"
    assert matrix.states() == ["pending", "success"]
    document = matrix.document(step)
    assert [(item["kind"], item["leg"]) for item in document["evidence"] if item["kind"] == "tests"] == [
        ("tests", "py311"),
        ("tests", "py312"),
    ]
    assert document["policy"]["commit"] == matrix.job.base
    assert hub.log.count() <= 30, hub.log.table()


def test_the_worst_leg_counts_and_is_named(matrix: Matrix) -> None:
    matrix.leg("py311")
    matrix.leg("py312", FAILED)
    step = matrix.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    found = criterion(matrix.document(step), "tests.passed")
    assert (found["outcome"], found["reason"].endswith("so on py312 (1 of 2 legs)")) == ("fail", True)
    assert matrix.states() == ["pending", "failure"]


def test_kinds_that_were_collected_by_different_jobs_are_put_together(matrix: Matrix) -> None:
    matrix.leg("reports", INPUT_ONLY="tests,coverage,dependencies")
    matrix.leg("code", INPUT_ONLY="inventory,sast,docs,files")
    assert matrix.publish().outputs["verdict"] == "go"
    shutil.rmtree(matrix.last / "bundles/code")
    step = matrix.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    assert criterion(matrix.document(step), "sast.no-critical")["outcome"] == "no_evidence"


def test_a_leg_that_the_policy_names_and_that_is_missing_blocks(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = Matrix(tmp_path, hub, capsys, LEGS)
    matrix.leg("py311")
    step = matrix.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    found = criterion(matrix.document(step), "repository.legs-complete")
    assert (found["outcome"], found["reason"]) == ("no_evidence", "of py312 there is no bundle; there is py311")
    assert matrix.states() == ["pending", "failure"]
    matrix.leg("py312")
    matrix.job.attempt = 2
    assert matrix.publish().outputs["verdict"] == "go"


def test_t5_a_leg_that_was_damaged_leaves_no_evidence_and_is_named(matrix: Matrix) -> None:
    matrix.leg("py311")
    (matrix.leg("py312") / "evidence/tests.json").write_text("{}")
    step = matrix.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    document = matrix.document(step)
    (told,) = [item for item in document["notices"] if "no evidence to judge by" in item]
    assert "py312" in told
    assert "is not what the manifest says" in told
    assert matrix.states() == ["pending", "failure"]
    assert document["commit"] == matrix.job.head


def test_t5_a_leg_of_another_commit_is_none(matrix: Matrix) -> None:
    matrix.leg("py311")
    change_manifest(matrix.leg("py312"), lambda manifest: manifest.update(commit="0" * 40))
    step = matrix.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    assert any("was collected from 000000000000" in item for item in matrix.document(step)["notices"])


def test_t5_a_leg_that_does_not_say_what_it_is_about_is_none(matrix: Matrix) -> None:
    change_manifest(matrix.leg("any"), lambda manifest: (manifest.update(commit=None), manifest.pop("head_sha")))
    step = matrix.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    assert any("does not say which commit" in item for item in matrix.document(step)["notices"])


def test_t5_on_pull_request_target_what_the_base_branch_is_like_says_nothing_about_the_change(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = Matrix(tmp_path, hub, capsys, POLICY + "trust: {data_only: true}\n")
    change_manifest(matrix.leg("any"), lambda manifest: manifest.update(commit=matrix.job.base))
    step = matrix.publish(
        GITHUB_EVENT_NAME="pull_request_target", GITHUB_SHA=matrix.job.base, GITHUB_REF="refs/heads/main"
    )
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    assert any(f"was collected from {matrix.job.base[:12]}" in item for item in matrix.document(step)["notices"])


def test_t5_a_leg_of_an_older_push_is_none(matrix: Matrix) -> None:
    matrix.leg("py311")
    matrix.job.change({"ledger/third.py": "X = 1\n"})
    matrix.job.new_run()
    matrix.leg("py312")
    step = matrix.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    assert any("The bundle py311 says that it was made" in item for item in matrix.document(step)["notices"])


def test_what_an_older_attempt_left_counts_when_the_failed_jobs_are_run_again(matrix: Matrix) -> None:
    matrix.leg("py311")
    matrix.job.attempt = 2
    matrix.leg("py312")
    assert matrix.publish().outputs["verdict"] == "go"


@pytest.mark.parametrize("there", [False, True])
def test_without_any_bundle_there_is_no_evidence_and_no_go(matrix: Matrix, there: bool) -> None:
    if not there:
        (matrix.last / "bundles").rmdir()
    step = matrix.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    document = matrix.document(step)
    assert any("no evidence to judge by" in item for item in document["notices"])
    assert {item["outcome"] for item in document["criteria"]} <= {"no_evidence", "not_applicable"}
    assert matrix.states() == ["pending", "failure"]


def test_t22_a_folder_of_bundles_that_is_a_link_is_none(matrix: Matrix, tmp_path: Path) -> None:
    matrix.leg("py311")
    (matrix.last / "bundles").rename(tmp_path / "elsewhere")
    (matrix.last / "bundles").symlink_to(tmp_path / "elsewhere")
    assert matrix.publish().outputs["verdict"] == "no_go"


def test_t22_a_bundle_that_is_a_link_to_another_is_none(matrix: Matrix) -> None:
    folder = matrix.leg("py311")
    (folder.parent / "py312").symlink_to(folder)
    assert matrix.publish().outputs["verdict"] == "no_go"


def test_more_legs_than_anybody_has_are_refused(matrix: Matrix) -> None:
    folder = matrix.leg("py311")
    for number in range(64):
        shutil.copytree(folder, folder.parent / f"leg{number}")
    step = matrix.publish()
    assert step.outputs["verdict"] == "no_go"
    assert any("holds 65 bundles" in item for item in matrix.document(step)["notices"])


def test_findings_of_bundles_are_annotated_on_changed_lines(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = POLICY.replace("criteria:\n", "criteria:\n  sast.no-medium: {level: must}\n")
    matrix = Matrix(tmp_path, hub, capsys, policy)
    matrix.job.change({"ledger/evil.py": "X = eval('1')\n", "ledger/old.py": "Y = 1\n"})
    matrix.job.new_run()
    matrix.leg("any")
    assert matrix.publish().code == 1
    (check,) = matrix.job.repository.checks.values()
    assert [(item["path"], item["start_line"]) for item in check.annotations] == [("ledger/evil.py", 1)]


# --- which policy ---


def pushed(matrix: Matrix, **inputs: str) -> Step:
    """Publish in the run of a push to main, of which nothing is checked out."""
    matrix.hub.repository().push(matrix.checkout, "topic", "main")
    started = {
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_SHA": matrix.job.head,
        "GITHUB_BASE_REF": "",
    }
    return matrix.publish(**started, **inputs)


def test_t1_on_a_push_without_a_checkout_the_policy_is_that_of_the_commit(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = POLICY.replace("criteria:\n", "criteria:\n  tests.minimum: {minimum: 50, level: must}\n")
    matrix = Matrix(tmp_path, hub, capsys, policy)
    change_manifest(matrix.leg("any"), lambda manifest: manifest.pop("head_sha", None))
    step = pushed(matrix)
    assert (step.code, step.outputs["verdict"]) == (1, "no_go"), "the profile alone would have let it pass"
    document = matrix.document(step)
    assert document["policy"]["commit"] == matrix.job.head
    assert any("There is no checkout in this job" in item for item in document["notices"])
    assert matrix.states() == ["pending", "failure"]


def test_t1_a_policy_that_came_with_the_bundles_is_not_the_policy(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = Matrix(tmp_path, hub, capsys, POLICY.replace("extends: baseline", "extends: production"))
    matrix.leg("any")
    (matrix.last / ".gate").mkdir()
    (matrix.last / ".gate/policy.yml").write_text("version: 1\nextends: baseline\nadvisory: true\n")
    document = matrix.document(pushed(matrix))
    assert (document["policy"]["commit"], document["policy"]["profile"]) == (matrix.job.head, "production")


def test_on_a_push_without_a_checkout_and_without_a_token_nobody_knows_the_policy(matrix: Matrix) -> None:
    matrix.leg("any")
    step = pushed(matrix, token="")
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    assert "nobody knows what to judge by" in step.log


def test_t5_a_bundle_that_git_tracks_is_none(matrix: Matrix) -> None:
    from tests.support.repositories import git

    matrix.leg("any")
    shutil.move(matrix.last / "bundles", matrix.checkout / "bundles")
    git(matrix.checkout, "add", "--force", "bundles")
    matrix.last = matrix.checkout
    step = matrix.publish()
    assert step.outputs["verdict"] == "no_go"
    assert any("tracked in git" in item for item in matrix.document(step)["notices"])


# --- at home ---


def test_at_home_bundles_are_judged_without_github(tmp_path: Path, gate: Gate) -> None:
    folder = ledger(tmp_path / "repo")
    for leg, junit in (("py311", JUNIT), ("py312", FAILED)):
        (folder / "out/junit.xml").write_text(junit)
        said = gate("collect", "--workspace", folder, "--bundle", tmp_path / "bundles" / leg)
        assert said.code == 0, said.err
    publish = ("publish", "--workspace", folder, "--format", "json", "--bundle")
    assert gate(*publish, tmp_path / "bundles/py311").code == 0
    said = gate(*publish, tmp_path / "bundles")
    assert said.code == 1
    assert said.criterion("tests.passed")["outcome"] == "fail"
    assert {item["believed"] for item in said.json["trust"]} == {"supplied"}


def test_at_home_a_bundle_that_is_none_is_the_users_mistake(tmp_path: Path, gate: Gate) -> None:
    folder = ledger(tmp_path / "repo")
    (tmp_path / "empty").mkdir()
    for name in ("empty", "nowhere"):
        said = gate("publish", "--workspace", folder, "--bundle", tmp_path / name)
        assert said.code == 2
        assert "gate collect" in said.err or "is no bundle" in said.err
    said = gate("publish", "--workspace", folder)
    assert said.code == 2
    assert "name a folder with --bundle" in said.err

"""Two stages, from the fork's run that may only read to what stands on its pull request (docs/two-stages.md)."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

import gate.collect.tools
from tests.support.github_server import Hub, add_run, expire, faults
from tests.support.github_server.git import LINK
from tests.support.gitleaks import TOOLS, needs_gitleaks, token
from tests.support.hostile_jobs import stop_time
from tests.support.repos import POLICY, PYTHON, Gate
from tests.support.two_stages import ARTIFACT, COLLECT, Manifest, TwoStages, change_manifest, forge, zipped


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries are counted elsewhere; here they pass at once."""
    stop_time(monkeypatch)


RECOLLECT = POLICY + "trust: {recollect: [sast]}\n"
EVIL = {"ledger/money.py": PYTHON + "\n\ndef half(amount: int) -> int:\n    return eval('amount // 2')\n"}
STRICT_SAST = RECOLLECT.replace("criteria:\n", "criteria:\n  sast.no-medium: {level: must}\n")


@pytest.fixture
def stages(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> TwoStages:
    return TwoStages(tmp_path, hub, capsys)


def made(
    tmp_path: Path,
    hub: Hub,
    capsys: pytest.CaptureFixture[str],
    policy: str,
    change: Mapping[str, str | None] | None = None,
) -> TwoStages:
    """Both stages by a policy and a change, the first one done."""
    stages = TwoStages(tmp_path, hub, capsys, policy=policy, change=change)
    stages.collect()
    stages.upload()
    return stages


# --- what is published ---


def test_a_forks_pull_request_is_collected_with_no_rights_and_published_with_them(stages: TwoStages, hub: Hub) -> None:
    first = stages.collect()
    assert (first.code, first.outputs["bundle"], first.outputs["verdict"]) == (0, ".gate-bundle", "")
    assert hub.log.count("POST") == hub.log.count("PATCH") == 0
    stages.upload()
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (0, "go")
    assert step.outputs["published"] == "check_run,status,comment"
    (check,) = stages.repository.checks.values()
    assert (check.sha, check.status, check.conclusion) == (stages.job.head, "completed", "success")
    assert stages.states() == ["pending", "success"]
    (comment,) = stages.comments()
    assert comment.startswith("<!-- readiness-gate:readiness-gate -->\n## ✅ GO")
    document = stages.document(step)
    assert (document["commit"], document["base"]) == (stages.job.head, stages.job.base)
    assert document["policy"]["commit"] == stages.job.base
    assert hub.log.count() <= 28, hub.log.table()


def test_t5_all_evidence_of_a_bundle_is_supplied_whatever_it_says_of_itself(stages: TwoStages) -> None:
    stages.collect()
    assert json.loads((stages.bundle / "evidence/sast.json").read_text())["sources"][0]["how"] == "produced"
    stages.upload()
    document = stages.document(stages.publish())
    assert {item["believed"] for item in document["trust"]} == {"supplied"}
    assert any("can forge it" in notice for notice in document["notices"])


def test_it_works_beside_a_checkout_of_the_default_branch_too(stages: TwoStages) -> None:
    stages.collect()
    stages.upload()
    stages.workspace.rmdir()
    stages.check_out()
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (0, "go")
    assert stages.states() == ["pending", "success"]


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out"])
def test_a_first_stage_that_was_red_is_judged_all_the_same(stages: TwoStages, conclusion: str) -> None:
    stages.collect()
    stages.upload()
    stages.run.conclusion = conclusion
    assert stages.publish().outputs["verdict"] == "go"


def test_a_red_first_stage_with_red_evidence_is_a_no_go(stages: TwoStages) -> None:
    (stages.job.workspace / "out/junit.xml").unlink()
    stages.collect()
    stages.upload()
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    assert stages.states() == ["pending", "failure"]
    assert stages.conclusions() == ["failure"]


def test_findings_are_annotated_on_the_lines_that_the_pull_request_changes(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = made(tmp_path, hub, capsys, STRICT_SAST, {**EVIL})
    stages.publish()
    (check,) = stages.repository.checks.values()
    assert [(item["path"], item["start_line"]) for item in check.annotations] == [("ledger/money.py", 8)]


# --- the artefact ---


def blocked(stages: TwoStages, told: str) -> None:
    """Publish, and find a verdict without evidence that says why."""
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go"), step.log
    assert stages.states() == ["pending", "failure"]
    assert stages.conclusions() == ["failure"]
    assert told in " ".join(stages.document(step)["notices"])
    assert told in stages.comments()[0].replace("`", "")
    assert told in step.summary.replace("`", "")
    assert stages.document(step)["commit"] == stages.job.head
    assert all(item["outcome"] not in ("pass", "waived") for item in stages.document(step)["criteria"])


def test_t5_without_an_artefact_there_is_no_evidence_and_no_go(stages: TwoStages) -> None:
    blocked(stages, "left no artefact")


def test_t5_an_artefact_of_another_name_is_none(stages: TwoStages) -> None:
    stages.collect()
    stages.upload(name="readiness-evidence-2")
    blocked(stages, "left no artefact")


def test_the_artefacts_name_is_an_input(stages: TwoStages) -> None:
    stages.collect()
    stages.upload(name="ours")
    assert stages.publish(INPUT_ARTIFACT="ours").outputs["verdict"] == "go"


def test_t5_two_artefacts_of_one_name_are_none(stages: TwoStages) -> None:
    stages.collect()
    stages.upload()
    stages.upload()
    blocked(stages, "which of them counts nobody can tell")


def test_t5_an_artefact_that_has_expired_is_none(stages: TwoStages) -> None:
    stages.collect()
    expire(stages.repository, stages.upload())
    blocked(stages, "has expired")


def test_t5_an_artefact_that_is_not_what_its_digest_says_is_none(stages: TwoStages) -> None:
    stages.collect()
    stages.upload(digest="sha256:" + "0" * 64)
    blocked(stages, "is not what GitHub's digest says")


def test_t5_a_bundle_of_another_run_is_none(stages: TwoStages) -> None:
    stages.collect()
    bundle = zipped(stages.bundle)
    stages.start()
    stages.upload(bundle)
    blocked(stages, "says that it was made in run")


def test_t5_a_bundle_of_an_attempt_to_come_is_none(stages: TwoStages) -> None:
    stages.job.attempt = 7
    stages.collect()
    stages.upload()
    blocked(stages, "says that it was made in run")


def test_t5_a_bundle_for_another_commit_is_none(stages: TwoStages) -> None:
    stages.collect()
    change_manifest(stages.bundle, lambda manifest: manifest.update(head_sha="0" * 40))
    stages.upload()
    blocked(stages, "for the commit 000000000000")


def test_t5_a_bundle_for_another_repository_is_none(stages: TwoStages) -> None:
    stages.collect()
    change_manifest(stages.bundle, lambda manifest: manifest.update(repository="octo/warehouse"))
    stages.upload()
    blocked(stages, "for another repository")


def test_a_bundle_that_was_collected_before_the_base_moved_on_says_so(stages: TwoStages) -> None:
    stages.collect()
    change_manifest(stages.bundle, lambda manifest: manifest.update(commit="0" * 40))
    stages.upload()
    document = stages.document(stages.publish())
    assert any("its base has moved on since" in notice for notice in document["notices"])
    assert document["commit"] == stages.job.head


def test_t5_a_file_that_is_not_what_the_manifest_says_spoils_the_bundle(stages: TwoStages) -> None:
    stages.collect()
    (stages.bundle / "evidence/tests.json").write_text("{}")
    stages.upload()
    blocked(stages, "is not what the manifest says")


def entry(name: str, data: bytes = b"x", mode: int = stat.S_IFREG | 0o644) -> bytes:
    """A zip with one entry."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
        archive.writestr(info, data)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is not a zip"),
        (b"\x1f\x8b not a zip", "is not a zip"),
        (entry("../../../up"), "no plain relative path"),
        (entry("/etc/passwd"), "no plain relative path"),
        (entry("manifest.json", b"/proc/self/environ", stat.S_IFLNK | 0o777), "no regular file"),
        (entry("manifest.json", b"", stat.S_IFIFO | 0o644), "no regular file"),
        (entry("bomb", b"\0" * 300_000_000), "of more than 268,435,456 bytes"),
        (entry("readme.txt"), "is no bundle and holds none"),
        (entry("manifest.json", b"[" * 100_000), "not JSON"),
        (entry("manifest.json", b'{"files": NaN}'), "not JSON"),
        (entry("manifest.json", b"[]"), "does not fit the schema"),
    ],
)
def test_t23_an_archive_that_is_no_bundle_is_no_evidence(stages: TwoStages, data: bytes, told: str) -> None:
    stages.upload(data)
    blocked(stages, told)
    assert not list(stages.workspace.rglob("up"))


def test_an_archive_of_many_entries_is_no_evidence(stages: TwoStages) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(1_001):
            archive.writestr(f"f{number}", b"")
    stages.upload(packed.getvalue())
    blocked(stages, "holds 1,001 entries")


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "/etc/passwd", "evidence/../../x.json"])
def test_t5_a_manifest_that_names_what_lies_elsewhere_is_none(stages: TwoStages, name: str) -> None:
    def listed(manifest: Manifest) -> None:
        manifest["files"].append({**manifest["files"][0], "path": name})

    stages.collect()
    change_manifest(stages.bundle, listed)
    stages.upload()
    blocked(stages, "manifest.json")


# --- the run ---


def test_t3_a_run_of_another_workflow_file_is_refused_where_the_policy_names_the_file(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = made(tmp_path, hub, capsys, POLICY + f"trust: {{collected_by: [{COLLECT}]}}\n")
    assert stages.publish().outputs["verdict"] == "go"
    stages.start(path=".github/workflows/mine.yml")
    stages.collect()
    stages.upload()
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    assert stages.states()[-1] == "error"
    assert "takes evidence from" in step.log


@pytest.mark.parametrize("event", ["push", "pull_request_target", "workflow_dispatch", "schedule"])
def test_a_run_that_no_pull_request_started_is_refused_and_nothing_is_published(stages: TwoStages, event: str) -> None:
    stages.start(event=event)
    stages.collect()
    stages.upload()
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    assert f"started by {event}" in step.log
    assert not stages.states()
    assert not stages.conclusions()


def test_t4_an_event_that_was_rewritten_is_refused(stages: TwoStages, hub: Hub) -> None:
    stages.collect()
    stages.upload()
    other = add_run(stages.repository, stages.repository.branch("feature"), path=COLLECT, branch="feature")
    for field, value in (("id", other.id), ("head_sha", other.head_sha)):
        environ = stages.environment()
        event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text())
        event["workflow_run"][field] = value
        Path(environ["GITHUB_EVENT_PATH"]).write_text(json.dumps(event))
        step = stages.act(environ)
        assert step.code == 2
        assert "changed the event's file" in step.log
        assert not stages.states()


def test_nothing_is_published_where_the_head_has_moved_on(stages: TwoStages) -> None:
    stages.collect()
    stages.upload()
    stages.job.change({"ledger/third.py": "X = 1\n"})
    step = stages.publish()
    assert (step.code, step.outputs["verdict"], step.outputs["published"]) == (0, "", "")
    assert "No open pull request has" in step.log
    assert not stages.states()
    assert not stages.conclusions()


def test_nothing_is_published_where_the_pull_request_is_closed(stages: TwoStages) -> None:
    stages.collect()
    stages.upload()
    stages.repository.close(stages.job.number)
    step = stages.publish()
    assert step.code == 0
    assert "nothing is published" in step.log
    assert not stages.states()


def test_t2_one_head_into_two_bases_is_judged_by_the_policy_of_each(stages: TwoStages) -> None:
    strict = POLICY.replace("criteria:\n", "criteria:\n  tests.minimum: {minimum: 50, level: must}\n")
    stages.repository.commit("strict", {".gate/policy.yml": strict}, start="main")
    stages.repository.open_pull("topic", "strict", number=22, fork=stages.job.head_repository)
    stages.collect()
    stages.upload()
    step = stages.publish()
    assert stages.states("readiness-gate: main") == ["pending", "success"]
    assert stages.states("readiness-gate: strict") == ["pending", "failure"]
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    assert sorted(item.number for item in stages.repository.comments.values()) == [21, 22]


def test_a_base_whose_policy_is_broken_keeps_no_other_from_being_judged(stages: TwoStages) -> None:
    stages.repository.commit("broken", {".gate/policy.yml": "version: 1\ncriteria: {no.such: {}}\n"}, start="main")
    stages.repository.open_pull("topic", "broken", number=20, fork=stages.job.head_repository)
    stages.repository.pulls = dict(sorted(stages.repository.pulls.items()))
    stages.collect()
    stages.upload()
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    assert stages.states("readiness-gate: broken")[-1] == "error"
    assert stages.states("readiness-gate: main") == ["pending", "success"]


def test_a_policy_that_cannot_be_read_is_an_error_on_the_pull_request(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = TwoStages(tmp_path, hub, capsys, policy="version: 1\ncriteria: {coverage.linez: {minimum: 3}}\n")
    assert stages.collect().code == 2
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    assert stages.states() == ["pending", "error"]
    assert "coverage.linez" in stages.comments()[0]


def test_a_token_that_may_not_look_up_runs_ends_without_a_verdict(stages: TwoStages, hub: Hub) -> None:
    stages.collect()
    stages.upload()
    hub.fault("GET", r"/actions/runs/\d+$", faults.fork(), nth=0)
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (3, "error")
    assert "actions: read" in step.log


def test_without_a_token_nothing_is_judged(stages: TwoStages) -> None:
    step = stages.publish(token="")
    assert (step.code, step.outputs["verdict"]) == (2, "error")


def test_a_folder_of_bundles_has_no_place_in_a_workflow_run(stages: TwoStages) -> None:
    stages.collect()
    (stages.workspace / "bundle").mkdir()
    step = stages.publish(INPUT_BUNDLE="bundle")
    assert (step.code, step.outputs["verdict"]) == (2, "error")
    assert "Leave the input bundle out" in step.log
    assert not stages.states()


# --- what the pull request changes of its own rules ---

STEERED = {".github/workflows/readiness-evidence.yml": "on: pull_request\n"}


def test_t1_a_pull_request_that_changes_its_own_workflow_is_blocked(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = made(tmp_path, hub, capsys, POLICY, {**STEERED})
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    (found,) = [item for item in stages.document(step)["criteria"] if item["outcome"] == "fail"]
    assert (found["id"], found["where"]) == ("repository.steering-unchanged", list(STEERED))
    assert stages.states()[-1] == "failure"


def test_t1_a_pull_request_that_changes_the_policy_is_blocked_and_its_wish_is_judged(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    lax = POLICY + "advisory: true\npublish: {status: false, check_run: false, comment: false}\n"
    stages = made(tmp_path, hub, capsys, POLICY, {".gate/policy.yml": lax})
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    assert stages.states() == ["pending", "failure"]
    document = stages.document(step)
    assert document["proposal"] is not None
    assert document["policy"]["commit"] == stages.job.base
    assert "What this change wants of the policy" in stages.comments()[0]


def test_a_policy_may_have_such_a_change_told_only(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = made(tmp_path, hub, capsys, POLICY + "trust: {changed_workflows: tell}\n", {**STEERED})
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (0, "go")
    assert any("decides how its own evidence comes about" in item for item in stages.document(step)["notices"])


# --- collected again ---


def with_a_clean_scan(stages: TwoStages) -> None:
    """Collect from a change that bandit objects to, with what it said of a harmless one in the bundle."""
    stages.collect()
    clean = {name: (stages.bundle / name).read_bytes() for name in ("evidence/sast.json", "findings/sast.jsonl.gz")}
    stages.job.change(EVIL)
    stages.start()
    stages.collect()
    for name, data in clean.items():
        assert (stages.bundle / name).read_bytes() != data
        forge(stages.bundle, name, data)
    stages.upload()


def test_t5_what_a_bundle_hides_is_found_again_where_the_policy_says_so(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = TwoStages(tmp_path, hub, capsys, policy=STRICT_SAST)
    with_a_clean_scan(stages)
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    document = stages.document(step)
    (blocks,) = [item for item in document["criteria"] if item["id"] == "sast.no-medium"]
    assert blocks["outcome"] == "fail"
    (about,) = [item for item in document["trust"] if item["kind"] == "sast"]
    assert about["believed"] == "recollected"
    assert any(f"Collected again from the tree of {stages.job.head[:12]}" in item for item in document["notices"])
    assert hub.log.count() <= 32, hub.log.table()


def test_t5_what_a_bundle_hides_is_hidden_where_nobody_looks_again_and_said_to_be_the_authors_word(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = STRICT_SAST.replace("trust: {recollect: [sast]}\n", "")
    stages = TwoStages(tmp_path, hub, capsys, policy=policy)
    with_a_clean_scan(stages)
    step = stages.publish()
    (about,) = [item for item in stages.document(step)["trust"] if item["kind"] == "sast"]
    assert (step.outputs["verdict"], about["believed"]) == ("go", "supplied")


def test_t13_a_file_that_the_archive_leaves_out_is_not_taken_for_clean(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = {
        "ledger/evil.py": "import pickle\n\n\ndef load(data: bytes) -> object:\n    return pickle.loads(data)\n",
        ".gitattributes": "ledger/evil.py export-ignore\n.gitattributes export-ignore\nREADME.md eol=crlf\n",
    }
    stages = made(tmp_path, hub, capsys, STRICT_SAST, hidden)
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (1, "no_go")
    document = stages.document(step)
    (told,) = [item for item in document["criteria"] if item["id"] == "sast.no-critical"]
    assert told["outcome"] == "no_evidence"
    assert "ledger/evil.py" in told["reason"]
    (notice,) = [item for item in document["notices"] if "export-ignore" in item]
    assert "evil.py" in notice
    assert "README" not in notice, "other line ends are taken back"


def test_t13_a_file_that_the_archive_changes_is_not_taken_for_what_it_is(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = {"ledger/sub.py": "X = '$Format:%H$'\n", ".gitattributes": "ledger/sub.py export-subst\n"}
    stages = made(tmp_path, hub, capsys, RECOLLECT, hidden)
    document = stages.document(stages.publish())
    (told,) = [item for item in document["criteria"] if item["id"] == "sast.no-critical"]
    assert told["outcome"] == "no_evidence"


def test_t22_links_in_the_tree_are_not_followed(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    stages = TwoStages(tmp_path, hub, capsys, policy=POLICY + "trust: {recollect: [sast, docs, inventory, files]}\n")
    secret = tmp_path / "secret.py"
    secret.write_text("eval('1')\n")
    stages.job.head_repository.commit(
        "topic",
        {
            "ledger/link.py": (LINK, str(secret)),
            "ledger/loop": (LINK, "."),
            "LICENSE": (LINK, "/etc/passwd"),
            "config/production.yaml": (LINK, "../../../../../etc/hostname"),
        },
    )
    stages.job.head = stages.repository.pulls[stages.job.number].head_sha
    stages.start()
    step = stages.publish()
    assert step.code == 1
    document = stages.document(step)
    outcomes = {item["id"]: item["outcome"] for item in document["criteria"]}
    assert outcomes["docs.license"] != "pass"
    assert outcomes["config.production-logging"] != "pass"
    (inventory,) = [item for item in document["evidence"] if item["kind"] == "inventory"]
    assert inventory["facts"]["symlinks"] == 4
    assert "root:" not in step.log + step.summary


def test_t5_reports_that_lie_in_the_tree_are_no_evidence_of_a_run(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = POLICY + "trust: {recollect: [tests, coverage, dependencies]}\n"
    stages = TwoStages(tmp_path, hub, capsys, policy=policy)
    out = stages.job.workspace / "out"
    reports = {f"out/{path.name}": path.read_text() for path in out.iterdir()}
    stages.collect()
    stages.job.head_repository.commit("topic", dict(reports))
    stages.job.head = stages.repository.pulls[stages.job.number].head_sha
    stages.start()
    stages.job.run_id = stages.run.id
    step = stages.publish()
    assert step.code == 1
    outcomes = {item["id"]: item["outcome"] for item in stages.document(step)["criteria"]}
    for criterion in ("tests.passed", "tests.minimum", "coverage.lines", "dependencies.audited"):
        assert outcomes[criterion] != "pass", criterion


def test_what_needs_the_history_says_what_it_cannot_know(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = made(tmp_path, hub, capsys, POLICY + "trust: {recollect: [inventory, docs]}\n")
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (0, "go")
    document = stages.document(step)
    (inventory,) = [item for item in document["evidence"] if item["kind"] == "inventory"]
    assert [gap["subject"] for gap in inventory["gaps"]] == ["history"]
    assert "finds no repository" in inventory["gaps"][0]["reason"]
    assert "shallow" not in inventory["facts"]


@needs_gitleaks
def test_secrets_are_looked_for_again_in_the_tree_and_not_in_the_history(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate.collect.tools, "DIRECTORIES", (TOOLS, *gate.collect.tools.DIRECTORIES))
    policy = POLICY.replace(
        "  secrets.none: {enabled: false, reason: not every machine that runs these tests has gitleaks}\n",
        "  secrets.none: {level: must}\n  secrets.history: {level: must}\n",
    )
    stages = TwoStages(tmp_path, hub, capsys, policy=policy + "trust: {recollect: [secrets]}\n")
    stages.job.change({"ledger/key.py": f"KEY = '{token(7)}'\n"})
    stages.start()
    step = stages.publish()
    document = stages.document(step)
    outcomes = {item["id"]: item["outcome"] for item in document["criteria"]}
    assert (outcomes["secrets.none"], outcomes["secrets.history"]) == ("fail", "no_evidence")
    (secrets,) = [item for item in document["evidence"] if item["kind"] == "secrets"]
    assert any("finds no repository" in gap["reason"] for gap in secrets["gaps"])


def test_a_tree_that_github_does_not_give_leaves_no_verdict(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = made(tmp_path, hub, capsys, RECOLLECT)
    hub.fault("GET", "/tarball/", faults.server_error(404, effect=False), nth=0)
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (3, "error")
    assert stages.states() == ["pending", "error"]
    assert "what is in the tree of" in step.log


def test_t25_no_child_sees_the_token_and_it_is_nowhere(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gate.collect.process import SubprocessRunner

    secret = "tok" + "en-1c7d4e-of-the-second"
    hub.world.job_token(secret, only="octo/shop")
    seen: list[str] = []
    run = SubprocessRunner.run

    def looked(self: SubprocessRunner, *arguments: object, **named: object) -> object:
        seen.append(repr((self, arguments, named, dict(os.environ))))
        return run(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(SubprocessRunner, "run", looked)
    stages = made(tmp_path, hub, capsys, RECOLLECT)
    before = len(seen)
    step = stages.publish(token=secret, INPUT_VERBOSE="true")
    assert step.code == 0
    assert len(seen) > before, "bandit ran in the second stage"
    written = [path.read_text(errors="replace") for path in stages.workspace.rglob("*") if path.is_file()]
    for text in (*seen, step.log, step.summary, *step.outputs.values(), *stages.comments(), *written):
        assert secret not in text


def test_only_the_named_artefact_is_fetched(stages: TwoStages, hub: Hub) -> None:
    stages.collect()
    stages.upload()
    stages.upload(b"other", name="coverage")
    stages.publish()
    assert hub.log.count("GET", r"/artifacts/\d+/zip$") == 1
    assert hub.log.of("GET", "/artifacts$")[0].query["name"] == ARTIFACT


def test_after_a_rerun_the_newest_attempts_artefact_counts_and_an_older_one_is_told(stages: TwoStages) -> None:
    (stages.job.workspace / "out/junit.xml").rename(stages.job.workspace / "out/away")
    stages.collect()
    stages.upload()
    stages.run.attempt = 2
    stages.run.created = stages.repository.world.tick()
    step = stages.publish()
    assert step.code == 1
    assert any("was left by attempt 1" in item for item in stages.document(step)["notices"])
    (stages.job.workspace / "out/away").rename(stages.job.workspace / "out/junit.xml")
    stages.job.attempt = 2
    stages.collect()
    stages.upload()
    step = stages.publish()
    assert (step.code, step.outputs["verdict"]) == (0, "go")
    assert not any("was left by attempt" in item for item in stages.document(step)["notices"])


def test_the_command_line_does_the_same_on_a_runner(
    stages: TwoStages, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages.collect()
    stages.upload()
    environ = stages.environment()
    for name in list(os.environ):
        if name not in ("PATH", "HOME", "TMPDIR") and not name.startswith("PYTEST"):
            monkeypatch.delenv(name)  # what of this machine's a runner would be refused for
    for name, value in environ.items():
        if not name.startswith("INPUT_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("GATE_TOKEN", "job")
    said = gate("publish", "--workspace", stages.workspace, "--format", "json")
    assert said.code == 0, said.err
    assert (said.json["verdict"], said.json["commit"]) == ("go", stages.job.head)
    assert stages.states() == ["pending", "success"]

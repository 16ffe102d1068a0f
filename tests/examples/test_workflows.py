"""The workflows to copy and this repository's own: right by GitHub's schema, by zizmor, and by our own rules."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from gate.collect.all_collectors import KINDS
from gate.commands.action_inputs import command_of, order_of
from gate.judge.catalogue import load_catalogue
from gate.judge.policy_reference import policy_ref
from gate.judge.settings_evidence import evidence_settings
from gate.settings import read_inputs
from tests.support.expressions import ExpressionError, in_text, parse
from tests.support.fakes import write
from tests.support.repos import Gate
from tests.support.repositories import commit, make_repository
from tests.support.workflows import EXAMPLES, OWN, ROOT, Job, action, is_gate, mistakes, read

BIN = Path(sys.executable).parent
NAMES = {
    "conversation",
    "forks-collect",
    "forks-publish",
    "matrix",
    "merge-queue",
    "monorepo",
    "organisation-required",
    "pre-deploy",
    "same-repository",
}
UNFINISHED = "readiness-gate/readiness-gate@" + "0" * 40
TOLERATED = {
    # workflow_run is the second stage: the default branch's file, no checkout, nothing of the pull request is run
    ("dangerous-triggers", "examples/workflows/forks-publish.yml"),
    ("dangerous-triggers", ".github/workflows/gate-publish.yml"),
    # issue_comment has the same file and the same care; who may say what is asked of the API
    ("dangerous-triggers", "examples/workflows/conversation.yml"),
    # `uses: ./` is what was checked out, which in a job that may write is the base branch; `$/` would be the file's own
    ("self-repository", ".github/workflows/gate.yml"),
    ("self-repository", ".github/workflows/gate-publish.yml"),
}
"""What zizmor says above "informational" and what we keep."""


def ids(path: Path) -> str:
    return path.name


def zizmor(*paths: Path) -> set[tuple[str, str]]:
    """Run zizmor as its strictest persona, and return the audits and files of everything above informational."""
    names = [str(path.relative_to(ROOT)) for path in paths]
    command = [str(BIN / "zizmor"), "--offline", "--no-config", "--persona", "auditor", "--format", "json"]
    done = subprocess.run([*command, *names], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 10, 11, 12, 13, 14), done.stderr
    # A file that does not fit zizmor's schema is passed over with a warning.
    assert all(f"completed {name}" in done.stderr for name in names), done.stderr
    return {
        (item["ident"], item["locations"][0]["symbolic"]["key"]["Local"]["verbatim_path"])
        for item in json.loads(done.stdout)
        if item["determinations"]["severity"] not in ("Informational", "Unknown") and not item["ignored"]
    }


def test_there_is_a_workflow_for_each_way() -> None:
    assert {path.stem for path in EXAMPLES} == NAMES


@pytest.mark.parametrize("path", [*EXAMPLES, *OWN], ids=ids)
def test_a_workflow_has_no_mistake(path: Path) -> None:
    workflow = read(path.read_text(encoding="utf-8"))
    assert mistakes(workflow) == []


def test_workflows_fit_github_s_schema() -> None:
    for schema, files in (
        ("vendor.github-workflows", [*EXAMPLES, *OWN]),
        ("vendor.github-actions", [ROOT / "action.yml"]),
        ("vendor.dependabot", [ROOT / ".github/dependabot.yml"]),
    ):
        command = [str(BIN / "check-jsonschema"), "--builtin-schema", schema, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing_that_is_not_known() -> None:
    assert zizmor(*EXAMPLES, *OWN, ROOT / "action.yml", ROOT / ".github/dependabot.yml") == TOLERATED


@pytest.mark.parametrize("path", EXAMPLES, ids=ids)
def test_an_example_says_what_it_is_for_and_what_to_set(path: Path) -> None:
    head = path.read_text(encoding="utf-8").partition("\nname: ")[0]
    assert all(line.startswith("#") for line in head.splitlines())
    words = " ".join(head.replace("\n#", " ").split())
    assert "Put it at .github/workflows/" in words
    assert "repository's settings" in words or "organisation's settings" in words
    assert len(head.split()) > 60


@pytest.mark.parametrize("path", EXAMPLES, ids=ids)
def test_an_example_waits_for_a_release_s_commit(path: Path) -> None:
    # No release is named that there is not: forty noughts run nowhere, and the comment says what to put there.
    steps = [step for job in read(path.read_text(encoding="utf-8")).jobs for step in job.gate_steps]
    assert steps
    for step in steps:
        assert step["uses"] == UNFINISHED
        evidence_settings(step.get("with", {}).get("evidence", "").splitlines())


def legs(job: Job) -> list[dict[str, str]]:
    """What `matrix` is in each leg of a job."""
    matrix = dict(job.data.get("strategy", {}).get("matrix", {}))
    included = matrix.pop("include", [])
    return (
        [dict(zip(matrix, values, strict=True)) for values in product(*matrix.values())] if matrix else included or [{}]
    )


@pytest.mark.parametrize("path", [*EXAMPLES, *OWN], ids=ids)
def test_the_action_understands_what_it_is_given(path: Path, tmp_path: Path) -> None:
    defaults = {name: str(item["default"]) for name, item in action()["inputs"].items()}
    for job in read(path.read_text(encoding="utf-8")).jobs:
        for step, leg in product(job.gate_steps, legs(job)):
            given = defaults | {name: str(value) for name, value in step.get("with", {}).items()}
            for name, value in leg.items():
                given = {key: text.replace(f"${{{{ matrix.{name} }}}}", value) for key, text in given.items()}
            assert not any("${{" in text for key, text in given.items() if key != "token")
            inputs = read_inputs({f"INPUT_{name.upper()}": text for name, text in given.items()})
            order = order_of(inputs, None, tmp_path)
            assert command_of(inputs) == given["command"]
            assert order.publish is (given["publish"] == "true")
            assert (order.bundle is not None) is bool(given["bundle"])
            if inputs.policy_ref:
                assert policy_ref(inputs.policy_ref).path == "readiness/policy.yml"


def test_the_legs_of_the_matrix_are_all_kinds_each_once() -> None:
    workflow = read((ROOT / "examples/workflows/matrix.yml").read_text(encoding="utf-8"))
    job = next(item for item in workflow.jobs if item.id == "collect")
    kinds = [kind for leg in job.data["strategy"]["matrix"]["include"] for kind in leg["only"].strip().split(",")]
    assert sorted(kinds) == sorted(KINDS)


def test_two_stages_know_each_other() -> None:
    for folder, first, second in (
        ("examples/workflows", "forks-collect.yml", "forks-publish.yml"),
        (".github/workflows", "gate.yml", "gate-publish.yml"),
    ):
        one, two = (read((ROOT / folder / name).read_text(encoding="utf-8")) for name in (first, second))
        assert two.events == {"workflow_run": {"workflows": [one.data["name"]], "types": ["completed"]}}
        uploads = [
            step["with"]
            for job in one.jobs
            for step in job.steps
            if str(step.get("uses", "")).startswith("actions/upload-artifact@")
        ]
        publishing = [step["with"] for job in two.jobs for step in job.gate_steps]
        assert [item["command"] for item in publishing] == ["publish"]
        assert publishing[0]["artifact"] in {item["name"] for item in uploads}


def test_t6_a_first_stage_that_failed_is_published_too() -> None:
    for path in (ROOT / "examples/workflows/forks-publish.yml", ROOT / ".github/workflows/gate-publish.yml"):
        for job in read(path.read_text(encoding="utf-8")).jobs:
            assert "conclusion" not in str(job.data.get("if"))


@pytest.mark.parametrize("path", [*EXAMPLES, *OWN], ids=ids)
def test_t4_the_gate_shares_no_job_with_code_of_the_pull_request(path: Path) -> None:
    for job in read(path.read_text(encoding="utf-8")).jobs:
        if job.gate_steps:
            assert not any("run" in step for step in job.steps)


@pytest.mark.parametrize("path", [*EXAMPLES, *OWN], ids=ids)
def test_bundles_go_where_they_are_looked_for(path: Path) -> None:
    for job in read(path.read_text(encoding="utf-8")).jobs:
        for before, step in zip(job.steps, job.steps[1:], strict=False):
            given = step.get("with", {})
            if is_gate(step) and given.get("command") == "publish" and "bundle" in given:
                assert before["with"]["path"] == given["bundle"]
            if is_gate(before) and before["with"].get("command") == "collect":
                assert given["path"] == before["with"]["bundle"]


# --- the rules themselves can be broken -----------------------------------------------------------------------------

SOUND = """name: x
on:
  pull_request:
    types: [opened, synchronize, reopened, edited]
permissions: {}
jobs:
  collect:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {contents: read}
    concurrency: {group: a, cancel-in-progress: true}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with: {persist-credentials: false}
      - uses: readiness-gate/readiness-gate@0000000000000000000000000000000000000000 # v0
        with: {command: collect}
  publish:
    needs: collect
    if: always()
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {contents: read, actions: read, checks: write, statuses: write, pull-requests: write}
    concurrency: {group: b, cancel-in-progress: false}
    outputs: {verdict: "${{ steps.gate.outputs.verdict }}"}
    steps:
      - id: gate
        uses: readiness-gate/readiness-gate@0000000000000000000000000000000000000000 # v0
        with: {command: publish, bundle: b}
"""
CHECKOUT = """      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with: {persist-credentials: false}
"""


def test_a_sound_workflow_has_no_mistake() -> None:
    assert mistakes(read(SOUND)) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("permissions: {}", "permissions: {contents: read}", "the permissions of the workflow are not {}"),
        (", edited]", "]", "pull_request is not about"),
        ("edited]\n", "edited]\n  push:\n", "the policy is the checkout's"),
        ("edited]\n", "edited]\n    paths: [src/**]\n", "filtered by paths"),
        ("pull_request:\n", "pull_request_target:\n", "pull_request_target"),
        ("@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "@v4 # v4.2.2", "is not pinned"),
        (" # v4.2.2", "", "is not pinned"),
        (" # v0\n        with: {command: publish", "\n        with: {command: publish", "is not pinned"),
        ("needs: collect", "needs: [collect, nobody]", "needs nobody"),
        ("needs: collect", "needs: publish", "waits for itself"),
        ("timeout-minutes: 5", "timeout-minutes: '5'", "has no timeout"),
        ("    permissions: {contents: read}\n", "", "says no permissions"),
        ("runs-on: ubuntu-24.04", "runs-on: ubuntu-latest", "runs on ubuntu-latest"),
        ("cancel-in-progress: false", "cancel-in-progress: true", "publishes and may be cancelled"),
        ("    concurrency: {group: a, cancel-in-progress: true}\n", "", "is in no concurrency group"),
        ("persist-credentials: false", "fetch-depth: 0", "leaves the token behind"),
        ("command: collect}", "command: collect, polcy: x}", "the action has no input polcy"),
        ("outputs.verdict", "outputs.verdit", "the action has no output verdit"),
        ("steps.gate", "steps.gaet", "there is no step gaet"),
        ("{ steps.gate", "{ needs.test.outputs", "is nothing of a job before"),
        ("{ steps.gate.outputs.verdict", "{ matrix.verdict", "the matrix has no verdict"),
        ("{ steps.gate.outputs.verdict", "{ secrets.TOKEN", "uses the secret TOKEN"),
        ("{ steps.gate.outputs.verdict", "{ always()", "always() outside of a condition"),
        ("{ steps.gate.outputs.verdict", "{ (steps.gate.outputs.verdict", "is wanted"),
        ("if: always()", "if: success()", "which counts as a success"),
        ("    if: always()\n", "", "which counts as a success"),
        ("if: always()", "if: alwys()", "there is no function alwys"),
        ("statuses: write, ", "", "and needs"),
        ("checks: write", "checks: write, contents: write", "and needs"),
        ("{contents: read}", "{contents: write}", "and needs"),
        ("actions: read, ", "", "and needs"),
        ("      - id: gate\n", "      - run: make\n      - id: gate\n", "may write and runs a script"),
        (
            "      - id: gate\n",
            f"{CHECKOUT}      - id: gate\n",
            "may write and checks out what is not merged",
        ),
        ("      - id: gate\n", "      - run: echo ${{ github.head_ref }}\n      - id: gate\n", "into a script"),
        ("      - id: gate\n", "      - continue-on-error: true\n        id: gate\n", "may be passed over"),
        ("      - id: gate\n", "      - id: gate\n        run: a\n      - id: gate\n", "two steps of one id"),
    ],
)
def test_a_workflow_with_a_mistake_is_told(old: str, new: str, told: str) -> None:
    assert old in SOUND
    found = mistakes(read(SOUND.replace(old, new)))
    assert any(told in text for text in found), found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "github.",
        "a.b",
        "github.x ==",
        "nothing()",
        "(github.x",
        "github.x)",
        "'open",
        "contains('a')",
        "x ! y",
        "§",
    ],
)
def test_what_is_no_expression_is_told(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_an_expression_says_what_it_refers_to() -> None:
    found = parse("!contains(fromJSON('[1]'), needs.a.outputs['b-c']) && (github.event.x || 1.5 != matrix.y[0].z)")
    assert found.paths == [("needs", "a", "outputs", "b-c"), ("github", "event", "x"), ("matrix", "y", "*", "z")]
    assert found.functions == ["fromjson", "contains"]
    assert list(in_text("a ${{ github.ref }} b ${{ env.X }}")) == [" github.ref ", " env.X "]
    with pytest.raises(ExpressionError):
        list(in_text("${{ github.ref"))


# --- what the gate itself says of them ------------------------------------------------------------------------------

BESIDE = {
    "conversation": "same-repository", "forks-collect": "forks-publish", "forks-publish": "forks-collect",
    "pre-deploy": "same-repository",
}  # fmt: skip
"""Which other example a repository has that copies one of these: they neither test nor judge a pull request alone."""
ASKED = (
    "ci.jobs-can-run", "ci.scanners", "ci.scanners-blocking", "ci.actions-pinned", "ci.no-branch-actions",
    "ci.permissions", "ci.no-kept-credentials", "ci.no-cache-poisoning", "ci.timeouts", "ci.no-swallowed-failures",
    "ci.triggers", "ci.gate", "ci.concurrency", "ci.no-pull-request-target-checkout",
)  # fmt: skip
"""What an example satisfies besides all that `production` makes a must."""


def musts_of_production() -> set[str]:
    catalogue = load_catalogue()
    chosen = catalogue.profiles["production"].criteria
    filled = [catalogue.criteria[id_].fill(overrides) for id_, overrides in chosen.items()]
    return {item.id for item in filled if item.evidence == "ci" and item.level == "must"}


@pytest.mark.parametrize("path", EXAMPLES, ids=ids)
def test_the_gate_has_nothing_against_an_example(path: Path, tmp_path: Path, gate: Gate) -> None:
    musts = musts_of_production()
    assert len(musts) >= 6
    files = [path, *(path.with_name(f"{name}.yml") for name in [BESIDE.get(path.stem)] if name)]
    make_repository(tmp_path)
    write(tmp_path, {".gate/policy.yml": "version: 1\nextends: strict\n"})
    write(tmp_path, {f".github/workflows/{item.name}": item.read_text(encoding="utf-8") for item in files})
    commit(tmp_path)
    outcomes = gate.run(tmp_path, "--only", "ci").outcomes()
    assert {id_: outcomes[id_] for id_ in {*ASKED, *musts}} == dict.fromkeys({*ASKED, *musts}, "pass")
    # zizmor has one finding on each workflow with such a trigger, whatever its jobs do.
    told = path.stem in ("conversation", "forks-collect", "forks-publish")
    assert outcomes["ci.no-high-findings"] == ("fail" if told else "pass")

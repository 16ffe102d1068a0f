"""`gate doctor --github` before a GitHub of the tests' own: what it finds out, and that it leaves nothing behind."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gate.commands.doctor_workflow import Gates, read_gates, workflow_answers
from tests.support.github_server import (
    JOB_PERMISSIONS,
    Hub,
    add_rule,
    add_run,
    events,
    faults,
    protect,
    require_by_ruleset,
)
from tests.support.github_server.repository import Repository
from tests.support.hostile_jobs import stop_time
from tests.support.pull_job import PullJob
from tests.support.repos import POLICY, Gate
from tests.support.repositories import git


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries are counted elsewhere; here they pass at once."""
    stop_time(monkeypatch)


STATUS = "readiness-gate: main"
ACTIONS_APP = 15368
GATE_STEP = "uses: readiness-gate/readiness-gate@0000000000000000000000000000000000000000"
WORKFLOW = f"""on:
  pull_request:
    types: [opened, synchronize, reopened, edited]
  merge_group:
jobs:
  gate:
    name: Readiness
    runs-on: ubuntu-24.04
    steps:
      - name: Judge
        {GATE_STEP}
"""
OWNERS = "* @octo/everybody\n/.github/ @octo/platform\n/.gate/ @octo/platform\n"
GOOD = {".github/workflows/gate.yml": WORKFLOW, ".github/CODEOWNERS": OWNERS}


@dataclass(frozen=True)
class Told:
    """What the doctor said."""

    code: int
    lines: tuple[str, ...]

    def __getitem__(self, words: str) -> str:
        """The one line with these words."""
        found = [line for line in self.lines if words in line]
        assert len(found) == 1, (words, self.lines)
        return found[0]

    def mark(self, words: str) -> str:
        """Its mark."""
        return self[words][0]


class Doctor:
    """The action's command doctor on a pull request."""

    def __init__(self, folder: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._hub, self._capsys = folder, hub, capsys
        self.job: PullJob | None = None

    def start(self, files: dict[str, str] | None = None, *, policy: str = POLICY, fork: bool = False) -> PullJob:
        """Make the pull request; `files` are on the base branch."""
        self.job = PullJob(self._folder, self._hub, self._capsys, policy=policy, fork=fork)
        self.job.repository.commit("main", dict(GOOD if files is None else files))
        return self.job

    def told(self, token: str = "job", **different: str) -> Told:
        """Run it."""
        job = self.job or self.start()
        workflow = f"octo/shop/.github/workflows/gate.yml@refs/pull/{job.number}/merge"
        self._capsys.readouterr()
        step = job.run(token, INPUT_COMMAND="doctor", **{"GITHUB_WORKFLOW_REF": workflow, **different})
        return Told(step.code, tuple(step.log.splitlines()))


@pytest.fixture
def doctor(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> Doctor:
    return Doctor(tmp_path, hub, capsys)


def nothing_left(repo: Repository) -> tuple[int, ...]:
    return (len(repo.checks), len(repo.statuses), len(repo.comments), len(repo.sarifs), len(repo.suites))


def test_everything_in_order(doctor: Doctor, hub: Hub) -> None:
    repo = doctor.start(policy=POLICY + "publish: {sarif: true, required: [status]}\n").repository
    require_by_ruleset(repo, "main", [STATUS, "Readiness"], 77)
    add_rule(repo, "main", {"type": "pull_request", "parameters": {"require_code_owner_review": True}})
    hub.world.app_token("own", "gate-app", JOB_PERMISSIONS, only="octo/shop")
    told = doctor.told("own")
    assert told.code == 0
    for words in (
        "the policy is .gate/policy.yml of the base branch main",
        "status: the token may (statuses: write)",
        "check_run: the token may (checks: write)",
        "comment: the token may (pull-requests: write)",
        "sarif: the token may (security-events: write)",
        f"the status “{STATUS}” is required on main (ruleset 42)",
        "the gate's own job “Readiness” is required on main",
        "from one app only, which is not GitHub Actions",
        "the checkout holds the base branch's commit",
        "changes neither the policy nor a workflow",
        "when its base branch is changed (edited)",
        "starts in a merge queue",
        "leaves no pull request out by its paths",
        "its failure fails the job",
        "/.github/ has code owners",
        "/.gate/ has code owners",
        "requires the review of code owners",
    ):
        assert told.mark(words) == "✓"
    assert told.mark("is accepted from app 77 only") == "?"
    assert not any(line.startswith("✗") for line in told.lines)


def test_a_probe_leaves_nothing_behind_whatever_the_token_may(doctor: Doctor, hub: Hub) -> None:
    repo = doctor.start(policy=POLICY + "publish: {sarif: true}\n").repository
    before = nothing_left(repo)
    for token in ("job", "fork", "admin", "person"):
        doctor.told(token)
    writes = [entry for entry in hub.log if entry.method != "GET" and not entry.path.endswith("/graphql")]
    assert {entry.status for entry in writes} == {403, 422}
    assert {entry.path.rpartition("/")[2] for entry in writes} == {"check-runs", "0" * 40, "comments", "sarifs", "keys"}
    assert nothing_left(repo) == before


@pytest.mark.parametrize(
    ("missing", "channel", "permission"),
    [
        ("checks", "check_run", "checks: write"),
        ("statuses", "status", "statuses: write"),
        ("security_events", "sarif", "security-events: write"),
    ],
)
def test_a_permission_that_is_missing_is_named(
    doctor: Doctor, hub: Hub, missing: str, channel: str, permission: str
) -> None:
    doctor.start(policy=POLICY + f"publish: {{sarif: true, required: [{channel}]}}\nadvisory: true\n")
    hub.world.job_token("less", {**JOB_PERMISSIONS, missing: "read"}, only="octo/shop")
    told = doctor.told("less")
    assert told.code == 1
    line = told[f"{channel}: the token may not"]
    assert line.startswith("✗")
    assert f"permissions: {{{permission}}}" in line
    assert told.lines[-1].endswith(f"without: channel.{channel}.")


def test_a_github_that_looks_at_permissions_last_shows_none(doctor: Doctor, hub: Hub) -> None:
    doctor.start(policy=POLICY + "publish: {required: [status]}\n")
    hub.fault("POST", "/keys$", faults.unprocessable(), nth=0)
    told = doctor.told()
    for channel in ("check_run", "status", "comment"):
        assert told.mark(f"{channel}: whether the token has") == "?"
    assert told.code == 1


def test_a_comment_needs_one_of_two_permissions(doctor: Doctor, hub: Hub) -> None:
    doctor.start()
    for name, lacking in (("one", {"pull_requests": "read"}), ("none", {"pull_requests": "read", "issues": "read"})):
        hub.world.job_token(name, {**JOB_PERMISSIONS, **lacking}, only="octo/shop")
    assert doctor.told("one").mark("comment: the token may (") == "✓"
    assert "the job summary stands in" in doctor.told("none")["comment: the token may not"]


def test_on_a_fork_each_channel_says_what_stands_in_for_it(doctor: Doctor) -> None:
    doctor.start(policy=POLICY + "advisory: true\n", fork=True)
    told = doctor.told("fork")
    assert told.code == 0
    assert told["comes from a fork"].startswith("✗")
    assert "docs/two-stages.md" in told["comes from a fork"]
    assert "the findings go to the job's log" in told["check_run: the token may not"]
    assert "docs/two-stages.md" in told["status: the token may not"]
    assert told.mark("whatever it says, nothing is blocked") == "✗"


def test_dependabot_is_told_apart_from_the_repositorys_own_people(doctor: Doctor) -> None:
    doctor.start()
    assert "Dependabot started the run" in doctor.told("fork", GITHUB_ACTOR="dependabot[bot]")["✗ Dependabot"]


def test_pull_request_target_is_named(doctor: Doctor) -> None:
    doctor.start()
    told = doctor.told(GITHUB_EVENT_NAME="pull_request_target", GITHUB_REF="refs/heads/main")
    assert told.code == 1
    assert told.mark("next to a stranger's files") == "✗"


def test_code_scanning_that_is_off_is_not_the_tokens_fault(doctor: Doctor) -> None:
    job = doctor.start(policy=POLICY + "publish: {sarif: true}\n")
    job.repository.code_scanning = False
    line = doctor.told()["sarif: code scanning is off"]
    assert line.startswith("✗")
    assert "permission" not in line


def test_what_github_does_not_tell_is_not_known(doctor: Doctor, hub: Hub) -> None:
    doctor.start(policy=POLICY + "publish: {required: [status]}\n")
    hub.fault("POST", "/statuses/", faults.server_error(500), nth=0)
    hub.fault("GET", "/rules/branches/", faults.server_error(500), nth=0)
    told = doctor.told()
    assert told.code == 1
    assert told.mark("status: whether the token has statuses: write is not known") == "?"
    assert told.mark("required: GitHub answered") == "?"


def test_a_status_that_nobody_requires(doctor: Doctor) -> None:
    doctor.start()
    told = doctor.told()
    assert told.code == 1
    assert told["is not required on main, so the gate blocks no merge"].startswith("✗")
    assert told.lines[-1].endswith("without: required.status.")


def test_an_advisory_policy_requires_no_rule(doctor: Doctor) -> None:
    doctor.start(policy=POLICY + "advisory: true\n")
    assert doctor.told().code == 0


def test_t3_a_status_from_any_source_is_accepted_from_anybody(doctor: Doctor) -> None:
    protect(doctor.start().repository, "main", [STATUS])
    told = doctor.told()
    assert told.code == 0
    assert told["is required on main"].endswith("(branch protection)")
    assert told.mark("is accepted from any source") == "✗"
    assert told.mark("accepted from anybody who may write to the repository") == "✗"


def test_t3_a_job_of_the_same_name_in_a_workflow_of_the_pull_request_counts(doctor: Doctor) -> None:
    require_by_ruleset(doctor.start().repository, "main", ["Readiness"], ACTIONS_APP)
    told = doctor.told()
    assert told.code == 0
    assert told.mark("the gate's own job “Readiness” is required") == "✓"
    assert told.mark("only the gate's own job is") == "✗"
    assert told.mark("accepted from any workflow, one that a pull request changes too") == "✗"


def test_a_source_that_the_token_is_not_never_counts(doctor: Doctor) -> None:
    require_by_ruleset(doctor.start().repository, "main", [STATUS], 77)
    told = doctor.told()
    assert told.code == 1
    assert "it never counts" in told["is accepted from app 77 only"]


def test_a_source_that_is_github_actions_and_a_token_that_is_not(doctor: Doctor) -> None:
    require_by_ruleset(doctor.start().repository, "main", [STATUS], ACTIONS_APP)
    assert doctor.told("job").mark("is accepted from GitHub Actions only") == "✓"
    assert doctor.told("person").code == 1


def test_a_required_check_run_waits_for_ever_on_forks(doctor: Doctor) -> None:
    require_by_ruleset(doctor.start().repository, "main", ["Readiness Gate verdict", STATUS])
    assert doctor.told().mark("a fork's run cannot make one") == "✗"


@pytest.mark.parametrize(
    ("old", "new", "words", "code"),
    [
        ("    name: Readiness\n", "    continue-on-error: true\n", "continue-on-error is on", 1),
        (
            "      - name: Judge\n",
            "      - name: Judge\n        continue-on-error: true\n",
            "continue-on-error; then",
            1,
        ),
        ("    name: Readiness\n", "    needs: test\n", "needs test: when that fails it is skipped", 1),
        ("    name: Readiness\n", "    if: github.event_name == 'push'\n", "left out on pull requests, and a", 1),
        ("      - name: Judge\n", "      - name: Judge\n        if: success()\n", "if: success() leaves it out", 0),
        ("      - name: Judge\n", "      - name: J\n        if: github.event_name == 'push'\n", "left out on pull", 1),
        (GATE_STEP, "run: gate run || true", "its failure does not fail the job", 1),
        (", edited]\n", "]\n", "the old verdict stands", 0),
        (", edited]\n", ", edited]\n    paths: [src/**]\n", "leaves pull requests out by paths", 0),
        (", edited]\n", ", edited]\n    branches-ignore: ['**']\n", "never starts", 1),
    ],
)
def test_t31_a_workflow_that_opens_the_gate_without_a_word(
    doctor: Doctor, old: str, new: str, words: str, code: int
) -> None:
    assert WORKFLOW.count(old) == 1
    doctor.start({**GOOD, ".github/workflows/gate.yml": WORKFLOW.replace(old, new)})
    require_by_ruleset(doctor.job.repository, "main", [STATUS])  # type: ignore[union-attr] # it was just made
    told = doctor.told()
    assert told.mark(words) == "✗"
    assert told.code == code


def test_the_advice_for_a_condition_is_followed(doctor: Doctor) -> None:
    text = WORKFLOW.replace("    name: Readiness\n", "    needs: test\n    if: always()\n")
    doctor.start({**GOOD, ".github/workflows/gate.yml": text})
    assert doctor.told().mark("job gate is not skipped when another one fails") == "✓"


def test_a_condition_that_nobody_can_tell_is_not_known(doctor: Doctor) -> None:
    text = WORKFLOW.replace("    name: Readiness\n", "    if: vars.GATE == 'on'\n")
    doctor.start({**GOOD, ".github/workflows/gate.yml": text})
    assert doctor.told().mark("where it is not met, the job is skipped and counts as a success") == "?"


def test_a_merge_queue_without_its_event_never_merges(doctor: Doctor) -> None:
    repo = doctor.start({**GOOD, ".github/workflows/gate.yml": WORKFLOW.replace("  merge_group:\n", "")}).repository
    assert doctor.told().mark("does not start in a merge queue") == "?"
    add_rule(repo, "main", {"type": "merge_queue", "parameters": {}})
    told = doctor.told()
    assert told.mark("nothing is ever merged") == "✗"
    assert told.code == 1


def test_t1_a_workflow_that_only_the_pull_request_has_is_not_believed(doctor: Doctor) -> None:
    job = doctor.start({".github/CODEOWNERS": OWNERS})
    job.change({".github/workflows/gate.yml": WORKFLOW})
    told = doctor.told()
    assert told.mark("the base branch does not have the workflow of this run") == "?"
    assert not any("its failure fails the job" in line for line in told.lines)
    assert told["changes .github/workflows/gate.yml"].startswith("✗")


def test_a_workflow_that_is_no_yaml(doctor: Doctor) -> None:
    doctor.start({".github/workflows/gate.yml": "on: [pull_request\n"})
    assert doctor.told().mark("so how the gate is started is not known") == "?"


def test_a_job_that_does_not_seem_to_judge(doctor: Doctor) -> None:
    text = WORKFLOW.replace(GATE_STEP, "run: make readiness").replace("    name: Readiness\n", "")
    doctor.start({".github/workflows/gate.yml": text})
    assert doctor.told().mark("job gate: which step runs the gate cannot be told") == "?"


def test_a_doctor_in_a_job_of_its_own_looks_at_the_one_that_judges(doctor: Doctor) -> None:
    other = f"  check:\n    runs-on: ubuntu-24.04\n    steps:\n      - {GATE_STEP}\n        with: {{command: doctor}}\n"
    doctor.start({".github/workflows/gate.yml": WORKFLOW + other})
    told = doctor.told(GITHUB_JOB="check")
    assert told.mark("job gate, step “Judge”") == "✓"
    assert not any("job check" in line for line in told.lines)


def test_a_policy_that_is_not_there_or_cannot_be_read(doctor: Doctor) -> None:
    job = doctor.start()
    job.repository.commit("main", {".gate/policy.yml": None})
    told = doctor.told()
    assert (told.code, told.mark("there is no policy on the base branch main")) == (1, "✗")
    job.repository.commit("main", {".gate/policy.yml": "version: 1\ncriteriaa: {}\n"})
    told = doctor.told()
    assert (told.code, told.mark("cannot be used")) == (1, "✗")


def test_a_change_of_the_policy_is_named(doctor: Doctor) -> None:
    doctor.start().change({".gate/policy.yml": POLICY + "minimum_score: 1\n"})
    told = doctor.told()
    assert told["changes .gate/policy.yml"].startswith("✗")


@pytest.mark.parametrize(
    ("owners", "github", "gate"),
    [
        (None, "there is no CODEOWNERS", "there is no CODEOWNERS"),
        ("* @octo/all\n", "✓ /.github/ has", "✓ /.gate/ has"),
        ("* @octo/all\n/.github/\n", "✗ .github/workflows/gate.yml has no", "✓ /.gate/ has"),
        ("/.github/workflows/gate.yml @a\n", "✗ new files in /.github/", "✗ .gate/policy.yml has no"),
        ("/.github/* @a\n.gate @a # ours\n", "✗ .github/workflows/gate.yml has no", "✓ /.gate/ has"),
        ("/.github/** @a\n**/.gate/ b@example.org\n", "✓ /.github/ has", "✓ /.gate/ has"),
        ("/.gate/\n/.github @a\n[ @a\n", "✓ /.github/ has", "✗ .gate/policy.yml has no"),
    ],
)
def test_code_owners_of_what_steers_the_gate(doctor: Doctor, owners: str | None, github: str, gate: str) -> None:
    doctor.start({**{k: v for k, v in GOOD.items() if "OWNERS" not in k}, **({"CODEOWNERS": owners} if owners else {})})
    told = doctor.told()
    assert told[github]
    assert told[gate]


def test_a_checkout_that_is_too_shallow(doctor: Doctor, tmp_path: Path) -> None:
    job = doctor.start()
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=topic", f"file://{job.workspace}", str(shallow))
    job.workspace = shallow
    told = doctor.told()
    assert "fetch-depth: 0" in told["✗ the checkout does not hold the base branch's commit"]
    assert told.mark("the history of the checkout is cut off") == "✗"


def test_no_checkout_at_all(doctor: Doctor, tmp_path: Path) -> None:
    job = doctor.start()
    job.workspace = tmp_path / "empty"
    job.workspace.mkdir()
    assert doctor.told().mark("there is no checkout here") == "?"


def test_nothing_that_others_wrote_is_a_command_to_the_runner(doctor: Doctor) -> None:
    text = WORKFLOW.replace("name: Judge", 'name: "##[error]x\\n::error::y"')
    doctor.start({**GOOD, ".github/workflows/gate.yml": text})
    told = doctor.told()
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in told.lines)


def test_without_a_token_there_is_nobody_to_ask(doctor: Doctor) -> None:
    doctor.start()
    told = doctor.told("")
    assert told.code == 2
    assert "There is no token" in "\n".join(told.lines)


# --- on a person's machine -------------------------------------------------------------------------------------------


def test_at_home(doctor: Doctor, hub: Hub, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    job = doctor.start()
    require_by_ruleset(job.repository, "main", [STATUS], ACTIONS_APP)
    path = job.workspace / ".github/workflows/gate.yml"
    path.parent.mkdir(parents=True)
    path.write_text(WORKFLOW)
    before = nothing_left(job.repository)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("GITHUB_API_URL", hub.url)
    monkeypatch.setenv("GITHUB_TOKEN", "person")
    asked = ("doctor", "--github", "--repository", "octo/shop", "--workspace", job.workspace)
    said = gate(*asked, "--branch", "main", "--format", "json")
    answers = {item["id"]: item for item in json.loads(said.out)}
    assert answers["event"]["mark"] == "unknown"
    assert answers["policy"]["mark"] == "yes"
    assert answers["workflow.fails"]["mark"] == "yes"
    assert answers["required.job"]["mark"] == "no"
    assert answers["channel.check_run"]["mark"] == "no"  # a person's token makes no check runs
    assert answers["channel.comment"]["mark"] == "unknown"
    assert set(answers["policy"]) == {"id", "mark", "told", "mend", "required"}
    assert nothing_left(job.repository) == before
    assert gate(*asked).out.splitlines()[-1]
    assert gate(*asked, "--branch", "nowhere").code == 2
    monkeypatch.delenv("GITHUB_TOKEN")
    said = gate(*asked)
    assert (said.code, "GITHUB_TOKEN" in said.err) == (2, True)


def test_usage(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert gate("doctor", "--github").code == 2
    assert gate("doctor", "--branch", "main").code == 2


def test_of_another_repositorys_workflow(doctor: Doctor, hub: Hub) -> None:
    doctor.start()
    hub.new_repository("octo/rules", {".github/workflows/all.yml": WORKFLOW})
    told = doctor.told("admin", GITHUB_WORKFLOW_REF="octo/rules/.github/workflows/all.yml@refs/heads/main")
    assert told.mark(".github/workflows/all.yml starts in a merge queue") == "✓"


def test_a_push_is_about_no_pull_request(doctor: Doctor) -> None:
    job = doctor.start()
    event = {"before": "0" * 40, "repository": {"id": job.repository.id, "full_name": "octo/shop"}}
    path = job.workspace.parent / "push.json"
    path.write_text(json.dumps(event))
    told = doctor.told(
        GITHUB_EVENT_NAME="push", GITHUB_REF="refs/heads/main", GITHUB_BASE_REF="", GITHUB_EVENT_PATH=str(path),
        GITHUB_SHA=job.base,
    )  # fmt: skip
    assert told.mark("comment: this is about no pull request") == "?"
    assert not any("changes neither" in line for line in told.lines)


def test_about_another_run_the_default_branch_is_looked_at(doctor: Doctor, hub: Hub) -> None:
    job = doctor.start()
    folder = job.workspace.parent / "other"
    folder.mkdir()
    env = events.workflow_run(hub, add_run(job.repository, job.head, branch="topic")).environment(folder)
    told = doctor.told(
        **{name: env[name] for name in ("GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH", "GITHUB_REF")}, GITHUB_BASE_REF=""
    )
    assert told.mark("of the base branch main") == "✓"
    assert told.mark("the event workflow_run takes no right away") == "✓"


def test_a_github_that_is_down_is_not_in_order(doctor: Doctor, hub: Hub) -> None:
    doctor.start()
    hub.fault("GET", "", faults.gone(), nth=0)
    hub.fault("POST", "/graphql", faults.gone(), nth=0)
    told = doctor.told()
    assert told.code == 1
    assert told.mark("base: GitHub answered") == "?"
    assert told.mark("cannot be read: the base branch's commit is not known") == "?"
    assert not any("owners" in line for line in told.lines)


def test_rules_that_the_token_may_not_see(doctor: Doctor, hub: Hub) -> None:
    protect(doctor.start().repository, "main", [STATUS], ACTIONS_APP)
    hub.fault("GET", "/rules/branches/", faults.fork(), nth=0)
    told = doctor.told()
    assert told.mark("is required on main (branch protection)") == "✓"
    assert told.mark("whether the review of code owners is required is not known") == "?"


def test_without_a_file_for_the_summary(doctor: Doctor) -> None:
    doctor.start(policy=POLICY + "publish: {required: [summary]}\nadvisory: true\n")
    told = doctor.told(GITHUB_STEP_SUMMARY="")
    assert (told.code, told.mark("gave no file for the job summary")) == (1, "✗")


def test_a_queue_and_no_pull_request() -> None:
    gates = read_gates(f"on: push\njobs:\n  a:\n    steps:\n      - {GATE_STEP}\n".encode(), "w.yml")
    assert isinstance(gates, Gates)
    answers = {item.id: item for item in workflow_answers(gates, queue=None, advisory=False)}
    assert answers["workflow.pull_request"].required
    assert answers["workflow.merge_group"].mark == "unknown"


@pytest.mark.parametrize(
    ("step", "job", "id_", "mark"),
    [
        ("continue-on-error: ${{ vars.X }}", "", "workflow.fails", "unknown"),
        ("if: vars.X == 'y'", "", "workflow.step-condition", "unknown"),
        ("if: ${{ !cancelled() }}", "if: ${{ always() }}", "workflow.condition", "yes"),
        ("", "continue-on-error: ${{ vars.X }}", "workflow.continue-on-error", "unknown"),
    ],
)
def test_what_only_the_run_knows(step: str, job: str, id_: str, mark: str) -> None:
    steps = f"    steps:\n      - {GATE_STEP}\n        {step or 'x: y'}\n"
    text = f"on: pull_request\njobs:\n  a:\n    {job or 'x: y'}\n{steps}"
    gates = read_gates(text.encode(), "w.yml", "a")
    assert isinstance(gates, Gates)
    found = {item.id: item.mark for item in workflow_answers(gates, queue=False, advisory=False)}
    assert found[id_] == mark


@pytest.mark.parametrize("text", ["", "a: b\n---\nc: d\n", "- a\n", "a: [\n", "a: b\na: c\n"])
def test_a_file_that_is_no_workflow(text: str) -> None:
    assert isinstance(read_gates(text.encode(), "w.yml"), str)


def test_names_that_only_the_run_knows() -> None:
    for more in ("name: ${{ matrix.os }}", "strategy: {matrix: {a: [1]}}"):
        gates = read_gates(f"on: push\njobs:\n  a:\n    {more}\n    steps:\n      - {GATE_STEP}\n".encode(), "w.yml")
        assert isinstance(gates, Gates)
        assert gates.names is None


def test_words() -> None:
    from gate.commands.examination import Mark, exit_code, unknown

    answer = unknown("x", "a\n::error::b", "c")
    assert answer.line == "? a ::error::b → c"
    assert exit_code([answer]) == 0
    assert exit_code([replace(answer, required=True)]) == 1
    assert exit_code([replace(answer, required=True, mark=Mark.YES)]) == 0

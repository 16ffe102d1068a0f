"""Reading a policy by way of GitHub: the tip of the base branch, another repository's policy, what policies extend."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.bundle import Bundle
from gate.commands import wiring
from gate.commands.options import Order
from gate.commands.policy_reading import FoundPolicy, find_policy
from gate.commands.policy_source import CommitInCheckout, CommitOnForge
from gate.commands.proposals import with_proposal
from gate.errors import MistakesError, UserError
from gate.judge.evaluate import judge
from gate.model.policy import Level
from gate.pipeline import Machine
from tests.publish.forge_clients import client
from tests.support.fakes import write
from tests.support.github_server import Hub
from tests.support.repos import Gate, ledger
from tests.support.repositories import git

POLICY_PATH = ".gate/policy.yml"
ORG = """version: 1
name: Everybody
extends: production
criteria:
  tests.passed: {level: must}
  docs.readme: {level: must}
  docs.changelog: {level: should}
  everybody.names-owner:
    title: Somebody owns it
    category: documentation
    level: must
    evidence: docs
    select: {id: docs.readme}
    require: {type: object, properties: {words: {type: integer, minimum: 20}}, required: [words]}
locked: [docs.readme, advisory, evidence.secrets]
"""
NEW = "version: 1\nname: New\nextends: baseline\n"


@pytest.fixture
def means() -> Machine:
    return wiring.machine()


@pytest.fixture
def checkout(tmp_path: Path, hub: Hub) -> Path:
    """A checkout of octo/shop at main, which GitHub has too."""
    folder = ledger(tmp_path / "shop")
    hub.repository().push(folder, "HEAD", "main")
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    return folder


@pytest.fixture
def org(hub: Hub) -> str:
    """The commit of octo/policies with the policy of everybody."""
    return hub.new_repository("octo/policies", {"base/all.yml": ORG}).branch("main")


def found(checkout: Path, hub: Hub, means: Machine, **more: object) -> FoundPolicy:
    order = Order(checkout, policy_ref="origin/main", **more)  # type: ignore[arg-type]
    return find_policy(order, means, client(hub, "person"))


def test_t1_a_stale_base_is_not_the_one_that_judges(hub: Hub, checkout: Path, means: Machine) -> None:
    """Somebody merged a stricter policy after the checkout, or the checkout was made of an old ref."""
    tip = hub.repository().commit("main", {POLICY_PATH: NEW})
    policy = found(checkout, hub, means)
    assert isinstance(policy.source, CommitOnForge)
    assert (policy.policy.name, policy.policy.origin.commit, policy.policy.origin.ref) == ("New", tip, "origin/main")
    assert policy.notices == ()


def test_t1_a_moved_ref_of_the_checkout_is_not_believed(hub: Hub, checkout: Path, means: Machine) -> None:
    write(checkout, {POLICY_PATH: "version: 1\nname: Mine\n"})
    git(checkout, "commit", "--quiet", "--all", "-m", "mine")
    git(checkout, "update-ref", "refs/remotes/origin/main", "HEAD")
    policy = found(checkout, hub, means)
    assert isinstance(policy.source, CommitInCheckout)
    assert policy.policy.name == "Ledger"


def test_a_tag_with_the_name_of_the_branch_is_not_the_branch(hub: Hub, checkout: Path, means: Machine) -> None:
    repo = hub.repository()
    repo.set_ref("refs/tags/main", repo.commit("other", {POLICY_PATH: NEW}, start="main"))
    assert found(checkout, hub, means).policy.name == "Ledger"


def test_a_checkout_without_the_base_reads_it_from_github(hub: Hub, tmp_path: Path, means: Machine) -> None:
    """actions/checkout with fetch-depth: 1."""
    folder = ledger(tmp_path / "shallow", policy="version: 1\nname: Mine\n")
    hub.repository().commit("main", {POLICY_PATH: NEW})
    hub.repository().commit("feature", {POLICY_PATH: "version: 1\nname: Mine\n"})
    policy = found(folder, hub, means)
    assert policy.policy.name == "New"
    verdict = judge(policy.policy, (), now=wiring.now())
    bundle = Bundle((), None, None, "")
    order = Order(folder, policy_ref="origin/main")
    proposed = with_proposal(verdict, policy, order, means, bundle, wiring.now(), client(hub, "person"), 7).proposal
    assert proposed is not None
    assert [(file.path, file.diff[-1]) for file in proposed.files] == [(POLICY_PATH, "+name: Mine")]


def test_a_shallow_checkout_is_told_which_workflows_change(hub: Hub, tmp_path: Path, means: Machine) -> None:
    folder = ledger(tmp_path / "shallow", policy=NEW)
    hub.repository().commit("main", {POLICY_PATH: NEW})
    hub.repository().commit("feature", {".github/workflows/ci.yml": "on: push\n"})
    policy = found(folder, hub, means)
    verdict = judge(policy.policy, (), now=wiring.now())
    order = Order(folder, policy_ref="origin/main")
    told = with_proposal(
        verdict, policy, order, means, Bundle((), None, None, ""), wiring.now(), client(hub, "person"), 7
    ).proposal
    assert told is not None
    assert (told.files, told.also) == ((), (".github/workflows/ci.yml",))


def test_without_an_answer_the_checkout_counts_and_reports_say_so(hub: Hub, checkout: Path, means: Machine) -> None:
    with hub.down():
        policy = found(checkout, hub, means)
    assert policy.policy.name == "Ledger"
    assert "still the tip" in policy.notices[0]


def test_without_an_answer_and_without_the_base_there_is_no_policy(hub: Hub, tmp_path: Path, means: Machine) -> None:
    folder = ledger(tmp_path / "shallow")
    with hub.down(), pytest.raises(UserError, match="not in this checkout"):
        found(folder, hub, means)


@pytest.mark.parametrize("content", [("120000", "README.md"), ("160000", "0" * 40), "x" * 300_000])
def test_t1_what_is_no_plain_file_is_refused_by_way_of_github_too(
    hub: Hub, checkout: Path, means: Machine, content: str | tuple[str, str]
) -> None:
    hub.repository().commit("main", {POLICY_PATH: content})
    with pytest.raises(UserError, match="A policy is a plain file of at most 256 KB"):
        found(checkout, hub, means)


# --- another repository's policy ---


def test_an_organisations_policy_judges_in_place_of_ones_own(
    hub: Hub, checkout: Path, org: str, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "person")
    monkeypatch.setenv("GITHUB_API_URL", hub.url)
    said = gate.run(checkout, "--policy-ref", f"octo/policies/base/all.yml@{org}", "--only", "docs")
    assert said.code in (0, 1), said.err
    policy = said.json["policy"]
    assert (policy["name"], policy["path"]) == ("Everybody", "base/all.yml")
    assert (policy["repository"], policy["commit"]) == ("octo/policies", org)
    assert said.json["criteria"][-1]["id"] == "everybody.names-owner"


@pytest.mark.parametrize("name", ["main", "v1", "HEAD", "0a1b2c3", "A" * 40, "g" * 40])
def test_what_can_be_moved_is_refused_with_the_reason(checkout: Path, gate: Gate, name: str) -> None:
    said = gate.run(checkout, "--policy-ref", f"octo/policies/base/all.yml@{name}")
    assert said.code == 2
    assert "is not a commit's full id" in said.err
    assert "move a branch or a tag" in said.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("all.yml", "names a policy of another repository"),
        ("octo/policies/../x.yml@" + "0" * 40, "does not name a file"),
        ("octo/../x.yml@" + "0" * 40, "does not name a file"),
        ("./all.yml", "For a file of this repository use policy"),
        ("octo/policies/all.yml@" + "0" * 40, "there is no token"),
    ],
)
def test_other_values_are_refused(
    checkout: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    said = gate.run(checkout, "--policy-ref", text)
    assert (said.code, told in said.err) == (2, True), said.err


def test_a_policy_that_is_not_there_is_a_mistake(hub: Hub, checkout: Path, org: str, means: Machine) -> None:
    with pytest.raises(UserError, match="not there in octo/policies@"):
        found(checkout, hub, means, policy_from=f"octo/policies/nowhere.yml@{org}")
    with pytest.raises(UserError, match="contents: read"):
        found(checkout, hub, means, policy_from=f"octo/policies/nowhere.yml@{'0' * 40}")


# --- extends ---


def extending(hub: Hub, checkout: Path, text: str) -> None:
    """Have octo/shop's main say this."""
    hub.repository().commit("main", {POLICY_PATH: f"version: 1\n{text}"})
    del checkout


def test_a_policy_goes_over_the_one_that_it_extends(hub: Hub, checkout: Path, org: str, means: Machine) -> None:
    extending(
        hub, checkout, f"extends: octo/policies/base/all.yml@{org}\ncriteria:\n  docs.changelog: {{level: must}}\n"
    )
    policy = found(checkout, hub, means).policy
    levels = {criterion.id: criterion.level for criterion in policy.criteria}
    assert levels["docs.changelog"] is Level.MUST
    assert levels["everybody.names-owner"] is Level.MUST
    assert policy.origin.profile == "production"
    assert [(link.repository, link.path, link.commit) for link in policy.origin.chain] == [
        ("", POLICY_PATH, hub.repository().branch("main")),
        ("octo/policies", "base/all.yml", org),
    ]
    assert policy.overrides == ()


def test_what_it_loosens_is_told(hub: Hub, checkout: Path, org: str, means: Machine) -> None:
    text = (
        f"extends: octo/policies/base/all.yml@{org}\nminimum_score: 10\ncriteria:\n"
        "  tests.passed: {enabled: false, reason: x}\n  everybody.names-owner: {level: may}\n"
        "evidence: {sast: {exclude: ['**']}}\nwaiving: {max_days: 400}\n"
    )
    extending(hub, checkout, text)
    policy = found(checkout, hub, means).policy
    told = " ".join(policy.overrides)
    assert f"octo/policies/base/all.yml@{org[:12]}: it switches tests.passed off." in told
    assert "everybody.names-owner is may in place of must" in told
    assert "evidence › sast › exclude" in told
    assert "waiving › max_days is 400" in told
    assert "minimum_score is 10" in told
    verdict = judge(policy, (), now=wiring.now())
    assert set(policy.overrides) <= set(verdict.notices)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("criteria: {docs.readme: {level: may}}", "docs.readme is locked by octo/policies/base/all.yml@"),
        ("advisory: true", "advisory is locked"),
        ("evidence: {secrets: {exclude: ['**']}}", "secrets is locked"),
    ],
)
def test_what_is_locked_cannot_be_set(hub: Hub, checkout: Path, org: str, means: Machine, text: str, told: str) -> None:
    extending(hub, checkout, f"extends: octo/policies/base/all.yml@{org}\n{text}\n")
    with pytest.raises(MistakesError, match=told):
        found(checkout, hub, means)


def test_a_lock_holds_through_a_policy_between(hub: Hub, checkout: Path, org: str, means: Machine) -> None:
    between = f"version: 1\nextends: octo/policies/base/all.yml@{org}\nlocked: [criteria]\n"
    team = hub.new_repository("octo/team", {"policy.yml": between}).branch("main")
    extending(hub, checkout, f"extends: octo/team/policy.yml@{team}\nadvisory: true\n")
    with pytest.raises(MistakesError, match="advisory is locked by octo/policies"):
        found(checkout, hub, means)
    extending(hub, checkout, f"extends: octo/team/policy.yml@{team}\ncriteria: {{tests.passed: {{level: may}}}}\n")
    with pytest.raises(MistakesError, match=r"tests\.passed is locked by octo/team"):
        found(checkout, hub, means)


def test_a_mistake_of_an_extended_policy_names_its_file(hub: Hub, checkout: Path, means: Machine) -> None:
    org = hub.new_repository("octo/policies", {"a.yml": "version: 1\nlevel: must\n"}).branch("main")
    extending(hub, checkout, f"extends: octo/policies/a.yml@{org}\n")
    with pytest.raises(MistakesError, match=f"octo/policies/a.yml@{org[:12]}:2:1"):
        found(checkout, hub, means)


def test_a_file_of_the_same_repository_is_extended_from_the_same_commit(checkout: Path, means: Machine) -> None:
    write(checkout, {".gate/all.yml": NEW + "advisory: true\n", POLICY_PATH: "version: 1\nextends: ./.gate/all.yml\n"})
    policy = find_policy(Order(checkout), means).policy
    assert policy.advisory
    assert [link.path for link in policy.origin.chain] == [POLICY_PATH, ".gate/all.yml"]
    assert {link.commit for link in policy.origin.chain} == {None}


def test_a_circle_is_refused(checkout: Path, means: Machine) -> None:
    write(checkout, {".gate/a.yml": "version: 1\nextends: ./.gate/policy.yml\n"})
    write(checkout, {POLICY_PATH: "version: 1\nextends: ./.gate/a.yml\n"})
    with pytest.raises(UserError, match="a circle"):
        find_policy(Order(checkout), means)


def test_five_files_are_the_most(checkout: Path, means: Machine) -> None:
    files = {f".gate/{n}.yml": f"version: 1\nextends: ./.gate/{n + 1}.yml\n" for n in range(6)}
    write(checkout, {**files, ".gate/6.yml": NEW, POLICY_PATH: "version: 1\nextends: ./.gate/2.yml\n"})
    with pytest.raises(UserError, match="5 files are the most"):
        find_policy(Order(checkout), means)
    write(checkout, {POLICY_PATH: "version: 1\nextends: ./.gate/3.yml\n"})
    assert len(find_policy(Order(checkout), means).policy.origin.chain) == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("./nowhere.yml", "no such file in the working tree"),
        ("./../x.yml", "leads out"),
        ("octo/policies/a.yml@main", "move a branch or a tag"),
        ("produktion", "There is no profile"),
        ("https://evil.example/x.yml", "neither"),
    ],
)
def test_what_cannot_be_extended_is_a_mistake(checkout: Path, gate: Gate, text: str, told: str) -> None:
    write(checkout, {POLICY_PATH: f"version: 1\nextends: {text}\n"})
    said = gate.run(checkout)
    assert (said.code, told in said.err) == (2, True), said.err


def test_waivers_of_an_extended_policy_are_read_where_it_lies(hub: Hub, checkout: Path, means: Machine) -> None:
    waivers = "version: 1\nwaivers:\n  - {criterion: docs.changelog, reason: r, owner: o, expires: 2026-12-31}\n"
    files = {"a.yml": "version: 1\nextends: production\nwaivers: w.yml\n", "w.yml": waivers}
    org = hub.new_repository("octo/policies", files).branch("main")
    extending(hub, checkout, f"extends: octo/policies/a.yml@{org}\n")
    assert [waiver.criterion for waiver in found(checkout, hub, means).policy.waivers] == ["docs.changelog"]

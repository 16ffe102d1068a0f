"""Sources of a policy at their edges: no git, objects that are not there, files that are none, wishes that fail."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gate.collect.bundle import Bundle
from gate.commands import wiring
from gate.commands.options import Order
from gate.commands.policy_reading import FoundPolicy, find_policy
from gate.commands.policy_source import CommitInCheckout, CommitOnForge, Origin, WorkingTree
from gate.commands.proposals import with_proposal
from gate.errors import UserError
from gate.judge.evaluate import judge
from gate.model.verdict import Verdict
from gate.pipeline import Machine
from tests.publish.forge_clients import client
from tests.support.fakes import write
from tests.support.github_server import Hub
from tests.support.repos import ledger
from tests.support.repositories import git, repository

POLICY_PATH = ".gate/policy.yml"
BUNDLE = Bundle((), None, None, "")


@pytest.fixture
def means() -> Machine:
    return wiring.machine()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = ledger(tmp_path / "shop")
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    return folder


def judged(order: Order, means: Machine) -> tuple[FoundPolicy, Verdict]:
    found = find_policy(order, means)
    return found, judge(found.policy, (), now=wiring.now())


def remove(checkout: Path, revision: str) -> None:
    """Take an object out of a repository, as a clone with a filter leaves it out."""
    id_ = git(checkout, "rev-parse", revision).strip()
    (checkout / ".git/objects" / id_[:2] / id_[2:]).unlink()


def test_an_origin_says_what_it_is() -> None:
    assert str(Origin()) == "the working tree"
    assert str(Origin("main", "a" * 40)) == f"main ({'a' * 12})"
    assert str(Origin("a" * 40, "a" * 40)) == "a" * 12
    assert str(Origin("a" * 40, "a" * 40, "octo/x")) == f"octo/x@{'a' * 12}"
    assert Origin("a" * 40, "a" * 40, "octo/x").called("p.yml") == f"octo/x/p.yml@{'a' * 12}"


def test_a_partial_clone_asks_github_for_what_it_lacks(hub: Hub, checkout: Path) -> None:
    head = hub.repository().push(checkout, "HEAD", "main")
    remove(checkout, f"HEAD:{POLICY_PATH}")
    origin = Origin("main", head)
    remote = CommitOnForge(client(hub, "person"), origin)
    data = CommitInCheckout(repository(checkout), origin, remote).read(POLICY_PATH)
    assert data is not None
    assert data.startswith(b"version: 1")
    with pytest.raises(UserError, match="fetch-depth: 0 and no filter"):
        CommitInCheckout(repository(checkout), origin).read(POLICY_PATH)


def test_a_workspace_below_the_top_reads_its_own_paths(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD").strip()
    source = CommitInCheckout(repository(checkout / ".gate"), Origin("main", head))
    assert source.read("policy.yml") is not None
    assert source.read(".gate/policy.yml") is None


def test_no_link_of_the_working_tree_is_followed(checkout: Path, means: Machine) -> None:
    (checkout / "link.yml").symlink_to("/etc/passwd")
    source = WorkingTree(wiring.open_tree(checkout, means))
    with pytest.raises(UserError, match="A policy is a plain file"):
        source.read("link.yml")
    assert source.read("nowhere.yml") is None


def test_a_policy_outside_of_the_workspace_is_a_regular_file(tmp_path: Path, checkout: Path, means: Machine) -> None:
    write(tmp_path, {"mine.yml": "version: 1\nname: Mine\n"})
    assert find_policy(Order(checkout, policy=tmp_path / "mine.yml"), means).policy.name == "Mine"
    os.mkfifo(tmp_path / "pipe.yml")
    with pytest.raises(UserError, match="not a regular file"):
        find_policy(Order(checkout, policy=tmp_path / "pipe.yml"), means)
    with pytest.raises(UserError, match="is not there"):
        find_policy(Order(checkout, policy=tmp_path / "nowhere.yml"), means)
    with pytest.raises(UserError, match="cannot be read"):
        find_policy(Order(checkout, policy=tmp_path / "mine.yml/below"), means)


def test_without_git_there_is_no_base_to_read_from(tmp_path: Path, means: Machine) -> None:
    write(tmp_path / "plain", {POLICY_PATH: "version: 1\n"})
    with pytest.raises(UserError, match="not a git repository"):
        find_policy(Order(tmp_path / "plain", policy_ref="origin/main"), means)


def test_without_git_the_policy_of_the_base_still_comes_from_github(tmp_path: Path, hub: Hub, means: Machine) -> None:
    write(tmp_path / "plain", {POLICY_PATH: "version: 1\nname: Mine\n"})
    order = Order(tmp_path / "plain", policy_ref="origin/main")
    found = find_policy(order, means, client(hub, "person"))
    assert found.policy.origin.commit == hub.repository().branch("main")
    verdict = judge(found.policy, (), now=wiring.now())
    assert with_proposal(verdict, found, order, means, BUNDLE, wiring.now()).proposal is None


def test_a_run_at_home_has_no_proposal(checkout: Path, means: Machine) -> None:
    order = Order(checkout)
    found, verdict = judged(order, means)
    assert with_proposal(verdict, found, order, means, BUNDLE, wiring.now()) is verdict


def test_a_named_policy_that_the_change_deletes_is_advice(checkout: Path, means: Machine) -> None:
    git(checkout, "rm", "--quiet", POLICY_PATH)
    git(checkout, "commit", "--quiet", "-m", "change")
    order = Order(checkout, policy=checkout / POLICY_PATH, policy_ref="origin/main")
    found, verdict = judged(order, means)
    proposal = with_proposal(verdict, found, order, means, BUNDLE, wiring.now()).proposal
    assert proposal is not None
    assert proposal.decision is None
    assert proposal.mistakes == (f"The policy {POLICY_PATH} is not there any more.",)


def test_files_that_a_policy_extends_here_are_shown_with_it(checkout: Path, means: Machine) -> None:
    write(checkout, {POLICY_PATH: "version: 1\nextends: ./.gate/all.yml\n", ".gate/all.yml": "version: 1\n"})
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "-m", "base")
    git(checkout, "update-ref", "refs/remotes/origin/main", "HEAD")
    write(checkout, {".gate/all.yml": "version: 1\nexpects: [tests]\n"})
    git(checkout, "commit", "--quiet", "--all", "-m", "change")
    order = Order(checkout, policy_ref="origin/main")
    found, verdict = judged(order, means)
    proposal = with_proposal(verdict, found, order, means, BUNDLE, wiring.now()).proposal
    assert proposal is not None
    assert [file.path for file in proposal.files] == [".gate/all.yml"]
    assert proposal.also == ()


def test_whatever_goes_wrong_with_a_proposal_the_verdict_stays(checkout: Path, means: Machine) -> None:
    order = Order(checkout, policy_ref="origin/main")
    found, verdict = judged(order, means)
    gone = replace(order, workspace=checkout / "nowhere")
    after = with_proposal(verdict, found, gone, means, BUNDLE, wiring.now())
    assert (after.decision, after.score, after.proposal) == (verdict.decision, verdict.score, None)
    assert "could not be looked at" in after.notices[-1]


def test_another_repositorys_policy_is_proposed_nothing(checkout: Path, hub: Hub, means: Machine) -> None:
    org = hub.new_repository("octo/policies", {"a.yml": "version: 1\n"}).branch("main")
    hub.repository().push(checkout, "HEAD", "main")
    write(checkout, {POLICY_PATH: "version: 1\n", ".github/workflows/ci.yml": "on: push\n"})
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "-m", "change")
    order = Order(checkout, policy_ref="origin/main", policy_from=f"octo/policies/a.yml@{org}")
    found = find_policy(order, means, client(hub, "person"))
    verdict = judge(found.policy, (), now=wiring.now())
    proposal = with_proposal(verdict, found, order, means, BUNDLE, wiring.now()).proposal
    assert proposal is not None
    assert proposal.files == ()
    assert proposal.also == (".gate/policy.yml", ".github/workflows/ci.yml")


# --- nothing of the change is checked out ---


def of_pull(hub: Hub, checkout: Path, means: Machine, number: int = 7) -> Verdict:
    """What the second of two stages says of a pull request's wishes."""
    forge = client(hub, "person")
    order = Order(checkout, policy_ref="origin/main")
    found = find_policy(order, means, forge)
    verdict = judge(found.policy, (), now=wiring.now())
    head = forge.pull(number).head_sha
    return with_proposal(verdict, found, order, means, BUNDLE, wiring.now(), forge, number, head)


def test_a_forks_wish_is_read_from_github(hub: Hub, checkout: Path, means: Machine) -> None:
    fork = hub.repository("mallory/shop")
    fork.commit("patch-1", {POLICY_PATH: "version: 1\nadvisory: true\n", ".github/workflows/x.yml": "on: push\n"})
    proposal = of_pull(hub, checkout, means, 8).proposal
    assert proposal is not None
    assert [file.diff[-1] for file in proposal.files] == ["+advisory: true"]
    assert proposal.also == (".github/workflows/x.yml",)
    assert proposal.notes[0].startswith("It would make the verdict advisory")


def test_what_the_base_changed_meanwhile_is_no_wish_of_the_change(hub: Hub, checkout: Path, means: Machine) -> None:
    hub.repository().commit("main", {POLICY_PATH: "version: 1\nname: Newer\n"})
    assert of_pull(hub, checkout, means).proposal is None


def test_a_policy_that_a_fork_makes_a_link_is_told(hub: Hub, checkout: Path, means: Machine) -> None:
    hub.repository("mallory/shop").commit("patch-1", {POLICY_PATH: ("120000", "../README.md")})
    proposal = of_pull(hub, checkout, means, 8).proposal
    assert proposal is not None
    assert "A policy is a plain file" in proposal.mistakes[0]


def test_where_github_does_not_answer_there_is_no_proposal(hub: Hub, checkout: Path, means: Machine) -> None:
    order = Order(checkout, policy_ref="origin/main")
    found, verdict = judged(order, means)
    with hub.down():
        forge = client(hub, "person")
        after = with_proposal(verdict, found, order, means, BUNDLE, wiring.now(), forge, 7, "0" * 40)
    assert after == verdict

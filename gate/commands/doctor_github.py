"""`gate doctor --github`: whether the gate holds where it runs. Nothing is written: see `gate.publish.forge_probes`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gate.commands.doctor_owners import LIMIT, PLACES, owner_answers
from gate.commands.doctor_rights import SECOND_STAGE, channel_answers, summary_answer
from gate.commands.doctor_rules import ACTIONS, Acting, Names, rule_answers
from gate.commands.doctor_workflow import Gates, read_gates, workflow_answers
from gate.commands.examination import Answer, as_json, exit_code, no, summary, unknown, yes
from gate.errors import GateError, UserError
from gate.formats.plain import one_line
from gate.model.policy import PublishSettings
from gate.publish.check_run import name_of
from gate.publish.event import Event
from gate.publish.forge_part import Part
from gate.publish.forge_probes import BranchRule, Probes
from gate.publish.forge_words import ForgeProblem
from gate.publish.identity import alike
from gate.publish.status import context_of

if TYPE_CHECKING:
    from gate.commands.github import GitHubRun
    from gate.commands.options import Order
    from gate.commands.policy_reading import FoundPolicy
    from gate.publish.forge import Forge
    from gate.publish.forge_words import RequiredCheck

_WORKFLOW_REF = re.compile(r"([^/@]+/[^/@]+)/(\.github/workflows/[^@]+)@(.+)")
_DEPENDS_ON_BASE = "coverage of changed lines, secrets in the commits of the change, and what is new"


def examine(order: Order, github: GitHubRun | None, say: Callable[[str], None]) -> int:
    """Say how everything that the gate needs on GitHub stands, and return 1 where something required is missing.

    Raises UserError where there is nothing to ask: no GitHub, or no token.
    """
    if github is None:
        raise UserError(
            "There is no run on GitHub to look at. On a runner the action's command doctor does it, at home  gate "
            "doctor --github --repository OWNER/NAME --branch NAME  with a token in GITHUB_TOKEN."
        )
    if github.forge is None:
        raise UserError(f"The doctor asks GitHub's API. {github.no_forge}")
    answers = list(_Examination(order, github, github.forge).answers())
    if order.format == "json":
        say(as_json(answers))
        return exit_code(answers)
    for answer in answers:
        say(answer.line)
    say(summary(answers))
    return exit_code(answers)


@dataclass
class _Examination:
    """One look at one run. What was found out once is kept."""

    order: Order
    github: GitHubRun
    forge: Forge
    branch: str = ""
    tip: str | None = None
    found: FoundPolicy | None = None
    required: tuple[RequiredCheck, ...] = ()
    rules: tuple[BranchRule, ...] | None = None
    gates: Gates | None = None
    steering: list[str] = field(default_factory=list)

    @property
    def settings(self) -> PublishSettings:
        return self.found.policy.publish if self.found is not None else PublishSettings()

    @property
    def advisory(self) -> bool:
        return self.found is not None and self.found.policy.advisory

    def answers(self) -> Iterator[Answer]:
        """Yield all answers; what GitHub does not tell is one, too."""
        yield from self._asked("base", self._base)
        yield from self._policy()
        yield self._event()
        yield from self._checkout()
        yield from self._asked("policy.changed", self._changed)
        # What the branch requires decides which channel the gate does not do without.
        required = list(self._asked("required", self._look_at_rules))
        yield from self._channels()
        yield from self._asked("workflow", self._workflow)
        yield from required or self._asked("required", self._required)
        yield from self._asked("owners", self._owners)

    def _asked(self, id_: str, work: Callable[[], Iterable[Answer]]) -> Iterator[Answer]:
        try:
            yield from work()
        except ForgeProblem as problem:
            yield unknown(id_, f"{id_}: GitHub {problem.reason}", required=id_ in ("base", "required"))

    def _base(self) -> Iterator[Answer]:
        context = self.github.context
        if context.base_ref:
            self.branch = context.base_ref
        elif context.pull is not None:
            self.branch = self.forge.pull(context.pull).base_ref
        else:
            self.branch = self.forge.repository().default_branch
        self.tip = self.forge.resolve(f"heads/{self.branch}")
        yield from ()

    def _event(self) -> Answer:
        context = self.github.context
        if not self.github.runner.event_name:
            return unknown("event", "this is no run on GitHub, so what a run of the workflow may do is not looked at")
        if context.read_only is not None:
            told = f"{context.read_only}: no check run, no status, no comment; the summary and the exit code tell"
            return no("event", told, SECOND_STAGE)
        if context.event is Event.PULL_REQUEST_TARGET:
            told = "pull_request_target runs with the rights of the base repository, next to a stranger's files"
            accepted = self.found is not None and self.found.policy.trust.data_only
            return no("event", told, "use pull_request, and workflow_run for what needs rights", required=not accepted)
        return yes("event", f"the event {context.event.value} takes no right away")

    def _checkout(self) -> Iterator[Answer]:
        from gate.collect.process import ToolProblem
        from gate.commands import wiring

        id_, mend = "checkout.base", "actions/checkout with  fetch-depth: 0"
        try:
            means = wiring.machine(workspace=self.order.workspace)
            workspace = wiring.open_tree(self.order.workspace, means)
            if not workspace.has_git:
                yield unknown(id_, "there is no checkout here, so how deep it is cannot be told")
                return
            repository = wiring.open_repository(workspace, means)
            base = self.github.context.base_sha or self.tip
            there = base is not None and repository.resolve(base) is not None
            shallow = repository.is_shallow()
        except (GateError, ToolProblem) as problem:
            yield unknown(id_, f"how deep the checkout is cannot be told: {problem}")
            return
        if there:
            yield yes(id_, "the checkout holds the base branch's commit")
        else:
            yield no(
                id_,
                f"the checkout does not hold the base branch's commit: without evidence are {_DEPENDS_ON_BASE}",
                mend,
            )
        if shallow:
            told = "the history of the checkout is cut off: the age of documents and secrets in commits are not known"
            yield no("checkout.depth", told, mend)
        else:
            yield yes("checkout.depth", "the checkout has the whole history")

    def _policy(self) -> Iterator[Answer]:
        from gate.commands import wiring
        from gate.commands.policy_reading import find_policy

        at = f"the base branch {self.branch}"
        order = replace(self.order, policy_ref=f"origin/{self.branch}")
        try:
            found = find_policy(order, wiring.machine(workspace=order.workspace), self.forge)
        except GateError as error:
            told = f"the policy of {at} cannot be used: {one_line(str(error), 300)}"
            yield no("policy", told, "mend it there, with a pull request", required=True)
            return
        self.found = found
        if found.path is None:
            told = f"there is no policy on {at}; the profile {found.policy.origin.profile} alone judges"
            yield no("policy", told, "`gate init` writes one", required=True)
        else:
            self.steering.append(found.path)
            yield yes("policy", f"the policy is {found.path} of {at} ({found.policy.origin.sha256[:12]})")
        yield from (unknown("policy.tip", notice) for notice in found.notices)
        if self.advisory:
            mend = "take  advisory: true  out of the policy when it is to block"
            yield no("policy.advisory", "the policy is advisory: whatever it says, nothing is blocked", mend)

    def _changed(self) -> Iterator[Answer]:
        from gate.publish.second_stage import steered

        pull = self.github.context.pull
        if pull is None:
            return
        files = steered(self.forge.changed_files(pull), tuple(self.steering))
        if not files:
            yield yes("policy.changed", f"pull request {pull} changes neither the policy nor a workflow")
            return
        shown = one_line(", ".join(files[:5]), 300)
        told = f"pull request {pull} changes {shown}: it is judged by the base branch's, and that shown as a proposal"
        yield no("policy.changed", told, "let a code owner look at it")

    def _look_at_rules(self) -> Iterator[Answer]:
        self.required = tuple(self.forge.required_checks(self.branch))
        probes = self._probes()
        if probes is not None:
            try:
                self.rules = probes.rules(self.branch)
            except ForgeProblem:
                self.rules = None
        yield from ()

    def _channels(self) -> Iterator[Answer]:
        probes = self._probes()
        if probes is None:
            yield unknown("permissions", "what the token may do cannot be asked by this client", required=True)
            return
        context = replace(self.github.context, base_ref=self.branch)
        status = context_of(self.settings.name, self.branch)
        wanted = any(alike(item.context, status) for item in self.required)
        doubtful = self._acting_app() == ACTIONS and probes.validates_first()
        yield from channel_answers(
            probes, self.settings, context, self.branch, status_required=wanted, doubtful=doubtful
        )
        if self.settings.summary and self.github.runner.event_name:
            yield summary_answer(self.github.runner.summary is not None, required="summary" in self.settings.required)

    def _probes(self) -> Probes | None:
        return Probes(self.forge) if isinstance(self.forge, Part) else None

    def _workflow(self) -> Iterator[Answer]:
        queue = None if self.rules is None else any(rule.type == "merge_queue" for rule in self.rules)
        match = _WORKFLOW_REF.fullmatch(self.github.runner.workflow_ref)
        if match is not None:
            repository, path, ref = match.groups()
            own = alike(repository, self.github.context.repository)
            commit = self.tip if own else self.forge.resolve(ref.removeprefix("refs/"), repository)
            if commit is None:
                yield unknown("workflow", f"{path} cannot be read: the base branch's commit is not known")
                return
            data = self.forge.file(path, commit, LIMIT, None if own else repository)
            if data is None:
                told = f"{path} is not there on {self.branch}: the base branch does not have the workflow of this run"
                yield unknown("workflow", told, "merge the workflow before it is relied on")
                return
            self.steering += [path] if own else []
            yield from self._read(data, path, self.github.runner.job, queue)
            return
        yield from self._workflows_here(queue)

    def _workflows_here(self, queue: bool | None) -> Iterator[Answer]:
        """Look through the workflows of the checkout: outside of a run nothing names the one that counts."""
        from gate.collect.workspace import ReadProblem
        from gate.commands import wiring

        workspace = wiring.open_tree(self.order.workspace, wiring.machine(workspace=self.order.workspace))
        seen = False
        for path in workspace.glob(".github/workflows/*.yml", ".github/workflows/*.yaml")[:100]:
            try:
                data = workspace.read(path, LIMIT).data
            except ReadProblem:
                continue
            gates = read_gates(data, path)
            if isinstance(gates, Gates) and gates.sure:
                seen = True
                self.steering.append(path)
                yield from self._read(data, path, "", queue)
        if not seen:
            told = "no workflow of this checkout is seen to run the gate, so how it is started is not known"
            yield unknown("workflow", told, "look from within the run: the action's command doctor")

    def _read(self, data: bytes, path: str, job: str, queue: bool | None) -> Iterator[Answer]:
        gates = read_gates(data, path, job)
        if isinstance(gates, str):
            yield unknown("workflow", f"{path} {gates}, so how the gate is started is not known")
            return
        self.gates = gates
        yield from workflow_answers(gates, queue=queue, advisory=self.advisory)

    def _required(self) -> Iterator[Answer]:
        runner, name = self.github.runner, self.settings.name
        jobs = self.gates.names if self.gates is not None else None
        names = Names(context_of(name, self.branch), name_of(name, runner.job), jobs, self.branch)
        acting = Acting(self._acting_app(), runner.server_url.rstrip("/") == "https://github.com")
        yield from rule_answers(self.required, names, acting, advisory=self.advisory)

    def _acting_app(self) -> str | None:
        """Return the slug of the app that the token acts as, None for a person's, "" where it is not known."""
        try:
            return self.forge.viewer().app
        except ForgeProblem:
            return ""

    def _owners(self) -> Iterator[Answer]:
        if self.tip is None:
            return
        data, place = None, PLACES[0]
        for place in PLACES:
            data = self.forge.file(place, self.tip, LIMIT)
            if data is not None:
                break
        reviewed = None if self.rules is None else any(rule.code_owners for rule in self.rules)
        yield from owner_answers(data, place, self.steering, reviewed=reviewed)

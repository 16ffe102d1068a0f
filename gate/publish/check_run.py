"""The check run: created before anything is collected, so that a gate which dies leaves it in progress, which blocks.

Check runs hang on a commit, not on a pull request, and several of one name may stand side by side. GitHub's documents
do not say which of them then counts, and whether the conclusion of a completed one can be changed is not certain. So:

- Every attempt makes one of its own; nobody waits for an old one to change.
- The newest run of a base branch speaks. When it ends, the older ones about the same base are made to say the same,
  also those that were left in progress: whichever of them a rule looks at, it finds one answer. Where GitHub refuses
  that, they stay as they are, which is said; the newest is the last one that GitHub lists.
- A run that finds a newer one does not speak. Its own check run says what the newer one says, and `success` only where
  it would have said so itself.
- Two base branches may be told different things about one commit. `success` is then only said when none of the other
  branches into which the commit still is to be merged was told otherwise, and `failure` takes back the success of the
  others. The status, whose context has the branch in it, is exact where this is only careful: it is what to require.

`neutral` and `skipped` are never used: both satisfy a required check.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gate.formats.plain import one_line
from gate.model.annotation import Annotation
from gate.publish.desk import Desk, told
from gate.publish.forge_words import CheckOutput, CheckRun, Conclusion, ForgeProblem, Status, Trouble
from gate.publish.identity import alike
from gate.publish.marks import Mark, page_of, read_mark
from gate.publish.publication import Channel, ChannelResult, ChannelState
from gate.publish.status import context_of, newest
from gate.publish.words import advised

DEFAULT_NAME = "readiness-gate"
_MOST_SUPERSEDED = 10
"""Older check runs that one run changes: each is a request, and after a crash or a rerun there are one or two."""
Ours = tuple[CheckRun, Mark]


def name_of(name: str, job: str) -> str:
    """Return what the check run is called; never as the job, since two checks of one name make a rule ambiguous."""
    made = "Readiness Gate verdict" if name == DEFAULT_NAME else f"{name} verdict"
    return f"{made} (check)" if alike(made, job) else made


def ours(found: Iterable[CheckRun], desk: Desk) -> list[Ours]:
    """Return the check runs of the gate among those of a commit: by name, app and external id, the newest run first."""
    own = [(run, read_mark(run.external_id)) for run in found if run.name == desk.check_name]
    marked = [(run, mark) for run, mark in own if mark is not None and desk.identity.made_check(run)]
    return sorted(marked, key=lambda item: (item[1].order, item[0].id), reverse=True)


def newer(found: Iterable[CheckRun], desk: Desk) -> tuple[Ours | None, bool]:
    """Return the newest run of the gate for the same commit and base branch, if it is newer than this one.

    With it comes whether that is certain: GitHub may not tell us whether there is such a run.
    """
    for run, mark in ours(found, desk):
        if mark.base == desk.mark.base and mark.order > desk.mark.order:
            genuine = desk.runs.genuine(*mark.order, urgent=True)
            if genuine is not False:
                return (run, mark), genuine is True
    return None, False


def passed_by(mark: Mark) -> str:
    """Return why a channel keeps quiet."""
    return f"A newer run ({mark.run}, attempt {mark.attempt}) speaks for this commit; run that one again if need be."


class CheckRunChannel:
    """The check run of one run of the gate."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.run: CheckRun | None = None
        """the check run that is ours, None as long as there is none"""

    def begin(self) -> ChannelResult:
        """Create the check run in progress, unless a newer run is there already. Raises ForgeProblem."""
        desk = self._desk
        later, _certain = newer(desk.forge.check_runs(desk.context.sha, desk.check_name), desk)
        if later is not None:
            return ChannelResult(Channel.CHECK_RUN, ChannelState.STALE, passed_by(later[1]), later[0].url)
        self._create()
        return ChannelResult(Channel.CHECK_RUN, ChannelState.PUBLISHED)

    def complete(
        self,
        output: CheckOutput,
        conclusion: Conclusion,
        batches: Iterable[Sequence[Annotation]],
        found: Sequence[CheckRun],
        statuses: Sequence[Status],
    ) -> ChannelResult:
        """Add the annotations, conclude, and make the older ones agree. Raises ForgeProblem.

        `found` are the check runs and `statuses` the statuses of the commit as they are now.
        """
        later, certain = newer(found, self._desk)
        if later is not None and (certain or conclusion == "success"):  # a no that may be the newest is said
            return self.give_way(later, conclusion, found)
        run = self.run = self.run or self._orphan(found) or self._create()
        if conclusion == "success":
            output, conclusion = self._careful(output, found, statuses)
        done, missing = self._end(run, output, conclusion, batches)
        stuck = self._supersede([item for item in ours(found, self._desk) if item[0].id != run.id], conclusion)
        reason = " ".join(text for text in (missing, stuck) if text)
        return ChannelResult(Channel.CHECK_RUN, ChannelState.PUBLISHED, reason, done.url or run.url)

    def give_way(self, later: Ours, conclusion: Conclusion, found: Sequence[CheckRun]) -> ChannelResult:
        """Leave the word to a newer run; our check run must not stay in progress once that one is through."""
        theirs, mark = later
        own = self.run and next((item for item in found if item.id == self.run.id), self.run)
        if own is not None and theirs.status == "completed":
            both = _agreed(own, theirs, conclusion)
            if own.conclusion != both:
                self._desk.forge.update_check_run(own.id, self._superseded(mark), both)
        return ChannelResult(Channel.CHECK_RUN, ChannelState.STALE, passed_by(mark), theirs.url)

    def conclude(self, output: CheckOutput, conclusion: Conclusion) -> None:
        """Let our check run say something else than before, and nothing about others. Raises ForgeProblem."""
        if self.run is not None:
            self._desk.forge.update_check_run(self.run.id, output, conclusion)

    def _orphan(self, found: Sequence[CheckRun]) -> CheckRun | None:
        """Return the check run of this very run whose creation we were not told of."""
        own = (run for run, mark in ours(found, self._desk) if mark == self._desk.mark)
        return next((run for run in own if run.status != "completed"), None)

    def _create(self) -> CheckRun:
        desk = self._desk
        title = advised("the gate is at work", advisory=desk.advisory)
        output = CheckOutput(title, "There is no verdict yet. As long as this check is in progress, it blocks.")
        self.run = desk.forge.create_check_run(
            desk.context.sha, desk.check_name, str(desk.mark), output, desk.context.run_url
        )
        desk.identity.learn_check(self.run)
        return self.run

    def _end(
        self, run: CheckRun, output: CheckOutput, conclusion: Conclusion, batches: Iterable[Sequence[Annotation]]
    ) -> tuple[CheckRun, str]:
        """Conclude, with the last annotations in the same request; without them where GitHub refuses it for them."""
        update = self._desk.forge.update_check_run
        last, lost, why = self._annotate(run, output, batches)
        try:
            done = update(run.id, replace(output, annotations=last), conclusion)
        except ForgeProblem as problem:
            if not last or problem.trouble is not Trouble.INVALID:
                raise
            lost, why = lost + len(last), told(Channel.LOG, problem)
            done = update(run.id, output, conclusion)
        return done, f"{lost} annotations are missing: {why}" if lost else ""

    def _annotate(
        self, run: CheckRun, output: CheckOutput, batches: Iterable[Sequence[Annotation]]
    ) -> tuple[Sequence[Annotation], int, str]:
        """Add all annotations but the last, and return those, how many are lost, and why. The verdict does not wait."""
        *earlier, last = list(batches) or [()]
        lost, why = 0, ""
        for number, batch in enumerate(earlier):
            part = CheckOutput(output.title, "The annotations are being written.", annotations=batch)
            try:
                self._desk.forge.update_check_run(run.id, part)
            except ForgeProblem as problem:
                lost, why = lost + len(batch), told(Channel.LOG, problem)
                if problem.trouble is not Trouble.INVALID:  # one that is refused says nothing of the next
                    return (), lost + sum(map(len, (*earlier[number + 1 :], last))), why
        return last, lost, why

    def _supersede(self, others: Sequence[Ours], conclusion: Conclusion) -> str:
        """Make older check runs of ours say the same; return a sentence about those that do not."""
        contrary = [run for run, mark in others if self._contradicts(run, mark, conclusion)]
        stuck = len(contrary[_MOST_SUPERSEDED:])
        for run in contrary[:_MOST_SUPERSEDED]:
            try:
                self._desk.forge.update_check_run(run.id, self._superseded(self._desk.mark), conclusion)
            except ForgeProblem:
                stuck += 1
        return f"{stuck} older check runs of this name still say something else." if stuck else ""

    def _contradicts(self, run: CheckRun, mark: Mark, conclusion: Conclusion) -> bool:
        if mark.base == self._desk.mark.base:
            return run.conclusion != conclusion
        return conclusion == "failure" and run.conclusion == "success"

    def _superseded(self, by: Mark) -> CheckOutput:
        text = f"The verdict is that of {page_of(self._desk.context, by)}."
        return CheckOutput(f"Superseded by run {by.run}, attempt {by.attempt}", text)

    def _careful(
        self, output: CheckOutput, found: Sequence[CheckRun], statuses: Sequence[Status]
    ) -> tuple[CheckOutput, Conclusion]:
        """Return `failure` where the same commit is to go into another branch, too, and may not."""
        against = [base for base, run in self._elsewhere(found).items() if self._unmet(base, run, statuses)]
        # Advice is no exception: on a push the policy is the branch's own, and its author could make it advisory.
        if not against or not self._still_open(against):
            return output, "success"
        branch = one_line(against[0], 80)
        text = (
            "This commit meets the policy for this pull request, and does not for another branch that it is to be "
            "merged into. A check run cannot tell branches apart, so it fails for both; the status can: require that."
        )
        return CheckOutput(
            f"Not for every branch: no go into {branch}", f"{text}\n\n{output.summary}"[:65_000]
        ), "failure"

    def _elsewhere(self, found: Sequence[CheckRun]) -> dict[str, CheckRun]:
        """Return the newest check run of each other base branch."""
        newest_of: dict[str, CheckRun] = {}
        for run, mark in ours(found, self._desk):
            if mark.base != self._desk.mark.base:
                newest_of.setdefault(mark.base, run)
        return newest_of

    def _unmet(self, base: str, run: CheckRun, statuses: Sequence[Status]) -> bool:
        """Whether another branch was told no. Its status says so; the check run may only be careful, as ours."""
        status = newest(statuses, context_of(self._desk.name, base), self._desk.identity)
        return status.state in ("failure", "error") if status is not None else run.conclusion == "failure"

    def _still_open(self, bases: Sequence[str]) -> bool:
        """Whether the commit is the head of an open pull request into one of the branches; True where nobody knows."""
        context = self._desk.context
        try:
            pulls = self._desk.forge.pulls_of_commit(context.sha)
        except ForgeProblem:
            return True
        return any(item.state == "open" and item.base_ref in bases and item.head_sha == context.sha for item in pulls)


def _agreed(own: CheckRun, theirs: CheckRun, conclusion: Conclusion) -> Conclusion:
    """Return what our check run says beside that of a newer run which is through.

    One that was made before says what the newer one says. One that was made after it, by running an older run once
    more, is what GitHub takes for the latest: there it takes both to say success.
    """
    fine = theirs.conclusion == "success" and (own.id < theirs.id or conclusion == "success")
    return "success" if fine else "failure"

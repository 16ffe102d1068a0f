"""Evidence that past runs left: bundles in a folder, or artefacts on GitHub. Both are other people's data.

A bundle counts for a commit when its manifest names that commit, or, for a merge, one of the commits that were merged.
On GitHub the pull request of a commit, its runs and their artefact are looked up; nothing in an artefact says what it
is about, it is only held against what GitHub says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from gate.collect.bundle import MANIFEST, Bundle, BundleError, read_bundle
from gate.commands.bundles import from_other_jobs, read_archive
from gate.errors import UserError
from gate.formats.plain import one_line

if TYPE_CHECKING:
    from gate.collect.git_history import PastCommit
    from gate.model.policy import TrustSettings
    from gate.publish.forge import Forge
    from gate.publish.forge_words import WorkflowRun

Log = Callable[[str], None]
_DEEPEST = 3
_MOST_BUNDLES = 1_000
_MOST_RUNS = 10
"""Runs of one commit whose artefacts are asked for: each is a request."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a past run left, and where it was found."""

    bundle: Bundle
    where: str


@dataclass(frozen=True, slots=True)
class Saved:
    """Bundles of a folder, by the commit that they are of and by the one that their run was about."""

    by_commit: dict[str, dict[str, Bundle]] = field(default_factory=dict)

    def of(self, commit: PastCommit) -> Left | None:
        """Return what there is for a commit: of itself, else of what it merged. Raises BundleError."""
        for id_ in (commit.id, *commit.parents[1:]):
            found = self.by_commit.get(id_)
            if found:
                return Left(from_other_jobs(found), ", ".join(sorted(found)))
        return None


def read_saved(folder: Path, log: Log) -> Saved:
    """Read the bundles in a folder and in those below it; one that cannot be used is logged and left out.

    Raises UserError where the folder is none, or holds no bundle at all.
    """
    from gate.commands.wiring import validate

    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; name the one with the bundles of past runs with --bundles.")
    places = list(islice(_places(folder, 0), _MOST_BUNDLES + 1))
    if not places:
        raise UserError(f"{folder} holds no bundle: there is no {MANIFEST} in it or in the folders below it.")
    if len(places) > _MOST_BUNDLES:
        raise UserError(f"{folder} holds more than {_MOST_BUNDLES:,} bundles; name a folder with fewer.")
    saved = Saved()
    for place in places:
        name = place.relative_to(folder).as_posix()
        try:
            bundle = read_bundle(place, validate)
        except BundleError as error:
            log(f"{one_line(name, 100)} is left out: {one_line(str(error), 300)}")
            continue
        for id_ in {bundle.commit, bundle.made.head_sha} - {None, ""}:
            assert id_ is not None
            saved.by_commit.setdefault(id_, {})[one_line(name, 100)] = bundle
    return saved


def _places(folder: Path, depth: int) -> Iterator[Path]:
    if (folder / MANIFEST).exists():
        yield folder
    elif depth < _DEEPEST:
        for path in sorted(folder.iterdir()):
            if path.is_dir() and not path.is_symlink():
                yield from _places(path, depth + 1)


@dataclass(frozen=True, slots=True)
class OnGitHub:
    """Artefacts of past runs. `artifact` is their name."""

    forge: Forge
    trust: TrustSettings
    artifact: str
    log: Log

    def of(self, commit: PastCommit) -> Left | None:
        """Return what the run of a commit's pull request left, or the commit's own run. Raises BundleError."""
        from gate.publish.forge_words import ForgeProblem

        try:
            for run in islice(self._runs(commit), _MOST_RUNS):
                found = self._left_by(run)
                if found is not None:
                    return found
        except ForgeProblem as problem:
            self.log(f"{commit.id[:8]}: GitHub {problem.reason}, so evidence of its run is not known.")
        return None

    def _runs(self, commit: PastCommit) -> Iterator[WorkflowRun]:
        """Yield the runs that were about a commit: of the pull request that brought it, then its own."""
        pulls = [pull for pull in self.forge.pulls_of_commit(commit.id) if pull.merged]
        pulls = [pull for pull in pulls if pull.merge_sha == commit.id or pull.head_sha in commit.parents[1:]] or pulls
        for head, event in [*((pull.head_sha, "pull_request") for pull in pulls), (commit.id, "push")]:
            wanted = self.trust.collected_by
            for run in self.forge.workflow_runs(head, event):
                if run.head_sha == head and (not wanted or run.path in wanted):
                    yield run

    def _left_by(self, run: WorkflowRun) -> Left | None:
        from gate.publish.second_stage import ARTIFACT_LIMIT, NoBundle, choose_artifact

        listed = self.forge.artifacts(run.id, self.artifact)
        chosen = choose_artifact(listed, self.artifact, run)
        if isinstance(chosen, NoBundle):
            if listed:
                self.log(chosen.reason)
            return None
        data = self.forge.download_artifact(chosen.id, ARTIFACT_LIMIT)
        if chosen.digest is not None and chosen.digest != f"sha256:{hashlib.sha256(data).hexdigest()}":
            raise BundleError(f"the artefact of run {run.id} is not what GitHub's digest says")
        return Left(_unpacked(data, run), f"run {run.id}")


def _unpacked(data: bytes, run: WorkflowRun) -> Bundle:
    """Read the bundle of an artefact's archive. Raises BundleError."""
    bundles = read_archive(data, "evidence")
    for bundle in bundles.values():
        if bundle.made.run_id not in (None, run.id) or bundle.made.head_sha not in ("", run.head_sha):
            raise BundleError(f"the artefact of run {run.id} says that it is of another run or commit")
    return from_other_jobs(bundles)

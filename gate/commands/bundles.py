"""Bundles that other jobs made: read, held against the run that they say they are of, and put together."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gate.collect.bundle import MANIFEST, Bundle, BundleError, read_bundle
from gate.collect.bundle_merge import MOST_LEGS, merged
from gate.model.evidence import Collected, Evidence, How, Missing, Source
from gate.publish.event import EventContext

if TYPE_CHECKING:
    from gate.collect.workspace import Workspace


_ALWAYS_APPLY = ("tests", "coverage")
_THEIR_WORD = "as the job under review says: whoever writes the change can forge it"


_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def read_bundles(folder: Path) -> dict[str, Bundle]:
    """Return the bundle that a folder is, or those that its folders are, by name. Raises BundleError."""
    from gate.commands.wiring import validate

    if not folder.is_dir() or folder.is_symlink():
        raise BundleError(f"{folder} is not a folder. `gate collect --bundle {folder}` makes one.")
    if (folder / MANIFEST).exists():
        return {folder.name or "bundle": read_bundle(folder, validate)}
    found = sorted(path for path in folder.iterdir() if (path / MANIFEST).exists())
    if not found:
        raise BundleError(
            f"{folder} is no bundle and holds none: there is no {MANIFEST} in it or in a folder of it. "
            "`gate collect --bundle DIR` makes one."
        )
    if len(found) > MOST_LEGS:
        raise BundleError(f"{folder} holds {len(found):,} bundles; at most {MOST_LEGS} are judged together.")
    return {path.name[:100]: read_bundle(path, validate) for path in found}


def refuse_tracked(workspace: Workspace, folder: Path) -> None:
    """Raise BundleError where git tracks anything of a folder of bundles: the change could have brought it along."""
    real = folder.resolve()
    if workspace.has_git and real.is_relative_to(workspace.root):
        path = real.relative_to(workspace.root).as_posix()
        if path == "." or workspace.holds_tracked(path):
            raise BundleError(
                f"{folder} holds files that are tracked in git, so it is not evidence of this run. Name a folder that "
                "only other jobs write to."
            )


def from_other_jobs(bundles: Mapping[str, Bundle]) -> Bundle:
    """Return one bundle of several, all of it supplied: whoever wrote it could say of it what they liked."""
    whole = merged(bundles)
    return replace(whole, evidence=tuple(map(supplied, whole.evidence)))


def check_made(name: str, bundle: Bundle, context: EventContext) -> None:
    """Hold what a bundle says of its run against this one. Raises BundleError where it is of another.

    An older attempt of the same run is fine: "Re-run failed jobs" keeps what the others left.
    """
    run = context.triggering_run
    run_id, attempt = (run.id, run.attempt) if run is not None else (context.run_id, context.attempt)
    made = bundle.made
    told = f"The bundle {name} says that it was made"
    if made.run_id not in (None, run_id) or (made.attempt or 0) > attempt:
        raise BundleError(
            f"{told} in run {made.run_id}, attempt {made.attempt}, and this is about run {run_id}, {attempt}."
        )
    if made.repository and made.repository.lower() != context.repository.lower():
        raise BundleError(f"{told} for another repository than {context.repository}.")
    if made.head_sha and context.sha and made.head_sha != context.sha:
        raise BundleError(
            f"{told} for the commit {made.head_sha[:12]}, and this run is about {context.sha[:12]}. Collect it again."
        )


def supplied(evidence: Evidence) -> Evidence:
    """Return evidence whose sources are all supplied.

    That there is nothing of a kind is another job's word as well: it is told as such, and never taken for tests and
    coverage, which always apply.
    """
    if isinstance(evidence, Missing):
        if evidence.not_applicable and evidence.kind not in _ALWAYS_APPLY:
            return replace(evidence, reason=f"{evidence.reason.rstrip('.')}, {_THEIR_WORD}")
        return replace(evidence, not_applicable=False)
    sources = tuple(replace(source, how=How.SUPPLIED) for source in evidence.sources)
    if isinstance(evidence, Collected) and not sources:
        sources = (Source(How.SUPPLIED, tool="another job"),)
    return replace(evidence, sources=sources)


def with_own(bundle: Bundle, own: Bundle) -> Bundle:
    """Return a bundle in which what we collected ourselves stands in place of what was said of the same kinds."""
    kinds = {item.kind for item in own.evidence}
    return replace(bundle, evidence=(*(item for item in bundle.evidence if item.kind not in kinds), *own.evidence))


def read_archive(data: bytes, name: str) -> dict[str, Bundle]:
    """Return the bundles in an artefact's archive, of which nothing is believed. `name` is what they are called.

    Raises BundleError, whose words hold no path of this machine.
    """
    from gate.collect.unpack import Bounds, UnpackProblem, unpack_zip

    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as folder:
        inside = Path(folder) / (name if _PLAIN.fullmatch(name) else "bundle")
        inside.mkdir()
        try:
            unpack_zip(data, inside, Bounds())
            return read_bundles(inside)
        except UnpackProblem as problem:
            raise BundleError(f"The archive {problem.reason}.") from None
        except BundleError as error:
            raise BundleError(str(error).replace(f"{folder}/", "")) from None

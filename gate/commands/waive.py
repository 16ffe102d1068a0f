"""`gate waive CRITERION`: write a dated exception into the waivers of the policy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.errors import MistakesError, UserError

if TYPE_CHECKING:
    from gate.model.policy import Policy, Waiver, Waiving

DEFAULT_POLICY = ".gate/policy.yml"
DEFAULT_FILE = ".gate/waivers.yml"
_LIMIT = 256 * 1024
_USUAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Written:
    """A file of waivers with one more. `names_it` is False where the policy does not name the file yet."""

    file: str
    before: bytes | None
    after: bytes
    names_it: bool
    policy: Policy


@click.command("waive")
@click.argument("criterion", metavar="CRITERION")
@click.option("--reason", required=True, metavar="TEXT", help="Why it may be missed for now.")
@click.option("--owner", required=True, metavar="NAME", help="Who answers for it: a person or a team.")
@click.option("--link", default="", metavar="URL", help="Where it is tracked.")
@click.option("--until", metavar="DATE", help="The last day on which it holds, in UTC: YYYY-MM-DD.")
@click.option("--days", type=click.IntRange(0, 3650), metavar="N", help="How many days it holds.  [default: 30]")
@click.option(
    "--finding", "findings", multiple=True, metavar="FINGERPRINT", help="Waive this finding alone; repeatable."
)
@click.option(
    "--workspace", type=click.Path(path_type=Path, file_okay=False), default=Path(), metavar="DIR", help="The checkout."
)
@click.option("--policy", type=click.Path(path_type=Path), metavar="FILE", help=f"[default: {DEFAULT_POLICY}]")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
def command(
    criterion: str,
    reason: str,
    owner: str,
    link: str,
    until: str | None,
    days: int | None,
    findings: tuple[str, ...],
    workspace: Path,
    policy: Path | None,
    dry_run: bool,
) -> int:
    """Write a dated exception to a criterion, or to single findings of it, into the waivers of the policy."""
    from gate.commands.wiring import now
    from gate.judge.waiver_days import day_of
    from gate.model.policy import Waiver
    from gate.publish.files import write_report

    today = day_of(now())
    named = policy if policy is not None else workspace / DEFAULT_POLICY
    data = _read(named, workspace)
    if data is None:
        raise UserError(f"There is no policy {named}; `gate init` writes one.")
    waiver = Waiver(criterion, _line(reason), _line(owner), "", link, tuple(dict.fromkeys(findings)), today.isoformat())
    names = waiver_files(data) or (DEFAULT_FILE,)
    files = {name: content for name in names if (content := _read(workspace / name, workspace)) is not None}
    waiving = waiving_in(data)
    waiver = _dated(waiver, _last_day(until, days, waiving, today), today, waiving)
    written = add_waiver(data, str(named), files, waiver, today)
    if not dry_run:
        write_report(workspace / written.file, written.after.decode(), workspace)
    click.echo(_told(written, waiver, named, today, dry_run=dry_run))
    return 0


def add_waiver(policy: bytes, name: str, files: Mapping[str, bytes], waiver: Waiver, today: date) -> Written:
    """Return the policy's file of waivers with one more, read back and found right. Pure; `name` is the policy's.

    `files` are those that the policy names and that are there. Raises MistakesError for what is wrong with them
    already, UserError for what the rules refuse of the new one.
    """
    from gate.judge.catalogue import load_catalogue
    from gate.judge.policy_file import read_policy
    from gate.judge.waiver_days import standing
    from gate.judge.waiver_text import with_waiver

    catalogue = load_catalogue()
    named = waiver_files(policy)
    file = named[0] if named else DEFAULT_FILE
    # A file that is named and not there yet is the one that is about to be made.
    there = dict.fromkeys((*named, file), b"version: 1\nwaivers: []\n") | {**files}
    # Where the policy names no file, what it would say with the line that it lacks.
    asked = policy if named else policy.rstrip() + f"\nwaivers: {file}\n".encode()
    before = read_policy(asked, catalogue=catalogue, path=name, waivers=there)
    after = with_waiver(files.get(file), waiver, file=file)
    try:
        read = read_policy(asked, catalogue=catalogue, path=name, waivers={**there, file: after})
    except MistakesError as error:
        raise UserError(_refused(error)) from None
    every = [*before.waivers, waiver]
    if sorted(map(repr, read.waivers)) != sorted(map(repr, every)) or not _kept(files.get(file, b""), after):
        raise UserError(f"{file} would not say what it says now and the new waiver; nothing was written.")
    holds = standing(waiver, read.waiving, today)
    if not holds.holds:
        raise UserError(f"This would not hold: {holds.told}. Nothing was written.")
    return Written(file, files.get(file), after, bool(named), read)


def waiving_in(policy: bytes) -> Waiving:
    """Return which waivers a policy takes; what is wrong with it is told when it is read as a whole."""
    from gate.formats.strict_yaml import load
    from gate.judge.waiver_file import waiving_of

    try:
        value = load(policy, file="").value
    except MistakesError:
        value = None
    section = value.get("waiving") if isinstance(value, dict) else None
    return waiving_of(section if isinstance(section, dict) else {})


def _last_day(until: str | None, days: int | None, waiving: Waiving, today: date) -> date:
    if until is not None and days is not None:
        raise UserError("--until and --days both say how long; give one of them.")
    if until is None:
        return today + timedelta(days=min(_USUAL_DAYS, waiving.max_days) if days is None else days)
    try:
        last = datetime.strptime(until, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, not a moment
    except ValueError:
        raise UserError(f"--until {until}: there is no such day; write YYYY-MM-DD.") from None
    return last


def _dated(waiver: Waiver, last: date, today: date, waiving: Waiving) -> Waiver:
    from dataclasses import replace

    latest = today + timedelta(days=waiving.max_days)
    if last < today:
        raise UserError(f"{last} is over; today is {today} (UTC).")
    if last > latest:
        raise UserError(
            f"{last} is {(last - today).days:,} days ahead; the policy allows {waiving.max_days:,} at most "
            f"(waiving › max_days), so {latest} is the latest."
        )
    return replace(waiver, expires=last.isoformat())


def waiver_files(policy: bytes) -> tuple[str, ...]:
    """Return the files of waivers that a policy names."""
    from gate.judge.policy_file import waiver_paths

    return waiver_paths(policy)


def _kept(before: bytes, after: bytes) -> bool:
    """Whether what is new is one piece, and all that was there stands before and behind it.

    The brackets of an empty list are the one thing that may go: the list has an entry then.
    """
    import re

    without = [before[: found.start()] + before[found.end() :] for found in re.finditer(rb" *\[\s*\]", before)]
    return any(_is_within(old, after) for old in (before, *without))


def _is_within(old: bytes, new: bytes) -> bool:
    same = next((index for index, (one, two) in enumerate(zip(old, new, strict=False)) if one != two), len(old))
    return len(old) <= len(new) and new.endswith(old[same:])


def _refused(error: MistakesError) -> str:
    told = "\n".join(" ".join(mistake.text.split()) for mistake in error.mistakes)
    return f"{told}\nNothing was written."


def _line(text: str) -> str:
    return " ".join(text.split())


def _read(path: Path, workspace: Path) -> bytes | None:
    """Return a file that is there; in the workspace no link leads to it. Raises UserError."""
    from gate.collect.named_file import NamedFileProblem, read_named

    inside = Path(os.path.abspath(path)).is_relative_to(Path(os.path.abspath(workspace)))  # noqa: PTH100 - no links
    if inside and not path.parent.resolve().is_relative_to(workspace.resolve()):
        raise UserError(f"{path} leads out of the workspace; name another file.")
    try:
        return read_named(path, _LIMIT, follow=not inside)
    except NamedFileProblem as problem:
        raise UserError(f"{path} {problem.reason}; a plain file of at most 256 KB is read.") from problem


def _told(written: Written, waiver: Waiver, policy: Path, today: date, *, dry_run: bool) -> str:
    from gate.judge.waiver_text import entry

    days = (date.fromisoformat(waiver.expires) - today).days
    head = "Would be written to" if dry_run else "Written to"
    lines = [f"{head} {written.file}:", "", *entry(waiver), ""]
    if not written.names_it:
        lines += [f"{policy} names no waivers yet. Add this line to it:", "", f"waivers: {written.file}", ""]
    lines.append(f"It holds through {waiver.expires} (UTC), {days} {'day' if days == 1 else 'days'} from now.")
    if not waiver.findings:
        lines.append("It waives the criterion whatever it finds; --finding waives single findings.")
    if waiver.criterion not in {criterion.id for criterion in written.policy.criteria}:
        lines.append(f"This policy does not judge {waiver.criterion}, so there is nothing to waive today.")
    lines.append(
        "Commit it in a pull request of its own: waivers are read from the base branch, and hold once they are there."
    )
    return "\n".join(lines)

"""`gate collect`: collect evidence and judge nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gate.commands.options import Order, collect_options
from gate.model.policy import Phase


@click.command("collect")
@collect_options
def command(
    workspace: Path,
    policy: Path | None,
    policy_from: str | None,
    profile: str | None,
    phase: Phase,
    only: tuple[str, ...],
    base: str | None,
    evidence: tuple[str, ...],
    bundle: Path | None,
    cache_dir: Path | None,
    format_: str,
    output: Path | None,
    quiet: bool,
    verbose: bool,
) -> int:
    """Collect evidence: every kind, or those of --only. Needs no policy.

    The exit code is 0 however good or bad the evidence is; judging it is what `gate evaluate` does.
    """
    from gate.commands.work import check, collect_only, progress_for
    from gate.publish.files import write_report
    from gate.report.json_v1 import evidence_document, json_text
    from gate.report.summaries import table
    from gate.stopping import stop_if_told

    order = Order(
        workspace,
        policy,
        profile,
        only,
        phase,
        base,
        evidence,
        bundle,
        format_,
        output,
        quiet=quiet,
        verbose=verbose,
        cache_dir=cache_dir,
        policy_from=policy_from,
    )
    found = collect_only(order, progress_for(order, sys.stderr))
    if format_ == "json":
        document = evidence_document(found.evidence, found.commit)
        check("evidence-document", document)
        text = json_text(document)
    else:
        text = table(found.evidence)
    stop_if_told()
    if output is not None:
        write_report(output, text, workspace)
    else:
        sys.stdout.write(text)
    return 0

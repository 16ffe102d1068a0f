"""The workflow that `gate init --workflow` writes: examples/workflows/same-repository.yml, made to fit the tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import click

from gate.errors import UserError
from gate.publish.files import write_report

WORKFLOW = ".github/workflows/readiness.yml"
_TEMPLATE = Path(__file__).parent / "data/workflow.yml"
_FIRST_STEP = "      - name: Install what the tests need\n"
_NEXT_STEP = "      - name: Keep the reports\n"
_EVIDENCE = "          evidence: |\n"


@dataclass(frozen=True, slots=True)
class Tests:
    """How the tests of one ecosystem leave their reports: what to run, in words, and globs of what it writes."""

    name: str
    run: tuple[str, ...]
    tests: str
    coverage: str


def write_workflow(workspace: Path, found: Sequence[Tests], *, stdout: bool) -> None:
    """Write the workflow, or print it. Raises UserError where there is one already."""
    text = workflow(found)
    target = workspace / WORKFLOW
    if stdout:
        click.echo(text, nl=False)
        return
    if target.exists() or target.is_symlink():
        raise UserError(f"{target} is there already; `gate init --workflow --stdout` prints what would be written.")
    write_report(target, text, workspace)
    click.echo(
        f"Wrote {target}. Change how the tests are installed and run, and put a release's commit behind "
        "readiness-gate/readiness-gate@. Its head says what to set in the repository's settings."
    )


def workflow(found: Sequence[Tests]) -> str:
    """Return the text of the workflow. It is written for pytest; where that is what there is, it stays as it is.

    Other tests are run by `make test`, which has to bring their reports into reports/: the next job takes that folder
    and nothing else.
    """
    text = _TEMPLATE.read_text(encoding="utf-8")
    if [item.name for item in found] == ["pytest"]:
        return text
    before, _first, rest = text.partition(_FIRST_STEP)
    _steps, _next, after = rest.partition(_NEXT_STEP)
    text = before + _script(found) + _NEXT_STEP + after
    head, _mark, tail = text.partition(_EVIDENCE)
    kept = tail.split("\n")[2:]
    return head + _EVIDENCE + _pairs(found) + "\n".join(kept)


def _script(found: Sequence[Tests]) -> str:
    hints = [f"      # {item.name}: {line}\n" for item in found for line in item.run]
    told = "      # A target of yours: it runs the tests and leaves their reports in reports/.\n"
    return f"{told}{''.join(hints)}      - name: Test\n        run: make test\n"


def _pairs(found: Sequence[Tests]) -> str:
    """Return where the reports lie after `make test` has put them together: the names that the tools give them."""
    tests = [PurePosixPath(item.tests).name for item in found] or ["junit*.xml"]
    coverage = [PurePosixPath(item.coverage).name for item in found] or ["coverage.xml"]
    names = [("tests", name) for name in tests] + [("coverage", name) for name in coverage]
    lines = dict.fromkeys(f"            {kind}.reports=reports/{name}\n" for kind, name in names)
    return "".join(lines)

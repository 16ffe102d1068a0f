"""What the pages about the examples say is so."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import click
import pytest
import yaml

from gate.cli import COMMANDS
from gate.collect.readers.document import read_document

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PAGES = [*sorted(EXAMPLES.glob("*.md")), ROOT / "docs/releasing.md", ROOT / "docs/action.md"]
README = (EXAMPLES / "README.md").read_text(encoding="utf-8")
LOCAL = (EXAMPLES / "local.md").read_text(encoding="utf-8")
RELEASING = (ROOT / "docs/releasing.md").read_text(encoding="utf-8")


def links(path: Path) -> set[str]:
    found = {link.target for link in read_document(path.read_text(encoding="utf-8"), markdown=True).links}
    return {target.partition("#")[0] for target in found if not re.match(r"[a-z]+:|#", target)}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    assert [target for target in sorted(links(path)) if not (path.parent / target).exists()] == []


def test_every_example_stands_in_the_tables_and_no_other() -> None:
    there = {str(path.relative_to(EXAMPLES)) for path in EXAMPLES.rglob("*") if path.is_file()} - {"README.md"}
    assert {target for target in links(EXAMPLES / "README.md") if not target.startswith("..")} == there


def test_lines_stay_within_the_width_of_a_screen() -> None:
    files = sorted(EXAMPLES.rglob("*.yml"))
    long = [f"{path.name}:{n}" for path in files for n, line in enumerate(path.read_text("utf-8").splitlines(), 1)
            if len(line) > 120]  # fmt: skip
    assert long == []


def test_the_noughts_are_those_of_the_workflows() -> None:
    (said,) = set(re.findall(r"readiness-gate/readiness-gate@[0-9a-f]{40} # v\d+", README))
    for path in (EXAMPLES / "workflows").glob("*.yml"):
        assert said in path.read_text(encoding="utf-8")


def test_the_commands_of_the_preflight_are_there() -> None:
    calls = re.findall(r"`… ([^`]+)`", LOCAL)
    assert len(calls) >= 4
    for call in calls:
        name, *words = call.split()
        assert name in COMMANDS
        command = import_module(f"gate.commands.{name}").command
        known = {option for parameter in command.get_params(click.Context(command)) for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known


def test_the_version_of_the_preflight_is_this_one() -> None:
    from gate import __version__

    assert set(re.findall(r"readiness-gate/readiness-gate:(\d[\d.]*\d)", LOCAL)) == {__version__}


def test_the_page_about_releases_tells_of_every_job_and_its_rights() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))["jobs"]
    rows = dict(re.findall(r"^\| (\w+) \| ([^|]+) \| ", RELEASING, re.MULTILINE))
    rows.pop("Job")
    assert list(rows) == list(jobs)
    for name, rights in rows.items():
        writes = {key for key, value in jobs[name]["permissions"].items() if value == "write"}
        told = {word for word in ("packages", "attestations", "contents") if word in rights}
        assert told == writes - {"id-token"}


def test_the_page_about_releases_names_the_pin() -> None:
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    (pin,) = set(re.findall(r"actions/attest@([0-9a-f]{40}) # v4\.1\.0", text))
    assert f"v4.1.0 is pinned to `{pin}`" in RELEASING

"""What the pages for users say is held against the code: keys, tables, examples, links, commands and exit codes."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from html import unescape
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import click
import pytest
import yaml
from packaging.requirements import Requirement

from gate import errors
from gate.cli import COMMANDS, NOT_YET, root
from gate.collect.readers.document import read_document
from gate.errors import MistakesError
from gate.judge.catalogue import load_catalogue
from gate.judge.policy_file import read_policy
from gate.judge.settings_evidence import evidence_settings
from gate.judge.waiver_file import Waivable, read_waivers
from tests.support import workflows

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.glob("*.md")])
CATALOGUE = load_catalogue()
_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TICKED = re.compile(r"`([^`]+)`")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name: str, info: str) -> list[str]:
    return [match[2] for match in _BLOCK.finditer(page(name)) if match[1] == info]


def section(name: str, heading: str) -> str:
    """What stands below a heading, up to the next one of level 2."""
    return page(name).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of tables, without heads and rules; `\\|` is a bar within a cell."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    rules = {index for index, row in enumerate(cells) if all(re.fullmatch(r":?-+:?", cell) for cell in row)}
    return [row for index, row in enumerate(cells) if index not in rules and index + 1 not in rules]


def ticked(cell: str) -> list[str]:
    return _TICKED.findall(cell)


# --- the policy ----------------------------------------------------------------------------------------------------


def policy_document(text: str) -> bytes:
    return (text if text.startswith("version:") else f"version: 1\n{text}").encode()


@pytest.mark.parametrize("text", [*blocks("policy.md", "yaml"), *blocks("waivers.md", "yaml")])
def test_every_example_of_a_policy_is_read_without_a_mistake(text: str) -> None:
    data = policy_document(text)
    if isinstance(yaml.safe_load(data).get("waivers"), list):
        waivers, mistakes = read_waivers(data, file="w", waivable=Waivable(CATALOGUE.criteria))
        assert waivers
        assert mistakes == []
    else:
        empty = {".gate/waivers.yml": b"version: 1\nwaivers: []\n"}
        assert read_policy(data, catalogue=CATALOGUE, waivers=empty).criteria


def test_every_mistake_of_the_page_is_what_the_gate_says() -> None:
    wrong, said = blocks("policy.md", "yaml wrong"), blocks("policy.md", "text")
    assert len(wrong) == len(said) == 2
    for text, answer in zip(wrong, said, strict=True):
        with pytest.raises(MistakesError) as caught:
            read_policy(text.encode(), catalogue=CATALOGUE, path=".gate/policy.yml")
        assert f"{caught.value}\n" == answer


def test_the_page_of_the_policy_names_all_of_its_keys_and_no_other() -> None:
    schema = json.loads((ROOT / "schemas/policy.schema.json").read_text(encoding="utf-8"))
    told = rows(section("policy.md", "What is the least that a policy can say?"))
    assert {ticked(row[0])[0] for row in told} == set(schema["properties"])


def test_the_page_of_the_policy_names_the_settings_of_every_kind_and_no_other() -> None:
    schema = json.loads((ROOT / "schemas/policy.schema.json").read_text(encoding="utf-8"))
    wanted = {kind: set(item["properties"]) for kind, item in schema["properties"]["evidence"]["properties"].items()}
    told: dict[str, set[str]] = {}
    kinds: list[str] = []
    for row in rows(section("policy.md", "Where do the reports lie?")):
        kinds = ticked(row[0]) or kinds
        for kind in kinds:
            told.setdefault(kind, set()).update(ticked(row[1]))
    assert told == wanted


def test_the_page_of_the_policy_names_the_keys_of_a_criterion() -> None:
    schema = json.loads((ROOT / "schemas/policy.schema.json").read_text(encoding="utf-8"))["$defs"]
    told = rows(section("policy.md", "How do I change a criterion of the catalogue?"))
    assert {name for row in told for name in ticked(row[0])} == set(schema["override"]["properties"])
    own = section("policy.md", "How do I write a criterion of my own?")
    assert {name for name in schema["own"]["properties"] if name not in own} == set()


# --- the action ----------------------------------------------------------------------------------------------------


def action() -> dict[str, dict[str, dict[str, str]]]:
    found = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_the_inputs_of_the_action_are_those_of_the_page() -> None:
    wanted = [
        [f"`{name}`", f"`{item['default']}`" if item["default"] else "", item["description"]]
        for name, item in action()["inputs"].items()
    ]
    assert rows(section("action.md", "Inputs")) == wanted


def test_the_outputs_of_the_action_are_those_of_the_page() -> None:
    wanted = [[f"`{name}`", item["description"]] for name, item in action()["outputs"].items()]
    assert rows(section("action.md", "Outputs")) == wanted


def gate_steps(text: str) -> Iterator[dict[str, dict[str, str]]]:
    """The steps in YAML of any shape that use the action."""
    waiting = [yaml.safe_load(text)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if str(value.get("uses", "")).startswith("readiness-gate/"):
                yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


@pytest.mark.parametrize("path", [ROOT / "README.md", DOCS / "action.md"], ids=lambda path: path.name)
def test_workflows_use_inputs_that_there_are(path: Path) -> None:
    texts = [match[2] for match in _BLOCK.finditer(path.read_text(encoding="utf-8")) if match[1] == "yaml"]
    steps = [step for text in texts for step in gate_steps(text)]
    assert steps
    for step in steps:
        assert set(step["with"]) <= set(action()["inputs"])
        given = step["with"].get("evidence", "")
        assert bool(evidence_settings(given.splitlines())) is bool(given)


def test_the_workflow_has_what_makes_its_check_hold() -> None:
    # The page says `@v0` where the examples wait for a release's commit; all else is as in them.
    text = blocks("action.md", "yaml")[0].replace("readiness-gate@v0", f"readiness-gate@{'0' * 40} # v0")
    workflow = workflows.read(text)
    assert workflows.mistakes(workflow) == []
    collect = next(job for job in workflow.jobs if job.id == "collect")
    assert collect.steps[0]["with"] == {"fetch-depth": 0, "persist-credentials": False}
    commands = [step["with"]["command"] for job in workflow.jobs for step in job.gate_steps]
    assert commands == ["collect", "publish"]


def test_the_rights_that_the_page_asks_for_are_those_of_the_workflows() -> None:
    table = rows(section("action.md", "What does it publish, and which rights does that need?"))
    asked = {row[0]: {name for cell in ticked(row[2]) for name in [cell.partition(":")[0]]} for row in table if row[2:]}
    channels = asked["`status`"] | asked["`check_run`"] | asked["`comment`"]
    assert channels | {"contents", "actions"} == set(workflows.PUBLISHING)


# --- dependencies --------------------------------------------------------------------------------------------------


def test_every_dependency_has_its_row_with_every_cell() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = sorted(Requirement(text).name for text in project["dependencies"])
    told = rows(section("dependencies.md", "Which Python packages does the gate need?"))
    assert sorted(ticked(row[0])[0] for row in told) == wanted
    assert all(all(row) and len(row) == 5 for row in told)


# --- commands and exit codes ---------------------------------------------------------------------------------------


def test_the_table_of_commands_is_that_of_the_help() -> None:
    told = {ticked(row[0])[0]: row[1] for row in rows(page("commands.md"))}
    assert told == COMMANDS
    assert list(told) == list(COMMANDS)
    assert not set(told) & set(NOT_YET)


def test_the_exit_codes_are_those_of_the_errors_and_the_help() -> None:
    raised = {
        item.exit_code
        for item in vars(errors).values()
        if isinstance(item, type) and issubclass(item, errors.GateError)
    }
    told = {int(row[0]) for row in rows(page("exit-codes.md"))}
    assert told == {0, 1} | raised
    assert root.epilog is not None
    assert {int(code) for code in re.findall(r"\b\d\b", root.epilog)} == told


def command_lines() -> list[str]:
    """Every line of a shell block, and every span of code, that calls the gate with something behind it."""
    found = []
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        found += [line for match in _BLOCK.finditer(text) if match[1] == "sh" for line in match[2].splitlines()]
        found += ticked(_BLOCK.sub("", text))
    return sorted({line for line in found if line.startswith("gate ") and "COMMAND" not in line and line != "gate --"})


@pytest.mark.parametrize("line", command_lines())
def test_commands_and_options_of_the_pages_exist(line: str) -> None:
    words = shlex.split(line)[1:]
    if words[0].startswith("-"):
        assert words[0] in ("--help", "--version")
        return
    assert words[0] in COMMANDS
    command = import_module(f"gate.commands.{words[0]}").command
    known = {name for parameter in command.get_params(click.Context(command)) for name in parameter.opts}
    assert {word.partition("=")[0] for word in words[1:] if word.startswith("-")} <= known
    pairs = [value for option, value in pairwise(words) if option == "--evidence" and "KIND" not in value]
    assert not pairs or evidence_settings(pairs)


# --- links ---------------------------------------------------------------------------------------------------------


@cache
def anchors(path: Path) -> set[str]:
    """The places of a page: explicit ones, and headings as GitHub makes them."""
    text = path.read_text(encoding="utf-8")
    headings = read_document(text, markdown=True).headings
    slugs = {re.sub(r"[^\w\- ]", "", unescape(heading).lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(path: Path) -> None:
    links = [link.target for link in read_document(path.read_text(encoding="utf-8"), markdown=True).links]
    broken = []
    for target in links:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, place = target.partition("#")
        page_of = path.parent / name if name else path
        if not page_of.exists() or (place and place not in anchors(page_of)):
            broken.append(target)
    assert broken == []

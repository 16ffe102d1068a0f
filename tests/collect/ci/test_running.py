"""Which workflows and jobs can never run, and on what the others do."""

from __future__ import annotations

import time

import pytest

from gate.collect.ci.running import Running, how_they_run
from gate.collect.ci.source import source_of
from gate.collect.ci.workflow import Workflow, read_workflow
from gate.formats.located_yaml import Located, YamlDocument, read_parts

STEP = "runs-on: x, steps: [{run: a}]"


def workflow(text: str, path: str = ".github/workflows/a.yml") -> Workflow:
    data = text.encode()
    (part,) = read_parts(data)
    assert isinstance(part, YamlDocument)
    assert isinstance(part.value, Located)
    return read_workflow(path, part.value, part.line, source_of(data))


def alone(text: str, *, all_known: bool = True) -> Running:
    return how_they_run([workflow(text)], all_known=all_known)[".github/workflows/a.yml"]


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ("[]", "its `on` is empty"),
        ("{}", "its `on` is empty"),
        ("null", "its `on` is empty"),
        ("{push: {branches-ignore: ['**']}}", "push leaves out every branch"),
        ("{push: {branches: ['!main']}}", "push leaves out every branch"),
        ("{push: {branches: [main, '!**']}}", "push leaves out every branch"),
        ("{pull_request: {paths-ignore: '**'}}", "pull_request leaves out every path"),
        ("{push: {branches: [main], paths-ignore: ['**']}}", "push leaves out every path"),
        ("{push: {tags-ignore: ['**']}}", "push leaves out every tag"),
        ("{push: {branches-ignore: ['**'], tags-ignore: ['**']}}", "push leaves out every branch"),
        ("{pull_request: {types: []}}", "pull_request has an empty list of types"),
        ("{schedule: []}", "schedule names no time"),
        ("{schedule: [{cron: '0 0 31 2 *'}]}", "a day that no month has"),
        ("{schedule: [{cron: '0 0 30,31 FEB *'}]}", "a day that no month has"),
        ("{workflow_run: {workflows: [Gone]}}", "waits for a workflow that is not there"),
    ],
)
def test_triggers_that_never_fire(on: str, told: str) -> None:
    running = alone(f"on: {on}\njobs: {{a: {{{STEP}}}}}\n")
    assert told in str(running.never)
    assert "never runs" in running.jobs["a"]


@pytest.mark.parametrize(
    "on",
    [
        "push",
        "[push, {x: 1}]",
        "{push: {branches-ignore: ['**'], tags: ['v*']}}",
        "{push: {tags-ignore: ['**'], branches: [main]}}",
        "{push: {paths-ignore: ['**']}}",
        "{push: {branches: ['!x', main]}}",
        "{push: {branches: [main, '!release/**']}}",
        "{pull_request: {types: [opened], paths: [src/**]}}",
        "{schedule: [{cron: '0 0 31 2 *'}, {cron: '0 0 1 * *'}]}",
        "{schedule: [{cron: '0 0 29 2 *'}]}",
        "{schedule: [{cron: '0 0 31 2 1'}]}",
        "{schedule: [{cron: '0 0 */5 2 *'}]}",
        "{schedule: [{cron: 'nonsense'}]}",
        "{workflow_run: {workflows: [.github/workflows/a.yml]}}",
        "{workflow_dispatch: null}",
    ],
)
def test_triggers_that_may_fire(on: str) -> None:
    assert alone(f"on: {on}\njobs: {{a: {{{STEP}}}}}\n").never is None


def test_a_workflow_that_may_be_one_of_those_that_cannot_be_read_is_not_missed() -> None:
    text = f"on: {{workflow_run: {{workflows: [Gone]}}}}\njobs: {{a: {{{STEP}}}}}\n"
    assert alone(text, all_known=False).never is None


@pytest.mark.parametrize(
    ("jobs", "told"),
    [
        ("", "it has no jobs"),
        ("a: 5", "it has no jobs"),
        (f"a: {{{STEP}, needs: b}}", "needs b, which is not there"),
        (f"a: {{{STEP}, needs: [b]}}, b: {{{STEP}, needs: A}}", "needs itself, over others"),
        ("a: {steps: [{run: a}]}", "a has no runs-on"),
        ("a: {runs-on: '', steps: [{run: a}]}", "a has no runs-on"),
        ("a: {runs-on: x, steps: []}", "a has no steps"),
        (f"a: {{{STEP}, if: false}}", "its job a has an `if` that is always false"),
        (f"a: {{{STEP}, if: false}}, b: {{{STEP}, needs: a}}", "none of its jobs can run"),
        (f"a: {{{STEP}, strategy: {{matrix: {{os: []}}}}}}", "empty matrix: os has no value"),
    ],
)
def test_workflows_of_which_nothing_can_run(jobs: str, told: str) -> None:
    assert told in str(alone(f"on: push\njobs: {{{jobs}}}\n").never)


def test_a_workflow_without_a_trigger() -> None:
    assert "it has no `on`" in str(alone(f"jobs: {{a: {{{STEP}}}}}\n").never)


def test_what_waits_for_a_job_that_never_runs_does_not_either_unless_it_asks_for_that() -> None:
    running = alone(
        "on: push\njobs:\n"
        f"  a: {{{STEP}, if: false}}\n  b: {{{STEP}, needs: a}}\n  c: {{{STEP}, needs: b, if: always()}}\n"
        f"  d: {{{STEP}, needs: [c]}}\n  e: {{{STEP}, needs: [C, b]}}\n"
        f"  f: {{{STEP}, strategy: {{matrix: {{include: []}}}}}}\n"
    )
    assert running.never is None
    assert set(running.jobs) == {"a", "b", "e"}
    assert running.jobs["b"] == "needs a, which never runs"


def test_a_job_that_leaves_an_event_out_does_not_run_on_it() -> None:
    running = alone(f"on: [push, pull_request]\njobs: {{a: {{{STEP}, if: github.event_name == 'push'}}}}\n")
    assert running.events == {"a": frozenset({"push"})}


TRACKED = ["README.md", "src/app.py", "src/deep/b.py", "docs/index.md", ".github/workflows/a.yml"]


def on(trigger: str, tracked: list[str] | None) -> Running:
    text = f"on: {trigger}\njobs: {{a: {{{STEP}}}}}\n"
    return how_they_run([workflow(text)], all_known=True, tracked=tracked)[".github/workflows/a.yml"]


@pytest.mark.parametrize(
    "trigger",
    [
        "{pull_request: {paths: [gone/**]}}",
        "{pull_request: {paths: ['*.rs', 'lib/**/*.py', nowhere]}}",
        "{pull_request: {paths: ['src/*.md', '!README.md']}}",
        "{pull_request: {paths: ['src/**', '!**/*.py']}}",
        "{push: {branches: [main], paths: gone.txt}}",
        "{pull_request: {paths-ignore: ['**/*.py', '**.md', '.github/**']}}",
    ],
)
def test_paths_that_no_tracked_file_has(trigger: str) -> None:
    running = on(trigger, TRACKED)
    assert "tracked file" in str(running.never)
    assert "never runs" in running.jobs["a"]
    assert running.events == {}
    assert on(trigger, None).never is None


@pytest.mark.parametrize(
    "trigger",
    [
        "{pull_request: {paths: ['src/**']}}",
        "{pull_request: {paths: ['**.md']}}",
        "{pull_request: {paths: ['!README.md', 'src/*']}}",
        "{pull_request: {paths: ['src/*/b.py']}}",
        "{pull_request: {paths: ['gone/?.py']}}",
        "{pull_request: {paths: ['src/**', '!src/**/x/*.py']}}",
        "{pull_request: {paths: ['*.rs', 'docs/**']}}",
        "{push: {paths: [gone/**]}}",  # a tag has no paths
        "{pull_request: {paths-ignore: ['**/*.py', '**.md']}}",
        "{pull_request: {paths: ['{a']}}",
    ],
)
def test_paths_that_a_tracked_file_may_have(trigger: str) -> None:
    assert on(trigger, TRACKED).never is None


def test_a_trigger_that_is_silent_leaves_the_others() -> None:
    running = on("{pull_request: {paths: [gone/**]}, push: {branches: [main]}}", TRACKED)
    assert running.events == {"a": frozenset({"push"})}
    assert running.silent == {"pull_request": "pull_request waits for paths that no tracked file has"}


def test_very_many_filters_take_no_time() -> None:
    tracked = [f"src/module{number}/file.py" for number in range(8000)]
    paths = ", ".join(f"'*/gone{number}/**'" for number in range(10))
    text = f"on: {{pull_request: {{paths: [{paths}]}}}}\njobs: {{a: {{{STEP}}}}}\n"
    many = [workflow(text, f".github/workflows/{number}.yml") for number in range(40)]
    begun = time.process_time()
    found = how_they_run(many, all_known=True, tracked=tracked)
    assert time.process_time() - begun < 15
    assert {running.never is None for running in found.values()} == {True, False}


def test_called_workflows_run_on_what_their_callers_run_on() -> None:
    paths = {
        "top": "on: [pull_request, push]\njobs: {a: {uses: ./.github/workflows/middle.yml}}\n",
        "middle": "on: workflow_call\njobs: {a: {uses: ./.github/workflows/leaf.yml}}\n",
        "leaf": f"on: [workflow_call, schedule]\njobs: {{a: {{{STEP}}}}}\n",
        "lost": f"on: workflow_call\njobs: {{a: {{{STEP}}}}}\n",
        "dead": "on: push\njobs: {a: {uses: ./.github/workflows/late.yml, if: false}}\n",
        "late": f"on: workflow_call\njobs: {{a: {{{STEP}}}}}\n",
        "round": "on: workflow_call\njobs: {a: {uses: ./.github/workflows/round.yml}}\n",
    }
    found = how_they_run(
        [workflow(text, f".github/workflows/{name}.yml") for name, text in paths.items()], all_known=True
    )
    of = {name: found[f".github/workflows/{name}.yml"] for name in paths}
    assert of["middle"].events["a"] == frozenset({"pull_request", "push"})
    assert of["leaf"].events["a"] == frozenset({"pull_request", "push"})  # a schedule without a time never comes
    assert [name for name, running in of.items() if running.uncalled] == ["lost", "late", "round"]
    assert of["lost"].never is None
    assert of["dead"].never is not None

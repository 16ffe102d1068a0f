"""The ci collector on trees, with the real zizmor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.collect.collector import Context
from gate.collect.collectors.ci import CiCollector
from gate.collect.process import SubprocessRunner
from gate.collect.tools import SystemToolbox
from gate.collect.workspace import Workspace
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Evidence, Missing, Unreadable
from gate.model.json import Json, JsonObject
from tests.support.fakes import tracked, write

RUNNER = SubprocessRunner()
DATA = Path(__file__).parents[1] / "ci" / "data"
SILENT = (
    "on: {pull_request: {paths: [gone/**]}, push: {branches: [main]}}\npermissions: {}\n"
    "jobs: {a: {runs-on: x, steps: [{run: pytest}, {run: bandit -r src}]}}\n"
)
GOOD = "on: push\npermissions: {}\njobs: {a: {runs-on: x, steps: [{run: pytest}]}}\n"
WF = ".github/workflows"


def look(root: Path, files: Mapping[str, str | bytes], request: JsonObject | None = None) -> Evidence:
    write(root, files)
    space = Workspace(root, tracked=tracked(*files))
    return CiCollector().collect(Context(space, RUNNER, SystemToolbox(RUNNER), request or {}))


def collect(root: Path, files: Mapping[str, str | bytes], request: JsonObject | None = None) -> Collected:
    evidence = look(root, files, request)
    assert isinstance(evidence, Collected)
    assert not list(problems(shipped_validator("evidence/ci"), evidence.facts))
    return evidence


def tree(name: str) -> dict[str, str | bytes]:
    folder = DATA / name
    return {f".github/{file.relative_to(folder)}": file.read_bytes() for file in folder.rglob("*.yml")}


def at(evidence: Collected, *names: str) -> Json:
    value: Json = evidence.facts
    for name in names:
        assert isinstance(value, dict)
        value = value[name]
    return value


def each(evidence: Collected, name: str) -> list[JsonObject]:
    value = evidence.facts[name]
    assert isinstance(value, list)
    return [item for item in value if isinstance(item, dict)]


def test_a_pipeline_that_does_what_it_should(tmp_path: Path) -> None:
    found = collect(tmp_path, tree("good_github"))
    assert found.gaps == ()
    assert found.findings == ()
    assert at(found, "actions") == {"sha": 4, "tag": 0, "branch": 0}
    assert (at(found, "workflows"), at(found, "with_permissions"), at(found, "dependabot")) == (2, 2, True)
    for name in (
        "tests",
        "coverage",
        "lints",
        "builds_image",
        "pushes_image",
        "deploys",
        "rolls_back",
        "sbom",
        "signs",
    ):
        assert at(found, "does", name, "jobs") == 1, name
    assert at(found, "does", "tests", "blocking_on_pull_request") == 1
    assert {str(item["name"]): item["blocking"] for item in each(found, "scanners")} == dict.fromkeys(
        ("bandit", "pip-audit", "gitleaks", "checkov", "zizmor", "trivy", "readiness gate"), True
    )
    assert [source.tool for source in found.sources][-1] == "zizmor"


def test_a_pipeline_that_only_looks_so(tmp_path: Path) -> None:
    found = collect(tmp_path, tree("bad_github"))
    assert at(found, "actions") == {"sha": 0, "tag": 3, "branch": 1}
    assert (at(found, "never_run"), at(found, "jobs_never_run"), at(found, "write_all")) == (0, 1, 2)
    assert at(found, "does", "tests") == {
        "jobs": 0, "on_pull_request": 0, "never": 1, "blocking": 0, "blocking_on_pull_request": 0
    }  # fmt: skip
    assert [(item["name"], item["blocking"], item["why_not"]) for item in each(found, "scanners")] == [
        ("bandit", False, "|| true")
    ]
    assert [(item["how"], item["line"]) for item in each(found, "steps_swallowed")] == [
        ("|| true", 22),
        ("continue-on-error", 15),
        ("|| echo", 8),
    ]
    assert (at(found, "swallowed_failures"), at(found, "continue_on_error")) == (2, 1)
    assert (at(found, "findings", "high"), at(found, "suppressed"), at(found, "dependabot")) == (6, 1, False)
    assert {finding.rule for finding in found.findings if finding.tool == "gate"} == {
        "ci.swallowed-failure",
        "ci.continue-on-error",
    }


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    text = (
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
        "      - name: uses is a word\n"
        "        uses: a/b@v1 # yes\n"
        "      - run: |\n          one\n          bandit -r . || true\n"
        "      - continue-on-error: true\n        run: >-\n          two\n"
        "  b:\n    uses: o/r/.github/workflows/x.yml@main\n"
    )
    found = collect(tmp_path, {f"{WF}/a.yml": text}, {"zizmor": False})
    assert [(item["line"], item["pin"]) for item in each(found, "uses")] == [(7, "tag"), (15, "branch")]
    assert each(found, "uses")[0]["comment"] == "yes"
    assert [(item["line"], item["how"]) for item in each(found, "steps_swallowed")] == [
        (10, "|| true"),
        (11, "continue-on-error"),
    ]
    assert [(item["name"], item["line"]) for item in each(found, "jobs")] == [("a", 3), ("b", 14)]
    assert "findings" not in found.facts


def test_what_does_not_parse_is_counted_and_a_gap_and_other_content_is_no_workflow(tmp_path: Path) -> None:
    found = collect(
        tmp_path,
        {
            f"{WF}/a.yml": GOOD,
            f"{WF}/broken.yml": "on: push\njobs: [\n",
            f"{WF}/twice.yml": "on: push\non: pull_request\njobs: {}\n",
            f"{WF}/two.yml": f"{GOOD}---\n{GOOD}",
            f"{WF}/rules.yml": "groups: [{name: a, rules: [{alert: b, expr: c}]}]\n",
            f"{WF}/values.yml": "a: 1\n",
            f"{WF}/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
            f"{WF}/deep/b.yml": GOOD,
        },
    )
    assert (at(found, "workflows"), at(found, "unparsable"), at(found, "audited")) == (4, 3, 1)
    assert sorted(gap.subject for gap in found.gaps) == [f"{WF}/broken.yml", f"{WF}/twice.yml", f"{WF}/two.yml"]
    assert at(found, "other_files") == [f"{WF}/values.yml"]


def test_local_actions_are_followed(tmp_path: Path) -> None:
    action = (
        "name: a\ndescription: a\nruns:\n  using: composite\n  steps:\n"
        "    - uses: aquasecurity/trivy-action@v1\n      with: {exit-code: '1'}\n"
        "    - run: pytest\n      shell: bash\n    - uses: ./.github/actions/a\n"
    )
    text = "on: pull_request\njobs: {a: {runs-on: x, steps: [{uses: ./.github/actions/a}, {uses: ./gone}]}}\n"
    found = collect(tmp_path, {".github/actions/a/action.yml": action, f"{WF}/a.yml": text}, {"zizmor": False})
    assert at(found, "actions") == {"sha": 0, "tag": 1, "branch": 0}
    assert (at(found, "actions_local"), at(found, "local_actions")) == (3, 1)
    assert [(item["name"], item["path"], item["line"]) for item in each(found, "scanners")] == [
        ("trivy", ".github/actions/a/action.yml", 6)
    ]
    assert at(found, "does", "tests", "blocking_on_pull_request") == 1


def test_scripts_of_the_repository_are_read(tmp_path: Path) -> None:
    text = "on: pull_request\njobs: {a: {runs-on: x, steps: [{run: make test}, {run: bash ci/scan.sh}]}}\n"
    files = {f"{WF}/a.yml": text, "Makefile": "test:\n\tgo test ./...\n", "ci/scan.sh": "gosec ./... || true\n"}
    found = collect(tmp_path, files, {"zizmor": False})
    assert at(found, "does", "tests", "blocking") == 1
    assert [(item["name"], item["blocking"]) for item in each(found, "scanners")] == [("gosec", False)]


def test_jobs_and_environments_by_name_need_a_body(tmp_path: Path) -> None:
    text = (
        "on: push\njobs:\n"
        "  rollback: {runs-on: x, steps: [{run: echo rolled back}]}\n"
        "  roll-back: {runs-on: x, steps: [{run: ./undo}]}\n"
        "  ship: {runs-on: x, environment: {name: Production}, steps: [{run: ./ship}]}\n"
        "  talk: {runs-on: x, environment: production, steps: [{run: echo shipped}]}\n"
        "  win: {runs-on: windows-latest, steps: [{run: pytest | tee x}]}\n"
        "  py: {runs-on: x, steps: [{shell: python, run: pytest}, {run: bandit, if: false}]}\n"
        "  docker: {runs-on: x, steps: [{uses: 'docker://aquasec/trivy:1', with: {args: fs .}}]}\n"
        "  remote: {uses: google/osv-scanner-action/.github/workflows/s.yml@v1, continue-on-error: true}\n"
    )
    found = collect(tmp_path, {f"{WF}/a.yml": text}, {"zizmor": False})
    does = {str(job["name"]): job for job in each(found, "jobs")}
    assert [name for name, job in does.items() if job["rolls_back"]] == ["roll-back"]
    assert [name for name, job in does.items() if job["deploys"]] == ["ship"]
    assert [name for name, job in does.items() if job["tests"]] == ["win"]
    assert does["win"]["tests_block"] is True
    assert [(item["name"], item["job"]) for item in each(found, "scanners")] == [
        ("trivy", "docker"),
        ("osv-scanner", "remote"),
    ]
    assert each(found, "scanners")[1]["why_not"] == "continue-on-error of the job"


def test_requests(tmp_path: Path) -> None:
    files = {f"{WF}/a.yml": GOOD, f"{WF}/b.yml": GOOD, "vendor/x/action.yml": "runs: {using: node20}\n"}
    request: JsonObject = {"exclude": [f"{WF}/b*", "vendor/**", "[", 5], "persona": "pedantic", "ignore_comments": True}
    found = collect(tmp_path, files, request)
    assert (at(found, "workflows"), at(found, "excluded"), at(found, "local_actions")) == (1, 2, 0)
    assert [gap.subject for gap in found.gaps] == ["["]
    low = at(found, "findings", "low")
    assert isinstance(low, int)
    assert low >= 1  # a pedantic one: the workflow has no name


def test_nothing_to_look_at(tmp_path: Path) -> None:
    nothing = look(tmp_path / "a", {"README.md": "x"})
    assert isinstance(nothing, Missing)
    assert nothing.not_applicable
    other = look(tmp_path / "b", {".gitlab-ci.yml": "test: {script: pytest}\n"})
    assert isinstance(other, Missing)
    assert "GitLab CI, which the gate does not read" in other.reason


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    found = look(tmp_path, {f"{WF}/a.yml": "a: [", f"{WF}/b.yml": b"\xff\xfe\x00"})
    assert isinstance(found, Unreadable)
    assert len(found.gaps) == 2


def test_renovate_alone_is_a_pipeline_without_workflows(tmp_path: Path) -> None:
    found = collect(tmp_path, {"renovate.json": '{"extends": ["config:recommended"]}'})
    assert (at(found, "workflows"), at(found, "dependabot"), at(found, "audited")) == (0, True, 0)


_KEYS = ["on", "jobs", "steps", "run", "uses", "if", "needs", "permissions", "a", "strategy", "matrix", "with", "name"]
_KEYS += ["concurrency", "environment", "defaults", "shell", "schedule", "cron", "runs-on", "timeout-minutes"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "push", "${{ x }}", "a || true", "a/b@v1", "./x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(VALUES, VALUES, VALUES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_wrong_types_raise_nothing(
    tmp_path_factory: pytest.TempPathFactory, first: Json, second: Json, third: Json
) -> None:
    root = tmp_path_factory.mktemp("odd")
    job: Json = {"runs-on": "x", "steps": [second, {"run": third}, {"uses": second}], "needs": third, "if": first}
    files = {
        f"{WF}/a.yml": json.dumps({"on": first, "jobs": {"a": second, "b": job}, "permissions": third}),
        f"{WF}/b.yml": json.dumps({"on": "push", "jobs": second, "name": first}),
        "x/action.yml": json.dumps({"runs": {"using": "composite", "steps": second}}),
        ".github/dependabot.yml": json.dumps({"version": 2, "updates": [third, first]}),
    }
    collect(root, files, {"zizmor": False})


ON_PULL = "on: {}\npermissions: {{}}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {{run: pytest{}}}\n"


@pytest.mark.parametrize(
    ("on", "condition", "counts"),
    [
        ("[push, pull_request]", "", 1),
        ("[push, pull_request]", "github.event_name == 'push'", 0),
        ("[push, pull_request]", "github.event_name != 'push'", 1),
        ("[push, pull_request]", "github.ref == 'refs/heads/main'", 0),
        ("[push, pull_request, merge_group]", "github.ref == 'refs/heads/main'", 1),
        ("[pull_request_target]", "github.ref == 'refs/heads/main'", 1),
        ("{pull_request: {types: [closed]}}", "", 0),
        ("{pull_request: {types: [opened, synchronize]}}", "", 1),
        ("{pull_request: {types: []}}", "", 0),
    ],
)
def test_tests_that_are_left_out_on_pull_requests_do_not_count_there(
    tmp_path: Path, on: str, condition: str, counts: int
) -> None:
    text = ON_PULL.format(on, f', if: "{condition}"' if condition else "")
    evidence = collect(tmp_path, {f"{WF}/a.yml": text}, {"zizmor": False})
    assert at(evidence, "does", "tests", "blocking_on_pull_request") == counts


def test_a_scanner_that_runs_on_pushes_only_says_so(tmp_path: Path) -> None:
    text = ON_PULL.format("[push, pull_request]", "; bandit -r ., if: \"github.event_name == 'push'\"")
    evidence = collect(tmp_path, {f"{WF}/a.yml": text}, {"zizmor": False})
    (scanner,) = each(evidence, "scanners")
    assert (scanner["blocking"], scanner["on_pull_request"]) == (True, False)


def test_what_never_runs_does_nothing(tmp_path: Path) -> None:
    text = ON_PULL.format("push", '"').replace("pytest", '"pytest() { true; }; pytest; if false; then bandit -r .; fi')
    evidence = collect(tmp_path, {f"{WF}/a.yml": text}, {"zizmor": False})
    assert each(evidence, "scanners") == []
    assert at(evidence, "does", "tests", "jobs") == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("on: push\njobs:\n" + "".join(f"  j{n}: {{runs-on: x, steps: [{{run: a}}]}}\n" for n in range(2_001)),
         "has 2,001 jobs, of which 2,000 are read"),
        ("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n" + "    - run: a\n" * 5_001,
         "its job a has 5,001 steps, of which 5,000 are read"),
    ],
)  # fmt: skip
def test_what_is_too_much_is_a_gap(tmp_path: Path, text: str, said: str) -> None:
    evidence = collect(tmp_path, {f"{WF}/a.yml": text}, {"zizmor": False})
    assert [(gap.subject, gap.reason) for gap in evidence.gaps] == [(f"{WF}/a.yml", said)]


def test_too_many_steps_of_an_action_are_a_gap(tmp_path: Path) -> None:
    action = "name: a\nruns:\n  using: composite\n  steps:\n" + "  - {run: a, shell: bash}\n" * 5_001
    evidence = collect(tmp_path, {f"{WF}/a.yml": GOOD, "x/action.yml": action}, {"zizmor": False})
    assert [gap.reason for gap in evidence.gaps] == ["it has 5,001 steps, of which 5,000 are read"]


def test_a_list_of_facts_that_is_cut_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.ci.facts.MOST", 1)
    files = {f"{WF}/a.yml": GOOD, f"{WF}/b.yml": GOOD}
    evidence = collect(tmp_path, files, {"zizmor": False})
    assert {gap.subject: gap.facts for gap in evidence.gaps} == {"items": ("items",), "jobs": ("jobs",)}


def test_a_filter_that_fits_no_tracked_file_is_told_and_its_jobs_do_not_count(tmp_path: Path) -> None:
    evidence = collect(tmp_path, {f"{WF}/a.yml": SILENT, "src/a.py": "x = 1\n"}, {"zizmor": False})
    (item,) = each(evidence, "items")
    assert item["triggers"] == [
        {
            "event": "pull_request",
            "never": "pull_request waits for paths that no tracked file has",
            "paths": ["gone/**"],
        },
        {"event": "push", "branches": ["main"]},
    ]
    (job,) = each(evidence, "jobs")
    assert (job["can_run"], job["on_pull_request"], job["events"]) == (True, False, ["push"])
    (scanner,) = each(evidence, "scanners")
    assert scanner["on_pull_request"] is False
    there = collect(tmp_path / "b", {f"{WF}/a.yml": SILENT, "gone/a.py": "x = 1\n"}, {"zizmor": False})
    assert each(there, "jobs")[0]["on_pull_request"] is True

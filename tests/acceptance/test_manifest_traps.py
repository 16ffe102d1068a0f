"""Traps of real trees with manifests, and bad input, through the whole program.

Each must block with a reason, or be told as a gap: never pass, never crash. The numbers are those of the project's list
of traps.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.collect import tools
from tests.support.fakes import write
from tests.support.hadolint import TOOLS, needs_hadolint
from tests.support.repos import Gate, Said, save
from tests.support.repositories import commit, git, make_repository

POLICY = """version: 1
extends: strict
evidence:
  dockerfile: {lint: false}
  ci: {zizmor: false}
criteria:
  dockerfile.non-root: {level: must}
  compose.not-privileged: {level: must}
  ci.tests-run: {level: must}
  grafana.dashboards: {level: must}
"""
DIGEST = "sha256:" + "4f" * 32
DOCKERFILE = f"""FROM python:3.12-slim@{DIGEST} AS build
COPY src ./src
FROM python:3.12-slim@{DIGEST}
COPY --from=build /src /app
USER 10001
HEALTHCHECK CMD ["python", "-m", "shop.health"]
ENTRYPOINT ["python", "-m", "shop"]
"""
COMPOSE = f"""services:
  web:
    image: nginx:1.27.1@{DIGEST}
    healthcheck: {{test: [CMD, curl, -f, http://localhost]}}
    mem_limit: 512m
"""
WORKFLOW = """name: ci
on: [push, pull_request]
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - run: pytest
"""
DASHBOARD = json.dumps(
    {
        "title": "Shop",
        "uid": "shop",
        "schemaVersion": 39,
        "panels": [{"id": 1, "type": "timeseries", "title": "Up", "targets": [{"expr": "up"}]}],
    },
    indent=1,
)
TERRAFORM = (
    'terraform {\n  required_version = "~> 1.9"\n}\nresource "aws_kms_key" "a" {\n  enable_key_rotation = true\n}\n'
)
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
GOOD: dict[str, str] = {
    "Dockerfile": DOCKERFILE,
    "compose.yaml": COMPOSE,
    ".github/workflows/ci.yml": WORKFLOW,
    "dashboards/shop.json": DASHBOARD,
    "infra/main.tf": TERRAFORM,
}
MAIN = {
    "dockerfile": "dockerfile.non-root",
    "compose": "compose.not-privileged",
    "ci": "ci.tests-run",
    "grafana": "grafana.dashboards",
    "terraform": "terraform.parses",
}
"""Of each kind, a criterion that all of `GOOD` passes."""
PLACES = {
    "dockerfile": "Dockerfile",
    "compose": "compose.yaml",
    "ci": ".github/workflows/ci.yml",
    "grafana": "dashboards/shop.json",
    "terraform": "infra/main.tf",
}
KINDS = sorted(MAIN)


def tree(root: Path, files: Mapping[str, str | bytes], *, policy: str = POLICY) -> Path:
    """A repository with these files, committed."""
    make_repository(root)
    write(root, {".gate/policy.yml": policy, "README.md": "# Shop\n", **files})
    commit(root)
    return root


def judged(gate: Gate, root: Path, kind: str) -> Said:
    said = gate.run(root, "--only", kind)
    assert said.code in (0, 1), said.err
    assert "Traceback" not in said.err
    assert not any("collector ended" in gap for gap in said.gaps(kind))
    return said


def passed(said: Said, kind: str) -> set[str]:
    """The criteria of a kind that pass."""
    return {id_ for id_, found in said.outcomes().items() if id_.startswith(f"{kind}.") and found == "pass"}


def assert_blocks(said: Said, kind: str, subject: str) -> None:
    """Nothing of the kind passes, the run blocks, and what was not read is named with a reason."""
    assert passed(said, kind) == set()
    assert said.code == 1
    reasons = [item["reason"] for item in said.json["criteria"] if item["id"].startswith(f"{kind}.")]
    assert any(subject in text for text in [*said.gaps(kind), *reasons]), said.gaps(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_good_manifests_pass(gate: Gate, tmp_path: Path, kind: str) -> None:
    said = judged(gate, tree(tmp_path, GOOD), kind)
    assert said.outcomes()[MAIN[kind]] == "pass"
    assert said.gaps(kind) == [] or kind == "terraform"  # where Trivy is not installed


# Traps


def test_trap_13_names_lie(gate: Gate, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "compose.md/alertmanager-rules.yaml": COMPOSE.replace("mem_limit: 512m", "privileged: true"),
        ".github/workflows/infra/main.tf": TERRAFORM,
        ".github/workflows/values.yaml": "replicas: 3\n",
        "docs/Dockerfile.md": "# How it is made\n\nOur Dockerfile begins\nFROM there on\n",
        "k8s/dashboard.yaml": OBJECT,
        "ops/both.yaml": f"{OBJECT}---\n{COMPOSE}",
    }
    root = tree(tmp_path, files)
    compose = judged(gate, root, "compose").evidence("compose")["facts"]
    assert sorted((item["path"], item["privileged"]) for item in compose["items"]) == [
        ("compose.md/alertmanager-rules.yaml", True),
        ("ops/both.yaml", False),
    ]
    assert judged(gate, root, "terraform").evidence("terraform")["facts"]["files"] == 1
    assert judged(gate, root, "dockerfile").outcomes()["dockerfile.non-root"] == "not_applicable"
    assert judged(gate, root, "grafana").outcomes()["grafana.dashboards"] == "not_applicable"
    workflows = judged(gate, root, "ci")
    assert passed(workflows, "ci") == set()


def test_trap_14_one_bad_document_of_three(gate: Gate, tmp_path: Path) -> None:
    second = "services:\n  two:\n    image: [\n"
    text = f"{COMPOSE}---\n{second}---\n{COMPOSE.replace('web', 'three')}"
    said = judged(gate, tree(tmp_path, {"stack.yaml": text}), "compose")
    assert_blocks(said, "compose", "stack.yaml")
    assert [item["name"] for item in said.evidence("compose")["facts"]["items"]] == ["web", "three"]
    (gap,) = said.evidence("compose")["gaps"]
    assert (gap["path"], gap["line"] in range(7, 12)) == ("stack.yaml", True)


def test_trap_17_a_mirrored_dashboard_counts_once(gate: Gate, tmp_path: Path) -> None:
    root = tree(tmp_path, {"dashboards/shop.json": DASHBOARD, "mirror/dashboards/shop.json": DASHBOARD})
    said = judged(gate, root, "grafana")
    assert said.evidence("grafana")["facts"]["dashboards"] == 1
    assert said.outcomes()["grafana.dashboards"] == "pass"


def test_trap_19_dockerfiles_by_other_names(gate: Gate, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "Dockerfile": DOCKERFILE,
        "Dockerfile.worker": DOCKERFILE.replace("HEALTHCHECK", "# HEALTHCHECK"),
        "jobs/Containerfile": DOCKERFILE.replace("USER 10001\n", ""),
        "jobs/report.dockerfile": "FROM a:1 AS base\nUSER 7\nFROM base\nCMD x\n",
        "jobs/Dockerfile-prod": "FROM a:1\nUSER root\n",
        "jobs/old.Dockerfile.txt": "notes\n",
    }
    facts = judged(gate, tree(tmp_path, files), "dockerfile").evidence("dockerfile")["facts"]
    assert {item["path"]: (item["non_root"], "healthcheck" in item) for item in facts["items"]} == {
        "Dockerfile": (True, True),
        "Dockerfile.worker": (True, False),
        "jobs/Containerfile": (False, True),
        "jobs/report.dockerfile": (True, False),
        "jobs/Dockerfile-prod": (False, False),
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("on: [push, pull_request]\n", ""),
        ("on: [push, pull_request]", "on: {}"),
        ("on: [push, pull_request]", "on: {pull_request: {paths-ignore: ['**']}}"),
        ("on: [push, pull_request]", "on: {pull_request: {types: [closed]}}"),
        ("    runs-on:", "    if: false\n    runs-on:"),
        ("    runs-on:", "    if: github.event_name == 'push'\n    runs-on:"),
        ("    runs-on:", "    continue-on-error: true\n    runs-on:"),
        ("    runs-on:", "    strategy: {matrix: {os: []}}\n    runs-on:"),
        ("- run: pytest", "- run: pytest\n        if: ${{ 1 == 2 }}"),
        ("- run: pytest", "- run: pytest\n        continue-on-error: true"),
        ("- run: pytest", "- run: pytest || true"),
        ("- run: pytest", "- run: pytest &"),
        ("- run: pytest", "- run: pytest | tee log"),
        ("- run: pytest", "- run: echo pytest"),
        ("- run: pytest", "- run: '# pytest'"),
        ("- run: pytest", "- run: exit 0; pytest"),
        ("- run: pytest", "- run: if false; then pytest; fi"),
        ("- run: pytest", "- run: pytest --help"),
        ("- run: pytest", "- run: 'pytest() { true; }; pytest'"),
        ("- run: pytest", "- run: pytest\n        shell: echo {0}"),
        ("- run: pytest", "- run: |\n          pytest\n          ls\n        shell: bash {0}"),
    ],
)
def test_trap_22_tests_that_never_run_or_cannot_fail(gate: Gate, tmp_path: Path, old: str, new: str) -> None:
    assert old in WORKFLOW
    root = tree(tmp_path, {".github/workflows/ci.yml": WORKFLOW.replace(old, new)})
    said = judged(gate, root, "ci")
    assert (said.code, said.outcomes()["ci.tests-run"]) == (1, "fail")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("compose", ""),
        ("compose", "# services: to come\n"),
        ("compose", "services:\n"),
        ("compose", "services: [web]\n"),
        ("dockerfile", ""),
        ("dockerfile", "# FROM python\n"),
        ("dockerfile", "\n\n"),
        ("ci", ""),
        ("ci", "# on: push\n"),
        ("ci", "on: [push, pull_request]\njobs: {}\n"),
        ("grafana", ""),
        ("grafana", "{}"),
        ("grafana", '{"title": "Shop", "uid": "shop", "schemaVersion": 39, "panels": []}'),
        ("terraform", ""),
        ("terraform", "# resource\n"),
    ],
)
def test_trap_23_existence_is_not_content(gate: Gate, tmp_path: Path, kind: str, text: str) -> None:
    policy = f"{POLICY}expects: [{kind}]\n"
    said = judged(gate, tree(tmp_path, {PLACES[kind]: text}, policy=policy), kind)
    content = MAIN[kind] if kind != "terraform" else "terraform.resources-present"
    assert said.outcomes()[content] not in ("pass", "not_applicable")
    assert said.code == 1 or kind == "terraform"


@pytest.mark.parametrize("kind", KINDS)
def test_trap_26_a_manifest_that_is_not_there(gate: Gate, tmp_path: Path, kind: str) -> None:
    root = tree(tmp_path, GOOD)
    (root / PLACES[kind]).unlink()
    assert_blocks(judged(gate, root, kind), kind, PLACES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_trap_26_a_pointer_in_place_of_a_manifest(gate: Gate, tmp_path: Path, kind: str) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 12345\n"
    said = judged(gate, tree(tmp_path, {**GOOD, PLACES[kind]: pointer}), kind)
    assert_blocks(said, kind, PLACES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_trap_26_a_sparse_checkout(gate: Gate, tmp_path: Path, kind: str) -> None:
    root = tree(tmp_path, {**{f"app/{path}" if kind != "ci" else path: text for path, text in GOOD.items()}})
    git(root, "sparse-checkout", "set", "--cone", ".gate")
    place = PLACES[kind] if kind == "ci" else f"app/{PLACES[kind]}"
    assert not (root / place).exists()
    assert_blocks(judged(gate, root, kind), kind, place)


def test_trap_26_a_submodule_is_told_by_the_inventory(gate: Gate, tmp_path: Path) -> None:
    other = tree(tmp_path / "other", GOOD)
    root = tree(tmp_path / "tree", GOOD)
    git(root, "submodule", "--quiet", "add", str(other), "vendor/other")
    save(root)
    git(tmp_path, "clone", "--quiet", str(root), "clone")
    said = gate.run(tmp_path / "clone", "--only", "inventory,compose")
    assert said.outcomes()["inventory.complete"] == "no_evidence"
    assert any(gap.startswith("vendor/other: ") for gap in said.gaps("inventory"))


def test_trap_27_a_tracked_env_file_with_a_key_is_a_leak_and_one_of_placeholders_is_not(
    gate: Gate, tmp_path: Path
) -> None:
    compose = COMPOSE + "    env_file: .env\n"
    leak = judged(gate, tree(tmp_path / "a", {"compose.yaml": compose, ".env": "DB_PASSWORD=hunter2xyz\n"}), "compose")
    assert leak.outcomes()["compose.no-literal-secrets"] == "fail"
    assert "hunter2xyz" not in leak.out
    sample = {"compose.yaml": compose, ".env": "DB_PASSWORD=changeme\nAPI_TOKEN=\nX_SECRET=${X_SECRET}\n"}
    assert "compose.no-literal-secrets" in passed(judged(gate, tree(tmp_path / "b", sample), "compose"), "compose")


# Bad input

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(8)
)
YAML = {
    "a bracket that is not closed": "x: [\n",
    "a tab": "x:\n\ty: 1\n",
    "a bomb of anchors": BOMB,
    "a key that stands twice": "version: '1'\nversion: '2'\n",
    "an alias of nothing": "x: *nothing\n",
    "an alias of itself": "x: &x {y: *x}\n",
    "deep nesting": "x: " + "[" * 5_000 + "]" * 5_000 + "\n",
    "a template": "{{- if .Values.on }}\nx: {{ .Values.x }}\n{{- end }}\n",
    "a template of Jinja": "{% for x in y %}\nx: 1\n{% endfor %}\n",
}


@pytest.mark.parametrize("text", YAML.values(), ids=YAML.keys())
@pytest.mark.parametrize("kind", ["compose", "ci"])
def test_yaml_that_cannot_be_read(gate: Gate, tmp_path: Path, kind: str, text: str) -> None:
    said = judged(gate, tree(tmp_path, {**GOOD, PLACES[kind]: f"{GOOD[PLACES[kind]]}{text}"}), kind)
    assert_blocks(said, kind, PLACES[kind])


BYTES = {
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "not UTF-8": lambda text: text.encode() + b"# \xff\xfe\n",
    "a NUL": lambda text: text.encode() + b"# \0\n",
}


@pytest.mark.parametrize("encode", BYTES.values(), ids=BYTES.keys())
@pytest.mark.parametrize("kind", ["compose", "ci", "grafana", "terraform"])
def test_bytes_that_are_no_text(gate: Gate, tmp_path: Path, kind: str, encode: object) -> None:
    assert callable(encode)
    files = {**GOOD, PLACES[kind]: encode(str(GOOD[PLACES[kind]]))}
    assert_blocks(judged(gate, tree(tmp_path, files), kind), kind, PLACES[kind])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_wide_encoding_hides_no_manifest_without_a_name(gate: Gate, tmp_path: Path, encoding: str) -> None:
    said = judged(gate, tree(tmp_path, {"stack.yaml": COMPOSE.encode(encoding)}), "compose")
    assert_blocks(said, "compose", "stack.yaml")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_dockerfile_in_a_wide_encoding(gate: Gate, tmp_path: Path, encoding: str) -> None:
    said = judged(gate, tree(tmp_path, {"Dockerfile": DOCKERFILE.encode(encoding)}), "dockerfile")
    assert_blocks(said, "dockerfile", "Dockerfile")


@pytest.mark.parametrize("change", ["\r\n", "\ufeff"])
@pytest.mark.parametrize("kind", KINDS)
def test_windows_files_are_read(gate: Gate, tmp_path: Path, kind: str, change: str) -> None:
    text = str(GOOD[PLACES[kind]])
    text = text.replace("\n", change) if change == "\r\n" else change + text
    said = judged(gate, tree(tmp_path, {PLACES[kind]: text.encode()}), kind)
    assert said.outcomes()[MAIN[kind]] == "pass", said.gaps(kind)


@pytest.mark.parametrize("kind", ["compose", "ci"])
def test_ten_megabytes(gate: Gate, tmp_path: Path, kind: str) -> None:
    whole = f"{GOOD[PLACES[kind]]}" + "".join(f"x-{n}: {{a: {n}, b: [c, d]}}\n" for n in range(380_000))
    assert len(whole) > 10_000_000
    said = judged(gate, tree(tmp_path, {PLACES[kind]: whole}), kind)
    assert said.outcomes()[MAIN[kind]] in ("pass", "no_evidence", "error")


@pytest.mark.parametrize("kind", ["compose", "ci", "grafana", "dockerfile", "terraform"])
def test_more_than_is_read_is_a_gap(gate: Gate, tmp_path: Path, kind: str) -> None:
    end = "\n" if kind == "grafana" else "# \n"
    text = str(GOOD[PLACES[kind]]) + end * (18_000_000 // len(end))
    assert_blocks(judged(gate, tree(tmp_path, {PLACES[kind]: text}), kind), kind, PLACES[kind])


def test_a_service_that_extends_itself_in_a_circle(gate: Gate, tmp_path: Path) -> None:
    text = "services:\n  a: {extends: b, image: x}\n  b: {extends: {service: a}}\n"
    said = judged(gate, tree(tmp_path, {"compose.yaml": text}), "compose")
    assert (said.code, said.outcomes()["compose.valid"]) == (1, "fail")
    assert any("extends itself" in finding["message"] for finding in said.json["findings"])


def test_files_that_include_each_other(gate: Gate, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "compose.yaml": "include: [b.yaml]\n" + COMPOSE,
        "b.yaml": "include: [compose.yaml]\n",
    }
    said = judged(gate, tree(tmp_path, files), "compose")
    assert said.outcomes()["compose.valid"] != "pass"


@pytest.mark.parametrize("other", ["../../etc/passwd", "/etc/passwd", "https://example.com/x.yaml", "${X}.yaml"])
@pytest.mark.parametrize("how", ["extends", "include"])
def test_what_lies_elsewhere_is_a_gap(gate: Gate, tmp_path: Path, how: str, other: str) -> None:
    more = f"include: ['{other}']\n" if how == "include" else ""
    body = f"    extends: {{file: '{other}', service: a}}\n" if how == "extends" else ""
    said = judged(gate, tree(tmp_path, {"compose.yaml": COMPOSE + body + more}), "compose")
    assert_blocks(said, "compose", other)


def test_keys_in_escapes_hide_no_service(gate: Gate, tmp_path: Path) -> None:
    text = '"serv\\u0069ces": {web: {"im\\x61ge": a:1, "privil\\u0065ged": true}}\n'
    said = judged(gate, tree(tmp_path, {"stack.yaml": text}), "compose")
    assert said.outcomes()["compose.not-privileged"] == "fail"


NAMES = ["new\nline", "::error::x", "\x1b[31mred", "a\u202eb", "-rf"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["dockerfile", "compose", "grafana", "terraform"])
def test_names_that_steer_nothing(gate: Gate, tmp_path: Path, kind: str, name: str) -> None:
    folder, _, file = PLACES[kind].rpartition("/")
    root = tree(tmp_path / "tree", {f"{name}/{folder}/{file}".replace("//", "/"): "{ broken: [\n"})
    said = gate.run(
        root, "--only", kind, "--report", f"console={tmp_path / 'c'}", "--report", f"markdown={tmp_path / 'm'}"
    )
    assert passed(said, kind) == set()
    console = (tmp_path / "c").read_text()
    assert "\x1b[31m" not in console
    assert not {"\u202e", "\x1b"} & set((tmp_path / "m").read_text())
    assert not [line for line in console.splitlines() + said.err.splitlines() if line.lstrip().startswith("::")]


# Things of the file system


@pytest.mark.parametrize("kind", ["ci", "compose", "dockerfile"])
def test_a_link_in_place_of_a_manifest(gate: Gate, tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.write_text(str(GOOD[PLACES[kind]]))
    root = tree(tmp_path / "tree", {path: text for path, text in GOOD.items() if path != PLACES[kind]})
    place = root / PLACES[kind]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(outside)
    save(root)
    assert_blocks(judged(gate, root, kind), kind, PLACES[kind])


@pytest.mark.parametrize("kind", ["grafana", "terraform"])
def test_a_link_proves_nothing(gate: Gate, tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.write_text(str(GOOD[PLACES[kind]]))
    root = tree(tmp_path / "tree", {})
    place = root / PLACES[kind]
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)
    save(root)
    assert passed(judged(gate, root, kind), kind) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipe_in_place_of_a_manifest(gate: Gate, tmp_path: Path, kind: str) -> None:
    root = tree(tmp_path, GOOD)
    (root / PLACES[kind]).unlink()
    os.mkfifo(root / PLACES[kind])
    assert_blocks(judged(gate, root, kind), kind, PLACES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_in_place_of_a_manifest(gate: Gate, tmp_path: Path, kind: str) -> None:
    root = tree(tmp_path, GOOD)
    (root / PLACES[kind]).unlink()
    (root / PLACES[kind]).mkdir()
    assert_blocks(judged(gate, root, kind), kind, PLACES[kind])


@pytest.mark.parametrize("kind", ["dockerfile", "compose"])
def test_a_folder_with_the_name_of_a_manifest_is_none(gate: Gate, tmp_path: Path, kind: str) -> None:
    said = judged(gate, tree(tmp_path, {f"{PLACES[kind]}/notes.txt": "x\n"}), kind)
    assert said.outcomes()[MAIN[kind]] == "not_applicable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_may_not_be_read(gate: Gate, tmp_path: Path, kind: str) -> None:
    root = tree(tmp_path, GOOD)
    (root / PLACES[kind]).chmod(0)
    assert_blocks(judged(gate, root, kind), kind, PLACES[kind])


# What the tree says to tools


@needs_hadolint
def test_the_configuration_of_the_tree_does_not_silence_hadolint(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "DIRECTORIES", (TOOLS, *tools.DIRECTORIES))
    silent = "ignored: [DL3006, DL3007, DL3008, DL3018]\nno-fail: true\nfailure-threshold: none\n"
    files: dict[str, str | bytes] = {"Dockerfile": "FROM debian\nRUN apt-get install x\n"}
    plain = tree(tmp_path / "a", files, policy="version: 1\nextends: strict\n")
    ruled = tree(
        tmp_path / "b",
        {**files, ".hadolint.yaml": silent, ".hadolint.yml": silent, ".config/hadolint.yaml": silent},
        policy="version: 1\nextends: strict\n",
    )
    lint = [judged(gate, root, "dockerfile").evidence("dockerfile")["facts"]["lint"] for root in (plain, ruled)]
    assert lint[0] == lint[1]
    assert lint[0]["warning"] >= 2


def test_the_configuration_of_the_tree_does_not_silence_zizmor(gate: Gate, tmp_path: Path) -> None:
    silent = (
        "rules:\n  template-injection: {disable: true, ignore: [ci.yml]}\n  excessive-permissions: {disable: true}\n"
    )
    step = '- run: echo "${{ github.event.pull_request.title }}"'
    text = WORKFLOW.replace("- run: pytest", step)
    policy = "version: 1\nextends: strict\n"
    found = []
    for name, more in (("a", {}), ("b", {"zizmor.yml": silent, ".github/zizmor.yml": silent, ".zizmor.yml": silent})):
        root = tree(tmp_path / name, {".github/workflows/ci.yml": text, **more}, policy=policy)
        found.append(judged(gate, root, "ci").evidence("ci")["facts"]["findings"])
    assert found[0] == found[1]
    assert found[0]["high"] >= 1


def test_a_dockerignore_hides_no_dockerfile(gate: Gate, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "Dockerfile": "FROM a:1\nUSER root\n",
        ".dockerignore": "*\n",
        ".gitattributes": "* -text\n",
    }
    assert judged(gate, tree(tmp_path, files), "dockerfile").outcomes()["dockerfile.non-root"] == "fail"


def test_the_program_ends_the_same_way_from_another_folder(tmp_path: Path) -> None:
    """Where the gate is called from says nothing about the tree."""
    root = tree(tmp_path / "tree", {"compose.yaml": COMPOSE.replace("mem_limit: 512m", "privileged: true")})
    gate = shutil.which("gate", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if gate is None:
        pytest.skip("gate is not installed as a program here")
    call = [gate, "run", "--no-publish", "--only", "compose", "--format", "json", "--workspace", str(root)]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 1
    assert {item["id"]: item["outcome"] for item in json.loads(done.stdout)["criteria"]}[
        "compose.not-privileged"
    ] == "fail"

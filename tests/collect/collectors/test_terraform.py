"""Terraform in trees: the parser in its child, and the real Trivy, whole and broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.collect.collector import Context
from gate.collect.collectors.terraform import TerraformCollector
from gate.collect.folder_cache import FolderCache
from gate.collect.process import Completed, SubprocessRunner, ToolProblem
from gate.collect.workspace import Entry, EntryType, Workspace
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Evidence, Missing, Unreadable
from gate.model.json import Json, JsonObject
from tests.support.broken_tools import BROKEN, OneTool, install
from tests.support.fakes import EmptyToolbox, write
from tests.support.trivy import NOW, needs_trivy, toolbox, trivy_context

OPEN = """resource "aws_security_group_rule" "ssh" {
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = "sg-1"
}
"""
CLEAN = 'variable "x" {\n  default = 1\n}\n'
PLAIN: dict[str, Json] = {"misconfigurations": False}


def collect(root: Path, request: JsonObject | None = None, context: Context | None = None) -> Evidence:
    return TerraformCollector().collect(context or trivy_context(root, PLAIN if request is None else request))


def collected(root: Path, request: JsonObject | None = None, context: Context | None = None) -> Collected:
    found = collect(root, request, context)
    assert isinstance(found, Collected), found
    assert not problems(shipped_validator("evidence/terraform"), found.facts, 3)
    return found


def test_nothing_of_the_kind_is_not_applicable(tmp_path: Path) -> None:
    write(tmp_path, {"README.md": "x"})
    found = collect(tmp_path)
    assert found == Missing("terraform", "no Terraform file (*.tf, *.tofu, *.tf.json) is tracked", not_applicable=True)


def test_files_of_all_syntaxes_are_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.tf": OPEN,
            "b.tofu": CLEAN,
            "c.tf.json": json.dumps({"resource": {"aws_vpc": {"a": {}}}}),
            ".github/workflows/d.tf": 'resource "aws_vpc" "b" {}\n',
            "notes.txt": "resource",
        },
    )
    facts = collected(tmp_path).facts
    assert (facts["files"], facts["resources"], facts["parse_failures"]) == (4, 3, 0)
    assert facts["by_type"] == {"aws_security_group_rule": 1, "aws_vpc": 2}
    assert "misconfigurations" not in facts


def test_a_link_in_place_of_a_file_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"a.tf": CLEAN, "elsewhere.txt": OPEN})
    for name in ("b.tf", "terraform.tfvars", "left.tf", "other.txt"):
        (tmp_path / name).symlink_to("elsewhere.txt")
    found = collected(tmp_path, PLAIN | {"exclude": ["left.tf"]})
    assert found.facts["resources"] == 0
    assert [(gap.subject, "not followed" in gap.reason) for gap in found.gaps] == [
        ("b.tf", True),
        ("terraform.tfvars", True),
    ]
    assert "ingress_rules" in (found.gaps[0].facts or ())
    assert "files" not in (found.gaps[1].facts or ())


def test_links_alone_do_not_mean_that_there_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "main.tf").symlink_to("nowhere")
    found = collect(tmp_path)
    assert isinstance(found, Missing)
    assert not found.not_applicable


def test_a_file_that_does_not_parse_is_a_gap_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"a.tf": CLEAN, "b.tf": 'resource "a" "b" {\n  = 1\n}\n', "c.tf": b"\xff\n"})
    found = collected(tmp_path)
    assert found.facts["parse_failures"] == 2
    assert [(gap.path, gap.reason, gap.line) for gap in found.gaps] == [
        ("b.tf", "does not parse as Terraform's syntax (HCL)", 2),
        ("c.tf", "is not UTF-8 text", 1),
    ]
    assert all("resources" in gap.facts and "roots" in gap.facts for gap in found.gaps)


def test_none_that_parses_is_unreadable(tmp_path: Path) -> None:
    write(tmp_path, {"a.tf": "<html>"})
    found = collect(tmp_path)
    assert isinstance(found, Unreadable)
    assert found.reason == "none of 1 files of Terraform could be read"


def test_what_is_absent_too_large_or_a_link_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"a.tf": CLEAN, "big.tf": "#" * (2 * 1024 * 1024 + 1)})
    tracked = [Entry(name, EntryType.FILE) for name in ("a.tf", "big.tf", "gone.tf")]
    context = Context(Workspace(tmp_path, tracked=tracked), SubprocessRunner(), EmptyToolbox(), dict(PLAIN))
    found = collected(tmp_path, context=context)
    assert [gap.path for gap in found.gaps] == ["big.tf", "gone.tf"]


def test_excluded_files_and_files_by_name(tmp_path: Path) -> None:
    write(tmp_path, {"a.tf": CLEAN, "examples/b.tf": "broken {", "c.terraform": 'resource "a_b" "c" {}\n'})
    found = collected(tmp_path, {**PLAIN, "exclude": "examples/**"})
    assert (found.facts["files"], found.facts["excluded"], found.gaps) == (1, 1, ())
    found = collected(tmp_path, {**PLAIN, "files": ["c.terraform", "a[b"]})
    assert found.facts["resources"] == 1
    assert [gap.subject for gap in found.gaps] == ["a[b"]
    nothing = collect(tmp_path, {**PLAIN, "exclude": ["**"]})
    assert isinstance(nothing, Missing)
    assert "2 are excluded" in nothing.reason


def test_values_of_variables(tmp_path: Path) -> None:
    group = 'variable "n" {}\nresource "aws_autoscaling_group" "a" {\n  min_size = var.n\n  max_size = 9\n}\n'
    write(tmp_path, {"a.tf": group, "prod.tfvars": "n = 5\n", "more.tfvars": "n = 6\n", "bad.tfvars": "n = = 1"})
    plain = collected(tmp_path)
    assert plain.facts["node_groups"][0]["unknown"] == ["minimum", "autoscaling"]  # type: ignore[index,call-overload]
    named = collected(tmp_path, {**PLAIN, "variables": ["more.tfvars", "prod.tfvars"]})
    assert named.facts["node_groups"][0]["minimum"] == 5  # type: ignore[index,call-overload]
    broken = collected(tmp_path, {**PLAIN, "variables": ["bad.tfvars", "none.tfvars"]})
    assert [gap.subject for gap in broken.gaps][:2] == ["none.tfvars", "bad.tfvars"]
    write(tmp_path, {"terraform.tfvars": "n = 7\n", "z.auto.tfvars": "n = 8\n"})
    automatic = collected(tmp_path)
    assert automatic.facts["node_groups"][0]["minimum"] == 8  # type: ignore[index,call-overload]


def test_costs(tmp_path: Path) -> None:
    report = {"projects": [{}], "currency": "USD", "totalMonthlyCost": "100.5"}
    write(tmp_path, {"a.tf": CLEAN})
    tracked = [Entry("a.tf", EntryType.FILE)]

    def run(**files: object) -> Collected:
        write(tmp_path, {f"out/{name}.json": json.dumps(content) for name, content in files.items()})
        request: JsonObject = {**PLAIN, "reports": [f"out/{name}.json" for name in files]}
        space = Workspace(tmp_path, tracked=tracked)
        return collected(tmp_path, context=Context(space, SubprocessRunner(), EmptyToolbox(), request))

    assert run(a=report, b=report).facts["cost"] == {"monthly": 201.0, "currency": "USD", "projects": 2}
    euros = run(a=report, c=report | {"currency": "EUR"})
    assert "cost" not in euros.facts
    assert [gap.facts for gap in euros.gaps] == [("cost",)]
    assert [gap.reason for gap in run(d=[]).gaps] == ["is not Infracost's JSON: it is no object"]
    priceless = run(e=report | {"summary": {"totalUnsupportedResources": 2}})
    assert [gap.reason for gap in priceless.gaps] == ["knows no price of 2 resources"]
    tracked.clear()
    alone = run(a=report)
    assert alone.facts["files"] == 0
    assert alone.facts["cost"] == {"monthly": 100.5, "currency": "USD", "projects": 1}


def test_contents_are_parsed_once_and_kept(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    write(root, {"a/x.tf": OPEN, "b/x.tf": OPEN, "c.tf": "broken {"})
    cache = FolderCache(tmp_path / "cache", origin="2025-01-02", now=lambda: NOW)
    runs = []

    class Counting(SubprocessRunner):
        def run(self, *given: object, **named: object) -> Completed:
            runs.append(named["stdin"])
            return super().run(*given, **named)  # type: ignore[arg-type]

    def once() -> Collected:
        return collected(root, context=Context(Workspace(root), Counting(), EmptyToolbox(), dict(PLAIN), cache=cache))

    first, second = once(), once()
    assert len(runs) == 1
    assert first.facts == second.facts
    assert first.gaps == second.gaps
    assert "2 contents from the cache" in str(second.sources[0].detail)
    assert first.facts["resources"] == 2


class Dying(SubprocessRunner):
    """A parser that dies of one file, or that answers nonsense."""

    def __init__(self, sign: bytes, answer: bytes | None = None) -> None:
        super().__init__()
        self.sign = sign
        self.answer = answer

    def run(self, *given: object, **named: object) -> Completed:
        import base64

        stdin = named["stdin"]
        assert isinstance(stdin, bytes)
        if any(self.sign in base64.b64decode(item["data"]) for item in json.loads(stdin)):
            if self.answer is None:
                raise ToolProblem("gate.collect.terraform.parse-child", "was killed by signal 9 (SIGKILL)")
            return Completed(0, self.answer, "", 0.1)
        return super().run(*given, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "SIGKILL"),
        (b"[]", "not understood"),
        (b'[{"block": 1}, {"block": 2}]', "not understood"),
        (b'[{"reason": 1}, {"reason": 2}]', "not understood"),
        (b'[{"reason": "x", "line": 1}, {"reason": "x", "line": 1}]', "planted"),
    ],
)
def test_a_file_that_ends_the_parser_takes_no_other_with_it(tmp_path: Path, answer: bytes | None, told: str) -> None:
    write(tmp_path, {f"f{n}.tf": f'resource "a_b" "r{n}" {{}}\n' for n in range(2)} | {"poison.tf": "# poison\n"})
    context = Context(Workspace(tmp_path), Dying(b"poison", answer), EmptyToolbox(), dict(PLAIN))
    found = collected(tmp_path, context=context)
    assert found.facts["resources"] == 2
    assert found.facts["parse_failures"] == 1
    (gap,) = found.gaps
    assert gap.path == "poison.tf"
    assert told in gap.reason


HOSTILE = {
    "nested.tf": "a = " + "[" * 50_000 + "]" * 50_000,
    "parens.tf": "a = " + "(" * 20_000,
    "braces.tf": "a {\n" * 20_000,
    "quotes.tf": 'a = "' + "${" * 20_000,
    "heredoc.tf": "a = <<E\n" * 20_000,
    "comment.tf": "/*" * 50_000,
    "operators.tf": "a = 1" + " + 1" * 20_000 + "\n",
    "empty.tf": "",
    "bom.tf": "\ufeff" + CLEAN.replace("\n", "\r\n"),
    "types.tf.json": '{"resource": [[], 1, null]}',
    "labels.tf": 'resource {}\nresource "a" {}\nmodule {}\nvariable {}\nprovider {}\nresource "a" "b" "c" {}\n',
    "self.tf": 'module "me" {\n  source = "./"\n  x = 1\n}\nvariable "x" {}\n',
    "ring.tf": "locals {\n  a = local.b\n  b = local.a\n}\n",
}


def test_hostile_files_neither_raise_nor_hang(tmp_path: Path) -> None:
    write(tmp_path, {**HOSTILE, "good.tf": OPEN})
    found = collected(tmp_path)
    assert found.facts["by_type"] == {"aws_security_group_rule": 1}
    unread = {gap.path for gap in found.gaps}
    assert unread >= {"parens.tf", "braces.tf", "quotes.tf", "heredoc.tf", "comment.tf", "types.tf.json"}
    assert not unread & {"good.tf", "empty.tf", "bom.tf", "labels.tf", "ring.tf", "self.tf"}


@needs_trivy
def test_misconfigurations_are_found_where_they_are(tmp_path: Path) -> None:
    write(tmp_path, {"net/a.tf": f"# first\n{OPEN}", "vars.tf": CLEAN, "b.tofu": OPEN, "c.tf.json": _json()})
    found = collected(tmp_path, {})
    assert not found.gaps
    grave = {(each.path, each.line) for each in found.findings if each.rule == "AWS-0107"}
    assert grave == {("net/a.tf", 7), ("b.tofu", 6), ("c.tf.json", 10)}
    assert found.facts["misconfigurations"]["high"] == 3  # type: ignore[index,call-overload]
    assert found.facts["ignored"] == 0
    assert not any("gate_canary" in str(each) for each in found.findings)
    assert len({each.fingerprint for each in found.findings}) == len(found.findings)


def _json() -> str:
    body = {"type": "ingress", "from_port": 22, "to_port": 22, "protocol": "tcp", "security_group_id": "x"}
    return json.dumps(
        {"resource": {"aws_security_group_rule": {"a": {**body, "cidr_blocks": ["0.0.0.0/0"]}}}}, indent=1
    )


@needs_trivy
def test_nothing_in_the_tree_hides_a_finding(tmp_path: Path) -> None:
    hidden = OPEN.replace("{\n", "{ #trivy:ignore:AVD-AWS-0107\n", 1)
    also = "#tfsec:ignore:*\n" + OPEN.replace("ssh", "other")
    write(
        tmp_path,
        {
            "a.tf": hidden,
            "b/b.tf": also,
            ".trivyignore": "AVD-AWS-0107\n",
            "trivy.yaml": "severity: [LOW]\nscan:\n  skip-dirs: ['**']\n",
        },
    )
    found = collected(tmp_path, {})
    assert {each.path for each in found.findings if each.rule == "AWS-0107"} == {"a.tf", "b/b.tf"}
    assert found.facts["misconfigurations"]["high"] == 2  # type: ignore[index,call-overload]
    assert found.facts["ignored"] >= 2  # type: ignore[operator]
    honoured = collected(tmp_path, {"honour_ignored": True})
    assert honoured.facts["misconfigurations"]["high"] == 0  # type: ignore[index,call-overload]
    assert honoured.facts["ignored"] == found.facts["ignored"]


@needs_trivy
def test_modules_of_the_tree_are_followed_and_others_are_gaps(tmp_path: Path) -> None:
    calls = (
        'module "net" {\n  source = "./net"\n  port = 22\n}\n'
        'module "off" {\n  source = "./off"\n  count = 0\n}\n'
        'module "vpc" {\n  source  = "terraform-aws-modules/vpc/aws"\n  version = "5.0.0"\n}\n'
        'module "git" {\n  source = "git::https://example.com/x.git?ref=v1"\n}\n'
        'module "gone" {\n  source = "./gone"\n}\n'
        'module "out" {\n  source = "../../etc"\n}\n'
    )
    inner = 'variable "port" {}\n' + OPEN.replace("= 22", "= var.port")
    write(tmp_path, {"main.tf": calls, "net/main.tf": inner, "off/main.tf": OPEN})
    found = collected(tmp_path, {})
    assert {each.path for each in found.findings if each.rule == "AWS-0107"} == {"net/main.tf", "off/main.tf"}
    assert [(gap.path, gap.line, gap.facts) for gap in found.gaps] == [
        ("main.tf", line, ("misconfigurations",)) for line in (9, 13, 16, 19)
    ]


@needs_trivy
def test_a_file_that_trivy_is_not_given_is_a_gap(tmp_path: Path) -> None:
    escaped = '{"module": {"a": {"\\u0073ource": "git::https://example.com/x.git"}}}'
    write(tmp_path, {"a.tf": CLEAN, "b.tf.json": escaped})
    found = collected(tmp_path, {})
    assert {gap.path for gap in found.gaps} == {"b.tf.json"}
    assert all(gap.facts == ("misconfigurations",) for gap in found.gaps)


def test_without_trivy_the_rest_is_known(tmp_path: Path) -> None:
    write(tmp_path, {"a.tf": OPEN})
    found = collected(tmp_path, context=trivy_context(tmp_path, {}, EmptyToolbox()))
    assert found.facts["resources"] == 1
    assert "misconfigurations" not in found.facts
    (gap,) = found.gaps
    assert gap.facts == ("misconfigurations", "ignored")
    assert "is not installed" in gap.reason


REPORT = json.dumps({"SchemaVersion": 2, "ArtifactType": "filesystem", "Results": []})


@pytest.mark.parametrize("does", [name for name in BROKEN if name not in ("hangs", "prints without an end")])
def test_a_broken_trivy_proves_nothing(tmp_path: Path, does: str) -> None:
    program = install(tmp_path / "bin", "trivy", does, REPORT)
    write(tmp_path / "tree", {"a.tf": OPEN})
    context = trivy_context(tmp_path / "tree", {}, OneTool("trivy", (str(program),)))
    found = collected(tmp_path, context=context)
    assert "misconfigurations" not in found.facts
    assert not found.findings
    (gap,) = found.gaps
    assert gap.facts == ("misconfigurations", "ignored")
    assert gap.subject == "trivy"


@needs_trivy
def test_a_trivy_that_passes_over_a_file_leaves_a_gap(tmp_path: Path) -> None:
    """The real one, behind a script that takes one file away from it."""
    real = toolbox().find("trivy").program
    script = tmp_path / "bin" / "trivy"
    write(
        tmp_path / "bin",
        {
            "trivy": "#!/usr/bin/env python3\nimport os, pathlib, sys\n"
            "for path in pathlib.Path(sys.argv[-1]).rglob('secret.tf'):\n    path.unlink()\n"
            f"os.execv({str(real)!r}, [{str(real)!r}, *sys.argv[1:]])\n"
        },
    )
    script.chmod(0o755)
    write(tmp_path / "tree", {"a.tf": OPEN, "secret.tf": OPEN.replace("ssh", "b")})
    context = trivy_context(tmp_path / "tree", {}, OneTool("trivy", (str(script),)))
    found = collected(tmp_path, context=context)
    assert [(gap.path, gap.facts) for gap in found.gaps] == [("secret.tf", ("misconfigurations",))]
    assert {each.path for each in found.findings} == {"a.tf"}

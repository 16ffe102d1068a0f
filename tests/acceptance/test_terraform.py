"""Terraform in a repository, and the whole program on it: with the real Trivy, without one, and with a broken one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.broken_tools import install
from tests.support.repos import Gate, ledger, save
from tests.support.trivy import PROGRAMS, needs_trivy

POLICY = """version: 1
extends: strict
expects: [terraform]
criteria:
  keys.rotate:
    title: Keys are rotated
    category: infrastructure
    level: must
    evidence: terraform
    select:
      each: items
      noun: key|keys
      at_least: 1
      where: {required: [type], properties: {type: {const: aws_kms_key}}}
    require:
      required: [attributes]
      properties:
        attributes:
          required: [enable_key_rotation]
          properties: {enable_key_rotation: {const: true}}
"""
INFRA = """terraform {
  required_version = "~> 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
  backend "s3" {
    bucket       = "state"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = "eu-central-1"
}

resource "aws_kms_key" "main" {
  enable_key_rotation = true
}

resource "aws_eks_node_group" "main" {
  cluster_name  = "main"
  node_role_arn = "arn:aws:iam::1:role/node"
  subnet_ids    = ["subnet-1"]
  scaling_config {
    min_size     = 3
    max_size     = 10
    desired_size = 3
  }
}
"""
SSH = """
resource "aws_security_group_rule" "ssh" { #trivy:ignore:*
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = "sg-1"
}
"""


def use(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    import gate.collect.tools

    monkeypatch.setattr(gate.collect.tools, "DIRECTORIES", (folder, *gate.collect.tools.DIRECTORIES))


@needs_trivy
def test_good_and_bad_infrastructure(gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, PROGRAMS)
    root = ledger(tmp_path, **{"policy": POLICY, "infra/main.tf": INFRA})
    outcomes = gate.run(root, "--only=terraform").outcomes()
    wanted = ("parses", "no-critical", "no-high", "remote-state", "state-encrypted", "state-locked", "version-pinned",
              "providers-pinned", "node-groups", "node-autoscaling", "keys", "no-secrets")  # fmt: skip
    assert {name: outcomes[f"terraform.{name}"] for name in wanted} == dict.fromkeys(wanted, "pass")
    assert outcomes["keys.rotate"] == "pass"
    assert outcomes["terraform.backups"] == "not_applicable"
    (root / "infra/main.tf").write_text(
        INFRA.replace("min_size     = 3", "min_size = 1").replace("= true", "= false") + SSH
    )
    save(root)
    said = gate.run(root, "--only=terraform")
    outcomes = said.outcomes()
    failed = ("no-high", "state-encrypted", "state-locked", "node-groups", "no-open-ingress")
    assert {name: outcomes[f"terraform.{name}"] for name in failed} == dict.fromkeys(failed, "fail")
    assert outcomes["keys.rotate"] == "fail"
    assert said.code == 1
    assert "aws_security_group_rule ssh (infra/main.tf:" in said.criterion("terraform.no-open-ingress")["reason"]
    assert any(each["rule"] == "AWS-0107" for each in said.json["findings"])


@needs_trivy
def test_one_bad_file_leaves_no_evidence(gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, PROGRAMS)
    root = ledger(tmp_path, **{"policy": POLICY, "infra/main.tf": INFRA, "infra/bad.tf": "resource {\n  =\n}\n"})
    said = gate.run(root, "--only=terraform")
    assert said.outcomes()["terraform.parses"] == "fail"
    assert said.outcomes()["terraform.no-critical"] == "no_evidence"
    assert said.outcomes()["terraform.node-groups"] == "no_evidence"
    assert "infra/bad.tf: does not parse as Terraform's syntax (HCL)" in said.gaps("terraform")


@pytest.mark.parametrize("does", ["crashes", "prints an empty document and ends with 0", "prints half a document"])
def test_a_broken_trivy_never_passes(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:  # fmt: skip
    report = json.dumps({"SchemaVersion": 2, "ArtifactType": "filesystem", "Results": []})
    install(tmp_path / "bin", "trivy", does, report, "Version: 0.59.1")
    use(monkeypatch, tmp_path / "bin")
    root = ledger(tmp_path / "tree", **{"policy": POLICY, "infra/main.tf": INFRA})
    outcomes = gate.run(root, "--only=terraform").outcomes()
    assert outcomes["terraform.no-critical"] == "no_evidence"
    assert outcomes["terraform.node-groups"] == "pass"


def test_no_terraform_where_it_is_expected(gate: Gate, tmp_path: Path) -> None:
    said = gate.run(ledger(tmp_path, policy=POLICY), "--only=terraform")
    assert said.outcomes()["terraform.parses"] == "fail"
    assert said.code == 1

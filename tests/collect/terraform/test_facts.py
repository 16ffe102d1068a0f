"""What resources mean: each kind of fact from small configurations."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gate.collect.terraform.facts import tree_facts
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject
from tests.support.terraform import tree

PLACE = ("kind", "name", "path", "line")


def facts(*named: tuple[str, str], **files: str) -> tuple[JsonObject, list[Gap]]:
    return tree_facts(tree(*named, **files))


def listed(told: Mapping[str, Json], name: str) -> list[JsonObject]:
    """The elements of a list, without where they are."""
    elements = told[name]
    assert isinstance(elements, list)
    assert all(isinstance(each, dict) and {"kind", "name", "path"} <= each.keys() for each in elements)
    return [
        {key: value for key, value in each.items() if key not in PLACE} for each in elements if isinstance(each, dict)
    ]


def one(name: str, text: str) -> JsonObject:
    (element,) = listed(facts(main=text)[0], name)
    return element


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            """resource "aws_eks_node_group" "a" {
  capacity_type  = "SPOT"
  instance_types = ["t3.medium"]
  scaling_config {
    min_size     = 3
    max_size     = 10
    desired_size = 4
  }
}""",
            {"minimum": 3, "maximum": 10, "autoscaling": True, "instance_types": ["t3.medium"], "spot": True},
        ),
        (
            'resource "aws_autoscaling_group" "a" {\n  min_size = "2"\n  max_size = 2\n}',
            {"minimum": 2, "maximum": 2, "autoscaling": False},
        ),
        (
            'resource "aws_autoscaling_group" "a" {\n  min_size = var.x\n  max_size = 2\n}',
            {"maximum": 2, "unknown": ["minimum", "autoscaling"]},
        ),
        (
            """resource "google_container_node_pool" "a" {
  autoscaling {
    total_min_node_count = 1
    total_max_node_count = 5
  }
  node_config {
    machine_type = "e2-medium"
    preemptible  = true
  }
}""",
            {"minimum": 1, "maximum": 5, "autoscaling": True, "instance_types": ["e2-medium"], "spot": True},
        ),
        (
            'resource "google_container_node_pool" "a" {\n  node_count = 3\n  node_config { spot = var.x }\n}',
            {"minimum": 3, "maximum": 3, "autoscaling": False, "unknown": ["instance_types", "spot"]},
        ),
        (
            """resource "azurerm_kubernetes_cluster" "a" {
  default_node_pool {
    vm_size    = "Standard_D2_v2"
    node_count = 2
  }
}""",
            {"minimum": 2, "maximum": 2, "autoscaling": False, "instance_types": ["Standard_D2_v2"]},
        ),
        (
            """module "eks" {
  source = "terraform-aws-modules/eks/aws"
  eks_managed_node_groups = {
    blue = {
      min_size       = 2
      max_size       = 4
      capacity_type  = "ON_DEMAND"
      instance_types = ["m5.large"]
    }
  }
}""",
            {"minimum": 2, "maximum": 4, "autoscaling": True, "instance_types": ["m5.large"], "spot": False},
        ),
    ],
)
def test_node_groups(text: str, wanted: JsonObject) -> None:
    assert one("node_groups", text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            'resource "aws_db_instance" "a" {\n  backup_retention_period = 14\n  deletion_protection = true\n  multi_az = true\n}',  # noqa: E501
            {"backup_days": 14, "deletion_protection": True, "multi_zone": True},
        ),
        ('resource "aws_db_instance" "a" {}', {"backup_days": 0, "deletion_protection": False, "multi_zone": False}),
        ('resource "aws_rds_cluster" "a" {}', {"backup_days": 1, "deletion_protection": False}),
        (
            'resource "aws_rds_cluster" "a" {\n  backup_retention_period = var.x\n}',
            {"deletion_protection": False, "unknown": ["backup_days"]},
        ),
        ('resource "azurerm_postgresql_flexible_server" "a" {}', {"backup_days": 7}),
        (
            'resource "aws_dynamodb_table" "a" {\n  point_in_time_recovery { enabled = true }\n}',
            {"backup_days": 35, "deletion_protection": False},
        ),
        ('resource "aws_dynamodb_table" "a" {}', {"backup_days": 0, "deletion_protection": False}),
        (
            """resource "google_sql_database_instance" "a" {
  settings {
    availability_type = "REGIONAL"
    backup_configuration {
      enabled = true
      backup_retention_settings { retained_backups = 30 }
    }
  }
}""",
            {"backup_days": 30, "deletion_protection": True, "multi_zone": True},
        ),
        (
            'resource "google_sql_database_instance" "a" {\n  deletion_protection = false\n}',
            {"backup_days": 0, "deletion_protection": False, "multi_zone": False},
        ),
    ],
)
def test_databases(text: str, wanted: JsonObject) -> None:
    assert one("databases", text) == wanted


def test_replicas_hold_no_data_of_their_own() -> None:
    assert not listed(facts(main='resource "aws_db_instance" "a" { replicate_source_db = "x" }')[0], "databases")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('resource "aws_ebs_volume" "a" {}', {"encrypted": False, "own_key": False}),
        (
            'resource "aws_ebs_volume" "a" {\n  encrypted = true\n  kms_key_id = aws_kms_key.a.arn\n}',
            {"encrypted": True, "own_key": True},
        ),
        ('resource "aws_ebs_volume" "a" {\n  encrypted = var.x\n}', {"own_key": False, "unknown": ["encrypted"]}),
        (
            'resource "aws_opensearch_domain" "a" {\n  encrypt_at_rest { enabled = true }\n}',
            {"encrypted": True, "own_key": False},
        ),
        ('resource "aws_eks_cluster" "a" {\n  encryption_config { resources = ["secrets"] }\n}', {"encrypted": True}),
        ('resource "aws_eks_cluster" "a" {}', {"encrypted": False}),
        (
            'resource "google_container_cluster" "a" {\n  database_encryption { state = "ENCRYPTED" }\n}',
            {"encrypted": True},
        ),
        ('resource "google_container_cluster" "a" {}', {"encrypted": False}),
    ],
)
def test_encryption(text: str, wanted: JsonObject) -> None:
    assert one("encryptable", text) == wanted


RULE = """resource "aws_vpc_security_group_ingress_rule" "{name}" {{
  cidr_ipv4   = "{cidr}"
  from_port   = {port}
  to_port     = {port}
  ip_protocol = "tcp"
}}
"""


def test_rules_that_let_in_the_internet_piece_by_piece_are_public() -> None:
    pieces = [RULE.format(name=f"a{number}", cidr=f"{number}.0.0.0/8", port=22) for number in range(256)]
    found = rules("".join(pieces) + RULE.format(name="b", cidr="9.0.0.0/8", port=443))
    assert found == [(True, "22")] * 256 + [(False, "443")]


def test_one_rule_with_many_ranges_is_public() -> None:
    ranges = ", ".join(f'"{number}.0.0.0/8"' for number in range(256))
    text = f"""resource "aws_security_group" "a" {{
  ingress {{
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = [{ranges}]
  }}
}}"""
    assert rules(text) == [(True, "22")]


def test_rules_beyond_what_is_told_are_a_gap() -> None:
    text = "".join(RULE.format(name=f"a{number}", cidr="192.0.2.0/24", port=22) for number in range(2001))
    told, gaps = facts(main=text)
    assert len(listed(told, "ingress_rules")) == 2000
    assert [(gap.subject, gap.facts) for gap in gaps] == [("ingress rules", ("ingress_rules",))]
    assert "2,001" in gaps[0].reason


def rules(text: str) -> list[tuple[Json, Json]]:
    return [(each.get("public"), each.get("port")) for each in listed(facts(main=text)[0], "ingress_rules")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            """resource "aws_security_group" "a" {
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  ingress {
    from_port       = 8000
    to_port         = 8999
    protocol        = "tcp"
    security_groups = ["sg-1"]
  }
  egress { cidr_blocks = ["0.0.0.0/0"] }
}""",
            [(True, "443"), (False, "8000-8999")],
        ),
        (
            """resource "aws_security_group_rule" "a" {
  type             = "ingress"
  from_port        = 0
  to_port          = 0
  protocol         = "-1"
  cidr_blocks      = [var.x]
  ipv6_cidr_blocks = ["::/0"]
}""",
            [(True, "0-65535")],
        ),
        ('resource "aws_security_group_rule" "a" {\n  type = "egress"\n  cidr_blocks = ["0.0.0.0/0"]\n}', []),
        (
            """resource "aws_security_group" "a" {
  dynamic "ingress" {
    for_each = var.ports
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}""",
            [(True, None)],
        ),
        (
            'resource "aws_vpc_security_group_ingress_rule" "a" {\n  cidr_ipv4 = var.x\n  from_port = 22\n  ip_protocol = "tcp"\n}',  # noqa: E501
            [(None, "22")],
        ),
        (
            """resource "google_compute_firewall" "a" {
  allow {
    protocol = "tcp"
    ports    = ["22", "8000-8999"]
  }
  allow { protocol = "icmp" }
}""",
            [(True, "22"), (True, "8000-8999"), (True, "0-65535")],
        ),
        (
            'resource "google_compute_firewall" "a" {\n  source_tags = ["x"]\n  allow {\n    ports = ["22"]\n  }\n}',
            [(False, "22")],
        ),
        (
            'resource "google_compute_firewall" "a" {\n  source_ranges = ["10.0.0.0/8"]\n  allow {\n    ports = var.x\n  }\n}',  # noqa: E501
            [(False, None)],
        ),
        ('resource "google_compute_firewall" "a" {\n  direction = "EGRESS"\n  allow {}\n}', []),
        (
            """resource "azurerm_network_security_rule" "a" {
  direction              = "Inbound"
  access                 = "Allow"
  source_address_prefix  = "*"
  destination_port_range = "*"
}""",
            [(True, "0-65535")],
        ),
        (
            """resource "azurerm_network_security_group" "a" {
  security_rule {
    direction               = "Inbound"
    access                  = "Allow"
    source_address_prefix   = "Internet"
    destination_port_ranges = ["22", "80"]
  }
  security_rule {
    direction             = "Inbound"
    access                = "Deny"
    source_address_prefix = "*"
  }
}""",
            [(True, "22"), (True, "80")],
        ),
    ],
)
def test_ingress(text: str, wanted: list[tuple[Json, Json]]) -> None:
    assert rules(text) == wanted


STATES = [
    ('backend "s3" {\n    bucket = "b"\n    encrypt = true\n    use_lockfile = true\n  }', ("s3", True, True, True)),
    ('backend "s3" {\n    bucket = "b"\n    dynamodb_table = "t"\n  }', ("s3", True, False, True)),
    ('backend "s3" {\n    bucket = "b"\n  }', ("s3", True, False, False)),
    ('backend "s3" {}', ("s3", True, None, None)),
    ('backend "gcs" {}', ("gcs", True, True, True)),
    ('backend "http" {\n    lock_address = "x"\n  }', ("http", True, None, True)),
    ('backend "http" {}', ("http", True, None, False)),
    ('backend "local" {}', ("local", False, False, False)),
    ("cloud {}", ("cloud", True, True, True)),
]


@pytest.mark.parametrize(("text", "wanted"), STATES)
def test_states(text: str, wanted: tuple[Json, ...]) -> None:
    root = one("roots", f'provider "aws" {{}}\nterraform {{\n  {text}\n}}\n')
    assert tuple(root.get(name) for name in ("backend", "remote_state", "state_encrypted", "state_locked")) == wanted


@pytest.mark.parametrize(
    ("constraint", "pinned"),
    [("~> 1.9", True), ("1.9.0", True), ("= 1.9", True), (">= 1.5, < 2.0", True), (">= 1.5", False), ("!= 1.2", False)],
)
def test_versions(constraint: str, *, pinned: bool) -> None:
    text = f'terraform {{\n  required_version = "{constraint}"\n  backend "gcs" {{}}\n}}\n'
    assert one("roots", text)["version_pinned"] is pinned
    text = f'provider "aws" {{}}\nterraform {{\n  required_providers {{\n    aws = {{ version = "{constraint}" }}\n  }}\n}}\n'  # noqa: E501
    assert one("providers", text) == {"root": True, "version": constraint, "pinned": pinned}


def test_a_root_without_any_constraint() -> None:
    told, _ = facts(main='provider "aws" {}\nresource "aws_vpc" "a" {}\n')
    assert listed(told, "roots")[0]["version_pinned"] is False
    assert listed(told, "providers") == [{"root": True, "pinned": False}]


def test_a_lock_file_pins() -> None:
    told, _ = facts((".terraform.lock.hcl", ""), main='provider "aws" {}\nresource "aws_vpc" "a" {}\n')
    assert listed(told, "providers") == [{"root": True, "pinned": True, "locked": True}]


@pytest.mark.parametrize(
    ("source", "version", "wanted"),
    [
        ("./part", "", {"from": "local", "pinned": True}),
        (
            "terraform-aws-modules/vpc/aws",
            'version = "~> 5.0"',
            {"from": "registry", "version": "~> 5.0", "pinned": True},
        ),
        ("app.terraform.io/acme/vpc/aws//sub", "", {"from": "registry", "pinned": False}),
        (
            "git::https://example.com/a.git?ref=v1.2.0",
            "",
            {"from": "git", "ref": "v1.2.0", "commit": False, "pinned": True},
        ),
        ("github.com/acme/vpc?ref=main", "", {"from": "git", "ref": "main", "commit": False, "pinned": False}),
        ("github.com/acme/vpc", "", {"from": "git", "pinned": False}),
        (
            f"git@github.com:a/b.git?ref={'a' * 40}",
            "",
            {"from": "git", "ref": "a" * 40, "commit": True, "pinned": True},
        ),
        ("https://example.com/vpc.zip", "", {"from": "archive", "pinned": False}),
    ],
)
def test_module_sources(source: str, version: str, wanted: JsonObject) -> None:
    told = one("modules", f'module "a" {{\n  source = "{source}"\n  {version}\n}}\n')
    assert told == {"root": False, "source": source, **wanted}


def test_families_and_regions() -> None:
    told, _ = facts(
        main="""
provider "aws" { region = "eu-central-1" }
provider "aws" {
  alias  = "dr"
  region = "eu-west-1"
}
resource "aws_kms_key" "a" {}
resource "aws_route53_record" "a" { failover_routing_policy { type = "PRIMARY" } }
resource "aws_route53_health_check" "a" {}
resource "aws_s3_bucket" "logs" { object_lock_enabled = true }
resource "google_storage_bucket" "logs" {
  location = "europe-west1"
  retention_policy { is_locked = true }
}
resource "google_compute_instance" "a" { zone = "europe-west3-a" }
resource "azurerm_lb" "a" { location = "West Europe" }
resource "aws_security_group" "off" { count = 0 }
module "vpc" { source = "terraform-aws-modules/vpc/aws" }
"""
    )
    families = told["families"]
    assert isinstance(families, dict)
    assert {name: count for name, count in families.items() if count} == {
        "key": 1,
        "dns_failover": 1,
        "health_check": 1,
        "immutable_storage": 2,
        "load_balancer": 1,
        "network": 1,
    }
    assert told["regions"] == ["eu-central-1", "eu-west-1", "europe-west1", "westeurope"]
    assert told["resources"] == 7
    assert told["by_type"]["aws_kms_key"] == 1  # type: ignore[index,call-overload]
    assert "aws_security_group" not in told["by_type"]  # type: ignore[operator]


def test_items_tell_what_is_known_and_no_secret() -> None:
    told, _ = facts(
        main="""
variable "db_password" { default = "hunter2hunter2" }
variable "seed" {
  default   = "hunter2hunter2"
  sensitive = true
}
locals { login = { password = "hunter2hunter2" } }
resource "aws_db_instance" "a" {
  password   = "hunter2hunter2"
  identifier = "orders"
  vpc_id     = aws_vpc.main.id
  user_data  = var.db_password
  extra      = var.seed
  more       = local.login.password
  tags       = { Owner = "team" }
}
provider "x" { token = "" }
data "aws_ami" "b" {}
"""
    )
    assert "hunter2" not in str(told)
    items = {str(item["address"]): item for item in listed(told, "items")}
    assert set(items) == {"variable.db_password", "variable.seed", "aws_db_instance.a", "provider.x", "data.aws_ami.b"}
    item = items["aws_db_instance.a"]
    assert item["type"] == "aws_db_instance"
    assert item["live"] is True
    assert item["attributes"] == {"identifier": "orders", "tags": {"Owner": "team"}}
    assert item["unknown"] == ["extra", "more", "password", "user_data", "vpc_id"]
    secrets = told["literal_secrets"]
    assert isinstance(secrets, list)
    assert [
        (each["kind"], each["name"], each["attribute"], each["line"]) for each in secrets if isinstance(each, dict)
    ] == [
        ("aws_db_instance", "a", "password", 9),
        ("locals", "locals", "password", 7),
        ("variable", "db_password", "default", 2),
        ("variable", "seed", "default", 4),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'resource "a_b" "c" { password = var.x }',
        'resource "a_b" "c" { password = "" }',
        'resource "a_b" "c" { kms_master_key = "arn:aws:kms:x" }',
        'resource "a_b" "c" { secret_name = "payments" }',
        'resource "a_b" "c" { password_length = 12 }',
    ],
)
def test_what_is_no_literal_secret(text: str) -> None:
    assert facts(main=text)[0]["literal_secrets"] == []


def test_secrets_in_files_of_values_and_nested_blocks() -> None:
    told, _ = facts(
        ("terraform.tfvars", 'api_token = "abc"\n'),
        main='variable "api_token" {}\nresource "a_b" "c" {\n  login { password = "abc" }\n  map = { client_secret = "abc" }\n}\n',  # noqa: E501
    )
    secrets = told["literal_secrets"]
    assert isinstance(secrets, list)
    assert {(each["kind"], each["attribute"]) for each in secrets if isinstance(each, dict)} == {
        ("a_b", "client_secret"),
        ("a_b", "password"),
        ("value", "api_token"),
    }


def test_what_is_known_after_a_plan_only_is_a_gap_on_that_fact() -> None:
    _, gaps = facts(main='resource "aws_autoscaling_group" "a" {\n  min_size = var.x\n  max_size = 2\n}\n')
    assert gaps == [
        Gap(
            "main.tf",
            "does not tell of aws_autoscaling_group a before a plan: minimum, autoscaling",
            "main.tf",
            1,
            ("node_groups.minimum", "node_groups.autoscaling"),
        )
    ]


def test_attributes_have_a_bound_for_all_items_together() -> None:
    big = "locals {\n  big = [" + "1, " * 1900 + "]\n}\n"
    told, gaps = facts(main=big + "".join(f'resource "a_b" "r{n}" {{\n  x = local.big\n}}\n' for n in range(250)))
    items = listed(told, "items")
    assert "attributes" in items[0]
    assert "attributes" not in items[-1]
    assert [gap.facts for gap in gaps] == [("items",)]

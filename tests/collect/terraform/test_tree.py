from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.collect.terraform.evaluate import UNKNOWN, Scope, evaluate, known, known_object, unknown_paths
from gate.collect.terraform.facts import tree_facts
from gate.collect.terraform.tree import Tree, body_of, flag_of, is_off, objects_of, whole_of
from tests.support.terraform import tree


def values(found: Tree, folder: str = "", type_: str = "output") -> dict[str, object]:
    """What the outputs of a folder are worth."""
    module = next(each for each in found.modules if each.folder == folder)
    return {
        placed.block.labels[0]: evaluate(placed.block.attributes["value"].expression, module.scope)
        for placed in module.named(type_)
    }


def test_variables_and_locals() -> None:
    found = tree(
        main="""
variable "a" { default = 3 }
variable "b" {}
variable "map" { default = { list = ["x", { deep = true }] } }
locals {
  twice = "${var.a}-${var.a}"
  loop  = local.pool
  pool  = local.loop
}
output "a" { value = var.a }
output "b" { value = var.b }
output "twice" { value = local.twice }
output "loop" { value = local.loop }
output "deep" { value = var.map.list[1].deep }
output "past" { value = var.map.list[7] }
output "none" { value = var.map.none }
output "undeclared" { value = var.undeclared }
output "other" { value = aws_vpc.main.id }
output "yes" { value = var.map.list[1].deep ? "yes" : "no" }
output "maybe" { value = var.b ? "yes" : "no" }
output "not" { value = !var.map.list[1].deep }
output "unsure" { value = !var.a }
output "keyed" { value = { (var.a) = 1 } }
output "unkeyed" { value = { (var.b) = 1 } }
output "text" { value = "x${var.b}" }
output "flag" { value = "is ${var.map.list[1].deep}" }
"""
    )
    assert values(found) == {
        "a": 3,
        "b": UNKNOWN,
        "twice": "3-3",
        "loop": UNKNOWN,
        "deep": True,
        "past": UNKNOWN,
        "none": UNKNOWN,
        "undeclared": UNKNOWN,
        "other": UNKNOWN,
        "yes": "yes",
        "maybe": UNKNOWN,
        "not": False,
        "unsure": UNKNOWN,
        "keyed": {"3": 1},
        "unkeyed": UNKNOWN,
        "text": UNKNOWN,
        "flag": "is true",
    }


def test_files_of_variables_win_over_defaults_in_terraform_s_order() -> None:
    found = tree(
        ("env/main.tf", 'variable "a" { default = 1 }\noutput "a" { value = var.a }\n'),
        ("env/terraform.tfvars", "a = 2\n"),
        ("env/x.auto.tfvars.json", '{"a": 3}'),
        ("other/main.tf", 'variable "a" { default = 1 }\noutput "a" { value = var.a }\n'),
    )
    assert values(found, "env") == {"a": 3}
    assert values(found, "other") == {"a": 1}


def test_a_module_has_what_its_callers_give_it() -> None:
    part = 'variable "a" { default = 1 }\nvariable "b" { default = 1 }\noutput "a" { value = var.a }\noutput "b" { value = var.b }\n'  # noqa: E501
    found = tree(
        ("env/main.tf", 'locals { two = 2 }\nmodule "x" {\n  source = "../part"\n  a = local.two\n}\n'),
        ("part/main.tf", part),
        ("part/terraform.tfvars", "b = 9\n"),
    )
    assert values(found, "part") == {"a": 2, "b": 1}
    twice = tree(
        ("env/main.tf", 'module "x" {\n  source = "../part"\n  a = 2\n}\n'),
        ("dev/main.tf", 'module "x" {\n  source = "../part"\n  a = 3\n}\n'),
        ("part/main.tf", part),
    )
    assert values(twice, "part") == {"a": UNKNOWN, "b": 1}


def test_overrides_are_laid_over() -> None:
    found = tree(
        ("a_override.tf", 'output "a" { value = 2 }\noutput "new" { value = 3 }\n'),
        ("main.tf", 'output "a" {\n  value = 1\n  description = "x"\n}\n'),
    )
    assert values(found) == {"a": 2, "new": 3}
    block = found.modules[0].named("output")[0].block
    assert set(block.attributes) == {"value", "description"}


def test_roots_are_what_nobody_calls_and_what_configures() -> None:
    found = tree(
        ("lib/main.tf", 'resource "a_b" "c" {}\n'),
        ("part/main.tf", 'provider "aws" {}\n'),
        ("live/main.tf", 'provider "aws" {}\nmodule "p" { source = "../part" }\n'),
        ("state/main.tf", 'terraform {\n  backend "gcs" {}\n}\n'),
        ("hcp/main.tf", "terraform {\n  cloud {}\n}\n"),
    )
    assert [module.folder for module in found.roots] == ["hcp", "live", "state"]


@pytest.mark.parametrize(
    ("body", "literally", "really"),
    [
        ("count = 0", True, True),
        ('count = "0"', True, True),
        ("count = 1", False, False),
        ("count = var.none", False, True),
        ("count = var.unknown", False, False),
        ("count = false", False, False),
        ("for_each = {}", True, True),
        ("for_each = []", True, True),
        ('for_each = { a = "b" }', False, False),
        ("", False, False),
    ],
)
def test_what_is_switched_off(body: str, *, literally: bool, really: bool) -> None:
    found = tree(main=f'variable "none" {{ default = 0 }}\nresource "a_b" "c" {{\n  {body}\n}}\n')
    (module,) = found.modules
    block = module.named("resource")[0].block
    assert is_off(block) is literally
    assert is_off(block, module) is really


def test_nested_and_dynamic_blocks_are_lists() -> None:
    found = tree(
        main="""
resource "a_b" "c" {
  rule { port = 1 }
  rule { port = 2 }
  dynamic "ingress" {
    for_each = var.ports
    content {
      port = ingress.value
      from = "x"
    }
  }
}
"""
    )
    (module,) = found.modules
    body = body_of(module.named("resource")[0].block, module)
    assert body["rule"] == [{"port": 1}, {"port": 2}]
    assert body["ingress"] == [{"port": UNKNOWN, "from": "x"}, UNKNOWN]
    assert known_object(body) == {"rule": [{"port": 1}, {"port": 2}]}
    assert set(unknown_paths(body)) == {"ingress.0.port", "ingress.1"}


def test_values_that_grow_without_end_are_not_known() -> None:
    lines = ["  a0 = [1, 1]", *(f"  a{n} = [local.a{n - 1}, local.a{n - 1}]" for n in range(1, 40))]
    chain = ['  t0 = "0123456789"', *(f'  t{n} = "${{local.t{n - 1}}}${{local.t{n - 1}}}"' for n in range(1, 30))]
    deep = ["  d0 = [[[[[1]]]]]", *(f"  d{n} = [[[[[local.d{n - 1}]]]]]" for n in range(1, 30))]
    found = tree(
        main="locals {\n" + "\n".join([*lines, *chain, *deep]) + "\n}\n"
        + "".join(f'output "{name}" {{ value = local.{name} }}\n' for name in ("a2", "a39", "t3", "t29", "d2", "d29"))
    )  # fmt: skip
    told = values(found)
    assert told["a2"] == [[[1, 1], [1, 1]], [[1, 1], [1, 1]]]
    assert told["t3"] == "0123456789" * 8
    assert known(told["d2"]) == [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]  # type: ignore[arg-type]
    assert [told[name] for name in ("a39", "t29")] == [UNKNOWN, UNKNOWN]
    assert known(told["d29"]) is UNKNOWN  # type: ignore[arg-type]


def test_references_that_lead_on_and_on() -> None:
    lines = ["  a0 = 1", *(f"  a{n} = local.a{n - 1}" for n in range(1, 2000))]
    found = tree(main="locals {\n" + "\n".join(lines) + '\n}\noutput "a" { value = local.a1999 }\n')
    assert values(found) == {"a": UNKNOWN}


def test_plain_values() -> None:
    assert [whole_of(value) for value in (3, "4", 2.0, 2.5, "x", True, None, "9" * 30)] == [3, 4, 2, *[None] * 5]
    assert [flag_of(value) for value in (True, "false", "no", 1, UNKNOWN)] == [True, False, None, None, None]
    assert objects_of({"a": 1}) == [{"a": 1}]
    assert objects_of([{"a": 1}, UNKNOWN, 3]) == [{"a": 1}]
    assert objects_of(UNKNOWN) == []
    assert repr(UNKNOWN) == "UNKNOWN"


EXPRESSIONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
)
TAGGED = st.tuples(st.sampled_from(["=", "t", "[", "{", ".", "?", "!", "-", "x", "y"]), EXPRESSIONS).map(list)


@given(TAGGED | st.lists(EXPRESSIONS, max_size=4))
@settings(max_examples=300)
def test_any_json_is_a_value_or_unknown(expression: list[object]) -> None:
    value = evaluate(expression, Scope(lambda _first, _name, _depth: 7))  # type: ignore[arg-type]
    known(value)
    assert all(isinstance(path, str) for path in unknown_paths(value))


BODIES = st.lists(
    st.sampled_from(
        [
            "count = 0", "min_size = [1]", "scaling_config = 3", "scaling_config { min_size = {} }", "ingress = null",
            'ingress { cidr_blocks = "x" }', 'ingress { cidr_blocks = [[1], {}] }', "settings = []", "ports = [null]",
            'allow { ports = [[]] }', "direction = []", 'direction = "Inbound"', "security_rule = [1]", "region = {}",
            'replica { region_name = 1 }', "source_ranges = 1", "database_encryption { state = [] }", "password = [1]",
            'encrypt_at_rest { enabled = "maybe" }', 'dynamic "ingress" { content { from_port = x.y } }', "for_each = 1",  # noqa: E501
            'type = "ingress"', "cidr_blocks = [var.x]", "from_port = []", 'backup_retention_period = "x"', "source = 1",  # noqa: E501
        ]
    ),
    max_size=4,
    unique_by=lambda text: text.split()[0],
)  # fmt: skip
TYPES = st.sampled_from(
    [
        "aws_eks_node_group", "aws_autoscaling_group", "google_container_node_pool", "azurerm_kubernetes_cluster",
        "aws_security_group", "aws_security_group_rule", "google_compute_firewall", "azurerm_network_security_rule",
        "azurerm_network_security_group", "aws_db_instance", "google_sql_database_instance", "aws_dynamodb_table",
        "aws_eks_cluster", "google_container_cluster", "aws_opensearch_domain", "aws_route53_record", "aws_s3_bucket",
        "google_storage_bucket", "google_dns_record_set", "azurerm_traffic_manager_profile",
    ]
)  # fmt: skip


@given(st.lists(st.tuples(TYPES, BODIES), max_size=4))
@settings(max_examples=150, deadline=None)
def test_facts_fit_their_schema_whatever_stands_where(given_: list[tuple[str, list[str]]]) -> None:
    from gate.judge.schema import problems, shipped_validator

    lines = [
        f'resource "{type_}" "r{index}" {{\n' + "\n".join(body) + "\n}\n" for index, (type_, body) in enumerate(given_)
    ]
    told, _gaps = tree_facts(tree(main="".join(lines)))
    facts = {"files": 1, "parse_failures": 0, "excluded": 0, **told}
    assert not problems(shipped_validator("evidence/terraform"), facts, 3)

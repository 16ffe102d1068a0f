"""What kinds of things there are: clusters, networks, firewalls, keys …, whatever the cloud calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.collect.terraform.evaluate import Value, evaluate
from gate.collect.terraform.items import Resource
from gate.collect.terraform.tree import Module, flag_of, live, objects_of, text_of
from gate.model.json import Json, JsonObject

_FAMILIES: dict[str, tuple[str, ...]] = {
    "access": (
        r"aws_iam_(?:role|policy|user|group)(?:_policy)?(?:_attachment)?",
        r"google_(?:project|organization|folder|service_account)_iam_\w+",
        r"azurerm_role_(?:assignment|definition)",
        r"kubernetes_(?:cluster_)?role(?:_binding)?(?:_v1)?",
        r"aws_eks_access_\w+",
    ),
    "alarm": (
        r"aws_cloudwatch_(?:metric_alarm|composite_alarm)",
        r"google_monitoring_alert_policy",
        r"azurerm_monitor_\w*alert\w*",
        r"datadog_monitor",
        r"grafana_rule_group",
    ),
    "audit_log": (
        r"aws_cloudtrail",
        r"aws_cloudtrail_event_data_store",
        r"google_(?:project|folder|organization)_iam_audit_config",
        r"google_logging_\w+_sink",
        r"azurerm_monitor_diagnostic_setting",
        r"vault_audit",
    ),
    "backup": (
        r"aws_backup_(?:plan|vault|selection)",
        r"aws_dlm_lifecycle_policy",
        r"google_gke_backup_backup_plan",
        r"google_compute_resource_policy",
        r"azurerm_backup_\w+",
        r"azurerm_data_protection_backup_\w+",
    ),
    "budget": (
        r"aws_budgets_budget",
        r"aws_ce_anomaly_\w+",
        r"google_billing_budget",
        r"azurerm_consumption_budget_\w+",
    ),
    "cluster": (
        r"aws_(?:eks|ecs)_cluster",
        r"google_container_cluster",
        r"azurerm_kubernetes_cluster",
        r"digitalocean_kubernetes_cluster",
        r"linode_lke_cluster",
        r"scaleway_k8s_cluster",
    ),
    "database": (
        r"aws_db_instance",
        r"aws_(?:rds|docdb|neptune|redshift)_cluster",
        r"aws_dynamodb_table",
        r"google_(?:sql_database_instance|spanner_instance|alloydb_cluster)",
        r"azurerm_(?:mysql|postgresql|mssql|mariadb)_(?:flexible_)?server",
        r"azurerm_cosmosdb_account",
    ),
    "firewall": (
        r"aws_security_group",
        r"aws_network_acl",
        r"aws_networkfirewall_firewall",
        r"aws_wafv2_web_acl",
        r"google_compute_firewall",
        r"google_compute_security_policy",
        r"azurerm_network_security_group",
        r"azurerm_firewall",
        r"digitalocean_firewall",
        r"hcloud_firewall",
    ),
    "key": (
        r"aws_kms_key",
        r"aws_kms_replica_key",
        r"google_kms_crypto_key",
        r"azurerm_key_vault_key",
    ),
    "load_balancer": (
        r"aws_a?lb",
        r"aws_elb",
        r"google_compute_(?:global_)?forwarding_rule",
        r"azurerm_lb",
        r"azurerm_application_gateway",
        r"digitalocean_loadbalancer",
        r"hcloud_load_balancer",
    ),
    "network": (
        r"aws_vpc",
        r"google_compute_network",
        r"azurerm_virtual_network",
        r"digitalocean_vpc",
        r"hcloud_network",
    ),
    "registry": (
        r"aws_ecr_repository",
        r"google_artifact_registry_repository",
        r"azurerm_container_registry",
    ),
    "secret_store": (
        r"aws_secretsmanager_secret",
        r"aws_ssm_parameter",
        r"google_secret_manager_secret",
        r"azurerm_key_vault",
        r"vault_mount",
    ),
}
_MODULES: dict[str, tuple[str, ...]] = {
    "access": (r"terraform-aws-modules/iam/aws",),
    "cluster": (
        r"terraform-aws-modules/(?:eks|ecs)/aws",
        r"terraform-google-modules/kubernetes-engine/google",
        r"Azure/aks/azurerm",
    ),
    "database": (
        r"terraform-aws-modules/(?:rds|rds-aurora|dynamodb-table)/aws",
        r"(?:GoogleCloudPlatform|terraform-google-modules)/sql-db/google",
    ),
    "firewall": (r"terraform-aws-modules/security-group/aws",),
    "key": (
        r"terraform-aws-modules/kms/aws",
        r"terraform-google-modules/kms/google",
    ),
    "load_balancer": (r"terraform-aws-modules/[ae]lb/aws",),
    "network": (
        r"terraform-aws-modules/vpc/aws",
        r"terraform-google-modules/network/google",
        r"Azure/(?:network|vnet)/azurerm",
    ),
    "registry": (r"terraform-aws-modules/ecr/aws",),
}
_TYPES = {name: re.compile("|".join(patterns)) for name, patterns in _FAMILIES.items()}
_SOURCES = {name: re.compile(rf"(?:{'|'.join(patterns)})(?://.*)?") for name, patterns in _MODULES.items()}
DERIVED = ("dns_failover", "health_check", "immutable_storage")
"""Families that a type alone does not tell."""


def families(found: Sequence[Resource], modules: Sequence[Module]) -> JsonObject:
    """Return how many things of each family there are, 0 included; calls of well-known public modules count as one."""
    counts = dict.fromkeys(sorted((*_FAMILIES, *DERIVED)), 0)
    for resource in found:
        for name, pattern in _TYPES.items():
            counts[name] += pattern.fullmatch(resource.type) is not None
        counts["dns_failover"] += _fails_over(resource)
        counts["health_check"] += resource.type in _HEALTH_CHECKS
        counts["immutable_storage"] += _is_immutable(resource)
    for _module, placed in live(modules, "module"):
        source = placed.block.attributes.get("source")
        told = evaluate(source.expression) if source else None
        for name, pattern in _SOURCES.items() if isinstance(told, str) else ():
            counts[name] += pattern.fullmatch(str(told)) is not None
    return dict(counts)


_HEALTH_CHECKS = frozenset(
    {"aws_route53_health_check", "google_monitoring_uptime_check_config", "azurerm_traffic_manager_profile"}
)


def _fails_over(resource: Resource) -> bool:
    body = resource.body
    match resource.type:
        case "aws_route53_record":
            return bool(objects_of(body.get("failover_routing_policy")))
        case "google_dns_record_set":
            return any("primary_backup" in policy for policy in objects_of(body.get("routing_policy")))
        case "azurerm_traffic_manager_profile":
            return body.get("traffic_routing_method") == "Priority"
        case "azurerm_cosmosdb_account":
            return False
        case _:
            return resource.type in ("aws_route53recoverycontrolconfig_cluster", "cloudflare_load_balancer")


def _is_immutable(resource: Resource) -> bool:
    """Whether it keeps what is written to it from being changed: logs that cannot be edited afterwards."""
    body = resource.body
    match resource.type:
        case "aws_s3_bucket_object_lock_configuration" | "aws_backup_vault_lock_configuration":
            return True
        case "azurerm_storage_container_immutability_policy":
            return True
        case "aws_s3_bucket":
            return flag_of(body.get("object_lock_enabled")) is True or bool(
                objects_of(body.get("object_lock_configuration"))
            )
        case "google_storage_bucket":
            return any(flag_of(policy.get("is_locked")) is True for policy in objects_of(body.get("retention_policy")))
        case _:
            return False


_REGION_KEYS = ("region", "location", "regions", "locations", "replica_regions", "replica_locations")
_ZONE = re.compile(r"(.+-[a-z]+\d)-[a-f]")


def regions(found: Sequence[Resource], modules: Sequence[Module]) -> list[Json]:
    """Return the regions that are named: of providers, and of resources that say where they are."""
    named_: set[str] = set()
    for module in modules:
        for placed in module.named("provider"):
            region = placed.block.attributes.get("region")
            if region is not None:
                named_.add(text_of(evaluate(region.expression, module.scope)) or "")
    for resource in found:
        for key in _REGION_KEYS:
            named_ |= _texts(resource.body.get(key))
        for replica in objects_of(resource.body.get("replica")):
            named_ |= _texts(replica.get("region_name"))
    plain = {_plain(name) for name in named_ if name}
    return [name for name in sorted(plain) if name not in ("global", "us", "eu", "asia")]


def _texts(value: Value) -> set[str]:
    items = value if isinstance(value, list) else [value]
    return {item for item in items if isinstance(item, str)}


def _plain(name: str) -> str:
    """Return a region as its cloud writes it: a zone's region, "East US" as "eastus"."""
    lower = "".join(name.lower().split())[:60]
    zone = _ZONE.fullmatch(lower)
    return zone[1] if zone else lower

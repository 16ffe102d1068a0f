"""Groups of nodes and databases: what Terraform's providers call them, and what their attributes mean.

Attributes, and what holds where they are absent, are those of the providers' own documentation:
https://registry.terraform.io/providers/hashicorp/aws/latest/docs, …/hashicorp/google/latest/docs and
…/hashicorp/azurerm/latest/docs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gate.collect.terraform.evaluate import UNKNOWN, Unknown, Value, evaluate
from gate.collect.terraform.items import Resource, named, told
from gate.collect.terraform.tree import Module, flag_of, live, objects_of, text_of, whole_of
from gate.model.json import Json

Body = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class _Nodes:
    """Where the numbers of a group of nodes stand. Names are tried in this order; the first that is written counts.

    `inside` is the nested block that holds them, "" for the resource itself.
    """

    minimum: tuple[str, ...]
    maximum: tuple[str, ...]
    fixed: tuple[str, ...]
    inside: str = ""
    scaling: str = ""
    types: tuple[str, ...] = ()
    spot: Callable[[Body], bool | None] | None = None


def _is(name: str, wanted: str) -> Callable[[Body], bool | None]:
    def test(body: Body) -> bool | None:
        value = body.get(name)
        return None if isinstance(value, Unknown) else value == wanted

    return test


def _google_spot(body: Body) -> bool | None:
    config = next(iter(objects_of(body.get("node_config"))), {})
    told = [_flag(config, name, False) for name in ("spot", "preemptible")]
    return True if True in told else None if None in told else False


_NODES: dict[str, _Nodes] = {
    "aws_eks_node_group": _Nodes(
        ("min_size",),
        ("max_size",),
        ("desired_size",),
        inside="scaling_config",
        types=("instance_types",),
        spot=_is("capacity_type", "SPOT"),
    ),
    "aws_autoscaling_group": _Nodes(("min_size",), ("max_size",), ("desired_capacity",)),
    "google_container_node_pool": _Nodes(
        ("min_node_count", "total_min_node_count"),
        ("max_node_count", "total_max_node_count"),
        ("node_count", "initial_node_count"),
        scaling="autoscaling",
        types=("node_config.machine_type",),
        spot=_google_spot,
    ),
    "azurerm_kubernetes_cluster": _Nodes(
        ("min_count",), ("max_count",), ("node_count",), inside="default_node_pool", types=("vm_size",)
    ),
    "azurerm_kubernetes_cluster_node_pool": _Nodes(
        ("min_count",), ("max_count",), ("node_count",), types=("vm_size",), spot=_is("priority", "Spot")
    ),
    "digitalocean_kubernetes_cluster": _Nodes(
        ("min_nodes",), ("max_nodes",), ("node_count",), inside="node_pool", types=("size",)
    ),
    "digitalocean_kubernetes_node_pool": _Nodes(("min_nodes",), ("max_nodes",), ("node_count",), types=("size",)),
}
_EKS_MODULE = "terraform-aws-modules/eks/aws"
_EKS_GROUPS = ("eks_managed_node_groups", "self_managed_node_groups")


def node_groups(found: Sequence[Resource], modules: Sequence[Module]) -> list[Json]:
    """Return the groups of nodes, with the least and the most nodes that each may have."""
    groups: list[Json] = []
    for resource in found:
        shape = _NODES.get(resource.type)
        if shape is not None:
            outer = resource.body
            inside = objects_of(outer.get(shape.inside)) if shape.inside else [outer]
            groups += [resource.item(**_group({**outer, **body}, shape)) for body in inside]
    return [*groups, *_module_groups(modules)]


def _group(body: Body, shape: _Nodes) -> dict[str, Json]:
    scaled = next(iter(objects_of(body.get(shape.scaling))), None) if shape.scaling else None
    numbers = {**body, **scaled} if scaled is not None else body
    minimum, maximum, fixed = (_first(numbers, names) for names in (shape.minimum, shape.maximum, shape.fixed))
    # Without a range there are as many as the fixed number says.
    least = fixed if minimum is None else minimum
    most = fixed if maximum is None else maximum
    found: dict[str, Json] = {
        "minimum": whole_of(least),
        "maximum": whole_of(most),
        "autoscaling": _scales(least, most),
    }
    if shape.types:
        found["instance_types"] = _types(body, shape.types)
    return found | ({"spot": shape.spot(body)} if shape.spot else {})


def _first(body: Body, names: Sequence[str]) -> Value:
    """Return the first of these that is written; None where none is."""
    return next((body[name] for name in names if body.get(name) is not None), None)


def _scales(least: Value, most: Value) -> bool | None:
    low, high = whole_of(least), whole_of(most)
    if low is None or high is None:
        return False if least is None and most is None else None
    return high > low


def _types(body: Body, names: Sequence[str]) -> Json:
    for name in names:
        outer, _, inner = name.partition(".")
        value = body.get(outer) if not inner else next(iter(objects_of(body.get(outer))), {}).get(inner)
        listed = value if isinstance(value, list) else [value]
        texts: list[Json] = [item for item in listed if isinstance(item, str)]
        if texts and len(texts) == len(listed):
            return texts
    return None


def _module_groups(modules: Sequence[Module]) -> Iterator[Json]:
    """Yield the groups that are given to the public module for EKS, which most clusters on AWS are made with."""
    spot = _is("capacity_type", "SPOT")
    shape = _Nodes(("min_size",), ("max_size",), ("desired_size",), types=("instance_types",), spot=spot)
    for module, placed in live(modules, "module"):
        attributes = placed.block.attributes
        source = attributes.get("source")
        if source is None or evaluate(source.expression) != _EKS_MODULE:
            continue
        for name in _EKS_GROUPS:
            given = attributes.get(name)
            value = evaluate(given.expression, module.scope) if given else None
            for key, body in value.items() if isinstance(value, dict) else ():
                if isinstance(body, dict):
                    item = named(f"module.{placed.block.labels[0]}", key, placed.path, given.line if given else None)
                    yield told(item, **_group(body, shape))


# Databases. A number of days of backups that is not written is the provider's default.


@dataclass(frozen=True, slots=True)
class _Database:
    """`days` is the attribute and its default, `protected` likewise, `zones` tells whether it stands in several."""

    days: tuple[str, int]
    protected: tuple[str, bool] | None = None
    zones: str = ""


_DATABASES: dict[str, _Database] = {
    "aws_db_instance": _Database(("backup_retention_period", 0), ("deletion_protection", False), "multi_az"),
    "aws_rds_cluster": _Database(("backup_retention_period", 1), ("deletion_protection", False)),
    "aws_docdb_cluster": _Database(("backup_retention_period", 1), ("deletion_protection", False)),
    "aws_neptune_cluster": _Database(("backup_retention_period", 1), ("deletion_protection", False)),
    "aws_redshift_cluster": _Database(("automated_snapshot_retention_period", 1)),
    "azurerm_postgresql_flexible_server": _Database(("backup_retention_days", 7)),
    "azurerm_mysql_flexible_server": _Database(("backup_retention_days", 7)),
    "azurerm_postgresql_server": _Database(("backup_retention_days", 7)),
}
_DYNAMO_DAYS = 35
"""How far point-in-time recovery of DynamoDB reaches back."""
_CLOUD_SQL_BACKUPS = 7
"""How many daily backups Cloud SQL keeps where nothing is said."""
_REPLICA = ("replicate_source_db", "replication_source_identifier", "master_instance_name", "source_server_id")


def databases(found: Sequence[Resource]) -> list[Json]:
    """Return the databases that hold data of their own: how long backups are kept, and whether they may be deleted."""
    return [item for resource in found if (item := _database(resource)) is not None]


def _database(resource: Resource) -> Json:
    body = resource.body
    if any(body.get(name) is not None for name in _REPLICA):
        return None
    if resource.type == "google_sql_database_instance":
        return _cloud_sql(resource)
    if resource.type == "aws_dynamodb_table":
        recovery = _inner_flag(body, "point_in_time_recovery", "enabled")
        return resource.item(
            backup_days=None if recovery is None else _DYNAMO_DAYS if recovery else 0,
            deletion_protection=_flag(body, "deletion_protection_enabled", False),
        )
    shape = _DATABASES.get(resource.type)
    if shape is None:
        return None
    name, days = shape.days
    facts: dict[str, Json] = {"backup_days": days if body.get(name) is None else whole_of(body[name])}
    if shape.protected:
        facts["deletion_protection"] = _flag(body, *shape.protected)
    if shape.zones:
        facts["multi_zone"] = _flag(body, shape.zones, False)
    return resource.item(**facts)


def _cloud_sql(resource: Resource) -> Json:
    body = resource.body
    settings = next(iter(objects_of(body.get("settings"))), {})
    backup = next(iter(objects_of(settings.get("backup_configuration"))), {})
    retention = next(iter(objects_of(backup.get("backup_retention_settings"))), {})
    enabled, kept = _flag(backup, "enabled", False), retention.get("retained_backups", _CLOUD_SQL_BACKUPS)
    zones = settings.get("availability_type", "ZONAL")
    return resource.item(
        backup_days=whole_of(kept) if enabled else 0 if enabled is False else None,
        deletion_protection=_flag(body, "deletion_protection", True),
        multi_zone=zones == "REGIONAL" if isinstance(zones, str) else None,
    )


def _flag(body: Body, name: str, otherwise: bool) -> bool | None:
    """Return a flag; what holds without it where it is not written, None where it is not known."""
    value = body.get(name)
    return otherwise if value is None else flag_of(value)


def _inner_flag(body: Body, block: str, name: str, otherwise: bool = False) -> bool | None:
    value = body.get(block)
    if isinstance(value, Unknown) or (isinstance(value, list) and UNKNOWN in value):
        return None
    inner = objects_of(value)
    return _flag(inner[0], name, otherwise) if inner else otherwise


# Storage that can be encrypted and is not where nothing is said.

_ENCRYPTED: dict[str, tuple[str, str]] = {
    "aws_db_instance": ("storage_encrypted", "kms_key_id"),
    "aws_rds_cluster": ("storage_encrypted", "kms_key_id"),
    "aws_docdb_cluster": ("storage_encrypted", "kms_key_id"),
    "aws_neptune_cluster": ("storage_encrypted", "kms_key_arn"),
    "aws_redshift_cluster": ("encrypted", "kms_key_id"),
    "aws_ebs_volume": ("encrypted", "kms_key_id"),
    "aws_efs_file_system": ("encrypted", "kms_key_id"),
    "aws_elasticache_replication_group": ("at_rest_encryption_enabled", "kms_key_id"),
    "aws_dax_cluster": ("server_side_encryption.enabled", ""),
    "aws_opensearch_domain": ("encrypt_at_rest.enabled", "encrypt_at_rest.kms_key_id"),
    "aws_elasticsearch_domain": ("encrypt_at_rest.enabled", "encrypt_at_rest.kms_key_id"),
}
"""Resource → the flag, and the key of one's own ("block.attribute" where it stands in a nested block)."""


def encryptable(found: Sequence[Resource]) -> list[Json]:
    """Return what stores data and is not encrypted unless it says so, and clusters whose secrets are a store too."""
    return [item for resource in found if (item := _encryption(resource)) is not None]


def _encryption(resource: Resource) -> Json:
    body = resource.body
    if resource.type == "aws_eks_cluster":
        given = body.get("encryption_config")
        return resource.item(encrypted=None if isinstance(given, Unknown) else bool(objects_of(given)))
    if resource.type == "google_container_cluster":
        state = _written(body, "database_encryption.state")
        return resource.item(encrypted=None if isinstance(state, Unknown) else state == "ENCRYPTED")
    names = _ENCRYPTED.get(resource.type)
    # A copy is encrypted as what it is a copy of.
    if names is None or any(body.get(name) is not None for name in (*_REPLICA, "snapshot_identifier", "snapshot_id")):
        return None
    flag, key = names
    written = _written(body, flag)
    facts: dict[str, Json] = {"encrypted": False if written is None else flag_of(written)}
    if key:
        # A key that is another resource's is not known by its name before a plan, and is there all the same.
        own = _written(body, key)
        facts["own_key"] = isinstance(own, Unknown) or text_of(own) is not None
    return resource.item(**facts)


def _written(body: Body, name: str) -> Value:
    """Return what stands under a name, or under one in a nested block; None where it is not written."""
    outer, _, inner = name.partition(".")
    value = body.get(outer)
    if not inner or isinstance(value, Unknown):
        return value
    if isinstance(value, list) and any(isinstance(item, Unknown) for item in value):
        return UNKNOWN
    found = objects_of(value)
    return found[0].get(inner) if found else None

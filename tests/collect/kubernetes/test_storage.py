"""Claims of volumes, classes of storage, and backups."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import deployment, facts, manifest, one, rows

DAY = 86_400


def claim(name: str = "data", **spec: Json) -> str:
    return manifest("PersistentVolumeClaim", name, {"accessModes": ["ReadWriteOnce"], **spec})


def storage_class(name: str = "fast", annotations: Json = None, **value: Json) -> str:
    metadata: JsonObject = {"name": name, "annotations": annotations}
    whole: JsonObject = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata, **value}
    return f"---\n{json.dumps(whole)}\n"


def test_a_claim_and_who_uses_it(tmp_path: Path) -> None:
    pod: JsonObject = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}
    text = claim(storageClassName="fast", resources={"requests": {"storage": "10Gi"}}) + deployment(pod=pod)
    found = one(facts(tmp_path, text), "claims")
    assert (found["size"], found["class"], found["access_modes"]) == (10 * 2**30, "fast", ["ReadWriteOnce"])
    assert (found["used_by"], found["template"]) == (["Deployment web"], False)


def test_what_a_claim_does_not_say_is_left_out(tmp_path: Path) -> None:
    found = one(facts(tmp_path, claim(resources={"requests": {"storage": "much"}})), "claims")
    assert "size" not in found
    assert "class" not in found


def test_the_only_default_class_counts_for_claims_without_one(tmp_path: Path) -> None:
    default: JsonObject = {"storageclass.kubernetes.io/is-default-class": "true"}
    text = claim() + claim("b", storageClassName="") + storage_class(annotations=default) + storage_class("slow")
    found = facts(tmp_path, text)
    assert [each.get("class") for each in rows(found, "claims")] == ["fast", None]
    assert [each["default"] for each in rows(found, "storage_classes")] == [True, False]
    two = text + storage_class("third", annotations=default)
    assert "class" not in rows(facts(tmp_path, two), "claims")[0]


def test_claims_that_workloads_make_for_their_pods(tmp_path: Path) -> None:
    template: JsonObject = {"metadata": {"name": "d"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    text = deployment(kind="StatefulSet", volumeClaimTemplates=[template])
    text += deployment("b", pod={"volumes": [{"name": "x", "ephemeral": {"volumeClaimTemplate": template}}]})
    found = rows(facts(tmp_path, text), "claims")
    assert [(each["kind"], each["size"], each["template"]) for each in found] == [
        ("StatefulSet", 2**30, True),
        ("Deployment", 2**30, True),
    ]


@pytest.mark.parametrize(
    ("parameters", "encrypted"),
    [
        ({"encrypted": "true"}, True),
        ({"encrypted": "false", "kmsKeyId": "a"}, False),
        ({"encrypted": True}, True),
        ({"disk-encryption-kms-key": "projects/a"}, True),
        ({"diskEncryptionSetID": "a"}, True),
        ({"type": "gp3"}, None),
        (None, None),
        ([], None),
    ],
)
def test_classes(tmp_path: Path, parameters: Json, encrypted: bool | None) -> None:
    found = one(facts(tmp_path, storage_class(parameters=parameters)), "storage_classes")
    assert found.get("encrypted") is encrypted
    assert (found["reclaim_policy"], found["expansion"]) == ("Delete", False)


def schedule(cron: Json = "0 2 * * *", paused: Json = False, **template: Json) -> str:
    return manifest("Schedule", "daily", {"schedule": cron, "paused": paused, "template": template}, "velero.io/v1")


def test_a_schedule_of_velero(tmp_path: Path) -> None:
    text = schedule(includedNamespaces=["shop"], ttl="168h0m0s")
    found = one(facts(tmp_path, text), "backups")
    assert (found["tool"], found["scope"], found["namespaces"]) == ("velero", "namespaces", ["shop"])
    assert (found["interval_seconds"], found["ttl_seconds"], found["suspended"]) == (DAY, 7 * DAY, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (schedule(), {"namespaces": ["*"], "ttl_seconds": 30 * DAY}),
        (schedule(ttl="0s"), {"ttl_seconds": 30 * DAY}),
        (schedule(ttl="a week"), {"ttl_seconds": None}),
        (schedule("every day"), {"interval_seconds": None, "schedule": "every day"}),
        (schedule(None), {"interval_seconds": None, "schedule": ""}),
        (schedule("@every 6h", paused=True), {"interval_seconds": 21_600, "suspended": True}),
        (
            manifest("ScheduledBackup", "a", {"schedule": "0 0 2 * * *"}, "postgresql.cnpg.io/v1"),
            {"tool": "cloudnative-pg", "interval_seconds": DAY},
        ),
        (
            manifest("ScheduledBackup", "a", {"schedule": "0 2 * * *", "suspend": True}, "postgresql.cnpg.io/v1"),
            {"interval_seconds": None, "suspended": True},
        ),
        (
            manifest("Schedule", "a", {"backup": {"schedule": "@daily-random"}}, "k8up.io/v1", namespace="shop"),
            {"tool": "k8up", "interval_seconds": DAY, "namespaces": ["shop"], "suspended": False},
        ),
        (
            manifest("ReplicationSource", "a", {"trigger": {"schedule": "0 * * * *"}}, "volsync.backube/v1alpha1"),
            {"tool": "volsync", "interval_seconds": 3600},
        ),
    ],
)
def test_schedules(tmp_path: Path, text: str, expected: JsonObject) -> None:
    found = one(facts(tmp_path, text), "backups")
    assert {name: found.get(name) for name in expected} == expected


def cron_job(name: str, *command: str, image: str = "postgres:16.3", cron: str = "0 2 * * *") -> str:
    containers: list[Json] = [{"name": "a", "image": image, "command": [*command]}]
    pod: JsonObject = {"template": {"spec": {"restartPolicy": "Never", "containers": containers}}}
    return manifest("CronJob", name, {"schedule": cron, "jobTemplate": {"spec": pod}}, "batch/v1")


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        (cron_job("nightly", "sh", "-c", "pg_dump shop | gzip > /b/shop.gz"), "pg_dump"),
        (cron_job("nightly", "/usr/bin/mysqldump", "shop"), "mysqldump"),
        (cron_job("nightly", "restic", "backup", "/data"), "restic backup"),
        (cron_job("nightly", "etcdctl", "snapshot", "save", "/b"), "etcdctl snapshot save"),
        (cron_job("nightly", "velero", "backup", "create", "x"), "velero backup create"),
        (cron_job("nightly", "run", image="ghcr.io/example/wal-g:2"), "wal-g"),
        (cron_job("shop-backup", "run.sh"), "not told"),
        (cron_job("nightly", "restic", "prune"), None),
        (cron_job("backupless", "report"), None),
        (cron_job("nightly", "my_pg_dumper"), None),
    ],
)
def test_cron_jobs_that_back_up(tmp_path: Path, text: str, tool: str | None) -> None:
    found = rows(facts(tmp_path, text), "backups")
    assert [each["tool"] for each in found] == ([] if tool is None else [tool])
    assert all(each["interval_seconds"] == DAY for each in found)


@pytest.mark.parametrize(
    ("template", "paused", "covered"),
    [
        ({"includedNamespaces": ["shop"]}, False, True),
        ({"includedNamespaces": ["sh*"]}, False, True),
        ({}, False, True),
        ({"excludedNamespaces": ["shop"]}, False, False),
        ({"includedNamespaces": ["pay"]}, False, False),
        ({"includedNamespaces": ["shop"]}, True, False),
    ],
)
def test_namespaces_that_are_backed_up(tmp_path: Path, template: JsonObject, paused: bool, covered: bool) -> None:
    text = schedule(paused=paused, **template).replace('"name": "daily"', '"name": "daily", "namespace": "velero"')
    found = {
        each["name"]: each for each in rows(facts(tmp_path, deployment(namespace="shop") + text), "cluster_namespaces")
    }
    assert found["shop"]["backed_up"] is covered


def test_where_nobody_says_the_namespace_only_a_backup_of_all_counts(tmp_path: Path) -> None:
    placed = '"name": "daily", "namespace": "velero"'
    for text, covered in ((schedule(), True), (schedule(includedNamespaces=["shop"]), False)):
        found = facts(tmp_path, deployment() + text.replace('"name": "daily"', placed))
        assert {each["backed_up"] for each in rows(found, "cluster_namespaces") if each["workloads"]} == {covered}


def test_places_for_backups(tmp_path: Path) -> None:
    spec: JsonObject = {"provider": "aws", "objectStorage": {"bucket": "b"}, "accessMode": "ReadOnly", "default": True}
    found = one(facts(tmp_path, manifest("BackupStorageLocation", "a", spec, "velero.io/v1")), "backup_locations")
    assert (found["bucket"], found["provider"], found["read_only"], found["default"]) == ("b", "aws", True, True)
    bare = one(facts(tmp_path, manifest("BackupStorageLocation", "a", {}, "velero.io/v1")), "backup_locations")
    assert "bucket" not in bare


def test_two_classes_of_one_name_are_two(tmp_path: Path) -> None:
    text = storage_class() + storage_class(reclaimPolicy="Retain")
    found = rows(facts(tmp_path, text), "storage_classes")
    assert [each["reclaim_policy"] for each in found] == ["Delete", "Retain"]

"""What is backed up, how often, for how long and to where. Pure.

Source: Velero, "Schedule API type" (a template without `ttl` keeps a backup for 720 hours; without `includedNamespaces`
or with `*` it takes all) and "BackupStorageLocation"; CloudNativePG, "ScheduledBackup" (six fields); K8up, "Schedule".
A CronJob backs up as far as its commands or images say so: by the name of a tool that does nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.cron import CronError, largest_interval
from gate.collect.kubernetes.values import flag, known, shown, words
from gate.collect.kubernetes.workloads import Workload, place
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.formats.quantities import go_duration
from gate.model.json import Json, JsonObject

_VELERO_TTL = 720 * 3600
_MOST = 100
_LONGEST = 20_000
_TOOLS = re.compile(
    r"(?<![a-z0-9-])(pg_dump(?:all)?|pg_basebackup|wal-g|barman(?:-cloud-backup)?|pgbackrest|mysqldump|mariadb-dump"
    r"|mydumper|xtrabackup|mariabackup|mongodump|redis-cli\s+(?:--rdb|bgsave)|etcdctl\s+snapshot\s+save|restic\s+backup"
    r"|borg\s+create|kopia\s+snapshot|velero\s+(?:backup\s+)?create|rclone\s+(?:sync|copy)|aws\s+s3\s+(?:sync|cp)"
    r"|gsutil\s+(?:rsync|cp)|influx\s+backup|clickhouse-backup|neo4j-admin\s+\w{0,20}\s?dump|elasticdump)(?![a-z0-9])",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:^|[-_.])back-?ups?(?:[-_.]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Backups:
    """What backs up: `facts` are those of the lists `backups`, `backup_locations`."""

    schedules: list[JsonObject]
    locations: list[JsonObject]

    def cover(self, namespace: str) -> bool:
        """Whether a schedule that takes whole namespaces takes this one."""
        return any(_takes(each, namespace) for each in self.schedules if each.get("scope") == "namespaces")


def backups_of(cluster: Cluster) -> Backups:
    """Return every schedule, and the places where copies go."""
    found: list[JsonObject] = []
    for kind, group, read in _KINDS:
        found += [place(one) | read(one) for one in cluster.of(kind, groups={group})]
    for workload in cluster.workloads:
        tool = _tool_of(workload) if workload.kind == "CronJob" else None
        if tool is not None:
            found.append(place(workload.source_object) | _cron_job(workload, tool))
    locations = cluster.of("BackupStorageLocation", groups={"velero.io"})
    return Backups(found, [place(one) | _location(one) for one in locations])


def _takes(schedule: JsonObject, namespace: str) -> bool:
    included, excluded = words(schedule.get("namespaces")), words(schedule.get("excluded_namespaces"))
    if schedule.get("suspended") is True or "interval_seconds" not in schedule:
        return False
    if not namespace:
        return "*" in included and not excluded
    return any(fnmatchcase(namespace, each) for each in included) and not any(
        fnmatchcase(namespace, each) for each in excluded
    )


def _velero(one: ClusterObject) -> JsonObject:
    spec, template = one.spec, mapping(one.spec.get("template"))
    included: list[Json] = [*(words(template.get("includedNamespaces"))[:_MOST] or ["*"])]
    excluded: list[Json] = [*words(template.get("excludedNamespaces"))[:_MOST]]
    written = text(template.get("ttl"))
    ttl = _seconds(written) if written else _VELERO_TTL
    facts: JsonObject = {"tool": "velero", "scope": "namespaces", "namespaces": included}
    facts |= {"excluded_namespaces": excluded, "suspended": flag(spec.get("paused")) is True}
    # A zero means the default too.
    return facts | _when(spec.get("schedule")) | known(ttl_seconds=ttl or (_VELERO_TTL if ttl == 0 else None))


def _postgres(one: ClusterObject) -> JsonObject:
    facts: JsonObject = {
        "tool": "cloudnative-pg",
        "scope": "database",
        "suspended": flag(one.spec.get("suspend")) is True,
    }
    return facts | _when(one.spec.get("schedule"), fields=6)


def _k8up(one: ClusterObject) -> JsonObject:
    backup = mapping(one.spec.get("backup"))
    namespaces: list[Json] = [one.namespace] if one.namespace else []
    facts: JsonObject = {"tool": "k8up", "scope": "namespaces", "namespaces": namespaces, "suspended": not backup}
    schedule = text(backup.get("schedule")) or ""
    # "@daily-random" is the same at a time of K8up's choice.
    return facts | _when(schedule.removesuffix("-random"))


def _volsync(one: ClusterObject) -> JsonObject:
    facts: JsonObject = {"tool": "volsync", "scope": "volumes", "suspended": flag(one.spec.get("paused")) is True}
    return facts | _when(mapping(one.spec.get("trigger")).get("schedule"))


_KINDS: tuple[tuple[str, str, Callable[[ClusterObject], JsonObject]], ...] = (
    ("Schedule", "velero.io", _velero),
    ("ScheduledBackup", "postgresql.cnpg.io", _postgres),
    ("Schedule", "k8up.io", _k8up),
    ("ReplicationSource", "volsync.backube", _volsync),
)


def _cron_job(workload: Workload, tool: str) -> JsonObject:
    spec = workload.spec
    facts: JsonObject = {"tool": tool, "scope": "command", "suspended": flag(spec.get("suspend")) is True}
    return facts | _when(spec.get("schedule"), fields=5)


def _tool_of(workload: Workload) -> str | None:
    """Return the tool that a CronJob runs, or that it calls itself a backup; None where neither shows."""
    left = _LONGEST
    for part in _words_of(workload):
        match = _TOOLS.search(part[:left])
        if match is not None:
            return " ".join(match[1].lower().split())
        left -= len(part)
        if left <= 0:
            break
    return "not told" if _NAME.search(workload.name) else None


def _words_of(workload: Workload) -> Iterator[str]:
    """Yield the command lines and the images of the containers."""
    containers = mappings(workload.pod.get("initContainers")) + mappings(workload.pod.get("containers"))
    for container in containers:
        parts = words(container.get("command")) + words(container.get("args"))
        # What a shell is given is one text; an argument list reads the same when it is joined.
        whole = [container.get("command"), container.get("args")]
        listed = [item for each in whole if isinstance(each, list) for item in each if isinstance(item, str)]
        yield " ".join(listed or parts)[:_LONGEST]
        yield (text(container.get("image")) or "")[:500]


def _when(schedule: Json, fields: int | None = None) -> JsonObject:
    """Return the schedule and the largest interval in seconds, which is left out where nobody can run it."""
    written = text(schedule) or ""
    facts: JsonObject = {"schedule": shown(written)}
    if (
        fields is not None
        and not written.lstrip().startswith(("@", "TZ=", "CRON_TZ="))
        and len(written.split()) != fields
    ):
        return facts
    try:
        return facts | {"interval_seconds": largest_interval(written)}
    except CronError:
        return facts


def _seconds(written: str) -> int | float | None:
    try:
        return go_duration(written)
    except ValueError:
        return None


def _location(one: ClusterObject) -> JsonObject:
    storage = mapping(one.spec.get("objectStorage"))
    bucket, provider = text(storage.get("bucket")), text(one.spec.get("provider"))
    facts: JsonObject = {
        "read_only": one.spec.get("accessMode") == "ReadOnly",
        "default": flag(one.spec.get("default")) is True,
    }
    return facts | known(bucket=shown(bucket) if bucket else None, provider=shown(provider) if provider else None)

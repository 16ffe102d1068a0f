"""Where configurations of Alertmanager stand in a tree: files, Secrets and ConfigMaps, objects of the operator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gate.collect.alertmanager.config import AlertmanagerConfig, read_config, read_object
from gate.collect.disk import printable
from gate.collect.manifests import Sort, manifests_of
from gate.collect.manifests.embedded import embedded_of
from gate.collect.manifests.objects import ClusterObject, mapping, objects_of
from gate.collect.prometheus.sources import Chosen
from gate.model.evidence import Gap, How, Source

if TYPE_CHECKING:
    from gate.collect.collector import Context


def configs_of(context: Context) -> tuple[list[AlertmanagerConfig], list[Gap], list[Source]]:
    """Return the configurations of this run, what could not be read, and the files that they are from."""
    wanted = Chosen.of(context.request)
    manifests, embedded, objects = manifests_of(context), embedded_of(context), objects_of(context)
    found: list[AlertmanagerConfig] = []
    sources: dict[str, Source] = {}
    for document in manifests.documents(Sort.ALERTMANAGER):
        if wanted.takes(document.path):
            shown = printable(document.path)
            found.append(read_config(document.value, document.path, document.line, shown))
            sources[document.path] = Source(How.PRODUCED, shown, document.sha256)
    for text in embedded.documents(Sort.ALERTMANAGER):
        if wanted.takes(text.path):
            found.append(read_config(text.value, text.path, text.line, text.where, exact=False))
            sources.setdefault(text.path, Source(How.PRODUCED, printable(text.path)))
    servers = objects.of("Alertmanager")
    for one in objects.of("AlertmanagerConfig"):
        if wanted.takes(one.path):
            config = read_object(one.spec, one.path, one.line, f"AlertmanagerConfig {one.name}", exact=_exact(one))
            found.append(replace(config, partial=not _is_whole(one, servers)))
            sources.setdefault(one.path, Source(How.PRODUCED, printable(one.path)))
    unread = (*manifests.gaps(Sort.ALERTMANAGER), *embedded.gaps(Sort.ALERTMANAGER), *objects.gaps)
    gaps = [gap for gap in dict.fromkeys(unread) if gap.path is None or wanted.takes(gap.path)]
    gaps += [
        Gap(printable(one.path), "has more routes than are read, or they nest too deep", printable(one.path), one.line)
        for one in found
        if one.cut
    ]
    return found, gaps, list(sources.values())


def _exact(one: ClusterObject) -> bool:
    return one.origin.value == "file"


def _is_whole(one: ClusterObject, servers: list[ClusterObject]) -> bool:
    """Whether an object's routes take alerts of every namespace: it is the main one, or no namespace is matched."""
    for server in servers:
        if mapping(server.spec.get("alertmanagerConfiguration")).get("name") == one.name:
            return True
        if mapping(server.spec.get("alertmanagerConfigMatcherStrategy")).get("type") == "None":
            return True
    return False

"""How long Prometheus keeps its samples: flags of containers and services, objects of the operator, configurations."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from gate.collect.disk import printable
from gate.collect.manifests.document import Document
from gate.collect.manifests.objects import ClusterObject, mapping, mappings, text
from gate.collect.manifests.placeholders import placeholder_in
from gate.collect.prometheus.durations import duration_seconds
from gate.collect.prometheus.scrape import ConfigSource
from gate.formats.located_yaml import line_of
from gate.model.evidence import Gap
from gate.model.json import Json, JsonObject

FACTS = ("min_retention_days", "retention_items")
_FLAGS = ("storage.tsdb.retention.time", "storage.tsdb.retention")
_SIZE = "storage.tsdb.retention.size"
_DEFAULT_DAYS = 15.0
"""Of Prometheus without a limit of time or size (Storage, "Operational aspects")."""
_OPERATOR_DAYS = 1.0
"""Of the operator's objects (API reference: `retention` defaults to 24h where no retentionSize is set)."""
_DAY = 86_400.0
_LONGEST = 10_000
_POD_SPECS = ("spec.template.spec", "spec.jobTemplate.spec.template.spec", "spec")


def retention_items(
    objects: Sequence[ClusterObject], compose: Sequence[Document], configs: Sequence[ConfigSource]
) -> tuple[list[JsonObject], list[Gap]]:
    """Return the retention of every server in days, and those that cannot be told as gaps."""
    items: list[JsonObject] = []
    gaps: list[Gap] = []
    every = (*_of_objects(objects), *_of_compose(compose), *_of_configs(configs))
    for title, path, line, value, default in every:
        shown = printable(path)
        if value is None:
            items.append({"name": title, "path": shown, "line": line, "days": default, "default": True})
            continue
        seconds = duration_seconds(value)
        if seconds is None:
            why = "is filled in later" if isinstance(value, str) and placeholder_in(value) else "is no duration"
            gaps.append(Gap(shown, f"the retention of {title} {why}, so it cannot be told", shown, line, FACTS))
        else:
            days = round(seconds / _DAY, 6)
            items.append({"name": title, "path": shown, "line": line, "days": days, "default": False})
    return items, gaps


_Row = tuple[str, str, int, Json, float]
"""Title, path, line, the value (None where the default holds), the default in days."""


def _of_objects(objects: Sequence[ClusterObject]) -> Iterator[_Row]:
    for one in objects:
        if one.kind == "Prometheus" and one.group == "monitoring.coreos.com":
            value = one.spec.get("retention")
            if value not in (None, "") or not one.spec.get("retentionSize"):
                yield f"Prometheus {one.name}", one.path, one.line, value or None, _OPERATOR_DAYS
            continue
        for container in _containers(one):
            words = [*_words(container.get("command")), *_words(container.get("args"))]
            line = line_of(container, one.line) if one.origin.value == "file" else one.line
            yield from _of_words(words, text(container.get("image")) or "", f"{one.kind} {one.name}", one.path, line)


def _of_compose(documents: Sequence[Document]) -> Iterator[_Row]:
    for document in documents:
        for name, service in mapping(document.value.get("services")).items():
            body = mapping(service)
            words = [*_words(body.get("entrypoint")), *_words(body.get("command"))]
            line = line_of(service, document.line)
            yield from _of_words(words, text(body.get("image")) or "", f"service {name[:100]}", document.path, line)


def _of_configs(configs: Sequence[ConfigSource]) -> Iterator[_Row]:
    for config in configs:
        retention = mapping(mapping(mapping(config.value.get("storage")).get("tsdb")).get("retention"))
        if retention.get("time") not in (None, ""):
            yield f"{config.title}", config.path, config.line, retention.get("time"), _DEFAULT_DAYS


def _of_words(words: Sequence[str], image: str, title: str, path: str, line: int) -> Iterator[_Row]:
    value = _flag(words, _FLAGS)
    if value is not None:
        yield title, path, line, value, _DEFAULT_DAYS
    elif _is_server(image, words) and _flag(words, (_SIZE,)) is None:
        yield title, path, line, None, _DEFAULT_DAYS


def _flag(words: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the value of a flag: `--name=value`, `-name=value`, `--name value`."""
    for index, word in enumerate(words):
        name, sign, value = word.strip().lstrip("-").partition("=")
        if not word.strip().startswith("-") or name not in names:
            continue
        if sign:
            return value.strip("\"'")
        return words[index + 1] if index + 1 < len(words) else ""
    return None


def _is_server(image: str, words: Sequence[str]) -> bool:
    """Whether this runs a Prometheus server that stores samples: by the name of its image."""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    agent = any("--enable-feature=agent" in word or word.strip() == "--agent" for word in words)
    return name == "prometheus" and not agent


def _containers(one: ClusterObject) -> list[JsonObject]:
    for path in _POD_SPECS:
        spec: Json = one.value
        for name in path.split("."):
            spec = mapping(spec).get(name)
        found = mappings(mapping(spec).get("containers"))
        if found:
            return found
    return []


def _words(value: Json) -> list[str]:
    """Return a command as words: a list, or a text that a shell would split."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, str)]
    if not isinstance(value, str) or len(value) > _LONGEST:
        return []
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()

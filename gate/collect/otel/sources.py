"""Where configurations of the Collector stand in a tree, and what its workloads and services are told."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gate.collect.compose.interpolation import interpolated
from gate.collect.disk import printable
from gate.collect.manifests import Document, Sort, manifests_of
from gate.collect.manifests.embedded import embedded_of
from gate.collect.manifests.objects import ClusterObject, mapping, objects_of
from gate.collect.otel.config import OtelConfig, read_collector
from gate.collect.otel.workloads import Place, places_in, service_place
from gate.collect.readers.config import read_config
from gate.collect.readers.errors import ReportError
from gate.collect.workspace import ReadProblem, Workspace
from gate.formats.globs import matches_any
from gate.formats.located_yaml import BadYaml, Located, line_of, read_parts
from gate.model.evidence import Gap, How, Source

if TYPE_CHECKING:
    from gate.collect.collector import Context

_ENV_LIMIT = 256 * 1024
_OPERATOR = "opentelemetry.io"


class Sources:
    """What this tree holds of a Collector and its senders. `exclude` are globs of files that are not looked at."""

    def __init__(self, context: Context, exclude: tuple[str, ...]) -> None:
        self._workspace = context.workspace
        self._exclude = exclude
        self._manifests = manifests_of(context)
        self._embedded = embedded_of(context)
        self._objects = objects_of(context)
        self._env: dict[str, Mapping[str, str]] = {}
        self.configs: list[OtelConfig] = []
        self.config_gaps: list[Gap] = []
        self.sources: dict[str, Source] = {}
        self._read_files()
        self._read_embedded()
        self._read_objects()
        unread = (*self._manifests.gaps(Sort.OTEL), *self._embedded.gaps(Sort.OTEL))
        self.config_gaps += [gap for gap in unread if self._takes(gap.path or "")]
        self.object_gaps = [gap for gap in self._objects.gaps if self._takes(gap.path or "")]
        self.compose_gaps = [gap for gap in self._manifests.gaps(Sort.COMPOSE) if self._takes(gap.path or "")]

    @property
    def objects(self) -> list[ClusterObject]:
        """The objects of the tree that are looked at."""
        return [one for one in self._objects.found if self._takes(one.path)]

    def places(self) -> Iterator[Place]:
        """Yield the containers, services and objects that may be told about tracing."""
        yield from places_in(self.objects)
        for document in self._manifests.documents(Sort.COMPOSE):
            if self._takes(document.path):
                yield from self._services(document)

    def _takes(self, path: str) -> bool:
        return not self._exclude or not matches_any(self._exclude, printable(path))

    def _read_files(self) -> None:
        for document in self._manifests.documents(Sort.OTEL):
            if self._takes(document.path):
                shown = printable(document.path)
                self._add(document.value, "file", shown, document.path, document.line, exact=True)
                self.sources[document.path] = Source(How.PRODUCED, shown, document.sha256)

    def _read_embedded(self) -> None:
        for text in self._embedded.documents(Sort.OTEL):
            if self._takes(text.path):
                self._add(text.value, text.carrier.kind, text.where, text.path, text.line, exact=False)
                self.sources.setdefault(text.path, Source(How.PRODUCED, printable(text.path)))

    def _read_objects(self) -> None:
        for one in self._objects.of("OpenTelemetryCollector"):
            if one.group != _OPERATOR or not self._takes(one.path):
                continue
            named = f"{one.kind} {one.namespace}/{one.name}" if one.namespace else f"{one.kind} {one.name}"
            config = one.spec.get("config")
            self.sources.setdefault(one.path, Source(How.PRODUCED, printable(one.path)))
            if isinstance(config, Located):
                self._add(config, one.kind, named, one.path, one.line, exact=one.origin.value == "file")
            elif isinstance(config, str):
                self._read_text(one, named, config)
            else:
                reason = f"{named} has no config that is YAML"
                self.config_gaps.append(Gap(printable(one.path), reason, printable(one.path), one.line))

    def _read_text(self, one: ClusterObject, named: str, config: str) -> None:
        for part in read_parts(config.encode("utf-8", "replace")):
            if isinstance(part, BadYaml):
                reason = f"the config of {named}, line {part.line} of it: {part.reason}"
                self.config_gaps.append(Gap(printable(one.path), reason, printable(one.path), one.line))
            elif isinstance(part.value, Located):
                self._add(part.value, one.kind, named, one.path, one.line, exact=False)

    def _add(self, value: Located, kind: str, name: str, path: str, line: int, *, exact: bool) -> None:
        shown = printable(path)
        self.configs.append(read_collector(value, kind=kind, name=name, path=shown, line=line, exact=exact))

    def _services(self, document: Document) -> Iterator[Place]:
        """Yield the services of a Compose file by itself, with what the `.env` beside it says filled in."""
        variables = self._variables(posixpath.dirname(document.path))
        filled = interpolated(document.value, variables)
        for name, body in mapping(mapping(filled).get("services")).items():
            if isinstance(body, dict):
                yield service_place(name, printable(document.path), line_of(body, document.line), body, variables)

    def _variables(self, folder: str) -> Mapping[str, str]:
        if folder not in self._env:
            self._env[folder] = _dotenv(self._workspace, f"{folder}/.env" if folder else ".env")
        return self._env[folder]


def _dotenv(workspace: Workspace, path: str) -> Mapping[str, str]:
    """Return what a tracked `.env` says, variables in it that stand above it filled in."""
    if workspace.has_git and not workspace.is_tracked(path):
        return {}
    try:
        document = read_config(workspace.read(path, _ENV_LIMIT).data, "env")
    except (ReadProblem, ReportError):
        return {}
    known: dict[str, str] = {}
    for name, value in mapping(document).items():
        if isinstance(value, str):
            filled = interpolated(value, known)
            known[name] = filled if isinstance(filled, str) else value
    return {name: value for name, value in known.items() if "$" not in value}

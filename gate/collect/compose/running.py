"""What of Compose projects is running."""

from __future__ import annotations

from dataclasses import dataclass, field

from gate.collect.collector import Context
from gate.collect.readers.compose_ps import Container, read_compose_ps
from gate.collect.readers.errors import ReportError
from gate.collect.reports import find_reports
from gate.collect.workspace import ReadProblem
from gate.model.evidence import Gap, How, Source
from gate.model.json import JsonObject

_READ_LIMIT = 4 * 1024 * 1024


@dataclass(slots=True)
class Running:
    """What is running, as supplied reports tell."""

    context: Context
    asked: bool = False
    containers: list[Container] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    def __post_init__(self) -> None:
        found = find_reports(self.context.workspace, self.context.request)
        self.asked = bool(found.looked_for)
        self.gaps += [Gap(gap.subject, gap.reason, gap.path, gap.line, ("running",)) for gap in found.gaps]
        for path in found.paths:
            self._read(path)

    def _read(self, path: str) -> None:
        try:
            content = self.context.workspace.read(path, _READ_LIMIT)
            containers = read_compose_ps(content.data)
        except ReadProblem as problem:
            self.gaps.append(problem.gap(("running",)))
        except ReportError as error:
            self.gaps.append(Gap(path, error.reason, path, error.line, ("running",)))
        else:
            self.containers += containers
            detail = f"{len(containers):,} containers"
            self.sources.append(Source(How.SUPPLIED, path, content.sha256, "docker compose ps", detail=detail))

    def facts(self) -> JsonObject:
        """Return `running`; nothing where no report could be read."""
        if not self.containers:
            return {}
        states = [(each.state, each.health, each.exit_code) for each in self.containers]
        good = [state == "running" or (state == "exited" and code == 0) for state, _health, code in states]
        healthy = sum(state == "running" and health == "healthy" for state, health, _code in states)
        return {
            "running": {
                "containers": len(states),
                "up": sum(good),
                "healthy": healthy,
                "unhealthy": sum(health in ("unhealthy", "starting") for _state, health, _code in states),
                "without_check": sum(state == "running" and not health for state, health, _code in states),
                "not_up": [
                    f"{each.service} ({each.state})"
                    for each, fine in zip(self.containers, good, strict=True)
                    if not fine
                ],
            }
        }

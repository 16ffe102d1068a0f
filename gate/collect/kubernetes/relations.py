"""What belongs to what: the relations between the objects of a tree, worked out once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from gate.collect.kubernetes.autoscalers import Scaling, scaling_of, vertical_target
from gate.collect.kubernetes.budgets import Budget, budgets_of
from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.containers import Container, containers_of
from gate.collect.kubernetes.network import Isolation, isolation_of
from gate.collect.kubernetes.rollout import canary_of_flagger, canary_of_rollout
from gate.collect.kubernetes.routes import routes_of
from gate.collect.kubernetes.services import Service, services_of
from gate.collect.kubernetes.workloads import place
from gate.collect.manifests.objects import ClusterObject, mapping, text
from gate.model.json import JsonObject

_VERTICAL = "VerticalPodAutoscaler"


class Relations:
    """The relations, each worked out when somebody asks for it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    @cached_property
    def scaling(self) -> Scaling:
        """Who scales what."""
        return scaling_of(self.cluster)

    @cached_property
    def budgets(self) -> list[Budget]:
        """The disruption budgets."""
        return budgets_of(self.cluster, self.scaling)

    @cached_property
    def isolation(self) -> Isolation:
        """The network policies."""
        return isolation_of(self.cluster)

    @cached_property
    def services(self) -> list[Service]:
        """The Services."""
        return services_of(self.cluster)

    @cached_property
    def routes(self) -> list[JsonObject]:
        """The backends of Ingresses and routes."""
        return routes_of(self.cluster)

    @cached_property
    def containers(self) -> list[Container]:
        """The containers of the selected workloads."""
        return [each for workload in self.cluster.selected for each in containers_of(workload)]

    @cached_property
    def containers_by_workload(self) -> dict[int, list[Container]]:
        """The same by workload (its identity)."""
        found: defaultdict[int, list[Container]] = defaultdict(list)
        for container in self.containers:
            found[id(container.workload)].append(container)
        return dict(found)

    @cached_property
    def budgets_by_workload(self) -> dict[int, list[Budget]]:
        """The budgets of each workload (its identity)."""
        found: defaultdict[int, list[Budget]] = defaultdict(list)
        for budget in self.budgets:
            for workload in budget.workloads:
                found[id(workload)].append(budget)
        return dict(found)

    @cached_property
    def services_by_workload(self) -> dict[int, list[Service]]:
        """The Services of each workload (its identity)."""
        found: defaultdict[int, list[Service]] = defaultdict(list)
        for service in self.services:
            for workload in service.workloads:
                found[id(workload)].append(service)
        return dict(found)

    @cached_property
    def canaries(self) -> list[JsonObject]:
        """Who takes in new versions step by step: Argo Rollouts, and Flagger's Canary objects."""
        found = []
        for workload in self.cluster.workloads:
            steps = canary_of_rollout(workload)
            if steps is not None:
                found.append(place(workload.source_object) | steps)
        flagger = self.cluster.of("Canary", groups={"flagger.app"})
        return found + [place(one) | canary_of_flagger(one.spec) for one in flagger]

    @cached_property
    def references(self) -> list[JsonObject]:
        """What objects say of each other, and whether that is there: `what` in words, `found`."""
        return [place(one) | {"what": what, "found": found} for one, what, found in self._references()]

    def _references(self) -> Iterator[tuple[ClusterObject, str, bool]]:
        for budget in self.budgets:
            yield budget.source_object, "the pods that its selector chooses", bool(budget.workloads)
        for scaler in self.scaling.autoscalers:
            yield scaler.source_object, f"its target {scaler.facts['target']}", scaler.target is not None
        for one in self.cluster.of(_VERTICAL):
            name, target = vertical_target(one, self.cluster)
            yield one, f"its target {name}", target is not None
        for service in self.services:
            if service.selects:
                yield service.source_object, "the pods that its selector chooses", bool(service.workloads)
        for policy in self.isolation.policies:
            if policy.selector is not None and not policy.selector.is_empty:
                yield policy.source_object, "the pods that its selector chooses", bool(policy.workloads)
        yield from self._names()

    def _names(self) -> Iterator[tuple[ClusterObject, str, bool]]:
        """Yield what is meant by name: Services of routes, targets of canaries, the Service of a StatefulSet."""
        for one in self.cluster.of("Canary", groups={"flagger.app"}):
            reference = mapping(one.spec.get("targetRef"))
            kind, name = text(reference.get("kind")) or "Deployment", text(reference.get("name")) or ""
            yield one, f"its target {kind}/{name}"[:300], self.cluster.workload(one, kind, name) is not None
        for workload in self.cluster.workloads:
            service = text(workload.spec.get("serviceName")) if workload.kind == "StatefulSet" else None
            if service:
                found = self.cluster.named(workload.source_object, "Service", service)
                headless = found is not None and found.spec.get("clusterIP") == "None"
                yield workload.source_object, f"its headless Service {service}"[:300], headless

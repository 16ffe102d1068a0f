"""How workloads take in a new version. Pure.

Source: Kubernetes, "Deployments" (a share of maxSurge is rounded up, one of maxUnavailable down; both 25% by default;
where both come to 0, one pod may be missing), StatefulSet and DaemonSet (maxUnavailable 1, maxSurge 0), Argo Rollouts
(canary: 25% and 25%), Flagger (`analysis`).
"""

from __future__ import annotations

from gate.collect.kubernetes.values import count, known, share, whole
from gate.collect.kubernetes.workloads import Workload
from gate.collect.manifests.objects import mapping, mappings, text
from gate.model.json import Json, JsonObject

_DEFAULTS: dict[str, tuple[str, Json, Json]] = {
    "Deployment": ("RollingUpdate", "25%", "25%"),
    "StatefulSet": ("RollingUpdate", 0, 1),
    "DaemonSet": ("RollingUpdate", 0, 1),
    "Rollout": ("Canary", "25%", "25%"),
}
"""Kind → strategy, maxSurge and maxUnavailable where the manifest says nothing."""
_ROUNDS_UNAVAILABLE_UP = frozenset({"StatefulSet", "DaemonSet"})


def rolling_update(workload: Workload, replicas: int | None) -> JsonObject | None:
    """Return the strategy, None for a kind without one. `*_pods` are the numbers for so many replicas."""
    default = _DEFAULTS.get(workload.kind)
    if default is None:
        return None
    strategy = mapping(
        workload.spec.get("strategy" if workload.kind in ("Deployment", "Rollout") else "updateStrategy")
    )
    type_, numbers = _strategy(workload.kind, strategy, default[0])
    facts: JsonObject = {"type": type_, "written": bool(strategy)}
    if type_ not in ("RollingUpdate", "Canary"):
        return facts
    surge = _amount(numbers.get("maxSurge"), default[1])
    unavailable = _amount(numbers.get("maxUnavailable"), default[2])
    facts |= {"max_surge": surge, "max_unavailable": unavailable}
    if replicas is None:
        return facts | known(
            max_surge_pods=surge if isinstance(surge, int) else None,
            max_unavailable_pods=unavailable if isinstance(unavailable, int) else None,
        )
    more = share(surge, replicas, up=True)
    less = share(unavailable, replicas, up=workload.kind in _ROUNDS_UNAVAILABLE_UP)
    if more == 0 and less == 0 and isinstance(unavailable, str):
        less = 1  # neither may be 0 at once, so the controller lets one pod be missing
    return facts | known(max_surge_pods=more, max_unavailable_pods=less)


def canary_of_rollout(workload: Workload) -> JsonObject | None:
    """Return the steps of an Argo Rollout, None for another kind or strategy."""
    if workload.kind != "Rollout":
        return None
    strategy = mapping(workload.spec.get("strategy"))
    canary = mapping(strategy.get("canary"))
    if "blueGreen" in strategy:
        blue_green = mapping(strategy.get("blueGreen"))
        analysed = "prePromotionAnalysis" in blue_green or "postPromotionAnalysis" in blue_green
        return {"type": "BlueGreen", "steps": 0, "weights": [], "automatic_rollback": analysed}
    steps = mappings(canary.get("steps"))
    weights: list[Json] = [weight for step in steps if (weight := whole(step.get("setWeight"))) is not None]
    analysed = "analysis" in canary or any("analysis" in step or "experiment" in step for step in steps)
    return {"type": "Canary", "steps": len(steps), "weights": weights, "automatic_rollback": analysed}


def canary_of_flagger(spec: JsonObject) -> JsonObject:
    """Return the steps of a Flagger Canary: by weights, or by a number of iterations."""
    analysis = mapping(spec.get("analysis") or spec.get("canaryAnalysis"))
    step, most = count(analysis.get("stepWeight"), 0), count(analysis.get("maxWeight"), 100)
    listed = analysis.get("stepWeights")
    weights: list[Json] = [weight for weight in listed if isinstance(weight, int)] if isinstance(listed, list) else []
    if not weights and 0 < step <= most <= 100:
        weights = [*range(step, most + 1, step)]
    steps = len(weights) or count(analysis.get("iterations"), 0)
    checked = bool(mappings(analysis.get("metrics")) or mappings(analysis.get("webhooks")))
    return {"type": "Canary", "steps": steps, "weights": weights, "automatic_rollback": checked}


def _strategy(kind: str, strategy: JsonObject, otherwise: str) -> tuple[str, JsonObject]:
    if kind == "Rollout":
        name = "BlueGreen" if "blueGreen" in strategy else "Canary"
        return name, mapping(strategy.get("canary"))
    return text(strategy.get("type")) or otherwise, mapping(strategy.get("rollingUpdate"))


def _amount(value: Json, otherwise: Json) -> Json:
    return value if isinstance(value, int | str) and not isinstance(value, bool) else otherwise

"""`helm`: the charts of the repository, linted and rendered by helm, offline.

Request: `charts` and `exclude` (globs of the charts' folders), `values {glob of folders: [file or [files], …]}` (each
entry one rendering on top of the chart's own values, instead of the files that are found), `kube_version`. The work is
done once for all collectors (`gate.collect.helm.renderings`); what the charts render to is judged under `kubernetes`.
"""

from __future__ import annotations

from gate.collect.collector import Context
from gate.collect.helm.facts import helm_facts, helm_gaps
from gate.collect.helm.renderings import Renderings, renderings_of
from gate.model.evidence import Collected, Evidence, How, Missing, Source, Unreadable


class HelmCollector:
    """Lints and renders charts."""

    kind = "helm"

    def collect(self, context: Context) -> Evidence:
        """Return one item for each chart."""
        renderings = renderings_of(context)
        gaps = tuple(helm_gaps(renderings))
        if not renderings.results:
            if renderings.charts.excluded:
                reason = f"the policy leaves out all {renderings.charts.excluded:,} charts (evidence › helm)"
                return Missing(self.kind, reason, gaps=gaps)
            if gaps:
                return Unreadable(self.kind, "no chart could be read", gaps=gaps)
            return Missing(self.kind, "there is no Helm chart: no Chart.yaml", not_applicable=True)
        facts = helm_facts(context.workspace, renderings)
        return Collected(self.kind, facts, (_source(renderings),), gaps)


def _source(renderings: Renderings) -> Source:
    charts = len(renderings.results)
    sets = sum(one.objects is not None for result in renderings.results for one in result.sets)
    detail = f"{charts:,} {'chart' if charts == 1 else 'charts'}, {sets:,} {'rendering' if sets == 1 else 'renderings'}"
    if renderings.cached:
        detail += f", {renderings.cached:,} answers from the cache"
    tool = renderings.tool
    return Source(How.PRODUCED, None, None, "helm" if tool else None, tool.version if tool else None, detail)

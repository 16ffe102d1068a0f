"""`kustomize`: the kustomizations of the repository, built by kubectl, offline.

Request: `roots` (globs of the folders that are built, instead of those on which no other kustomization builds),
`exclude` (globs of folders). The work is done once for all collectors (`gate.collect.kustomize.builds`); what is built
is judged under `kubernetes`.
"""

from __future__ import annotations

from gate.collect.collector import Context
from gate.collect.kustomize.builds import Builds, builds_of
from gate.collect.kustomize.facts import kustomize_facts, kustomize_gaps
from gate.model.evidence import Collected, Evidence, How, Missing, Source, Unreadable


class KustomizeCollector:
    """Builds kustomizations."""

    kind = "kustomize"

    def collect(self, context: Context) -> Evidence:
        """Return one item for each kustomization."""
        builds = builds_of(context)
        gaps = tuple(kustomize_gaps(builds))
        if not builds.tree.every:
            if gaps:
                return Unreadable(self.kind, "no kustomization could be read", gaps=gaps)
            return Missing(self.kind, "there is no kustomization.yaml", not_applicable=True)
        if not builds.results and any(context.request.get(key) for key in ("roots", "exclude")):
            reason = "the policy leaves out every kustomization (evidence › kustomize)"
            return Missing(self.kind, reason, gaps=gaps)
        return Collected(self.kind, kustomize_facts(builds), (_source(builds),), gaps)


def _source(builds: Builds) -> Source:
    built = sum(one.objects is not None for one in builds.results)
    total = len(builds.results)
    detail = f"{built:,} of {total:,} {'kustomization' if total == 1 else 'kustomizations'} built"
    if builds.cached:
        detail += f", {builds.cached:,} from the cache"
    tool = builds.tool
    return Source(How.PRODUCED, None, None, "kubectl" if tool else None, tool.version if tool else None, detail)

"""The judge: a policy and the evidence in, one verdict out. Pure: no file, no clock, no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from gate.judge.behind import capped, findings_behind
from gate.judge.criterion import Judged, sound
from gate.judge.legs import judge_on_legs, of_leg
from gate.judge.notices import notices
from gate.judge.scorecard import score, scorecard
from gate.judge.selectors import escaped
from gate.judge.trust import trust
from gate.judge.waived import Waived, apply_waivers
from gate.judge.waiver_days import day_of
from gate.judge.without import judging_again
from gate.model.evidence import Collected, Evidence
from gate.model.finding import Finding
from gate.model.policy import Criterion, Level, Phase, Policy
from gate.model.reduced import Reduced
from gate.model.verdict import UNMET, CriterionResult, Decision, Outcome, Verdict

DOCS = "https://github.com/readiness-gate/readiness-gate/blob/main/docs/criteria.md"
_LEVELS = tuple(Level)


def judge(
    policy: Policy,
    evidence: Sequence[Evidence],
    *,
    now: date | datetime,
    phase: Phase = Phase.PRE_MERGE,
    kinds: Collection[str] | None = None,
    reduced: Mapping[str, Reduced] | None = None,
    recollected: Collection[str] = (),
    commit: str | None = None,
    base: str | None = None,
    generated_at: str = "",
) -> Verdict:
    """Return the verdict.

    `now` decides which waivers hold; a datetime with a zone counts by its day in UTC. Only criteria of `phase` are
    judged, and where `kinds` is given only those of these kinds. `reduced` has, for each criterion of which findings
    are waived (`gate.judge.waived.waived_by_finding`), its evidence without them; the verdict keeps `evidence`, which
    is untouched. `recollected` are the kinds that the gate collected again where the change decides nothing. `commit`,
    `base` and `generated_at` (RFC 3339) are told as they are. Raises nothing for any evidence.
    """
    criteria = [criterion for criterion in policy.criteria if criterion.phase is phase]
    chosen = [criterion for criterion in criteria if kinds is None or criterion.evidence in kinds]
    entries = _by_kind(evidence)
    again = judging_again(entries, reduced or {}, policy.expects)
    waived = apply_waivers(_judge_all(chosen, entries, policy), policy, day_of(now), again)
    behind = [
        findings_behind(each, waived.left.get(each.criterion.id) or _entry(entries, each)) for each in waived.judged
    ]
    results = tuple(
        _result(each, len(found), _pointer(each, evidence)) for each, found in zip(waived.judged, behind, strict=True)
    )
    blocked, decision = _decide(results, policy)
    return Verdict(
        decision=decision,
        score=score(results) or 0.0,
        policy_name=policy.name,
        policy=policy.origin,
        categories=scorecard(results),
        criteria=results,
        evidence=tuple(evidence),
        commit=commit,
        base=base,
        generated_at=generated_at,
        findings=_told_findings(waived, behind),
        finding_totals=_totals(evidence),
        waivers=policy.waivers,
        blocked_by=blocked,
        notices=notices(
            policy, evidence, results, waived.uses, left_out=len(criteria) - len(chosen), recollected=recollected
        ),
        waiver_uses=waived.uses,
        advisory=policy.advisory,
        trust=trust(evidence, recollected),
    )


def _judge_all(
    criteria: Sequence[Criterion], entries: Mapping[str, Sequence[Evidence]], policy: Policy
) -> tuple[Judged, ...]:
    fit = {kind: tuple(map(sound, items)) for kind, items in entries.items()}
    return tuple(judge_on_legs(each, fit.get(each.evidence, ()), policy.expects) for each in criteria)


def _decide(results: Sequence[CriterionResult], policy: Policy) -> tuple[tuple[str, ...], Decision]:
    """Return the ids that block, and the decision. Where nothing passed there is nothing to go on."""
    blocking = {Level.MUST, Level.SHOULD} if policy.conditional_blocks else {Level.MUST}
    unmet = [result for result in results if result.outcome in UNMET]
    blocked = tuple(result.id for result in unmet if result.level in blocking)
    if blocked or not any(result.outcome is Outcome.PASS for result in results) or below_minimum(results, policy):
        return blocked, Decision.NO_GO
    conditional = any(result.level is Level.SHOULD for result in unmet)
    return (), Decision.CONDITIONAL if conditional else Decision.GO


def below_minimum(results: Sequence[CriterionResult], policy: Policy) -> bool:
    """Whether the score is below the least that the policy asks for; never where it asks for none."""
    return policy.minimum_score is not None and (score(results) or 0.0) < policy.minimum_score


def _result(judged: Judged, finding_count: int, pointer: str | None) -> CriterionResult:
    criterion = judged.criterion
    return CriterionResult(
        id=criterion.id,
        title=criterion.title,
        category=criterion.category,
        level=criterion.level,
        phase=criterion.phase,
        outcome=judged.outcome,
        reason=judged.reason,
        evidence_kind=criterion.evidence,
        measured=judged.measured,
        wanted=judged.wanted,
        where=judged.where,
        facts_pointer=pointer,
        finding_count=finding_count,
        fix=judged.fix,
        docs="" if criterion.own else f"{DOCS}#{criterion.id}",
        waived_findings=judged.waived_findings,
        waived_until=judged.waived_until,
    )


def _pointer(judged: Judged, evidence: Sequence[Evidence]) -> str | None:
    """Return the JSON Pointer to what was judged: the one fact that `require` is about where it is about one."""
    kind = judged.criterion.evidence
    index = next((at for at, item in enumerate(evidence) if item.kind == kind and judged.leg in ("", item.leg)), None)
    if judged.pointer is None or index is None:
        return None
    item, required = evidence[index], judged.criterion.require.get("required")
    base = f"/evidence/{index}/facts{judged.pointer}"
    if judged.pointer or not isinstance(required, list) or len(required) != 1 or not isinstance(item, Collected):
        return base
    return f"{base}/{escaped(str(required[0]))}" if required[0] in item.facts else base


def _told_findings(waived: Waived, behind: Sequence[Collection[Finding]]) -> tuple[Finding, ...]:
    """Return the findings behind what is unmet, those of a `must` first, so that the cap cuts off the least."""
    unmet = [
        (_LEVELS.index(each.criterion.level), found)
        for each, found in zip(waived.judged, behind, strict=True)
        if each.outcome in UNMET
    ]
    return capped(found for _level, found in sorted(unmet, key=lambda item: item[0]))


def _totals(evidence: Sequence[Evidence]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for item in evidence:
        if isinstance(item, Collected):
            totals[item.kind] += len(item.findings)
    return dict(totals)


def _by_kind(evidence: Sequence[Evidence]) -> dict[str, list[Evidence]]:
    entries: dict[str, list[Evidence]] = {}
    for item in evidence:
        entries.setdefault(item.kind, []).append(item)
    return entries


def _entry(entries: Mapping[str, Sequence[Evidence]], judged: Judged) -> Evidence | None:
    return of_leg(entries.get(judged.criterion.evidence, ()), judged.leg)

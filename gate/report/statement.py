"""The verdict as an in-toto Statement v1, to be signed and kept beside what was judged.

The subject is the commit, by its `gitCommit` digest; the predicate says what the verdict was, by which policy and on
what evidence, each with its hash. It is not signed here: that is for whoever holds a key (docs/reports.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gate import __version__
from gate.errors import UserError
from gate.formats.plain import one_line
from gate.model.evidence import Collected, Evidence, Missing, Source
from gate.model.json import Json, JsonObject
from gate.model.policy import PolicyLink
from gate.model.verdict import Outcome, Verdict
from gate.report.json_v1 import json_text
from gate.report.options import RenderOptions

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://readiness-gate.dev/attestations/verdict/v1"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def render(verdict: Verdict, options: RenderOptions) -> str:
    """Return the statement as JSON text. Raises UserError for a verdict on no commit: there is nothing to attest."""
    return json_text(statement(verdict, options.version, advisory=options.advisory))


def statement(verdict: Verdict, version: str = "", *, advisory: bool = False) -> JsonObject:
    """Return the statement as a document. Raises UserError for a verdict on no commit."""
    if verdict.commit is None or not _COMMIT.fullmatch(verdict.commit):
        raise UserError(
            "A statement is about a commit, and what was judged is none. Judge a git checkout, or write another report."
        )
    return {
        "_type": STATEMENT,
        "subject": [{"name": "commit", "digest": {"gitCommit": verdict.commit}}],
        "predicateType": PREDICATE,
        "predicate": _predicate(verdict, version or __version__, advisory or verdict.advisory),
    }


def _predicate(verdict: Verdict, version: str, advisory: bool) -> JsonObject:
    policy = verdict.policy
    outcomes: JsonObject = {
        outcome.value: sum(item.outcome is outcome for item in verdict.criteria) for outcome in Outcome
    }
    return {
        "judge": {"name": "readiness-gate", "version": version},
        "judgedAt": verdict.generated_at or None,
        "verdict": verdict.decision.value,
        "advisory": advisory,
        "score": verdict.score,
        "base": {"digest": {"gitCommit": verdict.base}} if _COMMIT.fullmatch(verdict.base or "") else None,
        "policy": {
            "name": _line(verdict.policy_name),
            "path": _line(policy.path),
            "ref": _line(policy.ref),
            "repository": _line(policy.repository) or None,
            "commit": _line(policy.commit),
            "profile": _line(policy.profile),
            "digest": _digest(policy.sha256),
            "extends": [_link(link) for link in policy.chain[1:]],
        },
        "outcomes": outcomes,
        "notices": [_line(notice) for notice in verdict.notices],
        "blockedBy": [_line(id_) for id_ in verdict.blocked_by],
        "criteria": [
            {"id": _line(item.id), "level": item.level.value, "outcome": item.outcome.value}
            for item in verdict.criteria
        ],
        "evidence": [_evidence(item) for item in verdict.evidence],
        "waivers": [
            {
                "criterion": _line(waiver.criterion),
                "owner": _line(waiver.owner),
                "reason": _line(waiver.reason),
                "expires": _line(waiver.expires),
            }
            for waiver in verdict.waivers
        ],
    }


def _link(link: PolicyLink) -> JsonObject:
    """Return a file that the policy extends."""
    return {
        "path": _line(link.path),
        "repository": _line(link.repository) or None,
        "ref": _line(link.ref),
        "commit": _line(link.commit),
        "digest": _digest(link.sha256),
    }


def _evidence(item: Evidence) -> JsonObject:
    state = "collected" if isinstance(item, Collected) else "missing" if isinstance(item, Missing) else "unreadable"
    sources = () if isinstance(item, Missing) else item.sources
    return {"kind": _line(item.kind), "state": state, "gaps": len(item.gaps), "sources": list(_sources(sources))}


def _sources(sources: Iterable[Source]) -> Iterable[Json]:
    """Yield sources as in-toto's resource descriptors, with how they came."""
    for source in sources:
        descriptor: JsonObject = {"name": _line(source.name), "how": source.how.value}
        descriptor |= {"digest": _digest(source.sha256)} if source.sha256 else {}
        descriptor |= {"tool": _line(source.tool), "version": _line(source.version)} if source.tool else {}
        yield descriptor


def _digest(sha256: str | None) -> JsonObject:
    return {"sha256": sha256} if sha256 is not None and _SHA256.fullmatch(sha256) else {}


def _line(text: str | None) -> str | None:
    return None if text is None else one_line(text, 1000)

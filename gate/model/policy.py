"""A policy after it was read, checked and filled in: what the judge needs and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gate.model.json import JsonObject


class Level(StrEnum):
    """How much a criterion weighs: `must` blocks, `should` makes a condition, `may` only tells."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Phase(StrEnum):
    """When a criterion is judged."""

    PRE_MERGE = "pre-merge"
    PRE_DEPLOY = "pre-deploy"
    POST_DEPLOY = "post-deploy"


@dataclass(frozen=True, slots=True)
class AcceptedGaps:
    """Gaps that a policy accepts aloud: globs on their subjects, and why."""

    subjects: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion with its parameters filled in.

    `require` is a JSON Schema (2020-12) on the facts, or on the part of them that `select` picks. `measured`,
    `wanted` and `detail` are sentence templates over the facts and `parameters` ("" where none was written). Where
    `select` has `each`, `measured` is about one element, and `passed` about all of them when every one is as wanted.
    """

    id: str
    title: str
    category: str
    level: Level
    evidence: str
    require: JsonObject
    phase: Phase = Phase.PRE_MERGE
    parameters: JsonObject = field(default_factory=dict)
    request: JsonObject = field(default_factory=dict)
    select: JsonObject = field(default_factory=dict)
    measured: str = ""
    passed: str = ""
    wanted: str = ""
    detail: str = ""
    why: str = ""
    fix: str = ""
    references: tuple[str, ...] = ()
    disabled: str | None = None
    """the policy's reason for switching this criterion off; None when it is on"""
    accept_gaps: AcceptedGaps | None = None
    own: bool = False
    """True for a criterion that the policy itself wrote, False for the catalogue's"""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A dated exception to one criterion, or to those of its findings that `findings` names by their fingerprints.

    `expires` is an ISO date (UTC), the last day on which it holds; `created` the day of its writing, "" where it does
    not say. `link` is where it is tracked, "" where nothing is said. Without `findings` it is about the whole
    criterion.
    """

    criterion: str
    reason: str
    owner: str
    expires: str
    link: str = ""
    findings: tuple[str, ...] = ()
    created: str = ""


@dataclass(frozen=True, slots=True)
class Waiving:
    """What waivers a policy takes: how far ahead one may end, how many there may be, and of what there may be none."""

    max_days: int = 90
    max_count: int = 20
    never: tuple[str, ...] = ()
    require_link: bool = False


@dataclass(frozen=True, slots=True)
class PolicyLink:
    """One file of a policy: its path, in which repository ("" for the one under judgement), and its bytes' SHA-256.

    `ref` is the name of the revision that it was read from and `commit` that revision's full id, both None for the
    working tree.
    """

    path: str
    sha256: str
    ref: str | None = None
    commit: str | None = None
    repository: str = ""


@dataclass(frozen=True, slots=True)
class PolicyOrigin:
    """Where the policy came from. `path` is None when there was no file and the profile alone was used.

    `ref` is the revision it was read from, None for the working tree, and `commit` that revision's full id;
    `repository` is OWNER/NAME where it is another repository's. `sha256` is of the file's bytes (of the profile's where
    there is no file). `chain` are all of its files: itself, then what it extends, the nearest first; () without a file.
    """

    path: str | None
    ref: str | None
    sha256: str
    profile: str
    commit: str | None = None
    repository: str = ""
    chain: tuple[PolicyLink, ...] = ()


class CommentMode(StrEnum):
    """When the gate comments on a pull request."""

    ALWAYS = "always"
    ON_PROBLEMS = "on_problems"
    """while it is not a plain go; an older comment is folded away once it is"""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """Where the verdict is shown. `required` are the channels without which publishing is an error (exit code 4)."""

    name: str = "readiness-gate"
    check_run: bool = True
    status: bool = True
    comment: CommentMode = CommentMode.ALWAYS
    summary: bool = True
    sarif: bool = False
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustSettings:
    """What may be believed of what comes from a pull request.

    `data_only`: it is only read, so the event pull_request_target is accepted. `collected_by` are the workflow files
    whose artefacts the second stage takes, any where empty; `recollect` the kinds that it collects again by itself from
    the tree of the pull request; `legs` the names of bundles that must be there where several jobs collect, none where
    it does not matter; `changed_workflows_block` whether a pull request that changes workflows or policy
    needs more than its own evidence.
    """

    data_only: bool = False
    collected_by: tuple[str, ...] = ()
    recollect: tuple[str, ...] = ()
    legs: tuple[str, ...] = ()
    changed_workflows_block: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that is to be judged, and what must be collected for it."""

    name: str
    origin: PolicyOrigin
    criteria: tuple[Criterion, ...]
    evidence: dict[str, JsonObject] = field(default_factory=dict)
    """per kind: where supplied reports lie and what tools to run, the profile's defaults included"""
    expects: tuple[str, ...] = ()
    scope: str = ""
    conditional_blocks: bool = False
    minimum_score: float | None = None
    waivers: tuple[Waiver, ...] = ()
    claims: tuple[str, ...] = ()
    waiving: Waiving = field(default_factory=Waiving)
    publish: PublishSettings = field(default_factory=PublishSettings)
    overrides: tuple[str, ...] = ()
    """sentences: what the policy says otherwise than the policies that it extends"""
    advisory: bool = False
    """the verdict is shown and blocks nothing; every report says so"""
    trust: TrustSettings = field(default_factory=TrustSettings)

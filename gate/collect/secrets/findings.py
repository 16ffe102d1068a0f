"""Findings of `secrets`, and the facts that follow from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from gate.collect.changes import Changes
from gate.collect.disk import printable
from gate.collect.secrets.contents import Place
from gate.formats.globs import matches_any
from gate.model.finding import Finding, Severity
from gate.model.json import Json, JsonObject

TOOL = "gitleaks"
GUESS = "generic-api-key"
"""The one default rule of gitleaks that knows no format: a telling name before a random value."""
_MAX_RANGE = 200

_MACHINE_WRITTEN = (
    "**/*.lock",
    "**/*.lockb",
    "**/*.lockfile",
    "**/package-lock.json",
    "**/npm-shrinkwrap.json",
    "**/pnpm-lock.yaml",
    "**/packages.lock.json",
    "**/.terraform.lock.hcl",
    "**/pylock*.toml",
    "**/go.sum",
    "**/go.work.sum",
    "**/Package.resolved",
    "**/verification-metadata.xml",
)
"""Files full of hashes, beside names that sound like secrets."""


def severity(rule: str) -> Severity:
    """Return critical for a secret that is known by its form, high for a guess."""
    return "high" if rule == GUESS else "critical"


def is_ignored_guess(rule: str, path: str, binary: bool) -> bool:
    """Whether this is a guess in a file where guesses are nearly always wrong: lock files, and what is no text."""
    return rule == GUESS and (binary or matches_any(_MACHINE_WRITTEN, printable(path)))


def tree_findings(
    places: Iterable[tuple[str, Place]],
    allowed_by: dict[tuple[str, Place], str],
    changes: Changes | None,
    honour: bool,
    marks: Mapping[tuple[str, Place], str] | None = None,
) -> list[Finding]:
    """Return the findings of the tree, from paths and places in order.

    `allowed_by` says what of the repository would have hidden a place; with `honour` that suppresses it. The
    fingerprint is made of rule, path, a few bits of what stands there (`marks`, of `gate.collect.secrets.identity`),
    and how many alike stand in the file before it: of nothing that tells the secret.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    findings = []
    for path, place in places:
        mark = (marks or {}).get((path, place), "")
        seen[path, place.rule, mark] += 1
        hidden_by = allowed_by.get((path, place))
        properties = _properties(place)
        if hidden_by is not None:
            properties["allowed_by"] = hidden_by
        findings.append(
            Finding(
                rule=place.rule,
                severity=severity(place.rule),
                message=f"Holds a secret, by gitleaks' rule {place.rule}",
                tool=TOOL,
                path=printable(path),
                line=None if place.inside is not None else place.line or None,
                fingerprint=_fingerprint("tree", path, place.rule, mark, seen[path, place.rule, mark]),
                suppressed=honour and hidden_by is not None,
                new=None if changes is None else _is_new(path, place, changes),
                properties=properties,
            )
        )
    return findings


def history_finding(path: str, place: Place, commit: str, occurrence: int, mark: str = "") -> Finding:
    """Return the finding of a secret that a commit of the change holds, and the tree does not."""
    return Finding(
        rule=place.rule,
        severity=severity(place.rule),
        message=f"Held a secret in commit {commit[:12]}, by gitleaks' rule {place.rule}; the files do not any more",
        tool=TOOL,
        path=printable(path),
        line=None if place.inside is not None else place.line or None,
        fingerprint=_fingerprint("history", path, place.rule, mark, occurrence),
        new=True,
        properties={"commit": commit, **_properties(place)},
    )


def secrets_facts(findings: Sequence[Finding], facts: JsonObject) -> JsonObject:
    """Return the facts with everything that counts findings counted anew.

    Suppressed findings count in `allowed` only. `new` and `history` are there only where they were before: without a
    base nothing is known of them, and zero would read as clean. Pure, and the same facts come out of these again.
    """
    live = [finding for finding in findings if not finding.suppressed]
    tree = [finding for finding in live if "commit" not in finding.properties]
    by_rule: dict[str, Json] = dict(sorted(Counter(finding.rule for finding in live).items()))
    counted: JsonObject = {
        "count": len(tree),
        "by_rule": by_rule,
        "allowed": sum("allowed_by" in finding.properties for finding in findings),
    }
    if "new" in facts:
        counted["new"] = sum(finding.new is True for finding in tree)
    if "history" in facts:
        counted["history"] = len(live) - len(tree)
    return facts | counted


def _properties(place: Place) -> JsonObject:
    if place.inside is not None:
        return {"inside": place.inside, "inside_line": place.line or None}
    return {"end_line": place.end_line or None}


def _fingerprint(where: str, path: str, rule: str, mark: str, occurrence: int) -> str:
    return sha256("\0".join((where, printable(path), rule, mark, str(occurrence))).encode()).hexdigest()


def _is_new(path: str, place: Place, changes: Changes) -> bool:
    if place.line == 0 or place.inside is not None:
        return changes.touches(path, None)
    last = min(place.end_line, place.line + _MAX_RANGE)
    return any(changes.touches(path, line) for line in range(place.line, last + 1))

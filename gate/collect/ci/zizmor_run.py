"""zizmor over all files of a tree: in shares, with what the cache knows of a file left out.

A share in which something goes wrong is cut in halves until the file that did it stands alone. What comments in the
tree silence zizmor tells itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from gate.collect.cache import Cache, from_cache
from gate.collect.ci.zizmor_scan import ZizmorRun, identity, scan_workflows
from gate.collect.disk import printable
from gate.collect.readers.zizmor_json import CONFIDENCES, SEVERITIES
from gate.collect.scan import Scanner
from gate.collect.scan_problem import ScanProblem, Step
from gate.model.evidence import Gap
from gate.model.finding import Finding, Severity
from gate.model.json import Json

FACTS = ("findings", "findings_in", "by_rule", "suppressed", "audited")
_SPACE = "zizmor"
_FORMAT = "1"
_FILES = 40
_BYTES = 2 * 1024 * 1024
_MAX_RETRIES = 60
_SAME_FOR_ALL = frozenset({Step.FOUND, Step.CANARY})
_NAMES = {"workflow": ".github/workflows/w{}.yml", "action": "a{}/action.yml", "updates": "d{}/dependabot.yml"}
_SEVERITY: Mapping[str, Severity] = {"High": "high", "Medium": "medium", "Low": "low", "Informational": "low"}


@dataclass(frozen=True, slots=True)
class Audited:
    """A file for zizmor. `sort` is workflow, action or updates (of Dependabot)."""

    path: str
    sort: str
    data: bytes
    sha256: str


@dataclass(slots=True)
class ZizmorFindings:
    """What zizmor found. `audited` are the files that it looked at, by path, with their sort."""

    version: str = ""
    findings: list[Finding] = field(default_factory=list)
    audited: dict[str, str] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    cached: str = ""
    origins: list[str] = field(default_factory=list)
    retries: int = _MAX_RETRIES


def audit(scanner: Scanner, cache: Cache, files: Sequence[Audited], *, persona: str, ignores: bool) -> ZizmorFindings:
    """Audit the files. `ignores` says whether the comments in them count. Raises nothing: problems are gaps.

    Where zizmor is absent or fails its self-test nothing that it said counts.
    """
    found = ZizmorFindings()
    try:
        found.version = scanner.find("zizmor").version
        left = [file for file in files if not _known(found, cache, file, persona, ignores)]
        for share in _shares(left):
            _share(found, scanner, cache, share, persona, ignores)
    except ScanProblem as problem:
        reason = f"was not audited: {problem}"
        return ZizmorFindings(found.version, gaps=[Gap("zizmor", reason, facts=FACTS)])
    found.cached = from_cache(len(found.origins), found.origins)
    found.findings.sort(key=lambda each: (each.path or "", each.line or 0, each.rule))
    return found


def _shares(files: Sequence[Audited]) -> Iterator[list[Audited]]:
    share: list[Audited] = []
    size = 0
    for file in files:
        if share and (len(share) >= _FILES or size + len(file.data) > _BYTES):
            yield share
            share, size = [], 0
        share.append(file)
        size += len(file.data)
    if share:
        yield share


def _share(
    found: ZizmorFindings, scanner: Scanner, cache: Cache, files: Sequence[Audited], persona: str, ignores: bool
) -> None:
    """Raises ScanProblem for what is wrong with zizmor itself."""
    named = {_NAMES[file.sort].format(number): file for number, file in enumerate(files, 1)}
    try:
        run = scan_workflows(scanner, {name: file.data for name, file in named.items()}, persona=persona)
    except ScanProblem as problem:
        _failed(found, scanner, cache, files, persona, ignores, problem)
        return
    except OSError as error:
        _gap(found, files, f"could not be copied for zizmor ({type(error).__name__})")
        return
    for name, file in named.items():
        if name not in run.completed:
            reason = "zizmor did not look at it: it does not fit the schema of GitHub's workflows"
            _gap(found, [file], reason)
            continue
        rows = _rows(run, name)
        cache.put(_SPACE, _key(found.version, file, persona), [*rows])
        _take(found, file, rows, ignores)


def _failed(
    found: ZizmorFindings,
    scanner: Scanner,
    cache: Cache,
    files: Sequence[Audited],
    persona: str,
    ignores: bool,
    problem: ScanProblem,
) -> None:
    if problem.step in _SAME_FOR_ALL:
        raise problem
    if len(files) == 1 or found.retries <= 0:
        _gap(found, files, f"zizmor could not be run on it: {problem.reason}")
        return
    found.retries -= 2
    middle = len(files) // 2
    _share(found, scanner, cache, files[:middle], persona, ignores)
    _share(found, scanner, cache, files[middle:], persona, ignores)


def _gap(found: ZizmorFindings, files: Sequence[Audited], reason: str) -> None:
    found.gaps += [Gap(printable(file.path), reason, printable(file.path), facts=FACTS) for file in files]


def _rows(run: ZizmorRun, name: str) -> list[Json]:
    """Return the findings of a file as rows, each with whether a comment silences it."""
    rows: list[Json] = []
    for each in run.findings:
        if each.path == name:
            words: list[Json] = [each.rule, each.description, each.url, each.severity, each.confidence, each.annotation]
            rows.append([*words, each.line, each.ignored])
    return rows


def _take(found: ZizmorFindings, file: Audited, rows: Sequence[Json], ignores: bool) -> None:
    """Take the findings of a file.

    The fingerprint is the SHA-256 of rule, path, what zizmor says of the place, the line's text without white space,
    and how many equal ones come before it.
    """
    lines = file.data.split(b"\n")
    alike: Counter[bytes] = Counter()
    for row in rows:
        assert isinstance(row, list)
        rule, description, url, severity, confidence, annotation, line, silent = row
        text = lines[line - 1] if isinstance(line, int) and 0 < line <= len(lines) else b""
        words = "\0".join((str(rule), printable(file.path), str(description), str(annotation)))
        identity = words.encode("utf-8", "replace") + b"\0" + b"".join(text.split())
        alike[identity] += 1
        found.findings.append(
            Finding(
                rule=f"zizmor.{rule}",
                severity=_SEVERITY.get(str(severity), "unknown"),
                message=f"{description}: {annotation}" if annotation else str(description),
                tool="zizmor",
                path=printable(file.path),
                line=line if isinstance(line, int) else None,
                fingerprint=sha256(identity + b"\0%d" % alike[identity]).hexdigest(),
                suppressed=silent is True and ignores,
                properties={
                    "sort": file.sort,
                    "confidence": str(confidence).lower(),
                    "zizmor_severity": str(severity).lower(),
                    "silenced": silent is True,
                    "url": str(url),
                },
            )
        )
    found.audited[file.path] = file.sort


def _known(found: ZizmorFindings, cache: Cache, file: Audited, persona: str, ignores: bool) -> bool:
    kept = cache.get(_SPACE, _key(found.version, file, persona))
    if kept is None or not isinstance(kept.value, list) or not all(map(_is_row, kept.value)):
        return False
    _take(found, file, kept.value, ignores)
    found.origins.append(kept.origin)
    return True


def _key(version: str, file: Audited, persona: str) -> tuple[str, ...]:
    return (_FORMAT, version, identity(persona), file.sort, file.sha256)


def _is_row(row: Json) -> bool:
    """Whether a value out of the cache is what was put there."""
    if not isinstance(row, list) or len(row) != 8 or not all(isinstance(item, str) for item in row[:6]):
        return False
    line = row[6]
    whole = isinstance(line, int) and not isinstance(line, bool) and line > 0
    return whole and isinstance(row[7], bool) and row[3] in SEVERITIES and row[4] in CONFIDENCES

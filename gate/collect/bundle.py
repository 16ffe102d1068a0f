"""The bundle: the folder of evidence that `collect` writes and `evaluate` reads.

    manifest.json          what is in it: commit, base, and the SHA-256 and size of every other file
    evidence/KIND.json     one evidence entry, as in Evidence JSON v1
    findings/KIND.jsonl.gz every finding of the kind, one JSON object a line
    attachments/KIND/NAME  what a collector keeps beside the evidence: the bill of materials of an image

A bundle comes from another job and may be forged, so it is read as data: only the files that the manifest names are
opened, as regular files without links, up to a size, and each must have the hash and the size that the manifest says.
The manifest proves that nothing was damaged or mixed up on the way; it does not prove who wrote it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gate.collect.named_file import NamedFileProblem, read_named
from gate.errors import UserError
from gate.formats.strict_json import JsonProblem, loads
from gate.model.evidence import Collected, Evidence
from gate.model.evidence_json import (
    EvidenceFormatError,
    evidence_entry,
    finding_entry,
    read_evidence,
    read_finding,
)
from gate.model.finding import Finding
from gate.model.json import Json, JsonObject

SCHEMA_VERSION = "1.0"
MANIFEST = "manifest.json"
_MANIFEST_LIMIT = 1024 * 1024
_FILE_LIMIT = 256 * 1024 * 1024
_UNPACKED_LIMIT = 1024 * 1024 * 1024

Validate = Callable[[str, Json], None]
"""Raises ValueError when a document does not fit the shipped schema of that name."""


class BundleError(UserError):
    """A bundle that cannot be used. The message names the file in it."""


@dataclass(frozen=True, slots=True)
class Made:
    """In which run on GitHub a bundle says that it was made, and by which policy's requests.

    `head_sha` is the commit that the run is about, which in a pull request is not the one that is checked out. All of
    it is what whoever wrote the bundle says: to be held against the API, and never believed.
    """

    run_id: int | None = None
    attempt: int | None = None
    repository: str = ""
    head_sha: str = ""
    policy_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds."""

    evidence: tuple[Evidence, ...]
    commit: str | None
    base: str | None
    created_at: str
    made: Made = field(default_factory=Made)


def write_bundle(folder: Path, bundle: Bundle, gate_version: str) -> None:
    """Write a bundle; the folder is made, files of an older bundle in it are replaced. Raises BundleError.

    Each file is written beside its place and moved there, the manifest last, so a reader never sees half of one.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BundleError(f"{folder} is not a folder; name another one with --bundle.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise BundleError(f"{folder} holds other files and no {MANIFEST}; name an empty or new folder with --bundle.")
    _remove_old(folder)
    listed: list[Json] = []
    for evidence in bundle.evidence:
        listed.append(_write(folder, f"evidence/{evidence.kind}.json", _json_bytes(evidence_entry(evidence))))
        findings = evidence.findings if isinstance(evidence, Collected) else ()
        listed.append(_write(folder, f"findings/{evidence.kind}.jsonl.gz", _findings_bytes(findings)))
        kept = evidence.attachments if isinstance(evidence, Collected) else ()
        listed += [_write(folder, f"attachments/{evidence.kind}/{item.name}", item.data) for item in kept]
    manifest: JsonObject = {
        "schema_version": SCHEMA_VERSION,
        "gate_version": gate_version,
        "commit": bundle.commit,
        "base": bundle.base,
        "created_at": bundle.created_at,
        **_said(bundle.made),
        "files": listed,
    }
    _write(folder, MANIFEST, _json_bytes(manifest))


def read_bundle(folder: Path, validate: Validate) -> Bundle:
    """Read a bundle and hold every file against the manifest. Raises BundleError."""
    if not folder.is_dir():
        raise BundleError(f"{folder} is not a folder. `gate collect --bundle {folder}` makes one.")
    manifest = _document(MANIFEST, _read(folder, MANIFEST, _MANIFEST_LIMIT))
    try:
        validate("bundle", manifest)
    except ValueError as error:
        raise BundleError(f"{folder / MANIFEST}: {error}") from error
    if not isinstance(manifest, dict):  # pragma: no cover - the schema says so
        raise BundleError(f"{folder / MANIFEST} is not an object.")
    files = _verified(folder, manifest)
    # In the order of the manifest, so that a verdict on the bundle is to the letter that of the run that wrote it.
    evidence = [_evidence(name, data, files) for name, data in files.items() if name.startswith("evidence/")]
    commit, base = manifest.get("commit"), manifest.get("base")
    return Bundle(
        evidence=tuple(evidence),
        commit=commit if isinstance(commit, str) else None,
        base=base if isinstance(base, str) else None,
        created_at=str(manifest.get("created_at")),
        made=_made(manifest),
    )


def _said(made: Made) -> JsonObject:
    """Return what the manifest says of the run: only what is known."""
    run: JsonObject = {} if made.run_id is None else {"run": {"id": made.run_id, "attempt": made.attempt or 1}}
    texts = {"repository": made.repository, "head_sha": made.head_sha, "policy_sha256": made.policy_sha256}
    return {**run, **{key: text for key, text in texts.items() if text}}


def _made(manifest: JsonObject) -> Made:
    run = manifest.get("run")
    id_, attempt = (run.get("id"), run.get("attempt")) if isinstance(run, dict) else (None, None)
    return Made(
        run_id=id_ if isinstance(id_, int) else None,
        attempt=attempt if isinstance(attempt, int) else None,
        repository=str(manifest.get("repository", "")),
        head_sha=str(manifest.get("head_sha", "")),
        policy_sha256=str(manifest.get("policy_sha256", "")),
    )


def _evidence(name: str, data: bytes, files: dict[str, bytes]) -> Evidence:
    kind = name.removeprefix("evidence/").removesuffix(".json")
    findings_name = f"findings/{kind}.jsonl.gz"
    if findings_name not in files:
        raise BundleError(f"The bundle has {name} but no {findings_name}; collect it again.")
    findings = _findings(findings_name, files[findings_name])
    try:
        evidence = read_evidence(_document(name, data), findings)
    except EvidenceFormatError as error:
        raise BundleError(f"{name} in the bundle: {error}") from error
    if evidence.kind != kind:
        raise BundleError(f"{name} in the bundle is about {evidence.kind!r}; collect it again.")
    return evidence


def _findings(name: str, data: bytes) -> tuple[Finding, ...]:
    findings = []
    for number, line in enumerate(_unpacked_lines(name, data), 1):
        try:
            findings.append(read_finding(loads(line)))
        except (JsonProblem, EvidenceFormatError) as error:
            raise BundleError(f"{name} in the bundle, line {number}: {error}") from error
    return tuple(findings)


def _verified(folder: Path, manifest: JsonObject) -> dict[str, bytes]:
    """Return the files that the manifest lists, each with the hash that it says."""
    files: dict[str, bytes] = {}
    listed = manifest["files"]
    for item in listed if isinstance(listed, list) else ():
        if not isinstance(item, dict):  # pragma: no cover - the schema says so
            continue
        name = str(item["path"])
        if name in files:
            raise BundleError(f"The manifest of {folder} lists {name} twice.")
        data = _read(folder, name, _FILE_LIMIT)
        if len(data) != item["bytes"] or hashlib.sha256(data).hexdigest() != item["sha256"]:
            raise BundleError(f"{folder / name} is not what the manifest says: it was changed after `gate collect`.")
        files[name] = data
    return files


def _unpacked_lines(name: str, data: bytes) -> list[bytes]:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            text = stream.read(_UNPACKED_LIMIT + 1)
    except (OSError, EOFError) as error:
        raise BundleError(f"{name} in the bundle does not unpack: {error}") from error
    if len(text) > _UNPACKED_LIMIT:
        raise BundleError(f"{name} in the bundle unpacks to more than {_UNPACKED_LIMIT:,} bytes.")
    return text.splitlines()


def _document(name: str, data: bytes) -> Json:
    try:
        return loads(data)
    except JsonProblem as error:
        raise BundleError(f"{name} in the bundle is not JSON: {error}") from error


def _read(folder: Path, name: str, limit: int) -> bytes:
    """Read one regular file below the folder; no folder between them may be a link either."""
    path = folder / name
    above = path.parent
    while above != folder:
        if above.is_symlink():
            raise BundleError(f"{above} is a link; a bundle holds plain files only.")
        above = above.parent
    if folder.is_symlink():
        raise BundleError(f"{folder} is a link; a bundle holds plain files only.")
    try:
        data = read_named(path, limit, follow=False)
    except NamedFileProblem as problem:
        raise BundleError(f"{path} of the bundle {problem.reason}.") from problem
    if data is None:
        raise BundleError(f"{path} of the bundle is not there.")
    return data


def _write(folder: Path, name: str, data: bytes) -> JsonObject:
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".gate-")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise BundleError(f"{path} of the bundle cannot be written: {error.strerror}.") from error
    return {"path": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def _remove_old(folder: Path) -> None:
    """Remove what an older bundle left in our folders, so that no stale evidence lies beside the new."""
    for pattern in ("evidence/*.json", "findings/*.jsonl.gz", "attachments/*/*"):
        for path in folder.glob(pattern):
            if not path.parent.is_symlink() and (path.is_symlink() or not path.is_dir()):
                path.unlink()


def _findings_bytes(findings: Iterable[Finding]) -> bytes:
    """Return the findings packed; the same findings give the same bytes (no time, no file name in the header)."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, filename="") as stream:
        for finding in findings:
            stream.write(_json_bytes(finding_entry(finding)))
    return buffer.getvalue()


def _json_bytes(document: Json) -> bytes:
    return json.dumps(document, allow_nan=False, ensure_ascii=True).encode() + b"\n"

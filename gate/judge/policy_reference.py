"""What the key `extends` of a policy and the option `--policy-ref` name: a file of a repository at a commit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from gate.errors import MistakesError, UserError
from gate.formats.strict_yaml import load
from gate.judge.policy_mistakes import folder_mistake
from gate.model.policy import PolicyLink

DEEPEST = 5
"""How many files a policy may consist of, itself included."""
_ELSEWHERE = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100})/([^@]{1,400})@([^@]{1,200})")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A file: of the repository that names it where `repository` and `commit` are "", else of another one."""

    path: str
    repository: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A file that a policy extends. `called` is its name in mistakes; `waivers` are the files that it names."""

    data: bytes
    called: str
    link: PolicyLink
    waivers: Mapping[str, bytes] = field(default_factory=dict)


def is_reference(text: str) -> bool:
    """Whether a value of `extends` names a file and not a profile."""
    return "/" in text


def reference(text: str) -> Reference:
    """Read `./PATH` (from the repository's root) or `OWNER/REPO/PATH@COMMIT` with all 40 digits. Raises ValueError.

    A branch or a tag is refused: whoever can move it could change what is judged, and no report could tell.
    """
    if text.startswith("./"):
        path = text.removeprefix("./")
        wrong = folder_mistake(path) if path else f"{text} names no file."
        if wrong is not None:
            raise ValueError(wrong)
        return Reference(path)
    match = _ELSEWHERE.fullmatch(text)
    if match is None:
        raise ValueError(
            f"“{text[:200]}” is neither ./PATH, a file of the same repository, nor OWNER/REPO/PATH@COMMIT, a file of "
            "another one."
        )
    repository, path, commit = match.groups()
    if _COMMIT.fullmatch(commit) is None:
        raise ValueError(
            f"“{commit[:60]}” is not a commit's full id. Whoever can move a branch or a tag could change what is "
            f"judged, so write the 40 digits of the commit that it is at now: {repository}/{path}@COMMIT."
        )
    if repository.partition("/")[2] in (".", "..") or (wrong := folder_mistake(path)) is not None:
        raise ValueError(f"“{text[:200]}” does not name a file of a repository by a path from its root.")
    return Reference(path, repository, commit)


def policy_ref(text: str) -> Reference:
    """Read the value of `--policy-ref`, OWNER/REPO/PATH@COMMIT. Raises UserError."""
    if text.startswith("./") or not is_reference(text) or "@" not in text:
        raise UserError(
            f"policy_ref is “{text[:200]}”, and names a policy of another repository: OWNER/REPO/PATH@COMMIT with all "
            "40 digits of the commit. For a file of this repository use policy."
        )
    try:
        return reference(text)
    except ValueError as error:
        raise UserError(f"policy_ref: {error}") from None


def extended_by(data: bytes) -> Reference | None:
    """Return the file that a policy file extends; None where it extends a profile, or nothing that can be read.

    What is wrong with it is for the reader of the file to tell, which knows the line.
    """
    try:
        value = load(data, file="").value
        named = value.get("extends") if isinstance(value, dict) else None
        return reference(named) if isinstance(named, str) and is_reference(named) else None
    except (MistakesError, ValueError):
        return None


def link_of(data: bytes, path: str, ref: str | None, commit: str | None, repository: str) -> PolicyLink:
    """Return what reports say of a file of the policy."""
    return PolicyLink(path, sha256(data).hexdigest(), ref, commit, repository)

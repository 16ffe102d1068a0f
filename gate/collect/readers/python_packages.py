"""The words of Python's requirements and lock files, shared by their readers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Pin: TypeAlias = Literal["pinned", "ranged", "unpinned"]

_TEXT_LENGTH = 200
_USER_INFO = re.compile(r"://[^/\s@]*(?:@[^/\s@]*)*@")
_PYPI = re.compile(r"https?://(?:[^/@]*@)?(?:pypi\.org|pypi\.python\.org|files\.pythonhosted\.org)(?:[/:]|$)")
_COMMIT = re.compile(r"@[0-9a-f]{40}(?:[#&]|$)")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement as a person wrote it.

    `name` is normalised (PEP 503), None for a path or URL without a name. `specifier` is what follows the name; `pin`
    says what it comes to: one version (`==`, `===`, a hash, a commit), a range, or none at all. `version` is that one
    version, in normal form (PEP 440), where it is known. `target` is the URL or path that is installed instead of a
    release of an index. `text` has no credentials in it.
    """

    text: str
    name: str | None
    pin: Pin
    specifier: str = ""
    version: str | None = None
    hashed: bool = False
    target: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package of a lock file.

    `version` is None where the lock names none. `index` is the URL of the index that it comes from, None for PyPI or
    where nothing is said. `target` is the URL or path that is installed instead of a release of an index; `local` says
    that this is a folder, so code that lies beside the lock file.
    """

    name: str
    version: str | None
    hashed: bool = False
    index: str | None = None
    target: str | None = None
    local: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True)
class PythonLock:
    """What a lock file names. `format` is its name for a person."""

    format: str
    packages: tuple[LockedPackage, ...]


def without_credentials(text: str) -> str:
    """Return the text with user names and passwords cut out of its URLs, on one line, at most 200 characters."""
    plain = " ".join(_USER_INFO.sub("://", text[: 50 * _TEXT_LENGTH]).split())
    return plain if len(plain) <= _TEXT_LENGTH else plain[: _TEXT_LENGTH - 1] + "…"


def normal_version(text: str) -> str | None:
    """Return a version in the normal form of PEP 440, None when it is none ("1.0.0-final" → "1.0.0", "dev" → None)."""
    from packaging.version import InvalidVersion, Version

    try:
        return str(Version(text)) if len(text) <= _TEXT_LENGTH else None
    except (InvalidVersion, ValueError):
        return None


def normal_name(text: str) -> str | None:
    """Return a project name in the normal form of PEP 503 ("Flask_SQLAlchemy" → "flask-sqlalchemy"), None for none."""
    from packaging.utils import InvalidName, canonicalize_name

    try:
        return canonicalize_name(text, validate=True) if len(text) <= _TEXT_LENGTH and text.isascii() else None
    except InvalidName:
        return None


def public_version(version: str) -> str:
    """Return a version without its local part ("2.1.0+cpu" → "2.1.0"): services know releases, not their builds."""
    return version.partition("+")[0]


def is_pypi(url: str) -> bool:
    """Whether the URL of an index is that of PyPI itself."""
    return _PYPI.match(url) is not None


def pin_of_target(url: str, hashed: bool) -> Pin:
    """Whether what stands at a URL is one thing for ever: it has a hash, or names a whole commit."""
    fragment = url.partition("#")[2]
    return "pinned" if hashed or _COMMIT.search(url) or re.search(r"\b(?:sha\d+|md5)=", fragment) else "unpinned"


def parse_requirement(text: str, line: int | None = None, hashed: bool = False) -> Requirement:
    """Return one requirement (PEP 508 and pip's own forms: a URL, a path). Raises ValueError with a sentence's end.

    Markers are read and not judged: whatever may be installed somewhere must be known.
    """
    text = text.strip()
    if len(text) > 20 * _TEXT_LENGTH:
        raise ValueError("is too long to be a requirement")
    if re.match(r"(?:[a-z]+\+)?[a-z]+://|file:", text, re.I) or _is_path(text):
        return _direct(text, line, hashed)
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed

    try:
        parsed = Parsed(text)
    except InvalidRequirement as error:
        raise ValueError(str(error).splitlines()[0][:_TEXT_LENGTH]) from None
    except RecursionError:
        raise ValueError("nests too deep") from None
    name = normal_name(parsed.name)
    shown = without_credentials(text)
    if parsed.url is not None:
        pin = pin_of_target(parsed.url, hashed)
        return Requirement(shown, name, pin, hashed=hashed, target=without_credentials(parsed.url), line=line)
    exact = [item for item in parsed.specifier if item.operator in ("==", "===") and not item.version.endswith(".*")]
    specifier = str(parsed.specifier)
    if len({item.version for item in exact}) == 1:
        version = normal_version(exact[0].version)
        return Requirement(shown, name, "pinned", specifier, version, hashed, line=line)
    pin = "ranged" if specifier else "unpinned"
    return Requirement(shown, name, "pinned" if hashed else pin, specifier, None, hashed, line=line)


def _is_path(text: str) -> bool:
    before = text.partition(";")[0].strip()
    if before.startswith((".", "/", "~")) or re.match(r"[A-Za-z]:[\\/]", before):
        return True
    if " @ " in before or "://" in before or re.match(r"[\w.\-]+(?:\[[^\]]*\])?\s*@", before):
        return False
    return "/" in before or before.lower().endswith((".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"))


def _direct(text: str, line: int | None, hashed: bool) -> Requirement:
    target = re.split(r"\s+;|;\s", text)[0].strip()
    egg = re.search(r"#(?:[^#]*&)?egg=([A-Za-z0-9._-]+)", target)
    name = normal_name(egg[1]) if egg else None
    shown = without_credentials(text)
    return Requirement(
        shown, name, pin_of_target(target, hashed), hashed=hashed, target=without_credentials(target), line=line
    )

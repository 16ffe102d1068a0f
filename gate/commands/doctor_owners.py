"""Whether code owners watch over what steers the gate: `.github/` and `.gate/` in CODEOWNERS. Pure.

The last pattern that fits a path decides, and one without owners gives it none. Patterns are like those of .gitignore:
https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.commands.examination import Answer, no, unknown, yes
from gate.formats.globs import GlobError, matches_any

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in its order; the first that is there counts."""
LIMIT = 3 * 1024 * 1024
"""Bytes; GitHub reads no larger one."""
_MOST_LINES = 20_000
_ANY = "a-file-that-is-not-there-yet"
Rule = tuple[tuple[str, ...], bool]
"""Globs of a line, and whether it names owners."""


def owner_answers(
    data: bytes | None, place: str, steering: Sequence[str], *, reviewed: bool | None
) -> Iterator[Answer]:
    """Yield whether `.github/` and `.gate/` have owners, and whether these have to agree.

    `data` is the file at `place`, None where there is none. `steering` are paths that steer this gate: its policy, its
    workflow. `reviewed` is whether a ruleset requires the review of code owners, None where it is not known.
    """
    mend = "add lines for  /.github/  and  /.gate/  to .github/CODEOWNERS on the base branch"
    if data is None:
        yield no(
            "owners", "there is no CODEOWNERS on the base branch, so a pull request may change the gate alone", mend
        )
        return
    rules = list(read_rules(data))
    for folder in (".github", ".gate"):
        paths = [
            f"{folder}/{_ANY}",
            f"{folder}/{_ANY}/{_ANY}.yml",
            *(p for p in steering if p.startswith(f"{folder}/")),
        ]
        bare = [path for path in paths if not owned(rules, path)]
        id_ = f"owners.{folder.lstrip('.')}"
        if not bare:
            yield yes(id_, f"/{folder}/ has code owners ({place})")
        else:
            named = next((path for path in bare if _ANY not in path), None)
            who = f"{named} has" if named is not None else f"new files in /{folder}/ have"
            yield no(id_, f"{who} no code owner in {place}", mend)
    id_ = "owners.review"
    if reviewed:
        yield yes(id_, "a ruleset requires the review of code owners")
    else:
        told = "no ruleset that the token may see requires the review of code owners; branch protection may"
        yield unknown(
            id_,
            told if reviewed is False else "whether the review of code owners is required is not known",
            "Settings › Rules › Rulesets › Require review from Code Owners",
        )


def read_rules(data: bytes) -> Iterator[Rule]:
    """Yield the rules of a file, as globs on paths from the repository's root."""
    for line in data[:LIMIT].decode("utf-8", "replace").splitlines()[:_MOST_LINES]:
        words = line.partition("#")[0].split()
        if words:
            yield _globs(words[0]), any("@" in word for word in words[1:])


def owned(rules: Sequence[Rule], path: str) -> bool:
    """Whether the last rule that fits a path names owners."""
    for globs, named in reversed(rules):
        try:
            if matches_any(globs, path):
                return named
        except GlobError:
            continue
    return False


def _globs(pattern: str) -> tuple[str, ...]:
    """Return the globs of a pattern: a name without a slash fits at any depth, a folder's also all that is in it."""
    anchored = "/" in pattern.rstrip("/")
    plain = pattern.strip("/")
    start = plain if anchored else f"**/{plain}"
    if pattern.endswith("/"):
        return (f"{start}/**",)
    if plain.endswith("*") and anchored:
        return (start,)  # `docs/*` is about the files in docs, and not in its folders
    return (start, f"{start}/**")

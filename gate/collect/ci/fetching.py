"""What a command of a script brings onto the runner: code of a pull request, an artefact, or nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from gate.collect.ci.bare import bare_words
from gate.collect.ci.revisions import PULL_REF, Whose, whose_word, worst

_FETCHES = frozenset({"fetch", "pull", "clone", "remote", "submodule", "config"})
_MOVES = frozenset(
    {
        "checkout", "switch", "reset", "merge", "rebase", "cherry-pick", "worktree", "restore", "read-tree",
        "archive", "checkout-index"
    }
)  # fmt: skip
_PATCHES = frozenset({"apply", "am"})
_GIT_VALUES = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--config-env", "--exec-path"})
_NEW_BRANCH = frozenset({"-b", "-B", "-c", "-C", "--orphan", "--create", "--force-create"})
_MESSAGE = frozenset({"-m", "--message", "-o", "--output", "--prefix", "--format", "--author"})
_ARCHIVE = re.compile(
    r"/(?:archive|tarball|zipball|legacy\.(?:tar\.gz|zip))/|\bcodeload\.|raw\.githubusercontent\.|/raw/"
)
_ARTIFACT = re.compile(r"/artifacts/[^\s]{1,200}/zip\b|archive_download_url")
_ADDRESS = re.compile(r"^(?:[\w.-]+@)?(?:git\+|github:|gitlab:|git@|ssh://)|\.git(?:[#@/]|$)")
"""How pip, npm, Go, Docker and the like are told of a repository."""
_FETCHERS = frozenset({"curl", "wget", "aria2c"})
_TELLERS = frozenset({"echo", "printf", "jq", "test", "[", "[[", "export", "cat", "grep", "sed"})
_CONTAINERS = frozenset({"docker", "podman", "nerdctl"})


@dataclass(frozen=True, slots=True)
class Brought:
    """What a command brings: code that is `whose`; or an artefact (`artifact`), to the folder `to` (None: not told)."""

    whose: Whose = Whose.OWN
    artifact: bool = False
    to: str | None = None


def brought_by(command: Sequence[str], variables: Mapping[str, str]) -> Brought:
    """Return what a command brings; `variables` are name → value as the step's `env` gives it."""
    for at, word in enumerate(command[:-1]):
        if PurePosixPath(word).name in _CONTAINERS and command[at + 1] in ("run", "pull", "create"):
            # An image that is named by the change was built from it. A variable is not asked: most are versions.
            found = worst(whose_word(each, variables) for each in command[at + 2 :] if "=" not in each)
            if found is Whose.CHANGE:
                return Brought(found)
    words = bare_words(command)
    if not words:
        return Brought()
    if "xargs" in command[:-1] and (words[0] in ("git", "gh") or words[0] in _FETCHERS):
        return Brought(max(Whose.UNKNOWN, _named(words, variables).whose))
    return _named(words, variables)


def _named(words: Sequence[str], variables: Mapping[str, str]) -> Brought:
    name, arguments = PurePosixPath(words[0]).name, list(words[1:])
    if name == "git":
        return Brought(_git(arguments, variables))
    if name in ("gh", "hub"):
        return _gh(arguments, variables)
    if name in _FETCHERS:
        return _url(arguments, variables)
    if name == "patch":
        return Brought(Whose.UNKNOWN)
    if name not in _TELLERS:
        # What an installer, a build tool or another client of a repository is given as an address.
        found = [whose_word(word, variables) for word in arguments if _ADDRESS.search(word)]
        return Brought(worst(found))
    return Brought()


def _git(arguments: list[str], variables: Mapping[str, str]) -> Whose:
    while arguments and arguments[0].startswith("-"):
        del arguments[: 2 if arguments[0] in _GIT_VALUES else 1]
    if not arguments:
        return Whose.OWN
    what, rest = arguments[0], arguments[1:]
    if what in _PATCHES:
        return Whose.UNKNOWN
    if what in ("show", "cat-file"):
        return worst(whose_word(word, variables) for word in rest if ":" in word)
    if what not in _FETCHES | _MOVES:
        return Whose.OWN if "$" not in what else Whose.UNKNOWN
    if any(PULL_REF.search(word) for word in rest):
        return Whose.CHANGE
    if what == "config":
        return Whose.OWN
    return worst(whose_word(word, variables) for word in _revisions(what, rest))


def _revisions(what: str, rest: Sequence[str]) -> list[str]:
    """Return the words that name revisions and repositories: no new branch, no message, no path behind `--`."""
    found: list[str] = []
    skip = False
    for word in rest:
        if word == "--" and what in _MOVES:
            break
        if skip:
            skip = False
        elif word in _MESSAGE or (what in ("checkout", "switch", "worktree") and word in _NEW_BRANCH):
            skip = True
        elif not word.startswith("-"):
            found.append(word)
    return found


def _gh(arguments: list[str], variables: Mapping[str, str]) -> Brought:
    plain: list[str] = []
    options: dict[str, str] = {}
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            plain.append(word)
            continue
        option, equal, value = word.partition("=")
        options[option] = value if equal else ""
        if not equal and option in ("-R", "--repo", "-D", "--dir", "-n", "--name", "-p", "--pattern", "-X", "-H", "-f"):
            options[option] = next(words, "")
    if plain[:1] == ["alias"]:
        return Brought(Whose.UNKNOWN)
    first = tuple(plain[:2])
    if first in (("pr", "checkout"), ("pr", "co")) or plain[:1] in (["co"], ["checkout"]):
        return Brought(Whose.CHANGE)
    if first == ("repo", "clone") or plain[:1] == ["clone"]:
        return Brought(worst(whose_word(word, variables) for word in plain[1:]))
    if first == ("run", "download"):
        return Brought(artifact=True, to=options.get("-D", options.get("--dir", "")))
    return _url(plain, variables) if plain[:1] == ["api"] else Brought()


def _url(arguments: Sequence[str], variables: Mapping[str, str]) -> Brought:
    found = [whose_word(word, variables) for word in arguments if _ARCHIVE.search(word)]
    # A whole address in a variable may be that of an artefact as well.
    artifact = any(
        _ARTIFACT.search(word) or (word.startswith("$") and whose_word(word, variables) is not Whose.OWN)
        for word in arguments
    )
    return Brought(worst(found), artifact=artifact)

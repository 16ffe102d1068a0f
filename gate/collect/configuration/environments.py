"""Which environments a tree has configurations of, by the names of files and folders. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

_NAMES = {
    "development": ("dev", "develop", "development", "local"),
    "test": ("test", "testing", "ci", "qa"),
    "staging": ("stage", "staging", "stg", "uat", "preprod", "preproduction", "acceptance"),
    "production": ("prod", "production", "prd", "live"),
}
_BY_WORD = {word: name for name, words in _NAMES.items() for word in words}
_WORD = re.compile(r"[a-z]+")


def environments_of(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the environments with the files that are theirs, in the order of their lives.

    A name counts as a word of a file's name ("application-prod.yml", ".env.staging"), or as the whole name of a folder.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        *folders, file = path.lower().split("/")
        words = [*(folder for folder in folders if folder in _BY_WORD), *_WORD.findall(file)]
        for name in dict.fromkeys(_BY_WORD[word] for word in words if word in _BY_WORD):
            found[name].append(path)
    return {name: found[name] for name in _NAMES if name in found}

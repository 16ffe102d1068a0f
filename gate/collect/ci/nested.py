"""Commands that a command hands on: `bash -c '…'`, `eval`, `trap`, `find -exec`. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ash", "ksh", "pwsh", "powershell", "su", "ssh"})
_EXECUTES = frozenset({"-exec", "-execdir", "-ok", "-okdir"})


def nested_script(name: str, words: Sequence[str]) -> str | None:
    """Return the script that a command runs of its own words, None where it runs none. `name` is that of words[0]."""
    if name in SHELLS:
        flag = next((at for at, word in enumerate(words[:-1]) if word in ("-c", "-lc", "-ec", "-Command")), None)
        return None if flag is None else words[flag + 1]
    if name == "eval":
        return " ".join(words[1:])
    if name == "trap":
        return words[1] if len(words) > 2 else None
    if name == "find":
        at = next((at for at, word in enumerate(words) if word in _EXECUTES), None)
        return None if at is None else shlex.join(word for word in words[at + 1 :] if word not in (";", "+", "{}"))
    return None

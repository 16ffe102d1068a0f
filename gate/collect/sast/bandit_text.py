"""What of bandit's words may leave it."""

from __future__ import annotations

import re

_LENGTH = 300
_ADDRESS = re.compile(r" object at 0x[0-9a-f]+")
_PASSWORD_CHECKS = frozenset({"B105", "B106", "B107"})


def message(test_id: str, text: str) -> str:
    """Return the text of an issue on one line, cut, without addresses of memory, and without the password it is about.

    A message comes out of it as it went in.
    """
    text = " ".join(_ADDRESS.sub("", text[: 4 * _LENGTH]).split())
    if test_id in _PASSWORD_CHECKS:
        # bandit quotes the password behind the colon; a report or a cache is no place for it.
        text = text.partition(": '")[0]
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"

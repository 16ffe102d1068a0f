"""Whether the PromQL of a dashboard can be read. Pure.

Grafana fills in variables before it asks: its own (`$__rate_interval`) stand where a duration stands, those of the
dashboard stand in label matchers, in names, or anywhere. What is filled in here is of the right kind for each place;
where a query can be read in no way, and has a variable outside of those places, nothing is known of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.collect.prometheus.expressions import Expressions

_DURATION = re.compile(r"\[\s*(?:\$\{?\w+(?::\w+)?\}?|\[\[\w+\]\])\s*(?=[\]:])|(?<=:)\$\{?\w+\}?(?=\s*\])")
_OFFSET = re.compile(r"(offset\s+)\$\{?\w+(?::\w+)?\}?")
_NUMBER = re.compile(r"\$\{?__(?:range_s|range_ms|interval_ms|from|to)\}?")
_ANY = re.compile(r"\$\{\w+(?:[:.]\w+)*\}|\$\w+|\[\[\w+(?::\w+)?\]\]")
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_LONGEST = 20_000


def is_readable(expression: str, expressions: Expressions) -> bool | None:
    """Return whether a query is PromQL: True, False, or None where variables leave it open, or it is another language.

    `expressions` bounds what parsing may cost in a whole tree.
    """
    outside = _STRING.sub('""', expression[:_LONGEST])
    known = _NUMBER.sub("60", _OFFSET.sub(r"\g<1>5m", _DURATION.sub(_as_duration, outside)))
    left = bool(_ANY.search(known))
    open_ = left or len(expression) > _LONGEST
    for stand_in in ("1", "x") if left else ("",):
        found = expressions.read(_ANY.sub(stand_in, known))
        if found.tree is not None:
            return None if len(expression) > _LONGEST else True
        open_ |= found.error is None
    return None if open_ else False


def _as_duration(match: re.Match[str]) -> str:
    return "[5m" if match.group().startswith("[") else "5m"

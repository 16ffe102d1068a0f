"""What may be in a file, told by its bytes. Pure.

A test cheap enough for every file of a tree: only what may be something is parsed.
"""

from __future__ import annotations

import re

from gate.collect.manifests.sorts import KUSTOMIZE, PROVISIONED, Sort, by_name


def may_hold(path: str, data: bytes) -> frozenset[Sort]:
    """Return the sorts of which documents may be in the bytes of a file, by a look for the words that each must have.

    A sort that is not returned is not in there; one that is returned need not be.
    """
    if data[:2] in _WIDE or b"\0" in data[:4]:
        # UTF-16 and UTF-32, which some programs read and the gate does not.
        data = data.replace(b"\0", b"")
    elif _hides_keys(data):
        return _EVERY_SORT
    found = [sort for first, pairs in _WORDS if first in data for sort, second in pairs if second in data]
    return by_name(path).union(found)


_WIDE = (b"\xff\xfe", b"\xfe\xff")
_EVERY_SORT = frozenset(Sort)
_ESCAPED_KEY = re.compile(
    rb'"(?:[^"\\\n]|\\[^xuU\r\n]){0,64}\\(?:[xuU]|\r?\n)(?:[^"\\]|\\.){0,64}"\s{0,9}(?=:)', re.DOTALL
)
"""A quoted key with an escape in it. What counts is bounded, so that hostile text costs no more than plain text."""
_CODED_KEY = re.compile(
    rb'(?:^|[{,])[ \t-]{0,64}\?[ \t]{1,64}(?:&\S{1,64}[ \t]{1,64})?(?:"|!\S{0,64}binary)', re.MULTILINE
)
"""A key behind a question mark, which may stand on several lines, or in base64."""


def _hides_keys(data: bytes) -> bool:
    """Whether a key is written in escapes, so that it is not there as a word: `"\\u006bind": Pod`."""
    if b"\\" in data and _ESCAPE.search(data) is not None and _ESCAPED_KEY.search(data) is not None:
        return True
    return b"? " in data and _CODED_KEY.search(data) is not None


_ESCAPE = re.compile(rb"\\(?:[xuU]|\r?\n)")
_WORDS: tuple[tuple[bytes, tuple[tuple[Sort, bytes], ...]], ...] = (
    (
        b"apiVersion",
        (
            (Sort.KUBERNETES, b"kind"),
            (Sort.KUSTOMIZATION, KUSTOMIZE.encode()),
            *((Sort.GRAFANA_PROVISIONING, word.encode()) for word in PROVISIONED),
        ),
    ),
    (b"service", ((Sort.COMPOSE, b"services"), (Sort.OTEL, b"pipelines"))),
    (b"groups", ((Sort.PROMETHEUS_RULES, b"rules"),)),
    (b"scrape_config", ((Sort.PROMETHEUS, b""),)),
    (b"global", ((Sort.PROMETHEUS, b"rule_files"), (Sort.PROMETHEUS, b"alerting"), (Sort.ALERTMANAGER, b"receivers"))),
    (b"receivers", ((Sort.ALERTMANAGER, b"route"),)),
    (b"title", ((Sort.GRAFANA_DASHBOARD, b"panels"), (Sort.GRAFANA_DASHBOARD, b"rows"))),
)
"""A word, and the sorts of which every document has it and a second one; the second is looked for after the first."""

"""Values that are not there yet: what somebody, or some program, fills in before a file is used. Pure."""

from __future__ import annotations

import re

_OPEN = re.compile(
    r"\$\{(?!\d+\})[^}\n]{0,200}\}"
    r"|\{\{[^}\n]{0,200}\}\}"
    r"|\$\([A-Za-z_][^)\n]{0,100}\)"
    r"|%\([A-Za-z_]\w*\)[sdf]"
    r"|<[A-Za-z_][\w .:/-]{0,60}>"
    r"|\$[A-Za-z_]\w*"
    r"|@[A-Z][A-Z0-9_]+@"
    r"|%%?[A-Z][A-Z0-9_]+%%?"
    r"|__[A-Z][A-Z0-9_]+__"
)
"""What a shell, envsubst, Helm, Jinja, Jsonnet, Kustomize, sed and people put where a value belongs."""
_SAMPLE = re.compile(
    r"^(?:your|my|insert|replace|change|put|add|enter)[-_ ]?(?:me|this|here|your)?\b"
    r"|\b(?:your[-_][\w-]+|change[-_]?me|replace[-_]?me|placeholder|todo|tbd|fixme|dummy|redacted)\b"
    r"|x{4,}|\*{4,}|\bT0{6,}|/B0{6,}|/xxx\b|/T0+/|\bxxx/yyy|/your/",
    re.IGNORECASE,
)
_RESERVED_HOST = re.compile(
    r"(?:^|[/@.])(?:example\.(?:com|net|org)|[\w-]+\.(?:example|invalid|test))(?=$|[:/?#])", re.IGNORECASE
)
"""Names of RFC 2606 and RFC 6761, which lead nowhere."""


def placeholder_in(text: str) -> str | None:
    """Return the first placeholder in a text ("${URL}", "{{ .Values.x }}", "<token>"), None where there is none."""
    found = _OPEN.search(text[:100_000])
    return None if found is None else found.group()


def is_sample(text: str) -> bool:
    """Whether a value is one that leads nowhere: a placeholder, "changeme", or a host of the kind of example.com."""
    short = text[:2_000].strip()
    return bool(placeholder_in(short) or _SAMPLE.search(short) or _RESERVED_HOST.search(short))


_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"']+")


def masked(text: str) -> str:
    """Return a tool's complaint without addresses: what a webhook's URL ends in is a secret."""
    return _ADDRESS.sub("…", text)

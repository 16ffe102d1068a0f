"""Which names of attributes and variables are those of secrets."""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"(?:^|_)(?:password|passwd|pwd|secret|token|private_key|api_key|apikey|access_key|secret_key|secret_string"
    r"|client_secret|auth_token|connection_string|master_key|encryption_key)$",
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Whether what stands under this name is a secret: `db_password`, `token`; not `secret_name`."""
    return _SECRET.search(name[-200:]) is not None

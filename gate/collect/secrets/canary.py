"""The self-test of gitleaks, and what its results depend on."""

from __future__ import annotations

import hashlib

from gate.collect.scan import Scanner
from gate.collect.secrets.gitleaks import CANARY, RULES, TOOL, look, new_folder
from gate.collect.self_test import Canary


def rules_hash() -> str:
    """Return the SHA-256 of the gate's own rules, in hex. The default rules, which they extend, go by the version."""
    return hashlib.sha256(RULES.read_bytes()).hexdigest()


def canary(scanner: Scanner) -> Canary:
    """Return the self-test of gitleaks: what lies in every folder that it looks at, alone in one."""

    def test() -> str:
        with new_folder() as folder:
            look(scanner, folder, "its canary")
        return "a planted token"

    identity = hashlib.sha256(CANARY + rules_hash().encode()).hexdigest()
    return Canary(TOOL, "a planted token", identity, test)

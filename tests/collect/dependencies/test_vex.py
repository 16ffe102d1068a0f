"""Which statements take a finding out."""

from __future__ import annotations

import pytest

from gate.collect.dependencies.merge import Hole
from gate.collect.dependencies.vex import Placed, silencing
from gate.collect.readers.cyclonedx_vex import Affected, Statement

KEY = ("npm", "lodash", "4.17.11")
HOLE = Hole("CVE-1", ("GHSA-1",), (), "high", ("trivy",), ("trivy",), False)
WHOLE = Affected()
PACKAGE = Affected(("npm", "lodash"))


def said(state: str, *about: Affected, id_: str = "CVE-1", why: str = "code_not_present") -> Placed:
    return Placed(Statement(frozenset({id_}), state, why, about), "vex.json")


@pytest.mark.parametrize(
    ("statements", "silenced"),
    [
        ([], False),
        ([said("not_affected", PACKAGE)], True),
        ([said("false_positive", PACKAGE, id_="ghsa-1")], True),
        ([said("resolved", WHOLE)], True),
        ([said("resolved_with_pedigree", Affected(("npm", "lodash"), "4.17.11"))], True),
        ([said("not_affected", Affected(("npm", "lodash"), "4.17.12"))], False),
        ([said("not_affected", Affected(("PyPI", "lodash")))], False),
        ([said("not_affected")], False),
        ([said("not_affected", PACKAGE, why="")], False),
        ([said("not_affected", PACKAGE, id_="CVE-2")], False),
        ([said("exploitable", PACKAGE)], False),
        ([said("in_triage", PACKAGE)], False),
        ([said("not_affected", PACKAGE), said("exploitable", WHOLE)], False),
        ([said("not_affected", PACKAGE), said("exploitable", PACKAGE, id_="CVE-2")], True),
    ],
)
def test_statements(statements: list[Placed], silenced: bool) -> None:
    assert (silencing(statements, KEY, HOLE) is not None) == silenced
    assert silencing(statements[::-1], KEY, HOLE) == silencing(statements, KEY, HOLE)

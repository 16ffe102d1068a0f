import pickle
from dataclasses import FrozenInstanceError, asdict, fields, replace

import pytest

from gate.model.finding import Finding, quick_finding


def test_a_quick_finding_is_an_ordinary_one() -> None:
    values = ("R1", "high", "message", "tool", "a.py", 3, "f" * 32, True, False, {"name": "x"})
    slow = Finding(*values)  # type: ignore[arg-type]
    quick = quick_finding(*values)  # type: ignore[arg-type]
    assert type(quick) is Finding
    assert (quick, repr(quick), asdict(quick)) == (slow, repr(slow), asdict(slow))
    assert tuple(getattr(quick, field.name) for field in fields(Finding)) == values
    assert replace(quick, new=None) == replace(slow, new=None) != quick
    assert pickle.loads(pickle.dumps(quick)) == quick


def test_a_quick_finding_cannot_be_changed() -> None:
    finding = quick_finding("R1", "low", "m", "t", None, None, "", False, None, {})
    with pytest.raises(FrozenInstanceError):
        finding.severity = "high"  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        finding.other = 1  # type: ignore[attr-defined]

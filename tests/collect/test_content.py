import hashlib
from pathlib import Path

import pytest

from gate.collect import workspace
from gate.collect.workspace import Content, Workspace


@pytest.mark.parametrize("large", [1, 1 << 40])
def test_the_hash_is_that_of_the_bytes_beside_other_work_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(workspace, "_LARGE", large)
    data = b"0123456789" * 300_000
    (tmp_path / "report").write_bytes(data)
    content = Workspace(tmp_path).read("report")
    assert (content.path, content.data) == ("report", data)
    assert [content.sha256, content.sha256] == [hashlib.sha256(data).hexdigest()] * 2


def test_a_hash_that_is_known_is_kept() -> None:
    assert Content("x", b"x", "abc").sha256 == "abc"

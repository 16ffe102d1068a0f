"""Planted secrets, and every output of the whole program: none of them holds one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.fakes import write
from tests.support.gitleaks import TOOLS, needs_gitleaks, token
from tests.support.repos import Gate, ledger, save
from tests.support.repositories import git

pytestmark = needs_gitleaks

POLICY = """version: 1
extends: strict
criteria:
  secrets.allowed: {level: must, maximum: 0}
"""
SEEDS = st.integers(0, 2**64)


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    import gate.collect.tools

    monkeypatch.setattr(gate.collect.tools, "DIRECTORIES", (TOOLS, *gate.collect.tools.DIRECTORIES))


@given(SEEDS)
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_output_holds_a_secret(gate: Gate, tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.mktemp("planted")
    root = ledger(folder / "tree", policy=POLICY)
    base = git(root, "rev-parse", "HEAD").strip()
    plain, hidden, gone, wide = (token(seed + number) for number in range(4))
    write(root, {"gone.py": f"value = '{gone}'\n"})
    save(root)
    (root / "gone.py").unlink()
    write(
        root,
        {
            "plain.py": f"value = '{plain}'\npassword = '{plain}'\n",
            "hidden.py": f"value = '{hidden}'  # gitleaks:allow\n",
            "wide.txt": f"value = '{wide}'\n".encode("utf-16"),
            ".gitleaks.toml": f"[extend]\nuseDefault = true\n[allowlist]\nregexes = ['''{plain}(''']\n",
            ".gitleaksignore": "plain.py:github-pat:1\n",
        },
    )
    save(root)
    out = folder / "out"
    out.mkdir()
    reports = [f"--report={kind}={out / kind}" for kind in ("console", "json", "markdown")]
    kept = (f"--bundle={out / 'bundle'}", f"--cache-dir={out / 'cache'}", "--verbose", "--only=secrets")
    said = [gate.run(root, "--base", base, *reports, *kept) for _ in range(2)]
    said.append(gate.collect(root, "secrets", "--base", base, "--verbose"))
    said.append(gate("collect", "--workspace", root, "--only", "secrets", "--base", base))
    facts = said[0].evidence("secrets")["facts"]
    assert facts["count"] >= 3
    assert facts["history"] == 1
    assert facts["allowed"] >= 2
    assert said[0].outcomes()["secrets.none"] == "fail"
    assert "from the cache" in said[1].evidence("secrets")["sources"][0]["detail"]
    written = [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    written += [unpacked(data) for data in written]
    written += [text.encode() for each in said for text in (each.out, each.err)]
    assert len(written) > 8
    for value in (plain, hidden, gone, wide):
        assert not [data for data in written if value.encode() in data or value[4:].encode() in data]


def unpacked(data: bytes) -> bytes:
    """What is in a compressed file."""
    import gzip

    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else b""


def test_a_machine_without_gitleaks_has_no_evidence(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.collect.tools.DIRECTORIES", (Path("/usr/bin"), Path("/bin")))
    root = ledger(tmp_path / "tree", policy="version: 1\nextends: production\n")
    said = gate.run(root, "--only", "secrets")
    secrets = {id_: outcome for id_, outcome in said.outcomes().items() if id_.startswith("secrets.")}
    assert set(secrets.values()) == {"no_evidence"}
    assert said.code == 1


def test_the_lines_of_a_clean_tree(gate: Gate, tmp_path: Path) -> None:
    root = ledger(tmp_path / "tree", policy="version: 1\nextends: production\n")
    said = gate.run(root, "--only", "secrets", "--base", "HEAD")
    assert {id_: outcome for id_, outcome in said.outcomes().items() if id_.startswith("secrets.")} == dict.fromkeys(
        ("secrets.scanned", "secrets.none", "secrets.no-new", "secrets.history", "secrets.allowed"), "pass"
    )
    assert (
        "9 files, 0 commits, 0 secrets"
        in gate("collect", "--workspace", root, "--only", "secrets", "--base", "HEAD").out
    )

"""The first law, as a property: nothing that passed on good input passes when that input is taken away or damaged."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.repos import POLICY, Gate, ledger

Mutation = Callable[[Path], None]

STRICT = POLICY.replace("extends: baseline", "extends: strict").replace(
    "dependencies: {audit: false, reports: [out/audit.json]}",
    "dependencies: {audit: false, reports: [out/audit.json]}\n  sast: {bandit: true}",
)
INPUTS: dict[str, tuple[str, frozenset[str]]] = {
    "tests": ("out/junit.xml", frozenset({"tests.passed", "tests.minimum", "tests.executed", "tests.flaky"})),
    "coverage": ("out/coverage.xml", frozenset({"coverage.reported", "coverage.lines", "coverage.branches"})),
    "dependencies": ("out/audit.json", frozenset({"dependencies.audited", "dependencies.no-critical"})),
    "docs": ("README.md", frozenset({"docs.readme"})),
    "files": ("config/production.yaml", frozenset({"config.production-logging"})),
    "sast": ("ledger/money.py", frozenset({"sast.parsed", "sast.no-critical", "sast.no-high", "sast.no-medium"})),
}


def removed(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def one_byte(path: Path) -> None:
    path.write_bytes(b"\n")


def truncated(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def not_utf8(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\xfa" + path.read_bytes())


def nul_bytes(path: Path) -> None:
    path.write_bytes(bytes(4096))


def packed(path: Path) -> None:
    path.write_bytes(gzip.compress(path.read_bytes()))


def web_page(path: Path) -> None:
    path.write_text("<!DOCTYPE html>\n<html><body>404: Not Found</body></html>\n")


def empty_list(path: Path) -> None:
    path.write_text("[]\n")


def null(path: Path) -> None:
    path.write_text("null\n")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link_to_secrets(path: Path) -> None:
    path.unlink()
    path.symlink_to("/proc/self/environ")


def link_to_itself_elsewhere(path: Path) -> None:
    other = path.with_name(f"{path.name}.moved")
    path.rename(other)
    path.symlink_to(other.name)


def dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def unreadable(path: Path) -> None:
    path.chmod(0)


MUTATIONS: tuple[Mutation, ...] = (
    removed,
    empty,
    one_byte,
    truncated,
    not_utf8,
    nul_bytes,
    packed,
    web_page,
    empty_list,
    null,
    folder,
    pipe,
    link_to_secrets,
    link_to_itself_elsewhere,
    dangling_link,
    unreadable,
)
# A document of one kind may be a good one of another, and half of a page is a page.
HARMLESS = {
    ("docs", truncated),
    ("files", truncated),
    ("sast", empty),
    ("sast", one_byte),
    ("sast", null),
    ("sast", empty_list),
}


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger(tmp_path_factory.mktemp("healthy") / "ledger", policy=STRICT)


@pytest.fixture
def repository(healthy: Path, tmp_path: Path) -> Path:
    return shutil.copytree(healthy, tmp_path / "ledger", symlinks=True)


@pytest.mark.parametrize("kind", INPUTS)
def test_what_is_asked_about_passes_on_good_input(kind: str, repository: Path, gate: Gate) -> None:
    outcomes = gate.run(repository, "--only", kind).outcomes()
    assert {id_ for id_, outcome in outcomes.items() if outcome == "pass"} >= INPUTS[kind][1]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("kind", INPUTS)
def test_nothing_passes_on_damaged_input(kind: str, mutation: Mutation, repository: Path, gate: Gate) -> None:
    if (kind, mutation) in HARMLESS:
        pytest.skip("this is still a good document of its kind")
    if mutation is unreadable and os.geteuid() == 0:
        pytest.skip("root may read everything")
    name, criteria = INPUTS[kind]
    mutation(repository / name)
    page = repository.parent / "page.txt"
    said = gate.run(repository, "--only", kind, "--report", f"console={page}")
    outcomes = said.outcomes()
    assert not {id_ for id_ in criteria if outcomes[id_] == "pass"}
    assert said.code == 1
    assert "PATH=" not in said.out + said.err
    assert name.rpartition("/")[2] in " ".join(page.read_text().split())


def test_vulnerabilities_that_nobody_looked_for_are_no_evidence_and_no_failure(repository: Path, gate: Gate) -> None:
    (repository / "out/audit.json").unlink()
    outcomes = gate.run(repository, "--only", "dependencies").outcomes()
    assert outcomes["dependencies.no-critical"] == "no_evidence"

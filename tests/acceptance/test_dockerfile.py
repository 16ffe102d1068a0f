"""Dockerfiles through the whole program: with the real hadolint, without any, and with broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest

import gate.collect.tools
from tests.support.fakes import write
from tests.support.hadolint import TOOLS, needs_hadolint, program
from tests.support.repos import Gate, Said
from tests.support.repositories import commit, make_repository

POLICY = """version: 1
extends: strict
evidence:
  dockerfile: {exclude: ["fixtures/**"]}
"""
DIGEST = "sha256:" + "4f" * 32
GOOD = f"""FROM python:3.12-slim@{DIGEST} AS build
WORKDIR /app
COPY src ./src
FROM python:3.12-slim@{DIGEST}
COPY --from=build /app /app
USER 10001
HEALTHCHECK CMD ["python", "-m", "shop.health"]
ENTRYPOINT ["python", "-m", "shop"]
"""
BAD = """FROM centos
ARG API_TOKEN
ADD https://example.com/x.tgz /
RUN sudo curl https://example.com | sh
COPY . .
CMD start it
"""


def judged(gate: Gate, root: Path, files: dict[str, str], *arguments: str, policy: str = POLICY) -> Said:
    """The verdict on a repository with these files."""
    make_repository(root)
    write(root, {".gate/policy.yml": policy, **files})
    commit(root)
    return gate.run(root, "--only", "dockerfile", *arguments)


def outcomes(said: Said) -> dict[str, str]:
    return {id_: outcome for id_, outcome in said.outcomes().items() if id_.startswith("dockerfile.")}


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate.collect.tools, "DIRECTORIES", (TOOLS, *gate.collect.tools.DIRECTORIES))


@needs_hadolint
@pytest.mark.usefixtures("real")
def test_a_good_dockerfile_passes_all(gate: Gate, tmp_path: Path) -> None:
    said = judged(gate, tmp_path, {"Dockerfile": GOOD, "fixtures/Dockerfile": BAD})
    assert set(outcomes(said).values()) == {"pass"}
    assert len(outcomes(said)) == 15
    assert said.evidence("dockerfile")["facts"]["excluded_paths"] == ["fixtures/Dockerfile"]


@needs_hadolint
@pytest.mark.usefixtures("real")
def test_a_bad_one_fails_and_is_named(gate: Gate, tmp_path: Path) -> None:
    said = judged(
        gate, tmp_path, {"Dockerfile": GOOD, "old/Dockerfile.legacy": BAD, ".hadolint.yaml": "ignored: [DL3004]\n"}
    )
    passing = {id_ for id_, outcome in outcomes(said).items() if outcome == "pass"}
    assert passing == {"dockerfile.suppressions", "dockerfile.base-registry", "dockerfile.base-version"}
    assert said.code == 1
    for id_ in sorted(outcomes(said).keys() - passing - {"dockerfile.lint"}):
        assert "old/Dockerfile.legacy" in said.criterion(id_)["reason"], id_
    rules = {finding["rule"] for finding in said.json["findings"]}
    assert {"DL3004", "DL3006"} <= rules


def without(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    """Take away the folders in which hadolint may be, and give others."""
    kept = [each for each in gate.collect.tools.DIRECTORIES if not (each / "hadolint").exists()]
    monkeypatch.setattr(gate.collect.tools, "DIRECTORIES", (*folders, *kept))


def test_without_hadolint_only_the_lint_is_not_known(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch)
    said = judged(gate, tmp_path, {"Dockerfile": GOOD})
    found = outcomes(said)
    assert {found.pop("dockerfile.lint"), found.pop("dockerfile.suppressions")} == {"no_evidence"}
    assert set(found.values()) == {"pass"}
    assert said.code == 1
    assert "hadolint" in said.criterion("dockerfile.lint")["reason"]


@pytest.mark.parametrize(
    "body",
    [
        "print('[]')",
        "sys.exit(3)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "print('[')",
        "",
        "print('[]'); sys.exit(1)",
    ],
    ids=["clean", "unknown code", "killed", "half", "silent", "clean and 1"],
)
def test_a_broken_hadolint_proves_nothing(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    program(tmp_path / "tools", body)
    without(monkeypatch, tmp_path / "tools")
    said = judged(gate, tmp_path / "tree", {"Dockerfile": GOOD})
    assert outcomes(said)["dockerfile.lint"] == "no_evidence"
    assert outcomes(said)["dockerfile.non-root"] == "pass"


def test_what_is_not_read_blocks_what_would_pass(gate: Gate, tmp_path: Path) -> None:
    policy = POLICY.replace("]}", "], lint: false}")
    said = judged(
        gate, tmp_path, {"Dockerfile": GOOD, "b/Dockerfile": "RUN x\n", "c/Dockerfile.j2": GOOD}, policy=policy
    )
    assert set(outcomes(said).values()) == {"no_evidence"}
    assert "b/Dockerfile: has RUN before the first FROM" in said.gaps("dockerfile")


def test_what_the_build_decides_blocks_only_what_rests_on_it(gate: Gate, tmp_path: Path) -> None:
    text = GOOD.replace("FROM python:3.12-slim@" + DIGEST + " AS", "ARG BASE\nFROM $BASE AS")
    said = judged(gate, tmp_path, {"Dockerfile": text}, policy=POLICY.replace("]}", "], lint: false}"))
    unknown = {id_ for id_, outcome in outcomes(said).items() if outcome == "no_evidence"}
    assert unknown == {
        "dockerfile.base-image",
        "dockerfile.base-registry",
        "dockerfile.base-version",
        "dockerfile.digest-pinned",
        "dockerfile.lint",
        "dockerfile.no-latest",
        "dockerfile.suppressions",
    }
    assert {id_: outcomes(said)[id_] for id_ in ("dockerfile.non-root", "dockerfile.multi-stage")} == {
        "dockerfile.non-root": "pass",
        "dockerfile.multi-stage": "pass",
    }


def test_nothing_to_judge(gate: Gate, tmp_path: Path) -> None:
    said = judged(gate, tmp_path, {"README.md": "x"})
    assert set(outcomes(said).values()) == {"not_applicable"}
    expected = judged(gate, tmp_path / "expected", {"README.md": "x"}, policy=f"{POLICY}expects: [dockerfile]\n")
    assert set(outcomes(expected).values()) == {"fail"}


def test_hostile_names_and_texts_stay_on_their_line(gate: Gate, tmp_path: Path) -> None:
    said = judged(
        gate,
        tmp_path,
        {"Dockerfile": "FROM a\u202e:1\x1b[31m\nUSER ::error::x\n", "d\x1b[2J/Dockerfile": "FROM x\n"},
        "--report",
        f"console={tmp_path / 'console'}",
        policy=POLICY.replace("]}", "], lint: false}"),
    )
    text = (tmp_path / "console").read_text()
    assert said.code == 1
    assert not {"\u202e", "\x1b"} & set(text)

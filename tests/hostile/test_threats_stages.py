"""Bundles that a stranger's first stage forged, judged by the second (T5, T8, T23, T29)."""

from __future__ import annotations

import gzip
import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.github_server import Hub
from tests.support.hostile_jobs import LIGHT, ONLY, assert_nothing_foreign, stop_time
from tests.support.pull_job import Step
from tests.support.two_stages import TwoStages, change_manifest, forge, zipped

EVIDENCE, FINDINGS = "evidence/tests.json", "findings/tests.jsonl.gz"


@pytest.fixture
def stages(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> TwoStages:
    """A fork's pull request whose tests fail; the first stage says so."""
    stop_time(monkeypatch)
    made = TwoStages(tmp_path, hub, capsys, policy=LIGHT)
    (made.job.workspace / "out/junit.xml").write_text(
        "<testsuite><testcase classname='tests.a' name='b'><failure message='x'/></testcase></testsuite>"
    )
    assert made.collect(**ONLY).code == 0
    return made


def publish(stages: TwoStages, data: bytes | None = None) -> Step:
    stages.upload(data)
    step = stages.publish(**ONLY)
    assert_nothing_foreign(step.log)
    return step


def assert_no_go(stages: TwoStages, step: Step) -> None:
    assert (step.code, step.outputs["verdict"]) == (1, "no_go"), step.log
    assert stages.states()[-1] == "failure"
    assert set(stages.conclusions()) == {"failure"}
    assert len(stages.comments()) == 1


def rewrite(stages: TwoStages, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the evidence of the tests, and what the manifest says of it."""
    evidence = json.loads((stages.bundle / EVIDENCE).read_text())
    change(evidence)
    forge(stages.bundle, EVIDENCE, json.dumps(evidence).encode())


def test_the_honest_bundle_is_a_no(stages: TwoStages) -> None:
    assert_no_go(stages, publish(stages))


NOTHING = {"state": "missing", "reason": "there is no such file", "not_applicable": True, "facts": None, "sources": []}
BENT: dict[str, Callable[[dict[str, Any]], object]] = {
    "how": lambda item: [source.update(how="recollected") for source in item["sources"]],
    "no sources": lambda item: item.update(sources=[]),
    "not applicable": lambda item: item.update(NOTHING),
    "negative": lambda item: item["facts"].update(failed=-1, passed=1),
    "nan": lambda item: item["facts"].update(failed="NaN"),
    "huge": lambda item: item["facts"].update(total=10**400),
    "another kind": lambda item: item.update(kind="coverage"),
    "unknown kind": lambda item: item.update(kind="../../x"),
    "facts gone": lambda item: item.update(facts={}),
    "leg": lambda item: item.update(leg="</details>@octo-dev"),
    "more": lambda item: item.update(verdict="go", outcome="pass"),
}


@pytest.mark.parametrize("name", BENT)
def test_t5_evidence_that_is_bent_by_hand_does_not_pass_where_it_contradicts_itself(
    stages: TwoStages, name: str
) -> None:
    rewrite(stages, BENT[name])
    step = publish(stages)
    assert_no_go(stages, step)
    assert "not_applicable" not in {item["outcome"] for item in stages.document(step)["criteria"]}, "tests always apply"


def test_t5_what_an_author_invents_whole_is_called_the_authors_word(stages: TwoStages) -> None:
    """Not to be prevented: who runs the tests can write what they said. The report says whose word it is."""
    rewrite(stages, lambda item: item["facts"].update(failed=0, errors=0, passed=item["facts"]["total"]))
    rewrite(stages, lambda item: [source.update(how="produced") for source in item["sources"]])
    forge(stages.bundle, FINDINGS, gzip.compress(b"", mtime=0))
    document = stages.document(publish(stages))
    assert {item["believed"] for item in document["trust"]} == {"supplied"}
    assert any("can forge it" in notice for notice in document["notices"])


def test_t5_that_a_kind_does_not_apply_is_the_authors_word_too(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle can say that there is no Python here; the report does not say it in the gate's own name."""
    stop_time(monkeypatch)
    evil = {"ledger/evil.py": "def f(text):\n    return eval(text)\n"}
    stages = TwoStages(tmp_path, hub, capsys, policy=LIGHT, change=evil)
    kinds = {"INPUT_ONLY": "sast,tests"}
    assert stages.collect(**kinds).code == 0
    forge(stages.bundle, "evidence/sast.json", json.dumps({"kind": "sast", "gaps": [], **NOTHING}).encode())
    forge(stages.bundle, "findings/sast.jsonl.gz", gzip.compress(b"", mtime=0))
    stages.upload()
    document = stages.document(stages.publish(**kinds))
    reasons = [item["reason"] for item in document["criteria"] if item["id"].startswith("sast.")]
    assert reasons
    assert all("can forge it" in reason for reason in reasons)


def test_t5_a_worse_leg_is_not_outvoted_by_better_ones(stages: TwoStages, tmp_path: Path) -> None:
    legs = tmp_path / "legs"
    good = json.loads((stages.bundle / EVIDENCE).read_text())
    good["facts"].update(failed=0, errors=0, passed=good["facts"]["total"])
    for number in range(8):
        folder = legs / f"leg-{number}"
        for path in stages.bundle.rglob("*"):
            if path.is_file():
                target = folder / path.relative_to(stages.bundle)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
        if number != 5:
            forge(folder, EVIDENCE, json.dumps(good).encode())
            forge(folder, FINDINGS, gzip.compress(b"", mtime=0))
    assert_no_go(stages, publish(stages, zipped(legs)))


def test_t29_more_legs_than_are_judged_are_no_evidence(stages: TwoStages, tmp_path: Path) -> None:
    for number in range(70):
        folder = tmp_path / "legs" / f"leg-{number}"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_bytes((stages.bundle / "manifest.json").read_bytes())
    step = publish(stages, zipped(tmp_path / "legs"))
    assert_no_go(stages, step)
    assert "at most 64" in step.summary


def test_t29_more_files_than_a_manifest_may_name_are_no_evidence(stages: TwoStages) -> None:
    def many(manifest: dict[str, Any]) -> None:
        manifest["files"] += [{**manifest["files"][0], "path": f"evidence/x{n}.json"} for n in range(300)]

    change_manifest(stages.bundle, many)
    assert_no_go(stages, publish(stages))


def entry(name: str, mode: int = stat.S_IFREG | 0o644, data: bytes = b"x") -> Callable[[zipfile.ZipFile], None]:
    def add(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, data)

    return add


TRICKS = {
    "up": entry("../evidence/tests.json"),
    "absolute": entry("/etc/gate"),
    "drive": entry("C:\\x"),
    "link": entry("evidence/tests", stat.S_IFLNK | 0o777, b"/proc/self/environ"),
    "device": entry("evidence/null", stat.S_IFCHR | 0o666),
    "pipe": entry("evidence/pipe", stat.S_IFIFO | 0o666),
    "twice": entry("evidence/tests.json"),
    "case": entry("Evidence/Tests.JSON"),
    "dots": entry("evidence/./tests.json"),
    "control": entry("evidence/x\n::error::y.json"),
    "below a file": entry("manifest.json/x"),
}


@pytest.mark.parametrize("name", TRICKS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_t22_t23_an_archive_with_a_trick_in_it_is_no_evidence(stages: TwoStages, name: str) -> None:
    packed = io.BytesIO(zipped(stages.bundle))
    with zipfile.ZipFile(packed, "a") as archive:
        TRICKS[name](archive)
    step = publish(stages, packed.getvalue())
    assert_no_go(stages, step)
    assert "is no evidence" in step.summary


def test_t23_a_bomb_in_the_findings_is_no_evidence(stages: TwoStages) -> None:
    line = b'{"rule": "x"}' + b" " * (1 << 20) + b"\n"
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream:
        for _ in range(64):
            stream.write(line)
    forge(stages.bundle, FINDINGS, packed.getvalue())
    assert_no_go(stages, publish(stages))


def test_t29_one_head_into_many_branches_is_judged_for_a_few(stages: TwoStages, hub: Hub) -> None:
    """Anybody may open a pull request into every branch, and each one judged costs requests."""
    repository = stages.repository
    for number in range(14):
        repository.push(stages.job.workspace, "main", f"release-{number}")
        repository.open_pull("topic", f"release-{number}", fork=stages.job.head_repository)
    step = publish(stages)
    assert step.code == 1
    told = {item.context for item in repository.statuses}
    assert len(told) == 10
    assert "readiness-gate: main" in told, "the oldest pull requests come first"
    assert step.log.count("is not judged") == 5
    assert hub.log.count() <= 300

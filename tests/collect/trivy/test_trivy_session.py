"""Trivy itself, on real lock files with a real database: what it says without saying so."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from gate.collect.scan_problem import ScanProblem, Step
from gate.collect.trivy.canary_image import canary_image
from gate.collect.trivy.trivy_canary import PLANTED, canary_sbom, trivy_canary, trivy_image_canary
from gate.collect.trivy.trivy_run import Place
from gate.collect.trivy.trivy_session import TrivySettings, read_settings, trivy_filesystem_scan, trivy_session
from gate.model.json import JsonObject
from tests.support.broken_tools import BROKEN, OneTool, install
from tests.support.trivy import PROGRAMS, damaged, database, image, needs_trivy, settings, trivy_context

LODASH = json.dumps(
    {
        "name": "x",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "x", "version": "1.0.0", "dependencies": {"lodash": "4.17.11"}},
            "node_modules/lodash": {"version": "4.17.11", "resolved": "https://example.org/l.tgz", "license": "MIT"},
        },
    }
).encode()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return database(tmp_path / "cache")


@needs_trivy
def test_lock_files_are_scanned_and_nothing_is_left_behind(tmp_path: Path, cache: Path) -> None:
    before = {path: path.read_bytes() for path in (cache / "db").iterdir()}
    log: list[str] = []
    given = {"app/package-lock.json": LODASH, "requirements.txt": b"requests==2.19.1\n"}
    scanned = trivy_filesystem_scan(trivy_context(tmp_path, log=log), settings(cache), given)
    found = {(result.target, item.id) for result in scanned.report.results for item in result.vulnerabilities}
    assert found == {("app/package-lock.json", "CVE-2019-10744"), ("requirements.txt", "CVE-2018-18074")}
    assert scanned.covered == "2 packages in 2 lock files"
    assert "covered 3 of 3 planted vulnerabilities" in log[0]
    assert {path: path.read_bytes() for path in (cache / "db").iterdir()} == before
    assert list(cache.iterdir()) == [cache / "db"]


@needs_trivy
@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"package-lock.json": b"{"}, id="malformed"),
        pytest.param({"package.json": b'{"dependencies": {"lodash": "4.17.11"}}'}, id="package.json alone"),
        pytest.param({"requirements.txt": b"requests\n"}, id="unpinned"),
        pytest.param({"requirements-dev.txt": b"requests==2.19.1\n"}, id="another name"),
        pytest.param(
            {"pyproject.toml": b'[project]\nname = "x"\ndependencies = ["requests==2.19.1"]\n'}, id="pyproject"
        ),
        pytest.param({"package-lock.json": LODASH, "requirements.txt": b""}, id="one of two is empty"),
    ],
)
def test_a_lock_file_without_a_result_proves_nothing(tmp_path: Path, cache: Path, given: dict[str, bytes]) -> None:
    with pytest.raises(ScanProblem, match="read no package from") as caught:
        trivy_filesystem_scan(trivy_context(tmp_path), settings(cache), given)
    assert caught.value.step is Step.COVERED


@needs_trivy
@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a//b", ""])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, cache: Path, name: str) -> None:
    with pytest.raises(ScanProblem, match="was not run"):
        trivy_filesystem_scan(trivy_context(tmp_path), settings(cache), {name: LODASH})


@needs_trivy
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("no trivy.db", "trivy.db cannot be read"),
        ("empty trivy.db", "trivy.db is empty"),
        ("truncated trivy.db", "trivy.db is cut short"),
        ("trivy.db without its last page", "trivy.db is cut short"),
        ("garbage", "no bbolt database"),
        ("no metadata", "metadata.json cannot be read"),
        ("metadata cut off", "metadata.json cannot be read as JSON"),
        ("metadata without a time", "does not say when"),
        ("nothing at all", "there is none in"),
        ("damaged pages", "self-test does not find"),
        ("one ecosystem is missing", "self-test does not find"),
    ],
)
def test_a_database_that_is_not_whole_is_none(tmp_path: Path, cache: Path, how: str, said: str) -> None:
    damaged(cache, how)
    with pytest.raises(ScanProblem, match=said):
        trivy_filesystem_scan(trivy_context(tmp_path), settings(cache), {"package-lock.json": LODASH})


@needs_trivy
@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"Version": 1}, "schema 1, and 2"),
        ({"Version": True}, "schema True"),
        ({"Version": "2"}, "schema 2, and 2"),
        ({"UpdatedAt": "2024-12-30T00:00:00Z"}, "78 hours old, and at most 48"),
        ({"UpdatedAt": "2025-01-02T09:00:00Z"}, "has not come yet"),
        ({"UpdatedAt": "0001-01-01T00:00:00Z"}, "does not say when"),
        ({"UpdatedAt": "yesterday"}, "does not say when"),
        ({"UpdatedAt": "2025-01-02T00:00:00"}, "does not say when"),
    ],
)
def test_a_database_of_another_schema_or_time_is_none(
    tmp_path: Path, metadata: dict[str, str | int], said: str
) -> None:
    cache = database(tmp_path / "cache", **metadata)
    with pytest.raises(ScanProblem, match=said) as caught:
        trivy_filesystem_scan(trivy_context(tmp_path), settings(cache), {"package-lock.json": LODASH})
    assert caught.value.step is Step.FOUND


@needs_trivy
def test_the_age_that_is_accepted_is_a_setting(tmp_path: Path, cache: Path) -> None:
    request: JsonObject = {"database": str(cache), "max_database_age_hours": 30, "timeout_seconds": 60}
    with trivy_session(trivy_context(tmp_path), read_settings(request)) as session:
        assert session.age_hours == 30
    with (
        pytest.raises(ScanProblem, match="at most 29"),
        trivy_session(trivy_context(tmp_path), read_settings({**request, "max_database_age_hours": 29})),
    ):
        pass


@needs_trivy
def test_configuration_in_the_tree_and_the_environment_has_no_say(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hiding = "severity: [LOW]\nvulnerability: {ignore-unfixed: true}\nscan: {skip-files: ['**']}\npkg: {types: [os]}\n"
    ignoring = "CVE-2019-10744\nCVE-2018-18074\n"
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for name, text in {"trivy.yaml": hiding, ".trivyignore": ignoring, "trivy-secret.yaml": "x"}.items():
        (here / name).write_text(text)
        (tmp_path / name).write_text(text)
    for name, value in {
        "TRIVY_SEVERITY": "LOW",
        "TRIVY_IGNOREFILE": str(here / ".trivyignore"),
        "TRIVY_SKIP_FILES": "**",
        "TRIVY_CONFIG": str(here / "trivy.yaml"),
        "TRIVY_FORMAT": "table",
        "TRIVY_OUTPUT": str(tmp_path / "stolen"),
        "TRIVY_CACHE_DIR": str(tmp_path / "other"),
    }.items():
        monkeypatch.setenv(name, value)
    given = {"package-lock.json": LODASH, "trivy.yaml": hiding.encode(), ".trivyignore": ignoring.encode()}
    scanned = trivy_filesystem_scan(trivy_context(tmp_path), settings(cache), given, lambda report: "it")
    assert [item.id for result in scanned.report.results for item in result.vulnerabilities] == ["CVE-2019-10744"]
    assert not (tmp_path / "stolen").exists()


def test_a_tracked_database_is_part_of_what_is_judged(tmp_path: Path) -> None:
    from gate.collect.trivy.trivy_database import find_database
    from gate.collect.workspace import Workspace
    from tests.support.fakes import tracked

    database(tmp_path / "cache")
    workspace = Workspace(tmp_path, tracked=tracked("cache/db/trivy.db"))
    for named in ("cache", "cache/db", str(tmp_path / "cache"), "./cache/../cache"):
        with pytest.raises(ScanProblem, match="is tracked in git"):
            find_database(named, workspace)
    assert find_database("cache", Workspace(tmp_path, tracked=())).age_hours(datetime(2025, 1, 2, tzinfo=UTC)) == 24


def test_the_usual_places_are_looked_at_in_turn(tmp_path: Path) -> None:
    from gate.collect.trivy.trivy_database import BAKED, find_database, usual_places
    from gate.collect.workspace import Workspace

    assert usual_places()[0] == BAKED
    places = [tmp_path / "none", tmp_path / "second"]
    with pytest.raises(ScanProblem, match=r"there is none \(looked in .*download_database"):
        find_database(None, Workspace(tmp_path), places)
    database(places[1])
    assert find_database(None, Workspace(tmp_path), places).folder == places[1] / "db"


@needs_trivy
def test_a_java_index_is_copied_too(tmp_path: Path, cache: Path) -> None:
    (cache / "java-db").mkdir()
    for name in ("metadata.json", "trivy-java.db"):
        (cache / "java-db" / name).write_bytes(b"{}")
    with trivy_session(trivy_context(tmp_path), settings(cache)) as session:
        assert session.database.java == cache / "java-db"


REPORT = json.dumps({"SchemaVersion": 2, "ArtifactName": "x", "ArtifactType": "cyclonedx", "Results": []})


@pytest.mark.parametrize("does", sorted(BROKEN))
def test_a_broken_trivy_proves_nothing(tmp_path: Path, cache: Path, does: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.trivy.trivy_run._MARGIN", 0.0)
    monkeypatch.setattr("gate.collect.trivy.trivy_canary._TIMEOUT", 1.0)
    program = install(tmp_path / "bin", "trivy", does, REPORT)
    context = trivy_context(tmp_path, tools=OneTool("trivy", (str(program),)))
    with pytest.raises(ScanProblem) as caught:
        trivy_filesystem_scan(context, settings(cache, timeout=1), {"package-lock.json": LODASH})
    assert caught.value.step is Step.CANARY


def wrapper(folder: Path, script: str) -> OneTool:
    """A program that does something to the real Trivy, but only after its self-test."""
    folder.mkdir()
    program = folder / "trivy"
    program.write_text(
        f'#!/bin/sh\nreal="{PROGRAMS / "trivy"}"\nif [ "$1" = sbom ]; then exec "$real" "$@"; fi\n{script}\n'
    )
    program.chmod(0o755)
    return OneTool("trivy", (str(program),))


@needs_trivy
@pytest.mark.parametrize(
    ("script", "step"),
    [
        pytest.param('"$real" "$@"; exit 139', Step.EXIT_CODE, id="exit 139 with a report"),
        pytest.param('"$real" "$@"; exit 0', Step.ERRORS, id="findings and exit 0"),
        pytest.param("exit 0", Step.REPORT, id="no report and exit 0"),
        pytest.param("echo '{}'", Step.REPORT, id="an empty object"),
        pytest.param(f"echo '{REPORT}'", Step.COVERED, id="a report about something else"),
        pytest.param(f"echo '{REPORT}'; exit 10", Step.ERRORS, id="exit 10 without findings"),
        pytest.param('"$real" "$@" | head -c 900; exit 10', Step.REPORT, id="half a report"),
        pytest.param("kill -9 $$", Step.RAN, id="killed"),
        pytest.param("sleep 60", Step.RAN, id="out of time"),
    ],
)
def test_a_run_that_breaks_after_the_self_test_proves_nothing(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, script: str, step: Step
) -> None:
    monkeypatch.setattr("gate.collect.trivy.trivy_run._MARGIN", 0.0)
    context = trivy_context(tmp_path, tools=wrapper(tmp_path / "bin", script))
    with pytest.raises(ScanProblem) as caught:
        trivy_filesystem_scan(context, settings(cache, timeout=3), {"package-lock.json": LODASH})
    assert caught.value.step is step, caught.value


def test_a_malicious_release_is_not_run(tmp_path: Path, cache: Path) -> None:
    from gate.collect.process import SubprocessRunner
    from gate.collect.tools import SystemToolbox

    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "trivy").write_text('#!/bin/sh\n[ "$1" = --version ] || touch "$0.ran"\necho "Version: 0.69.4"\n')
    (folder / "trivy").chmod(0o755)
    context = trivy_context(tmp_path, tools=SystemToolbox(SubprocessRunner(), [folder]))
    with pytest.raises(ScanProblem, match="is refused") as caught:
        trivy_filesystem_scan(context, settings(cache), {"package-lock.json": LODASH})
    assert caught.value.step is Step.FOUND
    assert not (folder / "trivy.ran").exists()


@needs_trivy
def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    context = trivy_context(tmp_path)
    context.scanner.find("trivy")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(ScanProblem, match="no folder can be made"):
        trivy_filesystem_scan(context, settings(cache), {"package-lock.json": LODASH})


@needs_trivy
def test_a_disk_that_is_full_is_told(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tmpfs of 32 KiB takes the folder, and not the copy of the database."""
    import subprocess
    import tempfile

    small = tmp_path / "small"
    small.mkdir()
    mounted = shutil.which("mount") and os.geteuid() == 0
    if not mounted or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "none", str(small)]).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        context = trivy_context(tmp_path)
        context.scanner.find("trivy")
        monkeypatch.setattr(tempfile, "tempdir", str(small))
        with pytest.raises(ScanProblem, match=r"could not be copied for Trivy.*No space left"):
            trivy_filesystem_scan(context, settings(cache), {"package-lock.json": LODASH})
    finally:
        monkeypatch.undo()
        subprocess.run(["umount", str(small)], check=True)


@needs_trivy
def test_a_download_that_fails_is_no_database(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # No way out of this machine: the proxy is one that nobody answers at.
    from gate.collect.process import SubprocessRunner

    nowhere = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), "http://127.0.0.1:9")
    context = trivy_context(tmp_path)
    object.__setattr__(context, "runner", SubprocessRunner(environment=nowhere))
    with (
        pytest.raises(ScanProblem, match="self-test does not find") as caught,
        trivy_session(context, TrivySettings(database=str(cache), download=True)),
    ):
        pass
    assert caught.value.step is Step.CANARY


@needs_trivy
@pytest.mark.parametrize(
    ("how", "said"), [("", ""), ("damaged pages", ""), ("one ecosystem is missing", "in lodash with")]
)
def test_an_image_counts_only_when_the_planted_one_was_seen_through(
    tmp_path: Path, cache: Path, how: str, said: str
) -> None:
    """Image scans ask for what was planted in an image, whatever the self-test for lock files says."""
    path = image(tmp_path, "clean")
    if how:
        damaged(cache, how)
    log: list[str] = []
    with trivy_session(trivy_context(tmp_path, log=log), settings(cache)) as session:
        if how:
            with pytest.raises(ScanProblem, match=f"does not find the vulnerabilities of the planted image.*{said}"):
                session.run("image", (f"--input={path}",), lambda report: "it", "an image")
            return
        scanned = session.run("image", (f"--input={path}",), lambda report: f"{report.packages}", "an image")
    assert int(scanned.covered) > 0
    assert [line for line in log if "covered 3 of 3 planted vulnerabilities of a planted image" in line]
    assert not [line for line in log if line.endswith("covered 3 of 3 planted vulnerabilities")]


@needs_trivy
def test_a_trivy_that_sees_nothing_in_images_proves_nothing_about_them(tmp_path: Path, cache: Path) -> None:
    """It finds all in an SBOM, so lock files count; but the packages of an image are not among what it lists."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "trivy").write_text(
        f'#!/bin/sh\nreal="{PROGRAMS / "trivy"}"\n[ "$1" = image ] || exec "$real" "$@"\nshift\n'
        'exec "$real" image --skip-dirs=/usr "$@"\n'
    )
    (folder / "trivy").chmod(0o755)
    path = image(tmp_path, "clean")
    context = trivy_context(tmp_path, tools=OneTool("trivy", (str(folder / "trivy"),)))
    with trivy_session(context, settings(cache)) as session:
        assert session.filesystem({"package-lock.json": LODASH}).covered
        with pytest.raises(
            ScanProblem, match="did not find CVE-2020-14343 in pyyaml, CVE-2019-10744 in lodash"
        ) as caught:
            session.run("image", (f"--input={path}",), lambda report: "it", "an image")
    assert caught.value.step is Step.CANARY


def test_a_self_test_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    context = trivy_context(tmp_path)
    place = Place(tmp_path / "gone", tmp_path / "gone", 0o600)
    for canary in (trivy_canary(context.scanner, place, "x"), trivy_image_canary(context.scanner, place, "x")):
        with pytest.raises(ScanProblem, match=r"was not run: canary\.\S+ could not be written"):
            canary.test()


def test_the_planted_image_is_the_same_everywhere() -> None:
    """Its hash is what kept self-tests are known by. Its parts are named by their hashes, as docker names them."""
    assert canary_image() == canary_image()
    with tarfile.open(fileobj=io.BytesIO(canary_image())) as archive:
        held = {item.name: archive.extractfile(item).read() for item in archive if item.isreg()}  # type: ignore[union-attr]
        assert {(item.mtime, item.uid, item.gid, item.uname) for item in archive.getmembers()} == {(0, 0, 0, "")}
    (manifest,) = json.loads(held.pop("manifest.json"))
    configuration, layer = held.pop(manifest["Config"]), held.pop(manifest["Layers"][0])
    assert not held
    assert manifest["Config"] == f"{sha256(configuration).hexdigest()}.json"
    assert json.loads(configuration)["rootfs"]["diff_ids"] == [f"sha256:{sha256(layer).hexdigest()}"]
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        names = archive.getnames()
        assert names == sorted(names)
        assert not any(item.mode & 0o111 for item in archive if item.isreg())
    assert sha256(canary_image()).hexdigest() == "7de289ae9cc487f69d2ecd52831e8f3b7f10952d4a8979d874fcb151d6e48843"


def test_the_canary_plants_one_package_of_each_ecosystem() -> None:
    document = json.loads(canary_sbom())
    names = {item["name"] for item in document["components"]}
    assert {package for package, _ in PLANTED.values()} < names
    assert document["bomFormat"] == "CycloneDX"

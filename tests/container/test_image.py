"""The image: built with buildah from a locally made base, run with podman as `docker run` would.

No registry and no Docker engine is needed. The base is a minimal Debian made by mmdebstrap; the tools are the real
programs that the other tests use, through the same fetching and checking as in a release build.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.trivy import database, image

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".venv" / "tools.d"
NEEDED = ("buildah", "podman", "runc", "mmdebstrap")
VERSIONS = {"trivy": "0.59.1", "gitleaks": "8.30.1", "hadolint": "2.15.1", "helm": "4.1.4", "kubectl": "1.33.9"}
"""Of tests/support/tools.txt."""
OF_DEBIAN = tuple(name for name in ("promtool", "amtool") if shutil.which(name))
PLAIN = ("hadolint", "kubectl")
"""Tools whose release is the program itself."""
ABSENT = [name for name in NEEDED if shutil.which(name) is None] + [
    str(TOOLS / name) for name in VERSIONS if not (TOOLS / name).exists()
]
MAY_SKIP = os.environ.get("CI") is None

pytestmark = [
    pytest.mark.container,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        MAY_SKIP and (bool(ABSENT) or os.geteuid() != 0), reason=f"needs root and {', '.join(ABSENT) or 'nothing else'}"
    ),
]


@dataclass(frozen=True)
class Engine:
    """buildah and podman on a store of their own."""

    folder: Path

    @property
    def _store(self) -> list[str]:
        return ["--storage-driver", "vfs", "--root", str(self.folder / "store"), "--runroot", str(self.folder / "run")]

    def buildah(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return _run(["buildah", *self._store, *arguments], check=check)

    def podman(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["podman", *self._store, "--runtime", "runc", "--cgroup-manager", "cgroupfs", *arguments]
        return _run(command, check=check)

    def build(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`docker build` of this repository."""
        return self.buildah("bud", "--isolation", "chroot", *arguments, str(ROOT), check=check)

    def run(self, workspace: Path, *arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """`docker run --rm -v WORKSPACE:/github/workspace IMAGE ARGUMENTS`."""
        limits = ("--network", "host", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
        mount = ("-v", f"{workspace}:/github/workspace")
        return self.podman("run", "--rm", *limits, *mount, *options, "localhost/gate", *arguments, check=False)


def _run(command: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=800)
    if check and done.returncode:
        raise AssertionError(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        )
    return done


def _release(name: str, folder: Path) -> dict[str, str]:
    """Write a tool as its release would be, and return the build arguments that take it from /archives."""
    program = Path(shutil.which(name) or "") if name in OF_DEBIAN else TOOLS / name
    target = folder / (name if name in PLAIN else f"{name}.tar.gz")
    if name in PLAIN:
        shutil.copyfile(program, target)
    else:
        with tarfile.open(target, "w:gz", compresslevel=1) as archive:
            archive.add(program, arcname=f"release/{name}")
    key = name.upper()
    return {
        f"{key}_VERSION": VERSIONS.get(name) or _version(program),
        f"{key}_URL": f"file:///archives/{target.name}",
        f"{key}_SHA256": hashlib.sha256(target.read_bytes()).hexdigest(),
    }


def _version(program: Path) -> str:
    said = re.search(r"version (\d+\.\d+\.\d+)", _run([str(program), "--version"], check=True).stdout)
    assert said is not None
    return said.group(1)


@dataclass(frozen=True)
class Offline:
    """An engine with a base image, and the build arguments that make the build independent of any registry."""

    engine: Engine
    arguments: dict[str, str]

    def flags(self, **changed: str) -> list[str]:
        return [
            part for name, value in (self.arguments | changed).items() for part in ("--build-arg", f"{name}={value}")
        ]


@pytest.fixture(scope="session")
def offline() -> Iterator[Offline]:
    """The base image. Its store has a short name of its own: podman takes no runroot of over 50 characters."""
    with tempfile.TemporaryDirectory(prefix="img-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield from _prepared(Path(folder))


def _prepared(folder: Path) -> Iterator[Offline]:
    engine = Engine(folder)
    base = folder / "base.tar"
    packages = "python3,python3-venv,git,ca-certificates"
    _run(["mmdebstrap", "--variant=minbase", f"--include={packages}", "bookworm", str(base)], check=True)
    archives = folder / "archives"
    archives.mkdir()
    releases = [_release(name, archives) for name in (*VERSIONS, *OF_DEBIAN)]
    container = engine.buildah("from", "scratch").stdout.strip()
    engine.buildah("add", "-q", container, str(base), "/")
    certificates = "/etc/ssl/certs/ca-certificates.crt"
    engine.buildah("copy", "-q", container, certificates, certificates)
    engine.buildah("commit", "-q", "--rm", container, "localhost/base")
    tools = engine.buildah("from", "localhost/base").stdout.strip()
    engine.buildah("copy", "-q", tools, str(archives), "/archives/")
    engine.buildah("commit", "-q", "--rm", tools, "localhost/tools")
    base.unlink()
    shutil.rmtree(archives)
    yield Offline(
        engine,
        {
            "BASE_IMAGE": "localhost/base",
            "TOOLS_IMAGE": "localhost/tools",
            "TOOLS": " ".join((*VERSIONS, *OF_DEBIAN)),
            **{name: value for release in releases for name, value in release.items()},
        },
    )
    engine.buildah("rmi", "--all", "--force", check=False)


@pytest.fixture(scope="session")
def engine(offline: Offline) -> Engine:
    offline.engine.build("-t", "localhost/gate", *offline.flags())
    return offline.engine


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small real repository with a report of this run, owned by somebody who is not root."""
    folder = tmp_path / "checkout"
    (folder / "src").mkdir(parents=True)
    (folder / "src/shop.py").write_text("def total(a, b):\n    return a + b\n")
    (folder / "README.md").write_text("# Shop\n\n" + "It sells things to people who want them. " * 30)
    (folder / "subprocess.py").write_text("raise SystemExit('imported from the workspace')\n")
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], check=True)
    (folder / "junit.xml").write_text(
        '<testsuite name="s" tests="2" failures="0" errors="0" skipped="0">'
        '<testcase classname="t" name="a" time="0.1"/><testcase classname="t" name="b" time="0.1"/></testsuite>'
    )
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, 12345, 12345)
    return folder


def test_the_image_holds_the_gate_and_its_tools(engine: Engine, checkout: Path) -> None:
    rows = json.loads(engine.run(checkout, "doctor", "--format", "json").stdout)
    found = {row["name"]: row["version"] for row in rows if row["version"]}
    assert found.items() >= VERSIONS.items()
    absent = {"promtool", "amtool"} - set(OF_DEBIAN)
    assert not (absent and os.environ.get("CI"))
    assert set(found) == {row["name"] for row in rows} - absent, rows
    assert {row["where"] for row in rows if row["name"] in VERSIONS} == {f"/opt/tools/{name}" for name in VERSIONS}


@pytest.mark.parametrize("name", ["hadolint", "helm", "kubectl", "promtool", "amtool", "zizmor"])
def test_a_tool_of_the_image_finds_what_is_planted_for_it(engine: Engine, checkout: Path, name: str) -> None:
    """Run as nobody, who must be able to read the copies that the gate makes for it, and have a folder of its own."""
    if name not in (*VERSIONS, *OF_DEBIAN, "zizmor"):
        assert os.environ.get("CI") is None
        pytest.skip(f"{name} is not installed here")
    done = engine.run(checkout, "doctor", "--self-test", "--format", "json")
    (row,) = [row for row in json.loads(done.stdout[: done.stdout.rindex("]") + 1]) if row["name"] == name]
    assert row["state"] == "passed", row
    assert row["told"].startswith("found ")


CHART = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.2.3\nappVersion: 4.5.6\n",
    "values.yaml": "replicas: 3\n",
    "templates/web.yaml": """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "example.org/web:{{ .Chart.AppVersion }}"}
""",
}


def test_a_chart_is_rendered_by_nobody(engine: Engine, checkout: Path) -> None:
    """helm wants folders for its cache, configuration and plugins: those of the child's own home have to do."""
    for name, text in CHART.items():
        path = checkout / "deploy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git = ["git", "-C", str(checkout), "-c", "safe.directory=*"]
    subprocess.run([*git, "add", "deploy"], check=True)
    done = engine.run(checkout, "run", "--format", "json", "--profile", "strict", "--only", "helm,kubernetes")
    evidence = {item["kind"]: item for item in json.loads(done.stdout)["evidence"]}
    assert not evidence["helm"]["gaps"], evidence["helm"]
    assert (evidence["helm"]["facts"]["rendered"], evidence["helm"]["facts"]["objects"]) == (1, 1)
    (workload,) = evidence["kubernetes"]["facts"]["workloads"]
    assert workload["replicas"] == 3, workload


def test_tools_can_be_left_out(offline: Offline) -> None:
    """The stage that fetches them holds those that are named, and nothing else."""
    offline.engine.build("--target", "tools", "-t", "localhost/few", *offline.flags(TOOLS="gitleaks kubectl"))
    container = offline.engine.buildah("from", "localhost/few").stdout.strip()
    listed = offline.engine.buildah("run", "--isolation", "chroot", container, "ls", "/opt/tools").stdout.split()
    offline.engine.buildah("rm", container)
    assert listed == ["gitleaks", "kubectl"]


def test_a_checkout_of_another_user_is_judged(engine: Engine, checkout: Path) -> None:
    done = engine.run(checkout, "run", "--format", "json", "--only", "inventory,tests,sast")
    verdict = json.loads(done.stdout)
    evidence = {item["kind"]: item for item in verdict["evidence"]}
    assert done.returncode == {"go": 0, "conditional": 0, "no_go": 1}[verdict["verdict"]]
    assert evidence["tests"]["facts"]["total"] == 2
    assert evidence["inventory"]["facts"]["files"] == 3
    assert evidence["sast"]["facts"], evidence["sast"]
    assert evidence["sast"]["facts"]["files_scanned"] == 2
    assert re.fullmatch(r"[0-9a-f]{40}", verdict["commit"])


def test_without_arguments_it_runs_the_preflight(engine: Engine, checkout: Path) -> None:
    done = engine.run(checkout)
    assert done.returncode in (0, 1), done.stderr
    assert "baseline" in done.stdout


def test_as_an_action_it_writes_every_output(engine: Engine, checkout: Path, tmp_path: Path) -> None:
    files = tmp_path / "file_commands"
    files.mkdir()
    (files / "output").touch()
    (files / "summary").touch()
    variables = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": "/github/file_commands/output",
        "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
        "GITHUB_WORKSPACE": "/github/workspace",
        "INPUT_ONLY": "tests,inventory",
        "INPUT_TOKEN": "not-a-token",
        "INPUT_PUBLISH": "false",
    }
    options = tuple(part for name, value in variables.items() for part in ("-e", f"{name}={value}"))
    done = engine.run(checkout, options=(*options, "-v", f"{files}:/github/file_commands"))
    assert done.returncode in (0, 1), done.stderr
    outputs = dict(re.findall(r"^(\w+)<<(?:\S+)\n(.*)$", (files / "output").read_text(), re.MULTILINE))
    assert set(outputs) == {"verdict", "score", "failed", "report_json", "report_markdown", "published", "bundle"}
    report = checkout / outputs["report_json"]
    assert json.loads(report.read_text())["verdict"] == outputs["verdict"]
    assert report.stat().st_uid == 12345
    assert (files / "summary").read_text().startswith("## ")
    assert "not-a-token" not in done.stdout + done.stderr
    assert "::group::tests" in done.stdout + done.stderr


def test_the_scanners_of_the_image_find_what_is_there(engine: Engine, checkout: Path, tmp_path: Path) -> None:
    """As nobody, who must be able to read what the gate prepares for them, and who leaves nothing behind."""
    token = "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"
    (checkout / "src/settings.py").write_text(f"TOKEN = '{token}'  # gitleaks:allow\n")
    git = ["git", "-C", str(checkout), "-c", "safe.directory=*", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["add", "src"], ["commit", "-qm", "y"]):
        subprocess.run([*git, *arguments], check=True)
    image(checkout / "out", "vulnerable")
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    cache = database(tmp_path / "cache", UpdatedAt=made)
    cache.chmod(0o700)
    options = ("-v", f"{cache}:/opt/trivy:ro")
    settings = ("--evidence", "image.archive=out/vulnerable.tar", "--cache-dir", "/tmp/cache")
    only = ("--profile", "production", "--only", "secrets,image,sast", "--base", "HEAD~1")
    done = engine.run(checkout, "run", "--format", "json", *only, *settings, options=options)
    verdict = json.loads(done.stdout)
    evidence = {item["kind"]: item for item in verdict["evidence"]}
    assert done.returncode == 1
    assert evidence["image"]["facts"]["packages"] == 8, evidence["image"]
    assert evidence["image"]["facts"]["counts"]["critical"] == 4
    assert (evidence["secrets"]["facts"]["count"], evidence["secrets"]["facts"]["allowed"]) == (1, 1)
    assert evidence["secrets"]["facts"]["commits_scanned"] == 1
    outcomes = {item["id"]: item["outcome"] for item in verdict["criteria"]}
    assert (outcomes["secrets.none"], outcomes["image.no-critical"]) == ("fail", "fail")
    assert token not in done.stdout + done.stderr


SPY = """#!/bin/sh
echo 8.30.1
exec >> /out/told 2>&1
echo "user $(id -u):$(id -g)"
echo "groups $(id -G)"
grep NoNewPrivs /proc/self/status
for process in 1 $PPID; do
    cat /proc/$process/environ && echo "read the environment of $process"
done
cat /github/file_commands/output && echo "read the outputs"
cat /var/run/docker.sock && echo "reached the socket"
echo x > /github/workspace/planted && echo "wrote to the workspace"
"""


def test_a_scanner_can_neither_read_the_gate_nor_reach_what_it_holds(
    engine: Engine, checkout: Path, tmp_path: Path
) -> None:
    out, files = tmp_path / "out", tmp_path / "file_commands"
    for folder in (out, files):
        folder.mkdir()
    out.chmod(0o777)
    files.chmod(0o700)
    (files / "output").write_text("token=not-a-token")
    socket = tmp_path / "docker.sock"
    socket.touch(mode=0o660)
    (tmp_path / "spy").write_text(SPY)
    (tmp_path / "spy").chmod(0o755)
    mounts = {
        tmp_path / "spy": "/opt/tools/gitleaks",
        out: "/out",
        files: "/github/file_commands",
        socket: "/var/run/docker.sock",
    }
    options = tuple(part for source, target in mounts.items() for part in ("-v", f"{source}:{target}"))
    engine.run(checkout, "doctor", options=(*options, "-e", "INPUT_TOKEN=not-a-token"))
    told = (out / "told").read_text()
    assert "user 65534:65534\ngroups 65534\n" in told
    assert re.search(r"NoNewPrivs:\s+1", told)
    assert not re.search("not-a-token|read the|reached the|wrote to", told), told
    assert told.count("Permission denied") >= 4, told


def test_a_checkout_that_only_its_owner_may_enter_is_read_as_its_owner(engine: Engine, checkout: Path) -> None:
    for path in [checkout, *checkout.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o700)
    done = engine.run(checkout, "run", "--format", "json", "--only", "inventory,sast")
    evidence = {item["kind"]: item for item in json.loads(done.stdout)["evidence"]}
    assert evidence["inventory"]["facts"]["files"] == 3
    assert evidence["sast"]["facts"], evidence["sast"]
    assert evidence["sast"]["facts"]["files_scanned"] == 2


@pytest.mark.parametrize("version", ["0.69.4", "0.69.5", "0.69.6"])
def test_a_malicious_trivy_cannot_be_built_in(offline: Offline, version: str) -> None:
    done = offline.engine.build("--target", "tools", *offline.flags(TRIVY_VERSION=version), check=False)
    assert done.returncode != 0
    assert "malicious" in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"TRIVY_SHA256": "0" * 64}, "has the SHA-256"), ({"KUBECTL_VERSION": "1.30.0"}, "says that it is 1.33.9")],
)
def test_another_archive_or_version_is_refused(offline: Offline, changed: dict[str, str], reason: str) -> None:
    done = offline.engine.build("--target", "tools", *offline.flags(**changed), check=False)
    assert done.returncode != 0
    assert reason in done.stderr + done.stdout


def test_the_size_of_the_image_is_told(
    engine: Engine, checkout: Path, record_property: Callable[[str, object], None]
) -> None:
    sizes = {}
    for name in ("base", "gate"):
        reply = engine.buildah("inspect", "--type", "image", "--format", "{{.FromImageID}}", f"localhost/{name}")
        listed = engine.podman("image", "inspect", "--format", "{{.Size}}", reply.stdout.strip())
        sizes[name] = int(listed.stdout)
    added = sizes["gate"] - sizes["base"]
    record_property("image_bytes", sizes["gate"])
    listed = engine.run(checkout, "-sb", "/opt/tools", "/opt/gate", options=("--entrypoint", "/usr/bin/du"))
    parts = {path: int(size) for size, path in (line.split() for line in listed.stdout.splitlines())}
    told = ", ".join(f"{path} {size:,}" for path, size in parts.items())
    print(f"image {sizes['gate']:,} bytes, of which {added:,} are the gate and its tools: {told}")
    # docs/image.md tells what takes how much.
    assert added < 750 * 1000 * 1000

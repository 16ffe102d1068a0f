"""Fetch the pinned tools for the image, or refuse.

    python3 -I fetch_tools.py DESTINATION ARCHITECTURE [TOOL...]

What is fetched comes from the environment, where a build's arguments are: for each TOOL its TOOL_VERSION, and either
TOOL_URL with TOOL_SHA256, or the official release of that version with TOOL_SHA256_AMD64 or TOOL_SHA256_ARM64. A tool
for which there is no hash for this architecture, and no URL, is left out and told.

The SHA-256 is checked before anything is opened, the one program is taken out, and the program itself must say that it
is the version that was asked for. trivy 0.69.4, 0.69.5 and 0.69.6 are malicious releases (GHSA-69fq-xp46-6x23): they
are refused by number before anything is fetched, by their own word afterwards, and by the hash of the archive in
between, so no build argument brings them in.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MALICIOUS = {"trivy": ("0.69.4", "0.69.5", "0.69.6")}
LIMIT = 512 * 1024 * 1024
_GITHUB = "https://github.com"


class RefusedError(Exception):
    """The tool must not go into the image."""


@dataclass(frozen=True)
class Release:
    """Where a tool is released. In `url`, {version} is its version, {arch} its word for the architecture.

    A URL that ends like an archive of tar is one, and the program of the tool's name lies somewhere in it; any other is
    the program itself. `asked` are the arguments with which it says its version, `said` finds it in the answer.
    """

    url: str
    words: Mapping[str, str]
    asked: tuple[str, ...] = ("--version",)
    said: str = r"(\d+\.\d+\.\d+)"


_USUAL = {"amd64": "amd64", "arm64": "arm64"}
RELEASES: Mapping[str, Release] = {
    "trivy": Release(
        f"{_GITHUB}/aquasecurity/trivy/releases/download/v{{version}}/trivy_{{version}}_Linux-{{arch}}.tar.gz",
        {"amd64": "64bit", "arm64": "ARM64"},
    ),
    "gitleaks": Release(
        f"{_GITHUB}/gitleaks/gitleaks/releases/download/v{{version}}/gitleaks_{{version}}_linux_{{arch}}.tar.gz",
        {"amd64": "x64", "arm64": "arm64"},
        ("version",),
    ),
    "hadolint": Release(
        f"{_GITHUB}/hadolint/hadolint/releases/download/v{{version}}/hadolint-linux-{{arch}}",
        {"amd64": "x86_64", "arm64": "arm64"},
    ),
    "helm": Release("https://get.helm.sh/helm-v{version}-linux-{arch}.tar.gz", _USUAL, ("version", "--short")),
    "kubectl": Release(
        "https://dl.k8s.io/release/v{version}/bin/linux/{arch}/kubectl",
        _USUAL,
        ("version", "--client", "-o", "json"),
        r'"gitVersion": "v(\d+\.\d+\.\d+)',
    ),
    "promtool": Release(
        f"{_GITHUB}/prometheus/prometheus/releases/download/v{{version}}/prometheus-{{version}}.linux-{{arch}}.tar.gz",
        _USUAL,
    ),
    "amtool": Release(
        f"{_GITHUB}/prometheus/alertmanager/releases/download/v{{version}}/alertmanager-{{version}}.linux-{{arch}}.tar.gz",
        _USUAL,
    ),
}


@dataclass(frozen=True)
class Wanted:
    """A tool to be fetched: exactly these bytes."""

    name: str
    version: str
    url: str
    sha256: str


def wanted(name: str, architecture: str, settings: Mapping[str, str]) -> Wanted | None:
    """Return what is to be fetched, None for a tool that has no hash for this architecture. Raises RefusedError."""
    release = RELEASES.get(name)
    if release is None:
        raise RefusedError(f"there is no such tool; TOOLS may name {', '.join(RELEASES)}")
    if architecture not in release.words:
        raise RefusedError(f"no release for {architecture} is known; build with TOOLS='' to leave the tools out")
    key = name.upper()
    version = settings.get(f"{key}_VERSION", "")
    refuse_malicious(name, version)
    url = settings.get(f"{key}_URL", "")
    # A URL of one's own needs a hash of one's own; the releases' would only refuse it with a worse reason.
    known = settings.get(f"{key}_SHA256", "") or (
        "" if url else settings.get(f"{key}_SHA256_{architecture.upper()}", "")
    )
    if not known and not url:
        return None
    if not known:
        raise RefusedError(f"{key}_URL is given without {key}_SHA256")
    return Wanted(name, version, url or release.url.format(version=version, arch=release.words[architecture]), known)


def refuse_malicious(name: str, version: str) -> None:
    """Raise RefusedError for a release that is known to be malicious."""
    if version in MALICIOUS.get(name, ()):
        advisory = "GHSA-69fq-xp46-6x23"
        raise RefusedError(f"{name} {version} is a malicious release ({advisory}); take 0.69.3 or an older one")


def fetch(url: str, sha256: str) -> bytes:
    """Return what is behind an https or file URL. Raises RefusedError unless it has the hash."""
    if not url.startswith(("https://", "file:///")):
        raise RefusedError(f"{url} is neither https nor a file")
    with urllib.request.urlopen(url, timeout=300) as reply:  # noqa: S310 - the scheme was checked
        data: bytes = reply.read(LIMIT + 1)
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise RefusedError(f"{url} has the SHA-256 {found}, expected {sha256}")
    return data


def extract(archive: bytes, name: str) -> bytes:
    """Return the one program of that name in an archive. Raises RefusedError."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:*") as files:
        member = next((item for item in files if item.isreg() and Path(item.name).name == name), None)
        stream = files.extractfile(member) if member is not None else None
        if stream is None:
            raise RefusedError(f"the archive holds no program {name}")
        return stream.read()


def check_version(program: Path, name: str, version: str) -> None:
    """Raise RefusedError unless the program says that it is this version, and not a malicious one."""
    release = RELEASES[name]
    command = [str(program), *release.asked]
    reply = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - our own
    said = re.search(release.said, reply.stdout + reply.stderr)
    found = said.group(1) if said else "no version"
    refuse_malicious(name, found)
    if found != version:
        raise RefusedError(f"{name} says that it is {found}, expected {version}")


def install(tool: Wanted, destination: Path) -> None:
    """Fetch, check, extract, ask. Raises RefusedError, OSError, TarError, SubprocessError."""
    data = fetch(tool.url, tool.sha256)
    program = destination / tool.name
    program.write_bytes(extract(data, tool.name) if re.search(r"\.(?:tar(?:\.\w+)?|tgz)$", tool.url) else data)
    program.chmod(0o755)
    check_version(program, tool.name, tool.version)


def main(arguments: list[str], settings: Mapping[str, str]) -> int:
    """Install every tool that is named. Returns 0, or 1 after saying why not."""
    destination, architecture, *names = arguments
    Path(destination).mkdir(parents=True, exist_ok=True)
    for name in names:
        version = settings.get(f"{name.upper()}_VERSION", "")
        try:
            tool = wanted(name, architecture, settings)
            if tool is None:
                print(f"{name} {version} is left out: no SHA-256 of its release for {architecture} is known")
                continue
            install(tool, Path(destination))
        except (RefusedError, OSError, subprocess.SubprocessError, tarfile.TarError) as error:
            print(f"fetch_tools: {name} {version}: {error}", file=sys.stderr)
            return 1
        print(f"{name} {version} is in {destination}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

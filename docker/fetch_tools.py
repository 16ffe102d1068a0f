"""Fetch one pinned tool for the image, or refuse.

    python3 -I fetch_tools.py NAME VERSION URL SHA256 DESTINATION

The archive's SHA-256 is checked before it is opened, the one program is taken out of it, and the program itself must
say that it is the version that was asked for. trivy 0.69.4, 0.69.5 and 0.69.6 are malicious releases
(GHSA-69fq-xp46-6x23): they are refused by number before anything is fetched, by their own word afterwards, and by the
hash of the archive in between, so no build argument brings them in.
"""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import tarfile
import urllib.request
from pathlib import Path

MALICIOUS = {"trivy": ("0.69.4", "0.69.5", "0.69.6")}
VERSION_ARGUMENTS = {"trivy": ["--version"], "gitleaks": ["version"]}
LIMIT = 512 * 1024 * 1024


class RefusedError(Exception):
    """The tool must not go into the image."""


def refuse_malicious(name: str, version: str) -> None:
    """Raise RefusedError for a release that is known to be malicious."""
    if version in MALICIOUS.get(name, ()):
        advisory = "GHSA-69fq-xp46-6x23"
        raise RefusedError(f"{name} {version} is a malicious release ({advisory}); take 0.69.3 or an older one")


def fetch(url: str, sha256: str) -> bytes:
    """Return the archive behind an https or file URL. Raises RefusedError unless it has the hash."""
    if not url.startswith(("https://", "file:///")):
        raise RefusedError(f"{url} is neither https nor a file")
    with urllib.request.urlopen(url, timeout=300) as reply:  # noqa: S310 - the scheme was checked
        data: bytes = reply.read(LIMIT + 1)
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise RefusedError(f"{url} has the SHA-256 {found}, expected {sha256}")
    return data


def extract(archive: bytes, name: str, destination: Path) -> Path:
    """Write the one program of that name to the destination folder. Raises RefusedError."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:*") as files:
        member = next((item for item in files if item.isreg() and Path(item.name).name == name), None)
        stream = files.extractfile(member) if member is not None else None
        if stream is None:
            raise RefusedError(f"the archive holds no program {name}")
        destination.mkdir(parents=True, exist_ok=True)
        program = destination / name
        program.write_bytes(stream.read())
    program.chmod(0o755)
    return program


def check_version(program: Path, name: str, version: str) -> None:
    """Raise RefusedError unless the program says that it is this version, and not a malicious one."""
    command = [str(program), *VERSION_ARGUMENTS[name]]
    reply = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - our own
    said = re.search(r"\d+\.\d+\.\d+", reply.stdout)
    found = said.group(0) if said else "no version"
    refuse_malicious(name, found)
    if found != version:
        raise RefusedError(f"{name} says that it is {found}, expected {version}")


def main(arguments: list[str]) -> int:
    """Fetch, check, extract, ask. Returns 0, or 1 after saying why not."""
    name, version, url, sha256, destination = arguments
    try:
        refuse_malicious(name, version)
        program = extract(fetch(url, sha256), name, Path(destination))
        check_version(program, name, version)
    except (RefusedError, OSError, subprocess.SubprocessError, tarfile.TarError) as error:
        print(f"fetch_tools: {name} {version}: {error}", file=sys.stderr)
        return 1
    print(f"{name} {version} is in {destination}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

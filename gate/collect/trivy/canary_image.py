"""The image that is planted for Trivy: a tar as `docker save` makes it, of one layer. Pure.

It is Debian 12 with an old libcurl4 among its installed packages, an old PyYAML among those of Python and an old lodash
among those of Node.js; nothing in it can be run. Every byte is a function of this file, so its hash is the same
everywhere. The form of the tar is that of moby's image specification 1.2 (`manifest.json`, one JSON file of the
configuration, one tar for each layer).
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.model.json import Json

_MADE = "2020-01-01T00:00:00Z"
_SYSTEM = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n'
_INSTALLED = """Package: libcurl4
Status: install ok installed
Architecture: amd64
Source: curl
Version: 7.88.1-10+deb12u3
Maintainer: Readiness Gate <canary@example.org>
Description: planted for a self-test

"""
_PYYAML = "Metadata-Version: 2.1\nName: PyYAML\nVersion: 5.3.1\n\n"
_FILES: Mapping[str, bytes] = {
    "etc/debian_version": b"12.0\n",
    "etc/os-release": _SYSTEM.encode(),
    "usr/lib/python3/site-packages/PyYAML-5.3.1.dist-info/METADATA": _PYYAML.encode(),
    "usr/lib/node_modules/lodash/package.json": b'{"name": "lodash", "version": "4.17.11"}\n',
    "var/lib/dpkg/info/libcurl4.list": b"/.\n",
    "var/lib/dpkg/status": _INSTALLED.encode(),
}


def canary_image() -> bytes:
    """Return the tar of the planted image."""
    layer = _tar(_FILES)
    configuration = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": _MADE,
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_sha256(layer)}"]},
            "history": [{"created": _MADE, "created_by": "planted for a self-test"}],
        }
    )
    name, inner = f"{_sha256(configuration)}.json", f"{_sha256(layer)}/layer.tar"
    manifest = _json([{"Config": name, "RepoTags": ["readiness-gate.invalid/canary:1"], "Layers": [inner]}])
    return _tar({"manifest.json": manifest, name: configuration, inner: layer})


def _tar(files: Mapping[str, bytes]) -> bytes:
    """Return a tar of files and the folders above them, in order of their names, of no time and no owner."""
    folders = {str(above) for name in files for above in PurePosixPath(name).parents} - {"."}
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted({*folders, *files}):
            member = tarfile.TarInfo(name)
            data = files.get(name)
            member.mode = 0o755 if data is None else 0o644
            member.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
            member.size = len(data or b"")
            archive.addfile(member, io.BytesIO(data or b""))
    return whole.getvalue()


def _json(value: Json) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

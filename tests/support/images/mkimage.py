#!/usr/bin/env python3
"""Write small container images without a container daemon.

    mkimage.py OUTDIR [NAME ...]

For each NAME (default: all presets) this writes

    OUTDIR/NAME.tar       docker-archive ("docker save" form)
    OUTDIR/NAME.oci/      OCI image layout directory
    OUTDIR/NAME.oci.tar   the same layout as one tar

Every byte is a function of this file: times, owners and order are fixed, so
the digests are the same on each machine and may be written into tests. The
layers are uncompressed tars, which keeps zlib's version out of the digests.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import sys
import tarfile
from pathlib import Path
from typing import Any

EPOCH = "2025-01-01T00:00:00Z"
MTIME = 1735689600
PYSITE = "usr/local/lib/python3.11/site-packages"


def jbytes(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_tar(files: dict[str, bytes]) -> bytes:
    """A ustar archive of the files and of their parent folders, sorted."""
    dirs = {p.as_posix() for f in files for p in Path(f).parents} - {"."}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(dirs | files.keys()):
            info = tarfile.TarInfo(name)
            info.mtime = MTIME
            if name in files:
                info.mode, info.size = 0o644, len(files[name])
                tar.addfile(info, io.BytesIO(files[name]))
            else:
                info.mode, info.type = 0o755, tarfile.DIRTYPE
                tar.addfile(info)
    return out.getvalue()


# ---- what goes into the layers ----------------------------------------------


def os_release(ident: str, version: str, codename: str) -> dict[str, bytes]:
    text = (
        f'PRETTY_NAME="{ident.title()} {version} ({codename})"\nNAME="{ident.title()}"\n'
        f'VERSION_ID="{version}"\nVERSION="{version} ({codename})"\n'
        f"VERSION_CODENAME={codename}\nID={ident}\n"
    )
    files = {"etc/os-release": text.encode()}
    if ident == "debian":
        files["etc/debian_version"] = f"{version}.0\n".encode()
    return files


def dpkg(*packages: tuple[str, str, str]) -> dict[str, bytes]:
    """(binary, source, version): the status file and the file lists."""
    files, stanzas = {}, []
    for binary, source, version in packages:
        stanzas.append(
            f"Package: {binary}\nStatus: install ok installed\nPriority: optional\n"
            f"Section: libs\nInstalled-Size: 100\nMaintainer: Nobody <nobody@example.org>\n"
            f"Architecture: amd64\nSource: {source}\nVersion: {version}\n"
            f"Description: fixture package\n"
        )
        files[f"var/lib/dpkg/info/{binary}.list"] = b"/.\n"
    files["var/lib/dpkg/status"] = ("\n".join(stanzas) + "\n").encode()
    return files


def pydist(*packages: tuple[str, str]) -> dict[str, bytes]:
    head = "Metadata-Version: 2.1\nName: {}\nVersion: {}\nLicense: MIT\n\n"
    return {
        f"{PYSITE}/{name}-{version}.dist-info/METADATA": head.format(name, version).encode()
        for name, version in packages
    }


def nodepkg(*packages: tuple[str, str]) -> dict[str, bytes]:
    return {
        f"app/node_modules/{name}/package.json": jbytes({"name": name, "version": version, "license": "MIT"})
        for name, version in packages
    }


def filler(size: int) -> dict[str, bytes]:
    return {"usr/share/fixture/filler.bin": random.Random(1).randbytes(size)}


HEALTH = {"Test": ["CMD", "/bin/true"], "Interval": 30_000_000_000, "Timeout": 3_000_000_000, "Retries": 3}
OLD_DPKG = (
    ("libssl3", "openssl", "3.0.11-1~deb12u1"),
    ("zlib1g", "zlib", "1:1.2.13.dfsg-1"),
    ("libcurl4", "curl", "7.88.1-10+deb12u3"),
    ("apt", "apt", "2.6.1"),
)
NEW_DPKG = (("libssl3", "openssl", "3.0.15-1~deb12u1"), ("libcurl4", "curl", "7.88.1-10+deb12u8"))
OLD_PY = (("requests", "2.19.1"), ("urllib3", "1.26.4"), ("PyYAML", "5.3.1"))
NEW_PY = (("requests", "2.32.3"), ("urllib3", "2.2.3"), ("PyYAML", "6.0.2"))
BOOKWORM = os_release("debian", "12", "bookworm")
APP = {"app/main.py": b"print('hello')\n"}

# name: (layers, config)
PRESETS: dict[str, tuple[list[dict[str, bytes]], dict[str, Any]]] = {
    # root, no health check, vulnerable OS, Python and Node packages
    "vulnerable": (
        [BOOKWORM | dpkg(*OLD_DPKG) | filler(200_000), APP | pydist(*OLD_PY) | nodepkg(("lodash", "4.17.11"))],
        {"Cmd": ["python3", "/app/main.py"]},
    ),
    # not root, health check, nothing in the fixture database matches
    "clean": (
        [BOOKWORM | dpkg(*NEW_DPKG) | filler(200_000), APP | pydist(*NEW_PY) | nodepkg(("lodash", "4.17.21"))],
        {
            "Cmd": ["python3", "/app/main.py"],
            "User": "1000:1000",
            "WorkingDir": "/app",
            "Healthcheck": HEALTH,
            "Labels": {"org.opencontainers.image.revision": "0" * 40},
        },
    ),
    # the only findings have no fix (will_not_fix CRITICAL, affected LOW)
    "unfixed": ([BOOKWORM | dpkg(("zlib1g", "zlib", "1:1.2.13.dfsg-1"), ("apt", "apt", "2.6.1"))], {"User": "1000"}),
    # an end-of-life distribution release: no advisories apply, so zero findings
    "eol": ([os_release("debian", "9", "stretch") | dpkg(("openssl", "openssl", "1.1.0l-1~deb9u1"))], {"User": "1000"}),
    # a distribution that trivy does not know
    "unknownos": ([os_release("frobnix", "1", "one") | dpkg(*OLD_DPKG)], {"User": "1000"}),
    # debian 13: known to trivy, but the fixture database has no such bucket
    "nobucket": ([os_release("debian", "13", "trixie") | dpkg(*OLD_DPKG)], {"User": "1000"}),
    # the package database was removed (a "slimmed" image)
    "nodpkg": ([BOOKWORM | APP], {"User": "1000"}),
    # no operating system, no packages (a static binary's image)
    "scratch": ([{"app/tool": b"\x7fELF fixture, not a program\n"}], {"User": "65532"}),
}


def build(name: str) -> tuple[list[bytes], bytes]:
    layers_files, runtime = PRESETS[name]
    layers = [make_tar(files) for files in layers_files]
    config = jbytes(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": EPOCH,
            "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]} | runtime,
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(x) for x in layers]},
            "history": [{"created": EPOCH, "created_by": f"COPY layer{i} / # buildkit"} for i in range(len(layers))],
        }
    )
    return layers, config


def write(name: str, out: Path) -> str:
    layers, config = build(name)
    tag = f"example.org/fixture/{name}:1"
    docker = {f"{sha(config)}.json": config}
    docker |= {f"{sha(x)}/layer.tar": x for x in layers}
    docker["manifest.json"] = jbytes(
        [{"Config": f"{sha(config)}.json", "RepoTags": [tag], "Layers": [f"{sha(x)}/layer.tar" for x in layers]}]
    )
    (out / f"{name}.tar").write_bytes(make_tar(docker))

    def desc(kind: str, blob: bytes) -> dict[str, Any]:
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": "sha256:" + sha(blob), "size": len(blob)}

    manifest = jbytes(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": desc("config.v1+json", config),
            "layers": [desc("layer.v1.tar", x) for x in layers],
        }
    )
    index = jbytes(
        {
            "schemaVersion": 2,
            "manifests": [
                desc("manifest.v1+json", manifest) | {"annotations": {"org.opencontainers.image.ref.name": "1"}}
            ],
        }
    )
    oci = {"oci-layout": jbytes({"imageLayoutVersion": "1.0.0"}), "index.json": index}
    oci |= {f"blobs/sha256/{sha(b)}": b for b in (config, manifest, *layers)}
    for rel, data in oci.items():
        path = out / f"{name}.oci" / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (out / f"{name}.oci.tar").write_bytes(make_tar(oci))
    return f"{name}: config sha256:{sha(config)} manifest sha256:{sha(manifest)}"


def main(argv: list[str]) -> int:
    if not argv or argv[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    out = Path(argv[0])
    out.mkdir(parents=True, exist_ok=True)
    for name in argv[1:] or PRESETS:
        print(write(name, out))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

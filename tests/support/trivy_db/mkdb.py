#!/usr/bin/env python3
"""Write a small Trivy vulnerability database (schema 2) without Go.

    mkdb.py advisories.json OUTDIR [--next-update 2099-01-01T00:00:00Z] [--schema 2]

It writes OUTDIR/trivy.db, a bbolt file, and OUTDIR/metadata.json. The bbolt
file is of the simplest legal form: two meta pages, an empty free list, and one
leaf page (with as many overflow pages as it needs) for each bucket, so there
are no branch pages. The bytes depend on the input alone.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
from pathlib import Path
from typing import Any

PAGE = 4096
LEAF, META, FREELIST = 0x02, 0x04, 0x10
MAGIC, VERSION = 0xED0CDAED, 2


def jbytes(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def fnv1a64(data: bytes) -> int:
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return h


def header(page_id: int, flags: int, count: int, overflow: int = 0) -> bytes:
    return struct.pack("<QHHI", page_id, flags, count, overflow)


class Writer:
    def __init__(self) -> None:
        self.pages: list[bytes] = []
        self.next_id = 3  # 0 and 1: meta, 2: free list

    def bucket(self, items: dict[str, Any]) -> int:
        """Write a bucket (dict of str to bytes or dict), give its page id."""
        if len(items) > 0xFFFF:
            raise ValueError("too many keys for one leaf page")
        elements = []
        for key in sorted(items, key=str.encode):
            value = items[key]
            flags = 0
            if isinstance(value, dict):  # a child bucket: root page, sequence
                value, flags = struct.pack("<QQ", self.bucket(value), 0), 1
            elements.append((flags, key.encode(), value))
        table, data = b"", b""
        for index, (flags, name, value) in enumerate(elements):
            # the position counts from the element's own start
            position = 16 * (len(elements) - index) + len(data)
            table += struct.pack("<IIII", flags, position, len(name), len(value))
            data += name + value
        size = 16 + len(table) + len(data)
        count = -(-size // PAGE)
        page_id, self.next_id = self.next_id, self.next_id + count
        page = header(page_id, LEAF, len(elements), count - 1) + table + data
        self.pages.append(page.ljust(count * PAGE, b"\0"))
        return page_id

    def file(self, root: dict[str, Any]) -> bytes:
        root_id = self.bucket(root)
        out = b""
        for txid in (0, 1):
            meta = struct.pack("<IIIIQQQQQ", MAGIC, VERSION, PAGE, 0, root_id, 0, 2, self.next_id, txid)
            meta += struct.pack("<Q", fnv1a64(meta))
            out += (header(txid, META, 0) + meta).ljust(PAGE, b"\0")
        out += header(2, FREELIST, 0).ljust(PAGE, b"\0")
        # pages come in the order of their ids, since each is numbered when written
        return out + b"".join(self.pages)


def build(fixture: dict[str, Any]) -> bytes:
    root: dict[str, Any] = {
        "data-source": {k: jbytes(v) for k, v in fixture["sources"].items()},
        "vulnerability": {k: jbytes(v) for k, v in fixture["vulnerabilities"].items()},
    }
    for source, packages in fixture["advisories"].items():
        root[source] = {
            name: {cve: jbytes(adv) for cve, adv in advisories.items()} for name, advisories in packages.items()
        }
    return Writer().file(root)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("fixture", type=Path)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--next-update")
    parser.add_argument("--schema", type=int)
    args = parser.parse_args(argv)
    fixture = json.loads(args.fixture.read_text(encoding="utf-8"))
    args.outdir.mkdir(parents=True, exist_ok=True)
    (args.outdir / "trivy.db").write_bytes(build(fixture))
    metadata = dict(fixture["metadata"])
    if args.next_update:
        metadata["NextUpdate"] = args.next_update
    if args.schema is not None:
        metadata["Version"] = args.schema
    (args.outdir / "metadata.json").write_bytes(jbytes(metadata) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

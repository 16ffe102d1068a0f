"""The readers of images and of their reports: any bytes are a document or a ReportError, and nothing else."""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.collect.readers.bolt_meta import check_bolt
from gate.collect.readers.errors import ReportError
from gate.collect.readers.grype_json import read_grype
from gate.collect.readers.image_config import read_config, read_docker_manifest, read_index, read_manifest
from gate.collect.readers.image_tar import read_image_tar
from gate.collect.readers.layers import Measuring
from gate.collect.readers.trivy_json import read_trivy
from tests.support.images.mkimage import build, make_tar
from tests.support.trivy import ADVISORIES
from tests.support.trivy_db.mkdb import build as build_database

DATA = Path(__file__).parents[1] / "image" / "data"
TRIVY = (DATA / "trivy-vulnerable.json").read_bytes()
GRYPE = (DATA / "grype-vulnerable.json").read_bytes()
BOLT = build_database(json.loads(ADVISORIES.read_text()))
TAR = make_tar({"manifest.json": b"[]", "a/layer.tar": build("eol")[0][0], "b.json": b"{}"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=8,
)


def outcome(read: Callable[[bytes], object], data: bytes) -> bool:
    try:
        read(data)
    except ReportError as error:
        if not error.reason:
            raise
        return False
    return True


READERS = [read_trivy, read_grype, read_config, read_docker_manifest, read_index, read_manifest]


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@given(data=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_is_read_or_refused(read: Callable[[bytes], object], data: bytes) -> None:
    outcome(read, data)


@pytest.mark.parametrize(("read", "whole"), [(read_trivy, TRIVY), (read_grype, GRYPE)], ids=["trivy", "grype"])
@settings(max_examples=200)
@given(data=st.data())
def test_a_report_with_any_member_changed_is_read_or_refused(
    read: Callable[[bytes], object], whole: bytes, data: st.DataObject
) -> None:
    document = json.loads(whole)
    place = document
    while True:
        keys = list(place.keys() if isinstance(place, dict) else range(len(place)))
        key = data.draw(st.sampled_from(keys))
        below = place[key]
        if isinstance(below, dict | list) and below and data.draw(st.booleans()):
            place = below
            continue
        place[key] = data.draw(JSON)
        break
    outcome(read, json.dumps(document).encode())


@given(st.integers(min_value=0, max_value=len(TRIVY) - 2))
def test_half_a_report_is_refused(length: int) -> None:
    assert not outcome(read_trivy, TRIVY[:length])


def test_versions_and_scores_are_whole() -> None:
    report = json.loads(TRIVY)
    package = report["Results"][0]["Packages"][0]
    package |= {"Version": "1.2", "Release": "3.el9", "Epoch": 4, "Digest": "sha256:ab", "Relationship": "direct"}
    report["Results"][0]["Packages"][1]["Indirect"] = True
    vulnerability = report["Results"][0]["Vulnerabilities"][0]
    vulnerability |= {"VendorIDs": ["GHSA-1", "DSA-1", vulnerability["VulnerabilityID"]]}
    vulnerability["CVSS"] = {"b": {"V2Score": 5, "V40Score": 9.3}, "a": {"V2Vector": "AV:N"}, "c": {}}
    read = read_trivy(json.dumps(report).encode()).results[0]
    assert (read.packages[0].version, read.packages[0].direct, read.packages[1].direct) == ("4:1.2-3.el9", True, False)
    assert (read.vulnerabilities[0].aliases, read.vulnerabilities[0].vendor_ids) == (("GHSA-1",), ("GHSA-1", "DSA-1"))
    told = [(score.source, score.vector, score.score) for score in read.vulnerabilities[0].cvss]
    assert told == [("a", "AV:N", None), ("b", None, 9.3)]


@given(st.binary(max_size=3000), st.integers(min_value=1, max_value=700), st.sampled_from(["tar", "gzip", "two"]))
def test_layers_are_measured_whatever_the_pieces(data: bytes, length: int, form: str) -> None:
    if data[:2] == b"\x1f\x8b" or data[:4] == b"\x28\xb5\x2f\xfd":
        data = b"x" + data
    half = len(data) // 2
    packed = {
        "tar": data,
        "gzip": gzip.compress(data),
        "two": gzip.compress(data[:half]) + gzip.compress(data[half:]) + bytes(7),
    }[form]
    measuring = Measuring()
    for start in range(0, len(packed), length):
        measuring.feed(packed[start : start + length])
    measured = measuring.end()
    assert measured.diff_id == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert measured.digest == f"sha256:{hashlib.sha256(packed).hexdigest()}"
    assert (measured.size, measured.unpacked) == (len(packed), len(data))


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_layer_that_does_not_end_is_refused(cut: int) -> None:
    measuring = Measuring()
    measuring.feed(gzip.compress(bytes(range(256)) * 9)[:-cut])
    with pytest.raises(ReportError, match="does not end"):
        measuring.end()


def test_a_bomb_is_stopped_early() -> None:
    bomb = zlib.compressobj(9, wbits=31)
    data = b"".join([*(bomb.compress(bytes(1 << 20)) for _ in range(64)), bomb.flush()])
    assert len(data) < 100_000
    with pytest.raises(ReportError, match="more than 10,000,000 bytes"):
        Measuring(10_000_000).feed(data)


def test_zstd_is_told_and_not_unpacked() -> None:
    measuring = Measuring()
    measuring.feed(b"\x28\xb5\x2f\xfd" + bytes(20))
    assert (measuring.end().diff_id, measuring.end().size) == (None, 24)


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_tar_is_read_or_refused(data: st.DataObject) -> None:
    damaged = bytearray(TAR)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(TAR) - 1))] = data.draw(st.integers(0, 255))
    outcome(lambda raw: read_image_tar([raw]), bytes(damaged[: data.draw(st.integers(0, len(TAR)))]))


def test_what_breaks_while_it_is_read_goes_through() -> None:
    class BrokenError(Exception):
        pass

    def pieces() -> Iterator[bytes]:
        yield TAR[:600]
        raise BrokenError

    with pytest.raises(BrokenError):
        read_image_tar(pieces())


def test_an_index_within_an_index_and_a_strange_digest() -> None:
    entry = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": f"sha256:{'a' * 64}", "size": 3}
    blob, nested, tag = read_index(json.dumps({"manifests": [entry]}).encode())
    assert (blob.path, nested, tag) == (f"blobs/sha256/{'a' * 64}", True, None)
    for digest in ("sha512:" + "a" * 128, "sha256:../../etc/passwd", f"sha256:{'A' * 64}", "md5:1"):
        with pytest.raises(ReportError, match="none of SHA-256"):
            read_index(json.dumps({"manifests": [{**entry, "digest": digest}]}).encode())


def test_a_whole_database() -> None:
    check_bolt(BOLT, len(BOLT))


@given(st.integers(min_value=0, max_value=len(BOLT) - 1))
def test_a_database_that_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(ReportError):
        check_bolt(BOLT[:length], length)


@given(st.integers(min_value=0, max_value=8191), st.integers(min_value=1, max_value=255))
def test_one_meta_page_may_be_damaged_as_bbolt_allows(place: int, by: int) -> None:
    damaged = bytearray(BOLT)
    damaged[place] ^= by
    check_bolt(bytes(damaged), len(damaged))


def test_both_meta_pages_damaged() -> None:
    damaged = bytearray(BOLT)
    for page in (0, 4096):
        struct.pack_into("<I", damaged, page + 16, 1)
    with pytest.raises(ReportError, match="neither of its first two pages"):
        check_bolt(bytes(damaged), len(damaged))

"""Every format over what real tools wrote, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from gate.collect.readers.coverage_report import read_coverage
from gate.collect.readers.errors import ReportError
from tests.collect.readers.coverage_samples import DATA, SAMPLES, Sample, read

_IDS = [sample.name for sample in SAMPLES]


@pytest.mark.parametrize("sample", SAMPLES, ids=_IDS)
def test_reports_of_real_tools_have_the_totals_that_the_tools_print(sample: Sample) -> None:
    report = read((DATA / sample.name).read_bytes())
    assert report.format == sample.format
    assert len(report.files) + len(report.totals) == sample.files
    assert report.lines == sample.lines
    assert report.branches == sample.branches
    assert report.problems == ()


@pytest.mark.parametrize("sample", SAMPLES, ids=_IDS)
def test_how_a_report_is_cut_into_pieces_does_not_matter(sample: Sample) -> None:
    data = (DATA / sample.name).read_bytes()
    assert read(data, 7) == read(data)


@pytest.mark.parametrize("sample", SAMPLES, ids=_IDS)
def test_a_report_that_is_cut_off_is_refused_or_holds_less(sample: Sample) -> None:
    data = (DATA / sample.name).read_bytes()
    whole = read(data)
    for keep in (len(data) // 4, len(data) // 2, len(data) * 3 // 4):
        # Only a Go profile, and LCOV between two records, can lose its end unseen.
        with suppress(ReportError):
            part = read(data[:keep])
            assert whole.format in ("Go cover profile", "LCOV")
            assert part.lines.total < whole.lines.total or part.lines.covered < whole.lines.covered


def test_every_sample_is_listed() -> None:
    assert sorted(_IDS) == sorted(path.name for path in DATA.iterdir() if path.name != "ORIGIN.md")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ("hello", "is no coverage report that is known"),
        ("\0\0\0", "is no coverage report that is known"),
        ("<html><body/></html>", "root element <html>"),
        ("<testsuites/>", "root element <testsuites>"),
        ("<", "Cobertura XML"),
        ('{"a": 1}', "is JSON, but no coverage report"),
        ("{}", "is JSON, but no coverage report"),
        ('{"runs": [], "version": "2.1.0"}', "is JSON, but no coverage report"),
        ('{"files": {}', "is not JSON"),
        ("[1]", "is no coverage report that is known"),
    ],
)
def test_what_is_no_coverage_report_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ReportError) as caught:
        read(text)
    assert words in caught.value.reason


def test_a_byte_order_mark_is_no_obstacle() -> None:
    for name in ("jest_lcov.info", "jest_summary.json", "gcovr.xml", "coverage_py_relative.json"):
        data = (DATA / name).read_bytes()
        assert read(b"\xef\xbb\xbf" + data).lines == read(data).lines


def test_xml_with_entities_is_refused() -> None:
    bomb = (
        '<!DOCTYPE coverage [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        '<coverage line-rate="1"><sources><source>&b;</source></sources></coverage>'
    )
    with pytest.raises(ReportError, match="DTD"):
        read(bomb)


def test_an_external_dtd_is_never_fetched_and_no_obstacle() -> None:
    report = read(
        '<!DOCTYPE coverage SYSTEM "file:///etc/passwd"><coverage line-rate="1"><class filename="a.py">'
        '<lines><line number="1" hits="1"/></lines></class></coverage>'
    )
    assert report.lines.total == 1


def test_nothing_is_read_behind_the_first_piece_of_a_file_that_is_no_report() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x" * 70_000
        raise AssertionError("was read on")

    with pytest.raises(ReportError, match="is no coverage report"):
        read_coverage(pieces())

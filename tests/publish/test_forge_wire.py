"""Paths and addresses: a name from outside never leads a request elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from gate.errors import UserError
from gate.publish.forge_addresses import certificates, checked, proxy_for
from gate.publish.forge_part import Place, checked_sha
from gate.publish.forge_wire import Answer, Ask, path, same_origin
from gate.publish.forge_words import ForgeProblem, Trouble


def test_a_segment_is_escaped_whole() -> None:
    assert path("repos", "o", "r", "branches", "a/b?c#d e") == "/repos/o/r/branches/a%2Fb%3Fc%23d%20e"
    assert path("x", 7, per_page=100, name="ä&b", none=None, empty="") == "/x/7?name=%C3%A4%26b&per_page=100"


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_t22_a_segment_that_leads_elsewhere_is_refused(segment: str) -> None:
    with pytest.raises(ForgeProblem, match="empty or made of dots") as caught:
        path("repos", "o", "r", "collaborators", segment, "permission")
    assert caught.value.trouble is Trouble.INVALID


@pytest.mark.parametrize("text", ["bytes \udcff", "half \ud800", "😀", "a\r\nHost: x"])
def test_any_text_can_be_put_into_a_path(text: str) -> None:
    found = path("x", text, q=text)
    assert found.isascii()
    assert not set("\r\n ") & set(found)


@pytest.mark.parametrize("name", ["o", "o/", "/r", "o/..", "o/.", "o/r/x", "o r/x", "ö/r", "o/r\n", "../r"])
def test_what_is_no_repository_is_refused_before_anything_is_asked(name: str) -> None:
    with pytest.raises(ForgeProblem, match="OWNER/NAME"):
        Place.of(name)


def test_a_repository_is_named() -> None:
    assert Place.of("read-er/.github") == Place("read-er", ".github")
    assert Place.of("a/b.c").repository == "a/b.c"


def test_a_commit_is_named_by_its_whole_id() -> None:
    assert checked_sha("a" * 40) == "a" * 40
    for wrong in ("main", "a" * 39, "../" + "a" * 40):
        with pytest.raises(ForgeProblem, match="40 hex digits"):
            checked_sha(wrong)


def test_a_label_has_neither_query_nor_host_nor_several_lines() -> None:
    assert Ask("GET", "https://api.example/a/b?token=x").label == "GET /a/b"
    assert "\n" not in Ask("GET", "/a\n::error::/b").label


def test_the_data_of_an_answer_is_not_in_its_repr() -> None:
    assert "secret" not in repr(Answer(200, {}, b"secret"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a/x", "https://a:443/y", True),
        ("https://A/x", "https://a/y", True),
        ("https://a/x", "http://a/x", False),
        ("https://a/x", "https://a:444/x", False),
        ("https://a/x", "https://a.evil/x", False),
        ("https://a/x", "https://a@evil/x", False),
        ("https://a/x", "//a/x", False),
        ("https://a/x", "https://a:port/x", False),
    ],
)
def test_what_the_same_place_is(one: str, other: str, same: bool) -> None:
    assert same_origin(one, other) is same


@pytest.mark.parametrize(
    "url",
    [
        "http://api.github.com",
        "ftp://x",
        "https://",
        "",
        "https://user:pw@api.github.com",
        "https://x/?a=b",
        "https://x/#a",
        "https://x:port",
        "api.github.com",
        "http://127.0.0.1.evil.example",
    ],
)
def test_t25_the_token_goes_over_https_or_stays_on_this_machine(url: str) -> None:
    with pytest.raises(UserError, match="API"):
        checked(url, "API")


@pytest.mark.parametrize("url", ["https://git.example/api/v3/", "http://127.0.0.1:8080", "http://localhost:1/api/v3"])
def test_addresses_of_an_api(url: str) -> None:
    assert checked(url, "API").geturl() == url.rstrip("/")


def test_a_file_may_have_a_query() -> None:
    assert checked("https://storage.example/a/?sig=b", "file").query == "sig=b"


HTTPS = urlsplit("https://api.github.com/x")


@pytest.mark.parametrize(
    ("network", "proxies"),
    [
        ({}, {}),
        ({"HTTPS_PROXY": "http://p:1"}, {"https": "http://p:1"}),
        ({"https_proxy": "http://p:1"}, {"https": "http://p:1"}),
        ({"HTTP_PROXY": "http://p:1"}, {}),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example, github.com"}, {}),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": ".github.com"}, {}),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, {}),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "hub.com,,api"}, {"https": "http://p:1"}),
    ],
)
def test_a_proxy_is_the_declared_one(network: dict[str, str], proxies: dict[str, str]) -> None:
    assert proxy_for(HTTPS, network) == proxies


def test_certificates_are_the_declared_ones() -> None:
    assert certificates({}) is True
    assert certificates({"SSL_CERT_DIR": "/d", "SSL_CERT_FILE": "/f"}) == "/f"
    assert certificates({"REQUESTS_CA_BUNDLE": "/b", "SSL_CERT_FILE": "/f"}) == "/b"

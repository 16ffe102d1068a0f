"""Where the client's requests go, and where the token does not: proxies, .netrc, certificates, other hosts, logs."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import logging
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gate.errors import UserError
from gate.publish.forge_github import GitHub
from gate.publish.forge_words import ForgeProblem, Trouble
from gate.settings import Secret
from tests.publish.forge_clients import client
from tests.support.github_server import Hub, faults, shop
from tests.support.github_server.door import Door
from tests.support.github_server.wire import Request, Response, as_json

TOKEN = "t0ken-of-this-test-that-nobody-may-see"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with shop() as running:
        running.world.job_token(TOKEN, only="octo/shop")
        yield running


@contextmanager
def door(answer: Response) -> Iterator[tuple[str, list[Request]]]:
    """A server that gives one answer to everything, and what it was asked."""
    asked: list[Request] = []

    def reply(request: Request) -> Response:
        asked.append(request)
        return answer

    server = Door(reply)
    server.open()
    try:
        yield server.url, asked
    finally:
        server.close()


def at(url: str, network: dict[str, str] | None = None, lines: list[str] | None = None, timeout: float = 5) -> GitHub:
    return GitHub(
        "octo/shop",
        Secret(TOKEN),
        api_url=url,
        graphql_url=f"{url.removesuffix('/v3')}/graphql",
        network=network,
        sleep=lambda _: None,
        log=(lines if lines is not None else []).append,
        timeout=timeout,
    )


# --- addresses ---


def test_github_enterprise_has_its_api_below_a_path(hub: Hub) -> None:
    forge = at(f"{hub.url}/api/v3")
    assert forge.pull(7).number == 7
    assert forge.viewer().login == "github-actions[bot]"
    assert {entry.status for entry in hub.log} == {200}


def test_t25_two_apis_on_two_hosts_are_refused() -> None:
    with pytest.raises(UserError, match="different hosts"):
        GitHub("o/r", Secret("x"), api_url="https://git.example/api/v3", graphql_url="https://other.example/graphql")


def test_t25_an_api_without_encryption_is_refused() -> None:
    with pytest.raises(UserError, match="does not begin with https"):
        GitHub("o/r", Secret("x"), api_url="http://git.example/api/v3", graphql_url="http://git.example/api/graphql")


@pytest.mark.parametrize(
    ("token", "why"), [("", "there is no token"), ("a b", "white space"), ("a\nb", "white space"), ("ä", "white space")]
)
def test_t25_a_token_that_cannot_be_sent_is_refused_and_not_shown(token: str, why: str) -> None:
    with pytest.raises(ForgeProblem, match=why) as caught:
        GitHub("o/r", Secret(token))
    assert caught.value.trouble is Trouble.UNAUTHENTICATED
    assert not token or token not in str(caught.value)


# --- proxies, .netrc, certificates ---


def test_t04_proxies_in_the_environment_are_not_used(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with door(Response(200, b"{}")) as (proxy, asked):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        forge = at(hub.url)
        assert forge.pull(7).number == 7
        assert forge.tarball(hub.repository().branch("main"), 100_000)
        assert asked == []


def test_a_declared_proxy_is_used(hub: Hub) -> None:
    with door(as_json({"sha": "a" * 40})) as (proxy, asked):
        assert at(hub.url, {"http_proxy": proxy}).resolve("main") == "a" * 40
        assert [request.target.startswith(hub.url) for request in asked] == [True]
    assert len(hub.log) == 0


def test_a_declared_proxy_is_not_used_where_it_is_excepted(hub: Hub) -> None:
    with door(Response(500)) as (proxy, asked):
        assert at(hub.url, {"HTTP_PROXY": proxy, "NO_PROXY": "127.0.0.1"}).pull(7).number == 7
        assert asked == []


def test_a_proxy_that_is_away_is_named_as_what_it_is(hub: Hub) -> None:
    with pytest.raises(ForgeProblem, match="the declared proxy") as caught:
        at(hub.url, {"HTTP_PROXY": "http://user:password@127.0.0.1:9"}).pull(7)
    assert caught.value.trouble is Trouble.UNREACHABLE
    assert "password" not in str(caught.value)


def test_t25_a_netrc_does_not_replace_the_token(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password stolen\ndefault login mallory password stolen\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    with door(as_json({"sha": "a" * 40})) as (url, asked):
        at(url).resolve("main")
        assert [request.headers["authorization"] for request in asked] == [f"Bearer {TOKEN}"]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


class Commit(BaseHTTPRequestHandler):
    """Answers every request with a commit."""

    def do_GET(self) -> None:
        body = b'{"sha": "%s"}' % (b"a" * 40)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def encrypted(public: Path, private: Path, handler: type[BaseHTTPRequestHandler] | None = None) -> Iterator[str]:
    class Quiet(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that does not trust the certificate is no news."""

    server = Quiet(("127.0.0.1", 0), handler or Commit)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}/api/v3"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_t04_certificates_count_only_as_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public, private = certificate(tmp_path)
    with encrypted(public, private) as url:
        assert at(url, {"SSL_CERT_FILE": str(public)}).resolve("main") == "a" * 40
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, str(public))
        forge = at(url)
        with pytest.raises(ForgeProblem, match="a certificate that is not trusted") as caught:
            forge.resolve("main")
    assert caught.value.trouble is Trouble.UNREACHABLE
    assert forge.requests == 1


def test_declared_certificates_that_are_not_there(tmp_path: Path) -> None:
    forge = GitHub("o/r", Secret("x"), network={"SSL_CERT_FILE": str(tmp_path / "none.pem")}, sleep=lambda _: None)
    with pytest.raises(ForgeProblem, match="declared certificates") as caught:
        forge.pull(7)
    assert caught.value.trouble is Trouble.UNREACHABLE
    assert forge.requests == 1


# --- other hosts ---


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_t25_the_token_does_not_follow_a_redirection_to_another_host(hub: Hub, status: int) -> None:
    with door(as_json({})) as (other, asked):
        hub.fault("GET", "/pulls/7$", faults.moved(f"{other}/repos/octo/shop/pulls/7", status), nth=0)
        with pytest.raises(ForgeProblem, match="where nothing was sent"):
            at(hub.url).pull(7)
        assert asked == []


def test_t25_a_page_of_another_host_is_not_asked_for(hub: Hub) -> None:
    with door(as_json([])) as (other, asked):
        link = {"Link": f'<{other}/repos/octo/shop/issues/7/comments?page=2>; rel="next"'}
        hub.fault("GET", "/comments$", lambda request, really: as_json([], headers=link))
        with pytest.raises(ForgeProblem, match="where nothing was sent"):
            at(hub.url).comments(7)
        assert asked == []


def test_t25_files_are_fetched_over_encryption_only(tmp_path: Path) -> None:
    class ToPlain(Commit):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/file")
            self.send_header("Content-Length", "0")
            self.end_headers()

    public, private = certificate(tmp_path)
    with (
        encrypted(public, private, ToPlain) as url,
        pytest.raises(ForgeProblem, match="an address of a file that is none"),
    ):
        at(url, {"SSL_CERT_FILE": str(public)}).tarball("a" * 40, 10)


def test_cookies_are_not_kept(hub: Hub) -> None:
    with door(as_json({"sha": "a" * 40}, headers={"Set-Cookie": "session=x; Path=/"})) as (url, asked):
        forge = at(url)
        forge.resolve("main")
        forge.resolve("main")
        assert [request.headers.get("cookie") for request in asked] == [None, None]


# --- what is told of failures ---


def whole_story(error: BaseException) -> str:
    """Everything that a printed traceback may show, with the variables of every frame and what hangs on to it."""
    parts = [repr(error), *traceback.TracebackException.from_exception(error, capture_locals=True).format()]
    for hanging in (error.__cause__, error.__context__):
        if hanging is not None:
            parts.append(repr(vars(hanging)))
            parts.append(whole_story(hanging))
    return "\n".join(parts)


FAULTS = {
    "401": faults.unauthorized(),
    "403": faults.fork(),
    "502": faults.server_error(502),
    "reset": faults.reset(),
    "silent": faults.silent(1.0),
    "cut": faults.cut(),
    "html": faults.html(),
    "limit": faults.primary_limit(3000),
    "echo": faults.refuse(422, f"You sent Bearer {TOKEN}", {"X-RateLimit-Remaining": TOKEN}),
    "forbidden echo": faults.refuse(403, TOKEN, {"X-Accepted-GitHub-Permissions": TOKEN}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_t25_the_token_is_in_no_error_log_or_traceback(hub: Hub, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lines: list[str] = []
    hub.fault("GET", "/pulls/7$", FAULTS[fault], nth=0)
    forge = at(hub.url, lines=lines, timeout=0.3)
    with pytest.raises(ForgeProblem) as caught:
        forge.pull(7)
    assert TOKEN not in whole_story(caught.value)
    assert lines
    assert TOKEN not in "\n".join(lines)
    assert caplog.records
    assert TOKEN not in caplog.text


def test_t25_the_token_is_in_no_attribute_but_its_own(hub: Hub) -> None:
    forge = at(hub.url)
    forge.pull(7)
    seen: set[int] = set()
    waiting: list[object] = [forge]
    texts: list[str] = []
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | Hub):
            continue
        seen.add(id(one))
        texts.append(repr(one))
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        else:
            waiting += vars(one).values() if hasattr(one, "__dict__") else ()
    assert len(seen) > 100
    assert not [text for text in texts if TOKEN in text]


# --- answers that do not end ---


def test_an_answer_without_end_is_not_read_to_its_end(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.publish.forge_github.JSON_LIMIT", 50)
    forge = at(hub.url)
    with pytest.raises(ForgeProblem, match="more than 50 bytes") as caught:
        forge.pull(7)
    assert caught.value.trouble is Trouble.UNREACHABLE
    assert forge.requests == 1


@contextmanager
def raw(head: bytes, body: Iterable[bytes]) -> Iterator[str]:
    """A server that sends these bytes for every request, piece by piece, and closes the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(head)
                for piece in itertools.takewhile(lambda _: not stop.is_set(), body):
                    connection.sendall(piece)
                    time.sleep(0.005)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"


def packed_chunks(document: bytes) -> list[bytes]:
    packed = gzip.compress(document)
    parts = [packed[start : start + 7] for start in range(0, len(packed), 7)]
    return [b"%x\r\n%s\r\n" % (len(part), part) for part in parts] + [b"0\r\n\r\n"]


def test_an_answer_in_packed_pieces_is_put_together() -> None:
    with raw(CHUNKED, packed_chunks(b'{"sha": "%s"}' % (b"a" * 40) + b" " * 500_000)) as url:
        assert at(url).resolve("main") == "a" * 40


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_an_answer_in_packed_pieces_of_which_some_are_missing(missing: int) -> None:
    with raw(CHUNKED, packed_chunks(b'{"sha": "%s"}' % (b"a" * 40))[:-missing]) as url:
        forge = at(url)
        with pytest.raises(ForgeProblem, match="broke off in the middle") as caught:
            forge.resolve("main")
    assert (caught.value.trouble, forge.requests) == (Trouble.UNREACHABLE, 4)


def test_an_answer_that_says_it_is_packed_and_is_not() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    with raw(head, [b"{}"]) as url, pytest.raises(ForgeProblem, match="broke off in the middle"):
        at(url).resolve("main")


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/9.9 what\r\n\r\n", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000]
)
def test_an_answer_that_is_not_http(head: bytes) -> None:
    with raw(head, []) as url, pytest.raises(ForgeProblem) as caught:
        at(url).resolve("main")
    assert caught.value.trouble is Trouble.UNREACHABLE


@pytest.mark.timeout(30)
def test_an_answer_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.publish.forge_github._PATIENCE", 2)
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    with raw(endless, itertools.repeat(b" ")) as url:
        started = time.monotonic()
        with pytest.raises(ForgeProblem, match="took too long to finish its answer"):
            at(url, timeout=0.1).pull(7)
        assert time.monotonic() - started < 10


def test_a_connection_that_is_never_made() -> None:
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(8):  # whoever comes when the queue is full is not answered
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        with pytest.raises(ForgeProblem, match=r"no connection within 0\.1 seconds"):
            at(f"http://127.0.0.1:{full.getsockname()[1]}", timeout=0.1).pull(7)


@pytest.mark.parametrize(
    "location", ["https://", "https://[", "file:///etc/passwd", "http://storage.example/a", "/etc", "https://a b/"]
)
def test_t22_an_address_of_a_file_that_is_none(hub: Hub, location: str) -> None:
    hub.fault("GET", "/tarball/", lambda request, really: Response(302, b"", {"Location": location}), nth=0)
    with pytest.raises(ForgeProblem) as caught:
        at(hub.url).tarball("a" * 40, 10)
    assert caught.value.trouble is Trouble.UNREACHABLE


def test_a_time_out_is_told_in_seconds(hub: Hub) -> None:
    hub.fault("GET", "/pulls/7$", faults.silent(1.0), nth=0)
    with pytest.raises(ForgeProblem, match=r"did not answer within 0\.2 seconds \(GET /repos/octo/shop/pulls/7\)"):
        client(hub, timeout=0.2).pull(7)


def test_the_library_is_loaded_only_for_a_client() -> None:
    code = (
        "import sys, gate.publish.forge_github as f; from gate.settings import Secret;"
        "heavy = {'github', 'requests', 'urllib3'}; print(heavy & set(sys.modules));"
        "f.GitHub('o/r', Secret('x')); print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["set()", "['github', 'requests', 'urllib3']"]

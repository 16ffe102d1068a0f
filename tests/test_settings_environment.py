"""T4: what an earlier step of the job may have left in the environment, and what becomes of the token."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gate.errors import UserError
from gate.settings import (
    Secret,
    api_at_home,
    poisoned,
    read_declared,
    read_network,
    refuse_poison,
    take_token,
    token_at_home,
)

ROOT = Path(__file__).parents[1]
RUNNER = {"GITHUB_ACTIONS": "true", "PATH": "/usr/bin", "LANG": "C.UTF-8", "PYTHON_VERSION": "3.13.7", "GPG_KEY": "x"}


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONUNBUFFERED", "GIT_DIR",
        "GIT_CONFIG_COUNT",
        "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE",
        "SSL_CERT_DIR", "NODE_OPTIONS", "BASH_ENV", "SSLKEYLOGFILE", "OPENSSL_CONF", "GLIBC_TUNABLES",
    ],
)  # fmt: skip
def test_t4_a_poisoned_environment_ends_the_run(name: str) -> None:
    with pytest.raises(UserError, match=f"holds {name}, which") as caught:
        refuse_poison({**RUNNER, name: "/tmp/evil"}, {})
    assert "job of its own" in str(caught.value)
    assert "/tmp/evil" not in str(caught.value)


def test_what_a_runner_and_the_image_set_is_no_poison() -> None:
    refuse_poison({**RUNNER, "GITHUB_TOKEN": "x", "INPUT_POLICY": "x", "pythonLocation": "/opt", "LD_PRELOAD": ""}, {})
    refuse_poison({"LD_PRELOAD": "/x", "HTTPS_PROXY": "http://proxy"})  # at home it is one's own


def test_what_the_image_declares_may_be_there_with_that_value_only(tmp_path: Path) -> None:
    listed = tmp_path / "environment"
    listed.write_text(
        "# the proxy of our runners\nHTTPS_PROXY=http://proxy:3128\n\nSSL_CERT_FILE = /etc/ssl/ours.pem\n"
    )
    declared = read_declared(listed)
    assert poisoned({"HTTPS_PROXY": "http://proxy:3128", "SSL_CERT_FILE": "/etc/ssl/ours.pem"}, declared) == ()
    assert poisoned({"HTTPS_PROXY": "http://evil:3128"}, declared) == ("HTTPS_PROXY",)


def test_no_declaration_declares_nothing_and_a_broken_one_is_told(tmp_path: Path) -> None:
    assert read_declared(tmp_path / "nowhere") == {}
    (tmp_path / "environment").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="NAME=VALUE"):
        read_declared(tmp_path / "environment")


def test_many_names_and_names_that_hide_are_told_short() -> None:
    environ = {**RUNNER, **{f"LD_{number}": "x" for number in range(50)}, "LD_\x1b[31m": "x"}
    with pytest.raises(UserError) as caught:
        refuse_poison(environ, {})
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_runner_takes_no_proxy_from_its_environment() -> None:
    assert read_network({**RUNNER, "HTTPS_PROXY": "http://evil"}) == {}
    assert read_network({"HTTPS_PROXY": "http://mine"}) == {"HTTPS_PROXY": "http://mine"}


def test_t25_the_token_is_taken_out() -> None:
    environ = {"INPUT_TOKEN": " abc ", "OTHER": "x", "ACTIONS_RUNTIME_TOKEN": "def"}
    token = take_token(environ)
    assert (token.reveal(), environ) == ("abc", {"OTHER": "x"})
    assert "abc" not in repr(token)
    assert not take_token(environ)


_CHILD = """
import os, subprocess, sys
from gate.settings import take_token
token = take_token(os.environ)
assert token.reveal() == "the-token-of-a-test"
own = open("/proc/self/environ", "rb").read()
child = subprocess.run([sys.executable, "-c", "import os; print(sorted(os.environ))"], capture_output=True).stdout
parent = subprocess.run(["cat", f"/proc/{os.getpid()}/environ"], capture_output=True).stdout
found = b"the-token" in own, b"the-token" in parent, b"INPUT_TOKEN" in child, "INPUT_TOKEN" in os.environ
print(*found, b"KEPT=1" in own)
"""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_t25_no_child_finds_the_token_not_even_in_proc() -> None:
    environ = {**os.environ, "INPUT_TOKEN": "the-token-of-a-test", "KEPT": "1"}
    done = subprocess.run([sys.executable, "-c", _CHILD], env=environ, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False", "False", "False", "True"], done.stderr


def test_the_token_of_who_runs_it_by_hand() -> None:
    assert token_at_home({"GITHUB_TOKEN": "mine"}).reveal() == "mine"
    assert not token_at_home({"GITHUB_TOKEN": "mine", "GITHUB_ACTIONS": "true"})
    assert isinstance(token_at_home({}), Secret)
    assert api_at_home({}) == "https://api.github.com"
    assert api_at_home({"GITHUB_API_URL": "https://ghe.example/api/v3/"}) == "https://ghe.example/api/v3"

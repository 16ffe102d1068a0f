"""Tracked kubeconfigs."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.configuration.kubeconfigs import NotReadableError, may_be_kubeconfig, read_kubeconfigs

TEXT = """\
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://10.0.0.1"}}]
users:
  - name: admin
    user: {USER}
  - 7
"""


@pytest.mark.parametrize(
    ("user", "keys", "material"),
    [
        ("client-key-data: QUJD", ["client-key-data of admin"], True),
        ("token: abcdef", ["token of admin"], True),
        ("password: hunter2", ["password of admin"], True),
        ("client-certificate-data: QUJD", ["client-certificate-data of admin"], False),
        ("client-key-data: REDACTED, token: DATA+OMITTED", [], False),
        ("token: '${TOKEN}'", [], False),
        ("exec: {command: aws}", [], False),
        ("client-key: /home/me/key.pem", [], False),
    ],
)
def test_what_of_the_credentials_stands_in_it(user: str, keys: list[str], material: bool) -> None:
    (found,) = read_kubeconfigs(TEXT.replace("USER", user).encode())
    assert (found["keys"], found["key_material"], found["users"], found["line"]) == (keys, material, 1, 1)
    assert "hunter2" not in str(found)


def test_other_files_are_none() -> None:
    assert not list(read_kubeconfigs(b"clusters: 1\nusers: []\nkind: Config\napiVersion: x/v1\n"))
    assert not list(read_kubeconfigs(b"kind: Config\n"))
    assert not list(read_kubeconfigs(b"users: [\n---\nclusters: []\n---\nConfig: 1\n"))


def test_one_that_cannot_be_read_says_so() -> None:
    with pytest.raises(NotReadableError) as caught:
        list(read_kubeconfigs(TEXT.replace("{USER}", "[").encode()))
    assert caught.value.line > 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a/kubeconfig", True), (".kube/config", True), ("admin.conf", True), ("a.yaml", True), ("main.py", False)],
)
def test_which_files_may_be_one(path: str, expected: bool) -> None:
    assert may_be_kubeconfig(path) is expected


@given(st.text(alphabet="clustersConfig:[]{}- \nusers", max_size=200))
def test_anything_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(NotReadableError):
        for found in read_kubeconfigs(f"clusters users Config\n{text}".encode()):
            assert found["line"]

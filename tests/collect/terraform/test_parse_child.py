from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Iterator
from time import sleep

import pytest

from gate.collect.readers.hcl_tree import Block, from_json
from gate.collect.terraform import parse_child
from gate.collect.terraform.copies import apart, copy_of, remote_calls
from tests.support.terraform import parsed


def test_answers_come_in_the_order_of_the_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [("a.tf", b"a = 1"), ("b.tf", b"="), ("c.tfvars.json", b'{"a": "${x}"}'), ("d.tf.json", b"[]")]
    given = [{"name": name, "data": base64.b64encode(data).decode()} for name, data in files]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(given).encode())))
    parse_child.main()
    first, second, third, fourth = json.loads(capsys.readouterr().out)
    assert from_json(first["block"]).attributes["a"].expression == ["=", 1]
    assert second == {"reason": "does not parse as Terraform's syntax (HCL)", "line": 1}
    assert from_json(third["block"]).attributes["a"].expression == ["=", "${x}"]
    assert fourth["reason"] == "is no object, as a file of Terraform is"


@pytest.fixture
def alarm() -> Iterator[None]:
    import signal

    before = signal.signal(signal.SIGALRM, parse_child._ring)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("alarm")
def test_a_file_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_child, "SECONDS", 1)
    monkeypatch.setattr(parse_child, "parse", lambda _name, _data: sleep(30))
    assert parse_child.answer("a.tf", b"") == {"reason": "was not parsed within 1 s", "line": None}


def test_a_file_that_is_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(_name: str, _data: bytes) -> Block:
        raise RecursionError

    monkeypatch.setattr(parse_child, "parse", parse)
    answer = parse_child.answer("a.tf", b"")
    assert isinstance(answer, dict)
    assert answer["reason"] == "nests too deep, or is too large, to be parsed"


def test_copies_of_json_have_no_source_from_elsewhere() -> None:
    text = '{"module": {"a": {"source": "a/b/c"}, "b": {"source": "./b"}}}'
    file = parsed("main.tf.json", text)
    copy = copy_of(file, 1)
    assert copy is not None
    document = json.loads(copy.data)
    assert document["module"]["a"]["source"].startswith("./gate-not")
    assert document["module"]["b"]["source"] == "./b"
    assert [name for _file, name, _source, _line in remote_calls([file])] == ["a", "b"]


def test_copies_keep_every_line_of_their_own() -> None:
    text = 'module "a" {\n  source = "a/b/c" #trivy:ignore:*\n  version = "1"\n}\n# TFSEC:ignore:x'
    copy = copy_of(parsed("x/main.tofu", text), 3)
    assert copy is not None
    assert copy.name == "x/main.tofu.tf"
    assert copy.hides
    lines = copy.data.decode().split("\n")
    assert lines[1] == '  source = "./gate-not-in-this-repository" #trivy_ignore:*'
    assert lines[4] == "# TFSEC_ignore:x"
    assert copy.lines == 5
    assert lines.index('resource "aws_security_group_rule" "gate_canary_3" {') > copy.lines
    assert b"trivy:ignore" in copy.plain
    (moved,) = apart([copy])
    assert moved.name == "folder-0/inside/main.tofu.tf"

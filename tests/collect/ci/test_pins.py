"""How actions are pinned, what tokens may do, who updates dependencies, and where keys stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.ci.permissions import permission_facts
from gate.collect.ci.source import source_of
from gate.collect.ci.updates import updates_facts
from gate.collect.ci.uses import kind_of, uses_facts
from gate.collect.ci.workflow import own_folder
from gate.formats.located_yaml import Located
from gate.model.json import Json, JsonObject

SHA = "11bd71901bbe5b1630ceea73d27597364c9af683"


@pytest.mark.parametrize(
    ("uses", "kind"),
    [
        (f"actions/checkout@{SHA}", "sha"),
        (f"actions/checkout@{SHA.upper()}", "sha"),
        (f"actions/checkout@{SHA[:12]}", "branch"),
        ("actions/checkout@v4", "tag"),
        ("a/b@1.2.3", "tag"),
        ("a/b/c@v1.2.3-rc.1", "tag"),
        ("a/b@codeql-bundle-v2", "tag"),
        ("a/b@v4.x", "tag"),
        ("a/b@refs/tags/x", "tag"),
        ("a/b@main", "branch"),
        ("a/b@release/v1", "branch"),
        ("a/b@stable", "branch"),
        ("a/b@refs/heads/v1", "branch"),
        ("a/b", "none"),
        ("a/b@", "none"),
        ("./x", "local"),
        ("../x", "local"),
        ("docker://alpine:3", "docker"),
    ],
)
def test_how_a_use_is_pinned(uses: str, kind: str) -> None:
    assert kind_of(uses) == kind


def test_the_facts_of_a_use() -> None:
    found = uses_facts(f"Actions/Checkout@{SHA}", "w.yml", 3, "v4.2.2", job="a", step="")
    assert (found["owner"], found["first_party"], found["comment"], found["job"]) == ("actions", True, "v4.2.2", "a")
    assert "step" not in found
    assert uses_facts("docker://a@sha256:0", "w.yml", 1, "")["digest"] is True
    assert "ref" not in uses_facts("a/b", "w.yml", 1, "")


@given(st.text(alphabet="av1.-_/@x", max_size=5_000))
def test_no_ref_takes_long(text: str) -> None:
    assert kind_of(f"a/b@{text}") in ("sha", "tag", "branch", "none")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("read-all", (True, "read", [])),
        ("write-all", (True, "write-all", [])),
        ("nonsense", (False, "default", [])),
        ({}, (True, "none", [])),
        (None, (True, "none", [])),
        ({"contents": "none"}, (True, "none", [])),
        ({"contents": "read"}, (True, "read", [])),
        ({"packages": "write", "contents": "write"}, (True, "write", ["contents", "packages"])),
        ([], (False, "default", [])),
    ],
)
def test_permissions(value: Json, wanted: tuple[bool, str, list[str]]) -> None:
    found = permission_facts(value, given=True)
    assert (found["given"], found["access"], found["write"]) == wanted
    assert permission_facts(value, given=False)["access"] == "default"


ENTRY: Json = {"package-ecosystem": "pip", "directory": "/", "schedule": {"interval": "weekly"}}


@pytest.mark.parametrize(
    ("path", "value", "why_not"),
    [
        (".github/dependabot.yml", {"version": 2, "updates": [ENTRY]}, None),
        (".github/dependabot.yml", {"version": 2, "updates": [5, {}]}, "names no package-ecosystem"),
        (".github/dependabot.yml", {"version": 1, "updates": [ENTRY]}, "not of version 2"),
        (".github/dependabot.yml", {"version": 2, "updates": [{"package-ecosystem": "pip"}]}, "has a schedule"),
        (".github/dependabot.yml", {"version": 2, "updates": "all"}, "names no package-ecosystem"),
        ("renovate.json", {"extends": ["config:recommended"]}, None),
        ("renovate.json", {"enabled": False}, "switched off"),
        ("renovate.json", {"enabledManagers": []}, "no manager"),
    ],
)
def test_updates(path: str, value: JsonObject, why_not: str | None) -> None:
    found = updates_facts(path, value, 1)
    assert found["works"] is (why_not is None)
    assert (why_not or "") in str(found.get("why_not", ""))


def test_updates_name_their_ecosystems() -> None:
    found = updates_facts(".github/dependabot.yml", Located(version=2, updates=[ENTRY, ENTRY]), 1)
    assert found["ecosystems"] == ["pip"]
    assert found["entries"] == [{"ecosystem": "pip", "interval": "weekly", "directories": ["/"]}] * 2
    assert updates_facts("renovate.json", {"enabledManagers": ["npm"]}, 1)["ecosystems"] == ["npm"]


@pytest.mark.parametrize(
    ("uses", "folder"),
    [("./a/b", "a/b"), ("./", ""), ("././a//b/", "a/b"), ("./../a", None), ("a/b@c", None)],
)
def test_the_folder_of_a_local_action(uses: str, folder: str | None) -> None:
    assert own_folder(uses) == folder


def test_keys_and_scripts_are_found_in_the_text() -> None:
    text = (
        "- name: x # a\r\n"
        "  with: {uses: no}\r\n"
        "  'uses': a/b@c # v1\r\n"
        "- run: |\n"
        "    one\n"
        "    two\n"
        "- run: three\n"
        "- run: >-\n"
        "\n"
        "    four\n"
    )
    source = source_of(text.encode())
    assert source.key("uses", 1, 4, "a/b@c") == 3
    assert source.comment(3) == "v1"
    assert source.comment(99) == ""
    assert source.key("uses", 4, 99) == 4
    assert source.script(4, 7, "one\ntwo\n") == 5
    assert source.script(7, 8, "three") == 7
    assert source.script(8, 11, "\nfour") == 9
    assert source.script(99, 100, "x") == 99


@pytest.mark.parametrize(
    ("ref", "kind"),
    [("a" * 40, "sha"), ("A" * 40, "sha"), ("a" * 39, "branch"), ("a" * 41, "branch"), ("a" * 64, "branch")],
)  # fmt: skip
def test_only_forty_digits_are_a_commit(ref: str, kind: str) -> None:
    assert kind_of(f"actions/checkout@{ref}") == kind

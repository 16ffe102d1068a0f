"""The files collector on real trees."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.collectors.files import FilesCollector
from gate.collect.workspace import Workspace
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Missing
from gate.model.json import Json, JsonObject
from tests.support.fakes import context, tracked, write

FILES: dict[str, str | bytes] = {
    "config/a.yaml": "log_level: INFO\n",
    "config/b.yaml": "log_level: DEBUG\n",
    "broken.json": "{",
    "Makefile": "all:\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, FILES | {"untracked.yaml": "x: 1\n"})
    return tmp_path


def collect(root: Path, paths: list[Json] | str, *, git: bool = True) -> Collected:
    workspace = Workspace(root, tracked=tracked(*FILES) if git else None)
    evidence = FilesCollector().collect(context(workspace, {"paths": paths}))
    assert isinstance(evidence, Collected)
    return evidence


def test_named_files_become_documents(root: Path) -> None:
    evidence = collect(root, ["config/*.yaml"])
    assert evidence.facts == {
        "items": {
            "config/a.yaml": {"found": True, "format": "yaml", "content": {"log_level": "INFO"}},
            "config/b.yaml": {"found": True, "format": "yaml", "content": {"log_level": "DEBUG"}},
        }
    }
    assert [source.path for source in evidence.sources] == ["config/a.yaml", "config/b.yaml"]


def test_a_file_that_is_not_there_is_told(root: Path) -> None:
    evidence = collect(root, "config/production.yaml")
    assert evidence.facts == {"items": {"config/production.yaml": {"found": False, "format": "yaml"}}}


def test_a_file_that_does_not_parse_is_a_gap_and_has_no_content(root: Path) -> None:
    evidence = collect(root, ["broken.json", "broken.json"])
    assert evidence.facts == {"items": {"broken.json": {"found": True, "format": "json"}}}
    assert evidence.gaps[0].reason.startswith("is not JSON")
    assert evidence.gaps[0].facts == ("items",)


def test_a_file_without_a_format_is_a_gap(root: Path) -> None:
    assert "neither YAML" in collect(root, "Makefile").gaps[0].reason


def test_a_file_that_git_does_not_track_is_not_part_of_the_change(root: Path) -> None:
    assert "not tracked" in collect(root, "untracked.yaml").gaps[0].reason
    assert not collect(root, "untracked.yaml", git=False).gaps


def test_a_link_is_not_followed(root: Path) -> None:
    (root / "config/a.yaml").unlink()
    (root / "config/a.yaml").symlink_to("b.yaml")
    evidence = collect(root, "config/a.yaml")
    assert "symbolic link" in evidence.gaps[0].reason


def test_nothing_named_is_nothing_proven(root: Path) -> None:
    assert isinstance(FilesCollector().collect(context(Workspace(root))), Missing)


def look(root: Path, files: dict[str, str | bytes], request: JsonObject, *, git: bool = False) -> Collected:
    write(root, files)
    workspace = Workspace(root, tracked=tracked(*files) if git else None)
    evidence = FilesCollector().collect(context(workspace, request))
    assert isinstance(evidence, Collected)
    assert not problems(shipped_validator("evidence/files"), evidence.facts)
    return evidence


def values(evidence: Collected, name: str = "x") -> list[JsonObject]:
    found = evidence.facts["values"]
    assert isinstance(found, dict)
    listed = found[name]
    assert isinstance(listed, list)
    return [item for item in listed if isinstance(item, dict)]


def search(**given: Json) -> JsonObject:
    wanted: JsonObject = {"paths": ["config/**"], "keys": ["**.level"]}
    return {"values": {"x": wanted | given}}


def test_one_bad_document_of_many_leaves_the_good_ones(tmp_path: Path) -> None:
    evidence = look(tmp_path, {"a.yaml": "x: 1\n---\ny: [1\n---\nz: 3\n"}, {"paths": ["a.yaml"]})
    assert evidence.facts["items"] == {"a.yaml": {"found": True, "format": "yaml", "content": [{"x": 1}, {"z": 3}]}}
    (gap,) = evidence.gaps
    assert (gap.line, gap.facts) == (4, ("items",))
    assert gap.reason.startswith("holds a document that is not YAML that can be read")


def test_a_single_good_document_beside_a_bad_one_stays_a_list(tmp_path: Path) -> None:
    evidence = look(tmp_path, {"a.yaml": "x: 1\n---\ny: [1\n"}, {"paths": ["a.yaml"]})
    assert evidence.facts["items"] == {"a.yaml": {"found": True, "format": "yaml", "content": [{"x": 1}]}}


def test_a_number_that_json_does_not_have_is_refused_as_ever(tmp_path: Path) -> None:
    assert look(tmp_path, {"a.yaml": "x: .nan\n"}, {"paths": ["a.yaml"]}).gaps


def test_settings_are_found_by_their_keys(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "config/a.yaml": "log:\n  level: INFO\n",
        "config/b.toml": "[log]\nlevel = 'DEBUG'\n",
        "config/c.json": '{"log": {"level": 5}}',
        "config/d.env": "LEVEL=info\n",
        "config/e.ini": "[log]\nlevel = info\n",
        "config/notes.md": "level: x\n",
        "other/a.yaml": "level: x\n",
    }
    evidence = look(tmp_path, files, search())
    assert [(item["path"], item["name"], item["text"], item.get("line")) for item in values(evidence)] == [
        ("config/a.yaml", "log.level", "INFO", 2),
        ("config/b.toml", "log.level", "DEBUG", 2),
        ("config/c.json", "log.level", "5", None),
        ("config/d.env", "LEVEL", "info", 1),
        ("config/e.ini", "log.level", "info", 2),
    ]
    assert not evidence.gaps
    assert len(evidence.sources) == 5


def test_a_file_that_cannot_be_read_casts_doubt_on_its_search_alone(tmp_path: Path) -> None:
    request: JsonObject = {
        "values": {"x": {"paths": "config/*", "keys": "level"}, "y": {"paths": ["a.yaml"], "keys": ["level"]}}
    }
    files: dict[str, str | bytes] = {
        "config/a.yaml": "level: [\n",
        "config/b.yaml": "level: 1\n---\n]\n",
        "a.yaml": "level: 2\n",
    }
    evidence = look(tmp_path, files, request)
    assert [(gap.path, gap.facts) for gap in evidence.gaps] == [
        ("config/a.yaml", ("values.x",)),
        ("config/b.yaml", ("values.x",)),
    ]
    assert (len(values(evidence)), len(values(evidence, "y"))) == (1, 1)


def test_a_placeholder_is_a_gap(tmp_path: Path) -> None:
    evidence = look(tmp_path, {"config/a.yaml": "level: ${LEVEL}\n"}, search())
    assert values(evidence)[0]["decided"] is False
    assert evidence.gaps[0].facts == ("values.x",)
    assert evidence.gaps[0].reason == "level is ${LEVEL}, which is only known where it runs"


def test_a_file_without_the_key_is_told_where_every_one_must_have_it(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"config/a.yaml": "x: 1\n", "config/b.yaml": "level: 1\n"}
    assert [item["found"] for item in values(look(tmp_path, files, search()))] == [True]
    assert [item["found"] for item in values(look(tmp_path, files, search(every=True)))] == [False, True]


def test_a_named_file_that_is_not_there_or_has_no_format(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"config/a.yaml": "level: 1\n", "Makefile": "level: 1\n"}
    evidence = look(tmp_path, files, search(paths=["config/none.yaml", "Makefile"]), git=True)
    assert [(item["path"], item["found"]) for item in values(evidence)] == [("config/none.yaml", False)]
    assert evidence.gaps[0].path == "Makefile"


def test_a_file_of_comments_has_no_settings_and_is_no_document(tmp_path: Path) -> None:
    evidence = look(tmp_path, {"config/a.yaml": "# later\n"}, search() | {"paths": ["config/a.yaml"]})
    assert (values(evidence), [gap.facts for gap in evidence.gaps]) == ([], [("items",)])
    assert evidence.gaps[0].reason == "holds no YAML document"


def test_keys_that_do_not_count(tmp_path: Path) -> None:
    text = "development: {level: 1}\nproduction: {level: 2}\nlevel: 3\n"
    evidence = look(tmp_path, {"config/a.yaml": text}, search(unless=["**.development.**"]))
    assert [item["name"] for item in values(evidence)] == ["production.level", "level"]


def test_what_is_excluded_is_not_looked_into(tmp_path: Path) -> None:
    assert not values(look(tmp_path, {"config/dev.yaml": "level: 1\n"}, search(exclude=["**/dev.yaml"])))


def test_secrets_are_found_by_their_names_and_not_told(tmp_path: Path) -> None:
    text = "db:\n  password: s3cr3t-9f2\n  user: me\n"
    evidence = look(tmp_path, {"config/a.yaml": text}, search(secrets=True, keys=[]))
    assert values(evidence) == [
        {"name": "db.password", "path": "config/a.yaml", "found": True, "secret": "literal", "decided": True, "line": 2}
    ]
    assert "s3cr3t" not in str(evidence)


def test_a_file_with_too_many_settings_says_so(tmp_path: Path) -> None:
    text = "".join(f"k{number}: {{level: 1}}\n" for number in range(1_001))
    evidence = look(tmp_path, {"config/a.yaml": text}, search())
    assert len(values(evidence)) == 1_000
    assert "1,001 settings" in evidence.gaps[0].reason


def test_a_file_with_more_settings_than_are_read_says_so(tmp_path: Path) -> None:
    evidence = look(tmp_path, {"config/a.json": f"[{','.join(['1'] * 100_001)}]"}, search())
    assert "more than 99,999 settings" in evidence.gaps[0].reason


def test_a_pattern_that_is_no_glob_is_a_gap(tmp_path: Path) -> None:
    evidence = look(tmp_path, {"config/a.yaml": "level: 1\n"}, search(keys=["a[b"]))
    assert evidence.facts["values"] == {}
    assert evidence.gaps[0].facts == ("values",)


def test_environments(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"config/prod.yaml": "", "config/dev.yaml": "", "old/prod.yaml": ""}
    evidence = look(tmp_path, files, {"environments": {"paths": ["**/*.yaml"], "exclude": ["old/**"]}})
    assert evidence.facts["environments"] == {"development": ["config/dev.yaml"], "production": ["config/prod.yaml"]}


KUBECONFIG = "apiVersion: v1\nkind: Config\nclusters: []\nusers: [{name: a, user: {token: t0psecret}}]\n"


def test_a_tracked_kubeconfig_with_a_key_is_found_and_a_dotenv_of_placeholders_is_not(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "deploy/kubeconfig": KUBECONFIG,
        ".env": "TOKEN=${TOKEN}\nPASSWORD=\n",
        "bad.kubeconfig": KUBECONFIG.replace("t0psecret", "["),
        "big.yaml": f"{KUBECONFIG}# client-key-data\n" + "# x\n" * 300_000,
    }
    request: JsonObject = {"kubeconfigs": True, "values": {"x": {"paths": [".env"], "secrets": True}}}
    evidence = look(tmp_path, files, request)
    found = evidence.facts["kubeconfigs"]
    assert isinstance(found, list)
    assert [(item["path"], item["key_material"]) for item in found if isinstance(item, dict)] == [
        ("big.yaml", True),
        ("deploy/kubeconfig", True),
    ]
    assert "t0psecret" not in str(evidence.facts)
    assert [item["secret"] for item in values(evidence)] == ["placeholder", "empty"]
    assert [(gap.path, gap.facts) for gap in evidence.gaps] == [
        ("bad.kubeconfig", ("kubeconfigs",)),
        ("big.yaml", ("kubeconfigs",)),
    ]


def test_a_kubeconfig_that_cannot_be_opened_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "x: 1\n"})
    (tmp_path / "kubeconfig").symlink_to("/etc/passwd")
    (tmp_path / "b.yaml").symlink_to("/etc/passwd")
    workspace = Workspace(tmp_path, tracked=tracked("a.yaml", "b.yaml", "kubeconfig"))
    evidence = FilesCollector().collect(context(workspace, {"kubeconfigs": True}))
    assert isinstance(evidence, Collected)
    assert [gap.path for gap in evidence.gaps] == ["kubeconfig"]

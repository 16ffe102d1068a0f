"""`secrets` with the real gitleaks: what it finds, what could have kept it from finding, and what it proves."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from gate.collect.changes import Changes
from gate.collect.collectors.secrets import SecretsCollector
from gate.collect.folder_cache import FolderCache
from gate.collect.secrets.findings import secrets_facts
from gate.collect.workspace import Workspace
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Evidence, Gap, Missing, Unreadable
from gate.model.json import JsonObject
from tests.support.fakes import write
from tests.support.gitleaks import context, needs_gitleaks, program, token
from tests.support.repositories import commit, git, make_repository, repository

pytestmark = needs_gitleaks

SECRET = token()
LINE = f'value = "{SECRET}"\n'


def collected(evidence: Evidence) -> Collected:
    assert isinstance(evidence, Collected), evidence
    assert not problems(shipped_validator("evidence/secrets"), evidence.facts)
    assert SECRET not in repr(evidence)
    assert secrets_facts(evidence.findings, evidence.facts) == evidence.facts
    return evidence


def look(root: Path, request: JsonObject | None = None, **more: object) -> Collected:
    return collected(SecretsCollector().collect(context(root, request, **more)))  # type: ignore[arg-type]


def places(evidence: Collected) -> list[tuple[str | None, int | None, str]]:
    return [(finding.path, finding.line, finding.rule) for finding in evidence.findings]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = make_repository(tmp_path / "tree")
    write(root, {"README.md": "# Ledger\n", "app/settings.py": f"import os\n\n{LINE}"})
    return root


def test_a_secret_is_found_with_its_place_and_without_its_value(tree: Path) -> None:
    commit(tree)
    log: list[str] = []
    evidence = look(tree, log=log)
    assert places(evidence) == [("app/settings.py", 3, "github-pat")]
    assert evidence.gaps == ()
    assert evidence.facts == {
        "files_scanned": 2,
        "bytes_scanned": 9 + 11 + len(LINE),
        "excluded": 0,
        "ignored_guesses": 0,
        "count": 1,
        "by_rule": {"github-pat": 1},
        "allowed": 0,
    }
    assert evidence.findings[0].severity == "critical"
    assert not any(SECRET in line for line in log)
    assert any("covered" in line for line in log)


def test_a_clean_tree(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "tree")
    write(root, {"a.py": "x = 1\n", "empty": ""})
    commit(root)
    evidence = look(root)
    assert evidence.facts["count"] == 0
    assert evidence.facts["files_scanned"] == 2
    assert evidence.findings == ()


def test_a_tree_of_empty_files_has_no_bytes(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "tree")
    write(root, {"empty": ""})
    commit(root)
    assert look(root).facts["bytes_scanned"] == 0


def test_nothing_tracked_is_missing(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "tree")
    assert isinstance(SecretsCollector().collect(context(root)), Missing)


def test_without_gitleaks(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(tree)
    monkeypatch.setattr("gate.collect.tools.DIRECTORIES", (Path("/usr/bin"), Path("/bin")))
    evidence = SecretsCollector().collect(context(tree, tools=tmp_path))
    assert isinstance(evidence, Missing)
    assert "Install gitleaks" in evidence.reason
    assert not evidence.not_applicable


@pytest.mark.parametrize("repository_", ["no git", "no commits", "dubious ownership"])
def test_the_state_of_the_repository_does_not_matter(tree: Path, tmp_path: Path, repository_: str) -> None:
    if repository_ == "no git":
        plain = tmp_path / "plain"
        write(plain, {"a": LINE})
        assert look(plain).facts["count"] == 1
        return
    git(tree, "add", "--all")
    if repository_ == "dubious ownership":
        if os.geteuid() != 0:
            pytest.skip("needs root, to give the tree to somebody else")
        commit(tree)
        for path in (tree, *tree.rglob("*")):
            os.chown(path, 12345, 12345)
    assert look(tree).facts["count"] == 1


# What would keep gitleaks from telling, if it saw it


ALL = '[allowlist]\npaths = [".*"]\nregexes = [".*"]\n'


@pytest.mark.parametrize(
    ("files", "by"),
    [
        ({".gitleaks.toml": f'title = "x"\n[extend]\nuseDefault = true\n{ALL}'}, ".gitleaks.toml"),
        ({".gitleaks.toml": "[[rules]]\nid = 'none'\nregex = 'never-there'\n"}, ".gitleaks.toml"),
        ({".gitleaks.toml": "[extend]\npath = 'base.toml'\n", "base.toml": ALL}, ".gitleaks.toml"),
        (
            {".gitleaks.toml": "[extend]\nuseDefault = true\ndisabledRules = ['github-pat', 'generic-api-key']\n"},
            ".gitleaks.toml",
        ),
        ({".gitleaksignore": "# ours\napp/settings.py:github-pat:3\n"}, ".gitleaksignore"),
        ({".trivyignore": "github-pat\n"}, ".trivyignore"),
        ({"app/settings.py": f"import os\n\n{LINE.rstrip()}  # gitleaks:allow\n"}, "gitleaks:allow"),
        (
            {"app/settings.py": f"import os\n\n{LINE.rstrip()}  # pragma: allowlist secret\n"},
            "pragma: allowlist secret",
        ),
        (
            {"app/settings.py": f"import os\n# pragma: allowlist nextline secret\n{LINE}"},
            "pragma: allowlist nextline secret",
        ),
    ],
)
def test_the_repository_cannot_silence_gitleaks_and_is_told(tree: Path, files: dict[str, str], by: str) -> None:
    write(tree, files)
    commit(tree)
    evidence = look(tree)
    assert places(evidence) == [("app/settings.py", 3, "github-pat")]
    (finding,) = evidence.findings
    assert not finding.suppressed
    assert finding.properties["allowed_by"] == by
    assert evidence.facts["allowed"] == evidence.facts["count"] == 1
    honoured = look(tree, {"honour_allowed": True})
    assert (honoured.facts["count"], honoured.facts["allowed"]) == (0, 1)


@pytest.mark.parametrize(
    "configuration",
    [
        b"[extend\n",
        b"\xff\xfe",
        b"[[rules]]\nid = 'broken'\nregex = '''(((''' \n",
        b"[extend]\npath = '/etc/passwd'\n",
        b"[extend]\npath = '../../outside.toml'\n",
        b"[extend]\npath = 'not-there.toml'\n",
        b"[extend]\nuseDefault = true\n[[rules]]\nid = ''\n",
        b"[allowlist]\nregexes = ['''" + SECRET.encode() + b"((''']\n",
    ],
)
def test_a_broken_configuration_casts_doubt_on_allowed_only(tree: Path, configuration: bytes) -> None:
    write(tree, {".gitleaks.toml": configuration})
    commit(tree)
    log: list[str] = []
    evidence = look(tree, log=log)
    assert ("app/settings.py", 3, "github-pat") in places(evidence)
    assert [(gap.subject, gap.facts) for gap in evidence.gaps] == [(".gitleaks.toml", ("allowed",))]
    assert not any(SECRET in line for line in log)


def test_a_configuration_that_hides_nothing(tree: Path) -> None:
    write(tree, {".gitleaks.toml": "[extend]\nuseDefault = true\n"})
    commit(tree)
    evidence = look(tree)
    assert (evidence.facts["allowed"], evidence.gaps) == (0, ())


@pytest.mark.parametrize("name", ["GITLEAKS_CONFIG", "GITLEAKS_CONFIG_TOML"])
def test_the_environment_does_not_reach_the_rules(tree: Path, tmp_path: Path, name: str) -> None:
    commit(tree)
    (tmp_path / "all.toml").write_text(ALL)
    value = str(tmp_path / "all.toml") if name == "GITLEAKS_CONFIG" else ALL
    assert look(tree, environment={name: value}).facts["count"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "package-lock.json",
        "poetry.lock",
        "go.sum",
        "logo.png",
        "a.pdf",
        "node_modules/x/index.js",
        "vendor/github.com/x/y.go",
        "venv/lib/python3/site.py",
        "jquery.min.js",
        "gitleaks.toml",
        "-rf",
        "::error::x",
        "new\nline",
        "umlaut-ü",
        'quote"\\',
        " space ",
    ],
)
def test_no_path_is_left_out(tmp_path: Path, path: str) -> None:
    root = make_repository(tmp_path / "tree")
    write(root, {path: f"\n{LINE}"})
    commit(root)
    assert places(look(root)) == [(path, 2, "github-pat")]


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "tree")
    (root / os.fsdecode(b"bad\xff")).write_text(LINE)
    commit(root)
    assert places(look(root)) == [("bad\\udcff", 1, "github-pat")]


def test_guesses_in_lock_files_are_counted_apart(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "tree")
    guess = f'api_{"key"} = "{token(3)[4:]}"\n'
    write(root, {"uv.lock": guess, "settings.py": guess, "binary": b"\0\1" + guess.encode()})
    commit(root)
    evidence = look(root)
    assert places(evidence) == [("settings.py", 1, "generic-api-key")]
    assert evidence.findings[0].severity == "high"
    assert evidence.facts["ignored_guesses"] == 2


# Contents that gitleaks would pass over


CONTENTS = {
    "utf-16": f"first\n{LINE}".encode("utf-16"),
    "utf-16 without a mark": f"first\n{LINE}".encode("utf-16-le"),
    "ends like no utf-16": ("first\n" * 800).encode("utf-16") + f"\n{LINE}".encode(),
    "begins like a pdf": f"%PDF-1.4\n{LINE}".encode(),
    "begins like bzip2": f"BZh=1\n{LINE}".encode(),
    "begins like a zip": f"\x1f\n{LINE}".encode(),
    "binary": b"\x7fELF\0\0\xff\n" + LINE.encode(),
    "crlf": f"first\r\n{LINE}".encode(),
    "one long line": b"a=1;" * 39_000 + LINE.encode() + b"b=1;" * 50_000,
    "across a border": b"a=1;" * (73_728 // 4 - 6) + LINE.encode(),
    "at the end of a large file": b"x = 1\n" * 400_000 + LINE.encode(),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_contents(tmp_path: Path, name: str) -> None:
    root = make_repository(tmp_path / "tree")
    write(root, {"file": CONTENTS[name]})
    commit(root)
    evidence = look(root)
    assert evidence.gaps == ()
    assert [finding.rule for finding in evidence.findings] == ["github-pat"]
    decoded = CONTENTS[name].partition(SECRET.encode())[0]
    if SECRET.encode() in CONTENTS[name] and "utf-16" not in name:
        assert evidence.findings[0].line == decoded.count(b"\n") + 1


def test_two_secrets_on_one_line_are_two(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "tree")
    write(root, {"min.js": f'a("{token(1)}");' + "x();" * 20_000 + f'b("{token(2)}");'})
    commit(root)
    evidence = look(root)
    assert [finding.line for finding in evidence.findings] == [1, 1]
    assert len({finding.fingerprint for finding in evidence.findings}) == 2


def test_t15_another_secret_in_the_same_place_is_another_finding(tmp_path: Path) -> None:
    """Who has a sample waived cannot put a real key in its place; the same on another line stays the same."""
    root = make_repository(tmp_path / "tree")
    marks = []
    for text in (f"key = {token(1)}\n", f"key = {token(2)}\n", f"# moved\n  key = {token(1)}\n"):
        write(root, {"settings.ini": text})
        commit(root)
        (finding,) = look(root).findings
        marks.append(finding.fingerprint)
    assert marks[0] == marks[2] != marks[1]


def test_a_long_private_key_is_one(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "tree")
    body = "\n".join(token(number)[4:] * 2 for number in range(170))
    key = f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{body}\n-----END RSA {'PRIVATE'} KEY-----\n"
    write(root, {"key.pem": "# about\n" * 8_000 + key + "# about\n" * 20_000})
    commit(root)
    assert places(look(root)) == [("key.pem", 8_001, "private-key")]


def test_archives_are_taken_apart(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "tree")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("node_modules/logo.png", f"\n{LINE}")
    write(root, {"a.zip": buffer.getvalue(), "b.gz": gzip.compress(LINE.encode()), "c.gz": gzip.compress(b"x")[:-5]})
    commit(root)
    evidence = look(root)
    assert places(evidence) == [("a.zip", None, "github-pat"), ("b.gz", None, "github-pat")]
    assert evidence.findings[0].properties == {"inside": "node_modules/logo.png", "inside_line": 2}
    assert [gap.subject for gap in evidence.gaps] == ["c.gz"]


# What could not be looked at


def test_what_is_not_a_file_or_not_there_is_a_gap(tree: Path, tmp_path: Path) -> None:
    other = make_repository(tmp_path / "other")
    commit(other)
    git(tree, "submodule", "--quiet", "add", str(other), "sub")
    write(tree, {"gone": "x", "model.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"})
    (tree / "link").symlink_to("app/settings.py")
    (tree / "outside").symlink_to(tmp_path)
    commit(tree)
    (tree / "gone").unlink()
    evidence = look(tree)
    assert {gap.subject: gap.reason.split(",")[0].split(":")[0] for gap in evidence.gaps} == {
        "gone": "is not there",
        "model.bin": "is a Git LFS pointer",
        "sub": "is a submodule",
    }
    assert all("count" in gap.facts for gap in evidence.gaps)
    assert evidence.facts["count"] == 1


def test_a_link_is_searched_as_the_path_that_it_holds(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "tree")
    (root / "link").symlink_to(f"/x/{SECRET}/")
    commit(root)
    assert places(look(root)) == [("link", 1, "github-pat")]


def test_a_file_over_the_limit_is_a_gap(tree: Path) -> None:
    write(tree, {"large": b"x" * (1024 * 1024 + 1)})
    commit(tree)
    (gap,) = look(tree, {"maximum_megabytes": 1}).gaps
    assert gap.subject == "large"
    assert "more than the 1,048,576" in gap.reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_a_gap(tree: Path) -> None:
    commit(tree)
    (tree / "README.md").chmod(0)
    assert [gap.subject for gap in look(tree).gaps] == ["README.md"]


def test_excluded_files_are_counted(tree: Path) -> None:
    commit(tree)
    evidence = look(tree, {"exclude": ["app/**", "[x"]})
    assert (evidence.facts["excluded"], evidence.facts["count"]) == (1, 0)
    assert [gap.subject for gap in evidence.gaps] == ["[x"]
    nothing = SecretsCollector().collect(context(tree, {"exclude": "**"}))
    assert isinstance(nothing, Unreadable)


# Commits


def changed(root: Path, base: str, request: JsonObject | None = None, **more: object) -> Collected:
    changes = repository(root).changes(base)
    return look(root, request, changes=changes, **more)


def test_a_secret_that_came_and_went_is_found(tree: Path) -> None:
    write(tree, {"app/settings.py": "import os\n"})
    base = commit(tree)
    write(tree, {"app/new.py": LINE, ".gitattributes": "* -diff -text filter=x\n"})
    bad = commit(tree)
    (tree / "app/new.py").unlink()
    commit(tree)
    evidence = changed(tree, base)
    (finding,) = evidence.findings
    assert (finding.path, finding.line, finding.properties["commit"]) == ("app/new.py", 1, bad)
    assert SECRET not in repr(finding)
    facts = evidence.facts
    assert (facts["count"], facts["history"], facts["commits_scanned"], facts["new"]) == (0, 1, 2, 0)


def test_a_secret_that_is_still_there_is_told_once_and_new(tree: Path) -> None:
    write(tree, {"app/settings.py": "import os\n"})
    base = commit(tree)
    write(tree, {"app/settings.py": f"import os\n{LINE}"})
    commit(tree)
    write(tree, {"app/settings.py": f"import os\n\n\n{LINE}"})
    commit(tree)
    git(tree, "mv", "app/settings.py", "app/moved.py")
    commit(tree)
    evidence = changed(tree, base)
    assert places(evidence) == [("app/moved.py", 4, "github-pat")]
    assert (evidence.facts["new"], evidence.facts["history"]) == (1, 0)


def test_a_secret_from_before_the_change_is_none_of_its_history(tree: Path) -> None:
    base = commit(tree)
    write(tree, {"app/settings.py": f"# edited\n{LINE}"})
    commit(tree)
    write(tree, {"app/settings.py": "import os\n"})
    commit(tree)
    write(tree, {"app/settings.py": f"import os\n\n{LINE}"})
    commit(tree)
    write(tree, {"app/settings.py": "import os\n"})
    commit(tree)
    evidence = changed(tree, base)
    assert (evidence.facts["history"], evidence.facts["count"]) == (0, 0)


def test_archives_key_files_and_long_lines_of_commits(tree: Path) -> None:
    write(tree, {"app/settings.py": "import os\n"})
    base = commit(tree)
    long = "x();" * 500
    write(tree, {"a.gz": gzip.compress(LINE.encode()), "k.p12": b"\0\1", "min.js": f'{long}a("{token(8)}");{long}'})
    commit(tree)
    write(tree, {"min.js": f'y();{long}a("{token(8)}");{long}z();'})
    (tree / "a.gz").unlink()
    (tree / "k.p12").unlink()
    commit(tree)
    evidence = changed(tree, base)
    assert places(evidence) == [
        ("min.js", 1, "github-pat"),
        ("a.gz", None, "github-pat"),
        ("k.p12", None, "pkcs12-file"),
    ]
    assert (evidence.facts["count"], evidence.facts["new"], evidence.facts["history"]) == (1, 1, 2)


def test_a_key_file_is_found_by_its_name(tree: Path) -> None:
    write(tree, {"app/settings.py": "import os\n"})
    base = commit(tree)
    write(tree, {"certificate.pfx": b"\0\1"})
    commit(tree)
    evidence = changed(tree, base)
    assert places(evidence) == [("certificate.pfx", None, "pkcs12-file")]
    assert evidence.facts["new"] == 1


def test_an_archive_of_the_change_that_cannot_be_taken_apart(tree: Path) -> None:
    base = commit(tree)
    write(tree, {"c.gz": gzip.compress(b"x")[:-5]})
    commit(tree)
    (tree / "c.gz").unlink()
    commit(tree)
    (gap,) = changed(tree, base).gaps
    assert (gap.subject, gap.facts) == ("c.gz", ("commits_scanned", "history"))
    assert "(in commit " in gap.reason


def test_too_many_commits(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = commit(tree)
    commit(tree)
    monkeypatch.setattr("gate.collect.secrets.commits.MOST_COMMITS", 0)
    evidence = changed(tree, base)
    assert [gap.facts for gap in evidence.gaps] == [("commits_scanned", "history")]
    assert "history" not in evidence.facts


def test_names_and_files_that_a_configuration_cannot_be_asked_about(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "tree")
    (root / os.fsdecode(b"bad\xff")).write_text(LINE)
    (root / ".gitleaksignore").symlink_to("elsewhere")
    write(root, {".gitleaks.toml": "[extend]\nuseDefault = true\n"})
    commit(root)
    evidence = look(root)
    assert {gap.subject: gap.facts for gap in evidence.gaps} == {
        "bad\\udcff": ("allowed",),
        ".gitleaksignore": ("allowed",),
    }


def test_batches(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.secrets.contents._BATCH", 10)
    commit(tree)
    assert places(look(tree)) == [("app/settings.py", 3, "github-pat")]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to run a child as somebody else")
def test_a_child_that_is_somebody_else_can_read_the_parts(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile
    from dataclasses import replace

    from gate.collect.isolation import NOBODY
    from gate.collect.process import SubprocessRunner

    commit(tree)
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    there = replace(context(tree), runner=SubprocessRunner(uid=NOBODY))
    assert collected(SecretsCollector().collect(there)).facts["count"] == 1


def test_a_secret_of_a_merge_itself(tree: Path) -> None:
    write(tree, {"app/settings.py": "import os\n"})
    base = commit(tree)
    git(tree, "checkout", "--quiet", "-b", "side")
    write(tree, {"side": "x"})
    commit(tree)
    git(tree, "checkout", "--quiet", "main")
    write(tree, {"other": "x"})
    commit(tree)
    git(tree, "merge", "--quiet", "--no-commit", "side")
    write(tree, {"evil": LINE})
    commit(tree)
    (tree / "evil").unlink()
    commit(tree)
    assert places(changed(tree, base)) == [("evil", 1, "github-pat")]


def test_ignore_files_and_comments_do_not_hide_what_commits_hold(tree: Path) -> None:
    write(tree, {"app/settings.py": "import os\n"})
    base = commit(tree)
    write(tree, {"a": LINE, "b": f"{LINE.rstrip().replace(SECRET, token(5))} # gitleaks:allow\n"})
    bad = commit(tree)
    (tree / "a").unlink()
    (tree / "b").unlink()
    write(tree, {".gitleaksignore": f"{bad}:a:github-pat:1\n"})
    commit(tree)
    evidence = changed(tree, base)
    assert (evidence.facts["history"], evidence.facts["allowed"]) == (2, 2)
    assert [finding.properties["allowed_by"] for finding in evidence.findings] == [".gitleaksignore", "gitleaks:allow"]
    assert changed(tree, base, {"honour_allowed": True}).facts["history"] == 0


def test_no_commit_in_between(tree: Path) -> None:
    base = commit(tree)
    facts = changed(tree, base).facts
    assert (facts["commits_scanned"], facts["history"], facts["new"]) == (0, 0, 0)


def test_a_shallow_clone_casts_doubt_on_the_history_alone(tree: Path, tmp_path: Path) -> None:
    base = commit(tree)
    write(tree, {"b": "x"})
    commit(tree)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tree}", "shallow")
    shallow = tmp_path / "shallow"
    missing = changed(shallow, base)
    assert [gap.facts for gap in missing.gaps] == [("new", "commits_scanned", "history")]
    assert missing.facts["count"] == 1
    assert "history" not in missing.facts
    git(shallow, "fetch", "--quiet", "--depth=1", "origin", base)
    cut = changed(shallow, base)
    assert ("commits_scanned", "history") in [gap.facts for gap in cut.gaps]


def test_large_and_missing_blobs_are_gaps_of_the_history(tree: Path) -> None:
    base = commit(tree)
    write(tree, {"large": b"x" * (1024 * 1024 + 1)})
    commit(tree)
    (tree / "large").unlink()
    write(tree, {"lfs": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"})
    commit(tree)
    (tree / "lfs").unlink()
    commit(tree)
    evidence = changed(tree, base, {"maximum_megabytes": 1})
    assert {gap.subject: gap.facts for gap in evidence.gaps} == {
        "large": ("commits_scanned", "history"),
        "lfs": ("commits_scanned", "history"),
    }


def test_a_base_that_git_does_not_know(tree: Path) -> None:
    commit(tree)
    evidence = look(tree, changes=Changes("0" * 40, {}))
    assert [gap.facts for gap in evidence.gaps] == [("commits_scanned", "history")]
    assert evidence.facts["count"] == 1
    gap = look(tree, changes=Gap("main", "is not there")).gaps[0]
    assert gap.facts == ("new", "commits_scanned", "history")


# The cache


def test_results_come_from_the_cache_and_hold_no_secret(tree: Path, tmp_path: Path) -> None:
    import datetime

    commit(tree)
    folder = tmp_path / "cache"

    def cache() -> FolderCache:
        return FolderCache(
            folder, "run 1", lambda: datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), lambda _line: None
        )

    first = cache()
    before = look(tree, cache=first)
    first.save()
    assert not any(SECRET.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    log: list[str] = []
    after = look(tree, cache=cache(), log=log)
    assert (after.facts, after.findings) == (before.facts, before.findings)
    assert "2 of 2 contents from the cache, first scanned" in str(after.sources[0].detail)
    write(tree, {"c": LINE.replace(SECRET, token(7))})
    commit(tree)
    third = look(tree, cache=cache())
    assert "2 of 3 contents" in str(third.sources[0].detail)
    assert third.facts["count"] == 2


# Scanners that are broken


BROKEN = {
    "crashes": "os.kill(os.getpid(), signal.SIGSEGV)",
    "is killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "ends with an empty report": "say(0, b'[]\\n', b'INF scanned ~20 bytes\\n')",
    "ends with nothing": "say(0, b'')",
    "ends with findings' exit code and no finding": "say(42, b'[]\\n', b'INF scanned ~20 bytes\\n')",
    "ends with its own exit code": "say(1, real()[1], real()[2])",
    "does not know a flag": "say(126, b'')",
    "prints half a document": "code, out, err = real(); say(code, out[:len(out) // 2], err)",
    "ends with 139": "code, out, err = real(); say(139, out, err)",
    "does not say how much": "code, out, err = real(); say(code, out)",
    "says that it scanned less": "code, out, err = real(); say(code, out, b'INF scanned ~7 bytes')",
    "says that it scanned more": "code, out, err = real(); say(code, out, b'INF scanned ~777777 bytes')",
    "complains": "code, out, err = real(); say(code, out, err + b'9:00AM ERR " + SECRET + "\\n')",
    "tells of other files": "code, out, err = real(); say(code, out.replace(b'000000', b'999999'), err)",
    "prints a page": "say(0, b'<html></html>')",
    "floods stderr": "code, out, err = real(); say(0, b'[]', b'" + SECRET + "\\n' * 3_000_000)",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_gitleaks_proves_nothing(tree: Path, tmp_path: Path, name: str) -> None:
    commit(tree)
    log: list[str] = []
    evidence = SecretsCollector().collect(context(tree, tools=program(tmp_path / "bin", BROKEN[name]), log=log))
    assert isinstance(evidence, Unreadable), evidence
    assert evidence.reason.startswith("gitleaks ")
    assert SECRET not in repr(evidence) + repr(log)


def test_a_gitleaks_that_hangs_proves_nothing(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(tree)
    monkeypatch.setattr("gate.collect.secrets.gitleaks._TIMEOUT", 1.0)
    tools = program(tmp_path / "bin", "time.sleep(60)")
    evidence = SecretsCollector().collect(context(tree, tools=tools))
    assert isinstance(evidence, Unreadable)
    assert "did not end" in evidence.reason


def test_bad_rules_prove_nothing(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(tree)
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rules]\n")
    monkeypatch.setattr("gate.collect.secrets.gitleaks.RULES", rules)
    assert isinstance(SecretsCollector().collect(context(tree)), Unreadable)


def test_a_canary_that_is_not_found_is_told_as_such(tree: Path, tmp_path: Path) -> None:
    commit(tree)
    body = (
        "import json\ncode, out, err = real()\n"
        "rows = [row for row in json.loads(out) if row['RuleID'] == 'readiness-gate-end']\n"
        "say(42, json.dumps(rows).encode(), err)"
    )
    evidence = SecretsCollector().collect(context(tree, tools=program(tmp_path / "bin", body)))
    assert isinstance(evidence, Unreadable)
    assert "planted" in evidence.reason


def test_a_file_whose_mark_is_not_found_is_a_gap(tree: Path, tmp_path: Path) -> None:
    commit(tree)
    body = (
        "import json\ncode, out, err = real()\n"
        "rows = [row for row in json.loads(out) if row['File'] != '0000/0000000']\n"
        "say(42, json.dumps(rows).encode(), err)"
    )
    evidence = look(tree, tools=program(tmp_path / "bin", body))
    assert [(gap.subject, gap.reason) for gap in evidence.gaps] == [
        ("README.md", "was not read to its end by gitleaks")
    ]
    assert evidence.facts["files_scanned"] == 1


def test_a_disk_that_cannot_be_written_to(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    commit(tree)
    there = context(tree)
    there.tools.find("gitleaks")
    monkeypatch.setattr(tempfile, "tempdir", "/proc")
    evidence = SecretsCollector().collect(there)
    assert isinstance(evidence, Unreadable)
    assert "could not be copied" in evidence.reason


def test_the_folder_is_gone_afterwards(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    commit(tree)
    own = tmp_path / "temporary"
    own.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    look(tree)
    assert list(own.iterdir()) == []


def test_gitleaks_sees_neither_names_nor_the_workspace(tree: Path, tmp_path: Path) -> None:
    commit(tree)
    seen = tmp_path / "seen.json"
    body = (
        "import json\n"
        "names = sorted(os.path.join(top, name) for top, _, names in os.walk('.') for name in names)\n"
        f"open({str(seen)!r}, 'w').write(json.dumps([os.getcwd(), sys.argv, dict(os.environ), names]))\n"
        "code, out, err = real(); say(code, out, err)"
    )
    look(tree, tools=program(tmp_path / "bin", body))
    cwd, arguments, environment, names = json.loads(seen.read_text())
    assert names == ["./0000/0000000", "./0000/0000001", "./0000/0000002"]
    assert not cwd.startswith(str(tree))
    assert not any(str(tree) in text for text in (*arguments, *environment.values()))


def test_a_workspace_that_hides_its_folder_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "node_modules" / "vendor.gem"))
    Path(tempfile.gettempdir()).mkdir(parents=True)
    write(tmp_path / "tree", {"a": LINE})
    assert look(tmp_path / "tree", workspace=Workspace(tmp_path / "tree")).facts["count"] == 1

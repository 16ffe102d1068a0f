"""What is told of the Dockerfiles of a tree; hadolint is in tests/collect/dockerfile."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.collect.collectors.dockerfile import DockerfileCollector
from gate.collect.dockerfile.base_images import image_of
from gate.collect.dockerfile.facts import dockerfile_facts
from gate.collect.dockerfile.files import is_named_like_one
from gate.collect.dockerfile.habits import is_secret
from gate.collect.readers.dockerfile_words import UNKNOWN
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Evidence, Gap, Missing, Unreadable
from gate.model.json import JsonObject
from tests.support.fakes import write
from tests.support.hadolint import context

DIGEST = "sha256:" + "4f" * 32


def look(root: Path, there: dict[str, str | bytes], **request: object) -> Evidence:
    """What the collector says of these files, without hadolint."""
    write(root, there)
    return DockerfileCollector().collect(context(root, {"lint": False, **request}))  # type: ignore[dict-item]


def collected(root: Path, there: dict[str, str | bytes], **request: object) -> Collected:
    found = look(root, there, **request)
    assert isinstance(found, Collected), found
    assert not problems(shipped_validator("evidence/dockerfile"), found.facts)
    return found


def items(found: Collected) -> list[JsonObject]:
    each = found.facts["items"]
    assert isinstance(each, list)
    return [item for item in each if isinstance(item, dict)]


def item(root: Path, text: str, **others: str) -> JsonObject:
    (only,) = items(collected(root, {"Dockerfile": text, **others}))
    return only


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dockerfile", True),
        ("a/dockerfile", True),
        ("DOCKERFILE", True),
        ("Dockerfile.prod", True),
        ("Dockerfile.a.b", True),
        ("api.Dockerfile", True),
        ("api.dockerfile", True),
        ("Containerfile", True),
        ("Containerfile.dev", True),
        ("web.containerfile", True),
        ("Dockerfile.dockerignore", False),
        ("Dockerfile/x", False),
        ("MyDockerfile", False),
        ("Dockerfile-dev", False),
        ("docker-compose.yml", False),
    ],
)
def test_names(name: str, expected: bool) -> None:
    assert is_named_like_one(name) is expected


def test_counts_are_of_final_stages(tmp_path: Path) -> None:
    files = {
        "a/Dockerfile": f"FROM python:3.12@{DIGEST} AS b\nUSER 10001\nHEALTHCHECK CMD curl x\nFROM b\nCOPY a b\n",
        "b/Dockerfile": "FROM python\nUSER app\nUSER root\n",
        "c/Dockerfile.dev": "FROM node:latest AS build\nHEALTHCHECK CMD x\nFROM nginx:1\n#HEALTHCHECK CMD x\n",
        "d/Containerfile": "FROM scratch\nUSER 0:0\nHEALTHCHECK NONE\n",
    }
    found = collected(tmp_path, dict(files))
    counted = {name: found.facts[name] for name in ("files", "multi_stage", "non_root", "healthcheck")}
    assert counted == {"files": 4, "multi_stage": 2, "non_root": 1, "healthcheck": 1}
    assert (found.facts["digest_pinned"], found.facts["latest_tag"]) == (2, 2)
    assert found.gaps == ()
    assert "lint" not in found.facts
    assert [source.path for source in found.sources] == sorted(files)


@pytest.mark.parametrize(
    ("text", "user", "non_root"),
    [
        ("FROM a:1", None, False),
        ("FROM a:1\nUSER root", "root", False),
        ("FROM a:1\nUSER Root:app", "Root:app", False),
        ("FROM a:1\nUSER 0", "0", False),
        ("FROM a:1\nUSER 00", "00", False),
        ("FROM a:1\nUSER 1000:0", "1000:0", True),
        ("FROM a:1\nUSER app\nUSER 0", "0", False),
        ("FROM a:1\nUSER 0\nUSER app", "app", True),
        ("FROM a:1 AS b\nUSER app\nFROM b AS c\nFROM C", "app", True),
        ("FROM a:1 AS b\nUSER app\nFROM a:1", None, False),
        ("FROM a:1\nARG UID=1000\nUSER $UID", "1000", True),
        ("ARG UID=1000\nFROM a:1\nARG UID\nUSER ${UID}:${GID:-5}", "1000:5", True),
        ("FROM a:1\nENV U=0\nARG U=7\nUSER $U", "0", False),
        ("FROM a:1\nUSER ${U:-9}", "9", True),
        ("FROM a:1\nUSER app:$GROUP", None, True),
        ("FROM a:1 AS b\nONBUILD USER app\nFROM b", "app", True),
        ("FROM a:1\nONBUILD USER app", None, False),
        ("FROM gcr.io/distroless/static:nonroot", None, False),
        ("FROM a:1 AS x-amd64\nUSER b\nFROM a:1 AS x-arm64\nUSER b\nFROM x-$TARGETARCH", "b", True),
        ("FROM a:1\nUSER ContainerAdministrator", "ContainerAdministrator", False),
        ('FROM a:1\nUSER "app"', "app", True),
    ],
)
def test_users(tmp_path: Path, text: str, user: str | None, non_root: bool) -> None:
    found = item(tmp_path, text)
    assert (found.get("user"), found["non_root"]) == (user, non_root)


@pytest.mark.parametrize(
    "text",
    [
        "FROM a:1\nARG U\nUSER $U",
        "FROM a:1\nUSER ${U}",
        "FROM a:1 AS x-a\nUSER b\nFROM a:1 AS x-b\nFROM x-$A",
        "ARG B\nFROM a:1 AS c\nFROM $B",
    ],
)
def test_a_user_that_the_build_sets_is_a_gap(tmp_path: Path, text: str) -> None:
    found = collected(tmp_path, {"Dockerfile": text})
    assert "non_root" not in items(found)[0]
    (gap,) = [gap for gap in found.gaps if "non_root" in gap.facts]
    assert gap.reason.endswith("when it is built, so whether it runs as root is not known")
    assert (gap.path, gap.line is not None) == ("Dockerfile", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HEALTHCHECK CMD curl x", {"interval_seconds": 30, "retries": 3, "form": "shell", "tests_nothing": False}),
        ('HEALTHCHECK --interval=1m30s --retries=5 CMD ["x"]', {"interval_seconds": 90, "retries": 5, "form": "exec"}),
        (
            "HEALTHCHECK --interval=0s --start-period=1500ms CMD x",
            {"interval_seconds": 30, "start_period_seconds": 1.5},
        ),
        ("HEALTHCHECK CMD exit 0", {"tests_nothing": True}),
        ('HEALTHCHECK CMD ["true"]', {"tests_nothing": True}),
        ("HEALTHCHECK \\\n  --timeout=3s \\\n  CMD x || exit 1", {"timeout_seconds": 3, "line": 2}),
        ("healthcheck cmd x\nHEALTHCHECK --interval=5s CMD y", {"interval_seconds": 5, "line": 3}),
    ],
)
def test_health_checks(tmp_path: Path, text: str, expected: JsonObject) -> None:
    check = item(tmp_path, f"FROM a:1\n{text}\n")["healthcheck"]
    assert isinstance(check, dict)
    assert {name: check[name] for name in expected} == expected


def test_numbers_that_are_none_are_left_out(tmp_path: Path) -> None:
    check = item(tmp_path, "FROM a:1\nHEALTHCHECK --interval=often --timeout=-1s --retries=x CMD y")["healthcheck"]
    assert isinstance(check, dict)
    assert not {"interval_seconds", "timeout_seconds", "retries"} & check.keys()


@pytest.mark.parametrize(
    "text", ["", "# HEALTHCHECK CMD x", "HEALTHCHECK CMD x\nHEALTHCHECK NONE", "RUN <<EOF\nHEALTHCHECK CMD x\nEOF"]
)
def test_what_is_no_health_check(tmp_path: Path, text: str) -> None:
    assert "healthcheck" not in item(tmp_path, f"FROM a:1\n{text}\n")


@pytest.mark.parametrize(
    ("reference", "image", "tag", "pinned", "latest", "version"),
    [
        ("python", "python", None, False, True, ()),
        ("python:latest", "python", "latest", False, True, ()),
        ("python:3.11-slim", "python", "3.11-slim", False, False, (3, 11)),
        ("localhost:5000/a/b", "localhost:5000/a/b", None, False, True, ()),
        ("localhost:5000/a/b:v1.2.3", "localhost:5000/a/b", "v1.2.3", False, False, (1, 2, 3)),
        (f"a@{DIGEST}", "a", None, True, False, ()),
        (f"a:latest@{DIGEST}", "a", "latest", True, False, ()),
        ("a@sha256:short", "a", None, False, True, ()),
        ("scratch", "scratch", None, True, False, ()),
        (f"a:{UNKNOWN}", "a", None, None, None, ()),
        (f"a:{UNKNOWN}@{DIGEST}", "a", None, True, False, ()),
        (UNKNOWN, None, None, None, None, ()),
        (f"{UNKNOWN}/a:1", None, None, None, None, ()),
        ("", None, None, None, None, ()),
    ],
)
def test_references(
    reference: str,
    image: str | None,
    tag: str | None,
    pinned: bool | None,
    latest: bool | None,
    version: tuple[int, ...],
) -> None:
    found = image_of(reference)
    assert (found.image, found.tag, found.pinned, found.latest, found.version) == (image, tag, pinned, latest, version)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("python:3", ("docker.io", "python")),
        ("docker.io/library/python:3", ("docker.io", "python")),
        ("shop/api:1", ("docker.io", "shop/api")),
        ("ghcr.io/a/b:1", ("ghcr.io", "a/b")),
        ("localhost/a", ("localhost", "a")),
        ("scratch", None),
    ],
)
def test_where_images_come_from(reference: str, expected: tuple[str, str] | None) -> None:
    assert image_of(reference).place == expected


def test_a_base_that_the_build_sets_is_a_gap(tmp_path: Path) -> None:
    found = collected(
        tmp_path, {"Dockerfile": f"ARG V\nARG B\nFROM a@{DIGEST} AS x\nFROM p:$V AS y\nFROM $B\nUSER 1\n"}
    )
    (only,) = items(found)
    assert "digest_pinned" not in only
    assert "latest_tag" not in only
    assert (found.facts["digest_pinned"], found.facts["latest_tag"]) == (0, 0)
    first, second, health = found.gaps
    assert first.reason == "is built from “p:$V”, and V is set when it is built: give the ARG a default"
    assert ("image" in first.facts, "image" in second.facts) == (False, True)
    assert (first.line, second.line, health.facts) == (4, 5, ("healthcheck",))


def test_what_is_surely_wrong_is_told_beside_what_is_not_known(tmp_path: Path) -> None:
    only = items(collected(tmp_path, {"Dockerfile": "ARG V\nFROM p:$V AS x\nFROM q\n"}))[0]
    assert (only["digest_pinned"], only["latest_tag"]) == (False, True)


def test_images_that_files_come_from(tmp_path: Path) -> None:
    text = (
        "FROM a:1 AS b\nFROM c:1\nCOPY --from=b x y\nCOPY --from=0 x y\nCOPY --from=ghcr.io/d/e:2 x y\n"
        "RUN --mount=type=bind,from=f,target=/x ls\nCOPY --from=$G x y\n"
    )
    copied = item(tmp_path, text)["copied_images"]
    assert isinstance(copied, list)
    assert [one["name"] for one in copied if isinstance(one, dict)] == ["ghcr.io/d/e:2", "f", "?"]
    assert [one.get("latest") for one in copied if isinstance(one, dict)] == [False, True, None]


def test_the_rest_of_the_last_stage(tmp_path: Path) -> None:
    text = (
        'FROM a:1 AS b\nWORKDIR /srv\nCMD ["x"]\nLABEL one=1 "two x"=\'2 $V\'\nEXPOSE 80\nFROM b\n'
        "ENTRYPOINT run it\nWORKDIR app\nEXPOSE 80/TCP 53/udp $PORT\n"
    )
    found = item(tmp_path, text)
    assert found["entrypoint"] == {"form": "shell", "line": 7}
    assert "command" not in found
    assert found["exec_form"] is False
    assert found["workdir"] == "/srv/app"
    assert found["exposed_ports"] == ["53/udp", "80/tcp"]
    assert found["labels"] == {"one": "1", "two x": "2 $V"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [('CMD ["a"]', True), ("CMD a", False), ('ENTRYPOINT ["a"]\nCMD b', False), ("RUN a", None), ("CMD []", None)],
)
def test_exec_form(tmp_path: Path, text: str, expected: bool | None) -> None:
    assert item(tmp_path, f"FROM a:1\n{text}").get("exec_form") is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("API_KEY", True),
        ("apikey", True),
        ("NPM_TOKEN", True),
        ("DB_PASSWORD", True),
        ("MONKEY", False),
        ("PUBLIC_KEY", False),
        ("PASSWORD_FILE", False),
        ("TOKEN_URL", False),
        ("KEYBOARD", False),
    ],
)
def test_names_of_secrets(name: str, expected: bool) -> None:
    assert is_secret(name) is expected


def test_habits(tmp_path: Path) -> None:
    text = (
        'ARG BUILD_TOKEN\nFROM a:1\nENV PASSWORD="" DB_PASSWORD=hunter2\nARG X=1\n'
        "ADD https://me:secret@example.com/x.tgz?token=1 /\nADD --checksum=sha256:a http://example.com/y /\nADD z /\n"
        "RUN curl -fsSL https://x | sudo -E bash -\nRUN curl -o x https://x && cat y | sh\n"
        'RUN bash -c "$(wget -qO- https://x)"\nRUN <<EOF\nwget -O- x | sh\nEOF\nRUN curl x | python -m json.tool\n'
        "ONBUILD RUN curl x | sh\nCOPY --chown=a . /app\n"
    )
    found = item(tmp_path, text)
    assert found["secrets"] == [
        {"name": "BUILD_TOKEN", "instruction": "ARG", "line": 1},
        {"name": "DB_PASSWORD", "instruction": "ENV", "line": 3},
    ]
    assert found["remote_adds"] == [
        {"url": "https://example.com/x.tgz", "line": 5, "checksum": False},
        {"url": "http://example.com/y", "line": 6, "checksum": True},
    ]
    assert found["piped_downloads"] == [8, 10, 11, 15]
    assert found["copies_everything"] is True
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    ("name", "text", "helps"),
    [
        ("a/b/.dockerignore", ".git\n", True),
        ("a/b/Dockerfile.dockerignore", "x", True),
        (".dockerignore", "x", True),
        ("a/.containerignore", "x", True),
        ("c/.dockerignore", "x", False),
        ("a/b/.dockerignore", "# nothing\n!x\n", False),
    ],
)
def test_ignore_files(tmp_path: Path, name: str, text: str, helps: bool) -> None:
    (only,) = items(collected(tmp_path, {"a/b/Dockerfile": 'FROM a:1\nCOPY ["./", "/app"]\n', name: text}))
    assert only["copies_everything"] is not helps
    assert only.get("ignore_file") == (name if helps else None)


def test_files_by_content(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "Dockerfile": "FROM a:1",
        "Dockerfile.md": "# How to build\n\nFROM here on …\n",
        "dockerfile.py": "from __future__ import annotations\n",
        "dockerfile.go": "package docker\n",
        "Dockerfile.go": "FROM golang:1.22\n",
        "x/Dockerfile.sh": "RUN a\n",
        "Dockerfile.j2": "FROM {{ base }}",
        "Dockerfile.empty": "",
        "t/Dockerfile": "FROM {{ base }}:1\n",
        "u/Dockerfile": "FROM a\nFOO b\n",
        "v/Dockerfile": "FROM a".encode("utf-16"),
        "Dockerfile.dockerignore": ".git",
    }
    found = collected(tmp_path, files)
    assert [one["path"] for one in items(found)] == ["Dockerfile", "Dockerfile.go"]
    assert {gap.subject: (gap.reason, gap.line) for gap in found.gaps} == {
        "Dockerfile.md": ("has a FROM that is neither “FROM image” nor “FROM image AS name”", 3),
        "Dockerfile.j2": ("is a template (.j2), and what it becomes is not known: exclude it", None),
        "Dockerfile.empty": ("has no FROM", None),
        "t/Dockerfile": (
            "has a FROM that is neither “FROM image” nor “FROM image AS name”, and looks like a template",
            1,
        ),
        "u/Dockerfile": ("has “FOO” where an instruction should be", 2),
        "v/Dockerfile": ("is UTF-16, which Docker does not read: save it as UTF-8", 1),
        "x/Dockerfile.sh": ("has RUN before the first FROM", 1),
    }
    assert found.facts["failed"] == 7


def test_links_and_large_files_are_gaps(tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": "FROM a:1", "b/Dockerfile": b"FROM a\n" + b"#" * 10 * 1024 * 1024})
    (tmp_path / "Dockerfile.link").symlink_to("Dockerfile")
    begun = time.monotonic()
    found = collected(tmp_path, {})
    assert time.monotonic() - begun < 5
    link, large = found.gaps
    assert link.reason.startswith("is a symbolic link")
    assert large.reason == "is 10,485,767 bytes long, more than the 2,097,152 that are read"


def test_named_and_excluded_files(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"build/image.txt": "FROM a:1", "Dockerfile": "FROM b", "test/Dockerfile": "FROM c"}
    named = collected(tmp_path, files, files="build/*.txt")
    assert [one["path"] for one in items(named)] == ["build/image.txt"]
    rest = collected(tmp_path, files, exclude=["test/**", "["])
    assert [one["path"] for one in items(rest)] == ["Dockerfile"]
    assert (rest.facts["excluded"], rest.facts["excluded_paths"]) == (1, ["test/Dockerfile"])
    assert [gap.subject for gap in rest.gaps] == ["["]


def test_nothing_to_look_at(tmp_path: Path) -> None:
    nothing = look(tmp_path, {"README.md": "x"})
    assert isinstance(nothing, Missing)
    assert nothing.not_applicable
    assert nothing.reason.startswith("there is no Dockerfile (looked for Dockerfile, ")
    named = look(tmp_path, {}, files=["no/*"])
    assert isinstance(named, Missing)
    assert not named.not_applicable
    left_out = look(tmp_path, {"Dockerfile": "FROM a"}, exclude="**")
    assert isinstance(left_out, Missing)
    assert not left_out.not_applicable
    broken = look(tmp_path, {"Dockerfile": "RUN a"})
    assert isinstance(broken, Unreadable)
    assert broken.gaps == (Gap("Dockerfile", "has RUN before the first FROM", "Dockerfile", 1),)


def test_without_hadolint_the_rest_is_evidence(tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": "FROM a:1\nUSER 1\n"})
    found = DockerfileCollector().collect(context(tmp_path))
    assert isinstance(found, Collected)
    assert found.facts["non_root"] == 1
    assert "lint" not in found.facts
    (gap,) = found.gaps
    assert gap.facts == ("lint", "suppressed")
    assert gap.subject == "hadolint"


def test_facts_without_a_run_stay_as_they_are() -> None:
    assert dockerfile_facts([], {"files": 1}) == {"files": 1}


_LINES = st.sampled_from(
    [
        "FROM a:1",
        "FROM $A AS b",
        "FROM b",
        "ARG A",
        "ARG A=c:2",
        "ENV A=$A$A",
        "USER $A",
        "HEALTHCHECK CMD $A",
        "COPY . /",
        "RUN <<E",
        "E",
        "LABEL $A=1",
        "EXPOSE $A",
        "WORKDIR $A",
        "CMD [1]",
        "ADD $A $B",
        "ONBUILD USER 1",
    ]
)


@given(st.lists(_LINES, min_size=1, max_size=20).map("\n".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_any_dockerfile_becomes_facts_that_fit(tmp_path: Path, text: str) -> None:
    found = look(tmp_path, {"Dockerfile": text})
    if isinstance(found, Collected):
        assert not problems(shipped_validator("evidence/dockerfile"), found.facts)
        (only,) = items(found)
        assert ("non_root" in only) != any("non_root" in gap.facts for gap in found.gaps)


def test_many_ways_to_the_last_stage_end(tmp_path: Path) -> None:
    stages = "".join(f"FROM a:1 AS x-{n}\nFROM x-$A AS x-{n}b\n" for n in range(400))
    begun = time.monotonic()
    found = collected(tmp_path, {"Dockerfile": f"{stages}FROM x-$A\n"})
    assert time.monotonic() - begun < 10
    assert "non_root" not in items(found)[0]

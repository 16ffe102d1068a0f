"""Compose files as `docker compose` understands them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.collect.collectors.compose import ComposeCollector
from gate.collect.workspace import Content, Workspace
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Evidence, Missing, Unreadable
from gate.model.json import Json, JsonObject
from tests.support.fakes import context, write

SERVICE = "    image: shop/api:1.4\n"


def collect(root: Path, files: Mapping[str, str], request: JsonObject | None = None) -> Evidence:
    write(root, dict(files))
    return ComposeCollector().collect(context(Workspace(root), request or {}))


def collected(root: Path, files: Mapping[str, str], request: JsonObject | None = None) -> Collected:
    evidence = collect(root, files, request)
    assert isinstance(evidence, Collected), evidence
    assert not problems(shipped_validator("evidence/compose"), evidence.facts)
    return evidence


def items(evidence: Collected) -> dict[str, JsonObject]:
    found = evidence.facts["items"]
    assert isinstance(found, list)
    return {str(item["name"]): item for item in found if isinstance(item, dict)}


def counts(evidence: Collected) -> dict[str, Json]:
    return {name: value for name, value in evidence.facts.items() if isinstance(value, int)}


def test_a_service_with_all_that_is_told_of_it(tmp_path: Path) -> None:
    text = """\
services:
  api:
    image: registry.example.com/shop/api:${TAG:-1.4}
    restart: unless-stopped
    user: "1000:1000"
    read_only: true
    security_opt: ["no-new-privileges:true"]
    cap_drop: [ALL]
    environment: [LOG_LEVEL=info, "API_KEY=abc", "TOKEN_FILE=/run/secrets/x", PASSWORD]
    env_file: .env.api
    ports: ["127.0.0.1:8080:80", "53:53/udp", {target: 90, published: 9090}, "7000"]
    volumes: ["data:/data", "./conf:/conf:ro", "/cache", {type: tmpfs, target: /tmp}]
    secrets: [database, {source: other}]
    depends_on: {db: {condition: service_healthy}}
    healthcheck: {test: ["CMD", "true"], interval: 1m30s, retries: 5}
    deploy: {replicas: 2, resources: {limits: {cpus: "1.5", memory: 512M}, reservations: {memory: 1g}}}
    logging: {driver: json-file}
    stop_grace_period: 30s
    networks: [backend]
  db:
    build: .
    privileged: true
    pid: host
    mem_limit: 1g
    healthcheck: {disable: true}
    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD:?set it}", SECRET_KEY: "${SECRET:-changeme}"}
networks: {backend: {}}
volumes: {data: {}}
secrets: {database: {file: x}, other: {file: y}}
"""
    evidence = collected(tmp_path, {"compose.yaml": text})
    api, db = items(evidence)["api"], items(evidence)["db"]
    assert api == {
        "name": "api", "project": "compose.yaml", "path": "compose.yaml", "line": 2, "profiles": [], "built": False,
        "image": {"image": "registry.example.com/shop/api:1.4", "registry": "registry.example.com",
                  "repository": "shop/api", "tag": "1.4", "latest": False, "pinned": False},
        "restart": "unless-stopped", "user": "1000:1000", "non_root": True, "read_only": True,
        "no_new_privileges": True, "cap_drop": ["ALL"], "cap_add": [], "privileged": False, "docker_socket": False,
            "powers": [],
        "host_namespaces": [], "environment": ["API_KEY", "LOG_LEVEL", "PASSWORD", "TOKEN_FILE"],
        "literal_secrets": ["API_KEY"], "env_file": True, "networks": ["backend"],
        "ports": [{"host": "127.0.0.1", "published": "8080", "target": "80"},
                  {"host": "", "published": "53", "target": "53"}, {"host": "", "published": "9090", "target": "90"},
                  {"host": "", "published": "", "target": "7000"}],
        "volumes": [{"type": "volume", "source": "data", "target": "/data"},
                    {"type": "bind", "source": "./conf", "target": "/conf"},
                    {"type": "volume", "source": "", "target": "/cache"},
                    {"type": "tmpfs", "source": "", "target": "/tmp"}],
        "secrets": ["database", "other"], "depends_on": ["db"], "waits_for_health": ["db"],
        "healthcheck": {"test": "CMD true", "tests_nothing": True, "interval_seconds": 90,
                        "timeout_seconds": 30, "retries": 5.0,
                        "start_period_seconds": 0},
        "limits": {"cpu": 1.5, "memory": 512 * 1024**2}, "reservations": {"memory": 1024**3}, "replicas": 2,
        "logging": "json-file", "grace_seconds": 30,
    }  # fmt: skip
    assert (db["privileged"], db["docker_socket"], db["host_namespaces"]) == (True, True, ["pid"])
    assert db["limits"] == {"memory": 1024**3}
    assert db["literal_secrets"] == ["SECRET_KEY"]
    assert "healthcheck" not in db
    assert counts(evidence) == {
        "files": 1, "projects": 1, "services": 2, "with_healthcheck": 1, "with_limits": 2, "latest_tag": 0,
        "problems": 0,
    }  # fmt: skip


def test_an_override_is_laid_over_and_another_file_stands_alone(tmp_path: Path) -> None:
    base = (
        f"services:\n  api:\n{SERVICE}    environment: {{A: '1', B: '1'}}\n    ports: ['80:80']\n    command: [a, b]\n"
    )
    over = "services:\n  api:\n    environment: [B=2]\n    ports: ['81:81']\n    command: [c]\n"
    alone = "services:\n  web:\n    image: web:2\n"
    files = {"docker-compose.yml": base, "docker-compose.override.yml": over, "docker-compose.prod.yml": over}
    evidence = collected(tmp_path, {**files, "docker-compose.other.yml": alone})
    assert [item["files"] for item in evidence.facts["project_items"]] == [  # type: ignore[union-attr, index, call-overload]
        ["docker-compose.yml", "docker-compose.override.yml"],
        ["docker-compose.other.yml"],
        ["docker-compose.yml", "docker-compose.prod.yml"],
    ]
    api = items(evidence)["api"]
    assert api["environment"] == ["A", "B"]
    assert len(api["ports"]) == 2  # type: ignore[arg-type]


def test_named_projects_and_profiles(tmp_path: Path) -> None:
    text = f"services:\n  api:\n{SERVICE}  debug:\n{SERVICE}    profiles: [debug]\n"
    assert set(items(collected(tmp_path, {"a.yml": text}))) == {"api", "debug"}
    assert set(items(collected(tmp_path, {}, {"profiles": ["prod"]}))) == {"api"}
    named = collected(tmp_path, {}, {"projects": {"all": ["a.yml", "absent.yml"]}})
    assert items(named)["api"]["project"] == "all"
    assert [(gap.path, gap.reason) for gap in named.gaps] == [("absent.yml", "is not there")]


def test_extends_and_include(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "include: [parts/db.yaml, {path: [parts/x.yaml]}]\n"
        "services:\n  api:\n    extends: {file: parts/base.yaml, service: base}\n    image: shop/api:1\n"
        "  two:\n    extends: api\n    user: '7'\n",
        "parts/base.yaml": "services:\n  base:\n    extends: {service: root}\n    restart: always\n"
        "  root:\n    image: x:1\n    healthcheck: {test: 'true'}\n",
        "parts/db.yaml": "services:\n  db:\n    image: postgres:16\n    volumes: ['data:/x']\nvolumes: {data: {}}\n",
        "parts/x.yaml": "services:\n  db:\n    image: other:1\n  cache:\n    image: redis:7\n",
    }
    evidence = collected(tmp_path, files)
    found = items(evidence)
    assert set(found) == {"api", "two", "db", "cache"}
    assert found["two"]["restart"] == "always"
    assert "healthcheck" in found["two"]
    assert found["db"]["image"]["tag"] == "16"  # type: ignore[index, call-overload]
    assert evidence.facts["problems"] == 0
    assert evidence.facts["projects"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("    extends: api\n", "the service api extends itself"),
        ("    extends: none\n", "the service api extends none, which is not in compose.yaml"),
        ("    extends: {}\n", "the service api extends nothing that has a name"),
        ("    restart: always\n", "the service api has neither an image nor a build"),
        (f"{SERVICE}    networks: [n]\n", "the service api is in the network n, which is not declared"),
        (f"{SERVICE}    volumes: ['v:/v']\n", "the service api uses the volume v, which is not declared"),
        (f"{SERVICE}    depends_on: [x]\n", "the service api depends on x, which there is not"),
        (f"{SERVICE}  x: text\n", "the service x is no mapping"),
    ],
)
def test_what_docker_compose_refuses_is_a_problem(tmp_path: Path, text: str, said: str) -> None:
    evidence = collected(tmp_path, {"compose.yaml": f"services:\n  api:\n{text}"})
    assert said in [finding.message for finding in evidence.findings]
    assert evidence.facts["problems"] == len(evidence.findings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("include: ['https://example.com/x.yaml']\n", "is not fetched"),
        ("include: ['../../x.yaml']\n", "is outside of the workspace"),
        ("include: [/etc/x.yaml]\n", "is outside of the workspace"),
        ("include: ['${WHERE}/x.yaml']\n", "only known where"),
        ("include: [absent.yaml]\n", "is not there"),
        ("include: [bad.yaml]\n", "line 2:"),
        ("services:\n  api:\n    image: 'x:${TAG}'\n", "is only known where the services are started"),
        ("services:\n  api:\n    image: 'x y'\n", "is no name of an image"),
    ],
)
def test_what_is_not_known_is_a_gap(tmp_path: Path, text: str, said: str) -> None:
    evidence = collected(tmp_path, {"compose.yaml": text, "bad.yaml": "a: [\n"})
    assert any(said in gap.reason for gap in evidence.gaps), evidence.gaps


BASE = """\
services:
  api:
    image: shop/api:1.4
    ports: ["80:80", "443:443"]
    environment: {A: "1", B: "2"}
    privileged: true
    healthcheck: {test: ["CMD", "true"], interval: 10s}
  old: {image: shop/old:1}
volumes: {data: {}, cache: {}}
"""


def together(root: Path, over: str) -> Collected:
    return collected(root, {"compose.yaml": BASE, "compose.override.yaml": over})


def test_what_is_reset_is_gone_from_the_file_below(tmp_path: Path) -> None:
    over = """\
services:
  api:
    ports: !reset []
    environment: {A: !reset null, C: "3"}
    privileged: !reset false
    healthcheck: !reset {}
  old: !reset null
volumes: {cache: !reset null}
"""
    evidence = together(tmp_path, over)
    (name, api), *others = items(evidence).items()
    assert (name, others) == ("api", [])
    assert api["ports"] == []
    assert api["environment"] == ["B", "C"]
    assert "healthcheck" not in api
    assert api["privileged"] is False
    assert evidence.facts["project_items"][0]["volumes"] == ["data"]  # type: ignore[index, call-overload]
    assert not evidence.gaps


def test_what_overrides_stands_alone(tmp_path: Path) -> None:
    over = """\
services:
  api:
    ports: !override ["8443:443"]
    environment: !override {C: "3"}
    privileged: !override false
  old: !override {image: shop/new:2}
volumes: !override {other: {}}
"""
    evidence = together(tmp_path, over)
    found = items(evidence)
    assert [port["published"] for port in found["api"]["ports"]] == ["8443"]  # type: ignore[union-attr, index, call-overload]
    assert found["api"]["environment"] == ["C"]
    assert found["api"]["privileged"] is False
    assert found["old"]["image"]["tag"] == "2"  # type: ignore[index, call-overload]
    assert evidence.facts["project_items"][0]["volumes"] == ["other"]  # type: ignore[index, call-overload]


def test_all_services_can_be_put_in_place_of_those_below(tmp_path: Path) -> None:
    assert list(items(together(tmp_path, "services: !override {new: {image: 'x:1'}}\n"))) == ["new"]


def test_a_tag_counts_for_what_a_service_extends_too(tmp_path: Path) -> None:
    over = """\
services:
  web:
    extends: {file: compose.yaml, service: api}
    ports: !reset []
    environment: !override {}
"""
    found = items(collected(tmp_path, {"compose.yaml": BASE, "web.compose.yaml": over}))["web"]
    assert (found["ports"], found["environment"]) == ([], [])
    assert "healthcheck" in found


def test_a_tag_alone_resets_what_it_stands_at(tmp_path: Path) -> None:
    text = "services:\n  api: {image: 'x:1', privileged: !reset true, ports: !override ['80:80']}\n"
    api = items(collected(tmp_path, {"compose.yaml": text}))["api"]
    assert api["privileged"] is False
    assert len(api["ports"]) == 1  # type: ignore[arg-type]


EXTENDS = "services:\n  api:\n    extends: {file: base.yaml, service: b}\n"


class CountingWorkspace(Workspace):
    """Counts how often each file is read."""

    read_paths: list[str]

    def read(self, path: str, limit: int = 4 * 1024 * 1024) -> Content:
        self.read_paths.append(path)
        return super().read(path, limit)


def test_each_file_is_read_once(tmp_path: Path) -> None:
    files = {
        "compose.yaml": f"include: [part/more.yaml]\n{EXTENDS}{SERVICE}",
        "compose.override.yaml": "services:\n  api:\n    ports: !reset []\n",
        "base.yaml": "services:\n  b:\n    labels: {a: b}\n",  # nothing of it says that it is of Compose
        "part/more.yaml": f"services:\n  more:\n{SERVICE}",
        "excluded.yaml": f"services:\n  x:\n{SERVICE}",
    }
    write(tmp_path, files)
    workspace = CountingWorkspace(tmp_path)
    workspace.read_paths = []
    evidence = ComposeCollector().collect(context(workspace, {"exclude": ["excluded.yaml"]}))
    assert isinstance(evidence, Collected)
    assert set(items(evidence)) == {"api", "more"}
    assert not evidence.gaps
    read = [path for path in workspace.read_paths if path in files]
    assert sorted(read) == sorted(files)


def test_a_circle_of_includes_ends(tmp_path: Path) -> None:
    files = {
        "compose.yaml": f"include: [b.yaml]\nservices:\n  api:\n{SERVICE}",
        "b.yaml": f"include: [compose.yaml]\nservices:\n  b:\n{SERVICE}",
    }
    evidence = collected(tmp_path, files)
    assert any("leads back to itself" in finding.message for finding in evidence.findings)


def test_variables_of_a_tracked_env_file(tmp_path: Path) -> None:
    files = {"compose.yaml": "services:\n  api:\n    image: 'x:${TAG}'\n", ".env": "TAG=7\nOTHER=${X}\n"}
    assert items(collected(tmp_path, files))["api"]["image"]["tag"] == "7"  # type: ignore[index, call-overload]


def test_nothing_there_is_missing_and_nothing_readable_is_unreadable(tmp_path: Path) -> None:
    missing = collect(tmp_path, {"a.txt": ""})
    assert isinstance(missing, Missing)
    assert missing.not_applicable
    assert isinstance(collect(tmp_path, {"compose.yaml": "services:\n  api: [\n"}), Unreadable)


PS = [
    {"Name": "a-1", "Service": "a", "State": "running", "Health": "healthy", "ExitCode": 0},
    {"Name": "b-1", "Service": "b", "State": "running", "Health": "", "ExitCode": 0},
    {"Name": "c-1", "Service": "c", "State": "exited", "Health": "", "ExitCode": 0},
]


@pytest.mark.parametrize("text", [json.dumps(PS), "\n".join(map(json.dumps, PS))])
def test_what_is_running(tmp_path: Path, text: str) -> None:
    evidence = collected(tmp_path, {"ps.json": text}, {"reports": "ps.json"})
    assert evidence.facts["running"] == {
        "containers": 3, "up": 3, "healthy": 1, "unhealthy": 0, "without_check": 1, "not_up": []
    }  # fmt: skip
    assert evidence.facts["services"] == 0


def test_what_has_ended_or_is_unhealthy_is_told(tmp_path: Path) -> None:
    text = json.dumps([{**PS[0], "Health": "unhealthy"}, {**PS[2], "ExitCode": 3}])
    evidence = collected(tmp_path, {"ps.json": text}, {"reports": "ps.json"})
    assert evidence.facts["running"] == {
        "containers": 2, "up": 1, "healthy": 0, "unhealthy": 1, "without_check": 0, "not_up": ["c (exited)"]
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1]", '{"State": "running"', '[{"Service": 1, "State": "x"}]'])
def test_a_report_of_nothing_is_a_gap(tmp_path: Path, text: str) -> None:
    files = {"ps.json": text, "compose.yaml": f"services:\n  api:\n{SERVICE}"}
    evidence = collected(tmp_path, files, {"reports": "ps.json"})
    assert "running" not in evidence.facts
    assert [gap.facts for gap in evidence.gaps] == [("running",)]


def test_odd_shapes_raise_nothing(tmp_path: Path) -> None:
    text = """\
services:
  a: {image: [x], environment: 3, ports: {a: b}, volumes: text, healthcheck: [x], deploy: [], depends_on: 7, user: {}}
  b: {image: 7, build: null, networks: 3, profiles: x, restart: [], logging: x, healthcheck: {test: []}, cap_add: x}
  c: {image: x, healthcheck: {test: [CMD]}, deploy: {resources: {limits: {cpus: [], memory: {}}}}, scale: x}
include: {a: b}
networks: [a]
"""
    evidence = collected(tmp_path, {"compose.yaml": text})
    assert evidence.facts["with_healthcheck"] == 0
    assert evidence.facts["with_limits"] == 0


HEALTH = "services: {{web: {{image: a:1, healthcheck: {{test: {}}}}}}}\n"


@pytest.mark.parametrize(
    ("test", "nothing"),
    [
        ("[CMD, curl, -f, http://x]", False),
        ("[CMD, 'true']", True),
        ("[CMD-SHELL, curl -f http://x || exit 0]", True),
        ("curl -f http://x || true", True),
        ("curl -f http://x || exit 1", False),
        ("[CMD, sh, -c, exit 0]", True),
    ],
)
def test_a_check_that_can_only_succeed_says_so(tmp_path: Path, test: str, nothing: bool) -> None:
    (item,) = items(collected(tmp_path, {"compose.yaml": HEALTH.format(test)})).values()
    health = item["healthcheck"]
    assert isinstance(health, dict)
    assert health["tests_nothing"] is nothing


def test_a_test_that_docker_refuses_is_a_problem(tmp_path: Path) -> None:
    found = collected(tmp_path, {"compose.yaml": HEALTH.format("[curl, http://x]")})
    assert [each.message for each in found.findings] == [
        "the health check of web begins with none of CMD, CMD-SHELL and NONE"
    ]


@pytest.mark.parametrize(
    ("text", "powers"),
    [
        ("privileged: true", ["privileged"]),
        ('privileged: "true"', ["privileged"]),
        ("privileged: '${P:-yes}'", ["privileged"]),
        ("privileged: '${P}'", ["privileged by a variable"]),
        ("privileged: false", []),
        ("privileged: 'off'", []),
        ("build: {context: ., privileged: true}", ["privileged"]),
        ("cap_add: [all, CAP_SYS_ADMIN, NET_BIND_SERVICE]", ["cap_add ALL", "cap_add SYS_ADMIN"]),
        ("volumes: ['/:/host', './data:/data', 'x:/etc']", ["the mount of /"]),
        ("volumes: [{type: bind, source: /etc/, target: /x}]", ["the mount of /etc"]),
        ("devices: ['/dev/sda:/dev/xvdc', /dev/ttyUSB0]", ["the device /dev/sda"]),
        ("security_opt: ['seccomp:unconfined', 'apparmor=unconfined', 'no-new-privileges:true']",
         ["security_opt seccomp:unconfined", "security_opt apparmor=unconfined"]),
    ],
)  # fmt: skip
def test_what_rules_the_machine(tmp_path: Path, text: str, powers: list[str]) -> None:
    image = "" if "build" in text else "image: a:1, "
    found = collected(tmp_path, {"compose.yaml": f"services: {{web: {{{image}{text}}}}}\nvolumes: {{x: }}\n"})
    (item,) = items(found).values()
    assert item["powers"] == powers
    known = item.get("privileged")
    assert known is (None if "variable" in str(powers) else "privileged" in powers)
    assert any("is privileged is only known" in gap.reason for gap in found.gaps) is (known is None)


@pytest.mark.parametrize(
    ("volume", "has"),
    [
        ("/var/run/docker.sock:/var/run/docker.sock:ro", True),
        ("/run/docker.sock:/x", True),
        ("//var//run:/x", True),
        ("/run/user/1000/podman/podman.sock:/x", True),
        ("/:/host:ro", True),
        ("/var/log:/x", False),
        ("docker.sock:/var/run/docker.sock.d", True),
        ("sock", False),
    ],
)
def test_the_socket_by_any_name(tmp_path: Path, volume: str, has: bool) -> None:
    found = collected(tmp_path, {"compose.yaml": f"services: {{web: {{image: a:1, volumes: ['{volume}']}}}}\n"})
    assert items(found)["web"]["docker_socket"] is has


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("environment: {DB_PASSWORD: hunter2, LOG: debug}", ["DB_PASSWORD"]),
        ("environment: [PGPASSWORD=hunter2, MYSQL_PWD=x]", ["MYSQL_PWD", "PGPASSWORD"]),
        ("environment: {DB_PASSWORD: '${DB_PASSWORD:-hunter2}'}", ["DB_PASSWORD"]),
        ("environment: {DB_PASSWORD: '${DB_PASSWORD:?}', DB_PASSWORD_FILE: /run/secrets/x}", []),
        ("environment: {DATABASE_URL: 'postgres://shop:hunter2@db/shop'}", ["DATABASE_URL"]),
        ("environment: {DATABASE_URL: 'postgres://shop:${PW}@db/shop', SITE: 'http://shop.example'}", []),
        ("build: {context: ., args: {NPM_TOKEN: abc, NODE_ENV: x}}", ["build argument NPM_TOKEN"]),
        ("labels: {traefik.auth.password: hunter2}", ["label traefik.auth.password"]),
        ("command: redis-server --requirepass hunter2", ["command --requirepass"]),
        ("command: [run, --db-password=hunter2]", ["command --db-password"]),
        ("entrypoint: [run, --token, '$TOKEN', --password-file, /x, --secret, /run/secrets/x]", []),
        ("command: run --password --verbose", []),
        ("healthcheck: {test: 'mysqladmin ping --password=hunter2'}", ["healthcheck --password"]),
    ],
)
def test_where_secrets_stand_in_plain_text(tmp_path: Path, text: str, secrets: list[str]) -> None:
    found = collected(tmp_path, {"compose.yaml": f"services: {{web: {{image: a:1, {text}}}}}\n"})
    (item,) = items(found).values()
    assert item["literal_secrets"] == secrets
    assert "hunter2" not in str(item["literal_secrets"])


def test_secrets_in_files_that_git_tracks(tmp_path: Path) -> None:
    compose = """services:
  web:
    image: a:1
    env_file: [web.env, {path: gone.env}, "${OTHER}.env", sample.env]
    secrets: [plain, {source: empty}, given, elsewhere]
secrets:
  plain: {file: ./plain.txt}
  empty: {file: ./empty.txt}
  given: {environment: GIVEN}
  elsewhere: {external: true}
"""
    found = collected(
        tmp_path,
        {
            "compose.yaml": compose,
            "web.env": "API_TOKEN=hunter2\nLOG_LEVEL=info\n",
            "sample.env": "API_TOKEN=changeme\nDB_PASSWORD=${DB_PASSWORD}\nX_SECRET=\n",
            "plain.txt": "hunter2\n",
            "empty.txt": "\n",
        },
    )
    (item,) = items(found).values()
    assert item["literal_secrets"] == ["API_TOKEN of env_file web.env", "secret plain, whose file is in git"]

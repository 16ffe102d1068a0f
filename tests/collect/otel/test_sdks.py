"""OpenTelemetry among declared dependencies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.collect.otel.sdks import is_manifest, read_sdks


def found(path: str, text: str) -> list[tuple[str, str, str]]:
    return [(one.name, one.part, one.scope) for one in read_sdks(path, text.encode())]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("requirements.txt", True),
        ("requirements/dev.in", True),
        ("requirements-prod.txt", True),
        ("docs/notes.txt", False),
        ("node_modules/a/package.json", False),
        ("vendor/x/go.mod", False),
        ("src/Shop.csproj", True),
        ("poetry.lock", False),
        ("package-lock.json", False),
        ("Makefile", False),
    ],
)
def test_which_files_declare(path: str, expected: bool) -> None:
    assert is_manifest(path) is expected


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "requirements.txt",
            "# opentelemetry-sdk\nflask\nopentelemetry-exporter-otlp[grpc]>=1 # x\n-r opentelemetry.txt\n",
            [("opentelemetry-exporter-otlp", "sdk", "run")],
        ),
        ("setup.cfg", "install_requires =\n    opentelemetry-distro~=0.4\n", [("opentelemetry-distro", "sdk", "run")]),
        (
            "setup.py",
            "setup(install_requires=['opentelemetry-sdk>=1'])\n# 'opentelemetry-x'\n",
            [("opentelemetry-sdk", "sdk", "run")],
        ),
        (
            "pyproject.toml",
            (
                '[project]\ndescription = "opentelemetry-sdk"\ndependencies = ["opentelemetry-sdk>=1", "flask"]\n'
                '[project.optional-dependencies]\ndev = ["opentelemetry-instrumentation-flask"]\n'
                '[tool.poetry.group.test.dependencies]\nopentelemetry-api = "^1"\n'
                '[dependency-groups]\nrun = ["opentelemetry-distro", {include-group = "x"}]\n'
            ),
            [
                ("opentelemetry-sdk", "sdk", "run"),
                ("opentelemetry-instrumentation-flask", "sdk", "dev"),
                ("opentelemetry-api", "api", "dev"),
                ("opentelemetry-distro", "sdk", "run"),
            ],
        ),
        (
            "Cargo.toml",
            '[dependencies]\nopentelemetry = "0.2"\nopentelemetry_sdk = {}\n[dev-dependencies]\nopentelemetry-x = 1\n',
            [
                ("opentelemetry", "api", "run"),
                ("opentelemetry_sdk", "sdk", "run"),
                ("opentelemetry-x", "sdk", "dev"),
            ],
        ),
        (
            "package.json",
            (
                '{"name": "opentelemetry", "dependencies": {"@opentelemetry/api": 1, "@opentelemetry/sdk-node": 1},'
                ' "devDependencies": {"@opentelemetry/sdk-node": 1, "@opentelemetry/zipkin": 1}, "peerDependencies": 1}'
            ),
            [
                ("@opentelemetry/api", "api", "run"),
                ("@opentelemetry/sdk-node", "sdk", "run"),
                ("@opentelemetry/zipkin", "sdk", "dev"),
            ],
        ),
        ("package.json", '["@opentelemetry/api"]', []),
        ("composer.json", '{"require": {"open-telemetry/sdk": "^1"}}', [("open-telemetry/sdk", "sdk", "run")]),
        (
            "go.mod",
            (
                "require (\n\tgo.opentelemetry.io/otel v1.2.0\n\tgo.opentelemetry.io/otel/sdk v1.2.0\n"
                "\tgo.opentelemetry.io/otel/metric v1.2.0 // indirect\n)\nrequire go.opentelemetry.io/x v0\n"
            ),
            [
                ("go.opentelemetry.io/otel", "api", "run"),
                ("go.opentelemetry.io/otel/sdk", "sdk", "run"),
                ("go.opentelemetry.io/x", "sdk", "run"),
            ],
        ),
        (
            "pom.xml",
            "<!-- <artifactId>opentelemetry-sdk</artifactId> --><artifactId> opentelemetry-exporter-otlp </artifactId>",
            [("opentelemetry-exporter-otlp", "sdk", "run")],
        ),
        (
            "build.gradle.kts",
            (
                '/* "io.opentelemetry:opentelemetry-sdk" */\n// "io.opentelemetry:opentelemetry-sdk"\n'
                'implementation("io.opentelemetry:opentelemetry-api:1.0")\n'
                'testImplementation("io.opentelemetry:opentelemetry-sdk-testing:1.0")\n'
            ),
            [
                ("io.opentelemetry:opentelemetry-api", "api", "run"),
                ("io.opentelemetry:opentelemetry-sdk-testing", "sdk", "dev"),
            ],
        ),
        (
            "a/Shop.csproj",
            '<PackageReference Include="OpenTelemetry.Api" /><!-- <PackageReference Include="OpenTelemetry"/> -->',
            [("OpenTelemetry.Api", "api", "run")],
        ),
        (
            "Gemfile",
            "gem 'opentelemetry-sdk'\n# gem 'opentelemetry-exporter-otlp'\n",
            [("opentelemetry-sdk", "sdk", "run")],
        ),
        (
            "mix.exs",
            '{:opentelemetry, "~> 1.3"}, {:opentelemetry_api, "~> 1.2"}\n# {:opentelemetry_exporter, "1"}\n',
            [("opentelemetry", "sdk", "run"), ("opentelemetry_api", "api", "run")],
        ),
    ],
)
def test_what_each_manifest_declares(path: str, text: str, expected: list[tuple[str, str, str]]) -> None:
    assert found(path, text) == expected


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("package.json", '{"opentelemetry"', "is not JSON"),
        ("pyproject.toml", "opentelemetry = [", "is not TOML"),
    ],
)
def test_what_cannot_be_read_says_so(path: str, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_sdks(path, text.encode())


def test_a_line_is_told() -> None:
    (one,) = read_sdks("requirements.txt", b"a\n\nopentelemetry-sdk\n")
    assert one.facts()["line"] == 3


@given(
    st.sampled_from(
        [
            "requirements.txt",
            "package.json",
            "go.mod",
            "pom.xml",
            "build.gradle",
            "pyproject.toml",
            "mix.exs",
            "Gemfile",
        ]
    ),
    st.text(alphabet="opentlmry-/<>{}[]\"'#:=,.@ \n0", max_size=200),
)
def test_anything_is_read_or_refused_with_words(path: str, text: str) -> None:
    try:
        read = read_sdks(path, f"{text}opentelemetry{text}".encode())
    except ValueError:
        return
    assert all("opentelemetry" in one.name.lower().replace("open-t", "opent") for one in read)

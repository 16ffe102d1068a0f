"""Settings and OpenTelemetry through the whole program."""

from __future__ import annotations

from pathlib import Path

from tests.support.fakes import write
from tests.support.repos import Gate, Said
from tests.support.repositories import commit, make_repository

POLICY = """version: 1
extends: baseline
evidence:
  files:
    values:
      dimension: {paths: [config/production.yaml], keys: [engine.dimension]}
criteria:
  config.number: {level: must, path: config/production.yaml, key: server.workers, minimum: 4, maximum: 4}
  config.duration: {level: must, path: config/production.yaml, key: queue.timeout, maximum: 1m}
  config.log-level: {level: must}
  config.no-plain-secrets: {}
  config.kubeconfig: {}
  engine.dimension:
    title: The dimension is one that the model has
    category: configuration
    level: must
    evidence: files
    select: {each: values.dimension, at_least: 1, noun: setting|settings}
    require: {required: [number], properties: {number: {enum: [384, 768, 1024]}}}
  otel.defined: {}
  otel.exporters-real: {level: must}
  otel.sampling: {level: must}
"""
GOOD = """\
engine: {dimension: 768}
server: {workers: 4}
queue: {timeout: 30s}
logging: {level: INFO}
database:
  password: ${DB_PASSWORD}
"""
BAD = """\
engine: {}
server: {workers: 40}
queue: {timeout: 2m}
logging: {level: debug}
database:
  password: s3cr3t-9f2
"""
OTEL = """\
receivers: {otlp: {}}
processors: {probabilistic_sampler: {sampling_percentage: 10}}
exporters: {otlp: {endpoint: "tempo:4317"}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [probabilistic_sampler], exporters: [otlp]}
"""
KUBECONFIG = "apiVersion: v1\nkind: Config\nclusters: []\nusers: [{name: a, user: {token: TOKEN}}]\n"


def judged(gate: Gate, root: Path, files: dict[str, str]) -> Said:
    make_repository(root)
    write(root, {".gate/policy.yml": POLICY, **files})
    commit(root)
    return gate.run(root, "--only", "files,otel")


def outcomes(said: Said) -> dict[str, str]:
    return {
        id_: outcome
        for id_, outcome in said.outcomes().items()
        if id_.partition(".")[0] in ("config", "engine", "otel")
    }


def test_what_is_as_wanted_passes(gate: Gate, tmp_path: Path) -> None:
    files = {"config/production.yaml": GOOD, "otel.yaml": OTEL, "kubeconfig": KUBECONFIG.replace("TOKEN", "'${TOKEN}'")}
    assert set(outcomes(judged(gate, tmp_path, files)).values()) == {"pass"}


def test_what_is_not_fails_and_the_secret_is_told_nowhere(gate: Gate, tmp_path: Path) -> None:
    files = {
        "config/production.yaml": BAD,
        "otel.yaml": OTEL.replace("exporters: [otlp]", "exporters: [jaeger]").replace(": 10}", ": 0}"),
        "kubeconfig": KUBECONFIG.replace("TOKEN", "t0psecret"),
    }
    said = judged(gate, tmp_path, files)
    assert set(outcomes(said).values()) == {"fail"}
    assert "s3cr3t-9f2" not in said.out + said.err
    assert "t0psecret" not in said.out + said.err


def test_what_cannot_be_read_is_no_pass(gate: Gate, tmp_path: Path) -> None:
    files = {
        "config/production.yaml": f"{GOOD}---\n]\n",
        "otel.yaml": f"{OTEL}---\nservice: [pipelines\n",
        "kubeconfig": KUBECONFIG.replace("TOKEN", "["),
    }
    assert set(outcomes(judged(gate, tmp_path, files)).values()) == {"no_evidence"}

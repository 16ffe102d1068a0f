"""The otel collector on real trees."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.collect.collectors.otel import OtelCollector
from gate.collect.workspace import Workspace
from gate.judge.schema import problems, shipped_validator
from gate.model.evidence import Collected, Evidence, Missing, Unreadable
from gate.model.json import Json, JsonObject
from tests.support.fakes import context, write

GOOD = """\
extensions:
  health_check: {}
receivers:
  otlp: {protocols: {grpc: {}}}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 400}
  tail_sampling:
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: some, type: probabilistic, probabilistic: {sampling_percentage: 25}}
  batch:
exporters:
  otlp/tempo: {endpoint: "https://tempo.example-shop.io:4317"}
  debug:
connectors:
  spanmetrics: {}
service:
  extensions: [health_check]
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, tail_sampling, batch]
      exporters: [otlp/tempo, spanmetrics]
    metrics:
      receivers: [spanmetrics]
      exporters: [debug]
"""
SMALL = """\
receivers: {otlp: {}}
exporters: {EXPORTER}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [NAME]}
"""


def small(name: str, body: str = "{}") -> str:
    return SMALL.replace("EXPORTER", f'"{name}": {body}').replace("NAME", f'"{name}"')


def collect(root: Path, files: Mapping[str, str], request: JsonObject | None = None) -> Evidence:
    write(root, dict(files))
    return OtelCollector().collect(context(Workspace(root), request or {}))


def collected(root: Path, files: Mapping[str, str], request: JsonObject | None = None) -> Collected:
    evidence = collect(root, files, request)
    assert isinstance(evidence, Collected), evidence
    assert not problems(shipped_validator("evidence/otel"), evidence.facts)
    return evidence


def items(evidence: Collected, fact: str) -> list[JsonObject]:
    found = evidence.facts[fact]
    assert isinstance(found, list)
    return [item for item in found if isinstance(item, dict)]


def told(evidence: Collected) -> list[str]:
    return [gap.reason for gap in evidence.gaps]


def test_a_configuration_with_all_that_is_told_of_it(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"otel.yaml": GOOD})
    assert evidence.facts["configs"] == 1
    assert evidence.facts["pipelines"] == {"traces": 1, "metrics": 1, "logs": 0, "profiles": 0}
    (config,) = items(evidence, "config_items")
    assert (config["health_check"], config["problems"], config["unused"], config["undefined"]) == (True, [], [], [])
    traces, metrics = items(evidence, "pipeline_items")
    assert (traces["target"], traces["memory_limiter"], traces["batch"]) == ("real", "first", "ordered")
    assert (metrics["target"], metrics["memory_limiter"], metrics["batch"]) == ("none", "none", "none")
    assert (traces["line"], metrics["line"]) == (20, 24)
    (sampler,) = items(evidence, "samplers")
    assert (sampler["ratio"], sampler["decided"], sampler["used"], sampler["line"]) == (0.25, True, True, 7)
    tempo, debug = items(evidence, "exporter_items")
    assert (tempo["hosts"], tempo["transport"], debug["transport"]) == (["tempo.example-shop.io"], "tls", "none")
    assert not evidence.gaps
    assert evidence.sources[0].path == "otel.yaml"


def test_nothing_of_it_does_not_apply(tmp_path: Path) -> None:
    evidence = collect(tmp_path, {"a.yaml": "x: 1\n", "requirements.txt": "flask==3.0\n"})
    assert isinstance(evidence, Missing)
    assert evidence.not_applicable
    assert not evidence.gaps


def test_a_broken_configuration_is_not_nothing(tmp_path: Path) -> None:
    assert isinstance(collect(tmp_path, {"otel.yaml": "service: {pipelines: [\nreceivers: x"}), Unreadable)


def test_a_broken_document_beside_a_good_one_is_a_gap(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"otel.yaml": f"{GOOD}---\nservice: [pipelines\n"})
    assert evidence.facts["configs"] == 1
    assert [(gap.path, "config_items" in gap.facts) for gap in evidence.gaps] == [("otel.yaml", True)]


def test_what_the_collector_refuses(tmp_path: Path) -> None:
    text = """\
receivers: {otlp: {}}
exporters: {otlp: {endpoint: "tempo:4317"}}
processors: {probabilistic_sampler: {sampling_percentage: 5}}
service:
  extensions: [pprof]
  pipelines:
    traces: {receivers: [otlp, jaeger], processors: [batch], exporters: [otlp]}
    spans: {receivers: [otlp], exporters: [otlp]}
    logs: {receivers: [], exporters: []}
    metrics:
"""
    (config,) = items(evidence := collected(tmp_path, {"otel.yaml": text}), "config_items")
    assert config["problems"] == [
        "starts the extension pprof, which is not defined",
        "has a pipeline traces with the receiver jaeger, which is not defined",
        "has a pipeline traces with the processor batch, which is not defined",
        "has a pipeline spans, which is of no signal",
        "has a pipeline logs without receivers",
        "has a pipeline logs without exporters",
        "has a pipeline metrics without receivers",
        "has a pipeline metrics without exporters",
    ]
    assert config["undefined"] == ["jaeger", "batch", "pprof"]
    assert config["unused"] == ["processors probabilistic_sampler"]
    assert not items(evidence, "samplers")[0]["used"]
    assert evidence.facts["pipelines"] == {"traces": 1, "metrics": 1, "logs": 1, "profiles": 0}


def test_files_of_one_folder_may_be_merged_and_are_not_wrong_by_themselves(tmp_path: Path) -> None:
    extra = """\
exporters: {otlp/x: {endpoint: "tempo:4317"}}
service:
  pipelines:
    traces: {exporters: [otlp/tempo, otlp/x]}
"""
    evidence = collected(tmp_path, {"a/otel.yaml": GOOD, "a/extra.yaml": extra})
    extras = items(evidence, "config_items")[0]
    assert (extras["path"], extras["problems"], extras["undefined"]) == ("a/extra.yaml", [], [])
    assert items(evidence, "pipeline_items")[0]["memory_limiter"] == "unknown"
    assert "names otlp/tempo, which only a file beside it defines: whether both are merged is not known" in told(
        evidence
    )
    apart = collected(tmp_path / "apart", {"a/otel.yaml": GOOD, "b/extra.yaml": extra})
    alone = items(apart, "config_items")[1]
    assert "has a pipeline traces without receivers" in str(alone["problems"])
    assert alone["undefined"] == ["otlp/tempo"]


@pytest.mark.parametrize(
    ("name", "body", "target", "transport"),
    [
        ("otlp", "{endpoint: 'tempo:4317'}", "real", "tls"),
        ("otlp", "{endpoint: 'tempo:4317', tls: {insecure: true}}", "real", "plain"),
        ("otlp", "{endpoint: 'tempo:4317', insecure: true}", "real", "plain"),
        ("otlp", "{endpoint: 'tempo:4317', tls: {insecure_skip_verify: true}}", "real", "unverified"),
        ("otlp", "{endpoint: 'https://tempo:4317', tls: {insecure: true}}", "real", "tls"),
        ("otlp", "{endpoint: 'tempo:4317', tls: {insecure: '${env:X}'}}", "real", "unknown"),
        ("otlp", "{endpoint: '${env:HOST}:4317'}", "unknown", "tls"),
        ("otlp", "{endpoint: 'tempo:${env:PORT}'}", "real", "tls"),
        ("otlp", "{}", "none", "unknown"),
        ("otlp", "'${file:otlp.yaml}'", "unknown", "unknown"),
        ("otlphttp", "{endpoint: 'http://tempo:4318'}", "real", "plain"),
        ("otlphttp", "{traces_endpoint: 'https://tempo/v1/traces'}", "real", "tls"),
        ("otlphttp", "{endpoint: '${env:URL}'}", "unknown", "unknown"),
        ("otlphttp", "{endpoint: 'https://otlp.example.com'}", "unknown", "tls"),
        ("debug", "{}", "none", "none"),
        ("logging", "{}", "none", "none"),
        ("nop", "{}", "none", "none"),
        ("file", "{path: /x}", "real", "none"),
        ("awsxray", "{}", "real", "tls"),
        ("kafka", "{}", "real", "unknown"),
        ("elasticsearch", "{endpoints: ['http://a:9200', 'https://b:9200']}", "real", "plain"),
        ("opensearch", "{http: {endpoint: 'http://opensearch:9200'}}", "real", "plain"),
        ("otlp", "[1, 2]", "none", "unknown"),
    ],
)
def test_where_an_exporter_sends_to(tmp_path: Path, name: str, body: str, target: str, transport: str) -> None:
    evidence = collected(tmp_path, {"otel.yaml": small(name, body)})
    (exporter,) = items(evidence, "exporter_items")
    assert (exporter["target"], exporter["transport"]) == (target, transport)
    (pipeline,) = items(evidence, "pipeline_items")
    assert pipeline["target"] == target
    assert ("pipeline_items.target",) in [gap.facts for gap in evidence.gaps] or target != "unknown"
    assert ("exporter_items.transport",) in [gap.facts for gap in evidence.gaps] or transport != "unknown"


@pytest.mark.parametrize(
    ("processors", "order", "limiter", "batch"),
    [
        ("memory_limiter: {check_interval: 1s, limit_mib: 1}, batch: {}", "memory_limiter, batch", "first", "ordered"),
        ("memory_limiter: {check_interval: 1s, limit_mib: 1}, batch: {}", "batch, memory_limiter", "later", "early"),
        ("memory_limiter: {limit_mib: 1}", "memory_limiter", "unset", "none"),
        ("memory_limiter: {check_interval: 0s, limit_mib: 1}", "memory_limiter", "unset", "none"),
        ("memory_limiter: {check_interval: x, limit_mib: [1]}", "memory_limiter", "unset", "none"),
        ("memory_limiter: {check_interval: '${env:X}', limit_percentage: '80'}", "memory_limiter", "first", "none"),
        ("x: {}", "memory_limiter", "unset", "none"),
        ("batch: {}, tail_sampling: {}", "batch, tail_sampling", "none", "early"),
        ("batch: {}", "'${env:FIRST}', batch", "unknown", "ordered"),
    ],
)
def test_limiter_and_batches(tmp_path: Path, processors: str, order: str, limiter: str, batch: str) -> None:
    text = small("otlp", "{endpoint: 'tempo:4317'}").replace("[otlp], exp", f"[otlp], processors: [{order}], exp")
    (pipeline,) = items(collected(tmp_path, {"otel.yaml": f"processors: {{{processors}}}\n{text}"}), "pipeline_items")
    assert (pipeline["memory_limiter"], pipeline["batch"]) == (limiter, batch)


def test_exporters_may_make_the_batches(tmp_path: Path) -> None:
    text = small("otlp", "{endpoint: 'tempo:4317', sending_queue: {batch: {}}}")
    assert items(collected(tmp_path, {"otel.yaml": text}), "pipeline_items")[0]["batch"] == "exporter"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("probabilistic_sampler: {sampling_percentage: 10}", (0.1, True)),
        ("probabilistic_sampler: {sampling_percentage: '10'}", (0.1, True)),
        ("probabilistic_sampler: {sampling_percentage: 250}", (1, True)),
        ("probabilistic_sampler: {}", (0, True)),
        ("probabilistic_sampler: {sampling_percentage: '${env:RATE}'}", (None, False)),
        ("probabilistic_sampler: {sampling_percentage: -1}", (None, False)),
        ("probabilistic_sampler: {sampling_percentage: true}", (None, False)),
        ("tail_sampling: {policies: [{name: a, type: always_sample}]}", (1, True)),
        ("tail_sampling: {policies: [{name: a, type: latency}]}", (None, True)),
        ("tail_sampling: {policies: [{type: '${env:T}'}]}", (None, False)),
        ("tail_sampling: {policies: [{type: probabilistic, probabilistic: {sampling_percentage: x}}]}", (None, False)),
        ("tail_sampling: {policies: 7}", (None, False)),
    ],
)
def test_samplers_of_a_collector(tmp_path: Path, body: str, found: tuple[float | None, bool]) -> None:
    text = f"processors: {{{body}}}\n{small('debug')}"
    evidence = collected(tmp_path, {"otel.yaml": text})
    (sampler,) = items(evidence, "samplers")
    assert (sampler.get("ratio"), sampler["decided"]) == found
    assert (("samplers.decided",) in [gap.facts for gap in evidence.gaps]) is not found[1]


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: prod}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: api
          image: shop/api:1
          env: [ENV]
"""


def deployment(*env: str) -> str:
    return DEPLOYMENT.replace("ENV", ", ".join(env))


@pytest.mark.parametrize(
    ("env", "found"),
    [
        (["{name: OTEL_TRACES_SAMPLER, value: always_on}"], ("always_on", 1, True)),
        (["{name: OTEL_TRACES_SAMPLER, value: parentbased_always_off}"], ("parentbased_always_off", 0, True)),
        (["{name: OTEL_TRACES_SAMPLER, value: traceidratio}"], ("traceidratio", 1, True)),
        (
            ["{name: OTEL_TRACES_SAMPLER, value: traceidratio}", "{name: OTEL_TRACES_SAMPLER_ARG, value: '0.25'}"],
            ("traceidratio", 0.25, True),
        ),
        (
            ["{name: OTEL_TRACES_SAMPLER, value: traceidratio}", "{name: OTEL_TRACES_SAMPLER_ARG, value: '25'}"],
            ("traceidratio", None, False),
        ),
        (
            [
                "{name: OTEL_TRACES_SAMPLER, value: traceidratio}",
                "{name: OTEL_TRACES_SAMPLER_ARG, valueFrom: {configMapKeyRef: {name: a, key: b}}}",
            ],
            ("traceidratio", None, False),
        ),
        (["{name: OTEL_TRACES_SAMPLER, value: jaeger_remote}"], ("jaeger_remote", None, False)),
        (["{name: OTEL_TRACES_SAMPLER, value: '${SAMPLER}'}"], ("unknown", None, False)),
        (
            ["{name: OTEL_TRACES_SAMPLER, valueFrom: {secretKeyRef: {name: a, key: b}}}"],
            ("unknown", None, False),
        ),
    ],
)
def test_samplers_that_variables_set(tmp_path: Path, env: list[str], found: tuple[str, float | None, bool]) -> None:
    (sampler,) = items(collected(tmp_path, {"k8s.yaml": deployment(*env)}), "samplers")
    assert (sampler["type"], sampler.get("ratio"), sampler["decided"]) == found
    assert (sampler["kind"], sampler["name"], sampler["namespace"], sampler["container"]) == (
        "Deployment",
        "shop",
        "prod",
        "api",
    )


def test_objects_of_the_operator(tmp_path: Path) -> None:
    text = """\
apiVersion: opentelemetry.io/v1alpha1
kind: OpenTelemetryCollector
metadata: {name: old}
spec:
  config: |
    receivers: {otlp: {}}
    exporters: {debug: {}}
    service:
      pipelines:
        logs: {receivers: [otlp], exporters: [debug]}
---
apiVersion: opentelemetry.io/v1beta1
kind: OpenTelemetryCollector
metadata: {name: new, namespace: obs}
spec:
  config:
    receivers: {otlp: {}}
    exporters: {debug: {}}
    service:
      pipelines:
        metrics: {receivers: [otlp], exporters: [debug]}
---
apiVersion: opentelemetry.io/v1beta1
kind: OpenTelemetryCollector
metadata: {name: bad}
spec: {config: "receivers: ["}
---
apiVersion: opentelemetry.io/v1beta1
kind: OpenTelemetryCollector
metadata: {name: none}
spec: {config: 7}
---
apiVersion: opentelemetry.io/v1alpha1
kind: Instrumentation
metadata: {name: all}
spec:
  exporter: {endpoint: "http://collector:4317"}
  sampler: {type: parentbased_traceidratio, argument: "0.5"}
  env: [{name: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, value: ""}]
---
apiVersion: jaegertracing.io/v1
kind: Jaeger
metadata: {name: simple}
---
apiVersion: tempo.grafana.com/v1alpha1
kind: TempoStack
metadata: {name: stack}
---
apiVersion: tempo.grafana.com/v1alpha1
kind: TempoMonolithic
metadata: {name: mono}
spec: {storage: {traces: {backend: pv}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {OTEL_TRACES_SAMPLER: always_on}
"""
    evidence = collected(tmp_path, {"k8s.yaml": text})
    names = [item["name"] for item in items(evidence, "config_items")]
    assert names == ["OpenTelemetryCollector old", "OpenTelemetryCollector obs/new"]
    assert [item["line"] for item in items(evidence, "pipeline_items")] == [1, 21]
    ratios = {item["kind"]: item.get("ratio") for item in items(evidence, "samplers")}
    assert ratios == {"ConfigMap": 1, "Instrumentation": 0.5}
    assert [(item["variable"], item["target"]) for item in items(evidence, "endpoints")] == [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "real"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "none"),
    ]
    assert [(item["backend"], item["storage"]) for item in items(evidence, "trace_backends")] == [
        ("jaeger", "memory"),
        ("tempo", "configured"),
        ("tempo", "configured"),
    ]
    assert sum("OpenTelemetryCollector bad" in reason for reason in told(evidence)) == 1
    assert "OpenTelemetryCollector none has no config that is YAML" in told(evidence)


def test_a_configuration_in_a_config_map(tmp_path: Path) -> None:
    body = "\n".join(f"    {line}" for line in GOOD.splitlines())
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: otel, namespace: obs}}\ndata:\n  relay: |\n{body}\n"
    evidence = collected(tmp_path, {"cm.yaml": text})
    (config,) = items(evidence, "config_items")
    assert (config["kind"], config["name"], config["line"]) == ("ConfigMap", "ConfigMap obs/otel, relay", 1)


COMPOSE = """\
services:
  shop:
    image: shop/api:1
    environment:
      - OTEL_EXPORTER_OTLP_ENDPOINT=http://${COLLECTOR_HOST}:${PORT:-4317}
      - OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  jaeger:
    image: ${JAEGER_IMAGE:-quay.io/jaegertracing/all-in-one:1.60}
    command: ["--log-level", "info"]
  jaeger2: {image: "jaegertracing/jaeger:2.1", command: "--config=/etc/j.yaml"}
  zipkin: {image: openzipkin/zipkin, environment: {STORAGE_TYPE: "${STORE}"}}
  tempo: {image: "grafana/tempo:${TAG}"}
  web: {image: nginx}
  odd: 7
"""


def test_compose_services_with_what_the_dotenv_says(tmp_path: Path) -> None:
    dotenv = "COLLECTOR=collector\nCOLLECTOR_HOST=${COLLECTOR}\nNOBODY=${KNOWS}\n"
    evidence = collected(tmp_path, {"compose.yaml": COMPOSE, ".env": dotenv})
    assert [(item["target"], item.get("host")) for item in items(evidence, "endpoints")] == [
        ("real", "collector"),
        ("unknown", None),
    ]
    assert [(item["name"], item["storage"]) for item in items(evidence, "trace_backends")] == [
        ("jaeger", "memory"),
        ("jaeger2", "configured"),
        ("zipkin", "unknown"),
        ("tempo", "configured"),
    ]
    without = collected(tmp_path / "b", {"compose.yaml": COMPOSE, ".env": "not a line !\n"})
    assert items(without, "endpoints")[0]["target"] == "unknown"


def test_an_sdk_among_the_dependencies(tmp_path: Path) -> None:
    evidence = collected(tmp_path, {"requirements.txt": "opentelemetry-api\nopentelemetry-sdk==1.2\n"})
    assert evidence.facts["sdk_in_use"] is True
    assert items(evidence, "sdks")[1] == {
        "name": "opentelemetry-sdk",
        "path": "requirements.txt",
        "part": "sdk",
        "scope": "run",
        "line": 2,
    }
    assert evidence.sources[0].detail == "2 dependencies on OpenTelemetry"


def test_the_api_alone_is_no_sdk(tmp_path: Path) -> None:
    assert collected(tmp_path, {"requirements.txt": "opentelemetry-api\n"}).facts["sdk_in_use"] is False


def test_a_manifest_that_cannot_be_read_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"a/package.json": "{opentelemetry", "b/Pipfile": b"\xff opentelemetry", "otel.yaml": GOOD})
    (tmp_path / "pyproject.toml").symlink_to("otel.yaml")
    evidence = OtelCollector().collect(context(Workspace(tmp_path), {}))
    assert sorted((gap.path, gap.facts[0]) for gap in evidence.gaps) == [
        ("a/package.json", "sdk_in_use"),
        ("b/Pipfile", "sdk_in_use"),
    ]


def test_what_is_excluded_is_not_looked_at(tmp_path: Path) -> None:
    files = {
        "examples/otel.yaml": GOOD,
        "examples/requirements.txt": "opentelemetry-sdk\n",
        "examples/compose.yaml": COMPOSE,
    }
    assert isinstance(collect(tmp_path, files, {"exclude": "examples/**"}), Missing)


@pytest.mark.parametrize(
    "text",
    [
        "receivers: {}\nservice: {pipelines: {traces: [1, {a: b}], 7: {receivers: {a: b}, exporters: 3}}}\n",
        "receivers: {}\nservice: {extensions: 5, pipelines: {traces: {receivers: [[1]], exporters: [{a: b}]}}}\n",
        "receivers: {}\nexporters: 5\nservice: {pipelines: {'': null, '${env:P}': '${env:Q}'}}\n",
        "receivers: {}\nprocessors: {tail_sampling: 1, a: 5}\nservice: {pipelines: {logs: {processors: [a]}}}\n",
    ],
)
def test_odd_shapes_are_no_trouble(tmp_path: Path, text: str) -> None:
    facts: dict[str, Json] = collected(tmp_path, {"otel.yaml": text}).facts
    assert facts["configs"] == 1

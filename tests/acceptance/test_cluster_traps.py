"""Traps and bad input of manifests, each through the whole program: it blocks and says why, and nothing passes.

The numbers are those of the project's list of traps.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import gate.collect.tools
from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import deployment, manifest, rows
from tests.support.fakes import write
from tests.support.packaging import TOOLS, chart, needs_helm, needs_kubectl
from tests.support.prometheus import needs_amtool, needs_promtool
from tests.support.repos import Gate, Said
from tests.support.repositories import commit, make_repository

READY: JsonObject = {"image": "ghcr.io/example/shop:1.4.2", "livenessProbe": {"tcpSocket": {"port": 1}}}
GOOD = deployment(container={**READY})
BAD = deployment("bad", container={"image": "shop"})
CRITERIA = ("kubernetes.parsed", "kubernetes.liveness-probe", "kubernetes.image-not-latest")
MORE = (
    *("helm.renders", "kustomize.builds", "prometheus.rules-valid", "prometheus.expressions-parse"),
    *("alertmanager.valid", "alertmanager.receivers-have-targets", "alertmanager.default-receiver"),
)
POLICY = "version: 1\nextends: baseline\ncriteria:\n" + "".join(
    f"  {each}: {{level: must}}\n" for each in CRITERIA + MORE
)
KINDS = "kubernetes,helm,kustomize,prometheus,alertmanager"
RULES = """groups:
- name: shop
  rules:
  - alert: Down
    expr: up == 0
    for: 5m
    labels: {severity: critical}
"""


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate.collect.tools, "DIRECTORIES", (TOOLS, *gate.collect.tools.DIRECTORIES))


def run(gate: Gate, root: Path, files: dict[str, str | bytes], policy: str = POLICY) -> Said:
    write(root, {".gate/policy.yml": policy, **files})
    said = gate.run(root, "--only", KINDS)
    assert "own collector ended" not in said.out
    return said


def outcomes(said: Said, kind: str = "kubernetes") -> set[str]:
    found = {id_: outcome for id_, outcome in said.outcomes().items() if id_ in CRITERIA + MORE}
    return {outcome for id_, outcome in found.items() if id_.startswith(f"{kind}.")}


def facts(said: Said, kind: str = "kubernetes") -> JsonObject:
    found = said.evidence(kind)["facts"]
    assert isinstance(found, dict)
    return found


def test_a_good_tree_passes(gate: Gate, tmp_path: Path) -> None:
    assert outcomes(run(gate, tmp_path, {"k8s/web.yaml": GOOD})) == {"pass"}


def test_trap_14_one_bad_document_of_three(gate: Gate, tmp_path: Path) -> None:
    broken = "---\napiVersion: v1\nkind: Service\nmetadata: {name: [}\n"
    said = run(gate, tmp_path, {"k8s/web.yaml": GOOD + broken + BAD})
    assert said.outcomes()["kubernetes.parsed"] == "fail"
    assert said.outcomes()["kubernetes.image-not-latest"] == "fail"
    (gap,) = said.evidence("kubernetes")["gaps"]
    assert (gap["path"], gap["line"]) == ("k8s/web.yaml", 6)
    (tmp_path / "k8s/web.yaml").write_text(GOOD + broken)
    assert outcomes(run(gate, tmp_path, {})) == {"fail", "no_evidence"}


@needs_kubectl
def test_trap_15_a_patch_is_no_workload(gate: Gate, tmp_path: Path) -> None:
    patch = manifest("Deployment", "web", {"replicas": 3}, "apps/v1")
    files: dict[str, str | bytes] = {
        "k8s/kustomization.yaml": "resources: [web.yaml]\npatches: [{path: more.yaml}]\n",
        "k8s/web.yaml": GOOD,
        "k8s/more.yaml": patch,
    }
    said = run(gate, tmp_path, files)
    assert outcomes(said) == outcomes(said, "kustomize") == {"pass"}
    (workload,) = rows(facts(said), "workloads")
    assert (workload["origin"], workload["replicas"]) == ("kustomization", 3)


def test_trap_15_half_a_workload_outside_of_a_kustomization_is_no_pass(gate: Gate, tmp_path: Path) -> None:
    half = manifest("Deployment", "half", {"replicas": 3}, "apps/v1")
    said = run(gate, tmp_path, {"k8s/web.yaml": GOOD, "k8s/half.yaml": half})
    assert said.outcomes()["kubernetes.liveness-probe"] == "no_evidence"
    assert "k8s/half.yaml: Deployment half has no containers, so no cluster takes it" in said.gaps("kubernetes")


@needs_helm
@pytest.mark.parametrize(
    "changed",
    [
        {"charts/web/templates/a.yaml": '{{ fail "not today" }}\n'},
        {"charts/web/templates/a.yaml": '{{ range until 1000000000 }}{{ repeat 1000 "x" }}{{ end }}\n'},
        {"charts/web/templates/a.yaml": "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}\n"},
        {
            "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n"
            "- {name: redis, version: 1.0.0, repository: 'https://charts.example.com'}\n"
        },
        {"charts/web/Chart.yaml": "version: 0.1.0\n"},
        {"charts/web/values.yaml": "a: [\n"},
    ],
    ids=["fails", "gigabytes", "for ever", "dependency not vendored", "no chart", "values that are none"],
)  # fmt: skip
def test_trap_16_a_chart_that_does_not_render(gate: Gate, tmp_path: Path, changed: dict[str, str]) -> None:
    said = run(gate, tmp_path, {"k8s/web.yaml": GOOD, **chart(), **changed})
    assert said.code == 1
    assert "pass" not in {*outcomes(said, "helm"), said.outcomes()["kubernetes.image-not-latest"]}
    assert any("charts/web" in gap for gap in said.gaps("kubernetes"))
    names = {each["path"] for each in rows(facts(said), "workloads")}
    assert names == {"k8s/web.yaml"}  # no template that happens to parse


@needs_helm
def test_trap_16_templates_are_no_manifests(gate: Gate, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
        "charts/web/templates/off.yaml": "{{- if .Values.no }}\n" + BAD + "{{- end }}\n",
        "charts/web/templates/_part.yaml": HEAD.replace("other", "'{{ .Release.Name }}'"),
        "charts/web/templates/on.yaml": GOOD,
    }
    said = run(gate, tmp_path, files)
    assert said.evidence("kubernetes")["gaps"] == []
    assert outcomes(said) == outcomes(said, "helm") == {"pass"}
    assert [each["name"] for each in rows(facts(said), "workloads")] == ["web"]


@needs_helm
def test_values_that_are_a_link_are_not_followed(gate: Gate, tmp_path: Path) -> None:
    write(tmp_path, chart())
    (tmp_path / "charts/web/values.yaml").unlink()
    (tmp_path / "charts/web/values.yaml").symlink_to("/etc/hostname")
    make_repository(tmp_path)
    commit(tmp_path)
    said = run(gate, tmp_path, {})
    assert said.code == 1
    assert "pass" not in outcomes(said, "helm")
    assert any("charts/web" in gap for gap in said.gaps("helm")), said.gaps("helm")


def test_trap_17_copies_count_once(gate: Gate, tmp_path: Path) -> None:
    said = run(gate, tmp_path, {"k8s/web.yaml": GOOD, "mirror/k8s/web.yaml": GOOD, "release/all.yaml": GOOD + BAD})
    assert sorted(str(each["name"]) for each in rows(facts(said), "workloads")) == ["bad", "web"]
    assert said.outcomes()["kubernetes.image-not-latest"] == "fail"


def test_trap_18_workloads_of_others_are_left_out_by_the_policy_and_told(gate: Gate, tmp_path: Path) -> None:
    selected = POLICY + "evidence:\n  kubernetes:\n    workloads: {exclude: {names: [bad]}}\n"
    files: dict[str, str | bytes] = {"k8s/web.yaml": GOOD + BAD}
    said = run(gate, tmp_path, files, selected)
    assert outcomes(said) == {"pass"}
    assert [each["name"] for each in rows(facts(said), "others")] == ["bad"]
    assert "pass" not in {
        run(gate, tmp_path, {}, selected.replace("[bad]", "['*']")).outcomes()[id_] for id_ in CRITERIA[1:]
    }


ALERTMANAGER = """route: {receiver: team}
receivers:
- name: team
  slack_configs: [{channel: '#shop', api_url: 'URL'}]
"""


@needs_amtool
def test_trap_20_placeholders_are_unchecked_and_no_receiver_without_a_target_passes(gate: Gate, tmp_path: Path) -> None:
    said = run(gate, tmp_path, {"alertmanager.yml": ALERTMANAGER.replace("URL", "${SLACK_WEBHOOK_URL}")})
    assert "fail" not in outcomes(said, "alertmanager")
    assert facts(said, "alertmanager")["receivers_with_placeholder"] == 1
    silent = "route: {receiver: team}\nreceivers: [{name: team}]\n"
    said = run(gate, tmp_path, {"alertmanager.yml": silent})
    assert said.outcomes()["alertmanager.receivers-have-targets"] == "fail"
    assert said.outcomes()["alertmanager.default-receiver"] == "fail"


def test_trap_21_a_probe_of_a_path_that_no_code_serves_is_a_probe(gate: Gate, tmp_path: Path) -> None:
    probe: JsonObject = {"livenessProbe": {"httpGet": {"path": "/nobody", "port": 8080}}}
    said = run(gate, tmp_path, {"k8s/web.yaml": deployment(container=probe), "app.py": "print()\n"})
    assert said.outcomes()["kubernetes.liveness-probe"] == "pass"


@pytest.mark.parametrize(
    "probe",
    [
        {"exec": {"command": ["sh", "-c", "exit 0"]}},
        {"tcpSocket": {"port": 1, "host": "example.com"}},
        {"tcpSocket": {"port": 1}, "periodSeconds": 86400},
        {"tcpSocket": {"port": 1}, "failureThreshold": 1000000},
        {"tcpSocket": {"port": 1}, "initialDelaySeconds": 2**40},
    ],
)
def test_a_probe_without_effect_is_none(gate: Gate, tmp_path: Path, probe: Json) -> None:
    said = run(gate, tmp_path, {"k8s/web.yaml": deployment(container={"livenessProbe": probe})})
    assert said.outcomes()["kubernetes.liveness-probe"] == "fail"


def test_a_probe_of_another_container_does_not_count(gate: Gate, tmp_path: Path) -> None:
    beside: JsonObject = {"name": "proxy", **READY, "restartPolicy": "Always", "ports": [{"containerPort": 1}]}
    pod: JsonObject = {"containers": [{"name": "app", "image": "a:1"}, beside]}
    assert run(gate, tmp_path, {"k8s/web.yaml": deployment(pod=pod)}).outcomes()["kubernetes.liveness-probe"] == "fail"
    served: JsonObject = {"name": "app", "image": "a:1", "restartPolicy": "Always", "ports": [{"containerPort": 1}]}
    pod = {"initContainers": [served], "containers": [beside]}
    assert run(gate, tmp_path, {"k8s/web.yaml": deployment(pod=pod)}).outcomes()["kubernetes.liveness-probe"] == "fail"


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: other}\n"


@pytest.mark.parametrize(
    "data",
    [
        b"apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n",
        (HEAD + BOMB).encode(),
        (HEAD + "spec: " + "[" * 20_000 + "\n").encode(),
        (HEAD + "kind: ConfigMap\n").encode(),
        (HEAD + "spec: {replicas: 1, replicas: 2}\n").encode(),
        b"apiVersion: apps/v1\nkind: Deployment\nmetadata: {labels: {a: b}}\n",
        b"apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Pod, metadata: {}}]\n",
        HEAD.encode() + b"# \xff\xfe\xfa\n",
        BAD.encode("utf-16"),
        HEAD.replace("other", "o\x07ther").encode(),
        (HEAD + "spec: !!python/object/apply:os.system ['true']\n").encode(),
        (HEAD + "x: " + "y" * 70_000_000 + "\n").encode(),
    ],
    ids=[
        *("tab", "bomb", "deep", "key twice", "inner key twice", "no name", "no name in a list"),
        *("not UTF-8", "UTF-16", "control character", "tag", "huge"),
    ],
)
def test_bad_input_is_a_gap_and_blocks(gate: Gate, tmp_path: Path, data: bytes) -> None:
    said = run(gate, tmp_path, {"k8s/web.yaml": GOOD, "k8s/odd.yaml": data})
    assert said.code == 1
    assert said.outcomes()["kubernetes.liveness-probe"] in ("no_evidence", "fail")
    gaps = said.gaps("kubernetes")
    assert any(gap.startswith("k8s/odd.yaml: ") for gap in gaps), gaps


@pytest.mark.parametrize("text", [GOOD, BAD], ids=["good", "bad"])
@pytest.mark.parametrize(
    "how",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: ("apiVersion: v1\nkind: List\nitems:\n- " + text.removeprefix("---\n")).encode(),
        lambda text: ("apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- " + text.removeprefix("---\n")).encode(),
        lambda text: (
            text + "".join(manifest("ConfigMap", f"c{n}", {}, data="x" * 90_000) for n in range(110))
        ).encode(),
    ],
    ids=["CRLF", "BOM", "list", "typed list", "10 MB"],
)
def test_odd_input_is_read_like_any_other(gate: Gate, tmp_path: Path, how: Callable[[str], bytes], text: str) -> None:
    said = run(gate, tmp_path, {"k8s/web.yaml": how(text)})
    assert said.outcomes()["kubernetes.image-not-latest"] == ("pass" if text == GOOD else "fail")
    assert said.outcomes()["kubernetes.liveness-probe"] == ("pass" if text == GOOD else "fail")


@needs_kubectl
@pytest.mark.parametrize(
    "files",
    [
        {"k8s/kustomization.yaml": "resources: [../../outside]\n"},
        {"k8s/kustomization.yaml": "resources: [/etc]\n"},
        {"k8s/kustomization.yaml": "resources: ['https://example.com/base.yaml']\n"},
        {"k8s/kustomization.yaml": "resources: ['github.com/example/base?ref=main']\n"},
        {"k8s/kustomization.yaml": "resources: [../other]\n", "other/kustomization.yaml": "resources: [../k8s]\n"},
        {"k8s/kustomization.yaml": "resources: [.]\n"},
        {"k8s/kustomization.yaml": "resources: [web.yaml, none.yaml]\n"},
        {"k8s/kustomization.yaml": "resources: [web.yaml\n"},
    ],
    ids=["outside", "absolute", "URL", "repository", "circle", "itself", "absent", "no YAML"],
)
def test_a_kustomization_that_is_not_built_blocks(gate: Gate, tmp_path: Path, files: dict[str, str]) -> None:
    said = run(gate, tmp_path, {"k8s/web.yaml": GOOD, **files})
    assert said.code == 1
    assert "pass" not in {*outcomes(said, "kustomize"), said.outcomes()["kubernetes.liveness-probe"]}
    assert said.evidence("kubernetes")["gaps"]


@needs_helm
@needs_kubectl
@pytest.mark.parametrize(
    "hiding",
    [
        {"k8s/Chart.yaml": "apiVersion: v2\nname: x\nversion: 0.1.0\n"},
        {"k8s/Chart.yaml": "apiVersion: v2\nname: x\nversion: 0.1.0\ntype: library\n"},
        {"k8s/kustomization.yaml": "resources: [other.yaml]\npatches: [{path: bad.yaml, target: {kind: None}}]\n"},
        {"kustomization.yaml": "resources: [k8s/other.yaml]\n"},
        {"k8s/kustomization.yaml": "kind: Component\npatches: [{path: bad.yaml}]\n"},
    ],
    ids=["chart", "library", "patch of nothing", "not among the resources", "component"],
)
@pytest.mark.parametrize("place", ["k8s", "k8s/templates"])
def test_a_file_that_is_dropped_in_hides_no_workload(
    gate: Gate, tmp_path: Path, hiding: dict[str, str], place: str
) -> None:
    moved = {path: text.replace("bad.yaml", f"{place}/bad.yaml".removeprefix("k8s/")) for path, text in hiding.items()}
    said = run(gate, tmp_path, {"k8s/other.yaml": GOOD, f"{place}/bad.yaml": BAD, **moved})
    assert said.outcomes()["kubernetes.image-not-latest"] == "fail"


@needs_promtool
def test_a_file_of_many_rules(gate: Gate, tmp_path: Path) -> None:
    many = "".join(f"  - record: a:b:{number}\n    expr: sum(up) + {number}\n" for number in range(10_000))
    said = run(gate, tmp_path, {"rules.yml": RULES + many})
    assert facts(said, "prometheus")["recording_rules"] == 10_000
    assert outcomes(said, "prometheus") == {"pass"}


@needs_promtool
@pytest.mark.parametrize("depth", [500, 10_000])
@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("-", ""), ("abs(", ")"), ("sum(", ")")])
def test_an_expression_that_is_nested_deep(gate: Gate, tmp_path: Path, opening: str, closing: str, depth: int) -> None:
    deep = opening * depth + "up" + closing * depth
    said = run(gate, tmp_path, {"rules.yml": RULES.replace("up == 0", f"'{deep} == 0'")})
    assert facts(said, "prometheus")["alerts"] == 1
    if depth == 10_000:
        assert outcomes(said, "prometheus") == {"no_evidence"}
        assert any("larger than what is parsed here" in gap for gap in said.gaps("prometheus"))


@pytest.mark.parametrize("text", [RULES.replace("up == 0", "up =="), RULES.replace("for: 5m", "for: soon")])
def test_rules_that_prometheus_refuses(gate: Gate, tmp_path: Path, text: str) -> None:
    said = run(gate, tmp_path, {"rules.yml": text})
    assert said.code == 1
    assert "pass" not in {said.outcomes()["prometheus.rules-valid"]}


@needs_amtool
def test_what_is_critical_does_not_go_to_nobody(gate: Gate, tmp_path: Path) -> None:
    routed = "".join(
        f"  {id_}: {{level: must}}\n" for id_ in ("alertmanager.routable", "alertmanager.severities-routed")
    )
    config = """route:
  receiver: team
  routes:
  - matchers: [severity="critical"]
    receiver: "null"
    CONTINUE
receivers:
- name: team
  webhook_configs: [{url: 'https://hooks.shop.io/alerts'}]
- name: "null"
"""
    for text in ("continue: true", ""):
        files: dict[str, str | bytes] = {"alertmanager.yml": config.replace("CONTINUE", text), "rules.yml": RULES}
        found = run(gate, tmp_path, files, POLICY + routed).outcomes()
        assert (found["alertmanager.routable"], found["alertmanager.severities-routed"]) == ("fail", "fail")


@needs_promtool
@pytest.mark.parametrize(
    "changed",
    [
        ("up == 0", "up > 1"),
        ("up == 0", "(up == 0) unless on() vector(1)"),
        ("up == 0", "up == 0 and on() (vector(0) > 1)"),
        ("for: 5m", "for: 1y"),
    ],
)
def test_an_alert_that_never_fires(gate: Gate, tmp_path: Path, changed: tuple[str, str]) -> None:
    asked = ("prometheus.alerts-can-fire", "prometheus.alerts-have-for", "prometheus.alert-availability")
    policy = POLICY + "".join(f"  {id_}: {{level: must}}\n" for id_ in asked)
    assert {run(gate, tmp_path, {"rules.yml": RULES}, policy).outcomes()[id_] for id_ in asked} == {"pass"}
    found = run(gate, tmp_path, {"rules.yml": RULES.replace(*changed)}, policy).outcomes()
    assert "fail" in {found[id_] for id_ in asked}
    if "up" in changed[0]:
        assert found["prometheus.alert-availability"] == "fail"

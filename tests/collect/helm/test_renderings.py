"""Charts through the real helm, and what is left of them through broken ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.collect.cache import Cache, Cached
from gate.collect.folder_cache import FolderCache
from gate.collect.helm.renderings import ChartResult, Renderings, render_charts
from gate.collect.manifests import manifests_of
from gate.collect.manifests.objects import ClusterObject
from gate.model.json import Json
from tests.support.fakes import EmptyToolbox, write
from tests.support.packaging import broken, chart, context, needs_helm

VERSION = "v4.1.4"


def _now() -> datetime:
    return datetime(2026, 11, 20, tzinfo=UTC)


def rendered(root: Path, files: dict[str, str], **request: object) -> Renderings:
    write(root, files)
    return render_charts(context(root, {"helm": request}))  # type: ignore[dict-item]


def only(found: Renderings) -> ChartResult:
    (result,) = found.results
    return result


def objects(result: ChartResult, index: int = 0) -> tuple[ClusterObject, ...]:
    found = result.sets[index].objects
    assert found is not None, result.sets[index].reason
    return found


@needs_helm
def test_a_chart_renders_to_its_objects(tmp_path: Path) -> None:
    crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.example.com}\n"
    result = only(rendered(tmp_path, chart() | {"charts/web/crds/crd.yaml": crd}))
    assert result.is_rendered
    assert result.lint is not None
    assert result.lint.count("error") == 0
    assert [(one.kind, one.name, one.path, one.line, one.source) for one in objects(result)] == [
        ("CustomResourceDefinition", "a.example.com", "charts/web/crds/crd.yaml", 2, "charts/web"),
        ("Service", "web", "charts/web/templates/workload.yaml", 12, "charts/web"),
        ("Deployment", "web", "charts/web/templates/workload.yaml", 2, "charts/web"),
    ]
    deployment = objects(result)[2]
    assert deployment.origin == "chart"
    assert deployment.value.line == 2
    assert deployment.spec["replicas"] == 1
    assert result.sets[0].merged["replicas"] == 1


@needs_helm
def test_each_environment_is_rendered_by_itself(tmp_path: Path) -> None:
    files = chart() | {
        "charts/web/values-prod.yaml": "replicas: 3\n",
        "charts/web/values-broken.yaml": "replicas: [\n",
    }
    result = only(rendered(tmp_path, files))
    names = [one.values.name for one in result.sets]
    assert names == ["its default values", "charts/web/values-broken.yaml", "charts/web/values-prod.yaml"]
    assert objects(result, 2)[1].spec["replicas"] == 3
    assert objects(result, 2)[1].source == "charts/web with charts/web/values-prod.yaml"
    assert result.sets[1].refused
    assert "values-0.yaml" in str(result.sets[1].reason)
    assert not result.is_rendered


@needs_helm
def test_values_that_the_policy_names_go_together(tmp_path: Path) -> None:
    files = chart() | {"env/a.yaml": "replicas: 3\n", "env/b.yaml": "replicas: 5\n"}
    values = {"charts/*": [["env/a.yaml", "env/b.yaml"], "env/absent.yaml"]}
    result = only(rendered(tmp_path, files, values=values))
    assert objects(result, 1)[1].spec["replicas"] == 5
    assert result.sets[2].reason == "its values env/absent.yaml cannot be used: it is not there"


@needs_helm
def test_defaults_need_not_do_where_an_environment_gives_what_they_lack(tmp_path: Path) -> None:
    wanted = 'kind: Secret\napiVersion: v1\nmetadata:\n  name: {{ required "a name is needed" .Values.name }}\n'
    files = chart() | {"charts/web/templates/secret.yaml": wanted, "charts/web/ci/a-values.yaml": "name: a\n"}
    result = only(rendered(tmp_path, files))
    assert not result.is_rendered
    assert result.sets[0].refused
    assert result.sets[0].reason == (
        "does not render: execution error at (web/templates/secret.yaml:4:11): a name is needed"
    )
    result = only(rendered(tmp_path, {"charts/web/values-prod.yaml": "name: b\n"}))
    assert result.is_rendered
    assert result.first is not None
    assert result.first.values.files == ("charts/web/ci/a-values.yaml",)


@needs_helm
def test_lint_passes_on_a_chart_that_does_not_render(tmp_path: Path) -> None:
    result = only(rendered(tmp_path, chart() | {"charts/web/templates/a.yaml": 'a: {{ required "x" .Values.none }}\n'}))
    assert result.lint is not None
    assert result.lint.count("error") == 0
    assert not result.is_rendered


@needs_helm
def test_what_is_not_vendored_is_not_rendered_and_helm_not_asked(tmp_path: Path) -> None:
    head = (
        "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- {name: redis, version: 1.x, condition: redis.on}\n"
    )
    write(tmp_path, chart() | {"charts/web/Chart.yaml": head})
    log: list[str] = []
    result = only(render_charts(context(tmp_path, log=log)))
    assert result.sets[0].reason == "is not rendered: redis 1.x of its dependencies are not vendored in charts/"
    assert not result.sets[0].refused
    assert result.lint is not None
    assert not any("template web" in line for line in log)
    result = only(rendered(tmp_path, {"charts/web/values-small.yaml": "redis: {on: false}\n"}))
    assert [one.objects is not None for one in result.sets] == [False, True]
    assert result.sets[1].off == ("redis",)


@needs_helm
def test_dependencies_are_rendered_from_where_they_lie(tmp_path: Path) -> None:
    head = (
        "apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies:\n"
        "- {name: web, version: 0.1.0, repository: 'file://../web', alias: front}\n- {name: redis, version: 0.1.0}\n"
    )
    files = chart() | {"charts/shop/Chart.yaml": head} | chart("redis", "charts/shop/charts/cache")
    found = rendered(tmp_path, files)
    shop = next(one for one in found.results if one.chart.name == "shop")
    assert sorted({one.path for one in objects(shop)}) == [
        "charts/shop/charts/cache/templates/workload.yaml",
        "charts/web/templates/workload.yaml",
    ]


@needs_helm
def test_tests_and_libraries_are_no_objects(tmp_path: Path) -> None:
    test = 'kind: Pod\napiVersion: v1\nmetadata:\n  name: t\n  annotations: {"helm.sh/hook": "pre-install, test"}\n'
    library = {"lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 0.1.0\ntype: library\n"}
    found = rendered(tmp_path, chart() | {"charts/web/templates/tests/a.yaml": test} | library)
    web, lib = found.results
    assert (len(objects(web)), web.sets[0].tests) == (2, 1)
    assert lib.sets == ()
    assert lib.lint is not None


@needs_helm
def test_neither_network_nor_environment_nor_cluster_reach_a_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", "planted")
    template = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
        '  address: {{ getHostByName "localhost" | quote }}\n'
        '  nodes: {{ lookup "v1" "Node" "" "" | toJson | quote }}\n'
        '  file: {{ printf "%s%s" (.Files.Get "../../secret.txt") (.Files.Get "/etc/passwd") | quote }}\n'
    )
    files = chart() | {"charts/web/templates/map.yaml": template, "secret.txt": "planted"}
    (found,) = [one for one in objects(only(rendered(tmp_path, files))) if one.kind == "ConfigMap"]
    assert found.value["data"] == {"address": "", "nodes": "{}", "file": ""}
    for name in ("env", "expandenv"):
        template = f'kind: A\napiVersion: v1\nmetadata: {{name: {{{{ {name} "PLANTED" }}}}}}\n'
        result = only(rendered(tmp_path, {"charts/web/templates/map.yaml": template}))
        assert f'function "{name}" not defined' in str(result.sets[0].reason)


@needs_helm
def test_a_schema_that_lies_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    schema = '{"$ref": "http://127.0.0.1:9/schema.json"}'
    result = only(rendered(tmp_path, chart() | {"charts/web/values.schema.json": schema}))
    assert result.is_rendered
    assert result.foreign == "http://127.0.0.1:9/schema.json"


@needs_helm
def test_values_are_held_against_their_schema(tmp_path: Path) -> None:
    schema = '{"properties": {"replicas": {"type": "string"}}}'
    result = only(rendered(tmp_path, chart() | {"charts/web/values.schema.json": schema}))
    assert result.foreign is None
    assert "don't meet the specifications" in str(result.sets[0].reason)
    assert result.sets[0].refused


@needs_helm
@pytest.mark.parametrize(
    "template",
    [
        "{{- range $i := until 100000000 }}x{{ end }}\n",
        "a: {{ repeat 2000000000 .Values.replicas }}\n",
        '{{- define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}\n',
        "kind: A\nkind: A\nmetadata: {name: b}\n",
        "- 1\n",
        "kind: [a]\nmetadata: 7\n",
        "\0",
    ],
)
def test_a_hostile_template_ends(tmp_path: Path, template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.helm.run._TIMEOUT", 10.0)
    monkeypatch.setattr("gate.collect.helm.run._MEMORY", 300 * 1024**2)
    result = only(rendered(tmp_path, chart() | {"charts/web/templates/a.yaml": template}))
    assert (result.sets[0].objects is None) == (result.sets[0].reason is not None)


@needs_helm
def test_the_version_of_kubernetes_is_the_policy_s(tmp_path: Path) -> None:
    write(tmp_path, chart())
    for requests, wanted in (
        ({"kubernetes": {"version": "1.29"}}, "v1.29"),
        ({"helm": {"kube_version": "1.30.2"}, "kubernetes": {"version": "1.29"}}, "v1.30.2"),
    ):
        result = only(render_charts(context(tmp_path, requests)))  # type: ignore[arg-type]
        assert result.sets[0].kube_version == wanted


@needs_helm
def test_what_is_known_is_not_rendered_again(tmp_path: Path) -> None:
    write(tmp_path / "tree", chart() | {"charts/web/values-prod.yaml": "replicas: 2\n"})
    first_log: list[str] = []
    cache = FolderCache(tmp_path / "cache", "run 1", _now)
    first = render_charts(context(tmp_path / "tree", cache=cache, log=first_log))
    cache.save()
    log: list[str] = []
    again = render_charts(context(tmp_path / "tree", cache=FolderCache(tmp_path / "cache", "run 2", _now), log=log))
    assert again.cached == 3
    assert len([line for line in log if "on chart web" in line]) == 0
    assert [one.sets for one in again.results] == [one.sets for one in first.results]
    write(tmp_path / "tree", {"charts/web/values-prod.yaml": "replicas: 7\n"})
    changed = render_charts(context(tmp_path / "tree", cache=FolderCache(tmp_path / "cache", "run 3", _now)))
    assert changed.cached == 2
    assert objects(only(changed), 1)[1].spec["replicas"] == 7


def test_without_helm_the_charts_are_known_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, chart())
    found = render_charts(context(tmp_path, tools=EmptyToolbox()))
    assert [one.chart.name for one in found.results] == ["web"]
    assert str(found.problem) == "helm is not installed"
    assert found.results[0].sets == ()


def test_without_a_chart_helm_is_not_asked_for(tmp_path: Path) -> None:
    found = render_charts(context(tmp_path, tools=EmptyToolbox()))
    assert (found.results, found.problem) == ((), None)


@needs_helm
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("say(0, b'')", "wrote no report"),
        ("say(0, b'---\\nkind: A\\n')", "does not hold the mark"),
        ("say(*real()[:1], b'---\\n# Source: a/b.yaml\\nkind: ConfigMap\\nmetadata: {name: x}\\n')", "does not hold"),
        ("say(77, b'x')", "ended with exit code 77"),
        ("code, out, err = real(); say(code, out[: len(out) // 2], err)", "does not hold the mark"),
        ("code, out, err = real(); say(0, out or b'---\\na: 1\\n', b'')", ""),
        ("code, out, err = real(); say(code, out.replace(b'yes-1', b'yes-2'), err)", "something else"),
        ("os.kill(os.getpid(), 9)", "killed by signal 9"),
    ],
)
def test_a_broken_helm_is_not_trusted(tmp_path: Path, body: str, words: str) -> None:
    write(tmp_path / "tree", chart())
    found = render_charts(context(tmp_path / "tree", tools=broken(tmp_path / "bin", "helm", VERSION, body)))
    assert found.problem is not None
    assert "is not trusted: its self-test does not find what was planted in a chart" in str(found.problem)
    assert words in str(found.problem)
    assert all(one.sets == () and one.lint is None for one in found.results)


@needs_helm
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("say(0, out[:10], err)", "does not hold the mark"),
        ("say(1, out, b'Error: x')", "printed objects, and ended with exit code 1"),
        ("say(1, b'', b'')", "wrote no report"),
    ],
)
def test_a_helm_that_breaks_later_proves_nothing(tmp_path: Path, body: str, words: str) -> None:
    write(tmp_path / "tree", chart())
    now = "'canary' not in sys.argv and sys.argv[1] == 'template'"
    later = f"code, out, err = real()\nif {now}: {body}\nsay(code, out, err)"
    found = render_charts(context(tmp_path / "tree", tools=broken(tmp_path / "bin", "helm", VERSION, later)))
    assert found.problem is None
    result = only(found)
    assert result.sets[0].objects is None
    assert not result.sets[0].refused
    assert words in str(result.sets[0].reason)


@needs_helm
@pytest.mark.parametrize("body", ["say(1, out, err)", "say(0, b'', err)", "say(0, out * 2, err)"])
def test_a_lint_that_contradicts_itself_is_none(tmp_path: Path, body: str) -> None:
    write(tmp_path / "tree", chart())
    later = f"code, out, err = real()\nif sys.argv[1] == 'lint' and code == 0: {body}\nsay(code, out, err)"
    found = render_charts(context(tmp_path / "tree", tools=broken(tmp_path / "bin", "helm", VERSION, later)))
    result = only(found)
    assert result.lint is None
    assert "was not linted" in result.gaps[0].reason
    assert result.is_rendered


class _Junk(Cache):
    """A cache that somebody wrote other things into."""

    def __init__(self, value: Json) -> None:
        self._value = value

    def get(self, space: str, key: Sequence[str]) -> Cached | None:
        return Cached(self._value, "2026-11-20 (run 1)") if space == "helm" and key else None

    def put(self, space: str, key: Sequence[str], value: Json) -> None:
        pass

    def save(self) -> None:
        pass


@needs_helm
@pytest.mark.parametrize("value", [None, 7, "kind: A\n", [], ["x"], [["error"]], [[1, 2]], {"a": 1}])
def test_what_a_cache_holds_is_not_taken_on_trust(tmp_path: Path, value: Json) -> None:
    write(tmp_path, chart())
    result = only(render_charts(context(tmp_path, cache=_Junk(value))))
    assert len(objects(result)) == 2
    assert result.lint is not None


@needs_helm
def test_a_chart_that_cannot_be_copied_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, chart())
    one = context(tmp_path)
    manifests_of(one)
    (tmp_path / "charts/web/templates/workload.yaml").unlink()
    result = only(render_charts(one))
    assert result.gaps[0].reason == "charts/web/templates/workload.yaml in it is not there"
    assert result.sets[0].objects is None
    assert result.lint is None


@needs_helm
def test_a_link_among_the_templates_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, chart() | {"shared/a.yaml": "kind: A\n"})
    (tmp_path / "charts/web/templates/a.yaml").symlink_to("../../../shared/a.yaml")
    result = only(render_charts(context(tmp_path)))
    assert result.gaps[0].reason == (
        "charts/web/templates/a.yaml in it is a link or a submodule, which the gate does not follow"
    )
    assert not result.is_rendered
    (tmp_path / "charts/web/templates/a.yaml").rename(tmp_path / "charts/web/NOTES-link")
    assert only(render_charts(context(tmp_path))).is_rendered

"""Objects against the schemas of a version of Kubernetes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema_rs import validator_for

from gate.collect.kubernetes.api_changes import Standing, fate_of, instead_of
from gate.collect.kubernetes.api_schemas import Api, NoSchemasError, api_of, has_api, schemas_of, versions
from gate.collect.kubernetes.cluster import Cluster
from gate.collect.kubernetes.schema_problems import problems_of
from gate.collect.kubernetes.validity import finding_facts, validity_part
from gate.collect.manifests.objects import ClusterObject
from gate.formats.located_yaml import Located
from gate.model.evidence import Collected
from gate.model.json import Json, JsonObject
from tests.collect.kubernetes.manifests import collect, deployment, facts, manifest, one, rows

PRESENT: JsonObject = {"version": "1.33"}
FLOWS = "flowcontrol.apiserver.k8s.io/v1beta3"


def problems(root: Path, text: str) -> list[str]:
    """Return what is wrong with the only object that does not fit."""
    found = one(facts(root, text, PRESENT), "invalid_items")["problems"]
    assert isinstance(found, list)
    return [str(each) for each in found]


def test_what_fits(tmp_path: Path) -> None:
    found = facts(tmp_path, deployment() + manifest("ConfigMap", "a", {}).replace(', "spec": {}', ""), PRESENT)
    assert found["schema_valid"] == 2
    assert found["schema_invalid"] == found["schema_unknown"] == found["removed_apis"] == 0
    assert found["schema_version"] == "1.33"
    assert found["invalid_items"] == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (deployment(replicas="3"), 'spec.replicas is the text "3", and must be a whole number'),
        (deployment(replicas=[]), "spec.replicas is a list, and must be a whole number"),
        (deployment(paused="yes"), 'spec.paused is the text "yes", and must be true or false'),
        (deployment(minReadySeconds=True), "spec.minReadySeconds is true, and must be a whole number"),
        (deployment(strategy="Recreate"), 'spec.strategy is the text "Recreate", and must be a map'),
        (deployment(replcas=3), "spec has a field that there is not: replcas (replicas?)"),
        (deployment(xyz=3), "spec has a field that there is not: xyz"),
        (deployment(selector=None), "spec has no selector"),
        (
            deployment(container={"env": [{"nam": "A", "valu": "1"}]}),
            "spec.template.spec.containers[0].env[0] has fields that there are not: nam (name?), valu (value?)",
        ),
        (
            deployment(container={"resources": {"limits": {"memory": ["1Gi"]}}}),
            "spec.template.spec.containers[0].resources.limits.memory is a list, and must be text or a number",
        ),
        (
            manifest("Deployment", "a", {}, "v1"),
            "Kubernetes 1.33 has no kind Deployment in v1; it is in apps/v1",
        ),
        (manifest("Affinity", "a", {}), "Kubernetes 1.33 has no kind Affinity in v1"),
        (manifest("../../Pod", "a", {}), "Kubernetes 1.33 has no kind ../../Pod in v1"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    assert problem in problems(tmp_path, text)


def test_an_unknown_field_of_the_object_itself_is_told(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndta: {a: b}\nspec: {}\n"
    (problem,) = problems(tmp_path, text)
    assert problem.startswith("the object has fields that there are not: ")
    assert "dta" in problem


def test_a_long_text_is_not_told(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, deployment(replicas="a" * 1000))
    assert problem == "spec.replicas is text, and must be a whole number"


def test_each_invalid_object_counts_once_and_has_findings_with_its_line(tmp_path: Path) -> None:
    text = deployment() + deployment("api", replicas="3", paused="no")
    evidence = collect(tmp_path, {"k8s/all.yaml": text}, PRESENT)
    assert isinstance(evidence, Collected)
    assert evidence.facts["schema_invalid"] == 1
    assert [(each.rule, each.path, each.line) for each in evidence.findings] == [
        ("kubernetes.schema-invalid", "k8s/all.yaml", 4)
    ] * 2
    assert len({each.fingerprint for each in evidence.findings}) == 2
    assert evidence.findings[0].message.startswith("Deployment api: spec.")


def test_facts_follow_the_findings(tmp_path: Path) -> None:
    evidence = collect(tmp_path, {"k8s/all.yaml": deployment(replicas="3") + _flow_schema()}, PRESENT)
    assert isinstance(evidence, Collected)
    told = finding_facts(evidence.findings)
    assert (told["schema_invalid"], told["removed_apis"]) == (1, 1)
    assert told.items() <= evidence.facts.items()
    waived = finding_facts([replace(each, suppressed=True) for each in evidence.findings])
    assert waived == {"schema_invalid": 0, "invalid_items": [], "removed_apis": 0}


def test_kinds_of_others_are_unknown_and_not_invalid(tmp_path: Path) -> None:
    text = manifest("Rollout", "a", {"x": 1}, "argoproj.io/v1alpha1")
    text += manifest("Gateway", "a", {}, "networking.istio.io/v1") + manifest(
        "Service", "a", {}, "serving.knative.dev/v1"
    )
    found = facts(tmp_path, text + deployment(), PRESENT)
    assert found["schema_unknown"] == 3
    assert found["unknown_kinds"] == {"Gateway": 1, "Rollout": 1, "Service": 1}
    assert (found["schema_valid"], found["schema_invalid"]) == (1, 0)


def test_where_nothing_was_held_against_a_schema_nothing_is_said_to_fit(tmp_path: Path) -> None:
    found = facts(tmp_path, manifest("Rollout", "a", {}, "argoproj.io/v1alpha1"), PRESENT)
    assert "schema_valid" not in found
    assert "schema_invalid" not in found


def test_patches_are_not_held_against_schemas(tmp_path: Path) -> None:
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n"
    evidence = collect(tmp_path, {"overlays/prod/web.yaml": patch, "base/web.yaml": deployment()}, PRESENT)
    assert isinstance(evidence, Collected)
    assert (evidence.facts["schema_valid"], evidence.facts["schema_invalid"]) == (1, 0)


def _flow_schema() -> str:
    return manifest("FlowSchema", "a", {"priorityLevelConfiguration": {"name": "a"}}, FLOWS)


def test_apis_that_are_gone_are_told_by_themselves(tmp_path: Path) -> None:
    text = _flow_schema() + manifest("Ingress", "a", {}, "extensions/v1beta1") + deployment()
    evidence = collect(tmp_path, {"k8s/all.yaml": text}, PRESENT)
    assert isinstance(evidence, Collected)
    found = evidence.facts
    assert (found["removed_apis"], found["schema_invalid"], found["schema_valid"]) == (2, 0, 1)
    told = {each["name"]: (each["standing"], each.get("since"), each.get("instead")) for each in rows(found, "apis")}
    assert told == {
        f"{FLOWS} FlowSchema": ("removed", "1.32", "flowcontrol.apiserver.k8s.io/v1"),
        "extensions/v1beta1 Ingress": ("removed", "1.22", "networking.k8s.io/v1"),
        "apps/v1 Deployment": ("served", None, None),
    }
    assert evidence.findings[1].message == (
        "Ingress a: extensions/v1beta1 Ingress is gone since Kubernetes 1.22; use networking.k8s.io/v1"
    )


def test_apis_that_will_go_are_valid_and_told(tmp_path: Path) -> None:
    found = facts(
        tmp_path, _flow_schema() + _flow_schema().replace('"a"}, "spec', '"b"}, "spec'), {"version": "v1.31.4"}
    )
    assert (found["schema_valid"], found["deprecated_apis"], found["removed_apis"]) == (2, 2, 0)
    assert one(found, "apis")["objects"] == 2


def test_apis_that_are_not_there_yet(tmp_path: Path) -> None:
    text = manifest("ValidatingAdmissionPolicy", "a", {}, "admissionregistration.k8s.io/v1")
    found = facts(tmp_path, text, {"version": "1.25"})
    assert found["removed_apis"] == 1
    assert one(found, "apis")["standing"] == "not_yet"


@pytest.mark.parametrize("version", ["1.2", "2.0", "1.33.x", "../1.33", ""])
def test_a_version_without_schemas_is_a_gap(tmp_path: Path, version: str) -> None:
    evidence = collect(tmp_path, {"k8s/all.yaml": deployment()}, {"version": version})
    assert isinstance(evidence, Collected)
    (gap,) = evidence.gaps
    assert "schema_invalid" in gap.facts
    assert f"Kubernetes {version}; choose one from 1." in gap.reason
    assert "schema_invalid" not in evidence.facts


def test_without_the_package_there_are_no_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.collect.kubernetes.api_schemas.versions", dict)
    with pytest.raises(NoSchemasError, match="not installed"):
        schemas_of(None)


def test_what_sops_encrypted_is_unknown_and_only_if_it_is(tmp_path: Path) -> None:
    data = "data: {a: 'ENC[AES256_GCM,data:x,type:str]'}\nsops: {mac: x}\n"
    text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\n{data}"
    found = facts(tmp_path, text + deployment(), PRESENT)
    assert (found["schema_unknown"], found["schema_invalid"]) == (1, 0)
    found = facts(tmp_path, text.replace("ENC[", "[") + deployment(), PRESENT)
    assert (found["schema_unknown"], found["schema_invalid"]) == (0, 1)


@pytest.mark.parametrize(
    ("api", "kind"),
    [("../v1", "Pod"), ("v1", "../Pod"), ("v1", "pod"), ("a/b/v1", "Pod"), ("", "Pod"), ("v1", ""), ("V1", "Pod")],
)
def test_names_that_no_api_has_are_none(api: str, kind: str) -> None:
    assert api_of(api, kind) is None


def test_every_api_that_ships_is_found_again() -> None:
    """Ask for one of each group: the rule for the names of files holds."""
    newest = max(versions())
    for api in (
        Api("", "v1", "Pod"),
        Api("apps", "v1", "Deployment"),
        Api("rbac.authorization.k8s.io", "v1", "Role"),
        Api("flowcontrol.apiserver.k8s.io", "v1", "FlowSchema"),
        Api("networking.k8s.io", "v1", "Ingress"),
        Api("autoscaling", "v2", "HorizontalPodAutoscaler"),
    ):
        assert has_api(newest, api)
        assert schemas_of(None).compiled(api) is not None
        expected = f"{api.group}/{api.version}" if api.group else api.version
        assert instead_of(Api(api.group, "v9", api.kind), newest) == expected
    assert not has_api(newest, Api("networking.istio.io", "v1", "Ingress"))


def test_policies_for_the_security_of_pods_have_no_heir() -> None:
    fate = fate_of(Api("policy", "v1beta1", "PodSecurityPolicy"), max(versions()), own=True)
    assert (fate.standing, fate.since, fate.instead) == (Standing.REMOVED, "1.25", None)


def test_of_very_many_invalid_objects_the_first_are_explained_and_all_are_counted(tmp_path: Path) -> None:
    text = "".join(deployment(f"w{index}", replicas="3", paused="no") for index in range(300))
    evidence = collect(tmp_path, {"k8s/all.yaml": text}, PRESENT)
    assert isinstance(evidence, Collected)
    assert evidence.facts["schema_invalid"] == 300
    assert len(evidence.findings) == 2 * 250 + 50
    assert evidence.findings[-1].message == "Deployment w299: the object does not fit the schema of its kind"


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        ({"enum": ["A", None, "B"]}, "C", 'a is the text "C", and must be A or B'),
        ({"pattern": "^x$"}, "C", 'a is the text "C", which pattern in the schema does not allow'),
        ({"minimum": 2}, 1.5, "a is 1.5, which minimum in the schema does not allow"),
        ({"not": {}}, None, "a is empty, which not in the schema does not allow"),
        (
            {"anyOf": [{"type": "object"}, {"type": ["array", "null"]}]},
            False,
            "a is false, and must be a map or a list",
        ),
        ({"anyOf": [{"minimum": 2}]}, 1, "a is 1, and must be something else"),
    ],
)
def test_rules_that_the_schemas_may_have_one_day(schema: JsonObject, value: Json, problem: str) -> None:
    compiled = validator_for({"properties": {"a": schema}})
    assert problems_of(compiled, {"a": value}, schemas_of(None)) == [problem]


def test_what_no_json_document_can_hold_is_a_gap() -> None:
    odd = ClusterObject("v1", "ConfigMap", "a", None, Located({"data": {"\ud800": 1}}), "a.yaml", 3)
    found = validity_part(Cluster([odd]))
    (gap,) = found.gaps
    assert (gap.path, gap.line) == ("a.yaml", 3)
    assert "could not be held against its schema" in gap.reason
    assert "schema_invalid" in gap.facts

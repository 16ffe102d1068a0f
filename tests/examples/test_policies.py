"""The example policies: read without a mistake, and each judged on a small tree that meets it and one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gate.judge.catalogue import load_catalogue
from gate.judge.policy_file import read_policy
from gate.model.policy import Level, Policy
from tests.support.fakes import write
from tests.support.repos import WORDS, Gate
from tests.support.repositories import commit, make_repository

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples/policies"
POLICIES = sorted(FOLDER.rglob("*.yml"))
CATALOGUE = load_catalogue()
NO_WAIVERS = {".gate/waivers.yml": b"version: 1\nwaivers: []\n"}


def ids(path: Path) -> str:
    return str(path.relative_to(FOLDER))


def policy(name: str) -> Policy:
    return read_policy((FOLDER / name).read_bytes(), catalogue=CATALOGUE, path=name, waivers=NO_WAIVERS)


def words_of(path: Path) -> str:
    """A file without the ends of its comments' lines."""
    return " ".join(path.read_text(encoding="utf-8").replace("\n#", " ").split())


def level(of: Policy, id_: str) -> Level | None:
    return next((item.level for item in of.criteria if item.id == id_), None)


# --- small trees ---------------------------------------------------------------------------------------------------


def junit(folder: str, count: int, failed: int = 0) -> str:
    """A report of that many cases, the first of which fail."""
    cases = "".join(
        f'<testcase classname="{folder}.test_{number}" name="test" file="{folder}/test_{number}.py" time="0.1">'
        + ("<failure>no</failure>" if number < failed else "")
        + "</testcase>"
        for number in range(count)
    )
    return f'<testsuites><testsuite name="a" tests="{count}" failures="{failed}">{cases}</testsuite></testsuites>'


def cobertura(path: str, covered: int, total: int) -> str:
    lines = "".join(f'<line number="{n}" hits="{int(n <= covered)}"/>' for n in range(1, total + 1))
    return (
        f'<coverage line-rate="{covered / total}" lines-valid="{total}" lines-covered="{covered}"><packages>'
        f'<package name="a"><classes><class name="a" filename="{path}"><lines>{lines}</lines></class></classes>'
        "</package></packages></coverage>"
    )


def source(lines: int) -> str:
    return "".join(f"A{number} = {number}\n" for number in range(lines))


DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 1000}
      containers:
        - name: shop
          image: ghcr.io/acme/shop:1.4.2
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {cpu: 500m, memory: 256Mi}
          livenessProbe: {httpGet: {path: /live, port: 8000}}
          readinessProbe: {httpGet: {path: /ready, port: 8000}}
"""
RUNBOOK = f"# Runbook\n\n## Alerts\n\n{WORDS * 2}\n\n## Rollback\n\n{WORDS}\n"
SHOP = {
    ".gitignore": "/reports/\n",
    "README.md": f"# Shop\n\n{WORDS}\n",
    "shop/api.py": source(100),
    "tests/integration/test_0.py": "def test(): ...\n",
    "config/production.yaml": "log_level: INFO\nworkers: 4\n",
    "k8s/shop.yaml": DEPLOYMENT,
    "docs/runbook.md": RUNBOOK,
}
SHOP_REPORTS = {
    "reports/junit.xml": junit("tests/integration", 60),
    "reports/coverage.xml": cobertura("shop/api.py", 95, 100),
}
LIBRARY = {
    ".gitignore": "/reports/\n",
    "README.md": f"# Ledger\n\n{WORDS} [changes](CHANGELOG.md)\n",
    "CHANGELOG.md": f"# Changes\n\n## 1.0\n\n{WORDS}\n",
    "SECURITY.md": f"# Security\n\n{WORDS}\n",
    "ledger/money.py": source(50),
    "tests/test_0.py": "def test(): ...\n",
}
LIBRARY_REPORTS = {
    "reports/junit.xml": junit("tests", 120),
    "reports/coverage.xml": cobertura("ledger/money.py", 46, 50),
}
MODULES = {
    ".gitignore": "/reports/\n",
    "README.md": f"# Modules\n\n{WORDS}\n",
    "network/main.tf": (
        'terraform {\n  required_version = "~> 1.9"\n  required_providers {\n'
        '    aws = {\n      source = "hashicorp/aws"\n      version = "~> 5.0"\n    }\n  }\n}\n'
        'resource "aws_security_group" "web" {\n  ingress {\n    from_port = 443\n    to_port = 443\n'
        '    protocol = "tcp"\n    cidr_blocks = ["10.0.0.0/8"]\n  }\n}\n'
    ),
}
MODULES_REPORTS = {"reports/terraform.xml": junit("network", 6)}
PAYMENTS = {
    ".gitignore": "reports/\n",
    "services/payments/pay.py": source(50),
    "services/payments/docs/runbook.md": RUNBOOK,
    "services/payments/tests/test_0.py": "def test(): ...\n",
    "services/catalogue/list.py": source(50),
    "services/catalogue/tests/test_0.py": "def test(): ...\n",
}
PAYMENTS_REPORTS = {
    "services/payments/reports/junit.xml": junit("services/payments/tests", 25),
    "services/payments/reports/coverage.xml": cobertura("services/payments/pay.py", 48, 50),
    "services/catalogue/reports/junit.xml": junit("services/catalogue/tests", 2),
    "services/catalogue/reports/coverage.xml": cobertura("services/catalogue/list.py", 40, 50),
}
ORGANISATION = {
    ".gitignore": "/reports/\n",
    "README.md": f"# Anything\n\n{WORDS}\n",
    "LICENSE": f"Apache License, Version 2.0\n\n{WORDS}\n",
    ".github/CODEOWNERS": "/.github/ @acme/platform\n/.gate/ @acme/platform\n",
    "tests/test_0.py": "def test(): ...\n",
}
ORGANISATION_REPORTS = {"reports/junit-unit.xml": junit("tests", 3)}

CASES = [
    # the policy, its tree, its reports, the kinds that are judged, what passes,
    # one file that is changed in the tree or the reports, and what then fails
    (
        "python-web-service.yml", SHOP, SHOP_REPORTS, "tests,coverage,kubernetes,docs,files",
        ["tests.passed", "tests.minimum", "tests.integration", "coverage.lines", "kubernetes.replicas",
         "kubernetes.limits", "kubernetes.readiness-probe", "docs.runbook", "shop.production-settings"],
        {
            "k8s/shop.yaml": (DEPLOYMENT.replace("replicas: 3", "replicas: 2"), "kubernetes.replicas"),
            "config/production.yaml": ("log_level: DEBUG\nworkers: 4\n", "shop.production-settings"),
            "reports/junit.xml": (junit("tests/integration", 4), "tests.integration"),
            "reports/coverage.xml": (cobertura("shop/api.py", 84, 100), "coverage.lines"),
        },
    ),
    (
        "library.yml", LIBRARY, LIBRARY_REPORTS, "tests,coverage,docs",
        ["tests.minimum", "tests.executed", "coverage.lines", "docs.changelog", "docs.security", "docs.readme-links"],
        {
            "README.md": (f"# Ledger\n\n{WORDS} [changes](NEWS.md)\n", "docs.readme-links"),
            "reports/junit.xml": (junit("tests", 120, failed=1), "tests.passed"),
            "reports/coverage.xml": (cobertura("ledger/money.py", 44, 50), "coverage.lines"),
        },
    ),
    (
        "terraform-modules.yml", MODULES, MODULES_REPORTS, "tests,terraform,docs",
        ["tests.minimum", "terraform.parses", "terraform.no-open-ingress", "docs.readme"],
        {
            "network/main.tf": (MODULES["network/main.tf"].replace("10.0.0.0/8", "0.0.0.0/0").replace("443", "22"),
                                "terraform.no-open-ingress"),
            "README.md": ("", "docs.readme"),
        },
    ),
    (
        "monorepo/payments.yml", PAYMENTS, PAYMENTS_REPORTS, "tests,coverage,docs",
        ["tests.minimum", "coverage.lines", "docs.runbook"],
        {"services/payments/reports/coverage.xml": (cobertura("services/payments/pay.py", 44, 50), "coverage.lines")},
    ),
    (
        "monorepo/catalogue.yml", PAYMENTS, PAYMENTS_REPORTS, "tests,coverage",
        ["tests.passed", "coverage.lines"],
        {"services/catalogue/reports/junit.xml": (junit("services/catalogue/tests", 2, failed=1), "tests.passed")},
    ),
    (
        "rollout/2-require.yml", SHOP, SHOP_REPORTS, "tests,coverage",
        ["tests.passed", "coverage.lines"],
        {"reports/coverage.xml": (cobertura("shop/api.py", 60, 100), "coverage.lines")},
    ),
    (
        "rollout/3-tighten.yml", SHOP, SHOP_REPORTS, "tests,coverage",
        ["tests.passed", "coverage.lines"],
        {"reports/coverage.xml": (cobertura("shop/api.py", 79, 100), "coverage.lines")},
    ),
    (
        "organisation.yml", ORGANISATION, ORGANISATION_REPORTS, "tests,docs",
        ["tests.passed", "docs.readme", "docs.license", "docs.codeowners"],
        {"reports/junit-unit.xml": (junit("tests", 3, failed=3), "tests.passed")},
    ),
]  # fmt: skip
ONE_CHANGE = [
    (name, tree, reports, kinds, path, text, misses)
    for name, tree, reports, kinds, _passes, changes in CASES
    for path, (text, misses) in changes.items()
]


def judged(
    folder: Path, gate: Gate, name: str, tree: dict[str, str], reports: dict[str, str], kinds: str
) -> dict[str, str]:
    make_repository(folder)
    write(folder, {**tree, ".gate/policy.yml": (FOLDER / name).read_text(encoding="utf-8")})
    write(folder, {".gate/waivers.yml": "version: 1\nwaivers: []\n"})
    commit(folder)
    write(folder, reports)
    said = gate.run(folder, "--only", kinds)
    assert said.code in (0, 1), said.err
    return said.outcomes()


@pytest.mark.parametrize("path", POLICIES, ids=ids)
def test_a_policy_is_read_without_a_mistake_and_says_where_it_belongs(path: Path) -> None:
    found = policy(ids(path))
    assert found.criteria
    head = path.read_text(encoding="utf-8").partition("version: 1")[0]
    assert all(line.startswith("#") for line in head.splitlines())
    assert "Put it at " in words_of(path)


@pytest.mark.parametrize(
    ("name", "tree", "reports", "kinds", "passes"), [case[:5] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_tree_that_meets_the_policy_passes(
    tmp_path: Path,
    gate: Gate,
    name: str,
    tree: dict[str, str],
    reports: dict[str, str],
    kinds: str,
    passes: list[str],
) -> None:
    outcomes = judged(tmp_path, gate, name, tree, reports, kinds)
    assert {id_: outcomes[id_] for id_ in passes} == dict.fromkeys(passes, "pass")


@pytest.mark.parametrize(
    ("name", "tree", "reports", "kinds", "path", "text", "misses"),
    ONE_CHANGE,
    ids=[f"{case[0]} {case[6]}" for case in ONE_CHANGE],
)
def test_a_tree_that_misses_the_policy_fails(
    tmp_path: Path,
    gate: Gate,
    name: str,
    tree: dict[str, str],
    reports: dict[str, str],
    kinds: str,
    path: str,
    text: str,
    misses: str,
) -> None:
    changed = {**(tree if path in tree else reports), path: text}
    outcomes = judged(
        tmp_path, gate, name, changed if path in tree else tree, changed if path in reports else reports, kinds
    )
    assert outcomes[misses] == "fail"


@pytest.mark.parametrize(("name", "kinds"), [(case[0], case[3]) for case in CASES], ids=[case[0] for case in CASES])
def test_without_reports_nothing_of_tests_passes(tmp_path: Path, gate: Gate, name: str, kinds: str) -> None:
    tree = next(case[1] for case in CASES if case[0] == name)
    outcomes = judged(tmp_path, gate, name, tree, {}, kinds)
    assert {outcome for id_, outcome in outcomes.items() if id_ in ("tests.passed", "tests.minimum")} == {"no_evidence"}


# --- what the policies promise each other and the workflows -----------------------------------------------------------


def test_rolling_out_goes_from_looking_to_blocking() -> None:
    observe, require, tighten = (policy(f"rollout/{name}.yml") for name in ("1-observe", "2-require", "3-tighten"))
    assert (observe.advisory, require.advisory, tighten.advisory) == (True, False, False)
    assert {item.publish.name for item in (observe, require, tighten)} == {"shop-api"}
    assert (observe.publish.required, require.publish.required) == ((), ("status",))
    assert len(tighten.criteria) > len(require.criteria)
    assert (require.conditional_blocks, tighten.conditional_blocks) == (False, True)


def test_policies_of_one_repository_have_different_names_and_places() -> None:
    service = {name: policy(f"monorepo/{name}.yml") for name in ("payments", "catalogue")}
    assert {name: item.publish.name for name, item in service.items()} == {name: name for name in service}
    assert {name: item.scope for name, item in service.items()} == {name: f"services/{name}" for name in service}
    workflow = (ROOT / "examples/workflows/monorepo.yml").read_text(encoding="utf-8")
    for name in service:
        assert f"Put it at services/{name}/.gate/policy.yml" in words_of(FOLDER / f"monorepo/{name}.yml")
        assert f"`{name}: main`" in workflow
    assert "policy: services/${{ matrix.service }}/.gate/policy.yml" in workflow
    matrices = [job["strategy"]["matrix"]["service"] for job in yaml.safe_load(workflow)["jobs"].values()]
    assert matrices == [["payments", "catalogue"]] * 3


def test_no_policy_needs_a_channel_that_it_switches_off() -> None:
    for path in POLICIES:
        publish = policy(ids(path)).publish
        for channel in publish.required:
            assert getattr(publish, channel)


def test_what_can_never_be_waived_is_asked_for() -> None:
    for path in POLICIES:
        section = yaml.safe_load(path.read_text(encoding="utf-8")).get("waiving", {})
        for id_ in section.get("never", ()):
            assert level(policy(ids(path)), id_) is Level.MUST

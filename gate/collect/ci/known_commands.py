"""Literal tables: which commands of a shell scan, test, build, deploy. Data, and nothing else.

A rule is (words, what, name): the command's first arguments that are no options must begin with `words`, of which each
names alternatives with "|"; "" asks for nothing. The first rule that fits counts for each `what`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Rule: TypeAlias = tuple[str, str, str]

SCANS: Mapping[str, str] = {
    "sast": "insecure code",
    "dependency": "vulnerable dependencies",
    "secret": "secrets",
    "image": "vulnerable images",
    "iac": "misconfigured infrastructure code",
    "workflow": "insecure workflows",
    "supply-chain": "the practices of the repository",
}
"""What scanners look for: the class of a scanner → in words."""

_ONE_PURPOSE: Mapping[str, str] = {
    "sast": (
        "bandit gosec brakeman njsscan horusec bearer psalm semgrep opengrep sonar-scanner codeql insider mobsfscan"
        " security-code-scan flawfinder cppcheck devskim spotbugs"
    ),
    "dependency": (
        "pip-audit safety osv-scanner govulncheck dependency-check dependency-check.sh bundler-audit audit-ci nancy"
        " better-npm-audit retire cargo-audit cargo-deny depscan "
    ),
    "secret": (
        "gitleaks trufflehog detect-secrets detect-secrets-hook git-secrets ggshield whispers noseyparker kingfisher"
    ),
    "image": "dockle clair clair-scanner",
    "iac": (
        "checkov tfsec terrascan kics kube-score kube-linter kubesec polaris conftest hadolint kubeconform kubeval"
        " kubescape cfn-nag cfn_nag_scan cfn-lint regula snyk-iac"
    ),
    "workflow": "zizmor actionlint poutine octoscan",
    "supply-chain": "scorecard allstar",
    "lint": (
        "ruff flake8 pylint mypy pyright basedpyright black isort eslint prettier golangci-lint rubocop standardrb"
        " shellcheck shfmt yamllint markdownlint markdownlint-cli2 tflint ktlint detekt checkstyle stylelint tsc biome"
        " oxlint staticcheck revive gofmt phpstan phpcs php-cs-fixer ansible-lint vulture"
        " pyflakes pycodestyle pydocstyle clang-format clang-tidy swiftlint credo sqlfluff djlint pyrefly"
        " codespell typos lychee commitlint"
    ),
    "tests": (
        "pytest py.test tox nox unittest nose2 green gotestsum ginkgo jest vitest mocha ava karma phpunit pest rspec"
        " ctest bats xcodebuild-test trial behave robot cucumber testcafe kuttl chainsaw"
    ),
    "coverage": "coverage codecov nyc c8 gcovr lcov grcov tarpaulin coveralls goveralls diff-cover",
    "load_test": "k6 locust artillery jmeter gatling wrk wrk2 hey vegeta ab autocannon bombardier siege oha",
    "smoke_test": "newman hurl",
    "sbom": "syft cyclonedx-py cyclonedx-bom cyclonedx-npm cyclonedx-gomod cdxgen sbom-tool bom tern",
    "build_image": "buildah kaniko /kaniko/executor ko img s2i",
    "deploy": "helmsman ansible-playbook eb kamal cap dpl surge gh-pages",
}

RULES: dict[str, tuple[Rule, ...]] = {
    "trivy": (
        ("image|i", "image", "trivy"),
        ("fs|filesystem|repo|repository|rootfs|sbom|vm", "dependency", "trivy"),
        ("config|conf|k8s|kubernetes", "iac", "trivy"),
    ),
    "grype": (("", "image", "grype"),),
    "snyk": (
        ("test|monitor", "dependency", "snyk"),
        ("code test", "sast", "snyk"),
        ("container test|monitor", "image", "snyk"),
        ("iac test", "iac", "snyk"),
    ),
    "npm": (
        ("audit", "dependency", "npm audit"),
        ("test|t|tst|it|install-test|cit", "tests", "npm test"),
        ("sbom", "sbom", "npm sbom"),
    ),
    "pnpm": (("audit", "dependency", "pnpm audit"), ("test|t", "tests", "pnpm test")),
    "yarn": (
        ("audit|npm audit", "dependency", "yarn audit"),
        ("npm audit", "dependency", "yarn audit"),
        ("test", "tests", "yarn test"),
    ),
    "bun": (("audit", "dependency", "bun audit"), ("test", "tests", "bun test")),
    "deno": (("test", "tests", "deno test"), ("lint", "lint", "deno lint")),
    "cargo": (
        ("audit|deny", "dependency", "cargo audit"),
        ("test|nextest|t", "tests", "cargo test"),
        ("tarpaulin|llvm-cov", "tests", "cargo test"),
        ("tarpaulin|llvm-cov", "coverage", "cargo"),
        ("clippy|fmt", "lint", "cargo clippy"),
    ),
    "go": (("test", "tests", "go test"), ("vet", "lint", "go vet")),
    "bundle": (("audit", "dependency", "bundle audit"),),
    "composer": (("audit", "dependency", "composer audit"), ("test", "tests", "composer test")),
    "dotnet": (("test|vstest", "tests", "dotnet test"), ("format", "lint", "dotnet format")),
    "rake": (("test|spec", "tests", "rake test"),),
    "rails": (("test", "tests", "rails test"),),
    "mix": (("test", "tests", "mix test"), ("deps.audit|sobelow", "dependency", "mix audit")),
    "swift": (("test", "tests", "swift test"),),
    "bazel": (("test|coverage", "tests", "bazel test"),),
    "bazelisk": (("test|coverage", "tests", "bazel test"),),
    "stack": (("test", "tests", "stack test"),),
    "cabal": (("test", "tests", "cabal test"),),
    "flutter": (("test", "tests", "flutter test"), ("analyze", "lint", "flutter analyze")),
    "dart": (("test", "tests", "dart test"), ("analyze", "lint", "dart analyze")),
    "lein": (("test", "tests", "lein test"),),
    "hatch": (("test", "tests", "hatch test"),),
    "playwright": (("test", "tests", "playwright"),),
    "cypress": (("run", "tests", "cypress"),),
    "nx": (("test|affected", "tests", "nx test"),),
    "turbo": (("test|run test", "tests", "turbo test"),),
    "molecule": (("test", "tests", "molecule"),),
    "promtool": (("test", "tests", "promtool test"),),
    "pre-commit": (("run", "lint", "pre-commit"),),
    "prek": (("run", "lint", "prek"),),
    "docker": (
        ("build", "build_image", "docker build"),
        ("buildx build|bake", "build_image", "docker buildx"),
        ("image build", "build_image", "docker build"),
        ("compose build", "build_image", "docker compose build"),
        ("push", "push_image", "docker push"),
        ("image push", "push_image", "docker push"),
        ("compose push", "push_image", "docker compose push"),
        ("scout cves|quickview|recommendations", "image", "docker scout"),
        ("scan", "image", "docker scan"),
        ("sbom", "sbom", "docker sbom"),
        ("scout sbom", "sbom", "docker scout"),
        ("stack deploy", "deploy", "docker stack deploy"),
        ("service update", "deploy", "docker service update"),
        ("service rollback", "rollback", "docker service rollback"),
    ),
    "podman": (("build", "build_image", "podman build"), ("push", "push_image", "podman push")),
    "pack": (("build", "build_image", "pack"),),
    "crane": (("push|copy|cp", "push_image", "crane"),),
    "skopeo": (("copy|sync", "push_image", "skopeo"),),
    "kubectl": (
        ("apply|replace", "deploy", "kubectl apply"),
        ("set image", "deploy", "kubectl set image"),
        ("rollout restart", "deploy", "kubectl rollout restart"),
        ("patch", "deploy", "kubectl patch"),
        ("rollout undo", "rollback", "kubectl rollout undo"),
        ("argo rollouts undo|abort", "rollback", "kubectl argo rollouts"),
        ("argo rollouts set|promote", "deploy", "kubectl argo rollouts"),
    ),
    "oc": (("apply|replace|rollout latest", "deploy", "oc apply"), ("rollout undo", "rollback", "oc rollout undo")),
    "helm": (
        ("upgrade|install", "deploy", "helm upgrade"),
        ("rollback", "rollback", "helm rollback"),
        ("test", "smoke_test", "helm test"),
        ("lint", "lint", "helm lint"),
    ),
    "helmfile": (("apply|sync", "deploy", "helmfile"),),
    "argocd": (("app sync|set|create", "deploy", "argocd"), ("app rollback", "rollback", "argocd app rollback")),
    "flux": (("reconcile", "deploy", "flux reconcile"),),
    "terraform": (
        ("apply", "deploy", "terraform apply"),
        ("test", "tests", "terraform test"),
        ("validate|fmt", "lint", "terraform validate"),
    ),
    "tofu": (("apply", "deploy", "tofu apply"), ("validate|fmt", "lint", "tofu validate")),
    "terragrunt": (("apply", "deploy", "terragrunt apply"), ("run-all apply", "deploy", "terragrunt apply")),
    "pulumi": (("up|update", "deploy", "pulumi up"),),
    "cdk": (("deploy", "deploy", "cdk deploy"),),
    "sam": (("deploy", "deploy", "sam deploy"),),
    "serverless": (("deploy", "deploy", "serverless deploy"), ("rollback", "rollback", "serverless rollback")),
    "aws": (
        ("ecs update-service", "deploy", "aws ecs"),
        ("lambda update-function-code|update-alias", "deploy", "aws lambda"),
        ("cloudformation deploy|update-stack", "deploy", "aws cloudformation"),
        ("cloudformation rollback-stack", "rollback", "aws cloudformation"),
        ("deploy create-deployment", "deploy", "aws deploy"),
        ("deploy stop-deployment", "rollback", "aws deploy"),
        ("elasticbeanstalk update-environment", "deploy", "aws elasticbeanstalk"),
        ("s3 sync", "deploy", "aws s3 sync"),
        ("amplify start-deployment", "deploy", "aws amplify"),
    ),
    "gcloud": (
        ("run deploy", "deploy", "gcloud run deploy"),
        ("app deploy", "deploy", "gcloud app deploy"),
        ("functions deploy", "deploy", "gcloud functions deploy"),
        ("deploy releases", "deploy", "gcloud deploy"),
        ("run services update-traffic", "rollback", "gcloud run services update-traffic"),
        ("builds submit", "build_image", "gcloud builds submit"),
    ),
    "az": (
        ("webapp deploy|up", "deploy", "az webapp"),
        ("deployment", "deploy", "az deployment"),
        ("containerapp up|update", "deploy", "az containerapp"),
        ("functionapp deployment", "deploy", "az functionapp"),
        ("webapp deployment slot swap", "deploy", "az webapp"),
        ("acr build", "build_image", "az acr build"),
    ),
    "flyctl": (("deploy", "deploy", "fly deploy"),),
    "vercel": (("deploy", "deploy", "vercel deploy"), ("rollback", "rollback", "vercel rollback")),
    "netlify": (("deploy", "deploy", "netlify deploy"),),
    "wrangler": (
        ("deploy|publish", "deploy", "wrangler deploy"),
        ("pages deploy|publish", "deploy", "wrangler pages"),
        ("rollback", "rollback", "wrangler rollback"),
    ),
    "heroku": (
        ("container:release|deploy:jar", "deploy", "heroku"),
        ("rollback|releases:rollback", "rollback", "heroku rollback"),
    ),
    "railway": (("up|deploy", "deploy", "railway up"),),
    "firebase": (("deploy", "deploy", "firebase deploy"),),
    "skaffold": (("run|deploy", "deploy", "skaffold"),),
    "nomad": (("job run|run", "deploy", "nomad"), ("job revert", "rollback", "nomad job revert")),
    "cf": (("push", "deploy", "cf push"), ("rollback", "rollback", "cf rollback")),
    "doctl": (("apps update|create-deployment", "deploy", "doctl apps"),),
    "cosign": (("sign|attest|sign-blob|attest-blob", "sign", "cosign"),),
    "notation": (("sign", "sign", "notation"),),
    "twine": (("upload", "release", "twine upload"),),
    "goreleaser": (("release|", "release", "goreleaser"),),
    "semantic-release": (("", "release", "semantic-release"),),
    "kamal": (("deploy|redeploy", "deploy", "kamal deploy"), ("rollback", "rollback", "kamal rollback")),
}
for _what, _names in _ONE_PURPOSE.items():
    for _name in _names.split():
        RULES.setdefault(_name, (("", _what, _name),))
RULES["fly"] = RULES["flyctl"]
RULES["sls"] = RULES["serverless"]

TARGETS: tuple[tuple[str, str], ...] = (
    ("rollback", "rollback"),
    ("deploy", "deploy"),
    ("smoke", "smoke_test"),
    ("load-test", "load_test"),
    ("loadtest", "load_test"),
    ("lint", "lint"),
    ("coverage", "coverage"),
    ("test", "tests"),
    ("check", "tests"),
    ("rspec", "tests"),
    ("e2e", "tests"),
)
"""What a target of make, a script of npm or a task stands for, by the word in its name; the first that is in it."""

RUNNERS_OF_TARGETS = frozenset({"make", "gmake", "just", "task", "mage", "invoke", "poe", "rake"})
SCRIPTS_OF_PACKAGES = frozenset({"npm", "pnpm", "yarn", "bun", "lerna", "nx", "turbo", "composer", "deno"})
MAVEN = frozenset({"mvn", "mvnw", "mvnd"})
GRADLE = frozenset({"gradle", "gradlew", "gradlew.bat", "sbt"})

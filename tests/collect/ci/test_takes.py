"""Whether jobs with the repository's own rights take in code of a pull request."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.collect.ci.artefacts import placed
from gate.collect.ci.facts import Tree, tree_facts
from gate.collect.ci.source import source_of
from gate.collect.ci.workflow import read_action, read_workflow
from gate.formats.located_yaml import Located, YamlDocument, read_parts
from gate.model.json import JsonObject

ROOT = Path(__file__).parents[3]
SHA = "11bd71901bbe5b1630ceea73d27597364c9af683"
HEAD = "${{ github.event.pull_request.head.sha }}"
SCRIPT = "- uses: actions/github-script@v7\n  with: {script: '%s'}\n"
RUN_HEAD = "${{ github.event.workflow_run.head_sha }}"


def located(text: str) -> Located:
    (part,) = read_parts(text.encode())
    assert isinstance(part, YamlDocument), part
    assert isinstance(part.value, Located)
    return part.value


def jobs(files: dict[str, str]) -> dict[str, JsonObject]:
    """The jobs of workflows `NAME.yml`, by their id; other files are the tree's."""
    tree = Tree()
    for name, text in files.items():
        source = source_of(text.encode())
        if name.endswith("action.yml"):
            tree.actions.append(read_action(name, located(text), source))
        elif name.endswith(".yml"):
            tree.workflows.append(read_workflow(f".github/workflows/{name}", located(text), 1, source))
    facts = tree_facts(tree, files.get)
    found = facts["jobs"]
    assert isinstance(found, list)
    return {str(item["name"]): item for item in found if isinstance(item, dict)}


def job(steps: str, on: str = "pull_request_target", more: str = "", **files: str) -> JsonObject:
    indented = "".join(f"      {line}\n" for line in steps.strip("\n").split("\n"))
    text = f"on: {on}\njobs:\n  a:\n    runs-on: x\n{more}    steps:\n{indented}"
    return jobs({"w.yml": text, **files})["a"]


def code(steps: str, on: str = "pull_request_target", more: str = "", **files: str) -> str:
    return str(job(steps, on, more, **files)["pull_request_code"])


def checkout(ref: str, uses: str = "actions/checkout@v4") -> str:
    return f'- uses: {uses}\n  with:\n    ref: "{ref}"\n'


@pytest.mark.parametrize(
    ("ref", "wanted"),
    [
        (HEAD, "yes"),
        ("${{github.event.pull_request.head.ref}}", "yes"),
        ("${{ github.head_ref }}", "yes"),
        ("${{ GitHub.Head_Ref || github.ref }}", "yes"),
        (RUN_HEAD, "yes"),
        ("${{ github.event.workflow_run.head_branch }}", "yes"),
        ("${{ github.event.workflow_run.head_commit.id }}", "yes"),
        ("${{ github.event.workflow_run.pull_requests[0].head.sha }}", "yes"),
        ("${{ github.event.pull_request.merge_commit_sha }}", "yes"),
        ("refs/pull/${{ github.event.number }}/merge", "yes"),
        ("refs/pull/${{ github.event.issue.number }}/head", "yes"),
        ("pull/12/head", "yes"),
        ("${{ format('refs/pull/{0}/merge', github.event.number) }}", "yes"),
        ("${{ github.event_name == 'x' && github.sha || github.head_ref }}", "yes"),
        ("${{ inputs.ref }}", "unknown"),
        ("${{ env.REF }}", "unknown"),
        ("${{ steps.a.outputs.ref }}", "unknown"),
        ("${{ needs.a.outputs.ref }}", "unknown"),
        ("${{ matrix.ref }}", "unknown"),
        ("${{ github.event.client_payload.ref }}", "unknown"),
        ("${{ github['head_ref'] }}", "unknown"),
        ("${{ fromJSON(github.sha) }}", "unknown"),
        ("${{ github.event.pull_request.number }}", "unknown"),
        ("${{ github.sha", "unknown"),
        ("x" * 20_001, "unknown"),
        ("", "no"),
        ("main", "no"),
        ("v1.2", "no"),
        ("feature/pull/it", "no"),
        ("${{ github.sha }}", "no"),
        ("${{ github.base_ref || 'main' }}", "no"),
        ("${{ github.event.pull_request.base.sha }}", "no"),
        ("${{ github.event.repository.default_branch }}", "no"),
        ("${{ format('refs/heads/{0}', github.base_ref) }}", "no"),
        ("${{ vars.BRANCH }}", "no"),
    ],
)
def test_a_checkout_is_judged_by_its_ref(ref: str, wanted: str) -> None:
    assert code(checkout(ref)) == wanted
    # By what commit the action is pinned, and how its name is written, changes nothing.
    assert code(checkout(ref, f"Actions/Checkout@{SHA}")) == wanted
    # With the rights of a fork there is nothing to be had.
    assert code(checkout(ref), "pull_request") == "no"


def test_what_it_says() -> None:
    found = job(checkout(HEAD))
    assert found["privileged_events"] == ["pull_request_target"]
    assert found["takes_in"] == f"checks out {HEAD}, code of the pull request (.github/workflows/w.yml:6)"
    told = job(checkout("${{ inputs.x }}"))["takes_in"]
    assert told == "checks out ${{ inputs.x }}, and nobody can tell whose code that is (.github/workflows/w.yml:6)"
    assert "takes_in" not in job("- run: a")
    # What is certain is told before what is not.
    assert "code of the pull request" in str(job(checkout("${{ inputs.x }}") + checkout(HEAD))["takes_in"])


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ("- uses: actions/checkout@v4\n  with: {repository: '${{ github.event.pull_request.head.repo.url }}'}", "yes"),
        ("- uses: actions/checkout@v4\n  with: {REF: '${{ github.head_ref }}'}", "yes"),
        ("- uses: actions/checkout@v4\n  with: {repository: '${{ steps.x.outputs.y }}'}", "unknown"),
        ("- uses: actions/checkout@v4\n  with: {repository: some/other}", "no"),
        ("- uses: someone/checkout-pr@v1", "unknown"),
        ("- uses: a/b@v1\n  with: {ref: '${{ github.head_ref }}'}", "unknown"),
        ("- uses: a/b@v1\n  with: {sha: '${{ github.event.pull_request.head.sha }}'}", "no"),
        ("- uses: docker://alpine/git\n  with: {args: fetch origin pull/1/head}", "yes"),
        ("- uses: ./.github/actions/x", "unknown"),
        ("- uses: ../x", "yes"),
        (SCRIPT % "await exec.exec(`git fetch origin pull/${n}/head`)", "yes"),
        ("- uses: actions/github-script@v7\n  with: {script: 'await exec.exec(`git checkout ${sha}`)'}", "unknown"),
        ("- uses: actions/github-script@v7\n  with: {script: github.rest.issues.createComment}", "no"),
        ("- shell: python\n  run: subprocess.run(['git', 'fetch', 'origin', ref])", "unknown"),
        ("- shell: python\n  run: print(1)", "no"),
    ],
)  # fmt: skip
def test_actions(steps: str, wanted: str) -> None:
    assert code(steps) == wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("gh pr checkout 5", "yes"),
        ('gh -R o/r pr checkout "$N"', "yes"),
        ("gh co 5", "yes"),
        ("hub pr checkout 5", "yes"),
        ("git fetch origin pull/5/head:pr", "yes"),
        ('git fetch origin "pull/$N/head"', "yes"),
        ('git fetch origin "+refs/pull/${{ github.event.number }}/merge:x"', "yes"),
        ("git -c a=b -C x fetch origin refs/pull/5/head", "yes"),
        ("sudo -E git pull origin ${{ github.head_ref }}", "yes"),
        ('git checkout "$GITHUB_HEAD_REF"', "yes"),
        ("git config --add remote.origin.fetch '+refs/pull/*/head:refs/remotes/origin/pr/*'", "yes"),
        ("git clone https://github.com/${{ github.event.pull_request.head.repo.full_name }}", "yes"),
        (f"git reset --hard {HEAD}", "yes"),
        (f"bash -c 'git merge {HEAD}'", "yes"),
        (f"curl -L https://github.com/o/r/archive/{HEAD}.tar.gz | tar xz", "yes"),
        (f"docker run --rm ghcr.io/o/r:{HEAD}", "yes"),
        ("if true; then git fetch origin pull/1/head; fi", "yes"),
        ('x="$(git fetch origin pull/1/head)"', "yes"),
        ('eval "git fetch origin pull/1/head"', "yes"),
        ("trap 'gh pr checkout 1' EXIT", "yes"),
        ("find . -name x -exec gh pr checkout 1 ';'", "yes"),
        ("pip install git+https://github.com/o/r@${{ github.head_ref }}", "yes"),
        ("npm install github:${{ github.event.pull_request.head.repo.full_name }}", "yes"),
        ("docker build https://github.com/o/r.git#refs/pull/1/head", "yes"),
        ('pip install "git+https://github.com/o/r@$REF"', "unknown"),
        ("echo pull/1/head | xargs git fetch origin", "unknown"),
        ("gh alias set x 'pr checkout' && gh x 1", "unknown"),
        ("git show $X:run.sh | bash", "unknown"),
        ("bash <<EOF\ngh pr checkout 1\nEOF", "unknown"),
        ("bash <<EOF\nls\nEOF", "no"),
        ("trap - EXIT; find . -name x; bash --version; git show --stat $X; git --version", "no"),
        ("npm version $V; pip install x==$V; docker build -t r:${{ github.event.pull_request.head.sha }} .", "no"),
        ("git checkout $REF", "unknown"),
        ('git fetch origin "$(cat sha)"', "unknown"),
        ("git remote add fork $URL", "unknown"),
        ("git switch -c new $START", "unknown"),
        ("gh pr diff 5 | git apply", "unknown"),
        ("patch -p1 < x.patch", "unknown"),
        ('gh repo clone "$R"', "unknown"),
        ('gh api "repos/o/r/tarball/$SHA" > x', "unknown"),
        ("git $WHAT origin", "unknown"),
        ("git fetch origin main && git checkout FETCH_HEAD", "no"),
        ("git fetch", "no"),
        ("git", "no"),
        ('git fetch origin "$GITHUB_BASE_REF" --depth 1', "no"),
        ('git checkout -b "bump-$N" origin/main', "no"),
        ('git checkout -- "$FILE"', "no"),
        ('git push origin "$X"; git commit -m "$M"; git log "$Y"; git diff "$Z"', "no"),
        ("git ls-remote origin 'refs/pull/*/head'", "no"),
        ('gh pr comment "$N" -F body; gh api repos/o/r/pulls/$N', "no"),
        ("curl https://example.org/$X", "no"),
        ("git clone https://x:${{ secrets.T }}@github.com/o/r", "no"),
        ("docker run -e SHA=${{ github.event.pull_request.head.sha }} alpine:$V", "no"),
        ("echo gh pr checkout 5 # git fetch origin pull/5/head", "no"),
        ("if false; then gh pr checkout 5; fi", "no"),
        ("exit 0\ngh pr checkout 5", "no"),
    ],
)
def test_scripts(script: str, wanted: str) -> None:
    steps = "- run: |\n" + "".join(f"    {line}\n" for line in script.split("\n"))
    assert code(steps) == wanted


@pytest.mark.parametrize(
    ("env", "script", "wanted"),
    [
        ("${{ github.event.pull_request.base.sha }}", 'git fetch origin "$X"', "no"),
        ("${{ github.event.pull_request.base.sha }}", 'git fetch origin "${X:-$Y}"', "unknown"),
        ("${{ github.event.pull_request.base.sha }}", 'X=$(cat x); git fetch origin "$X"', "unknown"),
        ("${{ github.event.pull_request.base.sha }}", 'read X < f; git fetch origin "$X"', "unknown"),
        (HEAD, 'git fetch origin "$X"', "yes"),
        ("${{ inputs.x }}", 'git fetch origin "$X"', "unknown"),
    ],
)
def test_a_variable_is_what_the_step_s_env_gives_it(env: str, script: str, wanted: str) -> None:
    assert code(f"- env: {{X: '{env}'}}\n  run: {script}\n") == wanted


def test_scripts_of_the_repository_are_read() -> None:
    files = {
        "ci/get.sh": "#!/bin/sh\n./ci/get.sh\ngit fetch origin pull/1/head\n",
        "Makefile": "get:\n\tgh pr checkout 1\n",
    }
    assert code("- run: ./ci/get.sh", **files) == "yes"
    assert code("- run: make get", **files) == "yes"
    assert code("- run: make other", **files) == "no"


def test_actions_of_the_repository_are_read() -> None:
    text = "runs:\n  using: composite\n  steps:\n    - uses: actions/checkout@v4\n      with: {ref: '%s'}\n"
    for ref, wanted in ((HEAD, "yes"), ("${{ inputs.ref }}", "unknown"), ("main", "no")):
        assert code("- uses: ./get", **{"get/action.yml": text % ref}) == wanted
    found = job("- uses: ./get", **{"get/action.yml": text % HEAD})
    assert "(get/action.yml:4)" in str(found["takes_in"])


DOWNLOAD = "- uses: actions/download-artifact@v4\n  with: {run-id: '${{ github.event.workflow_run.id }}'%s}\n"
TO_SITE, TO_ROOT, OWN_RUN = DOWNLOAD % ", path: site", DOWNLOAD % "", "- uses: actions/download-artifact@v4\n"


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        # data
        (TO_SITE, "no"),
        (TO_ROOT, "no"),
        (TO_SITE + "- run: cat site/number; jq . site/x.json; gh pr comment 1 -F site/body", "no"),
        (TO_SITE + "- uses: actions/checkout@v4\n- run: python tools/tell.py site/report.json", "no"),
        (TO_SITE + "- run: make tell", "no"),
        (TO_SITE + "- run: python -c 'import json'", "no"),
        (TO_SITE + "- run: cd site && ls", "no"),
        (TO_SITE + "- run: pip install requests", "no"),
        (TO_ROOT + "- run: gh pr comment 1 -F body", "no"),
        ("- run: unzip x.zip\n- run: make", "no"),
        (OWN_RUN + "- run: ./x.sh", "no"),
        ("- run: gh run download 1 -D $RUNNER_TEMP/a\n- run: make", "no"),
        ("- run: ./x.sh\n" + TO_ROOT, "no"),
        # code
        (TO_SITE + "- run: ./site/run.sh", "yes"),
        (TO_SITE + "- run: bash site/run.sh", "yes"),
        (TO_SITE + '- run: bash "$GITHUB_WORKSPACE/site/run.sh"', "yes"),
        (TO_SITE + "- run: . site/env", "yes"),
        (TO_SITE + "- run: python site/x.py", "yes"),
        (TO_SITE + "- run: cd site && npm ci", "yes"),
        (TO_SITE + "- working-directory: site\n  run: make", "yes"),
        (TO_SITE + "- working-directory: site\n  run: python -c 'import x'", "yes"),
        (TO_SITE + "- run: pip install site/x.whl", "yes"),
        (TO_SITE + "- run: docker load -i site/image.tar", "yes"),
        (TO_SITE + "- run: cat site/x.sh | bash", "yes"),
        (TO_SITE + "- run: cp -r site/* . && make", "yes"),
        (TO_SITE + "- run: mv site/x bin && ./bin/x", "yes"),
        (TO_SITE + "- uses: ./site/action", "yes"),
        (TO_SITE + "- run: $X/run.sh", "yes"),
        (TO_ROOT + "- run: ./run.sh", "yes"),
        (TO_ROOT + "- run: python -c 'import json'", "yes"),
        (TO_ROOT + "- run: pytest", "yes"),
        (TO_ROOT + "- uses: ./action", "yes"),
        (DOWNLOAD % ", path: '${{ inputs.x }}'" + "- run: make", "yes"),
        ("- uses: dawidd6/action-download-artifact@v6\n- run: make", "yes"),
        ("- run: gh run download 1\n- run: make", "yes"),
        ("- run: gh run download 1 --dir=out && bash out/x.sh", "yes"),
        ("- run: gh api repos/o/r/actions/artifacts/1/zip > x.zip && unzip x.zip -d out && bash out/x.sh", "yes"),
        ("- run: gh api repos/o/r/actions/artifacts/1/zip > x.zip && unzip x.zip && make", "yes"),
        (SCRIPT % "github.rest.actions.downloadArtifact" + "- run: tar -C out -xf x.tar\n- run: node out/x.js", "yes"),
        (TO_SITE + "- run: make -C site", "yes"),
        (TO_SITE + "- run: npm --prefix=site ci", "yes"),
        (TO_SITE + "- run: cd site && python -m x", "yes"),
        (TO_SITE + "- run: bash < site/x", "yes"),
        (TO_SITE + "- run: bash <(cat site/x)", "yes"),
        (TO_SITE + '- run: eval "$(cat site/x)"', "yes"),
        (TO_SITE + "- run: xargs -n 1 bash < site/list", "yes"),
        (TO_SITE + "- run: PYTHONPATH=site python tools/x.py", "yes"),
        (TO_SITE + "- run: export PATH=$PATH:$GITHUB_WORKSPACE/site/bin", "yes"),
        (TO_SITE + "- env: {NODE_PATH: site}\n  run: node tools/x.js", "yes"),
        (TO_SITE + "- env: {NODE_PATH: lib}\n  run: node tools/x.js", "no"),
        (TO_SITE + "- run: git commit -m x; python3 - <<EOF\n", "no"),
        ('- run: curl -L "$URL" -o a.zip && unzip a.zip && make', "yes"),
        ("- env: {URL: '${{ secrets.URL }}'}\n  run: curl -L $URL -o a.zip && unzip a.zip && make", "no"),
        # what cannot be told
        (TO_SITE + '- run: echo "N=$(cat site/n)" >> "$GITHUB_ENV"', "unknown"),
        (TO_SITE + "- uses: actions/github-script@v7\n  with: {script: 'require(`./site/x.js`)'}", "unknown"),
        (TO_SITE + "- uses: actions/github-script@v7\n  with: {script: 'const fs = require(`fs`)'}", "no"),
    ],
)
def test_an_artefact_may_be_read_and_not_run(steps: str, wanted: str) -> None:
    assert code(steps, "workflow_run") == wanted


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("github.event.workflow_run.conclusion == 'success'", "yes"),
        ("github.event.workflow_run.event == 'pull_request'", "yes"),
        ("github.event.workflow_run.event != 'pull_request'", "yes"),
        ("github.event.workflow_run.head_branch == 'main'", "yes"),
        ("github.repository == 'o/r'", "yes"),
        ("github.event.workflow_run.head_repository.full_name == github.repository || github.actor == 'x'", "yes"),
        ("github.event.workflow_run.head_repository.full_name != github.repository", "yes"),
        ("github.event.workflow_run.event == 'push'", "no"),
        ("${{ success() && github.event.workflow_run.event == 'push' }}", "no"),
        ("github.event.workflow_run.head_repository.full_name == github.repository", "no"),
        ("github.repository == github.event.workflow_run.head_repository.full_name", "no"),
        ("github.event.workflow_run.head_repository.full_name == 'o/r'", "no"),
        ("!github.event.workflow_run.head_repository.fork", "no"),
        ("github.event_name == 'push'", "no"),
        ("false", "no"),
    ],
)
def test_a_condition_may_keep_strangers_out(condition: str, wanted: str) -> None:
    assert code(checkout(RUN_HEAD), "workflow_run", f'    if: "{condition}"\n') == wanted
    step = checkout(RUN_HEAD) + f'  if: "{condition}"'
    assert code(step, "workflow_run") == wanted
    events = job("- run: a", "workflow_run", f'    if: "{condition}"\n')["privileged_events"]
    assert events == (["workflow_run"] if wanted == "yes" else [])


def test_a_pull_request_of_this_repository_is_nobody_s_stranger() -> None:
    guard = "    if: github.event.pull_request.head.repo.full_name == github.repository\n"
    assert code(checkout(HEAD), more=guard) == "no"
    other = guard.replace("\n", " || github.event_name == 'issue_comment'\n")
    assert code(checkout(HEAD), "[pull_request_target, issue_comment]", other) == "yes"
    # The label that says it is safe is given to a commit before the one that is run.
    labelled = "    if: contains(github.event.pull_request.labels.*.name, 'safe')\n"
    assert code(checkout(HEAD), "{pull_request_target: {types: [labeled]}}", labelled) == "yes"


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        (f"    container: ghcr.io/o/r:{HEAD}\n", "yes"),
        (f"    container: {{image: 'ghcr.io/o/r:{HEAD}'}}\n", "yes"),
        (f"    services: {{db: {{image: 'o/r:{HEAD}'}}}}\n", "yes"),
        ("    container: {image: python}\n    services: {db: {image: postgres}}\n", "no"),
    ],
)
def test_the_image_of_a_job(more: str, wanted: str) -> None:
    assert code("- run: a", more=more) == wanted


def test_steps_begin_where_the_job_says() -> None:
    more = "    defaults: {run: {working-directory: site}}\n"
    assert code(TO_SITE + "- run: ./x.sh", "workflow_run", more) == "yes"
    assert code(TO_SITE + "- working-directory: .\n  run: ./x.sh", "workflow_run", more) == "no"


def test_many_scripts_that_call_each_other_are_read_once() -> None:
    calls = "./a.sh\n./b.sh\n" * 200
    files = {"a.sh": f"#!/bin/sh\n{calls}", "b.sh": f"#!/bin/sh\n{calls}git fetch origin pull/1/head\n"}
    assert code("- run: ./a.sh", **files) == "yes"


def test_workflows_that_are_called() -> None:
    called = "on: workflow_call\njobs:\n  b:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@v4\n"
    called += "        with: {ref: '%s'}\n"
    calling = "on: pull_request_target\njobs:\n  a:\n    uses: %s\n"
    own = "./.github/workflows/called.yml"
    for ref, wanted in (("main", "no"), ("${{ inputs.ref }}", "unknown"), (HEAD, "yes")):
        found = jobs({"w.yml": calling % own, "called.yml": called % ref})
        assert (found["a"]["pull_request_code"], found["b"]["pull_request_code"]) == ("no", wanted)
    assert jobs({"w.yml": calling % own})["a"]["pull_request_code"] == "unknown"
    assert jobs({"w.yml": calling % "o/r/.github/workflows/x.yml@v1"})["a"]["pull_request_code"] == "unknown"


@pytest.mark.parametrize(
    ("path", "cwd", "wanted"),
    [
        ("a/./b/", "", "a/b"),
        (".", "", ""),
        ("b", "a", "a/b"),
        ("../b", "a", "b"),
        ("${{ github.workspace }}/a", "x", "a"),
        ("$GITHUB_WORKSPACE", "x", ""),
        ("${RUNNER_TEMP}/a", "x", "$RUNNER_TEMP/a"),
        ("${{ runner.temp }}/a", "x", "$RUNNER_TEMP/a"),
        ("/tmp/a", "x", "/tmp/a"),
        ("$X/a", "", None),
        ("~/a", "", None),
    ],
)
def test_places(path: str, cwd: str, wanted: str | None) -> None:
    assert placed(path, cwd) == wanted

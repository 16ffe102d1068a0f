"""The parts of a release that are more than one command; docs/releasing.md tells the whole.

    python3 -I .github/scripts/release.py check TAG            may this be released? writes `version` for later steps
    python3 -I .github/scripts/release.py build ARCHITECTURE   build, try, list and push one image; writes `digest`
    python3 -I .github/scripts/release.py index VERSION DIGEST DIGEST   one image for both; writes `digest`
    python3 -I .github/scripts/release.py publish VERSION DIGEST        the commit with the digest, its tag, the release

It needs Python 3.11 and nothing besides; docker, git and gh are the runner's. Values go to GITHUB_OUTPUT.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMAGE = "ghcr.io/readiness-gate/readiness-gate"
BASE = "docker.io/library/python:3.13-slim-bookworm"
_TAG = re.compile(r"candidate/(\d+\.\d+\.\d+)")
_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_BUILT = re.compile(r"^  image: Dockerfile$", re.MULTILINE)


class RefusedError(Exception):
    """This must not be released. The message says why."""


def check(tag: str, root: Path = ROOT) -> str:
    """Return the version that a candidate's tag asks for, if everything agrees on it. Raises RefusedError."""
    match = _TAG.fullmatch(tag)
    if match is None:
        raise RefusedError(f"The tag {tag} is not candidate/MAJOR.MINOR.PATCH.")
    version = match[1]
    found = _VERSION.search((root / "gate/__init__.py").read_text(encoding="utf-8"))
    if found is None or found[1] != version:
        raise RefusedError(f"gate/__init__.py says {found[1] if found else 'no version'}, and the tag {version}.")
    if not notes(version, root):
        raise RefusedError(f"CHANGELOG.md has nothing under “## {version}”.")
    pinned((root / "action.yml").read_text(encoding="utf-8"), "sha256:" + "0" * 64)
    if _run("git", "-C", str(root), "tag", "--list", f"v{version}"):
        raise RefusedError(f"There is a tag v{version} already. A release is never made twice: take the next version.")
    ahead = _run("git", "-C", str(root), "rev-list", "--count", "origin/main..HEAD")
    if ahead != "0":
        raise RefusedError(f"{ahead} commits of the candidate are not on main.")
    return version


def notes(version: str, root: Path = ROOT) -> str:
    """Return what the changelog says of a version, "" where it says nothing."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(version)}(?=\s)[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return section[1].strip() if section else ""


def pinned(action: str, digest: str) -> str:
    """Return action.yml with the image by its digest in place of the Dockerfile. Raises RefusedError."""
    if _DIGEST.fullmatch(digest) is None:
        raise RefusedError(f"{digest!r} is not sha256: and 64 digits.")
    found, count = _BUILT.subn(f"  image: docker://{IMAGE}@{digest}", action)
    if count != 1:
        raise RefusedError("action.yml does not say `image: Dockerfile` once.")
    return found


def build(architecture: str, folder: Path) -> str:
    """Build the image for this machine, try it, list what is in it, push it, and return its digest."""
    base = _run("docker", "buildx", "imagetools", "inspect", BASE, "--format", "{{.Manifest.Digest}}")
    name = f"{IMAGE}:{architecture}-{os.environ['GITHUB_SHA']}"
    # One base by its digest for every stage, and nothing beside the one manifest: the attestations come from GitHub.
    argument = f"BASE_IMAGE={BASE}@{_digest(base)}"
    _run("docker", "build", "--pull", "--provenance=false", "--build-arg", argument, "--tag", name, str(ROOT))
    said = _run("docker", "run", "--rm", "--network", "none", name, "--version")
    version = _VERSION.search((ROOT / "gate/__init__.py").read_text(encoding="utf-8"))
    if version is None or version[1] not in said:
        raise RefusedError(f"The image says that it is {said!r}.")
    _try_tools(name)
    folder.mkdir(parents=True, exist_ok=True)
    _run("docker", "save", "--output", str(folder / "image.tar"), name)
    listing = f"/out/sbom-{architecture}.cdx.json"
    trivy = ("--entrypoint", "/opt/tools/trivy", "--volume", f"{folder.resolve()}:/out", name)
    wanted = ("image", "--input", "/out/image.tar", "--format", "cyclonedx", "--output", listing)
    _run("docker", "run", "--rm", "--network", "none", *trivy, *wanted)
    _run("docker", "push", name)
    told = _run("docker", "image", "inspect", "--format", "{{json .RepoDigests}}", name)
    digests = [item.partition("@")[2] for item in json.loads(told) if item.startswith(f"{IMAGE}@")]
    if len(digests) != 1:
        raise RefusedError(f"The pushed image has the digests {told}.")
    return _digest(digests[0])


def _try_tools(name: str) -> None:
    """Make sure that every tool is in the image and finds what was planted for it. Raises RefusedError.

    pip-audit asks PyPI. Trivy has no database in the image and takes its test where the gate is run.
    """
    told = json.loads(_run("docker", "run", "--rm", "--network", "none", name, "doctor", "--format", "json"))
    absent = [row["name"] for row in told if not row["version"]]
    tested = _run("docker", "run", "--rm", name, "doctor", "--self-test", "--format", "json", codes=(0, 3))
    blind = [row["name"] for row in json.loads(tested) if row["state"] == "failed" and row["name"] != "trivy"]
    if absent or blind or not told:
        raise RefusedError(f"Not in the image: {absent}. Blind: {blind}.")


def index(version: str, digests: list[str]) -> str:
    """Put the images of all architectures under one name, and return the digest of that."""
    name = f"{IMAGE}:{version}"
    _run("docker", "buildx", "imagetools", "create", "--tag", name, *(f"{IMAGE}@{_digest(item)}" for item in digests))
    return _digest(_run("docker", "buildx", "imagetools", "inspect", name, "--format", "{{.Manifest.Digest}}"))


def publish(version: str, digest: str, root: Path = ROOT) -> str:
    """Commit the digest on a branch of its own, tag that commit, make the release; return the commit."""
    repository, sha = os.environ["GITHUB_REPOSITORY"], os.environ["GITHUB_SHA"]
    branch, name = f"releases/v{version}", f"v{version}"
    action = (root / "action.yml").read_bytes()
    text = pinned(action.decode("utf-8"), digest)
    _api("POST", f"repos/{repository}/git/refs", ref=f"refs/heads/{branch}", sha=sha)
    # Through the API, so that GitHub signs the commit. The blob's hash makes sure that it replaces what was tested.
    answer = _api(
        "PUT",
        f"repos/{repository}/contents/action.yml",
        branch=branch,
        message=f"Release {version}\n\nUsers pull the image that was built and attested from {sha}.",
        content=base64.b64encode(text.encode()).decode(),
        sha=_run("git", "-C", str(root), "hash-object", "action.yml"),
    )
    commit = json.loads(answer)["commit"]["sha"]
    _api("POST", f"repos/{repository}/git/refs", ref=f"refs/tags/{name}", sha=commit)
    verified = ("--verify-tag", "--title", name, "--notes", notes(version, root))
    _run("gh", "release", "create", name, "--repo", repository, *verified)
    return str(commit)


def main(arguments: list[str]) -> int:
    """Do what the arguments say, and return the exit code."""
    try:
        match arguments:
            case ["check", tag]:
                _output("version", check(tag))
            case ["build", architecture]:
                _output("digest", build(architecture, Path("out")))
            case ["index", version, first, second]:
                _output("digest", index(version, [first, second]))
            case ["publish", version, digest]:
                _output("commit", publish(version, digest))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except RefusedError as error:
        print(f"::error::{error}", file=sys.stderr)
        return 1
    return 0


def _digest(text: str) -> str:
    if _DIGEST.fullmatch(text) is None:
        raise RefusedError(f"{text!r} is not a digest.")
    return text


def _api(method: str, path: str, **fields: str) -> str:
    """Ask GitHub through gh, which has the token from its environment; the body goes in by stdin."""
    return _run("gh", "api", "--method", method, path, "--input", "-", stdin=json.dumps(fields))


def _run(*command: str, stdin: str | None = None, codes: tuple[int, ...] = (0,)) -> str:
    """Run a program and return what it said. Raises RefusedError when it ends with another code than these."""
    print("+", *command, file=sys.stderr, flush=True)
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode not in codes:
        raise RefusedError(f"`{' '.join(command[:4])}` ended with {done.returncode}.")
    return done.stdout.strip()


def _output(name: str, value: str) -> None:
    """Write one value, of one line, for later steps."""
    if "\n" in value:
        raise RefusedError(f"{name} has several lines.")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as stream:
        stream.write(f"{name}={value}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

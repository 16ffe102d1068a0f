"""The git database and the contents of files."""

from __future__ import annotations

import base64
import binascii
import posixpath
from urllib.parse import quote

from tests.support.github_server import shapes
from tests.support.github_server.git import EXECUTABLE, FILE, FOLDER, LINK, SUBMODULE
from tests.support.github_server.repository import Repository
from tests.support.github_server.routing import Call, endpoint
from tests.support.github_server.shapes import SITE
from tests.support.github_server.wire import Json, Refusal, Response, as_json, malformed, not_found, text_of

REPO = "/repos/{owner}/{repo}"
INLINE = 1_000_000
"""Bytes up to which a file's content stands in the answer."""
_KINDS = {FOLDER: "tree", SUBMODULE: "commit"}


def _base64(data: bytes) -> str:
    return base64.encodebytes(data).decode()


@endpoint("GET", f"{REPO}/git/blobs/{{file_sha}}", "contents:read")
def get_blob(call: Call) -> Response:
    sha = call.parts["file_sha"]
    if not call.repo.objects.has(sha, "blob"):
        raise not_found()
    data = call.repo.objects.get(sha, "blob")
    if "raw" in call.request.headers.get("accept", ""):
        return Response(200, data, {"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    url = f"{call.at}/repos/{call.repo.full_name}/git/blobs/{sha}"
    found = {"sha": sha, "node_id": f"B_{sha}", "size": len(data), "url": url, "content": _base64(data)}
    return as_json({**found, "encoding": "base64"})


@endpoint("POST", f"{REPO}/git/blobs", "contents:write")
def create_blob(call: Call) -> Response:
    body = call.request.document()
    content = text_of(body, "content")
    data = _decoded(content) if text_of(body, "encoding", "utf-8") == "base64" else content.encode()
    sha = call.repo.objects.put("blob", data)
    return as_json({"sha": sha, "url": f"{call.at}/repos/{call.repo.full_name}/git/blobs/{sha}"}, 201)


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except binascii.Error:
        raise Refusal(422, "content is not valid Base64") from None


@endpoint("GET", f"{REPO}/git/trees/{{tree_sha}}", "contents:read")
def get_tree(call: Call) -> Response:
    objects, name = call.repo.objects, call.parts["tree_sha"]
    try:
        tree = name if objects.has(name, "tree") else objects.commit(call.repo.resolve(name)).tree
    except KeyError:
        raise not_found() from None
    # Any value asks for all levels, even `0` and `false`.
    entries = _tree(call, tree, "", recursive="recursive" in call.request.query)
    return as_json(_tree_answer(call, tree, entries))


def _tree_answer(call: Call, tree: str, entries: list[Json]) -> Json:
    url = f"{call.at}/repos/{call.repo.full_name}/git/trees/{tree}"
    return {"sha": tree, "url": url, "tree": entries, "truncated": False}


def _tree(call: Call, tree: str, folder: str, *, recursive: bool) -> list[Json]:
    found: list[Json] = []
    objects = call.repo.objects
    url = f"{call.at}/repos/{call.repo.full_name}/git"
    for mode, name, sha in objects.entries(tree):
        kind = _KINDS.get(mode, "blob")
        entry: Json = {"path": f"{folder}{name}", "mode": mode, "type": kind, "sha": sha}
        if kind == "blob":
            entry["size"] = len(objects.get(sha, "blob"))
        if kind != "commit":
            entry["url"] = f"{url}/{kind}s/{sha}"
        found.append(entry)
        if recursive and kind == "tree":
            found += _tree(call, sha, f"{folder}{name}/", recursive=True)
    return found


@endpoint("POST", f"{REPO}/git/trees", "contents:write")
def create_tree(call: Call) -> Response:
    body, objects = call.request.document(), call.repo.objects
    base = body.get("base_tree")
    try:
        files = objects.files(str(base)) if base else {}
    except KeyError:
        raise Refusal(422, "base_tree is not a valid oid") from None
    listed = body.get("tree")
    if not isinstance(listed, list):
        raise malformed('"tree" wasn\'t supplied.')
    for item in listed:
        path, mode = text_of(item, "path"), text_of(item, "mode", FILE)
        if mode not in (FILE, EXECUTABLE, LINK, SUBMODULE, FOLDER):
            raise Refusal(422, "tree.mode is not a valid mode")
        if item.get("sha") is None and "content" not in item:
            files.pop(path, None)
            continue
        sha = objects.put("blob", str(item["content"]).encode()) if "content" in item else str(item["sha"])
        if mode == FOLDER:
            files.update({f"{path}/{name}": entry for name, entry in objects.files(sha).items()})
        elif mode != SUBMODULE and not objects.has(sha, "blob"):
            raise Refusal(422, f"tree.sha {sha} is not a valid blob")
        else:
            files[path] = (mode, sha)
    tree = objects.write_files(files)
    return as_json(_tree_answer(call, tree, _tree(call, tree, "", recursive=False)), 201)


@endpoint("GET", f"{REPO}/git/commits/{{commit_sha}}", "contents:read")
def get_git_commit(call: Call) -> Response:
    sha = call.parts["commit_sha"]
    if not call.repo.objects.has(sha):
        raise not_found()
    return as_json(shapes.git_commit(call.at, call.repo, sha))


@endpoint("POST", f"{REPO}/git/commits", "contents:write")
def create_commit(call: Call) -> Response:
    body, objects = call.request.document(), call.repo.objects
    tree, parents = text_of(body, "tree"), body.get("parents", [])
    if not objects.has(tree, "tree"):
        raise Refusal(422, "Tree SHA does not exist")
    if not isinstance(parents, list) or not all(objects.has(str(parent)) for parent in parents):
        raise Refusal(422, "Parent SHA does not exist or is not a commit object")
    ids = tuple(str(parent) for parent in parents)
    sha = objects.write_commit(tree, ids, text_of(body, "message"), call.world.tick(), call.user.login)
    return as_json(shapes.git_commit(call.at, call.repo, sha), 201)


def _ref(call: Call, name: str) -> Json:
    sha, url = call.repo.refs[name], f"{call.at}/repos/{call.repo.full_name}/git"
    target = {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"}
    return {"ref": name, "node_id": f"REF_{name}", "url": f"{url}/{name}", "object": target}


@endpoint("GET", f"{REPO}/git/ref/{{ref}}", "contents:read")
def get_ref(call: Call) -> Response:
    name = f"refs/{call.parts['ref']}"
    if name not in call.repo.refs:
        raise not_found()
    return as_json(_ref(call, name))


@endpoint("POST", f"{REPO}/git/refs", "contents:write")
def create_ref(call: Call) -> Response:
    body = call.request.document()
    name, sha = text_of(body, "ref"), text_of(body, "sha")
    if not name.startswith("refs/") or name.count("/") < 2:
        raise Refusal(422, "Reference name must start with 'refs/' and have at least two slashes")
    if name in call.repo.refs:
        raise Refusal(422, "Reference already exists")
    if not call.repo.objects.has(sha):
        raise Refusal(422, "Object does not exist")
    call.repo.set_ref(name, sha)
    return as_json(_ref(call, name), 201)


@endpoint("PATCH", f"{REPO}/git/refs/{{ref}}", "contents:write")
def update_ref(call: Call) -> Response:
    body, name = call.request.document(), f"refs/{call.parts['ref']}"
    sha = text_of(body, "sha")
    if name not in call.repo.refs:
        raise Refusal(422, "Reference does not exist")
    if not call.repo.objects.has(sha):
        raise Refusal(422, "Object does not exist")
    _refuse_protected(call, name.removeprefix("refs/heads/"))
    if not body.get("force") and call.repo.refs[name] not in call.repo.objects.history(sha):
        raise Refusal(422, "Update is not a fast forward")
    call.repo.set_ref(name, sha)
    return as_json(_ref(call, name))


@endpoint("DELETE", f"{REPO}/git/refs/{{ref}}", "contents:write")
def delete_ref(call: Call) -> Response:
    name = call.parts["ref"]
    if f"refs/{name}" not in call.repo.refs:
        raise Refusal(422, "Reference does not exist")
    if name.startswith("heads/"):
        call.repo.delete_branch(name.removeprefix("heads/"))
    else:
        del call.repo.refs[f"refs/{name}"]
    return Response(204)


def _refuse_protected(call: Call, branch: str) -> None:
    if branch in call.repo.protection or call.repo.rules.get(branch):
        raise Refusal(
            422, f"Repository rule violations found\n\nChanges must be made through a pull request ({branch})."
        )


# --- contents ---


@endpoint("GET", f"{REPO}/contents/{{path}}", "contents:read")
def get_contents(call: Call) -> Response:
    repo, path = call.repo, call.parts["path"].strip("/")
    revision = call.request.query.get("ref", repo.default_branch)
    try:
        files = repo.files(revision)
    except KeyError:
        raise Refusal(404, f"No commit found for the ref {revision}") from None
    if path not in files:
        below = sorted(
            {name.removeprefix(f"{path}/").partition("/")[0] for name in files if name.startswith(f"{path}/")}
        )
        if not below:
            raise not_found()
        return as_json([_listed(call, files, f"{path}/{name}", revision) for name in below[:1000]])
    mode, sha = files[path]
    if mode == LINK:
        # GitHub follows a link to a file of the repository and tells the target's content under the link's path.
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), repo.objects.get(sha, "blob").decode()))
        if files.get(target, ("", ""))[0] not in (FILE, EXECUTABLE):
            target_text = repo.objects.get(sha, "blob").decode()
            return as_json({**_item(call, path, "symlink", sha, revision), "target": target_text})
        sha = files[target][1]
    if mode == SUBMODULE:
        return as_json(
            {**_item(call, path, "submodule", sha, revision), "submodule_git_url": f"https://example.com/{path}.git"}
        )
    data = repo.objects.get(sha, "blob")
    if "raw" in call.request.headers.get("accept", ""):
        return Response(200, data, {"Content-Type": "application/vnd.github.raw+json; charset=utf-8"})
    inline = len(data) <= INLINE
    content = {"content": _base64(data) if inline else "", "encoding": "base64" if inline else "none"}
    return as_json({**_item(call, path, "file", sha, revision), **content})


def _listed(call: Call, files: dict[str, tuple[str, str]], path: str, revision: str) -> Json:
    if path not in files:
        tree = call.repo.objects.write_files(
            {name.removeprefix(f"{path}/"): entry for name, entry in files.items() if name.startswith(f"{path}/")}
        )
        return _item(call, path, "dir", tree, revision)
    mode, sha = files[path]
    return _item(call, path, {LINK: "symlink", SUBMODULE: "submodule"}.get(mode, "file"), sha, revision)


def _item(call: Call, path: str, kind: str, sha: str, revision: str) -> Json:
    repo = call.repo
    size = len(repo.objects.get(sha, "blob")) if kind in ("file", "symlink") else 0
    url = f"{call.at}/repos/{repo.full_name}/contents/{quote(path)}?ref={quote(revision)}"
    git = f"{call.at}/repos/{repo.full_name}/git/{'trees' if kind == 'dir' else 'blobs'}/{sha}"
    site = f"{SITE}/{repo.full_name}/{'tree' if kind == 'dir' else 'blob'}/{revision}/{quote(path)}"
    raw = f"https://raw.githubusercontent.com/{repo.full_name}/{revision}/{quote(path)}"
    return {
        "type": kind,
        "name": posixpath.basename(path),
        "path": path,
        "sha": sha,
        "size": size,
        "url": url,
        "git_url": git,
        "html_url": site,
        "download_url": raw if kind in ("file", "symlink") else None,
        "_links": {"self": url, "git": git, "html": site},
    }


@endpoint("PUT", f"{REPO}/contents/{{path}}", "contents:write")
def put_contents(call: Call) -> Response:
    body, repo, path = call.request.document(), call.repo, call.parts["path"]
    branch = text_of(body, "branch", repo.default_branch)
    message, content, given = text_of(body, "message"), text_of(body, "content"), body.get("sha")
    if f"refs/heads/{branch}" not in repo.refs:
        raise Refusal(404, f"Branch {branch} not found")
    _refuse_protected(call, branch)
    before = _sha_of(repo, branch, path)
    if before and given is None:
        raise Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if given is not None and given != before:
        raise Refusal(409, f"{path} does not match {given}")
    sha = repo.commit(branch, {path: _decoded(content)}, message, call.user.login)
    blob = repo.files(sha)[path][1]
    made = {"content": _item(call, path, "file", blob, branch), "commit": shapes.git_commit(call.at, repo, sha)}
    return as_json(made, 200 if before else 201)


def _sha_of(repo: Repository, branch: str, path: str) -> str | None:
    return repo.files(branch).get(path, ("", None))[1]

"""The other host that GitHub's redirects lead to: artefacts and archives, by signed URLs, without a token."""

from __future__ import annotations

import gzip
import io
import tarfile
from fnmatch import fnmatch

from tests.support.github_server.git import EXECUTABLE, LINK, SUBMODULE
from tests.support.github_server.people import World
from tests.support.github_server.repository import Repository
from tests.support.github_server.wire import Request, Response

SIGNATURE = "sig=signed"


def stored(world: World, request: Request) -> Response:
    """What lies at a signed URL; 400 with a token, as Azure's storage answers, 403 without the signature."""
    if "authorization" in request.headers:
        return Response(400, b"<Error><Code>InvalidAuthenticationInfo</Code></Error>", {"Content-Type": "text/xml"})
    if SIGNATURE not in request.target:
        return Response(403, b"<Error><Code>AuthenticationFailed</Code></Error>", {"Content-Type": "text/xml"})
    kind, _, rest = request.path.strip("/").partition("/")
    for repo in world.repositories.values():
        for artifact in repo.artifacts.values():
            if kind == "artifacts" and rest == str(artifact.id) and not artifact.expired:
                return Response(200, artifact.data, {"Content-Type": "application/zip"})
        if kind == "archives" and rest.startswith(f"{repo.id}/"):
            return Response(200, tarball(repo, rest.partition("/")[2]), {"Content-Type": "application/x-gzip"})
    return Response(404, b"<Error><Code>BlobNotFound</Code></Error>", {"Content-Type": "text/xml"})


def tarball(repo: Repository, sha: str) -> bytes:
    """The files of a commit as `git archive` packs them, below OWNER-NAME-SHORTSHA/.

    As git does, by the `.gitattributes` of the commit (here those at the root): files with `export-ignore` are left
    out, those with `eol=crlf` get such line ends, and those with `export-subst` the commit's id for `$Format:%H$`.
    """
    commit = repo.objects.commit(sha)
    attributes = _attributes(repo, commit.tree)
    top = f"{repo.owner.login}-{repo.name}-{sha[:7]}"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": sha}) as archive:
        archive.addfile(_item(f"{top}/", commit.time, tarfile.DIRTYPE, 0o775))
        for path, (mode, blob) in sorted(repo.objects.files(commit.tree).items()):
            if mode == SUBMODULE:
                archive.addfile(_item(f"{top}/{path}", commit.time, tarfile.DIRTYPE, 0o775))
                continue
            data = repo.objects.get(blob, "blob")
            given = {word for glob, words in attributes if fnmatch(path, glob) for word in words}
            if "export-ignore" in given:
                continue
            if mode != LINK and "eol=crlf" in given:
                data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            if mode != LINK and "export-subst" in given:
                data = data.replace(b"$Format:%H$", sha.encode())
            if mode == LINK:
                item = _item(f"{top}/{path}", commit.time, tarfile.SYMTYPE, 0o777)
                item.linkname = data.decode("utf-8", "surrogateescape")
                archive.addfile(item)
                continue
            item = _item(f"{top}/{path}", commit.time, tarfile.REGTYPE, 0o775 if mode == EXECUTABLE else 0o664)
            item.size = len(data)
            archive.addfile(item, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), mtime=0)


def _attributes(repo: Repository, tree: str) -> list[tuple[str, list[str]]]:
    _mode, blob = repo.objects.files(tree).get(".gitattributes", ("", ""))
    lines = repo.objects.get(blob, "blob").decode().splitlines() if blob else []
    return [(words[0], words[1:]) for line in lines if (words := line.split()) and not line.startswith("#")]


def _item(name: str, time: int, kind: bytes, mode: int) -> tarfile.TarInfo:
    item = tarfile.TarInfo(name)
    item.type, item.mode, item.mtime, item.uname, item.gname = kind, mode, time, "root", "root"
    return item

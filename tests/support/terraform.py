"""Terraform as tests write it: files by name, read as the gate reads them."""

from __future__ import annotations

from hashlib import sha256

from gate.collect.readers.hcl_tree import Block
from gate.collect.terraform.parse_child import parse
from gate.collect.terraform.parsing import ParsedFile
from gate.collect.terraform.tree import Placed, Tree, folder_of


def parsed(path: str, text: str) -> ParsedFile:
    """Return a file, parsed in this process."""
    data = text.encode()
    return ParsedFile(path, sha256(data).hexdigest(), data, parse(path, data))


def tree(*named: tuple[str, str], **files: str) -> Tree:
    """Return the modules of files: (path, text), or NAME="text" for NAME.tf at the top.

    What ends in `.tfvars` is a file of variables of its folder, and `.terraform.lock.hcl` a lock file.
    """
    every = [*named, *((f"{name}.tf", text) for name, text in files.items())]
    code = [parsed(path, text) for path, text in every if ".tfvars" not in path and not path.endswith(".hcl")]
    values = [(folder_of(path), Placed(path, _block(path, text))) for path, text in every if ".tfvars" in path]
    return Tree(code, values, [path for path, _ in every if path.endswith(".hcl")])


def _block(path: str, text: str) -> Block:
    return parse(path, text.encode())

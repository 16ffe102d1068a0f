"""Parse files of Terraform in a process of its own: `python -I -m gate.collect.terraform.parse_child`.

A hostile file may make the parser slow, large or die, so it does not share the gate's process. Input: JSON, a list of
`{"name": NAME, "data": BASE64}`; output: JSON, a list with an answer for each: `{"block": …}` (`hcl_tree.to_json`), or
`{"reason": TEXT, "line": LINE or null}`. A file that takes longer than SECONDS is given up.
"""

from __future__ import annotations

import base64
import json
import signal
import sys
from types import FrameType

from gate.collect.readers.errors import ReportError
from gate.collect.readers.hcl import read_hcl
from gate.collect.readers.hcl_json import read_hcl_json
from gate.collect.readers.hcl_tree import Block, to_json
from gate.model.json import Json, JsonObject

SECONDS = 20
"""How long one file may take: four times what a megabyte of ordinary Terraform takes."""


class _TooSlowError(Exception):
    """The time of one file is over."""


def main() -> None:
    """Answer for the files on stdin."""
    signal.signal(signal.SIGALRM, _ring)
    given = json.loads(sys.stdin.buffer.read())
    sys.stdout.write(json.dumps([answer(str(item["name"]), base64.b64decode(item["data"])) for item in given]))


def answer(name: str, data: bytes) -> Json:
    """Return what is said about one file. Raises nothing."""
    try:
        signal.alarm(SECONDS)
        try:
            return {"block": to_json(parse(name, data))}
        finally:
            signal.alarm(0)
    except ReportError as error:
        refused: JsonObject = {"reason": error.reason, "line": error.line}
        return refused
    except _TooSlowError:
        return {"reason": f"was not parsed within {SECONDS} s", "line": None}
    except (RecursionError, MemoryError):
        return {"reason": "nests too deep, or is too large, to be parsed", "line": None}


def parse(name: str, data: bytes) -> Block:
    """Return a file as a block, by its name. Raises ReportError."""
    if name.endswith(".json"):
        return read_hcl_json(data, values=name.endswith(".tfvars.json"))
    return read_hcl(data)


def _ring(_number: int, _frame: FrameType | None) -> None:
    raise _TooSlowError


if __name__ == "__main__":
    main()

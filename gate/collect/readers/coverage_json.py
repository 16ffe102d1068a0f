"""The JSON documents that tell coverage: bytes in, values of a known shape out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from gate.collect.readers.errors import ReportError

Shape = TypeVar("Shape")


def decode(data: bytes, shape: type[Shape], what: str) -> Shape:
    """Decode a JSON document of one shape, told by the types of msgspec structs. Raises ReportError.

    NaN and infinities are no JSON and are refused, as are documents nested too deep.
    """
    import msgspec

    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=shape)
    except msgspec.ValidationError as error:
        raise ReportError(f"is not {what}: {_plain(str(error))}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReportError(f"is not JSON: {_plain(str(error))}") from None
    except RecursionError:
        raise ReportError("is nested too deep to be a coverage report") from None


def _plain(text: str) -> str:
    return text[:200].rstrip(".").replace("JSON is malformed: ", "")


def whole(chunks: Iterable[bytes]) -> bytes:
    """Join the pieces of a document that can only be read whole. Raises ReportError when there is nothing."""
    data = b"".join(chunks)
    if not data.strip():
        raise ReportError("is empty")
    return data

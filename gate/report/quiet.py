"""Untrusted text and paths for places that GitHub shows as text but also looks through for things to act on.

Messages of annotations and alerts are no Markdown, so a code span would show its ticks. GitHub still may make mentions,
references and links of them, in the mails and comments that it writes about an alert. A word joiner (U+2060), which no
reader sees, takes such a text apart.
"""

from __future__ import annotations

import re

from gate.formats.plain import one_line

JOINER = "\u2060"
_ACTIVE = re.compile(
    r"@(?=[\w-])|\#(?=\d)|\bGH-(?=\d)|<(?=[\w/!?])|:(?=//)|www(?=\.)|\b(?:mailto|xmpp|javascript):|\](?=[(\[:])",
    re.IGNORECASE,
)
"""What begins a mention, a reference, a tag, or ends the first half of a link. `](` is a link in plain SARIF messages,
too (SARIF 2.1.0 §3.11.6)."""
_LONGEST_PATH = 1024


def quiet(text: str, limit: int) -> str:
    """Return text on one line of at most `limit` characters that mentions nobody, and refers and leads to nothing."""
    line = one_line(text, limit)
    # Each joiner stands behind a character of its own, so half of the room is always enough.
    room = max(limit // 2, limit - len(_ACTIVE.findall(line)))
    return _ACTIVE.sub(rf"\g<0>{JOINER}", line if len(line) <= room else one_line(line, room))


def sentence_case(text: str) -> str:
    """Return a sentence that begins with a capital letter; what is no word, a path for instance, stays as it is."""
    return text[:1].upper() + text[1:] if text.partition(" ")[0].rstrip(",").isalpha() else text


def basic(text: str) -> str:
    """Return text without characters beyond U+FFFF, which GitHub refuses in annotations; each is told as `\\u{1F600}`.

    That it refuses them is what publishers of annotations found out; it is documented nowhere.
    """
    if text.isascii():
        return text
    return "".join(char if char <= "\uffff" else f"\\u{{{ord(char):X}}}" for char in text)


def relative_path(path: str | None) -> str | None:
    """Return a path if it is one from a repository's root, None for an absolute one or one that leads out of it."""
    if not path or len(path) > _LONGEST_PATH or "\0" in path or re.match(r"[A-Za-z]:[/\\]", path):
        return None
    return None if any(part in ("", ".", "..") for part in path.replace("\\", "/").split("/")) else path


def shown_path(path: str | None) -> str | None:
    """Return a relative path if it is shown as it is and can be sent in an annotation, None for any other.

    A control or bidi character in a name makes another name of it for the reader.
    """
    found = relative_path(path)
    return found if found is not None and one_line(found, _LONGEST_PATH) == found == basic(found) else None

"""What a check run's output may hold; everything over a limit is refused, nothing is cut."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.github_server.wire import Json, malformed, text_of

TEXT = 65_535
PER_REQUEST = 50
MESSAGE = 64 * 1024
TITLE = 255


@dataclass(frozen=True)
class Output:
    """The output of one request."""

    title: str
    summary: str
    text: str | None
    annotations: list[Json]


def check_output(body: Json, *, creating: bool) -> Output | None:
    """The output of a request; raises Refusal 422 for what GitHub would not take."""
    found = body.get("output")
    if found is None:
        return None
    if not isinstance(found, dict):
        raise malformed("output is not an object.")
    title = text_of(found, "title", None if creating else "")
    summary = text_of(found, "summary")
    text = found.get("text")
    for value in (summary, text):
        if isinstance(value, str) and len(value) > TEXT:
            raise malformed(f"Only {TEXT} characters are allowed; {len(value)} were supplied.")
    listed = found.get("annotations", [])
    if not isinstance(listed, list):
        raise malformed("annotations is not an array.")
    if len(listed) > PER_REQUEST:
        raise malformed(f"No more than {PER_REQUEST} items are allowed; {len(listed)} were supplied.")
    return Output(title, summary, text if isinstance(text, str) else None, [_annotation(one) for one in listed])


def _annotation(one: object) -> Json:
    if not isinstance(one, dict):
        raise malformed("An annotation is not an object.")
    path, level, message = text_of(one, "path"), text_of(one, "annotation_level"), text_of(one, "message")
    if not path or path.startswith("/") or "\0" in path:
        raise malformed("An annotation's path has to be that of a file in the repository.")
    if level not in ("notice", "warning", "failure"):
        raise malformed(f"{level} is not a member of ['notice', 'warning', 'failure'].")
    start, end = _line(one, "start_line"), _line(one, "end_line")
    if end < start:
        raise malformed("end_line is before start_line.")
    if start != end and ("start_column" in one or "end_column" in one):
        raise malformed("start_column and end_column are only allowed when start_line and end_line are equal.")
    limits = ((message, MESSAGE), (text_of(one, "raw_details", ""), MESSAGE), (text_of(one, "title", ""), TITLE))
    for value, limit in limits:
        if len(value.encode()) > limit if limit == MESSAGE else len(value) > limit:
            raise malformed(f"Only {limit} characters are allowed; {len(value)} were supplied.")
        if any(ord(character) > 0xFFFF for character in value):
            raise malformed("An annotation holds a character outside of Unicode's basic plane.")
    if not message:
        raise malformed("message is too short (minimum is 1 character).")
    return dict(one)


def _line(one: Json, name: str) -> int:
    value = one.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise malformed(f'"{name}" wasn\'t supplied as an integer.')
    if value < 1:
        raise malformed(f"{name} has to be 1 or more.")
    return value

"""What an answer means: whether it is an error and which, how long to wait, where the next page and a redirection are.

Pure. Statuses, headers and messages are those of "Rate limits for the REST API", "Best practices for using the REST
API" and "Troubleshooting the REST API" of GitHub's documentation.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from gate.formats.plain import one_line
from gate.formats.strict_json import JsonProblem, loads
from gate.model.json import Json
from gate.publish.forge_wire import Answer, Ask
from gate.publish.forge_words import ForgeProblem, Trouble

TRANSIENT = frozenset({500, 502, 503, 504})
"""Statuses after which another try may do better, and after which nobody knows whether there was an effect."""
REDIRECTIONS = frozenset({301, 302, 307, 308})
SECONDARY_WAIT = 60.0
"""Seconds to wait at least after a secondary limit that names no time; twice as long each time it happens again."""
_NEXT = re.compile(r'<([^<>]*)>\s*;\s*(?:[^,<>]*;\s*)?rel="?next"?(?=\s*(?:[;,]|$))')
_WORDS = {
    301: "Moved",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    410: "Gone",
    413: "Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable",
    429: "Too Many Requests",
    500: "Server Error",
    502: "Bad Gateway",
    503: "Unavailable",
    504: "Gateway Timeout",
}
_TROUBLES = {401: Trouble.UNAUTHENTICATED, 403: Trouble.FORBIDDEN, 404: Trouble.NOT_FOUND, 429: Trouble.LIMITED}


def problem_of(ask: Ask, answer: Answer) -> ForgeProblem:
    """Return the problem that an answer with a status of 300 or more tells of."""
    status = answer.status
    head = f"answered {ask.label} with {status} {_WORDS.get(status, '')}".rstrip()
    if status >= 500:
        return ForgeProblem(Trouble.BROKEN, head, status)
    if status < 400:
        return ForgeProblem(Trouble.BROKEN, f"{head}, and where that leads is not known", status)
    said = message_of(answer)
    if said == _WORDS.get(status):
        said = ""
    needs = one_line(answer.headers.get("x-accepted-github-permissions", ""), 80)
    hint = f" (the request needs {needs})" if status == 403 and needs else ""
    return ForgeProblem(_TROUBLES.get(status, Trouble.INVALID), f"{head}{': ' if said else ''}{said}{hint}", status)


def message_of(answer: Answer, limit: int = 300) -> str:
    """Return the message of an error's body with those of its `errors`, on one line; "" where it has none.

    It may quote what somebody else wrote, so it holds nothing that a runner takes for a command.
    """
    try:
        body = loads(answer.data)
    except JsonProblem:
        return ""
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    parts = [body.get("message"), *map(_detail, errors if isinstance(errors, list) else [errors])]
    said = one_line("; ".join(part for part in parts if isinstance(part, str) and part), limit)
    return said.replace("##[", "# #[").replace("::", ": :")


def _detail(error: Json) -> str:
    """Word one of the errors of a 422: a text, or an object with a message or with what is wrong with which field."""
    if isinstance(error, str):
        return error
    if not isinstance(error, dict):
        return ""
    message = error.get("message")
    if isinstance(message, str) and message:
        return message
    named = ".".join(part for key in ("resource", "field") if isinstance(part := error.get(key), str) and part)
    code = error.get("code")
    return f"{named} {code}".strip() if isinstance(code, str) else named


def limited_for(answer: Answer, now: float, before: int) -> float | None:
    """Return the seconds that a rate limit asks to wait; None where the answer is not about one.

    `now` is in seconds since 1970, `before` how often the same request met a limit already.
    """
    if (answer.status == 403 and not _is_limit(answer)) or answer.status not in (403, 429):
        return None
    return _asked_wait(answer, now, before)


def graphql_limited_for(answer: Answer, now: float, before: int) -> float:
    """Return the seconds to wait after an answer of GraphQL that named RATE_LIMITED under a status of 200."""
    return _asked_wait(answer, now, before)


def _asked_wait(answer: Answer, now: float, before: int) -> float:
    after = retry_after(answer)
    if after is not None:
        return max(1.0, after)
    reset = _number(answer.headers.get("x-ratelimit-reset"))
    if answer.headers.get("x-ratelimit-remaining", "").strip() == "0" and reset is not None:
        return max(1.0, reset - now + 1)  # in which part of that second it is reset, nobody says
    return SECONDARY_WAIT * 2.0**before


def retry_after(answer: Answer) -> float | None:
    """Return the seconds after which another try is welcome, where the answer says so."""
    return _number(answer.headers.get("retry-after"))


def _is_limit(answer: Answer) -> bool:
    said = message_of(answer).casefold()
    if "rate limit" in said or "abuse detection" in said or "retry-after" in answer.headers:
        return True
    # The last request of the hour may be one that is forbidden anyway.
    return answer.headers.get("x-ratelimit-remaining", "").strip() == "0" and "not accessible" not in said


def limit_problem(wait: float, now: float, room: float, status: int) -> ForgeProblem:
    """Return the problem of a limit that asks to wait for longer than there is time."""
    until = datetime.fromtimestamp(min(now + wait, 253_000_000_000), UTC)
    return ForgeProblem(
        Trouble.LIMITED,
        f"limits the rate of requests until {until:%Y-%m-%d %H:%M:%S} UTC, {wait:,.0f} seconds from now, "
        f"and {max(room, 0):,.0f} seconds are left to wait",
        status,
    )


def next_page(answer: Answer) -> str | None:
    """Return the address of the next page that the Link header names (RFC 8288)."""
    found = _NEXT.search(answer.headers.get("link", ""))
    return found[1] if found else None


def _number(text: str | None) -> float | None:
    """Return a header's number of seconds; None for what is not one. Dates are not among GitHub's ways to say it."""
    if text is None or not re.fullmatch(r"\s*[0-9]{1,12}(?:\.[0-9]{1,6})?\s*", text):
        return None
    return float(text)

"""The one comment on a pull request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.publish.comment import BUDGET, LONGEST, marker
from gate.publish.publication import Channel
from tests.publish.test_publisher import flood
from tests.support.github_server import ACTIONS, ACTIONS_BOT, Hub, add_comment, faults
from tests.support.publishing import MARKER, QUIET, Job, comments, outcome, result
from tests.support.verdicts import CONDITIONAL, GO, NO_GO

ISSUES = "/issues/7/comments$"


def writes(hub: Hub) -> list[str]:
    """What was asked of comments that changes them, since the log was cleared."""
    found = [entry for entry in hub.log if entry.wrote and ("comments" in entry.path or entry.path == "/graphql")]
    return [entry.method if entry.path != "/graphql" else "minimize" for entry in found if is_change(entry.body)]


def is_change(body: object) -> bool:
    return not (isinstance(body, dict) and "query" in body and "minimizeComment" not in str(body["query"]))


def test_there_is_one_comment_and_it_is_updated_in_place(hub: Hub) -> None:
    Job(hub).begin().publish(NO_GO)
    first = comments(hub)[0].id
    Job(hub, run=101).begin().publish(GO)
    (comment,) = comments(hub)
    assert comment.id == first
    assert "✅ GO" in comment.body.splitlines()[1]


def test_what_has_not_changed_is_not_written(hub: Hub) -> None:
    Job(hub).begin().publish(NO_GO)
    comments(hub)[0].body = comments(hub)[0].body.replace("\n", "\r\n")
    hub.log.clear()
    publication = Job(hub, run=101).begin().publish(NO_GO)
    assert writes(hub) == []
    assert outcome(publication)["comment"] == "published"


def test_t18_somebody_elses_comment_with_our_marker(hub: Hub) -> None:
    mallory = hub.world.user("mallory")
    bot = hub.world.app("evil-ci")
    add_comment(hub.repository(), 7, f"{MARKER}\n## ✅ GO · all is well", mallory)
    add_comment(hub.repository(), 7, f"{MARKER}\n## ✅ GO · all is well", bot.bot, bot)
    before = [one.body for one in comments(hub)]
    Job(hub).begin().publish(NO_GO)
    assert [one.body for one in comments(hub)][:2] == before, "it is left alone"
    assert len(comments(hub)) == 3
    assert comments(hub)[-1].user is ACTIONS_BOT
    assert comments(hub)[-1].body.startswith(f"{MARKER}\n## ❌ NO-GO")


@pytest.mark.parametrize(
    "body",
    ["hello\n" + MARKER, MARKER + " and more\ntext", "> " + MARKER, MARKER.replace(":readiness-gate", ":payments"), ""],
)
def test_t18_only_a_marker_on_the_first_line_is_one(hub: Hub, body: str) -> None:
    """Other comments of the same bot, by other workflows and by gates of other names."""
    add_comment(hub.repository(), 7, body, ACTIONS_BOT, ACTIONS)
    Job(hub).begin().publish(NO_GO)
    assert comments(hub)[0].body == body
    assert len(comments(hub)) == 2


def test_t18_300_comments(hub: Hub) -> None:
    for number in range(150):
        add_comment(hub.repository(), 7, f"I think {number}", hub.world.user("octo-dev"))
    Job(hub).begin().publish(NO_GO)
    for number in range(150):
        add_comment(hub.repository(), 7, f"I think {number}", hub.world.user("octo-dev"))
    hub.log.clear()
    Job(hub, run=101).begin().publish(GO)
    ours = [one for one in comments(hub) if one.user is ACTIONS_BOT]
    assert len(ours) == 1
    assert "✅ GO" in ours[0].body
    assert hub.log.count("GET", ISSUES) == 4, "all pages"


def test_two_comments_of_ours_become_one(hub: Hub) -> None:
    """Two runs that both found none made one each."""
    Job(hub).begin().publish(NO_GO)
    add_comment(hub.repository(), 7, comments(hub)[0].body, ACTIONS_BOT, ACTIONS)
    newest = comments(hub)[-1].id
    Job(hub, run=101).begin().publish(CONDITIONAL)
    assert [one.id for one in comments(hub)] == [newest]


def test_a_comment_that_is_deleted_meanwhile_is_made_anew(hub: Hub) -> None:
    Job(hub).begin().publish(NO_GO)
    gone = comments(hub)[0].id
    hub.fault("PATCH", "/issues/comments/", faults.meanwhile(lambda: hub.repository().comments.pop(gone)))
    publication = Job(hub, run=101).begin().publish(GO)
    assert len(comments(hub)) == 1
    assert comments(hub)[0].id != gone
    assert outcome(publication)["comment"] == "published"


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_comment_that_cannot_be_edited_is_made_anew(hub: Hub, status: int) -> None:
    Job(hub).begin().publish(NO_GO)
    old = comments(hub)[0].id
    hub.fault("PATCH", "/issues/comments/", faults.refuse(status, "No"), nth=0)
    Job(hub, run=101).begin().publish(GO)
    assert len(comments(hub)) == 1
    assert comments(hub)[0].id != old


def test_an_old_comment_that_may_not_be_deleted_stays(hub: Hub) -> None:
    Job(hub).begin().publish(NO_GO)
    hub.fault("PATCH", "/issues/comments/", faults.fork(), nth=0)
    hub.fault("DELETE", "/issues/comments/", faults.fork(), nth=0)
    publication = Job(hub, run=101).begin().publish(GO)
    assert outcome(publication)["comment"] == "published"
    assert len(comments(hub)) == 2


@pytest.mark.parametrize("path", ["/issues/comments/", ISSUES])
def test_a_server_that_is_down_makes_no_second_comment(hub: Hub, path: str) -> None:
    Job(hub).begin().publish(NO_GO)
    hub.fault("PATCH|GET", path, faults.server_error(503), nth=0)
    publication = Job(hub, run=101).begin().publish(GO)
    assert outcome(publication)["comment"] == "failed"
    assert len(comments(hub)) == 1


def test_a_body_that_is_too_long_for_github_is_shortened(hub: Hub) -> None:
    """It never is by our own count; if GitHub counts otherwise one day, a shorter one is still better than none."""
    too_long = faults.unprocessable("Body is too long (maximum is 65536 characters)")
    hub.fault("POST", ISSUES, too_long, nth=1)
    assert outcome(Job(hub).begin().publish(flood(5000)))["comment"] == "published"
    assert len(comments(hub)[0].body.encode()) <= 20_000


def test_a_comment_is_never_longer_than_github_takes(hub: Hub) -> None:
    words = "🦊" * 190
    many = tuple(replace(item, id=f"{item.id}.{n}", reason=words) for n in range(200) for item in NO_GO.criteria[:1])
    Job(hub).begin().publish(replace(NO_GO, criteria=many, blocked_by=tuple(item.id for item in many)))
    (comment,) = comments(hub)
    assert len(comment.body.encode()) <= BUDGET < LONGEST
    assert comment.body.startswith(f"{MARKER}\n## ❌ NO-GO")


def test_comments_on_problems_only(hub: Hub) -> None:
    publication = Job(hub, settings=QUIET).begin().publish(GO)
    assert (comments(hub), outcome(publication)["comment"]) == ([], "off")
    Job(hub, run=101, settings=QUIET).begin().publish(CONDITIONAL)
    (problem,) = comments(hub)
    assert "CONDITIONAL" in problem.body
    Job(hub, run=102, settings=QUIET).begin().publish(GO)
    (folded,) = comments(hub)
    assert (folded.id, folded.minimized) == (problem.id, "outdated")
    assert "✅ GO" in folded.body
    hub.log.clear()
    Job(hub, run=103, settings=QUIET).begin().publish(GO)
    assert writes(hub) == [], "it is folded away already"
    Job(hub, run=104, settings=QUIET).begin().publish(NO_GO)
    (again,) = comments(hub)
    assert again.minimized is None, "a folded comment would not be seen"
    assert "NO-GO" in again.body


def test_no_verdict_is_a_problem(hub: Hub) -> None:
    Job(hub, settings=QUIET).begin().give_up("The policy cannot be read.")
    assert "⛔ NO VERDICT" in comments(hub)[0].body


def test_the_head_moves_before_the_comment(hub: Hub) -> None:
    job = Job(hub).begin()
    hub.fault("GET", "/pulls/7$", faults.meanwhile(lambda: hub.repository().commit("feature", {"a": "b"})), nth=2)
    publication = job.publish(GO)
    assert comments(hub) == []
    assert "head" in result(publication, Channel.COMMENT).reason


def test_the_base_changes_before_the_comment(hub: Hub) -> None:
    hub.repository().commit("lax", {}, start="main")
    job = Job(hub).begin()
    hub.fault("GET", "/pulls/7$", faults.meanwhile(lambda: hub.repository().retarget(7, "lax")), nth=2)
    publication = job.publish(GO)
    assert comments(hub) == []
    assert "another branch" in result(publication, Channel.COMMENT).reason


def test_t18_a_comment_is_never_read_for_what_it_says(hub: Hub) -> None:
    """Somebody with write access edits our comment: the next run writes over it and believes nothing of it."""
    Job(hub).begin().publish(NO_GO)
    comments(hub)[0].body = f"{MARKER}\n## ✅ GO · nothing blocks\n<!-- state: go -->"
    publication = Job(hub, run=101).begin().publish(NO_GO)
    assert "NO-GO" in comments(hub)[0].body
    assert outcome(publication)["status"] == "published"


def test_t16_t17_nobody_is_mentioned_and_nothing_is_built_of_what_the_evidence_says(hub: Hub) -> None:
    """The renderer's own tests try more; here it is seen to be the one that is used, for everything."""
    evil = "@octo-dev fixes octo/shop#1 ![x](https://evil.example/x.png) </details> <!-- readiness-gate:x --> `a"
    criteria = tuple(replace(item, reason=evil, title=evil, fix=evil, measured=evil) for item in NO_GO.criteria)
    job = Job(hub).begin()
    job.publish(replace(NO_GO, criteria=criteria, notices=(evil,)))
    job.give_up(evil)
    for body in (one.body for one in comments(hub)):
        outside = "".join(part for index, part in enumerate(body.replace("``", "`").split("`")) if index % 2 == 0)
        assert "@octo-dev" not in outside
        assert "evil.example" not in outside
        assert body.count("<!-- readiness-gate:readiness-gate -->") == 1


def test_a_marker_is_one_comment_of_html() -> None:
    assert marker("readiness-gate") == MARKER
    assert marker("a--b") == "<!-- readiness-gate:a- -b -->"

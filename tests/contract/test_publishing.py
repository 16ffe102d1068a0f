"""Whole runs of the publisher, every request and answer held against GitHub's own description of its API."""

from __future__ import annotations

from gate.model.policy import CommentMode, PublishSettings
from tests.publish.test_publisher import flood
from tests.support.github_server import Hub, add_check
from tests.support.publishing import NAME, Job, comments, conclusions, outcome, states
from tests.support.verdicts import GO, NO_GO

ALL = PublishSettings(sarif=True, comment=CommentMode.ON_PROBLEMS)


def test_what_the_publisher_asks_is_what_github_describes(checked_hub: Hub) -> None:
    published = Job(checked_hub, settings=ALL, checked=True).begin().publish(flood())
    assert outcome(published) | {"log": "off"} == dict.fromkeys(outcome(published), "published") | {"log": "off"}
    assert len(checked_hub.log) <= 30
    Job(checked_hub, run=101, settings=ALL, checked=True).begin().publish(GO)
    assert conclusions(checked_hub) == ["success", "success"]
    assert comments(checked_hub)[0].minimized == "outdated"
    Job(checked_hub, run=102, settings=ALL, checked=True).begin().give_up("The policy cannot be read.")
    assert states(checked_hub)[-1] == "error"
    add_check(checked_hub.repository(), checked_hub.world.app("evil-ci"), Job(checked_hub).sha, NAME)
    late = Job(checked_hub, run=100, attempt=2, checked=True).begin().publish(NO_GO)
    assert outcome(late)["status"] == "stale"
    assert len(late.intruders) == 1
    assert checked_hub.violations == []

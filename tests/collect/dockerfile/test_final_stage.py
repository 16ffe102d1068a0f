"""Checks that can only succeed, and users that are root by another name."""

from __future__ import annotations

import pytest

from gate.collect.dockerfile.final_stage import final_stages
from gate.collect.readers.dockerfile import read_dockerfile


@pytest.mark.parametrize(
    ("check", "nothing"),
    [
        ("CMD curl -f http://localhost || exit 0", True),
        ("CMD curl -f http://localhost || exit 1", False),
        ('CMD ["sh", "-c", "curl -f http://localhost; true"]', True),
        ('CMD ["/usr/bin/true"]', True),
        ("CMD [ 1 -eq 1 ]", True),
        ("CMD echo ok", True),
    ],
)
def test_a_check_that_can_only_succeed_tests_nothing(check: str, nothing: bool) -> None:
    (final,) = final_stages(read_dockerfile(f"FROM a:1\nHEALTHCHECK {check}\n".encode()))
    assert final.healthcheck is not None
    assert final.healthcheck.tests_nothing is nothing


@pytest.mark.parametrize(
    ("run", "user", "non_root"),
    [
        ("useradd -o -u 0 app", "app", False),
        ("useradd -ou 0 app && true", "app", False),
        ("adduser -D -u 00 app", "app", False),
        ("usermod --uid=0 app", "app", False),
        ("useradd --uid 10001 app", "app", True),
        ("useradd -u 0 toor; useradd -u 10 app", "app", True),
        ("useradd -u 0x app", "app", True),
    ],
)
def test_a_user_that_is_made_root_is_root(run: str, user: str, non_root: bool) -> None:
    text = f"FROM a:1 AS base\nRUN {run}\nFROM base\nUSER {user}\n"
    (final,) = final_stages(read_dockerfile(text.encode()))
    assert final.non_root is non_root

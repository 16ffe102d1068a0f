"""The table of renderers."""

from __future__ import annotations

import pytest

from gate.commands.options import FORMATS
from gate.report.formats import RENDERERS, renderer
from gate.report.options import RenderOptions
from tests.support.verdicts import CONDITIONAL, GO, NO_GO


def test_the_command_line_offers_every_renderer() -> None:
    assert tuple(RENDERERS) == FORMATS


@pytest.mark.parametrize("name", RENDERERS)
def test_every_renderer_tells_the_verdicts_apart(name: str) -> None:
    texts = {renderer(name)(value, RenderOptions()) for value in (GO, CONDITIONAL, NO_GO)}
    assert len(texts) == 3
    assert all(text.endswith("\n") for text in texts)


def test_a_format_that_is_none_has_no_renderer() -> None:
    with pytest.raises(KeyError):
        renderer("pdf")

"""Scenarios, replayed over REST against the served app on both pairs of engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.platform.served import ADMIN
from tests.scenarios.cases import GREEN, WAITING
from tests.scenarios.replay import Options, play
from tests.stories.world import PAIRS, make_app, running

FILES = {file.stem: file for file in sorted(Path(__file__).parent.glob("*/*.json"))}


@pytest.fixture(params=PAIRS, scope="module")
def url(request) -> Iterator[str]:
    """Where the app answers."""
    app = make_app(request.param)
    with running(app) as server:
        yield server.url


def test_every_case_passes_or_waits_for_something():
    """Each file is named once, and nothing is named that is not there."""
    assert sorted([*GREEN, *WAITING]) == sorted(FILES)


@pytest.mark.parametrize("name", GREEN)
def test_what_is_sent_comes_to_what_is_expected(url, name):
    """Every step of the case, read back through the API."""
    assert not (wrong := play(FILES[name], Options(url, ADMIN))), f"{name}\n{wrong}"

"""The app of the stories, on each pair of engines."""

from collections.abc import Iterator

import pytest

from tests.stories.world import PAIRS, Server, World, make_app, running


@pytest.fixture(scope="package", params=PAIRS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The app on a pair of engines, served for all stories."""
    with running(make_app(request.param)) as found:
        yield found


@pytest.fixture
def world(server: Server) -> World:
    """A new organization, whose clock is moved by hand."""
    return World(server)

"""A served app for the platform's stories, on both ledgers."""

from collections.abc import Iterator

import pytest

from tests.api.platform.served import Served, open_app, serving


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """The app, served for all tests of one module; each opens an organization of its own."""
    with open_app(request.param) as app, serving(app) as found:
        yield found

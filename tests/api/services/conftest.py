"""A served app on both ledgers, and a new organization of it for every test."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.platform.served import Served, open_app, serving


class Catalogue:
    """One new organization of a served app, asked through either door."""

    def __init__(self, served: Served) -> None:
        self.served, self.key = served, served.organization()

    def rest(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Ask over REST, and return the JSON of an answer with this status."""
        answer = self.served.rest(method, path, self.key, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None) -> Any:
        """Ask over REST for what is refused field by field, and return the codes."""
        return self.rest(method, path, body, 422)["error_details"]

    def rpc(self, name: str, /, **request: Any) -> Any:
        """Call over gRPC. Raises: grpc.RpcError."""
        return self.served.rpc(name, self.key, **request)


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """The app, served for all tests of this folder."""
    with open_app(request.param) as app, serving(app) as found:
        yield found


@pytest.fixture
def catalogue(served: Served) -> Catalogue:
    """A new organization, and both doors to it."""
    return Catalogue(served)

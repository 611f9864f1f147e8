"""A small client of our own REST door, for the commands that work through a server."""

from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3


class Refused(Exception):
    """The server turned a request down; the message says what it answered."""

    def __init__(self, message: str, status: int = 0, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        """Seconds after which the same request may succeed; 0 if there is no use in it."""


class Client:
    """Speaks to one server as one organization. Connections are kept; any thread may call."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url.rstrip("/")
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=32, retries=False)
        self._headers = {"authorization": f"Bearer {key}", "user-agent": "invora"}

    def get(self, path: str, **query: Any) -> Any:
        """Ask, and return what the JSON says."""
        return self._ask("GET", path, fields=query)

    def post(self, path: str, body: Any = None) -> Any:
        """Send JSON, and return what the JSON says."""
        return self._ask("POST", path, body=msgspec.json.encode(body if body is not None else {}))

    def put(self, path: str, body: Any = None) -> Any:
        """Send JSON, and return what the JSON says."""
        return self._ask("PUT", path, body=msgspec.json.encode(body if body is not None else {}))

    def send(self, path: str, content_type: str, body: bytes, **query: Any) -> Any:
        """Send a body of any type, and return what the JSON says."""
        asked = f"{path}?{urlencode(query)}" if query else path
        return self._ask("POST", asked, body=body, content_type=content_type)

    def _ask(
        self, method: str, path: str, content_type: str = "application/json", **said: Any
    ) -> Any:
        headers = {**self._headers, "content-type": content_type}
        answer = self._pool.request(method, f"{self.url}/v1{path}", headers=headers, **said)
        if answer.status != 200:
            words = f"{method} {path}: {answer.status} {answer.data.decode()[:500]}"
            raise Refused(words, answer.status, int(answer.headers.get("retry-after", 0)))
        return msgspec.json.decode(answer.data) if answer.data else None

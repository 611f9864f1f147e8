"""A JSON client for one organization, and what goes wrong with it."""

import http.client
import json
from urllib.parse import quote, urlencode, urlsplit


class ScenarioError(Exception):
    """A step could not be played, so the scenario stops; carries the exchange that shows why."""

    def __init__(self, text, reply=None):
        super().__init__(text)
        self.reply = reply


class Skip(Exception):
    """The scenario needs something that this server, or HTTP at all, does not offer."""


class NotObservable(Exception):
    """A single check asks for an optional field that the server does not publish."""


class Reply:
    """One HTTP exchange: what was sent and what came back."""

    def __init__(self, method, path, sent, status, body):
        self.method, self.path, self.sent, self.status, self.body = method, path, sent, status, body

    def describe(self, limit):
        lines = [f"request : {self.method} {self.path}"]
        if self.sent is not None:
            lines.append(f"body    : {shorten(self.sent, limit)}")
        return [*lines, f"response: {self.status} {shorten(self.body, limit)}"]


class Api:
    """A JSON client for one API key.  Keeps one connection open and remembers the last exchange."""

    def __init__(self, url, key):
        parts = urlsplit(url)
        self.https, self.host, self.port = parts.scheme == "https", parts.hostname, parts.port
        self.prefix = parts.path.rstrip("/") + "/v1"
        self.key, self.connection, self.last = key, None, None

    def call(self, method, path, body=None, query=None):
        """Send one request; an HTTP error status is returned, not raised."""
        target = self.prefix + path
        if query:
            target += ("&" if "?" in target else "?") + urlencode(query, doseq=True)
        status, raw = self._send(method, target, body)
        try:
            parsed = json.loads(raw) if raw else None
        except ValueError:
            parsed = f"(not JSON) {raw[:300]!r}"
        self.last = Reply(method, target, body, status, parsed)
        return self.last

    def _send(self, method, target, body):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        reused = self.connection is not None
        if not reused:
            kind = http.client.HTTPSConnection if self.https else http.client.HTTPConnection
            self.connection = kind(self.host, self.port, timeout=60)
        try:
            self.connection.request(method, target, data, headers)
            response = self.connection.getresponse()
            return response.status, response.read()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()
            if not reused:
                raise
            return self._send(method, target, body)  # the server had closed the idle connection

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def content(self, reply, root):
        """What a successful reply holds under its root key."""
        if reply.status != 200 or not isinstance(reply.body, dict) or root not in reply.body:
            wanted = f"expected status 200 and the key {root!r}"
            raise ScenarioError(f"{reply.method} {reply.path}: {wanted}", reply)
        return reply.body[root]

    def get(self, path, root, query=None):
        return self.content(self.call("GET", path, query=query), root)

    def list(self, path, root, query=None):
        """All pages of a list endpoint, turned into creation order (the API lists newest first)."""
        items, page = [], 1
        while page:
            reply = self.call("GET", path, query={**(query or {}), "page": page, "per_page": 100})
            items += self.content(reply, root)
            following = (reply.body.get("meta") or {}).get("next_page")
            if following and following <= page:
                raise ScenarioError(f"page {page} says that the next page is {following}", reply)
            page = following
        items.reverse()
        return items


def shorten(value, limit=300):
    """Compact JSON, cut at `limit` characters (0 = never)."""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if not limit or len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def in_path(code):
    return quote(code, safe="")

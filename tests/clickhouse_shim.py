"""The ClickHouse HTTP protocol over the engine in this process, for the client's own HTTP code.

A ClickHouse server cannot be installed from the package index; its engine can (chDB). This is an
ASGI app that answers as the server does, so that tests send the production client's requests over
real sockets: authentication, sessions with temporary tables, parameters, compressed bodies, inserts
and errors. What it lacks: streaming answers, asynchronous inserts, replication, quotas.
"""

import asyncio
import base64
import gzip
import json
import re
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import lz4.frame
import uvicorn
from backports import zstd
from chdb.state.sqlitelike import Connection

TRANSPORT = frozenset(
    "query database user password session_id session_timeout session_check query_id quota_key "
    "compress decompress wait_end_of_query buffer_size client_protocol_version default_format role "
    "send_progress_in_http_headers http_headers_progress_interval_ms "
    "enable_http_compression".split()
)
"""URL parameters that are for the server itself; all others are settings or values."""

INSERT = re.compile(
    rb"^\s*insert\s+into\s+(?P<table>.*?)\s+format\s+(?P<format>\w+)[ \t]*\r?\n?", re.I | re.S
)
FORMAT = re.compile(rb"\bformat\s+(\w+)\s*;?\s*$", re.I)
STATUS = {"60": 404, "81": 404, "62": 400}
"""What the server answers for an unknown table or database, and for a syntax error."""

INFLATE = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.decompress,
    "lz4": lz4.frame.decompress,
    "zstd": zstd.decompress,
}


class Answer:
    """What one query came to: bytes, their format, and the counts of the summary header."""

    def __init__(self, body: bytes, format: str = "", **summary: object) -> None:
        self.body = body
        self.format = format
        self.summary = {name: str(value) for name, value in summary.items()}


class Shim:
    """The server: one engine, a handle per session, else one per request."""

    def __init__(self, folder: Path, password: str = "") -> None:
        self.folder = str(folder)
        self.password = password
        self.sessions: OrderedDict[str, Connection] = OrderedDict()
        self.pool = ThreadPoolExecutor(4, "shim")
        self.keep = Connection(self.folder)
        self.version = self.keep.query("select version()", "TabSeparatedRaw").bytes().decode()

    def run(self, asked: dict[str, str], body: bytes) -> Answer:
        """Run one request's query on the handle of its session."""
        with self._handle(asked.get("session_id", "")) as handle:
            if database := asked.get("database"):
                handle.query(f"use `{database}`", "Null")
            for name, value in asked.items():
                if name not in TRANSPORT and not name.startswith("param_"):
                    handle.query(f"set {name} = {_quoted(value)}", "Null")
            head = asked.get("query", "").encode()
            text = head + b"\n" + body if head else body
            if (found := INSERT.match(text)) and found["format"].lower() != b"values":
                return self._insert(handle, found, text[found.end() :])
            return self._select(handle, text, asked)

    def _insert(self, handle: Connection, found: re.Match[bytes], rows: bytes) -> Answer:
        table, _, settings = found["table"].decode().partition(" SETTINGS ")
        with tempfile.NamedTemporaryFile(suffix=".rows") as file:
            file.write(rows.lstrip(b"\n"))
            file.flush()
            more = f" settings {settings}" if settings else ""
            text = f"insert into {table} from infile '{file.name}'{more}"
            done = handle.query(f"{text} format {found['format'].decode()}", "Null")
        return Answer(b"", written_rows=done.rows_read(), written_bytes=done.bytes_read())

    def _select(self, handle: Connection, text: bytes, asked: dict[str, str]) -> Answer:
        params = {n.removeprefix("param_"): v for n, v in asked.items() if n.startswith("param_")}
        found = FORMAT.search(text)
        format = found[1].decode() if found else asked.get("default_format", "")
        done = handle.query(text.decode(), format or "TabSeparatedWithNames", params=params)
        body = done.bytes()
        if not format and body:  # a line of names tells rows from a statement that has none
            format, body = "TabSeparated", body[body.find(b"\n") + 1 :]
        return Answer(
            body, format, read_rows=done.storage_rows_read(), result_rows=done.rows_read()
        )

    @contextmanager
    def _handle(self, session: str) -> Iterator[Connection]:
        handle = self.sessions.pop(session, None) or Connection(self.folder)
        try:
            yield handle
        except BaseException:
            handle.close()  # the engine answers its next question with the rest of the error
            raise
        if not session:
            handle.close()
            return
        self.sessions[session] = handle
        while len(self.sessions) > 64:
            self.sessions.popitem(last=False)[1].close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        assert scope["type"] == "http", scope
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        asked = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        body = await _body(receive)
        status, answer, code = 200, Answer(b"Ok.\n"), ""
        if scope["path"] != "/ping":
            try:
                self._authenticate(headers)
                body = INFLATE[headers.get("content-encoding", "")](body)
                loop = asyncio.get_running_loop()
                answer = await loop.run_in_executor(self.pool, self.run, asked, body)
            except Exception as failed:
                status, answer, code = self._failure(str(failed))
        sent = {
            "x-clickhouse-query-id": asked.get("query_id") or str(uuid4()),
            "x-clickhouse-timezone": "UTC",
            "x-clickhouse-format": answer.format,
            "x-clickhouse-summary": json.dumps(answer.summary),
            "x-clickhouse-exception-code": code,
            "content-length": str(len(answer.body)),
        }
        pairs = [(name.encode(), value.encode()) for name, value in sent.items() if value]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": answer.body})

    def _authenticate(self, headers: dict[str, str]) -> None:
        password = headers.get("x-clickhouse-key", "")
        given = headers.get("authorization", "")
        if given.lower().startswith("basic "):
            password = base64.b64decode(given[6:]).decode().partition(":")[2]
        if password != self.password:
            raise PermissionError("Code: 516. DB::Exception: Authentication failed.")

    def _failure(self, said: str) -> tuple[int, Answer, str]:
        found = re.search(r"Code: (\d+)", said)
        code = found[1] if found else "1002"
        text = said[found.start() :] if found else f"Code: 1002. DB::Exception: {said}"
        status = 403 if code == "516" else STATUS.get(code, 500)
        return status, Answer(f"{text} (version {self.version.strip()})\n".encode()), code


@contextmanager
def serving(shim: Shim) -> Iterator[int]:
    """Serve from a thread of this process, and yield the port."""
    server = uvicorn.Server(
        uvicorn.Config(shim, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


async def _body(receive: Any) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

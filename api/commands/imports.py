"""`invora import`: files of events, each event once, however often it is interrupted."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

import click
import msgspec
import urllib3
from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from api import lockfile
from api.commands import said_clearly, stores
from api.commands.client import Client, Refused
from api.settings import Settings, read

if TYPE_CHECKING:
    from api.app import App
    from ingest.files import EventFile
    from ingest.formats.model import Part

NDJSON = "application/x-ndjson"

NAMED = 20
"""Rejected rows that are named; the others are counted."""

LONGEST_WAIT_SECONDS = 60
"""How long a server may say that it is busy before the import gives up."""


class Door(Protocol):
    """Where events go: through the server that owns the stores, or into the stores themselves."""

    def position(self, source: str) -> tuple[int, int]:
        """Return how far a source was read, and how many rows that was.

        Raises: Refused.
        """

    def send(self, part: "Part", source: str, columns: Mapping[str, str]) -> Any:
        """Send a part of a source, and return what became of its rows.

        Raises: Refused.
        """


class Tally(Struct, kw_only=True):
    """What became of the rows of an import."""

    files: int = 0
    finished: int = 0
    """Files of which nothing was left to do."""
    received: int = 0
    accepted: int = 0
    duplicates: int = 0
    different: int = 0
    """Duplicates that are not what counts."""
    rejected: int = 0
    failed: int = 0
    named: int = 0


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="FILE…")
@click.option("--key", metavar="KEY", help="An API key; else INVORA_API_KEY.")
@click.option(
    "--column", "columns", multiple=True, metavar="FIELD=NAME",
    help="The column of a table that holds a field: --column transaction_id=Order",
)  # fmt: skip
def imports(paths: Sequence[str], key: str | None, columns: Sequence[str]) -> None:
    """Send files of events: Parquet, CSV, NDJSON, JSON or Arrow, by their names.

    Folders are searched, and globs are filled in. Text may be packed (.gz, .zst). How far a file
    was read is kept with its events: interrupted and run again, an import goes on from there, and
    a file that was imported is passed over. A rejected row is named by its file and its place,
    counted from 1.

    Works through the server that owns the data folder if one runs, else on the stores themselves.
    """
    console = Console(stderr=True)
    mapping = _mapping(columns)
    found = list(_files(paths, mapping))
    with said_clearly():
        settings = read()
        if not (said := key or settings.api_key):
            raise click.UsageError("say for whom: --key, or INVORA_API_KEY, is an API key")
        with _door(settings, said) as door:
            tally = _all(door, found, mapping, console)
    click.echo(
        f"{tally.received:,} rows of {tally.files:,} files: {tally.accepted:,} accepted, "
        f"{tally.duplicates:,} duplicates ({tally.different:,} not the same), "
        f"{tally.rejected:,} rejected; {tally.finished:,} files were imported before"
    )
    if tally.failed:
        raise click.ClickException(f"{tally.failed} files could not be read to their end")


def _mapping(columns: Sequence[str]) -> dict[str, str]:
    pairs = [said.partition("=") for said in columns]
    if wrong := [field for field, _, name in pairs if not name]:
        raise click.UsageError(f"--column {wrong[0]}: say which column it is, {wrong[0]}=NAME")
    return {field: name for field, _, name in pairs}


def _files(paths: Sequence[str], columns: Mapping[str, str]) -> Iterator["EventFile"]:
    """Yield the files that are meant, each once: those of a folder by their names."""
    from ingest import files
    from metering.measures.refusals import Malformed

    seen: set[Path] = set()
    for said in paths:
        here = [said] if Path(said).exists() else sorted(glob(said, recursive=True))
        if not here:
            raise click.UsageError(f"{said}: there is no such file")
        for path in map(Path, here):
            inside = sorted(path.rglob("*")) if path.is_dir() else [path]
            for file in inside:
                if path.is_dir() and not (file.is_file() and files.is_known(file)):
                    continue
                if file.resolve() in seen:
                    continue
                seen.add(file.resolve())
                try:
                    yield files.found(file, columns)
                except (Malformed, OSError) as error:
                    raise click.UsageError(f"{file}: {_plainly(error)}") from None


def _all(
    door: Door, found: Sequence["EventFile"], columns: Mapping[str, str], console: Console
) -> Tally:
    """Send all files, and return what became of their rows. One that breaks stops no other."""
    from ingest import Limits
    from ingest.files import parts
    from ingest.formats.model import Part
    from ingest.positions import DONE
    from metering.measures.refusals import Malformed

    tally = Tally(files=len(found))
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), console=console,
    )  # fmt: skip
    with progress:
        bar = progress.add_task("", total=sum(file.size for file in found))
        before = 0
        for file in found:
            progress.update(bar, description=file.path.name, completed=before)
            start, rows = door.position(file.source)
            before += file.size
            if start == DONE:
                tally.finished += 1
                continue
            try:
                for part, place in parts(file, start, Limits()):
                    answer = _sent(door, file, part, columns)
                    _count(tally, file, answer, rows, console)
                    rows += answer["received"]
                    progress.update(bar, completed=before - file.size + place)
            except (Malformed, Refused) as error:
                if isinstance(error, Refused) and error.status in (401, 403):
                    raise click.ClickException(str(error)) from None
                tally.failed += 1
                console.print(f"{file.path}: {_plainly(error)}", markup=False)
                continue
            door.send(Part(content_type=NDJSON, data=b"", end=DONE), file.source, {})
        progress.update(bar, completed=before)
    return tally


def _sent(door: Door, file: "EventFile", part: "Part", columns: Mapping[str, str]) -> Any:
    """Send one part, again while the server is busy, and return what became of its rows.

    Raises: Refused.
    """
    until = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        try:
            return door.send(part, file.source, columns)
        except Refused as refused:
            if not refused.retry_after or time.monotonic() > until:
                raise
            time.sleep(refused.retry_after)


def _count(tally: Tally, file: "EventFile", answer: Any, rows: int, console: Console) -> None:
    """Count what became of the rows of a part, before which there are `rows`, and name the bad."""
    for kind in ("received", "accepted", "duplicates", "rejected"):
        setattr(tally, kind, getattr(tally, kind) + answer[kind])
    for verdict in answer["verdicts"]:
        if verdict["verdict"] == "duplicate":
            tally.different += not verdict["is_same"]
            continue
        tally.named += 1
        if tally.named <= NAMED:
            place, reason = rows + verdict["row"] + 1, verdict["reason"]
            console.print(f"{file.path} row {place}: {reason}", markup=False, soft_wrap=True)
        elif tally.named == NAMED + 1:
            console.print("more rows were rejected: GET /v1/events/rejected lists them all")


def _plainly(error: Exception) -> str:
    return str(error).removeprefix("BadRequest: ")


# -- the doors


@contextmanager
def _door(settings: Settings, key: str) -> Iterator[Door]:
    """Yield the door that is open: the server's, if one runs."""
    owner = lockfile.owner(settings.data) if settings.is_embedded else None
    if owner is not None and owner.url:
        yield ServerDoor(Client(owner.url, key))
        return
    with stores(settings):
        from api.app import App

        app = App(settings, has_scheduler=False)
        try:
            yield StoresDoor(app, key)
        finally:
            app.close()


class ServerDoor:
    """Through the server that owns the stores."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def position(self, source: str) -> tuple[int, int]:
        """Return how far a source was read, and how many rows that was."""
        try:
            found = self._client.get(f"/events/positions/{quote(source, safe='')}")
        except Refused as refused:
            if refused.status == 404:
                return 0, 0
            raise click.ClickException(str(refused)) from None
        said = found["source_position"]
        return said["position"], said["received"]

    def send(self, part: "Part", source: str, columns: Mapping[str, str]) -> Any:
        """Send a part of a source, and return what became of its rows."""
        query = {f"columns[{field}]": name for field, name in columns.items()}
        query |= {"source": source, "position": str(part.end)}
        try:
            return self._client.send("/events/bulk", part.content_type, part.data, **query)
        except urllib3.exceptions.HTTPError as lost:
            said = f"the server is gone ({lost}): run the same again to go on from here"
            raise click.ClickException(said) from None


class StoresDoor:
    """Into the stores, as a server would that nobody else can reach."""

    def __init__(self, app: "App", key: str) -> None:
        self._app = app
        self._headers = {"authorization": f"Bearer {key}"}

    def position(self, source: str) -> tuple[int, int]:
        """Return how far a source was read, and how many rows that was."""
        try:
            found = self._perform("EventService.GetPosition", {"source": source})
        except Refused as refused:
            if refused.status == 404:
                return 0, 0
            raise click.ClickException(str(refused)) from None
        said = found["source_position"]
        return said["position"], said["received"]

    def send(self, part: "Part", source: str, columns: Mapping[str, str]) -> Any:
        """Send a part of a source, and return what became of its rows."""
        said = {
            "content_type": part.content_type, "source": source, "position": part.end,
            "columns": dict(columns),
        }  # fmt: skip
        return self._perform("EventService.CreateBulk", said, part.data)

    def _perform(self, name: str, said: dict[str, Any], data: bytes | None = None) -> Any:
        """Do what a server would.

        Raises: Refused.
        """
        from api import errors
        from api.reading import Reader, encode
        from api.rpc import Caller
        from metering.measures.refusals import Busy, Refusal

        op = self._app.api[name]
        caller = Caller(
            door="rest", method=op.routes[0].method, path=op.routes[0].path, peer="",
            request_id="invora", headers=self._headers,
        )  # fmt: skip
        try:
            request = Reader(op.request).read(encode(said))
            asked = request if data is None else iter([replace(request, data=data)])
            return msgspec.json.decode(encode(self._app.calls.perform(op, caller, asked, b"")))
        except Refusal as refusal:
            wait = refusal.retry_after if isinstance(refusal, Busy) else 0
            kind = errors.kind_of(refusal)
            raise Refused(f"{kind.http} {str(refusal) or kind.title}", kind.http, wait) from None

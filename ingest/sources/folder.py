"""A folder: files appear in it, and each is read once. They are remembered, not moved."""

import logging
from collections.abc import Iterator
from pathlib import Path

from ingest import files, formats
from ingest.formats.model import Reading
from ingest.positions import DONE
from ingest.sources.model import Place, Pulled, Read, Source
from metering.measures.refusals import Malformed
from metering.measures.shapes import Upload

log = logging.getLogger("invora.sources")

State = tuple[int, int]
"""Size and time of the last change of a file."""


class Folder(Source):
    """`folder:///path?organization=ID`, with the folders in it.

    A file is read once it has been the same in two polls: who writes it slower than that gives it a
    name that ends with no format, or begins with a dot, until it is whole. A file that was changed
    is another one, and read from its start.
    """

    scheme = "folder"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._path = Path(place.path)
        self._seen: dict[Path, State] = {}
        self._over: dict[Path, State] = {}
        """Files of which nothing is left to read, or nothing can be."""

    def poll(self, read: Read) -> Iterator[Pulled]:
        """Yield the new files in parts, one after another, by their names."""
        found = dict(self._files())
        before, self._seen = self._seen, found
        self._over = {path: state for path, state in self._over.items() if path in found}
        for path, state in found.items():
            if before.get(path) != state or self._over.get(path) == state:
                continue
            try:
                yield from self._parts(path, read)
            except (Malformed, OSError) as error:
                said = str(error).removeprefix("BadRequest: ")
                log.error("%s is not read to its end: %s", path, said)
            self._over[path] = state

    def _files(self) -> Iterator[tuple[Path, State]]:
        for path in sorted(self._path.rglob("*")):
            inside = path.relative_to(self._path).parts
            if any(part.startswith(".") for part in inside) or not files.is_known(path):
                continue
            try:
                state = path.stat()
            except FileNotFoundError:
                continue
            if path.is_file():
                yield path, (state.st_size, state.st_mtime_ns)

    def _parts(self, path: Path, read: Read) -> Iterator[Pulled]:
        file = files.found(path, self.place.columns)
        start = read(file.source)
        if start == DONE:
            return
        how = Reading(columns=self.place.columns, limits=self.place.limits)
        for part, _ in files.parts(file, start, self.place.limits):
            body = Upload(part.content_type, iter([part.data]))
            frames = list(formats.of(part.content_type).read(body, how))
            yield Pulled(source=file.source, position=part.end, frames=frames)
        yield Pulled(source=file.source, position=DONE)

"""What a verb may take or return beside one fact: pages, queries, files, and fields left unsaid."""

from collections.abc import Iterator
from typing import Generic, TypeVar, Union

from msgspec import UNSET, Struct, UnsetType

__all__ = [
    "UNSET", "File", "Maybe", "Page", "PageMeta", "PageQuery", "Query", "Reply", "Upload", "given",
]  # fmt: skip

T = TypeVar("T")
M = TypeVar("M")

Maybe = Union[T, None, UnsetType]  # noqa: UP007
"""Absent (leave as it is), null (clear it) or a value: what a field of an update can say."""


def given(request: Struct) -> dict[str, object]:
    """Return the fields of an update that were sent, null or not."""
    pairs = ((name, getattr(request, name)) for name in request.__struct_fields__)
    return {name: value for name, value in pairs if value is not UNSET}


class Query(Struct, kw_only=True):
    """Filters: query parameters in REST, top-level fields of the request message in gRPC."""


LAST_PAGE = 10**12
"""Further than any list goes, and no engine's integers overflow on the way there."""


class PageQuery(Query, kw_only=True):
    """Which page of a list. Lists are newest first."""

    page: int = 1
    """Page number, from 1."""
    per_page: int = 100
    """Records per page, 1,000 at most."""
    cursor: str | None = None
    """Continue after this place in the list: `meta.next_cursor` of the page before."""

    def __post_init__(self) -> None:
        self.page = min(max(self.page, 1), LAST_PAGE)
        self.per_page = min(self.per_page, 1000) if self.per_page > 0 else 100


class PageMeta(Struct, kw_only=True):
    """Where a page stands in its list."""

    current_page: int
    next_page: int | None
    prev_page: int | None
    total_pages: int
    total_count: int
    next_cursor: str | None = None


class Page(Generic[M]):
    """One page of a list; on the wire its root key is the plural of what it lists."""

    __slots__ = ("items", "meta")

    def __init__(
        self, items: list[M], total: int, query: PageQuery, next_cursor: str | None = None
    ) -> None:
        pages = -(-total // query.per_page)
        self.items = items
        self.meta = PageMeta(
            current_page=query.page if total else 0,
            next_page=query.page + 1 if query.page < pages else None,
            prev_page=query.page - 1 if total and query.page > 1 else None,
            total_pages=pages,
            total_count=total,
            next_cursor=next_cursor,
        )


class Reply(Struct, kw_only=True):
    """An answer that says its own root keys, being neither one resource nor a page of them."""


class File(Struct, kw_only=True):
    """A binary answer: the body itself in REST."""

    content_type: str
    data: bytes
    filename: str | None = None


class Upload:
    """A body of any size: the request body itself in REST, a stream of chunks in gRPC."""

    def __init__(self, content_type: str, chunks: Iterator[bytes], encoding: str = "") -> None:
        self.content_type = content_type
        self.chunks = chunks
        self.encoding = encoding

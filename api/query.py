"""Query strings as the members of a JSON object: `x`, `x[]`, repeated, and `x[key]=value`."""

import re
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct
from msgspec import inspect as mi

from api.fields import LISTS, alternatives
from metering.measures.refusals import Malformed
from metering.measures.shapes import PageQuery

MOST = 1000
"""How many parameters are read."""

PAGES = ("page", "per_page")
"""What says nothing unless it is a number. Source: spec/wire-format.md, A5."""


class QueryString:
    """Reads the query strings of one request type."""

    def __init__(self, request: type[Struct]) -> None:
        info = mi.type_info(request)
        assert isinstance(info, mi.StructType)
        kinds = {field.encode_name: alternatives(field.type)[0] for field in info.fields}
        self._known = set(kinds)
        self._pages = PAGES if issubclass(request, PageQuery) else ()
        self._lists = {name for name, kind in kinds.items() if type(kind) in LISTS}
        self._maps = {
            name for name, kind in kinds.items() if isinstance(kind, (mi.DictType, mi.StructType))
        }

    def read(self, text: bytes) -> dict[str, Any]:
        """Return what a query string says, as text; an empty scalar says nothing.

        Raises: Malformed, if it has too many parameters.
        """
        try:
            pairs = parse_qsl(text.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST)
        except ValueError:
            raise Malformed(f"BadRequest: more than {MOST} query parameters") from None
        said: dict[str, Any] = {}
        for key, value in pairs:
            name, _, inner = key.partition("[")
            if name in self._lists:
                said.setdefault(name, []).append(value)
            elif name in self._maps and inner:
                _put(said.setdefault(name, {}), inner, value)
            elif name in self._pages and not NUMBER.fullmatch(value):
                continue
            elif name in self._known and not inner and value:
                said[name] = value
        return said


NUMBER = re.compile(r"-?\d{1,18}")


def _put(said: dict[str, Any], inner: str, value: str) -> None:
    """Put `[key]` or `[key][]` into an object."""
    key, _, rest = inner.partition("]")
    if rest:
        found = said.setdefault(key, [])
        if isinstance(found, list):
            found.append(value)
    else:
        said[key] = value

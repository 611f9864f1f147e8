"""The reference of the API as one page, made on the server, that loads nothing from anywhere."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from markupsafe import Markup

from api.docs import class_doc
from api.examples import example
from api.openapi import ABOUT, REF, TITLE, Schemas, document, parameter
from api.proto.files import PACKAGE
from api.rpc import Api, Operation, Route

STYLE = Path(__file__).with_name("reference.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The page needs no script, no picture and no other host, and so may have none."""

ASKS = {
    "api_key": "An API key",
    "customer": "A customer's token",
    "admin": "The operator's key",
    "nobody": "Nothing",
}
KEYS = {"api_key": "$INVORA_API_KEY", "customer": "$CUSTOMER_TOKEN", "admin": "$INVORA_ADMIN_KEY"}


def handlers(api: Api) -> list[HTTPRouteHandler]:
    """Return the handlers of `/openapi.json` and `/docs`, each made when it is first asked for."""

    @cache
    def made() -> tuple[bytes, bytes]:
        return msgspec.json.encode(document(api)), page(api).encode()

    @get("/openapi.json", sync_to_thread=True, include_in_schema=False)
    def openapi() -> Response[bytes]:
        """The API as OpenAPI 3.1."""
        return Response(made()[0], media_type="application/json")

    @get("/docs", sync_to_thread=True, include_in_schema=False)
    def docs() -> Response[bytes]:
        """The API as a page."""
        headers = {"content-security-policy": POLICY}
        return Response(made()[1], media_type="text/html; charset=utf-8", headers=headers)

    return [openapi, docs]

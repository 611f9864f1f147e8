"""The reconciliation of one organization as a page, for whoever looks after the books.

A browser asks for a name and a password: the password is an API key that may read analytics. What
is shown is the answer of `GET /v1/analytics/reconciliation`, asked for as anybody asks for it.
"""

import base64
import binascii
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from analytics.reconciliation import Reconciliation, ReconciliationLine, UnbilledReason
from api.call import Calls
from api.docs import field_docs
from api.markup import Html, html, tag
from api.reading import Reader, ask, encode
from api.reference import POLICY, STYLE
from api.rpc import Api, Caller
from metering.measures import ids
from metering.measures.refusals import Forbidden, Invalid, Unauthorized

OPERATION = "ObservabilityService.Reconciliation"

STYLES = """
form { display: grid; gap: .4rem; margin: 1rem 0; }
label { color: var(--soft); display: grid; gap: .15rem; }
input, button { font: inherit; padding: .25rem .4rem; max-width: 100%; }
.sum { font-size: 1.35rem; margin: 1rem 0 .3rem; }
.open { color: var(--delete); }
.closed { color: var(--get); }
th { text-align: left; color: var(--soft); font-weight: 600; padding: .35rem .75rem .35rem 0; }
td.count, th.count { text-align: right; font-variant-numeric: tabular-nums; width: 8rem; }
"""

ASKING = {"www-authenticate": 'Basic realm="Invora: an API key as password", charset="UTF-8"'}


def handlers(api: Api, calls: Calls) -> list[HTTPRouteHandler]:
    """Return the handler of `/reconciliation`."""
    op = api[OPERATION]
    reader = Reader(op.request)

    @get("/reconciliation", sync_to_thread=True, include_in_schema=False)
    def reconciliation(request: Request[Any, Any, Any]) -> Response[str]:
        """The reconciliation as a page."""
        said = {name: value for name, value in request.query_params.items() if value}
        caller = Caller(
            door="rest", method="GET", path="/reconciliation", peer="",
            request_id=ids.new(),
            headers={"authorization": f"Bearer {_key(request.headers.get('authorization', ''))}"},
        )  # fmt: skip
        try:
            answer = ask(calls.perform, op, caller, lambda: reader.read(encode(said)))
        except Unauthorized:
            return _answer(_page(said, tag("p", "Say who you are: an API key.")), 401, ASKING)
        except Forbidden:
            return _answer(_page(said, tag("p", "This key may not read analytics.")), 403)
        except Invalid as wrong:
            return _answer(_page(said, tag("p", f"That is no time: {wrong.details}.")), 422)
        return _answer(_page(said, shown(answer.reconciliation)))

    return [reconciliation]


def _key(authorization: str) -> str:
    """Return the key that a browser sends as a password, or a program as a bearer."""
    kind, _, said = authorization.partition(" ")
    if kind.lower() != "basic":
        return said
    try:
        return base64.b64decode(said, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _answer(page: str, status: int = 200, headers: dict[str, str] | None = None) -> Response[str]:
    policy = {"content-security-policy": f"{POLICY}; form-action 'self'"}
    private = {"cache-control": "no-store", **policy, **(headers or {})}
    return Response(page, media_type="text/html", status_code=status, headers=private)


def _page(said: dict[str, str], inside: Html) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", "Reconciliation"),
        tag("style", Html(STYLE.read_text() + STYLES)),
    )
    side = tag(
        "nav",
        tag("a", "Invora", href="/reconciliation"),
        tag(
            "form",
            _field("received_from", "Received from", said),
            _field("received_to", "up to, without", said),
            tag("button", "Show"),
            method="get",
        ),
        tag("p", tag("a", "API reference", href="/docs")),
    )
    body = tag("body", side, tag("main", tag("h1", "Reconciliation"), inside))
    return "<!doctype html>" + tag("html", head, body, lang="en")


def _field(name: str, label: str, said: dict[str, str]) -> Html:
    value = said.get(name, "")
    kind = tag("input", name=name, value=value, placeholder="2026-01-01T00:00:00Z")
    return tag("label", label, kind)


def shown(found: Reconciliation) -> Html:
    """Say where everything is that came in."""
    verdict = "It closes" if found.is_closed else "It does not close"
    return html(
        tag(
            "p",
            f"{found.received_events_count:,} received = {found.billed_events_count:,} billed + "
            f"{found.unbilled_events_count:,} not billed",
            class_="sum",
        ),
        tag("p", verdict, _why(found), class_="closed" if found.is_closed else "open"),
        tag("p", f"{_span(found)}; {found.accepted_events_count:,} were accepted.",
            class_="soft"),
        tag("h2", "Not billed"),
        _unbilled(found.unbilled),
        tag("h2", "Lines of invoices that were made of other events"),
        _differences(found),
    )  # fmt: skip


def _why(found: Reconciliation) -> str:
    if found.is_closed:
        return ": every row is accounted for, and every line was made of the events that are here."
    lost = sum(line.events_count for line in found.unbilled if line.reason is UnbilledReason.lost)
    return (
        f": {lost:,} lost, {found.doubled_events_count:,} doubled, "
        f"{len(found.differences):,} lines differ."
    )


def _span(found: Reconciliation) -> str:
    """Say which time was asked for."""
    since, until = (
        f" {word} {instant:%Y-%m-%d %H:%M:%S} UTC" if instant else ""
        for word, instant in (("from", found.received_from), ("up to", found.received_to))
    )
    return f"Received{since}{until}" if since or until else "Received at any time"


def _unbilled(lines: list[ReconciliationLine]) -> Html:
    if not lines:
        return tag("p", "Nothing.")
    docs = field_docs(UnbilledReason)
    return _table(
        ("Reason", "Of what", "Rows"),
        [
            (
                html(tag("code", line.reason.value), tag("small", docs.get(line.reason.value))),
                tag("code", line.detail) if line.detail else "",
                f"{line.events_count:,}",
            )
            for line in lines
        ],
    )


def _differences(found: Reconciliation) -> Html:
    if not found.differences:
        return tag("p", "None.")
    return _table(
        ("Invoice", "Subscription and charge", "Billed", "Stored"),
        [
            (
                tag("code", line.invoice_id),
                html(line.external_subscription_id, tag("small", line.charge_id)),
                f"{line.billed_events_count:,}",
                f"{line.stored_events_count:,}",
            )
            for line in found.differences
        ],
    )


def _table(heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Html:
    """A table whose last columns are numbers."""
    numbers = ("Rows", "Billed", "Stored")
    style = ["count" if head in numbers else None for head in heads]
    head = tag(
        "tr", [tag("th", head, class_=kind) for head, kind in zip(heads, style, strict=True)]
    )
    body = [
        tag("tr", [tag("td", cell, class_=kind) for cell, kind in zip(row, style, strict=True)])
        for row in rows
    ]
    return tag("table", head, body)

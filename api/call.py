"""One call, through either door, and all that stands around its verb.

The doors give `Calls.perform` an operation and its request. What stands around every verb is the
list `AROUND`, from the outside in: each is a function that goes further in with `on()`.
"""

import inspect
import logging
import typing
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

import ingest
from analytics import logs
from api import errors, jobs
from api.desk import Desk
from api.idempotency import ANSWERS, HEADER, LENGTH, REPLAYED, Answers
from api.keys import SERVER, Grant, Keys, permit
from api.masking import shown
from api.patience import persist
from api.rpc import PREFIX, Api, Caller, Operation
from api.words import pascal
from billing import organizations
from metering.measures import ids
from metering.measures.refusals import Busy, InFlight, Invalid, Refusal, Unauthorized
from sql.latch import alone
from sql.ledger import Rows
from sql.work import Shift, Work

log = logging.getLogger("invora.call")

LARGEST_LOGGED = 64 << 10
"""Bytes of a request or an answer that the request log takes whole."""

EVENT = "event"

UNLOGGED = (EVENT,)
"""Resources of which there are too many calls to log, and whose items have keys of their own."""


def real_now() -> datetime:
    """Return the instant it really is, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


class Call(Struct, kw_only=True):
    """One call on its way to the verb and back."""

    op: Operation
    caller: Caller
    request: Any
    key: str
    """The idempotency key, if one was sent and counts."""
    body_hash: str
    grant: Grant | None = None
    work: Work | Shift | None = None
    """What the verb is given, once it was begun."""
    is_logged: bool = False

    @property
    def who(self) -> Grant:
        """Who calls, as is known once they were identified."""
        assert self.grant is not None
        return self.grant

    @property
    def scope(self) -> str:
        """Where idempotency keys are unique: the operator's have no organization."""
        return SERVER if self.op.asks == "admin" else self.who.organization


On = Callable[[], Any]
Around = Callable[["Calls", Call, On], Any]


class Calls:
    """Performs operations. Made once, called on many threads."""

    def __init__(self, api: Api, desk: Desk, admin_key: str) -> None:
        self.desk = desk
        self.keys = Keys(desk.ledger, admin_key, desk.secret)
        self.answers = Answers(desk.secret)
        self.shifts = _shifts(api)
        """The operations whose verbs begin their own units of work."""

    def perform(self, op: Operation, caller: Caller, request: Any, body_hash: bytes) -> Any:
        """Do one operation and return its response, or an iterator of them if it streams out."""
        counts = not (op.reads or op.streams_in or op.streams_out or op.resource in UNLOGGED)
        key = caller.headers.get(HEADER, "") if counts else ""
        call = Call(op=op, caller=caller, request=request, key=key, body_hash=body_hash.hex())
        if op.streams_out:
            _through(BEFORE, self, call, lambda: None)
            return self._stream(call)
        return _through(AROUND, self, call, lambda: op.call(call.work, request))

    def _stream(self, call: Call) -> Iterator[Any]:
        """Answer item by item, all of them from one snapshot."""
        who = call.who.organization, call.who.principal
        if call.op.key in self.shifts:
            yield from call.op.call(self.desk.shift(*who), call.request)
            return
        with self.desk.look(*who) as work:
            yield from call.op.call(work, call.request)


# -- around the verb, from the outside in


def identified(calls: Calls, call: Call, on: On) -> Any:
    """Find out who calls, by credentials that have not expired, and for which organization."""
    call.grant = calls.keys.identify(call.op, call.caller)
    holds = call.grant.holds
    # A key that never expires, as most, costs no look at the organization's clock.
    if holds is not None and holds.expires_at is not None:
        now = calls.desk.now(call.grant.organization)
        if not organizations.opens(holds, now):
            raise Unauthorized()
    if call.key and call.grant.principal.kind == "customer":
        call.key = f"{call.grant.principal.id}:{call.key}"  # one customer's keys are not another's
    if call.op.asks == "admin" and not call.op.reads:
        # What the operator writes belongs to the organization that is about to be.
        call.grant = replace(call.grant, organization=ids.new())
    return on()


def logged(calls: Calls, call: Call, on: On) -> Any:
    """Write down each request that is no mere question, also one that is refused."""
    if call.op.reads or call.op.resource in UNLOGGED:
        return on()
    try:
        response = on()
    except (Busy, InFlight):
        raise  # to write would be one thing more to do
    except Exception as error:
        if call.op.asks != "admin":  # the organization it was for does not exist
            _log_alone(calls, call, errors.kind_of(error).http, errors.body(error))
        raise
    if not call.is_logged:
        _log_alone(calls, call, 200, response)
    return response


def permitted(calls: Calls, call: Call, on: On) -> Any:
    """Go on only if the caller's key allows it."""
    permit(call.op, call.who)
    return on()


def answered_once(calls: Calls, call: Call, on: On) -> Any:
    """Give a request that comes again its first answer, and do nothing."""
    if not call.key:
        return on()
    if len(call.key) > LENGTH:
        raise Invalid({HEADER: ["value_is_too_long"]})
    ledger, now = calls.desk.ledger, real_now()
    with alone(ledger, f"idempotency:{call.scope}:{call.key}") as mine:
        if not mine:
            raise InFlight("idempotency_key_in_flight", "This request is being answered now.")
        with ledger.snapshot(call.scope) as rows:
            first = calls.answers.repeat(rows, call.op, call.key, call.body_hash, now)
        if first is not None:
            call.caller.answer_headers[REPLAYED] = "true"
            if isinstance(first, Refusal):
                raise first
            return first
        try:
            return on()
        except ANSWERS as refusal:
            with ledger.transaction(call.scope) as rows:
                calls.answers.keep(rows, call.op, call.key, call.body_hash, now, refusal)
            raise


def followed_up(calls: Calls, call: Call, on: On) -> Any:
    """See to what the commit has set going, in a sandbox before the answer is given."""
    response = on()
    work, organization = call.work, call.who.organization
    if call.op.reads:
        return response
    if isinstance(work, Work):
        about = {told.notice.type.partition(".")[0] for told in work.told}
        if "api_key" in about:
            calls.keys.forget(organization)
        if "billable_metric" in about:
            ingest.forget(organization)
        if not (work.told or work.crowds):
            return response
    try:
        if calls.desk.is_sandbox(organization):
            if call.op.resource == EVENT and organization in calls.desk.unpaid():
                jobs.do(jobs.named("events", jobs.JOBS), partial(calls.desk.begin, organization))
            calls.desk.drain(organization)
    except Exception:  # what was asked is done and committed: the next drain will see to the rest
        log.exception("what follows for %s was not seen to", organization)
    return response


def tried_again(calls: Calls, call: Call, on: On) -> Any:
    """Begin again what failed only because another transaction was in the way."""
    return on() if call.op.key in calls.shifts else persist(on, call.op.key)


def begun(calls: Calls, call: Call, on: On) -> Any:
    """Begin the work, and commit it if all inside goes well: the only place where requests do."""
    who = call.who.organization, call.who.principal
    if call.op.key in calls.shifts:
        call.work = calls.desk.shift(*who)
        return on()
    begin = calls.desk.look if call.op.reads else calls.desk.begin
    with begin(*who) as work:
        call.work = work
        return on()


def noted(calls: Calls, call: Call, on: On) -> Any:
    """Write the answer down with the work: for the log, and for when it is asked for again."""
    response = on()
    if call.op.reads or call.op.resource in UNLOGGED:
        return response
    if isinstance(call.work, Work):
        _note(calls, call, call.work.rows, response)
        call.is_logged = True
    elif call.key:
        with calls.desk.ledger.transaction(call.who.organization) as rows:
            _note(calls, call, rows, response)
        call.is_logged = True
    return response


AROUND: Sequence[Around] = (
    identified, logged, permitted, answered_once, followed_up, tried_again, begun, noted,
)  # fmt: skip
"""What stands around a verb, from the outside in."""

BEFORE: Sequence[Around] = (identified, permitted)
"""What comes before the first item of a stream."""


def _through(around: Sequence[Around], calls: Calls, call: Call, verb: On) -> Any:
    on = verb
    for each in reversed(around):
        on = partial(each, calls, call, on)
    return on()


# -- what is written


def _note(calls: Calls, call: Call, rows: Rows, response: Any) -> None:
    logs.keep_request(rows, _row(calls, call, 200, response))
    if call.key:
        kept = Rows(rows.connection, call.scope)
        now = real_now()
        calls.answers.keep(kept, call.op, call.key, call.body_hash, now, response)


def _log_alone(calls: Calls, call: Call, status: int, response: Any) -> None:
    """Write a request down in a transaction of its own. That it fails is no reason to say so."""
    try:
        with calls.desk.ledger.transaction(call.who.organization) as rows:
            logs.keep_request(rows, _row(calls, call, status, response))
    except Exception:
        log.exception("request %s was not logged", call.caller.request_id)


def _row(calls: Calls, call: Call, status: int, response: Any) -> logs.Request:
    caller = call.caller
    headers = caller.headers
    scheme = headers.get("x-forwarded-proto", "http")
    return logs.Request(
        id=ids.new(),
        request_id=caller.request_id,
        client=headers.get("user-agent"),
        http_method=caller.method.lower(),
        http_status=status,
        request_origin=f"{scheme}://{headers.get('host') or headers.get(':authority') or ''}",
        request_path=caller.path,
        request_body=(not call.op.streams_in and _shown(call.request)) or {},
        request_response=_shown(response),
        api_version=PREFIX.strip("/"),
        logged_at=call.work.now if call.work else calls.desk.now(call.who.organization),
    )


def _shown(said: Any) -> dict[str, Any] | None:
    """What was said, its secrets masked; None if it is too much to keep."""
    found, size = shown(said)
    return found if size <= LARGEST_LOGGED else None


def _shifts(api: Api) -> frozenset[str]:
    """The operations whose verb says, by its first parameter, that it begins its own work."""
    found = set()
    for owner, service in api.services.items():
        for name, row in service.rows():
            first = next(iter(inspect.signature(row.verb).parameters))
            if typing.get_type_hints(row.verb).get(first) is Shift:
                found.add(f"{owner}.{pascal(name.rstrip('_'))}")
    return frozenset(found)

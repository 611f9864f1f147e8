"""A request that comes twice is done once, and answered alike through either door."""

import threading
from datetime import timedelta
from decimal import Decimal as D

import grpc
import pytest

from api import idempotency, jobs
from api.call import real_now
from api.jobs import Job
from billing import organizations, taxes
from metering.measures.refusals import Conflict, Refusal
from sql import latch
from sql.ledger import idempotency_keys
from tests.api.platform.served import ADMIN
from tests.api.platform.test_calls import VAT

AGAIN = "idempotent-replayed"

HEARD = []
"""What was answered while the first request was in flight."""


def count(served, key):
    """How many taxes the organization of a key has."""
    return served.rest("GET", "/taxes", key).json()["meta"]["total_count"]


def test_a_request_that_comes_again_is_answered_and_not_done(served):
    """One tax, three equal answers, two of them marked; without a key, the second is refused."""
    key = served.organization()

    first, second, third = (
        served.rest("POST", "/taxes", key, VAT, idempotency_key="k") for _ in range(3)
    )

    assert first.json() == second.json() == third.json()
    assert [AGAIN in answer.headers for answer in (first, second, third)] == [False, True, True]
    assert second.headers["content-type"] == first.headers["content-type"]
    assert count(served, key) == 1
    assert served.rest("POST", "/taxes", key, VAT).status_code == 422


def test_the_other_door_gives_the_same_answer(served):
    """Asked over REST and again over gRPC, and the other way round: the body's spelling is free."""
    key = served.organization()
    metadata = {"authorization": f"Bearer {key}"}
    tax = {"name": "VAT", "code": "vat", "rate": "20"}

    made = served.rest("POST", "/taxes", key, VAT, idempotency_key="a").json()["tax"]
    again, said = served.rpc_with(
        "TaxService.Create", {**metadata, "idempotency-key": "a"}, {"tax": tax}
    )
    other, before = served.rpc_with(
        "TaxService.Create", {**metadata, "idempotency-key": "b"}, {"tax": {**tax, "code": "gst"}}
    )
    body = {"tax": {"rate": "20.00", "code": "gst", "name": "VAT"}}
    back = served.rest("POST", "/taxes", key, body, idempotency_key="b")

    assert (again["tax"]["id"], said[AGAIN]) == (made["id"], "true")
    assert AGAIN not in before
    assert back.json()["tax"]["id"] == other["tax"]["id"]
    assert back.headers[AGAIN] == "true"
    assert count(served, key) == 2


def test_a_key_stands_for_one_request(served):
    """The same key with another body, or for another operation, is refused over both doors."""
    key = served.organization()
    served.rest("POST", "/taxes", key, VAT, idempotency_key="k")

    body = {"tax": {**VAT["tax"], "rate": 21}}
    refused = served.rest("POST", "/taxes", key, body, idempotency_key="k")
    assert refused.status_code == 422
    assert refused.json()["code"] == "idempotency_key_reused"
    other = served.rest("DELETE", "/taxes/vat", key, idempotency_key="k")
    assert other.json()["code"] == "idempotency_key_reused"
    metadata = {"authorization": f"Bearer {key}", "idempotency-key": "k"}
    with pytest.raises(grpc.RpcError) as error:
        served.rpc_with("TaxService.Delete", metadata, {"code": "vat"})
    assert error.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert count(served, key) == 1


def test_a_refusal_is_an_answer_too(served):
    """A tax that was not there is not there when asked again, though it now is; a new key sees it.

    So it is with what was refused for its fields, with all its details.
    """
    key = served.organization()
    change = {"tax": {"rate": 5}}
    first = served.rest("PUT", "/taxes/vat", key, change, idempotency_key="k")
    served.rest("POST", "/taxes", key, VAT)

    again = served.rest("PUT", "/taxes/vat", key, change, idempotency_key="k")
    fresh = served.rest("PUT", "/taxes/vat", key, change, idempotency_key="l")
    twice = [served.rest("POST", "/taxes", key, VAT, idempotency_key="m") for _ in range(2)]

    assert first.status_code == again.status_code == 404
    assert first.json() == again.json()
    assert fresh.status_code == 200
    assert twice[0].json() == twice[1].json()
    assert twice[1].json()["error_details"] == {"code": ["value_already_exist"]}
    assert (AGAIN in again.headers, AGAIN in twice[1].headers) == (True, True)


def test_a_failure_of_ours_is_no_answer(served, monkeypatch):
    """A job that fails answers 500; asked again when it no longer does, it runs."""
    key = served.organization("2024-03-01T00:00:00Z")
    broken = [True]

    def run(begin):
        assert not broken.pop() if broken else True
        return 1

    monkeypatch.setattr(jobs, "JOBS", [Job(name="fragile", run=run)])
    body = {"job": "fragile"}

    first = served.rest("POST", "/test_clock/run", key, body, idempotency_key="k")
    second = served.rest("POST", "/test_clock/run", key, body, idempotency_key="k")
    third = served.rest("POST", "/test_clock/run", key, body, idempotency_key="k")

    assert [answer.status_code for answer in (first, second, third)] == [500, 200, 200]
    assert [AGAIN in answer.headers for answer in (first, second, third)] == [False, False, True]


def test_a_request_in_flight_is_not_begun_again(served):
    """The first waits for a row that another transaction holds; the second hears 409 meanwhile.

    When the first was answered, the third hears its answer.
    """
    key = served.organization()
    organization = organizations.organization_of(key)
    answers = []

    def ask():
        answers.append(served.rest("POST", "/taxes", key, VAT, idempotency_key="k"))

    first = threading.Thread(target=ask)
    with pytest.raises(Refusal), served.app.desk.begin(organization) as work:
        _meanwhile(served, key, work, first)
    first.join()
    refused = HEARD.pop()

    assert refused.status_code == 409
    assert refused.json() == {
        "status": 409, "error": "Conflict", "code": "idempotency_key_in_flight",
    }  # fmt: skip
    assert answers[0].status_code == 200
    third = served.rest("POST", "/taxes", key, VAT, idempotency_key="k")
    assert (third.json(), third.headers[AGAIN]) == (answers[0].json(), "true")


def _meanwhile(served, key, work, first):
    """Hold the row, let the first ask for it, hear what the second hears, and let go of the row."""
    taxes.create(work, taxes.TaxInput(name="Other", code="vat", rate=D(1)))
    first.start()
    while not any(f"{work.organization}:k" in name for name in latch.names()):
        assert first.is_alive()
    HEARD.append(served.rest("POST", "/taxes", key, VAT, idempotency_key="k"))
    raise Refusal("let go")


def test_many_at_once_do_it_once(served):
    """Eight send the same at the same time: each hears the one answer, or that it is in flight."""
    key = served.organization()
    answers = []
    start = threading.Barrier(8)

    def ask():
        start.wait()
        answers.append(served.rest("POST", "/taxes", key, VAT, idempotency_key="k"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.json()["tax"]["id"] for answer in answers if answer.is_success}) == 1
    assert count(served, key) == 1


def test_keys_are_kept_for_a_day_and_belong_to_one_organization(served):
    """After 24 hours the request is done again; in another organization it always is."""
    key, other = served.organization(), served.organization()
    served.rest("POST", "/taxes", key, VAT, idempotency_key="k")
    assert AGAIN not in served.rest("POST", "/taxes", other, VAT, idempotency_key="k").headers

    long_ago = real_now() - timedelta(hours=24)
    with served.app.desk.begin(organizations.organization_of(key)) as work:
        work.rows.change(idempotency_keys, created_at=long_ago)
    again = served.rest("POST", "/taxes", key, VAT, idempotency_key="k")
    once_more = served.rest("POST", "/taxes", key, VAT, idempotency_key="k")

    assert again.json()["error_details"] == {"code": ["value_already_exist"]}
    assert (AGAIN in again.headers, AGAIN in once_more.headers) == (False, True)


def test_what_is_over_is_removed(served):
    """Of two answers of two organizations, the older than a day go and the others stay."""
    keys = [served.organization(), served.organization()]
    for key in keys:
        served.rest("POST", "/taxes", key, VAT, idempotency_key="k")
    old, new = (organizations.organization_of(key) for key in keys)
    with served.app.desk.begin(old) as work:
        work.rows.change(idempotency_keys, created_at=real_now() - timedelta(hours=25))

    with served.app.ledger.transaction("") as rows:
        assert idempotency.forget(rows, real_now()) == 1

    for organization, left in ((old, 0), (new, 1)):
        with served.app.desk.look(organization) as work:
            assert work.rows.count(idempotency_keys) == left


def test_the_operators_requests_come_twice_too(served):
    """One organization, one key to it, which nobody but the one who asked has ever seen."""
    body = {"organization": {"name": "Once"}}
    asked = [
        served.rest("POST", "/organizations", ADMIN, body, idempotency_key="operator")
        for _ in range(2)
    ]

    assert asked[0].json() == asked[1].json()
    assert asked[1].headers[AGAIN] == "true"
    key = asked[1].json()["organization"]["api_key"]
    assert served.rest("GET", "/organizations/current", key).status_code == 200


def test_some_keys_count_for_nothing(served):
    """A question is asked anew each time; a key of 256 characters is refused."""
    key = served.organization()

    first = served.rest("GET", "/taxes", key, idempotency_key="k")
    served.rest("POST", "/taxes", key, VAT, idempotency_key="k")
    second = served.rest("GET", "/taxes", key, idempotency_key="k")
    long = served.rest("POST", "/taxes", key, VAT, idempotency_key="k" * 256)

    assert (len(first.json()["taxes"]), len(second.json()["taxes"])) == (0, 1)
    assert long.json()["error_details"] == {"idempotency-key": ["value_is_too_long"]}


def test_an_answer_that_cannot_be_opened_is_not_made_up(served):
    """The server's secret key was changed since: the request is not done again, and 405 says so."""
    body = {"organization": {"name": "Sealed"}}
    served.rest("POST", "/organizations", ADMIN, body, idempotency_key="sealed")
    op, now = served.app.api["OrganizationService.Create"], real_now()
    answers = idempotency.Answers(b"another key of the server")

    with served.app.ledger.snapshot("") as rows:
        kept = rows.find(idempotency_keys, idempotency.Kept, key="sealed")
        assert set(kept.answer) == {"sealed"}
        with pytest.raises(Conflict) as refused:
            answers.repeat(rows, op, "sealed", kept.body_hash, now)
    assert refused.value.code == "idempotency_answer_lost"

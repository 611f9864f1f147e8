"""What stands around every verb: who may ask, for whom, and what is left behind."""

import logging
import time

import grpc
import pytest

from api.idempotency import REPLAYED
from api.rpc import Api
from api.services import SERVICES
from billing import organizations
from billing.organizations import RESOURCES, Access
from metering.measures.refusals import Refusal
from sql.ledger import METADATA, outbox
from sql.work import Notice
from tests.api.platform.served import ADMIN

VAT = {"tax": {"name": "VAT", "code": "vat", "rate": 20}}


def test_an_organization_is_opened_by_the_operator_and_by_nobody_else(served):
    """The operator's key opens organizations and nothing that is theirs; a key of one, the rest."""
    key = served.organization()

    seen = served.rest("GET", "/organizations/current", key).json()["organization"]
    assert (seen["name"], seen["default_currency"], seen["test_clock"]) == ("Acme", "EUR", None)
    for wrong in ("", key, ADMIN[:-1], ADMIN + "x", "ä"):
        refused = served.rest("POST", "/organizations", wrong, {"organization": {"name": "B"}})
        assert refused.status_code == 401, wrong
        assert refused.json() == {"status": 401, "error": "Unauthorized"}
    assert served.rest("GET", "/organizations/current", ADMIN).status_code == 401
    listed = served.rest("GET", "/organizations", ADMIN).json()["organizations"]
    assert listed[0]["id"] == seen["id"]


def test_both_doors_know_the_same_callers(served):
    """The second word of the header counts, whatever the first; over gRPC it is metadata."""
    key = served.organization()

    for scheme in ("Bearer", "Token", "bearer"):
        headers = {"authorization": f"{scheme} {key}"}
        assert served.http.get("/v1/taxes", headers=headers).status_code == 200
    assert served.http.get("/v1/taxes", headers={"authorization": key}).status_code == 401
    assert "meta" in served.rpc("TaxService.List", key)
    for wrong in ("", key[:-1], "invora_" + "A" * 64):
        with pytest.raises(grpc.RpcError) as refused:
            served.rpc("TaxService.List", wrong)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_what_belongs_to_another_is_not_there(served):
    """The same code in two organizations is two taxes; the other's id and code are a plain 404."""
    mine, other = served.organization(), served.organization()
    served.rest("POST", "/taxes", mine, VAT)

    assert served.rest("GET", "/taxes/vat", other).json()["code"] == "tax_not_found"
    assert served.rest("POST", "/taxes", other, VAT).status_code == 200
    assert served.rest("DELETE", "/taxes/vat", other).status_code == 200
    assert served.rest("GET", "/taxes/vat", mine).status_code == 200


@pytest.mark.parametrize(
    ("permissions", "may_read", "may_write"),
    [
        ({}, False, False),
        ({"tax": ["read"]}, True, False),
        ({"tax": ["write"]}, False, True),
        ({"tax": ["read", "write"]}, True, True),
        ({"*": ["read"]}, True, False),
        ({"*": ["read", "write"], "tax": ["read"]}, True, False),  # what is named is meant
        ({"*": ["read", "write"], "tax": []}, False, False),
        ({"invoice": ["read", "write"]}, False, False),
    ],
)
def test_a_key_may_do_what_its_permissions_say(served, permissions, may_read, may_write):
    """Asked over both doors: GET is read, all else is write."""
    owner = served.organization()
    body = {"api_key": {"name": "Part", "permissions": permissions}}
    key = served.rest("POST", "/api_keys", owner, body).json()["api_key"]["secret"]

    for access, may, asked in (
        ("read", may_read, lambda: served.rest("GET", "/taxes", key)),
        ("write", may_write, lambda: served.rest("POST", "/taxes", key, VAT)),
    ):
        answer = asked()
        assert answer.status_code == (200 if may else 403)
        if not may:
            assert answer.json()["code"] == f"{access}_action_not_allowed_for_tax"
    for may, name, request in (
        (may_read, "TaxService.List", {}),
        (may_write, "TaxService.Create", {"tax": {**VAT["tax"], "code": "b", "rate": "20"}}),
    ):
        if may:
            served.rpc(name, key, **request)
        else:
            with pytest.raises(grpc.RpcError) as refused:
                served.rpc(name, key, **request)
            assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_every_operation_asks_for_a_permission_that_a_key_can_have():
    """Else a key could never be allowed it, except by all."""
    for op in (op for op in Api(SERVICES) if op.asks == "api_key"):
        resource, _, access = op.permission.partition(":")
        assert resource in RESOURCES, op.key
        assert access in set(Access), op.key


def test_a_revoked_key_is_refused_at_once_where_it_was_revoked(served):
    """It had been used the moment before, and so was known."""
    owner = served.organization()
    made = served.rest("POST", "/api_keys", owner, {"api_key": {"name": "Second"}}).json()
    key, id = made["api_key"]["secret"], made["api_key"]["id"]
    assert served.rest("GET", "/taxes", key).status_code == 200

    assert served.rest("DELETE", f"/api_keys/{id}", owner).status_code == 200

    assert served.rest("GET", "/taxes", key).status_code == 401


def test_a_key_revoked_elsewhere_is_believed_for_two_seconds_at_most(served):
    """Another process revokes it: this one has it in mind, and then looks it up again."""
    owner = served.organization()
    organization = organizations.organization_of(owner)
    made = served.rest("POST", "/api_keys", owner, {"api_key": {"name": "Second"}}).json()
    key, id = made["api_key"]["secret"], made["api_key"]["id"]
    assert served.rest("GET", "/taxes", key).status_code == 200

    with served.app.desk.begin(organization) as work:
        organizations.revoke_key(work, id)

    assert served.rest("GET", "/taxes", key).status_code == 200
    time.sleep(2.1)
    assert served.rest("GET", "/taxes", key).status_code == 401


def test_a_key_expires_by_the_clock_of_its_organization(served):
    """In a sandbox that stands in March 2024, a key until April opens until the clock is there."""
    owner = served.organization("2024-03-01T00:00:00Z")
    body = {"api_key": {"name": "March", "expires_at": "2024-04-01T00:00:00Z"}}
    key = served.rest("POST", "/api_keys", owner, body).json()["api_key"]["secret"]
    assert served.rest("GET", "/taxes", key).status_code == 200

    served.rest("PUT", "/test_clock", owner, {"test_clock": {"now": "2024-04-01T00:00:00Z"}})

    assert served.rest("GET", "/taxes", key).status_code == 401
    assert served.rest("GET", "/taxes", owner).status_code == 200


def test_a_customers_token_opens_what_is_the_customers_and_nothing_else(served):
    """Brought as bearer or in its own header; for 12 hours by the clock; never in a key's place.

    Nor does a key open what asks for a customer.
    """
    owner = served.organization("2024-03-01T12:00:00Z")
    body = {"customer": {"external_id": "c1", "currency": "EUR"}}
    customer = served.rest("POST", "/customers", owner, body).json()["customer"]
    with served.app.desk.look(organizations.organization_of(owner)) as work:
        token = organizations.issue_token(work, customer["id"])

    def asked():
        return [
            served.rest("GET", "/account/invoices", token).status_code,
            served.rest("GET", "/account/invoices", customer_portal_token=token).status_code,
        ]

    assert asked() == [200, 200]
    assert served.rest("GET", "/taxes", token).status_code == 401
    assert served.rest("GET", "/taxes", customer_portal_token=token).status_code == 401
    assert served.rest("GET", "/account/invoices", owner).status_code == 401
    assert served.rest("GET", "/account/invoices", token[:-2]).status_code == 401
    served.rest("PUT", "/test_clock", owner, {"test_clock": {"now": "2024-03-01T23:59:59Z"}})
    assert asked() == [200, 200]
    served.rest("PUT", "/test_clock", owner, {"test_clock": {"now": "2024-03-02T00:00:00Z"}})
    assert asked() == [401, 401]


def test_a_change_leaves_an_activity_and_a_request_behind(served):
    """A tax is created, refused and changed: two activities, three requests; a GET leaves none."""
    key = served.organization("2024-03-01T00:00:00Z")
    made = served.rest("POST", "/taxes", key, VAT, x_request_id="first").json()["tax"]
    served.rest("POST", "/taxes", key, VAT)
    served.rpc("TaxService.Update", key, code="vat", tax={"rate": "19.6"})
    served.rest("GET", "/taxes", key)

    changed, created, _ = served.rest("GET", "/activity_logs", key).json()["activity_logs"]
    requests = served.rest("GET", "/api_logs", key).json()["api_logs"]

    assert (created["activity_type"], changed["activity_type"]) == ("tax.created", "tax.updated")
    assert created["resource_id"] == changed["resource_id"] == made["id"]
    assert created["resource_type"] == "Tax"
    assert created["activity_object"]["code"] == "vat"
    assert created["activity_object_changes"] == {}
    assert changed["activity_object_changes"] == {"rate": [20.0, 19.6]}
    assert {created["activity_source"], created["logged_at"]} == {"api", "2024-03-01T00:00:00Z"}
    assert [(row["http_method"], row["http_status"]) for row in requests[:3]] == [
        ("post", 200), ("post", 422), ("post", 200),
    ]  # fmt: skip
    assert requests[0]["request_path"] == "/invora.billing.v1.TaxService/Update"
    assert requests[1]["request_response"]["code"] == "validation_errors"
    assert requests[2]["request_id"] == "first"
    assert requests[2]["request_body"]["tax"]["code"] == "vat"
    found = served.rest("GET", "/api_logs/first", key).json()["api_log"]
    assert found == requests[2]


def test_logs_are_found_by_what_they_say(served):
    """By status, by path with a star, by type and by resource."""
    key = served.organization()
    made = served.rest("POST", "/taxes", key, VAT).json()["tax"]
    served.rest("POST", "/taxes", key, VAT)
    served.rest("DELETE", "/taxes/vat", key)

    def count(path):
        return served.rest("GET", path, key).json()["meta"]["total_count"]

    assert count("/api_logs?http_statuses[]=failed") == 1
    assert count("/api_logs?http_statuses[]=succeeded") == 3  # to open the organization is one
    assert count("/api_logs?http_statuses[]=422&http_statuses[]=200&http_methods[]=delete") == 1
    assert count("/api_logs?request_paths[]=/v1/taxes/*") == 1
    assert count("/api_logs?request_paths[]=/v1/t*") == 3
    assert count("/api_logs?request_paths[]=/v1/t_xes") == 0
    assert count("/activity_logs?activity_types[]=tax.created&activity_types[]=tax.deleted") == 2
    assert count(f"/activity_logs?resource_ids[]={made['id']}") == 2
    assert count("/activity_logs?resource_types[]=Plan") == 0
    assert count("/activity_logs?from_date=2020-01-01T00:00:00Z&to_date=2020-01-02T00:00:00Z") == 0


class ThingTold(Notice, frozen=True, kw_only=True):
    """A notice that webhooks carry."""

    type = "thing.told"
    organization: organizations.Organization


def test_what_is_told_is_kept_with_the_work_or_not_at_all(served):
    """A unit of work that tells and ends well leaves a row in the outbox; one that fails, none."""
    organization = organizations.organization_of(served.organization())
    desk = served.app.desk

    with pytest.raises(Refusal), desk.begin(organization) as work:
        _tell_and_fail(work)
    with desk.look(organization) as work:
        assert work.rows.count(outbox) == 0
    with desk.begin(organization) as work:
        work.tell(ThingTold(organization=organizations.current(work)))
    with desk.look(organization) as work:
        (row,) = work.rows.rows(outbox.select())
        assert (row.topic, row.name, row.subject_id) == ("notice", "thing.told", organization)

    desk.drain(organization)

    with desk.look(organization) as work:
        assert work.rows.count(outbox) == 0


def test_secrets_are_in_no_log(served, caplog):
    """Neither a key, nor the text of one in another field: in no row that is kept, in no line."""
    caplog.set_level(logging.DEBUG)
    key = served.organization("2024-03-01T00:00:00Z")
    made = served.rest(
        "POST", "/api_keys", key, {"api_key": {"name": f"was {key}"}}, idempotency_key="k1"
    )
    secret = made.json()["api_key"]["secret"]
    again = served.rest(
        "POST", "/api_keys", key, {"api_key": {"name": f"was {key}"}}, idempotency_key="k1"
    )

    assert again.headers[REPLAYED] == "true"
    assert again.json() == made.json()
    with served.app.desk.look(organizations.organization_of(key)) as work:
        for table in ("request_logs", "activity_logs", "idempotency_keys", "outbox"):
            kept = str(work.rows.execute(_everything(table)).all())
            assert table == "outbox" or kept != "[]"
            assert secret not in kept, table
            assert key not in kept, table
    assert secret not in caplog.text
    assert key not in caplog.text


def _tell_and_fail(work):
    work.tell(ThingTold(organization=organizations.current(work)))
    raise Refusal("no")


def _everything(name):
    return METADATA.tables[name].select()

"""One operation, two doors: what one says the other says too."""

import random

import grpc
import pytest
from google.protobuf import json_format

from api.proto.codec import Codec
from api.proto.pool import load
from api.reading import encode
from tests.api.conftest import API, protos
from tests.api.values import anything, value_of
from tests.api.wire import OK, by_grpc, by_rest, details_of, status_of

VAT = {"name": "VAT", "code": "vat", "rate": "20"}


def test_a_tax_made_at_one_door_is_there_at_the_other(taxed, pb):
    """20 % by REST, then 7.7 % by gRPC; each door shows both, newest first."""
    stub = pb.TaxServiceStub(taxed.channel)

    made = taxed.http.post("/v1/taxes", json={"tax": VAT}).json()["tax"]
    also = stub.Create(
        pb.TaxServiceCreateRequest(tax={"name": "MWST", "code": "mwst", "rate": "7.70"})
    ).tax

    assert (made["rate"], made["created_at"]) == (20.0, "2026-01-15T10:00:00Z")
    assert (also.rate, also.created_at.ToJsonString()) == ("7.7", "2026-01-15T10:00:00Z")
    assert stub.Get(pb.TaxServiceGetRequest(code="vat")).tax.id == made["id"]
    assert taxed.http.get("/v1/taxes/mwst").json()["tax"]["id"] == also.id
    listed = taxed.http.get("/v1/taxes").json()
    streamed = stub.List(pb.TaxServiceListRequest())
    assert [tax["code"] for tax in listed["taxes"]] == ["mwst", "vat"]
    assert [tax.code for tax in streamed.taxes] == ["mwst", "vat"]
    assert listed["meta"]["total_count"] == streamed.meta.total_count == 2


def test_a_change_leaves_what_it_does_not_name(taxed, pb):
    """A new rate by REST, a cleared description by gRPC's mask; the name stays."""
    stub = pb.TaxServiceStub(taxed.channel)
    taxed.http.post("/v1/taxes", json={"tax": {**VAT, "description": "d"}})

    taxed.http.put("/v1/taxes/vat", json={"tax": {"rate": 19}})
    stub.Update(pb.TaxServiceUpdateRequest(
        code="vat", update_mask={"paths": ["description"]}, tax={"rate": "1"},
    ))  # fmt: skip

    found = taxed.http.get("/v1/taxes/vat").json()["tax"]
    assert (found["name"], found["rate"], found["description"]) == ("VAT", 19.0, None)


def test_a_deleted_tax_is_gone_at_both_doors(taxed, pb):
    """404 and NOT_FOUND, with the same code."""
    stub = pb.TaxServiceStub(taxed.channel)
    taxed.http.post("/v1/taxes", json={"tax": VAT})

    assert taxed.http.delete("/v1/taxes/vat").json()["tax"]["code"] == "vat"

    gone = taxed.http.get("/v1/taxes/vat")
    assert gone.json() == {"status": 404, "error": "Not Found", "code": "tax_not_found"}
    with pytest.raises(grpc.RpcError) as failed:
        stub.Get(pb.TaxServiceGetRequest(code="vat"))
    assert failed.value.code() is grpc.StatusCode.NOT_FOUND
    assert details_of(failed.value)["ErrorInfo"].reason == "TAX_NOT_FOUND"
    assert details_of(failed.value)["ResourceInfo"].resource_type == "tax"


def test_wrong_fields_are_told_together_at_both_doors(taxed, pb):
    """No code, a blank name and a rate that is no number: three at once."""
    stub = pb.TaxServiceStub(taxed.channel)

    refused = taxed.http.post("/v1/taxes", json={"tax": {"name": " ", "rate": "x"}})
    with pytest.raises(grpc.RpcError) as failed:
        stub.Create(pb.TaxServiceCreateRequest(tax={"name": " ", "rate": "x"}))

    assert refused.status_code == 422
    assert refused.json() == {
        "status": 422,
        "error": "Unprocessable Entity",
        "code": "validation_errors",
        "error_details": {
            "name": ["value_is_mandatory"],
            "code": ["value_is_mandatory"],
            "rate": ["value_is_invalid"],
        },
    }
    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    wrong = details_of(failed.value)["BadRequest"].field_violations
    assert {(one.field, one.description, one.reason) for one in wrong} == {
        ("name", "value_is_mandatory", "VALUE_IS_MANDATORY"),
        ("code", "value_is_mandatory", "VALUE_IS_MANDATORY"),
        ("rate", "value_is_invalid", "VALUE_IS_INVALID"),
    }


def test_a_code_that_is_taken_is_refused_at_both_doors(taxed, pb):
    """By the unique key of the ledger, whichever it is."""
    stub = pb.TaxServiceStub(taxed.channel)
    taxed.http.post("/v1/taxes", json={"tax": VAT})

    refused = by_rest(taxed.http.post("/v1/taxes", json={"tax": VAT}))

    assert refused == ("422", [("code", "value_already_exist")])
    assert by_grpc(stub.Create, pb.TaxServiceCreateRequest(tax=VAT)) == refused


def test_a_missing_root_key_is_a_bad_request_at_both_doors(taxed, pb):
    """Missing, or as empty as a message that says nothing."""
    stub = pb.TaxServiceStub(taxed.channel)
    said = "BadRequest: param is missing or the value is empty or invalid: tax"

    for request in (pb.TaxServiceCreateRequest(), pb.TaxServiceCreateRequest(tax={})):
        with pytest.raises(grpc.RpcError) as failed:
            stub.Create(request)
        assert status_of(failed.value).message == said
    for body in ({}, {"tax": {}}):
        refused = taxed.http.post("/v1/taxes", json=body)
        assert refused.json() == {"status": 400, "error": said}


def test_random_requests_are_answered_alike_at_both_doors(toys, pb):
    """200 requests, half of them careless: the same answer, or the same refusal field by field."""
    dice = random.Random(20261122)
    schema, pool = load(API, protos())
    codec = Codec(schema, pool)
    outcomes = {OK: 0, "422": 0, "400": 0}
    stub = pb.ToyServiceStub(toys.channel)
    for round_ in range(200):
        op = API[dice.choice(["ToyService.Create", "ToyService.Draw"])]
        request = value_of(dice, op.request)
        if op.name == "Create":
            request.toy.properties.clear()  # which REST shows as they were sent, gRPC as text
        body = encode(request)
        sent = getattr(pb, op.request.__name__).FromString(codec.encoder(op.request)(request))
        if round_ % 2:
            _spoil(dice, sent)
            body = encode(codec.plain(op.request, sent.SerializeToString()))
        rest = by_rest(toys.http.post(op.routes[0].path, content=body))
        grpc_ = by_grpc(getattr(stub, op.name), sent)
        if grpc_[0] == OK:
            answer = grpc_[1].SerializeToString()
            grpc_ = OK, codec.plain(op.response, answer)
            assert _bare(grpc_[1]) == _bare(rest[1]), body
        else:
            assert grpc_ == rest, (body, sent)
        outcomes[rest[0]] += 1
    assert outcomes[OK] > 80, outcomes
    assert outcomes["422"] > 40, outcomes


def _spoil(dice: random.Random, sent) -> None:
    """Clear some fields of a message, and make others what nobody can read."""
    for field, value in list(sent.ListFields()):
        if field.type == field.TYPE_MESSAGE and not field.is_repeated:
            _spoil(dice, value)
        elif field.type == field.TYPE_STRING and not field.is_repeated and dice.random() < 0.4:
            setattr(sent, field.name, dice.choice(["", " ", "x", "NaN", "1e99", "a\0b"]))
        elif field.type == field.TYPE_ENUM and dice.random() < 0.4:
            setattr(sent, field.name, dice.choice([0, 99]))
        elif dice.random() < 0.2:
            sent.ClearField(field.name)


def _bare(said):
    """JSON without what protobuf cannot say: null and empty are as good as absent."""
    if isinstance(said, dict):
        bare = {name: _bare(value) for name, value in said.items()}
        return {name: value for name, value in bare.items() if value not in (None, [], {})}
    if isinstance(said, list):
        return [_bare(value) for value in said]
    if isinstance(said, str):
        return said.removesuffix("Z").removesuffix("+00:00")
    return said


def test_careless_bodies_never_break_the_server(toys):
    """500 random bodies and queries: every answer is a 200 or a refusal with a JSON body."""
    dice = random.Random(20261122)
    seen = set()
    for _ in range(500):
        op = dice.choice([op for op in API if op.routes and not op.streams_in])
        if op.service == "TaxService" or op.key == "ToyService.Refuse":
            continue
        route = dice.choice(op.routes)
        body = json_format.json.loads(encode(value_of(dice, op.request)))
        path = route.path
        for name in route.params:
            path = path.replace(f"{{{name}}}", "x")
        query = "&".join(f"{name}={dice.choice(['x', '', '1', '%00', '-1'])}" for name in body)
        sent = encode(anything(dice, body)) if route.method != "GET" else None
        answer = toys.http.request(route.method, f"{path}?{query}", content=sent)
        seen.add(answer.status_code)
        assert answer.status_code in (200, 400, 404, 405, 422), (path, query, sent, answer.text)
        assert answer.status_code == 200 or answer.json()["status"] == answer.status_code
    assert {200, 400, 422} <= seen

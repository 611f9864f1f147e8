"""What is gRPC's own: masks, metadata, deadlines, reflection, health, and clients in Go."""

import json
import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from tests.api.conftest import Doors
from tests.api.wire import details_of, status_of

PACKAGE = "invora.billing.v1"


@pytest.fixture
def stub(toys, pb):
    """The toys, as a Python client sees them."""
    return pb.ToyServiceStub(toys.channel)


LOCK = {"lock.key": "absent", "lock.turns": "absent"}


@pytest.mark.parametrize(
    ("paths", "toy", "said"),
    [
        (None, {"name": "n"}, {"name": "value"}),
        (["name", "price"], {"name": "n", "tags": ["t"]}, {"name": "value", "price": "null"}),
        (["toy.name", "toy.tags"], {"name": "n"}, {"name": "value", "tags": "null"}),
        (["toy"], {"name": "n"}, {"name": "value"}),
        (["lock"], {"lock": {"key": "k"}}, {"lock": "value", **LOCK, "lock.key": "value"}),
        (["lock.turns"], {"lock": {"key": "k"}}, {"lock": "value", **LOCK, "lock.turns": "null"}),
        (["lock.key"], {}, {"lock": "value", **LOCK, "lock.key": "null"}),
    ],
)
def test_a_mask_says_what_is_cleared_and_what_is_left(stub, pb, paths, toy, said):
    """Protobuf has no null: named and absent is null, not named is absent."""
    mask = None if paths is None else {"paths": paths}

    found = stub.Update(pb.ToyServiceUpdateRequest(id="t", toy=toy, update_mask=mask)).change

    nothing = dict.fromkeys(("name", "price", "tags", "lock"), "absent")
    assert dict(found.said) == {**nothing, **said}


@pytest.mark.parametrize("path", ["nothing", "toy.nothing", "name.x", "lock.nothing"])
def test_a_mask_that_names_what_is_not_there_is_refused(stub, pb, path):
    """By name, as AIP-134 wants it."""
    with pytest.raises(grpc.RpcError) as failed:
        stub.Update(pb.ToyServiceUpdateRequest(
            id="t", toy={"name": "n"}, update_mask={"paths": [path]}
        ))  # fmt: skip
    (wrong,) = details_of(failed.value)["BadRequest"].field_violations
    assert (wrong.field, wrong.description) == ("update_mask", "value_is_invalid")


def test_a_mandatory_number_that_is_not_sent_is_not_zero(stub, pb):
    """Zero may be meant; nothing may not."""
    zero = stub.Create(pb.ToyServiceCreateRequest(toy={"name": "t", "price": "0"}))
    assert zero.toy.price == "0"
    with pytest.raises(grpc.RpcError) as failed:
        stub.Create(pb.ToyServiceCreateRequest(toy={"name": "t"}))
    (wrong,) = details_of(failed.value)["BadRequest"].field_violations
    assert (wrong.field, wrong.description) == ("price", "value_is_mandatory")


def test_values_cross_in_their_own_types(stub, pb):
    """Decimals and days as text, instants as Timestamps, enums by name, JSON texts as they are."""
    toy = stub.Create(pb.ToyServiceCreateRequest(toy=pb.ToyInput(
        name="t", price="1E+2", colour=pb.COLOUR_SKY_BLUE, size=pb.ToyInput.SIZE_LARGE,
        born_on="2026-01-02", sold_at={"seconds": 1767225600, "nanos": 500_000_000},
        tags=["a", "b"],
        labels={"k": "v"}, properties={"n": "1.10", "o": '{"a": 1}'},
        more={"deep": [1, {"x": None}]},
    ))).toy  # fmt: skip

    assert (toy.price, toy.colour, toy.size) == ("100", pb.COLOUR_SKY_BLUE, pb.Toy.SIZE_LARGE)
    assert (toy.born_on, toy.sold_at.ToJsonString()) == ("2026-01-02", "2026-01-01T00:00:00.500Z")
    assert dict(toy.properties) == {"n": "1.10", "o": '{"a": 1}'}
    assert list(toy.tags) == ["a", "b"]
    assert toy.more["deep"][1]["x"] is None


def test_a_union_is_a_oneof(stub, pb):
    """What all have stands beside it; a shape of no kind is refused."""
    shape = stub.Draw(pb.ToyServiceDrawRequest(shape={
        "label": "b", "box": {"side": 1, "within": [{"label": "c", "circle": {"radius": "0.5"}}]},
    })).shape  # fmt: skip

    assert shape.WhichOneof("kind") == "box"
    assert (shape.label, shape.box.within[0].circle.radius) == ("b", "0.5")
    with pytest.raises(grpc.RpcError) as failed:
        stub.Draw(pb.ToyServiceDrawRequest(shape={"label": "b"}))
    (wrong,) = details_of(failed.value)["BadRequest"].field_violations
    assert (wrong.field, wrong.description) == ("kind", "value_is_mandatory")


def test_queries_lists_files_and_silence_are_messages(stub, pb):
    """What REST says in its own ways."""
    said = stub.List(pb.ToyServiceListRequest(page=2, colours=[1], labels={"a": "b"}))
    assert said.meta.current_page == 2
    assert 'labels={"a":"b"}' in said.echoes[0].said
    assert stub.Picture(pb.ToyServicePictureRequest(id="7")).file.data == b"\x89PNG\x007"
    assert stub.Silence(pb.ToyServiceSilenceRequest()).ByteSize() == 0
    assert stub.Maybe(pb.ToyServiceMaybeRequest(id="none")).ByteSize() == 0
    assert list(stub.Either(pb.ToyServiceEitherRequest(names=["a"])).toy_names) == ["a"]
    assert stub.CreateAgain(pb.ToyServiceCreateAgainRequest(toy={"name": "t", "price": "1"})).toy.id


def test_a_refusal_carries_googles_details(stub, pb):
    """Why, of what, which fields, and when to come back."""

    def refused(how):
        with pytest.raises(grpc.RpcError) as failed:
            stub.Refuse(pb.ToyServiceRefuseRequest(how=how))
        return failed.value

    busy, missing = refused("busy"), refused("unavailable")
    assert busy.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert details_of(busy)["RetryInfo"].retry_delay.seconds == 7
    assert details_of(busy)["ErrorInfo"].reason == "TOO_MANY"
    assert status_of(busy).message == "Slowly."
    assert missing.code() is grpc.StatusCode.UNAVAILABLE
    assert refused("conflict").code() is grpc.StatusCode.FAILED_PRECONDITION
    assert refused("forbidden").code() is grpc.StatusCode.PERMISSION_DENIED
    nested = details_of(refused("nested"))["BadRequest"].field_violations
    assert [(one.field, one.description) for one in nested] == [
        ("0.name", "value_is_mandatory"), ("0.name", "value_is_invalid"), ("a", "b"),
    ]  # fmt: skip


def test_a_bug_says_nothing_of_itself_but_is_logged(stub, pb, caplog):
    """INTERNAL, without details."""
    with caplog.at_level(logging.ERROR, "invora.api"), pytest.raises(grpc.RpcError) as failed:
        stub.Refuse(pb.ToyServiceRefuseRequest(how="bug"), metadata=(("x-request-id", "find-me"),))

    assert failed.value.code() is grpc.StatusCode.INTERNAL
    assert (failed.value.details(), list(status_of(failed.value).details)) == (
        "Internal Server Error", [],
    )  # fmt: skip
    assert "ToyService.Refuse find-me failed" in caplog.text


def test_metadata_is_what_headers_are(toys, stub, pb):
    """The request id comes back with answers and with refusals; the body hash is that of REST."""
    metadata = (("x-request-id", "mine"), ("idempotency-key", "k"), ("authorization", "Bearer k"))
    request = pb.ToyServiceCreateRequest(toy={"name": "t", "price": "1.50"})

    _, call = stub.Create.with_call(request, metadata=metadata)

    assert ("x-request-id", "mine") in call.trailing_metadata()
    caller = toys.callers[-1]
    assert (caller.door, caller.path) == ("grpc", f"/{PACKAGE}.ToyService/Create")
    assert caller.headers["authorization"] == "Bearer k"
    hashed = toys.hashes[-1]
    toy = {"name": "t", "price": 1.5, "is_loud": None}
    toys.http.post("/v1/toys", json={"toy": toy}, headers={"Idempotency-Key": "k"})
    assert toys.hashes[-1] == hashed
    with pytest.raises(grpc.RpcError) as failed:
        stub.Get(pb.ToyServiceGetRequest(id="none"), metadata=metadata)
    assert ("x-request-id", "mine") in failed.value.trailing_metadata()


def test_what_the_chain_adds_to_the_answer_is_in_both_doors_headers(pb):
    """`Idempotent-Replayed`, for one."""

    def replayed(op, caller, request, body_hash):
        caller.answer_headers["Idempotent-Replayed"] = "true"
        return op.call(None, request)

    with Doors(replayed) as doors:
        answer = doors.http.get("/v1/toys/x")
        refused = doors.http.get("/v1/toys/none")
        _, call = pb.ToyServiceStub(doors.channel).Get.with_call(pb.ToyServiceGetRequest(id="x"))
        streamed = doors.http.get("/v1/numbers?upto=1")

    for one in (answer, refused, streamed):
        assert one.headers["idempotent-replayed"] == "true"
    assert ("idempotent-replayed", "true") in call.trailing_metadata()


@pytest.mark.parametrize("sent", [b"\xff\xff", b"\n\x03abc", b"\x0a\xff\xff\xff\xff\x0f"])
def test_bytes_that_are_no_message_are_the_callers_mistake(toys, sent):
    """INVALID_ARGUMENT, where a deserializer of grpc's would have said UNKNOWN."""
    call = toys.channel.unary_unary(f"/{PACKAGE}.ToyService/Create")

    with pytest.raises(grpc.RpcError) as failed:
        call(sent)

    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_what_waits_longer_than_its_deadline_never_begins(pb):
    """Eight threads are taken; the ninth call gives up before there is one for it."""
    begun, free = [], threading.Event()

    def slowly(op, caller, request, body_hash):
        begun.append(request)
        free.wait(20)
        return op.call(None, request)

    with Doors(slowly) as doors:
        stub = pb.ToyServiceStub(doors.channel)
        first = [stub.Get.future(pb.ToyServiceGetRequest(id="x")) for _ in range(8)]
        while len(begun) < 8:
            time.sleep(0.01)
        with pytest.raises(grpc.RpcError) as failed:
            stub.Get(pb.ToyServiceGetRequest(id="late"), timeout=0.2)
        time.sleep(0.2)
        free.set()
        assert [one.result().toy.name for one in first] == ["x"] * 8
        time.sleep(0.2)

    assert failed.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert len(begun) == 8


def test_health_is_told_per_service(toys):
    """And for the server as a whole."""
    health = health_pb2_grpc.HealthStub(toys.channel)

    for service in ("", f"{PACKAGE}.ToyService", f"{PACKAGE}.TaxService"):
        answer = health.Check(health_pb2.HealthCheckRequest(service=service))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError):
        health.Check(health_pb2.HealthCheckRequest(service="nobody"))


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_the_server_describes_itself(toys, version):
    """Services, our files, and the types of google.rpc that details are made of."""
    ask = reflection_pb2.ServerReflectionRequest
    call = toys.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        ask.SerializeToString,
        reflection_pb2.ServerReflectionResponse.FromString,
    )
    symbols = [f"{PACKAGE}.ToyService", "grpc.health.v1.Health", "google.rpc.BadRequest"]

    listed, *files = call(iter([
        ask(list_services=""), *(ask(file_containing_symbol=symbol) for symbol in symbols),
    ]))  # fmt: skip

    names = {service.name for service in listed.list_services_response.service}
    assert {f"{PACKAGE}.ToyService", f"{PACKAGE}.TaxService", "grpc.health.v1.Health"} <= names
    assert all(file.file_descriptor_response.file_descriptor_proto for file in files)


def test_a_go_client_calls_by_reflection(taxed):
    """`buf curl` knows nothing but the port; REST sees what it made."""
    made = _curl(taxed, "TaxService/Create", {"tax": {"name": "VAT", "code": "vat", "rate": "20"}})

    assert made["tax"]["rate"] == "20.0"
    assert taxed.http.get("/v1/taxes/vat").json()["tax"]["id"] == made["tax"]["id"]
    with pytest.raises(subprocess.CalledProcessError) as failed:
        _curl(taxed, "TaxService/Create", {"tax": {"name": "VAT", "rate": "20"}})
    assert json.loads(failed.value.stderr)["code"] == "invalid_argument"


def _curl(doors, method, said):
    buf = Path(sys.executable).with_name("buf")
    url = f"http://127.0.0.1:{doors.grpc_port}/{PACKAGE}.{method}"
    done = subprocess.run(
        [buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "-d", json.dumps(said), url],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout)

"""Streams and uploads: bounded, cut where they must be, and refused before they begin."""

import json
import logging
import socket
import threading
import time
import tracemalloc

import grpc
import httpx
import pytest

from tests.api.conftest import Doors
from tests.api.wire import details_of


@pytest.fixture
def stub(toys, pb):
    """The toys, as a Python client sees them."""
    return pb.ToyServiceStub(toys.channel)


def lines(*items):
    """Items as NDJSON."""
    return "\n".join(json.dumps(item) for item in items).encode()


def test_an_answer_is_streamed_line_by_line(toys, stub, pb):
    """1,000 numbers, as lines and as messages."""
    answer = toys.http.get("/v1/numbers?upto=1000")

    assert answer.headers["content-type"] == "application/x-ndjson"
    said = [json.loads(line)["echo"]["said"] for line in answer.text.splitlines()]
    assert said == [[str(number)] for number in range(1000)]
    counted = stub.Count(pb.ToyServiceCountRequest(upto=1000))
    assert [list(one.echo.said) for one in counted] == said


def test_a_stream_that_is_refused_before_its_first_item_has_its_own_status(toys, stub, pb):
    """405 and FAILED_PRECONDITION; and an empty stream is a 200 with no line."""
    refused = toys.http.get("/v1/numbers?upto=-1")
    assert (refused.status_code, refused.json()["code"]) == (405, "too_low")
    assert toys.http.get("/v1/numbers?upto=x").status_code == 422
    with pytest.raises(grpc.RpcError) as failed:
        list(stub.Count(pb.ToyServiceCountRequest(upto=-1)))
    assert failed.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    empty = toys.http.get("/v1/numbers?upto=0")
    assert (empty.status_code, empty.content) == (200, b"")


def test_a_stream_that_breaks_is_cut_and_not_ended(toys, stub, pb, caplog):
    """Two items arrive; then a client can tell that this was not all."""
    with caplog.at_level(logging.CRITICAL), pytest.raises(httpx.RemoteProtocolError):
        toys.http.get("/v1/numbers?upto=9&broken=true")

    counted = stub.Count(pb.ToyServiceCountRequest(upto=9, broken=True))
    assert [next(counted).echo.said[0], next(counted).echo.said[0]] == ["0", "1"]
    with pytest.raises(grpc.RpcError) as failed:
        next(counted)
    assert failed.value.code() is grpc.StatusCode.INTERNAL


@pytest.mark.parametrize("door", ["rest", "grpc"])
def test_who_leaves_ends_the_stream_at_its_next_item(pb, door):
    """The verb is closed, so that its transaction is; and it was never far ahead of the client."""
    closed, made = threading.Event(), []

    def endless(op, caller, request, body_hash):
        try:
            for number in range(10**9):
                made.append(number)
                yield from op.call(None, type(request)(upto=1))
                time.sleep(0.001)
        finally:
            closed.set()

    with Doors(endless) as doors:
        if door == "rest":
            with socket.create_connection(("127.0.0.1", doors.rest_port)) as raw:
                raw.sendall(b"GET /v1/numbers?upto=1 HTTP/1.1\r\nHost: x\r\n\r\n")
                assert raw.recv(100)
        else:
            stream = pb.ToyServiceStub(doors.channel).Count(pb.ToyServiceCountRequest(upto=1))
            next(stream)
            stream.cancel()
        assert closed.wait(10)
    assert len(made) < 5000


def test_a_deadline_ends_a_stream(pb):
    """Half a second, then the verb is closed."""
    closed = threading.Event()

    def endless(op, caller, request, body_hash):
        try:
            while True:
                yield from op.call(None, request)
                time.sleep(0.01)
        finally:
            closed.set()

    with Doors(endless) as doors:
        stub = pb.ToyServiceStub(doors.channel)
        with pytest.raises(grpc.RpcError) as failed:
            list(stub.Count(pb.ToyServiceCountRequest(upto=1), timeout=0.5))
        assert failed.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert closed.wait(10)


def test_items_are_streamed_in(toys, stub, pb):
    """500 parts, as lines cut anywhere and as messages."""
    parts = [{"name": f"p{number}", "grams": number} for number in range(500)]
    body = lines(*parts) + b"\n\n"
    cut = (body[at : at + 77] for at in range(0, len(body), 77))

    answer = toys.http.post("/v1/parts/stream", content=cut)

    said = [f"p{number}:{number}" for number in range(500)]
    assert answer.json() == {"echo": {"said": said}}
    sent = (pb.ToyServiceGatherRequest(part=part) for part in parts)
    assert list(stub.Gather(sent).echo.said) == said
    assert toys.http.post("/v1/parts/stream", content=b"").json() == {"echo": {"said": []}}


def test_a_wrong_item_is_named_by_its_place(toys, stub, pb):
    """The third part has no name."""
    parts = [{"name": "a"}, {"name": "b"}, {"grams": 1}]

    refused = toys.http.post("/v1/parts/stream", content=lines(*parts))
    with pytest.raises(grpc.RpcError) as failed:
        stub.Gather(pb.ToyServiceGatherRequest(part=part) for part in parts)

    assert refused.status_code == 422
    assert refused.json()["error_details"] == {"2": {"name": ["value_is_mandatory"]}}
    (wrong,) = details_of(failed.value)["BadRequest"].field_violations
    assert (wrong.field, wrong.description) == ("2.name", "value_is_mandatory")


@pytest.mark.parametrize(
    "line", [b"nonsense", b'{"name": "a"}, "part": {"name": "b"}', b"[1]", b"5"]
)
def test_a_line_that_is_no_object_is_a_bad_request(toys, line):
    """Nor can a line end its object early and say more."""
    assert toys.http.post("/v1/parts/stream", content=line).status_code == 400


def test_answers_come_while_questions_are_still_asked(toys, stub, pb):
    """Each part is answered before the next is sent."""
    heard = threading.Semaphore(1)

    def parts():
        for number in range(3):
            assert heard.acquire(timeout=10)
            yield pb.ToyServiceAnswerRequest(part={"name": f"p{number}"})

    said = []
    for answer in stub.Answer(parts()):
        said.append(answer.echo.said[0])
        heard.release()

    assert said == ["p0", "p1", "p2"]
    rest = toys.http.post("/v1/parts/answers", content=lines({"name": "a"}, {"name": "b"}))
    assert [json.loads(line)["echo"]["said"] for line in rest.text.splitlines()] == [["a"], ["b"]]


def test_an_upload_is_the_body_itself_with_its_type_and_encoding(toys, stub, pb):
    """The path and the query are read beside it; in gRPC they come with the first chunk."""
    headers = {"Content-Type": "application/vnd.apache.arrow.stream", "Content-Encoding": "zstd"}

    answer = toys.http.post("/v1/bins/b?verdicts=all", content=b"x" * 100_000, headers=headers)

    weight = {
        "size": 100_000, "content_type": headers["Content-Type"], "encoding": "zstd",
        "verdicts": "all",
    }  # fmt: skip
    assert answer.json() == {"weight": weight}
    first = pb.ToyServiceThrowInRequest(
        bin="b", verdicts=pb.ToyServiceThrowInRequest.VERDICTS_ALL, content_encoding="zstd",
        content_type=headers["Content-Type"], data=b"x" * 40_000,
    )  # fmt: skip
    rest = [pb.ToyServiceThrowInRequest(bin="b", data=b"x" * 30_000) for _ in range(2)]
    said = stub.ThrowIn(iter([first, *rest])).weight
    assert {name: getattr(said, name) for name in weight} == weight


def test_an_upload_that_is_asked_for_wrongly_is_refused(toys, stub, pb):
    """By its query; in gRPC also where there is no first chunk to say anything."""
    refused = toys.http.post("/v1/bins/b?verdicts=some", content=b"x")
    assert refused.json()["error_details"] == {"verdicts": ["value_is_invalid"]}
    empty = toys.http.post("/v1/bins/b", content=b"")
    assert empty.json()["weight"]["size"] == 0
    for sent in ([], [pb.ToyServiceThrowInRequest(data=b"x")]):
        with pytest.raises(grpc.RpcError) as failed:
            stub.ThrowIn(iter(sent))
        assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_an_upload_of_any_size_is_held_in_little_memory(toys):
    """200 MB go through; at no time do 20 of them stand in memory."""
    chunk = bytes(1 << 20)
    tracemalloc.start()
    try:
        answer = toys.http.post("/v1/bins/b", content=(chunk for _ in range(200)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert answer.json()["weight"]["size"] == 200 << 20
    assert peak < 20 << 20, peak


@pytest.mark.parametrize("door", ["rest", "grpc"])
def test_a_slow_verb_slows_the_one_who_sends(pb, door):
    """While the verb sleeps, the server takes no more than what its pipe holds."""
    wake = threading.Event()

    def asleep(op, caller, request, body_hash):
        wake.wait(10)
        return op.call(None, request)

    sent = []

    def chunks():
        for number in range(200):
            sent.append(number)
            yield bytes(1 << 20)

    with Doors(asleep) as doors:

        def send():
            if door == "rest":
                doors.http.post("/v1/bins/b", content=chunks())
            else:
                stub = pb.ToyServiceStub(doors.channel)
                stub.ThrowIn(pb.ToyServiceThrowInRequest(bin="b", data=data) for data in chunks())

        sending = threading.Thread(target=send)
        sending.start()
        time.sleep(1.5)
        before = len(sent)
        wake.set()
        sending.join(60)

    assert before < 60, before
    assert len(sent) == 200


def test_a_sender_that_leaves_wakes_the_verb(pb):
    """The verb waits for the rest of a body; it is told that none will come."""
    ended = threading.Event()

    def waiting(op, caller, request, body_hash):
        try:
            return op.call(None, request)
        finally:
            ended.set()

    with Doors(waiting) as doors:
        with socket.create_connection(("127.0.0.1", doors.rest_port)) as raw:
            raw.sendall(b"POST /v1/bins/b HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nxxx")
            time.sleep(0.2)
            assert not ended.is_set()
        assert ended.wait(10)
        ended.clear()
        stop = threading.Event()

        def never():
            yield pb.ToyServiceThrowInRequest(bin="b", data=b"x")
            stop.wait(20)

        call = pb.ToyServiceStub(doors.channel).ThrowIn.future(never())
        time.sleep(0.2)
        call.cancel()
        assert ended.wait(10)
        stop.set()

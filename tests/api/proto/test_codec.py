"""Random values of every request and response cross as protoc's own classes have them."""

import random
import struct

import pytest
from google.protobuf.unknown_fields import UnknownFieldSet

from api.fields import raw_text
from api.masking import exactly
from api.proto.codec import Codec
from api.proto.pool import load
from api.reading import encode
from metering.measures.refusals import Malformed, Refusal
from tests.api.conftest import API, protos
from tests.api.values import value_of


@pytest.fixture(scope="module")
def codec():
    """The codec of what the tests serve."""
    return Codec(*load(API, protos()))


def bare(said):
    """JSON without what protobuf cannot say: null and empty are as good as absent."""
    if isinstance(said, dict):
        fields = {name: bare(value) for name, value in said.items()}
        return {name: value for name, value in fields.items() if value not in (None, [], {})}
    if isinstance(said, list):
        return [bare(value) for value in said]
    return said.removesuffix("Z").removesuffix("+00:00") if isinstance(said, str) else said


def shown(value):
    """What REST shows, its properties as the text that gRPC has."""
    said = exactly(encode(value))
    for part in said.values():
        if isinstance(part, dict) and "properties" in part:
            raw = value.toy.properties
            part["properties"] = {name: raw_text(one) for name, one in raw.items()}
    return bare(said)


def test_protocs_classes_read_what_is_written_and_it_is_what_json_says(pb, codec):
    """2,400 values: every byte is known to protoc, and means what REST would have shown."""
    dice = random.Random(7)
    count = 0
    for op in API:
        for kind in (op.request, op.response):
            theirs, write = getattr(pb, kind.__name__), codec.encoder(kind)
            for _ in range(55):
                value = value_of(dice, kind)
                seen = theirs.FromString(write(value))
                assert not len(UnknownFieldSet(seen))
                again = seen.SerializeToString()
                assert theirs.FromString(again) == seen
                assert bare(exactly(encode(codec.plain(kind, again)))) == shown(value)
                count += 1
    assert count == 2 * 55 * len(API.operations)
    assert count >= 2400


def test_a_request_is_read_back_as_it_was_written(codec):
    """1,100 requests; null and absent, null and empty are one in protobuf."""
    dice = random.Random(8)
    for op in API:
        write, read = codec.encoder(op.request), codec.decoder(op.request)
        for _ in range(50):
            value = value_of(dice, op.request)
            try:
                back = read(write(value))
            except Malformed:
                changes = [part for part in shown(value).values() if isinstance(part, dict)]
                assert not changes, value  # an update that says nothing
                continue
            assert shown(back) == shown(value)


def test_garbage_is_a_value_or_a_refusal(codec):
    """6,000 messages with broken bytes: never another failure."""
    dice = random.Random(9)
    outcomes = {"read": 0, "refused": 0}
    for op in API:
        write, read = codec.encoder(op.request), codec.decoder(op.request)
        for _ in range(6000 // len(API.operations)):
            data = bytearray(write(value_of(dice, op.request)) or b"\n\0")
            for _ in range(dice.randint(1, 4)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            try:
                read(bytes(data))
                outcomes["read"] += 1
            except Refusal:
                outcomes["refused"] += 1
    assert min(outcomes.values()) > 500, outcomes


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_refused_or_becomes_text(codec, number):
    """JSON cannot say it; in what is free-form it is not taken for a number."""
    op = API["ToyService.Create"]
    value = b"\x09\x11" + struct.pack("<d", number)
    entry = b"\x0a\x01k\x12" + value
    free = b"\x0a" + bytes([len(entry)]) + entry
    field = next(
        field.number for field in codec.message("invora.billing.v1.ToyInput").DESCRIPTOR.fields
        if field.name == "more"
    )  # fmt: skip
    toy = b"\x0a\x01t\x12\x011" + bytes([field << 3 | 2, len(free)]) + free
    data = b"\x0a" + bytes([len(toy)]) + toy

    try:
        found = codec.decoder(op.request)(data)
    except Refusal:
        return
    assert "k" in found.toy.more

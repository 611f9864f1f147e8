"""Right requests with something spoiled in each: whatever is said, no door ever fails."""

import random
from collections import Counter
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor

from api.commands.census import world as census
from api.commands.census.doors import Rest
from api.commands.census.recipes import every
from api.proto.codec import Codec
from api.proto.files import PACKAGE
from api.proto.pool import load
from api.reading import Reader, encode
from api.rpc import Operation
from tests.api.platform.served import ADMIN
from tests.api.values import anything
from tests.stories.world import API, GRPC, Server, as_rest, told


@pytest.fixture(scope="package")
def asks(server: Server) -> dict[str, tuple[str, dict[str, Any]]]:
    """A right request of every operation, with its key, in a sandbox where it was granted once."""
    made_by = census.World(API, Rest(API, server.url), every(), ADMIN, b"s" * 40)
    made = {op.key: made_by.first(op.key) for op in API if not op.streams_in}
    assert all(told.is_ok for _, told in made.values())
    return {key: (ask.key or "", ask.said) for key, (ask, _) in made.items()}


def test_careless_requests_never_break_the_app(world, asks):
    """200 right requests to all operations, with something spoiled in each: no 500 at either door.

    Fields are left out, nulled, doubled, or of another kind; over gRPC what a message can hold.
    """
    dice, codec = random.Random(20261122), Codec(*load(API))
    statuses: Counter[str] = Counter()
    channel = grpc.insecure_channel(world.server.grpc_address)
    for _ in range(200):
        key, (world.key, right) = dice.choice(list(asks.items()))
        op = API[key]
        said = anything(dice, right)
        said = said if isinstance(said, dict) else {}
        for name in op.routes[0].params:
            said[name] = str(said.get(name) or dice.choice(["x", "%", "é", "a/b", "a\0b", "."]))
        method, path, body = as_rest(key, said)
        answer = world.rest(method, path, body)
        statuses[str(answer.status_code)] += 1
        assert answer.status_code in {200, *map(int, GRPC)}, (path, body, answer.text)
        assert answer.status_code == 200 or answer.json()["status"] == answer.status_code

        name = f"{PACKAGE}.{op.request.__name__}"
        sent = codec.message(name).FromString(codec.encoder(op.request)(read(op, right)))
        spoil(dice, sent)
        status = told(channel, op, sent.SerializeToString(), world.key)
        statuses[status] += 1
        assert status in {"OK", *GRPC.values()}, (key, sent)
    channel.close()
    assert {"200", "422", "400", "404", "OK", "NOT_FOUND", "INVALID_ARGUMENT"} <= set(statuses)


def read(op: Operation, said: dict[str, Any]) -> Any:
    """A request from its JSON."""
    return Reader(op.request).read(encode(said))


SPOILED: dict[int, list[Any]] = {
    FieldDescriptor.TYPE_STRING: ["", " ", "x", "NaN", "1e99", "a\0b", "-1", "é" * 300],
    FieldDescriptor.TYPE_INT64: [0, -1, 2**63 - 1, -(2**63)],
    FieldDescriptor.TYPE_ENUM: [0, 99],
}
"""What a field of a message can hold and nobody can use."""


def spoil(dice: random.Random, sent: Any) -> None:
    """Clear some fields of a message, and make others what nobody can use."""
    for field, value in list(sent.ListFields()):
        if field.type == field.TYPE_MESSAGE and not field.is_repeated:
            spoil(dice, value)
        elif field.type in SPOILED and not field.is_repeated and dice.random() < 0.3:
            setattr(sent, field.name, dice.choice(SPOILED[field.type]))
        elif dice.random() < 0.15:
            sent.ClearField(field.name)
        elif field.type == field.TYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
            for each in value:
                spoil(dice, each)

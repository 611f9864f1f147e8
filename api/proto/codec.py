"""Requests and responses between bytes and structs."""

from collections.abc import Callable
from typing import Any

import msgspec
from google.protobuf import message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError

from api.proto.decoding import Builders, Plain
from api.proto.encoding import Encoders
from api.proto.schema import Schema
from api.reading import Reader
from metering.measures.refusals import Malformed


class Codec:
    """The encoder of every response and the decoder of every request of a schema."""

    def __init__(self, schema: Schema, pool: DescriptorPool) -> None:
        self.schema, self.pool = schema, pool
        self._encoders, self._builders, self._plain = Encoders(pool), Builders(pool), Plain(pool)

    def encoder(self, cls: type[Any]) -> Callable[[Any], bytes]:
        """Return the function that turns a struct into bytes."""
        shape = self.schema.shapes[cls]
        message, put = self.message(shape.name), self._encoders.put(shape)

        def encode(value: Any) -> bytes:
            made = message()
            put(value, made)
            return made.SerializeToString()

        return encode

    def decoder(self, cls: type[Any]) -> Callable[[bytes], Any]:
        """Return the function that turns bytes into a request, or refuses them as REST would.

        What is plainly right is built at once. Where anything is missing, out of bounds, masked, or
        refused by the request itself, the message is read again in JSON's terms by the reader of
        REST: so both doors say the same.
        """
        shape, reader = self.schema.shapes[cls], Reader(cls)
        message, build = self.message(shape.name), self._builders.build(shape)

        def decode(data: bytes) -> Any:
            try:
                sent = message.FromString(data)
            except DecodeError:
                said = f"BadRequest: the bytes are not a {shape.name}"
                raise Malformed(said) from None
            masked = shape.masked and sent.HasField("update_mask")
            if not masked and b"\0" not in data:  # which no text may hold
                try:
                    made = build(sent)
                except Exception:
                    made = None
                if made is not None and not reader.is_hollow(made):
                    return made
            return reader.read(msgspec.json.encode(self._plain.request(sent, shape)))

        return decode

    def plain(self, cls: type[Any], data: bytes) -> dict[str, Any]:
        """Return bytes in JSON's terms, as a response or request of type `cls`."""
        shape = self.schema.shapes[cls]
        return self._plain.message(self.message(shape.name).FromString(data), shape)

    def message(self, name: str) -> Any:
        """Return the class of a message."""
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

"""gRPC: every operation a method, with reflection, health and rich errors, on a port of its own.

Bytes come in and go out undecoded: what does not decode is the caller's mistake, which a
deserializer of grpc's own could only answer as UNKNOWN. Verbs run on the threads of the other door.
"""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection, reflection_pb2

from api import errors
from api.proto.codec import Codec
from api.proto.files import PACKAGE
from api.proto.pool import ROOT, load
from api.reading import ask
from api.requestid import request_id
from api.rpc import Api, Caller, Operation, Perform
from api.threads import Inlet, Outlet, Threads
from metering.measures.refusals import Invalid

CODES = {code.value[0]: code for code in grpc.StatusCode}
"""google.rpc's numbers as grpc names them."""

LIMIT = 16 << 20
"""The greatest message."""

Context = Any
"""grpc.aio's own; its types are untyped."""


class GrpcServer:
    """`async with GrpcServer(api, perform, "[::]:8081", threads): ...`

    Raises: Stale, when it starts and the committed .proto files are not those of `api`.
    """

    def __init__(
        self, api: Api, perform: Perform, address: str, threads: Threads,
        limit: int = LIMIT, protos: Path = ROOT,
    ) -> None:  # fmt: skip
        self.api, self.perform, self.address, self.threads = api, perform, address, threads
        self.port = 0
        """The port it listens on, once it is started."""
        self._options = [("grpc.max_receive_message_length", limit)]
        self._schema, self._pool = load(api, protos)

    async def __aenter__(self) -> Self:
        codec = Codec(self._schema, self._pool)
        self._server = grpc.aio.server(options=self._options)
        names = [f"{PACKAGE}.{name}" for name in self.api.services]
        for service in self.api.services:
            methods = {
                op.name: _Method(op, codec, self.perform, self.threads).handler()
                for op in self.api
                if op.service == service
            }
            handler = grpc.method_handlers_generic_handler(f"{PACKAGE}.{service}", methods)
            self._server.add_generic_rpc_handlers([handler])
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for name in ("", *names):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        watched = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
        _reflect(self._server, self._pool, [*names, watched])
        self.port = self._server.add_insecure_port(self.address)
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace=5)


class _Method:
    """One operation."""

    def __init__(self, op: Operation, codec: Codec, perform: Perform, threads: Threads) -> None:
        self.op, self.perform, self.threads = op, perform, threads
        self.decode, self.encode = codec.decoder(op.request), codec.encoder(op.response)

    def handler(self) -> Any:
        """Return what grpc calls."""
        return HANDLERS[self.op.streams_in, self.op.streams_out](self._run)

    async def _run(self, sent: Any, context: Context) -> bytes | None:
        caller = self._caller(context)
        try:
            answer = await self._answer(sent, context, caller)
        except Exception as error:
            errors.failed(error, f"{self.op.key} {caller.request_id}")
            said = errors.status(error)
            more = ("grpc-status-details-bin", said.SerializeToString())
            await context.abort(CODES[said.code], said.message, (*_trailing(caller), more))
        context.set_trailing_metadata(_trailing(caller))
        return answer

    async def _answer(self, sent: Any, context: Context, caller: Caller) -> bytes | None:
        if not self.op.streams_in:
            do = partial(self._call, caller, sent)
            if self.op.streams_out:
                await self._stream(do, context)
                return None
            return await self.threads.run(lambda: self.encode(do()))
        inlet: Inlet[bytes] = Inlet(sent)
        do = partial(self.perform, self.op, caller, self._requests(inlet), b"")
        try:
            if self.op.streams_out:
                await self._stream(do, context)
                return None
            return await self.threads.run(lambda: self.encode(do()), streams=True)
        finally:
            inlet.close()

    def _call(self, caller: Caller, sent: bytes) -> Any:
        return ask(self.perform, self.op, caller, lambda: self.decode(sent))

    def _requests(self, inlet: Inlet[bytes]) -> Iterator[Any]:
        for position, sent in enumerate(inlet):
            try:
                yield self.decode(sent)
            except Invalid as refused:
                if self.op.takes_upload:
                    raise
                raise Invalid({str(position): refused.details}) from None

    async def _stream(self, do: Callable[[], Any], context: Context) -> None:
        outlet: Outlet[bytes] = Outlet()
        drain = partial(outlet.drain, lambda: map(self.encode, do()))
        running = asyncio.ensure_future(self.threads.run(drain, streams=True))
        try:
            async for message in outlet:
                await context.write(message)
        finally:
            outlet.leave()
            running.cancel()  # if it has not begun, it need not

    def _caller(self, context: Context) -> Caller:
        metadata: Any = context.invocation_metadata() or ()
        headers = {name: value for name, value in metadata if isinstance(value, str)}
        return Caller(
            door="grpc",
            method="POST",
            path=f"/{PACKAGE}.{self.op.service}/{self.op.name}",
            headers=headers,
            peer=context.peer(),
            request_id=request_id(headers.get("x-request-id", "")),
        )


HANDLERS: dict[tuple[bool, bool], Callable[..., Any]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}
"""By whether it streams in and out."""


def _trailing(caller: Caller) -> tuple[tuple[str, str], ...]:
    more = ((name.lower(), value) for name, value in caller.answer_headers.items())
    return ("x-request-id", caller.request_id), *more


def _reflect(server: grpc.aio.Server, pool: DescriptorPool, names: list[str]) -> None:
    """Serve reflection as v1alpha, which grpcio has, and as v1: the same under another name."""
    for module in (reflection_pb2, health_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    names = [*names, reflection.SERVICE_NAME]
    reflection.enable_server_reflection(names, server, pool=pool)
    servicer: Any = reflection.aio.ReflectionServicer(names, pool=pool)
    info = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        reflection_pb2.ServerReflectionRequest.FromString,
        reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    v1 = grpc.method_handlers_generic_handler(
        "grpc.reflection.v1.ServerReflection", {"ServerReflectionInfo": info}
    )
    server.add_generic_rpc_handlers([v1])

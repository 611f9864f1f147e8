"""A verb's signature as a request struct, a response struct, and the call between them."""

import inspect
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from types import NoneType, UnionType
from typing import Any, Union

import msgspec
from msgspec import NODEFAULT, UNSET, Struct, UnsetType

from api.words import noun, plural, snake
from metering.measures.refusals import Malformed
from metering.measures.shapes import Page, PageMeta, Query, Reply, Upload

UPLOAD: dict[str, Any] = {"content_type": str, "content_encoding": str, "data": bytes}
"""What an upload is on the wire: the first chunk says its type, each brings some bytes."""


class Bound(Struct, frozen=True, kw_only=True):
    """What a verb is to the doors."""

    request: type[Struct]
    response: type[Struct]
    streams_in: bool
    streams_out: bool
    item: str
    takes_upload: bool
    call: Callable[[Any, Any], Any]


class _Asked(Struct, kw_only=True):
    """What the parameters of a verb make of a request."""

    fields: dict[str, tuple[Any, Any]] = {}
    """Type and default of each field, by name."""
    base: type[Struct] | None = None
    passed: dict[str, str | None] = {}
    """Which field each parameter takes; None for the request itself, as a query."""
    stream: str = ""
    """The parameter that takes the stream, if one does."""
    item: str = ""
    takes_upload: bool = False

    def arguments(self, request: Any) -> dict[str, Any]:
        """Take a request apart into the arguments of the verb."""
        return {
            parameter: getattr(request, field) if field else request
            for parameter, field in self.passed.items()
        }

    def streamed(self, requests: Iterator[Any]) -> dict[str, Any]:
        """Take a stream of requests apart: what is not streamed comes with the first."""
        if not self.passed and not self.takes_upload:
            return {self.stream: (getattr(request, self.item) for request in requests)}
        first = next(requests, None)
        if first is None:
            raise Malformed("The stream is empty: its first message says what it is for.")
        items = (getattr(request, self.item) for request in chain([first], requests))
        found = self.arguments(first)
        if self.takes_upload:
            chunks = (chunk for chunk in items if chunk)
            items = Upload(first.content_type, chunks, first.content_encoding)  # type: ignore[assignment]
        return {**found, self.stream: items}


def bind(name: str, verb: Callable[..., Any], module: str, root: str | None) -> Bound:
    """Make the request and response of `verb`, called `<name>Request` and `<name>Response`."""
    hints = typing.get_type_hints(verb, include_extras=True)
    asked = _asked(verb, hints)
    request = _struct(f"{name}Request", asked.fields, asked.base, module)
    result = hints["return"]
    many = typing.get_origin(result) in (Iterator, Iterable)
    if many:
        (result,) = typing.get_args(result)
    response, wrap = _response(f"{name}Response", result, root, module)

    def call(work: Any, request: Any) -> Any:
        arguments = asked.streamed(request) if asked.stream else asked.arguments(request)
        answer = verb(work, **arguments)
        return _each(wrap, answer) if many else wrap(answer)

    return Bound(
        request=request,
        response=response,
        streams_in=bool(asked.stream),
        streams_out=many,
        item=asked.item,
        takes_upload=asked.takes_upload,
        call=call,
    )


def _each(wrap: Callable[[Any], Any], answer: Iterable[Any]) -> Iterator[Any]:
    for item in answer:
        yield wrap(item)


def _asked(verb: Callable[..., Any], hints: dict[str, Any]) -> _Asked:
    asked = _Asked()
    _, *parameters = inspect.signature(verb).parameters.values()
    for parameter in parameters:
        name, hint = parameter.name, hints[parameter.name]
        default = NODEFAULT if parameter.default is parameter.empty else parameter.default
        if hint is Upload:
            asked.stream, asked.item, asked.takes_upload = name, "data", True
            asked.fields.update({field: (kind, kind()) for field, kind in UPLOAD.items()})
        elif typing.get_origin(hint) in (Iterator, Iterable):
            (item,) = typing.get_args(hint)
            asked.stream, asked.item = name, root_key(item).removesuffix("_input")
            asked.fields[asked.item] = item, NODEFAULT
        elif isinstance(hint, type) and issubclass(hint, Query):
            asked.base = hint
            asked.passed[name] = None
        else:
            asked.fields[name] = hint, default
            asked.passed[name] = name
    return asked


def _struct(
    name: str, fields: dict[str, tuple[Any, Any]], base: type[Struct] | None, module: str
) -> type[Struct]:
    """Make a Struct at run time; `base` gives it its own fields, and what they must hold."""
    bases = (base,) if base else None
    clash = set(fields) & set(base.__struct_fields__ if base else ())
    assert not clash, f"{name}: {clash} is said twice"
    said = [
        (field, hint) if default is NODEFAULT else (field, hint, default)
        for field, (hint, default) in fields.items()
    ]
    return msgspec.defstruct(name, said, bases=bases, module=module, kw_only=True)


def _response(
    name: str, hint: Any, root: str | None, module: str
) -> tuple[type[Struct], Callable[[Any], Any]]:
    """Make the response, and the function that puts a result into it."""
    if hint is None or hint is NoneType:
        empty = _struct(name, {}, None, module)
        return empty, lambda _: empty()
    if isinstance(hint, type) and issubclass(hint, Reply):
        return _struct(name, {}, hint, module), lambda reply: reply
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Page:
        key = root or plural(root_key(args[0]))
        many: Any = list[args[0]]  # type: ignore[valid-type]
        page: Any = _struct(
            name, {key: (many, NODEFAULT), "meta": (PageMeta, NODEFAULT)}, None, module
        )
        return page, lambda found: page(**{key: found.items, "meta": found.meta})
    if origin in (list, tuple, Sequence):
        key = root or plural(root_key(args[0]))
        many = list[args[0]]  # type: ignore[valid-type]
        some: Any = _struct(name, {key: (many, NODEFAULT)}, None, module)
        return some, lambda found: some(**{key: found})
    key = root or root_key(hint)
    if NoneType in args:  # nothing to show is an empty answer
        maybe: Any = _struct(name, {key: (Union[hint, UnsetType], UNSET)}, None, module)  # noqa: UP007
        return maybe, lambda found: maybe() if found is None else maybe(**{key: found})
    one: Any = _struct(name, {key: (hint, NODEFAULT)}, None, module)
    return one, lambda found: one(**{key: found})


def root_key(hint: Any) -> str:
    """The root key of a resource: its name; of a union, that of the class all members extend.

    An `InvoiceView` is how an invoice is shown, and so is an `invoice`.
    """
    variants = members(hint)
    kind = variants[0] if len(variants) == 1 else common_base(variants)
    if not (isinstance(kind, type) and issubclass(kind, Struct)):
        raise TypeError(f"{hint} has no root key of its own: say root= at the row")
    return snake(noun(kind))


def members(hint: Any) -> list[Any]:
    """The types a hint stands for, without None and UNSET."""
    if typing.get_origin(hint) not in (Union, UnionType):
        return [hint]
    return [kind for kind in typing.get_args(hint) if kind not in (NoneType, UnsetType)]


def common_base(variants: Sequence[type]) -> type:
    """The nearest class that all variants of a union extend."""
    first, *rest = variants
    return next(base for base in first.__mro__[1:] if all(issubclass(kind, base) for kind in rest))


def takes_struct(request: type[Struct], besides: Sequence[str]) -> bool:
    """Whether a field of a request, `besides` those in the path, is a struct."""
    hints = (field.type for field in msgspec.structs.fields(request) if field.name not in besides)
    return any(
        isinstance(kind, type) and issubclass(kind, Struct)
        for hint in hints
        for kind in members(hint)
    )

"""Reading a request: quickly where it is plainly right, else field by field.

msgspec stops at the first thing it cannot read, and knows nothing of the wire's lenient casts. So
its answer is taken when there is nothing to say about a body, and whatever it stumbles over is read
again, one field at a time, from the text that was sent. Both doors end here, which is why they
refuse alike.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec import inspect as mi

from api import fields
from api.casts import BIGGEST, MANDATORY, fits
from api.fields import LISTS, NOTHING, Codes, alternatives, is_null
from api.rpc import Caller, Operation, Perform
from metering.measures.forms import shown
from metering.measures.money import plain
from metering.measures.refusals import Invalid, Malformed, Refusal

encode = msgspec.json.Encoder(decimal_format="string", enc_hook=shown).encode
"""JSON as we write it."""


class Reader:
    """Reads requests of one type from JSON."""

    def __init__(self, request: type[Struct]) -> None:
        self.request = request
        self._decode = msgspec.json.Decoder(request).decode
        info = mi.type_info(request)
        assert isinstance(info, mi.StructType)
        self._roots = [_Root(field) for field in info.fields]
        self._hollow = [(root.field.name, root.empty) for root in self._roots if root.empty]

    def read(self, body: bytes) -> Any:
        """Return the request that a JSON object says.

        Raises: Malformed, if it cannot be read or a root key is missing; Invalid, with every field
        that is wrong.
        """
        try:
            found = self._decode(body)
        except Exception:  # whatever it was, the other way says it in the wire's words
            return self.read_slowly(body)
        if b"\\u0000" in body or is_doubtful(found) or self.is_hollow(found):
            return self.read_slowly(body)
        return found

    def read_slowly(self, body: bytes) -> Any:
        """Do what `read` does, field by field."""
        sent = members(body)
        wrong: Codes = {}
        values: dict[str, Any] = {}
        failed: set[str] = set()
        for root in self._roots:
            before = len(wrong)
            value = root.read(sent.get(root.name), wrong)
            if value is not NOTHING:
                values[root.field.name] = value
            elif len(wrong) > before:
                failed.add(root.field.name)
        made = fields.make(self.request, values, failed, "", wrong)
        if wrong:
            raise Invalid(wrong)
        return made

    def is_hollow(self, found: Any) -> bool:
        """Whether a root key may have been sent empty, which is as good as missing."""
        return any(getattr(found, name) == empty for name, empty in self._hollow)


def members(body: bytes) -> dict[str, Raw]:
    """Return the members of a body that is a JSON object, each still as it was sent.

    Raises: Malformed.
    """
    try:
        return fields.members(body or b"{}")
    except msgspec.ValidationError:
        raise Malformed("BadRequest: the body must be a JSON object") from None
    except RecursionError:
        raise Malformed("BadRequest: the body is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"BadRequest: invalid JSON: {error}") from None


class _Root:
    """A field of the request itself. One that holds an object, or a list of them, is a root key.

    What is wrong inside a root is told relative to it; inside a list of objects, by position.
    """

    def __init__(self, field: mi.Field) -> None:
        self.field, self.name = field, field.encode_name
        self.empty: Any = None
        """The struct that an empty object would be, where a root must not be empty."""
        kinds = alternatives(field.type)
        kind = kinds[0]
        self.begins, self._read = b"", fields.reader(field.type)
        if all(isinstance(each, mi.StructType) for each in kinds):
            self.begins, self.read = b"{", self._read_struct
            self.empty = _empty(kind) if field.required and len(kinds) == 1 else None
        elif isinstance(kind, mi.DictType):
            self.begins, self.read = b"{", self._read_member
        elif type(kind) in LISTS and isinstance(alternatives(kind.item_type)[0], mi.StructType):  # type: ignore[attr-defined]
            self.begins, self.read = b"[", self._read_list
            self._read = fields.reader(kind.item_type)  # type: ignore[attr-defined]
        else:
            self.read = self._read_member

    def _read_member(self, sent: Raw | None, wrong: Codes) -> Any:
        self._check(sent)
        return fields.member(self.field, self._read, sent, "", wrong)

    def _read_struct(self, sent: Raw | None, wrong: Codes) -> Any:
        self._check(sent)
        if sent is None or is_null(sent):
            return fields.member(self.field, self._read, sent, "", wrong)
        return self._read(sent, "", wrong)

    def _read_list(self, sent: Raw | None, wrong: Codes) -> Any:
        self._check(sent)
        if sent is None or not bytes(sent).lstrip().startswith(b"["):
            return fields.member(self.field, self._read, sent, "", wrong)
        made = []
        for position, item in enumerate(fields.items(sent)):
            inside: Codes = {}
            value = NOTHING if is_null(item) else self._read(item, "", inside)
            if value is NOTHING:
                wrong[str(position)] = inside or {"base": [MANDATORY]}
            made.append(value)
        return NOTHING if NOTHING in made else made

    def _check(self, sent: Raw | None) -> None:
        """Refuse a request whose root key is missing, empty, or no object or list as it must be."""
        if not self.field.required or not self.begins:
            return
        text = b"" if sent is None else bytes(sent).strip()
        is_empty = self.read == self._read_struct and not text[1:-1].strip()
        if is_empty or not text.startswith(self.begins):
            raise Malformed(
                f"BadRequest: param is missing or the value is empty or invalid: {self.name}"
            )


def _empty(info: Any) -> Any:
    if any(field.required for field in info.fields):
        return None
    try:
        return info.cls()
    except Exception:
        return None


def is_doubtful(value: Any) -> bool:
    """Whether anything in a request is what no engine keeps, or an instant not written in UTC."""
    kind = type(value)
    if (doubt := DOUBTS.get(kind)) is not None:
        return doubt(value)
    if issubclass(kind, Struct):
        return any(is_doubtful(getattr(value, name)) for name in kind.__struct_fields__)
    return False


def _any_doubtful(values: Any) -> bool:
    return any(map(is_doubtful, values))


DOUBTS: dict[type, Callable[[Any], bool]] = {
    str: lambda _: False,
    int: lambda number: not -BIGGEST - 1 <= number <= BIGGEST,
    Decimal: lambda number: not fits(number),
    datetime: lambda instant: instant.tzinfo is not UTC,
    list: _any_doubtful,
    tuple: _any_doubtful,
    set: _any_doubtful,
    dict: lambda found: _any_doubtful(found.values()),
}


def ask(perform: Perform, op: Operation, caller: Caller, read: Callable[[], Any]) -> Any:
    """Read a request and have it performed, or have it refused by whoever knows who is asking."""
    request: Any = None
    try:
        request = asked = read()
    except Refusal as refusal:
        op = op.refusing(refusal)
        asked = [type(refusal).__name__, str(refusal)]
    hashed = body_hash(op, asked) if "idempotency-key" in caller.headers else b""
    return perform(op, caller, request, hashed)


def body_hash(op: Operation, request: Any) -> bytes:
    """Return a hash of a request that is the same through both doors.

    Two ways to write one instant or one number are one request; so is an unset field either way.
    """
    said = msgspec.json.encode(_canonical(request), order="sorted", enc_hook=shown)
    return hashlib.sha256((op.same_as or op.key).encode() + b"\n" + said).digest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Struct):
        tag = value.__struct_config__.tag
        said = {
            name: _canonical(found)
            for name in value.__struct_fields__
            if (found := getattr(value, name)) is not msgspec.UNSET
        }
        return {"": tag, **said} if tag else said
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_canonical(item) for item in value), key=str)
    if isinstance(value, dict):
        return {str(name): _canonical(item) for name, item in value.items()}
    if isinstance(value, Decimal):
        return plain(value) if value.is_finite() else str(value)
    if isinstance(value, Raw):
        return fields.raw_text(value)
    return value

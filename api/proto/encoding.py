"""Structs into protobuf messages, by functions compiled once per message.

The functions are made as source, as dataclasses make theirs: a third faster than closures.
"""

from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.descriptor_pool import DescriptorPool
from msgspec import UNSET

from api.proto.shapes import F, Kind, Shape
from api.proto.values import PUTS, TEXTS

Put = Callable[[Any, Any], None]
"""Sets the fields of a message from a struct."""

Names = dict[str, Any]
"""What the source of a function may speak of."""

ZEROS = {F.TYPE_INT64: "0", F.TYPE_DOUBLE: "0.0", F.TYPE_BOOL: "False", F.TYPE_BYTES: "b''"}
"""What stands for null in a map, which has none. A text is empty."""


class Encoders:
    """The function of each message."""

    def __init__(self, pool: DescriptorPool) -> None:
        self.pool = pool
        self._puts: dict[str, Put] = {}

    def put(self, shape: Shape) -> Put:
        """Return the function that sets a message of this shape."""
        if shape.name not in self._puts:
            # until it is made, for what holds itself
            self._puts[shape.name] = lambda struct, m: self._puts[shape.name](struct, m)
            self._puts[shape.name] = self._compiled(shape)
        return self._puts[shape.name]

    def _compiled(self, shape: Shape) -> Put:
        names: Names = {"UNSET": UNSET}
        lines: list[str] = []
        for slot in shape.slots:
            if slot.kind.how == "mask":
                continue
            checks = ["v is not None"] * slot.nullable + ["v is not UNSET"] * slot.unset
            lines += [f"v = o.{slot.attribute}", f"if {' and '.join(checks) or True}:"]
            lines += [f"    {line}" for line in self._set(slot.kind, slot.name, names)]
        if shape.variants:
            names["variants"] = {
                cls: (tag, self.put(own)) for tag, (cls, own) in shape.variants.items()
            }
            lines += ["tag, own = variants[o.__class__]", "t = getattr(m, tag)"]
            lines += ["t.SetInParent()", "own(o, t)"]
        source = "\n    ".join(["def put(o, m):", *(lines or ["pass"])])
        exec(source, names)
        return names["put"]

    def _set(self, kind: Kind, name: str, names: Names) -> Iterator[str]:
        """Yield the lines that set field `name` of `m` to `v`."""
        if kind.how == "list":
            yield from self._extend(kind.of, f"m.{name}", "v", name, names)
        elif kind.how == "map":
            yield f"t = m.{name}"
            yield "for k, x in v.items():"
            yield from (f"    {line}" for line in self._entry(kind.of, name, names))
        elif (put := self._putter(kind)) is not None:
            names[f"put_{name}"] = put
            yield f"t = m.{name}; t.SetInParent(); put_{name}(v, t)"
        else:
            yield f"m.{name} = {self._converted(kind, 'v', name, names)}"

    def _entry(self, kind: Kind, name: str, names: Names) -> Iterator[str]:
        if kind.how == "holder":
            yield from self._extend(kind.of.of, "t[k].values", "x", name, names)
        elif (put := self._putter(kind)) is not None:
            names[f"put_{name}"] = put
            yield f"put_{name}(x, t[k])"
        else:
            zero = ZEROS.get(kind.type, "''")
            value = self._converted(kind, "x", name, names)
            yield f"t[k] = {zero} if x is None else {value}"

    def _extend(self, item: Kind, target: str, v: str, name: str, names: Names) -> Iterator[str]:
        if (put := self._putter(item)) is not None:
            names[f"put_{name}"] = put
            yield f"add = {target}.add"
            yield f"for y in {v}: put_{name}(y, add())"
        else:
            each = self._converted(item, "y", name, names)
            yield f"{target}.extend({v if each == 'y' else f'[{each} for y in {v}]'})"

    def _putter(self, kind: Kind) -> Put | None:
        return self.put(kind.of) if kind.how == "message" else PUTS.get(kind.how)

    def _converted(self, kind: Kind, v: str, name: str, names: Names) -> str:
        if kind.how == "scalar":
            return v
        if kind.how == "enum":
            names[f"enum_{name}"] = dict(numbered(self.pool, kind))
            return f"enum_{name}[{v}]"
        names[f"text_{kind.how}"] = TEXTS[kind.how]
        return f"text_{kind.how}({v})"


def numbered(pool: DescriptorPool, kind: Kind) -> Iterator[tuple[Any, int]]:
    """Yield each member of an enum with its number, without the zero that says nothing."""
    values = pool.FindEnumTypeByName(kind.type_name).values[1:]
    yield from zip(kind.of, (value.number for value in values), strict=True)

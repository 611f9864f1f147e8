"""Verbs and types of every shape that an operation can have."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.json import encode

from metering.measures.forms import Millis, Number
from metering.measures.refusals import (
    Busy,
    Checks,
    Conflict,
    Forbidden,
    Invalid,
    Missing,
    Unavailable,
)
from metering.measures.shapes import File, Maybe, Page, PageQuery, Query, Reply, Upload
from sql.work import Work


class Colour(StrEnum):
    """What a toy looks like."""

    red = "red"
    sky_blue = "sky-blue"
    """As on a good day."""


class Part(Struct, frozen=True, kw_only=True):
    """A piece of a toy."""

    name: str
    grams: int = 1
    made_at: datetime | None = None


class ToyInput(Struct, kw_only=True):
    """A new toy."""

    name: str
    """As it is called."""
    price: Decimal
    colour: Colour = Colour.red
    size: Literal["small", "large"] | None = None
    is_loud: bool = False
    born_on: date | None = None
    sold_at: datetime | None = None
    parts: list[Part] = []
    tags: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    properties: dict[str, Raw] = {}
    more: dict[str, Any] = {}

    def __post_init__(self) -> None:
        checks = Checks()
        checks.that(self.name.strip(), name="value_is_mandatory")
        checks.that(self.price >= 0, price="value_is_out_of_range")
        checks.done()


class Toy(Struct, frozen=True, kw_only=True):
    """A toy as it stands in the shelf."""

    id: str
    name: str
    price: Decimal
    colour: Colour
    size: Literal["small", "large"] | None
    is_loud: bool
    born_on: date | None
    sold_at: datetime | None
    parts: list[Part]
    tags: tuple[str, ...]
    labels: dict[str, str]
    properties: dict[str, Raw]
    more: dict[str, Any]
    mass: Number
    seen_at: Millis | None = None


class Lock(Struct, kw_only=True):
    """How a toy is locked."""

    key: Maybe[str] = UNSET
    turns: Maybe[int] = UNSET


class ToyUpdate(Struct, kw_only=True):
    """Changes of a toy."""

    name: Maybe[str] = UNSET
    price: Maybe[Decimal] = UNSET
    tags: Maybe[list[str]] = UNSET
    lock: Maybe[Lock] = UNSET


class Change(Struct, frozen=True, kw_only=True):
    """What an update was understood to say: `value`, `null` or `absent`."""

    id: str
    said: dict[str, str]


class Shape(Struct, kw_only=True, tag_field="kind"):
    """What can be drawn."""

    label: str
    corners: list[int] = []


class Circle(Shape, kw_only=True, tag="circle"):
    """Round."""

    radius: Decimal


class Box(Shape, kw_only=True, tag="box"):
    """Square, and perhaps not alone."""

    side: int
    within: list["Circle | Box"] = []


class ToyQuery(PageQuery, kw_only=True):
    """Which toys."""

    colours: list[Colour] = []
    is_loud: bool | None = None
    labels: dict[str, str] = {}
    search_term: str | None = None
    born_after: date | None = None


class BinQuery(Query, kw_only=True):
    """What to do with what is thrown in."""

    verdicts: Literal["all", "wrong"] = "wrong"


class Weight(Struct, frozen=True, kw_only=True):
    """What was thrown in."""

    size: int
    content_type: str
    encoding: str
    verdicts: str


class Echo(Struct, frozen=True, kw_only=True):
    """What was heard."""

    said: list[str]


class ToysReply(Reply, kw_only=True):
    """One toy or several, under their own names."""

    toy_name: str | UnsetType = UNSET
    toy_names: list[str] | UnsetType = UNSET


class Reason(Struct, kw_only=True):
    """Why something is thrown away."""

    why: str = "old"


def create(work: Work, toy: ToyInput) -> Toy:
    """Make a toy."""
    said = {name: getattr(toy, name) for name in toy.__struct_fields__}
    return Toy(id="t1", mass=Number("0.5"), **said)


def find(work: Work, id: str) -> Toy:
    """Return a toy; `id` becomes its name.

    Raises: Missing `toy_not_found`.
    """
    if id == "none":
        raise Missing("toy", id)
    return create(work, ToyInput(name=id, price=Decimal("1.5")))


def browse(work: Work, query: ToyQuery) -> Page[Echo]:
    """Say what the query was."""
    heard = {name: getattr(query, name) for name in query.__struct_fields__}
    said = [f"{name}={encode(value).decode()}" for name, value in heard.items()]
    return Page([Echo(said=said)], 1, query)


def update(work: Work, id: str, toy: ToyUpdate) -> Change:
    """Say what the update was."""

    def told(request: Struct, at: str = "") -> Iterator[tuple[str, str]]:
        for name in request.__struct_fields__:
            value = getattr(request, name)
            word = "absent" if value is UNSET else "null" if value is None else "value"
            yield at + name, word
            if isinstance(value, Struct):
                yield from told(value, f"{name}.")

    return Change(id=id, said=dict(told(toy)))


def throw(work: Work, id: str, reason: Reason | None = None, softly: bool = False) -> Echo:
    """Throw a toy away; the body may say why, and the query how."""
    return Echo(said=[id, reason.why if reason else "no reason", str(softly)])


def draw(work: Work, shape: Circle | Box) -> Circle | Box:
    """Draw a shape."""
    return shape


def several(work: Work, toys: list[Part], owner: str | None = None) -> list[Part]:
    """Take several parts and give them back."""
    if len(toys) == 3:
        raise Invalid({"2": {"name": ["value_already_exist"]}})
    return toys


def either(work: Work, name: str | None = None, names: list[str] | None = None) -> ToysReply:
    """Say one name or several."""
    if names is not None:
        return ToysReply(toy_names=names)
    return ToysReply(toy_name=name or "")


def maybe(work: Work, id: str) -> Echo | None:
    """Say something, or nothing at all."""
    return None if id == "none" else Echo(said=[id])


def silence(work: Work) -> None:
    """Say nothing."""


def picture(work: Work, id: str) -> File:
    """Draw a picture."""
    return File(content_type="image/png", data=b"\x89PNG\0" + id.encode(), filename=f"ü{id}.png")


def count(work: Work, upto: int, broken: bool = False) -> Iterator[Echo]:
    """Count, and perhaps break on the way."""
    for number in range(upto):
        if broken and number == 2:
            raise RuntimeError("a secret of ours")
        yield Echo(said=[str(number)])
    if upto < 0:
        raise Conflict("too_low")


def gather(work: Work, parts: Iterator[Part]) -> Echo:
    """Gather parts as they come."""
    return Echo(said=[f"{part.name}:{part.grams}" for part in parts])


def answer(work: Work, parts: Iterator[Part]) -> Iterator[Echo]:
    """Answer each part as it comes."""
    for part in parts:
        yield Echo(said=[part.name])


def throw_in(work: Work, bin: str, upload: Upload, query: BinQuery) -> Weight:
    """Weigh what is thrown in."""
    size = sum(map(len, upload.chunks))
    return Weight(
        size=size, content_type=upload.content_type, encoding=upload.encoding,
        verdicts=query.verdicts,
    )  # fmt: skip


def refuse(work: Work, how: str) -> None:
    """Refuse, in the way that is asked for."""
    raise {
        "busy": Busy("too_many", "Slowly.", retry_after=7),
        "unavailable": Unavailable("not_here", retry_after=3),
        "conflict": Conflict("toy_broken", "It is broken."),
        "forbidden": Forbidden("write_action_not_allowed_for_toy"),
        "nested": Invalid({"0": {"name": ["value_is_mandatory", "value_is_invalid"]}, "a": "b"}),
        "bug": RuntimeError("a secret of ours"),
    }[how]

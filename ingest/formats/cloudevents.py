"""CloudEvents 1.0 in JSON: one of them, or a batch."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import polars as pl
from msgspec import Raw

from ingest.formats import texts
from ingest.formats.json import Json
from ingest.formats.model import Format, Reading, opened, too_long
from metering.measures.refusals import Malformed
from metering.measures.shapes import Upload

RENAMED = {
    "transaction_id": "id",
    "code": "type",
    "external_subscription_id": "subject",
    "timestamp": "time",
    "properties": "data",
    "precise_total_amount_cents": "precisetotalamountcents",
    "version": "specversion",
}
"""What CloudEvents calls the fields of an event. All other attributes are passed over."""

VERSION = "1.0"


class CloudEvent(texts.Sent, gc=False, rename=RENAMED):
    """An event in the words of CloudEvents: all is declared anew, for a name is not inherited."""

    transaction_id: str | None = None
    code: str | None = None
    external_subscription_id: str | None = None
    timestamp: Any = None
    properties: Raw = texts.ABSENT
    precise_total_amount_cents: Any = None
    version: str | None = None
    source: str | None = None
    data_base64: Any = None


def columns(events: Sequence[CloudEvent]) -> pl.DataFrame:
    """Return CloudEvents as columns of `batch.SENT`."""
    said = pl.DataFrame(
        {
            "version": pl.Series([event.version for event in events], dtype=pl.String),
            "is_packed": [event.data_base64 is not None for event in events],
        },
        schema_overrides={"is_packed": pl.Boolean},
    )
    wrong = (
        pl.when(pl.col("version").is_null()).then(pl.lit("specversion:value_is_mandatory"))
        .when(pl.col("version") != VERSION).then(pl.lit("specversion:value_is_invalid"))
        .when("is_packed").then(pl.lit("properties:value_is_invalid"))
    )  # fmt: skip
    return texts.columns(events).with_columns(
        reason=pl.coalesce("reason", pl.Series(said.select(wrong).to_series()))
    )


EVENTS = texts.Events(CloudEvent, columns)


class CloudEventBatch(Json):
    """An array of CloudEvents."""

    types = ("application/cloudevents-batch+json",)
    suffixes = ()

    start: ClassVar = re.compile(rb"\s*\[")
    said: ClassVar = "an array of CloudEvents"
    events: ClassVar = EVENTS


class OneCloudEvent(Format):
    """One CloudEvent."""

    types = ("application/cloudevents+json",)

    def read(self, body: Upload, how: Reading) -> Iterator[pl.DataFrame]:
        """Yield the one event of the body.

        Raises: Malformed; TooLarge.
        """
        said = opened(body, how.limits).read(how.limits.event + 1)
        if len(said) > how.limits.event:
            too_long(how.limits.event)
        if not said.strip():
            raise Malformed("BadRequest: the body must be a CloudEvent")
        if len(found := EVENTS.array(said)) != 1:
            raise Malformed("BadRequest: the body must be one CloudEvent")
        yield found

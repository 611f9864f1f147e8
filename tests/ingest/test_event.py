"""What is wrong with an event has the same code through every door, and numbers are exact."""

from datetime import UTC, datetime

import pytest
from msgspec import Raw

from ingest import EventInput, batch, event
from ingest.formats import texts
from metering.measures.refusals import Invalid
from tests.conftest import NOW


def said(**more):
    return EventInput(**{"transaction_id": "t", "code": "calls", **more})


TIMESTAMPS = {
    "": None, "0": None, "-1.5": None, '"1711929599.999"': None, "null": None, '""': None,
    "1e3": "invalid_format", '"2024-03-01"': "invalid_format", "true": "invalid_format",
    "1.1234567890123": "invalid_format",
    '" 1"': "invalid_format", "[1]": "invalid_format", "+1": "invalid_format",
    "123456789012345678901234567": "invalid_format", "1711929599.000000000000000": None,
    "1711929599999": "value_is_out_of_range", "-2208988800": None, "10413705599": None,
    "-2208988801": "value_is_out_of_range", "-2208988800.5": "value_is_out_of_range",
    "10413705600": "value_is_out_of_range",
}  # fmt: skip
"""What may be sent, as JSON, and the code it is refused with; nothing at all comes first."""

AMOUNTS = {
    sent: None if code in (None, "value_is_out_of_range") else "value_is_invalid"
    for sent, code in TIMESTAMPS.items()
}
"""The same as an amount: any number of 26 digits and 12 decimals will do."""

CASES = [
    (field, sent, code)
    for field, cases in (("timestamp", TIMESTAMPS), ("precise_total_amount_cents", AMOUNTS))
    for sent, code in cases.items()
    if sent != "+1"
]


@pytest.mark.parametrize(("field", "sent", "code"), CASES)
def test_one_event_and_a_body_of_them_refuse_alike(field, sent, code):
    """As one event, and as a row of a body: the same code, or the same value."""
    alone, row = None, None
    try:
        row = event.row(said(**({field: Raw(sent.encode())} if sent else {})), NOW)
    except Invalid as refused:
        ((name, (alone,)),) = refused.details.items()
        assert name == field
    member = f',"{field}":{sent}' if sent else ""
    line = f'{{"transaction_id":"t","code":"calls"{member}}}'.encode()

    found = batch.checked(texts.EVENTS.lines(line), 0, NOW)

    expected = [f"{field}:{code}"] if code else []
    assert (alone, found.rejected["reason"].to_list()) == (code, expected)
    if code is None:
        assert found.rows.rows() == batch.of([row]).rows()


@pytest.mark.parametrize(
    ("wrong", "codes"),
    [
        ({"transaction_id": " "}, {"transaction_id": ["value_is_mandatory"]}),
        ({"transaction_id": "a\0b"}, {"transaction_id": ["value_is_invalid"]}),
        ({"external_subscription_id": "\0"}, {"external_subscription_id": ["value_is_invalid"]}),
        (
            {"code": "", "timestamp": Raw(b'"x"')},
            {"code": ["value_is_mandatory"], "timestamp": ["invalid_format"]},
        ),
    ],
)
def test_all_that_is_wrong_with_an_event_is_said_at_once(wrong, codes):
    """A blank id, a NUL character, a missing code beside a text that is no number."""
    with pytest.raises(Invalid) as refused:
        said(**wrong)

    assert refused.value.details == codes


@pytest.mark.parametrize(
    ("seconds", "at"),
    [
        ("1711929599.999999", datetime(2024, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
        ("1711929599.9999999999", datetime(2024, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
        ("-0.0000001", datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
        ("10413705599.999999999999", datetime(2299, 12, 30, 23, 59, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_instants_are_cut_to_the_microsecond_and_never_rounded_up(seconds, at):
    """An event of the last microsecond of a month stays in that month."""
    row = event.row(said(timestamp=Raw(seconds.encode())), NOW)

    assert batch.of([row])["at"].to_list() == [at]


def test_what_was_sent_without_an_instant_happened_when_it_was_received():
    """`timestamp` absent: the instant is the reception's, and the row says so."""
    row = batch.of([event.row(said(), NOW)])

    assert row.select("at", "is_dated").row(0) == (NOW, False)

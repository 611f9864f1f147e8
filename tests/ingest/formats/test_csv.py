"""CSV: cells are texts, columns are mapped, and a line that is wrong costs itself alone."""

import csv
import io
import random
import time
from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from ingest.formats import model
from ingest.limits import Limits
from metering.measures.refusals import Malformed, TooLarge
from tests.ingest.formats.reading import read, rows, wrong

CSV = "text/csv"
HEAD = "transaction_id,external_subscription_id,code,timestamp,region,n\n"
AT = datetime(2024, 3, 31, 23, 59, 59, 250_000, tzinfo=UTC)


def test_columns_are_fields_by_their_names_and_all_others_are_properties():
    """Unix seconds or RFC 3339; 1.0 stays 1.0, thirty digits stay, an empty cell says nothing."""
    body = HEAD + (
        "a,s1,calls,1711929599.25,eu,1.0\n"
        'b,s1,calls,2024-04-01T01:59:59.2500009+02:00,,"123456789012345678901234567890"\n'
    )

    first, second = rows(CSV, body.encode()).rows()

    assert first == ("s1", "a", "calls", AT, True, '{"region":"eu","n":"1.0"}', None)
    assert second[3] == AT
    assert second[5] == '{"n":"123456789012345678901234567890"}'


def test_other_columns_are_fields_if_they_are_said_to_be():
    """An export of another system: its words are mapped, and what is not is a property."""
    body = b"Order;Customer;kind;When;cents;transaction_id\n7;s1;calls;1;1.50;x\n"
    columns = {
        "transaction_id": "Order", "external_subscription_id": "Customer", "code": "kind",
        "timestamp": "When", "precise_total_amount_cents": "cents",
    }  # fmt: skip

    (found,) = rows(CSV, body, columns=columns).rows()

    at = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert found == ("s1", "7", "calls", at, True, '{"transaction_id":"x"}', D("1.50"))


def test_a_column_of_properties_holds_them_as_json():
    """As JSON is kept; and what is no object is wrong."""
    body = (
        b"transaction_id\tcode\tproperties\r\n"
        b'a\tc\t"{""n"": 1.50, ""list"": [1]}"\r\n'
        b"b\tc\t\r\n"
        b"c\tc\t[1]\r\n"
    )

    found = rows("text/tab-separated-values", body)

    assert found["properties"].to_list() == ['{"n":"1.50","list":"[1]"}', "{}"]
    assert [said[:2] for said in wrong(CSV, body)] == [(2, "properties:value_is_invalid")]


def test_wrong_lines_cost_themselves_and_no_other():
    """Too few and too many cells, an open quote, a quote within, no UTF-8: five of nine lines."""
    lines = [
        b"a,s,c,1,eu,1", b"b,s,c,1,eu", b"c,s,c,1,eu,1,2", b'"d,s,c,1,eu,1', b'e,s,c,1,"e"u,1',
        b"f,s,c,1,\xff,1", b'g,s,c,1,"two\nlines",1', b"", b'h,s,c,1,5" pipe,1', b"i,s,c,x,eu,1",
    ]  # fmt: skip
    body = HEAD.encode() + b"\n".join(lines)

    assert rows(CSV, body)["transaction_id"].to_list() == ["a", "g", "h"]
    assert rows(CSV, body)["properties"].to_list()[1:] == [
        '{"region":"two\\nlines","n":"1"}', '{"region":"5\\" pipe","n":"1"}'
    ]  # fmt: skip
    assert wrong(CSV, body)[:5] == [
        (1, "base:invalid_csv", "b,s,c,1,eu"),
        (2, "base:invalid_csv", "c,s,c,1,eu,1,2"),
        (3, "base:invalid_csv", '"d,s,c,1,eu,1'),
        (4, "base:invalid_csv", 'e,s,c,1,"e"u,1'),
        (5, "base:invalid_csv", "f,s,c,1,\ufffd,1"),
    ]
    assert wrong(CSV, body)[5][:2] == (8, "timestamp:invalid_format")


@pytest.mark.parametrize("block", [40, 100, 1 << 20])
def test_blocks_cut_records_nowhere(block, monkeypatch):
    """300 rows with quotes, commas and line feeds in them, written by the library, in any block."""
    monkeypatch.setattr(model, "BLOCK", block)
    draw = random.Random(20261122)
    texts = ["".join(draw.choices('a",\n;é ', k=draw.randint(1, 12))) for _ in range(300)]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["transaction_id", "code", "text"])
    writer.writerows((f"t{place}", "c", text) for place, text in enumerate(texts))

    found = rows(CSV, file.getvalue().encode(), size=33)

    assert found["transaction_id"].to_list() == [f"t{place}" for place in range(300)]
    assert [eval(said)["text"] for said in found["properties"]] == texts


@pytest.mark.parametrize(
    "body",
    [
        b"", b"transaction_id,co\xffde\n", b"code,n\na,1\n", b"transaction_id,n\na,1\n",
        b"transaction_id,code,n,n\na,c,1,2\n", 'transaction_id,code\na,c\n'.encode("utf-16"),
        'transaction_id,code\na,c\n'.encode("utf-16-be"), b'transaction_id,"code\na,c\n',
        b"a,c,1\nb,c,2\n",
    ],
)  # fmt: skip
def test_a_body_whose_columns_cannot_be_told_is_refused(body):
    """No header, no UTF-8, a missing or doubled column, UTF-16 with and without its mark."""
    with pytest.raises(Malformed):
        read(CSV, body)


def test_a_refusal_says_what_to_say():
    """The columns that there are, and how to name one."""
    with pytest.raises(Malformed, match=r"say which with columns\[transaction_id\]=.*Order, code"):
        read(CSV, b"Order,code\n1,c\n")
    with pytest.raises(Malformed, match="no column Bestellung, there are Order"):
        read(CSV, b"Order,code\n", columns={"transaction_id": "Bestellung"})
    with pytest.raises(Malformed, match="an event has no color"):
        read(CSV, b"Order,code\n", columns={"color": "Order"})
    with pytest.raises(Malformed, match="UTF-8"):
        read("text/csv; charset=ISO-8859-1", HEAD.encode())


def test_a_mark_before_utf_8_says_nothing():
    """What spreadsheets write first is no part of the first column's name."""
    assert len(rows(CSV, b"\xef\xbb\xbftransaction_id,code\na,c\n")) == 1


def test_a_quote_that_is_never_closed_costs_one_line(monkeypatch):
    """1 MB of lines behind it, with 256 KB as the longest event: all of them are read."""
    monkeypatch.setattr(model, "BLOCK", 1 << 16)
    lines = [f"t{place},s,c,1,eu,1\n" for place in range(60_000)]
    body = HEAD + '"x,s,c,1,eu,1\n' + "".join(lines)

    found = read(CSV, body.encode(), limits=Limits(event=1 << 18))

    assert sum(len(part.rows) for part in found) == 60_000
    assert sum(len(part.rejected) for part in found) == 1
    with pytest.raises(TooLarge):
        read(CSV, HEAD.encode() + b"x" * (1 << 20), limits=Limits(event=1 << 18))


def test_ten_megabytes_of_properties_are_an_event():
    """One cell of 10 MB, between two of one byte."""
    body = HEAD + f"a,s,c,1,eu,1\nb,s,c,1,{'x' * (10 << 20)},1\nc,s,c,1,eu,1\n"

    found = rows(CSV, body.encode())

    assert found["properties"].str.len_bytes().to_list()[1] > 10 << 20
    assert len(found) == 3


def test_wrong_lines_by_the_thousand_take_no_longer_than_right_ones():
    """50,000 lines, each with a quote that its successor closes: within ten seconds."""
    body = HEAD + '"a,s,c,1,eu,1\n' * 50_000

    started = time.perf_counter()
    assert len(wrong(CSV, body.encode())) == 50_000
    assert time.perf_counter() - started < 10

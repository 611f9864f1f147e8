"""Parquet and Arrow: typed columns as texts, exactly, or refused by name."""

import io
from datetime import UTC, datetime
from decimal import Decimal as D

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.limits import Limits
from metering.measures.refusals import Malformed, TooLarge
from tests.ingest.formats.reading import read, rows, wrong

PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"

AT = datetime(2024, 3, 31, 23, 59, 59, tzinfo=UTC)


def table(size=3, **columns):
    """Events with further columns."""
    words = {
        "transaction_id": [f"t{place}" for place in range(size)], "code": ["c"] * size,
        "external_subscription_id": ["s"] * size, "timestamp": [AT] * size,
    }  # fmt: skip
    return pa.table({**words, **columns})


def parquet(made, **options):
    """A table as Parquet."""
    file = io.BytesIO()
    pq.write_table(made, file, **options)
    return file.getvalue()


def arrow(made):
    """A table as a stream of Arrow."""
    file = io.BytesIO()
    with pa.ipc.new_stream(file, made.schema) as out:
        out.write_table(made)
    return file.getvalue()


WRITTEN = pytest.mark.parametrize(
    ("content_type", "write"), [(PARQUET, parquet), (ARROW, arrow)], ids=["parquet", "arrow"]
)


@WRITTEN
def test_columns_without_a_field_are_properties_to_the_last_digit(content_type, write):
    """Decimals of 38 digits and of 76, integers of 64 bits, doubles as their shortest text."""
    made = table(
        wide=pa.array([D("12345678901234567890123456.123456789012"), D("1.10"), None],
                      pa.decimal128(38, 12)),
        wider=pa.array([D(10) ** 30, D(-1), None], pa.decimal256(76, 2)),
        big=pa.array([2**64 - 1, 0, None], pa.uint64()),
        double=pa.array([0.1, 1e30, None]),
        text=pa.array(["1.0", "", None]).dictionary_encode(),
        flag=pa.array([True, False, None]),
        nested=pa.array([{"a": [1, None], "d": D("1.10")}, {"a": [], "d": None}, None],
                        pa.struct([("a", pa.list_(pa.int8())), ("d", pa.decimal128(9, 2))])),
    )  # fmt: skip

    found = rows(content_type, write(made))["properties"].to_list()

    assert found == [
        '{"wide":"12345678901234567890123456.123456789012",'
        '"wider":"1000000000000000000000000000000.00","big":"18446744073709551615",'
        '"double":"0.1","text":"1.0","flag":"true","nested":"{\\"a\\":[1,null],\\"d\\":\\"1.10\\"}"}',
        '{"wide":"1.100000000000","wider":"-1.00","big":"0","double":"1e+30","text":"",'
        '"flag":"false","nested":"{\\"a\\":[],\\"d\\":null}"}',
        "{}",
    ]


@WRITTEN
def test_a_double_that_is_no_number_is_refused_with_its_row(content_type, write):
    """NaN and Infinity, bare, in a list, in a struct: each is its own row."""
    nan, infinite = float("nan"), float("inf")
    made = table(
        5,
        bare=[nan, 1.0, 1.0, 1.0, None],
        listed=[[1.0], [1.0, infinite], [], None, [2.0]],
        deep=[{"a": {"b": 1.0}}, {"a": {"b": 1.0}}, {"a": {"b": -infinite}}, None, {"a": None}],
    )

    assert [said[:2] for said in wrong(content_type, write(made))] == [
        (place, "properties:value_is_invalid") for place in range(3)
    ]
    assert rows(content_type, write(made))["transaction_id"].to_list() == ["t3", "t4"]


@WRITTEN
def test_columns_are_mapped_and_instants_are_read_in_every_form(content_type, write):
    """Nanoseconds in a zone, naive microseconds, Unix seconds, texts of both kinds."""
    micro = AT.replace(microsecond=250_000)
    stamps = [
        pa.array([int(micro.timestamp() * 10**6) * 1000 + 999], pa.timestamp("ns", "Asia/Tokyo")),
        pa.array([micro.replace(tzinfo=None)], pa.timestamp("us")),
        pa.array([D("1711929599.25")]), pa.array([1711929599.25]), pa.array(["1711929599.25"]),
        pa.array(["2024-04-01T01:59:59.25+02:00"]),
    ]  # fmt: skip
    for stamp in stamps:
        made = pa.table({"Order": ["t"], "code": ["c"], "When": stamp})
        columns = {"transaction_id": "Order", "timestamp": "When"}

        (found,) = rows(content_type, write(made), columns=columns).rows()

        assert (found[1], found[3], found[5]) == ("t", micro, "{}"), stamp.type


@WRITTEN
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (pa.table({"id": ["a"], "code": ["c"]}), "no column is the transaction_id"),
        (pa.table({"transaction_id": [1], "code": ["c"]}), "transaction_id must hold texts"),
        (table(extra=[b"\xff"] * 3), "the column extra is of a type not read: binary"),
        (table(extra=pa.array([[b"x"]] * 3)), "the column extra is of a type not read"),
        (table(extra=pa.array([1, 2, 3], pa.duration("s"))), "of a type not read: duration"),
        (table(properties=[1, 2, 3]), "properties must hold structs, maps or JSON texts"),
        (table(precise_total_amount_cents=[True] * 3), "must hold numbers or texts"),
        (table().drop(["timestamp"]).append_column("timestamp", pa.array([AT.date()] * 3)),
         "timestamp must hold numbers or texts"),
    ],
)  # fmt: skip
def test_a_wrong_schema_is_refused_by_the_name_of_its_column(content_type, write, wrong, said):
    """Before any row is taken: a column is what it is for all of them."""
    with pytest.raises(Malformed, match=said):
        read(content_type, write(wrong))


def test_a_file_that_is_broken_is_refused():
    """Cut anywhere, changed in the middle, no Parquet at all, or nothing."""
    made = table(1000, text=[f"{place:09}" for place in range(1000)])
    body = parquet(made, compression="zstd", write_page_checksum=True)
    broken = [body[:at] for at in (1, 100, len(body) // 2, len(body) - 1)]
    middle = len(body) // 4
    broken += [b"", b"PAR1PAR1", b"x" * 1000, body[:middle] + b"\0" * 40 + body[middle + 40 :]]
    for said in broken:
        with pytest.raises(Malformed):
            read(PARQUET, said)


@pytest.mark.parametrize("packed", ["none", "snappy", "gzip", "brotli", "zstd", "lz4"])
def test_row_groups_and_packings_of_every_kind_are_read(packed):
    """60,000 rows in groups of 7,000: each once, in their order."""
    body = parquet(table(60_000), compression=packed, row_group_size=7_000)

    found = rows(PARQUET, body)

    assert found["transaction_id"].to_list() == [f"t{place}" for place in range(60_000)]


def test_what_a_file_says_to_unpack_to_is_believed_before_it_is_unpacked():
    """A column of 64 MB of zeros in a few KB, where 8 MB are let in; the same in a gzip of 64."""
    body = parquet(table(1, text=["0" * (64 << 20)]), compression="zstd", use_dictionary=False)
    assert len(body) < 100_000

    with pytest.raises(TooLarge):
        read(PARQUET, body, limits=Limits(body=8 << 20))
    assert len(rows(PARQUET, body)) == 1

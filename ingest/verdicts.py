"""Who wins: what becomes of each row of a commit.

The first row of an identity counts. A group that is all or nothing loses as a whole when one of its
rows is a duplicate: of a stored row, of another row of its own, or of a row of an earlier group
that stands. What it would have taken is then free for the groups behind it.
"""

from enum import StrEnum

import polars as pl

KEY = ("key_high", "key_low")


class VerdictKind(StrEnum):
    """What became of a row."""

    accepted = "accepted"
    duplicate = "duplicate"
    """The first one counts; this one was not kept."""
    rejected = "rejected"
    """It can never be kept as it is."""
    withheld = "withheld"
    """It was fine itself, but another row of its batch was not."""


def judge(rows: pl.DataFrame, is_whole: pl.Series, stored: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with their `verdict`, and the place of the row that won over a duplicate.

    Shape:   rows has group, an index into is_whole, and the identity; stored has the identities
             that are taken. Out: the same rows and order, with verdict and winner. winner is null
             where the winner is stored.
    """
    if stored.is_empty() and rows["key_low"].n_unique() == len(rows):
        return rows.with_columns(
            verdict=pl.lit(VerdictKind.accepted.value), winner=pl.lit(None, pl.UInt32)
        )
    rows = rows.with_row_index("place")
    taken = stored.select(KEY).unique().with_columns(is_stored=pl.lit(True))
    doubtful = (
        rows.select("place", "group", *KEY)
        .join(taken, on=KEY, how="left", maintain_order="left")
        .with_columns(pl.col("is_stored").fill_null(False), is_whole=is_whole.gather(rows["group"]))
        .filter(pl.col("is_stored") | pl.col("key_low").is_duplicated())
    )
    judged = _marked(_parted(doubtful))
    lost = judged.filter(~pl.col("stands"))["group"].unique()
    found = rows.join(
        judged.select("place", "is_duplicate", "winner"), on="place", how="left",
        maintain_order="left",
    )  # fmt: skip
    verdict = (
        pl.when(pl.col("is_duplicate").fill_null(False)).then(pl.lit(VerdictKind.duplicate.value))
        .when(pl.col("group").is_in(lost.implode())).then(pl.lit(VerdictKind.withheld.value))
        .otherwise(pl.lit(VerdictKind.accepted.value))
    )  # fmt: skip
    return found.with_columns(verdict=verdict).drop("place", "is_duplicate")


def _parted(doubtful: pl.DataFrame) -> pl.DataFrame:
    """Say which rows stand: take groups away until those that are left do not disturb each other.

    A group loses for certain if what stands in its way does: a stored row, a row of its own, or one
    of a group that has nothing in its own way. Each round finds one at least, the earliest.
    """
    frame = doubtful.with_columns(stands=pl.lit(True))
    while True:
        first = pl.col("place").filter("stands").min().over(KEY)
        holder = pl.col("group").filter("stands").min().over(KEY)
        blocked = pl.col("stands") & (pl.col("is_stored") | (pl.col("place") != first))
        frame = frame.with_columns(first=first, holder=holder, is_blocked=blocked)
        unsure = frame.filter("is_blocked", "is_whole")["group"].unique().implode()
        if unsure[0].is_empty():
            return frame
        certain = (
            pl.col("is_stored")
            | (pl.col("holder") == pl.col("group"))
            | ~pl.col("holder").is_in(unsure)
        )
        losing = frame.filter("is_blocked", "is_whole", certain)["group"].unique().implode()
        frame = frame.with_columns(stands=pl.col("stands") & ~pl.col("group").is_in(losing))


def _marked(frame: pl.DataFrame) -> pl.DataFrame:
    """Say which rows are duplicates: of what is stored, of what stands, or of their own group."""
    own = pl.col("place").min().over("group", *KEY)
    is_late = (pl.col("first") < pl.col("place")).fill_null(False)
    return frame.with_columns(
        is_duplicate=pl.col("is_stored") | is_late | (~pl.col("stands") & (pl.col("place") != own)),
        winner=pl.when(~pl.col("is_stored") & is_late).then("first"),
    )


def compared(judged: pl.DataFrame, is_asked: pl.Series, stored: pl.DataFrame) -> pl.DataFrame:
    """Say in `is_same` whether the asked rows, all duplicates, equal the row that counts.

    Rule:    the same code, instant, properties and amount. An instant that was not sent equals the
             reception of a row that has none of its own either.
    """
    judged = judged.with_row_index("place")
    asked = judged.filter(is_asked)
    here = asked.filter(pl.col("winner").is_not_null()).join(
        judged.select(winner="place", **_other()), on="winner"
    )
    there = asked.filter(pl.col("winner").is_null()).join(stored.select(*KEY, **_other()), on=KEY)
    is_timely = (pl.col("at") == pl.col("other_at")) | (
        ~pl.col("is_dated") & (pl.col("other_at") == pl.col("other_received_at"))
    )
    is_same = is_timely & pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(f"other_{name}"))
        for name in ("code", "properties", "precise_total_amount_cents")
    )
    said = pl.concat(frame.select("place", is_same=is_same) for frame in (here, there))
    return judged.join(said, on="place", how="left", maintain_order="left")


def _other() -> dict[str, pl.Expr]:
    names = ("code", "at", "properties", "precise_total_amount_cents", "received_at")
    return {f"other_{name}": pl.col(name) for name in names}

"""What an address, a zone, a language and a mail address may be."""

import re
from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

LOCALES = frozenset("en fr nb de it es sv pt-BR zh-TW".split())
"""Languages documents are written in."""

MAILS = frozenset({"invoice.finalized", "credit_note.created", "payment_receipt.created"})
"""Documents an entity can have mailed."""

EINVOICING = frozenset({"FR", "DE"})
"""Countries whose electronic invoices are known."""

DAYS = 36_500
"""The longest term or grace period: further than this no date can be counted safely."""

_MAIL = re.compile(r"[^@\s,]+@[^@\s,.]+(\.[^@\s,.]+)+|[^@\s,]+@[^@\s,.]+")


@cache
def countries() -> frozenset[str]:
    """Return the ISO 3166 alpha-2 codes, from the table that comes with the time zones."""
    text = (files("tzdata.zoneinfo") / "iso3166.tab").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(line.split("\t")[0] for line in lines)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA time zone.

    >>> is_zone("Europe/Paris"), is_zone("Europe/Atlantis"), is_zone("../etc/passwd")
    (True, False, False)
    """
    return name in _zones()


def is_mail(text: str) -> bool:
    """Whether `text` is one mail address, or several parted by commas.

    >>> is_mail("a@b.c"), is_mail("a@b.c, d@e.f"), is_mail("a@b.c,"), is_mail("a b@c")
    (True, True, False, False)
    """
    return all(_MAIL.fullmatch(part.strip()) for part in text.split(","))

"""How names change between Python, JSON and protobuf."""

import re


def pascal(name: str) -> str:
    """Return a name as a class has it.

    >>> pascal("create_charge_filter")
    'CreateChargeFilter'
    """
    return "".join(word.capitalize() for word in name.split("_"))


def snake(name: str) -> str:
    """Return a class's name as a field has it.

    >>> snake("WalletTransaction"), snake("MrrRow"), snake("CSVFile")
    ('wallet_transaction', 'mrr_row', 'csv_file')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return parted.lower()


def plural(name: str) -> str:
    """Return the name of a list of them.

    >>> plural("tax"), plural("billing_entity"), plural("day"), plural("alert")
    ('taxes', 'billing_entities', 'days', 'alerts')
    """
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")


def noun(kind: type) -> str:
    """Return what a type is called on the wire: an `InvoiceView` shows an `Invoice`."""
    return kind.__name__.removesuffix("View")

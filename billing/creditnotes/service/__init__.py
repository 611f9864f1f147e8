"""What can be done with credit notes."""

from billing.creditnotes.service.changes import (
    delete_metadata,
    delete_metadata_key,
    merge_metadata,
    replace_metadata,
    update,
    void,
)
from billing.creditnotes.service.create import create, estimate
from billing.creditnotes.service.ending import finalize, give_back

__all__ = [
    "create", "delete_metadata", "delete_metadata_key", "estimate", "finalize", "give_back",
    "merge_metadata", "replace_metadata", "update", "void",
]  # fmt: skip

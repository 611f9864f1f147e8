"""A request that comes twice is answered once: the first answer to each key, kept for a day."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import msgspec
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from msgspec import Struct

from api.masking import exactly, masked
from api.rpc import Operation
from metering.measures import ids, refusals
from metering.measures.forms import made, shown
from metering.measures.refusals import Conflict, Invalid, Mismatch, Missing, Refusal
from sql.ledger import Rows, idempotency_keys

HEADER = "idempotency-key"
REPLAYED = "Idempotent-Replayed"
KEPT = timedelta(hours=24)
LENGTH = 255

ANSWERS = (Conflict, Invalid, Missing)
"""The refusals that are an answer: the same request would be refused again."""


class Kept(Struct, frozen=True, kw_only=True):
    """The first answer to a key."""

    id: str
    key: str
    operation: str
    body_hash: str
    answer: dict[str, Any]
    created_at: datetime


class Answers:
    """Keeps and repeats answers. One that shows a secret is kept sealed with the server's key."""

    def __init__(self, secret: bytes) -> None:
        self._seal = OctKey.import_key(hashlib.sha256(b"kept answer\0" + secret).digest())

    def repeat(self, rows: Rows, op: Operation, key: str, body_hash: str, now: datetime) -> Any:
        """Return the first answer to a key, also if it was a refusal; None if there is none yet.

        Raises: Mismatch `idempotency_key_reused`; Conflict `idempotency_answer_lost`.
        """
        kept = rows.find(idempotency_keys, Kept, key=key)
        if kept is None or kept.created_at <= now - KEPT:
            return None
        if (kept.operation, kept.body_hash) != (_asked(op), body_hash):
            raise Mismatch("idempotency_key_reused", "This key was used for another request.")
        answer = self._opened(kept.answer)
        if "refusal" in answer:
            return _refusal(**answer["refusal"])
        return msgspec.convert(answer["response"], op.response, strict=False, dec_hook=made)

    def keep(
        self, rows: Rows, op: Operation, key: str, body_hash: str, now: datetime,
        answer: Struct | Refusal,
    ) -> None:  # fmt: skip
        """Keep an answer, in place of one whose day is over."""
        said = _said(answer) if isinstance(answer, Refusal) else {
            "response": exactly(msgspec.json.encode(answer, enc_hook=shown))
        }  # fmt: skip
        if masked(said) != said:
            text = msgspec.json.encode(said, enc_hook=shown)
            sealed = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, text, self._seal)
            said = {"sealed": sealed}
        kept = Kept(
            id=ids.new(), key=key, operation=_asked(op), body_hash=body_hash, answer=said,
            created_at=now,
        )  # fmt: skip
        columns = idempotency_keys.c
        rows.remove(idempotency_keys, columns.key == key, columns.created_at <= now - KEPT)
        rows.add(idempotency_keys, kept, taken=HEADER)

    def _opened(self, answer: dict[str, Any]) -> dict[str, Any]:
        if "sealed" not in answer:
            return answer
        try:
            opened = jwe.decrypt_compact(answer["sealed"], self._seal).plaintext
        except JoseError as error:
            said = "The request was done, but its answer was sealed with another secret key."
            raise Conflict("idempotency_answer_lost", said) from error
        assert opened is not None
        found: dict[str, Any] = exactly(opened)
        return found


def forget(rows: Rows, now: datetime) -> int:
    """Remove every answer whose day is over, whosever rows are asked, and say how many it was."""
    over = idempotency_keys.c.created_at <= now - KEPT
    removed: int = rows.execute(idempotency_keys.delete().where(over)).rowcount
    return removed


def _asked(op: Operation) -> str:
    """The operation, named alike where two share a route."""
    return op.same_as or op.key


def _said(refusal: Refusal) -> dict[str, Any]:
    kind = next(kind for kind in ANSWERS if isinstance(refusal, kind))
    return {
        "refusal": {
            "kind": kind.__name__,
            "code": refusal.code,
            "message": str(refusal),
            "details": refusal.details and dict(refusal.details),
            "explanation": refusal.explanation,
        }
    }


def _refusal(
    kind: str, code: str, message: str, details: dict[str, Any] | None, explanation: str = ""
) -> Refusal:
    """Make a refusal again from what was kept of it."""
    made: type[Refusal] = getattr(refusals, kind)
    again = made.__new__(made)
    Refusal.__init__(again, code, message)
    again.details, again.explanation = details, explanation
    if isinstance(again, Missing):
        again.what = code.removesuffix("_not_found")
    return again

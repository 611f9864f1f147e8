"""The few ways the platform says no.

A room raises one of these and never thinks of a transport; api/errors.py holds the one table from
kind to HTTP status and gRPC code. A bug is not a refusal: it stays an ordinary exception.

* Refusal
  - Malformed       the bytes or the envelope cannot be read
  - Unauthorized    nobody we know is asking
  - Forbidden       this caller may not
  - Missing         the thing named is not there for this organization
  - Conflict        the state forbids it now
  - Invalid         a field is wrong, whatever the state
  - Busy            too much at once; the same request may succeed later
"""

from collections.abc import Mapping


class Refusal(Exception):
    """A request that was understood and turned down.

    `code` is for machines and never changes once published; the message is for whoever debugs.
    `details` is what the wire calls `error_details`: codes by field, or by position of an item.
    """

    code: str = ""
    details: Mapping[str, object] | None = None
    explanation: str = ""
    """What a person is told beside the codes: where in a text, say, and what was expected there."""

    def __init__(self, code: str = "", message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class Malformed(Refusal):
    """The bytes or the envelope cannot be read. The message says what to send."""

    def __init__(self, message: str) -> None:
        super().__init__("", message)


class TooLarge(Malformed):
    """The body is larger than the server takes at once."""


class Unauthorized(Refusal):
    """Nobody we know is asking: no key, an unknown, revoked or expired one."""


class Forbidden(Refusal):
    """This caller may not."""


class Missing(Refusal):
    """The thing named is not there for this organization: `Missing("customer", "c1")`."""

    def __init__(self, what: str, id: str = "") -> None:
        super().__init__(f"{what}_not_found", f"There is no {what.replace('_', ' ')} {id}.")
        self.what = what


class Conflict(Refusal):
    """The state forbids it now."""


class Invalid(Refusal):
    """Fields are wrong, whatever the state.

    `raise Invalid(rate_amount="value_is_invalid")`, or with a mapping for names that are no
    identifiers: `raise Invalid({"0": {"code": ["value_is_mandatory"]}})`.
    """

    def __init__(
        self, wrong: Mapping[str, object] | None = None, /, **fields: str | list[str]
    ) -> None:
        details = {**(wrong or {}), **fields}
        super().__init__("validation_errors", str(details))
        self.details = {
            field: [codes] if isinstance(codes, str) else codes for field, codes in details.items()
        }


class Mismatch(Refusal):
    """An idempotency key was used before with another request."""


class InFlight(Refusal):
    """The same request is being answered right now: ask again for its answer."""


class Busy(Refusal):
    """Too much at once, or somebody else is at it: the same request may succeed later."""

    def __init__(self, code: str, message: str = "", retry_after: int = 1) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class Unavailable(Busy):
    """This process cannot do it now, another can: try again after `retry_after` seconds."""


class Checks:
    """Collects what is wrong with a request, so that all of it is said at once.

    checks = Checks()
    checks.that(rate >= 0, rate="value_is_out_of_range")
    checks.done()
    """

    def __init__(self) -> None:
        self.wrong: dict[str, list[str]] = {}
        self._explanations: list[str] = []

    def that(self, holds: object, **fields: str) -> None:
        """Note the codes of `fields` unless `holds`."""
        if not holds:
            for field, code in fields.items():
                self.add(field, code)

    def add(self, field: str, code: str, explanation: str = "") -> None:
        """Note one code at one field, once."""
        if explanation:
            self._explanations.append(explanation)
        codes = self.wrong.setdefault(field, [])
        if code not in codes:
            codes.append(code)

    def done(self) -> None:
        """Refuse if anything was wrong.

        Raises: Invalid, with every field and code noted.
        """
        if self.wrong:
            refused = Invalid(self.wrong)
            refused.explanation = "; ".join(self._explanations)
            raise refused

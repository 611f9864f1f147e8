"""What may be asked of organizations, their keys and their clocks."""

from datetime import datetime

from msgspec import Struct, field

from billing.organizations.model import EVERY, RESOURCES, Access
from billing.organizations.rules import is_held, second
from metering.measures.money import CURRENCIES
from metering.measures.refusals import Checks
from metering.measures.shapes import PageQuery


class OrganizationInput(Struct, kw_only=True):
    """A new organization: live, or with `test_clock` a sandbox in which time is moved by hand."""

    name: str
    default_currency: str = "USD"
    test_clock: datetime | None = None

    def __post_init__(self) -> None:
        checks = Checks()
        checks.that(self.name.strip(), name="value_is_mandatory")
        checks.that(len(self.name) <= 255, name="value_is_too_long")
        checks.that(self.default_currency in CURRENCIES, default_currency="value_is_invalid")
        held = self.test_clock is None or is_held(self.test_clock)
        checks.that(held, test_clock="value_is_out_of_range")
        checks.done()
        if self.test_clock is not None:
            self.test_clock = second(self.test_clock)


class OrganizationQuery(PageQuery, kw_only=True):
    """Which page of the organizations."""


class ApiKeyInput(Struct, kw_only=True):
    """A new key. Unless told otherwise it may do everything, for ever."""

    name: str
    permissions: dict[str, list[str]] = field(
        default_factory=lambda: {EVERY: [Access.read, Access.write]}
    )
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        checks = Checks()
        checks.that(self.name.strip(), name="value_is_mandatory")
        checks.that(len(self.name) <= 255, name="value_is_too_long")
        said = {access for granted in self.permissions.values() for access in granted}
        known = set(self.permissions) <= RESOURCES | {EVERY} and said <= set(Access)
        checks.that(known, permissions="value_is_invalid")
        checks.done()
        if self.expires_at is not None:
            self.expires_at = second(self.expires_at)


class ApiKeyQuery(PageQuery, kw_only=True):
    """Which keys."""

    revoked: bool | None = None
    """Only those that were revoked, or only those that were not."""


class TestClockInput(Struct, kw_only=True):
    """Where to move the clock, running nothing: by ten years at most."""

    now: datetime

    def __post_init__(self) -> None:
        _check_held(now=self.now)
        self.now = second(self.now)


class TestClockAdvance(Struct, kw_only=True):
    """Where to move the clock, by ten years at most, running all that falls due on the way."""

    to: datetime

    def __post_init__(self) -> None:
        _check_held(to=self.to)
        self.to = second(self.to)


def _check_held(**instants: datetime) -> None:
    checks = Checks()
    for name, instant in instants.items():
        checks.that(is_held(instant), **{name: "value_is_out_of_range"})
    checks.done()

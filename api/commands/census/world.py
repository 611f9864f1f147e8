"""What the census makes through one door, so that every operation has something to be asked for.

Each door lives a life of its own: an organization with a clock, and all that is in it, made through
that door alone. What an ask needs is made when it is first needed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from api.commands.census.doors import Ask, Door, Told
from api.rpc import Api
from billing import organizations
from billing.organizations import CustomerToken

START = "2026-01-01T00:00:00Z"
"""Where the clock of each organization begins."""

TOKEN_HOURS = 1


class Broken(Exception):
    """Something that was needed could not be made."""


Build = Callable[["World"], dict[str, Any] | Ask]
"""Makes an ask from what was made so far: the fields of the request, or all of an Ask."""


class Recipe(Struct, frozen=True):
    """How an operation is asked for, once so that it answers and once so that it refuses."""

    ask: Build
    refused: Build
    code: str
    """What it is refused with: the published code; its kind, as `unauthorized`, if it has none."""


class World:
    """One door, and what was made through it."""

    def __init__(
        self, api: Api, door: Door, recipes: Mapping[str, Recipe], admin_key: str, secret: bytes
    ) -> None:
        self.api, self.door, self._recipes = api, door, recipes
        self._admin_key, self._secret = admin_key, secret
        self._first: dict[str, tuple[Ask, Told]] = {}
        self._words, self._powerless = 0, ""

    # -- for recipes

    def made(self, key: str) -> Any:
        """Return what an operation answered when it was first asked for, which may be now."""
        return _answer(key, self.first(key)[1])

    def the(self, key: str, field: str) -> Any:
        """Return a field of what an operation made first."""
        return _field(self.made(key), field)

    def new(self, key: str, field: str) -> Any:
        """Return a field of one more that an operation makes."""
        return _field(self.do(key, self._recipes[key].ask(self)), field)

    def do(self, key: str, said: dict[str, Any] | Ask) -> Any:
        """Ask for an operation in words of one's own, and return what it answered."""
        return _answer(key, self._ask(key, _as_ask(said))[1])

    def word(self, kind: str) -> str:
        """Return a code that nothing else has."""
        self._words += 1
        return f"{kind}-{self._words}"

    def now(self) -> datetime:
        """Return the instant at which the organization's clock stands."""
        return datetime.fromisoformat(self.do("TestClockService.Get", {})["test_clock"]["now"])

    def powerless(self) -> str:
        """Return a key that may do nothing."""
        if not self._powerless:
            key = {"api_key": {"name": "Powerless", "permissions": {"*": []}}}
            made = self.do("OrganizationService.CreateApiKey", key)["api_key"]
            self._powerless = str(made["secret"])
        return self._powerless

    # -- for the census

    def first(self, key: str) -> tuple[Ask, Told]:
        """Ask for an operation by its recipe, if that was not done before."""
        if key not in self._first:
            self._first[key] = self._ask(key, _as_ask(self._recipes[key].ask(self)))
        return self._first[key]

    def refused(self, key: str) -> Told:
        """Ask for what an operation's recipe expects to be refused."""
        return self._ask(key, _as_ask(self._recipes[key].refused(self)))[1]

    def _ask(self, key: str, ask: Ask) -> tuple[Ask, Told]:
        op = self.api[key]
        if ask.key is None:
            ask = replace(ask, key=self._credentials(op.asks))
        return ask, self.door.ask(op, ask, ask.key or "")

    def _credentials(self, asks: str) -> str:
        if asks == "admin":
            return self._admin_key
        if asks == "api_key":
            return str(self.the("OrganizationService.Create", "api_key"))
        return self._token() if asks == "customer" else ""

    def _token(self) -> str:
        """Sign what a customer shows to see its own: no operation hands it out yet."""
        token = CustomerToken(
            organization_id=self.the("OrganizationService.Create", "id"),
            customer_id=self.the("CustomerService.Create", "id"),
            expires_at=self.now() + timedelta(hours=TOKEN_HOURS),
        )
        return organizations.sign(self._secret, token)


def powerless(build: Build) -> Build:
    """Ask for what a recipe asks for, with a key that may do nothing."""
    return lambda world: replace(_as_ask(build(world)), key=world.powerless())


def said(**fields: Any) -> Build:
    """Ask in the same words, whatever was made."""
    return lambda world: fields


def _as_ask(said: dict[str, Any] | Ask) -> Ask:
    return said if isinstance(said, Ask) else Ask(said=said)


def _answer(key: str, told: Told) -> Any:
    if not told.is_ok:
        raise Broken(f"needs {key}, which said {told.status} {told.code}: {told.message}")
    return told.answer


def _field(answer: Any, field: str) -> Any:
    """Return a field of the one thing an answer holds."""
    (found,) = answer.values()
    return found[field]

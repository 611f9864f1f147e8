"""A service that has every shape an operation can have, and no ledger."""

from api.rpc import Service, rpc
from tests.api import toys


class ToyService(Service):
    """Toys, of every shape."""

    create = rpc("POST /toys", toys.create)
    create_again = rpc("POST /toys", "PUT /toys", toys.create, same_as="create", deprecated=True)
    get = rpc("GET /toys/{id}", toys.find)
    list_ = rpc("GET /toys", toys.browse, root="echoes")
    update = rpc("PUT /toys/{id}", "PATCH /toys/{id}", toys.update)
    throw = rpc("DELETE /toys/{id}", toys.throw)
    draw = rpc("POST /shapes", toys.draw)
    several = rpc("POST /parts", "POST /owners/{owner}/parts", toys.several)
    either = rpc("POST /names", toys.either)
    maybe = rpc("GET /maybe/{id}", toys.maybe)
    silence = rpc("POST /silence", toys.silence, resource="quiet", permission="read", asks="nobody")
    picture = rpc("GET /toys/{id}/picture", toys.picture)
    count = rpc("GET /numbers", toys.count)
    gather = rpc("POST /parts/stream", toys.gather)
    answer = rpc("POST /parts/answers", toys.answer)
    throw_in = rpc("POST /bins/{bin}", toys.throw_in)
    refuse = rpc("POST /refusals/{how}", toys.refuse)

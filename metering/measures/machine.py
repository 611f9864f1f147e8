"""State machines as tables: every life of the platform is a list of allowed moves."""

from enum import Enum
from typing import Generic, TypeVar

from metering.measures.refusals import Conflict

State = TypeVar("State", bound=Enum)


class Machine(Generic[State]):
    """A life: from which state, by which action, to which state.

        LIFE = Machine("wallet", (Status.ACTIVE, "terminate", Status.TERMINATED))

    What is not in the table is refused, so the table is also the test plan.
    """

    def __init__(self, name: str, *moves: tuple[State, str, State]) -> None:
        self.name = name
        self.moves = {(state, action): target for state, action, target in moves}
        assert len(self.moves) == len(moves), f"{name} lists a move twice"

    def move(self, state: State, action: str) -> State:
        """Return the state that `action` leads to.

        Raises: Conflict `<name>_<state>` when the table has no such move.
        """
        if (state, action) not in self.moves:
            said = f"A {state.value} {self.name} cannot {action.replace('_', ' ')}."
            raise Conflict(f"{self.name}_{state.value}", said)
        return self.moves[state, action]

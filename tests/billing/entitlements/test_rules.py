"""What a subscription is entitled to, by hand: every line is one feature, its plan and its own."""

import pytest

from billing.entitlements.model import Own
from billing.entitlements.rules import effective, without, without_privilege, written

SEATS = {"max": "10", "invite": "true"}
"""What the plan grants of `seats`."""


def own(*removed, **values):
    return Own(values=values, removed=frozenset(removed))


GONE = Own(is_removed=True)


@pytest.mark.parametrize(
    ("plan", "mine", "holds"),
    [
        (None, None, None),
        (SEATS, None, SEATS),
        ({}, None, {}),
        (SEATS, own(max="25"), {"max": "25", "invite": "true"}),
        (SEATS, own(tier="pro"), {"max": "10", "invite": "true", "tier": "pro"}),
        (SEATS, own(max=None), {"max": None, "invite": "true"}),
        (SEATS, own("invite"), {"max": "10"}),
        (SEATS, own("invite", max="25"), {"max": "25"}),
        (SEATS, GONE, None),
        (None, GONE, None),
        (None, own(), {}),
        (None, own(max="25"), {"max": "25"}),
        (None, own("invite"), None),
        (None, own("invite", max="25"), {"max": "25"}),
        ({"max": "12"}, own("invite"), {"max": "12"}),
    ],
)
def test_what_holds_is_the_plans_but_for_what_one_has_instead(plan, mine, holds):
    """G-5: the union, minus what was taken away; the subscription's value before the plan's."""
    assert effective(plan, mine) == holds
    if holds and plan:
        in_plan = [code for code in plan if code in holds]
        assert list(holds)[: len(in_plan)] == in_plan


@pytest.mark.parametrize(
    ("plan", "before", "sent", "after"),
    [
        (SEATS, None, {"max": "25"}, own(max="25")),
        (SEATS, None, {"max": "10"}, None),
        (SEATS, own(max="25"), {"max": "10"}, None),
        (SEATS, own(max="25", tier="pro"), {"max": "10"}, own(tier="pro")),
        (SEATS, own("invite", max="25", tier="pro"), SEATS, None),
        (SEATS, own("invite"), {"invite": "true"}, None),
        (SEATS, own("invite"), {"max": "25"}, own("invite", max="25")),
        (SEATS, GONE, {}, None),
        (SEATS, GONE, {"max": "25"}, own(max="25")),
        (SEATS, own("invite"), {"invite": "false"}, own(invite="false")),
        ({"max": "25"}, own(max="25"), {"tier": "pro"}, own(max="25", tier="pro")),
        ({}, GONE, {}, None),
        (None, None, {}, own()),
        (None, own(max="1"), {"tier": "pro"}, own(max="1", tier="pro")),
        (None, GONE, {"max": "1"}, own(max="1")),
    ],
)
def test_what_is_said_becomes_ones_own_unless_the_plan_says_it_too(plan, before, sent, after):
    """G-6: another value is kept, the plan's is not, and what was removed comes back."""
    assert written(plan, before, sent) == after


def test_what_is_taken_away_stays_away_whatever_the_plan_does():
    """G-7: a mark where the plan grants it, nothing where it was only one's own."""
    assert (without(SEATS), without({}), without(None)) == (GONE, GONE, None)
    taken = without_privilege(SEATS, own(max="25", invite="false"), "invite")
    assert taken == own("invite", max="25")
    assert effective({**SEATS, "max": "12", "sso": "true"}, taken) == {"max": "25", "sso": "true"}
    assert without_privilege(SEATS, own(tier="pro"), "tier") is None
    assert without_privilege(None, own(tier="pro"), "tier") == own()
    assert without_privilege(SEATS, own("invite", tier="pro"), "tier") == own("invite")

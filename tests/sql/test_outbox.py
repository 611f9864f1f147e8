"""The outbox: claimed once, in order, and given back when it could not be seen to."""

import threading
from datetime import timedelta

from metering.measures import ids
from sql.ledger import outbox
from sql.outbox import LEASE, claim, done, is_claimed, postpone, waiting
from tests.conftest import NOW


def put(ledger, organization, *names, topic="notice"):
    """Put rows into an organization's outbox."""
    with ledger.transaction(organization) as rows:
        for name in names:
            rows.execute(
                outbox.insert().values(
                    organization_id=organization, id=ids.new(), topic=topic, name=name,
                    subject_id="s", created_at=NOW,
                )
            )  # fmt: skip


def claimed(ledger, organization, owner="me", now=NOW, limit=10, topic="notice"):
    """Claim rows and return their names."""
    with ledger.transaction(organization) as rows:
        entries = claim(rows, topic, owner, now, limit)
    return entries, [entry.name for entry in entries]


def test_rows_are_claimed_once_and_in_the_order_they_were_put(ledger):
    """Five rows, three at a time: a second claim waits for the first to be done with."""
    mine = ids.new()
    put(ledger, mine, "a", "b", "c", "d", "e")
    put(ledger, ids.new(), "of another")

    first, names = claimed(ledger, mine, limit=3)
    assert names == ["a", "b", "c"]
    assert claimed(ledger, mine, "you")[1] == []
    with ledger.transaction(mine) as rows:
        assert is_claimed(rows, ["notice"], NOW)
        done(rows, first, "me")
        assert not is_claimed(rows, ["notice"], NOW)
    assert claimed(ledger, mine, "you")[1] == ["d", "e"]


def test_topics_do_not_wait_for_each_other(ledger):
    """A fact is claimed while a notice is."""
    mine = ids.new()
    put(ledger, mine, "notice")
    put(ledger, mine, "fact", topic="fact")

    assert claimed(ledger, mine)[1] == ["notice"]
    assert claimed(ledger, mine, topic="fact")[1] == ["fact"]


def test_a_claim_that_nobody_speaks_of_again_lapses(ledger):
    """Whoever claimed it died: after the lease another has it, and the first can do no harm."""
    mine = ids.new()
    put(ledger, mine, "a")
    lost, _ = claimed(ledger, mine, "dead")

    assert claimed(ledger, mine, "next", NOW + LEASE - timedelta(seconds=1))[1] == []
    found, names = claimed(ledger, mine, "next", NOW + LEASE)
    with ledger.transaction(mine) as rows:
        done(rows, lost, "dead")
        assert rows.count(outbox) == 1
    assert (names, found[0].attempts) == (["a"], 2)


def test_what_failed_waits_longer_each_time(ledger):
    """After 2 seconds, then 4; what was put later waits with it, so that the order stands."""
    mine = ids.new()
    put(ledger, mine, "a")
    now = NOW
    for seconds in (2, 4, 8):
        entries, names = claimed(ledger, mine, now=now)
        assert names[0] == "a"
        with ledger.transaction(mine) as rows:
            postpone(rows, entries, "me", now)
            assert not is_claimed(rows, ["notice"], now)
        put(ledger, mine, "later")
        soon = now + timedelta(seconds=seconds - 1)
        assert claimed(ledger, mine, now=soon)[1] == []
        now += timedelta(seconds=seconds)
    assert claimed(ledger, mine, now=now)[1] == ["a", "later", "later", "later"]


def test_organizations_with_rows_to_see_to_are_known(ledger):
    """The one that waits longest comes first; one whose rows are claimed has nothing to give."""
    first, second, third = ids.new(), ids.new(), ids.new()
    for organization in (second, first, third):
        put(ledger, organization, "a")
    claimed(ledger, third)

    with ledger.snapshot("") as rows:
        assert waiting(rows, ["notice"], NOW) == [second, first]
        assert waiting(rows, ["fact"], NOW) == []


def test_many_claimants_share_nothing(ledger):
    """Eight threads claim 200 rows, ten at a time: each row is claimed once, in order."""
    mine = ids.new()
    put(ledger, mine, *(f"{number:03}" for number in range(200)))
    seen = []

    def work(owner):
        while True:
            entries, names = claimed(ledger, mine, owner)
            if not entries:
                with ledger.transaction(mine) as rows:
                    if rows.count(outbox) == 0:
                        return
                continue
            seen.extend(names)
            with ledger.transaction(mine) as rows:
                done(rows, entries, owner)

    threads = [threading.Thread(target=work, args=[str(number)]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [f"{number:03}" for number in range(200)]

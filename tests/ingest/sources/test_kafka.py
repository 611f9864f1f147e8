"""Kafka, before the mock cluster of the client library itself: real protocol, no real broker.

The cluster speaks the wire protocol over TCP, in this process. What it cannot show: a broker that
restarts, transactions of producers, retention, authentication.
"""

import json
from urllib.parse import quote

import confluent_kafka
import pytest

from ingest import sources
from ingest.limits import Limits
from metering.measures.refusals import Unavailable
from tests.engines import execute

TRIES = 20
"""Polls after which what was sent must have come."""


@pytest.fixture
def producer():
    """A producer, and the cluster in it."""
    made = confluent_kafka.Producer({"test.mock.num.brokers": 1})
    yield made
    made.flush(5)


def topic(producer, name, *partitions):
    """Make a topic that holds these values, partition by partition."""
    for number, values in enumerate(partitions):
        for value in values:
            producer.produce(name, value, partition=number)
    assert producer.flush(10) == 0


def source(producer, name, shift, /, **options):
    """The source of a topic, as a server that starts has it."""
    brokers = producer.list_topics(timeout=10).brokers.values()
    hosts = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    more = "".join(f"&{quote(key)}={value}" for key, value in options.items())
    url = f"kafka://{hosts}/{name}?organization={shift.organization}{more}"
    return sources.at(url, Limits())


def event(name):
    """One event as JSON."""
    return json.dumps({"transaction_id": name, "code": "c", "properties": {"n": 1.0}}).encode()


def pulled(shift, found, rows):
    """Pull until so many rows came: a poll that waits for nothing longer than it must may be empty.

    Then nothing more comes.
    """
    count = 0
    for _ in range(TRIES):
        count += sources.pull(shift, found)
        if count >= rows:
            break
    return count + sources.pull(shift, found)


def stored(shift):
    """The transaction ids that are stored."""
    asked = "select transaction_id from events order by transaction_id"
    return [name for (name,) in execute(shift.warehouse, asked)]


def positions(shift):
    """How far each partition was read."""
    asked = "select source, max(position) from positions group by source order by source"
    return dict(tuple(row) for row in execute(shift.warehouse, asked))


def test_each_message_is_an_event_and_positions_are_ours(producer, shift):
    """Seven in two partitions, five more later, another server: each is read once, none twice."""
    topic(producer, "usage", [event(f"a{n}") for n in range(4)], [event(f"b{n}") for n in range(3)])
    first = source(producer, "usage", shift)
    assert pulled(shift, first, 7) == 7
    topic(producer, "usage", [event(f"c{n}") for n in range(5)])
    assert pulled(shift, first, 5) == 5
    first.close()

    other = source(producer, "usage", shift)
    assert [sources.pull(shift, other) for _ in range(3)] == [0, 0, 0]
    other.close()

    assert len(stored(shift)) == 12
    assert positions(shift) == {"kafka/usage/0": 9, "kafka/usage/1": 3}


def test_what_cannot_be_read_is_rejected_and_the_rest_goes_through(producer, shift):
    """No JSON, nothing at all, two events in one message, half an event and its other half."""
    values = [
        event("a"), b"nonsense", None, event("x") + b"," + event("y"),
        b'{"transaction_id":"h","code":"c","properties":{"a":[1', b'2]}}', event("b"),
    ]  # fmt: skip
    topic(producer, "odd", values)
    found = source(producer, "odd", shift)

    assert pulled(shift, found, 7) == 7
    found.close()

    assert stored(shift) == ["a", "b"]
    reasons = execute(shift.warehouse, "select reason from rejected_events")
    said = sorted(reason for (reason,) in reasons)
    assert said == ["base:invalid_json"] * 4 + ["base:value_is_invalid"]
    assert positions(shift) == {"kafka/odd/0": 7}


def test_what_could_not_be_stored_is_pulled_again(producer, shift, monkeypatch):
    """The warehouse is away when the messages come: not one of them is passed over."""
    topic(producer, "again", [event(f"a{n}") for n in range(3)])
    found = source(producer, "again", shift)

    with monkeypatch.context() as broken:

        def away(*said):
            raise Unavailable("events_not_written", "")

        broken.setattr(sources.service, "receive", away)
        with pytest.raises(Unavailable):
            pulled(shift, found, 3)

    assert pulled(shift, found, 3) == 3
    found.close()
    assert len(stored(shift)) == 3


def test_a_position_that_the_broker_does_not_have_is_an_error_and_no_jump(producer, shift):
    """We have read up to 1,000, the topic ends at 3: somebody made it anew under the same name."""
    topic(producer, "anew", [event(f"a{n}") for n in range(3)])
    sources.positions.keep(shift, "kafka/anew/0", 1_000, 1_000)
    found = source(producer, "anew", shift)

    with pytest.raises(confluent_kafka.KafkaException):
        pulled(shift, found, 3)
    found.close()

    named = source(producer, "anew", shift, name="anew-2")
    assert pulled(shift, named, 3) == 3
    named.close()


def test_messages_may_be_cloudevents(producer, shift):
    """In the structured mode of their specification."""
    said = {"specversion": "1.0", "id": "e1", "source": "/s", "type": "c", "subject": "s1"}
    topic(producer, "cloud", [json.dumps(said).encode()])
    found = source(producer, "cloud", shift, type="cloudevents")

    assert pulled(shift, found, 1) == 1
    found.close()
    assert stored(shift) == ["e1"]

"""Kafka: an event in each message. How far a partition was read is kept here, not by the broker."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from ingest.formats import cloudevents, texts
from ingest.sources.model import Place, Pulled, Read, Source
from metering.measures.refusals import Malformed

log = logging.getLogger("invora.sources")

MESSAGES = 10_000
"""Messages that are taken at once."""

WAIT_MS = 500
"""How long is waited for messages, before what came is all there is."""

METADATA_SECONDS = 10

KINDS = {"json": texts.EVENTS, "cloudevents": cloudevents.EVENTS}
"""What a message may hold, by the option `type`."""

OPTION = "kafka["
"""How the options begin that are handed to the client: `kafka[security.protocol]=SASL_SSL`."""


class Kafka(Source):
    """`kafka://host:port,host:port/topic?organization=ID`, with the extra `kafka` installed.

    No group is joined: this process reads all partitions, each from the position that is kept in
    the warehouse, and tells the broker nothing. A position that the broker no longer has is an
    error, never a jump: what lies between would be lost.
    """

    scheme = "kafka"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._topic = place.path.strip("/")
        self._name = place.options.get("name", self._topic)
        kind = place.options.get("type", "json")
        if not self._topic or kind not in KINDS:
            raise Malformed(f"{place.url}: say a topic, and a type of {', '.join(KINDS)}")
        self._events = KINDS[kind]
        try:
            import confluent_kafka
        except ImportError:
            raise Malformed(f"{place.url} needs the extra: pip install 'invora[kafka]'") from None
        self._library: Any = confluent_kafka
        self._consumer: Any = None
        self._partitions: set[int] = set()

    def poll(self, read: Read) -> Iterator[Pulled]:
        """Yield what has come, partition by partition, in the order of their offsets."""
        is_whole = False
        try:
            self._assign(read)
            while messages := self._consumer.consume(MESSAGES, WAIT_MS / 1000):
                yield from self._pulled(messages)
            is_whole = True
        finally:
            if not is_whole:  # what was taken may not be stored: the next poll asks where to begin
                self.close()

    def close(self) -> None:
        """Leave the broker."""
        if self._consumer is not None:
            self._consumer.close()
        self._consumer, self._partitions = None, set()

    def _assign(self, read: Read) -> None:
        """Begin each partition that is not read yet where it was left."""
        if self._consumer is None:
            options = {
                key[len(OPTION) : -1]: value
                for key, value in self.place.options.items()
                if key.startswith(OPTION)
            }
            self._consumer = self._library.Consumer(
                {
                    **options, "bootstrap.servers": self.place.host, "group.id": "invora",
                    "enable.auto.commit": False, "enable.auto.offset.store": False,
                    "auto.offset.reset": "error", "isolation.level": "read_committed",
                }
            )  # fmt: skip
        found = self._consumer.list_topics(self._topic, timeout=METADATA_SECONDS)
        topic = found.topics[self._topic]
        if topic.error is not None:
            raise self._library.KafkaException(topic.error)
        fresh = set(topic.partitions) - self._partitions
        if fresh:
            self._consumer.incremental_assign(
                [
                    self._library.TopicPartition(
                        self._topic, partition, self._start(partition, read)
                    )
                    for partition in sorted(fresh)
                ]
            )
            self._partitions |= fresh

    def _start(self, partition: int, read: Read) -> int:
        return read(self._source(partition)) or int(self._library.OFFSET_BEGINNING)

    def _source(self, partition: int) -> str:
        return f"kafka/{self._name}/{partition}"

    def _pulled(self, messages: Sequence[Any]) -> Iterator[Pulled]:
        """Yield messages by their partitions. One without a value is a row that cannot be read."""
        parts: dict[int, list[Any]] = {}
        for message in messages:
            if (error := message.error()) is not None:
                raise self._library.KafkaException(error)
            parts.setdefault(message.partition(), []).append(message)
        for partition, some in parts.items():
            values = [message.value() or b"" for message in some]
            yield Pulled(
                source=self._source(partition), position=some[-1].offset() + 1,
                frames=[self._events.each(values)],
            )  # fmt: skip

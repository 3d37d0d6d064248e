"""A subscriber as one would write it outside: another client library, only what is committed, ids known again."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Self
from uuid import uuid4

from confluent_kafka import Consumer, Message

from tests.servers.process import PATIENCE_S
from topics.topic import Topic


class Heard(NamedTuple):
    """A record. `topic` is the declared name; `value` None takes it back; `history` counts restored stores."""

    topic: str
    partition: int
    key: str
    value: dict[str, Any] | None
    schema: str
    history: int


class Subscriber:
    """Reads topics from their beginning; use it in a `with`."""

    def __init__(self, bootstrap: str, namespace: str, *topics: Topic) -> None:
        self.heard: list[Heard] = []
        self._prefix = f"{namespace}."
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"test-{uuid4().hex}",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "reconnect.backoff.max.ms": 500,
            }
        )
        self._consumer.subscribe([topic.name_in(namespace) for topic in topics])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def listen(self, enough: Callable[[Sequence[Heard]], bool], *, within_s: float = PATIENCE_S) -> list[Heard]:
        """Everything heard so far, once it is enough."""
        end = time.monotonic() + within_s
        while not enough(self.heard):
            assert time.monotonic() < end, f"{len(self.heard)} records were heard, and more were to come"
            self._take(0.1)
        return self.heard

    def _take(self, seconds: float) -> None:
        for message in self._consumer.consume(500, seconds):
            if message.error() is None:  # that a broker is away is the library's to mend
                self.heard.append(self._read(message))

    def _read(self, message: Message) -> Heard:
        topic, key, value, partition = message.topic(), message.key(), message.value(), message.partition()
        assert topic is not None
        assert key is not None
        assert partition is not None
        headers = dict(message.headers() or ())
        told = None if value is None else json.loads(value)
        return Heard(
            topic.removeprefix(self._prefix),
            partition,
            key.decode(),
            told,
            headers["schema"].decode(),
            int(headers["history"]),
        )


def once(heard: Iterable[Heard]) -> list[Heard]:
    """Records of the newest history, each id of a topic where it came first. An id that comes again says the same."""
    heard = list(heard)
    newest = max((each.history for each in heard), default=0)
    known = dict[tuple[str, str], Heard]()
    for each in heard:
        if each.history < newest:
            continue
        assert each.value
        first = known.setdefault((each.topic, each.value["id"]), each)
        assert first == each, f"{each.value['id']} came again with other content"
    return list(known.values())


def folded(heard: Iterable[Heard]) -> dict[str, dict[str, Any]]:
    """The newest revision of each subject; none is missing."""
    told = dict[str, dict[int, dict[str, Any]]]()
    for each in once(heard):
        assert each.value
        revisions = told.setdefault(each.key, {})
        revision = each.value["revision"]
        assert revision not in revisions, f"{each.key}: revision {revision} has two contents"
        revisions[revision] = each.value
    for subject, revisions in told.items():
        assert sorted(revisions) == list(range(1, len(revisions) + 1)), f"{subject}: a revision is missing"
    return {subject: revisions[len(revisions)] for subject, revisions in told.items()}


def standing(heard: Iterable[Heard]) -> dict[str, dict[str, Any]]:
    """What a compacted topic comes to: the last word on each key."""
    last = {each.key: each.value for each in heard}
    return {key: value for key, value in last.items() if value is not None}

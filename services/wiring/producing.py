"""Lines of files and of people onto Kafka, for commands and for `serve`."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, asynccontextmanager, contextmanager
from hashlib import blake2b
from threading import Thread
from typing import TYPE_CHECKING, Any

from connectors.files.contract import Sheaf, TakenLine
from connectors.kafka.producer import Producer, ToSend
from connectors.tabular.kinds import is_table
from services.runtime.store.cluster_contract import ClusterStore, Partition
from services.runtime.store.contract import NewLine
from services.runtime.store.stamps import EPOCH
from services.settings import Kafka
from services.wiring.clock import Clock
from services.wiring.opening import Where, checked
from topics.declared import BULK, RAW
from topics.raw import RawLine, encode
from topics.topic import Topic

if TYPE_CHECKING:
    from services.runtime.store.postgres import PostgresStore

Run = Callable[[Coroutine[Any, Any, Any]], "Future[Any]"]

SHEAF_S = 60.0
"""How long a sheaf may take: nobody waits for an answer, and a slow broker is no reason to end."""
REMEMBERED = 200_000
"""Lines that this process sent last: the database knows them only when a worker has taken them."""


def topic_of(kind: str) -> Topic:
    """Where lines of a kind go: tables are worked off beside what is live, and never before it."""
    return BULK if is_table(kind) else RAW


def record_of(line: RawLine, namespace: str) -> ToSend:
    """A line as a record for its topic."""
    return ToSend(topic_of(line.kind).name_in(namespace), *encode(line))


class KafkaJournal:
    """The journal of a cluster (`services.wiring.loading.Journal`): what it kept, the workers take into the store.

    A line that the store has already is not sent. One that is still on its way there is sent again, and the worker
    leaves it out. A file's checkpoint is written when its lines are durable on the brokers: after a crash in between,
    the last sheaf of a file that gives no receipts of its own is received once more.

    Args:
        run: runs a coroutine in the producer's loop, from another thread.

    `sent` is how far each partition was written, `latest` the newest receipt among what was.
    """

    numbered = True

    def __init__(
        self,
        producer: Producer,
        namespace: str,
        store: ClusterStore,
        run: Run,
    ) -> None:
        self._producer, self._namespace, self._store, self._run = producer, namespace, store, run
        self._remembered: OrderedDict[bytes, None] = OrderedDict()
        self.sent: dict[Partition, int] = {}
        self.latest = EPOCH

    def checkpoint(self, sha256: bytes) -> int:
        """How many ordinals of a file are on the brokers."""
        return self._store.checkpoint(sha256)

    def keep(self, sheaf: Sheaf) -> tuple[int, int]:
        """Have a sheaf on the brokers; give (new, repeated)."""
        names = {name: line for line in sheaf.lines if (name := _name(line)) not in self._remembered}
        fresh = self._unknown(list(names.values()))
        self._run(self._deliver(fresh)).result()
        self._store.append([], checkpoint=(sheaf.key, sheaf.upto)).result()
        self._remembered.update(dict.fromkeys(names))
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return len(fresh), len(sheaf.lines) - len(fresh) + sheaf.known

    async def _deliver(self, lines: Sequence[TakenLine]) -> None:
        """Write lines; return once all of them are durable.

        Raises:
            WorldIsAway: that is not known of all of them.
        """
        records = [
            record_of(RawLine(line.feed, line.received_at, line.kind, line.body, part=line.part), self._namespace)
            for line in lines
        ]
        delivered = await self._producer.deliver_all(records, timeout_s=SHEAF_S)
        for line, record, at in zip(lines, records, delivered, strict=True):
            # Below 0 the broker knew it, and not where: once more, so that there is a place to wait for.
            lies = at if at.offset >= 0 else await self._producer.deliver(record, timeout_s=SHEAF_S)
            place = topic_of(line.kind).name, lies.partition
            self.sent[place] = max(lies.offset, self.sent.get(place, -1))
            self.latest = max(line.received_at, self.latest)

    def _unknown(self, lines: Sequence[TakenLine]) -> list[TakenLine]:
        """The lines that are not in the store."""
        if not lines:
            return []
        asked = [NewLine(line.feed, line.received_at, line.kind, line.body) for line in lines]
        with self._store.transaction() as transaction:
            known = transaction.known(asked, [False] * len(asked))
        return [line for line, seq in zip(lines, known, strict=True) if seq is None]


def _name(line: TakenLine) -> bytes:
    """What makes a line the same line, in few bytes."""
    said = f"{line.feed}\0{line.kind}\0{line.received_at.isoformat()}\0".encode()
    return blake2b(said + line.body, digest_size=16).digest()


@asynccontextmanager
async def connected(bootstrap: str, namespace: str) -> AsyncIterator[Producer]:
    """A producer whose topics are there.

    Raises:
        WorldIsAway: no broker answers, or a topic is missing.
    """
    async with Producer(bootstrap) as producer:
        for topic in (RAW, BULK):
            await producer.partitions(topic.name_in(namespace))
        yield producer


def joined(where: Where, clock: Clock) -> "PostgresStore":
    """The store of a cluster, for a process that receives.

    Raises:
        StoreIsStrange: its records have another shape.
        WorldIsAway: the database is.
    """
    from services.runtime.store.postgres import PostgresStore

    assert where.url, "a cluster's store is a database"
    return checked(PostgresStore.attend(where.url, where.namespace, now=clock))


@contextmanager
def cluster(where: Where, kafka: Kafka, clock: Clock) -> "Iterator[tuple[PostgresStore, KafkaJournal]]":
    """The store and the journal of a cluster, for a command.

    Raises:
        WorldIsAway: a broker, a topic or the database is.
    """
    with ExitStack() as stack:
        run = stack.enter_context(_loop_of_its_own())
        context = connected(kafka.bootstrap, where.namespace)
        producer = run(context.__aenter__()).result()
        stack.callback(lambda: run(context.__aexit__(None, None, None)).result())
        store = stack.enter_context(joined(where, clock))
        yield store, KafkaJournal(producer, where.namespace, store, run)


@contextmanager
def _loop_of_its_own() -> Iterator[Run]:
    """An event loop in a thread; gives what runs a coroutine in it."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="kafka", daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

"""What stands behind `serve` in a cluster: it receives, keeps on Kafka and answers; workers elsewhere do the rest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from services.settings import Kafka
from services.wiring.backing import Backing
from services.wiring.clock import Clock
from services.wiring.cluster_keeping import ClusterKeeper
from services.wiring.opening import Where
from services.wiring.producing import KafkaJournal, connected, joined
from services.wiring.recalling import Recalling
from services.wiring.working import Condition


class Elsewhere:
    """Stands where an embedded service has its pipeline (`services.wiring.working.Works`): how the workers of a cluster
    are, each of them tells.
    """

    condition = Condition()
    is_well = True

    def start(self) -> None:
        """They are started elsewhere."""

    def notify(self) -> None:
        """They read by themselves."""

    def stop(self) -> None:
        """They go on."""


@asynccontextmanager
async def receiving(where: Where, kafka: Kafka, clock: Clock) -> AsyncIterator[Backing]:
    """Connect with the brokers and the database; later either may be away for a while.

    Raises:
        WorldIsAway: a broker, a topic or the database is.
    """
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(connected(kafka.bootstrap, where.namespace))
        store = await asyncio.to_thread(joined, where, clock)
        stack.push_async_callback(asyncio.to_thread, store.close)
        recalling = Recalling(store.answers_of)
        stack.push_async_callback(recalling.stop)
        loop = asyncio.get_running_loop()
        yield Backing(
            store, ClusterKeeper(producer, where.namespace, clock, recalling, store.note_answered), Elsewhere(),
            lambda: KafkaJournal(
                producer, where.namespace, store, lambda work: asyncio.run_coroutine_threadsafe(work, loop)
            ),
            away="messages cannot be kept: the brokers are away", needs_store=False,
        )  # fmt: skip

"""The outbox publisher: what was committed goes to Kafka, in order, each at least once and always the same.

One runs in every worker, and one of them leads. It reads by dense position, sends a mark of how far it came together
with the records, then remembers it in the store. Should Kafka forget the mark, the store's memory counts, which may be
older: the same records are sent again then, with the same ids. Nothing is ever left out.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable

import msgspec
import psycopg
from aiokafka.errors import KafkaError

from models.errors import WorldIsAway
from services.runtime.cluster.marks import Heads, Mark, resumed
from services.runtime.cluster.parcels import COUNTERS_MAX, Parcel, after, changed, next_parcel, with_counters
from services.runtime.cluster.seat import Counters, Seat
from services.runtime.cluster.sending import Sender
from services.runtime.faults import fault
from services.runtime.store.contract import Reader

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 0.02
"""How often the leader looks for new rows: two look-ups in an index, some 3 % of a core. A NOTIFY would save ten
milliseconds and cost four writers a third of their commits, which PostgreSQL then carries out one by one."""
_SEAT_AGAIN_S = 0.5
_COUNTERS_EVERY_S = 1.0
_RECOUNT_AFTER_S = 30.0  # also counters that changed without an effect: a recount of the whole store
_SEND_S = 30  # then another worker may try: perhaps it is only us who cannot reach the broker
_SLOW_S = 5.0
_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_WORLD = (KafkaError, psycopg.Error, WorldIsAway, OSError)


class Condition(msgspec.Struct, frozen=True):
    """How the publisher of this process is.

    Args:
        leads: it is the one that publishes. position: in the outbox, sent and remembered.
        behind: rows of outbox and quarantine that it had not sent when it last looked. Both count while it leads.
        failure: why it cannot go on, "" when all is well; it goes on by itself. failing_s: since how many seconds.
    """

    leads: bool = False
    position: int = 0
    behind: int = 0
    failure: str = ""
    failing_s: float = 0.0


class Publisher:
    """Publishes a namespace's effects, counters and quarantine, or stands by until the one that does is gone."""

    def __init__(self, url: str, namespace: str, bootstrap: str, open_reader: Callable[[], Reader]) -> None:
        """Say where everything is; `run` connects.

        Args:
            url, namespace: the PostgreSQL store. bootstrap: of Kafka.
            open_reader: opens that store for reading. It may block.
        """
        self._url, self._namespace, self._bootstrap = url, namespace, bootstrap
        self._open_reader = open_reader
        self._leads = False
        self._mark, self._heads = Mark(), Heads()
        self._failure, self._failing_since = "", 0.0
        self._sending_since: float | None = None

    @property
    def condition(self) -> Condition:
        """How it is now."""
        failure, since = self._failure, self._failing_since
        if not failure and self._sending_since and time.monotonic() - self._sending_since > _SLOW_S:
            failure, since = f"{self._bootstrap}: the broker does not take what is sent.", self._sending_since
        published = self._mark.published
        failing_s = time.monotonic() - since if failure else 0.0
        return Condition(self._leads, published.outbox, published.behind(self._heads), failure, failing_s)

    async def run(self) -> None:
        """Publish whenever the seat is ours, until cancelled. What is away is tried again for ever."""
        tries = 0
        while True:
            try:
                await self._serve()
            except* _WORLD as group:
                tries = tries + 1 if self._failure else 0
                self._note(_first(group))
            # Workers must not try in step.
            await asyncio.sleep(_PAUSES_S[min(tries, len(_PAUSES_S) - 1)] * random.uniform(0.7, 1.3))  # noqa: S311 - dice, not secrets

    async def behind(self) -> int:
        """How many rows nobody has published yet, and counters that changed since. Asks the store, whoever leads.

        Raises:
            psycopg.Error, WorldIsAway, OSError: it is away.
        """
        async with Seat.at(self._url, self._namespace) as seat:
            rows = (await seat.remembered()).published.behind(await seat.heads())
            return rows + len(changed(await seat.counters(), await asyncio.to_thread(self._count)))

    async def drained(self) -> None:
        """Wait until nothing in the store is unpublished."""
        while True:
            try:
                if not await self.behind():
                    return
            except _WORLD as error:
                log.warning("nobody can tell what is unpublished", extra={"error": type(error).__name__})
            await asyncio.sleep(_PAUSES_S[0])

    async def _serve(self) -> None:
        """Wait for the seat, and lead until something fails."""
        async with Seat.at(self._url, self._namespace) as seat:
            while not await seat.taken():
                self._failure = ""
                await asyncio.sleep(_SEAT_AGAIN_S)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(seat.held())
                    tasks.create_task(self._lead(seat))
            finally:
                if self._leads:
                    log.info("this worker publishes no longer")
                self._leads, self._sending_since = False, None

    async def _lead(self, seat: Seat) -> None:
        self._sending_since = time.monotonic()
        reader = await asyncio.to_thread(self._open_reader)
        try:
            async with Sender.at(self._bootstrap, self._namespace) as sender:
                # The predecessor can send nothing more from here on.
                counters = await self._resume(seat, sender, reader)
                self._leads, self._sending_since = True, None
                log.info("this worker publishes")
                await self._publish(seat, sender, reader, counters)
        finally:
            await asyncio.to_thread(reader.close)

    async def _resume(self, seat: Seat, sender: Sender, reader: Reader) -> Counters:
        """Find out where to go on; returns the counters as they were told last."""
        kept, remembered, self._heads = await sender.mark(), await seat.remembered(), await seat.heads()
        self._mark = await asyncio.to_thread(resumed, reader, self._heads, kept, remembered)
        counters = await seat.counters()
        if kept and kept.history != self._mark.history:
            log.warning("the store is an older one than was published: all of it is published anew")
            return {key: -sums for key, sums in counters.items()}  # none of them stands, so each is told again
        return counters

    async def _publish(self, seat: Seat, sender: Sender, reader: Reader, told: Counters) -> None:
        counted, counted_at = -1, -_RECOUNT_AFTER_S
        while True:
            self._heads = heads = await seat.heads()
            parcel = Parcel([], self._mark)
            if heads != self._mark.published:
                parcel = await asyncio.to_thread(next_parcel, reader, self._mark, heads)
            age = time.monotonic() - counted_at
            if age > (_COUNTERS_EVERY_S if heads.outbox > counted else _RECOUNT_AFTER_S):
                parcel = with_counters(parcel, told, await asyncio.to_thread(reader.measure_counts))
                more = len(parcel.counters) == COUNTERS_MAX
                counted, counted_at = -1 if more else heads.outbox, time.monotonic()
            if parcel.records:
                await self._hand_over(parcel, seat, sender)
                told = after(told, parcel.counters)
            else:
                self._failure = ""
                await asyncio.sleep(LOOK_AGAIN_S)

    async def _hand_over(self, parcel: Parcel, seat: Seat, sender: Sender) -> None:
        self._sending_since = time.monotonic()
        fault("before_send", drop=seat.drop)
        async with asyncio.timeout(_SEND_S):
            await sender.send(parcel.records, parcel.mark)
        fault("after_send", drop=seat.drop)
        await seat.remember(parcel.mark, parcel.counters)
        self._mark, self._sending_since, self._failure = parcel.mark, None, ""

    def _count(self) -> Counters:
        reader = self._open_reader()
        try:
            return reader.measure_counts()
        finally:
            reader.close()

    def _note(self, error: BaseException) -> None:
        if not self._failure:
            self._failing_since = time.monotonic()
        self._failure = f"{type(error).__name__}: {str(error).strip()}"
        log.warning("the outbox cannot be published now", extra={"error": type(error).__name__})


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """An error of a group, however deep."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first

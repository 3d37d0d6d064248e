"""Play a world into a running service: HL7 v2 through its MLLP ports, tables as files, each at its time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from io import BytesIO

import msgspec

from connectors.mllp.client import Client
from models.errors import WorldIsAway
from models.time import Instant
from models.view import Effect
from services.cli.demo.staging import StoryClock
from services.simulation.sending import Delivery
from services.wiring.loading import keep_file
from services.wiring.service import Service

SECONDS = 75.0
"""How long the whole story takes at speed 1."""
TICK_S = 0.02
"""Pauses shorter than this are not worth sleeping for."""
POLL_S = 0.001
PATIENCE_S = 60.0
PAGE = 500


class Moment(msgspec.Struct, frozen=True):
    """What one delivery, or time alone (`delivery` None), led to.

    `code` is the answer ("" for tables), `millis` what the sender waited for it; `repeat` says that the journal did not
    grow.
    """

    at: Instant
    delivery: Delivery | None
    effects: tuple[Effect, ...]
    code: str = ""
    millis: float = 0.0
    repeat: bool = False


class Player:
    """Plays deliveries, once. Each waits until what came before is worked off, so that what follows has one cause.

    Args:
        deliveries: in order of receipt. ends: until when time passes after them.
        speed: 2 is twice as fast; what takes longer than its share is made up for.
    """

    def __init__(
        self, service: Service, deliveries: Sequence[Delivery], clock: StoryClock, ends: Instant, *, speed: float
    ) -> None:
        self._service, self._deliveries, self._clock = service, deliveries, clock
        self._starts, self._ends = clock(), ends
        self._seconds = SECONDS / speed
        self._began = 0.0
        self._position = 0
        self._clients: dict[str, Client] = {}

    async def play(self) -> AsyncIterator[Moment]:
        """Tell everything, in order, and say what came of it; then the clock is the real one."""
        async with AsyncExitStack() as stack:
            for listener in self._service.listeners:
                ((host, port),) = listener.addresses
                client = Client(host, port, timeout_s=PATIENCE_S)
                self._clients[listener.settings.feed] = await stack.enter_async_context(client)
            self._began = asyncio.get_running_loop().time()
            for delivery in self._deliveries:
                async for moment in self._pass_to(delivery.received_at):
                    yield moment
                yield await self._told(delivery)
            async for moment in self._pass_to(self._ends):
                yield moment
        self._clock.go_live()
        yield await self.time_alone()

    async def time_alone(self) -> Moment:
        """What fell due since the last look."""
        self._service.worker.notify()
        await self._worked_off()
        return Moment(self._clock(), None, self._effects())

    async def _pass_to(self, at: Instant) -> AsyncIterator[Moment]:
        """Let the story's time pass, at its pace; whatever falls due before an instant falls due at its own."""
        while (due := self._service.store.next_wake()) and due < at:
            await self._pace(due)
            self._clock.to(due)
            yield await self.time_alone()
        await self._pace(at)
        self._clock.to(at)

    async def _pace(self, at: Instant) -> None:
        share = (at - self._starts) / (self._ends - self._starts)
        left = self._began + share * self._seconds - asyncio.get_running_loop().time()
        if left > TICK_S:
            await asyncio.sleep(left)

    async def _told(self, delivery: Delivery) -> Moment:
        store, code, millis = self._service.store, "", 0.0
        head = store.head()
        if delivery.kind == "hl7v2":
            outcome = await self._clients[delivery.feed].send(delivery.body)
            code, millis = outcome.code, outcome.millis
        else:
            body, at = BytesIO(delivery.body), delivery.received_at
            await asyncio.to_thread(keep_file, store, body, delivery.feed, at, delivery.kind)
            self._service.worker.notify()
        await self._worked_off()
        return Moment(self._clock(), delivery, self._effects(), code, millis, repeat=store.head() == head)

    async def _worked_off(self) -> None:
        """Wait until every line is processed and nobody is due."""
        store = self._service.store
        try:
            async with asyncio.timeout(PATIENCE_S):
                # The pipeline works in a thread of its own and tells nobody: it is asked.
                while store.cursor() < store.head() or ((due := store.next_wake()) and due <= self._clock()):  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            why = self._service.worker.condition.failure or "the pipeline is busy"
            raise WorldIsAway(f"the demo waits in vain: {why}.\n  Try again, with fewer --members.") from None

    def _effects(self) -> tuple[Effect, ...]:
        found: list[Effect] = []
        while rows := self._service.store.outbox(self._position, PAGE):
            self._position = rows[-1].position
            found += [row.effect for row in rows]
        return tuple(found)

"""Play a story into a running service: HL7 v2 through its MLLP ports, tables as files, each at its time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from io import BytesIO

import msgspec

from connectors.mllp.client import Client
from connectors.mllp.framing import frame
from connectors.mllp.header import read_header
from models.errors import WorldIsAway
from models.time import Instant
from models.view import Effect
from services.cli.demo.staging import StoryClock
from services.cli.demo.story import LENGTH, Story, Told
from services.runtime.store.contract import Reader
from services.wiring.loading import keep_file
from services.wiring.service import Service

SECONDS = 40.0
"""How long the whole story takes at speed 1."""
TICK_S = 0.05
POLL_S = 0.002
PATIENCE_S = 30.0
PAGE = 500
APART = timedelta(milliseconds=1)
SILENCE = "no answer"
"""What bytes without an MSH get: there is nothing to answer to, and the connection closes."""


class Happened(msgspec.Struct, frozen=True):
    """What one line of the story, or time alone (`line` None), led to.

    `code` is the answer ("" for tables), `millis` what the sender waited for it; `repeat` says that the journal did not
    grow; `quarantined` are the ids of what could not be read; `parked` says that somebody more belongs to nobody.
    """

    at: Instant
    line: Told | None
    effects: tuple[Effect, ...]
    code: str = ""
    millis: float = 0.0
    repeat: bool = False
    quarantined: tuple[int, ...] = ()
    parked: bool = False


class Player:
    """Plays one story, once. Each line waits until what came before is worked off, so that effects have one cause."""

    def __init__(self, service: Service, story: Story, clock: StoryClock, start: Instant, *, speed: float) -> None:
        self._service, self._story, self._clock, self._start = service, story, clock, start
        self._seconds = SECONDS / speed
        self._position = self._waiting = 0
        self._clients: dict[str, Client] = {}

    @property
    def position(self) -> int:
        """How far the outbox was read."""
        return self._position

    async def play(self) -> AsyncIterator[Happened]:
        """Tell everything, in order, and say what came of it."""
        async with AsyncExitStack() as stack:
            for listener in self._service.listeners:
                ((host, port),) = listener.addresses
                client = await stack.enter_async_context(Client(host, port))
                self._clients[listener.settings.feed] = client
            for name, text in (("facilities", self._story.facilities_csv), ("roster", self._story.roster_csv)):
                yield await self._told(Told(timedelta(), "demo-plan", text.encode(), name, f"the plan's {name} file"))
            began = asyncio.get_running_loop().time()
            for number, line in enumerate(self._story.lines):
                # A millisecond apart, so that what is due a day after one line is not due with another.
                async for passed in self._pass_to(line.at + number * APART, began):
                    yield passed
                yield await self._told(line)
        async for passed in self._pass_to(LENGTH, began):
            yield passed
        self._clock.go_live()
        yield await self.time_alone()

    async def time_alone(self) -> Happened:
        """What fell due since the last look."""
        self._service.worker.notify()
        await self._worked_off()
        return Happened(self._clock(), None, self._effects())

    async def _pass_to(self, at: timedelta, began: float) -> AsyncIterator[Happened]:
        """Let the story's time pass, at its pace, up to the moment of a line."""
        loop = asyncio.get_running_loop()
        while (left := began + at / LENGTH * self._seconds - loop.time()) > 0:
            await asyncio.sleep(min(left, TICK_S))
            self._clock.to(self._start + min(at, LENGTH * ((loop.time() - began) / self._seconds)))
            yield await self.time_alone()
        self._clock.to(self._start + at)
        yield await self.time_alone()

    async def _told(self, line: Told) -> Happened:
        store, at = self._service.store, self._clock()
        head, parked = store.head(), _parked(store)
        code, millis = "", 0.0
        if line.kind == "hl7v2":
            code, millis = await self._sent(line)
        else:
            await asyncio.to_thread(keep_file, store, BytesIO(line.body), line.feed, at, line.kind)
            self._service.worker.notify()
        await self._worked_off()
        return Happened(
            at,
            line,
            self._effects(),
            code,
            millis,
            repeat=store.head() == head,
            quarantined=self._set_aside(),
            parked=_parked(store) > parked,
        )

    async def _sent(self, line: Told) -> tuple[str, float]:
        client = self._clients[line.feed]
        if read_header(line.body) is None:
            return await self._sent_blindly(line), 0.0
        outcome = await client.send(line.body)
        return outcome.code, outcome.millis

    async def _sent_blindly(self, line: Told) -> str:
        """Send what our own client refuses to send, over a connection that will be closed for it."""
        (address,) = (x.addresses[0] for x in self._service.listeners if x.settings.feed == line.feed)
        reader, writer = await asyncio.open_connection(*address)
        writer.write(frame(line.body))
        async with asyncio.timeout(PATIENCE_S):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return "an answer" if answer else SILENCE

    async def _worked_off(self) -> None:
        """Wait until every line is processed and nobody is due."""
        store = self._service.store
        try:
            async with asyncio.timeout(PATIENCE_S):
                # The pipeline works in a thread of its own and tells nobody: it is asked.
                while store.cursor() < store.head() or ((due := store.next_wake()) and due <= self._clock()):  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            why = self._service.worker.failure or "the pipeline is busy"
            raise WorldIsAway(f"the demo waits in vain: {why}.\n  Try again, with a lower --speed.") from None

    def _effects(self) -> tuple[Effect, ...]:
        found: list[Effect] = []
        while rows := self._service.store.outbox(self._position, PAGE):
            self._position = rows[-1].position
            found += [row.effect for row in rows]
        return tuple(found)

    def _set_aside(self) -> tuple[int, ...]:
        waiting = [row.id for row in self._service.store.quarantine(status="waiting")]
        new = tuple(number for number in waiting if number > self._waiting)
        self._waiting = max([self._waiting, *new])
        return new


def _parked(store: Reader) -> int:
    return store.counts().get("parked", 0)

"""One performance of the demo: the service, the player and what the audience sees, put together."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Self

from rich.text import Text

from models.time import Instant
from services.cli.demo.playing import Player
from services.cli.demo.retelling import Event, Teller
from services.cli.demo.showing import Screen, line_of
from services.cli.demo.staging import StoryClock, staged
from services.cli.demo.story import LENGTH, story
from services.cli.demo.summing import hints, summary, verified
from services.cli.demo.watching import standing
from services.wiring.service import Service

HINTED_BEFORE_END = timedelta(days=5)


class Performance:
    """`async with` starts the service in `folder`; the story then ends at `ends`."""

    def __init__(self, folder: Path, ends: Instant, speed: float) -> None:
        self._folder, self._start = folder, ends - LENGTH
        self._setup = staged(folder)
        self._clock = StoryClock(self._start)
        self._service = Service(folder, self._setup, self._clock, mllp=None, http="127.0.0.1:0", drop=None)
        self._player = Player(self._service, story(self._start), self._clock, self._start, speed=speed)
        self._teller = Teller()
        self._troubles: dict[str, list[str]] = {}
        self._began = time.monotonic()
        self.screen = Screen([], self._start, self._setup.zone)

    async def __aenter__(self) -> Self:
        await self._service.__aenter__()
        self.screen = Screen(self.addresses, self._start, self._setup.zone)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._service.__aexit__(*error)

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """(what, where) of everything that listens."""
        assert self._service.http_address
        feeds = [(x.settings.feed, "{}:{}".format(*x.addresses[0])) for x in self._service.listeners]
        return [*feeds, ("http", "{}:{}".format(*self._service.http_address))]

    async def play(self) -> AsyncIterator[list[Event]]:
        """Play the story; give what there is to tell, as it happens."""
        self._began = time.monotonic()
        async for happened in self._player.play():
            self.screen.now = happened.at
            self.screen.sent.add(happened, time.monotonic())
            events, came_of_it = self._teller.tell(happened)
            if happened.line and happened.line.note and happened.line.kind not in ("facilities", "roster"):
                self._troubles.setdefault(happened.line.note, []).append(came_of_it)
            yield events

    def look(self) -> None:
        """Read the figures for the screen."""
        self.screen.rate = self.screen.sent.rate(time.monotonic())
        self.screen.standing = standing(self._service.store)

    async def since(self) -> list[Event]:
        """What happened since the last look, with nobody playing."""
        return self._teller.tell(await self._player.time_alone())[0]

    async def ending(self, width: int) -> AsyncIterator[str]:
        """The summary and the hints, line by line."""
        seconds, store = time.monotonic() - self._began, self._service.store
        now = standing(store)
        found = await asyncio.to_thread(verified, store, self._setup, self._clock, now.members)
        for line in summary(self.screen.sent, self._troubles, now, found, seconds, width):
            yield line
        yield ""
        tasks = store.tasks(states=("overdue",)) or store.tasks()
        then = (self._start + LENGTH - HINTED_BEFORE_END).astimezone(self._setup.zone)
        for line in hints(self._folder, tasks[0].task_id if tasks else "TASK-ID", then):
            yield line

    def line_of(self, event: Event) -> Text:
        """An event as a line."""
        return line_of(event, self._setup.zone)

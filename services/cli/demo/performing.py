"""One performance of the demo: the service, the player and what the audience sees, put together."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

from rich.text import Text

from models.time import Instant, local_day
from services.cli.demo.checking import Verdict, judged
from services.cli.demo.daily import Days
from services.cli.demo.dollars import Paid, Purse
from services.cli.demo.playing import Moment, Player
from services.cli.demo.rates import Rates
from services.cli.demo.showing import Figures, Screen, line_of
from services.cli.demo.staging import StoryClock, staged
from services.cli.demo.summing import MEASURE, differences, earnings, hints, summary
from services.cli.demo.watching import FeedSeen, Sent, Ward
from services.cli.demo.wording import Narrator, News
from services.cli.measure_table import Shown
from services.simulation.recipe import Recipe
from services.simulation.world import World
from services.wiring.opening import Where
from services.wiring.programs import read_programs
from services.wiring.service import Service

EVENTS_KEPT = 100


class Performance:
    """`async with` starts the service in `folder`; the story then goes on until `ends`."""

    def __init__(self, folder: Path, recipe: Recipe, ends: Instant, speed: float) -> None:
        self.folder, self.world, self.setup = folder, World(recipe), staged(folder)
        self.clock = StoryClock(recipe.begins_at)
        self.sent, self.narrator = Sent(), Narrator()
        self._seconds = 0.0
        self._ends = ends
        self._service = Service(Where(folder), self.setup, self.clock, mllp=None, http="127.0.0.1:0", drop=None)
        self._player = Player(self._service, self.world.deliveries(), self.clock, ends, speed=speed)
        self._stay_events: deque[News] = deque(maxlen=EVENTS_KEPT)
        self._task_events: deque[News] = deque(maxlen=EVENTS_KEPT)

    async def __aenter__(self) -> Self:
        await self._service.__aenter__()
        self.store = self._service.store
        self._ward, self._rates = Ward(self.store), Rates(self.setup.pages)
        self._purse = Purse(read_programs(self.setup.settings.programs).programs, self.setup.pages)
        self.headcount, _ = self._ward.look()
        self._measures: list[Shown] = []
        self._money: list[Paid] = []
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._service.__aexit__(*error)

    @property
    def addresses(self) -> list[tuple[str, str, int]]:
        """(what, host, port) of everything that listens."""
        assert self._service.http_address
        return [*((x.settings.feed, *x.addresses[0]) for x in self._service.listeners),
                ("http", *self._service.http_address)]  # fmt: skip

    async def play(self) -> AsyncIterator[Moment]:
        """Play the story, and note what comes of it."""
        began = time.monotonic()
        async for moment in self._player.play():
            self.sent.add(moment, time.monotonic())
            self._task_events += self.narrator.tell(moment.effects)
            self._seconds = time.monotonic() - began
            yield moment

    async def days(self) -> AsyncIterator[str]:
        """Play the story; a line for each day that is over."""
        days, today = Days(), local_day(self.clock(), self.setup.zone)
        async for moment in self.play():
            day = local_day(moment.at, self.setup.zone)
            if day > today:
                await self.look()
                yield days.line(today, self.sent, self.headcount, self.narrator.counts)
                today = day

    async def look(self) -> list[News]:
        """See how the stays are, and what happened to them since the last look."""
        self.headcount, events = await asyncio.to_thread(self._ward.look)
        # After the end the year of the story is still what is told.
        today = local_day(min(self.clock(), self._ends), self.setup.zone)
        counters = await asyncio.to_thread(self.store.measure_counts)
        self._measures, self._money = self._rates.look(counters, str(today.year)), self._purse.look(counters, today)
        self._stay_events += events
        return events

    def screen(self) -> Screen:
        """A frame, as of now and the last look."""
        recipe = self.world.recipe
        figures = Figures(
            now=self.clock(),
            starts=recipe.begins_at,
            ends=self._ends,
            title=f"a made-up HIE: {recipe.members} members, {recipe.days} days, every fault",
            rate=self.sent.rate(time.monotonic()),
            latency=self.sent.latency(),
            answers=dict(self.sent.answers),
            repeats=self.sent.repeats,
            feeds=[(name, port, self.sent.feeds.get(name, FeedSeen())) for name, _, port in self.addresses[:-1]],
            files=self.sent.files,
            alerts=self.narrator.counts.copy(),
            headcount=self.headcount,
            problem=str(self._service.health()[1]["problem"] or ""),
            stay_events=list(self._stay_events),
            task_events=list(self._task_events),
            measures=self._measures,
            money=self._money,
        )
        return Screen(figures, self.setup.zone)

    async def since(self) -> list[News]:
        """What happened since the last look, with nobody playing."""
        return [*await self.look(), *self.narrator.tell((await self._player.time_alone()).effects)]

    async def judged(self) -> Verdict:
        """Whether all of it is right."""
        return await asyncio.to_thread(judged, self.store, self.setup, self.clock, self.world, self.folder)

    async def ending(self, verdict: Verdict, width: int) -> AsyncIterator[str]:
        """The summary and the hints, line by line."""
        await self.look()
        sent, said, recipe = self.sent, self.narrator.counts, self.world.recipe
        for line in summary(sent, said, self.headcount, verdict, recipe, self._seconds, width):
            yield line
        for line in earnings(self._measures, self._money):
            yield line
        for line in differences(verdict.score):
            yield line
        yield ""
        tasks = self.store.tasks(states=("overdue",)) or self.store.tasks()
        then = self.world.instants[1].astimezone(self.setup.zone)
        counted = self.store.tasks(rule=MEASURE) or tasks
        ids = (tasks[0].task_id, counted[-1].member_id) if tasks else ("TASK-ID", "MEMBER")
        for line in hints(self.folder, *ids, then):
            yield line

    def line_of(self, event: News) -> Text:
        """An event as a line."""
        return line_of(event, self.setup.zone)

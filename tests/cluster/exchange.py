"""What a made-up exchange says, and what an embedded store comes to know by it: the oracle of every fault run."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC
from itertools import groupby
from pathlib import Path

import msgspec
import pytest

from connectors.tabular.kinds import is_table
from models.time import Instant
from services.runtime.pipeline import Pipeline
from services.runtime.store.contract import NewLine
from services.runtime.store.sqlite import SqliteStore
from services.simulation.recipe import FAULTS, Recipe
from services.simulation.world import World
from services.wiring.clock import Clock
from services.wiring.loading import Summary, process
from services.wiring.setup import VALUE_SETS, Setup, read_setup
from tests.cluster.agreeing import shown
from topics.raw import RawLine

Named = tuple[str, str, bytes]
"""Feed, kind and SHA-256 of a body."""


class Story(msgspec.Struct, frozen=True):
    """Lines in order of receipt: messages live, tables from files. `instants` are those worth asking about."""

    lines: Sequence[RawLine]
    instants: Sequence[Instant]

    @property
    def named(self) -> set[Named]:
        """What there is in the end, however often it was said."""
        return {named(line.feed, line.kind, line.body) for line in self.lines}


class Oracle(msgspec.Struct, frozen=True):
    """A story, and what an embedded store makes of it: its members at each instant, the length of its journal."""

    story: Story
    setup: Setup
    shown: bytes
    head: int


def told(members: int, days: int, seed: int) -> Story:
    """The journal of `simulate --faults all`."""
    recipe = Recipe(members, days, seed, frozenset(FAULTS))
    return Story(
        [_line(x.feed, x.received_at.astimezone(UTC), x.kind, x.body) for x in World(recipe).deliveries()],
        recipe.instants,
    )


def oracle_of(story: Story, folder: Path) -> Oracle:
    """Have an embedded store in a new folder take the lines, one after the other."""
    setup = plain_setup()
    with SqliteStore.open(folder, now=Clock()) as store:
        for is_live, lines in groupby(story.lines, key=lambda line: line.is_live):
            store.append([NewLine(x.feed, x.received_at, x.kind, x.body) for x in lines], once=is_live).result()
        process(store, Pipeline(store, setup.readers, setup.reference, Clock()), Summary())
        return Oracle(story, setup, shown(store, setup, story.instants), store.head())


def plain_setup() -> Setup:
    """What ships, and nothing of the developer's own settings, as workers have it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(VALUE_SETS, raising=False)
        return read_setup(None)


def named(feed: str, kind: str, body: bytes) -> Named:
    return feed, kind, hashlib.sha256(body).digest()


def repeated(lines: Iterable[RawLine], every: int) -> list[RawLine]:
    """Each so-manieth of them twice: by a listener that did not hear that the broker has it."""
    return [again for number, line in enumerate(lines) for again in [line] * (1 + (number % every == 0))]


def _line(feed: str, received_at: Instant, kind: str, body: bytes) -> RawLine:
    is_live = not is_table(kind)
    return RawLine(feed, received_at, kind, body, is_live, b"AA" if is_live else None)

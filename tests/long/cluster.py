"""Workers on a real broker and a real database, to which happens whatever can; each story ends as the embedded store's.

Each scene has a namespace and a database of its own, tells a whole made-up exchange, and is judged by `Faulted.knows`:
members to the byte at several instants, the outbox and `members.tasks.v1` folded, everything computed anew, cursors.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.cluster.exchange import Oracle, oracle_of, told
from tests.cluster.faulted import Faulted
from tests.long import leaving, losing
from tests.long.asked import Asked
from tests.servers.kafka import KafkaServer
from tests.servers.postgres import PostgresServer


def run(asked: Asked, folder: Path) -> Iterator[str]:
    """Play scene after scene; say of each what it cost."""
    stories = Stories(asked, folder)
    yield f"{len(stories.long.story.lines)} lines in the long story, {len(stories.short.story.lines)} in the short one"
    scenes: tuple[Callable[[Stage], str], ...] = (*leaving.SCENES, *losing.SCENES)
    with KafkaServer() as kafka, PostgresServer() as postgres:
        for scene in scenes:
            name = scene.__name__
            dice = asked.dice("cluster", name)
            stage = Stage(asked, dice, folder / name, kafka, postgres, stories)
            yield f"{name}: {scene(stage)}"


class Stories:
    """What is told, with what an embedded store makes of it."""

    def __init__(self, asked: Asked, folder: Path) -> None:
        self.long = self._told(folder / "long", asked.of(400, 30), asked.of(45, 10), asked.seed)
        self.short = self._told(folder / "short", asked.of(100, 20), asked.of(30, 8), asked.seed + 1)

    @staticmethod
    def _told(folder: Path, members: int, days: int, seed: int) -> Oracle:
        return oracle_of(told(members, days, seed), folder)


class Stage(NamedTuple):
    """What a scene plays on."""

    asked: Asked
    dice: Random
    folder: Path
    kafka: KafkaServer
    postgres: PostgresServer
    stories: Stories

    def cluster(self, *, session_s: float | None = None) -> Faulted:
        """A cluster of this scene; with the sessions of production, unless said otherwise."""
        url = self.postgres.create_database(f"scene_{self.folder.name}")
        return Faulted(self.folder, self.kafka.bootstrap, url, session_s=session_s)

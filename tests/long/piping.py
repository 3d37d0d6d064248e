"""Mutants through a whole store: journal, pipeline, timers, and everything computed again at the end."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench.world import facilities_csv, roster_csv
from services.runtime.pipeline import DERIVE_FAILED, Pipeline, read_lines
from services.runtime.recount import Recount
from services.runtime.store.contract import NewLine, walk_lines
from services.runtime.store.sqlite import SqliteStore
from services.status.questions import Questions
from services.wiring.setup import Setup, read_setup
from tests.long import bending
from tests.long.asked import Asked, Failed, hold, listed
from tests.long.judging import leaks
from tests.long.mutating import bytes_broken, mutant
from tests.long.pools import MEMBERS, pool, tables, told_at
from tests.long.shrinking import smaller

_IMPORTED = timedelta(days=10)
"""Some lines come from elsewhere, received there up to so long before; most tables do."""
_FEEDS = ("long", "long", "long", "other")


def lines_of(asked: Asked, store: int, count: int) -> list[NewLine]:
    """The journal of a store: half of the plan's members, then mutants, some of tables, most of messages."""
    known = [NewLine("plan", told_at(0), kind, body) for kind, body in _plan()]
    dice = (asked.dice("store", store, number) for number in range(1, count + 1))
    return known + [_line(each, told_at(number / count)) for number, each in enumerate(dice, 1)]


def _plan() -> list[tuple[str, bytes]]:
    return [("facilities", facilities_csv()), ("roster", roster_csv(range(MEMBERS // 2)))]


def _line(dice: Random, at: datetime) -> NewLine:
    is_table = dice.random() < 0.04
    if dice.random() < (0.7 if is_table else 0.03):
        at -= dice.random() * _IMPORTED
    if is_table:
        kind, body = dice.choice(tables())
        if dice.random() < 0.6:
            body = dice.choice((bytes_broken, bending.time_replaced))(body, dice)
        return NewLine("plan", at, kind, body)
    # One in eight is whole, so that what the others say has something to differ from.
    feed = dice.choice(_FEEDS)
    return NewLine(feed, at, "hl7v2", dice.choice(pool()) if dice.random() < 0.125 else mutant(pool(), dice))


def piped(asked: Asked, store: int, count: int, folder: Path) -> Counter[str]:
    """Send one store's lines through, with restarts, live or in bulk; hold it to every promise.

    Raises:
        Failed: with the least journal that fails, where the journal is to blame.
    """
    lines = lines_of(asked, store, count)
    try:
        return _sent_through(lines, asked.dice("batches", store), folder)
    except AssertionError as error:
        cause = str(error)
        least = smaller(
            lines, lambda rest: _fails(rest, asked.dice("batches", store), cause), seconds=asked.of(120, 10)
        )
        shown = [f"   {line.feed} {line.received_at.isoformat()} {line.kind} {line.body!r}" for line in least[:12]]
        raise Failed("\n".join([f"store {store}: {cause}; {len(least)} lines suffice:", *shown])) from error


def _now(lines: Sequence[NewLine]) -> datetime:
    return max(line.received_at for line in lines)


def _fails(lines: Sequence[NewLine], dice: Random, cause: str) -> bool:
    """Whether these lines break the same promise; the first words tell it."""
    with TemporaryDirectory(dir=_memory()) as place:
        try:
            _sent_through(lines, dice, Path(place))
        except AssertionError as error:
            return str(error)[:25] == cause[:25]
    return False


def _sent_through(lines: Sequence[NewLine], dice: Random, folder: Path) -> Counter[str]:
    setup, bulk, now = read_setup(None), dice.random() < 0.5, _now(lines)
    with _overheard() as said:
        at = 0
        while at < len(lines):
            with _opened(folder / "store", setup, now) as (store, pipeline):
                for _ in range(dice.choice((1, 5, 40))):
                    part = _together(lines[at : at + dice.choice((1, 20, 128, 500))])
                    at += len(part)
                    if part:
                        store.append(part).result()
                    while dice.random() < 0.9 and pipeline.run(bulk=bulk):
                        pass
        with _opened(folder / "store", setup, now) as (store, pipeline):
            while pipeline.run(bulk=bulk):
                pass
            pipeline.settle()
            counts = _kept(store, lines, setup)
            _agrees(store, setup, folder / "again", now)
    broken = [line for line in said if "derive failed" in line]
    hold(not broken, f"derive: {listed(broken, 1)}")
    hold(not leaks(said), "log: a person's value is in the log")
    return counts


def _together(lines: Sequence[NewLine]) -> Sequence[NewLine]:
    """The lines before the next table; a table is a file, and comes alone."""
    tables_at = [place for place, line in enumerate(lines) if line.feed == "plan"]
    return lines[: tables_at[0] or 1] if tables_at else lines


@contextmanager
def _opened(folder: Path, setup: Setup, now: datetime) -> Iterator[tuple[SqliteStore, Pipeline]]:
    with SqliteStore.open(folder, now=lambda: now) as store:
        yield store, Pipeline(store, setup.readers, setup.reference, lambda: now)


def _kept(store: SqliteStore, lines: Sequence[NewLine], setup: Setup) -> Counter[str]:
    """The journal is what was sent, and each message of it was taken, counted or set aside."""
    expected = list(dict.fromkeys((line.feed, line.kind, line.received_at, line.body) for line in lines))
    journal = list(walk_lines(store))
    hold([(x.feed, x.kind, x.received_at, x.body) for x in journal] == expected, "journal: not what was sent")
    hold(store.cursor() == store.head() == len(expected), "pipeline: it did not come to the end")
    heard = read_lines(setup.readers, journal)
    counts = {word: count for word, count in store.counts().items() if word in heard.counts}
    hold(counts == {**heard.counts, **_replays(counts, heard.counts)}, f"counts: {counts} for {dict(heard.counts)}")
    rows = store.quarantine()
    hold(not [row for row in rows if row.reason == DERIVE_FAILED], "derive: a member is set aside")
    hold(len(rows) == heard.counts["quarantined"], "quarantine: not every message that was set aside is listed")
    hold(not leaks(f"{row.reason} {row.where} {row.shape} {row.fix}" for row in rows), "quarantine: a person's value")
    return heard.counts


def _replays(counts: dict[str, int], heard: Counter[str]) -> dict[str, int]:
    """Messages that a decision had read again are counted again."""
    return {word: count for word, count in counts.items() if word != "quarantined" and count > heard[word]}


def _agrees(store: SqliteStore, setup: Setup, again: Path, now: datetime) -> None:
    """What `verify` checks, and that what is listed now is what the raw log says now, however it was received."""
    hold(store.broken_chain() == [], "verify: a chain is broken")
    with SqliteStore.open(again, now=lambda: now) as fresh:
        differences = list(Recount(store, fresh, setup.readers, setup.reference, lambda: now).compare())
        live, batch = (dict(Questions(each, setup.reference).views(now)) for each in (store, fresh))
    hold(
        live == batch, f"live: {sum(live.get(one) != view for one, view in batch.items())} members differ from a batch"
    )
    paths = [f"{one.path}: stored {one.stored}, now {one.recomputed}" for one in differences]
    hold(not paths, f"verify: differences in {listed(paths)}")


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """Everything that is logged meanwhile."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(logging.Formatter().format(record))  # type: ignore[method-assign]
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    root.handlers, root.level = [handler], logging.DEBUG
    try:
        yield said
    finally:
        root.level, root.handlers = before


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None

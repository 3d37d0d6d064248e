"""Processes that recount a store together, each a share (`services.runtime.shares`)."""

import contextlib
import signal
from collections import Counter
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

import msgspec

from models.errors import WorldIsAway
from services.runtime.cluster import shards
from services.runtime.cluster.holding import Contended
from services.runtime.dealing import News, Place
from services.runtime.pipeline import Pipeline
from services.runtime.shares import Compared, Share
from services.runtime.store.contract import Reader
from services.wiring.opening import Where, open_reader

_TOGETHER = 50
"""Members derived in one transaction."""


class Original(msgspec.Struct, frozen=True):
    """The store that is recounted.

    Args:
        moment: the state of a database that is looked at (`PostgresReader.moment`); empty: as it is, since nobody
            else writes to it.
    """

    where: Where
    moment: str = ""


class ForkedCrew:
    """One child process for each share. Use it in a `with`; they end with the block, or with this process.

    They are forked at once, so do it before threads or connections are there.
    """

    def __init__(self, shares: Sequence[Share]) -> None:
        context = get_context("fork")
        self._ends: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for share in shares:
            ours, theirs = context.Pipe()
            self._ends.append(ours)
            process = context.Process(target=_serve, args=(share, theirs, tuple(self._ends)), daemon=True)
            process.start()
            self._processes.append(process)
            theirs.close()

    @property
    def shares(self) -> int:
        """How many they are."""
        return len(self._ends)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for end in self._ends:
            end.close()
        for process in self._processes:
            if kind:
                process.terminate()
            process.join()
            process.close()

    def look_at(self, original: Original) -> None:
        """Say which store it is about."""
        self._all("look_at", original)

    def deal(self, last: int) -> list[Counter[Place]]:
        """`Share.deal` of all."""
        return self._all("deal", last)

    def absorb(self) -> list[News]:
        """`Share.absorb` of all."""
        return self._all("absorb")

    def compare(self) -> list[Compared]:
        """`Share.compare` of all."""
        return self._all("compare")

    def settle(self) -> None:
        """Have everybody derived who waits for it, in a database whose one writer this process is."""
        self._all("settle")

    def _all(self, step: str, *words: object) -> list[Any]:
        try:
            for end in self._ends:
                end.send((step, words))
            found = [end.recv() for end in self._ends]
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise WorldIsAway(
                "a process of the recount has ended. Was there too little memory? Try fewer: --jobs 1."
            ) from None
        for each in found:
            if isinstance(each, BaseException):
                raise each
        return found


class _Helper:
    """What a child does."""

    def __init__(self, share: Share, stack: contextlib.ExitStack) -> None:
        self._share, self._stack = share, stack
        self._where: Where | None = None
        self._reader: Reader | None = None

    def look_at(self, original: Original) -> None:
        reader = self._stack.enter_context(open_reader(original.where))
        self._where, self._reader = original.where, reader
        if original.moment:
            from services.runtime.store.postgres_reader import PostgresReader

            assert isinstance(reader, PostgresReader), "a file has no moments"
            self._reader = self._stack.enter_context(reader.still(original.moment))

    def deal(self, last: int) -> Counter[Place]:
        assert self._reader, "look at the original first"
        return self._share.deal(self._reader, last)

    def absorb(self) -> News:
        return self._share.absorb()

    def compare(self) -> Compared:
        assert self._reader, "look at the original first"
        return self._share.compare(self._reader)

    def settle(self) -> None:
        from services.runtime.cluster.progress import Progress
        from services.runtime.cluster.taking import Taker
        from services.runtime.store.postgres import PostgresStore

        assert self._where, "look at the original first"
        assert self._where.url, "several write to a database only"
        share = self._share
        store = self._stack.enter_context(PostgresStore.assist(self._where.url, self._where.namespace))
        pipeline, digest = Pipeline(store, share.readers, share.reference, share.now), share.reference.digest
        taker = Taker(store, pipeline, digest, f"recount-{share.number}", 0, Progress().lane())
        while store.due(at := share.now(), 1):
            with contextlib.suppress(Contended):  # who shares evidence with others may be held by another helper
                taker.wake(at, _TOGETHER, share.is_at_home, shards.of_helper(share.number))


def _serve(share: Share, end: Connection, others: Sequence[Connection]) -> None:
    """Do step after step, until the parent is gone."""
    for other in others:  # else they would not be seen to close
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    with contextlib.ExitStack() as stack, contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        helper = _Helper(share, stack)
        while True:
            step, words = end.recv()
            try:
                done = getattr(helper, step)(*words)
            except Exception as error:  # noqa: BLE001 - it is raised in the parent
                done = error
            end.send(done)

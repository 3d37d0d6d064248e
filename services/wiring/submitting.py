"""What people decide becomes a journal line: kept here, or handed to the service that holds the store."""

import asyncio
import os
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from connectors.files.drop import DropFolder
from connectors.files.exporting import exported
from models.time import Instant
from services.runtime.pipeline import Pipeline
from services.runtime.store.contract import NewLine, Store, StoreIsBusy
from services.wiring.clock import Clock
from services.wiring.loading import DROPPED, INBOX, keep_file
from services.wiring.opening import open_store
from services.wiring.setup import Setup
from services.wiring.tidying import forget_taken


def submit(folder: Path, setup: Setup, clock: Clock, kind: str, body: bytes) -> bool:
    """Keep a line and process it.

    Returns:
        Whether it was processed here; False when it waits in the running service's inbox.
    """
    line = NewLine("decisions", clock(), kind, body)
    try:
        store = open_store(folder, clock)
    except StoreIsBusy:
        _hand_over(folder / INBOX, line, clock())
        return False
    with store:
        take_inbox(store, folder, clock)
        store.append([line]).result()
        pipeline = Pipeline(store, setup.readers, setup.reference, clock)
        while pipeline.run():
            pass
        pipeline.settle()
    return True


def take_inbox(store: Store, folder: Path, clock: Clock) -> None:
    """Keep what was handed to a service that ended before it looked."""
    inbox = folder / INBOX
    if not inbox.is_dir():
        return

    async def take(stream: BinaryIO, name: str) -> None:
        keep_file(store, stream, DROPPED, clock(), name)

    asyncio.run(DropFolder(inbox, take, quiet_seconds=0).sweep())
    forget_taken(store, folder, clock())


def _hand_over(inbox: Path, line: NewLine, now: Instant) -> None:
    """Leave a line where the service looks; the name appears only when they are on disk."""
    inbox.mkdir(parents=True, exist_ok=True)
    name = f"{now:%Y%m%dT%H%M%S%f}-{uuid4().hex[:8]}.ndjson"
    unfinished = inbox / f"{name}.tmp"
    with unfinished.open("wb") as file:
        file.write(exported(0, line.received_at, line.feed, line.kind, line.body))
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(inbox / name)

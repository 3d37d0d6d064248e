"""What people decide becomes a journal line: kept here, or handed to the service that holds the store."""

import asyncio
import os
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from connectors.files.contract import Sheaf, TakenLine
from connectors.files.drop import DropFolder
from connectors.files.exporting import exported
from models.time import Instant
from services.runtime.pipeline import Pipeline
from services.runtime.store.contract import NewLine, Store, StoreIsBusy
from services.settings import Kafka
from services.wiring.awaiting import wait_until_taken
from services.wiring.clock import Clock
from services.wiring.loading import DROPPED, INBOX, keep_file
from services.wiring.opening import Where, open_store
from services.wiring.setup import Setup
from services.wiring.tidying import forget_taken

PATIENCE_S = 10.0
"""So long a command waits for the workers of a cluster: what it had to say is safe already."""


def submit(where: Where, setup: Setup, clock: Clock, kind: str, body: bytes) -> bool:
    """Keep a line and process it.

    Returns:
        Whether it was processed; False when it waits in the running service's inbox, or for a cluster's workers.
    """
    line = NewLine("decisions", clock(), kind, body)
    if kafka := setup.settings.kafka:
        return _hand_to_workers(where, kafka, clock, line)
    try:
        store = open_store(where, clock)
    except StoreIsBusy:
        if where.url and not (where.folder / INBOX).is_dir():
            raise  # whoever holds it runs elsewhere, and would never look here
        _hand_over(where.folder / INBOX, line, clock())
        return False
    with store:
        take_inbox(store, where.folder, clock)
        store.append([line]).result()
        pipeline = Pipeline(store, setup.readers, setup.reference, clock)
        while pipeline.run():
            pass
        pipeline.settle()
    return True


def _hand_to_workers(where: Where, kafka: Kafka, clock: Clock, line: NewLine) -> bool:
    """Have a line on the brokers, and give the workers a moment for it."""
    from services.wiring.producing import cluster  # the client of Kafka takes a fifth of a second that few need

    taken = TakenLine(line.feed, line.received_at, line.kind, line.body)
    with cluster(where, kafka, clock) as (store, journal):
        journal.keep(Sheaf(sha256(line.body).digest(), 1, (taken,)))
        return wait_until_taken(store, journal.sent, journal.latest, patience_s=PATIENCE_S)


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

"""Our listener over our journal, and nothing behind it: what `serve` would answer if processing cost nothing."""

import asyncio
import sys
from pathlib import Path

import uvloop

from bench import kept
from connectors.mllp.listener import Listener
from services.runtime.store.sqlite import SqliteStore
from services.wiring.clock import Clock
from services.wiring.keeping import StoreKeeper
from services.wiring.listening import Judging, listeners


async def receive(folder: Path) -> None:
    """Say the address, then keep and answer until killed."""
    setup, clock = kept.setup(), Clock()
    (settings,) = listeners(setup, "127.0.0.1:0")
    with SqliteStore.open(folder, now=clock) as store:
        listener = Listener(settings, StoreKeeper(store, clock, lambda: None), Judging(setup))
        await listener.start()
        ((host, port),) = listener.addresses
        print(f"{host}:{port}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(receive(Path(sys.argv[1])))

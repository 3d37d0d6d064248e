"""A publisher in a process of its own, to be killed and frozen. Run as a module, with the addresses as arguments."""

import asyncio
import sys
from functools import partial

from services.runtime.cluster.publishing import Publisher
from services.runtime.store.postgres_reader import PostgresReader


async def publish(url: str, namespace: str, bootstrap: str) -> None:
    """Publish until killed, and say on stdout when this one begins and ceases to lead."""
    publisher = Publisher(url, namespace, bootstrap, partial(PostgresReader.open, url, namespace))
    running = asyncio.create_task(publisher.run())
    leads = False
    while not running.done():
        if publisher.condition.leads != leads:
            leads = not leads
            print("leads" if leads else "stands by", flush=True)
        await asyncio.sleep(0.02)
    await running


if __name__ == "__main__":
    asyncio.run(publish(*sys.argv[1:]))

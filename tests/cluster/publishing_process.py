"""A publisher in a process of its own, to be killed and frozen. Run as a module, with the addresses as arguments."""

import asyncio
import sys
from functools import partial

from services.runtime.cluster import seat
from services.runtime.cluster.publishing import Publisher
from services.runtime.store.postgres_reader import PostgresReader


class SpeakingPublisher(Publisher):
    """Says on stdout when it begins and ceases to lead. Whoever looks now and then misses a lead of milliseconds."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "_leads" and value != getattr(self, name, False):
            print("leads" if value else "stands by", flush=True)
        super().__setattr__(name, value)


def publish(url: str, namespace: str, bootstrap: str, idle: str = "") -> None:
    """Publish until killed. `idle`: how long the database bears with one that is silent, if not as in production."""
    seat._SETTINGS |= {"idle_session_timeout": idle} if idle else {}
    publisher = SpeakingPublisher(url, namespace, bootstrap, partial(PostgresReader.open, url, namespace))
    asyncio.run(publisher.run())


if __name__ == "__main__":
    publish(*sys.argv[1:])

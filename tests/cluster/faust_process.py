"""Faust as its own documentation has it used, in a process of its own.

Args: STORY BOOTSTRAP NAME FOLDER [COMMIT_S [SESSION_S]]. It reads the topic NAME as the group NAME, commits every
COMMIT_S seconds, is missed by the group after SESSION_S, and prints what it does, one line each.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import faust
from faust import Worker


def skips(app: faust.App, topic: Any) -> None:
    """An agent that raises at the second event."""

    @app.agent(topic)
    async def read(stream: Any) -> None:
        async for value in stream:
            tell(value)
            if value == b"1":
                raise ValueError("a bug")


def overtakes(app: faust.App, topic: Any) -> None:
    """Two coroutines of one agent; who gets the first event is not done with it."""

    @app.agent(topic, concurrency=2)
    async def read(stream: Any) -> None:
        async for value in stream:
            tell(value)
            if value == b"0":
                await asyncio.sleep(3600)


def counts(app: faust.App, topic: Any) -> None:
    """A table of how often each key came."""
    table = app.Table("counts", default=int, partitions=1)

    @app.agent(topic)
    async def read(stream: Any) -> None:
        async for value in stream:
            key = value.decode()
            table[key] += 1
            print(key[:5], table[key], flush=True)


def tell(value: bytes) -> None:
    print(value.decode(), flush=True)


def main(story: str, bootstrap: str, name: str, folder: str, commit_s: str = "0.1", session_s: str = "60") -> None:
    app = faust.App(
        name,
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=Path(folder),
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=float(commit_s),
        broker_session_timeout=float(session_s),
        broker_heartbeat_interval=1,
        stream_recovery_delay=0,
        topic_disable_leader=True,
        topic_replication_factor=1,
        web_enabled=False,
        autodiscover=False,
    )
    globals()[story](app, app.topic(name, value_type=bytes, value_serializer="raw"))
    Worker(app, quiet=True, redirect_stdouts=False, override_logging=False).execute_from_commandline()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A Faust agent with our settings that does nothing: `python -m bench.idling FOLDER BOOTSTRAP NAMESPACE COUNT`.

Reads so many records of the live topic from its start; prints how many a second, from its first batch to its last.
"""

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import faust
import uvloop

from services.runtime.cluster.consuming import Consuming, build_app
from services.runtime.cluster.records import Record
from services.runtime.store.cluster_contract import Partition
from topics.declared import RAW


class Idler:
    """Counts what it is handed."""

    def __init__(self, count: int) -> None:
        self._left, self._rest, self._began = count, 0, 0.0

    async def seek(self, logs: Mapping[Partition, tuple[int, int]]) -> Mapping[Partition, int]:
        """From the start."""
        return {place: first for place, (first, _) in logs.items()}

    async def take(self, records: Sequence[Record]) -> None:
        """Do nothing; end after the last."""
        self._left -= len(records)
        if not self._began:  # the first batch was waiting before anybody looked at the clock
            self._began, self._rest = time.perf_counter(), self._left
        if self._left <= 0:
            # On a line of its own: Faust has moved the cursor about.
            print("", self._rest / (time.perf_counter() - self._began), sep="\n", flush=True)
            os._exit(0)


def main() -> None:
    folder, bootstrap, namespace, count = sys.argv[1:]
    idler = Idler(int(count))
    consuming = Consuming(bootstrap, namespace, "", leaves=False, folder=Path(folder))
    app = build_app(consuming, idler.seek, {RAW.name: idler.take})
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    faust.Worker(app, loop=loop, quiet=True, redirect_stdouts=False, override_logging=False).execute_from_commandline()


if __name__ == "__main__":
    main()

"""What of a worker reads, in a process of its own: prints the offset of each record that it is handed.

Args: BOOTSTRAP NAMESPACE FOLDER START. Without START it seeks and leaves as Faust itself does. The group waits for it
much longer than for a worker: who is gone has left.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import faust

from services.runtime.cluster import consuming
from services.runtime.cluster.consuming import Consuming, build_app
from services.runtime.cluster.records import Record
from services.runtime.store.cluster_contract import Partition
from topics.declared import RAW


def main(bootstrap: str, namespace: str, folder: str, start: str = "") -> None:
    async def seek(logs: Mapping[Partition, tuple[int, int]]) -> dict[Partition, int]:
        return dict.fromkeys(logs, int(start))

    async def take(records: Sequence[Record]) -> None:
        for record in records:
            print(record.offset, flush=True)

    if not start:
        del consuming._Consumer.perform_seek
    consuming.SESSION_S, consuming.REQUEST_S = 120.0, 180.0
    reads = Consuming(bootstrap, namespace, "one", bool(start), Path(folder))
    app = build_app(reads, seek, {RAW.name: take})
    faust.Worker(app, quiet=True, redirect_stdouts=False, override_logging=False).execute_from_commandline()


if __name__ == "__main__":
    main(*sys.argv[1:])

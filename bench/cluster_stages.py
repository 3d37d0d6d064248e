"""Where the time of a record goes in a worker: its batches taken in this process, without Faust, on PostgreSQL."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any
from zlib import crc32

import psycopg

from bench import kept
from bench.cluster_floors import TOGETHER
from bench.cluster_place import live
from bench.measuring import Figure, Samples, figure
from bench.staging import STAGES as EMBEDDED
from bench.staging import WHAT, Stopwatch, replaced
from bench.world import START, Told, facilities_csv, roster_csv
from services.runtime.cluster import taking
from services.runtime.cluster.records import Record
from services.runtime.store import postgres_session, postgres_transaction
from tests.cluster.desks import PARTITIONS, Desk, desks
from topics.declared import RAW
from topics.raw import RawLine, encode

_OF_SQLITE = {"rows", "commit", "rest", "writer"}
STAGES: dict[str, list[tuple[Any, str]]] = {
    **{stage: places for stage, places in EMBEDDED.items() if stage not in _OF_SQLITE},
    "lock": [(postgres_transaction, "lock_names"), (postgres_transaction, "try_lock_names")],
    "known": [(postgres_transaction, "known_lines")],
    "rows": [(postgres_session.PostgresSession, "rows"), (postgres_session.PostgresSession, "rows_of")],
    "writer": [(postgres_transaction, "carry_out")],
    "commit": [(psycopg.Transaction, "__exit__")],
    "rest": [(taking.Taker, "take")],
}
_WHAT = {name: what for name, what in WHAT.items() if name not in _OF_SQLITE} | {
    "lock": "PostgreSQL: names locked",
    "known": "PostgreSQL: repeats looked for",
    "rows": "PostgreSQL: reading",
    "writer": "PostgreSQL: writing",
    "commit": "PostgreSQL: COMMIT, synced",
    "rest": "the rest of the worker",
}


def stages(url: str, told: Sequence[Sequence[Told]], members: Sequence[int]) -> Iterator[Figure]:
    """What a record costs by stage, once for each of these backlogs."""
    tables = [("facilities", facilities_csv()), ("roster", roster_csv(members))]
    plan = [RawLine("plan", START, kind, body) for kind, body in tables]
    offsets: Counter[int] = Counter()
    with desks(url, "bench", kept.setup(), 1) as (desk,):
        _take(desk, _records(plan, offsets))
        desk.settle(kept.now())
        spent = [_spent(desk, _records(live(lines), offsets)) for lines in told]
    samples: Samples = {stage: [each[stage] for each in spent] for stage in _WHAT}
    samples["whole"] = [each.total() for each in spent]
    yield figure("taking.whole", "a record in a worker's batch, in all", "µs", samples, key="whole")
    for stage, what in _WHAT.items():
        yield figure(f"taking.{stage}", f"of it: {what}", "µs", samples, key=stage, against=["whole"])


def _records(lines: Sequence[RawLine], offsets: Counter[int]) -> list[Record]:
    """Lines as they would come from partitions, behind what came before."""
    records = []
    for line in lines:
        key, value, headers = encode(line)
        number = crc32(key) % PARTITIONS
        records.append(Record(RAW.name, number, offsets[number], line.received_at, key, value, tuple(headers)))
        offsets[number] += 1
    return records


def _take(desk: Desk, records: Sequence[Record]) -> None:
    for first in range(0, len(records), TOGETHER):
        desk.taker.take(records[first : first + TOGETHER])


def _spent(desk: Desk, records: Sequence[Record]) -> Counter[str]:
    """Microseconds a record by stage; by the wall clock, since most of what PostgreSQL costs is waiting."""
    watch = Stopwatch(time.perf_counter)
    with ExitStack() as stack:
        for stage, places in STAGES.items():
            for owner, name in places:
                stack.enter_context(replaced(owner, name, watch, stage))
        _take(desk, records)
    return Counter({stage: seconds / len(records) * 1e6 for stage, seconds in watch.spent.items()})

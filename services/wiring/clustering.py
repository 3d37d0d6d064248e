"""`worker`: one process of a cluster, put together."""

import asyncio
import os
import socket
import tempfile
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import uvicorn

from connectors.kafka.producer import Producer
from connectors.kafka.quiet import throttle_loggers
from services.runtime.cluster.consuming import Consuming
from services.runtime.cluster.progress import Progress
from services.runtime.cluster.publishing import Publisher
from services.runtime.cluster.rules import adopt_rules
from services.runtime.cluster.taking import Taker
from services.runtime.cluster.worker import Worker
from services.runtime.pipeline import Pipeline
from services.runtime.store.postgres import PostgresStore
from services.status.web import app_of
from services.status.worker_metrics import WorkerMetrics
from services.wiring.clock import Clock
from services.wiring.collecting import seldom_collecting
from services.wiring.http_serving import InnerServer, bound
from services.wiring.opening import Where, open_reader
from services.wiring.setup import Setup
from topics.declared import BULK, RAW


class Role(msgspec.Struct, frozen=True):
    """How one worker is to run.

    Args:
        instance: its name among the workers, the same after a restart; empty: none that lasts.
        http: HOST:PORT of health and metrics; None to leave out.
        drains: end when nothing is left to do. leaves: give up its partitions at the end, so that others take over
            at once; a worker that comes back in a moment keeps them.
    """

    instance: str = ""
    http: tuple[str, int] | None = None
    drains: bool = False
    leaves: bool = True


def run_worker(where: Where, setup: Setup, clock: Clock, role: Role) -> None:
    """Run a worker until it is told to end, by SIGINT, SIGTERM, or `drains`. Does not return.

    Raises:
        WorldIsAway: broker or database cannot be reached, or topics are missing; `cluster.ending.Ending` among them.
    """
    assert where.url, "a cluster's store is a database"
    kafka = setup.settings.kafka
    assert kafka, "a worker reads from Kafka"
    throttle_loggers()
    listening = bound(*role.http) if role.http else None
    partitions = asyncio.run(_partitions(kafka.bootstrap, where.namespace))
    store = PostgresStore.join(where.url, where.namespace, now=clock)
    adopt_rules(store, setup.reference.digest)
    name = role.instance or f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
    epoch = store.raise_epoch(name) if role.instance else 0  # nobody else can have a name that was made up just now
    progress = Progress()
    live, slow = (
        Taker(
            store,
            Pipeline(store, setup.readers, setup.reference, clock),
            setup.reference.digest,
            name,
            epoch,
            progress.lane(),
        )
        for _ in range(2)
    )
    publisher = Publisher(where.url, where.namespace, kafka.bootstrap, lambda: open_reader(where))
    folder = Path(tempfile.gettempdir()) / f"warmhandoff-{where.namespace}-{name}"
    consuming = Consuming(kafka.bootstrap, where.namespace, role.instance, role.leaves, folder)
    worker = Worker(store, live, slow, publisher, consuming, partitions, progress, drains=role.drains)
    if listening:
        print("http {}:{}".format(*listening.getsockname()[:2]), flush=True)
        metrics = WorkerMetrics(progress, lambda: publisher.condition, clock)
        app = app_of(lambda: _health(progress, publisher), metrics.scraped)
        config = uvicorn.Config(app, log_config=None, log_level="warning", access_log=False, lifespan="off")
        worker.beside(partial(InnerServer(config).serve, sockets=[listening]))
    seldom_collecting()
    worker.execute()


def _health(progress: Progress, publisher: Publisher) -> tuple[bool, dict[str, Any]]:
    """Whether a worker gets on; counts, never a person's data."""
    problem, publishing = progress.problem(), publisher.condition
    return not problem, {
        "problem": problem or publishing.failure or None,
        "partitions": [f"{topic}/{number}" for topic, number in progress.assigned or ()],
        "records": progress.records,
        "records_waiting": progress.behind,
        "time_is_judged_by": progress.as_of.isoformat() if progress.as_of else None,
        "timers_wait": progress.waits_for or None,
        "publishes": publishing.leads,
        "unpublished": publishing.behind if publishing.leads else None,
    }


async def _partitions(bootstrap: str, namespace: str) -> dict[str, int]:
    """How many partitions the topics have that a worker reads.

    Raises:
        WorldIsAway: the broker is, or a topic.
    """
    async with Producer(bootstrap) as broker:
        return {topic.name: await broker.partitions(topic.name_in(namespace)) for topic in (RAW, BULK)}

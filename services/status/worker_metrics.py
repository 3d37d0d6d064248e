"""What a worker's `/metrics` shows beside the store's figures; `docs/reference/metrics.md` lists all."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric

from models.time import Instant
from services.runtime.cluster.progress import Progress
from services.runtime.cluster.publishing import Condition
from services.status.families import counter, gauge, histogram

MICROS = 1e6


class WorkerMetrics:
    """Collects at each scrape.

    Args:
        published: asks the publisher. now: the clock.
    """

    def __init__(self, progress: Progress, published: Callable[[], Condition], now: Callable[[], Instant]) -> None:
        self._progress, self._published, self._now = progress, published, now
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def scraped(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """All families, as `prometheus_client` asks for them."""
        progress, published = self._progress, self._published()
        yield counter("worker_records", "Records taken.", (), {(): progress.records})
        yield counter("worker_retries", "Batches that were tried again.", (), {(): progress.tries})
        yield counter("worker_woken", "Members derived because their time had come.", (), {(): progress.woken})
        yield counter("worker_rebalances", "Times the group gave out partitions.", (), {(): progress.rebalances})
        yield histogram("worker_batch_seconds", "From a batch to its commit.", (), {(): progress.batch_micros}, MICROS)
        yield gauge("worker_partitions", "Partitions read.", (), {(): len(progress.assigned or ())})
        yield gauge("worker_well", "1 while it gets on.", (), {(): float(not progress.problem())})
        if progress.behind is not None:
            yield gauge("worker_records_waiting", "Records that nobody took yet.", (), {(): progress.behind})
        yield gauge("worker_time_lag_seconds", _TIME_LAG, (), {(): self._time_lag_s()})
        yield gauge("publisher_leads", "1 in the worker that publishes.", (), {(): float(published.leads)})
        if published.leads:
            yield gauge("publisher_waiting", "Effects committed and not published.", (), {(): published.behind})
            yield gauge("publisher_position", "Position in the outbox, published.", (), {(): published.position})
        yield gauge("publisher_failing_seconds", "Since when it cannot go on.", (), {(): published.failing_s})

    def _time_lag_s(self) -> float:
        """How old the oldest record may be that nobody took; infinite where nothing is known."""
        clear = self._progress.clear_until
        return (self._now() - clear).total_seconds() if clear else float("inf")


_TIME_LAG = "How far time, as members are judged, is behind the clock: no unread record is older."

"""What a process holds: resident memory, file descriptors, threads; and whether that grows (Linux: `/proc`)."""

import functools
import gc
import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from statistics import median

import msgspec

MIB = 1 << 20
_OURS = ("models", "connectors", "services")


class Sample(msgspec.Struct, frozen=True):
    """What a process held after so much `work` (messages, lines, seconds). `log_bytes` is the write-ahead log."""

    work: float
    resident_bytes: int
    descriptors: int = 0
    threads: int = 0
    log_bytes: int = 0


def held(process: int, work: float, store: Path | None = None) -> Sample:
    """Look at a process now.

    Raises:
        OSError: it is gone, or this is no Linux.
    """
    place = Path("/proc") / str(process)
    resident = int((place / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    descriptors, threads = (len(list((place / each).iterdir())) for each in ("fd", "task"))
    log = store / "warmhandoff.db-wal" if store else None
    return Sample(work, resident, descriptors, threads, log.stat().st_size if log and log.exists() else 0)


def growth(samples: Sequence[Sample]) -> float:
    """Bytes of resident memory a unit of work: the median of all pairs' slopes, so that single peaks weigh nothing."""
    step = max(1, len(samples) // 200)
    pairs = combinations(samples[::step], 2)
    slopes = [(b.resident_bytes - a.resident_bytes) / (b.work - a.work) for a, b in pairs if b.work > a.work]
    return median(slopes) if slopes else 0.0


def endless_caches(most: int) -> list[str]:
    """Caches of ours without a bound that hold more than so many entries."""
    found = []
    for each in gc.get_objects():
        if isinstance(each, functools._lru_cache_wrapper):
            about, module = each.cache_info(), getattr(each, "__module__", "")
            if about.maxsize is None and about.currsize > most and module.startswith(_OURS):
                found.append(f"{module}.{each.__qualname__} holds {about.currsize}")
    return found

"""The table people read, and the file programs read. Neither names the machine."""

import os
import platform
import sqlite3
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

import msgspec
from rich.console import Console
from rich.table import Table

from bench.measuring import Figure
from bench.page import short

PEERS = ("aiokafka", "faust-streaming", "hl7", "hl7apy", "msgspec", "psycopg", "pydantic", "uvicorn")


def machine(folder: Path) -> dict[str, object]:
    """What the figures depend on, without a host name or a path."""
    facts = Path("/proc/cpuinfo")
    models = [line.partition(":")[2].strip() for line in _lines(facts) if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "file_system": _file_system(folder),
        "fsync_us": round(_fsync_micros(folder)),
        "load_average_at_start": round(os.getloadavg()[0], 2),
    }


def versions() -> dict[str, str]:
    """Ours, the interpreter's, and those of the peers."""
    own = {"warmhandoff": version("warmhandoff"), "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    return own | {name: version(name) for name in PEERS}


def written(
    file: Path, figures: Sequence[Figure], aims: Mapping[str, list[str]], about: Mapping[str, object], *, quick: bool
) -> None:
    """Write the results as JSON."""
    found = {
        "schema": 2,
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": about,
        "versions": versions(),
        "figures": figures,
        "aims": aims,
    }
    file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")


def shown(figures: Sequence[Figure], aims: Mapping[str, list[str]]) -> None:
    """Print the table: one row a figure, its ratios to limits and peers behind it, and what was aimed for."""
    table = Table("figure", "median", "low to high", "unit", "ratio to", "aim", box=None, pad_edge=False)
    for column in (1, 2):
        table.columns[column].justify = "right"
    for each in figures:
        ratios = ", ".join(f"{short(ratio)} × {name}" for name, ratio in each.against.items())
        span = f"{short(each.low)} to {short(each.high)}" if each.rounds > 1 else ""
        said = each.missing and f"not measured: {each.missing}"
        table.add_row(each.what, short(each.median), span, each.unit, ratios or said, "; ".join(aims.get(each.id, ())))
    Console(width=None if os.isatty(1) else 230).print(table)


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def _file_system(folder: Path) -> str:
    mounts = [line.split() for line in _lines(Path("/proc/mounts"))]
    fit = [(len(mount[1]), mount[2]) for mount in mounts if folder.resolve().is_relative_to(mount[1])]
    return max(fit, default=(0, "unknown"))[1]


def _fsync_micros(folder: Path) -> float:
    """A page written and synced, the median of many: the least that one durable answer costs."""
    file = folder / "fsync-probe"
    spent = []
    with file.open("wb", buffering=0) as probe:
        for _ in range(50):
            probe.write(bytes(4096))
            start = time.perf_counter()
            os.fsync(probe.fileno())
            spent.append((time.perf_counter() - start) * 1e6)
    file.unlink()
    return median(spent)

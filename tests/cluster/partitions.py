"""What was told, as partitions of a topic hold it."""

from datetime import UTC, datetime

from services.runtime.cluster.records import Record
from tests.scribe import Line
from topics.declared import RAW
from topics.raw import RawLine, encode


def raw(line: Line, *, live: bool = True) -> RawLine:
    """A line of a story."""
    at = datetime.fromisoformat(line["received_at"]).astimezone(UTC)
    return RawLine(line["feed"], at, line["kind"], line["body"].encode(), is_live=live)


def partition(number: int, *lines: Line | RawLine) -> list[Record]:
    """Lines as the records of one partition."""
    told = [line if isinstance(line, RawLine) else raw(line) for line in lines]
    encoded = [encode(line) for line in told]
    return [
        Record(RAW.name, number, offset, line.received_at, key, value, tuple(headers))
        for offset, (line, (key, value, headers)) in enumerate(zip(told, encoded, strict=True))
    ]

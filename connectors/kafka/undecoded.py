"""Reads journal lines that hold a record of Kafka nobody could decode: says again what was wrong with it."""

import hashlib
from collections.abc import Iterator

from models.time import Instant
from services.intake.reading import Reading
from topics.undecoded import KIND, undecoded


class UndecodedReader:
    """`services.intake.reading.LineReader` of kind `record`, so that a rebuild quarantines it, too."""

    def read(self, feed: str, received_at: Instant, body: bytes) -> Iterator[Reading]:  # noqa: ARG002  # LineReader
        """Yield one quarantined reading."""
        problem = undecoded(body).problem()
        yield Reading(1, hashlib.sha256(body).hexdigest(), "quarantined", label=KIND, problem=problem)

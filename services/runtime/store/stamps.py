"""Instants as the stores keep them: microseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta

from models.time import Instant

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(at: Instant) -> int:
    """Microseconds since 1970 UTC."""
    return (at - EPOCH) // MICROSECOND


def instant(stamp: int) -> Instant:
    """The instant of `micros`."""
    return EPOCH + timedelta(microseconds=stamp)


def micros_or_none(at: Instant | None) -> int | None:
    """The same where there may be none."""
    return None if at is None else micros(at)


def instant_or_none(stamp: int | None) -> Instant | None:
    """The same where there may be none."""
    return None if stamp is None else instant(stamp)

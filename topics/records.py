"""The shapes of what leaves the system. Ids and names are those of the outbox lines.

A topic's shape has a number, which stands in its records' header `schema`. A shape that was released changes only by
gaining fields with a default (`topics.schemas`); whoever reads leaves alone what it does not know.
"""

from datetime import date
from typing import Annotated, TypeAlias

import msgspec

from models.time import Instant
from models.view import Alert, EffectKind, TaskState

At: TypeAlias = Annotated[Instant, msgspec.Meta(tz=True)]


class OwnerRecord(msgspec.Struct, frozen=True):
    """Who answers; null where there is none."""

    mcp_id: str | None
    ecm_provider_id: str | None
    lead_cm_id: str | None


class EffectRecord(msgspec.Struct, frozen=True):
    """An effect about a task. `position` is its place in the outbox; it orders effects of all topics."""

    id: str
    position: int
    at: At
    effect: EffectKind
    alert: Alert | None
    member_id: str
    subject: str
    revision: int
    rule: str
    state: TaskState
    due_at: At | None
    owner: OwnerRecord
    previous_owner: OwnerRecord | None
    reason: str | None
    because: tuple[str, ...]


class UnitRecord(msgspec.Struct, frozen=True):
    """What a measure says of a unit: its populations as `members --json` counts them."""

    measure: str
    version: str
    period: str
    unit: str
    initial_population: int
    denominator: int
    exclusion: int
    exception: int
    numerator: int
    value: float | None
    first: date
    last: date
    closes_on: date
    owner: OwnerRecord
    strata: dict[str, str]


class StatusRecord(msgspec.Struct, frozen=True):
    """What a measure says now. `contribution` null: nothing any more. `member_id` null: it is about no member."""

    id: str
    position: int
    at: At
    member_id: str | None
    subject: str
    revision: int
    rule: str
    state: TaskState
    owner: OwnerRecord
    previous_owner: OwnerRecord | None
    reason: str | None
    because: tuple[str, ...]
    contribution: UnitRecord | None


class CountRecord(msgspec.Struct, frozen=True):
    """A counter as it stands. `kind` and `stratum` are empty for the counter of all units."""

    measure: str
    version: str
    period: str
    owner: OwnerRecord
    kind: str
    stratum: str
    initial_population: int
    denominator: int
    exclusion: int
    exception: int
    numerator: int
    value_micros: int
    units: int


class QuarantineRecord(msgspec.Struct, frozen=True):
    """What could not be read. `seq` and `ordinal`: which line of the journal, which message or row of it."""

    id: str
    feed: str
    seq: int
    ordinal: int
    reason: str
    where: str
    shape: str
    fix: str
    status: str

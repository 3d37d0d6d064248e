"""Stays as messages told them (ADT), in the shape in which they enter."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from models.events import Diagnosis, Statement
from models.time import Instant
from models.view import Stay
from services.measures.entering.memory import Known

HAPPENED = frozenset({"active", "on_leave", "finished", "closed_inferred"})
"""States of a stay that somebody lies, or lay, in."""


class Snapshot(msgspec.Struct, frozen=True, eq=False, gc=False):
    """The diagnoses that one message stated, all that it knew; `version` orders messages."""

    version: tuple[Instant, Instant, bool, Instant, str]
    diagnoses: tuple[Diagnosis, ...]


class ToldStay(msgspec.Struct, frozen=True, eq=False):
    """A stay as messages told it. `arrived_at` is when its first leg began: an emergency visit before the admission."""

    stay: Stay
    arrived_at: Instant | None
    snapshots: tuple[Snapshot, ...] = ()
    names: tuple[str, ...] = ()


class _Statement(Protocol):
    """`services.member.said.Said`, as far as it is needed."""

    @property
    def statement(self) -> Statement: ...
    @property
    def version(self) -> tuple[datetime, datetime, bool, datetime, str]: ...


class _Leg(Protocol):
    @property
    def started_at(self) -> Instant | None: ...


class _Replay(Protocol):
    @property
    def legs(self) -> Sequence[_Leg]: ...


class _Folded(Protocol):
    """`services.member.stays.Folded`, as far as it is needed."""

    @property
    def stay(self) -> Stay: ...
    @property
    def said(self) -> Sequence[_Statement]: ...
    @property
    def replay(self) -> _Replay: ...


def told_stays(folded: Iterable[_Folded], memory: Known[tuple[object, ToldStay]]) -> list[ToldStay]:
    """The stays that happened, out of all that were folded.

    Args:
        memory: how they were told before.
    """
    memory.next_round()
    found: list[ToldStay] = []
    for one in folded:
        if one.stay.status in HAPPENED:
            key = (id(one), 0, "")
            found.append(memory.keep(key, memory.known(key) or (one, told_stay(one)))[1])
    return found


def told_stay(folded: _Folded) -> ToldStay:
    """One stay, with what its messages stated of diagnoses."""
    stay, legs = folded.stay, folded.replay.legs
    snapshots = tuple(Snapshot(s.version, s.statement.diagnoses) for s in folded.said if s.statement.diagnoses)
    names = tuple(dict.fromkeys(source.name for source in stay.sources))
    return ToldStay(stay, legs[0].started_at if legs else None, snapshots, names)

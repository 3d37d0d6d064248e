"""Did the member die? A wrong death flag is harmful, so one feed alone is not believed (interop R-78)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from models.dispositions import DIED
from models.events import DeathWord, Teller
from models.time import Instant, Stamp, resolve
from services.member.stays import Folded


@dataclass(frozen=True, slots=True)
class Death:
    """The member died: when, and the message that counts for it."""

    at: Instant
    name: str


def death_of(
    stays: Sequence[Folded], words: Iterable[tuple[DeathWord, Sequence[Teller]]], zone: ZoneInfo
) -> tuple[Death | None, bool]:
    """When the member died, and whether one feed alone says so (which waits for a second, R-78).

    A discharge with an expired disposition is enough; a death flag needs two feeds, by the newest word of each.
    """
    by_discharge = [
        Death(o.at, o.first.name)
        for stay in stays
        for o in stay.occurrences
        if o.event == "discharged" and o.ended_by is None and o.disposition in DIED
    ]
    if by_discharge:
        return min(by_discharge, key=lambda d: (d.at, d.name)), False
    newest: dict[str, tuple[tuple[Instant, Instant, str], DeathWord]] = {}
    for word, tellers in words:
        for teller in tellers:
            said_at = _instant(teller.recorded or teller.sent, zone) or teller.received_at
            version = (said_at, teller.received_at, teller.name)
            if teller.feed not in newest or version > newest[teller.feed][0]:
                newest[teller.feed] = (version, word)
    dead = [(_instant(word.at, zone) or version[0], version[2]) for version, word in newest.values() if word.died]
    if len(dead) > 1:
        return Death(*min(dead)), False
    return None, bool(dead)


def _instant(stamp: Stamp | None, zone: ZoneInfo) -> Instant | None:
    return resolve(stamp, zone).at if stamp else None

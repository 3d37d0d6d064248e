"""The one place that knows what follows from a member's facts."""

from collections.abc import Mapping, Sequence

import msgspec

from models.events import CareEvent, Claim, DeathWord, RosterRow, Teller, VisitRename
from models.reference import Reference
from models.time import Instant
from models.view import View
from services.member.deaths import death_of
from services.member.evidence import Deeds
from services.member.followups import History
from services.member.roster import Roster
from services.member.said import Heard, Resolver
from services.member.stays import stays
from services.member.tasks import tasks


class MemberFacts(msgspec.Struct, frozen=True):
    """Everything known of one member by an instant: the plan's rows, and what feeds said of the linked patients."""

    member_id: str
    heard: Sequence[Heard] = ()
    renames: Sequence[VisitRename] = ()
    deaths: Sequence[tuple[DeathWord, Sequence[Teller]]] = ()
    roster: Mapping[RosterRow, Sequence[Teller]] = {}
    care_events: Mapping[CareEvent, Sequence[Teller]] = {}
    claims: Mapping[Claim, Sequence[Teller]] = {}
    flags: tuple[str, ...] = ()


def derive(facts: MemberFacts, reference: Reference, as_of: Instant) -> View:
    """Say what follows from a member's facts.

    Args:
        facts: what had been received by `as_of`; order and repetition of the messages have left no trace in it.
        reference: rules, registry, calendars and value sets.
        as_of: the only "now" there is, UTC.

    Returns:
        Stays in order of start, tasks in order of opening, and the next instant at which time alone changes them.
    """
    roster = Roster(facts.roster.items(), reference.zone)
    resolver = Resolver(reference)
    said = [s for heard in facts.heard for s in resolver.resolve(heard)]
    folded = stays(facts.member_id, said, facts.renames, reference, as_of)
    death, unconfirmed = death_of(folded, facts.deaths, reference.zone)
    deeds = Deeds(facts.care_events, facts.claims, roster, reference.value_sets, reference.zone)
    follow_ups = History(folded, roster, death, reference.zone, as_of).follow_ups()
    listed, wakes = tasks(facts.member_id, follow_ups, deeds, roster, reference, as_of)
    wakes += [*roster.changes(), *deeds.instants(), *(f.closes_at for f in folded if f.closes_at)]
    return View(
        stays=tuple(f.stay for f in folded),
        tasks=tuple(listed),
        wake_at=min((at for at in wakes if at > as_of), default=None),
        flags=(*facts.flags, *(("death_unconfirmed",) if unconfirmed else ())),
    )

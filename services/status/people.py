"""Members as payment programs ask for them: who answered for them on a day, and what was done for them."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec

from models.events import CareEvent, RosterRow
from models.owner import Owner
from models.subjects import is_member
from models.time import Instant, local_day
from services.measures.entering.roster import person_of
from services.measures.items import Assigned, Person
from services.member.facts import known_by
from services.member.roster import Roster
from services.runtime.store.contract import Reader, walk_members
from services.runtime.workset import Workset

CHUNK = 500
"""Members read together."""


class Known(msgspec.Struct, frozen=True):
    """A member by the roster, with (local day, event) of what was done for them."""

    person: Person
    done: tuple[tuple[date, CareEvent], ...]

    def enrolled_with(self, first: date, last: date) -> set[Owner]:
        """The plans and providers with which the member was enrolled on any of some days."""
        return {
            _payee(one)
            for one in self.person.assignments
            if one.enrolled is not None and one.status == "enrolled"
            if max(one.enrolled, one.on) <= last.toordinal() and first.toordinal() <= one.until
        }

    def prospect_of(self, day: date) -> Owner | None:
        """The plan and provider to which the member was assigned on a day and not enrolled by then."""
        number = day.toordinal()
        one = next((each for each in reversed(self.person.assignments) if each.on <= number <= each.until), None)
        return _payee(one) if one and (one.enrolled is None or number < one.enrolled) else None


def _payee(one: Assigned) -> Owner:
    return Owner(one.owner.mcp_id, one.owner.ecm_provider_id)


class People:
    """All members of a store as known at an instant; read once, and only when somebody asks."""

    def __init__(self, reader: Reader, zone: ZoneInfo, as_of: Instant) -> None:
        self._reader, self._zone, self._as_of = reader, zone, as_of

    @cached_property
    def all(self) -> Mapping[str, Known]:
        """By member id."""
        return dict(self._read())

    def owner_on(self, member_id: str, day: date) -> Owner:
        """Who answered for a member on a day; nobody for one who was not known."""
        known = self.all.get(member_id)
        return known.person.owner_on(day.toordinal()) if known else Owner()

    def _read(self) -> Iterator[tuple[str, Known]]:
        members = filter(is_member, walk_members(self._reader))
        while ids := list(islice(members, CHUNK)):
            for member in Workset(self._reader).members(ids):
                facts = known_by(member.facts, self._as_of)
                rows = [(fact, tellers) for fact, tellers in facts.items() if isinstance(fact, RosterRow)]
                if rows:
                    roster = Roster(rows, self._zone)
                    events = (fact for fact in facts if isinstance(fact, CareEvent))
                    done = tuple((local_day(event.occurred_at, self._zone), event) for event in events)
                    yield member.member_id, Known(person_of(roster.listed, roster.spans, self._zone), done)

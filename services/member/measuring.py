"""What a subject contributes to every measure: its facts as items, of which every page asks."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

from models.clinical import Clinical, Demographics
from models.events import CareEvent, Claim, Fill, ReturnRow, Teller
from models.measure import Contribution
from models.reference import Reference
from models.subjects import is_files
from models.time import Instant, local_day, start_of_day
from models.view import Stay
from services.measures.book import Known, MeasureBook
from services.measures.entering.billed_stays import billed_stays
from services.measures.entering.billing import class_of
from services.measures.entering.gathering import Facts, Surroundings, groups_of
from services.measures.entering.memory import Entered, Key
from services.measures.entering.roster import person_of, roster_items
from services.measures.entering.selecting import standing_claims
from services.measures.entering.told_stays import ToldStay, told_stays
from services.measures.items import Index, Item, Person
from services.measures.verdicts import UnitResult
from services.member.deaths import Death
from services.member.filing import files_of_subject
from services.member.memo import Answers, Latest, Same
from services.member.roster import Roster
from services.member.stays import Folded, started

Told = tuple[Teller, ...]


class Subject(Protocol):
    """`services.member.derive.MemberFacts`, as far as measures ask."""

    @property
    def member_id(self) -> str: ...
    @property
    def claims(self) -> Mapping[Claim, Told]: ...
    @property
    def care_events(self) -> Mapping[CareEvent, Told]: ...
    @property
    def fills(self) -> Mapping[Fill, Told]: ...
    @property
    def returns(self) -> Mapping[ReturnRow, Told]: ...
    @property
    def clinical(self) -> Mapping[Clinical, Told]: ...
    @property
    def demographics(self) -> Sequence[Demographics]: ...


class Measuring:
    """What was worked out before: the items of each fact and each kind of facts, the roster's, every page's answers."""

    def __init__(self) -> None:
        self.entered = {kind: Answers[Key, Entered]() for kind in ("stays", "claims", "fills", "events", "clinical")}
        self.groups = {kind: Latest[object, list[Item]]() for kind in self.entered}
        self.told_stays = Answers[Key, tuple[object, ToldStay]]()
        self.told = Latest[object, list[ToldStay]]()
        self.billing = Latest[object, list[tuple[Claim, Told]]]()
        self.billed = Latest[object, list[Stay]]()
        self.person = Latest[object, tuple[Person, list[Item]]]()
        self.book = Known()


def measured(
    facts: Subject,
    folded: Sequence[Folded],
    death: Death | None,
    roster: Roster,
    reference: Reference,
    as_of: Instant,
    known: Measuring,
) -> tuple[tuple[Contribution, ...], Iterable[Instant]]:
    """What a subject contributes to measures, and when time alone will change that."""
    book = reference.measures
    if book is None:
        return (), ()
    assert isinstance(book, MeasureBook)
    today = local_day(as_of, reference.zone)
    if is_files(facts.member_id):
        months, person, due = files_of_subject(facts.member_id, facts.returns, reference, as_of)
        rows = book.contributions([months], person, today.toordinal(), known.book)
        return rows, (due,) if due else ()
    if not roster.listed:
        return (), ()  # no plan names this person, so nobody counts them
    groups, person = _entered(facts, folded, death, roster, reference, known)
    rows = book.contributions(groups, person, today.toordinal(), known.book)
    return rows, [start_of_day(day, reference.zone) for day in _turns(book, known.book, today)]


def _told(folded: Sequence[Folded], known: Measuring) -> list[ToldStay]:
    """The stays as messages told them, in the shape in which they enter."""
    return known.told.get(folded, lambda: told_stays(folded, known.told_stays))


def _billing(facts: Subject, known: Measuring) -> list[tuple[Claim, Told]]:
    """The claims that may tell of a stay or an emergency visit: of the others no stay depends on."""

    def billing() -> list[tuple[Claim, Told]]:
        claims = standing_claims(facts.claims)
        return [told for told in claims if class_of(told[0])]

    return known.billing.get(facts.claims, billing)


def shown(facts: Subject, folded: Sequence[Folded], reference: Reference, known: Measuring) -> tuple[Stay, ...]:
    """The stays that messages told, and those that claims alone tell of, in order of start."""
    told = [one.stay for one in folded]
    billing = _billing(facts, known)
    if not billing:
        return tuple(told)

    def billed() -> list[Stay]:
        return billed_stays(_told(folded, known), billing, reference.facilities, reference.zone)

    found = known.billed.get((folded, billing), billed)
    return tuple(sorted([*told, *found], key=started)) if found else tuple(told)


def _turns(book: MeasureBook, known: Known, today: date) -> Iterable[date]:
    yield date(today.year + 1, 1, 1)
    if day := book.turns(known):
        yield min(date.fromordinal(day), today + timedelta(days=366))


def _entered(
    facts: Subject,
    folded: Sequence[Folded],
    death: Death | None,
    roster: Roster,
    reference: Reference,
    known: Measuring,
) -> tuple[list[list[Item]], Person]:
    """A member's items in groups; a group of which no fact changed is the same object again."""

    def listed() -> tuple[Person, list[Item]]:
        died = death.at if death else None
        person = person_of(roster.listed, roster.spans, reference.zone, died=died, said=facts.demographics)
        return person, roster_items(person, roster.listed)

    person, own = known.person.get((roster, death, facts.demographics), listed)
    told = Facts(
        claims=facts.claims,
        fills=facts.fills,
        care_events=facts.care_events,
        clinical=facts.clinical,
        told=_told(folded, known),
    )
    rests_on: dict[str, object] = {
        "stays": (folded, _billing(facts, known)),
        "claims": facts.claims,
        "fills": facts.fills,
        "events": facts.care_events,
        "clinical": facts.clinical,
    }
    groups = [own]
    for kind, enter in groups_of(told, _around(Same(reference)), known.entered).items():
        groups.append(known.groups[kind].get(rests_on[kind], enter))
    return groups, person


@lru_cache(maxsize=4)
def _around(same: Same) -> Surroundings:
    reference = same.it
    assert isinstance(reference, Reference)
    assert isinstance(reference.measures, MeasureBook)
    return Surroundings(reference.zone, reference.measures.sets, reference.facilities, reference.zone_of)


def explained(
    facts: Subject,
    folded: Sequence[Folded],
    death: Death | None,
    roster: Roster,
    reference: Reference,
    as_of: Instant,
    measure: str,
) -> list[UnitResult]:
    """Why each unit of a measure counts as it does, in every period with facts."""
    book = reference.measures
    if book is None:
        return []
    assert isinstance(book, MeasureBook)
    if is_files(facts.member_id):
        months, person, _ = files_of_subject(facts.member_id, facts.returns, reference, as_of)
        groups = [months]
    else:
        groups, person = _entered(facts, folded, death, roster, reference, Measuring())
    items = [item for group in groups for item in group]
    return book.explained(measure, Index(items, person, local_day(as_of, reference.zone).toordinal()))

"""The one place that knows what follows from a member's facts."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from models.clinical import Clinical, Demographics
from models.events import CareEvent, Claim, DeathWord, Fill, ReturnRow, RosterRow, Teller, VisitRename
from models.reference import Reference
from models.time import Instant
from models.view import View
from services.measures.verdicts import UnitResult
from services.member.book import Book, book_of
from services.member.deaths import death_of
from services.member.evidence import Deeds
from services.member.judging import Judging, judged
from services.member.measuring import Measuring, explained, measured, shown
from services.member.memo import Answers, Latest, Memo
from services.member.roster import Roster
from services.member.said import Heard, Said
from services.member.stays import Folding, stays


class MemberFacts(msgspec.Struct, frozen=True):
    """Everything known of one member by an instant: the plan's rows, and what feeds said of the linked patients.

    `returns` are of a provider's files to a plan, which are a subject of their own. `demographics` are what feeds say
    of the person, what was first told last coming first.
    """

    member_id: str
    heard: Sequence[Heard] = ()
    renames: Sequence[VisitRename] = ()
    deaths: Sequence[tuple[DeathWord, Sequence[Teller]]] = ()
    roster: Mapping[RosterRow, Sequence[Teller]] = {}
    care_events: Mapping[CareEvent, tuple[Teller, ...]] = {}
    claims: Mapping[Claim, tuple[Teller, ...]] = {}
    fills: Mapping[Fill, tuple[Teller, ...]] = {}
    returns: Mapping[ReturnRow, tuple[Teller, ...]] = {}
    clinical: Mapping[Clinical, tuple[Teller, ...]] = {}
    demographics: Sequence[Demographics] = ()
    flags: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many facts there are, and one for the member."""
        listed = (self.heard, self.claims, self.fills, self.care_events, self.clinical, self.returns)
        return 1 + sum(map(len, listed))


Told = tuple[int, int, Instant]
"""A statement and its tellers by identity, which holds while an answer holds them, and since when it is linked:
comparing contents would cost as much as resolving.
"""


class Remembered:
    """What was worked out of one member's facts, step by step."""

    def __init__(self) -> None:
        self.roster = Latest[object, Roster]()
        self.deeds = Latest[object, Deeds]()
        self.said = Answers[Told, tuple[Heard, list[Said]]]()
        self.folding = Folding()
        self.judging = Judging()
        self.measuring = Measuring()


def derive(facts: MemberFacts, reference: Reference, as_of: Instant, memo: Memo[Remembered] | None = None) -> View:
    """Say what follows from a member's facts.

    Args:
        facts: what had been received by `as_of`; order and repetition of the messages have left no trace in it.
        reference: rules, registry, calendars and value sets.
        as_of: the only "now" there is, UTC.
        memo: what was worked out before; the answer is the same with any and without.

    Returns:
        Stays in order of start, tasks in order of opening, and the next instant at which time alone changes them.
    """
    known = memo.of(facts.member_id, reference, facts.size) if memo else Remembered()
    book, zone = book_of(reference), reference.zone
    roster = known.roster.get(facts.roster, lambda: Roster(facts.roster.items(), zone))
    deeds = known.deeds.get(
        (facts.care_events, facts.claims, roster),
        lambda: Deeds(facts.care_events, facts.claims, roster, reference.value_sets, zone),
    )
    folded = stays(facts.member_id, _said(facts.heard, book, known.said), facts.renames, book, as_of, known.folding)
    death, unconfirmed = death_of(folded, facts.deaths, zone)
    tasks, wakes = judged(facts.member_id, folded, death, deeds, roster, book, as_of, known.judging)
    wakes += (f.closes_at for f in folded if f.closes_at)
    counted, turns = measured(facts, folded, death, roster, reference, as_of, known.measuring)
    return View(
        stays=shown(facts, folded, reference, known.measuring),
        tasks=tuple(tasks),
        wake_at=min((at for at in (*wakes, *turns) if at > as_of), default=None),
        flags=(*facts.flags, *(("death_unconfirmed",) if unconfirmed else ())),
        measures=counted,
    )


def explain_measure(facts: MemberFacts, reference: Reference, measure: str, as_of: Instant) -> list[UnitResult]:
    """Why each unit of a measure counts as it does, what is missing and until when; of every period with facts."""
    known, book, zone = Remembered(), book_of(reference), reference.zone
    roster = Roster(facts.roster.items(), zone)
    folded = stays(facts.member_id, _said(facts.heard, book, known.said), facts.renames, book, as_of, known.folding)
    death, _ = death_of(folded, facts.deaths, zone)
    return explained(facts, folded, death, roster, reference, as_of, measure)


def _said(heard: Iterable[Heard], book: Book, known: Answers[Told, tuple[Heard, list[Said]]]) -> list[Said]:
    said: list[Said] = []
    known.next_round()
    for one in heard:
        key = (id(one.statement), id(one.tellers), one.linked_at)
        found = known.known(key) or (one, book.resolver.resolve(one))
        said += known.keep(key, found)[1]
    return said

"""One household: a member and whoever their story brings in, with all that is told of them and what is true.

A household has dice of its own, so that more members change nothing about those who were there before.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from models.time import local_day
from services.simulation.believing import Belief, believe
from services.simulation.chronicle import Chronicle
from services.simulation.deeds import Deed, deeds_for
from services.simulation.occasions import EXPIRED
from services.simulation.people import Person, adult
from services.simulation.places import EXCHANGE, ZONE, table
from services.simulation.recipe import Recipe
from services.simulation.roster import HEADER, Row, first_row, later_rows
from services.simulation.sending import Delivery, Post
from services.simulation.stories import DAY, HOUR, STORIES, Cast, Story, delivery, inpatient
from services.simulation.telling import Telling, Visit
from services.simulation.troubles import TROUBLES, next_clock_change

FIRST_ROSTER = 6 * HOUR
"""How long after the beginning the first roster files come."""
OPENING = 10 * HOUR
"""Nobody goes to hospital before that."""
TRANSPORT = ("late", "repeated", "repeated_new_id", "two_feeds", "bad_charset")


@dataclass(slots=True)
class Household:
    """A member's world, made. `first_rows` are the roster cells of who was on the roster from the beginning."""

    chronicles: list[Chronicle]
    deliveries: list[Delivery]
    first_rows: list[tuple[str, ...]]


def household(recipe: Recipe, number: int) -> Household:
    """Make the n-th household: the same for the same recipe, whatever the number of members."""
    if recipe.measures:
        from services.simulation.measured import MeasuredMaker  # it builds on this module

        return MeasuredMaker(recipe, number).made()
    return Maker(recipe, number).made()


class Maker:
    """Makes one household: rows, then stories one after another, then what people do about them."""

    def __init__(self, recipe: Recipe, number: int) -> None:
        self._recipe, self._number = recipe, number
        self._dice = Random(f"{recipe.seed}:{number}")  # noqa: S311  # dice, not secrets
        self._post = Post(number, self._dice, recipe.told_by)
        member = adult(number, "M", self._dice, recipe.start)
        if self._dice.random() < 0.04 and member.sex == "F":
            member = Person(number, "M", member.surname, member.given, recipe.start - 28 * 365 * DAY, "F")
        self._cast = Cast(member, self._dice, recipe.ends_at)
        self._first_rows: list[tuple[str, ...]] = []
        self._chronicles: dict[str, Chronicle] = {}
        self._may_befall = sorted(recipe.faults & TROUBLES.keys())
        self._on_the_way = sorted(recipe.faults.intersection(TRANSPORT))

    def made(self) -> Household:
        """The household, with all that is delivered of it."""
        late = self._dice.random() < (0.25 if "late_roster" in self._recipe.faults else 0.03)
        self._enrol(self._cast.person, late=late)
        self._live()
        self._care()
        self._noise()
        return Household(list(self._chronicles.values()), self._post.deliveries, self._first_rows)

    # -- the plan -----------------------------------------------------------------------------------------------------

    def _enrol(self, person: Person, *, late: bool, from_: datetime | None = None) -> Chronicle:
        """Put somebody on the roster: in the first file, or some time later."""
        recipe, dice = self._recipe, self._dice
        begins_at = max(recipe.begins_at, from_ or recipe.begins_at)
        at = begins_at + FIRST_ROSTER
        if late:
            span = max(recipe.ends_at - begins_at, 2 * DAY)
            at = begins_at + DAY + (span - DAY) * dice.random() * 0.7
            at = min(at, recipe.ends_at + DAY).replace(microsecond=0)
        first = self._first_row(at)
        if late and dice.random() < 0.4:
            first = replace(first, covered_from=local_day(at, ZONE) - timedelta(days=dice.randrange(20)))
        if person.role == "B":
            first = Row(at, first.plan, person.born)
        rows = self._rows(first) if person.role == "M" else [first]
        chronicle = Chronicle(person, rows)
        self._chronicles[person.member_id] = chronicle
        for row in rows:
            if row is first and not late and from_ is None:
                self._first_rows.append(row.cells(person))
            else:
                body = table(HEADER, [row.cells(person)])
                self._post.put(row.received_at, row.plan.lower(), "roster", body, {"late_roster"} if late else ())
        if late:
            chronicle.faults.add("late_roster")
        return chronicle

    def _first_row(self, at: datetime) -> Row:
        return first_row(self._dice, at, local_day(self._recipe.begins_at, ZONE))

    def _rows(self, first: Row) -> list[Row]:
        return later_rows(self._dice, first, self._recipe.begins_at + OPENING, self._recipe.ends_at)

    # -- stays --------------------------------------------------------------------------------------------------------

    def _live(self) -> None:
        """One story after another until the end, or until death."""
        recipe, dice = self._recipe, self._dice
        at = recipe.begins_at + OPENING + dice.randrange(0, 20 * 24 * 60) * timedelta(minutes=1)
        while at < recipe.ends_at:
            visits = self._story(at)
            self._take(visits)
            own = [t for v in visits if v.person is self._cast.person for t in v.script]
            if any(t.disposition in EXPIRED for t in own):
                return
            over_at = max((max(t.recorded_at, t.discharged_at or t.recorded_at) for t in own), default=at)
            at = over_at + self._gap_hours() * HOUR + dice.randrange(0, 3600) * timedelta(seconds=1)

    def _gap_hours(self) -> int:
        """How long it is quiet between two stories."""
        dice = self._dice
        return dice.choices((dice.randrange(30, 20 * 24), dice.randrange(10 * 24, 45 * 24)), (5, 5))[0]

    def _story(self, at: datetime) -> list[Visit]:
        dice = self._dice
        if self._may_befall and dice.random() < 0.5:
            fault = dice.choice(self._may_befall)
            if self._can_befall(fault, at):
                visits = TROUBLES[fault](self._cast, at)
                # What is told wrongly must be told rightly before the end; else something ordinary happens.
                if all(t.recorded_at < self._recipe.ends_at for v in visits for t in v.script):
                    return visits
                return inpatient(self._cast, at)
        if self._may_give_birth(at) and dice.random() < 0.3:
            return delivery(self._cast, at)
        story: Story = dice.choices(tuple(STORIES), tuple(STORIES.values()))[0]
        return story(self._cast, at)

    def _may_give_birth(self, at: datetime) -> bool:
        person = self._cast.person
        age = (local_day(at, ZONE) - person.born).days // 365
        chronicle = self._chronicles[person.member_id]
        has_before = any(code[0] == "O" for visit in chronicle.visits for code in visit.diagnoses)
        return person.sex == "F" and 20 <= age < 45 and not has_before

    def _can_befall(self, fault: str, at: datetime) -> bool:
        match fault:
            case "newborn":
                return self._may_give_birth(at)
            case "twins":
                return not any(c.person.role == "T" for c in self._chronicles.values())
            case "wrong_patient":
                return not any(c.person.role == "V" for c in self._chronicles.values())
            case "merge":  # the second MRN is known once it is merged
                return not any("merge" in c.faults for c in self._chronicles.values())
            case "clock_change":
                change = next_clock_change(at)
                return change is not None and timedelta(0) < change - at < 20 * DAY
        return True

    def _take(self, visits: list[Visit]) -> None:
        """Cut a story at the end, let it travel, and note for whom it is true since when."""
        for visit in visits:
            visit.script = [t for t in visit.script if t.recorded_at < self._recipe.ends_at]
            if not visit.script:
                continue
            transport = self._transport(visit)
            self._post.send(visit, transport)
            chronicle = self._chronicle_of(visit)
            visit.faults |= transport | (chronicle.faults & {"late_roster"})
            self._link(visit, chronicle)
            chronicle.visits.append(visit)
            chronicle.faults |= visit.faults

    def _transport(self, visit: Visit) -> set[str]:
        found = {fault for fault in self._on_the_way if self._dice.random() < 0.15}
        if visit.facility.feed is EXCHANGE or visit.faults & _UNFIT_FOR_RELAY or visit.script[0].kind == "plan":
            found.discard("two_feeds")
        return found

    def _chronicle_of(self, visit: Visit) -> Chronicle:
        """Of the member, or of somebody whom the story brings in, and whom the plan knows or comes to know."""
        if visit.other and visit.other.role == "V":
            self._enrol(visit.other, late=False)
        if visit.person.member_id not in self._chronicles:
            is_baby = visit.person.role == "B"
            begins_at = visit.script[0].recorded_at if is_baby else None
            self._enrol(visit.person, late=is_baby, from_=begins_at)
        return self._chronicles[visit.person.member_id]

    def _link(self, visit: Visit, chronicle: Chronicle) -> None:
        """When each telling became known to be about the member, and to whom it was ascribed before."""
        on_roster_at = chronicle.rows[0].received_at
        named_at = min((t.received_at for t in visit.script if t.kind == "identity" and t.received_at), default=None)
        ghost = Visit(visit.person, visit.facility, visit.account, diagnoses=visit.diagnoses, faults=visit.faults)
        for telling in visit.script:
            if telling.naming == "victim" and telling.received_at:
                ghost.script.append(_heard(telling, telling.received_at))
            if telling.received_at and (telling.naming == "own" or named_at):
                moments = [telling.received_at, on_roster_at]
                moments += [named_at] if named_at and telling.naming != "own" else []
                telling.told_at = max(moments)
        if ghost.script and visit.other:
            ghost.gone_at = named_at
            victim = self._chronicles[visit.other.member_id]
            victim.visits.append(ghost)
            victim.faults |= visit.faults

    # -- care, and noise ----------------------------------------------------------------------------------------------

    def _care(self) -> None:
        """People act on what truly happened."""
        recipe = self._recipe
        for chronicle in self._chronicles.values():
            if chronicle.person.role in "BV":
                continue
            self._care_for(chronicle, [b for visit in chronicle.visits if (b := believe(visit, recipe.told_by))])

    def _care_for(self, chronicle: Chronicle, stays: list[Belief]) -> None:
        for deed in deeds_for(stays, self._dice, self._recipe.ends_at, claims=self._recipe.claims):
            self._tell_deed(chronicle, deed)

    def _tell_deed(self, chronicle: Chronicle, deed: Deed) -> None:
        claim_id = deed.claim_id and f"{chronicle.person.member_id}-{deed.claim_id}"
        if deed.received_at <= self._recipe.told_by:
            chronicle.deeds.append(deed)
            kind, body = deed.row(chronicle.person.member_id, claim_id, self._dice)
            self._post.put(deed.received_at, "sim-claims" if kind == "claims" else "sim-care", kind, body)

    def _noise(self) -> None:
        """Patients who are nobody's members, and patients who are nobody."""
        recipe, dice = self._recipe, self._dice
        for fault in sorted(recipe.faults & {"strangers", "test_messages"}):
            if dice.random() < 0.12:
                at = recipe.begins_at + OPENING + (recipe.ends_at - recipe.begins_at) * (dice.random() * 0.8)
                stranger = adult(self._number, "Z", dice, recipe.start)
                if fault == "test_messages":
                    stranger = replace(stranger, surname="Zztest", given="Test")
                self._post.send(inpatient(Cast(stranger, dice, recipe.ends_at), at.replace(microsecond=0))[0], {fault})


_UNFIT_FOR_RELAY = frozenset(
    {"wrong_patient", "merge", "newborn", "twins", "visit_reuse", "reordered", "unreadable", "date_only"}
)


def _heard(telling: Telling, at: datetime) -> Telling:
    """The same telling, as of somebody else."""
    return replace(telling, told_at=at)

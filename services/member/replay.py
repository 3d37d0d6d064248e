"""Replay one encounter's statements in version order: cancels undo what runs, updates never revive.

Source: interop §2.1 and §2.5; design §4 ("Cancels are statements replayed in version order").
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Literal

from models.events import PatientClass
from models.time import Instant
from services.member.occurrences import BEDS, Leg, Occurrence, OccurrenceEvent, rank
from services.member.said import Said, clamped, is_ahead, precision_of


class Replay:
    """An encounter after its statements. Read `legs`, `discharge`, `status` and `occurrences`."""

    def __init__(self, said: Iterable[Said]) -> None:
        self.said = sorted(said, key=attrgetter("version"))
        self.legs: list[Leg] = []
        self.plan: Occurrence | None = None
        self.discharge: Occurrence | None = None
        self.occurrences: list[Occurrence] = []
        self.leaves: list[tuple[Instant, Instant | None]] = []
        self._is_void = False
        self._is_cancelled = False
        self._dead_times: set[Instant] = set()
        self._left_numbers = {old[1] for s in self.said for old in s.statement.old_visits}
        last: Said | None = None
        for one in self.said:
            # The same update said again with nothing in between changes nothing: a storm of them costs one.
            if last is None or one.heard is not last.heard:
                self._take(one)
            last = one
        if self.discharge:
            self.discharge.patient_class = self.patient_class

    @property
    def status(self) -> Literal["planned", "active", "on_leave", "finished", "cancelled", "void"]:
        if self._is_void:
            return "void"
        if self.legs:
            if self.discharge:
                return "finished"
            return "on_leave" if self.leaves and self.leaves[-1][1] is None else "active"
        return "planned" if self.plan else "cancelled"

    @property
    def patient_class(self) -> PatientClass:
        """The class it has now; of one that never was, the class it would have had."""
        if self.legs:
            return self.legs[-1].patient_class
        return max((s.patient_class for s in self.said), key=rank, default="") or "other"

    @property
    def admission(self) -> Leg | None:
        """The leg whose start is the stay's: an emergency visit that became an admission began when it did so."""
        if len(self.legs) < 2:
            return self.legs[0] if self.legs else None
        highest = rank(self.legs[-1].patient_class)
        return next(leg for leg in self.legs if rank(leg.patient_class) == highest)

    @property
    def started_at(self) -> Instant | None:
        """When the stay began; for a plan when it is expected; for one cancelled when it was said to begin."""
        if self.admission:
            return self.admission.started_at
        if self.plan:
            return self.plan.at
        return min((s.admitted or s.expected or s.occurred for s in self.said), default=None)

    @property
    def ended_at(self) -> Instant | None:
        return self.discharge.at if self.discharge else None

    # -- one statement ------------------------------------------------------------------------------------------------

    def _take(self, s: Said) -> None:
        match s.kind:
            case "plan":
                self._planned(s)
            case "cancel_plan":
                _end(self.plan, s)
                self.plan = None
            case "admit" | "to_inpatient":
                self._admitted(s)
            case "to_outpatient":
                self._reversed(s)
            case "transfer":
                self._transferred(s)
            case "discharge":
                self._discharged(s)
            case "update":
                self._updated(s)
            case "leave" | "cancel_return":
                self._left(s)
            case "return" | "cancel_leave":
                self._returned(s)
            case "cancel_transfer":
                self._untransferred(s)
            case "cancel_discharge":
                self._undischarged(s)
            case "cancel_admit":
                self._unadmitted(s)
            case "void":
                self._deleted(s)

    def _planned(self, s: Said) -> None:
        at = s.expected or s.admitted or s.occurred
        if self.plan:
            self.plan.hear(s)
            self.plan.at = at
        else:
            self.plan = self._open("planned", s, at)

    def _admitted(self, s: Said) -> None:
        self._is_void = self._is_cancelled = False
        at = s.admitted or s.occurred
        if not self.legs:
            self._begin(s, at)
            return
        higher = rank(s.patient_class) - rank(self._leg.patient_class)
        if self.discharge and at >= self.discharge.at and higher >= 0 and self._has_spoken(s.feed):
            # The number is used again within a day: the member is back, so the discharge is over. From a feed that
            # speaks for the first time it is the admission we know, by another clock.
            _end(self.discharge, s)
            self.discharge = None
            if higher == 0:
                self._leg.admission.hear(s)
                return
        if higher > 0:
            self._begin(s, self._start_of_next_leg(s))
        elif higher == 0 or not s.patient_class:
            self._confirm(s)
        elif len(self.legs) == 1 and self._leg.started_at and at < self._leg.started_at:
            self._precede(s, at)

    def _reversed(self, s: Said) -> None:
        """A07: the inpatient admission never counted; the visit goes on in the class stated."""
        if self._is_void or self._is_cancelled:
            return
        lost = [leg for leg in self.legs if rank(leg.patient_class) == rank("inpatient")]
        if not lost:
            self._be_there(s)
            self._confirm(s)
            return
        starts = [leg.started_at for leg in self.legs if leg.started_at] + ([s.admitted] if s.admitted else [])
        self.legs = [leg for leg in self.legs if leg not in lost]
        for leg in lost:
            _undo(leg, s)
        if not self.legs:
            self._begin(s, min(starts, default=s.occurred))
        if s.patient_class:
            self._leg.patient_class = s.patient_class
        if self.discharge:
            # What was told of the discharge holds, but no longer of an inpatient stay.
            over = self.discharge
            self.discharge = self._open("discharged", over.told[0], over.at)
            for told in over.told[1:]:
                self.discharge.hear(told)
            self.discharge.disposition = over.disposition
            self.discharge.precision, self.discharge.clock_at = over.precision, over.clock_at
            _end(over, s)

    def _transferred(self, s: Said) -> None:
        if not self._be_there(s):
            return
        here = self._leg.patient_class
        if s.patient_class in BEDS and here in BEDS and s.patient_class != here:
            # A move between levels of care is no second admission: it has a notice of its own.
            at = clamped(s.occurred, s.first_receipt)
            admission = self._leg.admission
            self.legs.append(Leg(s.patient_class, at, admission, s))
            self._leg.level_change = self._open("level_changed", s, at)
        elif rank(s.patient_class) > rank(here):
            self._begin(s, self._start_of_next_leg(s))
        else:
            self._confirm(s)

    def _discharged(self, s: Said) -> None:
        self._is_void = self._is_cancelled = False
        if self._be_there(s):
            if self._ends_an_earlier_leg(s):
                return
            self._confirm(s)
        self._close(s)

    def _ends_an_earlier_leg(self, s: Said) -> bool:
        """The emergency visit's own number is closed after A06 gave the admission a new one."""
        number = s.statement.visit[1] if s.statement.visit else ""
        return number in self._left_numbers and rank(s.patient_class) < rank(self._leg.patient_class)

    def _updated(self, s: Said) -> None:
        if not self.legs and self.plan:
            if s.expected:
                self.plan.at = s.expected
            return
        if not self._be_there(s, flag="start_unseen"):
            return
        if rank(s.patient_class) > rank(self._leg.patient_class):
            starts = {leg.started_at for leg in self.legs}
            self._begin(s, s.admitted if s.admitted not in starts else self._leg.started_at)
        else:
            self._confirm(s)
        if s.discharged is None or s.discharged in self._dead_times:
            return
        if self.discharge or (s.statement.may_close and not is_ahead(s)):
            self._close(s)

    def _left(self, s: Said) -> None:
        if not self._be_there(s):
            return
        self._confirm(s)
        if s.kind == "cancel_return":
            self.leaves[-1:] = [(self.leaves[-1][0] if self.leaves else s.occurred, None)]
        elif not (self.leaves and self.leaves[-1][1] is None):
            self.leaves.append((s.occurred, None))

    def _returned(self, s: Said) -> None:
        if not self._be_there(s) or not self.leaves or self.leaves[-1][1] is not None:
            return
        left, _ = self.leaves.pop()
        if s.kind == "return":
            self.leaves.append((left, s.occurred))

    def _untransferred(self, s: Said) -> None:
        if self._be_there(s) and self._leg.opened_by.kind == "transfer" and len(self.legs) > 1:
            _undo(self.legs.pop(), s)

    def _undischarged(self, s: Said) -> None:
        if not self._be_there(s):
            return
        self._confirm(s)
        self._dead_times.update(t for t in (s.discharged, self.ended_at) if t)
        if self.discharge:
            self._dead_times.update(t.discharged for t in self.discharge.told if t.discharged)
        _end(self.discharge, s)
        self.discharge = None

    def _unadmitted(self, s: Said) -> None:
        """A11 takes back the leg it names: A01 cancelled after A04 on one number leaves the emergency visit."""
        if self.legs and s.patient_class and rank(s.patient_class) > rank(self._leg.patient_class):
            return
        if self.legs and s.patient_class and rank(s.patient_class) < rank(self._leg.patient_class):
            doomed, self.legs = self.legs, []
        else:
            doomed = [self.legs.pop()] if self.legs else []
        for leg in doomed:
            _undo(leg, s)
        _end(self.discharge, s)
        self.discharge = None
        if not self.legs:
            self._is_cancelled = True
            _end(self.plan, s)
            self.plan = None
            self.leaves.clear()

    def _deleted(self, s: Said) -> None:
        self._is_void = True
        self.legs.clear()
        self.leaves.clear()
        self.plan = self.discharge = None
        for occurrence in self.occurrences:
            _end(occurrence, s)

    # -- what the moves are made of -----------------------------------------------------------------------------------

    @property
    def _leg(self) -> Leg:
        return self.legs[-1]

    def _be_there(self, s: Said, *, flag: str = "") -> bool:
        """Say whether somebody is there; one whose admission nobody told yet is (R-68), a cancelled one is not."""
        if self.legs:
            return True
        if self._is_void or self._is_cancelled:
            return False
        self._begin(s, s.admitted)
        if flag:
            self._leg.admission.flags.add(flag)
        return True

    def _has_spoken(self, feed: str) -> bool:
        return any(told.feed == feed for leg in self.legs for told in leg.admission.told)

    def _begin(self, s: Said, at: Instant | None) -> None:
        patient_class = s.patient_class or "other"
        admission = self._open("admitted", s, at or clamped(s.occurred, s.first_receipt))
        precision = precision_of(s.statement.admitted)
        admission.patient_class, admission.precision = patient_class, precision
        self.legs.append(Leg(patient_class, at, admission, s, precision))

    def _precede(self, s: Said, at: Instant) -> None:
        """An emergency visit told after the admission that it led to."""
        leg = self.legs.pop()
        self._begin(s, at)
        self.legs.append(leg)

    def _start_of_next_leg(self, s: Said) -> Instant:
        """PV1-44, unless it repeats the arrival that an earlier leg began with (R-64)."""
        starts = [leg.started_at for leg in self.legs if leg.started_at]
        if s.admitted and all(s.admitted > start for start in starts):
            return s.admitted
        return s.occurred

    def _confirm(self, s: Said) -> None:
        """One more message about the running leg; the admit time that it states moves the leg that began then."""
        leg = self.admission
        assert leg is not None
        stated = s.patient_class
        if not stated or stated == leg.patient_class or rank(stated) == rank(leg.patient_class):
            leg.admission.hear(s)
        if s.admitted is None or (self.discharge and s.admitted >= self.discharge.at):
            return
        earlier = self.legs[: self.legs.index(leg)] if leg is not self.legs[0] else []
        if earlier and (earlier[0].started_at is None or s.admitted <= earlier[0].started_at):
            earlier[0].started_at = s.admitted
        elif all(s.admitted != before.started_at for before in earlier):
            leg.started_at = s.admitted
            leg.admission.move(s.admitted, s)
            leg.precision = leg.admission.precision = precision_of(s.statement.admitted)

    def _close(self, s: Said) -> None:
        """The discharge happened, at the newest time that was stated."""
        at = s.discharged or s.occurred
        if self.discharge is None:
            self.discharge = self._open("discharged", s, at)
            self.discharge.patient_class = self._leg.patient_class
            if s.kind == "update":
                self.discharge.flags.add("inferred")
            if s.discharged is None:
                self.discharge.flags.add("discharge_time_derived")
        else:
            self.discharge.hear(s)
            if s.kind == "discharge":
                self.discharge.flags.discard("inferred")
        if s.discharged or len(self.discharge.told) == 1:
            self.discharge.move(at, s)
            self.discharge.precision = precision_of(s.statement.discharged)
        if s.statement.disposition:
            self.discharge.disposition = s.statement.disposition
        if is_ahead(s):
            self.discharge.flags.add("future_time")

    def _open(self, event: OccurrenceEvent, s: Said, at: Instant) -> Occurrence:
        occurrence = Occurrence(event, s.patient_class or "other", at, [s])
        if event != "planned":
            occurrence.move(at, s)
        self.occurrences.append(occurrence)
        return occurrence


def _end(occurrence: Occurrence | None, s: Said) -> None:
    """An occurrence is taken back; the first cancel counts."""
    if occurrence and occurrence.ended_by is None:
        occurrence.ended_by = s


def _undo(leg: Leg, s: Said) -> None:
    if leg.level_change:
        _end(leg.level_change, s)
    else:
        _end(leg.admission, s)

"""Visits: are numbers stated, stable and unique; which events lack the event they answer (interop §2.5)."""

from collections import Counter

import msgspec

from connectors.hl7v2.triggers import ADMISSIONS
from models.events import Statement
from models.time import Stamp
from services.onboarding.clocks import seconds_between
from services.onboarding.sample import Sample
from services.onboarding.words import Share

_ANSWERS = {"A11": {"A01", "A04", "A05", "A06"}, "A13": {"A03"}, "A12": {"A02"}, "A38": {"A05"}, "A27": {"A14"},
            "A52": {"A21"}, "A53": {"A22"}, "A03": {"A01", "A04", "A06"}}  # fmt: skip
"""A cancel, and the events that it may be about; a discharge, and the events that may begin what it ends."""
_NEW_VISIT_SECONDS = 24 * 3600


class Orphans(msgspec.Struct, frozen=True):
    """Events of a trigger about visits of which the sample has none of the events that they answer."""

    trigger: str
    without: str
    share: Share
    examples: list[int]


class VisitFindings(msgspec.Struct, frozen=True):
    """`numbered` is of the messages that say something of a visit. `unstable` are patients' admissions (same PV1-44)
    told under more than one number; `shared` are numbers that more than one patient has; `reused` are numbers given
    again to an admission a day or more after the last discharge (R-70).

    `arrival_kept` are visits with A04 and A06 (or A04 and A01) whose PV1-44 is the same in both; `renumbered` are A06
    and A07 that name an earlier number in MRG. `discharges_moved` are visits with A03 of different PV1-45 without an
    A13; `closed_by_update` are visits with PV1-45 in an update and no A03. `reclassed` are visits whose class changes
    without A06 or A07.
    """

    visits: int
    numbered: Share
    unstable: Share
    shared: Share
    reused: Share
    orphans: list[Orphans]
    arrival_kept_a06: Share
    arrival_kept_a01: Share
    renumbered: Share
    deleted_discharges: Share
    discharges_moved: Share
    closed_by_update: Share
    reclassed: Share


class _Visit(msgspec.Struct):
    patient: str
    is_shared: bool = False
    triggers: dict[str, int] = {}
    admitted: dict[str, Stamp] = {}
    discharged: list[Stamp] = []
    classes: set[str] = set()
    first_end: Stamp | None = None
    last_start: Stamp | None = None
    has_update_end: bool = False


class Visits:
    """Collects `VisitFindings`; it holds a little about every visit of the sample until the end."""

    def __init__(self) -> None:
        self._visits: dict[tuple[str, str, str], _Visit] = {}
        self._admissions: dict[tuple[str, Stamp], set[tuple[str, str]]] = {}
        self._counts: Counter[str] = Counter()

    def see(self, sample: Sample) -> None:
        """Take in a message."""
        said, trigger = sample.statement, sample.trigger
        if said is None:
            return
        self._counts["messages"] += 1
        self._counts[trigger] += 1
        self._counts["deleted"] += said.discharge_deleted and trigger == "A13"
        self._counts["renumbered"] += bool(said.old_visits)
        if said.visit is None:
            return
        self._counts["numbered"] += 1
        if said.admitted and said.admitted.precision in {"minute", "second"} and sample.patient:
            self._admissions.setdefault((sample.patient, said.admitted), set()).add(said.visit)
        facility = "" if said.visit[0] else next(iter(said.facilities), "")
        key = (facility, *said.visit)
        visit = self._visits.get(key)
        if visit is None:
            visit = self._visits[key] = _Visit(sample.patient)
        visit.is_shared = visit.is_shared or visit.patient != sample.patient
        _take(visit, said, trigger, sample.ordinal)

    def findings(self) -> VisitFindings:
        visits = list(self._visits.values())
        numbers = self._admissions.values()
        both_a06, both_a01 = _pairs(visits, "A06"), _pairs(visits, "A01")
        ended = [visit for visit in visits if visit.discharged]
        return VisitFindings(
            visits=len(visits),
            numbered=Share(self._counts["numbered"], self._counts["messages"]),
            unstable=Share(sum(len(each) > 1 for each in numbers), len(numbers)),
            shared=Share(sum(visit.is_shared for visit in visits), len(visits)),
            reused=Share(sum(map(_is_reused, visits)), len(visits)),
            orphans=[found for trigger in _ANSWERS if (found := _orphans(visits, trigger)).share.of],
            arrival_kept_a06=Share(sum(map(_same, both_a06)), len(both_a06)),
            arrival_kept_a01=Share(sum(map(_same, both_a01)), len(both_a01)),
            renumbered=Share(self._counts["renumbered"], self._counts["A06"] + self._counts["A07"]),
            deleted_discharges=Share(self._counts["deleted"], self._counts["A13"]),
            discharges_moved=Share(sum(map(_is_moved, ended)), len(ended)),
            closed_by_update=Share(sum(v.has_update_end and "A03" not in v.triggers for v in visits), len(visits)),
            reclassed=Share(sum(map(_is_reclassed, visits)), len(visits)),
        )


def _take(visit: _Visit, said: Statement, trigger: str, ordinal: int) -> None:
    visit.triggers.setdefault(trigger, ordinal)
    visit.classes.add(said.patient_class)
    if trigger in ADMISSIONS and said.admitted:
        visit.admitted.setdefault(trigger, said.admitted)
        if visit.last_start is None or said.admitted.wall > visit.last_start.wall:
            visit.last_start = said.admitted
    if said.kind == "discharge":
        if said.discharged and said.discharged not in visit.discharged and len(visit.discharged) < 2:
            visit.discharged.append(said.discharged)
        end = said.discharged or said.occurred
        if end and (visit.first_end is None or end.wall < visit.first_end.wall):
            visit.first_end = end
    visit.has_update_end = visit.has_update_end or said.may_close


def _pairs(visits: list[_Visit], trigger: str) -> list[tuple[Stamp, Stamp]]:
    """PV1-44 of the A04 and of a later event, of visits that have both."""
    return [(v.admitted["A04"], v.admitted[trigger]) for v in visits if {"A04", trigger} <= v.admitted.keys()]


def _same(pair: tuple[Stamp, Stamp]) -> bool:
    return pair[0] == pair[1]


def _is_moved(visit: _Visit) -> bool:
    return len(visit.discharged) > 1 and "A13" not in visit.triggers


def _is_reclassed(visit: _Visit) -> bool:
    return len(visit.classes - {""}) > 1 and not {"A06", "A07"} & visit.triggers.keys()


def _is_reused(visit: _Visit) -> bool:
    """An admission stands a day or more after a discharge (R-70); the order of the file does not matter."""
    if visit.first_end is None or visit.last_start is None:
        return False
    gap = seconds_between(visit.first_end, visit.last_start)
    return gap is not None and gap >= _NEW_VISIT_SECONDS


def _orphans(visits: list[_Visit], trigger: str) -> Orphans:
    answers = _ANSWERS[trigger]
    told = [visit for visit in visits if trigger in visit.triggers]
    alone = sorted(visit.triggers[trigger] for visit in told if not answers & visit.triggers.keys())
    return Orphans(trigger, " or ".join(sorted(answers)), Share(len(alone), len(told)), alone[:3])

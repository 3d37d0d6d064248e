"""What to ask the sender (interop §6.2), each question with what the sample already says to it."""

from collections import Counter

from services.onboarding.clocks import ClockFindings
from services.onboarding.patients import PatientFindings
from services.onboarding.places import PlaceFindings
from services.onboarding.report import Question
from services.onboarding.sample import Sample
from services.onboarding.traffic import TrafficFindings
from services.onboarding.visits import VisitFindings
from services.onboarding.words import Share

_CANCELS = ("A11", "A12", "A13", "A23", "A27", "A38", "A52", "A53")
_HALF = 0.5


class Deletions:
    """Counts where a message says `""`, delete: by segment and field, once a message."""

    def __init__(self) -> None:
        self._places: Counter[str] = Counter()

    def see(self, sample: Sample) -> None:
        """Take in a message."""
        message = sample.message
        if message is None or b'""' not in sample.raw:
            return
        found: set[str] = set()
        for line in message.lines:
            if '""' in line and line[:3].isalnum():
                parts = line.split(message.signs.field)
                found.update(f"{parts[0]}-{n}" for n, part in enumerate(parts) if part.strip() == '""')
        self._places.update(place for place in found if len(place.partition("-")[0]) == 3)

    def findings(self) -> dict[str, int]:
        return dict(self._places.most_common(12))


def questions(
    traffic: TrafficFindings,
    clocks: ClockFindings,
    patients: PatientFindings,
    visits: VisitFindings,
    places: PlaceFindings,
    deletions: dict[str, int],
) -> list[Question]:
    """Every question of §6.2, those that the sample raises first."""
    events = {one.word.removeprefix("ADT "): one.count for one in traffic.triggers if one.word.startswith("ADT ")}
    found = [
        _arrival(visits),
        _class_changes(events, visits),
        _observation(places),
        _cancels(events, visits),
        _shared_numbers(patients, visits),
        _deletions(deletions),
        _pace(clocks),
        _zones(clocks),
        _roster(patients),
    ]
    return sorted(found, key=lambda one: not one.raised)


def _arrival(visits: VisitFindings) -> Question:
    evidence = [
        f"PV1-44 on {trigger} repeats the A04's time in {kept.count} of {kept.of}: {_meaning(kept)}"
        for trigger, kept in (("A06", visits.arrival_kept_a06), ("A01", visits.arrival_kept_a01))
        if kept.of
    ]
    none = ["no visit of the sample has A04 and then A06 or A01 with PV1-44"]
    ask = "Is PV1-44 the arrival in the emergency department, or the inpatient order?"
    return Question(ask, evidence or none, bool(evidence))


def _meaning(kept: Share) -> str:
    return "ED arrival" if (kept.ratio or 0) > _HALF else "inpatient order"


def _class_changes(events: dict[str, int], visits: VisitFindings) -> Question:
    changes = _told(events, ("A06", "A07"))
    evidence = [f"{changes} sent; MRG names an earlier visit number in {visits.renumbered}"] if changes else []
    if not changes:
        evidence.append("neither A06 nor A07 in the sample")
    if visits.reclassed.count:
        evidence.append(f"the class changes without A06 or A07 in {visits.reclassed} visits")
    if visits.unstable.count:
        evidence.append(f"one admission (patient, PV1-44) has several visit numbers in {visits.unstable}")
    raised = bool(visits.renumbered.count or visits.reclassed.count or visits.unstable.count)
    return Question("Are A06 and A07 sent, and does PV1-19 change with them?", evidence, raised)


def _observation(places: PlaceFindings) -> Question:
    evidence = [
        f"{one.where} {one.code} beside PV1-2 {one.beside or '-'}: {one.count:,}, read as {one.read_as or 'unknown'}"
        for one in places.observation
    ]
    evidence += [f"PV1-2 {one.word}: {one.count:,} messages, a code not mapped" for one in places.unknown_classes]
    raised = bool(places.unknown_classes) or any(one.read_as != "observation" for one in places.observation)
    return Question("How is observation coded?", evidence or ["no code that says so"], raised)


def _cancels(events: dict[str, int], visits: VisitFindings) -> Question:
    evidence = [f"{_told(events, _CANCELS) or 'no cancel'} in the sample"]
    if visits.deleted_discharges.of:
        evidence.append(f'PV1-45 is "" on A13 in {visits.deleted_discharges}')
    if visits.discharges_moved.count:
        evidence.append(f"A03 comes again with another PV1-45, without A13, in {visits.discharges_moved} visits")
    if visits.closed_by_update.count:
        evidence.append(f"an update states PV1-45, and no A03 came, in {visits.closed_by_update} visits")
    orphans = [one for one in visits.orphans if one.trigger != "A03" and one.share.count]
    evidence += [f"{one.trigger} without {one.without} in {one.share} visits" for one in orphans]
    return Question("How are cancels and corrections sent?", evidence, len(evidence) > 1)


def _shared_numbers(patients: PatientFindings, visits: VisitFindings) -> Question:
    evidence = [f"{patients.several_facilities} patients have messages of more than one facility"]
    if patients.authority_absent.count:
        evidence.append(f"CX.4 is empty in {patients.authority_absent} record numbers: the facility then scopes them")
    if visits.shared.count:
        evidence.append(f"{visits.shared} visit numbers belong to more than one patient")
    raised = bool(patients.several_facilities.count or patients.authority_absent.count or visits.shared.count)
    return Question("Which facilities share medical record numbers?", evidence, raised)


def _deletions(deletions: dict[str, int]) -> Question:
    evidence = [f"{place}: {count:,} messages" for place, count in deletions.items()]
    return Question('Does `""` mean delete?', evidence or ['no `""` in the sample'], bool(deletions))


def _pace(clocks: ClockFindings) -> Question:
    lag, busiest = clocks.sending, clocks.busiest_minute
    evidence = [f"{busiest} messages share one minute of MSH-7"] if busiest.of else ["MSH-7 is no time"]
    if lag.n:
        evidence.append(f"EVN-2 to MSH-7: p50 {lag.p50:,} s, p99 {lag.p99:,} s, at most {lag.max:,} s")
    raised = busiest.of > 10 and (busiest.ratio or 0) > _HALF
    return Question("Real time or batch, and what is the worst delay?", evidence, raised)


def _zones(clocks: ClockFindings) -> Question:
    evidence = [
        f"{one.where} ({one.of}): {one.offset:,} of {one.stated.count:,} with an offset"
        for one in clocks.places
        if one.stated.count
    ]
    raised = any(one.offset < one.stated.count for one in clocks.places)
    return Question("In which time zone are times without an offset?", evidence or ["no times"], raised)


def _roster(patients: PatientFindings) -> Question:
    numbers = f"the profile reads a member's number in {patients.any_member_id} messages"
    ask = "Does the sender filter to our roster, and on what match?"
    return Question(ask, [f"{patients.patients:,} patients; {numbers}"], raised=False)


def _told(events: dict[str, int], triggers: tuple[str, ...]) -> str:
    return ", ".join(f"{trigger} {events[trigger]}" for trigger in triggers if trigger in events)

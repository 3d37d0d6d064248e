"""Measures of discharges: transitions of care, readmissions, follow-up after mental illness.

Readings of the text: a stay that goes on is passed over in a transitions chain, is a readmission, and leaves a
psychiatric chain or a direct transfer without a discharge. A same-day stay is a readmission, though no index stay. The
outliers' four stays are counted before coverage and age are asked.

Source: care-rules §4.2, §4.4, §4.5.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from services.simulation.codes import among
from services.simulation.measuring.counted import in_event_window, tally
from services.simulation.measuring.follow_up import mental_health_visit
from services.simulation.measuring.known import DAY, Known, Stay
from services.simulation.occasions import EXPIRED
from services.simulation.truth import TrueMeasure

MONTH = timedelta(days=30)


def transitions(known: Known, year: int) -> Iterator[TrueMeasure]:
    """TRC: notified on the day of admission or the two after, seen in thirty days, medications reconciled in thirty."""
    chains = [
        (first, last)
        for first, last in _chains([stay for stay in known.stays if stay.is_bed and stay.last])
        if in_event_window(last, year)
        and known.age_on(date(year, 12, 31)) >= 18
        and known.is_enrolled(last, last + MONTH)
        and not known.is_excluded(year)
    ]
    yield tally("trc.notification", year, (_notified(known, first) for first, _ in chains))
    yield tally("trc.engagement", year, (known.has_visit(last + DAY, last + MONTH) for _, last in chains))
    yield tally("trc.medication_reconciliation", year, (_reconciled(known, last) for _, last in chains))


def _chains(stays: Sequence[Stay]) -> Iterator[tuple[date, date]]:
    """First admission and last discharge; an admission within thirty days of a discharge goes on."""
    first = last = None
    for stay in stays:
        assert stay.last is not None
        if first is None or last is None or stay.first > last + MONTH:
            if first and last:
                yield first, last
            first, last = stay.first, stay.last
        last = max(last, stay.last)
    if first and last:
        yield first, last


def _notified(known: Known, admitted_on: date) -> bool:
    return any(
        deed.what == "notification_delivered" and deed.to in ("pcp", "ongoing_provider")
        and admitted_on <= deed.day <= admitted_on + 2 * DAY
        for deed in known.deeds
    )  # fmt: skip


def _reconciled(known: Known, over_on: date) -> bool:
    until = over_on + MONTH
    by_deed = any(d.what == "medication_reconciliation" and over_on <= d.day <= until for d in known.deeds)
    return by_deed or any(
        among(claim.procedures, "medication-reconciliation")
        for claim in known.claims
        if over_on <= claim.first <= until
    )


# -- readmissions ------------------------------------------------------------------------------------------------------


def readmissions(known: Known, year: int) -> Iterator[TrueMeasure]:
    """PCR: index stays, and which of them an unplanned stay followed within thirty days."""
    joined = _joined([stay for stay in known.stays if stay.stay_class in ("inpatient", "observation")])
    joined = [run for run in joined if not any(s.is_for("pregnancy", "perinatal-conditions") for s in run)]
    index = [run for run in joined if _is_index(run, year)]
    credited = set()
    for run in joined:
        if any(stay.is_for("maintenance-chemotherapy", "rehabilitation") for stay in run):
            continue
        before = [n for n, other in enumerate(index) if _over(other) < run[0].first]
        if before and run[0].first <= _over(index[before[-1]]) + MONTH:
            credited.add(before[-1])
    if len(index) >= 4:
        return
    yield tally(
        "pcr.observed", year, (n in credited for n, run in enumerate(index) if _counts(known, _over(run), year))
    )


def _joined(stays: Sequence[Stay]) -> list[list[Stay]]:
    """A stay that begins on the day of a discharge, or the day after, is the same one, transferred."""
    found: list[list[Stay]] = []
    for stay in stays:
        if found and stay.first <= max(s.last or s.first for s in found[-1]) + DAY:
            found[-1].append(stay)
        else:
            found.append([stay])
    return found


def _is_index(run: list[Stay], year: int) -> bool:
    if any(stay.last is None for stay in run):
        return False
    died = any(stay.disposition in EXPIRED for stay in run)
    return in_event_window(_over(run), year) and run[0].first < _over(run) and not died


def _over(run: list[Stay]) -> date:
    return max(stay.last or stay.first for stay in run)


def _counts(known: Known, over_on: date, year: int) -> bool:
    return (
        18 <= known.age_on(over_on) <= 64
        and known.is_enrolled(over_on, over_on + MONTH)
        and known.is_enrolled_but(over_on - timedelta(days=365), over_on)
        and not known.in_hospice(year)
    )


# -- mental illness ----------------------------------------------------------------------------------------------------


def psychiatric(known: Known, year: int) -> Iterator[TrueMeasure]:
    """FUH: the last acute discharge of those that follow each other within thirty days, all for mental illness."""
    discharges = [
        over_on
        for over_on in _psychiatric_discharges(known)
        if in_event_window(over_on, year)
        and known.age_on(over_on) >= 6
        and known.is_enrolled(over_on, over_on + MONTH)
        and not known.is_excluded(year)
    ]
    for days in (7, 30):
        until = timedelta(days=days)
        met = (mental_health_visit(known, day + DAY, day + until, by_provider=True) for day in discharges)
        yield tally(f"fuh.{days}d", year, met)


def _psychiatric_discharges(known: Known) -> Iterator[date]:
    acute = [stay for stay in known.stays if stay.stay_class == "inpatient"]
    nursing = [stay.first for stay in known.stays if stay.stay_class == "snf"]
    for n, stay in enumerate(acute):
        if stay.last is None or not _is_psychiatric(stay):
            continue
        # Whatever acute stay comes next within thirty days takes the place of this one, or spoils it.
        follows = any(later.first <= stay.last + MONTH for later in acute[n + 1 : n + 2])
        if not follows and not any(stay.last <= day <= stay.last + MONTH for day in nursing):
            yield stay.last


def _is_psychiatric(stay: Stay) -> bool:
    return stay.is_for("mental-illness") or among(stay.diagnoses, "intentional-self-harm")

"""Index stays of readmissions, and which of them were followed by one."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from models.dispositions import DIED
from services.measures.items import Index, Item, Period, starting
from services.measures.kinds import KINDS
from services.measures.units.args import Args, Names
from services.measures.units.stays import ACUTE, OBSERVATION, Run, december_first, held, in_event_window, runs, with_any
from services.measures.units.unit import Unit

DIRECT_TRANSFER = 1
WITHIN = 30
OUTLIER = 4


class PcrArgs(Args):
    """Value sets of principal diagnoses and of procedures.

    Args:
        excluded_principal: neither an index stay nor a readmission: pregnancy, perinatal conditions.
        planned_principal: a planned readmission: maintenance chemotherapy, rehabilitation.
        planned_procedures: a planned readmission: transplants.
        potentially_planned_procedures: planned, unless the principal diagnosis is in `acute_principal`.
    """

    excluded_principal: Names = ()
    planned_principal: Names = ()
    planned_procedures: Names = ()
    potentially_planned_procedures: Names = ()
    acute_principal: Names = ()


def pcr_index(index: Index, period: Period, args: PcrArgs) -> list[Unit]:
    """Acute inpatient and observation stays that ended by December 1; direct transfers (at most a day) are one stay.

    Dropped: admitted and discharged on one day, ended in death, an excluded principal diagnosis on any stay of a
    transfer. Tags: `readmitted`, for the last index stay before an unplanned one that began within 30 days;
    `outlier`, for all of a member with four or more.

    Source: HEDIS MY 2025, PCR; care-rules §4.5.
    """
    joined = list(runs(held(index, ACUTE | OBSERVATION), DIRECT_TRANSFER))
    excluded = with_any(args.excluded_principal, _principal)
    of_interest = [run for run in joined if not any(map(excluded, run.stays))]
    indexed = [run for run in of_interest if _qualifies(run, index.person.died, period)]
    credited = set(_credited(indexed, [run for run in of_interest if not _planned(run, index, args)]))
    common = {"outlier"} if len(indexed) >= OUTLIER else set()
    return [
        Unit(
            key=run.first.id,
            first=run.first.first,
            last=run.last.last,
            start=run.first.start,
            end=run.last.end,
            facts=run.stays,
            tags=frozenset(common | {"readmitted"} if run in credited else common),
            # A fourth index stay may yet make all of them outliers.
            closes=max(run.last.last + WITHIN, december_first(period)),
        )
        for run in indexed
    ]


def _principal(stay: Item) -> frozenset[str]:
    return stay.principal


def _qualifies(run: Run, died: int | None, period: Period) -> bool:
    if not run.is_over or not in_event_window(run.last.last, period):
        return False
    ended_in_death = run.last.discharge_code in DIED or (died is not None and run.first.first <= died <= run.last.last)
    return run.first.first < run.last.last and not ended_in_death


def _credited(indexed: Sequence[Run], readmissions: Iterable[Run]) -> Iterable[Run]:
    """The last index stay before each readmission, where it ended within the days. Runs never overlap."""
    ends = [run.last.last for run in indexed]
    for again in readmissions:
        place = bisect_left(ends, again.first.first) - 1
        if place >= 0 and again.first.first - ends[place] <= WITHIN:
            yield indexed[place]


def _planned(run: Run, index: Index, args: PcrArgs) -> bool:
    if any(map(with_any(args.planned_principal, _principal), run.stays)):
        return True
    if _has_procedure(run, index, args.planned_procedures):
        return True
    acute = any(map(with_any(args.acute_principal, _principal), run.stays))
    return not acute and _has_procedure(run, index, args.potentially_planned_procedures)


def _has_procedure(run: Run, index: Index, names: Sequence[str]) -> bool:
    return any(
        KINDS[kind].counts(item)
        for name in names
        for kind in ("procedure", "claim")
        for stay in run.stays
        for item in starting(index.of(kind, name), stay.first, stay.last)
    )

"""What measures count, as of an instant. Nothing is written here.

Counters stand for now. For an instant before, what changed since is undone; members of whom that says nothing certain
(`Reader.in_doubt`) are derived again at that instant, and so is everybody when the rules are others than the store's.
The answer is always what deriving every member at the instant would count.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import islice

import msgspec

from models.measure import Contribution, PageInfo, Sums, in_run_out
from models.reference import Reference
from models.time import Instant
from services.member.counting import Counters, count_changes, counted, joined
from services.member.derive import derive
from services.runtime.recall import facilities_of, facts_of, with_registry
from services.runtime.store.contract import Reader, walk_changes, walk_members
from services.runtime.workset import Workset, check_format

log = logging.getLogger(__name__)

CHUNK = 200
"""Members recalled together: their shared rows are read once."""
DERIVED_AT_MOST = 500
"""A point of a trend that needs more members derived again than this is left out: a list is no place to wait."""

OWNERS = {"mcp": "mcp_id", "provider": "ecm_provider_id", "lead_cm": "lead_cm_id"}
"""Words to group counts by, and what they stand for; any other word is a kind of stratum."""

NOBODY: Mapping[str, tuple[Contribution, ...]] = {}


class Counts(msgspec.Struct, frozen=True):
    """What a page counts in a period, for all or for one group.

    Args:
        by: whom it is about: `mcp_id`, `ecm_provider_id`, `lead_cm_id`, or a kind of stratum; empty for all.
        provisional: units that may still change.
        trend: (instant, rate) at the ends of the months before, oldest first, of those known without much work.
    """

    page: PageInfo
    period: str
    by: dict[str, str]
    sums: Sums
    provisional: int
    trend: tuple[tuple[Instant, Fraction | None], ...] = ()

    @property
    def rate(self) -> Fraction | None:
        """Numerator over denominator less exceptions; None without a denominator."""
        return rate_of(self.sums)

    @property
    def value(self) -> float | None:
        """The rate per one or per thousand, as the page tells it."""
        return None if self.rate is None else float(self.rate * self.page.per)


def rate_of(sums: Sums) -> Fraction | None:
    """Numerator over denominator less exceptions; None without a denominator."""
    base = sums.denominator - sums.exception
    return Fraction(sums.numerator, base) if base > 0 else None


class Counting:
    """Counts of one store, by one set of reference data and its measure pages."""

    def __init__(self, reader: Reader, reference: Reference, pages: Sequence[PageInfo]) -> None:
        check_format(reader)
        self._reader, self._reference, self._pages = reader, reference, pages

    def counters(self, as_of: Instant) -> Counters:
        """Every counter at an instant; those at zero are not there."""
        with self._reader.still() as still:
            return self._counters(still, as_of, self._in_doubt(still, as_of))

    def ledger(
        self, as_of: Instant, derived: Mapping[str, tuple[Contribution, ...]] = NOBODY
    ) -> Iterator[tuple[str, Contribution]]:
        """Every contribution at an instant, with its subject; in order of subject and key.

        Args:
            derived: what members contribute who were derived at the instant already: they are not derived once more.
        """
        with self._reader.still() as still:
            doubted, undone = self._in_doubt(still, as_of), defaultdict[str, dict[object, Contribution | None]](dict)
            for change in walk_changes(still, as_of):
                if change.member_id not in doubted and (one := change.before or change.after):
                    undone[change.member_id].setdefault(one.key, change.before)  # the first change is the one to undo
            for ids in _chunks(walk_members(still)):
                known = {each: derived[each] for each in ids if each in doubted and each in derived}
                known |= self._derived(still, [each for each in ids if each in doubted and each not in known], as_of)
                stored = Workset(still).members(each for each in ids if each not in known)
                known |= {member.member_id: member.view.measures for member in stored}
                for name in ids:
                    then = {one.key: one for one in known[name]} | undone.get(name, {})
                    for _, one in sorted(then.items()):
                        if one:
                            yield name, one

    def counts(
        self, as_of: Instant, *, measure: str = "", period: str = "", by: Collection[str] = (), points: int = 0
    ) -> list[Counts]:
        """What every page counts in a period, also pages without units; in order of page, then of group.

        Args:
            measure: only this one. period: "" for the year that holds the local day.
            by: `mcp`, `provider`, `lead_cm`, and at most one kind of stratum.
            points: of how many ends of months before to tell the trend.
        """
        day = as_of.astimezone(self._reference.zone).date()
        period = period or str(day.year)
        pages = {(page.measure, page.version): page for page in self._pages if measure in ("", page.measure)}
        found = _grouped(self.counters(as_of), period, by)
        for page_key, _ in found:
            if measure in ("", page_key[0]):
                pages.setdefault(page_key, PageInfo(*page_key))
        before = [(at, _grouped(sums, period, by)) for at, sums in self._months(day, points)]
        shown = []
        for page_key, page in sorted(pages.items()):
            groups = sorted(group for key, group in found if key == page_key) or [()]
            for group in groups:
                sums = found.get((page_key, group), Sums())
                trend = tuple((at, rate_of(then.get((page_key, group), Sums()))) for at, then in before)
                provisional = sums.units if in_run_out(period, day) else 0
                shown.append(Counts(page, period, dict(group), sums, provisional, trend))
        return shown

    # -- at an instant ------------------------------------------------------------------------------------------------

    def _in_doubt(self, still: Reader, as_of: Instant) -> Collection[str]:
        if still.reference("digest") == self._reference.digest.encode():
            return still.in_doubt(as_of)
        return set(walk_members(still))

    def _counters(self, still: Reader, as_of: Instant, doubted: Collection[str]) -> Counters:
        found = still.measure_counts()
        since = (change for change in walk_changes(still, as_of) if change.member_id not in doubted)
        joined(found, count_changes((change.after, change.before) for change in since))
        for ids in _chunks(iter(sorted(doubted))):
            again = self._derived(still, ids, as_of)
            for member in Workset(still).members(ids):
                then, now = again[member.member_id], member.view.measures
                if then != now:
                    joined(found, count_changes((one, None) for one in now))
                    joined(found, counted(then))
        return found

    def _derived(self, still: Reader, ids: Sequence[str], as_of: Instant) -> dict[str, tuple[Contribution, ...]]:
        """The contributions of members, derived again at an instant."""
        if not ids:
            return {}
        work, found = Workset(still), dict[str, tuple[Contribution, ...]]()
        reference = with_registry(self._reference, facilities_of(still), as_of)
        facts = facts_of(work, ids, reference.shadows, as_of)
        for member in work.members(ids):
            try:
                found[member.member_id] = derive(facts[member.member_id], reference, as_of).measures
            except Exception as error:  # noqa: BLE001 - whose facts break our rules changes nobody else's counts (design §8)
                told = {"error": type(error).__name__}  # without the traceback: it may show a person's values
                log.error("derive failed: a member is counted as last derived", extra=told)  # noqa: TRY400
                known = member.derived_at and member.derived_at <= as_of
                found[member.member_id] = member.view.measures if known else ()
        return found

    def _months(self, day: date, points: int) -> list[tuple[Instant, Counters]]:
        """Counters at the last instants of the months before a day, of those known without much work."""
        found = []
        for _ in range(points):
            day = day.replace(day=1) - timedelta(days=1)
            at = datetime.combine(day, time.max, self._reference.zone).astimezone(UTC)
            with self._reader.still() as still:
                doubted = self._in_doubt(still, at)
                if len(doubted) <= DERIVED_AT_MOST:
                    found.append((at, self._counters(still, at, doubted)))
        return found[::-1]


_Group = tuple[tuple[str, str], ...]


def _grouped(counters: Counters, period: str, by: Collection[str]) -> dict[tuple[tuple[str, str], _Group], Sums]:
    """Sums of a period by page and group."""
    owners = [OWNERS[word] for word in by if word in OWNERS]
    kind = next((word for word in by if word not in OWNERS), "")
    found: dict[tuple[tuple[str, str], _Group], Sums] = {}
    for key, sums in counters.items():
        if key.period == period and key.kind == kind:
            group = tuple((name, str(getattr(key, name))) for name in owners)
            group += ((kind, key.stratum),) if kind else ()
            where = ((key.measure, key.version), group)
            found[where] = found[where] + sums if where in found else sums
    return found


def _chunks(names: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(names, CHUNK)):
        yield chunk

"""What reports are made of, read from one store at one instant: contributions, and the evidence behind them."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from models.measure import Contribution, PageInfo
from models.reference import Reference
from models.subjects import is_member
from models.time import Instant
from services.measures.book import MeasureBook
from services.measures.verdicts import UnitResult
from services.member.derive import explain_measure
from services.reporting.counting import Row
from services.reporting.gaps import Gap, Key, Worth, gaps_of
from services.reporting.heading import Heading, Measure, measure_of
from services.runtime.recall import facilities_of, facts_of, with_registry
from services.runtime.store.contract import Reader
from services.runtime.workset import Workset
from services.status.counting import Counting
from services.status.questions import Questions

log = logging.getLogger(__name__)

NO_WORTH: Mapping[Key, tuple[Worth, ...]] = {}


def described(page: PageInfo, reference: Reference) -> Measure:
    """A page as reports speak of it, with the populations that it has."""
    book = reference.measures
    found = book.pages if isinstance(book, MeasureBook) else ()
    names = {(f"{one.id}.{rate}" if rate else one.id, one.version): one for one in found for rate in one.rates}
    told, asked = measure_of(page), names.get((page.measure, page.version))
    if asked is None:
        return told
    lacks = {"denominator-exclusion": asked.exclusion, "denominator-exception": asked.exception}
    kept = tuple(name for name in told.populations if lacks.get(name, asked) is not None)
    return msgspec.structs.replace(told, populations=kept)


class Reports:
    """Reads one store as of one instant."""

    def __init__(self, reader: Reader, reference: Reference, pages: Sequence[PageInfo], at: Instant) -> None:
        self._counting = Counting(reader, reference, pages)
        self._questions = Questions(reader, reference)
        self._reader, self._pages, self._at = reader, pages, at
        self._reference = with_registry(reference, facilities_of(reader), at)

    def rows(
        self, period: str, *, measure: str = "", member: str = "", mcp: str = "", provider: str = ""
    ) -> Iterator[Row]:
        """Contributions of a period, those that fit; in order of subject and key."""
        for subject, one in self._ledger(member):
            fits = period == one.period and measure in ("", one.measure)
            if fits and mcp in ("", one.owner.mcp_id) and provider in ("", one.owner.ecm_provider_id):
                yield Row(subject, one)

    def _ledger(self, member: str) -> Iterable[tuple[str, Contribution]]:
        if not member:
            return self._counting.ledger(self._at)
        view = self._questions.view(member, self._at)
        return [(member, one) for one in view.measures] if view else []

    def results(self, rows: Iterable[Row]) -> dict[Key, UnitResult]:
        """The evidence behind some rows, by their keys: each subject is derived again."""
        asked: dict[str, set[str]] = {}
        for row in rows:
            asked.setdefault(row.subject, set()).add(row.contribution.measure)
        found: dict[Key, UnitResult] = {}
        for subject, measures in asked.items():
            for measure, each in self._explained(subject, sorted(measures)):
                found[subject, measure, each.version, each.period, each.unit] = each
        return found

    def _explained(self, subject: str, measures: Sequence[str]) -> Iterator[tuple[str, UnitResult]]:
        # By the name that was asked for: a page of several rates answers under its own.
        facts = facts_of(Workset(self._reader), [subject], self._reference.shadows, self._at)[subject]
        try:
            for measure in measures:
                for each in explain_measure(facts, self._reference, measure, self._at):
                    yield measure, each
        except Exception as error:  # noqa: BLE001 - whose facts break our rules hides nobody else's report (design §8)
            told = {"error": type(error).__name__}  # without the traceback: it may show a person's values
            log.error("derive failed: a report is written without evidence", extra=told)  # noqa: TRY400

    def gaps(
        self, rows: Sequence[Row], heading: Heading, worth: Mapping[Key, tuple[Worth, ...]] = NO_WORTH
    ) -> dict[str, list[Gap]]:
        """Open gaps by member, in order; a member who has none is not there."""
        measures = {page.measure: described(page, self._reference) for page in self._pages}
        found: dict[str, list[Gap]] = {}
        of_members = [row for row in rows if is_member(row.subject)]
        for gap in gaps_of(measures, of_members, self.results(of_members), worth, heading.today):
            found.setdefault(gap.row.subject, []).append(gap)
        return found

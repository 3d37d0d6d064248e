"""How the submissions of a store stand at an instant: what people decided, and what is counted now."""

from collections.abc import Sequence
from functools import cached_property

from models.measure import Contribution, PageInfo
from models.reference import Reference
from models.subjects import submission_of
from models.submission import SubmissionDecision
from models.time import Instant
from services.member.facts import known_by
from services.runtime.store.contract import Reader
from services.runtime.workset import Workset
from services.status.counting import Counting
from services.submissions.round import Round
from services.submissions.standing import NOTHING, Submission, standing
from services.submissions.values import values_of


class Submitted:
    """The rounds of one store at one instant; every contribution is read once, and only when a value is asked."""

    def __init__(
        self, reader: Reader, reference: Reference, pages: Sequence[PageInfo], rounds: Sequence[Round], as_of: Instant
    ) -> None:
        self._reader, self._as_of = reader, as_of
        self._counting = Counting(reader, reference, pages)
        self._per = {page.measure: page.per for page in pages}
        self._rounds = {each.id: each for each in rounds}
        self._known: dict[str, Submission] = {}

    def all(self) -> list[Submission]:
        """Every round, in the order given."""
        return [self.of(each) for each in self._rounds.values()]

    def of(self, asked: Round) -> Submission:
        """A round, prefilled from the one before: with what that was sent with, or what it would be sent with now."""
        if asked.id not in self._known:
            self._known[asked.id] = self._standing(asked, self._decisions(asked))
        return self._known[asked.id]

    def unsent(self, asked: Round) -> Submission:
        """A round as if it had not been sent: with the values of the instant."""
        return self._standing(asked, [one for one in self._decisions(asked) if one.action != "freeze"])

    def _standing(self, asked: Round, decisions: Sequence[SubmissionDecision]) -> Submission:
        before = self._rounds.get(asked.prefill)
        prior = self.of(before).values if before else NOTHING
        return standing(asked, decisions, values_of(asked, self._ledger, self._per), prior)

    def _decisions(self, asked: Round) -> list[SubmissionDecision]:
        found = Workset(self._reader).members([submission_of(asked.id)])
        facts = known_by(found[0].facts, self._as_of) if found else {}
        return [fact for fact in facts if isinstance(fact, SubmissionDecision)]

    @cached_property
    def _ledger(self) -> list[tuple[str, Contribution]]:
        wanted = {field.measure for each in self._rounds.values() for field in each.fields}
        return [row for row in self._counting.ledger(self._as_of) if row[1].measure in wanted]

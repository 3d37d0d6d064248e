"""How a submission stands: what its fields say, what was frozen, and what is true today."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Literal

import msgspec

from models.submission import SubmissionDecision
from models.time import Instant
from services.submissions.feedback import Feedback, feedback
from services.submissions.round import Field, Round

State = Literal["draft", "submitted"]
Values = Mapping[str, Fraction | None]
"""By the name of a field; None where there is no value."""
NOTHING: Values = {}


class Contact(msgspec.Struct, frozen=True):
    """Who answers for the submission."""

    name: str
    email: str


class Answer(msgspec.Struct, frozen=True):
    """A field and what stands in it.

    Args:
        value: the frozen value of a submission that was sent, else today's.
        prior, prefill_source: the value of the round before, and which round that is ("" when it has none).
        today: what is true now, whatever was sent. feedback: judges `value`.
    """

    field: Field
    value: Fraction | None
    prior: Fraction | None
    prefill_source: str
    today: Fraction | None
    feedback: Feedback


class Submission(msgspec.Struct, frozen=True):
    """A round as it stands at an instant."""

    round: Round
    contact: Contact | None
    state: State
    frozen_at: Instant | None
    frozen_by: str
    answers: tuple[Answer, ...]

    @property
    def values(self) -> dict[str, Fraction | None]:
        """What stands in each field: what the next round is prefilled with."""
        return {answer.field.name: answer.value for answer in self.answers}

    @property
    def lacks(self) -> tuple[str, ...]:
        """What keeps it from being sent as it is: no contact. A field without a value may be sent empty."""
        return () if self.contact else ("contact",)


def standing(
    asked: Round, decisions: Iterable[SubmissionDecision], today: Values, prior: Values = NOTHING
) -> Submission:
    """Say how a submission stands.

    Args:
        asked: the round.
        decisions: what people decided about it, in any order, each as often as it was told.
        today: the values that its measures have now, by field name.
        prior: what the round before was sent with, by field name.
    """
    own = [decision for decision in decisions if decision.round == asked.id]
    named, frozen = _newest(own, "contact"), _newest(own, "freeze")
    sent = {name: _fraction(text) for name, text in frozen.values} if frozen else None
    return Submission(
        asked,
        Contact(named.name, named.email) if named else None,
        "submitted" if frozen else "draft",
        frozen.at if frozen else None,
        frozen.by if frozen else "",
        tuple(_answer(field, asked.prefill, sent, today, prior) for field in asked.fields),
    )


def _answer(field: Field, source: str, sent: Values | None, today: Values, prior: Values) -> Answer:
    before = prior.get(field.name)
    found = today.get(field.name) if field.measure else field.value
    # A free value that the page does not state is what it was in the round before.
    now = before if found is None and not field.measure else found
    value = now if sent is None else sent.get(field.name)
    judged = feedback(value, before, field.threshold, field.improvement)
    return Answer(field, value, before, source if before is not None else "", now, judged)


def _newest(decisions: Iterable[SubmissionDecision], action: str) -> SubmissionDecision | None:
    """The decision that holds: the newest by its own time; of several at one instant always the same."""
    return max((decision for decision in decisions if decision.action == action), key=_order, default=None)


def _order(decision: SubmissionDecision) -> tuple[Instant, bytes]:
    return decision.at, msgspec.json.encode(decision)


def _fraction(text: str) -> Fraction | None:
    return Fraction(text) if text else None

"""A submission as JSON, as the contract promises it, and the journal line that freezes it."""

from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from models.time import Instant
from services.submissions.standing import Answer, Submission

Json = dict[str, Any]


def submission_json(shown: Submission, zone: ZoneInfo) -> Json:
    """Shape: contract, "Submission". Values are numbers; `exact` beside them are the fractions they are."""
    asked, contact = shown.round, shown.contact
    return {
        "submission": asked.id,
        "round": asked.round,
        "program": asked.program,
        "mcp_id": asked.mcp_id or None,
        "period": [asked.first.isoformat(), asked.last.isoformat()],
        "due": asked.due.isoformat(),
        "contact": {"name": contact.name, "email": contact.email} if contact else None,
        "state": shown.state,
        "frozen_at": shown.frozen_at.astimezone(zone).isoformat() if shown.frozen_at else None,
        "frozen_by": shown.frozen_by or None,
        "fields": [_answer_json(answer) for answer in shown.answers],
    }


def freeze_line(shown: Submission, at: Instant, by: str, reason: str = "") -> Json:
    """The decision that freezes a submission: it carries the values, so that reading the journal again gives them."""
    return {
        "at": at.isoformat(),
        "by": by,
        "action": "freeze",
        "submission": shown.round.id,
        "values": {answer.field.name: exact(answer.value) or "" for answer in shown.answers},
        "reason": reason,
    }


def exact(value: Fraction | None) -> str | None:
    """A fraction as text, `5/8`."""
    return None if value is None else f"{value.numerator}/{value.denominator}"


def _answer_json(answer: Answer) -> Json:
    field = answer.field
    return {
        "field": field.name,
        "measure": field.measure or None,
        "label": field.label or None,
        "value": _number(answer.value),
        "exact": exact(answer.value),
        "prior_value": _number(answer.prior),
        "prefill_source": answer.prefill_source or None,
        "threshold": _number(field.threshold),
        "today": _number(answer.today),
        "feedback": answer.feedback,
    }


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)

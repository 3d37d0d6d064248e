"""What people decided, one JSON object a line: links and un-links of source patients, reviews, notes on tasks,
contacts and freezes of submissions.

Source: contract, kind `decisions`. A note (`action: task`) is a care event of type `task_note`.
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from connectors.tabular.cells import Id, Member, MemberOrNobody, Patient, When, wrong
from models.events import CareEvent, Decision, QuarantineDecision
from models.submission import SubmissionDecision

_NUMBER = re.compile(r"-?\d{1,18}(?:/[1-9]\d{0,17}|\.\d{1,18})?", re.ASCII)
TASK_ACTIONS = frozenset({"done", "declined", "not_possible", "note"})


def _text(value: object) -> str:
    """JSON may leave a key out with null; everything we read is text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong("not_text", "Write it as text, in quotes.")
    return value.strip()


def _task_action(word: str) -> str:
    if word and word not in TASK_ACTIONS:
        raise wrong("unknown_word", f"Write one of: {', '.join(sorted(TASK_ACTIONS))}.")
    return word or "note"


def _values(value: object) -> tuple[tuple[str, str], ...]:
    """Exact numbers by field, as sorted pairs."""
    if not isinstance(value, dict):
        raise wrong("not_text", 'Write numbers by field, such as {"cbp": "5/8"}.')
    pairs = sorted((_text(key), _text(number)) for key, number in value.items())
    if any(number and not _NUMBER.fullmatch(number) for _, number in pairs):
        raise wrong("bad_number", "Write each number as 5/8 or 0.625, or leave it empty.")
    return tuple(pairs)


Text = Annotated[str, BeforeValidator(_text)]
Needed = Annotated[Id, BeforeValidator(_text)]
Somebody = Annotated[Member, BeforeValidator(_text)]


class IdentityRow(BaseModel):
    """A decision about who somebody is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Annotated[When, BeforeValidator(_text)]
    by: Needed
    action: Literal["link", "unlink", "review"]
    source_patient: Annotated[Patient, BeforeValidator(_text)]
    member_id: Somebody
    reason: Text = ""

    def fact(self) -> Decision:
        """State the decision."""
        return Decision(self.at, self.by, self.action, self.source_patient, self.member_id, self.reason)


class ReviewRow(IdentityRow):
    """A settled review item may name no member: nobody fits."""

    member_id: Annotated[MemberOrNobody, BeforeValidator(_text)] = ""


class NoteRow(BaseModel):
    """A note on a task: `task` is a task id or a rule, `task_action` what follows (a plain note when absent)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Annotated[When, BeforeValidator(_text)]
    by: Needed
    member_id: Somebody
    task: Needed
    task_action: Annotated[str, BeforeValidator(_task_action), BeforeValidator(_text)] = "note"
    reason: Text = ""

    def fact(self) -> CareEvent:
        """State the note as the care event it is."""
        said = {"task": self.task, "action": self.task_action, "text": self.reason}
        detail = tuple(sorted((key, value) for key, value in said.items() if value))
        return CareEvent(self.member_id, self.at, "task_note", actor_id=self.by, detail=detail)


class QuarantineRow(BaseModel):
    """A decision about a message in quarantine, named by the SHA-256 of its bytes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Annotated[When, BeforeValidator(_text)]
    by: Needed
    action: Literal["replay", "dismiss"]
    message: Needed
    reason: Text = ""

    def fact(self) -> QuarantineDecision:
        """State the decision."""
        return QuarantineDecision(self.at, self.by, self.action, self.message, self.reason)


class ContactRow(BaseModel):
    """Who answers for a submission."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Annotated[When, BeforeValidator(_text)]
    by: Needed
    submission: Needed
    name: Needed
    email: Needed
    reason: Text = ""

    def fact(self) -> SubmissionDecision:
        """State the decision."""
        return SubmissionDecision(self.at, self.by, "contact", self.submission, self.name, self.email, (), self.reason)


class FreezeRow(BaseModel):
    """A submission is sent with these values: exact numbers by field, empty where there is none."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Annotated[When, BeforeValidator(_text)]
    by: Needed
    submission: Needed
    values: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_values)]
    reason: Text = ""

    def fact(self) -> SubmissionDecision:
        """State the decision."""
        return SubmissionDecision(self.at, self.by, "freeze", self.submission, "", "", self.values, self.reason)


Row = IdentityRow | NoteRow | QuarantineRow | ContactRow | FreezeRow
ROWS: dict[str, type[Row]] = {
    "task": NoteRow,
    "replay": QuarantineRow,
    "dismiss": QuarantineRow,
    "review": ReviewRow,
    "contact": ContactRow,
    "freeze": FreezeRow,
}


def row_for(action: object) -> type[Row]:
    """The kind of row an action asks for; an unknown action is judged as a link, whose `action` then is wrong."""
    return ROWS.get(action, IdentityRow) if isinstance(action, str) else IdentityRow

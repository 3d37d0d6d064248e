"""What people decided, one JSON object a line: links and un-links of source patients, reviews, notes on tasks.

Source: contract, kind `decisions`. A note (`action: task`) is a care event of type `task_note`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from connectors.tabular.cells import Id, When, wrong
from models.events import CareEvent, Decision, QuarantineDecision

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


Text = Annotated[str, BeforeValidator(_text)]
Needed = Annotated[Id, BeforeValidator(_text)]


class IdentityRow(BaseModel):
    """A decision about who somebody is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Annotated[When, BeforeValidator(_text)]
    by: Needed
    action: Literal["link", "unlink", "review"]
    source_patient: Needed
    member_id: Needed
    reason: Text = ""

    def fact(self) -> Decision:
        """State the decision."""
        return Decision(self.at, self.by, self.action, self.source_patient, self.member_id, self.reason)


class ReviewRow(IdentityRow):
    """A settled review item may name no member: nobody fits."""

    member_id: Text = ""


class NoteRow(BaseModel):
    """A note on a task: `task` is a task id or a rule, `task_action` what follows (a plain note when absent)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Annotated[When, BeforeValidator(_text)]
    by: Needed
    member_id: Needed
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


def row_for(action: object) -> type[IdentityRow] | type[NoteRow] | type[QuarantineRow]:
    """The kind of row an action asks for; an unknown action is judged as a link, whose `action` then is wrong."""
    if action == "task":
        return NoteRow
    if action in ("replay", "dismiss"):
        return QuarantineRow
    return ReviewRow if action == "review" else IdentityRow

"""The shape of a rule page, as a care manager writes it. What the words mean: `docs/reference/rules.md`."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from models.page_words import EffectivePage, Many, SourcePage, Strict, Text, filled, keys_of
from services.timeliness.vocabulary import (
    At,
    CalendarDays,
    CareEventWord,
    ClassWord,
    ClockWord,
    DestinationWord,
    EndingWord,
    Hours,
    LackWord,
    Length,
    ModeWord,
    Name,
    NotPossibleWord,
    OutcomeWord,
    OwnerWord,
    RecipientWord,
    RiskWord,
    RosterWord,
    TaskActionWord,
    TriggerWord,
    Zone,
)


class WhenPage(Strict):
    """`when:` what raises the rule, and for whom."""

    event: Many[TriggerWord]
    class_: Many[ClassWord] | None = Field(None, alias="class")
    to: DestinationWord | None = None
    risk: Many[RiskWord] | None = None
    without: Many[LackWord] | None = None
    with_: Many[LackWord] | None = Field(None, alias="with")


class DuePage(Strict):
    """`raise.due:` a length of time after a clock's start, or an event, or whichever is earlier."""

    within: Length | None = None
    after: ClockWord | None = None
    calendar: Text | None = None
    by: Literal["discharged_at"] | None = None


class RaisePage(Strict):
    """`raise:` the task, whose it is, and when it is due."""

    task: Name
    owner: OwnerWord
    due: DuePage | None = None
    not_before: CalendarDays | None = None
    remind: Hours | None = None
    escalate: Hours | None = None


class DetailPage(Strict):
    """`detail:` of a care event: what must stand in it."""

    to: RecipientWord


class ClaimPage(Strict):
    """`claim:` a claim with a procedure code of any of the value sets."""

    value_set: Many[Text]


class EvidencePage(Strict):
    """`done_when:` exactly one of any, all, care_event, claim, task_action and roster.

    One model rather than a union of six: a mistake is then told once, at its place.
    """

    any_: "Annotated[list[EvidencePage], BeforeValidator(filled)] | None" = Field(None, alias="any")
    all_: "Annotated[list[EvidencePage], BeforeValidator(filled)] | None" = Field(None, alias="all")
    care_event: CareEventWord | None = None
    outcome: Many[OutcomeWord] | None = None
    mode: Many[ModeWord] | None = None
    detail: DetailPage | None = None
    claim: ClaimPage | None = None
    task_action: TaskActionWord | None = None
    roster: RosterWord | None = None


class GivenPage(Strict):
    """`given:` what is known in a case; what is left out is such that the rule applies."""

    event: TriggerWord | None = None
    admitted_at: At | None = None
    discharged_at: At | None = None
    first_receipt: At | None = None
    assignment_receipt: At | None = None
    class_: ClassWord | None = Field(None, alias="class")
    risk: RiskWord | None = None
    disposition: str | None = None
    lead_cm: bool | None = None
    ecm: bool | None = None
    time_zone: Zone | None = None


class ThenPage(Strict):
    """`then:` what must come out. A key that is left out is not asked; `due_at: null` means no due time."""

    raised: bool | None = None
    due_at: At | None = None
    appears_at: At | None = None


class CasePage(Strict):
    """One of `cases:`, by which a rule proves itself."""

    name: Text
    given: GivenPage
    then: ThenPage


class RulePage(Strict):
    """One rule."""

    rule: Text
    version: Text
    effective: EffectivePage
    source: SourcePage
    when: WhenPage
    raise_: RaisePage = Field(alias="raise")
    done_when: EvidencePage
    not_possible: Many[NotPossibleWord] | None = None
    ends: Many[EndingWord]
    cases: Annotated[list[CasePage], BeforeValidator(filled)]


KEYS = keys_of(RulePage)
"""Every key a rule page may have, for suggestions."""

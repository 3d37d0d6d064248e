"""From the shape of a page to the form that the core reads."""

from models.rule import (
    AllOf,
    AnyOf,
    CareEventEvidence,
    ClaimEvidence,
    Due,
    Evidence,
    RosterEvidence,
    Rule,
    Source,
    TaskActionEvidence,
    Within,
)
from services.timeliness.pages import DuePage, EvidencePage, RulePage


def compiled(page: RulePage, doc: str = "") -> Rule:
    """Give the rule that a page without mistakes says; `doc` is the comment at its head."""
    when, raised = page.when, page.raise_
    return Rule(
        id=page.rule,
        version=page.version,
        effective_from=page.effective.from_,
        effective_to=page.effective.to,
        source=Source(page.source.document, page.source.section, page.source.read_on),
        events=when.event,
        task=raised.task,
        owner=raised.owner,
        due=_due(raised.due) if raised.due else None,
        done_when=_evidence(page.done_when),
        ends=page.ends,
        classes=when.class_ or (),
        to=when.to,
        risk=when.risk or (),
        without=when.without or (),
        with_=when.with_ or (),
        not_before_days=raised.not_before,
        not_possible=page.not_possible or (),
        remind_hours=raised.remind,
        escalate_hours=raised.escalate,
        doc=doc,
    )


def _due(page: DuePage) -> Due:
    if page.within is None or page.after is None:
        return Due(by=page.by)
    return Due(Within(*page.within, after=page.after, calendar=page.calendar or ""), page.by)


def _evidence(page: EvidencePage) -> Evidence:
    if page.any_:
        return AnyOf(tuple(map(_evidence, page.any_)))
    if page.all_:
        return AllOf(tuple(map(_evidence, page.all_)))
    if page.care_event:
        detail = (("to", page.detail.to),) if page.detail else ()
        return CareEventEvidence(page.care_event, page.outcome or (), page.mode or (), detail)
    if page.claim:
        return ClaimEvidence(page.claim.value_set)
    if page.task_action:
        return TaskActionEvidence(page.task_action)
    assert page.roster, "checks.sense lets only one kind of evidence pass"
    return RosterEvidence(page.roster)


def value_sets_of(evidence: Evidence) -> frozenset[str]:
    """The names of the value sets that evidence asks for."""
    match evidence:
        case ClaimEvidence(value_sets=names):
            return frozenset(names)
        case AnyOf(items=items) | AllOf(items=items):
            return frozenset[str]().union(*map(value_sets_of, items))
        case _:
            return frozenset()

"""What was done for members, as payment programs count it: months in which they were engaged, outreach before that.

One pass over all members serves every payee; a payee without a provider is the whole plan.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from models.events import CareEvent
from models.owner import Owner
from services.programs.inputs import Outreach
from services.programs.periods import Span, span_of
from services.status.people import Known

SERVICES = frozenset({"contact", "care_plan_completed", "assessment_completed", "medication_reconciliation"})
"""Care events that are a service to an enrolled member; a contact only when it reached them."""
ATTEMPTS = frozenset({"phone", "text", "email", "in_person", "video", "portal"})
"""Modes of outreach that count: individual, and the member can answer (care-rules 2.4)."""


def engaged(people: Iterable[Known], span: Span) -> Mapping[Owner, Mapping[str, int]]:
    """Members enrolled with a payee on any day of a month of the span and served in it, by payee and month."""
    found: dict[Owner, dict[str, int]] = defaultdict(lambda: dict.fromkeys(span.months, 0))
    for one in people:
        served = {span_of("month", day) for day, event in _within(one, span) if _is_service(event)}
        for month in served:
            cut = month.until(span.first, span.last)
            assert cut, "the day is in both"
            for payee in _and_plans(one.enrolled_with(cut.first, cut.last)):
                found[payee][month.name] += 1
    return found


def outreach(people: Iterable[Known], span: Span, today: date) -> Mapping[Owner, list[Outreach]]:
    """Counted attempts in the span, by payee one for each prospective member that had any."""
    found: dict[Owner, list[Outreach]] = defaultdict(list)
    for one in people:
        made: dict[Owner, list[CareEvent]] = defaultdict(list)
        for day, event in _within(one, span):
            if event.type == "outreach_attempt" and event.mode in ATTEMPTS and (owner := one.prospect_of(day)):
                for payee in _and_plans({owner}):
                    made[payee].append(event)
        current = one.prospect_of(today) if today <= span.last else None
        goes_on = _and_plans({current}) if current else set()
        for payee, events in made.items():
            reached = sum(event.outcome == "reached" for event in events)
            found[payee].append(Outreach(len(events), reached, payee in goes_on))
    return found


def _within(one: Known, span: Span) -> Iterator[tuple[date, CareEvent]]:
    return ((day, event) for day, event in one.done if span.first <= day <= span.last)


def _and_plans(payees: set[Owner]) -> set[Owner]:
    return payees | {Owner(payee.mcp_id) for payee in payees}


def _is_service(event: CareEvent) -> bool:
    return event.type in SERVICES and (event.type != "contact" or event.outcome == "reached")

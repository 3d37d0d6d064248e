"""The rule book made ready: what one look at the reference data can say for every member."""

from functools import cache, lru_cache

import msgspec

from models.reference import Reference
from models.rule import CareEventEvidence, Rule
from services.member.evidence import refusals, rests_on_roster
from services.member.memo import Same
from services.member.said import Resolver
from services.timeliness.clocks import Kind, asks_of


class Asked(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A rule, and what follows from it alone.

    `by_day`: evidence counts from the local day of the occasion on. `refused_by`: what refuses the task.
    `by_roster`: the roster may be its evidence, where nobody did anything.
    """

    rule: Rule
    by_day: bool
    by_roster: bool
    refused_by: tuple[CareEventEvidence, ...]
    flags: tuple[str, ...]


class Book:
    """Reference data, ready to be asked."""

    def __init__(self, reference: Reference) -> None:
        self.reference, self.resolver = reference, Resolver(reference)
        self._asked = [_asked(rule, reference) for rule in reference.rules]
        self.rules_for = cache(self._rules_for)

    def _rules_for(self, kind: Kind) -> tuple[Asked, ...]:
        """The rules that occasions of this kind may raise; there are few kinds, so each is worked out once."""
        return tuple(asked for asked in self._asked if asks_of(asked.rule, kind))


def _asked(rule: Rule, reference: Reference) -> Asked:
    within = rule.due.within if rule.due else None
    by_day = within is None or within.unit.endswith("days")
    return Asked(
        rule,
        by_day,
        rests_on_roster(rule.done_when),
        tuple(refusals(rule.done_when)),
        reference.missing_sets.get(rule.id, ()),
    )


def book_of(reference: Reference) -> Book:
    """The book of this reference data; the last few are kept."""
    return _book(Same(reference))


@lru_cache(maxsize=4)
def _book(same: Same) -> Book:
    assert isinstance(same.it, Reference)
    return Book(same.it)

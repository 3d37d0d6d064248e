"""Counting as we go, and undoing what changed since, equals deriving everybody (contract, `--as-of`)."""

import random
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from models.measure import Contribution, PageInfo
from models.owner import Owner
from models.reference import Reference
from models.time import Instant
from models.view import View
from services.member.counting import counted
from services.member.derive import MemberFacts, Remembered, derive
from services.member.memo import Memo
from services.status.counting import Counting
from tests.laws.histories import EXAMPLES, INSTANTS, histories, law
from tests.timeline import Line, Live, Told
from tests.worlds import setup

PAGE = PageInfo("made_up.rest", "1", "Days of rest")
RESTED = timedelta(hours=36)


def counting(facts: MemberFacts, reference: Reference, as_of: Instant, memo: Memo[Remembered] | None = None) -> View:
    """The view, with a made-up measure that time alone changes: who has rested for 36 hours after a stay."""
    view = derive(facts, reference, as_of, memo)
    units, wakes = [], [view.wake_at] if view.wake_at else []
    for stay in view.stays if facts.roster else ():
        if not stay.admitted_at:
            continue
        rested = stay.discharged_at + RESTED if stay.discharged_at else None
        if rested and rested > as_of:
            wakes.append(rested)
        day = stay.admitted_at.date()
        units.append(
            Contribution(
                measure=PAGE.measure, version=PAGE.version, period=str(day.year), unit=stay.stay_id,
                initial_population=1, denominator=int(stay.status not in {"void", "cancelled"}),
                exclusion=0, exception=int(stay.disposition == "20"), numerator=int(bool(rested and rested <= as_of)),
                value=len(stay.sources) * 0.1, first=day, last=day, closes_on=day,
                owner=next((task.owner for task in view.tasks if task.stay_id == stay.stay_id), Owner("PLANA")),
                strata=(("place", stay.facility_id),),
            )
        )  # fmt: skip
    measures = tuple(sorted(units, key=lambda unit: unit.key))
    return msgspec.structs.replace(view, measures=measures, wake_at=min(wakes, default=None))


@contextmanager
def made_up() -> Iterator[None]:
    """With the made-up measure in the place of the shipped ones."""
    rooms = ["runtime.pipeline", "runtime.recount", "status.counting", "status.questions"]
    with ExitStack() as stack:
        for room in (*(f"services.{room}" for room in rooms), "tests.worlds"):
            stack.enter_context(patch(f"{room}.derive", counting))
        yield


def play(live: Live, journal: list[Line], dice: random.Random, bulk: float) -> None:
    """Feed a journal in batches of any size, with timers that come in time, late, or not at all."""
    rest = list(journal)
    while rest:
        batch, rest = rest[: (n := dice.choice([1, 1, 2, 5]))], rest[n:]
        until = datetime.fromisoformat(batch[0]["received_at"])
        dice.choice([live.sleep, live.sleep, live.wait, lambda _: None])(until)
        live.take(batch, bulk=dice.random() < bulk)
    live.wait(live.now)


def counts_as_deriving_does(live: Live, told: Told, instants: Iterable[datetime]) -> None:
    found = Counting(live.store, setup().reference, [PAGE])
    for at in instants:
        views = told.views(at.astimezone(UTC))
        expected = [
            (name, one)
            for name, view in sorted(views.items())
            for one in sorted(view.measures, key=lambda each: each.key)
        ]
        assert found.counters(at) == counted(one for _, one in expected)
        assert list(found.ledger(at)) == expected
        known = {name: view.measures for name, view in sorted(views.items())[::2]}
        assert list(found.ledger(at, known)) == expected


@given(histories(6), st.randoms(use_true_random=False), st.sampled_from([0.0, 0.2]), st.lists(INSTANTS, min_size=6))
@law
def test_what_was_counted_at_an_instant_is_what_deriving_everybody_then_counts(
    journal: list[Line], dice: random.Random, bulk: float, instants: list[datetime]
) -> None:
    received = [datetime.fromisoformat(line["received_at"]) for line in journal]
    near = [at + timedelta(seconds=dice.choice([-1, 0, 1, 3600])) for at in dice.sample(received, 4)]
    with made_up(), closing(Live()) as live:
        play(live, journal, dice, bulk)
        counts_as_deriving_does(live, Told(journal), [*instants, *near, live.now, live.now + timedelta(days=9)])


@given(histories(6), st.randoms(use_true_random=False), st.lists(INSTANTS, min_size=2, max_size=3))
@settings(law, max_examples=max(EXAMPLES // 4, 5))
def test_so_it_is_with_the_shipped_measures(journal: list[Line], dice: random.Random, instants: list[datetime]) -> None:
    with closing(Live()) as live:
        play(live, journal, dice, 0.1)
        new_year = live.now + timedelta(days=300)
        counts_as_deriving_does(live, Told(journal), [*instants, live.now, new_year])
        live.sleep(new_year)
        counts_as_deriving_does(live, Told(journal), [*instants, live.now, live.now - timedelta(days=30)])


@given(histories(6), st.randoms(use_true_random=False))
@law
def test_the_counters_are_the_sums_of_the_views(journal: list[Line], dice: random.Random) -> None:
    with made_up(), closing(Live()) as live:
        play(live, journal, dice, 0.3)
        views = Told(journal).views(live.now)
        assert live.store.measure_counts() == counted(one for view in views.values() for one in view.measures)

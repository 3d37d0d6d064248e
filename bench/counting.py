"""What an event costs with every measure page on: deriving a member of few facts and of many, anew and again."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from bench import kept
from bench.courses import course
from bench.measuring import Figure, Size, by_turns, figure, micros_per_call
from bench.world import Person
from models.reference import Reference
from services.member.derive import MemberFacts, Remembered, derive
from services.member.memo import Memo
from services.runtime.pipeline import Pipeline
from services.runtime.recall import circles, with_registry
from services.runtime.store.sqlite import SqliteStore
from services.runtime.workset import Workset

MEMBERS = {4: 35, 40: 37, 600: 41, 3_000: 43}
"""About how many facts, of whom: people at high risk, in care management, whose age most measures ask for."""
KINDS = {"claims": "a claim", "clinical": "a result", "fills": "a fill", "care_events": "a care event"}
IN_PARTS = 600
"""The size of which each kind of fact is shown by itself, too."""


def run(size: Size, folder: Path) -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        kept.store_with(Path(place), list(MEMBERS.values()), kept.all_pages()) as store,
    ):
        for facts, number in MEMBERS.items():
            kept.keep(store, course(number, facts, kept.now()))
        pipeline = kept.pipeline_of(store, kept.all_pages())
        while pipeline.run(bulk=True):
            pass
        for about, number in MEMBERS.items():
            facts, reference = facts_of(store, pipeline, Person(number).member_id)
            yield from _of_member(about, facts, reference, size)


def _of_member(about: int, facts: MemberFacts, reference: Reference, size: Size) -> Iterator[Figure]:
    at = kept.now()
    unmeasured = msgspec.structs.replace(reference, measures=None)
    lacking = {kind: _without_the_last(facts, kind) for kind in KINDS}
    by_turns_of = {kind: (facts, without) for kind, without in lacking.items()}
    mixed = [each for pair in by_turns_of.values() for each in pair]

    def taken(turns: Sequence[MemberFacts], under: Reference, *, warm: bool = True) -> Callable[[], float]:
        memo = Memo(Remembered) if warm else None

        def work() -> None:
            for each in turns:
                derive(each, under, at, memo)

        work()
        return lambda: micros_per_call(work, size.loop_seconds) / len(turns)

    rows = len(derive(facts, reference, at).measures)
    told = f"{facts.size - 1:,} facts, {rows} rows"
    variants = {
        "cold": (taken([facts], reference, warm=False), "derive cold, every measure page on"),
        # In turns with and without a fact: each time one differs from what is remembered.
        "warm": (taken(mixed, reference), "derive warm, one fact more or less, every measure page on"),
        "unmeasured": (taken(mixed, unmeasured), "the same without any measure"),
        "again": (taken([facts], reference), "derive warm, nothing new, every measure page on"),
    }
    if about == IN_PARTS:
        for kind, pair in by_turns_of.items():
            variants[kind] = (taken(pair, reference), f"of the warm: {KINDS[kind]} more or less")
    samples = by_turns({name: run for name, (run, _) in variants.items()}, size.rounds)
    for name, (_, what) in variants.items():
        yield figure(f"counted.{name}.{about}", f"{what} ({told})", "µs", samples, key=name)


def facts_of(store: SqliteStore, pipeline: Pipeline, member_id: str) -> tuple[MemberFacts, Reference]:
    """What is known of a member by now, and under which reference data."""
    at = kept.now()
    (around,) = circles(Workset(store), [member_id], ())
    return around.facts(around.links(at), at)[member_id], with_registry(
        kept.all_pages().reference, pipeline.facilities, at
    )


def _without_the_last(facts: MemberFacts, kind: str) -> MemberFacts:
    """The same before the last fact of a kind was received."""
    told = getattr(facts, kind)
    last = max(told, key=lambda fact: told[fact][0].received_at)
    return msgspec.structs.replace(facts, **{kind: {fact: by for fact, by in told.items() if fact is not last}})

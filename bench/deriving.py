"""What one member costs: absorbing, linking, deriving (cold and warm), comparing, and the way to and from bytes."""

import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import msgspec

from bench import kept
from bench.measuring import Figure, Size, by_turns, figure, micros_per_call
from bench.world import Person, history
from models.view import View
from services.member.derive import MemberFacts, Remembered, derive
from services.member.diff import diff
from services.member.facts import absorb, freeze, thaw
from services.member.memo import Memo
from services.runtime.pipeline import Pipeline, read_lines
from services.runtime.recall import circles, with_registry
from services.runtime.store.sqlite import SqliteStore
from services.runtime.workset import Workset

SIZES = (4, 40, 600)
_WHAT = {
    "derive": "derive cold, from the member's facts to the view",
    "warm": "derive warm, one message more than when remembered",
    "again": "derive warm, nothing new",
    "recall": "the member's facts as of now, each linked",
    "links": "who is who: links of the member's circle",
    "absorb": "absorb, a fact",
    "freeze": "facts to bytes",
    "thaw": "bytes to facts",
    "diff": "compare with what was told, nothing changed",
    "effects": "compare with nothing, everything is news",
}


def run(size: Size, folder: Path) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(dir=folder) as place, kept.store_with(Path(place), range(len(SIZES))) as store:
        for number, facts in enumerate(SIZES):
            kept.keep(store, history(number, facts))
        pipeline = kept.pipeline_of(store)
        while pipeline.run(bulk=True):
            pass
        for number, about in enumerate(SIZES):
            variants, facts = _of_member(store, pipeline, Person(number).member_id, size)
            samples = by_turns(variants, size.rounds)
            for name, what in _WHAT.items():
                yield figure(f"{name}.{about}", f"{what} ({facts} facts)", "µs", samples, key=name)


def _of_member(
    store: SqliteStore, pipeline: Pipeline, member_id: str, size: Size
) -> tuple[dict[str, Callable[[], float]], int]:
    work, at = Workset(store), kept.now()
    (around,) = circles(work, [member_id], ())
    reference = with_registry(kept.setup().reference, pipeline.facilities, at)
    links = around.links(at)
    member_facts = around.facts(links, at)[member_id]
    view = derive(member_facts, reference, at)
    revisions, _ = diff(member_id, {}, View(), view, at)
    memo, other_memo = Memo(Remembered), Memo(Remembered)
    without, turns = _without_the_last(member_facts), cycle((False, True))
    derive(member_facts, reference, at, memo)
    derive(member_facts, reference, at, other_memo)
    patients = [patient.facts for patient in around.patients]
    blobs = [freeze(facts) for facts in patients]
    count = sum(map(len, patients)) + len(around.members[member_id].facts)
    heard = read_lines(kept.setup().readers, store.lines(0, 10_000)).patients
    events = [event for patient in around.patients for event in heard[patient.key]]
    work_of: dict[str, tuple[Callable[[], object], int]] = {
        "derive": (lambda: derive(member_facts, reference, at), 1),
        # By turns with and without the last message: each time one statement differs from what is remembered.
        "warm": (lambda: derive(member_facts if next(turns) else without, reference, at, memo), 1),
        "again": (lambda: derive(member_facts, reference, at, other_memo), 1),
        "recall": (lambda: around.facts(around.links(at), at), 1),
        "links": (lambda: around.links(at), 1),
        "absorb": (lambda: absorb({}, events), max(1, len(events))),
        "freeze": (lambda: [freeze(facts) for facts in patients], 1),
        "thaw": (lambda: [thaw(blob) for blob in blobs], 1),
        "diff": (lambda: diff(member_id, revisions, view, view, at), 1),
        "effects": (lambda: diff(member_id, {}, View(), view, at), 1),
    }

    def timed(run: Callable[[], object], share: int) -> Callable[[], float]:
        return lambda: micros_per_call(run, size.loop_seconds) / share

    return {name: timed(run, share) for name, (run, share) in work_of.items()}, count


def _without_the_last(facts: MemberFacts) -> MemberFacts:
    last = max(facts.heard, key=lambda heard: (heard.tellers[0].received_at, heard.tellers[0].name))
    return msgspec.structs.replace(facts, heard=[heard for heard in facts.heard if heard is not last])

"""`evaluate`: four electronic measures over a patient's bundle, as the command runs them, from bytes and from facts."""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from bench import kept
from bench.courses import panel
from bench.measuring import Figure, Samples, Size, by_turns, figure, micros_per_call, missing
from connectors.fhir.bundle import PatientRecord, read_bundle
from services.measures.evaluating import UTC as BUNDLES_ZONE
from services.measures.evaluating import Evaluator
from services.measures.items import Item, Period, Person
from services.measures.periods import between
from services.wiring.evaluating import evaluator, person_of

FORMS = ("cms165", "cms122", "cms2", "cms128")
PERIOD = between(date(2026, 1, 1), date(2026, 12, 31))
END = datetime(2026, 12, 31, tzinfo=UTC)
FACTS = 60
_WHAT = {
    "bundle": "bundle to counts, FHIR read",
    "facts": "facts to counts",
    "entering": "of it: facts to items, matched with value sets",
    "counting": "of it: items to counts",
}


def run(size: Size, folder: Path) -> Iterator[Figure]:
    """Of bundles made up here; and of the published test patients of the four measures, where they lie."""
    made = [panel(number, FACTS, END) for number in range(size.of(40, 4))]
    sets = kept.configured(folder)
    ours = [evaluator(sets, form, PERIOD, None, BUNDLES_ZONE) for form in FORMS]
    yield from _figures("evaluate", f"made up here, {FACTS} resources each", ours, made, size)
    decks = _published()
    if decks is None:
        why = "no such folder: WARMHANDOFF_CORPORA names the one that holds corpora/"
        yield missing("published.facts", "evaluate of published test patients: facts to counts", "µs a patient", why)
        return
    bundles = [file.read_bytes() for form in FORMS for file in sorted(decks.glob(f"{form}/*/bundle.json"))]
    theirs = [evaluator(None, form, PERIOD, decks / "valuesets" / "au2025", BUNDLES_ZONE) for form in FORMS]
    yield from _figures("published", "published test patients", theirs, bundles[:: size.of(1, 20)], size)


def _published() -> Path | None:
    """The published test patients, looked for as the tests do (`tests/corpora.py`)."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("WARMHANDOFF_CORPORA") or root.parent / "shared") / "corpora" / "ecqm"
    return folder if folder.is_dir() else None


def _figures(
    name: str, whose: str, forms: Sequence[Evaluator], bundles: Sequence[bytes], size: Size
) -> Iterator[Figure]:
    samples = _samples(forms, bundles, size)
    for step, what in _WHAT.items():
        told = f"evaluate of {', '.join(FORMS)}: {what} ({len(bundles)} patients {whose})"
        yield figure(f"{name}.{step}", told, "µs a patient", samples, key=step)


def _samples(forms: Sequence[Evaluator], bundles: Sequence[bytes], size: Size) -> Samples:
    records = [read_bundle(bundle) for bundle in bundles]
    entered = [(person_of(record, BUNDLES_ZONE), [form.entered(record.clinical) for form in forms])
               for record in records]  # fmt: skip

    def from_facts(record: PatientRecord) -> None:
        person = person_of(record, BUNDLES_ZONE)
        for form in forms:
            _counted(form, form.entered(record.clinical), person)

    def read() -> None:
        for bundle in bundles:
            from_facts(read_bundle(bundle))

    def facts() -> None:
        for record in records:
            from_facts(record)

    def entering() -> None:
        for record in records:
            for form in forms:
                form.entered(record.clinical)

    def counting() -> None:
        for person, of_each in entered:
            for form, items in zip(forms, of_each, strict=True):
                _counted(form, items, person)

    def each(work: Callable[[], None]) -> Callable[[], float]:
        return lambda: micros_per_call(work, size.loop_seconds) / len(bundles)

    steps = {"bundle": read, "facts": facts, "entering": entering, "counting": counting}
    return by_turns({name: each(work) for name, work in steps.items()}, size.rounds)


def _counted(form: Evaluator, items: Sequence[Item], person: Person, period: Period = PERIOD) -> None:
    form.counts(form.counted(items, person, period))

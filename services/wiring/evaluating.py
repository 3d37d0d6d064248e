"""Run a measure over FHIR bundles: pages, value sets, files."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors.fhir.bundle import PatientRecord, read_bundle
from models.errors import FileIsWrong, MessageIsWrong, Problem
from models.pages import nearest
from services.measures.entering.moments import moment_of
from services.measures.evaluating import Evaluator, as_line
from services.measures.items import Period, Person
from services.measures.measure import Measure
from services.measures.periods import between
from services.measures.value_sets import ValueSets, read_value_sets
from services.wiring.measures import read_measures
from services.wiring.setup import measure_files, read_settings, value_set_files


def evaluator(config: Path | None, measure: str, period: Period, folder: Path | None, zone: ZoneInfo) -> Evaluator:
    """The edition of a measure that serves a period, ready.

    Args:
        folder: value sets; None for those of the configuration and the environment.

    Raises:
        FileIsWrong: no such measure or edition, a value set that it requires is not loaded, or a file has mistakes.
    """
    settings = read_settings(config)
    files = value_set_files(settings, [folder]) if folder else value_set_files(settings)
    sets = read_value_sets(files)
    loaded, problems = read_measures(measure_files(settings), sets)
    if problems:
        raise FileIsWrong(problems)
    editions = [one for one in loaded.measures if one.id == measure]
    if not editions:
        known = sorted({one.id for one in loaded.measures})
        raise _wrong(
            "--measure", f"There is no measure {measure!r}.", f"{nearest(measure, known)}There are: {', '.join(known)}."
        )
    found = next((one for one in editions if one.serves(period)), None)
    if found is None:
        spans = ", ".join(f"{one.version} from {one.effective_from} to {one.effective_to or 'now'}" for one in editions)
        raise _wrong("--period", f"No edition of {measure} serves a period that begins so.", f"There are: {spans}.")
    _check_sets(found, sets)
    return Evaluator(found, sets, zone)


def _check_sets(measure: Measure, sets: ValueSets) -> None:
    if measure.missing:
        missing = ", ".join(f"{name} ({meant})" for meant, name in sorted(measure.needs.items()) if meant not in sets)
        remedy = "Name the folder that holds them (--value-sets, or WARMHANDOFF_VALUE_SETS)."
        raise _wrong("--value-sets", f"The measure requires value sets that are not loaded: {missing}.", remedy)


def period_of(text: str) -> Period:
    """Read START/END, both dates included.

    Raises:
        FileIsWrong: it is something else.
    """
    try:
        start, end = (date.fromisoformat(part) for part in text.split("/"))
    except ValueError:
        raise _wrong("--period", f"{text!r} is no period.", "Write START/END, such as 2025-01-01/2025-12-31.") from None
    if end < start:
        raise _wrong("--period", f"The period ends on {end}, before it begins on {start}.", "Swap the two.")
    return between(start, end)


def evaluated(evaluator: Evaluator, period: Period, paths: Sequence[Path]) -> Iterator[dict[str, Any] | Problem | str]:
    """A line a file, in order; a problem for one that cannot be read; a warning before one of which a part cannot."""
    for path in paths:
        try:
            record = read_bundle(path.read_bytes())
        except OSError as error:
            yield Problem(str(path), 1, "", f"It cannot be read: {error.strerror}.", "Correct the path.")
        except MessageIsWrong as wrong:
            yield Problem(str(path), 1, wrong.where, f"It is not the bundle of one patient: {wrong.shape}.", wrong.fix)
        else:
            if not record.patient or record.others:
                what = f"It holds {record.others + 1} patients." if record.patient else "It holds no Patient."
                yield Problem(str(path), 1, "entry", what, "Give a Bundle of one patient.")
                continue
            if record.problems:
                yield f"{path}: entries that were not read: {len(record.problems)}; the first: {record.problems[0]}"
            items = evaluator.entered(record.clinical)
            groups = evaluator.counts(evaluator.counted(items, person_of(record, evaluator.zone), period))
            yield as_line(str(path), groups)


def person_of(record: PatientRecord, zone: ZoneInfo) -> Person:
    """Whom a bundle is about."""
    died = moment_of(record.died_at, zone)[0] if record.died and record.died_at else None
    return Person(record.birth_date, record.gender, died)


def _wrong(field: str, what: str, remedy: str) -> FileIsWrong:
    return FileIsWrong([Problem("command line", 1, field, what, remedy)])

"""Commands of the made-up exchange: `simulate` writes a world and its truth, `score` compares a store with it."""

import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer

from models.errors import FileIsWrong, Problem
from models.events import Facility
from models.measure import Contribution
from models.view import View
from services.cli.context import AWAY, DIFFERENT, AsJson, command, fail, place, print_json
from services.runtime.recall import facilities_of
from services.runtime.store.contract import Reader
from services.simulation import codes
from services.simulation.deeds import VISIT_CODE, VISITS, value_sets_csv
from services.simulation.journal import write
from services.simulation.listing import Count, summed
from services.simulation.places import MARK_PREFIX
from services.simulation.recipe import CLAIMS, FAULTS, MEASURE_FAULTS, MEASURES, ImpossibleRecipe, Recipe
from services.simulation.scoring import Item, Listed, Score, Tally
from services.simulation.truth import TruthFile
from services.simulation.world import World
from services.status.counting import Counting
from services.status.questions import Questions
from services.status.shapes import time_json
from services.wiring.opening import open_reader

_NO_CODES = (
    "Claims prove the visits of this world, and their codes are in no value set that is loaded.\n"
    "Set WARMHANDOFF_VALUE_SETS to the folder that `simulate --value-sets` wrote, beside any other."
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(simulate)
    app.command()(score)


@command
def simulate(
    members: Annotated[int, typer.Option("--members", help="How many people; newborns and twins come on top.")],
    days: Annotated[int, typer.Option("--days", help="How long the story is.")],
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same bytes.")],
    faults: Annotated[
        str, typer.Option("--faults", help=f"all, or any of these, separated by commas: {', '.join(FAULTS)}.")
    ] = "",
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE", help="Write what should be listed, for `score`.")
    ] = None,
    start: Annotated[str, typer.Option("--start", metavar="DATE", help="The first day.")] = "2025-01-15",
    value_sets: Annotated[
        Path | None,
        typer.Option("--value-sets", metavar="DIR", help="Prove visits by claims; write the codes' value sets there."),
    ] = None,
    measures: Annotated[
        bool,
        typer.Option(
            "--measures", help="A calmer life with claims, results, fills and files; labels tell of measures."
        ),
    ] = False,
) -> None:
    """Make up a health information exchange, and its truth.

    Writes its journal to stdout, and what should be listed of it to a file.

    Example: warmhandoff simulate --members 500 --days 60 --seed 7 --faults all --truth truth.ndjson > journal.ndjson
    """
    every = {*FAULTS, *MEASURE_FAULTS} if measures else FAULTS.keys()
    named = frozenset(every if faults.strip() == "all" else filter(None, map(str.strip, faults.split(","))))
    try:
        first = date.fromisoformat(start)
    except ValueError:
        raise fail(f"--start: {start!r} is no day.\nWrite YYYY-MM-DD.") from None
    try:
        recipe = Recipe(members, days, seed, named, first, claims=measures or value_sets is not None, measures=measures)
    except ImpossibleRecipe as error:
        raise fail(str(error)) from None
    if value_sets:
        value_sets.mkdir(parents=True, exist_ok=True)
        sets = codes.value_sets_csv() if measures else value_sets_csv()
        (value_sets / "simulated.csv").write_text(sets, encoding="utf-8")
    if truth is None:
        write(World(recipe), sys.stdout.buffer, None)
        return
    with truth.open("wb") as file:
        write(World(recipe), sys.stdout.buffer, file)


@command
def score(
    truth: Annotated[Path, typer.Argument(metavar="FILE", help="The truth that `simulate` wrote.")],
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many differences to show.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Compare a store with the truth of its simulated world.

    Tells what is found, missing and extra, by fault. Exit 1 when anything is missing or extra.

    Example: warmhandoff score truth.ndjson
    """
    setup = place.setup()
    with TruthFile(truth) as labels, open_reader(place.where(setup)) as reader:
        _same_world(reader, truth, labels.world)
        visit = {CLAIMS: VISIT_CODE, MEASURES: codes.OFFICE[0]}.get("-" + labels.world.partition("-")[2])
        if visit and visit not in setup.reference.value_sets.get(VISITS, ()):
            raise fail(_NO_CODES)
        if waiting := reader.head() - reader.cursor():
            raise fail(
                f"{waiting} lines of the store wait to be processed.\nLet `serve` finish, or `load` anything.", AWAY
            )
        counting = Counting(reader, setup.reference, setup.pages) if labels.world.endswith(MEASURES) else None
        result = scored(Questions(reader, setup.reference), labels, limit, counting)
    if as_json:
        print_json(_json(result, labels.world, setup.zone))
    else:
        print("\n".join(_lines(result, setup.zone)))
    if not result.is_clean:
        raise typer.Exit(DIFFERENT)


def scored(questions: Questions, labels: TruthFile, keep: int, counting: Counting | None = None) -> Score:
    """Compare what a store lists with the truth, at every instant of the truth; `keep` so many differences.

    Args:
        counting: where the truth tells of measures.
    """
    result = Score(keep)
    for at in labels.instants:
        listed, derived = dict[str, Listed](), dict[str, tuple[Contribution, ...]]()
        for member_id, view in questions.views(at):
            listed[member_id], derived[member_id] = _listed(member_id, view), view.measures
        counts = _counts_at(counting, at, derived)
        # Beside those listed: members that are not, and providers' files.
        for subject in sorted(labels.members(at) | listed.keys() | counts.keys()):
            one, mine = listed.get(subject), counts.get(subject)
            if mine or (one and counting):
                one = msgspec.structs.replace(one or Listed(subject, [], []), measures=mine or [])
            result.compare(at, labels.of(subject, at), one)
    return result


def _counts_at(
    counting: Counting | None, at: datetime, derived: Mapping[str, tuple[Contribution, ...]]
) -> dict[str, list[Count]]:
    """What is counted of each subject."""
    found: dict[str, list[Count]] = {}
    for subject, one in counting.ledger(at, derived) if counting else ():
        value = one.value if one.denominator else None
        found.setdefault(subject, []).append(Count(one.measure, one.period, one.denominator, one.numerator, value))
    return {subject: summed(units) for subject, units in found.items()}


def _same_world(reader: Reader, truth: Path, world: str) -> None:
    """Refuse to compare a store with the truth of another world.

    Raises:
        FileIsWrong: the store was not loaded with this world's journal, or not with it alone.
    """
    ids = [fact.facility_id for fact in facilities_of(reader) if isinstance(fact, Facility)]
    marks = sorted({id_.removeprefix(MARK_PREFIX) for id_ in ids if id_.startswith(MARK_PREFIX)})
    if marks == [world]:
        return
    holds = " and ".join(marks) or "no simulated world"
    what = f"This is the truth of world {world}; the store holds {holds}."
    remedy = "Load the journal that was written together with this file, and no other, into a new store."
    raise FileIsWrong([Problem(str(truth), 1, "world", what, remedy)])


def _listed(member_id: str, view: View) -> Listed:
    """What a view lists of stays and tasks, as the labels say it."""
    stays = [(s.patient_class, s.status, s.admitted_at, s.discharged_at) for s in view.stays]
    return Listed(member_id, stays, [(t.rule, t.due_at, t.state) for t in view.tasks])


def _json(result: Score, world: str, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "world": world,
        "instants": [{"as_of": time_json(at, zone), **kinds} for at, kinds in result.by_instant.items()],
        "faults": [{"fault": fault, "count": tally} for fault, tally in sorted(result.by_fault.items())],
        "measures": [{"measure": measure, "count": tally} for measure, tally in sorted(result.by_measure.items())],
        "differences": [
            {
                "as_of": time_json(each.as_of, zone),
                "member_id": each.member_id,
                "kind": each.kind,
                "expected": _shown(each.expected, zone),
                "listed": _shown(each.listed, zone),
                "faults": each.faults,
            }
            for each in result.differences
        ],
    }


def _lines(result: Score, zone: ZoneInfo) -> Iterator[str]:
    yield f"{'as of':27}{'':9}{'found':>9}{'missing':>9}{'extra':>9}"
    for at, kinds in result.by_instant.items():
        for kind, tally in kinds.items():
            yield f"{time_json(at, zone)!s:27}{kind:9}{_counts(tally)}"
    if result.by_measure:
        yield f"\n{'measure':36}{'found':>9}{'missing':>9}{'extra':>9}"
    for measure, tally in sorted(result.by_measure.items()):
        yield f"{measure:36}{_counts(tally)}"
    yield f"\n{'fault':36}{'found':>9}{'missing':>9}{'extra':>9}"
    for fault, tally in sorted(result.by_fault.items()):
        yield f"{fault:36}{_counts(tally)}"
    for each in result.differences:
        faults = f" ({', '.join(each.faults)})" if each.faults else ""
        yield f"\n{each.member_id} at {time_json(each.as_of, zone)}, {each.kind}{faults}"
        for word, item in (("expected", _shown(each.expected, zone)), ("listed", _shown(each.listed, zone))):
            yield f"  {word:9} {'  '.join(map(str, item)) if item else 'nothing'}"
    yield "\nEverything is listed as it should be." if result.is_clean else "\nThere are differences."


def _counts(tally: Tally) -> str:
    return f"{tally.found:9}{tally.missing:9}{tally.extra:9}"


def _shown(item: Item | None, zone: ZoneInfo) -> list[str | None] | None:
    return [time_json(x, zone) if isinstance(x, datetime) else x for x in item] if item else None

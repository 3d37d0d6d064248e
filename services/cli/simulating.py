"""Commands of the made-up exchange: `simulate` writes a world and its truth, `score` compares a store with it."""

import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from models.errors import FileIsWrong, Problem
from models.events import Facility
from models.view import View
from services.cli.context import AWAY, DIFFERENT, AsJson, command, fail, place, print_json
from services.runtime.recall import facilities_of
from services.runtime.store.contract import Reader
from services.runtime.store.sqlite_reader import SqliteReader
from services.simulation.deeds import VISIT_CODE, VISITS, value_sets_csv
from services.simulation.journal import write
from services.simulation.places import MARK_PREFIX
from services.simulation.recipe import CLAIMS, FAULTS, ImpossibleRecipe, Recipe
from services.simulation.scoring import KINDS, Item, Listed, Score, Tally
from services.simulation.truth import TruthFile
from services.simulation.world import World
from services.status.questions import Questions
from services.status.shapes import time_json

_NO_CODES = (
    "Claims prove the visits of this world, and their made-up codes are in no value set that is loaded.\n"
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
) -> None:
    """Make up a health information exchange, and its truth.

    Writes its journal to stdout, and what should be listed of it to a file.

    Example: warmhandoff simulate --members 500 --days 60 --seed 7 --faults all --truth truth.ndjson > journal.ndjson
    """
    named = frozenset(FAULTS) if faults.strip() == "all" else frozenset(filter(None, map(str.strip, faults.split(","))))
    try:
        first = date.fromisoformat(start)
    except ValueError:
        raise fail(f"--start: {start!r} is no day.\nWrite YYYY-MM-DD.") from None
    try:
        recipe = Recipe(members, days, seed, named, first, claims=value_sets is not None)
    except ImpossibleRecipe as error:
        raise fail(str(error)) from None
    if value_sets:
        value_sets.mkdir(parents=True, exist_ok=True)
        (value_sets / "simulated.csv").write_text(value_sets_csv(), encoding="utf-8")
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
    with TruthFile(truth) as labels, SqliteReader.open(place.folder(setup)) as reader:
        _same_world(reader, truth, labels.world)
        if labels.world.endswith(CLAIMS) and VISIT_CODE not in setup.reference.value_sets.get(VISITS, ()):
            raise fail(_NO_CODES)
        if waiting := reader.head() - reader.cursor():
            raise fail(
                f"{waiting} lines of the store wait to be processed.\nLet `serve` finish, or `load` anything.", AWAY
            )
        result = scored(Questions(reader, setup.reference), labels, limit)
    if as_json:
        print_json(_json(result, labels.world, setup.zone))
    else:
        print("\n".join(_lines(result, setup.zone)))
    if not result.is_clean:
        raise typer.Exit(DIFFERENT)


def scored(questions: Questions, labels: TruthFile, keep: int) -> Score:
    """Compare what a store lists with the truth, at every instant of the truth; `keep` so many differences."""
    result = Score(keep)
    for at in labels.instants:
        unseen = labels.members(at)
        for member_id, view in questions.views(at):
            unseen.discard(member_id)
            result.compare(at, labels.of(member_id, at), _listed(member_id, view))
        for member_id in sorted(unseen):
            result.compare(at, labels.of(member_id, at), None)
    return result


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
    """What a view lists, as the labels say it."""
    stays = [(s.patient_class, s.status, s.admitted_at, s.discharged_at) for s in view.stays]
    return Listed(member_id, stays, [(t.rule, t.due_at, t.state) for t in view.tasks])


def _json(result: Score, world: str, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "world": world,
        "instants": [{"as_of": time_json(at, zone), **kinds} for at, kinds in result.by_instant.items()],
        "faults": [{"fault": fault, "count": tally} for fault, tally in sorted(result.by_fault.items())],
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
    yield f"{'as of':27}{'':7}{'found':>9}{'missing':>9}{'extra':>9}"
    for at, kinds in result.by_instant.items():
        for kind in KINDS:
            yield f"{time_json(at, zone)!s:27}{kind:7}{_counts(kinds[kind])}"
    yield f"\n{'fault':34}{'found':>9}{'missing':>9}{'extra':>9}"
    for fault, tally in sorted(result.by_fault.items()):
        yield f"{fault:34}{_counts(tally)}"
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

"""`measures check` and `measures prove`: whether pages are right, and what their cases prove."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from models.errors import FileIsWrong
from services.cli.context import DIFFERENT, AsJson, command, fail, place, print_json
from services.cli.measures import measures
from services.measures.cases import cases_of, check_cases
from services.measures.proving import Proved, prove
from services.status.finding import near
from services.wiring.measures import pages_of
from services.wiring.setup import measure_files, read_settings


def register(_app: typer.Typer) -> None:
    """Add the commands to the group `measures`."""
    measures.command("check")(check)
    measures.command("prove")(proved)


Folder = Annotated[list[Path] | None, typer.Argument(help="Folders or pages beside the configured ones.")]


@command
def check(folders: Folder = None) -> None:
    """Read every measure page, and play its cases; print every problem.

    Example: warmhandoff measures check my-pages/
    """
    loaded = pages_of(measure_files(read_settings(place.file()), folders or ()))
    problems = [*loaded.problems, *(p for one in loaded.pages for p in check_cases(one, loaded.libraries))]
    if problems:
        raise FileIsWrong(problems)
    cases = sum(len(cases_of(one, loaded.libraries)[0]) for one in loaded.pages)
    print(f"{len(loaded.pages)} pages are right; {cases} cases hold.", file=sys.stderr)


@command
def proved(
    folders: Folder = None,
    measure: Annotated[str, typer.Option("--measure", help="Only this page.")] = "",
    as_json: AsJson = False,
) -> None:
    """Change each page in every small way, and list the changes that no case notices. Ends with 1 when there are any.

    Example: warmhandoff measures prove --measure trc.engagement
    """
    loaded = pages_of(measure_files(read_settings(place.file()), folders or ()))
    if loaded.problems:
        raise FileIsWrong(loaded.problems)
    if measure and measure not in (known := {one.id for one in loaded.measures}):
        raise fail(f"--measure: there is no measure {measure!r}.{near(measure, known)}")
    # A case that fails would notice every mutant.
    failing = [
        problem
        for one in loaded.pages
        if measure in ("", one.measure.id)
        for problem in check_cases(one, loaded.libraries)
    ]
    if failing:
        raise FileIsWrong(failing)
    found = list(prove(loaded, measure))
    if as_json:
        print_json({"pages": [_json(one) for one in found]})
    else:
        for one in found:
            _tell(one)
    if any(one.survivors or one.stale for one in found):
        raise typer.Exit(DIFFERENT)


def _json(one: Proved) -> dict[str, object]:
    return {
        "measure": one.name,
        "page": one.path,
        "mutants": one.mutants,
        "survivors": one.survivors,
        "explained": one.explained,
        "stale": one.stale,
    }


def _tell(one: Proved) -> None:
    explained = f", {len(one.explained)} explained" if one.explained else ""
    print(f"{one.name}: {one.mutants} mutants, {len(one.survivors)} survive{explained}")
    for mutant in one.survivors:
        print(f"  no case notices: {mutant}")
    for mutant in one.stale:
        print(f"  explained, but a case notices it, or it is gone: {mutant}")

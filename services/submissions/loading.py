"""From pages to rounds. All mistakes of all files are told in one go, each with its line and a remedy."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from pydantic import ValidationError

from models.errors import Problem
from models.pages import Page, nearest, pages_in, problems_of
from services.submissions.pages import KEYS, FieldPage, RoundPage
from services.submissions.round import Field, Round

Directions = Mapping[str, Literal["increase", "decrease"]]
"""Which way is better, by the id of a measure: every measure that there is."""


class Loaded(msgspec.Struct, frozen=True):
    """The rounds that are right, in order of due day, and what is wrong with the others."""

    rounds: tuple[Round, ...]
    problems: tuple[Problem, ...]

    def named(self, submission: str) -> Round | None:
        """The round of an id."""
        return next((each for each in self.rounds if each.id == submission), None)


def load_rounds(files: Sequence[tuple[str, str]], measures: Directions | None = None) -> Loaded:
    """Read pages of rounds. Never raises.

    Args:
        files: (path, text) of each; the stem of a path is the round's id.
        measures: what may be asked for; None asks nothing about measures.
    """
    problems: list[Problem] = []
    read: list[tuple[Page, RoundPage]] = []
    for path, pages in pages_in(files, problems):
        if len(pages) != 1:
            what = "A file holds one round." if pages else "The file is empty."
            problems.append(Problem(path, pages[1].line(()) if pages else 1, "", what, "Give each a file of its own."))
        for page in pages[:1]:
            try:
                read.append((page, RoundPage.model_validate(page.data)))
            except ValidationError as error:
                problems += problems_of(page, error, known=KEYS)
    rounds = {page.submission: page for _, page in read}
    for number, (page, parsed) in enumerate(read):
        problems += _misnamed(page, parsed)
        problems += _twice(page, parsed, [earlier for _, earlier in read[:number]])
        problems += _senseless(page, parsed, rounds)
        problems += _unknown_measures(page, parsed, measures)
    wrong_files = {problem.path for problem in problems}
    fine = [_round(parsed, measures or {}) for page, parsed in read if page.path not in wrong_files]
    ordered = sorted(problems, key=lambda problem: (problem.path, problem.line, problem.field))
    return Loaded(tuple(sorted(fine, key=lambda each: (each.due, each.id))), tuple(ordered))


def _round(parsed: RoundPage, measures: Directions) -> Round:
    return Round(
        parsed.submission,
        parsed.round,
        parsed.program,
        parsed.version,
        parsed.period.from_,
        parsed.period.to,
        parsed.due,
        tuple(_field(each, measures) for each in parsed.fields),
        parsed.mcp_id or "",
        parsed.prefill or "",
    )


def _field(parsed: FieldPage, measures: Directions) -> Field:
    return Field(
        _name_of(parsed),
        parsed.measure or "",
        parsed.label or "",
        parsed.value,
        parsed.threshold,
        parsed.improvement or measures.get(parsed.measure or "", "increase"),
    )


def _name_of(parsed: FieldPage) -> str:
    name = parsed.field or parsed.measure
    assert name is not None  # the page was checked
    return name


def _misnamed(page: Page, parsed: RoundPage) -> Iterator[Problem]:
    stem = page.path.rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")
    if stem != parsed.submission:
        what = f"The file is called {stem!r}, its submission {parsed.submission!r}."
        yield page.problem(("submission",), what, "Give both the same name.")


def _twice(page: Page, parsed: RoundPage, others: Sequence[RoundPage]) -> Iterator[Problem]:
    if parsed.submission in [other.submission for other in others]:
        what = f"{parsed.submission!r} is the submission of another file, too."
        yield page.problem(("submission",), what, "Rename one of the two, or remove it.")
    names: set[str] = set()
    for index, each in enumerate(parsed.fields):
        if _name_of(each) in names:
            what = f"The field {_name_of(each)!r} stands here twice."
            key = "field" if each.field else "measure"
            yield page.problem(("fields", index, key), what, "Remove one, or give it a name of its own with 'field'.")
        names.add(_name_of(each))


def _senseless(page: Page, parsed: RoundPage, rounds: Mapping[str, RoundPage]) -> Iterator[Problem]:
    if parsed.due <= parsed.period.to:
        what = f"It is due on {parsed.due}, before its period is over."
        yield page.problem(("due",), what, f"Write a day after {parsed.period.to}.")
    if parsed.prefill is None:
        return
    before = rounds.get(parsed.prefill)
    if before is None:
        what = f"There is no submission {parsed.prefill!r} to prefill from."
        yield page.problem(("prefill",), what, f"{nearest(parsed.prefill, rounds)}Name one, or leave 'prefill' out.")
    elif before.period.from_ >= parsed.period.from_:
        what = f"{parsed.prefill!r} is no earlier round: its period begins on {before.period.from_}."
        yield page.problem(("prefill",), what, "Name the round before.")


def _unknown_measures(page: Page, parsed: RoundPage, known: Collection[str] | None) -> Iterator[Problem]:
    for index, each in enumerate(parsed.fields):
        if known is not None and each.measure and each.measure not in known:
            what = f"There is no measure {each.measure!r}."
            yield page.problem(("fields", index, "measure"), what, f"{nearest(each.measure, known)}Name one of them.")

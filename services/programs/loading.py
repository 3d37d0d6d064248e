"""From program pages to programs. All mistakes of all files are told in one go, each with its line and a remedy."""

from collections.abc import Collection, Iterator, Sequence

import msgspec
from pydantic import ValidationError

from models.errors import Problem
from models.page_words import keys_of
from models.pages import Page, dotted, nearest, pages_in, problems_of
from services.programs.cases import play
from services.programs.checks import sense
from services.programs.pages import Head
from services.programs.payments import MODELS
from services.programs.program import Program


class Loaded(msgspec.Struct, frozen=True):
    """What the pages say: the programs that are right, and what is wrong with the others."""

    programs: tuple[Program, ...]
    problems: tuple[Problem, ...]

    @property
    def cases(self) -> int:
        """How many cases the programs have."""
        return sum(len(program.page.cases) for program in self.programs)


def load_programs(files: Sequence[tuple[str, str]], measures: Collection[str] | None = None) -> Loaded:
    """Read program pages, one a file or several. Never raises; cases are not played: see `check_programs`.

    Args:
        files: (path, text) of each; errors name the path, and its stem is the program's id.
        measures: ids that the installation knows; a page that pays for another one is wrong. None: any will do.
    """
    programs: list[Program] = []
    problems: list[Problem] = []
    written: dict[object, str] = {}
    for path, pages in pages_in(files, problems):
        problems.extend(_alone(path, pages))
        for page in pages[:1]:
            found = [*sense(page, measures), *_twin(page, written)]
            program = _program(page, found)
            problems.extend(sorted(set(found), key=lambda problem: (problem.line, problem.field, problem.what)))
            programs.extend([program] if program and not found else [])
    return Loaded(tuple(sorted(programs, key=lambda program: program.id)), tuple(problems))


def check_programs(files: Sequence[tuple[str, str]], measures: Collection[str] | None = None) -> Loaded:
    """Read program pages and play their cases: `problems` has both kinds."""
    loaded = load_programs(files, measures)
    failed = [problem for program in loaded.programs for problem in play(program)]
    return msgspec.structs.replace(loaded, problems=(*loaded.problems, *failed))


def _alone(path: str, pages: Sequence[Page]) -> Iterator[Problem]:
    if not pages:
        yield Problem(path, 1, "", "The file is empty.", "Write a program, or remove the file.")
    for extra in pages[1:]:
        yield extra.problem((), "A file holds one program.", "Put this one into a file of its own.")


def _twin(page: Page, written: dict[object, str]) -> Iterator[Problem]:
    name = page.data.get("program")
    if isinstance(name, str) and written.setdefault(name, page.path) != page.path:
        yield page.problem(("program",), f"{name!r} is also the program of {written[name]}.", "Remove one of the two.")


def _program(page: Page, found: list[Problem]) -> Program | None:
    """The program of a page; None, and its problems in `found`, when it has another shape than its model's."""
    name = page.data.get("model")
    model = MODELS.get(name) if isinstance(name, str) else None
    if isinstance(name, str) and model is None:
        what = f"There is no model {name!r}."
        found.append(page.problem(("model",), what, f"{nearest(name, MODELS)}There are: {', '.join(MODELS)}."))
        return None
    shape = model.page if model else Head
    try:
        parsed = shape.model_validate(page.data)
    except ValidationError as error:
        found.extend(_told(page, error, shape, whole=model is not None))
        return None
    return Program(parsed, model, page) if model else None


def _told(page: Page, error: ValidationError, shape: type[Head], *, whole: bool) -> list[Problem]:
    """Pydantic's errors as problems; for an unknown key the nearest known one is suggested.

    Args:
        whole: the model is known; else the keys that only a model knows are not judged.
    """
    unknown = {dotted(one["loc"]) for one in error.errors() if one["type"] == "extra_forbidden"}
    return [
        problem for problem in problems_of(page, error, known=keys_of(shape)) if whole or problem.field not in unknown
    ]

"""From rule pages to compiled rules. All mistakes of all files are told in one go, each with its line and a remedy."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec
from pydantic import ValidationError

from models.errors import FileIsWrong, Problem
from models.pages import Page, parse_pages, problems_of
from models.reference import Calendar
from models.rule import Rule
from services.timeliness.calendars import BUILT_IN
from services.timeliness.cases import Case, play
from services.timeliness.checks import sense
from services.timeliness.compiling import compiled, value_sets_of
from services.timeliness.pages import KEYS, RulePage


class Loaded(msgspec.Struct, frozen=True):
    """What the rule pages say: the rules that are right, their cases, and what is wrong with the others.

    `warnings` name value sets that are not loaded: such a rule runs, but a claim cannot prove its task done.
    """

    rules: tuple[Rule, ...]
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    calendars: Mapping[str, Calendar]


def load_rules(
    pages: Sequence[tuple[str, str]],
    *,
    calendars: Mapping[str, Calendar] = BUILT_IN,
    value_sets: Collection[str] | None = None,
) -> Loaded:
    """Compile rule pages. Never raises; cases are not played: see `play_cases` and `check`.

    Args:
        pages: (path, text) of each file; errors name the path, and its stem is the rule's id.
        calendars: by name, for business days.
        value_sets: names of the value sets there are; None asks for no warnings.
    """
    reading = _Reading(calendars, value_sets)
    for path, text in pages:
        reading.read(path, text)
    rules = tuple(sorted(reading.rules, key=lambda rule: rule.id))
    return Loaded(rules, tuple(reading.cases), tuple(reading.problems), tuple(reading.warnings), calendars)


def play_cases(loaded: Loaded, zone: ZoneInfo) -> list[Problem]:
    """Play the cases; each that fails is a problem that says what was expected and what came out.

    Args:
        loaded: the rules and cases.
        zone: where the cases were written, unless a case says otherwise; not the setting of the installation, for a
            case proves the rule and must hold everywhere.
    """
    return [problem for case in loaded.cases for problem in play(case, zone, loaded.calendars)]


def check(
    pages: Sequence[tuple[str, str]],
    zone: ZoneInfo,
    *,
    calendars: Mapping[str, Calendar] = BUILT_IN,
    value_sets: Collection[str] | None = None,
) -> Loaded:
    """Compile rule pages and play their cases: `problems` has both kinds."""
    loaded = load_rules(pages, calendars=calendars, value_sets=value_sets)
    return msgspec.structs.replace(loaded, problems=(*loaded.problems, *play_cases(loaded, zone)))


class _Reading:
    """Collects what the files say, one after the other."""

    def __init__(self, calendars: Mapping[str, Calendar], value_sets: Collection[str] | None) -> None:
        self.calendars, self.value_sets = calendars, value_sets
        self.rules: list[Rule] = []
        self.cases: list[Case] = []
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.files: dict[object, str] = {}

    def read(self, path: str, text: str) -> None:
        try:
            documents = parse_pages(path, text)
        except FileIsWrong as wrong:
            self.problems.extend(wrong.problems)
            return
        if not documents:
            self.problems.append(Problem(path, 1, "", "The file is empty.", "Write a rule, or remove the file."))
        for extra in documents[1:]:
            self.problems.append(extra.problem((), "A file holds one rule.", "Put this one into a file of its own."))
        for page in documents[:1]:
            self.compile(page, _doc(text))

    def compile(self, page: Page, doc: str) -> None:
        found = [*sense(page, self.calendars), *self.twins(page)]
        try:
            parsed = RulePage.model_validate(page.data)
        except ValidationError as error:
            found += problems_of(page, error, known=KEYS)
        if found:
            self.problems.extend(sorted(set(found), key=lambda problem: (problem.line, problem.field, problem.what)))
            return
        rule = compiled(parsed, doc)
        self.rules.append(rule)
        self.cases.extend(Case(rule, page, index, case) for index, case in enumerate(parsed.cases))
        self.warnings.extend(_absent(page, rule, self.value_sets))

    def twins(self, page: Page) -> Iterator[Problem]:
        rule = page.data.get("rule")
        if isinstance(rule, str) and self.files.setdefault(rule, page.path) != page.path:
            what = f"{rule!r} is also the rule of {self.files[rule]}."
            yield page.problem(("rule",), what, "Rename one of the two, or remove it.")


def _doc(text: str) -> str:
    """The comment at the head of a file, as prose."""
    prose: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        prose.append(line.lstrip("# "))
    return " ".join(prose)


def _absent(page: Page, rule: Rule, loaded: Collection[str] | None) -> Iterator[Problem]:
    if loaded is None:
        return
    for name in sorted(value_sets_of(rule.done_when) - set(loaded)):
        what = f"The value set {name!r} is not loaded: no claim can prove this task done by it."
        yield page.problem(("done_when",), what, "Name a CSV file that has it under value_sets: in the configuration.")

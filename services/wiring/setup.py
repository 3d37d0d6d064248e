"""Read an installation's files into values: settings, feeds, rules, calendars, value sets."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from connectors.fhir.reader import FhirReader
from connectors.files.contract import OVERLONG, UNREADABLE
from connectors.files.journal import UnreadableReader
from connectors.hl7v2 import Hl7v2Reader
from connectors.hl7v2.book import FeedBook, is_ours, read_book
from connectors.hl7v2.settings import FeedSettings
from connectors.kafka.undecoded import UndecodedReader
from connectors.tabular.kinds import TABLES
from connectors.tabular.reader import TabularReader
from models.errors import FileIsWrong, Problem
from models.measure import PageInfo
from models.pages import Page, parse_pages
from models.reference import Calendar, Reference
from services.intake.reading import LineReader
from services.measures.book import MeasureBook
from services.measures.value_sets import ValueSets, read_value_sets
from services.returns.due import DueDates
from services.returns.maps import ReturnMap
from services.settings import DEFAULT_ZONE, Settings, settings_of
from services.timeliness.compiling import value_sets_of
from services.timeliness.custom import calendars
from services.timeliness.loading import Loaded, check
from services.timeliness.value_sets import parse_value_sets
from services.wiring.files import Text, files_of, shipped, text_of, texts_of
from services.wiring.measures import infos, read_measures
from services.wiring.programs import read_programs
from services.wiring.returns import read_maps
from services.wiring.rounds import read_rounds
from topics import undecoded

T = TypeVar("T")

VALUE_SETS = "WARMHANDOFF_VALUE_SETS"
DEFAULT_FEED = "mllp"
"""What arrives through `serve --mllp` where nobody declared a feed; like any live feed it takes P and empty MSH-11."""
DERIVATION = "4"
"""Raised whenever `derive` gives other answers for the same facts: stores then derive everybody again."""


class Setup(msgspec.Struct, frozen=True):
    """An installation's declarations, read and checked."""

    settings: Settings
    book: FeedBook
    reference: Reference
    readers: Mapping[str, LineReader]
    warnings: tuple[Problem, ...]
    maps: tuple[ReturnMap, ...]
    config: Path | None = None
    pages: tuple[PageInfo, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return self.reference.zone

    @property
    def declared_feeds(self) -> list[str]:
        """Feeds that the configuration names."""
        return sorted(self.book.feeds.keys() - {DEFAULT_FEED})


def read_setup(config: Path | None) -> Setup:
    """Read everything that an installation declares.

    Raises:
        FileIsWrong: every problem of every file, by line; nothing was started.
    """
    problems = _Problems()
    no_maps: tuple[ReturnMap, ...] = ()
    pages = parse_pages(str(config), text_of(config)) if config else []
    settings = _settings([page for page in pages if not is_ours(page)], problems)
    book = problems.of(lambda: read_book([page for page in pages if is_ours(page)]), FeedBook({}, {}))
    book.feeds.setdefault(DEFAULT_FEED, FeedSettings(processing_ids=("P", "")))
    business, sets, loaded = _rules(settings, [Path(folder) for folder in settings.rules], problems)
    maps = problems.of(lambda: read_maps(map_files(settings), business or None), no_maps)
    lists = problems.of(lambda: read_value_sets(value_set_files(settings)), ValueSets())
    own = problems.of(lambda: measure_files(settings), list[Text]())
    measures, wrong = read_measures(own, lists)
    problems += wrong
    # A round or program that asks for a measure whose page is wrong is not wrong itself.
    counted = {} if wrong else {info.measure: info.improvement for info in infos(measures.measures)}
    problems.of(lambda: read_rounds([Path(name) for name in settings.submissions], counted or None), None)
    problems.of(lambda: read_programs(settings.programs, counted or None, config), None)
    if problems:
        raise FileIsWrong(list(dict.fromkeys(problems)))  # rules and measures read the same code lists
    zone = ZoneInfo(settings.time_zone)
    reference = Reference(
        rules=loaded.rules,
        zone=zone,
        calendars=business,
        value_sets=sets,
        feeds=book.habits(),
        missing_sets={
            rule.id: tuple(f"value_set_missing:{name}" for name in sorted(value_sets_of(rule.done_when) - sets.keys()))
            for rule in loaded.rules
        },
        measures=MeasureBook(measures, lists),
        due_dates=DueDates(maps, business, zone),
    )
    reference = msgspec.structs.replace(reference, digest=_digest(reference, maps))
    readers: dict[str, LineReader] = {
        kind: TabularReader(kind, zone=zone, maps=maps) for kind in (*TABLES, "decisions")
    }
    readers |= {kind: UnreadableReader(kind) for kind in (UNREADABLE, OVERLONG)}
    readers[undecoded.KIND] = UndecodedReader()
    readers["hl7v2"] = Hl7v2Reader(book.profile_of)
    readers["fhir"] = FhirReader()
    return Setup(settings, book, reference, readers, loaded.warnings, maps, config, infos(measures.measures))


def read_rules(config: Path | None, folders: Sequence[Path] = ()) -> Loaded:
    """Read the rules of an installation, and those in more folders; play every case.

    Raises:
        FileIsWrong: every problem of the rules, and of the settings, calendars and value sets that they need.
    """
    problems = _Problems()
    pages = parse_pages(str(config), text_of(config)) if config else []
    settings = _settings([page for page in pages if not is_ours(page)], problems)
    _, _, loaded = _rules(settings, [*(Path(name) for name in settings.rules), *folders], problems)
    if problems:
        raise FileIsWrong(problems)
    return loaded


def read_settings(config: Path | None) -> Settings:
    """The settings of an installation alone.

    Raises:
        FileIsWrong: every problem of them.
    """
    return (
        settings_of([page for page in parse_pages(str(config), text_of(config)) if not is_ours(page)])
        if config
        else Settings()
    )


class _Problems(list[Problem]):
    """What is wrong with all the files together."""

    def of(self, read: Callable[[], T], otherwise: T) -> T:
        """What was read; `otherwise` when its problems were added here."""
        try:
            return read()
        except FileIsWrong as wrong:
            self.extend(wrong.problems)
            return otherwise


def _settings(pages: Sequence[Page], problems: _Problems) -> Settings:
    """The settings; where some are wrong the others, which tell what else there is to read."""
    wrong = _Problems()
    settings = wrong.of(lambda: settings_of(pages), Settings())
    problems.extend(wrong)
    if not wrong:
        return settings
    spoilt = {re.split(r"[.\[]", problem.field)[0] for problem in wrong}
    return Settings.model_validate({key: value for key, value in pages[0].data.items() if key not in spoilt})


def _rules(
    settings: Settings, folders: Iterable[Path], problems: _Problems
) -> tuple[Mapping[str, Calendar], Mapping[str, frozenset[str]], Loaded]:
    """Calendars, value sets, and the rules that need them."""
    before = len(problems)
    named = [(name, problems.of(partial(text_of, Path(name)), "")) for name in settings.calendars]
    no_calendars: Mapping[str, Calendar] = {}
    no_sets: Mapping[str, frozenset[str]] = {}
    no_files: list[Text] = []
    business = problems.of(lambda: calendars(named), no_calendars)
    # Rules read code lists only; FHIR expansions are the measures'.
    sets = problems.of(
        lambda: parse_value_sets([file for file in value_set_files(settings) if not file[0].endswith(".json")]), no_sets
    )
    files = problems.of(lambda: rule_files(folders), no_files)
    zone = ZoneInfo(DEFAULT_ZONE)  # where the cases were written; a case may say otherwise
    # A rule that names a calendar which could not be read is not wrong itself.
    loaded = check(files if len(problems) == before else [], zone, calendars=business, value_sets=sets)
    problems.extend(loaded.problems)
    return business, sets, loaded


def rule_files(folders: Iterable[Path]) -> list[Text]:
    """(path, text) of every rule: the shipped ones, and an operator's in place of those of the same name."""
    own = texts_of(file for folder in folders for file in files_of(folder))
    found = {Path(path).name: (path, text) for path, text in (*shipped("services.timeliness", "rules"), *own)}
    return [found[name] for name in sorted(found)]


def map_files(settings: Settings) -> list[Text]:
    """(path, text) of every page of a plan's return files."""
    return texts_of(file for name in settings.return_maps for file in files_of(Path(name)))


def measure_files(settings: Settings, more: Iterable[Path] = ()) -> list[Text]:
    """(path, text) of every measure page of the operator's, and of more folders or pages."""
    return texts_of(file for name in (*map(Path, settings.measures), *more) for file in files_of(name))


def value_set_files(settings: Settings, instead: Iterable[Path] = ()) -> list[Text]:
    """(path, text) of every value-set file: the setting's, then the environment's (folders separated by `:`); of other
    folders instead, where any are named.
    """
    configured = (*settings.value_sets, *filter(None, os.environ.get(VALUE_SETS, "").split(os.pathsep)))
    named = list(instead) or list(map(Path, configured))
    return texts_of(file for name in named for kind in ("*.csv", "*.json") for file in files_of(name, kind))


def _digest(reference: Reference, maps: Sequence[ReturnMap]) -> str:
    """What a store was derived with: rules, value sets, calendars, feeds, zone and our own derivation."""
    values = (
        DERIVATION,
        str(reference.zone),
        reference.rules,
        reference.value_sets,
        reference.calendars,
        reference.feeds,
        reference.measures.digest if reference.measures else "",
        maps,
    )
    return sha256(msgspec.json.encode(values, order="deterministic")).hexdigest()

"""Read an installation's files into values: settings, feeds, rules, calendars, value sets."""

import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from connectors.files.contract import OVERLONG, UNREADABLE
from connectors.files.journal import UnreadableReader
from connectors.hl7v2 import Hl7v2Reader
from connectors.hl7v2.book import FeedBook, is_ours, read_book
from connectors.tabular.kinds import TABLES
from connectors.tabular.reader import TabularReader
from models.errors import FileIsWrong, Problem
from models.pages import parse_pages
from models.reference import Reference
from services.intake.reading import LineReader
from services.settings import DEFAULT_ZONE, Settings, settings_of
from services.timeliness.custom import calendars
from services.timeliness.loading import Loaded, check
from services.timeliness.value_sets import parse_value_sets

VALUE_SETS = "WARMHANDOFF_VALUE_SETS"
DERIVATION = "1"
"""Raised whenever `derive` gives other answers for the same facts: stores then derive everybody again."""


class Setup(msgspec.Struct, frozen=True):
    """An installation's declarations, read and checked."""

    settings: Settings
    book: FeedBook
    reference: Reference
    readers: Mapping[str, LineReader]
    warnings: tuple[Problem, ...]

    @property
    def zone(self) -> ZoneInfo:
        return self.reference.zone


def read_setup(config: Path | None) -> Setup:
    """Read everything that an installation declares.

    Raises:
        FileIsWrong: every problem of every file, by line; nothing was started.
    """
    pages = parse_pages(str(config), _text(config)) if config else []
    settings = settings_of([page for page in pages if not is_ours(page)])
    book = read_book([page for page in pages if is_ours(page)])
    business = calendars([(name, _text(Path(name))) for name in settings.calendars])
    sets = parse_value_sets(value_set_files(settings))
    loaded = checked_rules([Path(folder) for folder in settings.rules], business, sets)
    if loaded.problems:
        raise FileIsWrong(loaded.problems)
    zone = ZoneInfo(settings.time_zone)
    reference = Reference(
        rules=loaded.rules,
        zone=zone,
        calendars=business,
        value_sets=sets,
        feeds=book.habits(),
    )
    reference = msgspec.structs.replace(reference, digest=_digest(reference))
    readers: dict[str, LineReader] = {kind: TabularReader(kind, zone=zone) for kind in (*TABLES, "decisions", "fhir")}
    readers |= {kind: UnreadableReader(kind) for kind in (UNREADABLE, OVERLONG)}
    readers["hl7v2"] = Hl7v2Reader(book.profile_of)
    return Setup(settings, book, reference, readers, loaded.warnings)


def checked_rules(folders: Iterable[Path], business: Mapping, sets: Mapping) -> Loaded:  # type: ignore[type-arg]
    """Read the shipped rules and an operator's, and play every case."""
    zone = ZoneInfo(DEFAULT_ZONE)  # where the cases were written; a case may say otherwise
    return check(rule_files(folders), zone, calendars=business, value_sets=sets)


def rule_files(folders: Iterable[Path]) -> list[tuple[str, str]]:
    """(path, text) of every rule: the shipped ones, and an operator's in place of those of the same name."""
    shipped = resources.files("services.timeliness").joinpath("rules")
    found = {
        entry.name: (f"services/timeliness/rules/{entry.name}", entry.read_text("utf-8"))
        for entry in shipped.iterdir()
        if entry.name.endswith(".yaml")
    }
    for folder in folders:
        found |= {path.name: (str(path), _text(path)) for path in _files(folder, "*.yaml")}
    return [found[name] for name in sorted(found)]


def value_set_files(settings: Settings) -> list[tuple[str, str]]:
    """(path, text) of every value-set file: the setting's, then the environment's (folders separated by `:`)."""
    named = [*settings.value_sets, *filter(None, os.environ.get(VALUE_SETS, "").split(os.pathsep))]
    paths = [file for name in named for file in _files(Path(name), "*.csv")]
    return [(str(path), _text(path)) for path in dict.fromkeys(paths)]


def _files(path: Path, pattern: str) -> list[Path]:
    if path.is_dir():
        return sorted(path.glob(pattern))
    if path.is_file():
        return [path]
    raise FileIsWrong([Problem(str(path), 1, "", "There is no such file or folder.", "Correct the path, or make it.")])


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        what = f"It cannot be read: {error.strerror}."
        raise FileIsWrong([Problem(str(path), 1, "", what, "Correct the path, or the permissions.")]) from None
    except UnicodeDecodeError:
        raise FileIsWrong([Problem(str(path), 1, "", "It is not UTF-8.", "Save it as plain UTF-8 text.")]) from None


def _digest(reference: Reference) -> str:
    """What a store was derived with: rules, value sets, calendars, feeds, zone and our own derivation."""
    values = (
        DERIVATION,
        str(reference.zone),
        [msgspec.json.encode(rule) for rule in reference.rules],
        {name: sorted(codes) for name, codes in sorted(reference.value_sets.items())},
        {name: repr(calendar) for name, calendar in sorted(reference.calendars.items())},
        {name: msgspec.json.encode(habits) for name, habits in sorted(reference.feeds.items())},
    )
    return sha256(msgspec.json.encode(values)).hexdigest()

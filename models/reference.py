"""Reference data: given to `derive` as an argument, so that a change of it is a re-derivation, never an event."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

import msgspec

from models.events import Facility
from models.rule import Rule
from models.time import Instant


class FeedHabits(msgspec.Struct, frozen=True):
    """What derive must know of a feed: its zone, and after how many hours a hanging visit is closed (None: never).

    What a shadow feed says of patients is kept and matched, and bears on nobody's stays and tasks.
    """

    time_zone: str = ""
    auto_close_hours: int | None = None
    shadow: bool = False


class Measures(Protocol):
    """The measures of an installation; `services.measures.book.MeasureBook`, whose room is above this one."""

    @property
    def digest(self) -> str:
        """Of pages and value sets: another digest may count otherwise."""


class DueDates(Protocol):
    """When return files are due."""

    def due_at(self, file: Literal["rtf", "otf"], mcp_id: str, period: str) -> Instant | None:
        """When a month's file is due to a plan; None where nobody says."""


class Calendar(Protocol):
    """A business-day calendar."""

    def is_open(self, day: date) -> bool:
        """Say whether business is done on this local date."""


class Reference(msgspec.Struct, frozen=True):
    """Everything `derive` reads besides the member's own facts.

    Args:
        rules: the rule book. facilities: by facility id *and* by every alias. calendars, value_sets: by name;
            a value set is the frozen set of its codes. feeds: by name. zone: the setting `time_zone`.
        missing_sets: by rule id, flags for the value sets that its evidence needs and nobody loaded. digest: of all
            this, to tell when a store was derived with something else. measures, due_dates: what is counted, and when
            files are due; None where an installation counts nothing.
    """

    rules: tuple[Rule, ...]
    zone: ZoneInfo
    facilities: Mapping[str, Facility] = {}
    calendars: Mapping[str, Calendar] = {}
    value_sets: Mapping[str, frozenset[str]] = {}
    feeds: Mapping[str, FeedHabits] = {}
    missing_sets: Mapping[str, tuple[str, ...]] = {}
    digest: str = ""
    measures: Measures | None = None
    due_dates: DueDates | None = None

    def zone_of(self, feed: str) -> ZoneInfo:
        """The zone of a feed's times without offset, where no facility is named: its own, else the setting's (R-65)."""
        named = self.feeds[feed].time_zone if feed in self.feeds else ""
        return ZoneInfo(named) if named else self.zone

    @property
    def shadows(self) -> frozenset[str]:
        """The feeds whose word does not count yet."""
        return frozenset(name for name, habits in self.feeds.items() if habits.shadow)

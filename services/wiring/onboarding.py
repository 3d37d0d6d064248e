"""`feed lint`: files of samples into lines, read as the service would read them, and handed to the onboarding room."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from connectors.files.contract import OVERLONG, UNREADABLE
from connectors.files.intake import FileIntake
from connectors.hl7v2.batch import split_messages
from connectors.hl7v2.book import FeedBook
from connectors.hl7v2.profile import FeedProfile, compiled
from models.errors import FileIsWrong, Problem
from models.events import Facility
from models.time import Instant
from services.member.facts import Facts, absorb
from services.onboarding.sample import HL7, Line
from services.runtime.recall import registry
from services.wiring.setup import Setup

FACILITIES = "facilities"


class Files:
    """The files of a sample. HL7 v2 is the sample; a facilities table is the registry; a journal may hold both.

    Args:
        feed: of a journal only this feed's lines belong to the sample; None takes all.
    """

    def __init__(self, setup: Setup, feed: str | None, now: Instant) -> None:
        self._setup, self._feed, self.now = setup, feed, now
        self.registry: dict[str, Facility] = {}
        self._facilities: Facts = {}
        self.sources: list[tuple[str, int]] = []
        self.other_lines = self.count_mismatches = 0

    @property
    def messages(self) -> int:
        """How many lines of the sample were read."""
        return sum(count for _, count in self.sources)

    def lines(self, source: Path | BinaryIO, name: str) -> Iterator[Line]:
        """The sample's lines of one file; the rest of it is counted, or joins the registry.

        Raises:
            FileIsWrong: content of no kind we know. OSError: the file cannot be read.
        """
        intake = FileIntake(split_hl7=lambda body: split_messages(body).messages, checkpoint=lambda _: 0)
        taken = 0
        for sheaf in intake.read(source, feed="", received_at=self.now, name=name):
            self.count_mismatches += "count_mismatch" in sheaf.notices
            for line in sheaf.lines:
                if line.kind == FACILITIES:
                    self._register(line.body)
                elif line.kind in {HL7, OVERLONG, UNREADABLE} and line.feed in {"", self._feed or line.feed}:
                    taken += 1
                    yield Line(line.kind, line.body, line.received_at if line.feed else None)
                else:
                    self.other_lines += 1
        self.sources.append((name, taken))

    def _register(self, body: bytes) -> None:
        readings = self._setup.readers[FACILITIES].read("", self.now, body)
        self._facilities = absorb(self._facilities, [event for reading in readings for event in reading.events])
        self.registry.clear()
        self.registry.update(registry(self._facilities, self.now))


def profile_for(book: FeedBook, feed: str, profile: str | None) -> FeedProfile:
    """How a feed is read, or would be with another profile; an undeclared feed is read as `load` would read it.

    Raises:
        FileIsWrong: there is no such profile.
    """
    settings = book.settings_of(feed)
    name = profile or settings.profile
    if name not in book.profiles:
        remedy = f"Known: {', '.join(sorted(book.profiles))}; or declare it in the configuration."
        raise FileIsWrong([Problem("--profile", 1, name, f"There is no profile {name!r}.", remedy)])
    return compiled(book.profiles[name], settings)

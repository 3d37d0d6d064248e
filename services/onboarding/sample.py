"""One message of the sample: what the service makes of it, and its segments for a closer look."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from hashlib import sha256

import msgspec

from connectors.hl7v2 import Hl7v2Reader
from connectors.hl7v2.batch import split_messages
from connectors.hl7v2.charset import narrow
from connectors.hl7v2.profile import FeedProfile
from connectors.hl7v2.reader import Message, Segment, read_message
from models.errors import MessageIsWrong
from models.events import Known, Statement
from models.time import Instant
from services.intake.reading import Reading
from services.onboarding.words import Witness

HL7 = "hl7v2"
_PERSONAL = {"PID": (2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 18, 19, 20, 21), "PV1": (19, 50), "NK1": (2, 4, 5),
             "IN1": (16, 18, 36, 49), "IN2": (2, 6, 8), "GT1": (3, 5, 12), "MRG": (1, 2, 3, 4, 5, 6, 7)}  # fmt: skip
"""Fields whose first three components name, number or describe a person."""


class Line(msgspec.Struct, frozen=True):
    """A line of the sample: its kind and bytes; `received_at` where a journal says when it was received."""

    kind: str
    body: bytes
    received_at: Instant | None = None


class Sample:
    """A message with its reading. Where it has no readable MSH, `message` is None and every field of it is ""."""

    def __init__(
        self, ordinal: int, raw: bytes, reading: Reading, message: Message | None, received_at: Instant | None
    ) -> None:
        self.ordinal, self.raw, self.reading, self.message = ordinal, raw, reading, message
        self.received_at = received_at
        label = reading.label
        self.trigger = label[4:] if label.startswith("ADT^") else ""
        self.statement = next((e.fact for e in reading.events if isinstance(e.fact, Statement)), None)
        self.known = next((event.fact for event in reading.events if isinstance(event.fact, Known)), None)

    @property
    def is_adt(self) -> bool:
        return self.reading.label.startswith("ADT")

    @property
    def patient(self) -> str:
        """The source patient's key; "" when the message names none: the reader then makes one up."""
        key = self.known.source_patient if self.known else ""
        return "" if "|sha256:" in key else key

    def first(self, name: str) -> Segment | None:
        """The first segment of a name."""
        return self.message.first(name) if self.message else None

    def text(self, name: str, field: int, component: int = 1) -> str:
        """A value; "" when absent."""
        return self.message.text(name, field, component) if self.message else ""

    @cached_property
    def witness(self) -> Witness:
        return Witness(self.patient, self.ordinal, self.text("MSH", 4), self.is_personal)

    def is_personal(self, text: str) -> bool:
        """Say whether this message calls a person so, or numbers one so."""
        return text.casefold() in self._personal

    @cached_property
    def _personal(self) -> frozenset[str]:
        if self.message is None:
            return frozenset()
        return frozenset(
            value.casefold()
            for name, fields in _PERSONAL.items()
            for segment in self.message.all(name)
            for field in fields
            for repetition in segment.repetitions(field)
            for component in (1, 2, 3)
            if (value := segment.part(repetition, component))
        )


def samples(lines: Iterable[Line], feed: str, profile: FeedProfile, now: Instant, after: int) -> Iterator[Sample]:
    """Read the messages of a sample as the service would read them.

    A line that is no HL7 v2 at all is a message too: the journal's `overlong` and `unreadable` go to quarantine.

    Args:
        lines: of the kinds `hl7v2`, `overlong` and `unreadable`.
        feed: names source patients. profile: how to read. now: for lines that do not say when they were received.
        after: the ordinal of the last message before these.
    """
    reader = Hl7v2Reader(lambda _: profile)
    ordinal = after
    for line in lines:
        received_at = line.received_at or now
        if line.kind != HL7:
            ordinal += 1
            yield _unreadable(ordinal, line)
            continue
        parts = split_messages(narrow(line.body)).messages or (line.body,)
        for raw, reading in zip(parts, reader.read(feed, received_at, line.body), strict=True):
            ordinal += 1
            yield Sample(ordinal, raw, reading, _message(raw, profile.charset), line.received_at)


def _message(raw: bytes, charset: str) -> Message | None:
    try:
        return read_message(raw, charset)
    except MessageIsWrong:
        return None


def _unreadable(ordinal: int, line: Line) -> Sample:
    problem = MessageIsWrong(line.kind, "message", f"{len(line.body)} bytes", "Send whole messages.")
    reading = Reading(1, sha256(line.body).hexdigest(), "quarantined", problem=problem)
    return Sample(ordinal, line.body, reading, None, line.received_at)

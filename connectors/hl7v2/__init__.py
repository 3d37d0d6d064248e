"""HL7 v2: reads ADT and ORU messages and batches of them into canonical facts. `Hl7v2Reader` is the door."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import sha256

from connectors.hl7v2.batch import split_messages
from connectors.hl7v2.charset import narrow
from connectors.hl7v2.mapping import events_of
from connectors.hl7v2.paths import Path, places
from connectors.hl7v2.patient import Reader
from connectors.hl7v2.profile import FeedProfile
from connectors.hl7v2.reader import Message, read_lines
from connectors.hl7v2.results import results_of
from connectors.hl7v2.triggers import IGNORED, INTERPRETED, RESULTS
from models.errors import MessageIsWrong
from models.time import Instant
from services.intake.reading import Reading

_HEADER = places(Path("MSH", 10), Path("MSH", 9), Path("MSH", 9, 2), Path("MSH", 11))
_WORD = re.compile(r"[A-Z][A-Z0-9_]{2,6}")


class Hl7v2Reader:
    """Reads lines of kind `hl7v2`; implements `services.intake.reading.LineReader`.

    Args:
        profile_of: a feed's name to its compiled profile, for any name (`FeedBook.profile_of`).
    """

    def __init__(self, profile_of: Callable[[str], FeedProfile]) -> None:
        self._profile_of = profile_of

    def read(self, feed: str, received_at: Instant, body: bytes) -> Iterator[Reading]:
        """Yield a reading for every message of a body, in order; a bad one never stops the rest and never raises.

        A file whose trailer counts otherwise than we do has the flag `count_mismatch` on its last reading (R-52).
        """
        split = split_messages(narrow(body))
        parts = split.messages
        alone = len(parts) == 1 and not split.envelope
        if not parts:
            yield _nothing(body, bool(split.envelope), split.flags)
        for ordinal, part in enumerate(parts, 1):
            name = sha256(body if alone else part).hexdigest()
            more = split.flags if ordinal == len(parts) else ()
            yield self._one(feed, received_at, part, ordinal, name, more)

    def _one(
        self, feed: str, received_at: Instant, raw: bytes, ordinal: int, name: str, more: tuple[str, ...]
    ) -> Reading:
        control_id = label = ""
        flags = set(more)
        try:
            profile = self._profile_of(feed)
            lines, signs, assumed = read_lines(raw, profile.charset)
            flags.update(assumed)
            message = Message(lines[:1], signs)
            control_id, kind, trigger, processing_id = message.texts(_HEADER)
            if not control_id:
                flags.add("no_control_id")
            kind, trigger = kind.upper(), trigger.upper()
            if kind in {"", "ADT"}:  # of other messages nothing but the header is read
                message.take(lines[1:])
                kind, trigger = "ADT", _trigger_of(message, kind, trigger, flags)
            label = _label(kind, trigger)
            results = kind == "ORU" and trigger in RESULTS
            if results:
                message.take(lines[1:])
            elif kind != "ADT" or trigger in IGNORED:
                return Reading(ordinal, name, "not_interpreted", control_id, label, flags=tuple(sorted(flags)))
            if profile.processing_ids is not None and processing_id not in profile.processing_ids:
                return Reading(ordinal, name, "test", control_id, label, flags=tuple(sorted(flags)))
            _check(message, trigger, profile, RESULTS if results else INTERPRETED)
            reader = Reader(feed, profile, name, flags)
            if results:
                events = results_of(message, reader, received_at, control_id)
            else:
                events = events_of(message, trigger, reader, received_at, control_id)
        except MessageIsWrong as problem:
            return _quarantined(ordinal, name, control_id, label, problem, flags)
        except Exception as error:  # noqa: BLE001 (a bug of ours on one message must not stop the line; it is kept)
            fix = "This is a defect of the reader: report it; the message can be replayed afterwards."
            defect = MessageIsWrong("unreadable", "message", type(error).__name__, fix)
            return _quarantined(ordinal, name, control_id, label, defect, flags)
        return Reading(ordinal, name, "interpreted", control_id, label, tuple(events), None, tuple(sorted(flags)))


def _trigger_of(message: Message, kind: str, trigger: str, flags: set[str]) -> str:
    """MSH-9.2, else EVN-1, as senders up to 2.3 had it (R-48)."""
    event = message.text("EVN", 1).upper()
    if not kind and not trigger and not event:
        raise MessageIsWrong("no_type", "MSH-9", "MSH-9 and EVN-1 are empty", "State type and trigger in MSH-9.")
    if trigger and event and trigger != event:
        flags.add("trigger_conflict")
    return trigger or event


def _check(message: Message, trigger: str, profile: FeedProfile, interpreted: frozenset[str]) -> None:
    if profile.admits is not None and not profile.admits(message.text("MSH", 3), message.text("MSH", 4)):
        fix = "If it may speak on this feed, add it to the feed's `allow` list and replay the message."
        raise MessageIsWrong("sender_not_allowed", "MSH-3", "a sender that the feed does not name", fix)
    if message.text("DSC", 1):
        shape = "the message goes on in another one (DSC-1 is valued)"
        raise MessageIsWrong("continuation", "DSC-1", shape, "Send it whole.")
    if trigger not in interpreted:
        shape = f"trigger {_word(trigger)}" if trigger else "no trigger"
        raise MessageIsWrong("unknown_trigger", "MSH-9.2", shape, "Send one of A01 to A55 or A60 to A62.")


@lru_cache(maxsize=256)
def _label(kind: str, trigger: str) -> str:
    return f"{_word(kind)}^{_word(trigger)}" if trigger else _word(kind)


def _word(text: str) -> str:
    """A type or trigger when it looks like one: any other text may be a person's."""
    return text if _WORD.fullmatch(text) else "?"


def _nothing(body: bytes, envelope: bool, flags: tuple[str, ...]) -> Reading:
    name = sha256(body).hexdigest()
    if envelope:
        return Reading(1, name, "not_interpreted", label="batch", flags=flags)
    problem = MessageIsWrong("no_msh", "MSH", "nothing but blanks", "Send each message from its MSH segment on.")
    return _quarantined(1, name, "", "", problem, set(flags))


def _quarantined(
    ordinal: int, name: str, control_id: str, label: str, problem: MessageIsWrong, flags: set[str]
) -> Reading:
    return Reading(ordinal, name, "quarantined", control_id, label, (), problem, tuple(sorted(flags)))

"""The standard's own grammar, by hl7apy: what a sender should mend, though nothing here depends on it.

It reads some 70 messages a second, so a few of each trigger must do. Its texts repeat values; only places and kinds
are taken from them.
"""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import zip_longest
from threading import Thread

from connectors.hl7v2.reader import Message
from services.onboarding.report import StrictFinding, StrictFindings
from services.onboarding.sample import Sample

_NAME = r"[A-Z][A-Z0-9]{1,2}_\d{1,3}|[A-Z][A-Z0-9]{2}(?:_[A-Z0-9]{2,3})?(?:_[A-Z_]+)?"
_PLACE = rf"(?P<parent>{_NAME})\.(?P<child>{_NAME})"
_KINDS = (
    ("required, and absent", re.compile(rf"Error: Missing required child {_PLACE}")),
    ("repeats more often than allowed", re.compile(rf"Error: Child limit exceeded {_PLACE}")),
    ("not in the standard's table",
     re.compile(rf"Warning: Value .* not in table HL7\d+ in element {_PLACE}", re.DOTALL)),
    ("longer than allowed", re.compile(rf"Warning: Exceeded max length \(\d+\) of {_PLACE}")),
    ("parts that this version does not define",
     re.compile(rf"Error: Invalid children detected for <\w+ (?P<parent>{_NAME})\b.*", re.DOTALL)),
    ("wrong data type", re.compile(rf"Error: Datatype \w+ is not correct for {_PLACE} \(it must be (?!None\)).*")),
    ("unknown element", re.compile(rf"Error: Unknown element found: <\w+ (?P<parent>{_NAME})\b.*", re.DOTALL)),
)  # fmt: skip
_IGNORED = re.compile(r"Error: Datatype \w+ is not correct for .*\(it must be None\)")
"""A field that its version withdrew: hl7apy complains of its own table."""
_OTHER = ("message", "another departure")


class Chosen:
    """The messages to check: the first of every type and trigger, in turn, until there are enough."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: dict[str, list[tuple[int, str]]] = {}

    def see(self, sample: Sample) -> None:
        """Keep a message if it may be needed."""
        kept = self._kept.setdefault(sample.reading.label, [])
        if sample.message is not None and len(kept) < self._limit:
            kept.append((sample.ordinal, _plain(sample.message)))

    def findings(self) -> StrictFindings | None:
        """Check them; None when nothing was to be checked."""
        turns = (each for turn in zip_longest(*self._kept.values()) for each in turn if each)
        chosen = [each for each, _ in zip(turns, range(self._limit), strict=False)]
        return checked(chosen) if chosen else None


def checked(messages: list[tuple[int, str]]) -> StrictFindings:
    """Validate messages, each with its ordinal."""
    found: dict[tuple[str, str], list[int]] = {}
    valid = unreadable = 0
    for ordinal, text in messages:
        told = _report(text)
        if told is None:
            unreadable += 1
            continue
        kinds = set(_read(told))
        valid += not kinds
        for key in kinds:
            found.setdefault(key, []).append(ordinal)
    rows = [StrictFinding(where, kind, len(ordinals), ordinals[0]) for (where, kind), ordinals in found.items()]
    return StrictFindings(
        len(messages), valid, unreadable, sorted(rows, key=lambda one: (-one.messages, one.where, one.kind))
    )


def _plain(message: Message) -> str:
    """The message with CR line ends, and MSH-2 as it was meant."""
    return "\r".join(message.lines).replace("\\\\&", "\\&", 1)


def _report(text: str) -> str | None:
    """hl7apy's list of departures; None when it cannot parse the message at all.

    It only writes to a file that it opens itself; a pipe keeps what it says of a patient off the disk.
    """
    from hl7apy.consts import VALIDATION_LEVEL
    from hl7apy.parser import parse_message

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            message = parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT)
        except Exception:  # noqa: BLE001 (it raises whatever its tables lead it to)
            return None
        out, into = os.pipe()
        told: list[str] = []
        reading = Thread(target=lambda: told.append(_drained(out)))
        reading.start()
        try:
            message.validate(report_file=into)
        except Exception:  # noqa: BLE001, S110 (its first finding, or a defect of its own: what it wrote counts)
            pass
        finally:
            with suppress(OSError):  # closed already, unless it gave up before it opened it
                os.close(into)
            reading.join()
    return told[0]


def _drained(pipe: int) -> str:
    with os.fdopen(pipe, encoding="utf-8", errors="replace", newline="") as stream:
        return stream.read()


def _read(told: str) -> Iterator[tuple[str, str]]:
    """(place, kind) of every finding; of a text that is not known only that there is one."""
    for finding in re.split(r"\n(?=Error: |Warning: |\Z)", told):
        if finding and not _IGNORED.match(finding):
            yield next(((_place(hit), kind) for kind, form in _KINDS if (hit := form.fullmatch(finding))), _OTHER)


def _place(hit: re.Match[str]) -> str:
    """`PID_3` and `CX_4` as PID-3.4; a segment of a group as ADT_A01/EVN."""
    parent, child = hit["parent"], hit.groupdict().get("child") or ""
    outer, inner = parent.partition("_"), child.partition("_")
    if not outer[2].isdigit():
        return f"{parent}/{child}" if child and not inner[2].isdigit() else child.replace("_", "-") or parent
    place = parent.replace("_", "-")
    return f"{place}.{inner[2]}" if inner[2].isdigit() else place

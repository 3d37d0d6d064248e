"""Truth labels: what a right answer lists, and the file that holds it.

A line a member and instant, NDJSON: `{"world", "member_id", "as_of", "stays": [...], "tasks": [...], "faults"}`; in a
world with measures also `"measures": [...]` and `"periods"`, and lines about the files of providers (`@files|...`).
Source: contract, "Truth labels"; `world`, `faults` and `periods` are ours.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec

from models.errors import FileIsWrong, Problem


class TrueStay(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stay that should be listed; `faults` are what went wrong with it."""

    stay_class: str = msgspec.field(name="class")
    status: str
    admitted_at: datetime | None
    discharged_at: datetime | None
    faults: tuple[str, ...] = ()


class TrueTask(msgspec.Struct, frozen=True, omit_defaults=True):
    """A task that should be listed; `faults` are those of the stay that it follows from."""

    rule: str
    due_at: datetime | None
    state: str
    faults: tuple[str, ...] = ()


class TrueMeasure(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a member, or a provider's files, add to a measure in a period; exclusions are out of both counts."""

    measure: str
    period: str
    denominator: int
    numerator: int
    value: float | None = None


MEASURES = (
    "trc.notification", "trc.engagement", "trc.medication_reconciliation", "pcr.observed", "fuh.7d", "fuh.30d",
    "fum.7d", "fum.30d", "fua.7d", "fua.30d", "amb_ed", "cbp", "gsd.lt8", "gsd.gt9", "pdc.diabetes", "pdc.rasa",
    "pdc.statins", "dsf.screening", "dsf.follow_up", "tcs.cm_contact_7d", "tcs.ambulatory_visit_7d", "ecm.outreach_10",
    "ecm.enrolment_90", "ecm.careplan_90", "ecm.rtf_on_time", "ecm.otf_on_time",
)  # fmt: skip
"""The measures that labels speak of; of others nothing is said."""


class Label(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that should be listed of a member at an instant; `faults` are those of the member's whole story.

    `measures` are those with a denominator, in the years `periods`; of other years nothing is said.
    """

    world: str
    member_id: str
    as_of: datetime
    stays: tuple[TrueStay, ...]
    tasks: tuple[TrueTask, ...]
    faults: tuple[str, ...] = ()
    measures: tuple[TrueMeasure, ...] = ()
    periods: tuple[str, ...] = ()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Label)


def label_line(label: Label) -> bytes:
    """A line of the truth file."""
    return _encoder.encode(label) + b"\n"


class TruthFile:
    """A truth file, read through once to check it and to know where each label stands; labels are read when asked for.

    Args:
        path: NDJSON; a blank line is no label.

    Raises:
        FileIsWrong: there is no such file, it holds no label or labels of two worlds, or a line is no label.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[datetime, dict[str, int]] = {}
        self.world = ""
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise self._wrong(1, f"The truth file cannot be read: {error.strerror}.") from None
        try:
            if not self._file.seekable():
                raise self._wrong(1, "It is a pipe, and labels are read in another order than they were written.")
            self._read_through()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def instants(self) -> list[datetime]:
        """When the labels are for, in order."""
        return sorted(self._places)

    def members(self, at: datetime) -> set[str]:
        """Who has a label at an instant."""
        return set(self._places[at])

    def of(self, member_id: str, at: datetime) -> Label | None:
        """A member's label at an instant; None when there is none."""
        place = self._places[at].get(member_id)
        if place is None:
            return None
        self._file.seek(place)
        return _decode(self._file.readline())

    def _read_through(self) -> None:
        place = 0
        for number, line in enumerate(self._file, 1):
            label = self._checked(number, line)
            if self.world not in ("", label.world):
                raise self._wrong(number, f"The label is of world {label.world}, those before it of {self.world}.")
            self.world = label.world
            known = self._places.setdefault(label.as_of, {})
            if label.member_id in known:
                raise self._wrong(number, "A second label of this member and instant.")
            known[label.member_id] = place
            place += len(line)
        if not self.world:
            raise self._wrong(1, "The truth file is empty.")

    def _checked(self, number: int, line: bytes) -> Label:
        try:
            label = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, OverflowError) as error:
            raise self._wrong(number, f"The line is no truth label: {error}.") from None
        times = [label.as_of, *(task.due_at for task in label.tasks)]
        times += [at for stay in label.stays for at in (stay.admitted_at, stay.discharged_at)]
        if any(at is not None and at.tzinfo is None for at in times):
            raise self._wrong(number, "A time of the label has no offset.")
        if any(at is not None and not 1900 <= at.year < 2200 for at in times):
            raise self._wrong(number, "A time of the label lies in no year from 1900 to 2199.")
        return label

    def _wrong(self, number: int, what: str) -> FileIsWrong:
        remedy = "Write the file anew with `warmhandoff simulate ... --truth FILE`."
        return FileIsWrong([Problem(str(self._path), number, "", what, remedy)])


def _decode(line: bytes) -> Label:
    label = _decoder.decode(line)
    return msgspec.structs.replace(label, as_of=label.as_of.astimezone(UTC)) if label.as_of.tzinfo else label

"""A pen that writes down who tells what, when: plots use it, and need not care for control ids or clocks."""

from datetime import datetime, timedelta

import msgspec

from services.cli.demo.cast import table
from services.cli.demo.wording import NORTH, SOUTH, ZONE, Visit, Wording, worded

LENGTH = timedelta(days=14)
_CARE = ("member_id", "occurred_at", "type", "actor_id", "mode", "outcome", "detail")
_CLAIM = ("claim_id", "member_id", "service_from", "service_to", "place_of_service", "procedure_codes",
          "diagnosis_codes", "status")  # fmt: skip
_SPELLED = {NORTH: "N", SOUTH: "S"}


class Told(msgspec.Struct, frozen=True):
    """Something received: `at` counts from the start, `body` are its bytes, `kind` the journal kind. `note` says in a
    few words what is remarkable; "" for the ordinary.
    """

    at: timedelta
    feed: str
    body: bytes
    kind: str = "hl7v2"
    note: str = ""


class Pen:
    """Collects what is told. Times are days from the start, as numbers; `day` makes them offsets."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._told: list[Told] = []
        self._count = 0

    def told(self) -> tuple[Told, ...]:
        """Everything, in order of receipt."""
        return tuple(sorted(self._told, key=lambda line: line.at))

    def adt(
        self,
        trigger: str,
        visit: Visit,
        days: float,
        *,
        feed: str = NORTH,
        late: float = 0.0,
        control: str = "",
        note: str = "",
        how: Wording | None = None,
    ) -> bytes:
        """A hospital records something after `days`; it arrives a minute and `late` days later. Returns its bytes."""
        body = self.text(trigger, visit, days, feed=feed, control=control, how=how).encode()
        self.raw(body, days + late, feed=feed, note=note)
        return body

    def text(
        self,
        trigger: str,
        visit: Visit,
        days: float,
        *,
        feed: str = NORTH,
        control: str = "",
        how: Wording | None = None,
    ) -> str:
        """The words of such a message, to be spoilt before they are told."""
        return worded(self._start, feed, trigger, visit, day(days), control or self._control(feed), how)

    def date_of(self, days: float) -> str:
        """The calendar day after `days`, as HL7 writes it."""
        return (self._start + day(days)).astimezone(ZONE).strftime("%Y%m%d")

    def raw(self, body: bytes, days: float, *, feed: str = NORTH, note: str = "") -> None:
        """These very bytes arrive a minute after `days`."""
        self._told.append(Told(day(days) + timedelta(minutes=1), feed, body, note=note))

    def _control(self, feed: str) -> str:
        """The next MSH-10."""
        self._count += 1
        return f"{_SPELLED[feed]}{self._count:06}"

    def contact(self, member: str, days: float, outcome: str = "reached", note: str = "") -> None:
        """A care manager calls; we hear of it an hour later."""
        when = (self._start + day(days)).isoformat(timespec="seconds")
        row = (member, when, "contact", "DEMO-L1", "phone", outcome, "")
        self._table("care_events", _CARE, row, days + 1 / 24, note)

    def claim(self, member: str, days: float, heard: float, note: str = "") -> None:
        """An office visit on a day; its claim arrives when it is `heard`."""
        on = (self._start + day(days)).date().isoformat()
        row = (f"DEMO-C{len(self._told):04}", member, on, on, "11", "99495", "I50.9", "paid")
        self._table("claims", _CLAIM, row, heard, note)

    def _table(self, kind: str, header: tuple[str, ...], row: tuple[str, ...], days: float, note: str) -> None:
        self._told.append(Told(day(days), "demo-plan", table(header, [row]).encode(), kind, note))


def day(days: float) -> timedelta:
    """So many days from the start, to the minute."""
    return timedelta(minutes=round(days * 24 * 60))

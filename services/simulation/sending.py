"""How a stay's script travels: in order and on time, or late, twice, restamped, garbled, over a second feed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from services.simulation.people import Person
from services.simulation.places import EXCHANGE, Feed
from services.simulation.telling import Telling, Visit
from services.simulation.wording import CHARSET, Style, message, number_of

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something received: `kind` is the journal kind, `faults` are what is wrong with it or its story."""

    received_at: datetime
    feed: str
    kind: str
    body: bytes
    faults: tuple[str, ...] = ()


class Post:
    """Delivers what one household's senders say.

    Args:
        told_by: nothing is delivered later.
    """

    def __init__(self, household: int, dice: Random, told_by: datetime) -> None:
        self.deliveries: list[Delivery] = []
        self._household, self._dice, self._told_by = household, dice, told_by
        self._count = 0

    def put(self, received_at: datetime, feed: str, kind: str, body: bytes, faults: Iterable[str] = ()) -> None:
        """Deliver a body, unless it is too late for that."""
        if received_at <= self._told_by:
            self.deliveries.append(Delivery(received_at, feed, kind, body, tuple(sorted(faults))))

    def send(self, visit: Visit, transport: set[str]) -> None:
        """Send a stay's script over its own feed, with what befalls it on the way; note when each telling came."""
        feed, faults = visit.facility.feed, visit.faults | transport
        receipts = self._receipts(visit.script, feed)
        if "reordered" in faults:
            receipts = self._shuffled(visit.script, receipts)
        elif "late" in faults:
            receipts = self._held_back(visit.script, receipts)
        garbled = self._dice.randrange(len(visit.script)) if "unreadable" in faults else -1
        for n, (telling, due) in enumerate(zip(visit.script, receipts, strict=True)):
            receipt = due
            style = self._style(visit, telling, feed)
            body = _encoded(message(visit, telling, style), faults, self._dice)
            if n == garbled:
                self.put(due, feed.name, "hl7v2", self._garbled(body), faults)
                receipt += self._dice.randrange(20, 60 * 24) * MINUTE
                style = replace(style, control_id=self._control(feed))
                body = message(visit, telling, style).encode()
            self.put(receipt, feed.name, "hl7v2", body, faults)
            telling.received_at = receipt
            self._again(visit, telling, style, body, faults)
        if "two_feeds" in transport:
            self._relay(visit, faults)

    def _receipts(self, script: list[Telling], feed: Feed) -> list[datetime]:
        """In the sender's order, each after the one before."""
        found: list[datetime] = []
        for telling in script:
            at = telling.recorded_at + self._dice.randrange(3, feed.lag_minutes_max * 60) * SECOND
            found.append(max(at, found[-1] + SECOND) if found else at)
        return found

    def _held_back(self, script: list[Telling], receipts: list[datetime]) -> list[datetime]:
        """From some message on everything waits until a link is up again."""
        first = self._dice.randrange(len(script))
        up_at = receipts[first] + self._dice.randrange(6 * 60, 60 * 60) * MINUTE
        return [max(at, up_at + n * SECOND) if n >= first else at for n, at in enumerate(receipts)]

    def _shuffled(self, script: list[Telling], receipts: list[datetime]) -> list[datetime]:
        """Either everything after the last one, in any order, or each held for its own time."""
        if self._dice.random() < 0.4:
            last = receipts[-1]
            later = [last + n * 17 * MINUTE for n in range(len(script))]
            self._dice.shuffle(later)
            return later
        return [at + self._dice.randrange(0, 70 * 60) * MINUTE + n * SECOND for n, at in enumerate(receipts)]

    def _again(self, visit: Visit, telling: Telling, style: Style, body: bytes, faults: set[str]) -> None:
        """The same once more: the same bytes, or stamped anew."""
        assert telling.received_at is not None
        if "repeated" in faults and self._dice.random() < 0.6:
            for _ in range(self._dice.choice((1, 1, 3))):
                at = telling.received_at + self._dice.randrange(1, 60 * 30) * MINUTE
                self.put(at, style.feed.name, "hl7v2", body, faults)
        if "repeated_new_id" in faults and self._dice.random() < 0.6:
            at = telling.received_at + self._dice.randrange(1, 60 * 30) * MINUTE
            restamped = replace(style, control_id=self._control(style.feed), sent_at=at - MINUTE / 2)
            self.put(at, style.feed.name, "hl7v2", message(visit, telling, restamped).encode(), faults)

    def _relay(self, visit: Visit, faults: set[str]) -> None:
        """The exchange tells it too: under the same numbers, numbers of its own, or none."""
        # Without numbers only the start tells a receiver which messages belong together (interop R-71).
        starts = {(t.stay_class, t.admitted_at) for t in visit.script}
        ways = ["same"]
        if not visit.faults & {"wrong_admit_date", "cancel_admit"}:
            ways += ["other", "none"] if len(starts) == 1 else ["other"]
        way = self._dice.choice(ways)
        receipts = self._receipts(visit.script, EXCHANGE)
        if self._dice.random() < 0.3:
            receipts = self._held_back(visit.script, receipts)
        for telling, receipt in zip(visit.script, receipts, strict=True):
            style = self._style(visit, telling, EXCHANGE)
            if way == "other":
                style = replace(style, number=f"X{telling.number}", account=f"X{visit.account}",
                                old_number=telling.old_number and f"X{telling.old_number}")  # fmt: skip
            elif way == "none":
                style = replace(style, number="", account="", old_number="")
            self.put(receipt, EXCHANGE.name, "hl7v2", message(visit, telling, style).encode(), faults)
            assert telling.received_at is not None
            telling.received_at = min(telling.received_at, receipt)

    def _style(self, visit: Visit, telling: Telling, feed: Feed) -> Style:
        """Who is named how, under which numbers."""
        person, other = visit.person, visit.other
        named: Person = other if telling.naming == "victim" and other else person
        cin = {"own": person.cin, "second": ""}.get(telling.naming, other.cin if other else "")
        retired, old_number = "", telling.old_number
        if telling.trigger == "A40":
            retired = person.mrn(second=True)
        elif telling.trigger in ("A44", "A45") and other:
            retired = other.mrn()
            old_number = telling.number if telling.trigger == "A45" else ""
        return Style(
            feed=feed,
            named=named,
            mrn=named.mrn(second=telling.naming == "second"),
            cin=cin,
            number=number_of(telling.number, visit.facility, feed),
            account=visit.account,
            control_id=self._control(feed),
            sent_at=telling.recorded_at + 2 * SECOND,
            old_number=number_of(old_number, visit.facility, feed),
            retired_mrn=retired,
            is_nameless=telling.naming == "mother",
            processing_id="T" if named.surname == "Zztest" else "P",
        )

    def _control(self, feed: Feed) -> str:
        """The next MSH-10."""
        self._count += 1
        return f"{feed.letter}{self._household:07}{self._count:04}"

    def _garbled(self, body: bytes) -> bytes:
        """No receiver can read this."""
        spoil: Callable[[bytes], bytes] = self._dice.choice((_without_pid, _cut_short, _unknown_trigger, _no_such_day))
        return spoil(body)


def _encoded(text: str, faults: set[str], dice: Random) -> bytes:
    """UTF-8 as MSH-18 says; or Latin-1 though it says UTF-8, says nothing, or says otherwise."""
    if "bad_charset" not in faults:
        return text.encode()
    declared = dice.choice((CHARSET, "", "ASCII"))
    return text.replace(f"|{CHARSET}\r", f"|{declared}\r", 1).encode("latin-1")


def _without_pid(body: bytes) -> bytes:
    return b"\r".join(line for line in body.split(b"\r") if not line.startswith(b"PID"))


def _cut_short(body: bytes) -> bytes:
    return body[: body.index(b"||ADT^")]


def _unknown_trigger(body: bytes) -> bytes:
    at = body.index(b"||ADT^") + 6
    return body[:at] + b"A57" + body[at + 3 :]


def _no_such_day(body: bytes) -> bytes:
    """PV1-44 becomes the thirtieth of February."""
    lines = body.split(b"\r")
    for n, line in enumerate(lines):
        if line.startswith(b"PV1"):
            fields = line.split(b"|") + [b""] * 46
            fields[44] = b"20250230093000"
            lines[n] = b"|".join(fields)
    return b"\r".join(lines)

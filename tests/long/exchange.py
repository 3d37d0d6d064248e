"""The senders of a made-up exchange: every delivery at its instant, over a wire that breaks, stutters and repeats."""

import time
from collections import Counter
from pathlib import Path
from random import Random

from connectors.mllp.framing import frame
from services.simulation.journal import journal_line
from services.simulation.sending import Delivery
from tests.end_to_end.running import Served, Wire, until
from tests.long.asked import hold
from tests.long.timekeeping import Hands

FEEDS = ("sim-north", "sim-south", "sim-exchange")
CONFIG = "feeds:\n" + "".join(f'  {feed}: {{listen: "127.0.0.1:0", processing_ids: [P, ""]}}\n' for feed in FEEDS)
_TROUBLED = 0.04
_FILE_S = 1.5
"""How often the plan and the care managers leave a file of what there is."""


class Exchange:
    """Sends one thing after the other, so that each is received at the instant that the truth knows.

    Args:
        drop: where tables are left, as journal lines that say themselves when they were received.
    """

    def __init__(self, hands: Hands, drop: Path, dice: Random) -> None:
        self._hands, self._drop, self._dice = hands, drop, dice
        self._served: Served | None = None
        self._wires: dict[str, Wire] = {}
        self._tables: list[bytes] = []
        self._left_at = time.monotonic()
        self._files = 0
        self.sent, self.troubles, self.codes = 0, Counter[str](), Counter[str]()

    def connect(self, served: Served) -> None:
        """Speak with this service from now on."""
        self.hang_up()
        self._served = served

    def hang_up(self) -> None:
        """End every connection."""
        for wire in self._wires.values():
            wire.socket.close()
        self._wires.clear()

    def deliver(self, delivery: Delivery) -> None:
        """One delivery at its instant: messages at once, tables with the next file."""
        self._hands.set(delivery.received_at)
        if delivery.kind == "hl7v2":
            self._send(delivery)
        else:
            self._tables.append(journal_line(delivery))
        if time.monotonic() - self._left_at > _FILE_S:
            self.leave_file()

    def leave_file(self) -> None:
        """Leave the tables there are; the name is seen only when the file is complete."""
        self._left_at = time.monotonic()
        if not self._tables:
            return
        self._files += 1
        path = self._drop / f"plan-{self._files}.ndjson"
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(b"".join(self._tables))
        unfinished.rename(path)
        self._tables.clear()

    def all_taken(self) -> None:
        """Wait until every file was taken."""
        until(lambda: not list(self._drop.glob("*.ndjson")))

    def _send(self, delivery: Delivery) -> None:
        self.sent += 1
        feed, body = delivery.feed, delivery.body
        if self._dice.random() < _TROUBLED:
            trouble = self._dice.choice((_dropped, _answer_lost, _restarted, _slow, _noisy))
            self.troubles[trouble.__name__.strip("_")] += 1
            if trouble(self._wire(feed), body, self._dice):
                self._wires.pop(feed).socket.close()
        answer = self._asked(feed, body)
        self.codes[answer.rpartition(b"\rMSA|")[2][:2].decode("ascii", "replace")] += 1
        if self._dice.random() < _TROUBLED:
            self.troubles["sent again"] += 1
            hold(self._asked(feed, body) == answer, "a message that was sent again got another answer")

    def _asked(self, feed: str, body: bytes) -> bytes:
        answer = self._wire(feed).ask(body)
        if answer is None:  # a service may close a connection that was quiet or noisy for long: one more try
            self._wires.pop(feed).socket.close()
            answer = self._wire(feed).ask(body)
        hold(answer is not None, "a message got no answer twice")
        assert answer is not None
        return answer

    def _wire(self, feed: str) -> Wire:
        if feed not in self._wires:
            assert self._served
            self._wires[feed] = Wire(self._served.ports[feed])
        return self._wires[feed]


# Each says whether the connection is over. The message itself is sent whole afterwards.


def _dropped(wire: Wire, body: bytes, dice: Random) -> bool:
    """The connection breaks in the middle of the block."""
    wire.socket.sendall(frame(body)[: dice.randrange(1, len(body))])
    return True


def _answer_lost(wire: Wire, body: bytes, _: Random) -> bool:
    """All of it arrives, and the sender never hears the answer."""
    wire.tell(body)
    return True


def _restarted(wire: Wire, body: bytes, dice: Random) -> bool:
    """The sender begins the block again on the same connection."""
    wire.socket.sendall(frame(body)[: dice.randrange(1, len(body))])
    return False


def _slow(wire: Wire, body: bytes, dice: Random) -> bool:
    """A few bytes at a time, with pauses; then the connection breaks."""
    block = frame(body)
    for start in range(0, 60, 20):
        wire.socket.sendall(block[start : start + 20])
        time.sleep(dice.uniform(0, 0.02))
    return True


def _noisy(wire: Wire, _: bytes, dice: Random) -> bool:
    """Line noise and heartbeats between blocks."""
    wire.socket.sendall(dice.choice((b"\r\n\r\n", b"\x0b\x1c\r", b"+++ATH0\r\n", b"\x00" * 100, b"\x1c\x1c")))
    return False

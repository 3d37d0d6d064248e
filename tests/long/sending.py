"""A hospital's interface engine: several connections, a queue, and no mercy; what got no answer is sent again."""

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from connectors.mllp.acks import read_ack
from tests.end_to_end.running import ZONE, Wire, adt, until
from tests.long.asked import Failed, hold

MEMBERS = 200
CONNECTIONS = 4
_TRIGGERS = ("A01", "A08", "A03")
_SILENT = "no answer within a minute, and the connection stays open"


class Engine:
    """Sends the next messages of its story to whatever listens, and remembers every answer."""

    def __init__(self, dice: Random) -> None:
        self.dice, self.next = dice, 0
        self.began = datetime.now(ZONE).replace(microsecond=0) - timedelta(days=80)
        self.unanswered: deque[bytes] = deque()
        self.answers: dict[bytes, bytes] = {}
        self.resent = 0
        self._broken: list[Failed] = []
        self._guard = threading.Lock()

    def story(self) -> bytes:
        """The next message: one visit after the other for each member, all in the past; now and then one is broken."""
        number, self.next = self.next, self.next + 1
        visit, step = divmod(number // MEMBERS, len(_TRIGGERS))
        member, admitted = f"M{number % MEMBERS}", self.began + timedelta(days=4 * (visit % 19))
        at, name = admitted + timedelta(hours=12 * step), f"V{visit}-{member}"
        if number % 97 == 0:
            return b"MSH|^~\\&|ADT|H1|HIE|PLANA|20250101||ADT^Z99|C%d|P|2.5.1\rPID|1||X\r" % number
        return adt(_TRIGGERS[step], f"C{number}", member, visit=name, at=at, admitted=admitted)

    def play(self, port: int, over: Callable[[], bool]) -> None:
        """Send over all connections until it is over, or nobody listens any more."""
        self.resent += len(self.unanswered)
        threads = [threading.Thread(target=self._send, args=(port, over, Random(self.dice.random())))
                   for _ in range(CONNECTIONS)]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._broken:
            raise self._broken[0]

    def ask_again(self, port: int, count: int, is_dead: Callable[[], bool]) -> None:
        """Send what was answered before once more: the answer is the same, byte for byte."""
        known = sorted(self.answers)
        try:
            with Wire(port) as wire:
                for message in self.dice.sample(known, min(count, len(known))):
                    answer = _asked(wire, message)
                    hold(answer == self.answers[message] or (answer is None and _soon(is_dead)),
                         "an answered message, sent again, got another answer")  # fmt: skip
                    if answer is None:
                        return
        except ConnectionError:
            hold(_soon(is_dead), "a living service refuses connections")

    def finish(self, port: int) -> None:
        """Send again what is left, in peace."""
        self.resent += len(self.unanswered)
        with Wire(port) as wire:
            while self.unanswered:
                self._answered(self.unanswered[0], _asked(wire, self.unanswered[0]))
                self.unanswered.popleft()

    def _send(self, port: int, over: Callable[[], bool], dice: Random) -> None:
        pipelined = dice.choice((1, 1, 5))
        try:
            with Wire(port) as wire:
                while not over():
                    self._tell(wire, self._take(pipelined))
                    time.sleep(dice.choice((0, 0.02, 0.08)))
        except TimeoutError:
            self._broken.append(Failed(_SILENT))
        except OSError:
            return
        except Failed as broken:
            self._broken.append(broken)

    def _tell(self, wire: Wire, messages: list[bytes]) -> None:
        answered = 0
        try:
            wire.tell(*messages)
            for message in messages:
                if (answer := wire.answer()) is None:
                    raise ConnectionResetError
                self._answered(message, answer)
                answered += 1
        finally:
            with self._guard:
                self.unanswered.extend(messages[answered:])

    def _answered(self, message: bytes, answer: bytes | None) -> None:
        hold(answer is not None, "no answer, though nothing was killed")
        assert answer is not None
        code, about = read_ack(answer)
        hold(code == "AA" and about == message.split(b"|")[9], f"{code or 'no MSA'} for another message")
        with self._guard:
            self.answers[message] = answer

    def _take(self, count: int) -> list[bytes]:
        with self._guard:
            taken = [self.unanswered.popleft() for _ in range(min(count, len(self.unanswered)))]
            return taken + [self.story() for _ in range(count - len(taken))]


def _asked(wire: Wire, message: bytes) -> bytes | None:
    try:
        return wire.ask(message)
    except TimeoutError:
        raise Failed(_SILENT) from None


def _soon(holds: Callable[[], bool]) -> bool:
    until(holds)
    return True

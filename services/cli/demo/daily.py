"""The demo where there is no terminal: a line for each day of the story."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from services.cli.demo.watching import Headcount, Sent
from services.cli.demo.wording import WORDS

_MOVES = ("admitted", "discharged", "taken back")


class Days:
    """Remembers what was counted by the last day, to say what came since."""

    def __init__(self) -> None:
        self._before: Counter[str] = Counter()

    def line(self, day: date, sent: Sent, headcount: Headcount, alerts: Counter[str]) -> str:
        """What happened on a day that is over."""
        now = Counter(messages=sent.messages, files=sent.files.count)
        now += Counter({word: headcount.moves[word] for word in _MOVES}) + alerts
        since, self._before = now - self._before, now
        parts = [f"{since['messages']} messages, {since['files']} files"]
        parts += [told for words in (_MOVES, WORDS) if (told := _listed(since, words))]
        return f"{day:%a %d %b}  {'; '.join(parts)}"


def _listed(counts: Counter[str], words: Iterable[str]) -> str:
    return ", ".join(f"{counts[word]} {word}" for word in words if counts[word])

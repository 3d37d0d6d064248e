"""What must hold for any bytes: framing counts them, cutting keeps them, reading explains them, nothing raises."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from random import Random
from typing import get_args

from connectors.files.contract import Sheaf
from connectors.files.intake import FileIntake
from connectors.files.sniffing import HEAD_BYTES, sniff
from connectors.hl7v2.batch import split_messages
from connectors.mllp.framing import Decoder, Oversize, frame
from connectors.mllp.header import read_header
from models.errors import FileIsWrong
from services.intake.reading import Outcome, Reading
from services.wiring.setup import read_setup
from tests.long.asked import hold
from tests.long.bending import CANARIES

SLOWEST_MS, AT_BYTES = 50.0, 32 * 1024
"""A message of up to 32 KiB is read in less, a longer one in proportion: so what grows faster than its input fails."""
RECEIVED = datetime(2025, 6, 6, 12, tzinfo=UTC)
_OUTCOMES = frozenset(get_args(Outcome))
_BLANK = bytes(range(0x21))


class Judge:
    """Holds mutants to the promises, and counts what became of them."""

    def __init__(self) -> None:
        self.readers = read_setup(None).readers
        self.intake = FileIntake(split_hl7=lambda body: split_messages(body).messages, checkpoint=lambda _: 0)
        self.counts: Counter[str] = Counter()
        self.slowest = (0.0, 0, 0)

    def framed(self, body: bytes, dice: Random) -> None:
        """A mutant over the wire, among others: every byte is in a block or in a count, however the stream is cut."""
        stream = dice.choice((b"", b"\r\n", b"\x0b", b"noise", b"\x1c")) + frame(body) + frame(b"MSH|after")
        whole = Decoder(hard_limit=1 << 17, cap=1 << 18)
        blocks = whole.feed(stream)
        counts, ended = whole.counts, stream.count(b"\x1c")
        held = sum(block.size if isinstance(block, Oversize) else len(block) for block in blocks)
        told = held + counts.noise_bytes + counts.padding_bytes + counts.restarted_bytes
        starts = whole.blocks_begun + counts.doubled_starts
        missing = len(stream) - told - starts - whole.block_size
        # Each 0x1C ends a block, with at most CR LF after it, or is noise.
        hold(whole.deaf or 0 <= missing <= 3 * ended, f"framing: {missing} bytes are in no block and in no count")
        plain = b"\x0b" not in body and b"\x1c" not in body and body.strip(_BLANK)
        if plain and len(body) <= 1 << 17:
            hold(blocks == [body, b"MSH|after"], "framing: a block is not what was sent")
        cut = Decoder(hard_limit=1 << 17, cap=1 << 18)
        pieces = _cut(stream, dice)
        again = [block for piece in pieces for block in cut.feed(piece)]
        hold(again == blocks, "framing: a cut stream gives other blocks")
        hold(cut.counts == counts, "framing: a cut stream is counted otherwise")

    def read(self, kind: str, body: bytes, number: int) -> list[Reading]:
        """A mutant through its reader: explained, in time, and nothing of it repeated where all may see it."""
        if kind == "hl7v2":
            read_header(body)
        began = time.thread_time()
        found = list(self.readers[kind].read("long", RECEIVED, body))
        millis = (time.thread_time() - began) * 1000
        allowed = SLOWEST_MS * max(1, len(body) / AT_BYTES)
        if millis > allowed / 2:  # perhaps another process had the core
            millis = min(millis, *(self._timed(kind, body) for _ in range(3)))
        self.slowest = max(self.slowest, (millis, len(body), number))
        hold(millis <= allowed, f"reading: {millis:.0f} ms for {len(body)} bytes")
        hold(bool(found) or kind != "hl7v2", "reading: a message without a reading")
        hold([one.ordinal for one in found] == list(range(1, len(found) + 1)), "reading: ordinals have a gap")
        for one in found:
            self._explained(one)
        return found

    def _timed(self, kind: str, body: bytes) -> float:
        began = time.thread_time()
        for _ in self.readers[kind].read("long", RECEIVED, body):
            pass
        return (time.thread_time() - began) * 1000

    def _explained(self, one: Reading) -> None:
        self.counts[one.outcome] += 1
        hold(one.outcome in _OUTCOMES, "reading: no such outcome")
        hold((one.outcome == "quarantined") == (one.problem is not None), "reading: set aside without a problem")
        said = [one.label, *one.flags]
        if problem := one.problem:
            self.counts[f"because {problem.reason}"] += 1
            hold(problem.reason != "unreadable", f"reading: a defect of the reader ({problem.shape})")
            hold(not one.events, "reading: set aside, and facts all the same")
            told = all((problem.reason, problem.where, problem.fix))
            hold(told, "reading: a problem that says not what, where or how")
            said += [problem.reason, problem.where, problem.shape, problem.fix]
        hold(not leaks(said), f"reading: a person's value is told ({one.problem and one.problem.reason})")

    def filed(self, parts: Sequence[bytes], dice: Random) -> None:
        """Mutants in one file: each byte that is not blank is in a line, or in a batch's own lines."""
        between = dice.choice((b"\r", b"\r\n", b"\n", b"", b"\x1c\r\x0b", b"\r\r"))
        content = between.join(parts)
        kind = sniff(content[:HEAD_BYTES])
        self.counts[f"file {kind}"] += 1
        try:
            lines = [line for sheaf in self._sheaves(content) for line in sheaf.lines]
        except FileIsWrong as wrong:
            hold(kind in (None, "archive"), f"files: refused, {wrong.problems[0].what}")
            hold(not leaks([str(wrong)]), "files: a refusal tells a person's value")
            return
        for line in lines:
            hold(line.kind in self.readers, f"files: nothing reads the kind {line.kind}")
        if kind == "hl7v2":
            kept = _dense(line.body for line in lines)
            envelope = _dense(split_messages(content).envelope)
            lost = Counter(_dense([content])) - Counter(kept) - Counter(envelope)
            hold(not lost, f"files: {lost.total()} bytes are in no line")
            hold({line.kind for line in lines} <= {"hl7v2"}, "files: a message was not taken whole")

    def tabled(self, kind: str, body: bytes, number: int) -> None:
        """A table's mutant: as the file it may be, and as a line of its kind."""
        try:
            for sheaf in self._sheaves(body):
                for line in sheaf.lines:
                    self.read(line.kind, line.body, number)
        except FileIsWrong as wrong:
            hold(not leaks([str(wrong)]), "files: a refusal tells a person's value")
        self.read(kind, body, number)

    def _sheaves(self, content: bytes) -> Iterator[Sheaf]:
        return self.intake.read(BytesIO(content), feed="long", received_at=RECEIVED, name="a file")


def leaks(said: Iterable[str]) -> bool:
    """Whether a canary is among words that anybody may see."""
    text = "\n".join(said)
    return any(canary.decode() in text.upper() for canary in CANARIES)


def _cut(stream: bytes, dice: Random) -> list[bytes]:
    marks = sorted({0, len(stream), *(dice.randrange(len(stream)) for _ in range(dice.choice((1, 2, 8))))})
    return [stream[start:end] for start, end in pairwise(marks)]


def _dense(parts: Iterable[bytes]) -> bytes:
    return b"".join(parts).translate(None, _BLANK).replace(b"\xef\xbb\xbf", b"")

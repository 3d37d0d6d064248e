"""What happens to one message: it is kept, where asked for it is read, and its answer is decided."""

import asyncio
import logging
from collections import OrderedDict

import msgspec

from connectors.mllp.acks import POSITIVE, ControlIds, Trouble, build_ack, codes_of
from connectors.mllp.contract import Judge, Keeper
from connectors.mllp.framing import Oversize
from connectors.mllp.header import Header, read_header
from connectors.mllp.modes import Verdict, Wanted, wanted
from connectors.mllp.settings import ListenerSettings
from connectors.mllp.stats import ListenerStats
from models.ledger import BETWEEN, Answered
from models.time import Instant

log = logging.getLogger(__name__)

_NOT_ALLOWED = Trouble("sender not allowed on this feed", ("MSH", "1", "3"))
_TOO_LONG = Trouble("message over the size limit of this feed")
_REMEMBERED = 4096


class Receipt(msgspec.Struct, frozen=True):
    """A message as it came off the wire; `last_byte` is the loop's time at which it was complete."""

    body: bytes
    header: Header | None
    received_at: Instant
    last_byte: float
    oversize: Oversize | None = None


class Settled(msgspec.Struct, frozen=True):
    """A message that may be answered. `answer` None: with silence. `hang_up`: then close the connection."""

    answer: bytes | None = None
    seq: int | None = None
    kept_at: Instant | None = None
    repeat: bool = False
    hang_up: bool = False


class Desk:
    """Shared by the connections of one listener."""

    def __init__(self, settings: ListenerSettings, keeper: Keeper, judge: Judge, stats: ListenerStats) -> None:
        self._settings, self._keeper, self._judge, self._stats = settings, keeper, judge, stats
        self._ids = ControlIds()
        self._decided: OrderedDict[int, bytes] = OrderedDict()
        self.under_way: set[asyncio.Task[Settled]] = set()

    def receive(self, block: bytes | Oversize, last_byte: float) -> Receipt:
        """Note when a block was complete, and read its MSH. Nothing is decided yet."""
        body, oversize = (block, None) if isinstance(block, bytes) else (b"", block)
        header = read_header(body if oversize is None else oversize.head)
        return Receipt(body, header, self._keeper.now(), last_byte, oversize)

    def start(self, receipt: Receipt) -> asyncio.Task[Settled]:
        """Settle in the background. The keeper is called in the order of the starts."""
        task = asyncio.get_running_loop().create_task(self._settle(receipt))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        return task

    def note(self, receipt: Receipt, settled: Settled, micros: int) -> None:
        """An answer was handed to the socket: write the ledger, one row an answer."""
        assert settled.answer is not None
        for answer, code in zip(settled.answer.split(BETWEEN), codes_of(settled.answer), strict=True):
            self._stats.answers[code] = self._stats.answers.get(code, 0) + 1
            if settled.seq is None or settled.kept_at is None:
                continue  # over the hard limit: there is no line that a row could belong to
            control_id = receipt.header.control_id.decode("utf-8", "replace") if receipt.header else ""
            self._keeper.answered(
                Answered(
                    feed=self._settings.feed, seq=settled.seq, control_id=control_id, received_at=receipt.received_at,
                    kept_at=settled.kept_at, code=code, micros=micros, repeat=settled.repeat, answer=answer,
                )
            )  # fmt: skip

    async def _settle(self, receipt: Receipt) -> Settled:
        header = receipt.header
        if receipt.oversize is not None:
            return self._refuse_oversize(receipt, receipt.oversize)
        if header is None:
            return await self._keep_what_is_no_message(receipt)
        asked = wanted(header, self._settings.ack_mode)
        refused = self._look_at(header)
        to_read = not refused and asked.needs_reading(self._settings.on_unparsable)
        early = None if to_read else self._write(receipt, asked.codes("refused" if refused else "kept"), _NOT_ALLOWED)
        kept = await self._keeper.keep(self._settings.feed, receipt.received_at, receipt.body, early)
        kept_at = self._keeper.now()
        self._stats.messages += 1
        self._stats.repeats += kept.repeat
        answer = early
        if kept.repeat and kept.answer is not None and _stands(kept.answer):
            answer = kept.answer if asked.codes("kept") else None
        elif to_read:
            answer = await self._read_and_decide(receipt, asked, kept.seq, kept.answer)
        elif kept.repeat and early is not None:
            answer = await self._agree(kept.seq, kept.answer, early)
        return Settled(answer, kept.seq, kept_at, kept.repeat)

    def _look_at(self, header: Header) -> bool:
        """Count what the MSH tells, and say whether the sender is refused."""
        settings, stats = self._settings, self._stats
        stats.no_control_id += not header.control_id
        stats.test_messages += header.component(11, 1).decode("ascii", "replace") not in settings.processing_ids
        if _allowed(header, settings):
            return False
        stats.disallowed += 1
        return settings.on_disallowed == "AR"

    def _refuse_oversize(self, receipt: Receipt, oversize: Oversize) -> Settled:
        self._stats.oversize += 1
        self._keeper.discarded(self._settings.feed, oversize.size, oversize.head, "over_hard_limit")
        if receipt.header is None or not oversize.ended:
            return Settled(hang_up=True)
        asked = wanted(receipt.header, self._settings.ack_mode)
        # It was not kept, so even a feed that always hears AA hears the truth here.
        codes = ("AR",) if asked.mode == "aa_only" else asked.codes("refused")
        return Settled(self._write(receipt, codes, _TOO_LONG))

    async def _keep_what_is_no_message(self, receipt: Receipt) -> Settled:
        kept = await self._keeper.keep(self._settings.feed, receipt.received_at, receipt.body, None)
        self._stats.messages += 1
        self._stats.no_msh += 1
        return Settled(None, kept.seq, self._keeper.now(), kept.repeat, hang_up=True)

    async def _read_and_decide(self, receipt: Receipt, asked: Wanted, seq: int, stored: bytes | None) -> bytes | None:
        if stored is None and seq in self._decided:
            return self._decided[seq]  # the same message twice at once: both hear the same
        trouble = self._read(receipt)
        verdict: Verdict = "kept" if trouble is None else "unreadable"
        answer = self._write(receipt, asked.codes(verdict), trouble)
        return None if answer is None else await self._agree(seq, stored, answer)

    async def _agree(self, seq: int, stored: bytes | None, answer: bytes) -> bytes:
        """Send what was answered before if it says the same; else the new answer takes its place."""
        if stored is not None and codes_of(stored) == codes_of(answer):
            return stored
        self._decided[seq] = answer
        while len(self._decided) > _REMEMBERED:
            self._decided.popitem(last=False)
        try:
            await self._keeper.replace_answer(seq, answer)
        except BaseException:
            self._decided.pop(seq, None)
            raise
        return answer

    def _read(self, receipt: Receipt) -> Trouble | None:
        try:
            reason = self._judge(self._settings.feed, receipt.received_at, receipt.body)
        except Exception as error:  # noqa: BLE001 - the message is durable; a bug in the reader must not stop the feed
            fields = {"feed": self._settings.feed, "error": type(error).__name__}
            log.error("reading a kept message failed", extra=fields)  # noqa: TRY400 - a traceback may carry content
            reason = "could not be read"
        return None if reason is None else Trouble(reason)

    def _write(self, receipt: Receipt, codes: tuple[str, ...], trouble: Trouble | None) -> bytes | None:
        assert receipt.header is not None
        at = receipt.received_at
        answers = [
            build_ack(receipt.header, code, self._ids.next(), at, None if code in POSITIVE else trouble)
            for code in codes
        ]
        return BETWEEN.join(answers) if answers else None


def _stands(answer: bytes) -> bool:
    """A positive answer is final. A refusal is looked at again: the allow list or the profile may have been mended."""
    return POSITIVE.issuperset(codes_of(answer))


def _allowed(header: Header, settings: ListenerSettings) -> bool:
    if not settings.allow:
        return True
    applications = {"*", *_forms(header, 3)}
    facilities = {"*", *_forms(header, 4)}
    return any(application in applications and facility in facilities for application, facility in settings.allow)


def _forms(header: Header, number: int) -> tuple[str, str]:
    return header.field(number).decode("utf-8", "replace"), header.component(number, 1).decode("utf-8", "replace")

"""The end of the demo: what trouble there was, how it came out, whether all of it can be computed again."""

import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from models.time import Instant
from services.cli.demo.playing import SILENCE
from services.cli.demo.showing import STAYS, TASKS
from services.cli.demo.staging import CONFIG
from services.cli.demo.watching import Sent, Standing
from services.runtime.recount import Recount
from services.runtime.store.contract import Reader
from services.runtime.store.sqlite import SqliteStore
from services.wiring.clock import Clock
from services.wiring.setup import Setup

NOTE_WIDTH = 64


class Verified(msgspec.Struct, frozen=True):
    """What computing everything again from the raw log gave."""

    members: int
    differences: int
    broken: int

    @property
    def agrees(self) -> bool:
        return not (self.differences or self.broken)


def verified(reader: Reader, setup: Setup, clock: Clock, members: int) -> Verified:
    """Compute every member again, in a store that goes away afterwards, and compare."""
    with (
        tempfile.TemporaryDirectory(prefix="warmhandoff-") as folder,
        SqliteStore.open(Path(folder), now=clock) as fresh,
    ):
        recount = Recount(reader, fresh, setup.readers, setup.reference, clock)
        return Verified(members, len(list(recount.compare())), len(reader.broken_chain()))


def summary(
    sent: Sent, troubles: Mapping[str, Sequence[str]], now: Standing, found: Verified, seconds: float, width: int
) -> Iterator[str]:
    """The summary, line by line.

    Args:
        troubles: each note of the story, and what its lines led to.
    """
    yield "Trouble in the feed, and how it came out"
    for note, outcomes in troubles.items():
        times = f" (x{len(outcomes)})" if len(outcomes) > 1 else ""
        yield from _beside(f"  {note}{times}", " / ".join(dict.fromkeys(outcomes)), width)
    median, worst = sent.latency()
    yield ""
    yield f"{sent.messages} messages over MLLP, two weeks in {seconds:.0f} s"
    yield f"  answers      {_listed({code: count for code, count in sent.answers.items() if code != SILENCE})}"
    if sent.answers[SILENCE]:
        yield f"               {sent.answers[SILENCE]} had no MSH to answer: kept, and the connection closed"
    yield f"  ACK          p50 {median:.1f} ms, p99 {worst:.1f} ms, seen by the sender, bytes on disk"
    yield f"  journal      {now.lines} lines; {sent.repeats} messages were repeats, and known again"
    yield f"  stays        {_listed({name: now.stays[name] for name in STAYS})}"
    yield f"  tasks        {_listed({name: now.tasks[name] for name in TASKS})}"
    yield f"  quarantined  {now.quarantined}, each with what would fix it"
    yield f"  parked       {now.parked} patients whom no roster names yet"
    verdict = "the same" if found.agrees else f"{found.differences} differences, {found.broken} broken chains"
    yield f"  verify       {found.members} members computed again from the raw log: {verdict}"


def hints(folder: Path, a_task: str, example_at: Instant) -> Iterator[str]:
    """What to try next; each of these commands works on the store as it is."""
    where = folder.absolute()
    started_by = Path(sys.argv[0])
    program = str(started_by.absolute()) if started_by.name == "warmhandoff" else "warmhandoff"
    command = shlex.join([program, "--store", str(where), "--config", str(where / CONFIG)])
    yield "Try next"
    yield f"  alias wh={shlex.quote(command)}"
    yield "  wh tasks --state overdue       # the work list"
    yield f"  wh explain {a_task}"
    yield f"  wh tasks --as-of {example_at.isoformat(timespec='seconds')}    # as known then"
    yield "  wh quarantine list             # what could not be read, and how to fix it"
    yield "  wh identity review --parked    # who belongs to nobody"
    yield "  wh alerts                      # every change of a task, in order"
    yield "  wh verify                      # compute everything again, and compare"
    yield f"  rm -r {shlex.quote(str(where))}"


def _listed(counts: Mapping[str, int]) -> str:
    shown = [f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count]
    return ", ".join(shown) or "none"


def _beside(left: str, right: str, width: int) -> Iterator[str]:
    """Two columns, or two lines where they do not fit."""
    column = max(len(left), NOTE_WIDTH)
    if column + 2 + len(right) <= width:
        yield f"{left:<{column}}  {right}"
    else:
        yield from (left, f"      {right}")

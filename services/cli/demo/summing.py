"""The end of the demo: what trouble there was, how it came out, whether all of it is right, and what to try next."""

import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from models.time import Instant
from services.cli.demo.checking import TRUTH, Verdict
from services.cli.demo.dollars import Paid
from services.cli.demo.showing import MEASURES_SHOWN, TASKS
from services.cli.demo.staging import CONFIG
from services.cli.demo.watching import STAYS, Headcount, Sent
from services.cli.demo.wording import WORDS
from services.cli.measure_table import Shown, rate_text
from services.simulation.recipe import FAULTS, Recipe
from services.simulation.scoring import KINDS, Score
from services.wiring.setup import VALUE_SETS

MEASURE = "tcs.cm_contact_7d"
"""The measure that the hints explain; the rule of its name raises a task for each that it counts."""
FAULT_COLUMNS = max(map(len, FAULTS)) + 4


def summary(
    sent: Sent, alerts: Mapping[str, int], now: Headcount, verdict: Verdict, recipe: Recipe, seconds: float, width: int
) -> Iterator[str]:
    """The summary, line by line, within a width where that is possible."""
    yield from _troubles(verdict.score, width)
    median, worst = sent.latency()
    story = f"a story of {recipe.days} days and what followed"
    yield ""
    yield f"{sent.messages} messages over MLLP and {sent.files.count} files: {story}, in {seconds:.0f} s"
    yield f"  answers      {_listed(sent.answers)}; {sent.repeats} messages were repeats, and known again"
    yield f"  ACK          p50 {median:.1f} ms, p99 {worst:.1f} ms, seen by the sender, bytes on disk"
    yield f"  journal      {now.lines} lines of {now.members} members"
    yield f"  stays        {_listed({name: now.stays[name] for name in STAYS})}"
    yield f"  tasks        {_listed({name: now.tasks[name] for name in TASKS})}"
    yield f"  said         {_listed({word: alerts.get(word, 0) for word in WORDS})}"
    yield f"  quarantined  {now.quarantined}{', each with what would fix it' if now.quarantined else ''}"
    yield f"  parked       {now.parked} of the patients told of are on no roster"
    same = "the same" if verdict.is_reproduced else f"{verdict.differences} differences, {verdict.broken} broken chains"
    yield f"  verify       {now.members} members computed again from the raw log: {same}"
    yield f"  score        {_scored(verdict.score)}"


def earnings(measures: Sequence[Shown], money: Sequence[Paid]) -> Iterator[str]:
    """What was counted, and what it is worth."""
    for row in measures[:MEASURES_SHOWN]:
        yield f"  {row.measure:<24}{rate_text(row.value, row.per):>7}  {row.numerator} of {row.denominator}"
    for paid in money:
        tier = f"; {paid.next_tier}" if paid.next_tier else ""
        yield f"  {paid.program:<24}{paid.earned} earned, {paid.at_stake} at stake{tier}"


def differences(score: Score) -> Iterator[str]:
    """The first things that are not listed as they should be."""
    for each in score.differences:
        about = f"{each.member_id} at {each.as_of.isoformat()}, {each.kind} ({', '.join(each.faults) or 'no fault'})"
        yield f"  {about}: expected {_item(each.expected)}; listed {_item(each.listed)}"


def hints(folder: Path, a_task: str, a_member: str, then: Instant) -> Iterator[str]:
    """What to try next; each of these commands works on the store as it is."""
    where = folder.absolute()
    started_by = Path(sys.argv[0])
    program = str(started_by.absolute()) if started_by.name == "warmhandoff" else "warmhandoff"
    command = shlex.join([*_value_sets(), program, "--store", str(where), "--config", str(where / CONFIG)])
    yield "Try next"
    yield f"  alias wh={shlex.quote(command)}"
    yield "  wh tasks --state open          # the work list"
    yield f"  wh explain {a_task}"
    yield f"  wh tasks --as-of {then.isoformat(timespec='seconds')}    # as known then"
    yield "  wh quarantine list             # what could not be read, and how to fix it"
    yield "  wh identity review --parked    # who belongs to nobody"
    yield "  wh measures                    # what is counted, and why some pages are off"
    yield "  wh programs                    # what it earns, and what each open gap is worth"
    yield f"  wh explain --measure {MEASURE} --member {a_member}"
    yield "  wh alerts                      # everything that was said, in order"
    yield "  wh verify                      # compute everything again, and compare"
    yield f"  wh score {shlex.quote(str(where / TRUTH))}"
    yield f"  rm -r {shlex.quote(str(where))}"


def _value_sets() -> list[str]:
    """The value sets of this shell, for other shells: without them everything would be counted otherwise."""
    folders = [str(Path(name).absolute()) for name in os.environ.get(VALUE_SETS, "").split(os.pathsep) if name]
    return ["env", f"{VALUE_SETS}={os.pathsep.join(folders)}"] if folders else []


def _troubles(score: Score, width: int) -> Iterator[str]:
    room = min(max(width - FAULT_COLUMNS - 14, 20), max(map(len, FAULTS.values())))
    title = "Trouble in the feeds, and what is listed of its stories"
    yield f"{title:<{FAULT_COLUMNS + room}}  right  wrong"
    for fault, tally in sorted(score.by_fault.items(), key=lambda item: (item[0] in FAULTS, item[0])):
        about = FAULTS.get(fault, "stories that were told as they should be")
        about = about if len(about) <= room else f"{about[: room - 1]}…"
        yield f"  {fault:<{FAULT_COLUMNS - 2}}{about:<{room}}  {tally.found:>5}  {tally.missing + tally.extra:>5}"


def _scored(score: Score) -> str:
    found = []
    for kind in KINDS:
        tallies = [tallies[kind] for tallies in score.by_instant.values()]
        missing, extra = sum(tally.missing for tally in tallies), sum(tally.extra for tally in tallies)
        found.append(f"{sum(tally.found for tally in tallies)} {kind} found, {missing} missing, {extra} extra")
    return f"{'; '.join(found)}, at {len(score.by_instant)} instants of the story"


def _item(item: tuple[object, ...] | None) -> str:
    return " ".join(map(str, item)) if item else "nothing"


def _listed(counts: Mapping[str, int]) -> str:
    shown = [f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count]
    return ", ".join(shown) or "none"

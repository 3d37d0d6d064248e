"""The tasks of all stays together; those of a stay are judged again only when something they rest on has changed."""

from collections.abc import Sequence

import msgspec

from models.time import Instant
from models.view import Task
from services.member.book import Book
from services.member.deaths import Death
from services.member.evidence import Deeds
from services.member.followups import FollowUps
from services.member.memo import Answers, Latest
from services.member.others import Inquiry, Others
from services.member.roster import Roster
from services.member.stays import Folded
from services.member.tasks import in_order, tasks


class Judged(msgspec.Struct, frozen=True, eq=False, gc=False):
    """The tasks of one stay, and what the other stays told for them. From `since` until `until` (None: for good) time
    alone changes nothing.
    """

    tasks: Sequence[Task]
    inquiry: Inquiry
    since: Instant
    until: Instant | None

    def holds(self, at: Instant, others: Others) -> bool:
        """Whether judging the stay again, at an instant and beside these others, would give the same."""
        in_time = self.since <= at and (self.until is None or at < self.until)
        return in_time and self.inquiry.is_answered_alike_by(others)


class Judging:
    """What was judged before: each stay's tasks, and all of them in order."""

    def __init__(self) -> None:
        self.others = Latest[list[Folded], Others]()
        self.around = Latest[tuple[Roster, Deeds, Death | None], object]()
        self.stays = Answers[tuple[Folded, object], Judged]()
        self.listed = Latest[list[Judged], list[Task]]()


def judged(
    member_id: str, stays: list[Folded], death: Death | None, deeds: Deeds, roster: Roster, book: Book, as_of: Instant,
    known: Judging,
) -> tuple[list[Task], list[Instant]]:  # fmt: skip
    """Every task, in order of opening, and when time alone may change one."""
    others = known.others.get(stays, lambda: Others(stays))
    shared = [*roster.moments, *deeds.instants()]
    until = min((at for at in shared if at > as_of), default=None)

    def judge(stay: Folded) -> Judged:
        inquiry = Inquiry(others)
        follow_ups = FollowUps(stay, inquiry, roster, death, book.reference.zone, as_of)
        found, wakes = tasks(member_id, follow_ups, deeds, roster, book, as_of)
        ahead = [at for at in wakes if at > as_of]
        return Judged(found, inquiry, as_of, min([*ahead, until] if until else ahead, default=None))

    around = known.around.get((roster, deeds, death), object)
    known.stays.next_round()
    found: list[Judged] = []
    for stay in stays:
        before = known.stays.known((stay, around))
        if before is None or not before.holds(as_of, others):
            before = judge(stay)
        found.append(known.stays.keep((stay, around), before))
    return known.listed.get(found, lambda: _listed(found)), [*shared, *(one.until for one in found if one.until)]


def _listed(found: Sequence[Judged]) -> list[Task]:
    raised: dict[str, Task] = {}
    for one in found:
        for task in one.tasks:
            if task.task_id not in raised or raised[task.task_id].state == "cancelled":
                raised[task.task_id] = task
    return sorted(raised.values(), key=in_order)

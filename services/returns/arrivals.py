"""When a month's return file came, and what it says: by its versions, as they were received.

On time is judged by the first version that the plan accepted, content by the newest one: a correction after the due
time mends what the file says, never that it was late. A rejected version is as if nothing had come.

Source: care-rules §2.6; §7, scenario 29.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from models.events import ReturnFile, ReturnRow, Teller
from models.time import Instant

Told = Mapping[ReturnRow, Sequence[Teller]]
"""The rows of a subject's return files, with who told them, as of some instant."""


class Version(msgspec.Struct, frozen=True):
    """One version of a file, as it was received: all its rows came at one instant over one feed.

    `name` is the first of the names of its rows, by which the journal finds it.
    """

    received_at: Instant
    feed: str
    name: str
    is_accepted: bool
    rows: tuple[ReturnRow, ...]


class Arrival(msgspec.Struct, frozen=True):
    """A month's file: the first version that was accepted, and the newest such; both None while there is none.

    `versions` are all of them, in order of receipt.
    """

    file: ReturnFile
    mcp_id: str
    provider_id: str
    period: str
    versions: tuple[Version, ...]
    first: Version | None
    newest: Version | None

    def on_time(self, due_at: Instant) -> bool:
        """Say whether it was received, and accepted, by its due time."""
        return self.first is not None and self.first.received_at <= due_at

    def members(self, statuses: Collection[str]) -> frozenset[str]:
        """Who stands in the newest accepted version with one of these ECM statuses: by CIN, else by member id."""
        return members_with(self.newest.rows, statuses) if self.newest else frozenset()


def arrivals(told: Told) -> tuple[Arrival, ...]:
    """Every file of which a version came, by plan, provider, file and month."""
    files: dict[tuple[str, str, ReturnFile, str], dict[tuple[Instant, str, bool], list[tuple[str, ReturnRow]]]]
    files = defaultdict(lambda: defaultdict(list))
    for row, tellers in told.items():
        versions = files[row.mcp_id, row.provider_id, row.file, row.period]
        for teller in tellers:
            versions[teller.received_at, teller.feed, row.file_status == "accepted"].append((teller.name, row))
    return tuple(
        _arrival(mcp, provider, file, period, versions)
        for (mcp, provider, file, period), versions in sorted(files.items())
    )


def _arrival(
    mcp_id: str,
    provider_id: str,
    file: ReturnFile,
    period: str,
    found: Mapping[tuple[Instant, str, bool], list[tuple[str, ReturnRow]]],
) -> Arrival:
    versions = tuple(
        Version(at, feed, min(name for name, _ in rows), accepted, _ordered(rows))
        for (at, feed, accepted), rows in sorted(found.items())
    )
    accepted = [version for version in versions if version.is_accepted]
    first, newest = (accepted[0], accepted[-1]) if accepted else (None, None)
    return Arrival(file, mcp_id, provider_id, period, versions, first, newest)


def _ordered(rows: Iterable[tuple[str, ReturnRow]]) -> tuple[ReturnRow, ...]:
    return tuple(row for _, row in sorted(rows, key=lambda told: told[0]))


def members_with(rows: Sequence[ReturnRow], statuses: Collection[str]) -> frozenset[str]:
    """Whom rows name with one of these ECM statuses. A row may give a CIN, a member id or both: one person is one."""
    cins = {row.member_id: row.cin for row in rows if row.cin and row.member_id}
    named = (
        row.cin or cins.get(row.member_id, row.member_id)
        for row in rows
        if dict(row.values).get("ecm_status") in statuses
    )
    return frozenset(filter(None, named))

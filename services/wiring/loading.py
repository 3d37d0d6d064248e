"""`load`: files into the journal, then through the pipeline."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from connectors.files.contract import Sheaf
from connectors.files.intake import FileIntake
from connectors.files.sniffing import HEAD_BYTES, sniff
from connectors.hl7v2.batch import split_messages
from connectors.tabular import words
from models.errors import FileIsWrong, Problem
from models.time import Instant
from services.returns.maps import ReturnMap
from services.runtime.pipeline import Pipeline
from services.runtime.store.contract import NewLine, Store

DROPPED = "files"
"""The feed of files that do not say it themselves."""
INBOX = "inbox"
"""A folder in the store where commands leave lines for the running service; it is a drop folder."""
MARKS = tuple(f"flag_{mark}:" for mark in words.MARKS)
"""How the store calls its counters of marks on rows."""
BULK = 1_000
"""Journal lines a transaction of a bulk load."""


class Summary(msgspec.Struct):
    """What became of the lines of a load. `lines` is `new` + `repeated`; the others count messages and rows, and
    `marked` the marks on rows that were taken (a word that no rule knows, a value of no known shape),
    `left_out` the files of a folder that are of no kind we know, `count_mismatches` HL7 files whose trailers count
    otherwise than we do (R-52): their messages are kept all the same.
    """

    lines: int = 0
    new: int = 0
    repeated: int = 0
    not_interpreted: int = 0
    parked: int = 0
    quarantined: int = 0
    marked: int = 0
    left_out: int = 0
    count_mismatches: int = 0


class Journal(Protocol):
    """Where the lines of files go."""

    numbered: bool
    """Whether each chunk of a table says which it is, and of how many."""

    def checkpoint(self, sha256: bytes) -> int:
        """How many ordinals of a file are in already."""

    def keep(self, sheaf: Sheaf) -> tuple[int, int]:
        """Keep a sheaf; give (new, repeated) once it is durable.

        Raises:
            WorldIsAway: it may be kept or not; doing it again is harmless.
        """


class StoreJournal:
    """The journal of a store of which this process is the writer."""

    numbered = False

    def __init__(self, store: Store) -> None:
        self._store = store
        self.checkpoint = store.checkpoint

    def keep(self, sheaf: Sheaf) -> tuple[int, int]:
        """Keep a sheaf with its checkpoint."""
        lines = [NewLine(line.feed, line.received_at, line.kind, line.body) for line in sheaf.lines]
        appended = self._store.append(lines, checkpoint=(sheaf.key, sheaf.upto)).result()
        repeated = sum(line.repeat for line in appended)
        return len(appended) - repeated, repeated + sheaf.known


def intake_of(journal: Journal, maps: Sequence[ReturnMap] = ()) -> FileIntake:
    """The reader of files, resuming where the journal's checkpoints are."""
    return FileIntake(
        split_hl7=lambda body: split_messages(body).messages,
        checkpoint=journal.checkpoint,
        maps=maps,
        numbered=journal.numbered,
    )


def files_in(paths: list[Path]) -> Iterator[tuple[Path, bool]]:
    """Files as given (True), and those in folders and folders in them (False) in order of name, without dot files.

    Raises:
        FileIsWrong: a path does not exist, each of them listed.
    """
    missing = [path for path in paths if not path.exists()]
    if missing:
        remedy = "Correct the path."
        raise FileIsWrong([Problem(str(path), 1, "", "There is no such file or folder.", remedy) for path in missing])
    for path in paths:
        if path.is_dir():
            inside = (file for file in path.rglob("*") if file.is_file())
            seen = (f for f in inside if not any(p.startswith(".") for p in f.relative_to(path).parts))
            yield from ((file, False) for file in sorted(seen))
        else:
            yield path, True


def check_named(sources: Iterable[tuple[Path | BinaryIO, str]], maps: Sequence[ReturnMap] = ()) -> None:
    """Refuse what is of no kind we know, or cannot be read, before anything is kept or made.

    Args:
        sources: each with the name that errors call it by; a stream is left at its beginning.
        maps: how plans write their return files.

    Raises:
        FileIsWrong: every such file is listed.
    """
    problems: list[Problem] = []
    intake = FileIntake(split_hl7=lambda _: (), checkpoint=lambda _: 0)
    for source, name in sources:
        try:
            if sniff(head_of(source), maps) in (None, "archive"):
                next(intake.read(source, feed="", received_at=datetime.now(UTC), name=name), None)
        except FileIsWrong as wrong:
            problems += wrong.problems
        except OSError as error:
            what = f"It cannot be read: {error.strerror}."
            problems.append(Problem(name, 1, "", what, "Correct the permissions."))
    if problems:
        raise FileIsWrong(problems)


def head_of(source: Path | BinaryIO) -> bytes:
    """The bytes by which a file is known; a stream is left at its beginning."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(HEAD_BYTES)
    source.seek(0)
    head = source.read(HEAD_BYTES)
    source.seek(0)
    return head


def keep_file(
    store: Store,
    source: Path | BinaryIO,
    feed: str,
    received_at: Instant,
    name: str = "",
    maps: Sequence[ReturnMap] = (),
) -> Summary:
    """Keep all lines of one file in a store; `maps` say how plans write their return files."""
    return take_file(StoreJournal(store), source, feed, received_at, name, maps)


def take_file(
    journal: Journal,
    source: Path | BinaryIO,
    feed: str,
    received_at: Instant,
    name: str = "",
    maps: Sequence[ReturnMap] = (),
) -> Summary:
    """Keep all lines of one file, wherever the journal is."""
    summary = Summary()
    for sheaf in intake_of(journal, maps).read(source, feed=feed, received_at=received_at, name=name):
        new, repeated = journal.keep(sheaf)
        summary.new += new
        summary.repeated += repeated
        summary.count_mismatches += "count_mismatch" in sheaf.notices
    summary.lines = summary.new + summary.repeated
    return summary


def process(store: Store, pipeline: Pipeline, summary: Summary) -> None:
    """Absorb everything the journal holds, derive every member once, and count."""
    before = store.counts()
    pipeline.told_of.clear()
    while pipeline.run(bulk=True, limit=BULK):
        pass
    pipeline.settle()
    count_outcomes(summary, before, store.counts())
    summary.parked = pipeline.parked()


def count_outcomes(summary: Summary, before: Mapping[str, int], after: Mapping[str, int]) -> None:
    """What the store's counters say has become of the messages and rows meanwhile."""
    summary.not_interpreted = after.get("not_interpreted", 0) - before.get("not_interpreted", 0)
    summary.quarantined = after.get("quarantined", 0) - before.get("quarantined", 0)
    summary.marked = sum(after[name] - before.get(name, 0) for name in after if name.startswith(MARKS))

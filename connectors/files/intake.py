"""Reads a file of any kind we know into sheaves of journal lines; a file read before adds only what is missing."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from connectors.files.contract import OVERLONG, UNREADABLE, CountMismatch, LineProblem, Sheaf, TakenLine
from connectors.files.counting import Census
from connectors.files.cutting import LINE_BYTES, Piece, hl7_messages, line_chunks, lines, table_chunks
from connectors.files.journal import journal_line, too_long
from connectors.files.refusing import why_not
from connectors.files.sniffing import HEAD_BYTES, FileKind, sniff
from connectors.tabular.kinds import is_table
from models.errors import FileIsWrong, MessageIsWrong, Problem
from models.time import Instant
from services.returns.maps import ReturnMap
from topics.raw import Part

SHEAF_LINES = 500
SHEAF_BYTES = 4 * 1024 * 1024
_READ_BYTES = 1024 * 1024


class FileIntake:
    """Turns files into journal lines, in bounded memory: one pass to hash, one to cut.

    Args:
        split_hl7: cuts a body at every MSH, envelopes left out (`connectors.hl7v2.batch`).
        checkpoint: how many ordinals of a file with this key are in the journal already (`Store.checkpoint`).
        on_count_mismatch: what to do with an HL7 file whose trailers count otherwise than we do (R-52): take it with a
            notice, or refuse it whole.
        maps: how plans write their return files.
        numbered: say of each chunk of a table which it is, and of how many: costs one more pass.
    """

    def __init__(
        self,
        *,
        split_hl7: Callable[[bytes], Iterable[bytes]],
        checkpoint: Callable[[bytes], int],
        on_count_mismatch: CountMismatch = "accept",
        maps: Sequence[ReturnMap] = (),
        numbered: bool = False,
    ) -> None:
        self._split, self._checkpoint, self._on_count_mismatch = split_hl7, checkpoint, on_count_mismatch
        self._maps, self._numbered = maps, numbered

    def read(self, source: Path | BinaryIO, *, feed: str, received_at: Instant, name: str = "") -> Iterator[Sheaf]:
        """Yield the file's lines in order; the last sheaf may have none. Whoever keeps a sheaf keeps its checkpoint in
        the same transaction.

        Args:
            source: a path, or a stream of bytes; one that cannot seek is spooled to disk first.
            feed, received_at: for lines that do not say it themselves; journal lines do.
            name: how errors call the file; the path when empty.

        Raises:
            FileIsWrong: nothing of it was taken: content of no kind we know, an archive, or counts that do not agree.
            OSError: the file cannot be read.
        """
        with _seekable(source) as stream:
            file = self._survey(stream, feed, name or str(source if isinstance(source, Path) else "standard input"))
            yield from self._sheaves(file, stream, feed, received_at)

    def _survey(self, stream: BinaryIO, feed: str, name: str) -> "_File":
        head = stream.read(HEAD_BYTES)
        kind = sniff(head, self._maps)
        if kind is None or kind == "archive":
            raise _refusal(name, *why_not(kind, head))
        digest, size, census = hashlib.sha256(), 0, Census()
        for piece in _pieces_from_start(stream):
            digest.update(piece)
            size += len(piece)
            if kind == "hl7v2":
                census.see(piece)
        census.close()
        if kind == "fhir" and size > LINE_BYTES:
            raise _refusal(name, f"One JSON document of {size} bytes.", "Send resources as NDJSON, one a line.")
        if not census.agrees and self._on_count_mismatch == "reject":
            what = "The trailers (BTS-1, FTS-1) count otherwise than we do, and on_count_mismatch is reject."
            raise _refusal(name, what, "Ask the sender for the complete file.")
        parts = sum(1 for _ in self._cut(kind, stream)) if self._numbered and is_table(kind) else 0
        return _File(kind, file_key(digest.digest(), feed), census.agrees, digest.hexdigest(), parts)

    def _sheaves(self, file: "_File", stream: BinaryIO, feed: str, received_at: Instant) -> Iterator[Sheaf]:
        known = self._checkpoint(file.key)
        sheaf = _Gathering(file.key, known)
        for ordinal, piece in enumerate(self._cut(file.kind, stream), 1):
            if ordinal <= known:
                continue
            line, problem = _taken(file.kind, piece, feed, received_at, ordinal)
            if file.parts:
                line = msgspec.structs.replace(line, part=Part(file.sha256, ordinal, file.parts))
            sheaf.add(ordinal, line, problem)
            if sheaf.is_full:
                yield sheaf.bound()
        yield sheaf.bound(() if file.counts_agree else ("count_mismatch",))

    def _cut(self, kind: FileKind, stream: BinaryIO) -> Iterator[Piece]:
        stream.seek(0)
        if kind == "hl7v2":
            return hl7_messages(stream, self._split)
        if kind in {"journal", "fhir_lines"}:
            return lines(stream)
        if kind == "decisions":
            return line_chunks(stream)
        if kind == "fhir":
            return iter([Piece(stream.read())])
        return iter(()) if kind == "empty" else table_chunks(stream)


def file_key(sha256: bytes, feed: str) -> bytes:
    """How checkpoints know a file. The same bytes told by another feed are news, so the feed belongs to it."""
    return hashlib.sha256(sha256 + feed.encode()).digest()


class _File(msgspec.Struct, frozen=True):
    kind: FileKind
    key: bytes
    counts_agree: bool
    sha256: str
    parts: int


class _Gathering:
    """The lines gathered for the next sheaf."""

    def __init__(self, key: bytes, known: int) -> None:
        self._key, self._known, self._upto = key, known, known
        self._start_anew()

    def _start_anew(self) -> None:
        self._lines: list[TakenLine] = []
        self._problems: list[LineProblem] = []
        self._bytes = 0

    def add(self, ordinal: int, line: TakenLine, problem: LineProblem | None) -> None:
        self._upto = ordinal
        self._lines.append(line)
        self._bytes += len(line.body)
        if problem:
            self._problems.append(problem)

    @property
    def is_full(self) -> bool:
        return len(self._lines) >= SHEAF_LINES or self._bytes >= SHEAF_BYTES

    def bound(self, notices: tuple[str, ...] = ()) -> Sheaf:
        sheaf = Sheaf(self._key, self._upto, tuple(self._lines), self._known, tuple(self._problems), notices)
        self._known = 0
        self._start_anew()
        return sheaf


def _refusal(name: str, what: str, remedy: str) -> FileIsWrong:
    return FileIsWrong([Problem(name, 1, "content", what, remedy)])


def _taken(
    kind: FileKind, piece: Piece, feed: str, received_at: Instant, ordinal: int
) -> tuple[TakenLine, LineProblem | None]:
    """A piece as a journal line, and what was wrong with it."""
    if not piece.whole:
        return TakenLine(feed, received_at, OVERLONG, piece.body), _told(ordinal, too_long(piece.body))
    if kind != "journal":
        return TakenLine(feed, received_at, "fhir" if kind == "fhir_lines" else kind, piece.body), None
    try:
        return journal_line(piece.body), None
    except MessageIsWrong as wrong:
        return TakenLine(feed, received_at, UNREADABLE, piece.body), _told(ordinal, wrong)


def _told(ordinal: int, wrong: MessageIsWrong) -> LineProblem:
    return LineProblem(ordinal, wrong.reason, wrong.where, wrong.shape, wrong.fix)


@contextmanager
def _seekable(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield stream
    elif source.seekable():
        yield source
    else:
        with tempfile.TemporaryFile() as spool:
            while piece := source.read(_READ_BYTES):
                spool.write(piece)
            spool.seek(0)
            yield cast("BinaryIO", spool)


def _pieces_from_start(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while piece := stream.read(_READ_BYTES):
        yield piece

"""Where in its file a row of a table stands: the journal holds big files in parts, and people look at files."""

import msgspec

from connectors.files.cutting import CHUNK_BYTES
from connectors.tabular.kinds import TableKind, is_table
from connectors.tabular.records import header_end, line_ends, line_of
from services.runtime.store.contract import JournalLine, Reader

STRANGERS = 1_000
"""How many lines of other feeds may have come between two parts of a file that a busy service took."""


class Place(msgspec.Struct, frozen=True):
    """A row's place: the kind of table, and the line, from 1, of its file."""

    kind: TableKind
    line: int


class Places:
    """Finds rows. It remembers where the parts of files begin, so that many rows of one file are found fast."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._before: dict[int, int] = {}

    def row(self, seq: int, ordinal: int) -> Place | None:
        """Where a row stands; None for what is no row of a table."""
        part = self._reader.line(seq) if seq else None
        if part is None or not is_table(part.kind):
            return None
        return Place(part.kind, self._lines_before(part) + line_of(part.body, ordinal))

    def _lines_before(self, part: JournalLine) -> int:
        """How many lines of its file stand before a part, its repeated header row not counted twice."""
        parts: list[tuple[int, int]] = []
        earlier: JournalLine | None = part
        while earlier and earlier.seq not in self._before:
            parts.append((earlier.seq, _rows(earlier)))
            earlier = self._part_before(earlier)
        lines = self._before[earlier.seq] + _rows(earlier) if earlier else 0
        for seq, rows in reversed(parts):
            self._before[seq] = lines
            lines += rows
        return self._before[part.seq]

    def _part_before(self, part: JournalLine) -> JournalLine | None:
        """The part before: of one receipt and header, and so full that the file had to be cut."""
        for seq in range(part.seq - 1, max(part.seq - STRANGERS, 0), -1):
            line = self._reader.line(seq)
            if line is None or line.received_at < part.received_at:
                return None
            if (line.feed, line.kind, line.received_at) == (part.feed, part.kind, part.received_at):
                cut = len(line.body) > CHUNK_BYTES // 2 and _header(line) == _header(part)
                return line if cut else None
        return None


def _header(part: JournalLine) -> bytes:
    return part.body[: header_end(part.body)]


def _rows(part: JournalLine) -> int:
    return line_ends(part.body) - line_ends(_header(part))

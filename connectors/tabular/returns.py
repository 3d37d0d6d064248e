"""Return files: tables in a plan's own columns, which its map pages explain, beside those with canonical columns."""

import hashlib
from collections.abc import Iterator, Sequence

import msgspec

from connectors.tabular.kinds import kind_of
from connectors.tabular.readings import charset_of, interpreted, name_of, refused, split
from connectors.tabular.records import header_end, is_blank, records
from models.errors import MessageIsWrong
from models.events import ReturnRow, Teller
from models.names import short
from models.subjects import is_member
from services.identity import normalise
from services.intake.reading import Reading
from services.returns.maps import ReturnMap, recognised
from services.returns.reading import places, row_of

RETURNS = frozenset({"rtf", "otf"})
HEADER_MAX = 64 * 1024
"""No template's header row is longer."""


def maps_for(maps: Sequence[ReturnMap], head: bytes) -> tuple[ReturnMap, ...]:
    """The maps that explain a table, by its header row; none for a table with canonical columns, or of a stranger.

    Args:
        head: the table, or so much of it that the header row is whole.
    """
    if not maps:
        return ()
    text = head.removeprefix(b"\xef\xbb\xbf")
    header = text[: header_end(text)].decode("utf-8", "replace").strip("\r\n ,")
    if len(header) > HEADER_MAX or kind_of(header.split(",")) in RETURNS:
        return ()
    return recognised(maps, header)


def read_mapped(kind: str, maps: Sequence[ReturnMap], teller: Teller, body: bytes) -> Iterator[Reading]:
    """Yield a reading for every row in order: two facts where a row of a combined file tells of an attempt, too."""
    charset, flags = charset_of(body)
    sign = maps[0].delimiter
    rows = (row for row in records(body.removeprefix(b"\xef\xbb\xbf"), sign) if not is_blank(row))
    try:
        header = split(next(rows).decode(charset), sign)
        where = [places(each, header) for each in maps]
    except MessageIsWrong as wrong:
        yield refused(1, hashlib.sha256(body).hexdigest(), kind, wrong)
        return
    for ordinal, record in enumerate(rows, 1):
        text = record.decode(charset)
        name = name_of(kind, text.strip())
        try:
            cells = split(text, sign)
            name = name_of(kind, dict(zip(header, cells, strict=False)))
            stated = [checked_return(*row_of(each, at, cells)) for each, at in zip(maps, where, strict=True)]
        except MessageIsWrong as wrong:
            yield refused(ordinal, name, kind, wrong)
            continue
        told = [one for one in stated if len(maps) == 1 or _has_its_say(one[0])]
        marks = dict.fromkeys(mark for _, found in told for mark in found)
        yield interpreted(ordinal, name, kind, (row for row, _ in told), teller, (*flags, *marks))


def checked_return(row: ReturnRow, marks: tuple[str, ...]) -> tuple[ReturnRow, tuple[str, ...]]:
    """A row with its identifiers in the form in which matching compares them; a CIN of another shape stays, marked.

    Raises:
        MessageIsWrong: its plan or provider is too long a name; its member id is that of no member.
    """
    for column in ("mcp_id", "provider_id"):
        short(getattr(row, column), column)
    if not is_member(row.member_id):
        raise MessageIsWrong("bad_id", "member_id", "begins with @", "Write the member's id; it cannot begin with @.")
    cin = normalise.cin(row.cin)
    if row.cin and not cin:
        return row, (*marks, "bad_shape:cin")
    return msgspec.structs.replace(row, cin=cin), marks


def _has_its_say(row: ReturnRow) -> bool:
    """Every row of a combined file tells of its member, and one with an attempt of that, too."""
    return row.file == "rtf" or any(name == "attempt_at" for name, _ in row.values)

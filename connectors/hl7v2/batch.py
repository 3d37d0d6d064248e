"""One body, many messages: batch files, and messages that were simply put one after another (R-52)."""

import re

import msgspec

_MARK = re.compile(rb"(?:^|(?<=[\r\n\x0b\x1c]))(?:\xef\xbb\xbf)?[ \t]*(MSH|FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9])")
_BLANK = b" \t\r\n\x0b\x1c\x00\xef\xbb\xbf"


class Split(msgspec.Struct, frozen=True):
    """The parts of a body, in order: `messages`, and the lines of the `envelope` (FHS, BHS, BTS, FTS).

    Text before the first MSH that is no envelope is a message too: it will be found wrong, not lost. Blank parts are
    left out. `flags` holds `count_mismatch` when BTS-1 or FTS-1 counts otherwise than we do.
    """

    messages: tuple[bytes, ...]
    envelope: tuple[bytes, ...] = ()
    flags: tuple[str, ...] = ()


def split_messages(body: bytes) -> Split:
    """Cut a body at every MSH, FHS, BHS, BTS and FTS that begins a line.

    Args:
        body: in an ASCII-compatible character set (`charset.narrow` went before).
    """
    trailer = b"TS" in body and (b"BTS" in body or b"FTS" in body)
    if body.startswith(b"MSH") and not trailer and body.find(b"MSH", 3) < 0:
        return Split((body,))
    marks = [(found.start(), found[1]) for found in _MARK.finditer(body)]
    if not any(kind != b"MSH" for _, kind in marks) and len(marks) <= 1:
        return Split((body,) if body.strip(_BLANK) else ())
    if marks[0][0] and body[: marks[0][0]].strip(_BLANK):
        marks.insert(0, (0, b""))
    ends = [start for start, _ in marks[1:]] + [len(body)]
    parts = [(kind, body[start:end]) for (start, kind), end in zip(marks, ends, strict=True)]
    return _sorted_out(parts)


def _sorted_out(parts: list[tuple[bytes, bytes]]) -> Split:
    messages: list[bytes] = []
    envelope: list[bytes] = []
    for kind, part in parts:
        if kind in {b"MSH", b""}:
            messages.append(part)
            continue
        line, stray = _first_line(part)
        envelope.append(line)
        if stray.strip(_BLANK):
            messages.append(stray)
    flags = ("count_mismatch",) if _miscounted(parts) else ()
    return Split(tuple(messages), tuple(envelope), flags)


def _first_line(part: bytes) -> tuple[bytes, bytes]:
    """An envelope's own line, with its line end, and what stands after it without an MSH."""
    found = re.match(rb"[^\r\n]*[\r\n]*", part)
    cut = found.end() if found else len(part)
    return part[:cut], part[cut:]


def _miscounted(parts: list[tuple[bytes, bytes]]) -> bool:
    messages = batches = 0
    for kind, part in parts:
        if kind == b"MSH":
            messages += 1
        elif kind == b"BHS":
            messages, batches = 0, batches + 1
        elif kind in {b"BTS", b"FTS"}:
            stated = _count(part)
            counted = messages if kind == b"BTS" else max(batches, 1)
            if stated is not None and stated != counted:
                return True
            messages = 0
    return False


def _count(part: bytes) -> int | None:
    """BTS-1 or FTS-1; None when it is not stated."""
    line = part.lstrip(_BLANK)
    fields = line[4:].split(line[3:4], 1)
    digits = re.match(rb"\s*(\d{1,9})", fields[0])
    return int(digits[1]) if digits else None

"""Mutations that know HL7 v2: delimiters, escapes, repetitions, dates, triggers, envelopes, character sets.

Each takes a message's bytes and dice, and gives other bytes. None promises that what it gives can be read.
"""

import re
from collections.abc import Callable
from random import Random

Mutation = Callable[[bytes, Random], bytes]

CANARIES = (b"ZQXJVWKPLD", b"86420197531")
"""Put where a person's values stand: they must not come out in a log, nor in what is said of a message."""

_TRIGGERS = (*(f"A{number:02}".encode() for number in range(1, 63)), b"Z99", b"a01", b"A1", b"A001", b"")
_TIMES = (
    b"00000000", b"99991231", b"18000101", b"20250229", b"20250230120000", b"20250309023000", b"20251102013000",
    b"20250101240000", b"20250101235960", b"20250101000060-0800", b"20250605101500+1500", b"20250605101500-0760",
    b"2025", b"202506", b"2025060510", b"20250605101500.123456789123", b"2025-06-05T10:15:00Z", b"2025-06-05 10:15",
    b"06/05/2025", b"20250605101500Z", b"99999999999999", b"20250605101500+9999", b"\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa5",
    b"19000101", b"20990101", b"0", b"-1", b"20250605 101500", b"20981231235959-1200", b"19020101000000+1400",
)  # fmt: skip
_ESCAPES = (
    b"\\F\\", b"\\S\\", b"\\T\\", b"\\R\\", b"\\E\\", b"\\P\\", b"\\H\\", b"\\N\\", b"\\X0D\\", b"\\X0B1C\\",
    b"\\XZZ\\", b"\\X0\\", b"\\.br\\", b"\\.sp9999\\", b"\\Zq\\", b"\\C2842\\", b"\\M2842\\", b"\\", b"\\\\",
    b"\\E\\F\\E\\", b"\\X00\\", b"\\E" * 40, b"\\X" + b"41" * 200 + b"\\", b"\\X" + b"4" * 401,
)  # fmt: skip
_CHARSETS = (
    b"ASCII", b"UNICODE UTF-8", b"UNICODE UTF-16", b"8859/1", b"8859/5", b"8859/15", b"ISO IR14", b"~ISO IR87",
    b"ISO IR159", b"GB 18030-2000", b"KS X 1001", b"BIG-5", b"WINDOWS-1252", b"EBCDIC", b"~~~", b"8859/1~UNICODE UTF-8",
    b"\xff",
)  # fmt: skip
_CODECS = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "shift_jis", "iso2022_jp", "gb18030", "big5",
    "euc_kr", "utf-7", "utf-8-sig",
)  # fmt: skip
_FOREIGN = (
    "\xe9", "\xdf", "\u5c71\u7530", "\uae40", "\u0416", "\u202e", "\x00", "\u2028", "\ufeff", "\u0130", "\u0663",
    "\x85", "\ufb01", "\U0001f600",
)  # fmt: skip
_ODD = (
    b'""', b"", b" ", b"^", b"~", b"&", b"^^^", b"~~~", b"&&&", b"|", b"\x00", b"\x0b", b"\x1c", b"\x1b$B", b"\x85",
    b"U", b"T", b"P", b"D", b"20", b"01", b"ADT", b"^^^DHCS^MC", b"-", b"0", b"9" * 400, b"NULL", b"%s%n", b"{}{0}",
    b"../../etc",
)  # fmt: skip
_NAMES = (
    b"MSH", b"EVN", b"PID", b"PV1", b"PV2", b"MRG", b"DG1", b"IN1", b"IN2", b"NK1", b"ZZZ", b"FHS", b"BHS", b"BTS",
    b"FTS", b"DSC", b"pid", b"P", b"",
)  # fmt: skip
_ENVELOPES = (
    b"FHS|^~\\&|A|B\r", b"BHS|^~\\&|A|B\r", b"BTS|1\r", b"FTS|1\r", b"BTS|999999999999\r", b"FTS||\r", b"BHS\r",
    b"FHS|",
)  # fmt: skip
_FRAMING = (b"\x0b", b"\x1c", b"\x1c\r\x0b", b"\x0b\x0b", b"\x1c\x1c", b"\r\x1c")
_LINE_ENDS = ((b"\n",), (b"\r\n",), (b"\r", b"\n", b"\r\n"), (b"",), (b"\n\r",), (b"\r\r",), (b"\x85",))
_BREAKS = (b"\r", b"\n", b"\r\n", b"\x0b")
_FILLERS = (b"A", b"^", b"~", b"\\", b"\\E\\", b"\xe9", b" ", b"&^", b"\n", b"0")
_DELIMITERS = (
    b"|^~\\&", b"|^~\\&#", b"#^~\\&", b"|", b"|^", b"||||", b"|^^^^", b"|&~\\^", b"$%!@*", b"\t^~\\&", b"|^~\\\\&",
    b"A^~\\&", b"|^~\\&|", b"", b"|^~\\&ABC", b"\x1c^~\\&", b"*^~\\&", b"|\xa7~\\&",
)  # fmt: skip
_DIGITS = re.compile(rb"\d{8,14}")


def field_replaced(body: bytes, dice: Random) -> bytes:
    """Another value, of the kinds that meet special cases."""
    value = dice.choice((*_ODD, *_TIMES, *_ESCAPES))
    return _in_field(body, dice, lambda _: value)


def field_repeated(body: bytes, dice: Random) -> bytes:
    """One value many times, as repetitions, components or subcomponents."""
    sign, times = dice.choice((b"~", b"^", b"&", b"^&~")), 1 + _many(dice, 3_000)
    return _in_field(body, dice, lambda value: sign.join([value[:200]] * times))


def field_huge(body: bytes, dice: Random) -> bytes:
    """Much more than any field should hold."""
    filler, size = dice.choice(_FILLERS), 1 << dice.randrange(8, 15)
    return _in_field(body, dice, lambda value: value + filler * (size // len(filler)))


def field_escaped(body: bytes, dice: Random) -> bytes:
    """An escape in the middle of a value."""
    escape, at = dice.choice(_ESCAPES), dice.random()
    return _in_field(body, dice, lambda value: _inserted(value, int(at * len(value)), escape))


def field_foreign(body: bytes, dice: Random) -> bytes:
    """Letters that other character sets write otherwise."""
    text, codec = dice.choice(_FOREIGN) * dice.choice((1, 3)), dice.choice(_CODECS)
    return _in_field(body, dice, lambda value: value + text.encode(codec, "replace"))


def field_canary(body: bytes, dice: Random) -> bytes:
    """A value that nothing may repeat."""
    canary = dice.choice(CANARIES)
    return _in_field(body, dice, lambda value: value + canary if dice.random() < 0.3 else canary)


def time_replaced(body: bytes, dice: Random) -> bytes:
    """A time that is none, or one that few expect."""
    found = list(_DIGITS.finditer(body))
    if not found:
        return field_replaced(body, dice)
    place = dice.choice(found)
    return body[: place.start()] + dice.choice(_TIMES) + body[place.end() :]


def trigger_replaced(body: bytes, dice: Random) -> bytes:
    """Another event: what stood there means something else, or lacks what it needs."""
    trigger = dice.choice(_TRIGGERS)
    lines = body.split(b"\r")
    fields = lines[0].split(b"|")
    if len(fields) > 8:
        kind = fields[8].split(b"^")
        fields[8] = b"^".join([dice.choice((b"ADT", b"ADT", b"ADT", b"ORU", b"", kind[0])), trigger, *kind[2:]])
        lines[0] = b"|".join(fields)
    if len(lines) > 1 and lines[1].startswith(b"EVN|") and dice.random() < 0.7:
        lines[1] = b"|".join([b"EVN", trigger, *lines[1].split(b"|")[2:]])
    return b"\r".join(lines)


def merge_added(body: bytes, dice: Random) -> bytes:
    """Earlier identifiers, as merges, moves and renames need them."""
    lines = body.split(b"\r")
    known = [line.split(b"|")[3] for line in lines if line.startswith(b"PID|") and line.count(b"|") > 3]
    retired = [b"X%d^^^H1^MR" % dice.randrange(10_000) for _ in range(_many(dice, 100))]
    earlier = dice.choice((*known, b"~".join(retired), b"", b"^^^&&"))
    visit = dice.choice((b"V1", b"V2^^^H1^VN", b"", b"^^^^"))
    merge = b"|".join([b"MRG", earlier, b"", visit, b"", visit, visit])
    lines[dice.randrange(len(lines) + 1) :] = [merge] * _many(dice, 300)
    return trigger_replaced(b"\r".join(lines), dice) if dice.random() < 0.5 else b"\r".join(lines)


def segment_moved(body: bytes, dice: Random) -> bytes:
    """Segments left out, repeated, put elsewhere, given another name or a line break inside."""
    lines = body.split(b"\r")
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    match dice.randrange(6):
        case 0:
            del lines[one]
        case 1:
            lines[one:one] = [lines[one]] * _many(dice, 1_000)
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case 3:
            lines[one] = dice.choice(_NAMES) + lines[one][3:]
        case 4:
            at = dice.randrange(len(lines[one]) + 1)
            lines[one] = _inserted(lines[one], at, dice.choice(_BREAKS))
        case _:
            lines.insert(one, dice.choice(_NAMES) + dice.choice((b"", b"|", b"|" * 300, b"^", b"|x|y|z")))
    return b"\r".join(lines)


def delimiters_changed(body: bytes, dice: Random) -> bytes:
    """MSH-1 and MSH-2: others, fewer, the same twice; with or without the rest following suit."""
    signs = dice.choice(_DELIMITERS)
    rest = body[8:]
    if len(signs) == 5 and dice.random() < 0.5:
        rest = rest.translate(bytes.maketrans(b"|^~\\&", signs))
    return body[:3] + signs + rest


def charset_changed(body: bytes, dice: Random) -> bytes:
    """MSH-18 says one thing, the bytes perhaps another."""
    lines = body.split(b"\r")
    fields = lines[0].split(b"|")
    fields += [b""] * (18 - len(fields))
    fields[17] = dice.choice(_CHARSETS)
    lines[0] = b"|".join(fields)
    body = b"\r".join(lines)
    if dice.random() < 0.6:
        return body
    return body.decode("utf-8", "replace").encode(dice.choice(_CODECS), "replace")


def line_ends_changed(body: bytes, dice: Random) -> bytes:
    """LF, CRLF, both, none."""
    ends = dice.choice(_LINE_ENDS)
    *lines, last = body.split(b"\r")
    return b"".join(line + dice.choice(ends) for line in lines) + last


def enveloped(body: bytes, dice: Random) -> bytes:
    """Batch lines before, after and inside."""
    first, last = dice.choice(_ENVELOPES), dice.choice(_ENVELOPES)
    middle = body if dice.random() < 0.5 else body + dice.choice((b"\r", b"\n", b"")) + body
    return first + middle + dice.choice((b"\r", b"\n", b"")) + last


def framed_inside(body: bytes, dice: Random) -> bytes:
    """Framing bytes where content should be."""
    for _ in range(dice.choice((1, 1, 2, 5))):
        body = _inserted(body, dice.randrange(len(body) + 1), dice.choice(_FRAMING))
    return body


def _in_field(body: bytes, dice: Random, change: Callable[[bytes], bytes]) -> bytes:
    """Change one field of one segment, or one component of it; of MSH only from the third field on."""
    lines = body.split(b"\r")
    place = dice.randrange(len(lines))
    fields = lines[place].split(b"|")
    first = 2 if fields[0] == b"MSH" else 1
    if len(fields) <= first:
        return body + change(b"")
    number = dice.randrange(first, len(fields))
    parts = fields[number].split(b"^")
    if len(parts) > 1 and dice.random() < 0.4:
        part = dice.randrange(len(parts))
        parts[part] = change(parts[part])
        fields[number] = b"^".join(parts)
    else:
        fields[number] = change(fields[number])
    lines[place] = b"|".join(fields)
    return b"\r".join(lines)


def _many(dice: Random, most: int) -> int:
    """Mostly one or two; a hundred once in a hundred times."""
    return min(int(dice.paretovariate(1)), most)


def _inserted(body: bytes, at: int, what: bytes) -> bytes:
    return body[:at] + what + body[at:]

"""Which character set a message is in, and its text. Nothing fails here, and the bytes stay (R-40, R-41).

Splitting works on text, not on bytes: decoding 800 plain bytes costs 0.1 µs, and a second byte of Big5 or Shift-JIS
may look like a delimiter.
"""

import re

import msgspec

_SETS = {
    "ASCII": "ascii", "US-ASCII": "ascii", "ISO IR6": "ascii",
    "UNICODE": "utf-8", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8", "UTF8": "utf-8",
    # UTF-16 and UTF-32 are recognised by their bytes; a header that could be read as ASCII was neither.
    "UNICODE UTF-16": "utf-8", "UNICODE UTF-32": "utf-8",
    "ISO IR14": "shift_jis", "ISO IR87": "iso2022_jp", "ISO IR159": "iso2022_jp_2",
    "GB 18030-2000": "gb18030", "KS X 1001": "euc_kr", "BIG-5": "big5",
    "WINDOWS-1252": "cp1252", "CP1252": "cp1252", "LATIN1": "latin-1",
    **{f"{name}{n}": f"iso8859_{n}" for name in ("8859/", "ISO-8859-", "ISO8859-") for n in (*range(1, 10), 15)},
}  # fmt: skip
"""MSH-18, table 0211, after HAPI's mapping, with the names that senders write instead."""

_WIDE = (
    (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
    (b"M\x00\x00\x00S", "utf-32-le"), (b"\x00\x00\x00M", "utf-32-be"), (b"M\x00S\x00H\x00", "utf-16-le"),
    (b"\x00M\x00S\x00H", "utf-16-be"),
)  # fmt: skip
_BOM = b"\xef\xbb\xbf"
_MSH_18 = re.compile(rb"MSH(.)(?:(?!\1)[^\r\n])*(?:\1(?:(?!\1)[^\r\n])*){15}\1((?:(?!\1)[^\r\n])*)")


class Text(msgspec.Struct, frozen=True):
    """A message as text, the codec that gave it, and whether that codec was a guess."""

    text: str
    codec: str
    guessed: bool = False


def narrow(body: bytes) -> bytes:
    """The body with UTF-16 or UTF-32 turned into UTF-8; every other body unchanged."""
    if body.startswith(b"MSH") or body[:1] not in b"\xff\xfe\x00M" or body[:4].isalpha():
        return body
    for start, codec in _WIDE:
        if body.startswith(start):
            return body.decode(codec, "replace").encode("utf-8", "replace")
    return body


def decode(raw: bytes, override: str = "") -> Text:
    """Decode one message: BOM, MSH-18, the feed's own setting, strict UTF-8, then windows-1252 as a guess.

    Args:
        raw: the message; its header can be read as latin-1 (`narrow` went before).
        override: the feed's `charset` setting, as in MSH-18; "" is none.
    """
    if raw.isascii() and 27 not in raw:  # no escape sequence of ISO 2022
        return Text(raw.decode("ascii"), "ascii")
    body = raw.lstrip()
    if body.startswith(_BOM):
        candidates = ["utf-8"]
    else:
        candidates = [codec for codec in (_declared(body), _SETS.get(override.upper(), "")) if codec] + ["utf-8"]
    for codec in candidates:
        try:
            return Text(raw.decode(codec).lstrip("\ufeff"), codec)
        except UnicodeDecodeError:
            continue
    return Text(raw.decode("cp1252", "replace"), "cp1252", True)


def is_known(name: str) -> bool:
    """Say whether a name, as in MSH-18, means a character set that is known here."""
    return name.upper() in _SETS


def _declared(raw: bytes) -> str:
    """The codec of MSH-18. Japanese senders leave its first repetition empty and name the escape sets after it."""
    found = _MSH_18.match(raw)
    if found is None:
        return ""
    names = found[2].decode("latin-1").upper().replace("^", "~").split("~")
    escapes = [name for name in names if name in {"ISO IR87", "ISO IR159"}]
    return _SETS.get(escapes[0] if escapes and b"\x1b" in raw else names[0].strip(), "")

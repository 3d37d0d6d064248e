"""Identifiers, names and birth dates in the one form that matching compares; what is a placeholder becomes absent.

Source: interop 4.2 (normalise) and 4.3 (placeholders). Feeds and the roster go through the same functions. Names and
birth dates are remembered for a while, since a visit's messages repeat them.
"""

import re
import unicodedata
from datetime import date
from functools import lru_cache

_CIN = re.compile(r"[0-9]{8}[A-Z]")
_MBI = re.compile(
    r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[AC-HJKMNP-RT-Y]{2}\d{2}",
    re.ASCII,
)
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d{1,3}$)", re.ASCII)
_NOISE = re.compile(r"[\s\-_.]")
_COUNTING = frozenset("123456789")
_WORDS = re.compile(r"[^\W\d_]+")
_SUFFIXES = frozenset({"JR", "SR", "II", "III", "IV", "ESQ", "MD", "PHD"})
_NOBODY = frozenset({
    "DOE", "UNKNOWN", "UNK", "UNIDENTIFIED", "TRAUMA", "TEST", "PATIENT", "NONAME", "ANONYMOUS", "NA", "NONE", "XXX",
})  # fmt: skip
NEWBORN = "?"
"""The given name of somebody who has none yet."""
_NEWBORN = frozenset({
    "BABY", "BABYBOY", "BABYGIRL", "BB", "BG", "BBA", "BBB", "BGA", "BGB", "BOY", "GIRL", "NEWBORN", "MALE", "FEMALE",
    "INFANT", "TWIN",
})  # fmt: skip


def cin(text: str) -> str:
    """A Medi-Cal client index number: 8 digits and a letter; check digits after it are dropped. "" when it is none."""
    plain = _plain(text)
    found = _CIN.match(plain) if len(plain) > 8 else None
    return found[0] if found else ""


def mbi(text: str) -> str:
    """A Medicare beneficiary identifier, 11 characters without dashes, else ""."""
    plain = _plain(text)
    return plain if len(plain) == 11 and _MBI.fullmatch(plain) else ""


def plan_member(text: str) -> str:
    """A plan's member number: upper case without spaces and dashes; "" for a value without any digit but zero."""
    plain = _plain(text)
    return "" if _COUNTING.isdisjoint(plain) else plain


@lru_cache(maxsize=8192)
def surname(text: str) -> str:
    """A family name as upper-case letters A to Z, without accents, punctuation and suffix; "" for a placeholder."""
    words = _words(text)
    return "" if _is_nobody(words) or not _NEWBORN.isdisjoint(words) else "".join(words)


@lru_cache(maxsize=8192)
def given(text: str) -> str:
    """A given name as upper-case letters A to Z; "" for a placeholder, `NEWBORN` for that of a nameless newborn."""
    words = _words(text)
    if any(word in _NEWBORN for word in words):
        return NEWBORN
    return "" if _is_nobody(words) else "".join(words)


@lru_cache(maxsize=8192)
def birth_date(text: str) -> date | None:
    """A birth date written YYYYMMDD or YYYY-MM-DD, with or without a time; None when absent, partial or a placeholder.

    Placeholders are 1 January of 1900 and 1901 and every year outside 1900 to 2098 (interop 4.3).
    """
    found = _DATE.match(text.strip())
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    filler = (day.month, day.day) == (1, 1) and day.year in {1900, 1901}
    return None if filler or not 1900 <= day.year < 2099 else day


def _plain(text: str) -> str:
    """An identifier in upper case, without what people write between its characters."""
    return (text if text.isalnum() else _NOISE.sub("", text)).upper()


def _words(text: str) -> list[str]:
    """The words of a name in A to Z; an apostrophe joins (O'Brien), any other sign parts; a suffix is left out."""
    if text.isascii() and text.isalpha():
        return [text.upper()]
    plain = unicodedata.normalize("NFKD", text.replace("'", "").replace("’", ""))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign)).upper()
    words = [re.sub(r"[^A-Z]", "", word) for word in _WORDS.findall(plain)]
    kept = [word for word in words if word]
    return kept[:1] + [word for word in kept[1:] if word not in _SUFFIXES]


def _is_nobody(words: list[str]) -> bool:
    return not words or not _NOBODY.isdisjoint(words) or words[0].startswith("ZZ")

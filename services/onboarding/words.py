"""Codes of a feed, counted and shown; values of a person, counted and never shown.

A field that should hold a code may hold anything: a sender shifted by one field writes a visit number where the
facility belongs. So a word from a patient's segments is shown only when two patients have it, and neither of them is
called so; or when the header calls the sender so.
"""

import re
from collections.abc import Callable, Container

import msgspec

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/&'()#,+-]{0,47}")
_RUN = re.compile(r"[^\W\d_]+|\d+|\s+|.", re.DOTALL)


class Count(msgspec.Struct, frozen=True):
    """A word or the shape of hidden ones, how many messages say it, and the ordinal of the first that does."""

    word: str
    count: int
    example: int


class Share(msgspec.Struct, frozen=True):
    """So many of so many."""

    count: int
    of: int

    @property
    def ratio(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def percent(self) -> str:
        """`99.5 %`, rounded towards the middle: only all is `100 %`, only none is `0 %`; `-` of nothing."""
        if not self.of:
            return "-"
        if self.count in {0, self.of}:
            return "100 %" if self.count else "0 %"
        return f"{min(max(100 * self.count / self.of, 0.1), 99.9):.1f} %"

    def __str__(self) -> str:
        return f"{self.count:,} of {self.of:,} ({self.percent})"


class Witness(msgspec.Struct):
    """Who says a word: a patient ("" is nobody in particular), in which message of which sender (MSH-4), and whether a
    text is the patient's.
    """

    patient: str
    ordinal: int
    sender: str
    is_personal: Callable[[str], bool]


class _Seen(msgspec.Struct):
    count: int
    first: int
    patient: str | None = None
    is_public: bool = False
    is_shared: bool = False


class Words:
    """The words at one place. Where most of what is said is one patient's alone, the place holds no codes, and words
    that some patients share by chance are hidden with the rest.

    Args:
        quorum: how many patients must share a word before it is shown; 1 for the header, which speaks of no patient.
        known: words of the standard or of the profile: always shown.
    """

    def __init__(self, quorum: int = 2, known: Container[str] = ()) -> None:
        self._quorum, self._known = quorum, known
        self._seen: dict[str, _Seen] = {}
        self.total = 0
        self._common = 0

    def __len__(self) -> int:
        return len(self._seen)

    def see(self, word: str, witness: Witness) -> None:
        """Count a word; "" is none."""
        if not word:
            return
        self.total += 1
        seen = self._seen.get(word)
        if seen is None:
            seen = self._seen[word] = _Seen(0, witness.ordinal, is_public=word in self._known)
        seen.count += 1
        if seen.is_public or seen.is_shared:
            self._common += 1
        elif seen.patient != witness.patient and CODE.fullmatch(word) and not witness.is_personal(word):
            seen.is_public = self._quorum == 1 or word == witness.sender
            seen.is_shared = seen.patient is not None
            seen.patient = witness.patient
            self._common += seen.count if seen.is_public or seen.is_shared else 0

    def name(self, word: str) -> str:
        """The word if it may be shown, else its shape in `<>`; "" stays what it is."""
        seen = self._seen.get(word)
        return word if not word or (seen and self._is_shown(seen)) else f"<{shape(word)}>"

    def _is_shown(self, seen: _Seen) -> bool:
        return seen.is_public or (seen.is_shared and 2 * self._common >= self.total)

    def counts(self) -> list[Count]:
        """The words, most frequent first; after them those that are not shown, by shape."""
        shown, hidden = list[Count](), dict[str, Count]()
        for word, seen in self._seen.items():
            if self._is_shown(seen):
                shown.append(Count(word, seen.count, seen.first))
                continue
            form = self.name(word)
            before = hidden.get(form, Count(form, 0, seen.first))
            hidden[form] = Count(form, before.count + seen.count, min(before.example, seen.first))
        return [*sorted(shown, key=_rank), *sorted(hidden.values(), key=_rank)]


def _rank(one: Count) -> tuple[int, str]:
    return -one.count, one.word


def shape(text: str) -> str:
    """What a text looks like, without saying it: `8 digits, 1 letter`."""
    runs = _RUN.findall(text)
    if len(runs) > 4:
        return f"{len(text)} characters"
    return ", ".join(_run(run) for run in runs) or "nothing"


def _run(run: str) -> str:
    kind = "digit" if run.isdigit() else "letter" if run.isalpha() else "space" if run.isspace() else "sign"
    return f"{len(run)} {kind}{'' if len(run) == 1 else 's'}"

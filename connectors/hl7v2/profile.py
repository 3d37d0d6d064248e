"""Feed profiles: how one sender writes HL7 v2, said in YAML and compiled once."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
from pydantic import AfterValidator, BeforeValidator, Field

from connectors.hl7v2.paths import Path, PathField, PathList, places
from connectors.hl7v2.reader import Place
from connectors.hl7v2.settings import FeedSettings, Words
from models.events import PatientClass
from services.identity import normalise

Kind = Literal["cin", "mbi", "plan_member", "mrn"]
_NORMAL: Mapping[str, Callable[[str], str]] = {
    "cin": normalise.cin,
    "mbi": normalise.mbi,
    "plan_member": normalise.plan_member,
    "mrn": lambda text: text.strip().upper(),
}


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no pattern: {error}.\nWrite cin, mbi or a regular expression.") from None
    return text


def _filled(value: object) -> object:
    # Not pydantic's min_length: it counts what is left after mistakes.
    if value == []:
        raise ValueError("The list is empty.\nName at least one, or leave the key out.")
    return value


class IdentifierWords(Words):
    """`{as: cin, at: PID-3, type: [MC], pattern: cin}`; type "" is a repetition without type, no list is any type."""

    as_: Kind = Field(alias="as")
    at: PathField
    type: tuple[str, ...] = ()
    pattern: Annotated[str, AfterValidator(_is_pattern)] = ""


class OverrideWords(Words):
    """`{at: [PV1-18], in: [OBS], is: observation, when: [O]}`; `when` limits it to codes of `class.at`."""

    at: PathList
    in_: tuple[str, ...] = Field(alias="in")
    is_: PatientClass = Field(alias="is")
    when: tuple[str, ...] = ()


class ClassWords(Words):
    """Where the class stands, what its codes mean, and what other fields say against it."""

    at: PathField
    map: dict[str, PatientClass]
    overrides: tuple[OverrideWords, ...] = ()


class OptionWords(Words):
    """Habits of the feed that change what its messages mean."""

    infer_discharge: bool = True
    auto_close_hours: int | None = Field(default=None, ge=1)
    snapshot: bool = False
    disposition_map: dict[str, str] = Field(default_factory=dict)


class ProfileWords(Words):
    """A whole `profile:` page, after what it leaves out was taken from the default one."""

    profile: str = Field(min_length=1)
    facility: Annotated[PathList, BeforeValidator(_filled)]
    authority: PathList = ()
    identifiers: Annotated[tuple[IdentifierWords, ...], BeforeValidator(_filled)]
    visit: PathField
    alternate_visit: PathField
    account: PathField
    location: PathField
    admitted: PathField
    discharged: PathField
    disposition: PathField
    expected: PathField
    class_: ClassWords = Field(alias="class")
    options: OptionWords


class Identifier(msgspec.Struct, frozen=True):
    """One line of `identifiers`, compiled. `read` gives the normal form of a value that fits, else ""."""

    kind: Kind
    at: Path
    types: frozenset[str]
    pattern: re.Pattern[str] | None
    normal: Callable[[str], str]

    def read(self, value: str, type_: str) -> str:
        """The value's normal form when its type and pattern fit, else ""."""
        if (self.types and type_ not in self.types) or (self.pattern and not self.pattern.fullmatch(value)):
            return ""
        return self.normal(value)


class FeedProfile(msgspec.Struct, frozen=True):
    """How to read one feed: a profile and the feed's own settings, ready for the hot path.

    `by_field` are the identifier lines of each field, in order; codes of `classes` and `dispositions` are upper case;
    `admits` asks the allow list, None when there is none. `facility_words` and `visit_words` are places whose text a
    statement takes, the latter: admitted, discharged, disposition, location, class, admission type (PV1-4), expected.
    """

    name: str
    facility: tuple[Path, ...]
    authority: tuple[Path, ...]
    by_field: tuple[tuple[Place, tuple[Identifier, ...]], ...]
    visit: Path
    alternate_visit: Path
    account: Path
    location: Path
    admitted: Path
    discharged: Path
    disposition: Path
    expected: Path
    class_at: Path
    classes: Mapping[str, PatientClass]
    overrides: tuple[tuple[tuple[Place, ...], frozenset[str], PatientClass, frozenset[str]], ...]
    facility_words: tuple[Place, ...]
    visit_words: tuple[Place, ...]
    infer_discharge: bool = True
    auto_close_hours: int | None = None
    snapshot: bool = False
    dispositions: Mapping[str, str] = {}
    processing_ids: frozenset[str] | None = None
    admits: Callable[[str, str], bool] | None = None
    charset: str = ""


def compiled(words: ProfileWords, feed: FeedSettings) -> FeedProfile:
    """Make a profile and a feed's settings ready to read with."""
    return FeedProfile(
        name=words.profile,
        facility=words.facility,
        authority=words.authority or words.facility,
        by_field=_by_field(words.identifiers),
        **{name: getattr(words, name) for name in _PLACES},
        class_at=words.class_.at,
        classes={code.upper(): what for code, what in words.class_.map.items()},
        overrides=tuple(
            (places(*one.at), _upper(one.in_), one.is_, _upper(one.when)) for one in words.class_.overrides
        ),
        facility_words=places(*words.facility),
        visit_words=places(
            words.admitted,
            words.discharged,
            words.disposition,
            words.location,
            words.class_.at,
            _ADMISSION_TYPE,
            words.expected,
        ),
        infer_discharge=words.options.infer_discharge,
        auto_close_hours=words.options.auto_close_hours,
        snapshot=words.options.snapshot,
        dispositions={code.upper(): to for code, to in words.options.disposition_map.items()},
        processing_ids=None if feed.processing_ids is None else frozenset(feed.processing_ids),
        charset=feed.charset,
        admits=feed.admits if feed.allow else None,
    )


_ADMISSION_TYPE = Path("PV1", 4)
_PLACES = (
    "visit", "alternate_visit", "account", "location", "admitted", "discharged", "disposition", "expected",
)  # fmt: skip


def _by_field(lines: tuple[IdentifierWords, ...]) -> tuple[tuple[Place, tuple[Identifier, ...]], ...]:
    found: dict[Path, list[Identifier]] = {}
    for line in lines:
        # `cin` and `mbi` are words for what normalising checks anyway.
        pattern = re.compile(line.pattern) if line.pattern not in {"", "cin", "mbi"} else None
        found.setdefault(line.at, []).append(
            Identifier(line.as_, line.at, frozenset(line.type), pattern, _NORMAL[line.as_])
        )
    return tuple((place, tuple(found[at])) for at, place in zip(found, places(*found), strict=True))


def _upper(codes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(code.upper() for code in codes)

"""Messages as tables write them: segments by fields, the rest as plain as can be."""

from datetime import UTC, datetime

from connectors.hl7v2 import Hl7v2Reader
from connectors.hl7v2.book import FeedBook, read_book
from models.events import Event, Fact, Statement
from models.pages import parse_pages
from services.intake.reading import Reading

NOW = datetime(2025, 3, 3, 22, 12, tzinfo=UTC)
PID = {3: "M1^^^H1^MR", 5: "Rivera^Ana", 7: "19800214"}


def segment(name: str, fields: dict[int, str]) -> str:
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields, default=0) + 1))])


def msh(trigger: str, **more: str) -> str:
    fields = {3: "ADT", 4: "H1", 7: "20250303141200", 9: f"ADT^{trigger}", 10: "C1", 11: "P", 12: "2.5.1"}
    fields |= {int(key.removeprefix("f")): value for key, value in more.items()}
    return segment("MSH", {number - 1: value for number, value in fields.items()} | {1: "^~\\&"})


def adt(
    trigger: str,
    *,
    evn: dict[int, str] | None = None,
    pid: dict[int, str] | None = None,
    pv1: dict[int, str] | None = None,
    more: tuple[str, ...] = (),
    **header: str,
) -> bytes:
    """An ADT message; `evn`, `pid` and `pv1` are fields by number, `more` whole segments after PV1."""
    lines = [msh(trigger, **header), segment("EVN", {1: trigger, 2: "20250303141000"} if evn is None else evn)]
    lines.append(segment("PID", PID | (pid or {})))
    if pv1 is not None:
        lines.append(segment("PV1", pv1))
    return "\r".join([*lines, *more, ""]).encode()


def book(text: str = "") -> FeedBook:
    return read_book(parse_pages("feeds.yaml", text))


def read(body: bytes, text: str = "") -> list[Reading]:
    return list(Hl7v2Reader(book(text).profile_of).read("F1", NOW, body))


def one(body: bytes, text: str = "") -> Reading:
    (found,) = read(body, text)
    return found


def events(body: bytes, text: str = "") -> list[Event]:
    found = one(body, text)
    assert found.problem is None, found.problem
    return list(found.events)


def facts(body: bytes, text: str = "") -> list[Fact]:
    return [event.fact for event in events(body, text)]


def statement(body: bytes, text: str = "") -> Statement:
    (found,) = (fact for fact in facts(body, text) if isinstance(fact, Statement))
    return found

"""Feed and profile pages: their words, and how their mistakes are said."""

import re
from pathlib import Path

import pytest

from connectors.hl7v2.book import read_book
from connectors.hl7v2.profile import IdentifierWords, OptionWords, OverrideWords, ProfileWords
from connectors.hl7v2.settings import FeedSettings, Limits, Timeouts, Tls
from models.errors import FileIsWrong
from models.pages import parse_pages
from models.reference import FeedHabits
from tests.unit.hl7v2.support import adt, book, statement


def mistakes(text: str) -> list[str]:
    with pytest.raises(FileIsWrong) as caught:
        read_book(parse_pages("feeds.yaml", text))
    return [f"{one.line}: {one.field}: {one.what} {one.remedy}" for one in caught.value.problems]


def test_an_undeclared_feed_has_the_default_profile_and_admits_any_processing_id() -> None:
    feeds = book()
    assert feeds.profile_of("anything").name == "default"
    assert feeds.profile_of("anything").processing_ids is None
    assert feeds.settings_of("anything").listen is None


def test_the_contracts_example_is_read() -> None:
    feeds = book(
        "feeds: {hie-west: {listen: 0.0.0.0:2575, profile: default, time_zone: America/Los_Angeles, ack_mode: auto,"
        ' on_unparsable: quarantine, processing_ids: [P, ""]}}'
    )
    assert feeds.profile_of("hie-west").processing_ids == {"P", ""}
    assert feeds.habits() == {"hie-west": FeedHabits("America/Los_Angeles", None)}


def test_an_allow_list_admits_who_is_on_it() -> None:
    feed = book("feeds: {f: {allow: [{app: ADT, facility: H1}, {app: LAB}]}}").settings_of("f")
    assert feed.admits("ADT", "H1")
    assert feed.admits("LAB", "any")
    assert not feed.admits("ADT", "H2")
    assert book().settings_of("f").admits("x", "y")


def test_a_profile_moves_any_field() -> None:
    text = """
profile: west
facility: [ZFA-4]
visit: PV1-50
disposition: ZDI-2.1
class: {at: PV1-18, map: {S: snf}}
identifiers: [{as: mrn, at: PID-2}]
---
feeds: {F1: {profile: west}}
"""
    body = adt("A03", pid={2: "P2"}, pv1={2: "I", 18: "S", 50: "V5", 45: "20250306"}, more=("ZDI||6^x", "ZFA||||F9"))
    said = statement(body, text)
    assert (said.facilities, said.visit, said.disposition) == (("F9",), ("", "V5"), "06")
    assert (said.patient_class, said.source_patient) == ("snf", "F1|F9|P2")


def test_every_mistake_is_listed_with_its_line() -> None:
    found = mistakes("""feeds:
  hie-west:
    listen: 2575
    time_zone: Pacific
    ack_mode: sometimes
    profil: default
  hie-east: {profile: nowhere, listen: "0.0.0.0:99"}
  hie-south: {listen: "0.0.0.0:99", charset: klingon, tls: {cert: a.pem}}
  hie-north: {listen: "127.0.0.1:99"}
---
profile: west
facility: [PV1-0]
identifiers:
  - {as: cin, at: PID-3, pattern: "("}
  - {at: PID-3}
class: {at: nowhere, map: {I: hotel}}
options: {auto_close_hours: 0}
---
other: 1
""")
    unknown = "is no key that is known here. Correct its spelling or remove it; the reference lists the keys."
    place = "is no place in a message. Write SEG-field.component, such as PV1-3.4."
    assert found == [
        "3: feeds.hie-west.listen: 2575 is no address to listen on. Write HOST:PORT, such as 0.0.0.0:2575.",
        "4: feeds.hie-west.time_zone: 'Pacific' is no time zone. Write an IANA name, such as America/Los_Angeles.",
        (
            "5: feeds.hie-west.ack_mode: 'sometimes' is not allowed here. "
            "Write 'auto', 'original', 'enhanced', 'aa_only' or 'none'."
        ),
        f"6: feeds.hie-west.profil: 'profil' {unknown}",
        "7: feeds.hie-east.profile: There is no profile 'nowhere'. Known: default, west.",
        (
            "8: feeds.hie-south.charset: 'klingon' is no character set that is known here. "
            "Write one of HL7 table 0211, such as 8859/1."
        ),
        "8: feeds.hie-south.tls.key: 'key' is missing. Add 'key: ...'.",
        "9: feeds.hie-north.listen: Port 99 is taken by feed 'hie-east'. Give each feed a port of its own.",
        f"12: facility[0]: 'PV1-0' {place}",
        (
            "14: identifiers[0].pattern: '(' is no pattern: missing ), unterminated subpattern at position 0. "
            "Write cin, mbi or a regular expression."
        ),
        "15: identifiers[1].as: 'as' is missing. Add 'as: ...'.",
        f"16: class.at: 'nowhere' {place}",
        (
            "16: class.map.I: 'hotel' is not allowed here. "
            "Write 'inpatient', 'observation', 'emergency', 'outpatient', 'snf', 'ltc', 'other' or ''."
        ),
        "17: options.auto_close_hours: 0 does not fit here. Input should be greater than or equal to 1.",
        "19: : This page has neither 'feeds' nor 'profile'. Add one, or remove it.",
    ]


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_a_feed_has_a_name_that_keys_can_hold(name: str) -> None:
    (mistake,) = mistakes(f'feeds: {{f: {{}}, "{name}": {{}}}}')
    assert f"The name of a feed has {len(name)} bytes. Give it one of 1 to 200 bytes." in mistake


def test_a_name_is_declared_once() -> None:
    assert mistakes("profile: a\n---\nprofile: a\n") == [
        "3: profile: 'a' is declared twice, first in feeds.yaml. Keep one of them."
    ]
    assert mistakes("feeds: {f: {}}\n---\nfeeds: {f: {}}\n")[0].startswith("3: feeds.f: 'f' is declared twice")
    assert mistakes("feeds: []\nother: 1")[0].startswith("1: feeds: 'feeds' must map names to settings.")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\na: 2\n", 2, "'a' is written twice; it stands on line 1 too."),
        ("a: [\n", 2, "The YAML cannot be read"),
        ("a: &x 1\nb: *x\n", 2, "An anchor is used a second time here."),
        ("- 1\n", 1, "A document must be a mapping of keys to values."),
        ("a: !!python/name:os.system x\n", 1, "The YAML cannot be read"),
        ("a: \x00\n", 1, "The character at 3 is not allowed"),
        ("a:\n  {[1]: 2}\n", 2, "A key must be a plain word."),
    ],
)
def test_a_page_that_is_no_page_is_a_problem_with_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(FileIsWrong) as caught:
        parse_pages("x.yaml", text)
    assert [(one.line, one.what[: len(what)]) for one in caught.value.problems] == [(line, what)]


def test_codes_and_dates_stay_text() -> None:
    (page,) = parse_pages("x.yaml", "{a: 01, b: no, c: 2025-01-01, d: 10:30, e: 7, f: 1.5, g: true, h: null}")
    assert page.data == {
        "a": "01", "b": "no", "c": "2025-01-01", "d": "10:30", "e": 7, "f": 1.5, "g": True, "h": None,
    }  # fmt: skip


REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "feed-profiles.md"


def test_the_references_example_is_read() -> None:
    feeds = book(re.findall(r"```yaml\n(.*?)```", REFERENCE.read_text("utf-8"), re.DOTALL)[0])
    assert feeds.settings_of("hie-east").admits("EAST", "any")
    assert feeds.profile_of("hie-east").classes["I"] == "inpatient"
    assert feeds.profile_of("hie-east").overrides[0][2] == "observation"


def test_every_key_is_in_the_reference_and_every_word_in_it_is_a_key() -> None:
    text = REFERENCE.read_text("utf-8")
    for model in (FeedSettings, Limits, Timeouts, Tls, ProfileWords, OptionWords, IdentifierWords, OverrideWords):
        for name, field in model.model_fields.items():
            assert re.search(rf"`[^`]*\b{field.alias or name}\b[^`]*`", text), name
    keys = re.findall(
        r"^\| `(\w+)`(?:, `(\w+)`)?(?:, `(\w+)`)? \|", text.split("## What is set aside")[0], re.MULTILINE
    )
    known = {name for model in (FeedSettings, ProfileWords, OptionWords) for name in model.model_fields}
    assert {key for row in keys for key in row if key} <= {name.removesuffix("_") for name in known}


@pytest.mark.parametrize("words", ["facility: []", "identifiers: []"])
def test_a_list_of_nothing_is_a_mistake(words: str) -> None:
    with pytest.raises(FileIsWrong, match=r"is empty\.\n  Name at least one, or leave the key out\."):
        book(f"profile: p\n{words}\n")

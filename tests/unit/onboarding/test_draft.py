"""A draft loads as it is, says why, asks what the sample cannot tell, and reads the sample no worse."""

from pathlib import Path

from services.onboarding.drafting import draft
from services.onboarding.report import Report
from services.wiring.setup import Setup, read_setup
from tests.unit.hl7v2.support import book
from tests.unit.onboarding.support import FEED, lint, message

ODD = {2: "O", 18: "OBV"}
ENDED = {2: "Q", 36: "HOME", 45: "202503051000"}
MESSY = [
    *(message("A01", patient=n, f3="EPIC", f4="HIE", pv1=ODD | {3: f"MED^1^A^H{n % 2}"}, more=(f"ZID|9000{n:04}A",),
              pid={3: f"M{n}^^^^XYZ~9000{n:04}B^^^DHCS^HC", 5: "Muñoz^Ana"}).decode().encode("cp1252")
      for n in range(1, 9)),
    *(message("A03", patient=n, f3="EPIC", f4="HIE", pv1=ENDED, evn={1: "A03", 2: "202503051000", 7: "HIE"})
      for n in range(1, 9)),
]  # fmt: skip
"""An exchange that speaks for two hospitals, with codes, types and characters that nobody announced."""


def drafted(report: Report, tmp_path: Path) -> tuple[str, Setup]:
    default = book().profiles["default"]
    text = draft(report, default, default)
    path = tmp_path / "draft.yaml"
    path.write_text(text, "utf-8")
    return text, read_setup(path)


def test_a_draft_of_a_sound_feed_says_what_the_default_says(tmp_path: Path) -> None:
    report = lint(*(message("A01", patient=n) for n in (1, 2)))
    _, setup = drafted(report, tmp_path)
    words, default = setup.book.profiles[FEED], setup.book.profiles["default"]
    assert words.model_copy(update={"profile": "default"}) == default


def test_a_draft_deduces_what_the_sample_shows_and_says_why(tmp_path: Path) -> None:
    text, setup = drafted(lint(*MESSY), tmp_path)
    feed, words = setup.book.feeds[FEED], setup.book.profiles[FEED]
    assert feed.charset == "WINDOWS-1252"
    assert [(one.app, one.facility) for one in feed.allow] == [("EPIC", "HIE")]
    lines = [(one.as_, str(one.at), one.type) for one in words.identifiers]
    assert ("cin", "PID-3", ("MC", "MA", "HC")) in lines
    assert ("mrn", "PID-3", ("MR", "PI", "", "XYZ")) not in lines, "the other half of the sample has MR"
    assert ("cin", "ZID-1", ()) in lines
    assert [str(at) for at in words.facility] == ["PV1-39", "PV1-3.4", "EVN-7", "MSH-4"]
    override = words.class_.overrides[-1]
    assert (override.in_, override.is_, override.when) == (("OBV",), "observation", ("O",))
    assert "# 8 messages have a CIN at ZID-1" in text


def test_a_draft_asks_what_the_sample_cannot_tell(tmp_path: Path) -> None:
    text, setup = drafted(lint(*MESSY), tmp_path)
    assert '    # "HOME": ?  # 8 A03: which UB-04 code?' in text
    assert '    # "Q": ?  # 8 messages, now read as other' in text
    assert "# time_zone: America/Los_Angeles  # ? 0 of" in text
    assert setup.book.feeds[FEED].time_zone is None


def test_a_record_number_of_an_unknown_type_joins_the_line(tmp_path: Path) -> None:
    odd = [message("A01", patient=n, pid={3: f"M{n}^^^H1^HOSP"}) for n in (1, 2)]
    _, setup = drafted(lint(*odd), tmp_path)
    types = next(one.type for one in setup.book.profiles[FEED].identifiers if one.as_ == "mrn")
    assert types == ("MR", "PI", "", "HOSP")


def test_a_record_number_that_looks_like_a_cin_is_a_question(tmp_path: Path) -> None:
    text, setup = drafted(lint(*(message("A01", patient=n, pid={3: f"9000{n:04}A^^^H1^MR"}) for n in (1, 2))), tmp_path)
    types = next(one.type for one in setup.book.profiles[FEED].identifiers if one.as_ == "cin")
    assert types == ("MC", "MA")
    assert "# ? 2 messages have a CIN at PID-3 of type MR, or so it looks: what is it?" in text


def test_record_numbers_without_authority_are_scoped_by_the_header_only_where_it_tells_hospitals_apart(
    tmp_path: Path,
) -> None:
    alone = {3: "M1^^^^MR"}
    hospitals = [message("A01", patient=n, f4=f"H{n}", pid=alone, pv1={3: f"MED^^^H{n}"}) for n in (1, 2)]
    _, setup = drafted(lint(*hospitals), tmp_path)
    assert [str(at) for at in setup.book.profiles[FEED].authority] == ["MSH-4"]
    exchange = [message("A01", patient=n, f4="HIE", pid=alone, pv1={3: f"MED^^^H{n}"}) for n in (1, 2)]
    text, setup = drafted(lint(*exchange), tmp_path)
    assert setup.book.profiles[FEED].authority == ()
    assert "# authority: [MSH-4]  # ?" in text


def test_a_few_look_alikes_among_many_messages_are_a_question(tmp_path: Path) -> None:
    usual = [message("A01", patient=n) for n in range(1, 120)]
    odd = message("A01", patient=200, pid={2: "90001234A"})
    text, setup = drafted(lint(*usual, odd), tmp_path)
    assert not [one for one in setup.book.profiles[FEED].identifiers if str(one.at) == "PID-2"]
    assert "# ? 1 messages have a CIN at PID-2, or so it looks" in text


def test_undeclared_utf8_beside_windows_1252_is_a_question(tmp_path: Path) -> None:
    plain = message("A01", pid={5: "Muñoz^Ana"})
    text, setup = drafted(lint(plain, plain.decode().encode("cp1252")), tmp_path)
    assert setup.book.feeds[FEED].charset == ""
    assert "# charset: WINDOWS-1252           # ?" in text


def test_the_sample_reads_no_worse_with_its_draft(tmp_path: Path) -> None:
    before = lint(*MESSY)
    text, _ = drafted(before, tmp_path)
    after = lint(*MESSY, config=text)
    assert after.profile == FEED
    assert after.traffic.clean.count >= before.traffic.clean.count
    assert after.traffic.test == 0
    assert after.wire.charset_guesses == 0
    assert after.patients.any_member_id.count > before.patients.any_member_id.count
    assert {one.read_as for one in after.places.observation} == {"observation"}
    assert not [now for was, now in zip(before.gates, after.gates, strict=True) if was.verdict == "pass" != now.verdict]

"""R-40 to R-52: character sets, delimiters, escapes, line ends, batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hl7v2.batch import split_messages
from connectors.hl7v2.header import read_header
from connectors.hl7v2.paths import parse_path
from connectors.hl7v2.reader import Message, read_message
from models.errors import MessageIsWrong
from tests.unit.hl7v2.support import adt, book, one, read, segment, statement

PLAIN = b"MSH|^~\\&|APP|FAC|R|RF|20250303141200-0800||ADT^A01^ADT_A01|C1|P|2.5.1|7||AL|NE||8859/1\rPID|1||M1\r"


def message(pid_5: str, encoding: str = "^~\\&", charset: str = "", codec: str = "utf-8") -> Message:
    text = f"MSH|{encoding}|A|B|||2025||ADT^A01|C|P|2.5||||||{charset}\rPID|||M1||{pid_5}\r"
    return read_message(text.encode(codec))


@pytest.mark.parametrize(
    ("raw", "charset", "expected", "guessed"),
    [
        (b"M\xfcller", "8859/1", "Müller", False),  # MSH-18 first
        (b"M\xc3\xbcller", "UNICODE UTF-8", "Müller", False),
        (b"M\xc3\xbcller", "", "Müller", False),  # strict UTF-8 when nothing is declared
        (b"M\xc3\xbcller", "ASCII", "Müller", False),  # the header lies
        (b"M\xfcller", "ASCII", "Müller", True),  # windows-1252 is a guess
        (b"M\xfcller", "NONSENSE", "Müller", True),
        ("山田".encode("shift_jis"), "ISO IR14", "山田", False),
        ("山田".encode("iso2022_jp"), "~ISO IR87", "山田", False),
        ("許功蓋".encode("big5"), "BIG-5", "許功蓋", False),  # second bytes are | and \\
        ("김".encode("euc_kr"), "KS X 1001", "김", False),
        ("张".encode("gb18030"), "GB 18030-2000", "张", False),
    ],
)
def test_a_name_is_read_in_the_character_set_that_fits(raw: bytes, charset: str, expected: str, guessed: bool) -> None:
    head = f"MSH|^~\\&|A|B|||2025||ADT^A01|C|P|2.5||||||{charset}\rPID|||M1||".encode()
    found = read_message(head + raw + b"\r")
    assert found.text("PID", 5) == expected
    assert ("charset_guess" in found.flags) is guessed


def test_the_feeds_own_character_set_comes_before_utf_8() -> None:
    raw = adt("A01", pid={5: "X^Y"}).replace(b"X^Y", b"\xd0\xb8\xd0\xb2")
    assert one(raw, "feeds: {F1: {charset: 8859/5}}").flags == ()
    assert "charset_guess" not in one(raw).flags
    assert read_message(b"MSH|^~\\&|\xd0\r", "8859/5").text("MSH", 3) == "а"


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_byte_order_marks_and_wide_sets_are_read(codec: str) -> None:
    reading = one(adt("A01", pid={5: "Müller^Zoë"}, pv1={2: "I"}).decode().encode(codec))
    assert reading.events[0].fact.persona.surname == "MULLER"  # type: ignore[union-attr]
    assert reading.events[0].fact.persona.given == "ZOE"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("encoding", "pid_5", "expected"),
    [
        ("^~\\&", "Rivera^Ana", "Ana"),
        ("%~\\&", "Rivera%Ana", "Ana"),
        ("^~\\&#", "Rivera^Ana", "Ana"),
        ("^~\\\\&", "Rivera^Ana", "Ana"),  # the sender escaped its own backslash
        ("^", "Rivera^Ana~x", "Ana~x"),  # fewer characters: that feature is absent
    ],
)
def test_delimiters_are_each_messages_own(encoding: str, pid_5: str, expected: str) -> None:
    assert message(pid_5, encoding).text("PID", 5, 2) == expected


def test_the_field_separator_is_the_fourth_character() -> None:
    found = read_message(b"MSH$%~\\&$APP$FAC\rPID$$$M1%%%H1\r")
    assert (found.text("MSH", 3), found.text("PID", 3, 4), found.text("MSH", 1)) == ("APP", "H1", "$")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (r"a\F\b", "a|b"), (r"a\S\b", "a^b"), (r"a\T\b", "a&b"), (r"a\R\b", "a~b"), (r"a\E\b", "a\\b"),
        (r"a\X41\b", "aAb"), (r"a\XC3BC\b", "aüb"), (r"a\X4\b", r"a\X4\b"), (r"a\.br\b", "a\nb"), (r"a\.sp\b", "a\nb"),
        (r"a\H\b\N\c", "abc"), (r"a\Z01\b", r"a\Z01\b"), (r"a\C2842\b", r"a\C2842\b"), (r"a\Q\b", r"a\Q\b"),
        (r"a\Fb", r"a\Fb"), ("a\\", "a\\"), (r"a\P\b", r"a\P\b"), (r"a\E\F\E\b", r"a\F\b"),
    ],
)  # fmt: skip
def test_escapes_are_replaced_after_splitting(written: str, expected: str) -> None:
    assert message(written + "ü").text("PID", 5) == expected + "ü"


def test_an_escaped_truncation_sign_is_text_and_a_bare_one_cuts() -> None:
    found = message(r"a\P\b", "^~\\&#").first("PID")
    assert found is not None
    assert found.text(5) == "a#b"
    assert found.signs.is_cut("Rivera#")
    assert not found.signs.is_cut(r"Rivera\P\ ".strip())


def test_repetitions_and_subcomponents_go_by_position() -> None:
    found = message("a&b^c~d^e").first("PID")
    assert found is not None
    assert found.repetitions(5) == ["a&b^c", "d^e"]
    assert (found.text(5), found.text(5, 1, 2), found.text(5, 2), found.text(5, 3), found.text(99)) == (
        "a",
        "b",
        "c",
        "",
        "",
    )


@given(st.lists(st.text(alphabet='ab1 ^~&\\S"', max_size=12), max_size=6), st.integers(1, 9))
def test_many_places_at_once_read_as_one_by_one(fields: list[str], component: int) -> None:
    found = read_message(f"MSH|^~\\&|A\rPID|{'|'.join(fields)}\rPV1||I\r".encode())
    asked = [
        (name, field, component % 3 + 1, component // 4 + 1) for name in ("PID", "PV1", "IN1") for field in range(8)
    ]
    assert found.texts(asked) == [found.text(*place) for place in asked]


def test_two_quotes_delete_and_empty_says_nothing() -> None:
    found = message('""').first("PID")
    assert found is not None
    assert found.raw(5) == '""'
    assert found.text(5) == ""
    assert found.raw(4) == ""


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\n\r", "\r\r", "\r \r"])
@pytest.mark.parametrize("tail", ["", "\r\n", "\x1c\r", "\n\n"])
def test_any_line_end_will_do_and_the_last_may_lack_it(end: str, tail: str) -> None:
    found = read_message((end.join(["MSH|^~\\&|A", "EVN|A01", "PV1||I"]) + tail).encode())
    assert [line[:3] for line in found.lines] == ["MSH", "EVN", "PV1"]
    assert found.text("PV1", 2) == "I"


def test_a_line_feed_among_carriage_returns_is_data_unless_a_segment_follows() -> None:
    found = read_message(b"MSH|^~\\&|A\rNTE|1||one\ntwo\nPV1||I\rPID|1\r")
    assert found.text("NTE", 3) == "one\ntwo"
    assert found.text("PV1", 2) == "I"


def test_blanks_around_a_message_are_trimmed() -> None:
    assert read_message(b"\x0b \r\n MSH|^~\\&|A\rPID|||M1\x1c\r").text("PID", 3) == "M1"


def test_null_bytes_are_dropped_and_flagged() -> None:
    found = read_message(b"MSH|^~\\&|A\rPID|||M\x001\r")
    assert found.text("PID", 3) == "M1"
    assert found.flags == ("nul_byte",)


def test_z_segments_and_repeated_segments_are_addressable() -> None:
    found = read_message(b"MSH|^~\\&|A\rZFA|||x^y&z\rIN1|1\rIN1|2\r")
    assert parse_path("ZFA-3.2.2").read(found) == "z"
    assert [one.text(1) for one in found.all("IN1")] == ["1", "2"]
    assert str(parse_path("PV1-3.4")) == "PV1-3.4"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"PID|1||M1\r", "no_msh"), (b"MSH", "msh_delimiters"), (b"MSH|", "msh_delimiters"), (b"MSHA^~", "no_msh"),
        (b"MSH|||A\r", "msh_delimiters"), (b"MSH|0000|A\r", "msh_delimiters"), (b"MSH|^^\\&|A\r", "msh_delimiters"),
        (b"MSH ^~\\&|", "msh_delimiters"), (b"MSH|^~\\&|\rPID|1\r", "no_type"), (b"", "no_msh"), (b" \r\n", "no_msh"),
        (b"\x00\xff\xfe\x00garbage", "no_msh"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_quarantined_with_its_reason(body: bytes, reason: str) -> None:
    problem = one(body).problem
    assert problem is not None
    assert problem.reason == reason


def test_a_wrong_message_raises_without_its_content() -> None:
    with pytest.raises(MessageIsWrong) as caught:
        read_message(b"Rivera Ana 19800214")
    assert "Rivera" not in str(caught.value)
    assert "1980" not in str(caught.value)


def test_the_header_is_read_alone() -> None:
    header = read_header(PLAIN)
    assert header is not None
    assert (header.field, header.encoding, header.application, header.facility) == ("|", "^~\\&", "APP", "FAC")
    assert (header.receiving_application, header.receiving_facility) == ("R", "RF")
    assert (header.type, header.trigger, header.structure) == ("ADT", "A01", "ADT_A01")
    assert (header.control_id, header.processing_id, header.version, header.sequence) == ("C1", "P", "2.5.1", "7")
    assert (header.accept_ack, header.application_ack, header.charset) == ("AL", "NE", "8859/1")
    assert header.sent == "20250303141200-0800"


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\x0b", b" \r\n", b"FHS|^~\\&\rBHS|^~\\&\r"])
def test_the_header_is_found_behind_marks_blanks_and_envelopes(before: bytes) -> None:
    header = read_header(before + PLAIN)
    assert header is not None
    assert header.control_id == "C1"


@pytest.mark.parametrize("body", [b"", b"MSH", b"MSHX", b"PID|1\r", b"\x00", b"\xff\xfe", b"MSH\r"])
def test_the_header_reader_never_raises(body: bytes) -> None:
    assert read_header(body) is None


def test_a_short_header_has_empty_fields() -> None:
    header = read_header(b"MSH|")
    assert header is not None
    assert (header.encoding, header.control_id) == ("", "")


def test_a_batch_is_split_at_every_msh() -> None:
    first, second = adt("A01", f10="C1"), adt("A03", f10="C2")
    body = b"FHS|^~\\&\rBHS|^~\\&\r" + first + second + b"BTS|2\rFTS|1\r"
    found = read(body)
    assert [(one.ordinal, one.control_id) for one in found] == [(1, "C1"), (2, "C2")]
    assert found[0].name == one(first).name
    assert all(one.flags == () for one in found)


def test_messages_without_an_envelope_are_split_too() -> None:
    assert [found.control_id for found in read(adt("A01", f10="1") + b"\r\n" + adt("A03", f10="2"))] == ["1", "2"]


@pytest.mark.parametrize("trailer", [b"BTS|3\r", b"BTS|1\r", b"BTS|2\rFTS|2\r"])
def test_a_miscounted_batch_keeps_its_messages_and_says_so(trailer: bytes) -> None:
    found = read(b"BHS|^~\\&\r" + adt("A01") + adt("A03") + trailer)
    assert [one.outcome for one in found] == ["interpreted", "interpreted"]
    assert found[-1].flags == ("count_mismatch",)


def test_a_bad_message_in_a_batch_does_not_stop_the_rest() -> None:
    found = read(b"FHS|^~\\&\rPID|lost\r" + adt("A99") + adt("A01") + b"FTS|1\r")
    assert [one.outcome for one in found] == ["quarantined", "quarantined", "interpreted"]


def test_an_empty_batch_is_kept_and_not_interpreted() -> None:
    assert one(b"FHS|^~\\&\rBHS|^~\\&\rBTS|0\rFTS|1\r").outcome == "not_interpreted"


def test_msh_inside_data_does_not_split() -> None:
    body = adt("A01", pv1={2: "I"}, more=("NTE|1||see MSH|9 and\nMSHTA",))
    assert len(split_messages(body).messages) == 1


def test_a_defect_of_ours_quarantines_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("19800214")

    monkeypatch.setattr("connectors.hl7v2.events_of", broken)
    problem = one(adt("A01")).problem
    assert problem is not None
    assert (problem.reason, problem.shape) == ("unreadable", "KeyError")


def test_no_control_id_is_a_flag() -> None:
    assert one(adt("A01", f10="")).flags == ("no_control_id",)


def test_profiles_are_compiled_once() -> None:
    feeds = book()
    assert feeds.profile_of("F1") is feeds.profile_of("F1")


def test_a_cut_visit_number_is_not_used() -> None:
    body = adt("A01", pv1={2: "I", 19: "V1#"}).replace(b"^~\\&", b"^~\\&#")
    assert statement(body).visit is None
    assert one(body).flags == ("truncated",)
    assert segment("PV1", {2: "I"}) == "PV1||I"


@given(st.lists(st.tuples(st.integers(0, 600), st.binary(max_size=6)), max_size=12))
def test_no_damage_makes_the_reader_raise_or_find_a_defect_of_ours(damage: list[tuple[int, bytes]]) -> None:
    body = adt("A40", pid={18: "A"}, pv1={2: "I", 19: "V1", 44: "20250303"}, more=("MRG|OLD~O2||A", "DG1|1||I50.9"))
    for place, bits in damage:
        body = body[:place] + bits + body[place + len(bits) :]
    read_header(body)
    assert all(found.problem is None or found.problem.reason != "unreadable" for found in read(body))

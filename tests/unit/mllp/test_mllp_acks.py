"""R-16 and R-17: what an acknowledgement says, in whose delimiters."""

import re

import hl7
import pytest
from hl7apy.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st

from connectors.mllp.acks import ControlIds, Trouble, build_ack, codes_of, read_ack
from connectors.mllp.header import Header, read_header
from models.ledger import BETWEEN
from tests.unit.mllp.support import START, adt

TROUBLE = Trouble("no PID|segment\r^JANE~", ("MSH", "1", "3"))


def header_of(body: bytes) -> Header:
    header = read_header(body)
    assert header is not None
    return header


def ack(body: bytes, code: str = "AA", trouble: Trouble | None = None) -> bytes:
    return build_ack(header_of(body), code, b"OWN1", START, trouble)


def test_the_answer_turns_sender_and_receiver_round_and_echoes_the_rest() -> None:
    assert ack(adt("MSG00001", charset="UNICODE UTF-8")) == (
        rb"MSH|^~\&|WH|PLAN|HIS|H1|20250605170500+0000||ACK^A01^ACK|OWN1|P|2.5.1||||||UNICODE UTF-8"
        b"\rMSA|AA|MSG00001\r"
    )


def test_the_senders_own_delimiters_are_used() -> None:
    body = b"MSH$%*!@$HIS%1.2%ISO$H1$WH$PLAN$2025$$ADT%A03%ADT_A03$77$T%I$2.6\rPID$1\r"
    assert ack(body, "AR", TROUBLE) == (
        b"MSH$%*!@$WH$PLAN$HIS%1.2%ISO$H1$20250605170500+0000$$ACK%A03%ACK$OWN1$T%I$2.6\r"
        b"MSA$AR$77$no PID segment JANE\r"
        b"ERR$$MSH%1%3$207%Application internal error%HL70357$E$$$$no PID segment JANE\r"
    )


@pytest.mark.parametrize(
    ("version", "message_type", "has_err"),
    [
        ("2.1", b"ACK", False),
        ("2.2", b"ACK", False),
        ("2.3", b"ACK^A08^ACK", False),
        ("2.4", b"ACK^A08^ACK", False),
        ("2.5", b"ACK^A08^ACK", True),
        ("2.10", b"ACK^A08^ACK", True),
        ("2.5.1^USA", b"ACK^A08^ACK", True),
        ("", b"ACK^A08^ACK", False),
        ("two", b"ACK^A08^ACK", False),
    ],
)
def test_the_version_decides_on_message_type_and_err(version: str, message_type: bytes, has_err: bool) -> None:
    answer = ack(adt(trigger="A08", version=version), "AE", TROUBLE)
    assert answer.split(b"|")[8] == message_type
    assert (b"\rERR|" in answer) == has_err


def test_without_a_trigger_it_is_a_plain_ack() -> None:
    assert b"||ACK|OWN1|" in ack(b"MSH|^~\\&|A|B|C|D|||ADT|5|P|2.3\r")


def test_without_a_control_id_msa_2_is_empty() -> None:
    assert read_ack(ack(b"MSH|^~\\&|A|B|C|D|||ADT^A01\r")) == ("AA", b"")


def test_the_control_id_comes_back_byte_for_byte() -> None:
    assert read_ack(ack(adt(" Ä-17^x ").replace("Ä".encode(), b"\xc4")))[1] == b" \xc4-17^x "


def test_without_encoding_characters_components_are_left_out() -> None:
    assert ack(b"MSH||A|B|C|D|||ADT^A01|5|P|2.5\r", "AE", TROUBLE) == (
        b"MSH||C|D|A|B|20250605170500+0000||ACK|OWN1|P|2.5\rMSA|AE|5|no PID segment JANE\r"
        b"ERR|||207|E||||no PID segment JANE\r"
    )


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b" \r\n", b"\0"])
def test_the_header_is_found_whatever_the_line_ends(before: bytes, end: bytes) -> None:
    header = header_of(before + adt("9").replace(b"\r", end))
    assert (header.control_id, header.version) == (b"9", (2, 5, 1))


def test_a_batch_answers_for_its_first_message() -> None:
    assert header_of(b"FHS|^~\\&|X\rBHS|^~\\&|X\r" + adt("21") + adt("22")).control_id == b"21"


@pytest.mark.parametrize(
    "body", [b"", b"MSH", b"MSH\r", b"MSHA", b"PID|1", "MSH|^~\\&|".encode("utf-16-le"), b"\xff\xfeM\0"]
)
def test_what_has_no_msh_has_no_header(body: bytes) -> None:
    assert read_header(body) is None


@given(st.binary(max_size=300))
def test_reading_and_answering_never_raise(tail: bytes) -> None:
    header = read_header(b"MSH|" + tail)
    if header is not None:
        answer = build_ack(header, "AE", b"1", START, TROUBLE)
        assert answer.startswith(b"MSH")
        assert b"\n" not in answer


def test_own_control_ids_are_unique_and_fit_every_version() -> None:
    ids = ControlIds()
    given_out = {ids.next() for _ in range(1000)} | {ControlIds().next() for _ in range(10)}
    assert len(given_out) > 1000
    assert all(re.fullmatch(rb"[0-9A-F]{20}", each) for each in given_out)


def test_two_answers_in_one_value_are_read_in_order() -> None:
    assert codes_of(ack(adt(), "CA") + BETWEEN + ack(adt(), "AE", TROUBLE)) == ("CA", "AE")


@pytest.mark.parametrize("version", ["2.2", "2.3.1", "2.5", "2.5.1", "2.6"])
@pytest.mark.parametrize("code", ["AA", "AE"])
def test_other_libraries_read_our_answers(version: str, code: str) -> None:
    text = ack(adt("MSG1", version=version), code, None if code == "AA" else TROUBLE).decode()
    foreign = hl7.parse(text)
    assert (str(foreign.segment("MSA")[1]), str(foreign.segment("MSA")[2])) == (code, "MSG1")
    strict = parse_message(text, find_groups=False)
    if version != "2.2":  # hl7apy knows no structure for a plain `ACK`
        assert strict.validate()
    assert strict.msa.msa_2.value == "MSG1"

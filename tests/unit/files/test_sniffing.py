"""A file is known by what it says, never by its name."""

import json

import pytest

from connectors.files.sniffing import HEAD_BYTES, sniff
from tests.corpora import corpora

JOURNAL = b'{"received_at":"2025-06-05T10:05:00-07:00","feed":"F1","kind":"hl7v2","body":"MSH|"}\n'


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n\n", "empty"),
        (b"MSH|^~\\&|A", "hl7v2"),
        (b"\xef\xbb\xbfMSH|^~\\&|A", "hl7v2"),
        (b"\r\n \x0bMSH|^~\\&|A", "hl7v2"),
        (b"FHS|^~\\&|A\rBHS|^~\\&\rMSH|", "hl7v2"),
        (b"PID|1||77", "hl7v2"),  # its MSH is lost
        (b"\x00\x02MSH|", "hl7v2"),
        (b"BHS#^~\\&#A", "hl7v2"),
        (JOURNAL, "journal"),
        (b"\xef\xbb\xbf" + JOURNAL, "journal"),
        (b"{broken\n" + JOURNAL, "journal"),  # a bad line is no obstacle
        (b"no json\n\n" + JOURNAL, "journal"),
        (b'{"kind":"hl7v2","received_at":"x","body":"' + b"A" * HEAD_BYTES, "journal"),  # longer than the head
        (b'{"at":"2025-06-05T10:05:00Z","by":"a","action":"link"}\n', "decisions"),
        (b'{"resourceType":"Bundle"}', "fhir_lines"),
        (b'{"resourceType":"Bundle"}\n{"resourceType":"Patient"}\n', "fhir_lines"),
        (b'{\n  "resourceType": "Bundle"\n}', "fhir"),
        (b'{"resourceType":"Bundle","entry":[' + b"1," * HEAD_BYTES, "fhir_lines"),
        (b"facility_id,name,setting,time_zone\r\nH1,", "facilities"),
        (b"cin,member_id,mcp_id,coverage_start\n", "roster"),
        (b'"member_id","occurred_at","type"\n', "care_events"),
        (b"\xef\xbb\xbfclaim_id,member_id,service_from", "claims"),
        (b"\x1f\x8b\x08\x00", "archive"),
        (b"PK\x03\x04", "archive"),
        (b"a,b,c\n1,2,3\n", None),
        (b'{"hello":1}\n', None),
        (b"MSHORT,columns\n", None),
        ("member_id,mcp_id,coverage_start".encode("utf-16"), None),
        (b"\x00" * HEAD_BYTES, None),
        (b'"' + b"member_id," * HEAD_BYTES, None),
    ],
)
def test_what_a_file_is(head: bytes, kind: str | None) -> None:
    assert sniff(head[:HEAD_BYTES]) == kind


NOT_EVEN_A_SEGMENT = {"nhapi/malformed/092.hl7"}


def test_public_hl7_samples_are_known_as_hl7() -> None:
    folder = corpora("hl7v2")
    for entry in map(json.loads, (folder / "INDEX.jsonl").read_text().splitlines()):
        if entry["file"] not in NOT_EVEN_A_SEGMENT:
            assert sniff((folder / entry["file"]).read_bytes()[:HEAD_BYTES]) == "hl7v2", entry["file"]

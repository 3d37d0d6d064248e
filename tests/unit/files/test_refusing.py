"""A table that is almost one we know is told what it lacks; the words of a header row are never shown."""

import pytest

from connectors.files.refusing import why_not
from connectors.files.sniffing import sniff


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("member_id,mcp_id,cin,last_name", "A table like roster, without the column coverage_start."),
        ("Member ID,CIN,birth_date,risk_tier", "A table like roster, without the columns mcp_id, coverage_start."),
        ("member_id,when,type,outcome", "A table like care_events, without the column occurred_at."),
        ("claim_id,member_id,service_to", "A table like claims, without the column service_from."),
        ("facility_id,name", "A table like facilities, without the column setting."),
        ("member_id;mcp_id;coverage_start", "A table whose columns are parted by semicolons."),
        ("member_id\tmcp_id\tcoverage_start", "A table whose columns are parted by tabs."),
        ("ALDER,ROBIN,1950-02-03", "The content is of no kind that we know."),
        ("member_id,shoe_size", "The content is of no kind that we know."),
        ("\x00\x01\x02" * 100_000, "The content is of no kind that we know."),
    ],
)
def test_why_a_file_is_refused(header: str, what: str) -> None:
    head = f"\ufeff{header}\nALDER,ROBIN,1950-02-03\n".encode()
    assert sniff(head) is None
    said, remedy = why_not(None, head)
    assert said == what
    assert remedy
    assert "ALDER" not in remedy

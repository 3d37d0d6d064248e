"""A provider writes a plan's file by the same map by which it would be read."""

import pytest

from models.errors import MessageIsWrong
from models.events import ReturnRow
from services.returns.loading import load_maps
from services.returns.maps import ReturnMap
from services.returns.reading import read_return
from services.returns.writing import write_return

PAGE = """
map: plan_a.rtf
file: rtf
mcp_id: PLANA
format: {dates: MM-DD-YYYY, months: MM/YYYY}
due: {month_day: 10}
columns: {"CIN": cin, "ECM Provider": provider_id, "Month": period, "Status": ecm_status, "Left, on": disc_date,
          "Why": disc_reason, "Homeless": homeless}
codes: {ecm_status: {"1": enrolled, "2": declined}, disc_reason: {SC: graduated, WM: graduated}}
"""
ROW = ReturnRow("rtf", "PLANA", "P1", "2025-06", "accepted", "90000001A", values=(("ecm_status", "enrolled"),))


def the_map() -> ReturnMap:
    loaded = load_maps([("a.yaml", PAGE)], calendars=())
    assert loaded.problems == ()
    return loaded.maps[0]


def test_a_file_is_written_in_the_plans_columns_codes_and_dates() -> None:
    values = (("disc_date", "2025-06-30"), ("disc_reason", "graduated"), ("ecm_status", "declined"), ("homeless", "no"))
    left = ReturnRow("rtf", "PLANA", "P1", "2025-06", "accepted", "90000002B", values=values)
    assert write_return(the_map(), [ROW, left]) == (
        'CIN,ECM Provider,Month,Status,"Left, on",Why,Homeless\r\n'
        "90000001A,P1,06/2025,1,,,\r\n"
        "90000002B,P1,06/2025,2,06-30-2025,SC,N\r\n"
    )


def test_both_of_two_codes_of_a_word_are_read() -> None:
    header = 'CIN,ECM Provider,Month,Status,"Left, on",Why,Homeless\n'
    read = read_return(the_map(), f"{header}9,P1,06/2025,1,,sc,y\n9,P1,06/2025,1,,WM,1\n")
    assert [dict(row.values)["disc_reason"] for row in read.rows] == ["graduated"] * 2
    assert [dict(row.values)["homeless"] for row in read.rows] == ["yes"] * 2


@pytest.mark.parametrize(
    ("row", "where"),
    [
        (
            ReturnRow("rtf", "PLANA", "P1", "2025-06", "accepted", "9", values=(("ecm_status", "assigned"),)),
            "ecm_status",
        ),
        (ReturnRow("rtf", "PLANB", "P1", "2025-06", "accepted", "9"), "mcp_id"),
    ],
)
def test_what_the_plan_could_not_read_is_not_written(row: ReturnRow, where: str) -> None:
    with pytest.raises(MessageIsWrong) as told:
        write_return(the_map(), [row])
    assert (told.value.reason, told.value.where) == ("not_in_map", where)


def test_a_text_without_a_column_of_the_map_is_refused_and_a_row_that_cannot_be_read_stops_no_other() -> None:
    with pytest.raises(MessageIsWrong, match="missing_column at ECM Provider"):
        read_return(the_map(), "CIN\n9\n")
    with pytest.raises(MessageIsWrong, match="missing_column at CIN"):
        read_return(the_map(), "")
    text = write_return(the_map(), [ROW, ROW]).replace("06/2025", "June", 1)
    read = read_return(the_map(), text)
    assert (read.rows, [(n, p.reason, p.where) for n, p in read.problems]) == ((ROW,), [(1, "bad_month", "period")])

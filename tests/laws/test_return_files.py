"""Laws of return files: what is written is read back the same, and a difference leads from one snapshot to the next."""

from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from models.events import ReturnRow, RosterRow
from services.returns.loading import load_maps
from services.returns.maps import ReturnMap
from services.returns.reading import read_return
from services.returns.snapshots import Changes, apply_changes, diff_snapshots
from services.returns.vocabulary import COUNTS, DAYS, ECM_STATUSES, FLAGS, HEAD, TIMES, WORDS
from services.returns.writing import write_return

CATALOG = Path(__file__).parents[2] / "services" / "returns" / "catalog"
CODED = """
map: coded.rtf
file: rtf
mcp_id: PLANB
format: {type: pipe, dates: DD.MM.YYYY, months: YYYYMM}
due: {month_day: 10}
columns: {Who: member_id, By: provider_id, Month: period, Status: ecm_status, Start: ecm_start, "Mode | how": mode}
codes:
  ecm_status: {"1": assigned, "2": outreach, "3": enrolled, "4": declined, "5": unable_to_reach, "6": ineligible,
               "7": excluded_duplicate, "8": discontinued, "9": graduated, "10": transferred, "11": deceased}
"""
MAPS = load_maps(
    [("coded.yaml", CODED), *((path.name, path.read_text("utf-8")) for path in sorted(CATALOG.rglob("*.yaml")))],
    calendars=("ca_state",),
).maps

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.sampled_from(' ,;|"\t'), max_size=12)
IDS = st.from_regex(r"[A-Z][0-9A-Z]{1,7}", fullmatch=True)
MONTH_DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31)).map(date.isoformat)
MONTHS = MONTH_DAYS.map(lambda day: day[:7])
CLOCKS = st.times().map(lambda time: f"T{time.hour:02}:{time.minute:02}")


def value(name: str) -> st.SearchStrategy[str]:
    """A value of a column in canonical form."""
    days = st.dates().map(date.isoformat)
    if name == "ecm_status":
        return st.sampled_from(ECM_STATUSES)
    if name in DAYS:
        return days
    if name in TIMES:
        return st.builds(str.__add__, MONTH_DAYS, st.just("") | CLOCKS)
    if name in FLAGS:
        return st.sampled_from(["yes", "no"])
    if name in COUNTS:
        return st.integers(0, 99_999).map(str)
    if name in WORDS:
        return st.from_regex(r"[a-z]+(_[a-z0-9]+)?", fullmatch=True)
    return TEXT.map(str.strip).filter(bool)


@st.composite
def files(draw: st.DrawFn) -> tuple[ReturnMap, list[ReturnRow]]:
    """A map, and rows that say only what it has columns for."""
    each = draw(st.sampled_from(MAPS))
    names = {name for _, name in each.columns}

    def row() -> ReturnRow:
        told = draw(st.lists(st.sampled_from(sorted(names - set(HEAD))), unique=True))
        values = {name: draw(value(name)) for name in told}
        has_month = "period" in names
        if not has_month:
            values["attempt_at"] = draw(value("attempt_at"))
        return ReturnRow(
            file=each.file,
            mcp_id=dict(each.fixed).get("mcp_id") or draw(IDS),
            provider_id=draw(IDS),
            period=draw(MONTHS) if has_month else values["attempt_at"][:7],
            file_status=draw(st.sampled_from(["accepted", "rejected"])) if "file_status" in names else "accepted",
            cin=draw(IDS) if "cin" in names else "",
            member_id=draw(IDS | st.just("")) if "member_id" in names else "",
            values=tuple(sorted(values.items())),
        )

    return each, [row() for _ in range(draw(st.integers(0, 4)))]


@given(files())
def test_what_is_written_is_read_back_the_same(file: tuple[ReturnMap, list[ReturnRow]]) -> None:
    each, rows = file
    text = write_return(each, rows)
    read = read_return(each, text)
    assert read.problems == ()
    assert list(read.rows) == rows
    assert write_return(each, read.rows) == text


ROSTERS = st.lists(
    st.builds(
        RosterRow, st.sampled_from(["M1", "M2", "M3", "M4"]), mcp_id=IDS, ecm_status=st.sampled_from(ECM_STATUSES)
    ),
    unique_by=lambda row: row.member_id,
).map(lambda rows: tuple(sorted(rows, key=lambda row: row.member_id)))


@given(ROSTERS, ROSTERS)
def test_a_difference_leads_from_one_snapshot_to_the_next(
    before: tuple[RosterRow, ...], after: tuple[RosterRow, ...]
) -> None:
    changes = diff_snapshots(before, after)
    assert apply_changes(before, changes) == after
    assert all(change.fields for change in changes.updated)
    told = [*changes.assigned, *changes.removed, *(change.after for change in changes.updated)]
    assert len({row.member_id for row in told}) == len(told)
    assert diff_snapshots(before, before) == Changes()

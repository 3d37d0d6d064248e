"""`returns` writes and reads plans' files by their maps and says when they came; `roster diff` compares snapshots."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli import context
from services.cli.main import complete

MAP = """map: plan_a.rtf
file: rtf
mcp_id: PLANA
format: {dates: MM-DD-YYYY, months: MM/YYYY}
due: {month_day: 10}
columns: {"CIN": cin, "ECM Provider": provider_id, "Month": period, "Status": ecm_status}
codes: {ecm_status: {"1": enrolled, "2": declined}}
"""
HEAD = "mcp_id,provider_id,period,file_status,cin,member_id"
RTF = f"""{HEAD},ecm_status,pof
PLANB,P1,2025-06,accepted,90000001A,,enrolled,smi
PLANB,P1,2025-06,accepted,90000002B,,declined,
"""
OTF = f"""{HEAD},attempt_at,mode
PLANB,P1,2025-06,accepted,90000001A,,2025-06-03T14:05,phone
PLANB,P1,2025-06,accepted,90000001A,,2025-06-05,text
PLANB,P1,2025-06,accepted,90000009C,,2025-06-05,text
"""
COMBINED = ("--map", "plan_b.combined.rtf", "--map", "plan_b.combined.otf")
ROSTER = "member_id,mcp_id,coverage_start,last_name,ecm_provider_id,ecm_status,ecm_start\n"
MAY = f"""{ROSTER}M1,PLANA,2024-01-01,"Sample, A",P1,enrolled,2025-01-01
M2,PLANA,2024-01-01,Sample,P1,enrolled,2025-01-01
M3,PLANA,2024-01-01,Sample,,,
"""
JUNE = f"""{ROSTER}M2,PLANA,2024-01-01,Sample,P1,discontinued,2025-01-01
M5,PLANA,2024-01-01,Sample,P1,assigned,
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with two plans' maps, canonical files and snapshots."""
    root = Path(context.__file__).parents[1]
    (tmp_path / "combined.yaml").write_text((root / "returns/catalog/examples/combined.yaml").read_text("utf-8"))
    files = {"maps.yaml": MAP, "warmhandoff.yaml": "return_maps: [maps.yaml, combined.yaml]\n"}
    files |= {"rtf.csv": RTF, "otf.csv": OTF, "a.csv": RTF.replace("PLANB", "PLANA"), "may.csv": MAY, "june.csv": JUNE}
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    context.place.store = context.place.config = None


def run(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(complete(), words, input=stdin)


def test_a_plans_file_is_written_and_read_again_to_the_byte() -> None:
    written = run("returns", "write", "--map", "plan_a.rtf", "a.csv")
    assert (
        written.stdout_bytes.decode()
        == "CIN,ECM Provider,Month,Status\r\n90000001A,P1,06/2025,1\r\n90000002B,P1,06/2025,2\r\n"
    )
    assert "has no column for it: pof." in written.stderr
    Path("plan.csv").write_bytes(written.stdout_bytes)
    read = run("returns", "read", "--map", "plan_a.rtf", "plan.csv")
    assert read.stdout == "\n".join(line.rpartition(",")[0] for line in Path("a.csv").read_text().split("\n"))
    again = run("returns", "write", "--map", "plan_a.rtf", "-", stdin=read.stdout)
    assert again.stdout_bytes == written.stdout_bytes


def test_a_combined_file_has_a_row_for_each_attempt_and_is_read_again_to_the_byte() -> None:
    written = run("returns", "write", *COMBINED, "rtf.csv", "otf.csv").stdout_bytes
    assert written.count(b"\r\n") == 5  # two attempts of one member, one member without, one attempt alone
    Path("plan.csv").write_bytes(written)
    for file in ("rtf", "otf"):
        Path(f"{file}-again.csv").write_bytes(
            run("returns", "read", "--map", f"plan_b.combined.{file}", "plan.csv").stdout_bytes
        )
    # The attempt of somebody without a row of their own reads as one without a status.
    assert Path("rtf-again.csv").read_text() == RTF.replace(",pof", "").replace(",smi", "").replace(
        "declined,", "declined"
    ) + ("PLANB,P1,2025-06,accepted,90000009C,,\n")
    assert Path("otf-again.csv").read_text() == OTF
    assert run("returns", "write", *COMBINED, "rtf-again.csv", "otf-again.csv").stdout_bytes == written


def test_rows_that_cannot_be_read_are_named_by_line_and_column_without_what_they_say() -> None:
    text = "CIN,ECM Provider,Month,Status\n90000001A,P1,June,1\nnobody,P1,06/2025,2\n90000003C,P1,06/2025,7\n"
    done = run("returns", "read", "--map", "plan_a.rtf", "-", "--json", stdin=text)
    assert done.exit_code == 2
    found = json.loads(done.stdout)
    assert [(row["line"], row["marks"]) for row in found["rows"]] == [
        (3, ["bad_shape:cin"]),
        (4, ["unknown_word:ecm_status"]),
    ]
    assert [(each["line"], each["field"]) for each in found["problems"]] == [(2, "Month")]
    assert "-:2: Month\n  bad month: 4 characters\n  Write the month as MM/YYYY." in done.stderr
    assert "cin has no value of the usual shape in 1 row: line 3." in done.stderr
    assert "June" not in done.stderr
    assert "nobody" not in done.stderr.replace("nobody is matched", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["write", "--map", "plan_a.rft", "a.csv"], "no map 'plan_a.rft'. Did you mean plan_a.rtf?"),
        (["write", "--map", "plan_a.rtf", "otf.csv"], "otf.csv:1\n  It is a file of otf rows."),
        (["write", "--map", "plan_a.rtf", "rtf.csv"], "rtf.csv:3: mcp_id\n  not in map: another value"),
        (["write", "--map", "plan_a.rtf", "--map", "canonical.otf", "a.csv"], "not of one combined file"),
        (["write", "--map", "plan_a.rtf", "none.csv"], "none.csv: No such file"),
        (["read", "--map", "plan_a.rtf", "a.csv"], "a.csv:1: ECM Provider\n  missing column"),
        (["due", "--period", "2025-6"], "'2025-6' is no month"),
        (["check", "none"], "There is no such file or folder"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(words: list[str], told: str) -> None:
    done = run("returns", *words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert told in done.stderr


def test_every_map_is_checked_with_those_of_a_folder(folder: Path) -> None:
    assert run("returns", "check").stdout == "7 maps: all right.\n"
    (folder / "more").mkdir()
    (folder / "more" / "wrong.yaml").write_text(MAP.replace("plan_a", "plan_x").replace("enrolled", "enroled"))
    done = run("returns", "check", "more")
    assert done.exit_code == 2
    assert "more/wrong.yaml:7: codes.ecm_status.1" in done.stderr


def journal(*lines: tuple[str, str, str]) -> str:
    return "".join(
        json.dumps({"received_at": at, "feed": "files", "kind": kind, "body": body}) + "\n" for at, kind, body in lines
    )


def test_the_minute_decides_and_a_correction_does_not_mend_it(folder: Path) -> None:
    lines = journal(
        ("2025-07-10T23:58:00-07:00", "rtf", RTF),
        ("2025-07-11T00:02:00-07:00", "otf", OTF),
        ("2025-07-15T09:00:00-07:00", "otf", OTF + "PLANB,P1,2025-06,accepted,90000009C,,2025-06-06,text\n"),
    ).replace("PLANB", "PLANC")
    (folder / "lines.ndjson").write_text(lines)
    store = ("--store", str(folder / "store"))
    assert run(*store, "load", "lines.ndjson").exit_code == 0
    asked = ("returns", "due", "--as-of", "2025-08-02T00:00:00-07:00", "--json", "--mcp", "PLANC")
    files = json.loads(run(*store, *asked).stdout)["files"]
    june = {one["file"]: one for one in files if one["month"] == "2025-06"}
    july = [(one["file"], one["on_time"], one["due_at"], one["versions"]) for one in files if one["month"] == "2025-07"]
    assert (june["rtf"]["on_time"], june["otf"]["on_time"]) == (True, False)
    assert june["otf"]["due_at"] == "2025-07-10T23:59:59-07:00"
    assert [(one["rows"], one["lines"]) for one in june["otf"]["versions"]] == [
        (3, [{"feed": "files", "seq": 2}]),
        (4, [{"feed": "files", "seq": 3}]),
    ]
    assert july == [("rtf", None, "2025-08-10T23:59:59-07:00", []), ("otf", None, "2025-08-10T23:59:59-07:00", [])]
    table = run(*store, "returns", "due", "--period", "2025-06", "--as-of", "2025-07-11T00:01:00-07:00").stdout
    assert [line.split()[-2:] for line in table.splitlines()[1:]] == [["yes", "1"], ["no", "0"]]


def test_a_snapshot_says_who_was_assigned_updated_and_removed() -> None:
    done = run("roster", "diff", "may.csv", "june.csv")
    assert done.stdout == "assigned  M5\nupdated   M2  ecm_status\nremoved   M1\nremoved   M3\n"
    assert "june.csv has nobody of plan PLANA and provider -: is it the whole file?" in done.stderr
    found = json.loads(run("roster", "diff", "may.csv", "june.csv", "--json").stdout)
    assert [row["member_id"] for row in found["removed"]] == ["M1", "M3"]
    assert found["updated"][0]["fields"] == ["ecm_status"]


def test_a_removal_is_the_last_row_with_an_end_and_loading_it_ends_the_assignment(folder: Path) -> None:
    done = run("roster", "diff", "may.csv", "june.csv", "--removals", "--since", "2025-06-01")
    assert done.stdout == (
        "member_id,mcp_id,coverage_start,last_name,ecm_provider_id,ecm_status,ecm_start,ecm_end,coverage_end\n"
        'M1,PLANA,2024-01-01,"Sample, A",P1,enrolled,2025-01-01,2025-05-31,\n'
        "M3,PLANA,2024-01-01,Sample,,,,,2025-05-31\n"
    )
    (folder / "removals.csv").write_text(done.stdout)
    store = ("--store", str(folder / "store"))
    assert run(*store, "load", "may.csv", "removals.csv").exit_code == 0
    again = run("roster", "diff", "removals.csv", "removals.csv")
    assert (again.stdout, again.stderr) == ("", "0 assigned, 0 updated, 0 removed.\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--removals", "--json"], "Write one of them"),
        (["--since", "June"], "'June' is no day"),
        (["--removals", "--since", "2025-01-01"], "may.csv:2: ecm_end\n  This member was removed before ecm began."),
    ],
)
def test_a_comparison_that_cannot_be_made_is_explained(words: list[str], told: str) -> None:
    done = run("roster", "diff", "may.csv", "june.csv", *words)
    assert done.exit_code == 2
    assert told in done.stderr


def test_a_row_that_cannot_be_read_is_no_removal(folder: Path) -> None:
    (folder / "june.csv").write_text(JUNE + "M1,PLANA\n")
    done = run("roster", "diff", "may.csv", "june.csv", "--removals")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "june.csv:4: row\n  too few cells: 2 cells, 7 columns" in done.stderr

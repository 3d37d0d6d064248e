"""Measures on the command line: counts, the ledger, why; now, and as of an instant before."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.main import complete
from tests.scribe import Scribe


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A member assigned to a provider who tried ten times in May."""
    folder, scribe = tmp_path_factory.mktemp("store"), Scribe()
    lines = scribe.opening(["M1"])
    lines += [scribe.write("05-02 10:00", "roster M1 provider=P7 assigned=2025-05-02 status= ecm_start=")]
    lines += [
        scribe.write(f"05-05 {hour:02}:00", "care outreach_attempt M1 mode=phone outcome=no_answer")
        for hour in range(8, 14)
    ]
    (folder / "journal.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    run(folder, "load", str(folder / "journal.ndjson"))
    return folder


def run(folder: Path, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(complete(), ["--store", str(folder / "store"), *words])
    assert result.exit_code == code, result.output
    return result.stdout


def asked(folder: Path, *words: str) -> Any:
    return json.loads(run(folder, *words, "--json"))


def test_attempts_are_counted_and_the_past_is_told_as_it_was(folder: Path) -> None:
    def rates(as_of: str) -> dict[str, tuple[int, int]]:
        found = asked(folder, "measures", "--measure", "ecm.outreach_10", "--as-of", as_of)["measures"]
        return {one["period"]: (one["numerator"], one["denominator"]) for one in found}

    assert rates("2025-05-02T09:00:00-07:00") == {"2025": (0, 0)}
    assert rates("2025-05-03T09:00:00-07:00") == {"2025": (0, 1)}
    assert rates("2025-05-06T09:00:00-07:00") == {"2025": (1, 1)}


def test_counts_ledger_members_and_the_outbox_agree(folder: Path) -> None:
    at = ("--as-of", "2025-05-06T09:00:00-07:00")
    (counts,) = asked(folder, "measures", "--measure", "ecm.outreach_10", "--by", "provider", *at)["measures"]
    assert (counts["by"], counts["rate"], counts["value"]) == ({"ecm_provider_id": "P7"}, "1", 1.0)
    assert (counts["active"], counts["provisional"]) == (True, 1)
    ledger = [json.loads(line) for line in run(folder, "measures", "--ledger", "--period", "2025", *at).splitlines()]
    mine = [one for one in ledger if one["measure"] == "ecm.outreach_10"]
    assert [(one["member_id"], one["numerator"], one["owner"]["ecm_provider_id"]) for one in mine] == [("M1", 1, "P7")]
    (member,) = asked(folder, "members", "--member", "M1", *at)["members"]
    (entry,) = [one for one in member["measures"] if one["measure"] == "ecm.outreach_10"]
    assert {key: mine[0][key] for key in entry} == entry
    told = [json.loads(line) for line in run(folder, "alerts", "--rule", "ecm.outreach_10").splitlines()]
    last = [line for line in told if line["effect"] == "contribution_changed"][-1]
    assert (last["state"], last["subject"]) == ("met", f"ecm.outreach_10|{entry['version']}|2025|{entry['unit']}|M1")
    assert last["contribution"]["numerator"] == 1


def test_a_count_is_explained_down_to_the_messages(folder: Path) -> None:
    why = ("explain", "--measure", "ecm.outreach_10", "--member", "M1", "--as-of")
    (unit,) = [u for u in asked(folder, *why, "2025-05-06T09:00:00-07:00")["units"] if u["unit"].startswith("P7@")]
    verdicts = {one["population"]: one for one in unit["populations"]}
    assert verdicts["numerator"]["met"] is True
    (because, *_) = verdicts["numerator"]["because"]
    assert because["messages"][0]["feed"] == "P1"
    (unit,) = [u for u in asked(folder, *why, "2025-05-04T09:00:00-07:00")["units"] if u["unit"].startswith("P7@")]
    numerator = next(one for one in unit["populations"] if one["population"] == "numerator")
    assert (numerator["met"], numerator["status"]) == (False, "open")
    assert numerator["missing"]
    assert "missing:" in run(folder, *why, "2025-05-04T09:00:00-07:00")


def test_people_read_a_table_and_hear_what_they_mistyped(folder: Path) -> None:
    assert "ecm.outreach_10" in run(folder, "measures")
    for words in (
        ("measures", "--by", "town"), ("measures", "--by", "pof,language"), ("measures", "--period", "May"),
        ("explain",), ("explain", "--measure", "cbp"), ("explain", "--measure", "no.such", "--member", "M1"),
        ("explain", "--measure", "ecm.outreach_10", "--member", "M9"),
    ):  # fmt: skip
        run(folder, *words, code=2)


def test_verify_counts_again(folder: Path) -> None:
    assert asked(folder, "verify")["differences"] == []

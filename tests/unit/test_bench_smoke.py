"""The bench runs to its end; how fast anything is, no test says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from bench import cluster_place, cluster_stages, clustering, staging
from bench.__main__ import RESULTS
from bench.aims import judged
from bench.measuring import Figure, Size, missing
from bench.page import PAGE, with_tables
from bench.receivers import NotHere, started
from tests.servers.process import CannotBeHad

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.long
def test_the_bench_measures_every_part_and_names_no_machine(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "--quick", "--out", str(out), "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(out.read_text())
    measured = {figure["id"].partition(".")[0] for figure in found["figures"]}
    assert measured >= {"reader", "append", "derive", "warm", "stage", "rebuild", "load", "ack", "served", "delay"}
    assert measured >= {"peer", "bare", "bytes", "event", "memory"}
    assert measured >= {"counted", "evaluate", "published", "measuring", "recount", "visible", "cluster"}
    # A peer that needs what is not on this machine says so in words.
    assert all(figure["missing"] or figure["median"] > 0 for figure in found["figures"])
    assert str(tmp_path) not in out.read_text()
    assert found["machine"]["cores"] >= 1


def test_every_stage_is_where_the_bench_looks_for_it() -> None:
    places = [place for stages in (staging.STAGES, cluster_stages.STAGES) for each in stages.values() for place in each]
    assert [(owner, name) for owner, name in places if name not in vars(owner)] == []


def test_an_aim_is_of_a_figure_of_the_same_run_and_is_met_or_not() -> None:
    ours = Figure("load", "load", "lines/s", 2_000, 1_900, 2_100, 5, {"bare": 0.2})
    assert judged([ours])["load"] == ["≥ 0.25 × bare: NOT met"]
    assert judged([missing("ack.journal", "journal only", "messages/s", "there is no `java`")]) == {}


def test_a_receiver_that_cannot_start_is_told_in_words(tmp_path: Path) -> None:
    silent = [sys.executable, "-c", "raise SystemExit('no libraries')"]
    with pytest.raises(NotHere, match="no libraries"), started(silent, tmp_path):
        pass


def test_the_page_shows_the_figures_of_the_results_file() -> None:
    text = PAGE.read_text()
    assert with_tables(text, json.loads(RESULTS.read_bytes())) == text, "`python -m bench` writes both"


def test_a_cluster_that_cannot_be_had_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> NoReturn:
        raise CannotBeHad("no java in PATH.")

    monkeypatch.setattr(cluster_place, "KafkaServer", nowhere)
    found = list(clustering.run(Size(quick=True), tmp_path))
    assert found
    assert all(each.median is None and each.missing == "no java in PATH." for each in found)

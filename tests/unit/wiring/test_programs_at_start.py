"""Payment programs are checked with everything else, before anything starts."""

from pathlib import Path

import pytest

from models.errors import FileIsWrong
from services.wiring.setup import read_setup

PAGE = """program: mine
version: "1"
source: {document: "A contract", section: "1", read_on: 2025-01-10}
effective: {from: 2025-01-01}
parties: {mcp_id: PLANA}
period: year
model: episode_price
price: 100
measures: [{measure: tcs.cm_contact_7d}]
cases: [{rates: {tcs.cm_contact_7d: 9/12}, expect: {earned: "1200.00"}}]
"""


def test_every_mistake_of_programs_is_told_beside_those_of_other_pages(tmp_path: Path) -> None:
    page, maps, config = tmp_path / "mine.yaml", tmp_path / "maps.yaml", tmp_path / "warmhandoff.yaml"
    page.write_text(PAGE.replace("1200.00", "1200.01"))
    maps.write_text("map: x\n")
    config.write_text(f"return_maps: ['{maps}']\nprograms: [plan_a.qpi, '{page}']\n")
    with pytest.raises(FileIsWrong) as told:
        read_setup(config)
    found = {(Path(each.path).name, each.field) for each in told.value.problems}
    assert {("warmhandoff.yaml", "programs[0]"), ("mine.yaml", "cases[0].expect.earned")} <= found
    assert "maps.yaml" in {name for name, _ in found}
    page.write_text(PAGE)
    config.write_text(f"programs: [plan_a.qip, '{page}']\n")
    assert read_setup(config).settings.programs == ("plan_a.qip", str(page))

"""What programs pay equals what a database computes, in one go, of the exported ledger of contributions.

Nothing of services.programs or services.status is used on that side: SQL over `measures --ledger`, the journal's own
return files, and the formulas of care-rules §3.1 and §3.2.
"""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from services.cli.main import complete
from services.simulation.codes import value_sets_csv
from services.simulation.journal import journal_line
from services.simulation.recipe import FAULTS, MEASURE_FAULTS, Recipe
from services.simulation.world import World

WORLD = World(Recipe(60, 330, 11, frozenset({*FAULTS, *MEASURE_FAULTS}), measures=True))
PLAN, AS_OF = "SIM-PLAN-A", WORLD.instants[-1].isoformat()
QUARTERS = {
    f"2025-Q{n}": (date(2025, 3 * n - 2, 1), date(2025, 3 * n, 31 if n in (1, 4) else 30)) for n in (1, 2, 3, 4)
}
GATED = {"trc.engagement": Fraction(4, 10), "tcs.cm_contact_7d": Fraction(3, 10), "cbp": Fraction(2, 10)}
SCORED, ZERO_AT, FULL_AT = "amb_ed", 120, 10
POINTS = {"cbp": (40, "0.20", "0.90"), "gsd.lt8": (35, "0.10", "0.80"), "fuh.30d": (25, "0.05", "0.60")}
_HEAD = f"""
version: "2025.1"
source: {{document: "Test", section: "all", read_on: 2025-01-10}}
effective: {{from: 2025-01-01, to: 2025-12-31}}
parties: {{mcp_id: {PLAN}, provider: any}}
"""
PAGES = {
    "sim.qip": f"""program: sim.qip{_HEAD}period: quarter
model: gated_rates
form: proportional
base_per_member_month: "10.00"
gates: [ecm.rtf_on_time, ecm.otf_on_time]
eligible: {{file: rtf, status: [outreach, enrolled]}}
empty_rate: zero
measures:
{"".join(f'  - {{measure: {name}, weight: "{float(weight):.2f}"}}{chr(10)}' for name, weight in GATED.items())}\
  - {{measure: {SCORED}, weight: "0.10", score: {{zero_at: "{ZERO_AT}", full_at: "{FULL_AT}"}}}}
cases: [{{name: half, eligible: {{"2025-01": 10}}, rates: {{trc.engagement: "0.50"}}, expect: {{earned: "20.00"}}}}]
""",
    "sim.points": f"""program: sim.points{_HEAD}period: year
model: points
rescale: true
measures:
{"".join(f'  - {{measure: {name}, points: {most}, form: linear, floor: "{floor}", target: "{target}"}}{chr(10)}'
         for name, (most, floor, target) in POINTS.items())}\
tiers:
  - {{from: 0, percent: "1"}}
  - {{from: 20, percent: "2.5"}}
  - {{from: 40, percent: "5"}}
  - {{from: 60, percent: "10"}}
bonus: {{fixed: "100000.00"}}
cases: [{{name: all of one, rates: {{cbp: "0.90"}}, expect: {{earned: "10000.00"}}}}]
""",
}  # fmt: skip


class Shown:
    """A store of the world, asked through the command line; its ledger in a database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "programs").mkdir()
        for name, text in PAGES.items():
            (folder / "programs" / f"{name}.yaml").write_text(text)
        (folder / "codes.csv").write_text(value_sets_csv())
        page = f"value_sets: [{folder}/codes.csv]\nprograms: [{folder}/programs]\ntime_zone: America/Los_Angeles\n"
        (folder / "page.yaml").write_text(page)
        (folder / "journal").write_bytes(b"".join(map(journal_line, WORLD.deliveries())))
        self.run("load", str(folder / "journal"))
        (folder / "ledger").write_text(self.run("measures", "--ledger", "--as-of", AS_OF))
        self._base = duckdb.connect()
        self._base.execute(f"create table ledger as select * from read_json_auto('{folder}/ledger', format='nd')")

    def run(self, *args: str) -> str:
        options = ["--config", str(self._folder / "page.yaml"), "--store", str(self._folder / "store")]
        done = CliRunner().invoke(complete(), [*options, *args])
        assert done.exit_code == 0, done.output
        return done.stdout

    def paid(self, program: str, period: str) -> dict[str, str]:
        """What each provider earned, as the program says."""
        told = json.loads(self.run("programs", "--program", program, "--period", period, "--as-of", AS_OF, "--json"))
        return {one["provider"]: one["earned"] for one in told["programs"]}

    def rates(self, provider: str, year: int, first: date, last: date) -> dict[str, Fraction]:
        """Events that ended in the span; a member as a whole counts for the year."""
        found = self._base.execute(
            """select measure, sum(numerator), sum(denominator - exception) from ledger
            where owner.mcp_id = ? and owner.ecm_provider_id = ?
              and case when unit = '' then period = ? else "last"::date between ? and ? end
            group by measure having sum(denominator - exception) > 0""",
            [PLAN, provider, str(year), first, last],
        ).fetchall()
        return {measure: Fraction(int(met), int(of)) for measure, met, of in found}

    def on_time(self, provider: str, month: str) -> bool:
        """Both files."""
        found = self._base.execute(
            """select sum(numerator) from ledger where subject = ? and unit = ?
            and measure in ('ecm.rtf_on_time', 'ecm.otf_on_time')""",
            [f"@files|{PLAN}|{provider}", month],
        ).fetchone()
        return bool(found and found[0] == 2)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return Shown(tmp_path_factory.mktemp("paid"))


def eligible(provider: str, month: str) -> int:
    """Members in the newest accepted version of the month's RTF."""
    newest: list[dict[str, str]] = []
    for delivery in WORLD.deliveries():
        if delivery.kind == "rtf":
            rows = list(csv.DictReader(io.StringIO(delivery.body.decode())))
            if (rows[0]["mcp_id"], rows[0]["provider_id"], rows[0]["period"]) == (PLAN, provider, month):
                newest = rows if rows[0]["file_status"] == "accepted" else newest
    return len({row["member_id"] for row in newest if row["ecm_status"] in ("outreach", "enrolled")})


def clamped(value: Fraction) -> Fraction:
    return min(max(value, Fraction(0)), Fraction(1))


def cents(amount: Fraction) -> str:
    """Half-even, once."""
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return str(exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN))


def months(first: date) -> Iterator[str]:
    return (f"{first.year}-{first.month + n:02}" for n in range(3))


@pytest.mark.parametrize("quarter", sorted(QUARTERS))
def test_gated_rates_pay_what_the_ledger_says(shown: Shown, quarter: str) -> None:
    first, last = QUARTERS[quarter]
    paid = shown.paid("sim.qip", quarter)
    assert len([provider for provider in paid if provider]) >= 5
    for provider, earned in paid.items():
        rates = shown.rates(provider, first.year, first, last)
        share = sum((weight * rates.get(name, Fraction(0)) for name, weight in GATED.items()), Fraction(0))
        if SCORED in rates:
            share += clamped((rates[SCORED] * 1000 - ZERO_AT) / (FULL_AT - ZERO_AT)) / 10
        of = sum(eligible(provider, month) for month in months(first) if shown.on_time(provider, month))
        assert earned == cents(10 * of * share), provider


def test_points_pay_what_the_ledger_says(shown: Shown) -> None:
    paid = shown.paid("sim.points", "2025")
    assert len(set(paid.values())) > 1
    for provider, earned in paid.items():
        rates = shown.rates(provider, 2025, date(2025, 1, 1), date(2025, 12, 31))
        known: dict[str, Any] = {name: of for name, of in POINTS.items() if name in rates}
        most = sum(points for points, *_ in known.values())
        got = sum(
            points * clamped((rates[name] - Fraction(floor)) / (Fraction(target) - Fraction(floor)))
            for name, (points, floor, target) in known.items()
        )
        score = got * 100 / most if most else Fraction(0)
        percent = next(pays for from_, pays in ((60, 10), (40, 5), (20, Fraction(5, 2)), (0, 1)) if score >= from_)
        assert earned == cents(Fraction(100_000) * percent / 100), provider

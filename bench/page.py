"""The figures as `docs/explanation/figures.md` shows them, made from `bench/results.json`: nobody copies a number."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "figures.md"
_LEFT_OUT = ("stage", "measuring", "taking", "recall", "links", "absorb", "freeze", "thaw", "diff", "effects")
"""Steps of a member: `results.json` has them, the page would drown in them."""
Results = Mapping[str, Any]


def refresh(results: Path, page: Path = PAGE) -> None:
    """Write the tables of the page anew, each between its two marks."""
    page.write_text(with_tables(page.read_text(), json.loads(results.read_bytes())))


def with_tables(text: str, found: Results) -> str:
    """The page with its tables made of these results."""
    for name, table in _TABLES.items():
        begin, end = f"<!-- {name}: made by `make bench` -->\n", f"<!-- end of {name} -->\n"
        assert begin in text, f"the page has no place for the {name}"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = before + begin + "".join(f"{line}\n" for line in table(found)) + end + after
    return text


def short(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _machine(found: Results) -> Iterator[str]:
    about, versions = found["machine"], found["versions"]
    yield (
        f"Taken on {found['taken_at'][:10]}: {about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB, "
        f"{about['system'].split('-')[0]}, {about['file_system']}, one sync {about['fsync_us']:,} µs, load average "
        f"{about['load_average_at_start']} at the start; Python {versions['python']}, SQLite {versions['sqlite']}."
    )


def _aims(found: Results) -> Iterator[str]:
    yield from ("| figure | aim | reached | |", "|---|---|---|---|")
    for each in found["figures"]:
        for said in found["aims"].get(each["id"], ()):
            aim, _, verdict = said.partition(": ")
            bound, _, other = aim.partition(" × ")
            reached = (
                f"{short(each['against'][other])} × {other}" if other else f"{short(each['median'])} {each['unit']}"
            )
            wanted = aim if other else f"{bound} {each['unit']}"
            yield f"| {each['what']} | {wanted} | {reached} | {verdict} |"


def _figures(found: Results) -> Iterator[str]:
    yield from ("| figure | median | | ratio to |", "|---|---|---|---|")
    for each in found["figures"]:
        if each["id"].partition(".")[0] not in _LEFT_OUT:
            ratios = ", ".join(f"{short(ratio)} × {name}" for name, ratio in each["against"].items())
            said = each["missing"] and f"not measured: {each['missing']}"
            yield f"| {each['what']} | {short(each['median'])} | {each['unit']} | {ratios or said} |"


def _stages(of: str, found: Results) -> Iterator[str]:
    stages: Sequence[Results] = [each for each in found["figures"] if each["id"].startswith(f"{of}.")]
    yield from ("| part | µs a line | share |", "|---|---|---|")
    for each in sorted(stages, key=lambda stage: -stage["median"]):
        share = each["against"].get("whole", 1.0)
        yield f"| {each['what'].removeprefix('of it: ')} | {short(each['median'])} | {share:.0%} |"


_TABLES: dict[str, Callable[[Results], Iterator[str]]] = {
    "machine": _machine,
    "aims": _aims,
    "figures": _figures,
    "stages": partial(_stages, "stage"),
    "stages with measures": partial(_stages, "measuring"),
    "stages in a worker": partial(_stages, "taking"),
}

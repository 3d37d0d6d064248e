"""What is written down leads somewhere, and nothing in the tree belongs to one machine."""

import re
import subprocess
from pathlib import Path

import pytest

from connectors.tabular.kinds import TABLES

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# Written so that this file does not find itself.
ELSEWHERE = re.compile(
    "|".join(["py" + r"pi\.org", "python" + r"hosted", "np" + r"mjs\.", "/wo" + "rk/", "/ro" + "ot/"])
)


def tracked() -> list[Path]:
    """Files that are in the repository or about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("page", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = [target.split("#")[0] for target in LINK.findall(page.read_text(encoding="utf-8"))]
    assert [t for t in targets if t and "://" not in t and not (page.parent / t).exists()] == []


def test_every_page_can_be_reached_from_the_first() -> None:
    reached: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page.suffix == ".md" and page not in reached:
            reached.add(page)
            targets = LINK.findall(page.read_text(encoding="utf-8"))
            ahead += [page.parent / target.split("#")[0] for target in targets if "://" not in target]
    assert {page.resolve() for page in documents()} - reached == set()


def test_nothing_names_a_package_registry_or_a_place_on_one_machine() -> None:
    found = []
    for path in tracked():
        if path.name != "uv.lock":
            text = path.read_bytes().decode("utf-8", "replace")
            found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in ELSEWHERE.finditer(text)]
    assert found == []


def test_every_table_kind_and_column_is_in_the_reference_and_nothing_else_is() -> None:
    page = (ROOT / "docs/reference/files.md").read_text(encoding="utf-8")
    rows = dict(
        re.findall(r"^\| `(\w+)` \| (.*) \|$", page.split("## Tables")[1].split("## Decisions")[0], re.MULTILINE)
    )
    assert set(rows) == set(TABLES)
    for kind, table in TABLES.items():
        told = {cell.split()[0] for cell in re.sub(r"\([^)]*\)|\*\*|:.*", "", rows[kind]).split(",")}
        assert told == set(table.columns or table.telling), kind
        assert set(re.findall(r"\*\*(\w+)\*\*", rows[kind])) == set(table.required), kind

"""Value sets as operators provide them."""

import pytest

from models.errors import FileIsWrong
from services.timeliness.value_sets import parse_value_sets

HEAD = "name,system,version,code,display\n"


def test_codes_are_united_over_files_and_versions_in_upper_case_without_dots() -> None:
    one = f'\ufeff{HEAD}visit,cpt,2025,99213,"Office, 20 minutes"\nvisit,cpt,2024,g0402,\n\n'
    two = "code,name,version,system,licence\nz34.9,pregnancy,2025,icd,x\n99214,visit,2025,cpt,x\n"
    assert parse_value_sets([("one.csv", one), ("two.csv", two)]) == {
        "pregnancy": frozenset({"Z349"}),
        "visit": frozenset({"99213", "99214", "G0402"}),
    }


def test_every_problem_of_every_file_is_told_by_line() -> None:
    files = [
        ("a.csv", f"{HEAD}visit,cpt,2025,,\n,cpt,2025,99213,\nvisit,cpt,2025,99213,Office, 20 minutes\nok,cpt,1,1,\n"),
        ("b.csv", "name,version,code\nvisit,2025,99213\n"),
        ("c.csv", ""),
        ("d.csv", f'{HEAD}visit,cpt,2025,99213,"Office" visit\n'),
    ]
    with pytest.raises(FileIsWrong) as wrong:
        parse_value_sets(files)
    assert [(problem.path, problem.line, problem.field) for problem in wrong.value.problems] == [
        ("a.csv", 2, "code"), ("a.csv", 3, "name"), ("a.csv", 4, ""),
        ("b.csv", 1, "system"), ("c.csv", 1, "name"), ("d.csv", 2, ""),
    ]  # fmt: skip

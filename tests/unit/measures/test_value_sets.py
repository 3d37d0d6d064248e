"""Value sets as operators provide them, for measures."""

from datetime import date

import msgspec
import pytest

from models.errors import FileIsWrong
from services.measures.value_sets import ValueSets, read_value_sets

HEAD = "name,system,version,code,display\n"
LONG = "name,system,version,code,effective_from,effective_to\n"


def expansion(oid: str, *codes: str, title: str = "", version: str = "1") -> dict[str, object]:
    contains = [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code, "display": "x"} for code in codes]
    return {
        "resourceType": "ValueSet",
        "url": f"http://example.org/ValueSet/{oid}",
        "version": version,
        "title": title,
        "expansion": {"total": len(contains), "contains": contains},
    }


def written(*values: object) -> list[tuple[str, str]]:
    return [(f"{n}.json", msgspec.json.encode(value).decode()) for n, value in enumerate(values)]


def problems_of(*pages: tuple[str, str]) -> list[tuple[str, int, str]]:
    with pytest.raises(FileIsWrong) as wrong:
        read_value_sets(pages)
    return [(one.path, one.line, one.field) for one in wrong.value.problems]


def test_codes_are_compared_however_they_are_written_and_whatever_the_system_is_called() -> None:
    sets = read_value_sets([("a.csv", f"\ufeff{HEAD}v,urn:oid:2.16.840.1.113883.6.90,1,i10.0,\nv,CPT,2,99213,\n")])
    assert sets.codes("v") == {"icd10cm|I100", "hcpcs|99213"}
    assert sets.listed("v").versions == ("1", "2")


def test_an_expansion_is_known_by_its_oid_and_its_title_and_joins_other_versions() -> None:
    sets = read_value_sets(written(expansion("1.2.3", "I10", title="Tension"), expansion("1.2.3", "I11", version="2")))
    assert sets.codes("1.2.3") == sets.codes("Tension") == {"icd10cm|I10", "icd10cm|I11"}
    assert sets.listed("1.2.3").versions == ("1", "2")


def test_a_title_that_two_sets_share_names_neither() -> None:
    sets = read_value_sets(
        written(expansion("1.2.3", "I10", title="Tension"), expansion("1.2.4", "I11", title="Tension"))
    )
    assert "Tension" not in sets


def test_a_bundle_holds_sets_among_other_resources_and_headings_are_no_codes() -> None:
    heading = {"abstract": True, "contains": [{"system": "http://loinc.org", "code": "8480-6"}]}
    nested = {"resourceType": "ValueSet", "id": "bp", "expansion": {"contains": [heading]}}
    other = {"resourceType": "Patient", "name": [{"family": "x"}]}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": other}, {"resource": nested}, {}]}
    sets = read_value_sets(written(bundle))
    assert sets.codes("bp") == {"loinc|8480-6"}


def test_a_set_without_codes_is_the_same_as_none() -> None:
    sets = read_value_sets(written(expansion("1.2.3")))
    assert "1.2.3" not in sets
    assert sets.codes("1.2.3") == frozenset() == sets.sets_of("icd10cm|I10")


def test_a_code_is_in_a_set_only_on_its_days() -> None:
    text = f"{LONG}visit,cpt,1,99441,,2024-12-31\nvisit,cpt,1,99213,,\nphone,cpt,1,99441,2024-01-01,2025-06-30\n"
    sets = read_value_sets([("a.csv", text)])
    last_year, this_year, later = (date(*day).toordinal() for day in ((2024, 12, 31), (2025, 1, 1), (2025, 7, 1)))
    assert sets.naming("hcpcs|99441", last_year) == {"visit", "phone"}
    assert sets.naming("hcpcs|99441", this_year) == sets.matching(["hcpcs|99441"], this_year) == {"phone"}
    assert sets.matching(["hcpcs|99441", "hcpcs|99213"], later) == {"visit"}
    assert sets.sets_of("hcpcs|99441") == {"visit", "phone"}


def test_a_code_that_is_always_in_a_set_stays_when_another_file_dates_it() -> None:
    dated = f"{LONG}visit,cpt,1,99441,,2024-12-31\n"
    sets = read_value_sets([("a.csv", dated), ("b.csv", f"{HEAD}visit,cpt,2,99441,\n")])
    assert sets.naming("hcpcs|99441", date(2026, 1, 1).toordinal()) == {"visit"}


def test_narrowed_sets_name_only_what_is_wanted_and_aliases_resolve() -> None:
    sets = read_value_sets(written(expansion("1.2.3", "I10", title="Tension"), expansion("1.2.4", "I10", "I11")))
    assert sets.narrowed({"1.2.4", "absent"}).sets_of("icd10cm|I10") == {"1.2.4"}
    view = sets.with_aliases({"essential-hypertension": "1.2.3", "gone": "9.9"})
    assert view.codes("essential-hypertension") == {"icd10cm|I10"}
    assert "gone" not in view
    assert "essential-hypertension" not in sets


def test_equal_lists_have_equal_digests_whatever_the_files() -> None:
    one = read_value_sets([("a.csv", f"{HEAD}v,cpt,1,99213,\nv,cpt,1,99214,\n")])
    two = read_value_sets([("b.csv", f"{HEAD}v,cpt,1,99214,x\n"), ("c.csv", f"{HEAD}v,cpt,1,99213,\n")])
    other = read_value_sets([("a.csv", f"{HEAD}v,cpt,1,99213,\n")])
    assert one.digest == two.digest != other.digest != ValueSets().digest


def test_every_problem_of_every_table_is_told_by_line() -> None:
    bad = f"{LONG}v,cpt,1,,,\nv,,1,1,,\nv,cpt,1,1,2025-13-01,\nv,cpt,1,1,2025-02-01,2025-01-01\nv,cpt,1\nv,cpt,1,1,,\n"
    assert problems_of(("a.csv", bad), ("b.csv", ""), ("c.csv", f'{HEAD}v,cpt,1,1,"x" y\n')) == [
        ("a.csv", 2, "code"), ("a.csv", 3, "system"), ("a.csv", 4, "effective_from"), ("a.csv", 5, "effective_from"),
        ("a.csv", 6, ""), ("b.csv", 1, "name"), ("c.csv", 2, ""),
    ]  # fmt: skip


def test_every_problem_of_every_expansion_is_told_by_line() -> None:
    entries = (
        '{"resourceType":"ValueSet","id":"x","expansion":{"total":9,"contains":[\n{"system":"a"},\n{"code":"1"}]}}'
    )
    assert problems_of(
        ("entries.json", entries),
        ("typed.json", '{"resourceType":"ValueSet","id":"x",\n"expansion":{"contains":[\n{"system":"a","code":3}]}}'),
        ("bare.json", '{"resourceType":"Bundle","entry":[\n{"resource":{"resourceType":"ValueSet","id":"x"}}]}'),
        ("nameless.json", '{"resourceType":"ValueSet","expansion":{}}'),
        ("patient.json", '{"resourceType":"Patient"}'),
        ("cut.json", '{"resourceType":\n'),
        ("list.json", "[]"),
    ) == [
        ("entries.json", 1, "expansion.total"), ("entries.json", 2, "expansion.contains[0].code"),
        ("entries.json", 3, "expansion.contains[1].system"), ("typed.json", 3, "expansion.contains[0].code"),
        ("bare.json", 2, "entry[0].resource.expansion"), ("nameless.json", 1, "url"),
        ("patient.json", 1, "resourceType"), ("cut.json", 2, ""), ("list.json", 1, ""),
    ]  # fmt: skip

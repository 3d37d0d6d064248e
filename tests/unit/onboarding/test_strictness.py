"""What hl7apy says of a few messages: places and kinds, never the values that its texts repeat."""

from services.onboarding.report import StrictFinding
from tests.unit.onboarding.support import lint, message


def found(*bodies: bytes, strict: int = 10) -> list[StrictFinding]:
    report = lint(*bodies, strict=strict)
    assert report.strict
    return report.strict.findings


def test_a_missing_field_and_a_value_outside_its_table_are_told_by_place() -> None:
    odd = message("A01", pv1={2: "", 4: "QXSN1"}, pid={8: "QXSN1"})
    kinds = {(one.where, one.kind) for one in found(odd)}
    assert ("PV1-2", "required, and absent") in kinds
    assert ("PV1-4", "not in the standard's table") in kinds
    assert not any("QX" in one.where + one.kind for one in found(odd))


def test_what_hl7apy_cannot_parse_is_counted() -> None:
    report = lint(message("A01", f12="9.9"), strict=1)
    assert report.strict
    assert (report.strict.checked, report.strict.unreadable) == (1, 1)


def test_the_messages_checked_are_spread_over_the_triggers() -> None:
    stream = [message("A08", patient=n) for n in range(1, 30)] + [message("A03", pv1={2: ""})]
    report = lint(*stream, strict=3)
    assert report.strict
    assert report.strict.checked == 3
    examples = {one.example for one in report.strict.findings}
    assert 30 in examples, "the only A03 is among them"


def test_none_are_checked_when_none_are_wanted() -> None:
    assert lint(message("A01")).strict is None

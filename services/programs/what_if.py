"""What if a rate were another, or a file in time: the same computation with other inputs."""

import re
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

import msgspec

from models.pages import nearest
from services.programs.amounts import exact
from services.programs.inputs import Inputs

_FILE = re.compile(r"(rtf|otf):\d{4}-(0[1-9]|1[0-2])")
_STATES = {"on_time": True, "late": False}
_INPUT = "input:"


class Changes(msgspec.Struct, frozen=True):
    """What is supposed: rates by measure, files (`otf:2025-02`) on time or late, stated numbers by key."""

    rates: Mapping[str, Fraction] = {}
    gates: Mapping[str, bool] = {}
    amounts: Mapping[str, Fraction] = {}

    def on(self, inputs: Inputs) -> Inputs:
        """The inputs as supposed. With nothing supposed they are the same."""
        rates = {measure: inputs.rate(measure).set(value) for measure, value in self.rates.items()}
        supposed = inputs.with_rates(rates)
        for key, on_time in self.gates.items():
            supposed = supposed.with_gate(key, on_time=on_time)
        return msgspec.structs.replace(supposed, amounts={**supposed.amounts, **self.amounts})


def read_changes(settings: Sequence[str], measures: Collection[str]) -> Changes:
    """Read `ecm.outreach_10=0.80`, `otf:2025-02=on_time`, `input:reimbursement=412500`.

    Args:
        settings: as a person wrote them.
        measures: those that any of the programs pays for.

    Raises:
        ValueError: one cannot be read; the second line is the remedy.
    """
    rates: dict[str, Fraction] = {}
    gates: dict[str, bool] = {}
    amounts: dict[str, Fraction] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(
                f"{setting!r} sets nothing.\nWrite measure=rate, rtf:2025-02=on_time or input:cost=9400000."
            )
        if _FILE.fullmatch(name):
            gates[name] = _state(value)
        elif name.startswith(_INPUT):
            amounts[name.removeprefix(_INPUT)] = exact(value)
        elif name in measures:
            rates[name] = _rate(value)
        else:
            known = ", ".join(sorted(measures)) or "none"
            raise ValueError(f"{name!r} is no measure of these programs.\n{nearest(name, measures)}There are: {known}.")
    return Changes(rates, gates, amounts)


def _state(text: str) -> bool:
    if text not in _STATES:
        raise ValueError(f"{text!r} is no state of a file.\nWrite on_time or late.")
    return _STATES[text]


def _rate(text: str) -> Fraction:
    """A decimal, or a fraction such as 5/8."""
    numerator, slash, denominator = text.partition("/")
    below = exact(denominator) if slash else Fraction(1)
    if below <= 0:
        raise ValueError(f"{text!r} is no rate.\nWrite 0.80, or a fraction such as 5/8.")
    return exact(numerator) / below

"""All measures of a member, by year."""

from collections.abc import Iterator, Sequence

from services.simulation.measuring.adherence import adherence
from services.simulation.measuring.care import enhanced_care, transitional_care
from services.simulation.measuring.discharges import psychiatric, readmissions, transitions
from services.simulation.measuring.emergencies import emergency_use, mental_illness, substance_use
from services.simulation.measuring.known import Known
from services.simulation.measuring.yearly import blood_pressure, depression, glycemic_status
from services.simulation.truth import TrueMeasure

_ALL = (
    transitions, readmissions, psychiatric, mental_illness, substance_use, emergency_use, blood_pressure,
    glycemic_status, adherence, depression, transitional_care, enhanced_care,
)  # fmt: skip


def measures_of(known: Known, years: Sequence[int]) -> Iterator[TrueMeasure]:
    """What should be counted of a member; what has no denominator is left out."""
    for year in years:
        for measure in _ALL:
            yield from (entry for entry in measure(known, year) if entry.denominator)

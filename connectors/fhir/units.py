"""Numbers in one unit for each kind of quantity, so that a page compares numbers alone.

An analyte is known by its LOINC code, since a mole of glucose weighs otherwise than one of creatinine; lengths,
weights, pressures and temperatures by their unit. Units are UCUM, as coded or as people write them. HL7 v2 results use
it too.

Source: UCUM; IFCC-NGSP master equation (HbA1c); molar masses of glucose 180.16, creatinine 113.12, cholesterol 386.65,
triglycerides 885.7 (as triolein), urea nitrogen 28.01, calcium 40.08 g/mol.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

Linear = tuple[float, float]
"""A factor and what is added then."""

AS_IS: Linear = (1.0, 0.0)


class Quantity(NamedTuple):
    """A number and its unit. `is_known` is False when nobody can say what the number means: for an analyte that has a
    canonical unit it is then None, and the unit as stated.
    """

    number: float | None
    unit: str
    is_known: bool = True


class Analyte(NamedTuple):
    """The canonical unit of what some LOINC codes measure, and how other units become it."""

    unit: str
    others: Mapping[str, Linear]


_MASS_DL: dict[str, Linear] = {"mg/dL": AS_IS, "g/L": (100, 0), "g/dL": (1000, 0), "mg/L": (0.1, 0), "ug/mL": (0.1, 0)}
_GRAMS_DL: dict[str, Linear] = {"g/dL": AS_IS, "g/L": (0.1, 0), "mg/dL": (0.001, 0), "mg/mL": (0.1, 0)}
_FLOW: dict[str, Linear] = {"mL/min": AS_IS, "mL/s": (60, 0), "L/min": (1000, 0)}

HBA1C = Analyte("%", {"%": AS_IS, "mmol/mol": (0.09148, 2.152)})
GLUCOSE = Analyte("mg/dL", _MASS_DL | {"mmol/L": (18.016, 0)})
CREATININE = Analyte("mg/dL", _MASS_DL | {"umol/L": (0.011312, 0), "mmol/L": (11.312, 0)})
CHOLESTEROL = Analyte("mg/dL", _MASS_DL | {"mmol/L": (38.665, 0)})
TRIGLYCERIDES = Analyte("mg/dL", _MASS_DL | {"mmol/L": (88.57, 0)})
UREA_NITROGEN = Analyte("mg/dL", _MASS_DL | {"mmol/L": (2.801, 0)})
CALCIUM = Analyte("mg/dL", _MASS_DL | {"mmol/L": (4.008, 0)})
HEMOGLOBIN = Analyte("g/dL", _GRAMS_DL | {"mmol/L": (1.6114, 0)})
ALBUMIN = Analyte("g/dL", _GRAMS_DL)
ALBUMIN_CREATININE = Analyte("mg/g", {"mg/g": AS_IS, "ug/mg": AS_IS, "mg/mmol": (8.84, 0), "g/g": (1000, 0)})
FILTRATION = Analyte("mL/min/{1.73_m2}", _FLOW)
PRESSURE = Analyte("mm[Hg]", {"mm[Hg]": AS_IS, "kPa": (7.50062, 0), "Pa": (0.00750062, 0), "cm[H2O]": (0.735559, 0)})
WEIGHT = Analyte("kg", {
    "kg": AS_IS, "g": (0.001, 0), "[lb_av]": (0.45359237, 0), "[oz_av]": (0.028349523125, 0),
    "[stone_av]": (6.35029318, 0),
})  # fmt: skip
LENGTH = Analyte("cm", {"cm": AS_IS, "m": (100, 0), "mm": (0.1, 0), "[in_i]": (2.54, 0), "[ft_i]": (30.48, 0)})
TEMPERATURE = Analyte("Cel", {"Cel": AS_IS, "[degF]": (5 / 9, -160 / 9), "K": (1, -273.15)})

_LOINC: tuple[tuple[Analyte, str], ...] = (
    (HBA1C, "4548-4 4549-2 17855-8 17856-6 41995-2 55454-3 59261-8 62388-4 71875-9 96595-4 97506-0"),
    (GLUCOSE, "1521-4 1558-6 2339-0 2340-8 2345-7 14743-9 14749-6 14771-0 15074-8 32016-8 41653-7"),
    (CREATININE, "2160-0 14682-9 38483-4"),
    (CHOLESTEROL, "2085-9 2089-1 2093-3 12773-8 13457-7 14646-4 14647-2 18261-8 18262-6 22748-8 39469-2 43396-1"),
    (TRIGLYCERIDES, "2571-8 3043-7 14927-8"),
    (UREA_NITROGEN, "3094-0 6299-2 14937-7"),
    (CALCIUM, "17861-6 2000-8"),
    (HEMOGLOBIN, "718-7 20509-6 30313-1 30350-3"),
    (ALBUMIN, "1751-7 2862-1 61151-7"),
    (ALBUMIN_CREATININE, "9318-7 14958-3 14959-1 30000-4 30001-2 32294-1"),
    (
        FILTRATION,
        "33914-3 48642-3 48643-1 50044-7 50210-4 62238-1 69405-9 70969-1 77147-7 88293-6 88294-4 94677-2 98979-8",
    ),
    (
        PRESSURE,
        "8480-6 8462-4 8459-0 8460-8 8461-6 8453-3 8454-1 8455-8 8478-0 75997-7 75995-1 76534-7 76535-4 96608-5",
    ),
    (PRESSURE, "96609-3"),
    (WEIGHT, "29463-7 3141-9 3142-7 8335-2 8351-9"),
    (LENGTH, "8301-4 8302-2 8305-5 8306-3 8308-9 9843-4"),
    (TEMPERATURE, "8310-5 8328-7 8329-5 8330-3 8331-1 8332-9 8333-7 75539-7"),
)
ANALYTES = {f"loinc|{code}": analyte for analyte, listed in _LOINC for code in listed.split()}

BY_UNIT = {unit: analyte for analyte in (PRESSURE, WEIGHT, LENGTH, TEMPERATURE) for unit in analyte.others}
"""Units that say by themselves what they measure, whatever the code is."""

_SPELLINGS = {
    "mmhg": "mm[Hg]", "mm hg": "mm[Hg]", "mm[hg]": "mm[Hg]", "millimeter of mercury": "mm[Hg]", "kpa": "kPa",
    "mdc_dim_mmhg": "mm[Hg]", "mdc_dim_percent": "%", "mdc_dim_degc": "Cel", "mdc_dim_beat_per_min": "/min",
    "mdc_dim_kilo_g": "kg", "mdc_dim_centi_m": "cm", "mdc_dim_lb": "[lb_av]", "mdc_dim_inch": "[in_i]",
    "percent": "%", "% of total hgb": "%", "%hb": "%", "% hb": "%", "%{hb}": "%", "mmol/mol hb": "mmol/mol",
    "lb": "[lb_av]", "lbs": "[lb_av]", "pound": "[lb_av]", "pounds": "[lb_av]", "[lb_us]": "[lb_av]",
    "[lb_av]": "[lb_av]", "oz": "[oz_av]", "[oz_av]": "[oz_av]", "kgs": "kg", "kilogram": "kg", "kilograms": "kg",
    "in": "[in_i]", "inch": "[in_i]", "inches": "[in_i]", "[in_us]": "[in_i]", "[in_i]": "[in_i]",
    "ft": "[ft_i]", "[ft_i]": "[ft_i]", "[ft_us]": "[ft_i]", "cms": "cm", "centimeter": "cm", "centimeters": "cm",
    "c": "Cel", "cel": "Cel", "degc": "Cel", "deg c": "Cel", "°c": "Cel", "celsius": "Cel", "degree celsius": "Cel",
    "f": "[degF]", "degf": "[degF]", "deg f": "[degF]", "°f": "[degF]", "[degf]": "[degF]", "fahrenheit": "[degF]",
    "mg/dl": "mg/dL", "g/dl": "g/dL", "gm/dl": "g/dL", "g/l": "g/L", "mg/l": "mg/L", "ug/ml": "ug/mL",
    "mcg/ml": "ug/mL",
    "mmol/l": "mmol/L", "umol/l": "umol/L", "micromol/l": "umol/L", "µmol/l": "umol/L", "μmol/l": "umol/L",
    "mcg/mg": "ug/mg", "mcg/mg creat": "ug/mg", "ug/mg creat": "ug/mg", "mg/g creat": "mg/g", "mg/g cr": "mg/g",
    "mg/g{creat}": "mg/g", "ml/min": "mL/min", "ml/min/1.73": "mL/min", "ml/min/1.73m2": "mL/min",
    "ml/min/1.73 m2": "mL/min", "ml/min/1.73sq m": "mL/min", "ml/min/1.73 sq m": "mL/min", "ml/s": "mL/s",
    "bpm": "/min", "beats/min": "/min", "beats per minute": "/min", "breaths/min": "/min", "/minute": "/min",
    "kg/m^2": "kg/m2", "kg/m²": "kg/m2", "10^3/ul": "10*3/uL", "k/ul": "10*3/uL", "x10e3/ul": "10*3/uL",
    "10^6/ul": "10*6/uL", "m/ul": "10*6/uL", "x10e6/ul": "10*6/uL", "meq/l": "meq/L", "iu/l": "[IU]/L", "u/l": "U/L",
    "ng/ml": "ng/mL", "pg/ml": "pg/mL", "ng/dl": "ng/dL", "ug/dl": "ug/dL", "mcg/dl": "ug/dL", "fl": "fL", "pg": "pg",
    "miu/l": "m[IU]/L", "uiu/ml": "u[IU]/mL", "mm/hr": "mm/h", "mm/h": "mm/h", "sec": "s", "seconds": "s",
    "score": "{score}", "points": "{score}", "ratio": "{ratio}", "index": "{index}", "year": "a", "years": "a",
}  # fmt: skip
"""Units as people write them, in lower case; mg/dL and mmHg have a dozen spellings."""

_PLAIN = frozenset(_SPELLINGS.values()) | {
    "%", "kg", "g", "mg", "ug", "m", "cm", "mm", "L", "mL", "dL", "uL", "s", "min", "h", "d", "wk", "mo", "a", "K",
    "Pa",
    "mmol/mol", "kg/m2", "1", "/min", "g/mL", "mg/mL", "/uL", "[pH]", "L/min", "ms", "g/g", "mg/mmol", "cm[H2O]",
}  # fmt: skip
_ANNOTATION = re.compile(r"\{(?!1\.73_m2\})[^{}]*\}")


def canonical(number: float | None, unit: str, codes: Iterable[str], *, is_ucum: bool = False) -> Quantity:
    """Bring a number into the canonical unit of what it measures.

    Args:
        unit: as coded, or as written; "" when absent. An analyte's number without unit is taken as it is.
        codes: what was measured, as `models.codes.coded`.
        is_ucum: the unit is a UCUM code by its system: known, even where we have not met it.
    """
    stated = spelled(unit)
    analyte = next((ANALYTES[code] for code in codes if code in ANALYTES), None) or BY_UNIT.get(stated)
    if analyte is None:
        return Quantity(number, stated, is_ucum or not stated or stated in _PLAIN)
    if not stated:
        return Quantity(number, "", is_known=False)
    change = analyte.others.get(stated)
    if change is None:
        return Quantity(None, stated, is_known=False)
    if number is None or change is AS_IS:
        return Quantity(number, analyte.unit)
    factor, more = change
    return Quantity(round(number * factor + more, 6), analyte.unit)


def spelled(unit: str) -> str:
    """A unit as UCUM writes it, without annotations, where it is one that we know; else as stated."""
    text = unit.strip()
    if found := _SPELLINGS.get(text.lower()):
        return found
    plain = _ANNOTATION.sub("", text).removesuffix("/{1.73_m2}")
    return _SPELLINGS.get(plain.lower(), plain) if plain else text

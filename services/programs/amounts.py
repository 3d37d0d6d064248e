"""Exact numbers: read from pages without a float, counted as fractions, rounded to cents once, at the end."""

import re
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,12})?")
_WIDE = Context(prec=60)
_CENT, _FINE = Decimal("0.01"), Decimal("0.000001")


def exact(value: object) -> Fraction:
    """Read `12` or `"12.50"`.

    Raises:
        ValueError: YAML made a float of it, or it is no number; the second line is the remedy.
    """
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if _NUMBER.fullmatch(text):
        return Fraction(text)
    if isinstance(value, float):
        remedy = f'It may have lost digits; put it in quotes: "{value!r}".'
    else:
        remedy = 'Write digits, such as 12, or in quotes "12.50".'
    raise ValueError(f"{value!r} is no exact number.\n{remedy}")


def _not_negative(value: object) -> Fraction:
    number = exact(value)
    if number < 0:
        raise ValueError(f"{value!r} is less than nothing.\nWrite 0 or more.")
    return number


def _share(value: object) -> Fraction:
    number = _not_negative(value)
    if number > 1:
        raise ValueError(f'{value!r} is more than the whole.\nWrite a share between 0 and 1, such as "0.40".')
    return number


def _percent(value: object) -> Fraction:
    number = _not_negative(value)
    if number > 100:
        raise ValueError(f'{value!r} is more than 100 percent.\nWrite a number between 0 and 100, such as "2.5".')
    return number / 100


Number = Annotated[Fraction, BeforeValidator(exact)]
Amount = Annotated[Fraction, BeforeValidator(_not_negative)]
Share = Annotated[Fraction, BeforeValidator(_share)]
"""Of one: `"0.40"`."""
Percent = Annotated[Fraction, BeforeValidator(_percent)]
"""Of a hundred as written (`"2.5"`), of one as kept (1/40)."""


def cents(amount: Fraction) -> Decimal:
    """Money as it is paid: rounded to cents, half to even."""
    return _decimal(amount * 100, Decimal(1), ROUND_HALF_EVEN).scaleb(-2, _WIDE).quantize(_CENT, context=_WIDE)


def dollars(amount: Fraction) -> str:
    """Write money for people: `$1,727.25`, `-$12.00`."""
    rounded = cents(amount)
    return f"{'-' if rounded < 0 else ''}${abs(rounded):,.2f}"


def plain(number: Fraction) -> str:
    """Write a number as a decimal of at most six places, cut rather than rounded: 89.9999999 is not yet 90."""
    text = f"{_decimal(number, _FINE, ROUND_DOWN):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(number: Fraction, step: Decimal, rounding: str) -> Decimal:
    """Round exactly: the division is by whole numbers, so that a long decimal is not rounded twice."""
    scaled = number / Fraction(step)
    whole, rest = divmod(abs(scaled.numerator), scaled.denominator)
    half = 2 * rest - scaled.denominator
    up = rounding == ROUND_HALF_EVEN and (half > 0 or (half == 0 and whole % 2 == 1))
    sign = -1 if scaled < 0 else 1
    return _WIDE.multiply(Decimal(sign * (whole + up)), step)

"""The boundary: a resource is a FHIR R4 resource before anything is read from it.

`fhir.resources` judges (R4B: the same as R4 for all types read here). It is loaded with the first resource, since it
takes a fifth of a second; then an Observation costs about 0.2 ms.
"""

import re
from functools import cache
from typing import Any

from connectors.fhir.elements import Json, text
from models.errors import MessageIsWrong

_ELEMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_WORDS = {"missing": "is required, and absent", "extra_forbidden": "is no element of R4"}


def check(resource: Json, where: str) -> None:
    """Judge a resource of a type that R4 has.

    Args:
        where: its element path, for the message.

    Raises:
        MessageIsWrong: with the path of the first element that is wrong, and its shape.
    """
    try:
        _model(text(resource, "resourceType")).model_validate(resource)
    except ValueError as error:
        raise _wrong(error, where) from None
    except (TypeError, AttributeError, RecursionError, OverflowError, KeyError) as error:
        shape = f"a resource that cannot be judged ({type(error).__name__})"
        raise MessageIsWrong("not_r4", where, shape, _FIX) from None


_FIX = "Send the resource as FHIR R4 has it, and replay the message."


@cache
def _model(kind: str) -> Any:
    from fhir.resources.R4B import get_fhir_model_class

    return get_fhir_model_class(kind)


def _wrong(error: ValueError, where: str) -> MessageIsWrong:
    details = getattr(error, "errors", None)
    found = details(include_url=False, include_context=False) if callable(details) else []
    if not found:
        return MessageIsWrong("not_r4", where, "an element that R4 does not allow so", _FIX)
    first = found[0]
    place = "".join(_step(step) for step in first["loc"])
    value = first.get("input")
    shape = _WORDS.get(first["type"], f"a {type(value).__name__} that R4 does not allow there")
    return MessageIsWrong("not_r4", f"{where}{place}", shape, _FIX)


def _step(step: object) -> str:
    """A step of a path; names that are no element's may be anything, so they are not repeated."""
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if isinstance(step, str) and _ELEMENT.fullmatch(step) else ".?"

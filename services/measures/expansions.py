"""Value sets as FHIR ValueSet resources with their expansion, alone or in a Bundle. Source: FHIR R4 ValueSet."""

import re
from collections.abc import Iterator

import msgspec

from models.codes import coded
from models.errors import Problem
from services.measures.listed import Part

_MEMBER = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")


class _Code(msgspec.Struct, gc=False):
    system: str = ""
    code: str = ""
    abstract: bool = False
    contains: "list[_Code]" = []


class _Expansion(msgspec.Struct):
    contains: list[_Code] = []
    total: int | None = None
    offset: int | None = None


class _Identifier(msgspec.Struct, gc=False):
    value: str = ""


class _ValueSet(msgspec.Struct):
    id: str = ""
    url: str = ""
    version: str = ""
    name: str = ""
    title: str = ""
    identifier: list[_Identifier] = []
    expansion: _Expansion | None = None


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"{}")


class _Kind(msgspec.Struct, rename="camel"):
    resource_type: str = ""
    entry: list[_Entry] = []


_kind = msgspec.json.Decoder(_Kind).decode
_value_set = msgspec.json.Decoder(_ValueSet).decode


def read_expansions(path: str, text: str) -> Iterator[Part | Problem]:
    """Read one ValueSet, or those of a Bundle, whose other resources are left alone."""
    place = ""
    try:
        whole = _kind(text.removeprefix("\ufeff"))
        match whole.resource_type:
            case "ValueSet":
                yield from _parts(path, text, _value_set(text.removeprefix("\ufeff")), place)
            case "Bundle":
                for index, entry in enumerate(whole.entry):
                    place = f"entry[{index}].resource."
                    if _kind(entry.resource).resource_type == "ValueSet":
                        yield from _parts(path, text, _value_set(entry.resource), place)
            case other:
                what = f"It is a {other or 'JSON object'}, no ValueSet."
                remedy = "Keep only ValueSets, and Bundles of them, in this folder."
                yield Problem(path, 1, "resourceType", what, remedy)
    except msgspec.ValidationError as error:
        what, _, within = str(error).partition(" - at `$")
        field = (place + within.rstrip("`").removeprefix(".")).removesuffix(".")
        yield Problem(path, _line(text, field), field, f"{what}.", "Export the value set again as FHIR R4 JSON.")
    except msgspec.DecodeError as error:
        byte = re.search(r"byte (\d+)", str(error))
        line = 1 + text.encode()[: int(byte[1])].count(b"\n") if byte else 1 + text.count("\n")
        yield Problem(path, line, "", f"It is no JSON: {error}.", "Save the value set as FHIR R4 JSON, whole.")


def _parts(path: str, text: str, resource: _ValueSet, at: str) -> Iterator[Part | Problem]:
    name = resource.url.rstrip("/").rpartition("/")[2].removeprefix("urn:oid:") or resource.id
    expansion = resource.expansion
    if not name:
        what = "The value set has no url and no id, so nobody can ask for it."
        yield Problem(path, _line(text, at), f"{at}url", what, "Give it the canonical url that pages know it by.")
        return
    if expansion is None:
        what = f"The value set {name} has no expansion: its codes are not in the file."
        yield Problem(path, _line(text, at), f"{at}expansion", what, "Export its expansion ($expand).")
        return
    found = list(_flat(expansion.contains, f"{at}expansion.contains"))
    if expansion.total is not None and expansion.offset is None and expansion.total > len(found):
        what = f"The expansion of {name} has {len(found)} of {expansion.total} codes."
        yield Problem(path, _line(text, at), f"{at}expansion.total", what, "Export it whole.")
    codes = set()
    for one, place in found:
        if one.system and one.code.strip():
            codes.add(coded(one.system, one.code))
        elif not one.abstract:
            absent = "code" if one.system else "system"
            what = f"An entry of {name} has no {absent}."
            yield Problem(
                path, _line(text, place), f"{place}.{absent}", what, f"Add the {absent}, or remove the entry."
            )
    also = {identifier.value.removeprefix("urn:oid:") for identifier in resource.identifier}
    also |= {resource.url, resource.name, resource.title}
    versions = frozenset({resource.version} - {""})
    yield Part(name, frozenset(codes), versions, tuple(sorted(also - {"", name})))


def _flat(codes: list[_Code], at: str) -> Iterator[tuple[_Code, str]]:
    """Every entry with its place; a heading that only gathers others is no code."""
    for index, one in enumerate(codes):
        place = f"{at}[{index}]"
        if not (one.abstract and one.contains):
            yield one, place
        if one.contains:
            yield from _flat(one.contains, f"{place}.contains")


def _line(text: str, field: str) -> int:
    """The line of a place, or of what holds it: only a mistake is worth looking for."""
    whole = text.encode()
    here, offset = whole, 0
    for key, index in _MEMBER.findall(f".{field}"):
        try:
            held: msgspec.Raw = (
                msgspec.json.decode(here, type=dict[str, msgspec.Raw])[key]
                if key
                else msgspec.json.decode(here, type=list[msgspec.Raw])[int(index)]
            )
        except (msgspec.DecodeError, LookupError, ValueError):
            break
        offset += here.find(bytes(held))
        here = bytes(held)
    return 1 + whole[:offset].count(b"\n")

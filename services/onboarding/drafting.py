"""A draft of the feed's configuration, deduced from the sample: every line says what it rests on.

What the sample cannot decide stands as a comment that begins with `?`. Words that may be a person's never appear: where
one would be needed, there is a question.
"""

import json
from collections.abc import Iterable, Iterator

from connectors.hl7v2.profile import OverrideWords, ProfileWords
from services.onboarding.deducing import deduce
from services.onboarding.places import FacilityPlace, ObservationSign
from services.onboarding.report import Report
from services.onboarding.words import Count

_ALLOWED_MOST = 20
_UNITS = frozenset({"PV1-18", "PV1-10"})
_PLACES = (
    "visit", "alternate_visit", "account", "location", "admitted", "discharged", "disposition", "expected",
)  # fmt: skip


def draft(report: Report, words: ProfileWords, default: ProfileWords) -> str:
    """A YAML text of a `feeds:` and a `profile:` page.

    Args:
        report: what the sample says. words: the profile that it was read with. default: what a page leaves out.
    """
    name = report.feed if report.feed != "default" else "new-feed"
    lines = [
        f"# A draft, deduced from {report.wire.messages:,} messages by `feed lint`. `?` is a question for the sender.",
        *_feed(report, name),
        "---",
        f"profile: {json.dumps(name)}",
        *_facility(report),
        *(f"{place}: {at}" for place in _PLACES if (at := getattr(words, place)) != getattr(default, place)),
        *_identifiers(report, words),
        *_class(report, words),
        *_options(report, words),
    ]
    return "\n".join(lines) + "\n"


def _feed(report: Report, name: str) -> Iterator[str]:
    traffic = report.traffic
    yield "feeds:"
    yield f"  {json.dumps(name)}:"
    yield "    # listen: 0.0.0.0:2575            # ? a port of its own"
    yield "    # shadow: true                    # ? at first: then `feed compare` shows what it would change"
    yield f"    profile: {json.dumps(name)}"
    stated = sum(one.stated.count for one in report.clocks.places)
    offsets = sum(one.offset for one in report.clocks.places)
    yield f"    # time_zone: America/Los_Angeles  # ? {offsets:,} of {stated:,} times state an offset"
    yield from _charset(report)
    yield f'    processing_ids: [P, ""]           # MSH-11: {_told(traffic.processing_ids)}'
    if not any(one.word in {"P", "none"} for one in traffic.processing_ids):
        yield "    # ? no production traffic in the sample: is it the sender's test system?"
    hidden = any("<" in one.app + one.facility for one in traffic.senders)
    if not traffic.senders or hidden or len(traffic.senders) > _ALLOWED_MOST:
        yield f"    # allow: []                       # ? {len(traffic.senders):,} different MSH-3 and MSH-4"
        return
    yield "    allow:  # all of the sample; who is not listed is answered AR"
    for one in traffic.senders:
        yield f"      - {{app: {json.dumps(one.app)}, facility: {json.dumps(one.facility)}}}  # {one.count:,} messages"


def _charset(report: Report) -> Iterator[str]:
    wire = report.wire
    if not wire.charset_guesses:
        return
    guesses = f"{wire.charset_guesses:,} messages are neither what MSH-18 says nor UTF-8"
    # The setting is tried before UTF-8, and windows-1252 takes nearly any bytes: it would spoil undeclared UTF-8.
    undeclared = any(one.word.endswith("/ utf-8") and "UTF" not in one.word for one in wire.charsets)
    if undeclared:
        yield f"    # charset: WINDOWS-1252           # ? {guesses}; others are undeclared UTF-8"
    else:
        yield f"    charset: WINDOWS-1252             # {guesses}"


def _facility(report: Report) -> Iterator[str]:
    places = report.places.facilities
    yield f"facility: [{', '.join(place.where for place in _ordered(places))}]"
    for place in places:
        yield f"  # {place.where}: in {place.stated.percent} of messages on visits, {place.distinct:,} different words"
    absent = report.patients.authority_absent
    if not absent.count:
        return
    header = next(place for place in places if place.where == "MSH-4")
    most = max(place.distinct for place in places)
    if header.stated.count == header.stated.of and header.distinct == most:
        yield "authority: [MSH-4]"
        yield f"  # CX.4 is empty in {absent} record numbers; MSH-4 stands also where PV1 is missing"
    else:  # MSH-4 alone would make one patient of two hospitals' numbers
        yield f"# authority: [MSH-4]  # ? CX.4 is empty in {absent} record numbers: who assigned them?"


def _ordered(places: list[FacilityPlace]) -> list[FacilityPlace]:
    """As in the profile; but a place with one word for all goes behind those that tell facilities apart."""
    tells_apart = any(place.distinct > 1 and (place.stated.ratio or 0) >= 0.95 for place in places)
    return sorted(places, key=lambda place: tells_apart and place.distinct == 1)


def _identifiers(report: Report, words: ProfileWords) -> Iterator[str]:
    deduced = deduce(report.patients, words.identifiers)
    yield "identifiers:"
    for line, why in deduced.lines:
        yield f"  - {_flow(line.model_dump(by_alias=True, mode='json'))}  # {why}"
    yield from (f"  # ? {question}" for question in deduced.questions)
    for pair in report.patients.identifiers:
        yield f"  # PID-3 authority {pair.authority or '-'}, type {pair.type or '-'}: {pair.count:,}"


def _class(report: Report, words: ProfileWords) -> Iterator[str]:
    signs = [one for one in report.places.observation if one.read_as != "observation" and "<" not in one.code]
    mapped = {one.code: "observation" for one in signs if one.where == str(words.class_.at)}
    counted = {one.word: one.count for one in report.places.classes}
    yield "class:"
    yield f"  at: {words.class_.at}"
    yield "  map:"
    for code, meaning in {**words.class_.map, **mapped}.items():
        yield f"    {json.dumps(code)}: {json.dumps(meaning)}  # {counted.get(code.upper(), 0):,} messages"
    for one in report.places.unknown_classes:
        if one.word not in mapped:
            yield f"    # {_key(one.word)}: ?  # {one.count:,} messages, now read as other"
    yield "  overrides:"
    for override in words.class_.overrides:
        yield f"    - {_flow(override.model_dump(by_alias=True, mode='json'))}  # as before"
    for sign in signs:
        yield from _override(sign)


def _override(sign: ObservationSign) -> Iterator[str]:
    said = f"{sign.count:,} messages, now read as {sign.read_as or 'unknown'}"
    if sign.where not in _UNITS or "<" in sign.beside:
        if sign.where != "PV1-2":
            yield f"    # ? {sign.where} {sign.code} beside PV1-2 {sign.beside or 'empty'}: {said}: observation?"
        return
    when = {"when": [sign.beside]} if sign.beside else {}
    words = OverrideWords.model_validate({"at": [sign.where], "in": [sign.code], "is": "observation", **when})
    yield f"    - {_flow(words.model_dump(by_alias=True, mode='json'))}  # {said}"


def _options(report: Report, words: ProfileWords) -> Iterator[str]:
    options = words.options.model_dump(mode="json")
    dispositions = options.pop("disposition_map")
    yield "options:"
    for name, value in options.items():
        yield f"  {name}: {json.dumps(value)}"
    yield f"  disposition_map: {'' if dispositions else '{}'}".rstrip()
    for code, meaning in dispositions.items():
        yield f"    {json.dumps(code)}: {json.dumps(meaning)}"
    for one in report.places.unknown_dispositions:
        yield f"    # {_key(one.word)}: ?  # {one.count:,} A03: which UB-04 code?"


def _flow(values: dict[str, object]) -> str:
    """A mapping on one line, without what is empty."""
    return "{" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in values.items() if value) + "}"


def _key(word: str) -> str:
    return word if "<" in word else json.dumps(word)


def _told(counts: Iterable[Count]) -> str:
    return ", ".join(f"{one.word} {one.count:,}" for one in counts) or "none"

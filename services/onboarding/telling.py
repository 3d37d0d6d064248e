"""The report as text for a person: verdicts first, then questions, then what they rest on. 100 columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap

from services.onboarding.clocks import Lag, TimeFindings
from services.onboarding.report import Report, StrictFindings
from services.onboarding.words import Count, Share

WIDTH = 100
_LABEL = 22
_MOST = 12
"""How many words of a list are told; `--json` has them all."""


def told(report: Report) -> Iterator[str]:
    """The lines of the report."""
    parts = (_head, _gates, _questions, _quarantine, _wire, _traffic, _clocks, _patients, _visits, _places, _strict)
    for place, part in enumerate(parts):
        lines = list(part(report))
        if lines and place:
            yield ""
        yield from lines


def _head(report: Report) -> Iterator[str]:
    yield f"Feed {report.feed}, read with profile {report.profile}"
    files = sum(count > 0 for _, count in report.sources)
    repeats = f"the same bytes again: {report.wire.repeats}"
    yield from _row("messages", f"{report.wire.messages:,} in {files:,} file{'' if files == 1 else 's'}; {repeats}")
    sent = report.clocks
    yield from _row("sent (MSH-7)", f"{sent.first_sent} to {sent.last_sent}" if sent.first_sent else "no time stated")
    if report.wire.messages < 500:
        yield from _row("", "a report on fewer than 500 messages, or 7 days, says little of rare events")
    if report.other_lines:
        yield from _row("left out", f"{report.other_lines:,} lines of other kinds or feeds")
    if report.count_mismatches:
        yield from _row(
            "batch counts", f"BTS-1 or FTS-1 counts otherwise than we do in {report.count_mismatches:,} of the files"
        )


def _gates(report: Report) -> Iterator[str]:
    yield "Go-live gates"
    for gate in report.gates:
        yield from _row(gate.name, f"{gate.verdict.upper():8}{gate.found}", f"        asked: {gate.asked}")


def _questions(report: Report) -> Iterator[str]:
    yield "Ask the sender  (! the sample raises it)"
    for question in report.questions:
        yield f"  {'!' if question.raised else ' '} {question.ask}"
        for line in question.evidence[:_MOST]:
            yield from wrap(line, WIDTH, initial_indent="      - ", subsequent_indent="        ")


def _quarantine(report: Report) -> Iterator[str]:
    traffic = report.traffic
    if traffic.quarantine:
        yield "Would go to quarantine"
    for reason in traffic.quarantine[:_MOST]:
        examples = ", ".join(f"#{ordinal}" for ordinal in reason.examples)
        yield from _row(reason.reason, f"{reason.count:,} at {reason.where} ({examples})", reason.fix)


def _wire(report: Report) -> Iterator[str]:
    wire = report.wire
    yield "Bytes"
    yield from _row("size", f"p50 {wire.sizes.p50:,}, p99 {wire.sizes.p99:,}, at most {wire.sizes.max:,} bytes")
    yield from _row("segments end in", _table(wire.line_ends))
    yield from _row("declared / read as", _counts(wire.charsets))
    if wire.not_ascii:
        said = f"{wire.not_ascii:,} messages, {wire.ascii_denied:,} of them declared as ASCII or as nothing"
        yield from _row("beyond ASCII", f"{said}; guessed as windows-1252: {wire.charset_guesses:,}")
    reuse = _examples(wire.control_id_reuse, wire.control_id_reuse_examples)
    yield from _row("MSH-10", f"absent in {wire.control_ids_absent:,}; used again with other bytes in {reuse}")
    yield from _row("same content again", _examples(wire.content_repeats, wire.content_repeat_examples))


def _traffic(report: Report) -> Iterator[str]:
    traffic = report.traffic
    yield "Traffic"
    yield from _row("events", _counts(traffic.triggers))
    yield from _row("A08 of ADT", str(traffic.updates))
    yield from _row("MSH-12, MSH-11", f"{_counts(traffic.versions)}; {_counts(traffic.processing_ids)}")
    senders = (f"{one.app or '-'} at {one.facility or '-'}: {one.count:,}" for one in traffic.senders)
    yield from _row("MSH-3 at MSH-4", _few(list(senders)))
    if traffic.test:
        yield from _row("kept as test", f"{traffic.test:,} messages, by `processing_ids` of the feed")
    if traffic.not_interpreted:
        yield from _row("not interpreted", f"{traffic.not_interpreted:,} messages: kept and counted")
    if traffic.z_segments:
        yield from _row("Z segments", _table(traffic.z_segments))
    if traffic.unknown_triggers:
        yield from _row("unknown triggers", _table(traffic.unknown_triggers))
    if traffic.enhanced:
        yield from _row("enhanced mode", f"{traffic.enhanced:,} messages value MSH-15 or MSH-16")
    if traffic.flags:
        yield from _row("flags", _table(traffic.flags))


def _clocks(report: Report) -> Iterator[str]:
    clocks = report.clocks
    yield f"{'Times':17}{'stated':>19}{'offset':>9}{'midnight':>10}{'filler':>8}{'wrong':>7}{'ahead':>8}  precision"
    yield from (_time(one) for one in clocks.places if one.stated.of)
    yield from _row("EVN-2 to MSH-7", _lag(clocks.sending))
    yield from _row("MSH-7 to receipt", clocks.receiving_note or _lag(clocks.receiving))


def _time(one: TimeFindings) -> str:
    where = one.where if one.of in {"all", "ADT"} else f"{one.where} {one.of.replace(', ', '/')}"
    stated = f"{one.stated.count:,} ({one.stated.percent})"
    counts = f"{one.offset:9,}{one.midnight:10,}{one.placeholder:8,}{one.unreadable:7,}{one.ahead:8,}"
    return f"  {where:15}{stated:>19}{counts}  {', '.join(one.precision)}".rstrip()


def _patients(report: Report) -> Iterator[str]:
    patients = report.patients
    yield "Patients"
    said = f"{patients.patients:,} in {patients.messages:,} messages, {patients.unidentified:,} without an identifier"
    yield from _row("patients", said)
    kinds = [f"{one.authority or '-'}^{one.type or '-'} {one.count:,}" for one in patients.identifiers]
    yield from _row("PID-3 CX.4^CX.5", _few(kinds) or "-")
    yield from _row(
        "record number", f"by the profile in {patients.record_number}; without CX.4: {patients.authority_absent}"
    )
    found = [
        f"{one.where}{f' type {one.type}' if one.type else ''} {one.kind.upper()} {one.count:,}"
        for one in patients.member_ids
    ]
    yield from _row("looks like a member's", _few(found) or "nowhere")
    read = f" ({_table(patients.recognised)})" if patients.recognised else ""
    yield from _row("the profile reads one", f"in {patients.any_member_id}{read}")
    january = f"1 January {patients.first_of_january.percent}"
    yield from _row("birth date", f"absent or placeholder {patients.birth_date_absent.percent}, {january}")
    unknown = f"identity unknown (PID-31) {patients.identity_unknown:,}"
    yield from _row("names", f"placeholders {patients.placeholder_names}; {unknown}")
    yield from _row("PID-19", f"stated in {patients.social_security}")


def _visits(report: Report) -> Iterator[str]:
    visits = report.visits
    yield "Visits"
    yield from _row("PV1-19", f"stated in {visits.numbered}; {visits.visits:,} visits")
    yield from _row("stable", f"one admission under several numbers: {visits.unstable}")
    yield from _row("unique", f"numbers of several patients: {visits.shared}; given again: {visits.reused}")
    for one in visits.orphans:
        if one.share.count:
            yield from _row(f"{one.trigger} without", f"{one.without}: {_examples(one.share, one.examples)}")


def _places(report: Report) -> Iterator[str]:
    places = report.places
    yield "Codes"
    for place in places.facilities:
        said = f"{place.stated.percent}, {place.distinct:,} different: {_counts(place.words) or '-'}"
        yield from _row(f"facility {place.where}", said)
    if places.resolution.unresolved:
        yield from _row("not in the registry", _counts(places.resolution.unresolved))
    yield from _row("PV1-2", f"absent in {places.classes_absent.percent}: {_counts(places.classes) or '-'}")
    if places.unknown_classes:
        yield from _row("  not mapped", _counts(places.unknown_classes))
    yield from _row("PV1-36", f"absent in {places.dispositions_absent} of A03: {_counts(places.dispositions) or '-'}")
    if places.unknown_dispositions:
        yield from _row("  outside UB-04", _counts(places.unknown_dispositions))


def _strict(report: Report) -> Iterator[str]:
    strict: StrictFindings | None = report.strict
    if strict is None:
        return
    yield f"Against the standard: {strict.valid} of {strict.checked} checked messages are valid"
    if strict.unreadable:
        yield from _row("not parsed at all", f"{strict.unreadable}")
    for one in strict.findings[: 2 * _MOST]:
        yield from _row(one.where, f"{one.kind}: {one.messages} (#{one.example})")
    if len(strict.findings) > 2 * _MOST:
        yield from _row("", f"and {len(strict.findings) - 2 * _MOST} more: --json")


def _row(label: str, *paragraphs: str) -> Iterator[str]:
    """A label and its text, wrapped beside it."""
    width = WIDTH - _LABEL - 2
    lines = [line for text in paragraphs for line in wrap(text, width, drop_whitespace=True, break_long_words=False)]
    if len(label) >= _LABEL:
        yield f"  {label}"
        label = ""
    for place, line in enumerate(lines or [""]):
        yield f"  {label if place == 0 else '':{_LABEL}}{line}".rstrip()


def _counts(counts: Iterable[Count]) -> str:
    return _few([f"{one.word} {one.count:,}" for one in counts])


def _table(counts: Mapping[str, int]) -> str:
    return _few([f"{word} {count:,}" for word, count in counts.items()])


def _few(words: Sequence[str]) -> str:
    more = f", and {len(words) - _MOST} more" if len(words) > _MOST else ""
    return ", ".join(words[:_MOST]) + more


def _examples(share: Share, ordinals: Sequence[int]) -> str:
    return f"{share}{''.join(f' #{ordinal}' for ordinal in ordinals)}"


def _lag(lag: Lag) -> str:
    return f"p50 {lag.p50:,} s, p99 {lag.p99:,} s, at most {lag.max:,} s, of {lag.n:,}" if lag.n else "not both stated"

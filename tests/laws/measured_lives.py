"""Random but plausible lives of which measures count something: courses of care, and what is corrected later."""

import random
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from tests.laws.measured_worlds import (
    claim,
    fill,
    measured_as,
    observation,
    patient,
    pressure,
    resource,
    returned,
)
from tests.scribe import ZONE, Line, Scribe, moment
from tests.wire import NAMES, cin

JANUARY = date(2025, 1, 1)
DAYS = st.one_of(st.integers(10, 120), st.integers(0, 330), st.integers(-120, 420)).map(
    lambda n: JANUARY + timedelta(days=n)
)
"""When courses begin: mostly in 2025, some before and after."""
LAGS = st.sampled_from([0, 0, 0, 5, 60, 60 * 24 * 3, 60 * 24 * 30, 60 * 24 * 120]).map(lambda m: timedelta(minutes=m))
INSTANTS = st.one_of(st.integers(150, 450), st.integers(0, 364), st.integers(-60, 560)).flatmap(
    lambda n: st.integers(0, 23).map(lambda hour: moment("2025-01-01 00:30") + timedelta(days=n, hours=hour))
)
DICE = st.integers(0, 2**32).map(random.Random)
"""Plain ones: they cost a failing example less to be made smaller than dice that Hypothesis watches."""
MEMBERS = st.sampled_from(["M1", "M1", "M1", "M2"])

Word = tuple[datetime, str | Line]
"""What is told when: a word of `tests.scribe`, or a line as it is (whose receipt is set)."""


def received(line: Line) -> datetime:
    return datetime.fromisoformat(line["received_at"])


def at(day: date, hour: int = 10) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)


def clock(moment_: datetime) -> str:
    return moment_.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M:%S")


def days(n: int) -> timedelta:
    return timedelta(days=n)


@st.composite
def hypertension(draw: st.DrawFn) -> list[Word]:
    """Two visits, readings as FHIR tells them, some of them corrected or withdrawn later, perhaps by another EHR."""
    member, first = draw(MEMBERS), draw(DAYS)
    told: list[Word] = []
    for n in range(draw(st.sampled_from([2, 2, 3, 1]))):
        day = first + days(draw(st.sampled_from([14, 14, 60, 1, 0])) * n)
        told.append((at(day), claim(member, f"H{n}", day, procedure_codes="99213", diagnosis_codes="I10")))
    for _ in range(draw(st.integers(1, 4))):
        day = first + days(draw(st.sampled_from([61, 15, 200, 0])))
        feed, name = draw(st.sampled_from(["EHR", "EHR", "EHR2"])), draw(st.sampled_from(["bp1", "bp2"]))
        found = pressure(draw(st.sampled_from([118, 139, 140])), draw(st.sampled_from([70, 89, 90])))
        status = draw(st.sampled_from(["final", "final", "amended", "entered-in-error"]))
        stated = draw(st.sampled_from([{}, {}, {"meta": {"lastUpdated": at(day + days(1)).isoformat()}}]))
        told.append((at(day, 11), observation(feed, name, f"of-{member}", at(day), status=status, **found, **stated)))
    return told


@st.composite
def diabetes(draw: st.DrawFn) -> list[Word]:
    member, first = draw(MEMBERS), draw(DAYS)
    place = draw(st.sampled_from(["11", "02", "81"]))
    codes = {"procedure_codes": "99213", "diagnosis_codes": "E11.9;I10", "place_of_service": place}
    told: list[Word] = [(at(first), claim(member, "D1", first, **codes))]
    for n in range(draw(st.sampled_from([1, 2, 0]))):
        day = first + days(draw(st.sampled_from([0, 30, 90])))
        told.append(
            (at(day), fill(member, f"FD{n}", day, draw(st.sampled_from(["metformin", "insulin glargine"])), 90))
        )
    for _ in range(draw(st.integers(0, 3))):
        day = first + days(draw(st.sampled_from([1, 1, 100])))
        number = draw(st.sampled_from([6.9, 7.9, 8.0, 9.1]))
        if draw(st.booleans()):
            result = measured_as("4548-4", number, "%")
            told.append((at(day), observation("EHR", "a1c", f"of-{member}", at(day), **result)))
        else:
            told.append((at(day), oru(member, f"MR{member}", day, str(number), draw(st.sampled_from("FFCW")))))
    return told


def oru(member: str, mrn: str, day: date, value: str, status: str) -> Line:
    """A result of HL7 v2; the order's number is one a day."""
    stamp = f"{day:%Y%m%d}080000"
    family, given, born = NAMES[member]
    text = [
        f"MSH|^~\\&|LAB|H1|HIE|PLANA|{stamp}||ORU^R01|O{day:%m%d}{value}{status}|P|2.5.1",
        f"PID|1||{mrn}^^^H1^MR~{cin(member)}^^^DHCS^MC||{family}^{given}||{born}|F",
        f"OBR|1|P{day:%m%d}|L{day:%m%d}^LAB|4548-4^HbA1c^LN|||{stamp}|||||||||||||||{stamp}|||{status}",
        f"OBX|1|NM|4548-4^HbA1c^LN||{value}|%^^UCUM|||||{status}",
    ]
    return {"received_at": "", "feed": "F1", "kind": "hl7v2", "body": "\r".join(text) + "\r"}


@st.composite
def treatment(draw: st.DrawFn) -> list[Word]:
    """A drug taken for months, with gaps, and fills taken back."""
    member, day = draw(MEMBERS), draw(DAYS)
    drug = draw(st.sampled_from(["lisinopril", "atorvastatin", "metformin", "lisinopril/hydrochlorothiazide"]))
    told: list[Word] = []
    for n in range(draw(st.integers(2, 5))):
        supply = draw(st.sampled_from([30, 30, 60, 90]))
        told.append((at(day), fill(member, f"{drug[0].upper()}{n}", day, drug, supply)))
        if draw(st.integers(0, 5)) == 0:
            told.append((at(day, 15), fill(member, f"{drug[0].upper()}{n}", day, drug, supply, "reversed")))
        day += days(supply + draw(st.sampled_from([0, 0, -5, 20])))
    return told


@st.composite
def emergency(draw: st.DrawFn) -> list[Word]:
    """A visit to an emergency department, told by messages, by a claim, or by both; and what follows it up."""
    member, day = draw(MEMBERS), draw(DAYS)
    dx = draw(st.sampled_from(["F329", "F1020", "J069", "F329"]))
    told: list[Word] = []
    if ways := draw(st.sampled_from(["claim", "adt", "adt claim"])):
        if "adt" in ways:
            place = draw(st.sampled_from(["H1", "H2"]))
            told.append((at(day), f"A04 V3 {place} {member} class=E dx={dx} at={clock(at(day))}"))
            told.append((at(day, 14), f"A03 V3 {place} {member} class=E home dx={dx} at={clock(at(day, 14))}"))
        if "claim" in ways:
            codes = {"procedure_codes": "99284", "place_of_service": "23", "diagnosis_codes": f"{dx};I10"}
            told.append((at(day + days(9)), claim(member, draw(st.sampled_from(["E1", "E2"])), day, **codes)))
    return told + draw(follow_up(member, day))


@st.composite
def admission(draw: st.DrawFn) -> list[Word]:
    """A stay and its claim, perhaps an admission again, and what is done after it."""
    member, start = draw(MEMBERS), draw(DAYS)
    place, number = draw(st.sampled_from([("H1", "V1"), ("H2", "W1"), ("P1", "V4")]))
    dx, home = draw(st.sampled_from(["I509", "F329", "Z5111"])), draw(st.sampled_from(["home", "home", "snf", "dead"]))
    told: list[Word] = []
    for n in range(draw(st.sampled_from([1, 1, 2, 3]))):
        end = start + days(draw(st.sampled_from([0, 1, 4, 9])))
        who = f"{number}{n or ''} {place} {member} dx={dx}"
        told.append((at(start), f"A01 {who} at={clock(at(start))}"))
        if draw(st.integers(0, 5)):
            told.append((at(end, 16), f"A03 {who} {home} adm={clock(at(start))} at={clock(at(end, 16))}"))
        for trigger in draw(st.sampled_from([(), (), (), ("A13",), ("A11",), ("A13", "A03"), ("A07",)])):
            kind = "class=OBS" if trigger == "A07" else ""
            told.append((at(end, 18), f"{trigger} {who} {home} {kind} adm={clock(at(start))} at={clock(at(end, 18))}"))
        if draw(st.booleans()):
            codes = {"bill_type": "111", "admit_date": str(start), "discharge_date": str(end), "disposition": "01"}
            names = st.sampled_from([f"I{place}{n}", "I1"])
            told.append((at(end + days(20)), claim(member, draw(names), start, diagnosis_codes=f"{dx};N186", **codes)))
        told += draw(follow_up(member, end))
        start = end + days(draw(st.sampled_from([1, 10, 29, 45])))
    return told


SIX = "practitioner;treatment;diagnoses;medications;tests;instructions"


@st.composite
def follow_up(draw: st.DrawFn, member: str, day: date) -> list[Word]:
    told: list[Word] = []
    for _ in range(draw(st.sampled_from([1, 2, 3, 0]))):
        then = day + days(draw(st.sampled_from([0, 1, 7, 8, 30, 31])))
        name = draw(st.sampled_from(["U1", "U2"]))
        told.append(draw(st.sampled_from([
            (at(then), claim(member, name, then, procedure_codes="99213", diagnosis_codes="F32.9")),
            (at(then), claim(member, name, then, procedure_codes="90834", place_of_service="11",
                             diagnosis_codes="F10.20", provider_specialty="psychiatry")),
            (at(then), claim(member, name, then, procedure_codes="99495;1111F", diagnosis_codes="F32.9")),
            (at(then), f"contact reached {member} at={clock(at(then))}"),
            (at(then), f"care notification_delivered {member} mode=pcp at={clock(at(then, 9))}"),
            (at(then), f"care discharge_information_received {member} detail={SIX} at={clock(at(then, 9))}"),
            (at(then), f"care medication_reconciliation {member} at={clock(at(then, 9))}"),
            (at(then), fill(member, "N1", then, "naltrexone", 30)),
        ])))  # fmt: skip
    return told


@st.composite
def management(draw: st.DrawFn) -> list[Word]:
    """Assigned to a provider, tried to reach, enrolled, planned, asked; then perhaps another provider or lead."""
    member, day = draw(MEMBERS), draw(DAYS)
    provider = draw(st.sampled_from(["P1", "P7"]))
    told: list[Word] = [(at(day), f"roster {member} provider={provider} assigned={day} status=assigned ecm_start=")]
    for n in range(draw(st.integers(0, 6))):
        mode = draw(st.sampled_from(["phone", "letter", "text"]))
        when = at(day + days(n), 9 + n)
        told.append((when, f"care outreach_attempt {member} mode={mode} outcome=no_answer at={clock(when)}"))
    for then in draw(st.sampled_from([(), (5,), (5, 40)])):
        start = day + days(then)
        told.append((at(start), f"roster {member} provider={provider} status=enrolled ecm_start={start}"))
        told.append((at(start + days(30)), f"care care_plan_completed {member} at={clock(at(start + days(30)))}"))
        told.append((at(start + days(40)), f"care survey {member} outcome=top_box at={clock(at(start + days(40)))}"))
    for change in draw(st.sampled_from([(), ("lead=L2",), ("provider=P2 lead=L3",), ("status=declined",)])):
        told += [(at(day + days(60)), f"roster {member} {change} assigned={day + days(60)}")]
    return told


@st.composite
def files(draw: st.DrawFn) -> list[Word]:
    """The return files of some months, in time and late, rejected and sent again."""
    file, first, told = draw(st.sampled_from(["rtf", "otf"])), draw(st.integers(1, 9)), list[Word]()
    for month in range(first, first + draw(st.integers(1, 3))):
        for status in draw(st.sampled_from([("accepted",), ("rejected",), ("rejected", "accepted"), ()])):
            day = date(2025, month + 1, draw(st.sampled_from([2, 10, 11, 20])))
            told.append((at(day), returned(file, f"2025-{month:02}", status, draw(st.sampled_from(["M1", "M2"])))))
    return told


@st.composite
def people(draw: st.DrawFn) -> list[Word]:
    """Who the EHR's patients are, and what of it people or senders take back."""
    day, member = draw(DAYS), draw(MEMBERS)
    feed = draw(st.sampled_from(["EHR", "EHR2"]))
    said = draw(
        st.sampled_from(["plain", "plain", "gender", "language", "replaced", "link", "unlink", "merge", "move"])
    )
    languages = [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": code}]}} for code in ("es", "en")]
    match said:
        case "gender":
            return [(at(day), patient(feed, f"of-{member}", member, gender=draw(st.sampled_from(["male", "female"]))))]
        case "language":
            spoken = [draw(st.sampled_from(languages))]
            return [(at(day), patient(feed, f"of-{member}", member, communication=spoken))]
        case "replaced":
            link = [{"other": {"reference": "Patient/of-M2"}, "type": "replaced-by"}]
            return [(at(day), resource(feed, resourceType="Patient", id="of-M1", active=False, link=link))]
        case "link" | "unlink":
            return [(at(day), f"{said} {feed}|Patient|of-{member} {draw(st.sampled_from(['M1', 'M2']))}")]
        case "merge":
            one = draw(st.sampled_from(["MRM1", "MRM2", "TMP1"]))
            return [(at(day), f"A40 V1 H1 {member} mrn=MR{member} mrg={one}")]
        case "move":
            return [
                (at(day), f"A37 V1 H1 {member} mrn=MR{member} other={draw(st.sampled_from(['MRM1', 'MRM2', 'TMP1']))}")
            ]
    return [(at(day), patient(feed, f"of-{member}", member))]


@st.composite
def plans(draw: st.DrawFn) -> list[Word]:
    member, day, later = draw(MEMBERS), draw(DAYS), draw(DAYS)
    said = draw(st.sampled_from([
        f"end={day}", "end=", f"mcp=PLANB start={day} provider=P2", "risk=low", "risk=medium", f"ecm_end={day}",
        "pof=homeless", "language=es", "birth_date=1950-01-01", "sex=M",
    ]))  # fmt: skip
    return [(at(later), f"roster {member} {said}")]


@st.composite
def corrections(draw: st.DrawFn) -> list[Word]:
    """What partners take back or tell otherwise later, by the names that courses use."""
    member, day, later = draw(MEMBERS), draw(DAYS), draw(DAYS)
    name = draw(st.sampled_from(["H0", "H1", "D1", "E1", "E2", "I1", "U1", "U2", "IH10"]))
    return [(at(later), draw(st.sampled_from([
        claim(member, name, day, status="reversed"),
        claim(member, name, day, procedure_codes="99213", diagnosis_codes="I10"),
        claim(member, name, day, procedure_codes="G9473"),
        claim(member, name, day, diagnosis_codes="Z515;E119", procedure_codes="99213", status="denied"),
        claim(member, name, day, bill_type="211", admit_date=str(day), discharge_date=str(day + days(3))),
        fill(member, draw(st.sampled_from(["L0", "L1", "M0", "A1", "FD0"])), day, "lisinopril", 30, "reversed"),
        observation("EHR", "bp1", f"of-{member}", at(day), status="entered-in-error", **pressure(120, 70)),
        observation("EHR", "phq", f"of-{member}", at(day), **measured_as("44261-6", 12, "{score}")),
        f"facility H1 {draw(st.sampled_from(['psych', 'snf', 'acute']))}",
        f"A31 H1 {member} pid30=Y",
    ])))]  # fmt: skip


COURSES = (hypertension, diabetes, treatment, emergency, admission, admission, management, files)


def lives(most: int = 7) -> st.SearchStrategy[list[Line]]:
    """Journals in order of receipt."""
    course = st.one_of(*(each() for each in COURSES), people(), plans(), corrections(), corrections())
    told = st.lists(course, min_size=3, max_size=most).flatmap(
        lambda parts: st.tuples(*(st.tuples(st.just(part), LAGS) for part in parts))
    )
    return told.map(lambda parts: written([(when + lag, what) for part, lag in parts for when, what in part]))


def written(told: Iterable[Word]) -> list[Line]:
    """The journal of what was told, each line received when it was told, after those that say who there is."""
    scribe = Scribe()
    lines = scribe.opening(["M1", "M2"])
    known = [patient(feed, f"of-{member}", member) for feed in ("EHR", "EHR2") for member in ("M1", "M2")]
    opening = [(moment("2024-12-01 10:00"), line) for line in known]
    for when, what in sorted([*opening, *told], key=lambda word: word[0]):
        lines.append(
            scribe.write(clock(when), what) if isinstance(what, str) else {**what, "received_at": when.isoformat()}
        )
    return sorted(lines, key=received)

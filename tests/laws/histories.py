"""Random but plausible histories: two members, two feeds, every trigger, corrections, late receipts, people's words."""

import os
from collections.abc import Iterable
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.timeline import Line, Scribe, moment

EXAMPLES = int(os.environ.get("WARMHANDOFF_EXAMPLES", "40"))
law = settings(
    max_examples=EXAMPLES, deadline=None, print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip

START = moment("2025-03-03 08:00")
HOURS = st.integers(0, 60).map(lambda n: START + timedelta(hours=12 * n))
LAGS = st.sampled_from([0, 0, 0, 5, 5, 60, 60 * 24 * 3, 60 * 24 * 20]).map(lambda m: timedelta(minutes=m))
VISITS = {"V1": "H1", "V2": "H1", "W1": "H2", "X1": "N1"}
CLASSES = {"V1": ["I", "E", "OBS"], "V2": ["I", "E"], "W1": ["I"], "X1": ["I"]}


def clock(at: datetime) -> str:
    return at.astimezone(START.tzinfo).strftime("%Y-%m-%dT%H:%M:%S")


@st.composite
def messages(
    draw: st.DrawFn, triggers: str = "A01 A01 A03 A03 A04 A05 A06 A07 A08 A08 A11 A13 A02 A12 A21 A22 A23 A38 A52 A53"
) -> tuple[datetime, str]:
    trigger = draw(st.sampled_from(triggers.split()))
    number = draw(st.sampled_from(sorted(VISITS)))
    at = draw(HOURS)
    feed = draw(st.sampled_from(["F1", "F1", "F2"]))
    words = [trigger, number, VISITS[number], draw(st.sampled_from(["M1", "M1", "M1", "M2"])), f"feed={feed}"]
    words += [f"class={draw(st.sampled_from(CLASSES[number]))}", f"at={clock(at)}"]
    if feed == "F2" and draw(st.booleans()):
        words.append("no-number")
    if draw(st.booleans()):
        words.append(f"adm={clock(draw(HOURS))}" if draw(st.booleans()) else "no-adm")
    if trigger == "A08" and draw(st.booleans()):
        words.append(f"dis={clock(draw(HOURS))}")
    if trigger in {"A03", "A08"}:
        words.append(draw(st.sampled_from(["home", "home", "snf", "hospital", "ama", "dead", "still", "01"])))
    if draw(st.integers(0, 4)) == 0:
        words.append(f"mrn=TMP{draw(st.integers(1, 2))}")
    if trigger == "A06" and draw(st.booleans()):
        words.append(f"old={draw(st.sampled_from(['V1', 'V2']))}")
    return at + draw(LAGS), " ".join(words)


@st.composite
def identities(draw: st.DrawFn) -> tuple[datetime, str]:
    at, one, two = draw(HOURS), draw(st.sampled_from(["TMP1", "TMP2"])), draw(st.sampled_from(["TMP1", "MRM1", "MRM2"]))
    feed, h, m = (
        draw(st.sampled_from(["F1", "F2"])),
        draw(st.sampled_from(["H1", "H2"])),
        "M2" if two == "MRM2" else "M1",
    )
    number = {"H1": "V1", "H2": "W1"}[h]
    said = draw(st.sampled_from([
        f"A40 {number} {h} {m} mrn={two} mrg={one} feed={feed}",
        f"A40 {number} {h} {m} mrn={two} mrg={one} feed={feed}",
        f"A24 {number} {h} {m} mrn={two} other={one} feed={feed}",
        f"A37 {number} {h} {m} mrn={two} other={one} feed={feed}",
        f"A45 {number} {h} {m} mrn={two} mrg={one} feed={feed}", f"A45 {number} {h} M2 mrg=MRM1 feed={feed}",
        f"A42 V1 H1 M1 old=V2 feed={feed}", f"A50 V2 H1 M1 old=V1 feed={feed}",
        f"link {feed}|{h}|{one} {m}", f"unlink {feed}|{h}|{one} {m}", f"unlink {feed}|H1|MRM1 M1",
    ]))  # fmt: skip
    return at, said


@st.composite
def plans(draw: st.DrawFn) -> tuple[datetime, str]:
    at, member = draw(HOURS), draw(st.sampled_from(["M1", "M1", "M2"]))
    day = draw(HOURS).date()
    said = draw(st.sampled_from([
        f"roster {member} end={day}", f"roster {member} end=", f"roster {member} lead=L2 assigned={day}",
        f"roster {member} lead= assigned={day}", f"roster {member} mcp=PLANB start={day} provider=P2",
        f"roster {member} risk=low",
    ]))  # fmt: skip
    return at, said


@st.composite
def deeds(draw: st.DrawFn) -> tuple[datetime, str]:
    at, member = draw(HOURS), draw(st.sampled_from(["M1", "M1", "M2"]))
    day = draw(HOURS).strftime("%m-%d")
    said = draw(st.sampled_from([
        f"{member} reached", f"{member} declined", f"{member} no_answer", f"claim 99213 on {day} {member} id=C1",
        f"claim 99213 on {day} {member} id=C1 status=reversed",
        f"care assessment_completed {member} at={clock(draw(HOURS))}",
        f"care notification_delivered {member} mode=lead_cm", f"A31 H1 {member} pid30=Y feed=F1",
        f"A31 H1 {member} pid30=Y feed=F2",
    ]))  # fmt: skip
    if said.endswith(("reached", "declined", "no_answer")):
        said = f"contact {said.split()[1]} {member}"
    return at, said


@st.composite
def courses(draw: st.DrawFn) -> list[tuple[datetime, str]]:
    """A whole visit as senders tell it: begun, ended, told by one or two feeds, perhaps corrected or cancelled."""
    number = draw(st.sampled_from(sorted(VISITS)))
    start, hours = draw(HOURS), draw(st.sampled_from([1, 3, 12, 30, 72, 240]))
    end = start + timedelta(hours=hours)
    where = f"{number} {VISITS[number]} {draw(st.sampled_from(['M1', 'M1', 'M2']))}"
    kind = draw(st.sampled_from(CLASSES[number]))
    home = draw(st.sampled_from(["home", "home", "home", "snf", "hospital", "ama", "dead"]))
    told = [(start, f"A01 {where} class={kind} at={clock(start)}")]
    told.append((end, f"A03 {where} {home} class={kind} adm={clock(start)} at={clock(end)}"))
    if draw(st.booleans()):
        skew = draw(st.sampled_from([0, 30, 200, 300]))
        other = clock(start + timedelta(minutes=skew))
        numbered = draw(st.sampled_from(["no-number", "", "pv19=Z9"]))
        told.append((start, f"A01 {where} feed=F2 {numbered} class={kind} at={other}"))
        told.append((end, f"A03 {where} feed=F2 {numbered} {home} class={kind} adm={other} at={clock(end)}"))
    extra = draw(st.sampled_from(["", "", "A13", "A11", "A08", "A23", "A07", "A13 A03", "A11 A01", "A21 A22"]))
    for step, trigger in enumerate(extra.split(), 1):
        at = end + timedelta(hours=2 * step)
        more = f"dis={clock(end + timedelta(hours=30))}" if trigger == "A08" else ""
        now = "OBS" if trigger == "A07" else kind
        told.append((at, f"{trigger} {where} home class={now} adm={clock(start)} at={clock(at)} {more}"))
    return [(at + draw(LAGS), event) for at, event in told]


def _write(told: list[tuple[datetime, str]], members: Iterable[str] = ("M1", "M2")) -> list[Line]:
    scribe = Scribe()
    lines = scribe.opening(members)
    lines += [scribe.write(clock(at), event) for at, event in sorted(told)]
    return sorted(lines, key=lambda line: datetime.fromisoformat(line["received_at"]))


def histories(most: int = 8) -> st.SearchStrategy[list[Line]]:
    """Journals in order of receipt."""
    one = st.one_of(messages(), messages(), identities(), plans(), deeds()).map(lambda event: [event])
    parts = st.lists(st.one_of(courses(), one), min_size=1, max_size=most)
    return parts.map(lambda told: _write([event for part in told for event in part]))


INSTANTS = st.integers(0, 100 * 24).map(lambda h: START + timedelta(hours=h))

NUMBERS = ["90000001A", "90000002A", "90000003A", "99999991A"]
PATIENTS = ["TMP1", "TMP2", "MRM1", "MRM2", "MRM3"]
PEOPLE = ["M1", "M2", "M3"]


@st.composite
def tangles(draw: st.DrawFn) -> tuple[datetime, str]:
    """One word about who is who: messages that name somebody well or badly, merges, moves, rows, decisions."""
    at, one, two = draw(HOURS), draw(st.sampled_from(PATIENTS)), draw(st.sampled_from(PATIENTS))
    member, number = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(NUMBERS))
    visit, feed = draw(st.sampled_from(["V1", "V2"])), draw(st.sampled_from(["F1", "F1", "F2"]))
    who = f"H1 {member} mrn={one} feed={feed}"
    named = draw(st.sampled_from(["", f"pid3={one}^^^H1^MR~{number}^^^DHCS^MC", f"pid3={one}^^^H1^MR in36={member}"]))
    named += draw(st.sampled_from(["", "", " pid7=", " pid5= pid7=", " pid5=RIVERA^ZOE", " pid7=19650731"]))
    said = draw(st.sampled_from([
        f"A01 {visit} {who} {named}", f"A03 {visit} home {who} {named}", f"A08 {visit} {who} {named}",
        f"A40 {who} {named} mrg={two}", f"A40 {who} {named} mrg={two}", f"A24 {who} {named} other={two}",
        f"A37 {who} {named} other={two}", f"A45 {visit} {who} {named} mrg={two}", f"A50 {visit} {who} {named} old=V1",
        f"A44 {visit} {who} {named} mrg={two} oldacc=A1 pid18=A1^^^H1^AN",
        f"A01 {visit} {who} {named} pid18=A1^^^H1^AN", f"A06 {visit} {who} {named} old=V1",
        f"roster {member} cin={number}", f"roster {member} cin={number}", f"roster {member} last_name=Rivera",
        f"roster {member} birth_date=1965-07-31", f"A31 {who} {named} pid30=Y",
        *(f"{word} F1|H1|{one} {member} at={clock(draw(HOURS))}" for word in ("link", "unlink", "unlink", "review")),
    ]))  # fmt: skip
    return at + draw(LAGS), said


def muddles(most: int = 8) -> st.SearchStrategy[list[Line]]:
    """Journals, in order of receipt, in which it is hard to say who is who."""
    parts = st.lists(st.one_of(tangles().map(lambda event: [event]), courses()), min_size=2, max_size=most)
    return parts.map(lambda told: _write([event for part in told for event in part], PEOPLE))

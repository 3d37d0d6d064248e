"""What happens to people: each plot is one kind of story, most of them trouble of a kind seen in the field."""

from collections.abc import Callable

import msgspec

from services.cli.demo.cast import member, member_id
from services.cli.demo.telling import Pen, day
from services.cli.demo.wording import NORTH, SOUTH, Person, Visit, Wording

H1, H2, H3, N1 = "DEMO-H1", "DEMO-H2", "DEMO-H3", "DEMO-N1"
with_ = msgspec.structs.replace


def begun(who: int | Person, where: str, since: float, **more: object) -> Visit:
    """A visit that began; its number says where and when, as many hospitals number."""
    person = member(who) if isinstance(who, int) else who
    visit = Visit(person, where, f"V{where[-2:]}{person.mrn[1:]}{round(since * 24):03}", admitted=day(since))
    return with_(visit, **more)


def over(visit: Visit, until: float, disposition: str = "01") -> Visit:
    """The visit once its patient has gone."""
    return with_(visit, discharged=day(until), disposition=disposition)


def ordinary(pen: Pen) -> None:
    """Admissions as they should be, spread over the fortnight; some are followed up, some are not."""
    for place, who in enumerate((1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17)):
        since, until = place * 0.9, place * 0.9 + 2.4
        feed, where = (NORTH, SOUTH)[place % 2], (H1, H2, H3)[place % 3]
        stay = begun(who, where, since)
        pen.adt("A01", stay, since, feed=feed)
        for update in range(1, 9):
            told = with_(stay, diagnosis=("I50.9", "J18.9", "N17.9", "I50.9")[update % 4])
            pen.adt("A08", told, since + update * 0.25, feed=feed)
        pen.adt("A02", with_(stay, ward="TEL"), since + 1.1, feed=feed)
        pen.adt("A03", over(stay, until), until, feed=feed)
        if place % 3 == 0:
            pen.contact(member_id(who), until + 1, note="the call that closes the contact task")
        if place % 4 == 0:
            pen.claim(member_id(who), until + 0.6, until + 2.5, note="a claim proves the visit")
        if place % 5 == 1:
            pen.contact(member_id(who), until + 0.5, "no_answer", "nobody answered: the task stays open")


def repeated(pen: Pen) -> None:
    """The sender did not hear our answer and says everything again; then it restarts its numbers."""
    stay = begun(19, H1, 1.2)
    first = pen.adt("A01", stay, 1.2, control="N900001")
    for again in (1, 2, 3):
        pen.raw(first, 1.2 + again * 0.01, note="an exact duplicate: answered as before, applied once")
    update = with_(stay, ward="ICU")
    pen.adt("A08", update, 1.9, control="N900001", note="the same MSH-10 with other bytes: a new message")
    pen.adt("A03", over(stay, 4.0), 4.0)


def late_and_early(pen: Pen) -> None:
    """Order of arrival says nothing about order of events."""
    late = begun(20, H2, 1.0)
    pen.adt("A01", late, 1.0, feed=SOUTH)
    pen.adt("A03", over(late, 3.5), 3.5, feed=SOUTH, late=5, note="a discharge told five days late")
    early = begun(22, H3, 6.0)
    pen.adt("A03", over(early, 8.0), 8.0, note="a discharge before its admission")
    pen.adt("A01", early, 6.0, late=2.3, note="the admission, after the discharge: no admission alert")


def cancelled(pen: Pen) -> None:
    """What was said is taken back."""
    never = begun(23, H1, 5.0)
    pen.adt("A01", never, 5.0)
    pen.adt("A11", never, 5.1, note="the admission never was")
    again = begun(25, H2, 3.0)
    pen.adt("A01", again, 3.0)
    pen.adt("A03", over(again, 6.0), 6.0)
    pen.adt("A13", again, 6.3, note="not discharged after all: its tasks are cancelled")
    pen.adt("A03", over(again, 9.5), 9.5)
    gone = begun(26, H3, 7.0)
    pen.adt("A01", gone, 7.0)
    pen.adt("A23", gone, 7.4, note="entered in error and deleted")
    moved = begun(28, H1, 9.0, ward="MED")
    pen.adt("A01", moved, 9.0)
    pen.adt("A02", with_(moved, ward="SUR"), 9.5)
    pen.adt("A12", moved, 9.6, note="the transfer is cancelled")


def updated(pen: Pen) -> None:
    """Updates: one that matters, and a storm of those that do not."""
    stay = begun(29, H2, 4.0)
    pen.adt("A01", stay, 4.0)
    pen.adt("A03", over(stay, 7.0), 7.0)
    pen.adt("A08", over(stay, 8.2), 8.5, note="an update moves the discharge: due times follow, ids stay")
    storm = begun(31, H1, 10.0)
    pen.adt("A01", storm, 10.0)
    for number in range(70):
        note = "a storm of updates that say nothing new" if number == 0 else ""
        pen.adt("A08", with_(storm, diagnosis="I50.9"), 10.1 + number * 0.01, note=note)


def whose(pen: Pen) -> None:
    """The wrong patient, and two numbers for one patient."""
    known = member(32)
    unknown = Person("R7777", known.surname, known.given, known.born, known.sex)
    stay = begun(unknown, H1, 8.0)
    pen.adt("A01", stay, 8.0, note="a patient nobody knows yet")
    merged = with_(stay, person=known)
    how = Wording(merge={1: f"R7777^^^{H1}^MR"}, with_visit=False)
    pen.adt("A40", merged, 9.0, how=how, note="merged into a member in mid stay")
    pen.adt("A03", over(stay, 10.5), 10.5, note="the old number is still used")
    wrong = begun(34, H2, 9.2, account="ACC34")
    pen.adt("A01", wrong, 9.2, feed=SOUTH)
    right = with_(wrong, person=member(35), account="ACC35")
    how = Wording(merge={1: f"{member(34).mrn}^^^{H2}^MR", 3: "ACC34", 5: f"{wrong.number}^^^{H2}^VN"})
    pen.adt("A45", right, 9.9, feed=SOUTH, how=how, note="it was another patient: the visit moves")
    pen.adt("A03", over(right, 11.0), 11.0, feed=SOUTH)


def through_the_door(pen: Pen) -> None:
    """From the emergency room to a bed, or nearly."""
    by_a06 = begun(36, H1, 2.0, patient_class="E", ward="ED")
    pen.adt("A04", by_a06, 2.0)
    bed = with_(by_a06, patient_class="I", ward="MED", admitted=day(2.2))
    pen.adt("A06", bed, 2.2, note="the emergency visit becomes an admission")
    pen.adt("A03", over(bed, 5.2), 5.2)
    ed = begun(37, H2, 6.1, patient_class="E", ward="ED")
    pen.adt("A04", ed, 6.1)
    pen.adt("A03", over(ed, 6.3, "09"), 6.3)
    pen.adt("A01", begun(37, H2, 6.32), 6.32, note="admitted from the emergency room under a new number")
    watched = begun(38, H3, 7.5, patient_class="O", patient_type="OBS", ward="OBS")
    pen.adt("A04", watched, 7.5, note="observation is no admission: no notice")
    pen.adt("A03", over(watched, 8.7), 8.7)
    reversed_ = begun(40, H1, 9.1)
    pen.adt("A01", reversed_, 9.1)
    back = with_(reversed_, patient_class="O", patient_type="OBS")
    pen.adt("A07", back, 9.8, note="the admission is turned into observation: its tasks are cancelled")
    pen.adt("A03", over(back, 10.2), 10.2)


def onward(pen: Pen) -> None:
    """One story, several beds."""
    first, second = begun(3, H1, 1.5), begun(3, H2, 3.6)
    pen.adt("A01", first, 1.5)
    pen.adt("A03", over(first, 3.4, "02"), 3.4, note="transferred to another hospital: not home yet")
    pen.adt("A01", second, 3.6)
    pen.adt("A03", over(second, 6.6), 6.6, note="home: the clocks start here")
    acute, nursing = begun(6, H3, 2.2), begun(6, N1, 5.4)
    pen.adt("A01", acute, 2.2)
    pen.adt("A03", over(acute, 5.2, "03"), 5.2, note="to a nursing facility")
    pen.adt("A01", nursing, 5.4, feed=SOUTH)
    pen.adt("A21", nursing, 8.0, feed=SOUTH, note="on leave")
    pen.adt("A22", nursing, 8.6, feed=SOUTH, note="and back")
    pen.adt("A03", over(nursing, 12.0, "06"), 12.0, feed=SOUTH, note="home from the nursing facility")
    before, after = begun(9, H1, 1.0), begun(9, H2, 7.0)
    pen.adt("A01", before, 1.0)
    pen.adt("A03", over(before, 3.0), 3.0)
    pen.adt("A01", after, 7.0, note="readmitted before anyone saw the patient: earlier tasks are superseded")
    pen.adt("A03", over(after, 10.0), 10.0)


def endings(pen: Pen) -> None:
    """Not every discharge goes home as planned."""
    last = begun(12, H2, 5.5)
    pen.adt("A01", last, 5.5)
    died = over(with_(last, person=with_(last.person, dead=True)), 8.1, "20")
    pen.adt("A03", died, 8.1, note="died: nobody is called")
    left = begun(15, H3, 10.3)
    pen.adt("A01", left, 10.3)
    pen.adt("A03", over(left, 11.1, "07"), 11.1, note="left against medical advice: the clocks run all the same")
    planned = begun(18, H1, 9.0)
    plan = with_(planned, admitted=None, expected=day(9.0))
    pen.adt("A05", plan, 5.0, note="a planned admission")
    pen.adt("A38", plan, 6.5, note="and its cancellation")
    kept = begun(21, H2, 11.5)
    pen.adt("A05", with_(kept, admitted=None, expected=day(11.5)), 8.8)
    pen.adt("A01", kept, 11.5)


def numbers(pen: Pen) -> None:
    """Visit numbers: used twice, or not at all."""
    one = begun(24, H3, 0.5, number="REUSED-1")
    two = begun(24, H3, 9.4, number="REUSED-1")
    pen.adt("A01", one, 0.5)
    pen.adt("A03", over(one, 2.0), 2.0)
    pen.adt("A01", two, 9.4, note="a visit number used again: another stay")
    pen.adt("A03", over(two, 11.2), 11.2)
    told = begun(27, H1, 8.3)
    bare = with_(told, number="")
    pen.adt("A01", told, 8.3)
    pen.adt("A01", bare, 8.31, feed=SOUTH, note="the other exchange tells the same admission, without its number")
    pen.adt("A03", over(told, 11.4), 11.4)
    pen.adt("A03", over(bare, 11.4), 11.42, feed=SOUTH, note="and the same discharge: still one stay")


PLOTS: tuple[Callable[[Pen], None], ...] = (
    ordinary, repeated, late_and_early, cancelled, updated, whose, through_the_door, onward, endings, numbers,
)  # fmt: skip

"""What comes in besides: people who are not ours, messages in odd spellings, and bytes that say nothing."""

from services.cli.demo.cast import member, stranger
from services.cli.demo.plots import H1, H2, H3, begun, over, with_
from services.cli.demo.telling import Pen
from services.cli.demo.wording import SOUTH, Person, Wording


def strangers(pen: Pen) -> None:
    """Patients who are not ours, or not ours yet."""
    for number in range(4):
        stay = begun(stranger(number), (H1, H2, H3, H1)[number], 3.0 + number)
        pen.adt("A01", stay, 3.0 + number, note="on nobody's roster: parked")
        pen.adt("A03", over(stay, 4.6 + number), 4.6 + number)
    mother = begun(30, H2, 6.2, ward="OB")
    pen.adt("A01", mother, 6.2)
    baby = Person("R8001", member(30).surname, "BABY GIRL", pen.date_of(6.5), "F")
    born = begun(baby, H2, 6.5, ward="NUR", account="ACC30")
    pen.adt("A01", born, 6.5, note="a newborn under the mother's name: nobody's record yet")
    pen.adt("A03", over(mother, 8.4), 8.4)
    pen.adt("A03", over(born, 8.4), 8.4)


def spelling(pen: Pen) -> None:
    """The same words in odd spellings, all of them seen in the field."""
    stay = begun(33, H1, 11.8, ward="MÉD")
    says_ascii = pen.text("A01", stay, 11.8, how=Wording(charset="ASCII"))
    pen.raw(says_ascii.encode("cp1252"), 11.8, note="says ASCII, sends windows-1252")
    says_utf8 = pen.text("A08", stay, 11.9, how=Wording(charset="UNICODE UTF-8"))
    pen.raw(says_utf8.encode("latin-1"), 11.9, note="says UTF-8, sends Latin-1")
    odd = pen.text("A03", over(with_(stay, ward="MED"), 13.0), 13.0)
    pen.raw(odd.translate(str.maketrans("|^~\\&", "#*!?@")).encode(), 13.0, note="delimiters of its own")
    other = begun(39, H2, 12.0)
    unix = pen.text("A01", other, 12.0, feed=SOUTH).replace("\r", "\n")
    pen.raw(unix.encode(), 12.0, feed=SOUTH, note="LF line ends")
    windows = pen.text("A03", over(other, 13.2), 13.2, feed=SOUTH).replace("\r", "\r\n")
    pen.raw(windows.encode(), 13.2, feed=SOUTH, note="CRLF line ends")


def nonsense(pen: Pen) -> None:
    """What cannot be read waits in quarantine; what is not for us is counted. Nothing stops."""
    pen.raw(b"PID|1||R1||no header\rPV1|1|I\r", 12.1, note="no MSH: quarantined")
    pen.raw(b"MSH", 12.2, note="three letters: quarantined")
    stay = begun(1, H1, 12.3)
    pen.adt("A57", stay, 12.4, note="a trigger that HL7 does not define: quarantined")
    pen.adt("A01", stay, 12.5, how=Wording(processing="T"), note="test traffic: kept apart")
    pen.adt("A60", stay, 12.6, how=Wording(with_visit=False), note="allergies: kept and counted")
    pen.adt("A31", stay, 12.7, how=Wording(with_visit=False), note="demographics only")
    lab = pen.text("A01", stay, 12.8, how=Wording(with_visit=False)).replace("ADT^A01^ADT_A01", "ORU^R01^ORU_R01")
    pen.raw(f"{lab}OBX|1|NM|1||7\r".encode(), 12.8, note="a laboratory result: kept and counted")
    ended = pen.text("A03", over(stay, 12.9), 12.9).rstrip("\r").rpartition("|")[0]
    pen.raw(f"{ended}|20259999999999\r".encode(), 12.9, note="a discharge on no calendar day: quarantined")


ODDITIES = (strangers, spelling, nonsense)

"""A story's words as journal lines, as senders would write them.

`A03 discharge V1 home feed=F2 at=02-27T09:50` is a message; `contact`, `care`, `claim`, `roster`, `facility`, `link`,
`unlink` and `review` are rows. Options: `at` event time, `adm` PV1-44, `dis` PV1-45, `evn2`, `evn6`, `class`, `mrn`,
`mrg`, `old` (MRG-5), `in36` (IN1-36), `pvN`, `pidN` any field; `no-number`, `no-adm`, `no-cin` leave theirs out. Other
words are for the reader.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from tests import wire

ZONE = ZoneInfo("America/Los_Angeles")
DISPOSITIONS = {"home": "01", "hospital": "02", "snf": "03", "dead": "20", "ama": "07", "hospice": "50", "still": "30"}
Line = dict[str, str]


def moment(text: str) -> datetime:
    """`03-04 23:59`, with seconds and a year if they matter."""
    text = text.replace("T", " ")
    text = text if re.match(r"\d{4}-", text) else f"2025-{text}"
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def shown(at: datetime | str | None) -> str:
    if at is None:
        return "-"
    local = (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(ZONE)
    return local.strftime("%m-%d %H:%M" if local.year == 2025 else "%Y-%m-%d %H:%M")


class Scribe:
    """Writes journal lines from the words of a story, and remembers what a sender would restate."""

    def __init__(self) -> None:
        self.visits: dict[str, dict[str, str]] = {}
        self.rosters: dict[str, dict[str, str]] = {}
        self.count = 0

    def opening(self, members: Iterable[str] = ("M1",)) -> list[Line]:
        lines = [_line(moment("2024-12-01 08:00"), "ops", "facilities", wire.FACILITIES)]
        return lines + [_line(moment("2024-12-01 09:00"), "plan-a", "roster", wire.roster(m)) for m in members]

    def write(self, when: str, event: str) -> Line:
        """One event; `rx=` tells a receipt that is not `when`."""
        words = [w for w in event.split() if "=" not in w]
        options = dict(w.split("=", 1) for w in event.split() if "=" in w)
        at, self.count = moment(when), self.count + 1
        member = next((w for w in words if re.fullmatch(r"M\d", w)), "M1")
        match words[0]:
            case "roster":
                self.rosters[member] = {**self.rosters.get(member, {}), **_columns(options)}
                return _line(at, options.get("feed", "plan-a"), "roster", wire.roster(member, **self.rosters[member]))
            case "claim":
                day = f"2025-{words[words.index('on') + 1]}" if "on" in words else at.date().isoformat()
                name = options.get("id", f"C{self.count}")
                return _line(
                    at, "plan-a", "claims", wire.claim(member, name, day, words[1], options.get("status", "paid"))
                )
            case "contact" | "care":
                kind, more = ("contact", {"outcome": words[1]}) if words[0] == "contact" else (words[1], {})
                happened = moment(options.pop("at")) if "at" in options else at
                return _line(at, "P1", "care_events", wire.care(member, happened, kind, **{**more, **options}))
            case "link" | "unlink" | "review":
                decided = moment(options["at"]) if "at" in options else at
                return _line(at, "desk", "decisions", wire.decision(decided, words[0], words[1], member))
            case "facility":
                row = f"facility_id,name,setting,time_zone\n{words[1]},x,{words[2]},{options.get('zone', '')}\n"
                return _line(at, "ops", "facilities", row)
        return _line(at, options.get("feed", "F1"), "hl7v2", self._message(words, options, at, member))

    def _message(self, words: list[str], options: dict[str, str], received: datetime, member: str) -> str:
        trigger, feed = words[0], options.get("feed", "F1")
        event = moment(options["at"]) if "at" in options else received
        number = next((w for w in words[1:] if re.fullmatch(r"[VWX]\d+", w)), "")
        visit = self.visits.setdefault(number or "V1", {})
        visit["h"] = next((w for w in words[1:] if re.fullmatch(r"[HNLPQ]\d", w)), visit.get("h", "H1"))
        visit["class"] = options.get("class", visit.get("class", "I"))
        if trigger in {"A01", "A04", "A06"} or "adm" in options:
            visit["adm"] = _stamped(options.get("adm"), event)
        discharged = _stamped(options.get("dis"), event if trigger == "A03" else None)
        if trigger == "A13" and "dis" not in options:
            discharged = '""'
        h, mrn = visit["h"], options.get("mrn", f"MR{member}")
        stranger = "no-cin" in words or mrn.startswith("TMP")
        segments = [wire.pid(member, mrn, h, stranger=stranger, extra=_fields(options, "pid"))]
        if trigger in {"A24", "A37"}:
            other = options["other"]
            segments.append(wire.pid(member, other, h, stranger=other.startswith("TMP")))
        old = {1: f"{options['mrg']}^^^{h}^MR"} if "mrg" in options else {}
        old |= {5: f"{options['old']}^^^{h}^VN"} if "old" in options else {}
        old |= {3: f"{options['oldacc']}^^^{h}^AN"} if "oldacc" in options else {}
        segments += [wire.segment("MRG", old)] if old else []
        if trigger not in {"A40", "A24", "A37", "A28", "A31"}:
            disposition = next(
                (DISPOSITIONS.get(w, w) for w in words[1:] if w in DISPOSITIONS or re.fullmatch(r"\d\d", w)), ""
            )
            observed = visit["class"] == "OBS"
            fields = {
                1: "1",
                2: "O" if observed else visit["class"],
                3: f"MED^101^A^{h}",
                10: "OBS" if observed else "MED",
            }
            fields |= {19: "" if "no-number" in words else f"{number or 'V1'}^^^{h}^VN", 36: disposition}
            fields |= {44: "" if "no-adm" in words else visit.get("adm", ""), 45: discharged, **_fields(options, "pv")}
            segments.append(wire.segment("PV1", fields))
        if "exp" in options:
            segments.append(wire.segment("PV2", {8: _stamped(options["exp"], None)}))
        if "in36" in options:
            segments.append(wire.segment("IN1", {1: "1", 36: options["in36"]}))
        if "dx" in options:
            segments.append(f"DG1|1||{options['dx']}|||F")
        occurred = _stamped(options.get("evn6"), event)
        recorded = _stamped(options.get("evn2"), event)
        control = options.get("id", f"{feed}{self.count:04}")
        return wire.message(trigger, control, received, recorded, occurred, segments, h)


def _columns(options: Mapping[str, str]) -> dict[str, str]:
    names = {"mcp": "mcp_id", "lead": "lead_cm_id", "provider": "ecm_provider_id", "start": "coverage_start"}
    names |= {"end": "coverage_end", "risk": "risk_tier", "assigned": "assigned_on", "status": "ecm_status"}
    return {names.get(key, key): value for key, value in options.items() if key != "feed"}


def _fields(options: Mapping[str, str], segment: str) -> dict[int, str]:
    found = ((re.fullmatch(segment + r"(\d+)", key), value) for key, value in options.items())
    return {int(name[1]): value for name, value in found if name}


def _stamped(text: str | None, default: datetime | None) -> str:
    if text is None:
        return wire.stamp(default)
    return wire.stamp(moment(text)) if re.match(r"(\d{4}-)?\d\d-\d\d", text) else "" if text == "none" else text


def _line(at: datetime, feed: str, kind: str, body: str) -> Line:
    return {"received_at": at.isoformat(), "feed": feed, "kind": kind, "body": body}

"""A person's values are in the journal, and in what asks for them by name. Nowhere else."""

import base64
import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.running import House, Served, Wire, until

CANARIES = (
    "CANARYFAMILY",
    "CANARYGIVEN",
    "97531864A",
    "19531127",
    "1953-11-27",
    "MRNCANARY",
    "CANARYSTREET",
    "CANARYTEXT",
    "CANARYFIELD",
    "CANARYCONTROL",
)


def forms(word: str) -> Iterator[bytes]:
    """A word as it may stand in a sink: plain, base64 wherever it began, hex, percent signs, JSON escapes, UTF-16."""
    plain = word.encode()
    yield from (re.escape(plain), plain.hex().encode(), re.escape(word.encode("utf-16-le")))
    yield "".join(f"%{byte:02x}" for byte in plain).encode()
    yield "".join(rf"\\u{ord(sign):04x}" for sign in word).encode()
    for shift in range(3):
        # Letters at the edges depend on what stands beside the word.
        yield re.escape(base64.b64encode(b"\0" * shift + plain)[(0, 2, 3)[shift] : -4])


ANYWHERE = re.compile(b"|".join(form for word in CANARIES for form in forms(word)), re.IGNORECASE)

PID = "PID|1||MRNCANARY^^^H1^MR~97531864A^^^DHCS^MC||CANARYFAMILY^CANARYGIVEN||19531127|F|||1 CANARYSTREET^^LA^CA"
PV1 = "PV1||I|MED^1^A||||||||||||||||VCANARY||||||||||||||||||||H1|||||20250602093000|20250605101500"
MSH = "MSH|^~\\&|ADT|H1|HIE|PLANA|20250605101500||ADT^A03|{}|P|2.5.1"
EVN = "EVN|A03|20250605101500||||20250605101500"
GOOD = "\r".join((MSH.format("G1"), EVN, PID, PV1)) + "\r"
BAD = (
    PID + "\r",
    PID,
    GOOD.replace("ADT^A03", "ADT^CANARYFAMILY").replace("|A03|", "|CANARYTEXT|"),
    GOOD.replace("20250605101500\r", "CANARYTEXT\r").replace("|G1|", "|B1|"),
    GOOD.replace("|19531127|", "|CANARYTEXT1953|").replace("|G1|", "|B2|"),
    GOOD.replace("^~\\&", "CANARYTEXT").replace("|G1|", "|B3|"),
    GOOD.replace("ADT^A03", "").replace("|A03|", "||").replace("|G1|", "|B4|"),
    GOOD.replace("ADT^A03", "ADT^A40").replace("|A03|", "|A40|").replace("|G1|", "|B5|"),
    GOOD.replace("|G1|", "||").replace("|P|", "|CANARYTEXT|"),
    GOOD.replace(PID + "\r", "").replace("|G1|", "|B6|") + "ZZZ|CANARYFAMILY\r",
    GOOD.replace("|G1|", "|B7|") + "DSC|CANARYTEXT\r",
)
# Every field of every segment, also those that no profile reads; of a stranger, whom no list asks for.
FIELDS = (
    "\r".join(
        (
            "MSH|^~\\&|CANARYFIELD|CANARYFIELD|CANARYFIELD|CANARYFIELD|20250605101500|CANARYFIELD|ADT^A08|CANARYCONTROL|P|2.5.1"
            + "|CANARYFIELD" * 9,
            "EVN|A08|20250605101500" + "|CANARYFIELD" * 5,
            "PID|1|CANARYFIELD|CANARYFIELD^^^CANARYFIELD^MR" + "|CANARYFIELD^CANARYTEXT&CANARYTEXT" * 36,
            "PV1|1|I" + "|CANARYFIELD" * 41 + "|20250602093000" + "|CANARYFIELD" * 8,
            *(
                f"{segment}|1" + "|CANARYFIELD" * 40
                for segment in ("PD1", "NK1", "PV2", "OBX", "AL1", "DG1", "GT1", "IN1", "ZPD")
            ),
        )
    )
    + "\r"
)
COLUMNS = "member_id,cin,last_name,first_name,birth_date,address,mcp_id,coverage_start,risk_tier,ecm_start\n"
ROSTER = COLUMNS + "M1,97531864A,CANARYFAMILY,CANARYGIVEN,1953-11-27,1 CANARYSTREET,PLANA,2023-01-01,high,2024-01-01\n"
BAD_ROSTER = COLUMNS + (
    "M1,97531864A,CANARYFAMILY,CANARYGIVEN,CANARYTEXT,1 CANARYSTREET,PLANA,2023-01-01,high,2024-01-01\n"
    "M1,CANARYTEXT,CANARYFAMILY,CANARYGIVEN,1953-11-27,1 CANARYSTREET,PLANA,CANARYTEXT,CANARYTEXT,CANARYTEXT\n"
    ",97531864A,CANARYFAMILY,CANARYGIVEN,1953-11-27,CANARYSTREET,,1953-11-27 CANARYTEXT,,\n"
    'M1,97531864A,"CANARYFAMILY\n'
)
BAD_CARE = (
    "member_id,occurred_at,type,actor_id,mode,outcome,detail\n"
    "M1,CANARYTEXT,contact,L1,phone,reached,\nM1,2025-06-05T10:00:00Z,CANARYTEXT,L1,phone,CANARYTEXT,CANARYTEXT=1\n"
)
BAD_LINES = (
    '{"received_at": "CANARYTEXT", "feed": "F1", "kind": "hl7v2", "body": "CANARYTEXT"}\n{"received_at": "CANARY'
)
BAD_DECISIONS = (
    json.dumps({"at": "CANARYTEXT", "by": "x", "action": "link", "source_patient": "F|H1|MRNCANARY", "member_id": "M1"})
    + "\n"
    + json.dumps({"at": "2025-06-05T10:05:00Z", "by": "x", "action": "CANARYTEXT", "reason": "CANARYTEXT"})
    + "\n"
)
FILES = {
    "bad-roster.csv": BAD_ROSTER,
    "bad-care.csv": BAD_CARE,
    "bad.ndjson": BAD_LINES,
    "bad-decisions.ndjson": BAD_DECISIONS,
    "bad.hl7": "".join(BAD),
    "junk.txt": "CANARYFAMILY CANARYGIVEN was born on 19531127\n" * 20,
    "junk.csv": "CANARYFAMILY,CANARYGIVEN\n1953-11-27,97531864A\n",
    "junk.json": '{"CANARYFAMILY": "CANARYGIVEN"}\n',
}


@pytest.mark.parametrize("form", [f for word in CANARIES[:2] for f in forms(word)])
def test_the_search_knows_its_canaries(form: bytes) -> None:
    assert ANYWHERE.search(re.sub(rb"\\(.)", rb"\1", form))


def test_nobody_is_named_outside_of_the_journal_and_what_asks_for_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: dict[str, bytes] = {}
    house.write("tmp/README", "Our own temporary folder.")
    monkeypatch.setenv("TMPDIR", str(house.folder / "tmp"))

    def run(*words: str | Path) -> bytes:
        done = house.run(*words)
        assert b"Traceback" not in done.stderr, done.stderr
        spoken[f"stderr of {words}"] = done.stderr
        return done.stdout

    def quiet(*words: str | Path) -> None:
        spoken[f"stdout of {words}"] = run(*words)

    quiet("load", house.write("roster.csv", ROSTER))
    for name, content in FILES.items():
        house.write(f"files/{name}", content)
    quiet("load", "files")
    quiet("load", "files/junk.txt")
    house.config(
        "feeds:\n  west: {listen: '127.0.0.1:0', allow: [{app: EPIC}]}\n"
        "  strict: {listen: '127.0.0.1:0', on_unparsable: AE}\n"
    )
    with house.serve("--drop", house.folder / "drop", "--log-level", "debug") as served:
        answers(served, "mllp")
        served.kill()
    spoken["log of the one that was killed"] = served.log.read_bytes()
    with house.serve("--drop", house.folder / "drop", "--log-level", "debug") as served:
        for feed in ("mllp", "west", "strict"):
            spoken[f"answers of {feed}"] = answers(served, feed)
            with Wire(served.ports[feed]) as wire:
                wire.ask(FIELDS.encode())
        for name, content in FILES.items():
            house.write(f"drop/{name}.part", content).rename(house.folder / "drop" / name)
        until(lambda: not [path for path in (house.folder / "drop").iterdir() if path.is_file()])
        served.caught_up()
        spoken["healthz"] = json.dumps(served.health()).encode()
        spoken["http"] = strange_requests(served.ports["http"])
        until(lambda: b'events_total{feed="mllp",kind="interpreted"}' in scraped(served))
        spoken["metrics"] = scraped(served)
        quiet("feeds", "--json")
        quiet("feeds")
        (task, *_) = house.json("tasks")["tasks"]
        quiet("task", "note", task["task_id"], "--action", "done", "--text", "CANARYTEXT")
        quiet("load", "roster.csv")
    spoken["log"] = served.log.read_bytes()
    assert all(json.loads(line).keys() for line in spoken["log"].splitlines()), "one JSON object a line"
    spoken["names of files"] = "\n".join(map(str, house.store.rglob("*"))).encode()
    spoken |= {str(path): path.read_bytes() for path in (house.folder / "tmp").rglob("*") if path.is_file()}
    spoken |= {path.name: path.read_bytes() for path in house.store.glob("warmhandoff.[!d]*")}
    quiet("quarantine", "list", "--status", "all", "--json")
    quiet("quarantine", "show", "q-1")
    quiet("quarantine", "replay", "q-1")
    quiet("tasks")
    quiet("alerts")
    quiet("explain", task["task_id"])
    reasons = list((house.folder / "drop" / "refused").glob("*.reason.txt"))
    assert len(reasons) == 3
    spoken |= {path.name: path.read_bytes() for path in reasons}
    assert {place: ANYWHERE.findall(text) for place, text in spoken.items() if ANYWHERE.search(text)} == {}
    assert ANYWHERE.search(run("export"))
    assert ANYWHERE.search(run("quarantine", "show", "q-1", "--raw"))
    assert len(house.json("quarantine", "list")["quarantine"]) > 3 * len(BAD)


def answers(served: Served, feed: str) -> bytes:
    """What a feed answers, one connection for each message since some are answered by closing it.

    Without MSH: there the sender hears its own header again, as HL7 asks.
    """
    heard = []
    for text in (GOOD, *BAD):
        with Wire(served.ports[feed]) as wire:
            heard.append((wire.ask(text.encode()) or b"closed").partition(b"\r")[2])
    with Wire(served.ports[feed]) as wire:
        wire.socket.sendall(b"CANARYTEXT noise\x0bMSH|CANARYFAMILY")
    return b"\n".join(heard)


def scraped(served: Served) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{served.ports['http']}/metrics") as answer:
        return bytes(answer.read())


def strange_requests(port: int) -> bytes:
    """What HTTP answers to paths and bytes that hold a person's name."""
    heard = []
    for path in ("CANARYFAMILY", "metrics/CANARYFAMILY", "metrics?name=CANARYFAMILY"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}") as answer:
                heard.append(answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                heard.append(refused.read())
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(b"CANARYFAMILY CANARYGIVEN\r\nCANARYTEXT\x1b[2J\r\n\r\n")
        heard.append(raw.recv(65536))
    return b"\n".join(heard)

"""A silent, a slow and a flooding feed are told apart, within the times that `docs/reference/feeds.md` promises."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.end_to_end.running import House, Wire, until

FEEDS = ("busy", "dead", "flood", "late")
CONFIG = "feeds:\n" + "".join(f"  {feed}: {{listen: '127.0.0.1:0'}}\n" for feed in (*FEEDS, "never"))
WEEKS = timedelta(weeks=3)
HOUR = timedelta(hours=1)


def adt(control: str, sent: datetime, patient: str = "X") -> bytes:
    stamp = sent.strftime("%Y%m%d%H%M%S+0000")
    return (
        f"MSH|^~\\&|ADT|H1|HIE|P|{stamp}||ADT^A01|{control}|P|2.5.1\rEVN|A01|{stamp}\rPID|1||{patient}^^^H1^MR\r"
        f"PV1||I|MED^1^A||||||||||||||||V{control}|||||||||||||||||||||||||{stamp}\r"
    ).encode()


def history(now: datetime) -> Iterator[str]:
    """Three weeks of each feed, some five messages an hour; `dead` fell silent 20 hours ago."""
    dice = random.Random(3)
    for feed in FEEDS:
        at, number = now - WEEKS, 0
        while (at := at + HOUR * dice.expovariate(5)) < now - timedelta(minutes=20):
            number += 1
            body = adt(f"{feed}{number}", at - timedelta(seconds=dice.random() * 20)).decode()
            if feed != "dead" or at < now - 20 * HOUR:
                yield json.dumps({"received_at": at.isoformat(), "feed": feed, "kind": "hl7v2", "body": body})


def rows(house: House, *words: str) -> dict[str, Any]:
    return {row["feed"]: row for row in house.json("feeds", *words)["feeds"]}


def states(house: House, *words: str) -> dict[str, str]:
    return {feed: row["state"] for feed, row in rows(house, *words).items()}


@pytest.fixture
def began(house: House) -> datetime:
    """Now, with three weeks behind it."""
    now = datetime.now(UTC)
    house.config(CONFIG)
    house.ok("load", house.write("history.ndjson", "\n".join(history(now)) + "\n"))
    return now


def test_slow_silent_and_flooding_feeds_are_told_apart(house: House, began: datetime) -> None:
    before = states(house, "--as-of", (began - 2 * HOUR).isoformat())
    assert before == {"busy": "ok", "dead": "silent", "flood": "ok", "late": "ok", "never": "quiet"}
    with house.serve(mllp=None) as served:
        now = datetime.now(UTC)
        with Wire(served.ports["flood"]) as wire:
            wire.tell(*(adt(f"f{n}", now) for n in range(150)))
            assert all(wire.answer() for _ in range(150))
        with Wire(served.ports["late"]) as wire:
            assert [wire.code(adt(f"l{n}", now - 3 * HOUR)) for n in range(12)] == ["AA"] * 12
        with Wire(served.ports["busy"]) as wire:
            assert [wire.code(adt("b1", now)) for _ in range(3)] == ["AA"] * 3
            assert wire.code(b"MSH|^~\\&|ADT|H1|HIE|P|20250101||ADT^Z99|b2|P|2.5.1\r") == "AA"
        served.caught_up()
        found = rows(house)
        assert {feed: row["state"] for feed, row in found.items()} == {
            "busy": "ok", "dead": "silent", "flood": "flooding", "late": "slow", "never": "quiet",
        }  # fmt: skip
        busy, flood, late = found["busy"], found["flood"], found["late"]
        assert (busy["repeats"]["wire"], busy["quarantine_by_reason"]) == (2, {"unknown_trigger": 1})
        assert (busy["answers"]["last_hour"], busy["answers"]["codes"]) == (2, {"AA": 4})
        assert flood["because"][0]["evidence"]["messages"] == 150
        assert late["delay"]["p50_s"] > 2 * 3600 > 60 > late["delay"]["ordinary_p90_s"]
        for feed in ("flood", "late"):
            since = datetime.fromisoformat(found[feed]["since"])
            assert now - timedelta(minutes=5, seconds=1) <= since <= datetime.now(UTC)
        metrics = served.metrics()
        assert metrics['warmhandoff_mllp_frames_total{feed="busy",result="repeat"}'] == 2
        assert metrics['warmhandoff_acks_total{code="AA",feed="flood"}'] == 150
        assert metrics['warmhandoff_ack_seconds_count{feed="late"}'] == 12
        assert metrics["warmhandoff_pipeline_lag_records"] == 0
        walked = {  # now and then: the walk that comes next sees all of it
            'warmhandoff_feed_silent{feed="dead"}': 1.0,
            'warmhandoff_feed_state{feed="late",state="slow"}': 1.0,
            'warmhandoff_feed_state{feed="flood",state="flooding"}': 1.0,
            'warmhandoff_feed_state{feed="never",state="quiet"}': 1.0,
            'warmhandoff_quarantine_records{feed="busy",reason="unknown_trigger"}': 1.0,
        }
        until(lambda: walked.items() <= served.metrics().items())


def test_silence_is_noticed_when_it_is_promised_and_not_before(house: House, began: datetime) -> None:
    day = began + timedelta(days=1, hours=1)
    for row in rows(house, "--as-of", day.isoformat()).values():
        if row["feed"] in ("busy", "flood", "late"):
            since = datetime.fromisoformat(row["since"])
            assert row["state"] == "silent"
            assert HOUR < since - datetime.fromisoformat(row["last_message_at"]) < timedelta(hours=24)
            just_before = (since - timedelta(minutes=1)).isoformat()
            assert states(house, "--as-of", just_before)[row["feed"]] == "ok"


def test_a_message_received_since_the_command_began_is_told_unless_an_instant_was_asked_for(house: House) -> None:
    now = datetime.now(UTC)
    times = [(now + timedelta(minutes=n)).isoformat() for n in (-8, 0, 2)]  # the last by a clock that is ahead
    lines = [{"received_at": at, "feed": "busy", "kind": "hl7v2", "body": adt(at, now).decode()} for at in times]
    house.ok("load", house.write("lines.ndjson", "".join(json.dumps(line) + "\n" for line in lines)))
    told = [rows(house)["busy"], rows(house, "--as-of", datetime.now(UTC).isoformat())["busy"]]
    assert told[0]["last_hour"]["messages"] == 3
    assert told[1]["last_hour"]["messages"] < 3


def test_a_rebuild_counts_the_same(house: House, began: datetime) -> None:
    at = began.isoformat()
    before = house.ok("feeds", "--json", "--as-of", at)
    house.ok("rebuild", "--apply")
    assert house.ok("feeds", "--json", "--as-of", at) == before

"""Time alone changes what is stored, also after a restart."""

from datetime import UTC, datetime, timedelta

from services.runtime.store.sqlite_reader import SqliteReader
from tests.end_to_end.running import House, adt, codes, outbox_agrees, roster, until

# A shipped rule with another length of time: due so many minutes after the discharge, which the test puts in the past.
RULE = """
rule: tcs.facility_notice
version: "test"
effective: {from: 2023-01-01, to: null}
source: {document: made up for a test, section: "-", read_on: 2025-01-10}
when: {event: discharged, class: [inpatient, snf]}
raise:
  task: discharge_information
  owner: mcp
  due: {within: 60 minutes, after: discharged_at}
done_when: {any: [{care_event: discharge_information_received}, {task_action: done}]}
ends: [deceased, coverage_ended]
cases:
  - name: an hour later
    given: {discharged_at: 2025-03-06T11:30:00-08:00}
    then: {due_at: 2025-03-06T12:30:00-08:00}
"""

LEAD = timedelta(seconds=15)
"""How long before its due time a task is heard of: a machine that stands still for a while is not too late."""


def test_a_task_becomes_overdue_by_itself_and_again_after_a_restart(house: House) -> None:
    house.write("rules/tcs.facility_notice.yaml", RULE)
    house.config("rules: [rules]\n")
    house.ok("load", house.write("roster.csv", roster("M1", "M2")))
    with house.serve() as served:
        soon = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=60) + LEAD
        later = soon + timedelta(seconds=3)
        assert codes(served.port, adt("A03", "T-1", at=soon), adt("A03", "T-2", "M2", at=later)) == ["AA", "AA"]
        served.caught_up()
        assert set(stored(house).values()) == {"open"}
        until(lambda: stored(house)["M1"] == "overdue")
        served.kill()
    with house.serve():
        until(lambda: stored(house)["M2"] == "overdue")
    heard = [(x["member_id"], x["state"]) for x in house.lines("alerts") if x["rule"] == "tcs.facility_notice"]
    assert heard == [("M1", "open"), ("M2", "open"), ("M1", "overdue"), ("M2", "overdue")]
    outbox_agrees(house)
    house.ok("verify")


def stored(house: House) -> dict[str, str]:
    """The states of the rule's tasks as they lie in the store, by member; no question is asked of the clock."""
    with SqliteReader.open(house.store) as reader:
        return {row.member_id: row.state for row in reader.tasks(rule="tcs.facility_notice")}

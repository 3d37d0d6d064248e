"""The go-live gates of interop §6.4 that a sample can decide, and the discharges that the third is about."""

from collections import Counter

import msgspec

from services.onboarding.places import Resolution
from services.onboarding.report import Gate, Verdict
from services.onboarding.sample import Sample
from services.onboarding.words import Share

CLEAN_FROM, DISCHARGE_FROM, STATED_FROM = 0.98, 0.99, 0.95


class DischargeTimes(msgspec.Struct, frozen=True):
    """Of the A03 that end a stay: how many state PV1-45, and how many state it or EVN-6 or EVN-2 (R-64, R-67).

    MSH-7 alone is no discharge time here: relays restamp it.
    """

    stated: Share
    derivable: Share


class Discharges:
    """Collects `DischargeTimes`. A03 of a patient who is still there (disposition 30) ends nothing."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def see(self, sample: Sample) -> None:
        """Take in a message; an A03 that would go to quarantine has no time that anybody could use."""
        said = sample.statement
        if sample.trigger != "A03" or (said and said.kind != "discharge"):
            return
        self._counts["all"] += 1
        self._counts["stated"] += bool(said and said.discharged)
        self._counts["derivable"] += bool(said and (said.discharged or said.occurred))

    def findings(self) -> DischargeTimes:
        stated, derivable = (Share(self._counts[name], self._counts["all"]) for name in ("stated", "derivable"))
        return DischargeTimes(stated, derivable)


def gates(clean: Share, resolution: Resolution, times: DischargeTimes) -> list[Gate]:
    """Judge the gates that a sample decides, and name those that it cannot."""
    return [
        Gate("parse clean", "at least 98 %", str(clean), _at_least(CLEAN_FROM, clean)),
        _facility(resolution),
        _discharge(times),
        Gate("match precision", "at least 99.5 % of 200", "needs shadow mode against the roster", "unknown"),
        Gate("p99 of answers", "at most 250 ms at ten times the peak", "needs the live listener", "unknown"),
    ]


def _at_least(bound: float, share: Share) -> Verdict:
    if share.ratio is None:
        return "unknown"
    return "pass" if share.ratio >= bound else "fail"


def _facility(resolution: Resolution) -> Gate:
    asked = "100 % resolved for the top 95 % of the traffic"
    if resolution.known:
        found = f"{resolution.resolved} resolved by the registry"
        return Gate("facility resolved", asked, found, _at_least(1, resolution.resolved))
    found = f"{resolution.stated} state one; no registry to resolve it: name facilities.csv among the files"
    verdict = _at_least(STATED_FROM, resolution.stated)
    return Gate("facility resolved", asked, found, "fail" if verdict == "fail" else "unknown")


def _discharge(times: DischargeTimes) -> Gate:
    found = f"{times.derivable}; stated in PV1-45: {times.stated.percent}" if times.derivable.of else "no A03"
    asked = "present or derivable in at least 99 % of A03"
    return Gate("discharge time", asked, found, _at_least(DISCHARGE_FROM, times.derivable))

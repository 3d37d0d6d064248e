"""`feed lint`: every message goes once through every collector; what they found becomes the report."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

import msgspec

from connectors.hl7v2.profile import FeedProfile
from models.events import Facility
from models.time import Instant
from services.onboarding.clocks import Clocks
from services.onboarding.gates import Discharges, gates
from services.onboarding.patients import Patients
from services.onboarding.places import Places
from services.onboarding.questions import Deletions, questions
from services.onboarding.report import Report
from services.onboarding.sample import Line, Sample, samples
from services.onboarding.strictness import Chosen
from services.onboarding.traffic import Traffic
from services.onboarding.visits import Visits
from services.onboarding.wire import Wire


class Lint:
    """Reads a sample line by line, then reports.

    Args:
        feed, profile: how the service would read it. Test traffic (MSH-11) is read like any other: a sample often
            comes from the sender's test system.
        registry: facilities by id and alias, upper case; empty when there is none. zone: the feed's, if it has one.
        strict: how many messages to check against the standard's grammar; 0 is none.
    """

    def __init__(
        self,
        feed: str,
        profile: FeedProfile,
        *,
        registry: Mapping[str, Facility],
        zone: ZoneInfo | None = None,
        strict: int = 0,
    ) -> None:
        self._feed, self._profile = feed, msgspec.structs.replace(profile, processing_ids=None)
        self._upto = 0
        self._wire, self._traffic = Wire(), Traffic(profile.processing_ids)
        self._clocks, self._patients = Clocks(profile, zone), Patients(profile)
        self._visits, self._places = Visits(), Places(profile, registry)
        self._discharges, self._deletions, self._chosen = Discharges(), Deletions(), Chosen(strict)
        self._collectors = (
            self._wire, self._traffic, self._clocks, self._patients, self._visits, self._places, self._discharges,
            self._deletions, self._chosen,
        )  # fmt: skip

    def read(self, lines: Iterable[Line], now: Instant) -> None:
        """Take in the messages of the sample. One whose bytes came before is only counted: the service drops it."""
        for sample in samples(lines, self._feed, self._profile, now, self._upto):
            self._upto = sample.ordinal
            if not self._wire.is_repeat(sample):
                self._see(sample)

    def _see(self, sample: Sample) -> None:
        for collector in self._collectors:
            collector.see(sample)

    def report(
        self, sources: Iterable[tuple[str, int]] = (), *, other_lines: int = 0, count_mismatches: int = 0
    ) -> Report:
        """Say what was found.

        Args:
            sources: the files, and how many messages each has.
            other_lines, count_mismatches: as in `Report`.
        """
        traffic, clocks, patients = self._traffic.findings(), self._clocks.findings(), self._patients.findings()
        visits, places = self._visits.findings(), self._places.findings()
        return Report(
            feed=self._feed,
            profile=self._profile.name,
            sources=list(sources),
            other_lines=other_lines,
            count_mismatches=count_mismatches,
            wire=self._wire.findings(),
            traffic=traffic,
            clocks=clocks,
            patients=patients,
            visits=visits,
            places=places,
            gates=gates(traffic.clean, places.resolution, self._discharges.findings()),
            questions=questions(traffic, clocks, patients, visits, places, self._deletions.findings()),
            strict=self._chosen.findings(),
        )

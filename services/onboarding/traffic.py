"""Headers and outcomes: who sends which events, and what the service would make of them."""

import re
from collections import Counter

import msgspec

from models.errors import MessageIsWrong
from services.onboarding.sample import Sample
from services.onboarding.words import Count, Share, Words

_TYPE, _TRIGGER = re.compile(r"[A-Z]{3}"), re.compile(r"[A-Z][A-Z0-9]\d")
_Z = re.compile(r"Z[A-Z0-9]{2}")
_EXAMPLES = 3


class Sender(msgspec.Struct, frozen=True):
    """MSH-3 and MSH-4, first components, as `allow` compares them; a shape in `<>` where they may be a person's."""

    app: str
    facility: str
    count: int


class Reason(msgspec.Struct, frozen=True):
    """Why messages would go to quarantine, where in them, what to do, how many, and the ordinals of the first."""

    reason: str
    where: str
    fix: str
    count: int
    examples: list[int]


class TrafficFindings(msgspec.Struct, frozen=True):
    """`clean` messages were not quarantined. `test` ones have an MSH-11 that the feed does not take: they are judged
    like the others here, and kept apart by the service. `enhanced` counts messages that ask for
    enhanced mode.
    """

    triggers: list[Count]
    updates: Share
    versions: list[Count]
    processing_ids: list[Count]
    senders: list[Sender]
    z_segments: dict[str, int]
    unknown_triggers: dict[str, int]
    enhanced: int
    clean: Share
    test: int
    not_interpreted: int
    quarantine: list[Reason]
    flags: dict[str, int]


class Traffic:
    """Collects `TrafficFindings`."""

    def __init__(self, processing_ids: frozenset[str] | None) -> None:
        self._processing_ids = processing_ids
        self._triggers, self._versions, self._ids = Words(1), Words(1), Words(1)
        self._apps, self._facilities = Words(1), Words(1)
        self._senders: Counter[tuple[str, str]] = Counter()
        self._z: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._flags: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._reasons: dict[tuple[str, str], tuple[MessageIsWrong, list[int]]] = {}

    def see(self, sample: Sample) -> None:
        """Take in a message."""
        reading = sample.reading
        self._counts[reading.outcome] += 1
        self._counts["adt"] += sample.is_adt
        self._counts["A08"] += sample.trigger == "A08"
        self._flags.update(reading.flags)
        self._triggers.see(_event(reading.label), sample.witness)
        if reading.problem:
            self._see_problem(reading.problem, sample)
        if sample.message is None:
            return
        self._see_header(sample)
        for line in sample.message.lines:
            if line[0] == "Z" and _Z.fullmatch(line[:3]):
                self._z[line[:3]] += 1

    def _see_problem(self, problem: MessageIsWrong, sample: Sample) -> None:
        _, ordinals = self._reasons.setdefault((problem.reason, problem.where), (problem, []))
        ordinals.append(sample.ordinal)
        if problem.reason == "unknown_trigger" and _TRIGGER.fullmatch(sample.trigger):
            self._unknown[sample.trigger] += 1

    def _see_header(self, sample: Sample) -> None:
        msh, witness = sample.first("MSH"), sample.witness
        assert msh is not None
        app, facility, processing_id = msh.text(3), msh.text(4), msh.text(11)
        self._apps.see(app, witness)
        self._facilities.see(facility, witness)
        self._senders[app, facility] += 1
        self._versions.see(msh.text(12) or "none", witness)
        self._ids.see(processing_id or "none", witness)
        self._counts["apart"] += self._processing_ids is not None and processing_id not in self._processing_ids
        self._counts["enhanced"] += bool(msh.raw(15) or msh.raw(16))

    def findings(self) -> TrafficFindings:
        total = sum(self._counts[outcome] for outcome in ("interpreted", "not_interpreted", "quarantined"))
        reasons = [
            Reason(reason, where, problem.fix, len(ordinals), ordinals[:_EXAMPLES])
            for (reason, where), (problem, ordinals) in self._reasons.items()
        ]
        return TrafficFindings(
            triggers=self._triggers.counts(),
            updates=Share(self._counts["A08"], self._counts["adt"]),
            versions=self._versions.counts(),
            processing_ids=self._ids.counts(),
            senders=[
                Sender(self._apps.name(app), self._facilities.name(facility), count)
                for (app, facility), count in self._senders.most_common()
            ],
            z_segments=dict(sorted(self._z.items())),
            unknown_triggers=dict(sorted(self._unknown.items())),
            enhanced=self._counts["enhanced"],
            clean=Share(total - self._counts["quarantined"], total),
            test=self._counts["apart"],
            not_interpreted=self._counts["not_interpreted"],
            quarantine=sorted(reasons, key=lambda one: (-one.count, one.reason, one.where)),
            flags=dict(sorted(self._flags.items())),
        )


def _event(label: str) -> str:
    """`ADT^A01` where type and trigger look like ones; any other text may be a person's."""
    kind, _, trigger = label.partition("^")
    if not _TYPE.fullmatch(kind):
        return "none" if not label else "other"
    return f"{kind} {trigger}" if _TRIGGER.fullmatch(trigger) else kind if not trigger else f"{kind} other"

"""Feed health as JSON. `docs/reference/feeds.md` says what each word means."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from models.time import Instant
from models.traffic import ANSWER_BOUNDS_MICROS, DELAY_BOUNDS_S, quantile
from services.health.habit import DAY, HOUR
from services.health.judging import Finding, answer_times, recent_delays
from services.health.league import Pair
from services.status.feeds import FeedHealth
from services.status.shapes import Json, time_json


def feed_json(health: FeedHealth, zone: ZoneInfo) -> Json:
    """One feed."""
    seen, habit = health.seen, health.seen.habit
    delays = recent_delays(seen)
    told, parked = health.patients
    return {
        "feed": health.feed,
        "state": health.state,
        "since": time_json(health.findings[0].since, zone) if health.findings else None,
        "because": [finding_json(finding, zone) for finding in health.findings],
        "learning": habit is None,
        "last_message_at": time_json(seen.last_at, zone),
        "last_message_age_s": _rounded((seen.at - seen.last_at).total_seconds() if seen.last_at else None),
        "expected_since": _rounded(health.expected_since),
        "last_hour": {"messages": health.last_hour.messages, "expected": _ordinary(health, HOUR)},
        "last_day": {"messages": health.last_day.messages, "expected": _ordinary(health, DAY)},
        "delay": {
            "messages": delays.total(),
            "p50_s": _rounded(quantile(delays, 0.5, DELAY_BOUNDS_S)),
            "p90_s": _rounded(quantile(delays, 0.9, DELAY_BOUNDS_S)),
            "ordinary_p90_s": _rounded(quantile(seen.ordinary_delays, 0.9, DELAY_BOUNDS_S)),
        },
        "answers": answers_json(health),
        "repeats": {
            "wire": sum(each.answers for each in health.day_answers if each.repeat),
            "content": health.last_day.repeated,
        },
        "test": health.last_day.test,
        "quarantined": health.last_day.quarantined,
        "quarantine_waiting": sum(health.waiting.values()),
        "quarantine_by_reason": health.waiting,
        "patients": {"told": told, "parked": parked, "parked_share": round(parked / told, 4) if told else None},
        "skew": {"messages": health.last_day.skewed, "ahead_s": health.last_day.ahead_s},
    }


def answers_json(health: FeedHealth) -> Json:
    """How soon we answered within the last hour, and with which codes within the last day."""
    times = answer_times(health.last_answers)
    codes = Counter[str]()
    for each in health.day_answers:
        codes[each.code] += each.answers
    p50, p99 = (quantile(times, share, ANSWER_BOUNDS_MICROS) for share in (0.5, 0.99))
    return {
        "last_hour": times.total(),
        "p50_ms": _millis(p50),
        "p99_ms": _millis(p99),
        "codes": dict(sorted(codes.items())),
    }


def finding_json(finding: Finding, zone: ZoneInfo) -> Json:
    """Why a feed is not ok."""
    evidence = {name: round(value, 1) for name, value in finding.evidence.items()}
    return {"state": finding.state, "since": time_json(finding.since, zone), "evidence": evidence}


def league_json(pairs: Sequence[Pair]) -> list[Json]:
    """Who tells first, pair by pair."""
    return [
        {
            "feeds": list(pair.feeds),
            "stays": pair.stays,
            "first": dict(zip(pair.feeds, (pair.first, pair.second), strict=True)),
            "median_lead_s": pair.lead_s,
        }
        for pair in pairs
    ]


def board_json(at: Instant, feeds: Sequence[FeedHealth], ours: Json, pairs: Sequence[Pair], zone: ZoneInfo) -> Json:
    """What `feeds --json` prints."""
    return {
        "as_of": time_json(at, zone),
        "feeds": [feed_json(health, zone) for health in feeds],
        "ours": ours,
        "league": league_json(pairs),
    }


def _ordinary(health: FeedHealth, span: timedelta) -> float | None:
    habit, at = health.seen.habit, health.seen.at
    return _rounded(habit.expected(at - span, at)) if habit else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _millis(micros: float | None) -> float | None:
    return None if micros is None else round(micros / 1000, 1)

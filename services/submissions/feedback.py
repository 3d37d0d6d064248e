"""What a value comes to, said at once."""

from fractions import Fraction
from typing import Literal

from services.submissions.round import Improvement

Feedback = Literal["meets", "improves", "below", "missing"]


def feedback(
    value: Fraction | None, prior: Fraction | None, threshold: Fraction | None, improvement: Improvement = "increase"
) -> Feedback:
    """Say how a value stands.

    Args:
        value: None when there is none, as a rate without denominator.
        prior: the value of the round before. threshold: the goal. Either may be None: then it is not asked.
        improvement: with `decrease` less is better, for the goal and against the round before.

    Returns:
        `meets` the goal (the goal itself does); else `improves` on the round before; else `below`. A field without a
        goal and without a round before meets by being told.

    Source: care-rules §3.4, IPP submissions (live feedback a measure).
    """
    if value is None:
        return "missing"
    sign = 1 if improvement == "increase" else -1
    if threshold is not None and sign * value >= sign * threshold:
        return "meets"
    if prior is not None and sign * value > sign * prior:
        return "improves"
    return "meets" if threshold is None and prior is None else "below"

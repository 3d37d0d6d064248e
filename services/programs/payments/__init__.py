"""Models of payment, one module each. To add one is to add a module, a line here, and a part of the reference."""

from services.programs.payments import (
    benchmark_improvement_penalty,
    episode_price,
    gated_rates,
    improvement_target,
    outcome_pay,
    outreach_ffs,
    percent_of_pmpm,
    pmpm,
    points,
    shared_savings,
    withhold,
)
from services.programs.payments.payment import Model

MODELS: dict[str, Model] = {
    module.MODEL.name: module.MODEL
    for module in (
        gated_rates,
        points,
        pmpm,
        outreach_ffs,
        withhold,
        benchmark_improvement_penalty,
        improvement_target,
        percent_of_pmpm,
        shared_savings,
        episode_price,
        outcome_pay,
    )
}
"""By the name that a page gives under `model:`."""

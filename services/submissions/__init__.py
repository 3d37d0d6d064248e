"""Submissions of an incentive program's rounds: prefilled, compared, frozen when sent. Pure: values in, values out."""

"""The feed that `warmhandoff demo` plays: made up, deterministic, and full of the trouble that real feeds bring."""

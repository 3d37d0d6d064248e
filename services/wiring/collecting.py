"""How often a process that derives looks for garbage."""

import gc


def seldom_collecting() -> None:
    """Look for cycles seldom: records come and go by the thousand, and next to none is part of one."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

"""When a task is due: calendars, clocks, and the rules as pages that a care manager can read."""

"""The functional core of escalation: pure functions over the state of one case; no I/O, no clock, no environment."""

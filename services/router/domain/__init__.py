"""The router's decisions: pure functions of a case, an event and the profile. No I/O, no clock."""

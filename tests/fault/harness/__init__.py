"""The fault harness: a load with a known outcome, faults beneath it, and the proof afterwards (docs/faults.md)."""
